"""Headings of tables that take more than one line.

Guarantee: never raises on any text. Which lines a heading takes is told by where their words stand;
a title or a sentence above a heading is none of it.
"""

import re
from collections.abc import Sequence

from stillfixed.actors.verdicts.knowledge import field_names
from stillfixed.actors.verdicts.phrases import word_health
from stillfixed.actors.verdicts.table_rows import CHUNK, DIGIT, WORD, Span, columns_under

_NOT_HEADING = re.compile(r":(\s|$)|(?:^|\s):\S|[.!?]$|(?<!\S)=(?!\S)|\b(is|are|was|not|the)\b")


def heading_over(heading: Sequence[str], groups: Sequence[Span]) -> bool:
    """Whether these lines are the heading above an underline of several groups."""
    if not all(heading) or any(_NOT_HEADING.search(line.rstrip()) for line in heading):
        return False
    return not (len(heading) > 1 and _is_title(heading[0], groups))


def _is_title(line: str, groups: Sequence[Span]) -> bool:
    """One run of words that lies over several columns."""
    chunks = [found.span() for found in CHUNK.finditer(line)]
    return len(chunks) == 1 and len(columns_under(chunks[0], groups)) > 1


def base_line(heading: Sequence[str]) -> int:
    """The line of a heading that names the most columns; the last of them."""
    counts = [len(CHUNK.findall(line)) for line in heading]
    return max(range(len(counts)), key=lambda index: (counts[index], index))


def more_columns(heading: Sequence[str], base: int, spans: Sequence[Span]) -> list[Span]:
    """The columns, with those that only another line of the heading names."""
    more = [
        found.span()
        for index, line in enumerate(heading)
        if index != base
        for found in CHUNK.finditer(line)
        if not columns_under(found.span(), spans)
    ]
    return sorted({*spans, *more[:4]})


def names_of(heading: Sequence[str], base: int, spans: Sequence[Span]) -> list[str]:
    """The name of each column, from top to bottom, without what stands over no column."""
    parts: list[list[str]] = [[] for _ in spans]
    for index, line in enumerate(heading):
        if index == base:
            for place, (start, end) in enumerate(spans):
                parts[place].append(line[start:end].strip())
            continue
        chunks = list(CHUNK.finditer(line))
        if len(chunks) == 1 and len(columns_under(chunks[0].span(), spans)) > 1:
            continue  # a title over several columns
        for chunk in chunks:
            over = columns_under(chunk.span(), spans)
            for word in WORD.finditer(line, *chunk.span()) if len(over) > 1 else [chunk]:
                for place in columns_under(word.span(), spans)[:1]:
                    parts[place].append(word.group())
    return [" ".join(part for part in names if part) for names in parts]


def goes_on(heading: str, following: Sequence[str]) -> bool:
    """Whether a heading without an underline takes a second line: words that name and say nothing,
    over rows that hold numbers where both lines hold none."""
    if len(following) < 2 or not following[1].strip() or _NOT_HEADING.search(following[0].rstrip()):
        return False
    second, row = following[0], following[1]
    chunks = CHUNK.findall(second)
    if len(chunks) < 2 or DIGIT.search(second) or not DIGIT.search(row):
        return False
    if len(CHUNK.findall(heading)) < 2:
        return False
    if _indent(second) > _indent(row) or _indent(heading) > _indent(second) + 3:
        return True  # one of them leaves the first column out
    if any(_says_state(chunk) for chunk in chunks):
        return False
    named = sum(chunk[:1].isupper() or not chunk[:1].isalpha() for chunk in chunks)
    return second.startswith((" ", "\t")) or named == len(chunks)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def names_more(heading: str, second: str) -> bool:
    """Whether the line behind a heading, with no row under it, only goes on with the heading."""
    if not second.strip() or DIGIT.search(second) or _NOT_HEADING.search(second.rstrip()):
        return False
    spans = [found.span() for found in CHUNK.finditer(heading)]
    return all(
        columns_under(found.span(), spans) and not _says_state(found.group())
        for found in CHUNK.finditer(second)
        if found.group()[:1].isupper()
    ) and all(chunk[:1].isupper() or chunk[:1] in "(#%" for chunk in CHUNK.findall(second))


def _says_state(chunk: str) -> bool:
    lowered = chunk.lower()
    return bool(word_health(lowered)) and lowered not in field_names("status_fields")


def opens_a_column(heading: str, span: Span, rows: Sequence[str]) -> bool:
    """Whether a word of state, one space before the next word of the heading, is a column of its
    own: the values start under it and have a gap behind them."""
    start, end = span
    if heading[start:end].lower() not in field_names("status_fields"):
        return False
    return (
        bool(rows)
        and all(
            re.match(r"\S+\s{2,}\S", row[start:]) and row[:start][-1:] in ("", " ") for row in rows
        )
        and not any(row[end : end + 2].strip() for row in rows)
    )
