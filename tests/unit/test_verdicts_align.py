"""Two outputs side by side: which lines belong together, what changed in them, what is folded."""

import random

import pytest

from stillfixed.actors.verdicts import AlignedLine, Fold, Run, align, fold, judge, side_by_side
from stillfixed.actors.verdicts.model import FieldChange


def changed_words(row: AlignedLine, *, volatile: bool = False) -> tuple[list[str], list[str]]:
    before, after = row.before or "", row.after or ""
    return (
        [before[a.start : a.end] for a in row.before_spans if a.volatile == volatile],
        [after[a.start : a.end] for a in row.after_spans if a.volatile == volatile],
    )


def kinds(before: str, after: str) -> list[str]:
    return [row.kind for row in align(before, after)]


def pairs(before: str, after: str) -> list[tuple[str | None, str | None]]:
    return [(row.before, row.after) for row in align(before, after)]


# -- which lines belong together -------------------------------------------------------------------
def test_changed_lines_stand_beside_each_other() -> None:
    """A line that changed is one row, not a removal and an addition."""
    rows = align("a 1\nb 2\nc 3\n", "a 1\nb 9\nc 3\nd 4\n")
    assert [row.kind for row in rows] == ["same", "changed", "same", "added", "same"]
    assert (rows[1].before, rows[1].after) == ("b 2", "b 9")


def test_items_that_swap_their_states_keep_their_rows() -> None:
    """States and numbers that went from one item to another pair nothing; names do."""
    before, after = (
        "up running eth0 1\ndown stopped eth1 0",
        "down stopped eth0 0\nup running eth1 1",
    )
    assert pairs(before, after) == [
        ("up running eth0 1", "down stopped eth0 0"), ("down stopped eth1 0", "up running eth1 1"),
    ]  # fmt: skip


def test_fields_are_paired_by_their_names() -> None:
    """Whatever else is new around them, and however name and value are joined."""
    assert pairs("State=failed\nResult=exit", "Started=now\nState=active\nResult=ok") == [
        (None, "Started=now"), ("State=failed", "State=active"), ("Result=exit", "Result=ok"),
    ]  # fmt: skip


def test_lines_that_only_moved_in_time_are_paired() -> None:
    """Each line of a log beside the same line of the other run, though every time is new."""
    before = "09:00:01 beat\n09:00:02 beat\n09:00:03 end"
    after = "10:00:01 beat\n10:00:02 beat\n10:00:03 beat\n10:00:09 end"
    rows = align(before, after)
    assert sorted(row.kind for row in rows) == ["added", "changed", "changed", "changed"]
    assert sum(row.volatile for row in rows) == 3


def test_lines_with_nothing_in_common_are_no_pair() -> None:
    """What is gone and what is new stand apart, unless each is all there is."""
    assert kinds("one fault\nmore of it", "status fine\nanswer given") == [
        "removed", "removed", "added", "added",
    ]  # fmt: skip
    assert kinds("inactive", "active") == ["changed"]


def test_a_missing_side_has_no_text_and_no_number() -> None:
    """None is not an empty line."""
    [row] = align("", "new")
    assert (row.kind, row.before_number, row.before) == ("added", None, None)
    assert align("", "") == ()


def test_colours_and_line_ends_are_kept_and_make_no_difference() -> None:
    """The rows hold what was captured; the same words are the same."""
    rows = align("\x1b[31mok\x1b[0m\r\nb \n", "ok\nb\n")
    assert [row.kind for row in rows] == ["same", "same", "same"]
    assert rows[0].before == "\x1b[31mok\x1b[0m\r"


# -- what changed in a line ------------------------------------------------------------------------
def test_changed_words_are_marked_on_each_side() -> None:
    """The words that differ, not the whole line; signs between two of them belong to them."""
    [row] = align("Active: failed (exit) since noon", "Active: active (run) since noon")
    assert changed_words(row) == (["failed (exit"], ["active (run"])


def test_places_count_in_the_line_as_it_was_captured() -> None:
    """Colours before a word move its place."""
    [row] = align("state \x1b[31mdown\x1b[0m x", "state up x")
    assert changed_words(row) == (["down"], ["up"])


def test_what_moves_by_itself_is_told_apart() -> None:
    """In one row the state changed and the time moved; in another nothing but the process id."""
    state, pid = align("state down 09:00:01\nPID: 81", "state up 10:15:42\nPID: 93")
    assert changed_words(state) == (["down"], ["up"])
    assert changed_words(state, volatile=True) == (["09:00:01"], ["10:15:42"])
    assert not state.volatile
    assert pid.volatile


def test_a_wider_column_is_no_change() -> None:
    """Spaces that give way are volatile; the cells are changes of their own."""
    [row] = align("eth0      up     1", "eth0   down     1")
    assert changed_words(row) == (["up"], ["down"])
    [moved] = align("eth0      up", "eth0  up")
    assert moved.volatile
    [two] = align("job  12/1/2025 1:00:00 AM       1", "job  12/2/2025 1:00:01 AM  999999")
    assert changed_words(two) == (["1"], ["999999"])


def test_a_value_that_vanished_is_no_drift() -> None:
    """A time that is not there any more is a change, and so is one in place of another kind."""
    assert not align("last seen 09:01:00", "last seen")[0].volatile
    assert not align("up 3 days", "up 10:15:42")[0].volatile


def test_columns_of_process_tables_are_volatile() -> None:
    """Under PID and TIME any number moves by itself, up to the end of the table."""
    table = "  PID TTY          TIME CMD\n {pid} pts/0    00:00:{s} bash\n\n exit {pid}"
    heading, row, blank, after = align(
        table.format(pid="1234", s="01"), table.format(pid="4567", s="07")
    )
    assert (heading.kind, blank.kind) == ("same", "same")
    assert row.volatile
    assert not after.volatile
    rows = align("NAME  PID\na     1\n\nb     1", "NAME  PID\na     2\n\nb     2")
    assert [row.volatile for row in rows] == [False, True, False, False]


def test_long_lines_have_one_span() -> None:
    """From the first difference to the last."""
    [row] = align("a" * 5000 + "x y" + "b" * 5000, "a" * 5000 + "z y" + "b" * 5000)
    assert changed_words(row) == (["x"], ["z"])


# -- folds -----------------------------------------------------------------------------------------
def lines_of(count: int, last: str = "") -> str:
    return "".join(f"line {number}\n" for number in range(count)) + last


def test_unchanged_stretches_are_folded() -> None:
    """Three rows stay beside each change; the fold knows how many and which lines it hides."""
    folded, *shown = fold(align(lines_of(50, "a 1"), lines_of(50, "a 2")))
    assert folded == Fold(lines=47, before=(1, 47), after=(1, 47))
    assert [row.before for row in shown if isinstance(row, AlignedLine)] == [
        "line 47", "line 48", "line 49", "a 1",
    ]  # fmt: skip


def test_rows_that_only_moved_are_folded_too() -> None:
    """And counted apart."""
    before = "".join(f"09:00:{n:02} beat\n" for n in range(20)) + "bad"
    after = "".join(f"10:00:{n:02} beat\n" for n in range(20)) + "good"
    folded = fold(align(before, after))[0]
    assert folded == Fold(lines=17, volatile=17, before=(1, 17), after=(1, 17))


def test_a_fold_is_worth_its_line() -> None:
    """A few rows more are shown rather than counted; an unchanged output keeps its start."""
    short = align(lines_of(6, "a 1"), lines_of(6, "a 2"))
    assert not any(isinstance(row, Fold) for row in fold(short))
    alike = fold(align(lines_of(40), lines_of(40)))
    assert [type(row) for row in alike] == [AlignedLine] * 3 + [Fold]


def test_folds_end_where_an_output_ends() -> None:
    """stdout and stderr count their own lines."""
    run = Run(lines_of(20), lines_of(20))
    assert [row for row in fold(side_by_side(run, run)) if isinstance(row, Fold)] == [
        Fold(output=output, lines=17, before=(4, 20), after=(4, 20))
        for output in ("stdout", "stderr")
    ]


# -- rows that decided -----------------------------------------------------------------------------
def test_the_rows_that_decided_are_marked_and_never_folded() -> None:
    """Also where they did not change: a fault that is still there."""
    before = Run("ok one\n" * 20 + "State: failed\n" + "ok two\n" * 20)
    found = judge("systemctl status x", before, before, platform="posix")
    assert found.verdict == "still_failing"
    shown = [row for row in fold(found.lines) if isinstance(row, AlignedLine) and row.deciding]
    assert [row.before for row in shown] == ["State: failed"]


def test_what_was_read_in_stderr_is_found_there() -> None:
    """The judge gives no number for it; the first line that holds the value decided."""
    before = Run("", "trying\ncurl: (22) The requested URL returned error: 503\n", 22)
    found = judge("curl -f http://h", before, Run("fine\n"), platform="posix")
    assert [(row.output, row.before_number) for row in found.lines if row.deciding] == [
        ("stderr", 2)
    ]


def test_where_all_is_healthy_no_row_decides() -> None:
    """A table of healthy rows is folded like any other."""
    value = FieldChange(
        item="", field="a", before="ok", after="ok", verdict="healthy", rule="r", before_line=1
    )
    rows = side_by_side(Run("ok"), Run("ok"), (value,), "healthy")
    assert not any(row.deciding for row in rows)


# -- large inputs ----------------------------------------------------------------------------------
def _random_lines(letters: str, seed: int) -> list[str]:
    chosen = random.Random(seed)
    return [chosen.choice(letters) for _ in range(10_000)]


ROWS = [f"row {number} {number % 7}" for number in range(10_000)]
LARGE = {
    "shifted": (ROWS, [f"row {number} {number % 5}" for number in range(3, 10_003)]),
    "equal": (ROWS, ROWS),
    "different": (ROWS, [f"line {number} x" for number in range(10_000)]),
    "reversed": (ROWS, ROWS[::-1]),
    "repeated": (_random_lines("abcd", 1), _random_lines("abcd", 2)),
    "numbers": ([",".join("1" * 50)] * 9_000 + ["x"], [",".join("2" * 50)] * 9_000 + ["y"]),
    "times": ([f"09:00:01 x {n}" for n in range(9999)], [f"10:00:01 x {n}" for n in range(9999)]),
    "long lines": (["a b1 " * 100_000], ["a b2 " * 100_000]),
}  # fmt: skip


@pytest.mark.parametrize("name", LARGE)
def test_large_outputs_keep_both_sides(name: str) -> None:
    """Ten thousand lines against ten thousand come back whole: see scripts/bench for the time."""
    before, after = ("\n".join(side) for side in LARGE[name])
    rows = align(before, after)
    assert "\n".join(row.before for row in rows if row.before is not None) == before
    assert "\n".join(row.after for row in rows if row.after is not None) == after


def test_large_outputs_are_matched_well() -> None:
    """Of random letters the longest common part is found, not only what has the same place."""
    rows = align(*("\n".join(side) for side in LARGE["repeated"]))
    assert sum(row.kind == "same" for row in rows) > 6_000


def test_beyond_the_limit_unique_lines_still_hold() -> None:
    """A hundred thousand lines with a thousand more on top are still the same lines."""
    lines = [
        f"row {number // 2}" if number % 3 else f"unique {number}" for number in range(100_000)
    ]
    rows = align("\n".join(lines), "\n".join([*("new" for _ in range(1000)), *lines]))
    assert sum(row.kind == "same" for row in rows) > 99_000
