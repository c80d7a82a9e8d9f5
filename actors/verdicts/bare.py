"""Outputs that are one bare value: `Running`, `not running`, `True`, `0`; the command says of what.

Guarantee: a value of a member that nobody described, or of no member, speaks only by its word.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from stillfixed.actors.verdicts.cells import Cell, Fact, Reading
from stillfixed.actors.verdicts.fields import Said, field_health
from stillfixed.actors.verdicts.model import Health
from stillfixed.actors.verdicts.phrases import word_health

_LINES_LIMIT = 20
_MEMBER = re.compile(
    r"(?:[)\]}'\"]|\$\w+)\.(?P<a>[a-z]\w*)\W*$|-exp\w*\s+['\"]?(?P<b>\w+)\W*$"
    r"|(?:%|\bforeach(?:-object)?)\s+(?:-membername\s+)?(?P<c>[a-z]\w*)\W*$"
    r"|\bwmic\b.*\bget\s+(?P<d>\w+)(?:\s*/format:table)?\W*$",
    re.I,
)
_COMPARES = re.compile(
    r"-(?P<op>eq|ne|match|like|contains|in)\s+['\"]?(?P<value>[\w ]+?)['\"]?\W*$", re.I
)
_ASKS_YES = re.compile(
    r"^\W*(test|confirm)-|-quiet\b|-informationlevel\s+quiet\b|-contains\b|\[bool\]|\btest-path\b",
    re.I,
)
_BAD_PATH = re.compile(r"\b(Reboot(Required|Pending|InProgress)|PackagesPending|PostReboot\w*)\b")
"""Keys that are there while a restart is due."""
_BAD_NEWS = re.compile(
    r"error|fail|expired|locked|dead|pending|required|offline|paused|maintenance|disabled|readonly"
    r"|suspended|stale|missing|corrupt|degraded|exceeded|overdue|quarantine",
    re.I,
)
_EITHER_WAY = re.compile(r"\.(lck|lock|dmp|err|pid|tmp)\b|busy\W*$", re.I)
"""Nobody can say whether such a file should be there."""


@lru_cache(maxsize=1024)
def member_of(command: str) -> str:
    """The one member of an object that a command prints: `Status` of `(Get-Service x).Status`."""
    found = _MEMBER.search(command)
    return next((name for name in found.groups() if name), "") if found else ""


def bare_facts(command: str, reading: Reading) -> Iterator[Fact]:
    """What bare values say, one to a line; only of outputs that hold nothing else."""
    if yes := list(_yes_no(command, reading)):
        yield from yes
        return
    if not 0 < len(reading.rest) <= _LINES_LIMIT:
        return
    known = False
    if not reading.cells and (member := member_of(command)):
        values = [one for one in reading.rest if one[1].strip().lower() != member.lower()]
        for place, (number, line) in enumerate(values, 1):
            cell = Cell(_nth(place, values), member, line.strip(), number)
            if said := field_health(command, cell, {}) or _said(cell.value):
                known = True
                field = said.field or member
                yield Fact(cell.item, field, cell.value, said.health, said.rule, number)
    if not known:
        yield from _words(command, reading)


def _said(value: str) -> Said | None:
    found = word_health(value.lower()) if _SHORT.fullmatch(value) else None
    return Said(_health(found == "healthy"), "status word") if found else None


_SHORT = re.compile(r"[^\W\d_][\w-]*(?: [\w-]+){0,2}")


def _words(command: str, reading: Reading) -> Iterator[Fact]:
    """Words of state, one to a line: of the things that the command names last, or by their order.
    Beside other values only where several commands stand in one line."""
    if _PRINTS_NAMES.match(command):
        return
    lines = [(number, line.strip().strip('"')) for number, line in reading.rest]
    if reading.cells:
        several = bool(re.search(r"[;\n]|&&", command))
        lines = [(number, line) for number, line in lines if several and re.fullmatch(r"\w+", line)]
    elif not all(_SHORT.fullmatch(line) for _, line in lines):
        return
    names = _things(command, len(lines))
    for place, (number, line) in enumerate(lines):
        if found := word_health(line.lower()):
            good = _health(found == "healthy")
            yield Fact(names[place], "answer", line, good, "status word", number)


_PRINTS_NAMES = re.compile(r"^\s*(?:sudo\s+)?(?:ls|ll|find|basename|tree)\s(?!.*(?:;|&&))")


def is_name(command: str, line: str) -> bool:
    """Whether a line is only the name of something: `errors` under `ls`."""
    return " " not in line.strip() and bool(_PRINTS_NAMES.match(command))


def _things(command: str, count: int) -> list[str]:
    """What the words in an output are about: the command's last operands if it names as many."""
    several = re.search(r"[;|&\n$]", command)
    if count == 1 and not several:
        return [""]
    operands = [word for word in command.split()[1:] if not word.startswith("-")]
    plain = not several and len(operands) > count
    return operands[-count:] if plain else [f"answer {place}" for place in range(1, count + 1)]


def _nth(place: int, lines: Sequence[object]) -> str:
    """The name of one of several answers, which have only their order."""
    return f"answer {place}" if len(lines) > 1 else ""


def _yes_no(command: str, reading: Reading) -> Iterator[Fact]:
    """`False` on a line of its own where the command asks yes or no, once for each thing."""
    member, compares = member_of(command), _COMPARES.search(command)
    if not (member or compares or _ASKS_YES.search(command)) or _EITHER_WAY.search(command):
        return
    lines = [(number, line.strip()) for number, line in reading.rest]
    answers = [(number, text) for number, text in lines if text in ("True", "False")]
    if len(answers) < len(lines):
        answers = [one for one in answers if one in lines[-3:]][:1]  # the others explain it
    for place, (number, text) in enumerate(answers[:_LINES_LIMIT], 1):
        item, wanted = (
            _nth(place, answers),
            not (_BAD_NEWS.search(member) or _BAD_PATH.search(command)),
        )
        if compares:
            said = word_health(compares["value"].lower())
            if said is None:
                return
            wanted = (said == "healthy") == (compares["op"].lower() != "ne")
        elif member and (known := field_health(command, Cell("", member, text), {})):
            yield Fact(item, member, text, known.health, known.rule, number)
            continue
        yield Fact(item, "answer", text, _health((text == "True") == wanted), "yes or no", number)


def _health(good: bool) -> Health:
    return "healthy" if good else "fault"
