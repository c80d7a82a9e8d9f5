"""Values in rows: CSV in its dialects, and tables ruled with bars (Markdown, SQL clients).

Guarantee: claims a text only when heading and rows agree in their number of columns; never raises.
"""

import csv
import re
from collections.abc import Sequence

from msgspec.structs import replace

from stillfixed.actors.verdicts.cells import Cell, Reading
from stillfixed.actors.verdicts.parsing.records import (
    CELL_LIMIT,
    Spot,
    cells_of_records,
    reading_of,
)
from stillfixed.actors.verdicts.phrases import word_health

_HEADING = re.compile(r"^[^\W\d][\w .%/#()\[\]:@-]*$")
_PLAIN_HEADING = re.compile(r"^[^\W\d][\w.%/#()@-]*(?: [\w.%/#()@-]+)?$")
_DRAWN = frozenset("-=:+|─━═│┃┼┬┴┌└┐┘├┤╞╡╪╇┏┓┡┩╭╮╰╯ ")
_BARS = "|│┃"
Row = tuple[int, list[str]]


# -- CSV -------------------------------------------------------------------------------------------
def separated(text: str, *, expected: bool) -> Reading | None:
    """Comma, semicolon or tab. `expected`: the command says that it is CSV, so one column will do
    and the heading may be any text."""
    lines = text.split("\n")
    start = 0
    while start < len(lines) and (not lines[start].strip() or lines[start].startswith("#TYPE")):
        start += 1
    typed = any(line.startswith("#TYPE") for line in lines[:start])
    if start >= len(lines):
        return None
    header = lines[start].strip().removeprefix("# ")
    quoted = bool(re.match(r'^"[^"]*"(?:[,;\t]"[^"]*")*$', header))
    sure = expected or typed or quoted
    marks = {mark: header.count(mark) for mark in ",;\t"}
    mark = max(marks, key=lambda one: marks[one])
    if not marks[mark] and not (quoted and (expected or typed)):
        return None
    if mark == "\t" and not sure:
        return None  # columns of blanks and tabs are the generic reading's
    rows, rest = _rows(lines[start:], start, mark)
    if len(rows) < 2:
        return None
    names = [name.strip() for name in rows[0][1]]
    names[0] = names[0].removeprefix("# ")
    while names and not names[-1]:
        names.pop()
    if not all(_HEADING.match(name) for name in names) or len(set(names)) < len(names):
        return None
    if not typed and (state := _state_column(rows)):
        return _without_heading(rows, state, rest)
    if not sure and (len(names) < 3 or rest or not all(map(_PLAIN_HEADING.match, names))):
        return None
    found = _table(names, rows[1:], rest)
    last = quoted and len(rest) == 1 and rest[0][0] == len(lines) and rest[0][1].startswith('"')
    return replace(found, cut=last or (quoted and text.count('"') % 2 == 1))


def _state_column(rows: Sequence[Row]) -> int:
    """The column that holds nothing but words of state, also in the first row: then that is no
    heading. 0 where there is none."""
    for place in range(1, len(rows[0][1])):
        words = {values[place].strip().lower() for _, values in rows if len(values) > place}
        if all(" " not in word and word_health(word) for word in words):
            return place
    return 0


def _without_heading(rows: Sequence[Row], state: int, rest: Sequence[tuple[int, str]]) -> Reading:
    """Rows without a heading: what stands before the state names the item."""
    cells = [
        Cell(" ".join(values[:state]), f"column {place}", value.strip(), line, order, len(rows))
        for order, (line, values) in enumerate(rows)
        for place, value in enumerate(values, 1)
    ]
    return reading_of(cells, rest, [])


def _rows(lines: Sequence[str], first: int, mark: str) -> tuple[list[Row], list[tuple[int, str]]]:
    """Rows as wide as the heading, up to the first line that is none; the other lines."""
    reader = csv.reader(lines, delimiter=mark, skipinitialspace=True)
    rows: list[Row] = []
    begin = used = 0
    try:
        for values in reader:
            if values:
                if len(rows) > CELL_LIMIT:
                    break
                if rows and len(values) != len(rows[0][1]):
                    break
                rows.append((first + begin + 1, values))
            begin = used = reader.line_num
    except csv.Error:
        pass
    rest = [(first + i + 1, lines[i]) for i in range(used, len(lines)) if lines[i].strip()]
    return rows, rest


def _table(names: list[str], rows: list[Row], rest: Sequence[tuple[int, str]]) -> Reading:
    records = [
        [Spot(name, value.strip(), line) for name, value in zip(names, values, strict=False)]
        for line, values in rows
    ]
    return reading_of(cells_of_records(records), rest, names)


# -- tables ruled with bars ------------------------------------------------------------------------
def ruled(text: str) -> Reading | None:
    """Each table has a heading with bars and a rule above or below it; other lines are the rest."""
    if not any(bar in text for bar in _BARS):
        return None
    lines = text.split("\n")
    found: list[Cell] = []
    fields: list[str] = []
    rest: list[tuple[int, str]] = []
    at = record = 0
    while at < len(lines):
        line = lines[at]
        if not _is_row(line) or not (_is_rule(lines, at + 1) or _is_rule(lines, at - 1)):
            if line.strip() and not _is_drawn(line):
                rest.append((at + 1, line))
            at += 1
            continue
        framed = line.strip()[0] in _BARS
        names = _split(line, framed)
        if len(names) < 2:
            return None  # a title in a box
        boxed = framed and not _is_markdown(lines, at)
        records: list[list[Spot]] = []
        at += 1
        while at < len(lines) and (_is_row(lines[at]) or _is_rule(lines, at)):
            if _is_row(lines[at]):
                values = _split(lines[at], framed)
                if len(values) != len(names):
                    return None
                row = [Spot(n, v, at + 1) for n, v in zip(names, values, strict=True)]
                if boxed and records and not values[0] and records[-1][0].value:
                    records[-1] = _joined(records[-1], row)  # a wrapped cell goes on
                else:
                    records.append(row)
            at += 1
        fields += names
        found += cells_of_records(records, record)
        record += len(records) + 1
    return reading_of(found, rest, fields) if fields else None


def _joined(above: list[Spot], more: list[Spot]) -> list[Spot]:
    return [
        Spot(spot.field, f"{spot.value} {other.value}".strip(), spot.line)
        for spot, other in zip(above, more, strict=True)
    ]


def _is_markdown(lines: Sequence[str], at: int) -> bool:
    return at + 1 < len(lines) and bool(re.match(r"^\s*\|?\s*:?-+", lines[at + 1]))


def _is_row(line: str) -> bool:
    return any(bar in line for bar in _BARS) and "||" not in line and not _is_drawn(line)


def _is_drawn(line: str) -> bool:
    """Whether a line holds nothing but strokes."""
    return len(line) > 1 and _DRAWN.issuperset(line)


def _is_rule(lines: Sequence[str], at: int) -> bool:
    if not 0 <= at < len(lines) or not _is_drawn(lines[at]):
        return False
    strokes = any(stroke in lines[at] for stroke in ("--", "==", "──", "━━", "══", ":-"))
    parts = re.split(r"[|+┼┬┴╪╇┳╈│]", lines[at])
    # a rule with gaps between two crosses draws columns that have no bars: an ordinary table
    return strokes and len(parts) > 1 and all(" " not in part.strip() for part in parts)


def _split(line: str, framed: bool) -> list[str]:
    """The cells of a row; a framed row opens and closes with a bar."""
    bare = line.strip() if framed else line
    if framed:
        bare = bare[1:-1] if bare[-1:] in _BARS else bare[1:]
    parts = re.split(r"(?<!\\)[|│┃]", bare)
    return [part.strip().strip("*`").replace("\\|", "|") for part in parts]
