"""Decisions: what a request does to a session. Pure: state, request and context in, events out.

Read with `events.py` (what can happen) and `state.py` (the fold). Runs and checks are decided in
`checks.py`, overrides of verdicts in `overriding.py`, runbooks in `loading.py`, monitors in
`monitors.py`, closure in `closure.py`; this file is the way in, and holds the rest.
"""

from typing import assert_never

from stillfixed.actors.session import checks, closure, loading, monitors, overriding
from stillfixed.actors.session import events as e
from stillfixed.actors.session import requests as r
from stillfixed.actors.session.decision import Decision, bad_text, refuse
from stillfixed.actors.session.state import State


def decide(state: State, request: r.SessionRequest, context: r.Context) -> Decision:
    """The events that `request` causes in `state`, and its answer; or a refusal without events."""
    if refusal := _not_possible(state, request):
        return refusal
    match request:
        case r.OpenSession():
            return _open(request, context)
        case r.HandOver():
            return _hand_over(state, request, context)
        case r.AddEndpoint():
            return _add_endpoint(state, request, context)
        case r.StartRun():
            return checks.start_run(state, request, context)
        case r.CancelRun():
            return checks.cancel_run(state, request)
        case r.FinishRun():
            return checks.finish_run(state, request, context)
        case r.GiveUpRun():
            return checks.give_up_run(state, request, context)
        case r.DeclareChange():
            return _declare_change(request, context)
        case r.StateExpectation():
            return checks.state_expectation(state, request, context)
        case r.OverrideVerdict():
            return overriding.override(state, request, context)
        case r.LoadRunbook():
            return loading.load(state, request, context)
        case r.Annotate():
            return _annotate(state, request, context)
        case r.AcceptAnnotation():
            return closure.accept_annotation(state, request, context)
        case r.StartMonitor():
            return monitors.start(state, request, context)
        case r.StopMonitor():
            return monitors.stop(state, request, context)
        case r.FireTimer():
            return monitors.fire(state, request, context)
        case r.RequestClosure():
            return closure.request(state, request, context)
        case r.ConfirmClosure():
            return closure.confirm(state, request, context)
        case r.SendBack():
            return closure.send_back(state, request, context)
        case r.RecordCallback():
            return _record_callback(state, request, context)
        case _ as never:
            assert_never(never)


def evidence_needed(state: State, request: r.SessionRequest) -> tuple[str, ...]:
    """The runs whose outputs `decide` wants in the context for this request."""
    match request:
        case r.FinishRun() | r.StateExpectation():
            return checks.evidence_needed(state, request)
        case r.LoadRunbook():
            return loading.evidence_needed(state, request)
        case _:
            return ()


_BY_THE_RUNTIME = (r.FireTimer, r.FinishRun, r.GiveUpRun)
_AFTER_CLOSING = (r.RecordCallback, r.StopMonitor, *_BY_THE_RUNTIME)
_BY_THE_TECHNICIAN = (
    r.AddEndpoint,
    r.StartRun,
    r.DeclareChange,
    r.StateExpectation,
    r.LoadRunbook,
    r.StartMonitor,
    r.RequestClosure,
)


def _not_possible(state: State, request: r.SessionRequest) -> Decision | None:
    """What a session's status and its technician forbid, whatever the request says otherwise."""
    if state.status == "new":
        if isinstance(request, r.OpenSession):
            return None
        return refuse("unknown_session", "No such session. List them with `stillfixed sessions`.")
    if not request.by.strip():
        return refuse("refused", "The request names nobody. Say who asks, with `by` or --by.")
    if isinstance(request, r.OpenSession):
        return refuse("refused", "This session is already open. Resume it instead.")
    if state.status == "closed" and not isinstance(request, _AFTER_CLOSING):
        return refuse(
            "session_closed",
            f"The session was closed on {state.closed_at:%Y-%m-%d %H:%M} UTC. If the client came "
            "back, record a callback and open a new session.",
        )
    if isinstance(request, _BY_THE_TECHNICIAN) and request.by != state.technician:
        return refuse(
            "not_your_session",
            f"The session is {state.technician}'s. Take it over first (`take_over`), so that the "
            f"history shows that {request.by} goes on.",
        )
    return None


def _open(request: r.OpenSession, context: r.Context) -> Decision:
    for field in ("by", "ticket", "client"):
        if not getattr(request, field).strip():
            return refuse(
                "refused", f"A session needs a {field}: it was empty. Nothing was opened."
            )
    opened = e.SessionOpened(
        at=context.now,
        by=request.by,
        ticket=request.ticket,
        client=request.client,
        team=request.team,
        category=request.category,
        title=request.title,
    )
    return Decision((opened,), r.Done())


def _hand_over(state: State, request: r.HandOver, context: r.Context) -> Decision:
    if request.by == state.technician:
        return Decision((), r.Done())
    handed = e.HandedOver(at=context.now, by=request.by, earlier=state.technician)
    return Decision((handed,), r.Done())


def _add_endpoint(state: State, request: r.AddEndpoint, context: r.Context) -> Decision:
    if not request.endpoint.strip():
        return refuse("refused", "An endpoint needs a name. Nothing was added.")
    if request.endpoint in state.endpoints:
        return refuse(
            "refused",
            f"The session has an endpoint named {request.endpoint} already. Choose another name.",
        )
    added = e.EndpointAdded(
        at=context.now,
        by=request.by,
        endpoint=request.endpoint,
        kind=request.kind,
        address=request.address,
        platform=request.platform,
        options=request.options,
    )
    return Decision((added,), r.Done(id=request.endpoint))


def _declare_change(request: r.DeclareChange, context: r.Context) -> Decision:
    if refusal := bad_text(request.text):
        return refusal
    declared = e.ChangeDeclared(at=context.now, by=request.by, text=request.text)
    return Decision((declared,), r.Done())


def _annotate(state: State, request: r.Annotate, context: r.Context) -> Decision:
    if refusal := bad_text(request.text):
        return refusal
    name = f"n{state.annotations_made + 1}"
    annotated = e.Annotated(
        at=context.now, by=request.by, annotation=name, kind=request.kind, text=request.text
    )
    return Decision((annotated,), r.Done(id=name))


def _record_callback(state: State, request: r.RecordCallback, context: r.Context) -> Decision:
    if state.status != "closed":
        return refuse("refused", "The session is still open: a callback is about a closed one.")
    if request.kind == "new_ticket" and not request.ticket.strip():
        return refuse("refused", "A callback with a new ticket needs that ticket's number.")
    assert state.opened is not None
    callback = e.CallbackRecorded(
        at=context.now,
        by=request.by,
        kind=request.kind,
        ticket=request.ticket or state.opened.ticket,
        text=request.text,
    )
    return Decision((callback,), r.Done())
