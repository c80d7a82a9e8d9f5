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

_KEY = re.compile(r"[^\W\d_][\w ./()#%-]{0,80}")
_DASHES = re.compile(r"^\s*-+(?:\s+-+)*\s*$")
_GROUP = re.compile(r"^\s{3}(?P<key>[^\W\d_][\w ]*): (?P<value>\S.*)$")
_WIDE = re.compile(r"(?i)\|\s*(?:format-wide|fw)\b")
_CUT = re.compile(r"(?<=\w)\.\.\.$|…$|(?<=\w)\.\.\.\}$|…\}$")
_WRAPS = re.compile(r"(?i)\s-wr\w*")
_LINE_LIMIT_CHARS = 2_000
_CONSOLE_WIDTH = 79
"""Unless asked to wrap, no line ends before this because the console does."""


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
    asked = bool(_WRAPS.search(command))
    tables = [table for table in _tables(lines, asked) if table.odd]
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
    first = max((cell.record for cell in cells), default=-1) + 1
    for table in tables:
        cells += [_marked(cell) for cell in cells_of_records(table.records, first)]
        first += len(table.records)
    said = [(record.line + 1, line) for record in errors for line in record.text()]
    rest = sorted((*generic.rest, *said), key=lambda numbered: numbered[0])
    fields = [*generic.fields, *(name for table in tables for name in table.names)]
    found = reading_of(cells, rest, fields)
    return replace(found, errors=tuple(cell for record in errors for cell in record.cells()))


def _marked(cell: Cell) -> Cell:
    """The cell, its texts marked in one way where the formatter cut them."""
    if not _CUT.search(cell.value) and not _CUT.search(cell.item):
        return cell
    item, value = (_CUT.sub(CUT_MARK, text) for text in (cell.item, cell.value))
    return replace(cell, item=item, value=value)


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
        column = _value_column(lines[at])
        last = lines[at][column:]
        end = at + 1
        while column and end < len(lines) and _continues(lines[end], column):
            more = lines[end].strip()
            lines[at] += more if _inside_word(last) else " " + more
            last, lines[end] = more, ""
            changed = True
            end += 1
        at = end
    return changed


def _value_column(line: str) -> int:
    """Where the value of `Name : value` begins; 0 for any other line."""
    mark = line.find(" : ")
    return mark + 3 if mark > 0 and _KEY.fullmatch(line[:mark].rstrip()) else 0


def _continues(line: str, column: int) -> bool:
    """A wrapped value goes on exactly under its beginning."""
    return line[:column].strip() == "" and len(line) > column and line[column] != " "


def _inside_word(last: str) -> bool:
    """A line breaks at a blank, and inside a word only where it holds no blank."""
    return bool(last) and " " not in last.strip()


# -- Format-Table ----------------------------------------------------------------------------------
class _Table(Struct, frozen=True):
    """`start` and `end` are lines from 0. `odd`: a row goes on in the next line, a value is cut or
    a heading of GroupBy stands above; other tables are the generic reading's."""

    names: tuple[str, ...]
    records: tuple[tuple[Spot, ...], ...]
    start: int
    end: int
    odd: bool


def _tables(lines: Sequence[str], asked: bool) -> Iterator[_Table]:
    group: tuple[int, Spot] | None = None
    for at, line in enumerate(lines):
        if found := _GROUP.match(line):
            group = at, Spot(found["key"], found["value"].rstrip(), at + 1)
        elif at and lines[at - 1].strip() and len(line) < _LINE_LIMIT_CHARS and _DASHES.match(line):
            near = group if group and at - group[0] <= 4 else None
            yield _table(lines, at, near, asked)
            group = None
        elif line.strip() and group and at - group[0] > 4:
            group = None


def _table(lines: Sequence[str], rule: int, group: tuple[int, Spot] | None, asked: bool) -> _Table:
    """`asked`: the command wraps, so that a first column may go on and a table be narrow."""
    end = rule + 1
    while end < len(lines) and lines[end].strip():
        end += 1
    rows = lines[rule + 1 : end]
    bounds = _bounds(lines[rule], [lines[rule - 1], *rows])
    names = tuple(lines[rule - 1][a:b].strip() for a, b in bounds)
    head = rule - 1
    while not all(names) and head and lines[head - 1].strip() and not _GROUP.match(lines[head - 1]):
        head -= 1  # a heading of several lines leaves columns empty in the last one
        above = [lines[head][a:b].strip() for a, b in bounds]
        names = tuple(f"{one} {two}".strip() for one, two in zip(above, names, strict=True))
    longest = max((len(line.rstrip()) for line in rows), default=0)
    width = longest if asked else max(longest, _CONSOLE_WIDTH)
    rooms = [(width if b is None else b - 1) - a for a, b in bounds]
    records: list[list[Spot]] = []
    last: list[str] = []
    odd = group is not None
    for number, row in enumerate(rows, rule + 2):
        values = [row[a:b].strip() for a, b in bounds]
        odd = odd or any(_CUT.search(value) for value in values)
        if records and _is_more(last, values, rooms, asked):
            odd = True
            records[-1] = [
                Spot(spot.field, _glued(spot.value, above, value), spot.line)
                for spot, above, value in zip(records[-1], last, values, strict=True)
            ]
            last = [value or above for above, value in zip(last, values, strict=True)]
        else:
            records.append([Spot(n, v, number) for n, v in zip(names, values, strict=True)])
            last = values
    if group:
        records = [[*record, group[1]] for record in records]
    start = group[0] if group else head
    return _Table(names, tuple(map(tuple, records)), start, end, odd)


def _glued(value: str, above: str, more: str) -> str:
    return f"{value}{'' if not more or _inside_word(above) else ' '}{more}"


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
    above: Sequence[str], values: Sequence[str], rooms: Sequence[int], asked: bool
) -> bool:
    """Whether a line is what was wrapped off the line above: no word that begins it in any column
    would have fitted behind what stands there above."""
    if values[0] and not (
        asked and any(up and not now for up, now in zip(above, values, strict=True))
    ):
        return False
    for up, now, room in zip(above, values, rooms, strict=True):
        if now and (not up or len(up) + 1 + len(now.split()[0]) <= room):
            return False
    return any(values)
