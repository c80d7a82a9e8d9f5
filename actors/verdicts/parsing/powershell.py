"""What PowerShell's formatters do to a text: values wrapped over lines, groups, names in columns,
values cut with dots, and error records between it all.

Guarantee: undoes just that, line numbers kept, and leaves the rest to the generic reading; None
where there is nothing to undo. Never raises; linear in the text.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from stillfixed.actors.verdicts import output
from stillfixed.actors.verdicts.cells import CUT_MARK, Cell, Reading
from stillfixed.actors.verdicts.model import Platform
from stillfixed.actors.verdicts.parsing import error_records
from stillfixed.actors.verdicts.parsing.records import (
    Spot,
    cells_of_records,
    reading_of,
)

_PAIR = re.compile(r"^(?P<key>[^\W\d_][\w ./()#%-]*?)(?P<pad>\s*) : ?(?P<value>.*)$")
_DASHES = re.compile(r"^\s*-+(?:\s+-+)*\s*$")
_GROUP = re.compile(r"^\s{3}(?P<key>[^\W\d_][\w ]*): (?P<value>\S.*?)\s*$")
_WIDE = re.compile(r"(?i)\|\s*(?:format-wide|fw)\b")
_CUT = re.compile(r"(?<=\w)\.\.\.$|…$|(?<=\w)\.\.\.\}$|…\}$")
_WIDTH = 79
"""A line shorter than this was not wrapped because the console ended."""


def parse(command: str, platform: Platform, text: str) -> Reading | None:
    if platform != "powershell":
        return None
    lines = text.split("\n")
    if _WIDE.search(command):
        return _wide(lines)
    errors = error_records.find(lines) if "+ " in text or ": " in text else []
    for record in errors:
        lines[record.line : record.end] = [""] * (record.end - record.line)
    joined = _unwrap_lists(lines)
    tables = [table for table in _tables(lines) if table.wrapped or table.group]
    for table in tables:
        lines[table.start : table.end] = [""] * (table.end - table.start)
    if not (errors or joined or tables or "..." in text or CUT_MARK in text):
        return None
    return _read(command, lines, errors, tables)


def _read(
    command: str,
    lines: Sequence[str],
    errors: Sequence[error_records.ErrorRecord],
    tables: Sequence["_Table"],
) -> Reading:
    generic = output.read("\n".join(lines), command)
    cells = [_marked(cell) for cell in generic.cells]
    for table in tables:
        first = max((cell.record for cell in cells), default=-1) + 1
        cells += [_marked(cell) for cell in cells_of_records(table.records, first)]
    said = [(record.line + 1, line) for record in errors for line in record.text()]
    rest = sorted((*generic.rest, *said), key=lambda numbered: numbered[0])
    fields = [*generic.fields, *(name for table in tables for name in table.names)]
    found = reading_of(cells, rest, fields)
    return replace(found, errors=tuple(cell for record in errors for cell in record.cells()))


def _marked(cell: Cell) -> Cell:
    """The cell, its value marked in one way where the formatter cut it."""
    value = cell.value
    return replace(cell, value=_CUT.sub(CUT_MARK, value)) if _CUT.search(value) else cell


def _wide(lines: Sequence[str]) -> Reading:
    names = [
        (number, name)
        for number, line in enumerate(lines, 1)
        for name in re.split(r"\s{2,}", line.strip())
        if name and not _GROUP.match(line)
    ]
    return reading_of(cells_of_records([[Spot("Name", name, number)] for number, name in names]))


# -- Format-List -----------------------------------------------------------------------------------
def _unwrap_lists(lines: list[str]) -> bool:
    """Put wrapped values of Format-List back on one line, in place; whether there were any."""
    at = 0
    changed = False
    while at < len(lines):
        pair = _PAIR.match(lines[at])
        column = pair.start("value") if pair else 0
        end = at + 1
        while pair and column and end < len(lines) and _continues(lines[end], column):
            lines[at] = _glued(lines[at], lines[end].strip())
            lines[end] = ""
            changed = True
            end += 1
        at = end
    return changed


def _continues(line: str, column: int) -> bool:
    """A wrapped value goes on exactly under its beginning."""
    return line[:column].strip() == "" and len(line) > column and line[column] != " "


def _glued(before: str, more: str) -> str:
    """A value breaks at blanks, or inside a word where a word is longer than the line."""
    inside_word = len(before) >= _WIDTH and not before.endswith((" ", ",", ";"))
    return f"{before}{more}" if inside_word else f"{before.rstrip()} {more}"


# -- Format-Table ----------------------------------------------------------------------------------
class _Table(Struct, frozen=True):
    """`start` and `end` are lines from 0. `wrapped`: some row goes on in the next line; `group`: a
    heading of GroupBy stands above."""

    names: tuple[str, ...]
    records: tuple[tuple[Spot, ...], ...]
    start: int
    end: int
    wrapped: bool
    group: bool


def _tables(lines: Sequence[str]) -> Iterator[_Table]:
    group: tuple[int, Spot] | None = None
    for at, line in enumerate(lines):
        if found := _GROUP.match(line):
            group = at, Spot(found["key"], found["value"], at + 1)
        elif _DASHES.match(line) and at and lines[at - 1].strip():
            near = group if group and at - group[0] <= 4 else None
            yield _table(lines, at, near)
            group = None
        elif line.strip() and group and at - group[0] > 4:
            group = None


def _table(lines: Sequence[str], rule: int, group: tuple[int, Spot] | None) -> _Table:
    end = rule + 1
    while end < len(lines) and lines[end].strip():
        end += 1
    rows = lines[rule + 1 : end]
    bounds = _bounds(lines[rule], [lines[rule - 1], *rows])
    names = tuple(lines[rule - 1][a:b].strip() for a, b in bounds)
    width = max((len(line.rstrip()) for line in rows), default=0)
    records: list[list[Spot]] = []
    wrapped = False
    for number, row in enumerate(rows, rule + 2):
        values = [row[a:b].strip() for a, b in bounds]
        if records and _is_more(records[-1], values, bounds, width):
            wrapped = True
            records[-1] = [
                Spot(spot.field, f"{spot.value} {value}".strip(), spot.line)
                for spot, value in zip(records[-1], values, strict=True)
            ]
        else:
            records.append([Spot(n, v, number) for n, v in zip(names, values, strict=True)])
    if group:
        records = [[*record, group[1]] for record in records]
    start = group[0] if group else rule - 1
    return _Table(names, tuple(map(tuple, records)), start, end, wrapped, group is not None)


def _bounds(rule: str, rows: Sequence[str]) -> list[tuple[int, int | None]]:
    """Where each column begins and ends: in the gap between two rules, at a place that is blank in
    every line; a value that is aligned to the right may reach left of its heading."""
    spans = [found.span() for found in re.finditer(r"-+", rule)]
    cuts = [0]
    for (_, end), (start, _) in pairwise(spans):
        blank = [
            at for at in range(end, start) if all(row[at : at + 1] in ("", " ") for row in rows)
        ]
        cuts.append(blank[-1] + 1 if blank else start)
    return list(zip(cuts, [*cuts[1:], None], strict=True))


def _is_more(
    above: Sequence[Spot],
    values: Sequence[str],
    bounds: Sequence[tuple[int, int | None]],
    width: int,
) -> bool:
    """Whether a line is what was wrapped off the row above: its first column is empty, and each
    word in it would not have fitted where the value above ends."""
    if values[0] or not above[0].value:
        return False
    for spot, value, (start, end) in zip(above, values, bounds, strict=False):
        room = (end - 1 if end is not None else width) - start
        last = len(spot.value) % room if room > 0 and len(spot.value) > room else len(spot.value)
        if value and (not spot.value or last + 1 + len(value.split()[0]) <= room):
            return False
    return any(values)
