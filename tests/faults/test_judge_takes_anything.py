"""The judge against 100,000 broken inputs: it never raises, and what it says stays well formed.

Inputs are labelled cases and outputs of known truth, mutated as files and terminals break them:
cut, doubled, shuffled, bytes flipped, huge lines, control characters, halves of other outputs.
"""

import random
from collections.abc import Callable, Sequence
from typing import get_args

import pytest

from stillfixed.actors.verdicts import (
    Platform,
    Run,
    Verdict,
    align,
    canonical,
    effect_of,
    examine,
    judge,
    same_check,
)
from tests.support.cases import verdict_cases
from tests.support.outputs import BAD, GOOD, ITEMS, LAYOUTS

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]

ROUNDS = 100_000
SEED = 20_261_124
PLATFORMS: tuple[Platform, ...] = get_args(Platform)
VERDICTS = get_args(Verdict)
NASTY = (
    *("\x00", "\x1b[", "\x1b[31m", "\r", "\u2028", "\ufeff", "\ud800", "é", "漢字", "\t\t", "…"),
    *("::::", "----", "| | |", "{", "}", "[", "]", '"', "'", "<a>", "</a>", "\\", "%", "= ", " : "),
    *("0x", "100%", "9" * 20 + "%", "1" * 400, "169.254.", "not " * 50, "((((" * 100),
    *(" " * 500, "-" * 2000, "a b " * 500),
)


def _insert(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(NASTY) + text[at:]


def _cut(text: str, chance: random.Random) -> str:
    return text[: chance.randrange(len(text) + 1)]


def _double(text: str, chance: random.Random) -> str:
    return text + text[chance.randrange(len(text) + 1) :]


def _shuffle(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    chance.shuffle(lines)
    return "\n".join(lines)


def _flip(text: str, chance: random.Random) -> str:
    data = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(min(len(data), 5)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return data.decode("utf-8", chance.choice(["replace", "surrogateescape"]))


MUTATIONS: Sequence[Callable[[str, random.Random], str]] = (
    _insert, _insert, _cut, _double, _shuffle, _flip,
)  # fmt: skip


def _mutated(text: str, chance: random.Random) -> str:
    for _ in range(chance.randrange(4)):
        text = chance.choice(MUTATIONS)(text, chance)
    return text


def _sources() -> list[tuple[str, str]]:
    """Pairs of a command and an output to begin from."""
    found = [(c.command, run.stdout) for c in verdict_cases() for run in (c.before, c.after)]
    for show, _ in LAYOUTS.values():
        found.append(("x", show(dict(zip(ITEMS, GOOD + BAD, strict=True)), 41)))
    return found


def test_no_input_is_too_broken() -> None:
    """Whatever bytes it is given, the judge answers, and says why."""
    chance = random.Random(SEED)
    sources = _sources()
    statuses = (0, 0, 0, 1, 3, 124, 127, 255, -11, 2**40, None)
    expectations = (
        None,
        None,
        None,
        "Status == OK",
        "Use% < 90",
        "stdout matches \\S+",
        "a b != 1",
    )
    for number in range(ROUNDS):
        command, text = chance.choice(sources)
        command = _mutated(command, chance)
        platform = chance.choice(PLATFORMS)
        before = Run(_mutated(text, chance), "", chance.choice(statuses))
        other = text if chance.random() < 0.7 else chance.choice(sources)[1]
        after = Run(_mutated(other, chance), _cut(text, chance)[:300], chance.choice(statuses))
        expect = chance.choice(expectations)
        where = f"round {number} of seed {SEED}: {command!r} on {platform}"
        try:
            found = judge(command, before, after, expect=expect, platform=platform)
            examine(command, after, expect=expect, platform=platform)
            effect_of(command, platform)
            same_check(command, canonical(command, platform), platform)
            assert found.verdict in VERDICTS
            assert found.reasons
            if number % 50 == 0:
                rows = align(before.stdout, after.stdout)
                assert "\n".join(r.after for r in rows if r.after is not None) == after.stdout
        except Exception as error:
            raise AssertionError(f"{where} raised {error!r}") from error
