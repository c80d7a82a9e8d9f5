"""What the terminal shows of checks and runs, from made-up records."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from rich.console import Console

from stillfixed.actors.session.requests import ClosureAnswer
from stillfixed.actors.session.state import Override
from stillfixed.connectors.cli.comparison import ComparisonView
from stillfixed.connectors.cli.render import STANDINGS, closure, run_line
from stillfixed.connectors.cli.text import LiveText, parse_moment, parse_span, plain, span
from tests.support.shown import START, comparison, run, shown


@pytest.mark.parametrize("width", [80, 120])
def test_the_two_sides_stand_in_columns_that_fit(width: int) -> None:
    """Every row fits the terminal, and the columns begin at the same place in each."""
    text = shown(ComparisonView(comparison("a b\nActive: failed\n", "a b\nActive: up\n")), width)
    rows = [line for line in text.splitlines() if line.count("│") == 2]
    assert len(rows) == 2
    assert len({row.rindex("│") for row in rows}) == 1
    assert all(len(line) <= width for line in text.splitlines())


def test_changes_are_marked_without_colour() -> None:
    """~ for a changed line, - for one that is gone, + for a new one, nothing for the same."""
    view = ComparisonView(
        comparison("same\nstate: down\ngone\nend\n", "same\nstate: up\nend\nnew\n")
    )
    lines = shown(view).splitlines()
    assert any(line.startswith("     1 │ same") for line in lines)
    assert any(
        line.startswith("  ~  2 │ state: down") and "~  2 │ state: up" in line for line in lines
    )
    assert any(line.startswith("  -  3 │ gone") for line in lines)
    assert any("+  4 │ new" in line and "(not there)" in line.split("+")[0] for line in lines)


def test_the_header_says_verdict_check_times_and_reasons() -> None:
    """One looks at the first lines and knows."""
    head = shown(ComparisonView(comparison("a\n", "b\n"))).splitlines()
    assert head[0] == "✓ FIXED  systemctl status nginx on web1"
    assert head[1].endswith("3 min later")
    assert head[2] == "  - Active was failed and is active now."
    assert "before: r1, exit 3 in 2.0 s" in head[3]
    assert "after: r4, exit 0 in 2.0 s" in head[3]


def test_every_standing_reads_without_colour() -> None:
    """No two standings have the same words, and each has a symbol."""
    assert len({words for _, words, _ in STANDINGS.values()}) == len(STANDINGS)
    assert all(len(symbol) == 1 and symbol.strip() for symbol, _, _ in STANDINGS.values())


def test_long_unchanged_stretches_are_folded() -> None:
    """Three lines stay around a change; the rest is a number. With full, all is there."""
    same = "".join(f"line {number}\n" for number in range(50))
    both = comparison(f"{same}state: down\n", f"{same}state: up\n")
    text = shown(ComparisonView(both))
    assert "… 47 unchanged lines" in text
    assert "line 47" in text
    assert "line 46" not in text
    assert "line 20" in shown(ComparisonView(both, full=True))


def test_a_missing_side_is_said_to_be_missing() -> None:
    """A check that was not run again shows no line as removed."""
    text = shown(ComparisonView(comparison("inactive\n", None, "not_rerun")))
    assert "! NOT RUN AGAIN" in text
    assert "after: not run again" in text
    assert "     1 │ inactive" in text
    assert "  -  1 │" not in text


def test_a_stale_verification_says_that_a_change_followed() -> None:
    """Both sides are there, and what to do is too."""
    text = shown(ComparisonView(comparison("down\n", "up\n", "not_rerun")))
    assert "A change followed r4: run the check again." in text


def test_wide_characters_keep_the_columns() -> None:
    """Characters of two cells are counted as two."""
    text = shown(ComparisonView(comparison("漢字" * 40 + "\n", "ok\n")))
    rows = [line for line in text.splitlines() if "漢" in line]
    assert len(rows) > 1
    console = Console(width=80)
    assert all(console.measure(row).maximum <= 80 for row in rows)


def test_a_very_long_line_is_cut_and_says_so() -> None:
    """One line of a megabyte does not fill the screen."""
    text = shown(ComparisonView(comparison("x" * 5000 + "\n", "y\n")))
    assert "4,600 characters more" in text
    assert len(text.splitlines()) < 30


def test_endless_differences_end_with_a_hint() -> None:
    """A thousand changed lines are not all shown, unless asked for."""
    before = "".join(f"a{number}\n" for number in range(1000))
    after = "".join(f"b{number}\n" for number in range(1000))
    assert "--full shows all" in shown(ComparisonView(comparison(before, after)))
    assert "--full" not in shown(ComparisonView(comparison(before, after), full=True))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("a\tb", "a       b"),
        ("bell\x07", "bell␇"),
        ("one\r\ntwo\r", "one\ntwo"),
        ("a\rb", "a␍b"),
        ("evil\u202egnp", "evil\ufffdgnp"),
        ("\x9b31m", "\ufffd31m"),
    ],
)
def test_output_cannot_steer_the_terminal(given: str, expected: str) -> None:
    """Escape sequences are gone; other control characters are pictures."""
    assert plain(given) == expected


def test_live_output_may_be_split_anywhere() -> None:
    """A character or an escape sequence in two pieces comes out whole, or not at all."""
    data = "é\x1b[31mred\x1b[0m\r\nend".encode()
    for cut in range(len(data)):
        live = LiveText()
        text = live.feed(data[:cut]) + live.feed(data[cut:]) + live.feed(b"", final=True)
        assert text == "éred\nend"


def test_a_run_that_was_not_sent_says_why() -> None:
    """Its line is a sentence, without an exit status."""
    record = run("r1", status="not_sent", exit_status=None, ended_at=None, reason="No route.")
    assert shown(run_line(record)).strip() == "not sent: No route. · r1"


def test_an_override_is_shown_beside_the_judges_verdict() -> None:
    """In the head of the check the verdict in force; under it who said so, what else, and why."""
    said = Override("still_failing", "The page is blank.", "dora", START)
    both = comparison("a\n", "b\n", "still_failing")
    assert both.after is not None
    both = replace(both, after=replace(both.after, verdict="fixed", override=said, baseline="r1"))
    head = shown(ComparisonView(both), 100).splitlines()
    assert head[0].startswith("✗ STILL FAILING")
    assert head[2] == ("  - dora says ✗ STILL FAILING, the judge said ✓ FIXED: The page is blank.")
    assert both.after is not None
    line = shown(run_line(both.after), 100).strip()
    assert line.endswith("✓ FIXED beside r1 · overridden by dora: ✗ STILL FAILING")


def test_a_grant_that_rests_on_an_override_says_so() -> None:
    """The technician and the dispatcher read it where they read that the ticket is closed."""
    answer = ClosureAnswer(result="granted", policy="p", mode="enforce", overrides=("dora said.",))
    assert "CLOSURE GRANTED (policy p, mode enforce)\n  - dora said." in shown(closure(answer, "s"))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.004, "4 ms"), (0.25, "0.2 s"), (9.96, "10 s"), (184, "3 min 4 s"), (3600, "1 h"),
     (7500, "2 h 5 min"), (277_200, "3 d 5 h")],
)  # fmt: skip
def test_spans_read_as_people_say_them(seconds: float, text: str) -> None:
    """Two units at most."""
    assert span(seconds) == text


def test_times_are_typed_as_people_type_them() -> None:
    """A clock time is the next one; +2h counts from now; nonsense says what can be written."""
    now = START.astimezone()
    assert parse_moment("+90m", START) == now + timedelta(minutes=90)
    later = parse_moment(f"{now:%H:%M}", START)
    assert later == now + timedelta(days=1)
    assert parse_moment("2026-11-24T10:00+00:00", START) == START + timedelta(hours=1)
    with pytest.raises(ValueError, match="Write 18:30"):
        parse_moment("tomorrow", START)
    with pytest.raises(ValueError, match="Write 90s"):
        parse_span("5 minutes")
