"""The gate and closing: what is refused, what is granted, and by whom."""

from datetime import timedelta
from typing import Any

import pytest

from stillfixed.actors.session import events as e
from stillfixed.actors.session import requests as r
from stillfixed.actors.session.gate import rule
from stillfixed.actors.session.policy import CannotVerify, Policy, Requirements
from tests.support.desk import Desk

CHECK = "systemctl is-active nginx"
FIX = "systemctl restart nginx"


def policy(mode: str = "enforce", **require: Any) -> Policy:
    return Policy.model_validate(
        {"name": "test", "mode": mode, "require": Requirements(**require).model_dump()}
    )


def broken(desk: Desk) -> Desk:
    desk.open().run(CHECK, 3, "failed\n")
    return desk


def fixed(desk: Desk) -> Desk:
    broken(desk).run(FIX)
    desk.run(CHECK, 0, "active\n")
    return desk


def codes(desk: Desk, in_force: Policy | None = None) -> set[str]:
    return {reason.code for reason in rule(desk.state, in_force or policy(), desk.now).reasons}


def test_a_proven_fix_closes_with_its_evidence() -> None:
    """The grant names the two runs that prove it."""
    desk = fixed(Desk())
    assert desk.close().result == "granted"
    granted = desk.last(e.ClosureGranted)
    assert isinstance(granted, e.ClosureGranted)
    assert granted.evidence == ("r1", "r3")
    assert desk.state.status == "closed"


def test_nothing_seen_nothing_closed() -> None:
    """A session in which no check showed the fault does not close."""
    assert codes(Desk().open()) == {"no_baseline"}


def test_a_fix_nobody_tested_does_not_close() -> None:
    """The check that failed was not run again after the change: that is named."""
    desk = broken(Desk())
    desk.run(FIX)
    answer = desk.close()
    assert answer.result == "refused"
    assert any(CHECK in reason and "not run again" in reason for reason in answer.reasons)
    assert desk.state.status == "open"


@pytest.mark.parametrize(
    ("exit_status", "stdout", "code"),
    [(3, "failed\n", "still_failing"), (126, "", "inconclusive")],
)
def test_a_check_that_does_not_prove_the_fix_does_not_close(
    exit_status: int, stdout: str, code: str
) -> None:
    """Still failing, or did not really run: neither is a fix."""
    desk = broken(Desk())
    desk.run(FIX)
    desk.run(CHECK, exit_status, stdout)
    assert code in codes(desk)


def test_a_regression_refuses_even_beside_a_fix() -> None:
    """One thing mended and another broken is not done."""
    desk = Desk().open()
    desk.run("systemctl is-active cups", 0, "active\n")
    desk.run(CHECK, 3, "failed\n")
    desk.run(FIX)
    desk.run(CHECK, 0, "active\n")
    desk.run("systemctl is-active cups", 3, "failed\n")
    assert "regressed" in codes(desk)


def test_a_healthy_check_not_run_again_is_no_reason_to_refuse() -> None:
    """A glance at the disk before the fix need not be repeated."""
    desk = broken(Desk())
    desk.run("df -h", 0, "Filesystem Size Used Avail Use% Mounted on\n/dev/a 9G 4G 5G 41% /\n")
    desk.run(FIX)
    desk.run(CHECK, 0, "active\n")
    assert codes(desk) == set()


def test_a_run_that_is_still_going_holds_the_closure() -> None:
    """Its end may change the answer."""
    desk = fixed(Desk())
    desk.start("sleep 100")
    assert "still_running" in codes(desk)


def test_an_old_verification_is_too_old() -> None:
    """Where the policy bounds the age, yesterday's proof is run again."""
    desk = fixed(Desk())
    desk.now += timedelta(hours=2)
    assert codes(desk, policy(verification_age_minutes=60)) == {"too_old"}
    assert codes(desk, policy(verification_age_minutes=180)) == set()


def test_a_policy_can_ask_for_words() -> None:
    """What was verified, and how, in the technician's own words."""
    desk = fixed(Desk())
    asks = policy(annotation=True)
    assert codes(desk, asks) == {"no_annotation"}
    desk.ask(r.Annotate(by="ana", kind="verification", text="User printed a page."))
    assert codes(desk, asks) == set()


@pytest.mark.parametrize("mode", ["observe", "warn"])
def test_observe_and_warn_close_and_record_what_was_missing(mode: str) -> None:
    """Nothing is refused before a team is ready; the figures are kept from the first day."""
    desk = broken(Desk(policy(mode)))
    desk.run(FIX)
    answer = desk.close()
    assert answer.result == "granted"
    granted = desk.last(e.ClosureGranted)
    assert isinstance(granted, e.ClosureGranted)
    assert granted.unmet
    assert bool(answer.reasons) == (mode == "warn")


class TestDispatcher:
    """Confirmation by somebody else, where the policy asks for it."""

    def waiting(self) -> Desk:
        desk = fixed(Desk(policy(confirmation=True)))
        assert desk.close().result == "awaiting_confirmation"
        return desk

    def test_confirms(self) -> None:
        """A second person closes it."""
        desk = self.waiting()
        answer = desk.ask(r.ConfirmClosure(by="dora"))
        assert isinstance(answer, r.ClosureAnswer)
        assert answer.result == "granted"
        assert [event.by for event in desk.log[-2:]] == ["dora", "dora"]

    def test_four_eyes(self) -> None:
        """Whoever worked in the session, then or before a hand-over, cannot confirm it."""
        desk = self.waiting()
        desk.ask(r.HandOver(by="bob"))
        for person in ("ana", "bob"):
            assert isinstance(desk.ask(r.ConfirmClosure(by=person)), r.Refused)

    def test_sends_back(self) -> None:
        """With a reason, and the session goes on."""
        desk = self.waiting()
        assert isinstance(desk.ask(r.SendBack(by="dora", reason=" ")), r.Refused)
        desk.ask(r.SendBack(by="dora", reason="Run it from the user's desk too."))
        assert desk.state.status == "open"

    def test_the_gate_rules_again(self) -> None:
        """A change after the request makes the confirmation a refusal."""
        desk = self.waiting()
        desk.run(FIX)
        answer = desk.ask(r.ConfirmClosure(by="dora"))
        assert isinstance(answer, r.ClosureAnswer)
        assert answer.result == "refused"

    def test_must_be_named_where_names_are_given(self) -> None:
        """A list of dispatchers is a list of who may."""
        desk = self.waiting()
        assert desk.policy is not None
        desk.policy = desk.policy.model_copy(update={"dispatchers": ("dora",)})
        assert isinstance(desk.ask(r.ConfirmClosure(by="eve")), r.Refused)
        assert isinstance(desk.ask(r.ConfirmClosure(by="dora")), r.ClosureAnswer)


class TestCannotVerify:
    """A stated reason in place of a proof."""

    def stated(self, in_force: Policy) -> Desk:
        desk = broken(Desk(in_force))
        desk.run(FIX)
        desk.ask(r.Annotate(by="ana", kind="cannot_verify", text="The printer is at home."))
        return desk

    def test_waits_for_a_dispatcher(self) -> None:
        """Until somebody else accepts it, it stands for nothing."""
        desk = self.stated(policy())
        assert "reason_not_accepted" in codes(desk)
        assert isinstance(desk.ask(r.AcceptAnnotation(by="ana", annotation="n1")), r.Refused)
        desk.ask(r.AcceptAnnotation(by="dora", annotation="n1"))
        assert desk.close().result == "granted"
        granted = desk.last(e.ClosureGranted)
        assert isinstance(granted, e.ClosureGranted)
        assert "n1" in granted.evidence

    def test_may_need_nobody(self) -> None:
        """Where the policy trusts the technician's word."""
        desk = self.stated(
            policy().model_copy(update={"cannot_verify": CannotVerify(accepted_by="nobody")})
        )
        assert desk.close().result == "granted"

    def test_may_be_forbidden(self) -> None:
        """Where only proof counts."""
        desk = self.stated(
            policy().model_copy(update={"cannot_verify": CannotVerify(allowed=False)})
        )
        assert desk.close().result == "refused"

    def test_never_stands_in_for_a_check_that_fails(self) -> None:
        """What is seen to fail is not 'cannot be verified'."""
        desk = self.stated(policy())
        desk.ask(r.AcceptAnnotation(by="dora", annotation="n1"))
        desk.run(CHECK, 3, "failed\n")
        assert codes(desk) == {"still_failing"}

    def test_does_not_outlive_the_next_change(self) -> None:
        """It was about what had been done when it was written."""
        desk = self.stated(policy())
        desk.ask(r.AcceptAnnotation(by="dora", annotation="n1"))
        desk.run(FIX)
        assert desk.close().result == "refused"


def test_a_closed_session_takes_callbacks_and_nothing_else() -> None:
    """The client came back: recorded against the closed session."""
    desk = fixed(Desk())
    desk.close()
    assert isinstance(desk.ask(r.StartRun(by="ana", command="ls")), r.Refused)
    answer = desk.ask(r.RecordCallback(by="dora", kind="new_ticket", ticket="T-2"))
    assert isinstance(answer, r.Done)
    assert desk.state.status == "closed"


def test_another_technician_takes_over_before_working() -> None:
    """Two people on one session: the second is told how, and the history shows it."""
    desk = Desk().open()
    refused = desk.ask(r.StartRun(by="bob", command="ls"))
    assert isinstance(refused, r.Refused)
    assert refused.code == "not_your_session"
    desk.ask(r.HandOver(by="bob"))
    assert isinstance(desk.ask(r.StartRun(by="bob", command="ls")), r.RunAnswer)
