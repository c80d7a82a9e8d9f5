"""Which two runs stand side by side: the baseline on the left, the verification on the right."""

from stillfixed.actors.session import events as e
from stillfixed.actors.session.history import Transcript, build
from tests.support.desk import Desk

CHECK = "systemctl is-active nginx"


def transcript(desk: Desk) -> Transcript:
    return build("s-1", enumerate(desk.log, 1), {})


def fixed_desk() -> Desk:
    desk = Desk().open()
    desk.run(CHECK, exit_status=3, stdout="inactive\n")
    desk.run("systemctl start nginx")
    desk.run(CHECK, stdout="active\n")
    return desk


def test_a_fix_is_seen_with_the_fault_on_the_left() -> None:
    """The verdict, its reasons, and both sides name the baseline first and the newer run second."""
    desk = fixed_desk()
    said = desk.last(e.CheckVerified)
    assert isinstance(said, e.CheckVerified)
    assert (said.baseline, said.verification, said.verdict) == ("r1", "r3", "fixed")
    assert any(
        "inactive and is active" in reason or "3 and is 0" in reason for reason in said.reasons
    )
    [shown] = transcript(desk).comparisons
    assert (shown.before.run, shown.after and shown.after.run) == ("r1", "r3")


def test_a_fault_that_stays_is_not_fixed() -> None:
    """A check that fails after the change as before it is still failing."""
    desk = Desk().open()
    desk.run(CHECK, exit_status=3, stdout="inactive\n")
    desk.run("systemctl start nginx")
    desk.run(CHECK, exit_status=3, stdout="inactive\n")
    said = desk.last(e.CheckVerified)
    assert isinstance(said, e.CheckVerified)
    assert said.verdict == "still_failing"


def test_what_broke_is_regressed() -> None:
    """A check that passed before the change and fails after it is regressed, not fixed."""
    desk = Desk().open()
    desk.run(CHECK, stdout="active\n")
    desk.run("systemctl restart nginx")
    desk.run(CHECK, exit_status=3, stdout="failed\n")
    said = desk.last(e.CheckVerified)
    assert isinstance(said, e.CheckVerified)
    assert said.verdict == "regressed"
