"""How right the judge is on the labelled cases that lie with the tests: the goals, held."""

import json
from collections import Counter

from stillfixed.actors.verdicts import effect_of, judge, same_check
from stillfixed.connectors.cli.batch import VerdictCase
from tests.support.cases import effect_cases, same_cases, verdict_cases


def said(case: VerdictCase) -> str:
    found = judge(case.command, case.before, case.after, expect=case.expect, platform=case.platform)
    return found.verdict


def report(pairs: list[tuple[str, str]]) -> str:
    return json.dumps(Counter(f"{a} -> {b}" for a, b in pairs if a != b), indent=1)


def test_verdicts_are_right() -> None:
    """No fault is called fixed that is not; nearly all verdicts, and real fixes, are recognised."""
    answers = {case.id: (str(case.verdict), said(case)) for case in verdict_cases()}
    pairs = list(answers.values())
    wrong = [name for name, (label, answer) in answers.items() if answer == "fixed" != label]
    assert not wrong, wrong
    fixes = [pair for pair in pairs if pair[0] == "fixed"]
    assert sum(a == b for a, b in pairs) >= 0.95 * len(pairs), report(pairs)
    assert sum(a == b for a, b in fixes) >= 0.93 * len(fixes), report(fixes)


def test_effects_are_right() -> None:
    """Nothing is called a reader that is not."""
    pairs = [(str(c.effect), str(effect_of(c.command, c.platform))) for c in effect_cases()]
    assert all(label == "reads" for label, answer in pairs if answer == "reads"), report(pairs)
    assert sum(a == b for a, b in pairs) >= 0.97 * len(pairs), report(pairs)


def test_same_checks_are_right() -> None:
    """No two different checks are called the same."""
    pairs = [(str(c.same), str(same_check(c.a, c.b, c.platform))) for c in same_cases()]
    assert ("False", "True") not in pairs, report(pairs)
    assert sum(a == b for a, b in pairs) >= 0.97 * len(pairs), report(pairs)
