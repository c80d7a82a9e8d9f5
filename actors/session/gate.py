"""The gate: from a session's state and the policy in force to granted or refused. Pure.

What always refuses, because no policy and no stated reason can make it a fix:
  - a check that still fails, or that fails now and did not before;
  - a run that is still going, since its end may change the answer.

What an accepted `cannot_verify` may stand in for, where the policy allows it: no baseline, no
verification, a verdict that proves nothing, a check not run again, a verification too old, a
required runbook that is not done (`required.py`).

A reason names its evidence: the check as it was typed, and the runs. The verdict that counts is the
one in force: where a dispatcher overrode the judge's, the reason says who, which and why.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from stillfixed.actors.session import required
from stillfixed.actors.session.policy import Policy
from stillfixed.actors.session.state import Check, State, Verification


class Reason(msgspec.Struct, frozen=True):
    code: str
    text: str


class Ruling(msgspec.Struct, frozen=True):
    """`evidence` are the runs and annotations that carry a grant; `reasons` refuse it. `overrides`
    are the overridden verdicts that were counted, a sentence each."""

    evidence: tuple[str, ...]
    reasons: tuple[Reason, ...]
    overrides: tuple[str, ...] = ()

    @property
    def granted(self) -> bool:
        return not self.reasons


def rule(state: State, policy: Policy, now: datetime) -> Ruling:
    """What the gate says to closing the session now, leaving aside who asks and who confirms."""
    never = [*_running(state), *_failing(state)]
    gaps = [
        *_not_rerun(state),
        *_proves_nothing(state),
        *_too_old(state, policy, now),
    ]
    # A check that is named above needs no second sentence that says a proof is missing.
    gaps = gaps or list(_missing_proof(state, policy))
    gaps += [Reason(one.code, one.text) for one in required.missing(state, policy)]
    stand_in = _stand_in(state, policy) if gaps else None
    if stand_in is not None:
        gaps = []
    elif gaps:
        gaps.extend(_waiting_reasons(state, policy))
    formal = list(_missing_annotation(state, policy))
    evidence = [
        part for check in _proven(state, policy) for part in (check.baseline.run, _run(check))
    ]
    evidence += required.evidence(state, policy)
    return Ruling(
        evidence=tuple(dict.fromkeys([*evidence, *([stand_in] if stand_in else [])])),
        reasons=(*never, *gaps, *formal),
        overrides=tuple(_overrides(state)),
    )


def is_current(state: State, check: Check) -> bool:
    """Whether the check was run again after the last change."""
    return check.verification is not None and check.verification.seen.level == state.level


def needs_rerun(state: State, check: Check) -> bool:
    """Whether a change followed the check's last run: a gap that everyone sees."""
    return check.last.level < state.level


def _run(check: Check) -> str:
    return check.verification.seen.run if check.verification else ""


def _name(check: Check) -> str:
    return f"`{check.command}` on {check.endpoint}"


def _overrides(state: State) -> Iterator[str]:
    for check in state.checks.values():
        if check.verification and check.verification.override and is_current(state, check):
            yield f"{_name(check)}, run {_run(check)}: {_overrode(check.verification)}"


def _overrode(v: Verification) -> str:
    """Who overrode what and why; empty where nobody did."""
    o = v.override
    return f"{o.by} overrode the judge's {v.verdict} with {o.verdict}: {o.reason}" if o else ""


def _showed_fault(state: State, check: Check) -> bool:
    """Whether the baseline did, as the judge saw it or as the verdict in force says."""
    v = check.verification
    failed_before = v is not None and v.in_force in ("fixed", "still_failing")
    return check.health == "fault" or (failed_before and is_current(state, check))


def _proven(state: State, policy: Policy) -> list[Check]:
    return [
        check
        for check in state.checks.values()
        if is_current(state, check)
        and check.verification
        and check.verification.in_force in policy.require.verdicts
    ]


def _running(state: State) -> Iterator[Reason]:
    for run in state.running.values():
        s = run.started
        yield Reason(
            "still_running",
            f"Run {s.run}, `{s.command}` on {s.endpoint}, is still going. Wait, or cancel it.",
        )


def _failing(state: State) -> Iterator[Reason]:
    for check in state.checks.values():
        v = check.verification
        if v is None or not is_current(state, check):
            continue
        if v.in_force == "still_failing":
            yield Reason(
                "still_failing",
                f"{_name(check)} failed before (run {check.baseline.run}) and still fails "
                f"(run {v.seen.run}). Mend it and run the check again. {_overrode(v)}".rstrip(),
            )
        elif v.in_force == "regressed":
            yield Reason(
                "regressed",
                f"{_name(check)} is worse than before: compare runs {check.baseline.run} and "
                f"{v.seen.run}. Mend it and run the check again. {_overrode(v)}".rstrip(),
            )


def _missing_proof(state: State, policy: Policy) -> Iterator[Reason]:
    require = policy.require
    before_change = [c for c in state.checks.values() if c.baseline.level < state.level]
    if require.baseline and not any(_showed_fault(state, c) for c in state.checks.values()):
        yield Reason(
            "no_baseline",
            "No check in this session has shown the fault. Run the check that shows it; if it "
            "cannot be shown any more, write a cannot_verify note that says why closing is right.",
        )
    elif require.verification and state.level == 0:
        yield Reason(
            "no_change",
            "Nothing was changed yet. If the fix was made outside the session, declare the change; "
            "then run the check again.",
        )
    elif require.verification and not _proven(state, policy):
        accepted = " or ".join(require.verdicts)
        shown = "; ".join(f"{_name(c)}: {_verdict(state, c)}" for c in before_change[:5])
        yield Reason(
            "no_verification",
            f"No check run after the last change has the verdict {accepted}"
            + (f" ({shown})" if shown else "")
            + ". Run the failing check again.",
        )


def _verdict(state: State, check: Check) -> str:
    if check.verification is None or not is_current(state, check):
        return "not run again"
    v = check.verification
    if v.override is None or v.in_force in ("still_failing", "regressed"):  # told in full already
        return v.in_force
    return f"{v.in_force}, since {_overrode(v)}"


def _not_rerun(state: State) -> Iterator[Reason]:
    for check in state.checks.values():
        if check.health == "fault" and needs_rerun(state, check):
            yield Reason(
                "not_rerun",
                f"{_name(check)} showed a fault (run {check.baseline.run}) and was not run again "
                "after the last change. Run it again.",
            )


def _proves_nothing(state: State) -> Iterator[Reason]:
    for check in state.checks.values():
        v = check.verification
        if (
            v
            and v.in_force == "inconclusive"
            and check.health == "fault"
            and is_current(state, check)
        ):
            judged = v.reasons[0] if v.reasons else "the two outputs cannot be compared"
            why = _overrode(v) or judged
            yield Reason(
                "inconclusive",
                f"{_name(check)} showed a fault (run {check.baseline.run}), and its run "
                f"{v.seen.run} does not tell: {why}",
            )


def _too_old(state: State, policy: Policy, now: datetime) -> Iterator[Reason]:
    minutes = policy.require.verification_age_minutes
    proven = _proven(state, policy)
    if minutes is None or not proven:
        return
    newest = max(check.verification.seen.ended_at for check in proven if check.verification)
    if now - newest > timedelta(minutes=minutes):
        yield Reason(
            "too_old",
            f"The newest verification is from {newest:%Y-%m-%d %H:%M} UTC, more than "
            f"{minutes:g} minutes ago. Run the check again.",
        )


def _missing_annotation(state: State, policy: Policy) -> Iterator[Reason]:
    kinds = {a.kind for a in state.annotations.values() if a.level == state.level}
    if policy.require.annotation and not kinds:
        yield Reason(
            "no_annotation",
            f"Policy {policy.name} asks for a message of kind verification, written after the last "
            "change: what was verified, and how.",
        )


def _stand_in(state: State, policy: Policy) -> str | None:
    """The newest `cannot_verify` that may stand in for the proof, written after the last change."""
    if not policy.cannot_verify.allowed:
        return None
    for name, annotation in reversed(state.annotations.items()):
        accepted = annotation.accepted_by or policy.cannot_verify.accepted_by == "nobody"
        if annotation.kind == "cannot_verify" and annotation.level == state.level and accepted:
            return name
    return None


def _waiting_reasons(state: State, policy: Policy) -> Iterator[Reason]:
    if not policy.cannot_verify.allowed:
        return
    for name, annotation in state.annotations.items():
        if annotation.kind == "cannot_verify" and annotation.level == state.level:
            yield Reason(
                "reason_not_accepted",
                f"The reason in message {name} waits for a dispatcher to accept it.",
            )
