"""What changed inside a line. Pure.

Guarantee: without their spans two lines are the same. A volatile span stands for a value that moves
by itself, or for nothing but spaces. The work is bounded: in lines longer than `LINE_LIMIT_CHARS`,
all from the first difference to the last is one span.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from stillfixed.actors.verdicts.matching import longest
from stillfixed.actors.verdicts.model import Span
from stillfixed.actors.verdicts.volatile import LINE_LIMIT_CHARS, Stretch

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")

Spans = tuple[Span, ...]


class _Tokens(NamedTuple):
    """A line as words, spaces and signs. `kinds` says what moves by itself, and is empty for the
    rest; token n stands in the line from `starts[n]` up to `starts[n + 1]`."""

    texts: list[str]
    kinds: list[str]
    starts: list[int]


class _Change(NamedTuple):
    """Tokens a up to b on the left stand where c up to d stand on the right; either may be none."""

    a: int
    b: int
    c: int
    d: int


def changed_spans(
    before: str,
    after: str,
    moving: tuple[Sequence[Stretch], Sequence[Stretch]] = ((), ()),
    *,
    closely: bool = True,
) -> tuple[Spans, Spans]:
    """Where two lines differ, on each side; `moving` are their volatile stretches. Not `closely`,
    that is one span, from the first difference to the last, which costs little."""
    if (known := _where_it_moved(before, after, *moving)) is not None:
        return known
    if not closely or max(len(before), len(after)) > LINE_LIMIT_CHARS:
        return _from_first_to_last(before, after)
    left, right = _tokens(before, moving[0]), _tokens(after, moving[1])
    found: tuple[list[Span], list[Span]] = ([], [])
    for change in _parted(_joined(_changes(left, right), left), left, right):
        volatile = _is_volatile(change, left, right)
        for spans, starts, first, end in (
            (found[0], left.starts, change.a, change.b),
            (found[1], right.starts, change.c, change.d),
        ):
            if first < end:
                spans.append(Span(starts[first], starts[end], volatile))
    return tuple(found[0]), tuple(found[1])


def _where_it_moved(
    before: str, after: str, left: Sequence[Stretch], right: Sequence[Stretch]
) -> tuple[Spans, Spans] | None:
    """The spans of two lines that differ in volatile values only, as most of a log's do."""
    if len(left) != len(right):
        return None
    at_left = at_right = 0
    spans: tuple[list[Span], list[Span]] = ([], [])
    for one, other in zip(left, right, strict=True):
        if one.kind != other.kind or before[at_left : one.start] != after[at_right : other.start]:
            return None
        if before[one.start : one.end] != after[other.start : other.end]:
            spans[0].append(Span(one.start, one.end, True))
            spans[1].append(Span(other.start, other.end, True))
        at_left, at_right = one.end, other.end
    return (tuple(spans[0]), tuple(spans[1])) if before[at_left:] == after[at_right:] else None


def _tokens(line: str, moving: Sequence[Stretch]) -> _Tokens:
    texts: list[str] = []
    kinds: list[str] = []
    at = 0
    for one in [*moving, Stretch(len(line), len(line), "")]:
        words = _TOKEN.findall(line, at, one.start)
        texts += words
        kinds += [""] * len(words)
        if one.kind:
            texts.append(line[one.start : one.end])
            kinds.append(one.kind)
        at = one.end
    return _Tokens(texts, kinds, [0, *accumulate(map(len, texts))])


def _changes(left: _Tokens, right: _Tokens) -> Iterator[_Change]:
    at_left = at_right = 0
    for i, j in [*longest(left.texts, right.texts), (len(left.texts), len(right.texts))]:
        if at_left < i or at_right < j:
            yield _Change(at_left, i, at_right, j)
        at_left, at_right = i + 1, j + 1


def _joined(changes: Iterator[_Change], left: _Tokens) -> list[_Change]:
    """Changes with only a space or signs between them are one: `failed (exit` for `active (run`.
    Columns stay apart, and so does what moves by itself."""
    joined: list[_Change] = []
    for change in changes:
        if joined:
            last = joined[-1]
            between = left.texts[last.b : change.a]
            apart = any(len(text) > 1 or text.isalnum() for text in between)
            if not apart and not any(left.kinds[last.a : change.b]):
                joined[-1] = _Change(last.a, change.b, last.c, change.d)
                continue
        joined.append(change)
    return joined


def _parted(changes: list[_Change], left: _Tokens, right: _Tokens) -> Iterator[_Change]:
    """Changes cell by cell where both sides have as many, and the spaces around them as changes of
    their own: a column that became wider says little."""
    for change in changes:
        cells = _cells(left.texts, change.a, change.b)
        others = _cells(right.texts, change.c, change.d)
        if len(cells) != len(others):
            cells, others = _as_one(cells, change.a), _as_one(others, change.c)
        at_left, at_right = change.a, change.c
        ends = [(change.b, change.b)], [(change.d, change.d)]
        for (i, j), (k, m) in zip(cells + ends[0], others + ends[1], strict=True):
            for part in (_Change(at_left, i, at_right, k), _Change(i, j, k, m)):
                before, after = left.texts[part.a : part.b], right.texts[part.c : part.d]
                if "".join(before) != "".join(after):
                    yield part
            at_left, at_right = j, m


def _cells(texts: Sequence[str], first: int, end: int) -> list[tuple[int, int]]:
    """Stretches of tokens with at most one space between two, none around."""
    cells: list[tuple[int, int]] = []
    start = first
    for n in range(first, end):
        inside = first < n < end - 1 and texts[n] == " "
        if texts[n].isspace() and not inside:
            cells.append((start, n))
            start = n + 1
    return [(i, j) for i, j in [*cells, (start, end)] if i < j]


def _as_one(cells: list[tuple[int, int]], first: int) -> list[tuple[int, int]]:
    return [(cells[0][0], cells[-1][1])] if cells else [(first, first)]


def _is_volatile(change: _Change, left: _Tokens, right: _Tokens) -> bool:
    before = _kinds(left, change.a, change.b)
    return before == _kinds(right, change.c, change.d) and all(before)


def _kinds(tokens: _Tokens, first: int, end: int) -> list[str]:
    """Of all but spaces."""
    return [tokens.kinds[n] for n in range(first, end) if not tokens.texts[n].isspace()]


# -- many or long lines ----------------------------------------------------------------------------
def _from_first_to_last(before: str, after: str) -> tuple[Spans, Spans]:
    size = min(len(before), len(after))
    head = _most(size, lambda n: before.startswith(after[:n]))
    tail = _most(size - head, lambda n: before.endswith(after[len(after) - n :]))
    ends = len(before) - tail, len(after) - tail
    spans = [(Span(head, end),) if head < end else () for end in ends]
    return spans[0], spans[1]


def _most(limit: int, holds: Callable[[int], bool]) -> int:
    """The greatest number up to the limit for which it holds; it holds for all below too."""
    least = 0
    while least < limit:
        middle = (least + limit + 1) // 2
        if holds(middle):
            least = middle
        else:
            limit = middle - 1
    return least
