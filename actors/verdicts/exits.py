"""What an exit status says, for commands whose exit status means pass or fail.

Guarantee: says nothing where a pipe, `;`, `||` or `!` stands between the check and the status.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from stillfixed.actors.verdicts import shell
from stillfixed.actors.verdicts.cells import Fact
from stillfixed.actors.verdicts.knowledge import health
from stillfixed.actors.verdicts.model import Health, Platform
from stillfixed.actors.verdicts.phrases import text_health

if TYPE_CHECKING:
    from tree_sitter import Node

EXIT = "exit_status"
RULE = "exit status"
_WRAPPERS = frozenset(
    ["sudo", "doas", "timeout", "nice", "ionice", "time", "command", "env", "stdbuf", "setsid"]
)
_TAKE_A_VALUE = frozenset(["-u", "-g", "-n", "-s", "-k", "-o", "--user", "--signal"])


@lru_cache(maxsize=1024)
def _deciding_words(command: str, platform: Platform) -> tuple[tuple[str, ...], ...]:
    """The words of each simple command whose exit status the line may end with: one, or several
    joined by &&. Words are () where the status is masked."""
    if platform in ("powershell", "network"):
        return ((),)
    if platform == "cmd":
        return (_cmd_words(command),)
    root = shell.parse(command)
    if root.has_error or len(root.named_children) != 1:
        return ((),)
    return tuple(_joined_checks(root.named_children[0]))


def _joined_checks(node: "Node") -> Iterator[tuple[str, ...]]:
    """The checks of `a && b && c`, without an `echo` behind them."""
    if node.type == "list" and node.children[1].type == "&&":
        yield from _joined_checks(node.children[0])
        right = words_of_check(node.children[-1])
        if right[:1] not in (("echo",), ("printf",)):
            yield from _joined_checks(node.children[-1])
    else:
        yield words_of_check(node)


def words_of_check(node: "Node") -> tuple[str, ...]:
    """The words of the one tool that decides the exit status of a statement; () where several do.
    An `echo` behind && tells of the check before it."""
    if node.type == "list" and node.children[1].type == "&&":
        left, right = words_of_check(node.children[0]), words_of_check(node.children[-1])
        return left if right[:1] in (("echo",), ("printf",), left[:1]) else ()
    if node.type == "redirected_statement":
        return words_of_check(node.named_children[0])
    if node.type == "pipeline":
        return words_of_check(node.named_children[-1])
    if node.type == "test_command":
        return ("test", *(shell.text(child) for child in shell.walk(node) if not child.children))
    if node.type != "command":
        return ()
    found = [word.text for word in shell.words_of(node)]
    while found and found[0] in _WRAPPERS:
        found = found[2 if found[0] == "timeout" else 1 :]
        while found and found[0].startswith("-"):
            found = found[2 if found[0] in _TAKE_A_VALUE else 1 :]
    if found and re.match(r"/etc/(init|rc)\.d/", found[0]):
        return ("service", *found)
    return (found[0].rsplit("/", 1)[-1], *found[1:]) if found else ()


def _cmd_words(command: str) -> tuple[str, ...]:
    """The words of the last tool of a pipe, in lower case, as `sc` for `C:\\Windows\\sc.exe`."""
    plain = re.sub(r"\s2>(&1|\s?nul)\b", " ", command.lower())
    if re.search(r"&|\|\|", plain):
        return ()
    found = re.findall(r'"[^"]*"|>\s?nul\b|[^\s"]+', plain.rsplit("|", 1)[-1])
    words = [word.strip('"').replace(" ", "" if word.startswith(">") else " ") for word in found]
    if words and words[0] == "psexec":
        return ()
    if words and words[0] == "cscript":
        words = [word for word in words[1:] if not word.startswith("//")]
    if not words:
        return ()
    return (re.sub(r"\.(exe|com|cmd|bat|vbs)$", "", re.split(r"[\\/]", words[0])[-1]), *words[1:])


@lru_cache(maxsize=1024)
def _meaning(given: tuple[str, ...]) -> dict[str, list[int]]:
    """What is known about the statuses of a tool: the entry with the most words that fit."""
    best: tuple[int, dict[str, list[int]]] = (0, {})
    for key, meaning in health()["exit"].items() if given else ():
        steps = key.split()
        fits = _is_tool(steps[0], given[0]) and all(_stands(step, given[1:]) for step in steps[1:])
        if fits and len(steps) > best[0]:
            best = (len(steps), meaning)
    searches = given and given[0] in ("grep", "egrep", "fgrep", "pgrep", "find", "findstr")
    if searches and text_health(" ".join(given[1:])) == "fault":
        return {"not_run": best[1].get("not_run", [])}  # finding an error is no good news
    return best[1]


def _is_tool(step: str, name: str) -> bool:
    return step == name or (step[-1:] == "*" and len(step) > 1 and name.startswith(step[:-1]))


def status_health(words: tuple[str, ...], status: int) -> Health | None:
    """What a status says of the tool with these words; None where nothing is known."""
    meaning = _meaning(words)
    healths: tuple[Health, ...] = ("healthy", "fault")
    return next((said for said in healths if status in meaning.get(said, ())), None)


def exit_meaning(command: str, status: int | None, platform: Platform) -> Fact | None:
    if status is None:
        return None
    checks = _deciding_words(command, platform)
    said = {status_health(words, status) for words in checks}
    if status == 0 and len(said) > 1:
        return None  # one of them says nothing by its status
    found: Health | None = "fault" if "fault" in said and all(checks) else next(iter(said))
    return Fact("", EXIT, str(status), found, RULE) if found else None


def did_not_run(command: str, status: int, platform: Platform) -> bool:
    """Whether the status says that the tool did not do its check."""
    always: list[int] = health()["exit"]["*"]["not_run"]
    checks = _deciding_words(command, platform)
    return status in always or any(status in _meaning(c).get("not_run", ()) for c in checks)


def _stands(step: str, given: Sequence[str]) -> bool:
    if (
        step in given
        or (step == "-f" and "--fail" in given)
        or (step == "-q" and "--quiet" in given)
    ):
        return True
    if re.fullmatch(r"-[A-Za-z]", step):
        return any(re.match(r"^-[A-Za-z]+$", word) and step[1] in word[1:] for word in given)
    return step.startswith("-") and len(step) > 3 and any(word.startswith(step) for word in given)
