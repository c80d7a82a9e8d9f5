"""What a value is called in the output itself: the heading that stands over its column.

Guarantee: pure; a column without a heading keeps the parser's own name for it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

Span = tuple[int, int]
_DRAWN = frozenset("-=+|~ ")


def above(lines: Sequence[str], first_row: int) -> int | None:
    """Index of the heading line over a row (indexes from 0), past a rule; None where none is."""
    at = first_row - 1
    while at >= 0 and first_row - at <= 4 and (not lines[at].strip() or is_rule(lines[at])):
        at -= 1
    if at < 0 or first_row - at > 4 or len(lines[at].split()) < 2:
        return None
    return at


def is_rule(line: str) -> bool:
    """Whether a line holds nothing but strokes."""
    return _DRAWN.issuperset(line) and any(stroke in line for stroke in ("--", "==", "~~"))


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
    if not columns:
        return {}
    before: tuple[str, int] | None = None
    waiting: list[str] = []
    for found in re.finditer(r"(?P<gap>\s*)(?P<word>\S+)", header):
        span = found.span("word")
        best = max(columns, key=lambda field: _overlap(span, columns[field]))
        close = len(found["gap"]) == 1
        if _overlap(span, columns[best]) > 0:
            right = abs(span[1] - columns[best][1]) <= 1 and span[0] < columns[best][0]
            words.setdefault(best, []).extend(
                [*(waiting if right and close else ()), found["word"]]
            )
            before, waiting = (best, span[1]), []
        elif before is not None and span[0] == before[1] + 1:
            words[before[0]].append(found["word"])
            before = before[0], span[1]
        else:
            waiting = [*(waiting if close else ()), found["word"]]
            before = None
    return {field: " ".join(parts) for field, parts in words.items()}


def _overlap(one: Span, other: Span) -> int:
    return min(one[1], other[1]) - max(one[0], other[0])


def spoken(field: str) -> str:
    """A parser's own field name as words."""
    return field.replace("_", " ").strip()
