"""What an exit status says, for commands whose exit status means pass or fail.

Guarantee: says nothing where a pipe, `;`, `||` or `!` stands between the check and the status.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from stillfixed.actors.verdicts import shell
from stillfixed.actors.verdicts.cells import Fact
from stillfixed.actors.verdicts.knowledge import health
from stillfixed.actors.verdicts.model import Platform
from stillfixed.actors.verdicts.phrases import text_health

EXIT = "exit_status"


@lru_cache(maxsize=1024)
def _deciding_words(command: str, platform: Platform) -> tuple[str, ...]:
    """The words of the simple command whose exit status the line ends with; () when masked."""
    if platform in ("powershell", "network"):
        return ()
    if platform == "cmd":
        return tuple(command.lower().split()) if not re.search(r"[|&]", command) else ()
    root = shell.parse(command)
    if root.has_error or len(root.named_children) != 1:
        return ()
    node = root.named_children[0]
    if node.type == "redirected_statement":
        node = node.named_children[0]
    if node.type == "pipeline":
        node = node.named_children[-1]
        node = node.named_children[0] if node.type == "redirected_statement" else node
    if node.type == "test_command":
        return ("test",)
    if node.type != "command":
        return ()
    found = [word.text for word in shell.words_of(node)]
    while found and found[0] in ("sudo", "timeout", "nice", "time", "command", "env"):
        found = found[2 if found[0] == "timeout" else 1 :]
        while found and found[0].startswith("-"):
            found = found[1:]
    if found and re.match(r"/etc/(init|rc)\.d/", found[0]):
        return ("service", *found)
    return (found[0].rsplit("/", 1)[-1], *found[1:]) if found else ()


def exit_meaning(command: str, status: int | None, platform: Platform) -> Fact | None:
    given = _deciding_words(command, platform)
    if not given or status is None:
        return None
    best: tuple[int, dict[str, list[int]]] | None = None
    for key, meaning in health()["exit"].items():
        steps = key.split()
        fits = steps[0] == given[0] and all(_stands(step, given[1:]) for step in steps[1:])
        if fits and (best is None or len(steps) > best[0]):
            best = (len(steps), meaning)
    if best is None:
        return None
    if given[0] in ("grep", "egrep", "pgrep") and text_health(" ".join(given[1:])) == "fault":
        return None  # finding an error is no good news
    rule = "exit status"
    if status in best[1].get("healthy", ()):
        return Fact("", EXIT, str(status), "healthy", rule)
    if status in best[1].get("fault", ()):
        return Fact("", EXIT, str(status), "fault", rule)
    return None


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
