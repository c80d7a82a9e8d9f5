"""The whole corpus of labelled cases, where it lies beside the repository."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from stillfixed.actors.verdicts import Run, effect_of, judge, same_check

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(),
    reason=f"the corpus of labelled cases is not at {CORPUS.name}/ beside the repository",
)


def cases(name: str) -> list[dict[str, Any]]:
    lines = (CORPUS / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def report(pairs: list[tuple[str, str]]) -> str:
    """The confusion matrix as text: right answer -> given answer."""
    return "\n".join(f"{a:>14} -> {b:<14}{n}" for (a, b), n in sorted(Counter(pairs).items()))


def share(pairs: list[tuple[str, str]]) -> float:
    return sum(a == b for a, b in pairs) / len(pairs)


@pytest.mark.parametrize(
    ("name", "floor"), [("verdict-windows.jsonl", 0.97), ("verdict-posix-network.jsonl", 0.94)]
)
def test_verdicts(name: str, floor: float) -> None:
    """No fault is called fixed that is not, and most verdicts are right."""
    pairs = []
    for case in cases(name):
        before, after = Run(**case["before"]), Run(**case["after"])
        found = judge(
            case["command"], before, after, expect=case["expect"], platform=case["platform"]
        )
        pairs.append((case["verdict"], found.verdict))
    assert not [pair for pair in pairs if pair[1] == "fixed" != pair[0]], report(pairs)
    assert share(pairs) >= floor, report(pairs)


def test_effects() -> None:
    """No change is labelled a reader."""
    pairs = [
        (case["effect"], str(effect_of(case["command"], case["platform"])))
        for case in cases("effects.jsonl")
    ]
    assert ("changes", "reads") not in pairs, report(pairs)
    assert ("unknown", "reads") not in pairs, report(pairs)
    assert share(pairs) >= 0.98, report(pairs)


def test_same_checks() -> None:
    """No two different checks are called the same."""
    pairs = [
        (str(case["same"]), str(same_check(case["a"], case["b"], case["platform"])))
        for case in cases("same-check.jsonl")
    ]
    assert ("False", "True") not in pairs, report(pairs)
    assert share(pairs) >= 0.97, report(pairs)
