"""Two outputs side by side.

Guarantee: each side comes back exactly, line by line and in order; the work is bounded, whatever
the size (a difference too large to match well is shown as it stands, row beside row).
"""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from stillfixed.actors.verdicts.model import AlignedLine

_MATCH_LIMIT_LINES = 1500
"""Middle parts larger than this are matched by their unique lines only."""


def align(before: str, after: str) -> tuple[AlignedLine, ...]:
    """Rows of the two texts; `"\\n".join` of a side's lines is that side again."""
    left, right = _lines(before), _lines(after)
    head = 0
    while head < min(len(left), len(right)) and left[head] == right[head]:
        head += 1
    tail = 0
    while tail < min(len(left), len(right)) - head and left[-1 - tail] == right[-1 - tail]:
        tail += 1
    rows = [_same(left, right, i, i) for i in range(head)]
    rows += _middle(left, right, (head, len(left) - tail), (head, len(right) - tail))
    rows += [_same(left, right, len(left) - i, len(right) - i) for i in range(tail, 0, -1)]
    return tuple(rows)


def _lines(text: str) -> list[str]:
    return text.split("\n") if text else []


def _same(left: Sequence[str], right: Sequence[str], i: int, j: int) -> AlignedLine:
    return AlignedLine(
        kind="same", before_number=i + 1, before=left[i], after_number=j + 1, after=right[j]
    )


def _middle(
    left: Sequence[str], right: Sequence[str], a: tuple[int, int], b: tuple[int, int]
) -> Iterator[AlignedLine]:
    if max(a[1] - a[0], b[1] - b[0]) <= _MATCH_LIMIT_LINES:
        yield from _matched(left, right, a, b)
        return
    at_left, at_right = a[0], b[0]
    for i, j in [*_anchors(left, right, a, b), (a[1], b[1])]:
        small = max(i - at_left, j - at_right) <= _MATCH_LIMIT_LINES // 10
        pair = _matched if small else _beside
        yield from pair(left, right, (at_left, i), (at_right, j))
        if i < a[1]:
            yield _same(left, right, i, j)
        at_left, at_right = i + 1, j + 1


def _anchors(
    left: Sequence[str], right: Sequence[str], a: tuple[int, int], b: tuple[int, int]
) -> list[tuple[int, int]]:
    """Lines that stand once on each side, in the longest run of pairs that keeps both orders."""
    from bisect import bisect_left

    places: dict[str, int] = {}
    for index in range(*a):
        places[left[index]] = -1 if left[index] in places else index
    others: dict[str, int] = {}
    for index in range(*b):
        others[right[index]] = -1 if right[index] in others else index
    pairs = [
        (i, others[text]) for text, i in places.items() if i >= 0 and others.get(text, -1) >= 0
    ]
    ends: list[int] = []
    tops: list[int] = []
    previous: list[int] = []
    for index, (_, j) in enumerate(pairs):
        at = bisect_left(ends, j)
        previous.append(tops[at - 1] if at else -1)
        if at == len(ends):
            ends.append(j)
            tops.append(index)
        else:
            ends[at], tops[at] = j, index
    out: list[tuple[int, int]] = []
    at = tops[-1] if tops else -1
    while at >= 0:
        out.append(pairs[at])
        at = previous[at]
    return out[::-1]


def _matched(
    left: Sequence[str], right: Sequence[str], a: tuple[int, int], b: tuple[int, int]
) -> Iterator[AlignedLine]:
    if a[0] == a[1] or b[0] == b[1]:
        yield from _beside(left, right, a, b)
        return
    matcher = SequenceMatcher(None, left[a[0] : a[1]], right[b[0] : b[1]], autojunk=True)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            for step in range(i2 - i1):
                yield _same(left, right, a[0] + i1 + step, b[0] + j1 + step)
        else:
            yield from _beside(left, right, (a[0] + i1, a[0] + i2), (b[0] + j1, b[0] + j2))


def _beside(
    left: Sequence[str], right: Sequence[str], a: tuple[int, int], b: tuple[int, int]
) -> Iterator[AlignedLine]:
    """Rows that differ: those that start with the same word stand side by side."""
    at = b[0]
    for i in range(*a):
        found = next((j for j in range(at, min(b[1], at + 50)) if _alike(left[i], right[j])), None)
        if found is None and (a[1] - i >= b[1] - at > 0) and a[1] - a[0] == b[1] - b[0]:
            found = at
        if found is None:
            yield AlignedLine(kind="removed", before_number=i + 1, before=left[i])
            continue
        for j in range(at, found):
            yield AlignedLine(kind="added", after_number=j + 1, after=right[j])
        kind = _same if left[i] == right[found] else None
        if kind:
            yield _same(left, right, i, found)
        else:
            yield AlignedLine(
                kind="changed",
                before_number=i + 1,
                before=left[i],
                after_number=found + 1,
                after=right[found],
            )
        at = found + 1
    for j in range(at, b[1]):
        yield AlignedLine(kind="added", after_number=j + 1, after=right[j])


def _alike(a: str, b: str) -> bool:
    first_a, first_b = a.split(None, 1)[:1], b.split(None, 1)[:1]
    return first_a == first_b
