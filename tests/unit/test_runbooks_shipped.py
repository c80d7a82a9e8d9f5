"""The shipped runbooks: every check of each, held against outputs as endpoints really give them.

`runbooks/NAME.toml` has, for each check in its order, a healthy and a faulty output.
"""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from stillfixed.actors.runbooks import runbook_text, shipped
from stillfixed.actors.session.policy import parse_policies
from stillfixed.actors.session.runbook import FilledCheck, Runbook, placeholders
from stillfixed.actors.verdicts import effect_of, examine, judge, parse_expectation
from stillfixed.actors.verdicts.model import Platform, Run

EXAMPLES = Path(__file__).parent / "runbooks"


def example(name: str) -> dict[str, Any]:
    return tomllib.loads((EXAMPLES / f"{name}.toml").read_text())


def as_run(check: dict[str, Any], kind: str, platform: Platform) -> Run:
    """`kind` is healthy or faulty. Windows ends its lines with CRLF."""
    end = "\r\n" if platform == "powershell" else "\n"
    texts = [check.get(key, "").replace("\n", end) for key in (kind, f"{kind}_stderr")]
    return Run(*texts, exit_status=check.get(f"{kind}_status", 0))


class Case:
    """One check of a shipped runbook with its two outputs."""

    def __init__(self, book: Runbook, number: int) -> None:
        given = example(book.name)
        self.platform = book.platforms[0]
        self.check: FilledCheck = book.filled(self.platform, given.get("parameters", {}))[number]
        self.healthy = as_run(given["check"][number], "healthy", self.platform)
        self.faulty = as_run(given["check"][number], "faulty", self.platform)

    def judged(self, before: Run, after: Run) -> str:
        c = self.check
        return judge(c.command, before, after, expect=c.expect, platform=self.platform).verdict

    def alone(self, run: Run) -> str:
        c = self.check
        return examine(c.command, run, expect=c.expect, platform=self.platform).health


CASES = [
    pytest.param(Case(book, number), id=f"{book.name}-{number + 1}")
    for book in shipped().values()
    for number in range(len(book.check))
]


def test_there_are_enough_of_them_for_every_platform() -> None:
    """Ten at least, for Windows, Linux and network devices."""
    platforms = [book.platforms for book in shipped().values()]
    assert len(platforms) >= 10
    assert {p for several in platforms for p in several} >= {"powershell", "posix", "network"}


@pytest.mark.parametrize("book", shipped().values(), ids=list(shipped()))
def test_a_runbook_has_its_file_its_categories_and_its_examples(book: Runbook) -> None:
    """It is found under its name, offered for a ticket, and judged below."""
    assert runbook_text(book.name).source == book.name
    assert book.categories
    assert len(example(book.name)["check"]) == len(book.check) >= 4
    assert set(example(book.name).get("parameters", {})) <= set(book.parameters)
    assert all(check.expect for check in book.check)


def test_no_two_runbooks_expect_different_things_of_one_check() -> None:
    """Both can be loaded on one endpoint, and required together."""
    expected: dict[tuple[str, str], str | None] = {}
    for book in shipped().values():
        values = dict.fromkeys(book.parameters, "x1")
        for check in book.filled(book.platforms[0], values):
            key = (book.platforms[0], check.check)
            assert expected.setdefault(key, check.expect) == check.expect, check.command


@pytest.mark.parametrize("case", CASES)
def test_a_check_only_reads(case: Case) -> None:
    """With parameters filled in, and its expectation can be read."""
    assert effect_of(case.check.command, case.platform) == "reads"
    assert not placeholders(case.check.command)
    parse_expectation(case.check.expect or "")


@pytest.mark.parametrize("case", CASES)
def test_one_run_alone_is_judged_right(case: Case) -> None:
    """The faulty output shows a fault, the healthy one does not."""
    assert (case.alone(case.faulty), case.alone(case.healthy)) == ("fault", "healthy")


@pytest.mark.parametrize("case", CASES)
def test_a_fix_is_fixed_and_its_reverse_regressed(case: Case) -> None:
    """And what did not move stays what it was."""
    assert case.judged(case.faulty, case.healthy) == "fixed"
    assert case.judged(case.healthy, case.faulty) == "regressed"
    assert case.judged(case.faulty, case.faulty) == "still_failing"
    assert case.judged(case.healthy, case.healthy) == "healthy"


NOT_RUN = {
    "powershell": [
        Run("", "The term 'Get-Thing' is not recognized as the name of a cmdlet.\r\n", 1),
        Run("", "Get-Thing : Something that nobody has seen before\r\n+ FullyQualifiedErrorId", 1),
        Run("", "", None),
    ],
    "posix": [
        Run("", "bash: thing: command not found\n", 127),
        Run("", "thing: Permission denied\n", 126),
        Run("", "", None),
    ],
    "network": [
        Run("            ^\n% Invalid input detected at '^' marker.\n"),
        Run("% Authorization failed\n"),
        Run("", "", None),
    ],
}


@pytest.mark.parametrize("case", CASES)
def test_a_check_that_did_not_run_proves_nothing(case: Case) -> None:
    """Whatever the error, it is neither healthy nor a fix."""
    for run in NOT_RUN[case.platform]:
        assert case.alone(run) != "healthy"
        assert case.judged(case.faulty, run) not in ("fixed", "healthy")


def test_a_policy_can_name_each_of_them() -> None:
    """By category, with or without a digest."""
    names = ", ".join(f'"{name}"' for name in shipped())
    policy = f'[[policy]]\nname = "all"\nrunbooks = {{ any = [{names}] }}'
    assert parse_policies(policy).policy[0].runbooks_for("Any") == tuple(shipped())
