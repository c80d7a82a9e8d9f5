"""One tool asked about several things: `virsh domstate a; virsh domstate b` and its two answers.

Guarantee: names answers only where every line is one, and the command asks for as many things.
"""

import re
from collections.abc import Sequence

from msgspec.structs import replace

from stillfixed.actors.verdicts.cells import Fact
from stillfixed.actors.verdicts.output import clean
from stillfixed.actors.verdicts.prompts import without_prompts

_NEXT = re.compile(r"\s*(?:;|&&|\n)\s*")
_BRIEF_WORDS = 3
_BEFORE = re.compile(r"^(?:(?:sudo|doas|env|[A-Z_]+=\S*)\s+(?:-n\s+)?)*")


def named_in_order(command: str, facts: Sequence[Fact], text: str) -> list[Fact]:
    """The facts, named after the things in the command in their order, where none has a name."""
    lines = sum(bool(line.strip()) for line in without_prompts(clean(text).split("\n"), command))
    places = {fact.line for fact in facts}
    if len(facts) < 2 or len(facts) != len(places) or any(fact.item for fact in facts):
        return list(facts)
    brief = all(len(fact.value.split()) <= _BRIEF_WORDS for fact in facts)
    if lines != len(facts) or not brief or not (names := _asked(command, len(facts))):
        return list(facts)
    return [replace(fact, item=name) for fact, name in zip(facts, names, strict=True)]


def _asked(command: str, count: int) -> list[str]:
    """The things that the command asks for, [] if they are not as many."""
    statements = [_BEFORE.sub("", part).split() for part in _NEXT.split(command.strip()) if part]
    if len(statements) > 1:
        tools = {tuple(words[:-1]) for words in statements}
        names = [words[-1] for words in statements if words]
        fit = len(tools) == 1 and len(names) == count
    else:
        words = [word for word in statements[0][1:] if not word.startswith("-")]
        names = words[-count:]
        fit = "|" not in command and len(words) > count
    return names if fit and len(set(names)) == count else []
