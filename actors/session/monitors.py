"""Decisions about monitors: checks that go on after the technician has left.

A firing names the moment it is due. That moment is used up by the first firing that arrives, so a
timer may ring as often as it likes and counts once.
"""

from datetime import datetime, timedelta
from math import floor

from stillfixed.actors.session import events as e
from stillfixed.actors.session import requests as r
from stillfixed.actors.session.checks import bad_command, resolve_endpoint, run_started
from stillfixed.actors.session.decision import Decision, refuse
from stillfixed.actors.session.state import Monitor, State
from stillfixed.actors.verdicts import canonical, effect_of

SHORTEST_PERIOD_SECONDS = 1.0


def start(state: State, request: r.StartMonitor, context: r.Context) -> Decision:
    endpoint = resolve_endpoint(state, request.endpoint)
    if isinstance(endpoint, Decision):
        return endpoint
    if refusal := bad_command(request.command) or _bad_times(request):
        return refusal
    platform = state.endpoints[endpoint].platform
    if effect_of(request.command, platform) != "reads":
        return refuse(
            "refused",
            f"`{request.command}` may change something: only a reading command can be a monitor, "
            "since nobody watches it.",
        )
    name = f"m{state.monitors_started + 1}"
    started = e.MonitorStarted(
        at=context.now,
        by=request.by,
        monitor=name,
        endpoint=endpoint,
        command=request.command,
        check=canonical(request.command, platform),
        first_at=request.first_at,
        every_seconds=request.every_seconds,
        until=request.until,
    )
    return Decision((started,), r.Done(id=name))


def _bad_times(request: r.StartMonitor) -> Decision | None:
    every, until = request.every_seconds, request.until
    if (every is None) != (until is None):
        return refuse("refused", "A monitor runs once, or every so often until a time: give both.")
    if every is not None and every < SHORTEST_PERIOD_SECONDS:
        return refuse("refused", f"A monitor's period is at least {SHORTEST_PERIOD_SECONDS:g} s.")
    if request.first_at.tzinfo is None or (until is not None and until.tzinfo is None):
        return refuse("refused", "A monitor's times need a time zone, UTC for instance.")
    if until is not None and until < request.first_at:
        return refuse("refused", "The monitor would end before its first run.")
    return None


def stop(state: State, request: r.StopMonitor, context: r.Context) -> Decision:
    if request.monitor not in state.monitors:
        return refuse("refused", f"No monitor {request.monitor} is going. Nothing was stopped.")
    ended = e.MonitorEnded(
        at=context.now, by=request.by, monitor=request.monitor, reason=f"Stopped by {request.by}."
    )
    return Decision((ended,), r.Done(id=request.monitor))


def fire(state: State, request: r.FireTimer, context: r.Context) -> Decision:
    monitor = state.monitors.get(request.monitor)
    if monitor is None or monitor.next_due != request.due_at:
        return Decision((), r.Done())
    in_flight = [run for run in state.running.values() if run.started.monitor == request.monitor]
    next_due = _next_due(monitor, context.now)
    m = monitor.started
    fired = e.MonitorFired(
        at=context.now,
        by=request.by,
        monitor=request.monitor,
        due_at=request.due_at,
        next_due=next_due,
        skipped=f"Run {in_flight[0].started.run} is still going." if in_flight else "",
    )
    if in_flight:
        return Decision((fired,), r.Done())
    started = run_started(
        state, m.endpoint, m.command, by=m.by, at=context.now, monitor=request.monitor
    )
    return Decision((fired, started), r.RunAnswer(run=started.run))


def _next_due(monitor: Monitor, now: datetime) -> datetime | None:
    """The first moment of the monitor's grid after now: a host that slept does not catch up."""
    m = monitor.started
    if m.every_seconds is None or m.until is None:
        return None
    steps = max(1, floor((now - monitor.next_due).total_seconds() / m.every_seconds) + 1)
    due = monitor.next_due + timedelta(seconds=steps * m.every_seconds)
    return due if due <= m.until else None
