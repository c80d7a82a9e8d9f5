"""Today's judge beside what was said: every stored verdict, and nothing changed."""

from msgspec.structs import replace

from stillfixed.actors.session import events as e
from stillfixed.actors.session import requests as r
from stillfixed.actors.session.rejudge import Rejudgement, rejudge, stored_verdicts
from stillfixed.actors.session.state import State, fold
from stillfixed.actors.verdicts.model import JUDGE_VERSION
from tests.support.desk import Desk

CHECK = "systemctl is-active nginx"
FIX = "systemctl restart nginx"


def fixed_twice() -> Desk:
    """r1 failed; r3 and, after another change, r5 are judged beside it."""
    desk = Desk().open()
    desk.run(CHECK, 3, "failed\n")
    for exit_status, stdout in ((3, "failed\n"), (0, "active\n")):
        desk.run(FIX)
        desk.run(CHECK, exit_status, stdout)
    return desk


def rejudged(desk: Desk) -> list[Rejudgement]:
    return [rejudge(stored, desk.outputs) for stored in stored_verdicts(desk.log)]


def test_the_judge_of_today_agrees_with_itself() -> None:
    """Every verdict, in order, with its runs, both versions and the reasons."""
    desk = fixed_twice()
    found = rejudged(desk)
    assert [(one.baseline, one.verification) for one in found] == [("r1", "r3"), ("r1", "r5")]
    assert [one.now.verdict for one in found] == ["still_failing", "fixed"]
    for one in found:
        assert one.then == one.now
        assert one.now.judge == JUDGE_VERSION
        assert one.now.reasons
        assert not one.differs
        assert one.command == CHECK
        assert isinstance(desk.log[one.version - 1], e.CheckVerified)


def test_a_verdict_of_an_older_judge_is_shown_beside_todays() -> None:
    """What was said stays what it was; that it differs is marked."""
    desk = fixed_twice()
    for at, event in enumerate(desk.log):
        if isinstance(event, e.CheckVerified):
            desk.log[at] = replace(event, judge="0", verdict="inconclusive", reasons=("Eh.",))
    before = [e.encode(event) for event in desk.log]
    found = rejudged(desk)
    assert [(one.then.judge, one.then.verdict, one.then.reasons) for one in found] == [
        ("0", "inconclusive", ("Eh.",))
    ] * 2
    assert [one.now.verdict for one in found] == ["still_failing", "fixed"]
    assert all(one.differs for one in found)
    assert [e.encode(event) for event in desk.log] == before


def test_each_verdict_is_judged_by_the_expectation_of_its_time() -> None:
    """One that was stated later is no reason to say that the earlier verdict differs."""
    desk = Desk().open()
    desk.run("cat /run/state", 0, "mode: 7\n")
    desk.run(FIX)
    desk.run("cat /run/state", 0, "mode: 3\n")
    desk.ask(r.StateExpectation(by="ana", command="cat /run/state", expect="mode == 3"))
    first, second = rejudged(desk)
    assert (first.expect, second.expect) == (None, "mode == 3")
    assert (first.verification, second.verification) == ("r3", "r3")
    assert first.now.verdict == first.then.verdict != "fixed"
    assert second.now.verdict == second.then.verdict == "fixed"


def test_an_override_stands_beside_both() -> None:
    """With the verdict that it was about, not with one that the same run got later."""
    desk = fixed_twice()
    desk.ask(r.OverrideVerdict(by="dora", run="r5", verdict="regressed", reason="It is slow now."))
    desk.ask(r.StateExpectation(by="ana", command=CHECK, expect="stdout contains active"))
    first, second, third = rejudged(desk)
    assert first.override is None
    assert second.override is not None
    assert (second.override.by, second.then.verdict, second.now.verdict) == (
        "dora",
        "fixed",
        "fixed",
    )
    assert (third.verification, third.override) == ("r5", None)


def test_an_output_too_long_to_judge_is_no_more_judged_today() -> None:
    """It was inconclusive and is; the output is not even asked for."""
    desk = Desk().open()
    desk.run(CHECK, 3, "failed\n")
    desk.run(FIX)
    run = desk.start(CHECK)
    desk.flood(run)
    desk.finish(run, 0, "active\n")
    del desk.outputs[run]
    [one] = rejudged(desk)
    assert one.now.verdict == one.then.verdict == "inconclusive"
    assert "too long" in one.now.reasons[0]
    assert fold(State(), desk.log) == desk.state


def test_a_session_without_verdicts_has_nothing_to_judge_again() -> None:
    """A baseline alone is no verdict."""
    desk = Desk().open()
    desk.run(CHECK, 3, "failed\n")
    assert stored_verdicts(desk.log) == ()
