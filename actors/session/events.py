"""What can happen in a session: the stored facts, in the order a session meets them.

An event is never changed once released. Tags are explicit, so that renaming a class cannot break a
log; a field added later has a default; a change of meaning gets a new tag. `tests/unit/histories/`
keeps one stored example of each.

Every event says when it happened (`at`, aware UTC) and who did it (`by`: a person's name, or
`stillfixed` for what the runtime does by itself).
"""

from datetime import datetime
from typing import Literal

import msgspec

from stillfixed.actors.session.policy import Mode
from stillfixed.actors.verdicts.model import Effect, FieldChange, Health, Platform, Verdict

RUNTIME = "stillfixed"
"""The name in `by` of events that nobody asked for, such as an interruption found on activation."""

RunEnd = Literal["exited", "signalled", "timed_out", "cancelled"]
AnnotationKind = Literal["note", "verification", "cannot_verify"]
CallbackKind = Literal["reopened", "new_ticket"]


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """`masked` counts, by kind, the secrets that stand as masks in this event's texts or bytes.
    Releases before masking did not record it."""

    at: datetime
    by: str
    masked: dict[str, int] = {}


# -- the session and its endpoints -------------------------------------------------------------
class SessionOpened(Event, frozen=True, kw_only=True, tag="session_opened"):
    ticket: str
    client: str
    team: str = ""
    category: str = ""
    title: str = ""


class HandedOver(Event, frozen=True, kw_only=True, tag="handed_over"):
    """From here on, `by` is the session's technician."""

    earlier: str


class EndpointAdded(Event, frozen=True, kw_only=True, tag="endpoint_added"):
    endpoint: str
    kind: str
    address: str
    platform: Platform
    options: dict[str, str] = {}


class EndpointConnected(Event, frozen=True, kw_only=True, tag="endpoint_connected"):
    endpoint: str
    identity: str


class EndpointLost(Event, frozen=True, kw_only=True, tag="endpoint_lost"):
    endpoint: str
    reason: str


# -- runs --------------------------------------------------------------------------------------
class RunStarted(Event, frozen=True, kw_only=True, tag="run_started"):
    """Durable before the command leaves. `check` is the canonical form of a reading command."""

    run: str
    endpoint: str
    command: str
    effect: Effect
    check: str | None = None
    monitor: str | None = None


class OutputCaptured(Event, frozen=True, kw_only=True, tag="output_captured"):
    """The next piece of one output of a run; `chunk` names its bytes in the log."""

    run: str
    output: Literal["stdout", "stderr"]
    chunk: str
    size_bytes: int


class RunFinished(Event, frozen=True, kw_only=True, tag="run_finished"):
    """`dropped_bytes` came after the output limit: counted, not kept."""

    run: str
    end: RunEnd
    exit_status: int | None = None
    signal: str | None = None
    stdout_bytes: int = 0
    stderr_bytes: int = 0
    dropped_bytes: int = 0


class RunNotSent(Event, frozen=True, kw_only=True, tag="run_not_sent"):
    """The command certainly did not reach the endpoint."""

    run: str
    reason: str


class RunInterrupted(Event, frozen=True, kw_only=True, tag="run_interrupted"):
    """The command was sent, or may have been, and its outcome is unknown. It is not sent again."""

    run: str
    reason: str


class ChangeDeclared(Event, frozen=True, kw_only=True, tag="change_declared"):
    """Something was changed outside the session: a cable, a vendor's console, a user's reboot."""

    text: str


# -- checks ------------------------------------------------------------------------------------
class ExpectationStated(Event, frozen=True, kw_only=True, tag="expectation_stated"):
    endpoint: str
    check: str
    command: str
    expect: str


class CheckObserved(Event, frozen=True, kw_only=True, tag="check_observed"):
    """A run of a check with no change before it to verify: the new baseline.

    `counts` is false when a change ran meanwhile, so that the run is neither before nor after it.
    """

    endpoint: str
    check: str
    run: str
    health: Health
    reasons: tuple[str, ...] = ()
    judge: str
    counts: bool = True


class CheckVerified(Event, frozen=True, kw_only=True, tag="check_verified"):
    """A later run of a known check, after a change, beside its baseline. `health` is what that run
    alone shows; releases before runbooks did not record it.

    `fields` are the values behind the verdict, worst first and shortened where they are long, as
    many as are kept; `fields_left_out` more are no worse than the last.
    """

    endpoint: str
    check: str
    baseline: str
    verification: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    judge: str
    health: Health = "unclear"
    fields: tuple[FieldChange, ...] = ()
    fields_left_out: int = 0


class LoadedCheck(msgspec.Struct, frozen=True, omit_defaults=True):
    """One check of a loaded runbook, its parameters filled in; `check` is its canonical form."""

    check: str
    command: str
    why: str = ""
    expect: str | None = None


class RunbookLoaded(Event, frozen=True, kw_only=True, tag="runbook_loaded"):
    """The checks as they were then: the file may change. `digest` is the SHA-256 of its text.

    Loading the same runbook on the same endpoint again takes the place of the earlier load.
    """

    runbook: str
    title: str
    digest: str
    endpoint: str
    checks: tuple[LoadedCheck, ...]
    parameters: dict[str, str] = {}


class VerdictOverridden(Event, frozen=True, kw_only=True, tag="verdict_overridden"):
    """A dispatcher disagrees: `verdict` is in force in place of `replaces`, for this verification
    alone. The judge's own verdict stays what it is, in its `check_verified`."""

    endpoint: str
    check: str
    verification: str
    replaces: Verdict
    verdict: Verdict
    reason: str


# -- messages ----------------------------------------------------------------------------------
class Annotated(Event, frozen=True, kw_only=True, tag="annotated"):
    annotation: str
    kind: AnnotationKind
    text: str


class AnnotationAccepted(Event, frozen=True, kw_only=True, tag="annotation_accepted"):
    """A dispatcher accepts the stated reason of a `cannot_verify`."""

    annotation: str


# -- monitors ----------------------------------------------------------------------------------
class MonitorStarted(Event, frozen=True, kw_only=True, tag="monitor_started"):
    """`every_seconds` None: one run at `first_at`; otherwise to `until`, that moment included."""

    monitor: str
    endpoint: str
    command: str
    check: str
    first_at: datetime
    every_seconds: float | None = None
    until: datetime | None = None


class MonitorFired(Event, frozen=True, kw_only=True, tag="monitor_fired"):
    """The moment `due_at` is used up. `skipped` says why no run followed, empty if one did."""

    monitor: str
    due_at: datetime
    next_due: datetime | None = None
    skipped: str = ""


class MonitorEnded(Event, frozen=True, kw_only=True, tag="monitor_ended"):
    monitor: str
    reason: str


# -- closure -----------------------------------------------------------------------------------
class ClosureRequested(Event, frozen=True, kw_only=True, tag="closure_requested"):
    pass


class ClosureRefused(Event, frozen=True, kw_only=True, tag="closure_refused"):
    policy: str
    mode: Mode
    reasons: tuple[str, ...]


class ClosureConfirmed(Event, frozen=True, kw_only=True, tag="closure_confirmed"):
    """A dispatcher has seen the history and agrees."""


class ClosureSentBack(Event, frozen=True, kw_only=True, tag="closure_sent_back"):
    reason: str


class ClosureGranted(Event, frozen=True, kw_only=True, tag="closure_granted"):
    """`evidence` names the runs and annotations that carry the closure; `unmet` is what the policy
    would have refused for, where its mode is observe or warn; `overrides` says who overrode which
    verdict that was in force then, and why."""

    policy: str
    mode: Mode
    evidence: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()


class CallbackRecorded(Event, frozen=True, kw_only=True, tag="callback_recorded"):
    """The client came back about this closed session's ticket."""

    kind: CallbackKind
    ticket: str
    text: str = ""


# -- retention ---------------------------------------------------------------------------------
class OutputsRemoved(Event, frozen=True, kw_only=True, tag="outputs_removed"):
    """The bytes of every output captured before this were removed for good, under a rule of
    retention: `days` after the session was closed. Commands, sizes, verdicts and their reasons
    stay. This is the proof: `chunks` name the removed bytes by their content, as `output_captured`
    does; `size_bytes` is their size. `shared` more chunks stay in the log for other sessions, whose
    outputs are the same bytes; here they are not shown any more either.
    """

    rule: str
    days: int
    runs: int
    chunks: tuple[str, ...]
    size_bytes: int
    shared: int = 0


SessionEvent = (
    SessionOpened
    | HandedOver
    | EndpointAdded
    | EndpointConnected
    | EndpointLost
    | RunStarted
    | OutputCaptured
    | RunFinished
    | RunNotSent
    | RunInterrupted
    | ChangeDeclared
    | ExpectationStated
    | CheckObserved
    | CheckVerified
    | VerdictOverridden
    | RunbookLoaded
    | Annotated
    | AnnotationAccepted
    | MonitorStarted
    | MonitorFired
    | MonitorEnded
    | ClosureRequested
    | ClosureRefused
    | ClosureConfirmed
    | ClosureSentBack
    | ClosureGranted
    | CallbackRecorded
    | OutputsRemoved
)

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(SessionEvent)


def encode(event: SessionEvent) -> bytes:
    """An event as it is stored: JSON, so that an auditor and DuckDB read it without this code."""
    return _encoder.encode(event)


def decode(data: bytes) -> SessionEvent:
    event: SessionEvent = _decoder.decode(data)
    return event
