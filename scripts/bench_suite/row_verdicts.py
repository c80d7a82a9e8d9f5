"""Bench row: the judge on the labelled cases, beside what people use instead of one.

Fair because every judge sees the same two runs and may use the exit status. The peers are the usual
ones: a line diff, DeepDiff over jc's output where jc knows the command, and words to look for.
"""

import difflib
import re
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from scripts.bench_suite.harness import PeerMissing, installed
from scripts.bench_suite.table import Figure, Target
from stillfixed.actors.verdicts import Run, judge
from stillfixed.actors.verdicts.health import look
from stillfixed.connectors.cli.batch import VerdictCase
from tests.support.cases import verdict_cases
from tests.support.outputs import GOOD, LAYOUTS

try:
    import jc
    from deepdiff import DeepDiff
except ImportError:
    DeepDiff = None

Judge = Callable[[VerdictCase], str]
_BAD = re.compile(
    r"error|fail|down|stopped|offline|unreachable|refused|timed? ?out|denied|critical|unhealthy"
    r"|degraded|inactive|not running|100% (packet )?loss",
    re.I,
)


def by_stillfixed(case: VerdictCase) -> str:
    return judge(
        case.command, case.before, case.after, expect=case.expect, platform=case.platform
    ).verdict


def by_line_diff(case: VerdictCase) -> str:
    """What changed, with an exit status of 0, is fixed."""
    before, after = (run.stdout.splitlines() for run in (case.before, case.after))
    changed = any(line[:1] in "+-" for line in difflib.ndiff(before, after))
    return _by_change(case, changed)


def by_deepdiff(case: VerdictCase) -> str:
    """What changed in the parsed output, with an exit status of 0, is fixed."""
    before, after = (_parsed(case.command, run) for run in (case.before, case.after))
    return _by_change(case, bool(DeepDiff(before, after, ignore_order=True)))


def _parsed(command: str, run: Run) -> Any:
    program = re.sub(r"^sudo\s+", "", command).split()[0].rsplit("/", 1)[-1].replace("-", "_")
    if program in jc.parser_mod_list():
        try:
            return jc.parse(program, run.stdout, quiet=True)
        except Exception:  # jc says in many ways that it cannot
            return run.stdout.splitlines()
    return run.stdout.splitlines()


def _by_change(case: VerdictCase, changed: bool) -> str:
    good = case.after.exit_status == 0
    if not changed:
        return "healthy" if good else "still_failing"
    return "fixed" if good else "regressed"


def by_words(case: VerdictCase) -> str:
    """A word of fault before and none after is fixed."""
    bad = [
        bool(_BAD.search(run.stdout + run.stderr)) or run.exit_status != 0
        for run in (case.before, case.after)
    ]
    return {
        (True, False): "fixed",
        (True, True): "still_failing",
        (False, True): "regressed",
        (False, False): "healthy",
    }[bad[0], bad[1]]


async def measure(quick: bool) -> list[Figure]:
    if DeepDiff is None:
        raise PeerMissing("deepdiff is not installed in this Python")
    cases = [case for case in verdict_cases() if case.verdict]
    peers: dict[str, Judge] = {
        "a line diff": by_line_diff,
        f"{installed('deepdiff')} over {installed('jc')}": by_deepdiff,
        "words to look for": by_words,
    }
    ours = _score(by_stillfixed, cases)
    figures = []
    for name, peer in peers.items():
        theirs = _score(peer, cases)
        for what, unit, index, target in (
            ("`fixed` said wrongly", "of 1,000", 0, Target("ours", "at most", 0)),
            ("real fixes recognised", "%", 1, Target("ours", "at least", 93)),
        ):
            figures.append(
                Figure(
                    row="verdicts",
                    what=f"{what}, {len(cases)} cases",
                    unit=unit,
                    ours=ours[index],
                    peer=theirs[index],
                    peer_name=name,
                    targets=(target,),
                )
            )
    return [*figures, *_times(cases, quick)]


def _score(judged: Judge, cases: Sequence[VerdictCase]) -> tuple[float, float]:
    """(wrong `fixed` of 1,000 cases, percent of the real fixes that were recognised)."""
    pairs = [(case.verdict, judged(case)) for case in cases]
    wrong = sum(said == "fixed" != label for label, said in pairs)
    fixes = [said for label, said in pairs if label == "fixed"]
    return 1000 * wrong / len(pairs), 100 * fixes.count("fixed") / len(fixes)


def _times(cases: Sequence[VerdictCase], quick: bool) -> list[Figure]:
    ordinary = cases[:: 20 if quick else 1]
    for case in ordinary:
        by_stillfixed(case)  # knowledge is read once
    return [
        Figure(
            row="verdicts",
            what="two ordinary outputs, median",
            unit="ms",
            ours=statistics.median(_milliseconds(by_stillfixed, case) for case in ordinary),
            peer=statistics.median(_milliseconds(by_deepdiff, case) for case in ordinary),
            peer_name="DeepDiff over jc",
            targets=(Target("ours", "at most", 3),),
        ),
        Figure(
            row="verdicts",
            what="two outputs of 1 MB, the slowest of six layouts",
            unit="ms",
            ours=max(_milliseconds(by_stillfixed, case) for case in _megabytes()),
            peer=max(_milliseconds(_unified, case) for case in _megabytes()),
            peer_name="difflib.unified_diff",
            targets=(Target("ours", "at most", 300),),
        ),
    ]


def _megabytes() -> list[VerdictCase]:
    """Outputs of about a million characters in which every fiftieth item was faulty."""
    names = ("powershell table", "powershell list", "unix table", "bars", "sentences", "ini")
    found = []
    for name in names:
        show, platform = LAYOUTS[name]
        count = 1_000_000 * 1_000 // len(show({f"item{n}": "OK" for n in range(1_000)}, 7))
        world = {f"item{n}": "Failed" if n % 50 == 0 else GOOD[n % 4] for n in range(count)}
        before = show(world, 7)
        after = before.replace("Failed", "Running")
        found.append(VerdictCase(name, platform, "fleetctl list", Run(before), Run(after)))
    return found


def _unified(case: VerdictCase) -> str:
    before, after = case.before.stdout.split("\n"), case.after.stdout.split("\n")
    return "".join(difflib.unified_diff(before, after, lineterm=""))[:1]


def _milliseconds(judged: Judge, case: VerdictCase) -> float:
    look.cache_clear()
    start = time.perf_counter()
    judged(case)
    return 1e3 * (time.perf_counter() - start)
