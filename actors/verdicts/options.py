"""Options and operands of a command, and what a tool's entry in the knowledge says of them."""

from collections.abc import Sequence

from stillfixed.actors.verdicts.knowledge import Grammar, Tool
from stillfixed.actors.verdicts.model import Effect

Option = tuple[str, str | None]


def split(args: Sequence[str], grammar: Grammar) -> tuple[list[Option], list[str], bool]:
    """(options, operands, sure): letters unbundled, long names mapped to their letter, values
    joined. `sure` is False when an option is not in the grammar, so that its value is a guess."""
    options: list[Option] = []
    operands: list[str] = []
    sure = grammar.known
    index = 0
    while index < len(args):
        arg = args[index]
        index += 1
        if arg == "--":
            operands += args[index:]
            break
        if not arg.startswith("-") or arg == "-":
            operands.append(arg)
            continue
        if arg.startswith("--") or (grammar.single_dash_long and len(arg) > 2):
            name, given, joined = arg.lstrip("-").partition("=")
            value = joined if given else None
            if name not in grammar.takes:
                sure = False
            elif grammar.takes[name] == "value" and value is None and index < len(args):
                value = args[index]
                index += 1
            options.append((grammar.same_as.get(name, name), value))
            continue
        letters = arg[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            takes = grammar.takes.get(letter)
            if takes is None:
                sure = False
            if takes in ("value", "maybe") and letters:
                options.append((letter, letters))
                break
            if takes == "value" and index < len(args):
                options.append((letter, args[index]))
                index += 1
                break
            options.append((letter, None))
    return options, operands, sure


def phrase_effect(tool: Tool, operands: Sequence[str]) -> Effect | None:
    """What the longest matching phrase says; a change wins a tie."""
    best: tuple[int, int, Effect] | None = None
    for effect, phrases in (("changes", tool.changes), ("reads", tool.reads)):
        for phrase in phrases:
            if _matches(phrase, operands):
                plain = sum(step != "*" for step in phrase)
                if best is None or (len(phrase), plain) > best[:2]:
                    best = (len(phrase), plain, "changes" if effect == "changes" else "reads")
    return best[2] if best else None


def _matches(phrase: Sequence[str], operands: Sequence[str]) -> bool:
    for index, step in enumerate(phrase):
        if step == "$":
            return index == len(operands)
        if index >= len(operands) or not glob(step, operands[index]):
            return False
    return True


def glob(pattern: str, word: str) -> bool:
    """`list-*`, `*-status`, `*`; nothing more."""
    if "*" not in pattern:
        return pattern == word
    head, _, tail = pattern.partition("*")
    return len(word) >= len(head) + len(tail) and word.startswith(head) and word.endswith(tail)


def has(wanted: Sequence[str], args: Sequence[str], grammar: Grammar) -> bool:
    """Whether one of the options `wanted` stands among the words, bundled or with a value."""
    options, _, _ = split(args, grammar)
    given = {name for name, _ in options}
    for want in wanted:
        bare = want.lstrip("-")
        if "*" in want:
            if any(glob(want, arg.partition("=")[0]) for arg in args if arg.startswith("-")):
                return True
        elif want in args or any(arg.startswith(want + "=") for arg in args):
            return True
        elif len(bare) == 1 and not grammar.single_dash_long:
            if bare in given or grammar.same_as.get(bare) in given:
                return True
        elif want.startswith("--") and grammar.same_as.get(bare, bare) in given:
            return True
    return False


def tool_effect(
    tool: Tool, args: Sequence[str], operands: Sequence[str], grammar: Grammar
) -> Effect:
    """What a tool's entry says of one use of it."""
    if tool.shows and has(tool.shows, args, grammar):
        return "reads"
    if tool.acts and has(tool.acts, args, grammar):
        return "changes"
    if tool.lists and has(tool.lists, args, grammar):
        return "reads"
    if not operands and tool.bare and (tool.bare != "reads" or not tool.lists or not args):
        return as_effect(tool.bare)
    return phrase_effect(tool, operands) or as_effect(tool.effect)


def as_effect(text: str) -> Effect:
    return "reads" if text == "reads" else "changes" if text == "changes" else "unknown"


def worst(*effects: Effect) -> Effect:
    """A change outweighs the unknown, and the unknown outweighs reading."""
    if "changes" in effects:
        return "changes"
    return "unknown" if "unknown" in effects else "reads"
