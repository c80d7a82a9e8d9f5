"""Back from a parser's records to the lines they stand on and the words they stand behind.

Guarantee: linear in lines and values: each value looks at a few places only. A value that is not in
the text is left out, and records that are mostly not in it are refused: they were made up.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from stillfixed.actors.verdicts.cells import Cell, Reading
from stillfixed.actors.verdicts.parsing import headings
from stillfixed.actors.verdicts.parsing.records import (
    CELL_LIMIT,
    DEPTH_LIMIT,
    Leaf,
    Tree,
    cells_of_tree,
    reading_of,
)

_TRIM = "\"'()[]{},;:<>*+●├└─│`|-%"
_LABEL = re.compile(r"(?:^\s*|\s{2,}|[,;]\s*)(?P<name>[^\W\d][\w ()/.-]*?)\s*(?::\s+|=\s*)$")
_LABEL_CHARS = 100
_LINE_LIMIT_CHARS = 10_000
_NEAR_LINES = 60
_TRIES = 8


def reading(records: Sequence[Mapping[str, Any]], text: str) -> Reading | None:
    """Cells of a parser's records with lines, called by the headings and labels in the text, else
    by the parser's own names."""
    lines = text.split("\n")
    if max(map(len, lines)) > _LINE_LIMIT_CHARS:
        return None
    finder = Finder(lines)
    tree: list[Tree] = [_placed(record, finder, 0) for record in records[:CELL_LIMIT]]
    written = [leaf for leaf in _leaves(tree) if leaf.value]
    claimed = {leaf.line - 1 for leaf in written if leaf.line is not None}
    if 2 * sum(leaf.line is not None for leaf in written) < len(written) or not claimed:
        return None
    shown, header = _headings(tree, lines, claimed)
    tree = [_renamed(record, shown) for record in tree]
    printed = set(shown.values())
    rest = [
        (at + 1, line)
        for at, line in enumerate(lines)
        if line.strip() and at not in claimed and at != header and not headings.is_rule(line)
    ]
    out = [
        cell if cell.field in printed else _labelled(cell, lines)
        for cell in cells_of_tree(tree[0] if len(tree) == 1 else tree)
        if cell.line is not None or (not cell.value and cell.field in printed)
    ]
    return reading_of(out, rest, list(shown.values()))


class Finder:
    """Where words stand in a text. `cursor` only moves on: records come in the text's order."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.lowered = [line.lower() for line in lines]
        self.cursor = 0
        self.where: dict[str, list[int]] = {}
        for number, line in enumerate(lines):
            forms: set[str] = set()
            for word in line.split():
                bare = word.strip(_TRIM)
                forms |= {word, bare, *re.split(r"[=:,/<>]", bare)}
            for form in forms:
                self.where.setdefault(form, []).append(number)

    def places(self, value: str) -> list[int]:
        """The first few lines from the cursor on that hold the value."""
        words = value.split()
        if not words:
            return []
        known = self.where.get(words[0]) or self.where.get(words[0].strip(_TRIM)) or ()
        start = bisect_left(known, self.cursor)
        return [
            number
            for number in known[start : start + _TRIES]
            if len(words) == 1 or value in " ".join(self.lines[number].split())
        ]

    def place(self, record: Mapping[str, str]) -> dict[str, int]:
        """The line of each field: of a row the one that holds most of it, else the line that says
        most of the field's name. The cursor moves to the record."""
        places = {field: self.places(value) for field, value in record.items() if value}
        votes: dict[int, int] = {}
        for numbers in places.values():
            for number in numbers:
                votes[number] = votes.get(number, 0) + 1
        if not votes:
            return {}
        row = max(votes, key=lambda number: (votes[number], -number))
        one_line = 10 * votes[row] >= 6 * len(places)
        first = row if one_line else min(votes)
        out: dict[str, int] = {}
        for field, numbers in places.items():
            near = [n for n in numbers if n - first <= _NEAR_LINES]
            best = max(near, key=lambda n: (self._says(field, n), -n), default=None)
            if one_line and row in numbers:
                out[field] = row
            elif best is not None and (not one_line or self._says(field, best)):
                out[field] = best
        self.cursor = min(out.values(), default=self.cursor)
        return out

    def _says(self, field: str, number: int) -> int:
        """How many words of a field's name the line holds."""
        return sum(word in self.lowered[number] for word in field.lower().split("_"))


# -- placing ---------------------------------------------------------------------------------------
def _placed(node: Any, finder: Finder, depth: int) -> Tree:
    """A parser's value as a tree of texts with lines."""
    if isinstance(node, Mapping) and depth < DEPTH_LIMIT:
        node = {key: _joined(value, finder) for key, value in node.items()}
        plain = {key: _text(v) for key, v in node.items() if not isinstance(v, Mapping | list)}
        places = finder.place(plain)
        out: dict[str, Tree] = {}
        for key, value in node.items():
            if key in plain:
                line = places.get(key)
                out[key] = Leaf(plain[key], None if line is None else line + 1)
            else:
                out[key] = _placed(value, finder, depth + 1)
        if len(out) == len(plain) and places:
            finder.cursor = max(places.values()) + 1
        return out
    if isinstance(node, list) and depth < DEPTH_LIMIT:
        return [_placed(element, finder, depth + 1) for element in node]
    value = _text(node)
    found = finder.places(value)
    return Leaf(value, found[0] + 1 if found else None)


def _joined(value: Any, finder: Finder) -> Any:
    """A list of words as the one word that the output has, where it has: `rw,relatime`."""
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        for mark in (",", ", ", " "):
            if finder.places(mark.join(value)):
                return mark.join(value)
    return value


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else " ".join(str(value).split())


def _leaves(node: Tree) -> Iterator[Leaf]:
    if isinstance(node, Leaf):
        yield node
    else:
        for inner in node.values() if isinstance(node, dict) else node:
            yield from _leaves(inner)


# -- what the output calls it ----------------------------------------------------------------------
def _labelled(cell: Cell, lines: Sequence[str]) -> Cell:
    """The cell under the `Label:` before its value. A label alone on its line has the whole of it
    as its value, of which some parsers take only a word."""
    words = headings.spoken(cell.field).lower().split()
    best: tuple[int, str, str] | None = None
    line = lines[(cell.line or 1) - 1]
    for found in list(re.finditer(re.escape(cell.value), line))[:_TRIES] if cell.value else ():
        start = max(0, found.start() - _LABEL_CHARS)
        if label := _LABEL.search(line[start : found.start()]):
            name = label["name"]
            says = sum(word in name.lower() for word in words)
            first = not line[: start + label.start("name")].strip()
            alone = first and line.count(":") == 1
            value = line[found.start() :].strip() if alone else cell.value
            if best is None or says > best[0]:
                best = says, name, value
    if best is None:
        return replace(cell, field=headings.spoken(cell.field))
    return replace(cell, field=best[1], value=best[2])


def _headings(
    tree: Sequence[Tree], lines: Sequence[str], claimed: set[int]
) -> tuple[dict[str, str], int | None]:
    """(field -> printed heading, the heading's line) where each record stands on one line."""
    rows: list[tuple[int, dict[str, str]]] = []
    for record in tree:
        if not isinstance(record, dict):
            return {}, None
        leaves = {k: v for k, v in record.items() if isinstance(v, Leaf) and v.value}
        numbers = {leaf.line for leaf in leaves.values()} - {None}
        if len(numbers) != 1 or len(leaves) < len(record) / 2:
            return {}, None
        row = {field: leaf.value for field, leaf in leaves.items() if leaf.line is not None}
        rows += [(number - 1, row) for number in numbers if number]
    header = headings.above(lines, min(claimed)) if rows else None
    if header is None or header in claimed or re.search(r":(?:\s|$)", lines[header]):
        return {}, None
    columns = headings.extents(spot for number, row in rows for spot in _spans(lines[number], row))
    return headings.names(lines[header], columns), header


def _renamed(record: Tree, shown: Mapping[str, str]) -> Tree:
    if not isinstance(record, dict):
        return record
    return {shown.get(field, field): value for field, value in record.items()}


def _spans(line: str, row: Mapping[str, str]) -> Iterator[tuple[str, headings.Span]]:
    at = 0
    for field, value in row.items():
        start = line.find(value, at)
        if start >= 0:
            yield field, (start, start + len(value))
            at = start + len(value)
