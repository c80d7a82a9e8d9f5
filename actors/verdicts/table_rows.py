"""The rows under a table's heading: where they end, and which word belongs to which column.

Guarantee: never raises on any text; every row is looked at once.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

from stillfixed.actors.verdicts.cells import IDENTITY, name_of
from stillfixed.actors.verdicts.knowledge import field_names
from stillfixed.actors.verdicts.phrases import word_health
from stillfixed.actors.verdicts.prompts import is_prompt

Span = tuple[int, int]
"""Where a column stands in its heading: start and end."""

RULE = re.compile(r"^[\s>]*[-=]{2,}(?:[\s+|]+[-=]{2,})*[\s+|]*$")
DIGIT = re.compile(r"(?<![A-Za-z])\d(?!\d*(?:min|sec|hr|[hms])\b)")
CHUNK = re.compile(r"\S+(?: \S+)*")
WORD = re.compile(r"\S+")
MARKED = re.compile(r"^(\s*)[●*×○↻]\s")  # noqa: RUF001  systemctl prints these


class Table(Struct, frozen=True):
    """Rows are (index of the line, one value a column). `end` is the first line behind it;
    `passed` are lines inside that are no rows."""

    columns: list[str]
    rows: list[tuple[int, list[str]]]
    end: int
    passed: list[int] = []


def read_rows(
    lines: Sequence[str], start: int, names: list[str], spans: Sequence[Span], *, sure: int = 0
) -> Table:
    """`sure`: the first line behind rows that are known to stand in their columns."""
    rows: list[tuple[int, list[str]]] = []
    passed: list[int] = []
    at = start
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            going = _goes_on(lines, at, names, spans, first=not rows)
            if going is None:
                break
            passed += [i for i in range(at, going) if lines[i].strip()]
            at = going
            continue
        if RULE.match(line):
            at += 1
            continue
        if at < sure and not is_prompt(line):
            if rows and _wraps(line, spans) and not _both_say(rows[-1][1], _cut(line, spans)):
                _append(rows[-1][1], _cut(line, spans))
            else:
                rows.append((at, _cut(line, spans)))
        elif (
            not rows
            and is_title_line(line)
            and not _reaches(line, spans)
            and at + 1 < len(lines)
            and _is_row(lines[at + 1], names, spans)
        ):
            passed.append(at)
        elif is_prompt(line) or not _is_row(line, names, spans):
            if not rows or not line.startswith((" ", "\t")) or _is_title(lines, at):
                break
            passed.append(at)
        elif rows and (is_heading(line) or _cut(line, spans) == names):
            break  # another table
        elif rows and _wraps(line, spans) and not _both_say(rows[-1][1], _cut(line, spans)):
            _append(rows[-1][1], _cut(line, spans))
        else:
            rows.append((at, _cut(line, spans)))
        at += 1
    return Table(names, _straightened(lines, rows, spans), at, passed)


def is_heading(line: str) -> bool:
    """Whether a line is a heading even with no row under it: names of columns side by side, two of
    them well known."""
    chunks = CHUNK.findall(line)
    if len(chunks) < 3 or DIGIT.search(line) or re.search(r":(\s|$)|[.!?]$", line.rstrip()):
        return False
    known = sum(
        bool(IDENTITY.match(chunk)) or name_of(chunk) in field_names("status_fields")
        for chunk in chunks
    )
    named = all(chunk[:1].isupper() or not chunk[:1].isalpha() for chunk in chunks)
    return known >= 2 and named


def _next_text(lines: Sequence[str], at: int) -> int | None:
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at if at < len(lines) else None


def _goes_on(
    lines: Sequence[str], at: int, names: list[str], spans: Sequence[Span], *, first: bool
) -> int | None:
    """The line where the table goes on behind a blank line, with one title between at most."""
    following = _next_text(lines, at)
    if first and following is not None and _is_row(lines[following], names, spans):
        return following
    for _ in range(2):
        if following is None or is_prompt(lines[following]):
            return None
        if _stands_under(lines[following], spans):
            return following
        following = following + 1 if following + 1 < len(lines) else None
    return None


def is_title_line(line: str) -> bool:
    """`Redundancy group: 1` between rows, or `  inet.0: 12/12` under one."""
    return bool(re.match(r"^\s*[\w. -]*\w\w ?: \S", line)) and len(CHUNK.findall(line)) <= 2


def _stands_under(line: str, spans: Sequence[Span]) -> bool:
    """Whether a line has a value in nearly every column, each at its place."""
    chunks = [found.span() for found in CHUNK.finditer(line)]
    starts = sum(any(a == start or b == end for a, b in chunks) for start, end in spans)
    return (
        len(spans) >= 3
        and starts >= max(3, 0.7 * len(spans))
        and not re.search(r"^\s*[-=]{2}", line)
    )


def _is_title(lines: Sequence[str], at: int) -> bool:
    return at + 1 < len(lines) and bool(RULE.match(lines[at + 1]))


def _reaches(line: str, spans: Sequence[Span]) -> bool:
    """Whether a line has something under the last column, which no title has."""
    return len(line.rstrip()) > spans[-1][0]


def _is_row(line: str, names: list[str], spans: Sequence[Span]) -> bool:
    chunks = [found.span() for found in CHUNK.finditer(line)]
    if is_title_line(line) and len(spans) >= 3 and not _reaches(line, spans):
        return False
    if len(chunks) >= 2 or len(spans) == 1:
        return True
    words = line.split()
    if len(words) >= len(spans) and not line.rstrip().endswith((".", ":")):
        return len(spans) == 2 or len(words) < 2 * len(spans)
    # one value in one column: the others are empty or the value is all there is
    start, end = chunks[0] if chunks else (0, 0)
    return sum(a < end and b > start for a, b in spans) <= 1 and ":" not in line


def _wraps(line: str, spans: Sequence[Span]) -> bool:
    """A line that only goes on with values of the row above: its first column is empty."""
    chunks = [found.span() for found in CHUNK.finditer(line)]
    return (
        len(chunks) <= 2
        and len(spans) > 2
        and chunks[0][0] >= spans[1][0]
        and all(any(a == start for a, _ in spans[1:]) for start, _ in chunks)
    )


def _both_say(above: Sequence[str], below: Sequence[str]) -> bool:
    """Whether both lines have a word of state in one column: each is a row, though the lower one
    leaves out what it shares with the upper."""
    return any(
        word_health(a.lower()) and word_health(b.lower())
        for a, b in zip(above, below, strict=True)
        if a and b
    )


def _append(row: list[str], more: Sequence[str]) -> None:
    for index, value in enumerate(more):
        if value:
            row[index] = f"{row[index]} {value}".strip()


def _cut(line: str, spans: Sequence[Span]) -> list[str]:
    """Every word goes to the column it stands under; a chunk under one column goes there whole."""
    cells: list[list[str]] = [[] for _ in spans]
    for chunk in CHUNK.finditer(line):
        under = columns_under(chunk.span(), spans)
        if len(under) <= 1:
            cells[under[0] if under else _nearest(chunk.span(), spans)].append(chunk.group())
            continue
        last = under[0]
        for word in WORD.finditer(line, *chunk.span()):
            own = [index for index in columns_under(word.span(), spans) if index >= last]
            last = own[0] if own else last
            cells[last].append(word.group())
    return [" ".join(cell) for cell in cells]


def columns_under(span: Span, spans: Sequence[Span]) -> list[int]:
    return [index for index, (a, b) in enumerate(spans) if a < span[1] and b > span[0]]


def _nearest(span: Span, spans: Sequence[Span]) -> int:
    def distance(index: int) -> tuple[int, int]:
        a, b = spans[index]
        return (max(a - span[1], span[0] - b, 0), index)

    return min(range(len(spans)), key=distance)


def _straightened(
    lines: Sequence[str], rows: list[tuple[int, list[str]]], spans: Sequence[Span]
) -> list[tuple[int, list[str]]]:
    """Rows that overflow a column are split by words, where the other rows show that every column
    but the last holds one word."""
    width = len(spans)
    if width < 3:
        return rows

    def plain(cells: list[str]) -> bool:
        return all(cells[:-1]) and not any(" " in cell for cell in cells[:-1])

    straight = [plain(cells) for _, cells in rows]
    if all(straight):
        return rows
    out: list[tuple[int, list[str]]] = []
    for (index, cells), fine in zip(rows, straight, strict=True):
        words = MARKED.sub(r"\1  ", lines[index]).split(None, width - 1)
        marked = words != lines[index].split(None, width - 1)
        shifted = _shifted(cells, straight) and not _in_place(lines[index], spans)
        if not fine and len(words) == width and (marked or shifted):
            out.append((index, [word.strip() for word in words]))
        else:
            out.append((index, cells))
    return out


def _shifted(cells: Sequence[str], straight: Sequence[bool]) -> bool:
    empty_before_full = any(not a and b for a, b in pairwise(cells))
    return any(straight) and empty_before_full


def _in_place(line: str, spans: Sequence[Span]) -> bool:
    """Whether all that stands in a line begins or ends where a column does."""
    chunks = [found.span() for found in CHUNK.finditer(line)]
    return all(any(a == start or b == end for start, end in spans) for a, b in chunks)


def regions_under(
    lines: Sequence[str], rule: int, groups: Sequence[Span]
) -> tuple[list[Span], int]:
    """Where the columns of a rule reach to, and the first line behind the rows: each up to a place
    before the next that is blank in every row. ([], 0) where rows overflow their columns."""
    end = rule + 1
    while end < len(lines) and lines[end].strip():
        end += 1
    rows = [line for line in lines[rule + 1 : end] if not is_prompt(line)]
    cuts = [0]
    for (_, stop), (start, _) in pairwise(groups):
        gap = range(start - 1, stop - 1, -1)
        blank = (at for at in gap if all(_ends_at(row, at) for row in rows))
        cut = next(blank, None)
        if cut is None:
            return [], 0
        cuts.append(cut + 1)
    longest = max(map(len, (lines[rule], *rows)))
    return list(zip(cuts, [*(cut - 1 for cut in cuts[1:]), longest], strict=True)), end


def _ends_at(row: str, at: int) -> bool:
    """Whether a value may end here: at a blank, but not inside a list (`Error, Printing`)."""
    return row[at : at + 1] in ("", " ") and row[at - 1 : at] != ","


def fitted(cells: list[str], width: int) -> list[str]:
    return (cells + [""] * width)[:width]
