"""Network CLI lines: words, keywords and filters. Guarantee: never raises on any text."""

import re
from functools import lru_cache

from stillfixed.actors.verdicts.knowledge import table, words

_TOKEN = re.compile(r'"[^"]*"?|\'[^\']*\'?|\||\S[^\s|]*')
_INTERFACE = re.compile(r"^([A-Za-z-]+)(\d[\d/.:]*)$")
_PROMPT = re.compile(r"^[\w.()/@:-]+[#>]\s+(?=[a-z])")


def stages(line: str) -> list[list[str]]:
    """The words of a command and of each filter after a pipe."""
    out: list[list[str]] = [[]]
    for word in _TOKEN.findall(_PROMPT.sub("", line.strip().rstrip(";"))):
        if word == "|":
            out.append([])
        else:
            out[-1].append(word)
    return out


@lru_cache(maxsize=4096)
def keyword(word: str) -> str | None:
    """The full keyword that a word abbreviates, None when it is none or not a unique one."""
    lowered = word.lower()
    short: dict[str, str] = table("network")["short"]
    if lowered in short:
        return short[lowered]
    known = words("network", "keywords")
    if lowered in known:
        return lowered
    if len(lowered) < 3 or not lowered.replace("-", "").isalpha():
        return None
    fits = [full for full in known if full.startswith(lowered)]
    return fits[0] if len(fits) == 1 else None


def interface(word: str) -> str | None:
    """`Gi1/0/1` and `GigabitEthernet1/0/1` -> `gigabitethernet1/0/1`."""
    found = _INTERFACE.match(word)
    if found is None:
        return None
    names: dict[str, str] = table("network")["interfaces"]
    full = names.get(found.group(1).lower())
    return full + found.group(2) if full else None
