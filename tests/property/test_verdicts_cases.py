"""What never matters, on the labelled cases that lie with the tests."""

import re
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from stillfixed.actors.verdicts import Run, Verdict, examine, judge
from stillfixed.actors.verdicts.prompts import last_prompt
from stillfixed.connectors.cli.batch import VerdictCase
from tests.support.cases import verdict_cases

PROMPTS = {
    "posix": "admin@host1:~$ ",
    "network": "sw-core1#",
    "powershell": "PS C:\\Users\\admin>",
    "cmd": "C:\\Users\\admin>",
}


def verdict(case: VerdictCase, before: Run, after: Run) -> Verdict:
    return judge(case.command, before, after, expect=case.expect, platform=case.platform).verdict


_said: dict[str, Verdict] = {}


def said(case: VerdictCase) -> Verdict:
    """The verdict on the case as it is, judged once for all tests here."""
    if case.id not in _said:
        _said[case.id] = verdict(case, case.before, case.after)
    return _said[case.id]


def new_faults(case: VerdictCase) -> bool:
    """Whether the second output has faulty things that the first one does not show at all."""
    found = judge(case.command, case.before, case.after, expect=case.expect, platform=case.platform)
    return any(change.before is None for change in found.fields)


def crlf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def trailing(text: str) -> str:
    return "\n".join(f"{line}   " if line.strip() else line for line in text.split("\n"))


def coloured(text: str) -> str:
    return re.sub(r"(?m)\b(\w+)(?=[ \t\r]*$)", "\x1b[31m\\1\x1b[0m", text)


@pytest.mark.parametrize("dress", [crlf, trailing, coloured])
def test_what_terminals_add_does_not_matter(dress: Callable[[str], str]) -> None:
    """Line ends, trailing spaces and colours, in both outputs or in one, change no verdict."""
    changed = []
    for case in verdict_cases():
        before, after = (
            replace(run, stdout=dress(run.stdout)) for run in (case.before, case.after)
        )
        if {verdict(case, before, after), verdict(case, case.before, after)} != {said(case)}:
            changed.append(case.id)
    assert not changed


def test_a_prompt_at_the_end_does_not_matter() -> None:
    """A prompt that was captured behind both outputs changes no verdict."""
    changed = []
    for case in verdict_cases():
        runs = case.before, case.after
        if any(last_prompt(run.stdout) for run in runs) or "line_count" in (case.expect or ""):
            continue
        before, after = (
            replace(run, stdout=run.stdout.rstrip("\n") + "\n" + PROMPTS[case.platform])
            if run.stdout.strip()
            else run
            for run in runs
        )
        if verdict(case, before, after) != said(case):
            changed.append(case.id)
    assert not changed


def test_the_way_back() -> None:
    """The other way round a fix is a regression, and a regression of a check that showed no fault
    is a fix, but for faulty things that were not there before, which are missing on the way back.
    A run beside itself is neither."""
    for case in verdict_cases():
        back = verdict(case, case.after, case.before)
        if said(case) == "fixed":
            assert back == "regressed", case.id
        if said(case) == "regressed":
            first = examine(case.command, case.before, expect=case.expect, platform=case.platform)
            assert first.health == "fault" or back == "fixed" or new_faults(case), case.id
        for run in (case.before, case.after):
            assert verdict(case, run, run) not in ("fixed", "regressed"), case.id


def test_an_output_cut_short_is_not_fixed() -> None:
    """What is not fixed does not become so by leaving out lines at the end of the second output. A
    few cuts leave a text that a complete output could have, so that nobody can tell."""
    wrong = []
    for case in verdict_cases():
        if "fixed" in (said(case), case.verdict):
            continue
        text = case.after.stdout
        ends = [at + 1 for at, char in enumerate(text) if char == "\n"][:60]
        for end in {*ends, *(end - 2 for end in ends)}:
            if not text[:end].strip():
                continue  # an empty list is what a list without faults prints
            if verdict(case, case.before, replace(case.after, stdout=text[:end])) == "fixed":
                wrong.append((case.id, end))
                break
    assert len(wrong) <= 0.012 * len(verdict_cases()), wrong
