"""What a shell line says with its own words: `check && echo yes || echo no`, `check; echo $?`.

Guarantee: says nothing of lines that the command does not print by an `echo` beside a check.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from stillfixed.actors.verdicts import shell
from stillfixed.actors.verdicts.cells import Fact
from stillfixed.actors.verdicts.exits import status_health, words_of_check
from stillfixed.actors.verdicts.model import Health, Platform, Run
from stillfixed.actors.verdicts.phrases import text_health, word_health

if TYPE_CHECKING:
    from tree_sitter import Node

FIELD = "check"
RULE = "echo of a check"
_DYNAMIC = re.compile(r"\$\{?\?\}?|\$\(.*?\)|\$\{.*?\}|\$\w+|`.*?`")
_LINES_LIMIT = 500
_BAD_NEWS = re.compile(
    r"pending|required|needed|\block(ed)?\b|stale|blocked|dirty|zombie|leak|expired|outdated|hung",
    re.I,
)


class _Echo(Struct, frozen=True):
    """What an `echo` prints, and what it means: `says`, or by the status that it prints."""

    line: re.Pattern[str]
    check: tuple[str, ...]
    says: Health | None
    fails: bool = False
    """Whether it is printed when the check fails."""


def echo_facts(
    command: str, platform: Platform, lines: Sequence[tuple[int | None, str]]
) -> Iterator[Fact]:
    """Facts of the lines that the command's own echoes print. An echo in a loop names its item;
    several echoes of statuses are told apart by their order."""
    echoes = _echoes(command) if platform == "posix" and "echo" in command else ()
    turn = 0
    for number, line in lines[:_LINES_LIMIT] if echoes else ():
        for echo in (*echoes[turn:], *echoes[:turn]):
            found = echo.line.fullmatch(line.strip())
            if found is None:
                continue
            parts = found.groupdict()
            says = echo.says or _by_status(echo.check, int(parts["status"]))
            item = " ".join(value for key, value in parts.items() if key != "status" and value)
            if echo.says is None:
                turn = (echoes.index(echo) + 1) % len(echoes)
                item = item or " ".join(echo.check)
            yield Fact(item.strip(" :-"), FIELD, line.strip()[:120], says, RULE, number)
            break


def silent_echo(command: str, platform: Platform, run: Run) -> Fact | None:
    """What it means that an `echo` printed nothing: `check || echo DOWN` when all is well. Only
    where the line holds no other statement."""
    if platform != "posix" or "echo" not in command or run.exit_status is None:
        return None
    root = shell.parse(command)
    if root.has_error or [child.type for child in root.named_children] != ["list"]:
        return None
    for echo in _echoes(command):
        if any(echo.line.fullmatch(line.strip()) for line in run.stdout.split("\n")):
            return None
    marks = {node.type for node in shell.walk(root) if node.type in ("&&", "||")}
    by_bad = [echo for echo in _echoes(command) if echo.fails]
    if by_bad and run.exit_status == 0 and ("&&" not in marks or run.stdout.strip()):
        says: Health = "healthy" if by_bad[0].says == "fault" else "fault"
        return Fact("", FIELD, run.stdout.strip()[:120], says, RULE)
    if not by_bad and "||" not in marks and _echoes(command) and 0 < run.exit_status < 124:
        says = "fault" if _echoes(command)[0].says == "healthy" else "healthy"
        return Fact("", FIELD, "", says, RULE)
    return None


def _by_status(check: tuple[str, ...], status: int) -> Health:
    """Who prints a status asks whether it is zero."""
    if known := status_health(check, status):
        return known
    return "healthy" if status == 0 else "fault" if status < 124 else "unclear"


@lru_cache(maxsize=1024)
def _echoes(command: str) -> tuple[_Echo, ...]:
    root = shell.parse(command)
    return () if root.has_error else tuple(_found(root))


def _found(root: "Node") -> Iterator[_Echo]:
    for node in shell.walk(root):
        if node.type == "list":
            yield from _of_list(node)
        elif node.type == "if_statement":
            yield from _of_if(node)
        elif node.type == "command" and "$?" in shell.text(node):
            before = node.prev_named_sibling
            line = _printed(node)
            if line and before is not None and "status" in line.groupindex:
                yield _Echo(line, words_of_check(before), None)


def _of_list(node: "Node") -> Iterator[_Echo]:
    """`check && echo yes`, `check || echo no`, and both."""
    left, mark, right = node.children[0], node.children[1].type, node.children[-1]
    yes = no = None
    if mark == "||" and left.type == "list" and left.children[1].type == "&&":
        yes, no, left = left.children[-1], right, left.children[0]
    elif mark == "&&":
        yes = None if _goes_on(node) else right
    elif mark == "||":
        no = right
    yield from _pair(left, yes, no)


def _goes_on(node: "Node") -> bool:
    above = node.parent
    return above is not None and above.type == "list" and above.children[1].type == "||"


def _of_if(node: "Node") -> Iterator[_Echo]:
    commands = [child for child in node.named_children if child.type != "else_clause"]
    otherwise = [child for child in node.named_children if child.type == "else_clause"]
    no = otherwise[0].named_children[-1] if otherwise and otherwise[0].named_children else None
    if len(commands) == 2:
        yield from _pair(commands[0], commands[1], no)


def _pair(check: "Node", yes: "Node | None", no: "Node | None") -> Iterator[_Echo]:
    words = words_of_check(check)
    good, bad = _printed(yes), _printed(no)
    if not words or not (good or bad):
        return
    succeeds: Health = "healthy" if _success_is_good(words, yes, no) else "fault"
    fails: Health = "fault" if succeeds == "healthy" else "healthy"
    if good:
        yield _Echo(good, words, succeeds)
    if bad:
        yield _Echo(bad, words, fails, fails=True)


def _success_is_good(words: tuple[str, ...], yes: "Node | None", no: "Node | None") -> bool:
    """What is printed says so by its words; else what is checked."""
    said = [_word(node) for node in (yes, no)]
    if said[0] != said[1] and any(said):
        return said[0] == "healthy" or (said[0] is None and said[1] == "fault")
    if yes is not None and _BAD_NEWS.search(shell.text(yes)):
        return False
    if known := status_health(words, 0):
        return known == "healthy"
    return text_health(" ".join(words)) != "fault"


def _word(node: "Node | None") -> str | None:
    if node is None:
        return None
    said = " ".join(word.text for word in shell.words_of(node)[1:] if not word.dynamic).lower()
    health = word_health(said) or text_health(said) or word_health(said.split(" ")[-1])
    return "fault" if health == "weak" else health


def _printed(node: "Node | None") -> re.Pattern[str] | None:
    """The line that an `echo` prints; parts known only at run time name the item."""
    if node is None or node.type != "command":
        return None
    words = shell.words_of(node)
    if not words or words[0].text not in ("echo", "printf"):
        return None
    text = " ".join(word.text for word in words[1:] if not re.fullmatch(r"-[neE]+", word.text))
    text = text.strip("\"'").removesuffix("\\n").strip()
    parts: list[str] = []
    at = count = 0
    for found in _DYNAMIC.finditer(text):
        parts.append(re.escape(text[at : found.start()]))
        status = "?" in found.group()[:3] and "status" not in "".join(parts)
        parts.append(r"(?P<status>\d{1,3})" if status else rf"(?P<item{count}>\S*)")
        count += 1
        at = found.end()
    parts.append(re.escape(text[at:]))
    plain = "".join(parts)
    return re.compile(plain) if text and (count or len(text) > 1) else None
