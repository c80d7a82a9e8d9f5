"""A runbook's text: read whole, or refused with every fault, its line and what to do. Pure.

Guarantee: what `parse_runbook` returns can be used. Its checks only read, its expectations parse,
and its parameters stand where a value can be quoted.
"""

import re
import tomllib
from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic import ValidationError

from stillfixed.actors.errors import RunbookError
from stillfixed.actors.session.runbook import PLACEHOLDER, Runbook, placeholders
from stillfixed.actors.verdicts import canonical, effect_of, parse_expectation
from stillfixed.actors.verdicts.model import Platform

TEXT_LIMIT_CHARS = 100_000

_ESCAPES = {"posix": "\\", "powershell": "`", "cmd": "^", "network": "\\"}
_TYPOGRAPHIC_QUOTES = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b", "'") | dict.fromkeys("\u201c\u201d\u201e", '"')
)


class _Fault(NamedTuple):
    """`place` leads to the field: ("check", 2, "expect")."""

    place: tuple[str | int, ...]
    text: str


def parse_runbook(text: str, *, source: str = "the runbook") -> Runbook:
    """A runbook from TOML text. Raises `RunbookError` that names every fault, its line and what to
    do about it."""
    if len(text) > TEXT_LIMIT_CHARS:
        raise RunbookError(
            f"{source} has {len(text):,} characters; {TEXT_LIMIT_CHARS:,} fit. Split it."
        )
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RunbookError(
            f"{source} is not valid TOML: {error}. Mend it and try it again."
        ) from None
    try:
        runbook = Runbook.model_validate(document)
    except ValidationError as error:
        found = [_Fault(fault["loc"], _said(fault)) for fault in error.errors()]
        raise _unusable(source, text, found) from None
    if faults := list(_faults(runbook)):
        raise _unusable(source, text, faults)
    return runbook


def _said(fault: Any) -> str:
    """A shape fault in words; pydantic's where ours say no more."""
    last = fault["loc"][-1]
    match fault["type"]:
        case "extra_forbidden":
            return "there is no such field; look for a typing error, or leave it out"
        case "missing":
            return "it is missing; add it"
        case "string_pattern_mismatch" if last == "name" or last == "[key]":
            return f"{fault['input']!r} is no name; use small letters, digits and dashes" + (
                "" if last == "name" else " (in a parameter, underscores instead of dashes)"
            )
        case _:
            return f"{fault['msg'][:1].lower()}{fault['msg'][1:]}"


def _faults(runbook: Runbook) -> Iterator[_Fault]:
    """What is wrong with a runbook of the right shape."""
    used: set[str] = set()
    seen: dict[tuple[Platform, str], int] = {}
    for number, check in enumerate(runbook.check):
        place = ("check", number)
        platform = check.platform or runbook.platforms[0]
        names = placeholders(check.command)
        used |= set(names)
        if check.platform is None and len(runbook.platforms) > 1:
            yield _Fault(
                (*place, "command"),
                "the runbook has several platforms, so each check needs its own: add `platform`",
            )
            continue
        if platform not in runbook.platforms:
            yield _Fault(
                (*place, "platform"), f"{platform} is not among the runbook's platforms: add it"
            )
        faults = [*_command_faults(runbook, check.command, platform), *_expect_faults(check.expect)]
        yield from (_Fault((*place, field), said) for field, said in faults)
        if not faults:
            key = (platform, canonical(_probed(check.command), platform))
            if key in seen:
                yield _Fault(
                    (*place, "command"), f"it is the same check as number {seen[key]}: keep one"
                )
            seen.setdefault(key, number + 1)
    for platform in runbook.platforms:
        if not runbook.checks_for(platform) and all(c.platform for c in runbook.check):
            yield _Fault(("platforms",), f"there is no check for {platform}: add one, or leave it")
    for name in runbook.parameters:
        if name not in used:
            yield _Fault(("parameters", name), f"no command uses {{{name}}}: use it, or leave it")


def _command_faults(
    runbook: Runbook, command: str, platform: Platform
) -> Iterator[tuple[str, str]]:
    if any(ord(char) < 32 for char in command):
        yield "command", "it has a line break or another control character: write it in one line"
        return
    for found in PLACEHOLDER.finditer(command):
        name = found[1]
        if name not in runbook.parameters:
            yield (
                "command",
                f"{{{name}}} is no parameter: add [parameters.{name}], or write {{ {name} }} if "
                "the braces are the command's own",
            )
            return
        if _in_quotes(command[: found.start()], platform):
            yield "command", f"{{{name}}} stands in quotes: take it out, it is quoted by itself"
            return
        if platform == "powershell" and not _stands_alone(command, *found.span()):
            yield (
                "command",
                f"in PowerShell {{{name}}} must stand alone: write ('before' + {{{name}}})",
            )
            return
    effect = effect_of(_probed(command), platform)
    if effect != "reads":
        may = "changes something" if effect == "changes" else "may change something"
        yield "command", f"it {may}, and a check only reads: ask with another command"


def _expect_faults(expect: str | None) -> Iterator[tuple[str, str]]:
    if expect is None:
        return
    if names := placeholders(expect):
        yield "expect", f"{{{names[0]}}} cannot stand here: parameters belong in the command"
        return
    try:
        parse_expectation(expect)
    except ValueError as error:
        yield "expect", str(error)


def _probed(command: str) -> str:
    """A command with a plain word for each parameter, another for each."""
    return PLACEHOLDER.sub(r"x\1", command)


def _in_quotes(before: str, platform: Platform) -> bool:
    """Whether a quote is open after this beginning of a command. In a posix shell, backticks are
    like one: what stands between them is read twice."""
    quotes = {"posix": "\"'`", "powershell": "\"'", "cmd": '"', "network": "\"'"}[platform]
    if platform == "powershell":
        before = before.translate(_TYPOGRAPHIC_QUOTES)
    open_quote, at = "", 0
    while at < len(before):
        char = before[at]
        if char == _ESCAPES[platform] and open_quote != "'":
            at += 1
        elif open_quote:
            open_quote = "" if char == open_quote else open_quote
        elif char in quotes:
            open_quote = char
        at += 1
    return bool(open_quote)


def _stands_alone(command: str, start: int, end: int) -> bool:
    """PowerShell reads `'a'b` as two words, so a quoted value needs a boundary on both sides."""
    before, after = command[:start], command[end:]
    return bool(re.search(r"(?:^|[\s(,={])$", before)) and bool(re.match(r"[\s),;|}]|$", after))


# -- saying where ------------------------------------------------------------------------------
def _unusable(source: str, text: str, faults: list[_Fault]) -> RunbookError:
    lines = "".join(f"\n  {_where(text, fault.place)}: {fault.text}" for fault in faults)
    return RunbookError(f"{source} cannot be used:{lines}\nMend it and try it again.")


def _where(text: str, place: tuple[str | int, ...]) -> str:
    """`line 12, check 2, expect`."""
    named: list[str] = []
    for at, part in enumerate(place):
        if isinstance(part, int):
            number = f"{part + 1}" if at == 1 else f"entry {part + 1}"
            named[-1:] = [f"{named[-1]} {number}"] if at == 1 else [named[-1], number]
        elif part != "[key]":
            named.append(part)
    line = _line_of(text, place)
    return ", ".join([f"line {line}", *named] if line else named) or "the file"


def _line_of(text: str, place: tuple[str | int, ...]) -> int | None:
    """The line of a field, or of the table it is missing in. tomllib does not tell; this looks for
    the headings that runbooks have, and finds nothing where a file is written in other ways."""
    lines = text.splitlines()
    start, end, field = 0, len(lines), place[0] if place else ""
    heading: int | None = None
    if place[:1] == ("check",) and len(place) > 1 and isinstance(place[1], int):
        heading = _nth(lines, r"\s*\[\[\s*check\s*\]\]", place[1])
        field = place[2] if len(place) > 2 else ""
    elif place[:1] == ("parameters",) and len(place) > 1:
        heading = _nth(lines, rf"\s*\[\s*parameters\.{re.escape(str(place[1]))}\s*\]", 0)
        field = place[2] if len(place) > 2 else ""
    if heading is not None:
        start = heading + 1
    elif len(place) > 1 and place[0] in ("check", "parameters"):
        return None
    tables = (n for n in range(start, len(lines)) if re.match(r"\s*\[", lines[n]))
    end = next(tables, end)
    for number in range(start, end):
        if field and re.match(rf"\s*{re.escape(str(field))}\s*=", lines[number]):
            return number + 1
    return heading + 1 if heading is not None else None


def _nth(lines: list[str], pattern: str, index: int) -> int | None:
    found = [number for number, line in enumerate(lines) if re.match(pattern, line)]
    return found[index] if index < len(found) else None
