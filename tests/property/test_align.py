"""What holds for any two texts side by side: nothing is lost, and every difference is told."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from stillfixed.actors.verdicts import AlignedLine, Fold, Run, Span, align, fold, judge
from stillfixed.actors.verdicts.matching import in_common
from stillfixed.actors.verdicts.output import clean
from stillfixed.actors.verdicts.spans import changed_spans
from stillfixed.actors.verdicts.visible import places, visible
from stillfixed.actors.verdicts.volatile import columns_of, masked, stretches

PIECES = [
    "Active:", "failed", "active", "12:03", "12:05:44.1", "2026-11-24", "Nov 24 09:01:02", "812",
    "pid", "PID", "TIME", "CMD", " ", "  ", "\t", ":", "=", "10.0.0.1:51324", "3 days", "99%", "é",
    "sshd[812]:", "0x80070005", "\x1b[31m", "\x1b[0m", "\r", "\u200b", "\ufeff", "漢", "İ", "0",
]  # fmt: skip
lines = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join),
    st.text(max_size=12).filter(lambda text: "\n" not in text),
)
texts = st.one_of(
    st.text(alphabet="ab \n", max_size=60), st.lists(lines, max_size=8).map("\n".join)
)


def without(line: str, spans: Sequence[Span], *, volatile_only: bool = False) -> str:
    """What is read of a captured line outside of its spans."""
    left_out = {
        place
        for one in spans
        if one.volatile or not volatile_only
        for place in range(one.start, one.end)
    }
    read = zip(visible(line), places(line), strict=False)
    return "".join(char for char, place in read if place not in left_out)


def assert_spans_fit(line: str | None, spans: tuple[Span, ...]) -> None:
    ends = [place for one in spans for place in (one.start, one.end)]
    assert ends == sorted(ends)
    assert all(one.start < one.end for one in spans)
    assert not ends or (ends[0] >= 0 and line is not None and ends[-1] <= len(line))


@given(texts, texts)
def test_both_sides_come_back(before: str, after: str) -> None:
    """Each side of the rows is that text again, with its line numbers in order."""
    rows = align(before, after)
    assert "\n".join(row.before for row in rows if row.before is not None) == before
    assert "\n".join(row.after for row in rows if row.after is not None) == after
    for numbers in (
        [row.before_number for row in rows if row.before_number is not None],
        [row.after_number for row in rows if row.after_number is not None],
    ):
        assert numbers == list(range(1, len(numbers) + 1))


@given(texts, texts)
def test_rows_are_the_same_where_they_read_the_same(before: str, after: str) -> None:
    """Colours, line ends and last spaces make no difference, anything else does."""
    for row in align(before, after):
        sides = [None if text is None else visible(text) for text in (row.before, row.after)]
        assert (row.kind == "same") == (sides[0] == sides[1])
        assert (row.kind == "removed") == (sides[1] is None)
        assert (row.kind == "added") == (sides[0] is None)


@given(texts, texts)
def test_spans_cover_every_difference(before: str, after: str) -> None:
    """They are within their line, in order, and without them the two lines read the same."""
    for row in align(before, after):
        assert_spans_fit(row.before, row.before_spans)
        assert_spans_fit(row.after, row.after_spans)
        if row.kind == "changed":
            assert row.before is not None
            assert row.after is not None
            assert without(row.before, row.before_spans) == without(row.after, row.after_spans)
        else:
            assert (row.before_spans, row.after_spans, row.volatile) == ((), (), False)


@given(texts, texts)
def test_volatile_rows_differ_in_volatile_spans_only(before: str, after: str) -> None:
    """Without them both sides read the same; any other row has a change that matters."""
    for row in align(before, after):
        if row.volatile and row.before is not None and row.after is not None:
            steady = [
                without(text, spans, volatile_only=True)
                for text, spans in ((row.before, row.before_spans), (row.after, row.after_spans))
            ]
            assert steady[0] == steady[1]
        elif row.kind == "changed":
            assert not all(one.volatile for one in (*row.before_spans, *row.after_spans))


@given(lines, lines)
def test_spans_of_any_two_lines(before: str, after: str) -> None:
    """Coarse or close, they cover what differs."""
    for closely in (True, False):
        moving = (stretches(before), stretches(after))
        for spans in changed_spans(before, after, moving, closely=closely):
            assert all(one.start < one.end for one in spans)
        left, right = changed_spans(before, after, moving, closely=closely)
        kept = [
            "".join(
                char for n, char in enumerate(line) if not any(a.start <= n < a.end for a in spans)
            )
            for line, spans in ((before, left), (after, right))
        ]
        assert kept[0] == kept[1]


@given(texts, texts, st.integers(min_value=0, max_value=4))
def test_folds_hide_nothing_that_matters(before: str, after: str, context_lines: int) -> None:
    """Folds and rows together are all rows, in order; what is folded did not change, or moves by
    itself."""
    rows = align(before, after)
    whole = fold(rows, None)
    assert whole in (rows, rows[:-1])
    at = 0
    for shown in fold(rows, context_lines):
        if isinstance(shown, Fold):
            hidden = whole[at : at + shown.lines]
            assert all(isinstance(row, AlignedLine) for row in hidden)
            assert sum(row.volatile for row in hidden) == shown.volatile  # type: ignore[misc]
            assert all(row.kind == "same" or row.volatile for row in hidden)
            first, last = hidden[0], hidden[-1]
            assert isinstance(first, AlignedLine)
            assert isinstance(last, AlignedLine)
            assert shown.before == (first.before_number, last.before_number)
            assert shown.after == (first.after_number, last.after_number)
            at += shown.lines
        else:
            assert shown == whole[at]
            at += 1
    assert at == len(whole)


@given(texts, texts)
def test_rows_that_decided_are_never_folded(before: str, after: str) -> None:
    """Whatever is judged, what it was judged from is shown."""
    found = judge("systemctl status x", Run(before), Run(after), platform="posix")
    deciding = [row for row in found.lines if row.deciding and (row.before or row.after)]
    shown = [row for row in fold(found.lines, 0) if isinstance(row, AlignedLine) and row.deciding]
    assert shown == deciding


@given(lines)
def test_lines_are_read_as_the_judge_reads_them(line: str) -> None:
    """`visible` is what `clean` leaves, and each of its characters has its place in the line."""
    read = visible(line)
    assert read == clean(line).rstrip()
    at = places(line)
    assert all(line[place] == char for place, char in zip(at, read, strict=False))
    assert len(at) >= len(read)


@given(lines, st.lists(lines, max_size=3))
def test_stretches_are_in_order(line: str, headings: list[str]) -> None:
    """They lie within the line and do not overlap; a line without them is masked to itself."""
    columns = next((found for heading in headings if (found := columns_of(heading))), ())
    found = stretches(line, columns)
    ends = [place for one in found for place in (one.start, one.end)]
    assert ends == sorted(ends)
    assert all(one.start < one.end <= len(line) and one.kind for one in found)
    if not found:
        assert masked(line, columns) == " ".join(line.split())


@given(st.lists(st.sampled_from("abcd"), max_size=9), st.lists(st.sampled_from("abcd"), max_size=9))
def test_no_longer_subsequence_is_in_common(left: list[str], right: list[str]) -> None:
    """Bit by bit it is as long as the classic table says, and rises on both sides."""
    table = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i, one in enumerate(left):
        for j, other in enumerate(right):
            more = table[i][j] + 1
            table[i + 1][j + 1] = more if one == other else max(table[i][j + 1], table[i + 1][j])
    pairs = in_common(left, right)
    assert len(pairs) == table[-1][-1]
    assert all(left[i] == right[j] for i, j in pairs)
    assert all(a < c and b < d for (a, b), (c, d) in pairwise(pairs))
