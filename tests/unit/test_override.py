"""A dispatcher disagrees with the judge: who may, what then counts, and for how long."""

from typing import Any

import pytest

from stillfixed.actors.session import events as e
from stillfixed.actors.session import requests as r
from stillfixed.actors.session.gate import rule
from stillfixed.actors.session.history import build
from stillfixed.actors.session.policy import BUILT_IN, Policy
from stillfixed.actors.session.state import Verification, from_snapshot, to_snapshot
from stillfixed.actors.verdicts.model import Verdict
from tests.support.desk import Desk

CHECK = "systemctl is-active nginx"
FIX = "systemctl restart nginx"
WHY = "The user still gets the error page."


def judged(exit_status: int = 0, stdout: str = "active\n", policy: Policy | None = None) -> Desk:
    """A session whose check r1 failed and was judged again as r3: fixed, unless told otherwise."""
    desk = Desk(policy).open()
    desk.run(CHECK, 3, "failed\n")
    desk.run(FIX)
    desk.run(CHECK, exit_status, stdout)
    return desk


def override(
    desk: Desk, verdict: Verdict, *, by: str = "dora", run: str = "r3", reason: str = WHY
) -> r.SessionAnswer:
    return desk.ask(r.OverrideVerdict(by=by, run=run, verdict=verdict, reason=reason))


def verification(desk: Desk) -> Verification:
    [check] = desk.state.checks.values()
    assert check.verification is not None
    return check.verification


def reasons(desk: Desk) -> list[str]:
    return [reason.text for reason in rule(desk.state, desk.policy or BUILT_IN, desk.now).reasons]


# -- what is recorded ---------------------------------------------------------------------------
def test_an_override_names_everything_and_leaves_the_judges_verdict_as_it_is() -> None:
    """Check, run, the verdict replaced, the new one, reason, who and when; both stay readable."""
    desk = judged()
    assert override(desk, "still_failing") == r.Done()
    overridden = desk.last(e.VerdictOverridden)
    verified = desk.last(e.CheckVerified)
    assert isinstance(overridden, e.VerdictOverridden)
    assert isinstance(verified, e.CheckVerified)
    assert overridden == e.VerdictOverridden(
        at=desk.now,
        by="dora",
        endpoint="web1",
        check=verified.check,
        verification="r3",
        replaces="fixed",
        verdict="still_failing",
        reason=WHY,
    )
    assert verified.verdict == "fixed"
    assert verification(desk).verdict == "fixed"
    assert verification(desk).reasons == verified.reasons
    assert verification(desk).in_force == "still_failing"


def test_an_override_can_be_overridden() -> None:
    """By anyone who may; the verdict that it replaces is the one in force, not the judge's."""
    desk = judged()
    override(desk, "still_failing")
    assert override(desk, "fixed", by="dan", reason="It was her browser's cache.") == r.Done()
    second = desk.last(e.VerdictOverridden)
    assert isinstance(second, e.VerdictOverridden)
    assert (second.replaces, second.verdict) == ("still_failing", "fixed")
    assert verification(desk).in_force == "fixed"


# -- who may, and when --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"by": "ana"}, "four eyes"),
        ({"by": " "}, "names nobody"),
        ({"reason": "  "}, "why you disagree"),
        ({"reason": "x" * 20_001}, "Shorten it"),
        ({"verdict": "fixed"}, "already"),
        ({"run": "r1"}, "no verdict to override"),
        ({"run": "r2"}, "no verdict to override"),
        ({"run": "r99"}, "no verdict to override"),
    ],
    ids=str,
)
def test_an_override_that_is_not_allowed_changes_nothing(given: Any, word: str) -> None:
    """Not by the technician, not without a reason, not of what has no verdict."""
    desk = judged()
    before = desk.state
    answer = override(desk, **{"verdict": "still_failing", **given})
    assert isinstance(answer, r.Refused)
    assert word in answer.message
    assert desk.state == before


def test_four_eyes_hold_for_everyone_who_worked_and_under_every_policy() -> None:
    """A hand-over does not turn the earlier technician into a dispatcher."""
    lax = Policy.model_validate({"name": "lax", "require": {"four_eyes": False}})
    desk = judged(policy=lax)
    desk.ask(r.HandOver(by="bob"))
    for person in ("ana", "bob"):
        assert isinstance(override(desk, "still_failing", by=person), r.Refused)
    assert override(desk, "still_failing") == r.Done()


def test_a_policy_that_names_dispatchers_lets_nobody_else_override() -> None:
    """As with confirming and accepting."""
    named = Policy.model_validate({"name": "named", "dispatchers": ["dora"]})
    desk = judged(policy=named)
    assert isinstance(override(desk, "still_failing", by="eve"), r.Refused)
    assert override(desk, "still_failing") == r.Done()


def test_a_verdict_that_a_change_made_stale_cannot_be_overridden() -> None:
    """There is nothing left to disagree with: the check has to be run again."""
    desk = judged()
    desk.run(FIX)
    answer = override(desk, "still_failing")
    assert isinstance(answer, r.Refused)
    assert "A change followed run r3" in answer.message


# -- for how long -------------------------------------------------------------------------------
def test_a_later_run_of_the_check_ends_the_override() -> None:
    """It is judged on its own, and the old run can be overridden no more."""
    desk = judged()
    override(desk, "still_failing")
    desk.run(CHECK, 0, "active\n")
    assert verification(desk).override is None
    assert verification(desk).in_force == "fixed"
    assert isinstance(override(desk, "still_failing"), r.Refused)


def test_a_later_change_ends_the_override_with_the_verdict() -> None:
    """Said to be fixed, then changed: the gate asks for another run whatever was said."""
    desk = judged(3, "failed\n")
    override(desk, "fixed", reason="That unit is masked on purpose.")
    assert reasons(desk) == []
    desk.ask(r.DeclareChange(by="ana", text="Swapped the cable."))
    [text] = reasons(desk)
    assert "not run again" in text
    assert "dora" not in text


def test_a_new_expectation_ends_the_override() -> None:
    """The same runs are judged anew, by what healthy was said to mean: a new verdict."""
    desk = judged()
    override(desk, "still_failing")
    desk.ask(r.StateExpectation(by="ana", command=CHECK, expect="stdout contains active"))
    assert verification(desk).override is None


# -- what it does at the gate -------------------------------------------------------------------
@pytest.mark.parametrize("verdict", ["still_failing", "regressed", "inconclusive", "healthy"])
def test_a_fix_that_a_dispatcher_doubts_does_not_close(verdict: Verdict) -> None:
    """The refusal says who overrode what, and why."""
    desk = judged()
    assert reasons(desk) == []
    override(desk, verdict)
    text, *_ = reasons(desk)
    assert f"dora overrode the judge's fixed with {verdict}: {WHY}" in text
    assert desk.close().result == "refused"


@pytest.mark.parametrize(
    ("exit_status", "stdout", "was"),
    [(3, "failed\n", "still_failing"), (126, "", "inconclusive")],
)
def test_a_failure_that_a_dispatcher_explains_closes_and_the_grant_says_so(
    exit_status: int, stdout: str, was: str
) -> None:
    """An auditor finds in the grant itself that it rests on a person's word."""
    desk = judged(exit_status, stdout)
    override(desk, "fixed", reason="nginx gave way to caddy.")
    answer = desk.close()
    assert answer.result == "granted"
    granted = desk.last(e.ClosureGranted)
    assert isinstance(granted, e.ClosureGranted)
    assert granted.evidence == ("r1", "r3")
    said = f"`{CHECK}` on web1, run r3: dora overrode the judge's {was} with fixed: nginx gave way "
    assert granted.overrides == answer.overrides == (said + "to caddy.",)


def test_a_dispatcher_who_says_fixed_says_that_the_baseline_failed() -> None:
    """The judge saw no fault in the first run; a person who knows the application did."""
    desk = Desk().open()
    desk.run("cat /run/app/state", 0, "mode 7\n")
    desk.run(FIX)
    desk.run("cat /run/app/state", 0, "mode 3\n")
    assert reasons(desk)
    override(desk, "fixed", reason="Mode 7 is how this application says broken.")
    assert reasons(desk) == []


def test_a_closure_that_waits_is_ruled_by_the_verdict_in_force() -> None:
    """Overridden after the request, refused at the confirmation."""
    asks = Policy.model_validate({"name": "asks", "require": {"confirmation": True}})
    desk = judged(policy=asks)
    assert desk.close().result == "awaiting_confirmation"
    override(desk, "still_failing")
    answer = desk.ask(r.ConfirmClosure(by="dora"))
    assert isinstance(answer, r.ClosureAnswer)
    assert answer.result == "refused"


def test_a_closed_session_is_not_overridden() -> None:
    """What was decided on stays what it was decided on; a callback reports what came after."""
    desk = judged()
    desk.close()
    answer = override(desk, "still_failing")
    assert isinstance(answer, r.Refused)
    assert answer.code == "session_closed"


# -- how it is read -----------------------------------------------------------------------------
def test_a_comparison_shows_both_verdicts() -> None:
    """The standing is the one in force; the judge's verdict and reasons stand beside it."""
    desk = judged()
    override(desk, "still_failing")
    transcript = build("s-1", enumerate(desk.log, start=1), {})
    [comparison] = transcript.comparisons
    assert comparison.standing == "still_failing"
    assert comparison.judged == "fixed"
    assert comparison.reasons == verification(desk).reasons
    assert comparison.override is not None
    assert (comparison.override.by, comparison.override.reason) == ("dora", WHY)
    assert transcript.runs["r3"].verdict == "fixed"
    assert transcript.runs["r3"].override == comparison.override
    assert isinstance(transcript.entries[-1].event, e.VerdictOverridden)


def test_an_override_stays_with_its_run_when_another_has_followed() -> None:
    """The history of r3 keeps it; the check's standing is that of r4."""
    desk = judged()
    override(desk, "still_failing")
    desk.run(CHECK, 0, "active\n")
    transcript = build("s-1", enumerate(desk.log, start=1), {})
    [comparison] = transcript.comparisons
    assert (comparison.standing, comparison.override) == ("fixed", None)
    assert transcript.runs["r3"].override is not None


def test_a_snapshot_keeps_the_override() -> None:
    """A session that went to sleep overridden wakes up overridden."""
    desk = judged()
    override(desk, "still_failing")
    assert from_snapshot(to_snapshot(desk.state)) == desk.state
