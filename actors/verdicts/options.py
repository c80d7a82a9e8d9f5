"""Options and operands of a command, and what a tool's entry in the knowledge says of them."""

import re
from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

from stillfixed.actors.verdicts.knowledge import Grammar, Tool
from stillfixed.actors.verdicts.model import Effect

Option = tuple[str, str | None]


class Item(Struct, frozen=True):
    """One word, or one letter of a bundle: an option by its short name with its value, or, where
    `name` is None, an operand in `value`. `known`: the grammar tells whether it takes a value."""

    name: str | None
    value: str | None
    known: bool = True


def items(args: Sequence[str], grammar: Grammar) -> list[Item]:
    """Words in order: letters unbundled, long names mapped to their letter, values joined."""
    out: list[Item] = []
    rest = list(args)
    while rest:
        arg = rest.pop(0)
        if arg == "--":
            out += [Item(None, operand) for operand in rest]
            break
        if not arg.startswith("-") or arg == "-":
            out.append(Item(None, arg))
        elif grammar.number and arg[1:].isdigit():
            out.append(Item(grammar.number, arg[1:]))
        elif arg.startswith("--") or (grammar.single_dash_long and len(arg) > 2):
            out.append(_long(arg, rest, grammar))
        else:
            out += _letters(arg[1:], rest, grammar)
    return out


def _long(arg: str, rest: list[str], grammar: Grammar) -> Item:
    name, given, joined = arg.lstrip("-").partition("=")
    value = joined if given else None
    takes = grammar.takes.get(name)
    if takes == "value" and value is None and rest:
        value = rest.pop(0)
    short = grammar.same_as.get(name, name)
    if "=" in short and value is None:  # a long option that stands for another with a value
        short, _, value = short.partition("=")
    return Item(short, value, takes is not None or bool(given))


def _letters(letters: str, rest: list[str], grammar: Grammar) -> list[Item]:
    out: list[Item] = []
    while letters:
        letter, letters = letters[0], letters[1:]
        takes = grammar.takes.get(letter)
        if takes in ("value", "maybe") and letters:
            out.append(Item(letter, letters))
            break
        separate = takes == "value" or (
            takes == "maybe" and grammar.loose and bool(rest) and rest[0][:1] not in ("-", "+")
        )
        if separate and rest:
            out.append(Item(letter, rest.pop(0)))
            break
        out.append(Item(letter, None, takes is not None))
    return out


def split(args: Sequence[str], grammar: Grammar) -> tuple[list[Option], list[str], bool]:
    """(options, operands, sure). `sure` is False when an option is not in the grammar, so that
    whether it takes the next word is a guess."""
    found = items(args, grammar)
    options = [(item.name, item.value) for item in found if item.name is not None]
    operands = [item.value or "" for item in found if item.name is None]
    return options, operands, grammar.known and all(item.known for item in found)


def phrase_effect(
    tool: Tool, operands: Sequence[str], args: Sequence[str] = (), grammar: Grammar | None = None
) -> Effect | None:
    """What the longest matching phrase says; a change wins a tie. A step such as `-n` or `--list`
    asks for that option anywhere among `args`."""
    best: tuple[int, int, Effect] | None = None
    kinds: tuple[tuple[Effect, Sequence[Sequence[str]]], ...] = (
        ("changes", tool.changes),
        ("unknown", tool.unknown),
        ("reads", tool.reads),
    )
    for effect, phrases in kinds:
        for phrase in phrases:
            steps = [step for step in phrase if not step.startswith("-")]
            wanted = [step for step in phrase if step.startswith("-")]
            if not _matches(steps, operands):
                continue
            if wanted and not (grammar and all(has([want], args, grammar) for want in wanted)):
                continue
            plain = sum(step != "*" for step in phrase)
            if best is None or (len(phrase), plain) > best[:2]:
                best = (len(phrase), plain, effect)
    return best[2] if best else None


def _matches(steps: Sequence[str], operands: Sequence[str]) -> bool:
    for index, step in enumerate(steps):
        if step == "$":
            return index == len(operands)
        if index >= len(operands) or not glob(step, operands[index]):
            return False
    return True


def glob(pattern: str, word: str) -> bool:
    """`list-*`, `*-status`, `*=*`, `*`; nothing more."""
    if "*" not in pattern:
        return pattern == word
    first, *middle, last = pattern.split("*")
    if len(word) < len(first) + len(last) or not word.startswith(first):
        return False
    if not word.endswith(last):
        return False
    at = len(first)
    for part in middle:
        found = word.find(part, at, len(word) - len(last))
        if found < 0:
            return False
        at = found + len(part)
    return True


def has(wanted: Sequence[str], args: Sequence[str], grammar: Grammar) -> bool:
    """Whether one of the options `wanted` stands among the words, bundled or with a value."""
    options, _, _ = split(args, grammar)
    given = {name for name, _ in options}
    for want in wanted:
        bare = want.lstrip("-")
        if "*" in want:
            given_words = [arg for arg in args if arg.startswith("-")]
            if any(glob(want, arg) or glob(want, arg.partition("=")[0]) for arg in given_words):
                return True
        elif " " in want:  # an option with one value of it: "-m show"
            name, _, value = want.partition(" ")
            if (name, value) in pairwise(args) or name + value in args:
                return True
        elif want in args or any(arg.startswith(want + "=") for arg in args):
            return True
        elif len(bare) == 1 and not grammar.single_dash_long:
            if bare in given or grammar.same_as.get(bare) in given:
                return True
        elif want.startswith("--") and grammar.same_as.get(bare, bare) in given:
            return True
    return False


_SIMULATES = re.compile(
    r"^--(dry-?run|simulate|just-print|no-act|what-if)(=(?!false|none|no$)\w+)?$"
)


def tool_effect(
    tool: Tool, args: Sequence[str], operands: Sequence[str], grammar: Grammar
) -> Effect:
    """What a tool's entry says of one use of it. A file that is written outweighs a simulation, and
    that outweighs everything else."""
    if tool.writes and has(tool.writes, args, grammar):
        return "changes"
    if any(map(_SIMULATES.match, args)) or (tool.shows and has(tool.shows, args, grammar)):
        return "reads"
    if tool.acts and has(tool.acts, args, grammar):
        return "changes"
    if tool.lists and has(tool.lists, args, grammar):
        return "reads"
    if not operands and tool.bare and (tool.bare != "reads" or _only_shapes(args, grammar)):
        return as_effect(tool.bare)
    return phrase_effect(tool, operands, args, grammar) or as_effect(tool.effect)


_SHAPES = {
    "--no-pager",
    "--no-legend",
    "--json",
    "--verbose",
    "--quiet",
    "--no-ask-password",
    "--color",
}


def _only_shapes(args: Sequence[str], grammar: Grammar) -> bool:
    """Whether the options of a tool without operands only shape what it prints."""
    options, _, sure = split(args, grammar)
    return not options or sure or all(arg.partition("=")[0] in _SHAPES for arg in args)


def as_effect(text: str) -> Effect:
    return "reads" if text == "reads" else "changes" if text == "changes" else "unknown"


def worst(*effects: Effect) -> Effect:
    """A change outweighs the unknown, and the unknown outweighs reading."""
    if "changes" in effects:
        return "changes"
    return "unknown" if "unknown" in effects else "reads"
