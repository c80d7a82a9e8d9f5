"""Network CLI lines: commands, words, keywords and filters. Guarantee: never raises on any text."""

import re
from collections.abc import Sequence
from functools import lru_cache

from stillfixed.actors.verdicts.knowledge import table, words

_TOKEN = re.compile(r'"[^"]*"?|\'[^\']*\'?|\||[^\s|"\']+')
_INTERFACE = re.compile(r"^([A-Za-z-]+)(\d[\d/.:]*)$")
_PROMPT = re.compile(r"^(?:<[\w.-]+>|\[[\w@.~/ -]+\](?:\s*>)?|[\w.()/@:~-]+[#>])\s*(?=[/a-zA-Z])")
_KEPT = re.compile(r"\"[^\"]*\"?|'[^']*'?|[\[{][^\]}]*[\]}]?")


def commands(text: str) -> list[str]:
    """The commands of a text: by lines, and by semicolons outside quotes and brackets."""
    out: list[str] = []
    for line in text.splitlines():
        masked = _KEPT.sub(lambda found: "_" * len(found.group()), line)
        start = 0
        for index, char in enumerate(masked):
            if char == ";":
                out.append(line[start:index])
                start = index + 1
        out.append(line[start:])
    return [_PROMPT.sub("", part.strip()) for part in out if part.strip()]


def stages(line: str) -> list[list[str]]:
    """The words of one command and of each filter after a pipe. In a filter that takes a pattern, a
    bar belongs to the pattern unless a space and another filter follow it."""
    out: list[list[str]] = [[]]
    filters = words("network", "pipe", "reads") | words("network", "pipe", "changes")
    patterns = words("network", "pipe", "patterns")
    found = list(_TOKEN.finditer(line))
    for index, match in enumerate(found):
        word = match.group()
        if word == "|":
            following = found[index + 1].group().lower() if index + 1 < len(found) else ""
            spaced = line[match.end() : match.end() + 1].isspace()
            known = any(name.startswith(following) for name in filters if following)
            in_pattern = len(out) > 1 and out[-1] and _begins(out[-1][0], patterns)
            if not in_pattern or (spaced and known):
                out.append([])
                continue
        glued = index > 0 and found[index - 1].end() == match.start() and out[-1]
        if glued and (word == "|" or found[index - 1].group() == "|" or len(out) > 1):
            out[-1][-1] += word
        else:
            # a pattern of several words keeps the spaces between them
            wide = len(out) > 1 and len(out[-1]) > 1 and _begins(out[-1][0], patterns)
            gap = match.start() - found[index - 1].end() if wide else 1
            out[-1].append(" " * (gap - 1) + word)
    return out


def _begins(word: str, known: frozenset[str]) -> bool:
    lowered = word.lower()
    return any(name.startswith(lowered) for name in known)


@lru_cache(maxsize=1)
def _kinds() -> dict[str, str]:
    """Every way to write a kind of interface -> its full name."""
    kinds: dict[str, str] = table("network")["interfaces"]
    return {short: full for full, line in kinds.items() for short in line.split()}


def interface(word: str) -> str | None:
    """`Gi1/0/1` and `GigabitEthernet1/0/1` -> `gigabitethernet1/0/1`."""
    found = _INTERFACE.match(word)
    if found is None:
        return None
    full = _kinds().get(found.group(1).lower())
    return full + found.group(2) if full else None


def path(given: Sequence[str]) -> list[str]:
    """A RouterOS line as steps: `/ip/address/print` and `/ip address print` are one."""
    return [step for word in given for step in _steps(word)]


def _steps(word: str) -> list[str]:
    if "=" in word or word.startswith(('"', "[", "{", "(")):
        return [word]
    return [step for step in word.strip(":").split("/") if step]
