"""The shapes of a judgement. Pure data, shared by the judge, the history and what people see."""

from typing import Literal

from msgspec import Struct

Platform = Literal["powershell", "cmd", "posix", "network"]
Effect = Literal["reads", "changes", "unknown"]
Verdict = Literal["fixed", "still_failing", "regressed", "healthy", "inconclusive"]
Health = Literal["fault", "healthy", "unclear"]
Output = Literal["stdout", "stderr"]

WORST_FIRST: tuple[Verdict, ...] = (
    "regressed",
    "still_failing",
    "inconclusive",
    "fixed",
    "healthy",
)

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
    """One judged value on both sides; stored in events, so a field added later needs a default.
    Line numbers count from 1 in stdout; None: not there. `rule` names what decided
    (docs/verdicts.md lists them); `note` says more where the values do not."""

    item: str
    field: str
    before: str | None
    after: str | None
    verdict: Verdict
    rule: str
    before_line: int | None = None
    after_line: int | None = None
    note: str = ""


class Span(Struct, frozen=True):
    """Characters `start` up to `end` of a line, that one excluded. `volatile`: what stands there
    moves by itself between two runs (a time, a process id), or is nothing but spaces."""

    start: int
    end: int
    volatile: bool = False


class AlignedLine(Struct, frozen=True, kw_only=True):
    """One row of two outputs side by side; a missing side has number and text None.

    Numbers count from 1 in `output`. The texts are as they were captured; `same` means that they
    read the same, whatever their colours, line ends and last spaces. The spans are what changed in
    each side of a `changed` row; it is `volatile` if all of them are. `deciding` rows hold the
    values that the verdict is from.
    """

    kind: Literal["same", "changed", "removed", "added"]
    output: Output = "stdout"
    before_number: int | None = None
    before: str | None = None
    after_number: int | None = None
    after: str | None = None
    deciding: bool = False
    volatile: bool = False
    before_spans: tuple[Span, ...] = ()
    after_spans: tuple[Span, ...] = ()


class Fold(Struct, frozen=True, kw_only=True):
    """A stretch of rows that are not shown: `lines` of them, `volatile` of which changed in what
    moves by itself, the others not at all. `before` and `after` are its first and last line numbers
    on each side."""

    output: Output = "stdout"
    lines: int
    volatile: int = 0
    before: tuple[int, int]
    after: tuple[int, int]
    kind: Literal["folded"] = "folded"


Row = AlignedLine | Fold
"""What is shown of two outputs side by side. `kind` tells them apart, in JSON too."""
