"""Tables in an output: drawn with bars, underlined, or only lined up.

Guarantee: never raises on any text; a table is found at its heading and read once, row by row.
Columns are where the heading and the rows say they are; a value that overflows its column is
told by the words around it.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from stillfixed.actors.verdicts.headings import (
    base_line,
    goes_on,
    heading_over,
    more_columns,
    names_more,
    names_of,
    opens_a_column,
)
from stillfixed.actors.verdicts.logs import is_timed
from stillfixed.actors.verdicts.phrases import word_health
from stillfixed.actors.verdicts.prompts import is_prompt
from stillfixed.actors.verdicts.table_rows import (
    CHUNK,
    MARKED,
    RULE,
    WORD,
    Span,
    Table,
    columns_under,
    fitted,
    is_heading,
    is_title_line,
    read_rows,
    regions_under,
)

_BAR = re.compile(r"[|\u2502\u2503]")
_BAR_RULE = re.compile(r"^[\s|+:=\u2500-\u257f-]{3,}$")
_NUMBERED_HEADINGS = re.compile(
    r"^(\d*K-blocks|ipv[46]|802\.1x|h/w|\d+(min|sec|hr|h|m|s)|l[1-4])$", re.I
)
_TITLED = re.compile(r"[^a-zà-ÿ]|[a-z]+[A-Z]")
"""A word that begins with a capital, or has one inside: displayName."""
_VALUES = re.compile(
    r"(yes|no|true|false|ja|nein|oui|non|ok|never|none|on|off|enabled|disabled)", re.I
)
"""What stands beside a name in a list, and is no name of a column."""
LEADERS = re.compile(r"\w ?\.{4,} ?\S")
"""Dots that lead from a name to its value; such lines are no tables."""
_HEADING_LINES = 3
_TRY_ROWS = 6
_HEADLESS_LIMIT = 500
_TWO_WORDS = re.compile(
    r"(?:Mounted[ _]on|Eingehängt[ _]auf|Monté[ _]sur|Montado[ _]en|Montato[ _]su"
    r"|Aangekoppeld[ _]op)(?=\s*$)|\b(?:CONTAINER|IMAGE|NETWORK|POD)[ _]ID\b"
)
"""Names of columns that are two words with one space between."""


def table_at(lines: Sequence[str], at: int) -> Table | None:
    """The table whose heading stands at this line."""
    head = lines[at]
    if not head.strip() or is_prompt(head) or LEADERS.search(head):
        return None
    return (
        _grouped(lines, at)
        or _barred(lines, at)
        or _ruled(lines, at)
        or _lined_up(lines, at)
        or _headless(lines, at)
    )


def _grouped(lines: Sequence[str], at: int) -> Table | None:
    """A table whose rule has a bar between groups of columns, not between columns."""
    rules = [line for line in lines[at + 1 : at + _HEADING_LINES + 1] if RULE.match(line)]
    apart = (
        rules and len(re.findall(r"-\s+-", rules[0])) > len(re.findall(r"\s[+|]\s", rules[0])) > 0
    )
    return _ruled(lines, at) if apart else None


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
        (index, fitted(_bar_cells(lines[index]), len(columns)))
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


# -- underlined ------------------------------------------------------------------------------------
def _ruled(lines: Sequence[str], at: int) -> Table | None:
    rule = at + 1
    while rule < min(len(lines), at + _HEADING_LINES + 1) and not RULE.match(lines[rule]):
        if lines[rule].strip() and not CHUNK.search(lines[rule]):
            return None
        rule += 1
    if rule >= len(lines) or not RULE.match(lines[rule]) or RULE.match(lines[at]):
        return None
    heading = [line.rstrip() for line in lines[at:rule]]
    while heading and not heading[-1]:
        heading.pop()
    groups = [found.span() for found in re.finditer(r"[-=]+", lines[rule])]
    if not heading_over(heading, groups):
        return None
    if len(groups) >= 2:
        names = [_name(heading, groups, index) for index in range(len(groups))]
        if not any(names):
            return None
        if re.search(r"\s[+|]\s", lines[rule]):  # bars between groups of columns
            lines = [line.replace("|", " ") for line in lines]
        regions, end = regions_under(lines, rule, groups)
        names = [name.strip("| ") for name in names]
        return read_rows(lines, rule + 1, names, regions or groups, sure=end)
    start, end = groups[0]
    one = len(heading) == 1 and len(CHUNK.findall(heading[0])) == 1
    if one and heading[0].strip() == heading[0][start:end].strip():
        return _single(lines, rule + 1, heading[0].strip())
    if not re.search(r"\S\s{2,}\S|\t", heading[base_line(heading)]):
        return None
    return _from_heading(lines, heading, rule + 1, sure=True)


def _single(lines: Sequence[str], start: int, name: str) -> Table | None:
    """One column: a row is a line. A title above a list or another table is none."""
    end = start
    while end < len(lines) and lines[end].strip() and not is_prompt(lines[end]):
        end += 1
    rows = [(index, [lines[index].strip()]) for index in range(start, end)]
    plain = all(len(CHUNK.findall(text)) == 1 and ": " not in text for _, [text] in rows)
    ruled = end < len(lines) and any(RULE.match(lines[index]) for index in range(start, end))
    return Table([name], rows, end) if plain and not ruled and len(name.split()) <= 2 else None


def _name(heading: Sequence[str], groups: Sequence[Span], index: int) -> str:
    start = 0 if index == 0 else groups[index][0]
    end = groups[index + 1][0] if index + 1 < len(groups) else None
    return " ".join(part for line in heading if (part := line[start:end].strip()))


# -- only lined up ---------------------------------------------------------------------------------
def _lined_up(lines: Sequence[str], at: int) -> Table | None:
    heading = _TWO_WORDS.sub(lambda found: found.group().replace(" ", "_"), lines[at])
    if not _may_be_heading(heading) or _goes_on_from_above(lines, at):
        return None
    start = at + 1
    if start < len(lines) and not lines[start].strip():
        start += 1
        if len(CHUNK.findall(heading)) == 1 and not heading.isupper():
            return None  # a title
    if start >= len(lines) or not lines[start].strip():
        return Table(CHUNK.findall(heading), [], at + 1) if is_heading(heading) else None
    last = start + 1 >= len(lines) or not lines[start + 1].strip()
    if last and is_heading(heading) and names_more(heading, lines[start]):
        return Table(CHUNK.findall(heading), [], start + 1)
    if start == at + 1 and goes_on(heading, lines[start : start + 2]):
        found = _from_heading(lines, [heading, lines[start]], start + 1, sure=False)
        if found and found.rows:
            return found
    return _from_heading(lines, [heading], start, sure=False)


def _goes_on_from_above(lines: Sequence[str], at: int) -> bool:
    """`Full Name   John Smith` under `User name   j.smith`: a list of names and values."""
    here, above = (
        [found.start() for found in CHUNK.finditer(line)]
        for line in (lines[at], lines[at - 1] if at else "")
    )
    return len(here) == 2 and here == above


def _may_be_heading(line: str) -> bool:
    chunks = CHUNK.findall(line)
    if any(chunk.startswith(":") for chunk in chunks[1:]):
        return False
    if len(chunks) > 1 and all(chunk.endswith(":") for chunk in chunks):
        line = line.replace(":", " ")  # Interface Name:      Status:
    words = line.split()
    if line.lstrip().startswith("("):
        return False
    if len(words) < 2 or re.search(r"[:=]\s|[:;,]$|(?<!\.)[.!?]$|[\"']", line.rstrip()):
        return False
    if any(re.search(r"\d", w) and not _NUMBERED_HEADINGS.match(w) for w in words):
        return False
    if "\t" in line:
        return bool(re.match(r"^[\w\t %/#().-]+$", line))
    chunks = CHUNK.findall(line.strip())
    if len(chunks) == 2 and _VALUES.fullmatch(chunks[1]):
        return False
    upper = all(word.upper() == word for word in words) and len(words) >= 3
    titled = sum(bool(_TITLED.match(word)) for word in words)
    return upper or len(chunks) >= 3 or (titled >= len(words) - 1 and len(chunks) >= 2) or (
        titled >= 0.7 * len(words) and len(words) >= 4
    )  # fmt: skip


def _from_heading(
    lines: Sequence[str], given: Sequence[str], start: int, *, sure: bool
) -> Table | None:
    """The table under a heading, of one line or more, without column marks of its own."""
    base = base_line(given)
    heading = given[base]
    if "\t" in heading:
        return _tabbed(lines, heading, start)
    rows = list(_sample(lines, start))
    rows = [row for row in rows if not is_prompt(row) and not RULE.match(row)]
    if not rows:
        return None
    rows = [row for row in rows if not is_title_line(row)]
    if len(CHUNK.findall(rows[0] if rows else "")) >= 3:
        rows = [row for row in rows if len(CHUNK.findall(row)) > 1]
    words = [found.span() for found in WORD.finditer(heading)]
    of_df = bool(re.search(r"\w_\w+$", heading)) and "%" in heading
    if of_df and {len(row.split()) for row in rows} == {len(words)}:
        names = [*heading.split()[:-1], heading.split()[-1].replace("_", " ")]
        return _in_order(lines, start, names)  # numbers wider than their heading
    if _only_in_order(heading, words, rows):
        return _in_order(lines, start, heading.split())
    spans = _column_spans(heading, words, rows)
    spans = more_columns(given, base, spans)
    if len(spans) < 2 or (not sure and not _lines_up(spans, rows[:3])):
        full = rows and all(len(row.split()) >= len(words) for row in rows)
        capitals = heading.isupper() and len(words) >= 3
        return _in_order(lines, start, heading.split()) if full and capitals else None
    names = [
        _TWO_WORDS.sub(lambda found: found.group().replace("_", " "), name)
        for name in names_of(given, base, spans)
    ]
    return read_rows(lines, start, names, spans)


def _only_in_order(heading: str, words: Sequence[Span], rows: Sequence[str]) -> bool:
    """Whether heading and rows are not lined up at all, but have as many words: capitals with one
    space between, over rows of at least as many."""
    if not heading.isupper() or re.search(r"\S\s{2,}\S", heading) or len(words) < 3:
        return False
    starts = {start for start, _ in words[1:]}
    return bool(rows) and all(
        len(row.split()) >= len(words)
        and 2 * len(starts & {found.start() for found in WORD.finditer(row)}) < len(starts)
        for row in rows
    )


def _in_order(lines: Sequence[str], start: int, names: list[str]) -> Table:
    rows: list[tuple[int, list[str]]] = []
    at = start
    while at < len(lines) and lines[at].strip():
        words = MARKED.sub(r"\1  ", lines[at]).split(None, len(names) - 1)
        rows.append((at, fitted([word.strip() for word in words], len(names))))
        at += 1
    return Table(names, rows, at)


def _sample(lines: Sequence[str], start: int) -> Iterator[str]:
    """The first lines with text from here on, up to the next empty one."""
    begun = False
    for line in lines[start : start + _TRY_ROWS]:
        if line.rstrip().endswith(":"):
            return
        if line.strip():
            begun = True
            yield line
        elif begun:
            return


def _column_spans(heading: str, words: list[Span], rows: Sequence[str]) -> list[Span]:
    """Heading words that are one column each; words one space apart are one column, except where
    the rows have a gap there and values on both sides."""
    counts = {len(row.split()) for row in rows}
    if counts == {len(words)} or not words:
        return words
    spans = [words[0]]
    for (_, end), (start, stop) in pairwise(words):
        apart = start - end >= 2 or (bool(rows) and all(_gap(row, end, start) for row in rows))
        apart = apart or opens_a_column(heading, (spans[-1][0], end), rows)
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
        chunks = [found.span() for found in CHUNK.finditer(row)]
        # Numbers one space apart, as in `df -i`: a word a column.
        if len(chunks) < 2 or len(row.split()) == len(spans):
            chunks = [found.span() for found in WORD.finditer(row)]
        for chunk in chunks:
            under = columns_under(chunk, spans)
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
        rows.append((end, fitted([part.strip() for part in lines[end].split("\t")], len(columns))))
        end += 1
    return Table(columns, rows, end) if rows else None


# -- without a heading -----------------------------------------------------------------------------
_TREE = re.compile(r"^[\s|>*+`\\├└│─-]+(?=[\w/.:'\"])")


_PROSE = re.compile(
    r"\s(is|are|was|were|has|have|not|the|to|of|for|and|with|ist|sind|nicht|est|sont)\s", re.I
)


def _is_prose(line: str, words: Sequence[str]) -> bool:
    ends = line.rstrip()[-1] in ".:;" or any(word.startswith((":", "=")) for word in words)
    ends = ends or any(word.endswith(":") for word in words[1:])  # Soft blocked: yes
    return ends or is_timed(line) or bool(_PROSE.search(f" {line} "))


def _headless(lines: Sequence[str], at: int) -> Table | None:
    """Lines of as many words each, in one of whose places every line has a word of state."""
    rows: list[tuple[int, list[str]]] = []
    states: list[int] = []
    for index in range(at, min(len(lines), at + _HEADLESS_LIMIT)):
        text = _TREE.sub("", lines[index])
        words = re.split(r"\s{2,}|\t+\s*", text.strip())
        words = words if len(words) >= 3 else text.split()
        if rows and len(words) != len(rows[0][1]):
            break
        if not 3 <= len(words) <= 12 or words[1] in (":", "="):  # as of Format-List
            break
        places = states if rows else range(1, len(words))
        left = [place for place in places if word_health(words[place].lower())]
        if not left or _is_prose(lines[index], words):
            break
        states = left
        rows.append((index, words))
    if len(rows) < 2 or len({tuple(words[: states[0]]) for _, words in rows}) < len(rows):
        return None
    columns = [f"column {place}" for place in range(1, len(rows[0][1]) + 1)]
    return Table(columns, rows, rows[-1][0] + 1)
