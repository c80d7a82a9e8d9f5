"""Outcomes are counted from the events of the log, each once and by the right name."""

from datetime import UTC, datetime
from typing import Any

import pytest

from stillfixed.actors.session import events as e
from stillfixed.connectors.web.operating.metrics import Metrics

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def event(kind: type[e.Event], **words: Any) -> Any:
    return kind(at=NOW, by="ana", **words)


GRANTED = event(e.ClosureGranted, policy="p", mode="warn")
REFUSED = event(e.ClosureRefused, policy="p", mode="enforce", reasons=())


@pytest.mark.parametrize(
    ("seen", "line"),
    [
        (event(e.RunFinished, run="r", end="exited", exit_status=0), 'outcome="exited_ok"}'),
        (event(e.RunFinished, run="r", end="exited", exit_status=3), 'outcome="exited_not_ok"}'),
        (event(e.RunFinished, run="r", end="timed_out"), 'runs_total{outcome="timed_out"}'),
        (event(e.RunFinished, run="r", end="cancelled"), 'runs_total{outcome="cancelled"}'),
        (event(e.RunNotSent, run="r", reason="x"), 'runs_total{outcome="not_sent"}'),
        (event(e.RunInterrupted, run="r", reason="x"), 'runs_total{outcome="interrupted"}'),
        (GRANTED, 'gate_total{mode="warn",outcome="granted"}'),
        (REFUSED, 'gate_total{mode="enforce",outcome="refused"}'),
        (event(e.ClosureSentBack, reason="x"), 'gate_total{mode="",outcome="sent_back"}'),
    ],
)  # fmt: skip
def test_an_outcome_is_counted_once_by_its_name(seen: e.SessionEvent, line: str) -> None:
    """And nothing else is counted with it."""
    metrics = Metrics()
    metrics.saw(seen)
    counted = [
        one for one in metrics.text().decode().splitlines()
        if one.startswith(("stillfixed_runs_total", "stillfixed_gate_total"))
    ]  # fmt: skip
    [only] = counted
    assert f"{line} 1.0" in only


def test_sessions_asleep_are_those_that_can_still_wake() -> None:
    """Closed ones are not asleep, and one that others have in memory is not, either."""
    metrics = Metrics()
    metrics.note_sessions({"open": 5, "awaiting_confirmation": 1, "closed": 90}, live=2, hosts=2)
    text = metrics.text().decode()
    assert "stillfixed_sessions_asleep 4.0" in text
    assert 'stillfixed_sessions{status="closed"} 90.0' in text
    metrics.note_sessions({"open": 1}, live=2, hosts=1)
    text = metrics.text().decode()
    assert "stillfixed_sessions_asleep 0.0" in text
    assert 'status="closed"' not in text
