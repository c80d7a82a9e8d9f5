"""What a known tool answers in a sentence: `Volume - C: is Dirty`, `DC01 passed test Replications`.

Guarantee: says nothing of commands that no `[[answer]]` names, and of lines no pattern fits.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from msgspec import Struct, convert

from stillfixed.actors.verdicts.cells import Fact
from stillfixed.actors.verdicts.knowledge import health
from stillfixed.actors.verdicts.model import Health

RULE = "answer of the tool"
_LINES_LIMIT = 5_000


class Answer(Struct, frozen=True, forbid_unknown_fields=True):
    """One entry `[[answer]]`; README.md of the knowledge says what the parts mean."""

    about: str
    command: str
    fault: tuple[str, ...] = ()
    healthy: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    not_run: tuple[str, ...] = ()


@lru_cache
def _entries() -> list[tuple[re.Pattern[str], Answer]]:
    entries = [convert(entry, Answer) for entry in health().get("answer", ())]
    return [(re.compile(entry.command, re.I), entry) for entry in entries]


Saying = tuple[str, Health, re.Pattern[str]]
"""What it is about, what it says, and the words."""


@lru_cache(maxsize=1024)
def _sayings(command: str) -> tuple[Saying, ...]:
    found: list[Saying] = []
    for pattern, entry in _entries():
        if pattern.search(command):
            said: tuple[tuple[Health, tuple[str, ...]], ...] = (
                ("healthy", entry.healthy), ("fault", entry.fault), ("unclear", entry.unclear),
            )  # fmt: skip
            found += [
                (entry.about, kind, _compiled(line)) for kind, group in said for line in group
            ]
    return tuple(found)


@lru_cache(maxsize=1024)
def refusals(command: str) -> tuple[re.Pattern[str], ...]:
    """The words by which this command's tool says that it did not do its check."""
    return tuple(
        _compiled(line)
        for pattern, entry in _entries()
        if pattern.search(command)
        for line in entry.not_run
    )


@lru_cache(maxsize=4096)
def _compiled(line: str) -> re.Pattern[str]:
    return re.compile(line, re.I)


def answer_facts(command: str, lines: Sequence[tuple[int | None, str]]) -> Iterator[Fact]:
    """Facts of the lines that are known answers of this command; the first saying that fits a line
    decides. Named groups of the pattern make the item."""
    sayings = _sayings(command)
    if not sayings:
        return
    for number, line in lines[:_LINES_LIMIT]:
        if not line.strip():
            continue
        for about, said, words in sayings:
            if found := words.search(line):
                item = " ".join(part for part in found.groupdict().values() if part)
                yield Fact(item, about, " ".join(line.split())[:120], said, RULE, number)
                break
