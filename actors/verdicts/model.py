"""The shapes of a judgement. Pure data, shared by the judge, the history and what people see."""

from typing import Literal

from msgspec import Struct

Platform = Literal["powershell", "cmd", "posix", "network"]
Effect = Literal["reads", "changes", "unknown"]
Verdict = Literal["fixed", "still_failing", "regressed", "healthy", "inconclusive"]
Health = Literal["fault", "healthy", "unclear"]

JUDGE_VERSION = "2"
"""Recorded with every verdict. Raise it when the judge may answer differently for the same runs."""


class Run(Struct, frozen=True):
    """What came back from one command. `exit_status` is None when the run was cut off."""

    stdout: str
    stderr: str = ""
    exit_status: int | None = 0


class Finding(Struct, frozen=True):
    """What one run alone shows: `unclear` if it did not really run or says nothing of health."""

    health: Health
    reasons: tuple[str, ...] = ()


class FieldChange(Struct, frozen=True, kw_only=True):
    """One judged value on both sides. Line numbers count from 1 in stdout; None: not there. `rule`
    names what decided (docs/verdicts.md lists them); `note` says more where the values do not."""

    item: str
    field: str
    before: str | None
    after: str | None
    verdict: Verdict
    rule: str
    before_line: int | None = None
    after_line: int | None = None
    note: str = ""


class AlignedLine(Struct, frozen=True, kw_only=True):
    """One row of the two outputs side by side. A missing side has number and text None."""

    kind: Literal["same", "changed", "removed", "added"]
    before_number: int | None = None
    before: str | None = None
    after_number: int | None = None
    after: str | None = None
    deciding: bool = False


class Judgement(Struct, frozen=True, kw_only=True):
    """`reasons` are sentences for people, the deciding one first."""

    verdict: Verdict
    reasons: tuple[str, ...]
    fields: tuple[FieldChange, ...] = ()
    lines: tuple[AlignedLine, ...] = ()
