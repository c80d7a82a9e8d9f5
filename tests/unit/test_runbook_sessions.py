"""Runbooks in a session: what loading records, and what a policy that asks for one refuses."""

from typing import Any

import pytest

from stillfixed.actors.session import events as e
from stillfixed.actors.session import requests as r
from stillfixed.actors.session.decide import evidence_needed
from stillfixed.actors.session.gate import rule
from stillfixed.actors.session.policy import Policy, parse_policies
from stillfixed.actors.session.rejudge import rejudge, stored_verdicts
from stillfixed.actors.session.required import gap
from tests.support.desk import Desk

TEXT = """\
name = "web"
title = "A web service that does not answer"
platforms = ["posix"]

[parameters.service]
ask = "The service"

[[check]]
command = "systemctl is-active {service}"
expect = "stdout == active"
why = "The service runs."

[[check]]
command = "cat /run/workers"
expect = "stdout >= 4"
why = "There are workers."
"""
SERVICE, WORKERS = "systemctl is-active nginx", "cat /run/workers"


def open_desk(**policy: Any) -> Desk:
    given = {"name": "desk", "runbooks": {"Web": ("web",)}, **policy}
    desk = Desk(Policy.model_validate(given))
    desk.ask(r.OpenSession(by="ana", ticket="T-1", client="Acme", category="web"))
    desk.ask(r.AddEndpoint(by="ana", endpoint="web1", kind="ssh", address="", platform="posix"))
    return desk


def load(desk: Desk, text: str = TEXT, endpoint: str = "web1", **more: str) -> r.SessionAnswer:
    parameters = {"service": "nginx", **more}
    request = r.LoadRunbook(by="ana", text=text, endpoint=endpoint, parameters=parameters)
    assert set(evidence_needed(desk.state, request)) <= set(desk.outputs)
    return desk.ask(request)


def run_both(desk: Desk, service: str, workers: str) -> None:
    desk.run(SERVICE, 0 if service == "active" else 3, f"{service}\n")
    desk.run(WORKERS, 0, f"{workers}\n")


def fixed(desk: Desk) -> Desk:
    """Loaded, seen failing, mended, and every check run again."""
    load(desk)
    run_both(desk, "failed", "4")
    desk.run("systemctl restart nginx")
    run_both(desk, "active", "4")
    return desk


def reasons(desk: Desk) -> list[str]:
    assert desk.policy is not None
    return [reason.text for reason in rule(desk.state, desk.policy, desk.now).reasons]


def codes(desk: Desk) -> set[str]:
    assert desk.policy is not None
    return {reason.code for reason in rule(desk.state, desk.policy, desk.now).reasons}


# -- loading ------------------------------------------------------------------------------------
def test_loading_copies_the_checks_into_the_history() -> None:
    """With values filled in, so that it can be read when the file has changed."""
    desk = open_desk()
    assert load(desk) == r.Done(id="web")
    loaded = desk.last(e.RunbookLoaded)
    assert isinstance(loaded, e.RunbookLoaded)
    assert (loaded.runbook, loaded.endpoint, len(loaded.digest)) == ("web", "web1", 64)
    assert loaded.parameters == {"service": "nginx"}
    assert [(c.command, c.expect, c.why) for c in loaded.checks] == [
        (SERVICE, "stdout == active", "The service runs."),
        (WORKERS, "stdout >= 4", "There are workers."),
    ]


def test_a_runbooks_expectations_hold_from_then_on() -> None:
    """Four workers are healthy because the runbook says so."""
    desk = open_desk()
    load(desk)
    desk.run(WORKERS, 0, "1\n")
    desk.run("systemctl restart nginx")
    desk.run(WORKERS, 0, "4\n")
    verified = desk.last(e.CheckVerified)
    assert isinstance(verified, e.CheckVerified)
    assert (verified.verdict, verified.health) == ("fixed", "healthy")


def test_what_was_judged_before_is_judged_again() -> None:
    """Baseline and verification, in the same append; loading it twice judges nothing twice."""
    desk = open_desk()
    desk.run(WORKERS, 0, "1\n")
    desk.run("systemctl restart nginx")
    desk.run(WORKERS, 0, "4\n")
    before = len(desk.log)
    load(desk)
    kinds = [type(event) for event in desk.log[before:]]
    assert kinds == [e.RunbookLoaded, e.CheckObserved, e.CheckVerified]
    [check] = desk.state.checks.values()
    assert check.health == "fault"
    assert check.verification is not None
    assert check.verification.verdict == "fixed"
    load(desk)
    assert [type(event) for event in desk.log[before + 3 :]] == [e.RunbookLoaded]


@pytest.mark.parametrize(
    ("text", "more", "code", "said"),
    [
        ("nonsense", {}, "runbook", "not valid TOML"),
        (TEXT.replace("is-active", "restart"), {}, "runbook", "line 9, check 1, command"),
        (TEXT, {"colour": "red"}, "runbook", "no parameter colour"),
        (TEXT, {"service": "a\nb"}, "runbook", "line break"),
        (TEXT, {"endpoint": "web9"}, "refused", "no endpoint named web9"),
    ],
)
def test_what_cannot_be_loaded_records_nothing(
    text: str, more: dict[str, str], code: str, said: str
) -> None:
    """The refusal says what is wrong."""
    desk = open_desk()
    before = len(desk.log)
    answer = load(desk, text, **more)
    assert isinstance(answer, r.Refused)
    assert answer.code == code
    assert said in answer.message
    assert len(desk.log) == before


def test_a_session_that_is_not_there_loads_nothing() -> None:
    """Nor does it ask for outputs."""
    answer = load(Desk(), endpoint="")
    assert isinstance(answer, r.Refused)
    assert answer.code == "unknown_session"


def test_only_the_technician_loads() -> None:
    """As with every command."""
    desk = open_desk()
    answer = desk.ask(r.LoadRunbook(by="bob", text=TEXT, parameters={"service": "nginx"}))
    assert isinstance(answer, r.Refused)
    assert answer.code == "not_your_session"


# -- the gate -----------------------------------------------------------------------------------
def test_a_required_runbook_that_is_done_closes() -> None:
    """The evidence names the newest run of each of its checks."""
    desk = fixed(open_desk())
    assert desk.close().result == "granted"
    granted = desk.last(e.ClosureGranted)
    assert isinstance(granted, e.ClosureGranted)
    assert granted.evidence == ("r1", "r4", "r5")


def test_a_required_runbook_has_to_be_loaded() -> None:
    """A proven fix is not enough where the category asks for more."""
    desk = open_desk()
    desk.run(SERVICE, 3, "failed\n")
    desk.run("systemctl restart nginx")
    desk.run(SERVICE, 0, "active\n")
    assert codes(desk) == {"runbook_not_loaded"}
    assert "runbook web for tickets of category 'web'" in reasons(desk)[0]


@pytest.mark.parametrize("category", ["", "printer"])
def test_other_categories_do_not_need_it(category: str) -> None:
    """Nor do tickets without one."""
    desk = Desk(Policy.model_validate({"name": "desk", "runbooks": {"web": ("web",)}}))
    desk.ask(r.OpenSession(by="ana", ticket="T-1", client="Acme", category=category))
    assert codes(desk) == {"no_baseline"}


def test_a_loaded_runbook_that_nobody_asks_for_holds_nothing_up() -> None:
    """Loading one is never a risk."""
    desk = open_desk(runbooks={})
    load(desk)
    desk.run(SERVICE, 3, "failed\n")
    desk.run("systemctl restart nginx")
    desk.run(SERVICE, 0, "active\n")
    assert codes(desk) == set()


def test_checks_that_are_missing_are_named_by_what_they_lack() -> None:
    """Not run, and not run again, though healthy: a required check is repeated after the fix."""
    desk = open_desk()
    load(desk)
    desk.run(SERVICE, 3, "failed\n")
    [said] = [text for text in reasons(desk) if "Runbook web" in text]
    assert f"Showing a fault: 1 `{SERVICE}`. Not run: 2 `{WORKERS}`" in said
    desk.run(WORKERS, 0, "4\n")
    desk.run("systemctl restart nginx")
    desk.run(SERVICE, 0, "active\n")
    [said] = reasons(desk)
    assert "which policy desk asks for, is not done on web1" in said
    assert f"Not run again after the last change: 2 `{WORKERS}`" in said
    assert SERVICE not in said


@pytest.mark.parametrize(
    ("before", "after", "lacks"),
    [("1", "2", "still failing"), ("4", "1", "worse than before"), ("1", "", "not clear")],
)
def test_a_check_that_is_not_good_is_missing(before: str, after: str, lacks: str) -> None:
    """Whatever the others prove."""
    desk = open_desk()
    load(desk)
    run_both(desk, "failed", before)
    desk.run("systemctl restart nginx")
    run_both(desk, "active", after)
    [said] = [text for text in reasons(desk) if "Runbook web" in text]
    assert f"{lacks.capitalize()}: 2 `{WORKERS}`" in said


def test_a_check_that_could_not_run_before_the_fix_counts_by_its_newest_run() -> None:
    """Its verdict is inconclusive for ever, and yet it is seen healthy now."""
    desk = open_desk()
    load(desk)
    desk.run(SERVICE, 3, "failed\n")
    desk.run(WORKERS, 127, "")
    desk.run("systemctl restart nginx")
    run_both(desk, "active", "4")
    verified = desk.last(e.CheckVerified)
    assert isinstance(verified, e.CheckVerified)
    assert verified.verdict == "inconclusive"
    assert codes(desk) == set()


def test_a_fault_that_only_vanished_is_not_clear() -> None:
    """The run alone looks healthy, but the worker that was down is not in it any more."""
    desk = open_desk()
    load(desk, TEXT.replace("stdout >= 4", "State == up"))
    up, down = "Name: w1\nState: up\n\n", "Name: w2\nState: down\n"
    desk.run(SERVICE, 3, "failed\n")
    desk.run(WORKERS, 0, up + down)
    desk.run("systemctl restart nginx")
    desk.run(SERVICE, 0, "active\n")
    desk.run(WORKERS, 0, up)
    verified = desk.last(e.CheckVerified)
    assert isinstance(verified, e.CheckVerified)
    assert (verified.verdict, verified.health) == ("inconclusive", "healthy")
    [said] = [text for text in reasons(desk) if "Runbook web" in text]
    assert f"Not clear: 2 `{WORKERS}`" in said


def test_a_check_first_run_after_the_fix_counts_if_it_is_healthy() -> None:
    """The runbook may be loaded late."""
    desk = open_desk()
    desk.run(SERVICE, 3, "failed\n")
    desk.run("systemctl restart nginx")
    load(desk)
    run_both(desk, "active", "4")
    assert codes(desk) == set()
    desk.run(WORKERS, 0, "1\n")
    assert codes(desk) == {"runbook_not_done"}


def test_another_expectation_does_not_do() -> None:
    """Nobody passes a required check by asking less of it; loading again restores it."""
    desk = fixed(open_desk())
    desk.ask(r.StateExpectation(by="ana", command=WORKERS, expect="stdout >= 0"))
    [said] = reasons(desk)
    assert f"Judged by another expectation than the runbook's: 2 `{WORKERS}`" in said
    load(desk)
    assert codes(desk) == set()


def test_every_endpoint_it_was_loaded_on_has_to_be_done() -> None:
    """Two servers, one of them forgotten."""
    desk = open_desk()
    desk.ask(r.AddEndpoint(by="ana", endpoint="web2", kind="ssh", address="", platform="posix"))
    load(desk, endpoint="web2")
    load(desk)
    for command, exit_status, stdout in [(SERVICE, 3, "failed\n"), (WORKERS, 0, "4\n")]:
        desk.run(command, exit_status, stdout, endpoint="web1")
    desk.run("systemctl restart nginx", endpoint="web1")
    for command, stdout in [(SERVICE, "active\n"), (WORKERS, "4\n")]:
        desk.run(command, 0, stdout, endpoint="web1")
    [said] = reasons(desk)
    assert "is not done on web2" in said


def test_a_reason_that_is_accepted_stands_in() -> None:
    """As for every proof that cannot be had; not for a check that fails."""
    desk = open_desk(cannot_verify={"accepted_by": "nobody"})
    load(desk)
    desk.run(SERVICE, 3, "failed\n")
    desk.run("systemctl restart nginx")
    desk.run(SERVICE, 0, "active\n")
    assert codes(desk) == {"runbook_not_done"}
    desk.ask(r.Annotate(by="ana", kind="cannot_verify", text="The workers start at night."))
    assert codes(desk) == set()
    desk.run(SERVICE, 3, "failed\n")
    assert codes(desk) == {"still_failing"}


def test_the_verdict_in_force_counts_for_a_required_check_too() -> None:
    """A dispatcher's, where one disagrees with the judge, in both directions."""
    desk = open_desk()
    load(desk)
    desk.run(SERVICE, 3, "failed\n")
    desk.run(WORKERS, 127, "")
    desk.run("systemctl restart nginx")
    run_both(desk, "active", "4")
    assert codes(desk) == set()
    for verdict, lacks in [("healthy", set()), ("inconclusive", {"runbook_not_done"})]:
        answer = desk.ask(
            r.OverrideVerdict(by="dora", run="r5", verdict=verdict, reason="I looked.")  # type: ignore[arg-type]
        )
        assert isinstance(answer, r.Done), answer
        assert codes(desk) == lacks


def test_todays_judge_goes_by_the_runbooks_expectation_too() -> None:
    """The history alone says what was expected when a verdict was given."""
    desk = fixed(open_desk())
    found = [rejudge(stored, desk.outputs) for stored in stored_verdicts(desk.log)]
    assert [one.expect for one in found] == ["stdout == active", "stdout >= 4"]
    assert not any(one.differs for one in found)


def test_a_policy_can_ask_for_one_text_alone() -> None:
    """A file of the same name with easier checks does not do."""
    digest = "0" * 12
    desk = fixed(open_desk(runbooks={"web": (f"web@{digest}",)}))
    assert codes(desk) == {"runbook_differs"}
    loaded = next(iter(desk.state.runbooks.values()))
    assert f"has the digest {loaded.digest[:12]}" in reasons(desk)[0]
    desk.policy = Policy.model_validate(
        {"name": "desk", "runbooks": {"web": (f"web@{loaded.digest}",)}}
    )
    assert codes(desk) == set()


def test_a_later_load_takes_the_place_of_the_earlier() -> None:
    """With other values it asks about other things."""
    desk = fixed(open_desk())
    load(desk, service="apache2")
    [book] = desk.state.runbooks.values()
    assert [gap(desk.state, book, check) for check in book.checks] == ["not run", None]


def test_policies_are_written_by_category() -> None:
    """A wrong name is refused where it is written."""
    text = '[[policy]]\nname = "p"\nrunbooks = { Printer = ["windows-printer@0123abcd"] }'
    [policy] = parse_policies(text).policy
    assert policy.runbooks_for(" printer") == ("windows-printer@0123abcd",)
    assert policy.runbooks_for("") == ()
    with pytest.raises(Exception, match=r"runbooks\.Printer"):
        parse_policies(text.replace("@0123abcd", "@XY"))
