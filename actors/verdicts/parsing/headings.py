"""What a value is called in the output itself: the heading that stands over its column.

Guarantee: pure; a column without a heading keeps the parser's own name for it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

Span = tuple[int, int]
_RULE = re.compile(r"^\s*[-=+|~ ]*[-=~]{2}[-=+|~ ]*$")


def above(lines: Sequence[str], first_row: int) -> int | None:
    """Index of the heading line over a row (indexes from 0), past a rule; None where none is."""
    at = first_row - 1
    while at >= 0 and first_row - at <= 4 and (not lines[at].strip() or _RULE.match(lines[at])):
        at -= 1
    if at < 0 or first_row - at > 4 or len(lines[at].split()) < 2:
        return None
    return at


def is_rule(line: str) -> bool:
    return bool(_RULE.match(line))


def extents(spans: Iterable[tuple[str, Span]]) -> dict[str, Span]:
    """Where the values of each field stand: from the leftmost start to the rightmost end."""
    out: dict[str, Span] = {}
    for field, (start, end) in spans:
        known = out.get(field, (start, end))
        out[field] = (min(known[0], start), max(known[1], end))
    return out


def names(header: str, columns: Mapping[str, Span]) -> dict[str, str]:
    """Field -> the words of the heading over it. A word belongs to the column it overlaps most; one
    that overlaps none goes with the word before it, or with the one behind it where that column is
    aligned to the right."""
    words: dict[str, list[str]] = {}
    last: tuple[str, int] | None = None
    waiting: list[str] = []
    for found in re.finditer(r"\S+", header):
        best = max(columns, key=lambda field: _overlap(found.span(), columns[field]))
        if _overlap(found.span(), columns[best]) > 0:
            right = found.end() == columns[best][1] and found.start() < columns[best][0]
            before = waiting if right and header[found.start() - 1 :][:1] == " " else []
            words.setdefault(best, []).extend([*before, found.group()])
            last, waiting = (best, found.end()), []
        elif last is not None and found.start() == last[1] + 1:
            words[last[0]].append(found.group())
            last = last[0], found.end()
        else:
            waiting = (
                [*waiting, found.group()]
                if header[found.end() + 1 : found.end() + 2].strip()
                else []
            )
            last = None
    return {field: " ".join(parts) for field, parts in words.items()}


def _overlap(one: Span, other: Span) -> int:
    return min(one[1], other[1]) - max(one[0], other[0])


def spoken(field: str) -> str:
    """A parser's own field name as words."""
    return field.replace("_", " ").strip()
