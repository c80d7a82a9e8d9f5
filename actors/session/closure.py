"""Decisions about closing: requested by the technician, ruled by the gate, and where the policy
asks, confirmed by a dispatcher with eyes of their own."""

from stillfixed.actors.session import events as e
from stillfixed.actors.session import requests as r
from stillfixed.actors.session.decision import Decision, refuse
from stillfixed.actors.session.gate import Reason, Ruling, rule
from stillfixed.actors.session.policy import BUILT_IN, Policy
from stillfixed.actors.session.state import State


def request(state: State, request: r.RequestClosure, context: r.Context) -> Decision:
    if state.status == "awaiting_confirmation":
        return refuse("refused", "Closure was requested already and waits for a dispatcher.")
    requested = e.ClosureRequested(at=context.now, by=request.by)
    policy = context.policy or BUILT_IN
    ruling = rule(state, policy, context.now)
    if policy.mode == "enforce" and not ruling.granted:
        return _refused((requested,), request.by, policy, ruling.reasons, context)
    if policy.mode == "enforce" and policy.require.confirmation:
        answer = r.ClosureAnswer(
            result="awaiting_confirmation",
            policy=policy.name,
            mode=policy.mode,
            overrides=ruling.overrides,
        )
        return Decision((requested,), answer)
    return _granted((requested,), request.by, policy, ruling, context)


def confirm(state: State, request: r.ConfirmClosure, context: r.Context) -> Decision:
    """The gate rules again: much may have happened since the request."""
    policy = context.policy or BUILT_IN
    if refusal := _not_waiting(state) or not_a_dispatcher(state, policy, request.by):
        return refusal
    confirmed = e.ClosureConfirmed(at=context.now, by=request.by)
    ruling = rule(state, policy, context.now)
    if not ruling.granted:
        return _refused((confirmed,), request.by, policy, ruling.reasons, context)
    return _granted((confirmed,), request.by, policy, ruling, context)


def send_back(state: State, request: r.SendBack, context: r.Context) -> Decision:
    policy = context.policy or BUILT_IN
    if refusal := _not_waiting(state) or not_a_dispatcher(state, policy, request.by):
        return refusal
    if not request.reason.strip():
        return refuse("refused", "Say why the session goes back, so that the technician can act.")
    sent_back = e.ClosureSentBack(at=context.now, by=request.by, reason=request.reason)
    return Decision((sent_back,), r.Done())


def accept_annotation(state: State, request: r.AcceptAnnotation, context: r.Context) -> Decision:
    policy = context.policy or BUILT_IN
    annotation = state.annotations.get(request.annotation)
    if annotation is None or annotation.kind != "cannot_verify":
        return refuse("refused", f"There is no cannot_verify message {request.annotation}.")
    if annotation.accepted_by is not None:
        return refuse("refused", f"{annotation.accepted_by} accepted this message already.")
    if annotation.level != state.level:
        return refuse("refused", "Something was changed after this message: it needs a new one.")
    if refusal := not_a_dispatcher(state, policy, request.by):
        return refusal
    if policy.require.four_eyes and request.by == annotation.by:
        return refuse("refused", "Who gives a reason cannot accept it: four eyes are asked for.")
    accepted = e.AnnotationAccepted(at=context.now, by=request.by, annotation=request.annotation)
    return Decision((accepted,), r.Done(id=request.annotation))


def _not_waiting(state: State) -> Decision | None:
    if state.status == "awaiting_confirmation":
        return None
    return refuse("refused", "No closure waits here: the technician has to request it first.")


def not_a_dispatcher(state: State, policy: Policy, person: str) -> Decision | None:
    """A refusal where this person may not decide as a dispatcher here."""
    if policy.dispatchers and person not in policy.dispatchers:
        return refuse(
            "refused",
            f"{person} is not among the dispatchers of policy {policy.name} "
            f"({', '.join(policy.dispatchers)}).",
        )
    if policy.require.four_eyes and person in state.worked:
        return refuse(
            "refused",
            f"{person} worked in this session, and policy {policy.name} asks for four eyes: "
            "somebody else has to look.",
        )
    return None


def _refused(
    events: tuple[e.SessionEvent, ...],
    by: str,
    policy: Policy,
    reasons: tuple[Reason, ...],
    context: r.Context,
) -> Decision:
    texts = tuple(reason.text for reason in reasons)
    refused = e.ClosureRefused(
        at=context.now, by=by, policy=policy.name, mode=policy.mode, reasons=texts
    )
    answer = r.ClosureAnswer(result="refused", policy=policy.name, mode=policy.mode, reasons=texts)
    return Decision((*events, refused), answer)


def _granted(
    events: tuple[e.SessionEvent, ...],
    by: str,
    policy: Policy,
    ruling: Ruling,
    context: r.Context,
) -> Decision:
    unmet = tuple(reason.text for reason in ruling.reasons)
    granted = e.ClosureGranted(
        at=context.now,
        by=by,
        policy=policy.name,
        mode=policy.mode,
        evidence=ruling.evidence,
        unmet=unmet,
        overrides=ruling.overrides,
    )
    # In observe the technician is not told: the point is to measure, not to nudge.
    shown = unmet if policy.mode == "warn" else ()
    answer = r.ClosureAnswer(
        result="granted",
        policy=policy.name,
        mode=policy.mode,
        reasons=shown,
        overrides=ruling.overrides,
    )
    return Decision((*events, granted), answer)
