"""What a line of a router, switch or firewall CLI does. Guarantee: configuration never reads."""

from collections.abc import Sequence

from stillfixed.actors.verdicts import network
from stillfixed.actors.verdicts.knowledge import table, words
from stillfixed.actors.verdicts.model import Effect
from stillfixed.actors.verdicts.options import as_effect, glob, worst


def effect(line: str) -> Effect:
    found: list[Effect] = ["reads"]
    for part in line.replace("\n", ";").split(";") if "show" in line or "\n" in line else [line]:
        stages = network.stages(part)
        if stages[0]:
            found.append(_command(stages[0]))
            found += [_filter(stage) for stage in stages[1:]]
    return worst(*found)


def _filter(stage: Sequence[str]) -> Effect:
    head = stage[0].lower() if stage else ""
    if head in words("network", "pipe_changes") or (len(head) > 1 and "redirect".startswith(head)):
        return "changes"
    if any(word.startswith(">") for word in stage):
        return "changes"
    known = words("network", "pipe_reads")
    return "reads" if any(name.startswith(head) for name in known if head) else "unknown"


def _command(given: Sequence[str]) -> Effect:
    lowered = [word.lower() for word in given]
    if any(word in (">", ">>") for word in lowered):
        return "changes"
    if lowered[0].startswith(("!", "#")):
        return "reads"
    if lowered[0] == "do" and len(lowered) > 1:
        return _command(given[1:])
    if lowered[0].startswith("/"):
        return _routeros(lowered)
    if best := _phrase(lowered):
        return best
    head = _head(lowered[0])
    if head == "terminal":
        return "changes" if "monitor" in lowered[1:] else "reads"
    if head in ("exit", "end", "quit", "logout", "enable") and len(lowered) > 1:
        return "unknown"
    for kind in ("unknown", "reads", "changes"):
        if head in words("network", kind):
            return as_effect(kind)
    return "unknown"


def _head(word: str) -> str:
    """The first word in full: `sh` is show, `conf` is configure, `wr` is write."""
    fixed = {"sh": "show", "sho": "show", "conf": "configure", "wr": "write", "int": "interface"}
    fixed |= {
        "ter": "terminal",
        "term": "terminal",
        "en": "enable",
        "clea": "clear",
        "rel": "reload",
    }
    fixed |= {"diag": "diagnose", "exec": "execute", "exe": "execute", "dis": "display"}
    fixed |= {"disp": "display", "tracer": "traceroute", "cl": "clear", "u": "undebug"}
    if word in fixed:
        return fixed[word]
    known = words("network", "reads") | words("network", "changes") | words("network", "unknown")
    if word in known or len(word) < 3:
        return word
    fits = [full for full in known if full.startswith(word)]
    return fits[0] if len(fits) == 1 else word


def _phrase(lowered: Sequence[str]) -> Effect | None:
    full = [_head(lowered[0]), *lowered[1:]]
    best: tuple[int, Effect] | None = None
    phrases = table("network")["phrases"]
    kinds: tuple[tuple[Effect, Sequence[str]], ...] = (
        ("changes", phrases["changes"]),
        ("reads", phrases["reads"]),
    )
    for kind, lines in kinds:
        for line in lines:
            steps = line.split()
            if steps[-1] == "$":
                fits = len(full) == len(steps) - 1 and full == steps[:-1]
            else:
                fits = len(full) >= len(steps) and all(map(glob, steps, full))
            if fits and (best is None or len(steps) > best[0]):
                best = (len(steps), kind)
    return best[1] if best else None


def _routeros(lowered: Sequence[str]) -> Effect:
    """RouterOS: a path, then a verb."""
    steps = [step for word in lowered for step in word.strip("/").split("/") if "=" not in step]
    for step in steps:
        if step in words("network", "routeros_changes"):
            return "changes"
        if step in words("network", "routeros_reads"):
            saves = any(word.startswith("file=") for word in lowered)
            return "changes" if saves or step == "reset" else "reads"
    return "unknown"
