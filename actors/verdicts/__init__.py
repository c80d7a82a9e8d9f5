"""The judgement: what a command does, whether two are the same check, whether a fix held. Pure.

effect_of     reads, changes or unknown
same_check    whether two commands are one check; `canonical` is the form that decides
examine       what one run alone shows
judge         what changed between two runs of one check
align         two outputs side by side
"""

from stillfixed.actors.verdicts.align import align
from stillfixed.actors.verdicts.effects import effect_of
from stillfixed.actors.verdicts.expect import Expectation, parse_expectation
from stillfixed.actors.verdicts.judge import examine, judge
from stillfixed.actors.verdicts.model import (
    JUDGE_VERSION,
    AlignedLine,
    Effect,
    FieldChange,
    Finding,
    Health,
    Judgement,
    Platform,
    Run,
    Verdict,
)
from stillfixed.actors.verdicts.same import canonical, same_check

__all__ = [
    "JUDGE_VERSION",
    "AlignedLine",
    "Effect",
    "Expectation",
    "FieldChange",
    "Finding",
    "Health",
    "Judgement",
    "Platform",
    "Run",
    "Verdict",
    "align",
    "canonical",
    "effect_of",
    "examine",
    "judge",
    "parse_expectation",
    "same_check",
]
