"""Monitors: checks that go on after the technician has left, each due moment counted once."""

from datetime import datetime, timedelta

import pytest

from stillfixed.actors.session import events as e
from stillfixed.actors.session import requests as r
from tests.support.desk import Desk

CHECK = "systemctl is-active nginx"


def start(desk: Desk, *, every: float | None = None, minutes: float = 10) -> datetime:
    first_at = desk.now + timedelta(minutes=1)
    until = first_at + timedelta(minutes=minutes) if every else None
    answer = desk.ask(
        r.StartMonitor(by="ana", command=CHECK, first_at=first_at, every_seconds=every, until=until)
    )
    assert answer == r.Done(id="m1"), answer
    return first_at


def fire(desk: Desk, due_at: datetime, *, late_seconds: float = 0) -> r.SessionAnswer:
    desk.now = due_at + timedelta(seconds=late_seconds - 1)
    return desk.ask(r.FireTimer(by="stillfixed", monitor="m1", due_at=due_at))


def test_a_monitor_runs_once_at_its_time() -> None:
    """One run in the same history, then the monitor is over."""
    desk = Desk().open()
    due_at = start(desk)
    answer = fire(desk, due_at)
    assert isinstance(answer, r.RunAnswer)
    assert desk.state.running[answer.run].started.monitor == "m1"
    assert not desk.state.monitors


def test_a_due_moment_counts_once() -> None:
    """A timer that rings twice gives one run."""
    desk = Desk().open()
    due_at = start(desk, every=60)
    fire(desk, due_at)
    before = len(desk.log)
    assert fire(desk, due_at) == r.Done()
    assert len(desk.log) == before


def test_a_host_that_slept_does_not_catch_up() -> None:
    """Missed moments are skipped; the next one is on the same grid."""
    desk = Desk().open()
    due_at = start(desk, every=60)
    fire(desk, due_at, late_seconds=150)
    assert desk.state.monitors["m1"].next_due == due_at + timedelta(seconds=180)


def test_a_monitor_ends_at_its_time() -> None:
    """The last moment is not after `until`."""
    desk = Desk().open()
    due_at = start(desk, every=60, minutes=2)
    fired = 0
    while "m1" in desk.state.monitors:
        due_at = desk.state.monitors["m1"].next_due
        answer = fire(desk, due_at)
        assert isinstance(answer, r.RunAnswer)
        desk.finish(answer.run)
        fired += 1
    assert fired == 3


def test_a_run_that_takes_too_long_skips_a_moment_and_says_so() -> None:
    """Two runs of one monitor never overlap."""
    desk = Desk().open()
    fire(desk, start(desk, every=60))
    fire(desk, desk.state.monitors["m1"].next_due)
    fired = desk.last(e.MonitorFired)
    assert isinstance(fired, e.MonitorFired)
    assert "r1" in fired.skipped
    assert desk.state.runs == 1


def test_a_monitor_goes_on_after_closing() -> None:
    """It watches an intermittent fault; its verdicts land in the closed session's history."""
    desk = Desk().open()
    desk.run(CHECK, 3, "failed\n")
    desk.run("systemctl restart nginx")
    due_at = start(desk, every=60)
    desk.run(CHECK, 0, "active\n")
    assert desk.close().result == "granted"
    answer = fire(desk, due_at)
    assert isinstance(answer, r.RunAnswer)
    desk.finish(answer.run, 3, "failed\n")
    verified = desk.last(e.CheckVerified)
    assert isinstance(verified, e.CheckVerified)
    assert (verified.verification, verified.verdict) == (answer.run, "still_failing")
    assert desk.state.status == "closed"


def test_a_stopped_monitor_rings_into_the_void() -> None:
    """A timer that was under way when it was stopped changes nothing."""
    desk = Desk().open()
    due_at = start(desk, every=60)
    desk.ask(r.StopMonitor(by="ana", monitor="m1"))
    assert fire(desk, due_at) == r.Done()
    assert desk.state.runs == 0


@pytest.mark.parametrize(
    "change",
    [
        {"command": "systemctl restart nginx"},
        {"every_seconds": 0.1},
        {"every_seconds": None},
        {"first_at": datetime(2026, 1, 1)},
        {"until": datetime.fromisoformat("2020-01-01T00:00:00+00:00")},
    ],
)
def test_a_monitor_that_makes_no_sense_is_refused(change: dict[str, object]) -> None:
    """A changing command, a period too short or without end, times without a zone."""
    desk = Desk().open()
    given: dict[str, object] = {
        "by": "ana",
        "command": CHECK,
        "first_at": desk.now,
        "every_seconds": 60.0,
        "until": desk.now + timedelta(hours=1),
    }
    request = r.StartMonitor(**{**given, **change})  # type: ignore[arg-type]
    assert isinstance(desk.ask(request), r.Refused)
    assert not desk.state.monitors
