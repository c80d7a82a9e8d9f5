"""The values behind a verdict: what a dispatcher sees first, and what the history keeps."""

from typing import Any

from stillfixed.actors.verdicts.model import FieldChange, Verdict
from stillfixed.actors.verdicts.summary import (
    ROWS_SHOWN,
    STORED_FIELDS,
    STORED_VALUE_CHARS,
    stored,
    summarised,
    worst_first,
)


def value(field: str, verdict: Verdict, before: str = "a", after: str = "b") -> FieldChange:
    more: dict[str, Any] = {"item": "", "rule": "status word"}
    return FieldChange(field=field, verdict=verdict, before=before, after=after, **more)


def test_the_worst_comes_first() -> None:
    """Of one verdict what changed before what did not."""
    given = [
        value("calm", "healthy", "ok", "ok"), value("good", "fixed"), value("moved", "healthy"),
        value("bad", "regressed"), value("open", "inconclusive"), value("same", "still_failing"),
    ]  # fmt: skip
    names = [one.field for one in worst_first(given)]
    assert names == ["bad", "same", "open", "good", "moved", "calm"]


def test_healthy_values_that_did_not_change_are_counted() -> None:
    """Also where no more than a time in them moved."""
    fields = worst_first([
        value("good", "fixed"), value("a", "healthy", "ok", "ok"),
        value("b", "healthy", "since 09:01:00", "since 10:01:00"), value("c", "healthy", "1", "2"),
    ])  # fmt: skip
    found = summarised(fields)
    assert [one.field for one in found.rows] == ["good", "c"]
    assert (found.quiet, [one.field for one in found.quiet_some], found.more) == (2, ["a", "b"], 0)


def test_a_table_ends_after_a_few_rows() -> None:
    """The rest is a number, with what the history did not keep."""
    fields = [value(f"f{number}", "still_failing") for number in range(20)]
    found = summarised(fields, left_out=5)
    assert (len(found.rows), found.more) == (ROWS_SHOWN, 20 - ROWS_SHOWN + 5)
    assert summarised(fields, rows_shown=None).more == 0


def test_what_was_left_out_is_no_worse_than_the_last() -> None:
    """Behind healthy values that did not change there are only more of them."""
    found = summarised([value("good", "fixed"), value("a", "healthy", "ok", "ok")], left_out=300)
    assert (found.more, found.quiet) == (0, 301)


def test_rows_that_read_alike_are_one() -> None:
    """The same sentence about two things is told once."""
    one = FieldChange(
        item="x", field="message", before="down", after="down", verdict="still_failing", rule="r"
    )
    other = FieldChange(
        item="y", field="message", before="down", after="down", verdict="still_failing", rule="r"
    )
    assert len(summarised([one, other]).rows) == 1


def test_the_history_keeps_the_worst_and_shortens_the_rest() -> None:
    """An event stays small, and a shortened pair still shows where it differs."""
    start = "x" * 5000
    kept, left_out = stored([value("f", "fixed", start + "down", start + "up")] * 100)
    assert (len(kept), left_out) == (STORED_FIELDS, 100 - STORED_FIELDS)
    assert kept[0].before is not None
    assert kept[0].after is not None
    assert len(kept[0].before) <= STORED_VALUE_CHARS + 1
    assert (kept[0].before[-4:], kept[0].after[-2:]) == ("down", "up")
    short = [value("f", "fixed")]
    assert stored(short) == (tuple(short), 0)
