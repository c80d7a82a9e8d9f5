"""Tables in an output: drawn with bars, underlined, or only lined up.

Guarantee: never raises on any text; a table is found at its heading and read once, row by row.
Columns are where the heading and the rows say they are; a value that overflows its column is
told by the words around it.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from stillfixed.actors.verdicts.logs import is_timed
from stillfixed.actors.verdicts.phrases import word_health
from stillfixed.actors.verdicts.prompts import is_prompt

Span = tuple[int, int]

_RULE = re.compile(r"^[\s>]*[-=]{2,}(?:[\s+|]+[-=]{2,})*[\s+|]*$")
_BAR = re.compile(r"[|\u2502\u2503]")
_BAR_RULE = re.compile(r"^[\s|+:=\u2500-\u257f-]{3,}$")
_CHUNK = re.compile(r"\S+(?: \S+)*")
_WORD = re.compile(r"\S+")
_NUMBERED_HEADINGS = re.compile(
    r"^(\d*K-blocks|ipv[46]|802\.1x|h/w|\d+(min|sec|hr|h|m|s)|l[1-4])$", re.I
)
_MARKED = re.compile(r"^(\s*)[●*×○↻]\s")  # noqa: RUF001  systemctl prints these
_HEADING_LINES = 3
_TRY_ROWS = 6
_HEADLESS_LIMIT = 500


class Table(Struct, frozen=True):
    """Rows are (index of the line, one value a column). `end` is the first line behind it;
    `passed` are lines inside that are no rows."""

    columns: list[str]
    rows: list[tuple[int, list[str]]]
    end: int
    passed: list[int] = []


def table_at(lines: Sequence[str], at: int) -> Table | None:
    """The table whose heading stands at this line."""
    head = lines[at]
    if not head.strip() or is_prompt(head):
        return None
    return _barred(lines, at) or _ruled(lines, at) or _lined_up(lines, at) or _headless(lines, at)


# -- drawn with bars -------------------------------------------------------------------------------
def _barred(lines: Sequence[str], at: int) -> Table | None:
    if not _BAR.search(lines[at]) and not lines[at].startswith("+-"):
        return None
    end = at
    while end < len(lines) and (_BAR.search(lines[end]) or _is_bar_rule(lines[end])):
        end += 1
    block = range(at, end)
    rules = [index for index in block if _is_bar_rule(lines[index])]
    first = next((index for index in block if not _is_bar_rule(lines[index])), None)
    if first is None or not rules or not any(index in (first + 1, first + 2) for index in rules):
        return None
    columns = _bar_cells(lines[first])
    rows = [
        (index, _fit(_bar_cells(lines[index]), len(columns)))
        for index in block
        if index > first and not _is_bar_rule(lines[index])
    ]
    return Table(columns, rows, end) if len(columns) >= 2 else None


def _is_bar_rule(line: str) -> bool:
    return bool(_BAR_RULE.match(line)) and any(c in line for c in "-=\u2500\u2550")


def _bar_cells(line: str) -> list[str]:
    cells = [cell.strip() for cell in _BAR.split(line.strip())]
    if cells and not cells[0]:
        cells = cells[1:]
    return cells[:-1] if cells and not cells[-1] else cells


def _fit(cells: list[str], width: int) -> list[str]:
    return (cells + [""] * width)[:width]


# -- underlined ------------------------------------------------------------------------------------
def _ruled(lines: Sequence[str], at: int) -> Table | None:
    rule = at + 1
    while rule < min(len(lines), at + _HEADING_LINES + 1) and not _RULE.match(lines[rule]):
        if lines[rule].strip() and not _CHUNK.search(lines[rule]):
            return None
        rule += 1
    if rule >= len(lines) or not _RULE.match(lines[rule]) or _RULE.match(lines[at]):
        return None
    heading = [lines[index] for index in range(at, rule) if lines[index].strip()]
    if any(re.search(r":\s*$|[.!?]$", line.strip()) for line in heading):
        return None
    groups = [found.span() for found in re.finditer(r"[-=]+", lines[rule])]
    if len(groups) >= 2:
        names = [_name(heading, groups, index) for index in range(len(groups))]
        if not any(names):
            return None
        return _rows(lines, rule + 1, names, groups)
    start, end = groups[0]
    if len(heading) == 1 and heading[0].strip() == heading[0][start:end].strip():
        return _single(lines, rule + 1, heading[0].strip())
    if rule - at > 2 or not re.search(r"\S\s{2,}\S|\t", heading[-1]):
        return None
    return _from_heading(lines, heading[-1], rule + 1, sure=True)


def _single(lines: Sequence[str], start: int, name: str) -> Table | None:
    """One column: a row is a line. A title above a list or another table is none."""
    end = start
    while end < len(lines) and lines[end].strip() and not is_prompt(lines[end]):
        end += 1
    rows = [(index, [lines[index].strip()]) for index in range(start, end)]
    plain = all(len(_CHUNK.findall(text)) == 1 and ": " not in text for _, [text] in rows)
    ruled = end < len(lines) and any(_RULE.match(lines[index]) for index in range(start, end))
    return Table([name], rows, end) if plain and not ruled and len(name.split()) <= 2 else None


def _name(heading: Sequence[str], groups: Sequence[Span], index: int) -> str:
    start = 0 if index == 0 else groups[index][0]
    end = groups[index + 1][0] if index + 1 < len(groups) else None
    return " ".join(part for line in heading if (part := line[start:end].strip()))


# -- only lined up ---------------------------------------------------------------------------------
def _lined_up(lines: Sequence[str], at: int) -> Table | None:
    heading = lines[at].replace("Mounted on", "Mounted_on")
    if not _may_be_heading(heading):
        return None
    start = at + 1
    if start < len(lines) and not lines[start].strip():
        start += 1
    if start >= len(lines) or not lines[start].strip():
        return None
    return _from_heading(lines, heading, start, sure=False)


def _may_be_heading(line: str) -> bool:
    words = line.split()
    if len(words) < 2 or re.search(r"[:=]\s|[:;,]$|(?<!\.)[.!?]$|[\"']", line.rstrip()):
        return False
    if any(re.search(r"\d", w) and not _NUMBERED_HEADINGS.match(w) for w in words):
        return False
    if "\t" in line:
        return bool(re.match(r"^[\w\t %/#().-]+$", line))
    chunks = _CHUNK.findall(line.strip())
    upper = all(word.upper() == word for word in words) and len(words) >= 3
    titled = sum(word[:1].isupper() or not word[:1].isalpha() for word in words)
    return upper or len(chunks) >= 3 or (titled >= len(words) - 1 and len(chunks) >= 2) or (
        titled >= 0.7 * len(words) and len(words) >= 4
    )  # fmt: skip


def _from_heading(lines: Sequence[str], heading: str, start: int, *, sure: bool) -> Table | None:
    """The table under a heading without column marks of its own."""
    if "\t" in heading:
        return _tabbed(lines, heading, start)
    rows = [line for line in lines[start : start + _TRY_ROWS] if line.strip()]
    rows = [row for row in rows if not is_prompt(row) and not _RULE.match(row)]
    if not rows:
        return None
    rows = [row for row in rows if not _is_title_line(row)]
    words = [found.span() for found in _WORD.finditer(heading)]
    spans = _column_spans(heading, words, rows)
    if len(spans) < 2 or (not sure and not _lines_up(spans, rows[:3])):
        return None
    names = [heading[a:b].replace("Mounted_on", "Mounted on") for a, b in spans]
    return _rows(lines, start, names, spans)


def _column_spans(heading: str, words: list[Span], rows: Sequence[str]) -> list[Span]:
    """Heading words that are one column each; words one space apart are one column, except where
    the rows have a gap there and values on both sides."""
    counts = {len(row.split()) for row in rows}
    if counts == {len(words)} or not words:
        return words
    spans = [words[0]]
    for (_, end), (start, stop) in pairwise(words):
        apart = start - end >= 2 or (bool(rows) and all(_gap(row, end, start) for row in rows))
        if apart:
            spans.append((start, stop))
        else:
            spans[-1] = (spans[-1][0], stop)
    single = len(spans) < len(words) and all(
        word.isupper() or not word.isalpha() for word in heading.split()
    )
    if single and rows and all(len(row.split()) >= len(words) for row in rows):
        return words
    return spans


def _gap(row: str, end: int, start: int) -> bool:
    """Whether a row has a gap at this place of the heading, with values on both sides."""
    return row[end:start].strip() == "" and bool(row[start:].strip()) and (
        row[start : start + 1].strip() != "" or row[end - 1 : end].strip() != ""
    )  # fmt: skip


def _lines_up(spans: Sequence[Span], rows: Sequence[str]) -> bool:
    """Whether rows stand under the heading: nearly every chunk under one column of its own."""
    hit: set[int] = set()
    good = total = 0
    for row in rows:
        chunks = [found.span() for found in _CHUNK.finditer(row)]
        if len(chunks) < 2:
            chunks = [found.span() for found in _WORD.finditer(row)]
        for chunk in chunks:
            under = _under(chunk, spans)
            hit.update(under)
            total += 1
            good += (
                len(under) == 1
                or any(spans[index][0] == chunk[0] for index in under)
                or chunk[0] >= spans[-1][0]
            )
    return len(hit) >= 2 and good >= 0.75 * total


def _tabbed(lines: Sequence[str], heading: str, start: int) -> Table | None:
    columns = [part.strip() for part in heading.strip("\n").split("\t")]
    rows: list[tuple[int, list[str]]] = []
    end = start
    while end < len(lines) and lines[end].strip() and "\t" in lines[end]:
        rows.append((end, _fit([part.strip() for part in lines[end].split("\t")], len(columns))))
        end += 1
    return Table(columns, rows, end) if rows else None


# -- without a heading -----------------------------------------------------------------------------
_TREE = re.compile(r"^[\s|>*+`\\├└│─-]+(?=[\w/.:'\"])")


def _headless(lines: Sequence[str], at: int) -> Table | None:
    """Lines of as many words each, in one of whose places every line has a word of state."""
    rows: list[tuple[int, list[str]]] = []
    for index in range(at, min(len(lines), at + _HEADLESS_LIMIT)):
        words = _TREE.sub("", lines[index]).split()
        if rows and len(words) != len(rows[0][1]):
            break
        if (
            not 3 <= len(words) <= 12
            or is_timed(lines[index])
            or lines[index].rstrip()[-1] in ".:;"
        ):
            break
        rows.append((index, words))
    places = range(1, len(rows[0][1])) if len(rows) >= 2 else ()
    states = [
        place for place in places if all(word_health(words[place].lower()) for _, words in rows)
    ]
    if not states or len({tuple(words[: states[0]]) for _, words in rows}) < len(rows):
        return None
    columns = [f"column {place}" for place in range(1, len(rows[0][1]) + 1)]
    return Table(columns, rows, rows[-1][0] + 1)


# -- rows ------------------------------------------------------------------------------------------
def _rows(lines: Sequence[str], start: int, names: list[str], spans: Sequence[Span]) -> Table:
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
        if _RULE.match(line):
            at += 1
            continue
        if (
            not rows
            and _is_title_line(line)
            and at + 1 < len(lines)
            and _is_row(lines[at + 1], names, spans)
        ):
            passed.append(at)
        elif is_prompt(line) or not _is_row(line, names, spans):
            if not rows or not line.startswith((" ", "\t")) or _is_title(lines, at):
                break
            passed.append(at)
        elif rows and _wraps(line, spans):
            _append(rows[-1][1], _cut(line, spans))
        else:
            rows.append((at, _cut(line, spans)))
        at += 1
    return Table(names, _straightened(lines, rows, len(names)), at, passed)


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


def _is_title_line(line: str) -> bool:
    """`Redundancy group: 1` between rows, or `  inet.0: 12/12` under one."""
    return bool(re.match(r"^\s*[\w. -]+ ?: ", line)) and len(_CHUNK.findall(line)) <= 2


def _stands_under(line: str, spans: Sequence[Span]) -> bool:
    """Whether a line has a value in nearly every column, each at its place."""
    chunks = [found.span() for found in _CHUNK.finditer(line)]
    starts = sum(any(a == start or b == end for a, b in chunks) for start, end in spans)
    return (
        len(spans) >= 3
        and starts >= max(3, 0.7 * len(spans))
        and not re.search(r"^\s*[-=]{2}", line)
    )


def _is_title(lines: Sequence[str], at: int) -> bool:
    return at + 1 < len(lines) and bool(_RULE.match(lines[at + 1]))


def _is_row(line: str, names: list[str], spans: Sequence[Span]) -> bool:
    chunks = [found.span() for found in _CHUNK.finditer(line)]
    if _is_title_line(line) and len(spans) >= 3:
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
    chunks = [found.span() for found in _CHUNK.finditer(line)]
    return (
        len(chunks) <= 2
        and len(spans) > 2
        and chunks[0][0] >= spans[1][0]
        and all(any(a == start for a, _ in spans[1:]) for start, _ in chunks)
    )


def _append(row: list[str], more: Sequence[str]) -> None:
    for index, value in enumerate(more):
        if value:
            row[index] = f"{row[index]} {value}".strip()


def _cut(line: str, spans: Sequence[Span]) -> list[str]:
    """Every word goes to the column it stands under; a chunk under one column goes there whole."""
    cells: list[list[str]] = [[] for _ in spans]
    for chunk in _CHUNK.finditer(line):
        under = _under(chunk.span(), spans)
        if len(under) <= 1:
            cells[under[0] if under else _nearest(chunk.span(), spans)].append(chunk.group())
            continue
        last = under[0]
        for word in _WORD.finditer(line, *chunk.span()):
            own = [index for index in _under(word.span(), spans) if index >= last]
            last = own[0] if own else last
            cells[last].append(word.group())
    return [" ".join(cell) for cell in cells]


def _under(span: Span, spans: Sequence[Span]) -> list[int]:
    return [index for index, (a, b) in enumerate(spans) if a < span[1] and b > span[0]]


def _nearest(span: Span, spans: Sequence[Span]) -> int:
    def distance(index: int) -> tuple[int, int]:
        a, b = spans[index]
        return (max(a - span[1], span[0] - b, 0), index)

    return min(range(len(spans)), key=distance)


def _straightened(
    lines: Sequence[str], rows: list[tuple[int, list[str]]], width: int
) -> list[tuple[int, list[str]]]:
    """Rows that overflow a column are split by words, where the other rows show that every column
    but the last holds one word."""
    if width < 3:
        return rows

    def plain(cells: list[str]) -> bool:
        return all(cells[:-1]) and not any(" " in cell for cell in cells[:-1])

    straight = [plain(cells) for _, cells in rows]
    if all(straight):
        return rows
    out: list[tuple[int, list[str]]] = []
    for (index, cells), fine in zip(rows, straight, strict=True):
        words = _MARKED.sub(r"\1  ", lines[index]).split(None, width - 1)
        marked = words != lines[index].split(None, width - 1)
        if not fine and len(words) == width and (marked or _shifted(cells, straight)):
            out.append((index, [word.strip() for word in words]))
        else:
            out.append((index, cells))
    return out


def _shifted(cells: Sequence[str], straight: Sequence[bool]) -> bool:
    empty_before_full = any(not a and b for a, b in pairwise(cells))
    return any(straight) and empty_before_full


def numbered(names: Iterator[str]) -> Iterator[str]:
    """Names made unique: the second of a name gets (2)."""
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name} ({seen[name]})".strip()
