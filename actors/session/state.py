"""A session folded from its events: just what decisions need, so that a snapshot stays small.

`evolve` is a pure fold: it never fails and never validates, because what is in the log happened.
The bytes of outputs and the full list of runs are not here; the log has them.

**Before and after.** `level` counts the edges of changes: it rises when a changing run starts, when
it ends, and when a change is declared. A run of a check belongs to the level it started on, if no
edge passed before it ended. The check's baseline is its last run on its first level; a run on a
higher level is a verification; a verification is current only while no edge has passed since.
"""

from datetime import datetime
from typing import Literal, assert_never

import msgspec
from msgspec.structs import replace

from stillfixed.actors.session import events as e
from stillfixed.actors.verdicts.model import Health, Platform, Verdict

STATE_VERSION = 5
"""Raise it when `State` or `evolve` changes: older snapshots are then rebuilt from the events."""

JUDGED_BYTES = 1024 * 1024
"""An output is judged if it is no longer than this; beyond it, a verdict would be a guess."""

Status = Literal["new", "open", "awaiting_confirmation", "closed"]
CheckKey = str
"""Endpoint and canonical command, see `check_key`."""


def check_key(endpoint: str, check: str) -> CheckKey:
    return f"{endpoint}\x1f{check}"


def runbook_key(runbook: str, endpoint: str) -> str:
    return f"{runbook}\x1f{endpoint}"


class EndpointInfo(msgspec.Struct, frozen=True):
    kind: str
    address: str
    platform: Platform
    options: dict[str, str] = {}


class OutputPiece(msgspec.Struct, frozen=True):
    output: Literal["stdout", "stderr"]
    chunk: str
    size_bytes: int


class RunInFlight(msgspec.Struct, frozen=True):
    started: e.RunStarted
    level: int
    pieces: tuple[OutputPiece, ...] = ()
    size_bytes: int = 0


class RunSeen(msgspec.Struct, frozen=True):
    """A finished run of a check: enough to show and judge it again. `pieces` is None when the
    output is longer than `JUDGED_BYTES`, or was removed."""

    run: str
    by: str
    command: str
    started_at: datetime
    ended_at: datetime
    exit_status: int | None
    pieces: tuple[OutputPiece, ...] | None
    level: int


class Override(msgspec.Struct, frozen=True):
    """What a dispatcher says in place of the judge."""

    verdict: Verdict
    reason: str
    by: str
    at: datetime


class Verification(msgspec.Struct, frozen=True):
    """`verdict` and `reasons` are the judge's; `health` is what the run shows alone, without the
    baseline beside it. An override is of this one judgement: the next, of a later run or by a new
    expectation, begins without one."""

    seen: RunSeen
    verdict: Verdict
    reasons: tuple[str, ...]
    health: Health = "unclear"
    override: Override | None = None

    @property
    def in_force(self) -> Verdict:
        """The verdict that counts, while the verification is current."""
        return self.override.verdict if self.override else self.verdict


class Check(msgspec.Struct, frozen=True):
    """One diagnostic question to one endpoint. `command` is how it was asked first."""

    endpoint: str
    check: str
    command: str
    baseline: RunSeen
    health: Health
    verification: Verification | None = None

    @property
    def last(self) -> RunSeen:
        return self.verification.seen if self.verification else self.baseline

    def seen(self, run: str) -> RunSeen | None:
        """The baseline or the verification, if it is this run."""
        if self.baseline.run == run:
            return self.baseline
        if self.verification and self.verification.seen.run == run:
            return self.verification.seen
        return None


class Monitor(msgspec.Struct, frozen=True):
    started: e.MonitorStarted
    next_due: datetime


class Annotation(msgspec.Struct, frozen=True):
    kind: e.AnnotationKind
    by: str
    level: int
    accepted_by: str | None = None


class State(msgspec.Struct, frozen=True):
    version: int = 0
    status: Status = "new"
    opened: e.SessionOpened | None = None
    technician: str = ""
    worked: tuple[str, ...] = ()
    """Everyone who ran or declared something here: none of them is the second pair of eyes."""
    level: int = 0
    endpoints: dict[str, EndpointInfo] = {}
    running: dict[str, RunInFlight] = {}
    finished: dict[str, RunSeen] = {}
    """Runs of checks that ended and wait for their judgement, which follows in the same append."""
    checks: dict[CheckKey, Check] = {}
    expectations: dict[CheckKey, str] = {}
    runbooks: dict[str, e.RunbookLoaded] = {}
    """By `runbook_key`: what was loaded last of each runbook on each endpoint."""
    monitors: dict[str, Monitor] = {}
    annotations: dict[str, Annotation] = {}
    runs: int = 0
    monitors_started: int = 0
    annotations_made: int = 0
    closed_at: datetime | None = None
    outputs_removed_at: datetime | None = None
    closure_requests: int = 0
    masks: int = 0
    """No mask has a number above this."""
    last_at: datetime | None = None


def evolve(state: State, event: e.SessionEvent) -> State:
    """The state after `event`."""
    after = _apply(state, event)
    masks = state.masks + sum(event.masked.values())
    return replace(after, version=state.version + 1, masks=masks, last_at=event.at)


def fold(state: State, events: tuple[e.SessionEvent, ...] | list[e.SessionEvent]) -> State:
    for event in events:
        state = evolve(state, event)
    return state


def _apply(s: State, event: e.SessionEvent) -> State:
    match event:
        case e.SessionOpened():
            return replace(
                s,
                status="open",
                opened=event,
                technician=event.by,
                worked=_with(s.worked, event.by),
            )
        case e.HandedOver():
            return replace(s, technician=event.by, worked=_with(s.worked, event.by))
        case e.EndpointAdded():
            info = EndpointInfo(event.kind, event.address, event.platform, event.options)
            return replace(s, endpoints={**s.endpoints, event.endpoint: info})
        case e.EndpointConnected() | e.EndpointLost() | e.CallbackRecorded():
            return s
        case e.RunStarted() | e.OutputCaptured() | e.RunFinished():
            return _apply_run(s, event)
        case e.RunNotSent() | e.RunInterrupted():
            return _run_over(s, event.run)
        case e.ChangeDeclared():
            return replace(s, level=s.level + 1, worked=_with(s.worked, event.by))
        case e.ExpectationStated():
            key = check_key(event.endpoint, event.check)
            return replace(s, expectations={**s.expectations, key: event.expect})
        case e.CheckObserved() | e.CheckVerified():
            return _apply_check(s, event)
        case e.VerdictOverridden():
            return _apply_override(s, event)
        case e.RunbookLoaded():
            return _apply_runbook(s, event)
        case e.Annotated():
            return _apply_annotation(s, event)
        case e.AnnotationAccepted():
            accepted = replace(s.annotations[event.annotation], accepted_by=event.by)
            return replace(s, annotations={**s.annotations, event.annotation: accepted})
        case e.MonitorStarted() | e.MonitorFired() | e.MonitorEnded():
            return _apply_monitor(s, event)
        case e.ClosureRequested():
            return replace(
                s, status="awaiting_confirmation", closure_requests=s.closure_requests + 1
            )
        case e.ClosureConfirmed():
            return s
        case e.ClosureRefused() | e.ClosureSentBack():
            return replace(s, status="open")
        case e.ClosureGranted():
            return replace(s, status="closed", closed_at=event.at)
        case e.OutputsRemoved():
            checks = {key: _without_outputs(check) for key, check in s.checks.items()}
            return replace(s, checks=checks, outputs_removed_at=event.at)
        case _ as never:
            assert_never(never)


def _apply_run(s: State, event: e.RunStarted | e.OutputCaptured | e.RunFinished) -> State:
    match event:
        case e.RunStarted():
            level = s.level if event.effect == "reads" else s.level + 1
            worked = s.worked if event.monitor else _with(s.worked, event.by)
            run = RunInFlight(event, level)
            running = {**s.running, event.run: run}
            return replace(s, running=running, runs=s.runs + 1, level=level, worked=worked)
        case e.OutputCaptured():
            run = s.running[event.run]
            size_bytes = run.size_bytes + event.size_bytes
            pieces = run.pieces
            if size_bytes <= JUDGED_BYTES:
                pieces = (*pieces, OutputPiece(event.output, event.chunk, event.size_bytes))
            run = replace(run, pieces=pieces, size_bytes=size_bytes)
            return replace(s, running={**s.running, event.run: run})
        case e.RunFinished():
            run = s.running[event.run]
            after = _run_over(s, event.run)
            if run.started.check is None:
                return after
            complete = run.size_bytes <= JUDGED_BYTES and not event.dropped_bytes
            seen = RunSeen(
                run=event.run,
                by=run.started.by,
                command=run.started.command,
                started_at=run.started.at,
                ended_at=event.at,
                exit_status=event.exit_status,
                pieces=run.pieces if complete else None,
                level=run.level,
            )
            return replace(after, finished={**after.finished, event.run: seen})
        case _ as never:
            assert_never(never)


def _run_over(s: State, run_id: str) -> State:
    """The run is no longer in flight; if it changed something, that is the change's second edge."""
    run = s.running[run_id]
    running = {name: other for name, other in s.running.items() if name != run_id}
    return replace(s, running=running, level=s.level + (run.started.effect != "reads"))


def _apply_check(s: State, event: e.CheckObserved | e.CheckVerified) -> State:
    key = check_key(event.endpoint, event.check)
    run_id = event.run if isinstance(event, e.CheckObserved) else event.verification
    known = s.checks.get(key)
    # A run that is judged a second time, because of a new expectation, is in its check.
    seen = s.finished.get(run_id) or (known.seen(run_id) if known else None)
    finished = {name: run for name, run in s.finished.items() if name != run_id}
    if seen is None or (isinstance(event, e.CheckObserved) and not event.counts):
        return replace(s, finished=finished)
    if isinstance(event, e.CheckObserved):
        if known and known.baseline.run == run_id:
            check = replace(known, health=event.health)
        else:
            command = known.command if known else seen.command
            check = Check(event.endpoint, event.check, command, seen, event.health)
    elif known is None:
        return replace(s, finished=finished)
    else:
        verification = Verification(seen, event.verdict, event.reasons, event.health)
        check = replace(known, verification=verification)
    return replace(s, finished=finished, checks={**s.checks, key: check})


def _without_outputs(check: Check) -> Check:
    baseline, verification = replace(check.baseline, pieces=None), check.verification
    if verification is not None:
        verification = replace(verification, seen=replace(verification.seen, pieces=None))
    return replace(check, baseline=baseline, verification=verification)


def _apply_override(s: State, event: e.VerdictOverridden) -> State:
    key = check_key(event.endpoint, event.check)
    known = s.checks.get(key)
    if not known or not known.verification or known.verification.seen.run != event.verification:
        return s
    override = Override(event.verdict, event.reason, event.by, event.at)
    verification = replace(known.verification, override=override)
    return replace(s, checks={**s.checks, key: replace(known, verification=verification)})


def _apply_runbook(s: State, event: e.RunbookLoaded) -> State:
    stated = {
        check_key(event.endpoint, check.check): check.expect
        for check in event.checks
        if check.expect is not None
    }
    return replace(
        s,
        runbooks=with_runbook(s.runbooks, event),
        expectations={**s.expectations, **stated},
    )


def with_runbook(
    loaded: dict[str, e.RunbookLoaded], event: e.RunbookLoaded
) -> dict[str, e.RunbookLoaded]:
    """What is loaded after `event`, in the order of loading."""
    key = runbook_key(event.runbook, event.endpoint)
    return {**{name: book for name, book in loaded.items() if name != key}, key: event}


def _apply_annotation(s: State, event: e.Annotated) -> State:
    made = s.annotations_made + 1
    if event.kind == "note":
        return replace(s, annotations_made=made)
    annotation = Annotation(event.kind, event.by, s.level)
    return replace(
        s, annotations_made=made, annotations={**s.annotations, event.annotation: annotation}
    )


def _apply_monitor(s: State, event: e.MonitorStarted | e.MonitorFired | e.MonitorEnded) -> State:
    match event:
        case e.MonitorStarted():
            monitor = Monitor(event, event.first_at)
            return replace(
                s,
                monitors={**s.monitors, event.monitor: monitor},
                monitors_started=s.monitors_started + 1,
            )
        case e.MonitorFired(next_due=datetime() as next_due):
            monitor = replace(s.monitors[event.monitor], next_due=next_due)
            return replace(s, monitors={**s.monitors, event.monitor: monitor})
        case e.MonitorFired() | e.MonitorEnded():
            monitors = {name: m for name, m in s.monitors.items() if name != event.monitor}
            return replace(s, monitors=monitors)
        case _ as never:
            assert_never(never)


def _with(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return names if name in names else (*names, name)


# -- snapshots and headings --------------------------------------------------------------------
class _Snapshot(msgspec.Struct, frozen=True):
    state_version: int
    state: msgspec.Raw


_snapshot_decoder = msgspec.msgpack.Decoder(_Snapshot)
_state_decoder = msgspec.msgpack.Decoder(State)


def to_snapshot(state: State) -> bytes:
    return msgspec.msgpack.encode(
        _Snapshot(STATE_VERSION, msgspec.Raw(msgspec.msgpack.encode(state)))
    )


def from_snapshot(data: bytes) -> State | None:
    """The state in a snapshot; None if another version of this module wrote it."""
    snapshot = _snapshot_decoder.decode(data)
    return (
        _state_decoder.decode(snapshot.state) if snapshot.state_version == STATE_VERSION else None
    )


class Heading(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What lists show of a session and searches compare."""

    ticket: str
    client: str
    team: str = ""
    category: str = ""
    title: str = ""
    technician: str
    status: Status
    opened_at: datetime
    closed_at: datetime | None = None
    outputs_removed_at: datetime | None = None


def heading(state: State) -> Heading | None:
    """None until the session is open."""
    if state.opened is None:
        return None
    o = state.opened
    return Heading(
        ticket=o.ticket,
        client=o.client,
        team=o.team,
        category=o.category,
        title=o.title,
        technician=state.technician,
        status=state.status,
        opened_at=o.at,
        closed_at=state.closed_at,
        outputs_removed_at=state.outputs_removed_at,
    )
