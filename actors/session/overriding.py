"""Decisions about disagreeing with the judge: a dispatcher's verdict in place of its own.

What holds under every policy: nobody who worked in the session overrides, the verdict is in force
at that moment, and there is a reason. The judge's verdict stays in the history, beside it.
"""

from stillfixed.actors.session import events as e
from stillfixed.actors.session import requests as r
from stillfixed.actors.session.closure import not_a_dispatcher
from stillfixed.actors.session.decision import Decision, bad_text, refuse
from stillfixed.actors.session.gate import is_current
from stillfixed.actors.session.policy import BUILT_IN
from stillfixed.actors.session.state import Check, State


def override(state: State, request: r.OverrideVerdict, context: r.Context) -> Decision:
    check = _judged(state, request.run)
    if check is None or check.verification is None:
        return refuse(
            "refused",
            f"Run {request.run} has no verdict to override: it was not judged beside an earlier "
            "run, or its check was run again since. `stillfixed checks` shows which run counts.",
        )
    if not is_current(state, check):
        return refuse(
            "refused",
            f"A change followed run {request.run}, so its verdict counts no more. The check has to "
            "be run again first.",
        )
    if request.by in state.worked:
        return refuse(
            "refused",
            f"{request.by} worked in this session. Only somebody else may override a verdict: "
            "four eyes.",
        )
    if refusal := not_a_dispatcher(state, context.policy or BUILT_IN, request.by):
        return refusal
    if not request.reason.strip():
        return refuse("refused", "Say why you disagree: the reason stands beside the verdict.")
    if refusal := bad_text(request.reason):
        return refusal
    replaces = check.verification.in_force
    if request.verdict == replaces:
        return refuse("refused", f"The verdict of run {request.run} is {replaces} already.")
    overridden = e.VerdictOverridden(
        at=context.now,
        by=request.by,
        endpoint=check.endpoint,
        check=check.check,
        verification=request.run,
        replaces=replaces,
        verdict=request.verdict,
        reason=request.reason,
    )
    return Decision((overridden,), r.Done())


def _judged(state: State, run: str) -> Check | None:
    """The check whose verification is this run."""
    for check in state.checks.values():
        if check.verification and check.verification.seen.run == run:
            return check
    return None
