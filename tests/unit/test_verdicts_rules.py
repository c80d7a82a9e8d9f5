"""Every rule that a reason may name is explained to people."""

from pathlib import Path

from stillfixed.actors.verdicts import judge
from tests.support.cases import verdict_cases

DOCS = Path(__file__).parents[2] / "docs" / "verdicts.md"


def test_every_rule_is_explained() -> None:
    """docs/verdicts.md has a line for each rule that decides a labelled case."""
    explained = {
        line.split("|")[1].strip() for line in DOCS.read_text().splitlines() if line[:2] == "| "
    }
    named = {
        "expected …" if change.rule.startswith("expected") else change.rule
        for case in verdict_cases()
        for change in judge(
            case.command, case.before, case.after, expect=case.expect, platform=case.platform
        ).fields
    }
    assert named <= explained, named - explained
