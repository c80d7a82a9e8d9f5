"""Bench row: 10,000 lines against 10,000 side by side, with the words that changed in them.

Beside `difflib.ndiff`, which marks changed words too, on an ordinary pair; where every line changed
it would not come back in minutes. There the peer is `git diff --no-index`, a program in C that
pairs no lines and marks no words, its start included. Ours must take less than a second whatever
the input.
"""

import asyncio
import difflib
import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from shutil import which

from scripts.bench_suite.harness import take_turns, work_folder
from scripts.bench_suite.table import Figure, Target
from stillfixed.actors.verdicts import align

LINES = 10_000
LIMIT_SECONDS = 1.0


async def measure(quick: bool) -> list[Figure]:
    lines, rounds = (1000, 1) if quick else (LINES, 3)
    figures = []
    with work_folder() as folder:
        for name, make in INPUTS.items():
            before, after = make(lines)
            figures.append(
                await _measured(f"{lines:,} lines, {name}", before, after, folder, rounds)
            )
    return figures


async def _measured(
    what: str, before: list[str], after: list[str], folder: Path, rounds: int
) -> Figure:
    texts = "\n".join(before), "\n".join(after)

    async def ours() -> None:
        align(*texts)

    async def ndiff() -> None:
        for _ in difflib.ndiff(before, after):
            pass

    files = [folder / name for name in ("before", "after")]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)

    async def git() -> None:
        command = ["git", "diff", "--no-index", *map(str, files)]
        await asyncio.to_thread(subprocess.run, command, capture_output=True, check=False)

    ordinary = what.endswith("ordinary")
    peer, peer_name = (ndiff, "difflib.ndiff") if ordinary else (git, "git diff --no-index")
    target = Target("ours", "at most", LIMIT_SECONDS * 1000)
    if not ordinary and which("git") is None:
        [ours_seconds] = await take_turns(ours, rounds=rounds)
        return Figure(
            row="align", what=what, unit="ms", ours=ours_seconds * 1000, targets=(target,),
            note="git is not installed here",
        )  # fmt: skip
    ours_seconds, peer_seconds = await take_turns(ours, peer, rounds=rounds)
    return Figure(
        row="align",
        what=what,
        unit="ms",
        ours=ours_seconds * 1000,
        peer=peer_seconds * 1000,
        peer_name=peer_name,
        targets=(target, Target("ratio", "below", 1)) if ordinary else (target,),
    )


# -- inputs ---------------------------------------------------------------------------------------
Pair = tuple[list[str], list[str]]


def _rows(count: int) -> list[str]:
    return [
        f"row {number} is in state {number % 7} of what it can be in" for number in range(count)
    ]


def _ordinary(count: int) -> Pair:
    """One line in a hundred changed."""
    rows = _rows(count)
    return rows, [
        row.replace("state", "mode") if n % 100 == 50 else row for n, row in enumerate(rows)
    ]


def _times(count: int) -> Pair:
    """A log with a new time, process id and port in each line."""
    line = (
        "Nov 24 {h}:{m:02}:{s:02} web1 sshd[{pid}]: Accepted key for ana from 10.0.0.5 port {port}"
    )
    sides = (
        [
            line.format(h=h, m=n // 60 % 60, s=n % 60, pid=first + n, port=first + 30_000 + n)
            for n in range(count)
        ]
        for h, first in (("09", 4000), ("10", 15_000))
    )
    before, after = sides
    return before, after


def _different(count: int) -> Pair:
    return _rows(count), [f"line {n} has nothing in common" for n in range(count)]


def _bits(count: int) -> Pair:
    """Every line changed a little."""
    return _rows(count), [f"{row}s" for row in _rows(count)]


def _reversed(count: int) -> Pair:
    return _rows(count), _rows(count)[::-1]


def _repeated(count: int) -> Pair:
    chosen = random.Random(1)
    before, after = ([f"state {chosen.choice('abcd')}" for _ in range(count)] for _ in range(2))
    return before, after


INPUTS: dict[str, Callable[[int], Pair]] = {
    "ordinary": _ordinary,
    "new times in all": _times,
    "all different": _different,
    "a word new in each": _bits,
    "one side reversed": _reversed,
    "few kinds, at random": _repeated,
}
