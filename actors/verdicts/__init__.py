"""The judgement: what a command does, whether two are the same check, whether a fix held. Pure.

effect_of     reads, changes or unknown
same_check    whether two commands are one check; `canonical` is the form that decides
examine       what one run alone shows
judge         what changed between two runs of one check
align, fold   two outputs side by side, and what of it is shown; `side_by_side` is of two runs
summarised    the values behind a verdict, the worst first
"""

from stillfixed.actors.verdicts.align import align, fold
from stillfixed.actors.verdicts.effects import effect_of
from stillfixed.actors.verdicts.expect import Expectation, parse_expectation
from stillfixed.actors.verdicts.judge import examine, judge
from stillfixed.actors.verdicts.judgement import Judgement
from stillfixed.actors.verdicts.model import (
    JUDGE_VERSION,
    AlignedLine,
    Effect,
    FieldChange,
    Finding,
    Fold,
    Health,
    Platform,
    Row,
    Run,
    Span,
    Verdict,
)
from stillfixed.actors.verdicts.same import canonical, same_check
from stillfixed.actors.verdicts.sides import side_by_side
from stillfixed.actors.verdicts.summary import Summary, summarised

__all__ = [
    "JUDGE_VERSION",
    "AlignedLine",
    "Effect",
    "Expectation",
    "FieldChange",
    "Finding",
    "Fold",
    "Health",
    "Judgement",
    "Platform",
    "Row",
    "Run",
    "Span",
    "Summary",
    "Verdict",
    "align",
    "canonical",
    "effect_of",
    "examine",
    "fold",
    "judge",
    "parse_expectation",
    "same_check",
    "side_by_side",
    "summarised",
]
