"""Which places of two sequences belong together. Pure.

Guarantee: pairs (i, j) rise in both numbers, and the work is bounded: at most `CELLS_LIMIT` bits of
a table with one for each place of one sequence and each of the other. Up to that size `in_common`
finds the longest common subsequence; beyond, one that keeps the places of what is unique.
"""

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Sequence, Set

Pair = tuple[int, int]
Match = Callable[[range, range], list[Pair]]

CELLS_LIMIT = 200_000_000
"""14,000 lines against 14,000 that all come more than once: some 25 MB and a fifth of a second."""


def extended(pairs: Sequence[Pair], left: range, right: range, match: Match) -> list[Pair]:
    """The pairs, and what `match` finds in each gap between them."""
    found: list[Pair] = []
    at_left, at_right = left.start, right.start
    for i, j in [*pairs, (left.stop, right.stop)]:
        if at_left < i and at_right < j:
            found += match(range(at_left, i), range(at_right, j))
        found.append((i, j))
        at_left, at_right = i + 1, j + 1
    return found[:-1]


def in_common(left: Sequence[Hashable], right: Sequence[Hashable]) -> list[Pair]:
    """The longest common subsequence of two sequences, or nearly that where they are very long."""
    # What is on one side only matches nothing, and in most differences that is nearly everything.
    known = set(left) & set(right)
    places = [i for i, one in enumerate(left) if one in known]
    others = [j for j, one in enumerate(right) if one in known]

    def exact(some: range, more: range) -> list[Pair]:
        found = longest([left[places[i]] for i in some], [right[others[j]] for j in more])
        return [(some.start + i, more.start + j) for i, j in found]

    def by_shares(some: range, more: range) -> list[Pair]:
        # As many cells as this gap may have of all that are allowed, cut at the same shares.
        share = CELLS_LIMIT * (len(some) + len(more)) // (len(places) + len(others))
        cuts = -(-len(some) * len(more) // max(share, 1))
        parts = ((_cut(some, cut, cuts), _cut(more, cut, cuts)) for cut in range(cuts))
        return [pair for part in parts for pair in exact(*part)]

    whole = range(len(places)), range(len(others))
    if len(places) * len(others) <= CELLS_LIMIT:
        found = exact(*whole)
    else:
        unique = rising(by_unique([(left[i],) for i in places], [(right[j],) for j in others]))
        found = extended(unique, *whole, by_shares)
    return [(places[i], others[j]) for i, j in found]


def _cut(whole: range, number: int, cuts: int) -> range:
    size = len(whole)
    return range(whole.start + size * number // cuts, whole.start + size * (number + 1) // cuts)


def longest(left: Sequence[Hashable], right: Sequence[Hashable]) -> list[Pair]:
    """The longest common subsequence of short sequences: a cell for each pair."""
    size = min(len(left), len(right))
    head = 0
    while head < size and left[head] == right[head]:
        head += 1
    tail = 0
    while tail < size - head and left[-1 - tail] == right[-1 - tail]:
        tail += 1
    a, b = len(left) - tail, len(right) - tail
    pairs = [(k, k) for k in range(head)]
    if head < a and head < b:
        pairs += [(head + i, head + j) for i, j in _by_bits(left[head:a], right[head:b])]
    return pairs + [(a + k, b + k) for k in range(tail)]


def _by_bits(left: Sequence[Hashable], right: Sequence[Hashable]) -> list[Pair]:
    """By Hyyrö's method ("Bit-parallel LCS-length computation revisited", 2004): a row of the
    classic table is one long integer, whose bit i is 0 where the row rises at left[i]. So a row
    costs a few operations on integers."""
    where: dict[Hashable, int] = {}
    for i, one in enumerate(left):
        where[one] = where.get(one, 0) | 1 << i
    full = (1 << len(left)) - 1
    row = full
    rows = [row]
    for one in right:
        if hits := row & where.get(one, 0):
            row = ((row + hits) | (row - hits)) & full
        rows.append(row)
    pairs: list[Pair] = []
    i, j = len(left), len(right)
    while i and j:
        if rows[j] >> i - 1 & 1:
            i -= 1
        elif not rows[j - 1] >> i - 1 & 1:
            j -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((i, j))
    return pairs[::-1]


def by_unique(
    left: Sequence[Iterable[Hashable]], right: Sequence[Iterable[Hashable]]
) -> list[Pair]:
    """For each place on the left the one on the right that shares most of what stands in one place
    only on either side, the nearest of several. The right numbers may fall and come twice: see
    `rising`."""
    partners = _alone(right)
    votes: dict[Pair, int] = {}
    for one, i in _alone(left).items():
        if i >= 0 and (j := partners.get(one, -1)) >= 0:
            votes[i, j] = votes.get((i, j), 0) + 1
    best: dict[int, tuple[int, int, int]] = {}
    for (i, j), count in votes.items():
        best[i] = max(best.get(i, (0, 0, 0)), (count, -abs(i - j), j))
    return sorted((i, j) for i, (_, _, j) in best.items())


def _alone(places: Sequence[Iterable[Hashable]]) -> dict[Hashable, int]:
    """Each thing with the number of its place, -1 where it stands in several."""
    found: dict[Hashable, int] = {}
    for number, things in enumerate(places):
        for one in things if isinstance(things, Set) else set(things):
            found[one] = number if one not in found else -1
    return found


def rising(pairs: Sequence[Pair]) -> list[Pair]:
    """The most of the pairs, which rise on the left, that rise on the right too."""
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
    found: list[Pair] = []
    at = tops[-1] if tops else -1
    while at >= 0:
        found.append(pairs[at])
        at = previous[at]
    return found[::-1]
