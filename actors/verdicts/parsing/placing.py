"""Back from a parser's records to the lines they stand on and the headings over them.

Guarantee: linear in lines and values: each value looks at a few places only. A value that cannot be
found again has no line. Records that are mostly not in the text are refused: they were made up.
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

_TRIM = "\"'()[]{},;:<>*+●├└─│`|-"
_NEAR_LINES = 60
_TRIES = 3


class Finder:
    """Where words stand in a text. `cursor` only moves on: records come in the text's order."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.cursor = 0
        self.where: dict[str, list[int]] = {}
        for number, line in enumerate(lines):
            for word in set(line.split()):
                for form in {word, word.strip(_TRIM), *re.split(r"[=:,/]", word.strip(_TRIM))}:
                    if form:
                        self.where.setdefault(form, []).append(number)

    def places(self, value: str, start: int) -> list[int]:
        """The first few lines from `start` on that hold the value."""
        words = value.split()
        if not words:
            return []
        known = self.where.get(words[0]) or self.where.get(words[0].strip(_TRIM)) or ()
        out: list[int] = []
        for number in known[bisect_left(known, start) :][: 4 * _TRIES]:
            if len(words) == 1 or value in " ".join(self.lines[number].split()):
                out.append(number)
            if len(out) == _TRIES:
                break
        return out

    def start_of(self, values: Sequence[str]) -> int | None:
        """The line that holds most of a record's values, the first of equals."""
        votes: dict[int, int] = {}
        for value in values:
            for number in self.places(value, self.cursor):
                votes[number] = votes.get(number, 0) + 1
        if not votes:
            return None
        most = max(votes.values())
        return min(number for number, count in votes.items() if count == most)


def reading(
    records: Sequence[Mapping[str, Any]], text: str, names: Mapping[str, str]
) -> Reading | None:
    """Cells of a parser's records with lines, called by the headings in the text, then by `names`
    (the parser's field -> the output's word), then by the field's own name."""
    lines = text.split("\n")
    finder = Finder(lines)
    tree: list[Tree] = [_placed(record, finder, 0) for record in records[:CELL_LIMIT]]
    found = [leaf for leaf in _leaves(tree, 0) if leaf.value]
    held = sum(leaf.line is not None for leaf in found)
    if not found or 2 * held < len(found):
        return None
    claimed = {leaf.line - 1 for leaf in found if leaf.line is not None}
    shown, header = _headings(tree, lines, claimed)
    rest = [
        (at + 1, line)
        for at, line in enumerate(lines)
        if line.strip() and at not in claimed and at != header and not headings.is_rule(line)
    ]
    out: list[Cell] = []
    for cell in cells_of_tree(tree[0] if len(tree) == 1 else tree):
        name = shown.get(cell.field) or names.get(cell.field) or headings.spoken(cell.field)
        out.append(replace(cell, field=name))
    return reading_of(out, rest, list(shown.values()))


def _placed(node: Any, finder: Finder, depth: int) -> Tree:
    """A parser's value as a tree of texts with lines."""
    if isinstance(node, Mapping) and depth < DEPTH_LIMIT:
        plain = {key: _text(v) for key, v in node.items() if not isinstance(v, Mapping | list)}
        start = finder.start_of([value for value in plain.values() if value])
        places = {key: _near(finder, value, start) for key, value in plain.items()}
        if start is not None:
            finder.cursor = start
        out: dict[str, Tree] = {}
        for key, value in node.items():
            if key in plain:
                line = places[key]
                out[key] = Leaf(plain[key], None if line is None else line + 1)
            else:
                out[key] = _placed(value, finder, depth + 1)
        ends = [line for line in places.values() if line is not None]
        if len(out) == len(plain) and ends:
            finder.cursor = max(finder.cursor, min(ends) + 1)
        return out
    if isinstance(node, list) and depth < DEPTH_LIMIT:
        return [_placed(element, finder, depth + 1) for element in node]
    value = _text(node)
    line = _near(finder, value, finder.cursor)
    return Leaf(value, None if line is None else line + 1)


def _near(finder: Finder, value: str, start: int | None) -> int | None:
    if start is None or not value:
        return None
    found = finder.places(value, start)
    return found[0] if found and found[0] - start <= _NEAR_LINES else None


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def _leaves(node: Tree, depth: int) -> Iterator[Leaf]:
    if isinstance(node, Leaf):
        yield node
    else:
        for inner in node.values() if isinstance(node, dict) else node:
            yield from _leaves(inner, depth + 1)


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
        if len(numbers) != 1 or len(leaves) < len(record) - 2:
            return {}, None
        rows += [
            (number - 1, {k: v.value for k, v in leaves.items()}) for number in numbers if number
        ]
    header = headings.above(lines, min(claimed)) if rows else None
    if header is None or header in claimed or re.search(r":(?:\s|$)", lines[header]):
        return {}, None
    columns = headings.extents(spot for number, row in rows for spot in _spans(lines[number], row))
    return headings.names(lines[header], columns), header


def _spans(line: str, row: Mapping[str, str]) -> Iterator[tuple[str, headings.Span]]:
    at = 0
    for field, value in row.items():
        start = line.find(value, at)
        if start >= 0:
            yield field, (start, start + len(value))
            at = start + len(value)
