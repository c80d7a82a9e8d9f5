"""Baseline, verification and verdict: what counts as before and after."""

import pytest

from stillfixed.actors.session import events as e
from stillfixed.actors.session import requests as r
from stillfixed.actors.session.gate import is_current, needs_rerun
from stillfixed.actors.session.state import Check
from tests.support.desk import Desk

CHECK = "systemctl is-active nginx"
FIX = "systemctl restart nginx"


def only_check(desk: Desk) -> Check:
    [check] = desk.state.checks.values()
    return check


def test_the_baseline_is_kept_by_itself() -> None:
    """A technician who only looks has a baseline without logging anything."""
    desk = Desk().open()
    run = desk.run(CHECK, 3, "failed\n")
    check = only_check(desk)
    assert check.baseline.run == run
    assert check.health == "fault"
    assert check.verification is None


def test_a_check_run_again_after_the_fix_is_judged_at_once() -> None:
    """The verdict is an event beside the run, with both runs and the judge's version."""
    desk = Desk().open()
    before = desk.run(CHECK, 3, "failed\n")
    desk.run(FIX)
    after = desk.run(CHECK, 0, "active\n")
    verified = desk.last(e.CheckVerified)
    assert isinstance(verified, e.CheckVerified)
    assert (verified.baseline, verified.verification) == (before, after)
    assert verified.verdict == "fixed"
    assert verified.judge


def test_the_values_behind_a_verdict_are_recorded_with_it() -> None:
    """The worst of them, as many as are kept, so that an event stays small."""
    desk = Desk().open()
    heading = "NAME       STATUS\n"
    rows = [f"service-{number:02} {{}}" for number in range(60)]
    desk.run("supervisorctl status", stdout=heading + "\n".join(rows).format(*["failed"] * 60))
    desk.run("reboot")
    states = ["running"] * 59 + ["failed"]
    desk.run("supervisorctl status", stdout=heading + "\n".join(rows).format(*states))
    verified = desk.last(e.CheckVerified)
    assert isinstance(verified, e.CheckVerified)
    assert verified.verdict == "still_failing"
    assert verified.fields[0].item == "service-59"
    assert {one.verdict for one in verified.fields[1:]} == {"fixed"}
    assert (len(verified.fields), verified.fields_left_out) == (40, 20)


def test_the_baseline_is_the_last_run_before_the_first_change() -> None:
    """Looking twice before the fix moves the baseline; looking twice after it does not."""
    desk = Desk().open()
    desk.run(CHECK, 3, "failed\n")
    second = desk.run(CHECK, 3, "failed\n")
    desk.run(FIX)
    desk.run(CHECK, 3, "failed\n")
    desk.run("systemctl start nginx")
    desk.run(CHECK, 0, "active\n")
    assert only_check(desk).baseline.run == second
    assert only_check(desk).verification is not None


def test_another_spelling_is_the_same_check() -> None:
    """A check is recognised by what it examines."""
    desk = Desk().open()
    desk.run("systemctl is-active nginx", 3, "failed\n")
    desk.run(FIX)
    desk.run("sudo  systemctl is-active nginx.service ;", 0, "active\n")
    assert only_check(desk).verification is not None


def test_the_same_command_on_another_endpoint_is_another_check() -> None:
    """One machine's health is not taken for another's."""
    desk = Desk().open()
    desk.ask(r.AddEndpoint(by="ana", endpoint="web2", kind="ssh", address="", platform="posix"))
    desk.run(CHECK, 3, "failed\n", endpoint="web1")
    desk.run(FIX, endpoint="web1")
    desk.run(CHECK, 0, "active\n", endpoint="web2")
    assert len(desk.state.checks) == 2
    assert all(check.verification is None for check in desk.state.checks.values())


def test_a_later_change_makes_a_verification_stale() -> None:
    """Proof from before the last change proves nothing about it."""
    desk = Desk().open()
    desk.run(CHECK, 3, "failed\n")
    desk.run(FIX)
    desk.run(CHECK, 0, "active\n")
    assert is_current(desk.state, only_check(desk))
    desk.run("apt-get -y upgrade")
    assert not is_current(desk.state, only_check(desk))
    assert needs_rerun(desk.state, only_check(desk))


def test_an_unknown_command_counts_as_a_change() -> None:
    """What the text does not tell may have changed anything."""
    desk = Desk().open()
    desk.run(CHECK, 0, "active\n")
    desk.run("./vendor-tool --do-it")
    assert needs_rerun(desk.state, only_check(desk))


def test_a_declared_change_is_a_change() -> None:
    """A cable plugged in by hand is a fix like any other."""
    desk = Desk().open()
    desk.run("ping -c 3 gw", 1, "3 packets transmitted, 0 received, 100% packet loss\n")
    desk.ask(r.DeclareChange(by="ana", text="Plugged the cable in again."))
    desk.run("ping -c 3 gw", 0, "3 packets transmitted, 3 received, 0% packet loss\n")
    check = only_check(desk)
    assert check.verification is not None
    assert check.verification.verdict == "fixed"


def test_a_fault_that_goes_away_by_itself_is_no_fix_and_says_so() -> None:
    """Without a change between, the later run is a new baseline, with a hint to declare it."""
    desk = Desk().open()
    desk.run(CHECK, 3, "failed\n")
    desk.run(CHECK, 0, "active\n")
    observed = desk.last(e.CheckObserved)
    assert isinstance(observed, e.CheckObserved)
    assert observed.health == "healthy"
    assert "declare" in observed.reasons[-1]
    assert only_check(desk).verification is None


@pytest.mark.parametrize("ends_first", ["check", "change"])
def test_a_check_that_overlaps_a_change_is_neither_before_nor_after(ends_first: str) -> None:
    """Nobody knows whether it saw the state before the change or after it."""
    desk = Desk().open()
    check, change = desk.start(CHECK), desk.start(FIX)
    if ends_first == "check":
        desk.finish(check, 3, "failed\n")
        desk.finish(change)
    else:
        desk.finish(change)
        desk.finish(check, 0, "active\n")
    assert not desk.state.checks
    observed = desk.last(e.CheckObserved)
    assert isinstance(observed, e.CheckObserved)
    assert not observed.counts


def test_a_check_seen_while_a_change_ran_does_not_verify_it() -> None:
    """The change may have taken effect after the check had looked."""
    desk = Desk().open()
    desk.run(CHECK, 3, "failed\n")
    change = desk.start(FIX)
    desk.run(CHECK, 0, "active\n")
    desk.finish(change)
    assert needs_rerun(desk.state, only_check(desk))


def test_an_interrupted_change_is_a_change() -> None:
    """Its outcome is unknown, so what was proven before it is not proven now."""
    desk = Desk().open()
    desk.run(CHECK, 3, "failed\n")
    desk.run(FIX)
    desk.run(CHECK, 0, "active\n")
    run = desk.start("systemctl restart nginx")
    desk.ask(r.GiveUpRun(by="stillfixed", run=run, sent=True, reason="The connection was lost."))
    assert needs_rerun(desk.state, only_check(desk))


def test_a_check_is_never_its_own_verification() -> None:
    """Whatever is run, before and after are two runs, the later one after a change."""
    desk = Desk().open()
    for command in (CHECK, FIX, CHECK, CHECK, FIX, CHECK):
        desk.run(command, 0, "active\n")
    for event in desk.log:
        if isinstance(event, e.CheckVerified):
            assert event.baseline != event.verification


def test_an_expectation_judges_again_what_was_judged_without_it() -> None:
    """Stating what healthy means changes the verdict that is already there."""
    desk = Desk().open()
    head = "Filesystem      Size  Used Avail Use% Mounted on\n"
    desk.run("df -h /", 0, head + "/dev/sda1       9.8G  9.0G  0.7G  93% /\n")
    desk.run("rm -rf /var/tmp/old")
    desk.run("df -h /", 0, head + "/dev/sda1       9.8G  4.0G  5.6G  41% /\n")
    desk.ask(r.StateExpectation(by="ana", command="df -h /", expect="Use% < 90"))
    check = only_check(desk)
    assert check.health == "fault"
    assert check.verification is not None
    assert check.verification.verdict == "fixed"


@pytest.mark.parametrize(
    ("command", "expect", "word"),
    [("df -h /", "Use% <<< 90", "expectation"), ("rm -rf /x", "exit_status == 0", "no check")],
)
def test_an_expectation_that_cannot_be_used_is_refused(
    command: str, expect: str, word: str
) -> None:
    """A typo is found when it is stated, not when it silently never matches."""
    desk = Desk().open()
    answer = desk.ask(r.StateExpectation(by="ana", command=command, expect=expect))
    assert isinstance(answer, r.Refused)
    assert word in answer.message


@pytest.mark.parametrize("command", ["", "   ", "a\0b", "x" * 200_000])
def test_a_command_that_cannot_be_sent_is_refused(command: str) -> None:
    """Empty, with a NUL, too long: a clear refusal, and nothing happened."""
    desk = Desk().open()
    before = len(desk.log)
    answer = desk.ask(r.StartRun(by="ana", command=command))
    assert isinstance(answer, r.Refused)
    assert "Nothing was sent" in answer.message
    assert len(desk.log) == before


def test_an_output_too_long_to_judge_says_so() -> None:
    """Beyond the judge's limit the verdict is inconclusive, with advice."""
    desk = Desk().open()
    desk.run(CHECK, 3, "failed\n")
    desk.run(FIX)
    run = desk.start(CHECK)
    desk.flood(run)
    desk.finish(run, 0, "active\n")
    check = only_check(desk)
    assert check.verification is not None
    assert check.verification.verdict == "inconclusive"
    assert "too long" in check.verification.reasons[0]
