"""Lines that technicians know by heart: the `[[line]]` entries, read before tables and lists.

Guarantee: never raises on any text; a pattern says where things stand in a line, never what they
mean: that is decided as for every other field.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from msgspec import Struct, convert
from msgspec.structs import replace

from stillfixed.actors.verdicts.cells import Cell
from stillfixed.actors.verdicts.knowledge import health
from stillfixed.actors.verdicts.same_network import spellings

_LEGENDS = [re.compile(text) for text in (
    r"(?:^|[\s,;:(])\(?[A-Za-z*+~#!^>]{1,3}\)? (?:-|--|=) (?=[A-Za-z(])",  # D - down
    r"(?:^|[\s,;:])[A-Z]{1,3}[-=](?=[A-Z][a-z])",  # A-Active, R-Ready
    r"(?:^|[\s,;])[-+*~!#^@>]{1,2} ?: ?(?=[a-z])",  # ++ : high alarm
    r"(?:^|[\s,;])(?:N/A|[A-Za-z~?*]{1,3}): ?(?=[a-z]{3}[\w -]*(?:,|[.)]?$))",  # Tx: transmit, Rx:
)]  # fmt: skip
_LEGEND_TITLE = re.compile(r"\s*(?:flags?|codes?|legend|[\w ]*abbreviations?)\b", re.I)
_PARTS = ("item", "items", "field", "value")
_LINE_LIMIT_CHARACTERS = 400


class Line(Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of `[[line]]`; README.md beside the knowledge says what the parts mean."""

    pattern: str
    command: str = ""
    heads: bool = False


class Known(Struct, frozen=True):
    """`cells` of the lines that are known. Nothing more stands in `whole` lines; `heads` name what
    the lines under them are about."""

    cells: tuple[Cell, ...]
    whole: frozenset[int]
    heads: frozenset[int]


@lru_cache(maxsize=1024)
def _entries(command: str) -> tuple[tuple[re.Pattern[str], Line], ...]:
    """The entries that count for a command."""
    entries = [convert(entry, Line) for entry in health().get("line", ())]
    return tuple(
        (_compiled(entry.pattern), entry)
        for entry in entries
        if not entry.command or re.search(entry.command, spellings(command))
    )


@lru_cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.I)


def legend_lines(lines: Sequence[str]) -> set[int]:
    """Lines that explain letters and signs: `D - down        P - bundled in port-channel`."""
    found: set[int] = set()
    for index, line in enumerate(lines):
        text = line[:_LINE_LIMIT_CHARACTERS]
        counts = [len(words.findall(text)) for words in _LEGENDS]
        goes_on = index - 1 in found or _LEGEND_TITLE.match(line)
        if max(counts) >= 2 or (any(counts[:2]) and goes_on):
            found.add(index)
    return found


def known_lines(lines: Sequence[str], command: str) -> Known:
    """What stands in the lines that an entry describes."""
    entries = _entries(command)
    cells: list[Cell] = []
    whole = legend_lines(lines)
    heads: set[int] = set()
    above: list[tuple[int, str]] = []
    for index, line in enumerate(lines if entries else ()):
        if index in whole or not line.strip() or len(line) > _LINE_LIMIT_CHARACTERS:
            continue
        indent = len(line) - len(line.lstrip())
        while above and above[-1][0] >= indent:
            above.pop()
        for pattern, entry in entries:
            found = list(pattern.finditer(line))
            if not found:
                continue
            under = "/".join(name for _, name in above)
            cells += _cells(found, under, index)
            (heads if entry.heads else whole).add(index)
            if entry.heads:
                above.append((indent, found[0].group("item").strip()))
            break
    return Known(tuple(_told_apart(cells)), frozenset(whole), frozenset(heads))


def _told_apart(cells: Sequence[Cell]) -> Iterator[Cell]:
    """Cells whose item comes again with the same field belong to its second, its third."""
    seen: dict[tuple[str, str], int] = {}
    for cell in cells:
        key = cell.item, cell.field
        seen[key] = seen.get(key, 0) + 1
        again = f"{cell.item} ({seen[key]})".strip()
        yield cell if seen[key] == 1 else replace(cell, item=again)


def _cells(found: Sequence[re.Match[str]], under: str, index: int) -> Iterator[Cell]:
    for match in found:
        parts = {name: text.strip() for name, text in match.groupdict().items() if text is not None}
        items = re.split(r"[\s,]+", parts["items"]) if "items" in parts else [parts.get("item", "")]
        for name in items:
            item = "/".join(part for part in (under, name) if part)
            if "value" in parts:
                field = parts.get("field", "value")
                yield Cell(item, field, parts["value"], index + 1, -index - 1)
            for group, text in parts.items():
                if group not in _PARTS:
                    yield Cell(item, group.replace("_", " "), text, index + 1, -index - 1)
