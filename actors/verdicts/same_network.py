"""The canonical form of a network check: keywords and interface names in full, `do`, the pager."""

import re
from functools import lru_cache

from stillfixed.actors.verdicts import network
from stillfixed.actors.verdicts.knowledge import words

_OBJECT_LAST = ("detail", "brief", "status", "transceiver", "counters", "errors", "description")


def canonical(line: str) -> str:
    if line.strip().startswith("/") or "\n" in line.strip():
        return line.strip()
    stages = network.stages(line)
    first = stages[0]
    if first[:1] and first[0].lower() == "do" and len(first) > 1:
        first = first[1:]
    out = [_command(first)]
    for stage in stages[1:]:
        head = network.keyword(stage[0]) if stage else None
        if head == "no-more" and len(stage) == 1:
            continue
        out.append(" ".join([head or stage[0], *stage[1:]]) if stage else "")
    return " | ".join(out)


@lru_cache(maxsize=1024)
def spellings(line: str) -> str:
    """A command as given and, where it is one of a device, in full: what the judge looks for in a
    command (`ip bgp summary`) is found in `sh ip bgp sum` too."""
    device = re.match(r"\s*(?:do\s+|run\s+)?(?:sho?|show|disp?|display)\s", line, re.I)
    return f"{line}\n{canonical(line)}".lower() if device else line.lower()


def _command(given: list[str]) -> str:
    out: list[str] = []
    verbatim = False
    for index, word in enumerate(given):
        port = network.interface(word)
        if verbatim:
            out.append(word)
            verbatim = False
            continue
        if port:
            out.append(port)
            continue
        full = network.keyword(word)
        out.append(full or word)
        verbatim = (full or word.lower()) in words("network", "names") and index > 0
    return " ".join(_object_last(out))


def _object_last(out: list[str]) -> list[str]:
    """`show interfaces Gi0/1 status` is `show interfaces status` of one port where both exist."""
    ports = [word for word in out if network.interface(word)]
    if len(ports) == 1 and out[:2] == ["show", "interfaces"] and len(out) == 4:
        other = out[3] if out[2] == ports[0] else out[2]
        if other in _OBJECT_LAST:
            return ["show", "interfaces", other, ports[0]]
    return out
