"""How a verdict is shown: the small table first, then both outputs. Rows and values are made up."""

import json
from typing import Any

import pytest
from rich.console import Console

from stillfixed.actors.verdicts import Run, fold, side_by_side
from stillfixed.actors.verdicts.model import AlignedLine, FieldChange, Verdict
from stillfixed.connectors.cli import asjson
from stillfixed.connectors.cli.comparison import ComparisonView, values
from stillfixed.connectors.cli.sides import Sides, Titles
from stillfixed.connectors.cli.values import ValuesTable
from tests.support.shown import comparison, shown

TITLES = Titles("before: r1", "after: r2")


def sides(before: str, after: str, width: int = 120, **more: Any) -> list[str]:
    rows = fold(side_by_side(Run(before), Run(after)))
    return shown(Sides(rows, TITLES, **more), width).splitlines()


def value(field: str, verdict: Verdict, before: str | None, after: str | None) -> FieldChange:
    return FieldChange(
        item="", field=field, before=before, after=after, verdict=verdict, rule="status word"
    )


# -- the small table -------------------------------------------------------------------------------
def test_the_table_says_verdict_field_before_after_and_rule() -> None:
    """One line a value, under headings; verdicts as symbol and word."""
    fields = [value("State", "regressed", "up", "down"), value("Mode", "fixed", None, "ok")]
    lines = shown(ValuesTable(fields), 120).splitlines()
    assert [line.split() for line in lines] == [
        ["verdict", "field", "before", "after", "rule"],
        ["✗", "REGRESSED", "State", "up", "down", "status", "word"],
        ["✓", "FIXED", "Mode", "(not", "there)", "ok", "status", "word"],
    ]
    assert (
        len({line.index(word) for line, word in zip(lines, ("before", "up", "(not"), strict=True)})
        == 1
    )


def test_what_is_not_listed_is_counted() -> None:
    """Healthy values that did not change in one line, and those beyond a few in another."""
    fields = [value(f"f{number}", "still_failing", "a", "b") for number in range(11)]
    calm = [value(f"calm{number}", "healthy", "ok", "ok") for number in range(5)]
    text = shown(ValuesTable([*fields, *calm], left_out=7), 120)
    assert "and 3 more" in text
    assert "12 values healthy and unchanged: calm0, calm1, calm2, …" in text
    full = shown(ValuesTable(fields, full=True), 120)
    assert "more" not in full
    assert "f10" in full


@pytest.mark.parametrize("width", [40, 60, 80, 120, 160])
def test_the_table_fits_and_shortens_with_a_sign(width: int) -> None:
    """Long values give way, and end with … where they were cut; all fits the screen."""
    fields = [value("message", "fixed", "It broke because " + "very " * 40, None)]
    text = shown(ValuesTable(fields), width)
    assert all(len(line) <= width for line in text.splitlines())
    assert not [line for line in text.splitlines() if line != line.rstrip()]
    assert "…" in text or text.count("very") == 40


def test_reasons_are_told_where_no_value_explains_the_verdict() -> None:
    """Sentences and table would say the same; where the values do not decide, the sentences do."""
    reasons = ["State was down and is up now."]
    down, up = value("State", "fixed", "down", "up"), value("State", "healthy", "up", "up")
    assert [type(part) for part in values([down], "fixed", reasons)] == [ValuesTable]
    assert len(list(values([up], "inconclusive", reasons))) == 2
    text = shown(ComparisonView(comparison("a\n", "b\n")))
    assert "  - Active was failed and is active now." in text


# -- beside each other, or one under the other -----------------------------------------------------
def test_narrow_terminals_have_what_is_under_what_was() -> None:
    """Where two columns are too narrow: - before + for what was and is, once what is the same."""
    words = "many words " * 5
    lines = sides(f"{words}down\n{words}same\n", f"{words}up\n{words}same\n", 80)
    assert lines[:2] == ["  before: r1", "  after: r2"]
    assert [line[:10] for line in lines if "words" in line] == [
        "  -  1 │ m",
        "  +  1 │ m",
        "     2 │ m",
    ]


def test_short_lines_stand_in_columns_on_narrow_terminals_too() -> None:
    """They fit."""
    assert "  ~  1 │ down" in sides("down\n", "up\n", 80)[1]
    assert sides("down\n", "up\n", 80)[1].count("│") == 2


def test_wide_terminals_have_columns_whatever_the_lines() -> None:
    """Long lines are wrapped in their column."""
    words = "many words " * 9
    lines = sides(f"{words}down\n", f"{words}up\n", 120)
    assert all(line.count("│") == 2 for line in lines if "words" in line)


@pytest.mark.parametrize("width", [80, 120, 160])
def test_every_line_fits(width: int) -> None:
    """Whatever the outputs are; and none ends with spaces."""
    before = "漢字" * 90 + "\n" + "x" * 900 + "\nshort\n\n\tState:\tdown\n"
    lines = sides(before, before.replace("down", "up").replace("x", "y", 1), width)
    console = Console(width=width)
    assert all(console.measure(line).maximum <= width for line in lines)
    assert not [line for line in lines if line != line.rstrip()]


@pytest.mark.parametrize("width", [50, 120])
def test_a_missing_side_is_said_once_for_a_stretch(width: int) -> None:
    """Lines that are gone or new have (not there) on the other side, an empty output has none."""
    text = "\n".join(
        sides("first of all lines\nlast one that stays here\n", "last one that stays here\n", width)
    )
    assert text.count("(not there)") == 1
    text = "\n".join(sides("a longer line that is\ngone altogether\nby now\n", "", width))
    assert text.count("(no output)") == 1


def test_stderr_has_a_heading() -> None:
    """Its lines are numbered from one again."""
    rows = fold(side_by_side(Run("ok\n", "warned\n"), Run("ok\n", "")))
    lines = shown(Sides(rows, TITLES), 120).splitlines()
    assert lines[2:4] == ["  stderr", lines[3]]
    assert lines[3].startswith("  -  1 │ warned")


# -- marks ---------------------------------------------------------------------------------------
def test_changed_words_are_underlined_without_colour() -> None:
    """^ stand under them; not under a whole line, where its mark says it."""
    lines = sides("State: down now\n", "State: up now\n")
    assert lines[1].startswith("  ~  1 │ State: down now")
    assert lines[2].split() == ["^^^^", "^^"]
    assert lines[2].index("^") == lines[1].index("down")
    assert not [line for line in sides("inactive\n", "active\n") if "^" in line]


def test_colours_and_tabs_of_the_output_move_no_underline() -> None:
    """The words are stressed where they are shown, not where they were captured."""
    lines = sides("\x1b[31mState:\x1b[0m\tdown now\n", "State:\tup now\n")
    assert lines[2].index("^") == lines[1].index("down")
    assert lines[2].rindex("^") == lines[1].rindex("up") + 1


def test_changed_words_are_emphasised_with_colour() -> None:
    """No line of ^ then; what moves by itself is dim."""
    console = Console(width=120, force_terminal=True, color_system="standard", highlight=False)
    rows = fold(
        side_by_side(Run("State: down 09:00:00\nPID: 1\n"), Run("State: up 10:00:00\nPID: 2\n"))
    )
    with console.capture() as capture:
        console.print(Sides(rows, TITLES))
    text = capture.get()
    assert "^" not in text
    assert "\x1b[1;4;31mdown" in text
    assert "\x1b[2;31m09:00:00" in text
    assert "\x1b[2m≈" in text


def test_rows_that_only_moved_have_a_mark_of_their_own() -> None:
    """≈, which the last line explains; on narrow terminals they are shown as they are now."""
    lines = sides("Main PID: 812\n", "Main PID: 913\n")
    assert lines[1].startswith("  ≈  1 │ Main PID: 812")
    assert lines[-1] == "  ≈ only times, counters or spaces changed"
    log = "09:00:01 a line of a log, not short\n"
    narrow = sides(log, log.replace("09:", "10:"), 50)
    assert [line for line in narrow if "│" in line] == [
        "  ≈  1 │ 10:00:01 a line of a log, not short"
    ]


def test_rows_that_decided_are_starred_and_never_left_out() -> None:
    """Not even behind a thousand other changes."""
    before = "".join(f"a{number}\n" for number in range(1000)) + "State: failed\n"
    after = before.replace("a", "b", 1000)
    decided = FieldChange(
        item="", field="State", before="failed", after="failed", verdict="still_failing",
        rule="status word", before_line=1001, after_line=1001,
    )  # fmt: skip
    rows = side_by_side(Run(before), Run(after), (decided,), "still_failing")
    assert [row.before_number for row in rows if row.deciding] == [1001]
    text = shown(Sides(fold(rows), TITLES), 120)
    assert "* 1001 │ State: failed" in text
    assert "lines more, --full shows all" in text
    assert "* decided" in text


def test_a_long_line_is_shortened_around_its_change() -> None:
    """One sees what changed, however far in the line."""
    text = "\n".join(
        sides("x " * 3000 + "down" + " y" * 3000 + "\n", "x " * 3000 + "up" + " y" * 3000 + "\n")
    )
    assert "down" in text
    assert "characters … " in text
    assert "characters more" in text


def test_folds_say_what_they_hide() -> None:
    """How many lines, and how many of them have new times or numbers."""
    beat = "".join(f"09:00:{number:02} beat\n" for number in range(20))
    same = "same\n" * 20
    moved = beat.replace("09:", "10:")
    assert any(
        line == "    … 17 lines with new times or numbers only"
        for line in sides(beat + "x a", moved + "x b")
    )
    assert any(line == "    … 17 unchanged lines" for line in sides(same + "x a", same + "x b"))
    both = sides(same + beat + "x a", same + moved + "x b")
    assert any(line == "    … 37 lines, 17 of them with new times or numbers only" for line in both)


# -- one structure ---------------------------------------------------------------------------------
@pytest.mark.parametrize("full", [False, True])
def test_terminal_and_json_have_the_same_rows(full: bool) -> None:
    """What a program reads is, row by row, what a person sees."""
    same = "".join(f"line {number}\n" for number in range(30))
    both = comparison(f"{same}State: failed\ngone\n", f"{same}State: active\nPID: 9\n")
    rows = json.loads(asjson.dumps(asjson.comparison_json(both, full=full)))["lines"]
    text = shown(ComparisonView(both, full=full), 120)
    assert [row["kind"] for row in rows] == [row.kind for row in both.rows(full=full)]
    hidden = sum(row["lines"] for row in rows if row["kind"] == "folded")
    assert (hidden == 0) == full
    assert full or f"… {hidden} unchanged lines" in text
    for row in rows:
        for number, line in (("before_number", "before"), ("after_number", "after")):
            if row.get(number) is not None:
                assert f"{row[number]:>2} │ {row[line]}" in text
    there = sum(isinstance(row, AlignedLine) for row in both.rows(full=full))
    assert there == sum(row["kind"] != "folded" for row in rows)
