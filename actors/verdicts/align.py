"""Two texts side by side: aligned rows with what changed in them, and which can be folded. Pure.

Guarantee: each side comes back exactly, line by line and in order. The work is bounded whatever the
texts are: 10,000 lines against 10,000 take well under a second (scripts/bench align); a difference
too large to look into is shown as it stands.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache, partial
from itertools import groupby

from stillfixed.actors.verdicts.knowledge import status_words
from stillfixed.actors.verdicts.matching import Pair, by_unique, extended, in_common, rising
from stillfixed.actors.verdicts.model import AlignedLine, Fold, Output, Row, Span
from stillfixed.actors.verdicts.spans import changed_spans
from stillfixed.actors.verdicts.visible import places, visible
from stillfixed.actors.verdicts.volatile import (
    Columns,
    Stretch,
    columns_of,
    form_of,
    steady,
    stretches_of_form,
)

CONTEXT_LINES = 3
NUMBERS_LOOKED_AT = 120_000
"""So many numbers of one side are looked at for whether they move by themselves; after them, every
change counts."""
LOOKED_INTO_CHARS = 120_000
"""In so much of changed rows each change gets a span; after it, there is one in each row, from the
first change to the last."""


# -- rows ------------------------------------------------------------------------------------------
def align(before: str, after: str, *, output: Output = "stdout") -> tuple[AlignedLine, ...]:
    """Rows of the two texts; `"\\n".join` of a side's lines is that side again."""
    left, right = _Side(before), _Side(after)
    pairs = in_common(left.texts, right.texts)
    for match in (_by_steady_text, _by_rare_words, _by_place):
        pairs = extended(pairs, left.numbers, right.numbers, partial(match, left, right))
    return tuple(_rows(left, right, pairs, output))


class _Side:
    """One of the texts: `raw` lines as they were captured, `texts` as they are read."""

    def __init__(self, text: str) -> None:
        self.raw = text.split("\n") if text else []
        self.texts = [visible(line) for line in self.raw]
        self.numbers = range(len(self.raw))
        self._forms: dict[tuple[str, Columns], tuple[Stretch, ...]] = {}
        self._moving: dict[int, tuple[Stretch, ...]] = {}
        self._steady: dict[int, str] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._numbers_left = NUMBERS_LOOKED_AT

    def moving(self, number: int) -> tuple[Stretch, ...]:
        """What moves by itself in a line; looked for once for all lines of one form."""
        if (known := self._moving.get(number)) is None:
            form = form_of(self.texts[number]), self._columns[number]
            if (known := self._forms.get(form)) is None:
                self._numbers_left -= len(_NUMBER.findall(form[0]))
                known = stretches_of_form(*form) if self._numbers_left >= 0 else ()
                self._forms[form] = known
            self._moving[number] = known
        return known

    def steady(self, number: int) -> str:
        """A line without what moves by itself."""
        if (known := self._steady.get(number)) is None:
            known = self._steady[number] = steady(self.texts[number], self.moving(number))
        return known

    def names(self, number: int) -> frozenset[str]:
        """The words that can tell a line from others: no number and no state, which may go from one
        item to another."""
        line = self.steady(number)
        if (known := self._names.get(line)) is None:
            words = _WORD.findall(line[:_WORDS_CHARS].lower())[:_WORDS]
            known = self._names[line] = frozenset(words) - _states()
        return known

    @cached_property
    def _columns(self) -> list[Columns]:
        """For each line the volatile columns of the table that it stands in, up to a blank line."""
        here: Columns = ()
        found: list[Columns] = []
        for line in self.texts:
            here = (columns_of(line) or here) if line else ()
            found.append(here)
        return found


_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"(?!\d+(?![\w./-]))[^\W_][\w./-]*[^\W_]|[^\W\d_]")
_WORDS = 40
_WORDS_CHARS = 400


def _by_steady_text(left: _Side, right: _Side, a: range, b: range) -> list[Pair]:
    """Lines that differ only in what moves by itself."""
    found = in_common([left.steady(i) for i in a], [right.steady(j) for j in b])
    return [(a[i], b[j]) for i, j in found]


def _by_rare_words(left: _Side, right: _Side, a: range, b: range) -> list[Pair]:
    """Lines that share a word which no other line here has: the name of a field or an item."""
    found = rising(by_unique([left.names(i) for i in a], [right.names(j) for j in b]))
    return [(a[i], b[j]) for i, j in found]


def _by_place(left: _Side, right: _Side, a: range, b: range) -> list[Pair]:
    """Equally many lines that have half of their names in common, or are alone in their place."""
    if len(a) != len(b):
        return []
    alone = len(a) == 1
    return [(i, j) for i, j in zip(a, b, strict=True) if alone or _are_alike(left, right, i, j)]


def _are_alike(left: _Side, right: _Side, i: int, j: int) -> bool:
    names, others = left.names(i), right.names(j)
    return 2 * len(names & others) >= min(len(names), len(others))


@lru_cache
def _states() -> frozenset[str]:
    return frozenset().union(*map(status_words, ("fault", "quiet", "healthy", "passing")))


def _rows(
    left: _Side, right: _Side, pairs: Sequence[Pair], output: Output
) -> Iterator[AlignedLine]:
    at_left = at_right = looked_into = 0
    for i, j in [*pairs, (len(left.raw), len(right.raw))]:
        for n in range(at_left, i):
            yield AlignedLine(
                kind="removed", output=output, before_number=n + 1, before=left.raw[n]
            )
        for n in range(at_right, j):
            yield AlignedLine(kind="added", output=output, after_number=n + 1, after=right.raw[n])
        if i < len(left.raw):
            row = _pair(left, right, i, j, output, closely=looked_into < LOOKED_INTO_CHARS)
            if row.kind == "changed" and not row.volatile:
                looked_into += len(left.raw[i]) + len(right.raw[j])
            yield row
        at_left, at_right = i + 1, j + 1


def _pair(
    left: _Side, right: _Side, i: int, j: int, output: Output, *, closely: bool
) -> AlignedLine:
    same = left.texts[i] == right.texts[j]
    before: tuple[Span, ...] = ()
    after: tuple[Span, ...] = ()
    if not same:
        moving = left.moving(i), right.moving(j)
        before, after = changed_spans(left.texts[i], right.texts[j], moving, closely=closely)
    return AlignedLine(
        kind="same" if same else "changed",
        output=output,
        before_number=i + 1,
        before=left.raw[i],
        after_number=j + 1,
        after=right.raw[j],
        volatile=not same and all(span.volatile for span in (*before, *after)),
        before_spans=_captured(left.raw[i], before),
        after_spans=_captured(right.raw[j], after),
    )


def _captured(line: str, spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """Spans of a line as it is read, in the line as it was captured."""
    if not spans or isinstance(at := places(line), range):
        return spans
    return tuple(Span(at[one.start], at[one.end - 1] + 1, one.volatile) for one in spans)


# -- folds -----------------------------------------------------------------------------------------
def fold(rows: Sequence[AlignedLine], context_lines: int | None = CONTEXT_LINES) -> tuple[Row, ...]:
    """What is shown of the rows. Where nothing changed but what moves by itself, `context_lines`
    stay before and after each change and the rest is a fold; None folds nothing. The empty rest
    behind an output's last line end is left out.
    """
    shown: list[Row] = []
    for _, group in groupby(rows, lambda row: row.output):
        shown += _folded(_without_rest(list(group)), context_lines)
    return tuple(shown)


def _without_rest(rows: list[AlignedLine]) -> list[AlignedLine]:
    return rows[:-1] if not (rows[-1].before or rows[-1].after) else rows


def _folded(rows: list[AlignedLine], context_lines: int | None) -> Iterator[Row]:
    if context_lines is None:
        yield from rows
        return
    at = 0
    for quiet, group in groupby(rows, _is_quiet):
        stretch = list(group)
        end = at + len(stretch)
        # An output that has no change begins as one reads it.
        head = context_lines if at or end == len(rows) else 0
        tail = context_lines if end < len(rows) else 0
        hidden = stretch[head : len(stretch) - tail]
        # A fold is a line too: it must be worth it.
        if quiet and len(hidden) > context_lines:
            yield from stretch[:head]
            yield _fold(hidden)
            yield from stretch[len(stretch) - tail :]
        else:
            yield from stretch
        at = end


def _is_quiet(row: AlignedLine) -> bool:
    return (row.kind == "same" or row.volatile) and not row.deciding


def _fold(rows: list[AlignedLine]) -> Fold:
    first, last = rows[0], rows[-1]
    return Fold(
        output=first.output,
        lines=len(rows),
        volatile=sum(row.volatile for row in rows),
        before=(first.before_number or 0, last.before_number or 0),
        after=(first.after_number or 0, last.after_number or 0),
    )
