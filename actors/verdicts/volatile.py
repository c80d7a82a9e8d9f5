"""What moves by itself in an output: times, process ids, counters, latencies. Pure; the patterns
are in knowledge/volatile.toml.

Guarantee: never raises on any text; the stretches of a line are in order, do not overlap, and are
found in time that grows with the line's length alone.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from stillfixed.actors.verdicts.knowledge import table

LINE_LIMIT_CHARS = 2000
"""What stands further on in a line is not looked at."""

Columns = tuple[tuple[int, int], ...]
"""Where the headings of volatile columns stand, as (start, end) in characters."""


class Stretch(NamedTuple):
    """Characters `start` up to `end`, that one excluded; `kind` is the name of the pattern."""

    start: int
    end: int
    kind: str


def stretches(line: str, columns: Columns = ()) -> tuple[Stretch, ...]:
    """The volatile values of a line, given the columns of the table that it stands in."""
    return stretches_of_form(form_of(line), columns)


def form_of(line: str) -> str:
    """A line in small letters with 9 for each digit, except for a 0 that a number begins with.
    Lines of one form have their volatile values in the same places."""
    line = line[:LINE_LIMIT_CHARS]
    lowered = line.lower()
    if len(lowered) != len(line):  # a few capitals have two small characters
        lowered = line
    form = lowered.translate(_NINES)
    return _INNER_ZERO.sub("9", form) if "0" in form else form


def stretches_of_form(form: str, columns: Columns = ()) -> tuple[Stretch, ...]:
    if not _DIGIT.search(form):
        return ()
    pattern, kinds = _values()
    found = [
        Stretch(*match.span(group), kinds[group])
        for match in pattern.finditer(form)
        if (group := match.lastgroup)
    ]
    return tuple(_with_columns(form, columns, found) if columns else found)


def masked(line: str, columns: Columns = ()) -> str:
    """The line with a placeholder for each volatile value, and one space wherever there are any:
    two lines that are the same but for those give the same."""
    return steady(line, stretches(line, columns))


def steady(line: str, found: Sequence[Stretch]) -> str:
    """`masked`, where the stretches are known."""
    if not found:
        return " ".join(line.split())
    ends = [0, *(one.end for one in found)]
    parts = [
        f"{line[end : one.start]}\0{one.kind}\0" for end, one in zip(ends, found, strict=False)
    ]
    return " ".join(("".join(parts) + line[ends[-1] :]).split())


def columns_of(line: str) -> Columns:
    """Where the volatile columns are, if this line is a heading that names some; else nothing."""
    if _DIGIT.search(line) or len(line) > LINE_LIMIT_CHARS:
        return ()
    lowered = line.lower()
    named, beside = _column_names()
    words = [(match.start(), match.end()) for match in _WORD.finditer(lowered)]
    texts = {lowered[start:end] for start, end in words}
    if len(words) < 2 or not (texts & named or texts & beside.keys()) or not _is_heading(line):
        return ()
    return tuple(
        (start, end)
        for start, end in words
        if (word := lowered[start:end]) in named or beside.get(word) in texts
    )


_DIGIT = re.compile(r"\d")
_NINES = str.maketrans("12345678", "99999999")
_INNER_ZERO = re.compile(r"(?<=\d)0")
_DIGIT_WITHIN_CHARS = 24
"""What begins with a letter has a digit so near: words without are left at once."""
_WORD = re.compile(r"\S+")
_COLUMN_VALUE = re.compile(r"[+-]?\d[\d.,:]*(?:[kmgt]i?b?|[smhd]|%)?(?=$|/)")
_NUMBER = r"(?:9[\d,.]{0,20}|0[.,]\d{1,9})(?:,\s\d+[.,]\d+){0,2}(?:\s?[kmgt]i?b?)?\b"


def _is_heading(line: str) -> bool:
    """Cells far apart, or every word with a capital: no sentence."""
    line = line.strip()
    apart = re.search(r"\S(?:\s{2,}|\t)\S", line) is not None
    return line[-1:] not in ".:!?" and (apart or all(w[:1] != w[:1].lower() for w in line.split()))


def _with_columns(line: str, columns: Columns, found: list[Stretch]) -> list[Stretch]:
    for word in _WORD.finditer(line):
        start, end = word.span()
        if not any(start < right and left < end for left, right in columns):
            continue
        value = _COLUMN_VALUE.match(word[0])
        free = all(end <= one.start or one.end <= start for one in found)
        if value and free:
            found.append(Stretch(start, start + value.end(), "column"))
    found.sort()
    return found


# -- the patterns ----------------------------------------------------------------------------------
@lru_cache
def _values() -> tuple[re.Pattern[str], dict[str, str]]:
    """All patterns in one, for lines in small letters, and what each of its groups is of."""
    known = table("volatile")
    kinds: dict[str, str] = {}

    def group(kind: str, pattern: str) -> str:
        for name, part in known["parts"].items():
            pattern = pattern.replace(f"{{{name}}}", part)
        kinds[f"g{len(kinds)}"] = kind
        return f"(?P<g{len(kinds) - 1}>{pattern})"

    def either(entries: Iterable[dict[str, str]]) -> str:
        return "|".join(group(entry["name"], entry["pattern"]) for entry in entries)

    digit = either(one for one in known["value"] if one.get("begins") != "letter")
    letter = either(one for one in known["value"] if one.get("begins") != "digit")
    labels = _one_of(" ".join(word.split()) for word in known["labels"]["words"].split("|"))
    labelled = rf"(?:{labels})\b\s?[:=]?\s*{group('number', _NUMBER)}"
    soon = rf"(?=[^\W\d]\D{{0,{_DIGIT_WITHIN_CHARS}}}\d)"
    at_start = rf"(?<![\w.:/-])(?:(?=\d)(?:{digit})|{soon}(?:{letter}|{labelled}))"
    return re.compile(f"{at_start}|{either(known['inside'])}", re.VERBOSE), kinds


def _one_of(words: Iterable[str]) -> str:
    """A pattern for one of the words that decides by the first letter, for speed."""
    by_letter = groupby(sorted(words, key=lambda word: (word[0], -len(word))), lambda w: w[0])
    return "|".join(
        f"{re.escape(letter)}(?:{'|'.join(re.escape(word[1:]) for word in group)})"
        for letter, group in by_letter
    )


@lru_cache
def _column_names() -> tuple[frozenset[str], dict[str, str]]:
    columns = table("volatile")["columns"]
    return frozenset(columns["names"].split()), columns["beside"]
