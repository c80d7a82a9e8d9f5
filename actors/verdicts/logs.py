"""Logs: lines with times, where what was already there the first time is history.

Guarantee: symmetric; line numbers stay, because history is left as empty lines.
"""

import re

from msgspec.structs import replace

from stillfixed.actors.verdicts.model import Run

_TIMED = re.compile(
    r"^[\s\[(<*]*(?:<\d+>)?(?:"
    r"\d{4}[-/.]\d\d[-/.]\d\d[T ,]+\d\d?:\d\d"  # 2026-03-09 10:41
    r"|\d{1,2}[./]\d{1,2}[./]\d{2,4},? +\d{1,2}:\d\d"  # 09.03.2026 10:41, 3/9/2026 10:41 AM
    r"|[*.]?[A-Z][a-z]{2} +\d{1,2} (?:\d{4} )?\d\d:\d\d:\d\d"  # Mar  9 10:41:07
    r"|\d\d:\d\d:\d\d(?!\d)"
    r"|\w{3} \w{3} +\d{1,2} \d\d:\d\d:\d\d \d{4}"  # Mon Mar  9 10:41:07 2026
    r"|\d{1,2}[/ -][A-Z][a-z]{2}[/ -]\d{4}[: ]\d\d:\d\d)"
)


def is_timed(line: str) -> bool:
    """Whether a line begins with a time, as lines of logs do."""
    return bool(_TIMED.match(line))


def is_log(text: str) -> bool:
    """Whether many lines begin with a time; what a tool says around them does not count."""
    lines = [line for line in text.split("\n") if line.strip()]
    timed = sum(map(is_timed, lines))
    return timed > 0 and 3 * timed >= len(lines)


def without_history(first: Run, second: Run) -> tuple[Run, Run]:
    """The later of two logs without the lines that the earlier one has too. Where neither has new
    lines, or they share none, both are as they were."""
    if not (is_log(first.stdout) and is_log(second.stdout)):
        return first, second
    old, new = _timed(first.stdout), _timed(second.stdout)
    shared = old & new
    if not shared or old == new:
        return first, second
    if new - old:
        return first, _without(second, shared)
    return _without(first, shared), second


def _timed(text: str) -> frozenset[str]:
    return frozenset(line.rstrip() for line in text.split("\n") if is_timed(line))


def _without(run: Run, lines: frozenset[str]) -> Run:
    kept = ("" if line.rstrip() in lines else line for line in run.stdout.split("\n"))
    return replace(run, stdout="\n".join(kept))
