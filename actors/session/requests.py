"""What callers ask of a session, and what it answers. Stored answers are these, encoded.

`by` is the person who asks. Requests that only the runtime makes are at the end.
"""

from datetime import datetime
from typing import Literal

import msgspec

from stillfixed.actors.session.events import AnnotationKind, CallbackKind, RunEnd
from stillfixed.actors.session.history import RunRecord
from stillfixed.actors.session.policy import Policy
from stillfixed.actors.verdicts.model import Platform, Verdict

TIME_LIMIT_SECONDS = 600.0
OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024
"""What a run may take where nobody says otherwise."""


class Request(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    by: str


class OpenSession(Request, frozen=True, kw_only=True, tag="open_session"):
    ticket: str
    client: str
    team: str = ""
    category: str = ""
    title: str = ""


class HandOver(Request, frozen=True, kw_only=True, tag="hand_over"):
    """`by` takes the session over."""


class AddEndpoint(Request, frozen=True, kw_only=True, tag="add_endpoint"):
    endpoint: str
    kind: str
    address: str
    platform: Platform
    options: dict[str, str] = {}


class StartRun(Request, frozen=True, kw_only=True, tag="start_run"):
    """`endpoint` may stay empty where the session has one. Limits: seconds, bytes."""

    command: str
    endpoint: str = ""
    time_limit_seconds: float = TIME_LIMIT_SECONDS
    output_limit_bytes: int = OUTPUT_LIMIT_BYTES


class CancelRun(Request, frozen=True, kw_only=True, tag="cancel_run"):
    run: str


class DeclareChange(Request, frozen=True, kw_only=True, tag="declare_change"):
    text: str


class StateExpectation(Request, frozen=True, kw_only=True, tag="state_expectation"):
    """What healthy means for a check: `FIELD OP VALUE`."""

    command: str
    expect: str
    endpoint: str = ""


class OverrideVerdict(Request, frozen=True, kw_only=True, tag="override_verdict"):
    """A dispatcher disagrees with the verdict of `run`, a check's verification."""

    run: str
    verdict: Verdict
    reason: str


class LoadRunbook(Request, frozen=True, kw_only=True, tag="load_runbook"):
    """`text` is the whole TOML file; `source` names it in errors. `parameters` are values for those
    that it asks for."""

    text: str
    endpoint: str = ""
    parameters: dict[str, str] = {}
    source: str = "the runbook"


class Annotate(Request, frozen=True, kw_only=True, tag="annotate"):
    kind: AnnotationKind
    text: str


class AcceptAnnotation(Request, frozen=True, kw_only=True, tag="accept_annotation"):
    annotation: str


class StartMonitor(Request, frozen=True, kw_only=True, tag="start_monitor"):
    """Once at `first_at`, or every `every_seconds` from then until `until`."""

    command: str
    first_at: datetime
    endpoint: str = ""
    every_seconds: float | None = None
    until: datetime | None = None


class StopMonitor(Request, frozen=True, kw_only=True, tag="stop_monitor"):
    monitor: str


class RequestClosure(Request, frozen=True, kw_only=True, tag="request_closure"):
    pass


class ConfirmClosure(Request, frozen=True, kw_only=True, tag="confirm_closure"):
    pass


class SendBack(Request, frozen=True, kw_only=True, tag="send_back"):
    reason: str


class RecordCallback(Request, frozen=True, kw_only=True, tag="record_callback"):
    kind: CallbackKind
    ticket: str = ""
    text: str = ""


# -- made by the runtime -----------------------------------------------------------------------
class FireTimer(Request, frozen=True, kw_only=True, tag="fire_timer"):
    monitor: str
    due_at: datetime


class FinishRun(Request, frozen=True, kw_only=True, tag="finish_run"):
    run: str
    end: RunEnd
    exit_status: int | None = None
    signal: str | None = None
    stdout_bytes: int = 0
    stderr_bytes: int = 0
    dropped_bytes: int = 0


class GiveUpRun(Request, frozen=True, kw_only=True, tag="give_up_run"):
    """`sent` False: the command certainly did not leave."""

    run: str
    sent: bool
    reason: str


PersonRequest = (
    OpenSession
    | HandOver
    | AddEndpoint
    | StartRun
    | CancelRun
    | DeclareChange
    | StateExpectation
    | OverrideVerdict
    | LoadRunbook
    | Annotate
    | AcceptAnnotation
    | StartMonitor
    | StopMonitor
    | RequestClosure
    | ConfirmClosure
    | SendBack
    | RecordCallback
    | FireTimer
)
"""What travels from callers; the timers' clock is one of them."""

SessionRequest = PersonRequest | FinishRun | GiveUpRun


# -- answers -----------------------------------------------------------------------------------
class Answer(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    pass


class Done(Answer, frozen=True, kw_only=True, tag="done"):
    """`id` names what was made: an annotation, a monitor; empty where nothing was."""

    id: str = ""


class RunAnswer(Answer, frozen=True, kw_only=True, tag="run"):
    """The run exists: what is stored for a request that starts one."""

    run: str


class RunEnded(Answer, frozen=True, kw_only=True, tag="run_ended"):
    """The run has ended: what a caller who waits for it gets, made anew from the history each time
    it asks."""

    record: RunRecord


class ClosureAnswer(Answer, frozen=True, kw_only=True, tag="closure"):
    result: Literal["granted", "refused", "awaiting_confirmation"]
    policy: str
    mode: str
    reasons: tuple[str, ...] = ()
    """Why it was refused; where it was granted, what the policy would have refused for."""
    overrides: tuple[str, ...] = ()
    """Where it was not refused: who overrode which verdict it rests on, and why."""


class Refused(Answer, frozen=True, kw_only=True, tag="refused"):
    """Nothing happened. `code` is that of an error class in `actors/errors.py`."""

    code: str
    message: str
    retryable: bool = False


SessionAnswer = Done | RunAnswer | RunEnded | ClosureAnswer | Refused

_answer_encoder = msgspec.json.Encoder()
_answer_decoder = msgspec.json.Decoder(SessionAnswer)


def encode_answer(answer: SessionAnswer) -> bytes:
    return _answer_encoder.encode(answer)


def decode_answer(data: bytes) -> SessionAnswer:
    answer: SessionAnswer = _answer_decoder.decode(data)
    return answer


class Context(msgspec.Struct, frozen=True):
    """What a decision needs beside the state, all passed in: the moment, the policy in force (for
    closures), and the outputs of the runs that `evidence_needed` named."""

    now: datetime
    policy: Policy | None = None
    outputs: dict[str, "RunOutput"] = {}


class RunOutput(msgspec.Struct, frozen=True):
    """Raw output as captured; decoded for judging only."""

    stdout: bytes = b""
    stderr: bytes = b""
