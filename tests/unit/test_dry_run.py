"""What other policies would have said of closures that were granted."""

from datetime import timedelta

from stillfixed.actors.session import requests as r
from stillfixed.actors.session.dry_run import counted, dry_run
from stillfixed.actors.session.policy import Policies, Policy, Requirements, parse_policies
from tests.support.desk import START, Desk

OBSERVE = Policy(name="watch", mode="observe")
BUILT_IN = Policies()


def proven() -> Desk:
    """Closed with proof, while policies only observed."""
    desk = Desk(OBSERVE).open()
    desk.run("systemctl is-active cups", 3, "failed\n")
    desk.run("systemctl restart cups")
    desk.run("systemctl is-active cups", 0, "active\n")
    assert desk.close().result == "granted"
    return desk


def unproven() -> Desk:
    """Closed without running the check again."""
    desk = Desk(OBSERVE).open()
    desk.run("systemctl is-active cups", 3, "failed\n")
    desk.run("systemctl restart cups")
    assert desk.close().result == "granted"
    return desk


def test_a_closure_without_proof_would_have_been_refused_for_its_reasons() -> None:
    """Although it was granted; the one with proof would have been granted again."""
    [good] = dry_run("s-1", proven().log, BUILT_IN, START)
    [bad] = dry_run("s-2", unproven().log, BUILT_IN, START)
    assert (good.outcome, good.reasons, good.policy) == ("granted", (), "built-in")
    assert bad.outcome == "refused"
    assert [reason.code for reason in bad.reasons] == ["not_rerun"]
    assert (bad.ticket, bad.technician) == ("T-1", "ana")


def test_what_happened_after_the_grant_does_not_count() -> None:
    """The state is that of the grant's moment: a later history says the same of it."""
    desk = unproven()
    desk.ask(r.RecordCallback(by="dora", kind="reopened"))
    [tried] = dry_run("s-2", desk.log, BUILT_IN, START)
    assert tried.outcome == "refused"


def test_mode_and_beginning_of_the_proposal_do_not_matter() -> None:
    """It is tried as if enforced today, so that a file that begins tomorrow can be tried now."""
    policies = parse_policies('[[policy]]\nname="later"\nmode="observe"\nfrom=2099-01-01\n')
    [tried] = dry_run("s-2", unproven().log, policies, START)
    assert (tried.policy, tried.outcome) == ("later", "refused")


def test_a_confirmation_that_nobody_gave_would_have_been_waited_for() -> None:
    """Proof is there, the second pair of eyes was not."""
    policy = Policy(name="eyes", require=Requirements(confirmation=True))
    [tried] = dry_run("s-1", proven().log, Policies(policy=(policy,)), START)
    assert tried.outcome == "waits"
    desk = Desk(policy).open()
    desk.run("systemctl is-active cups", 3, "failed\n")
    desk.run("systemctl restart cups")
    desk.run("systemctl is-active cups", 0, "active\n")
    desk.close()
    desk.ask(r.ConfirmClosure(by="dora"))
    [confirmed] = dry_run("s-3", desk.log, Policies(policy=(policy,)), START)
    assert confirmed.outcome == "granted"


def test_only_grants_since_the_moment_are_tried_and_counted() -> None:
    """Reasons are counted by closure."""
    logs = [proven().log, unproven().log]
    late = START + timedelta(days=1)
    assert [one for log in logs for one in dry_run("s", log, BUILT_IN, late)] == []
    tried = [one for log in logs for one in dry_run("s", log, BUILT_IN, START)]
    [count] = counted(tried)
    assert (count.closures, count.granted, count.waits, count.refused) == (2, 1, 0, 1)
    assert count.by_reason == {"not_rerun": 1}
