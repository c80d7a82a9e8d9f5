"""What a line of a router, switch or firewall CLI does. Guarantee: configuration never reads."""

import re
from collections.abc import Sequence
from functools import lru_cache

from stillfixed.actors.verdicts import network
from stillfixed.actors.verdicts.knowledge import table, words
from stillfixed.actors.verdicts.model import Effect
from stillfixed.actors.verdicts.options import as_effect, glob, worst

_DEPTH_LIMIT = 6
_PLACE = re.compile(
    r"(?i)^(flash|bootflash|disk\d|nvram|tftp|ftp|scp|sftp|https?|usb\w*|file|slot\d|cf\d|volatile|logflash"
    r"|harddisk|media|/\w+|[\w-]+\.(txt|log|cfg|conf|json|xml))(:|/|$|\.)"
)
# Nokia's MD-CLI: a command from the top of the tree
_FROM_TOP = (
    "/show", "/configure", "/admin", "/tools", "/oam", "/clear", "/info", "/bof", "/environment",
)  # fmt: skip
_SHORT = {
    "sh": "show", "sho": "show", "conf": "configure", "wr": "write", "int": "interface",
    "ter": "terminal", "term": "terminal", "en": "enable", "clea": "clear", "rel": "reload",
    "diag": "diagnose", "exec": "execute", "exe": "execute", "dis": "display", "disp": "display",
    "tracer": "traceroute", "trace": "traceroute", "cl": "clear", "u": "undebug", "un": "undebug",
    "sys": "system-view", "ver": "version", "mon": "monitor", "req": "request", "cle": "clear",
    "rest": "restart", "res": "reset", "del": "delete", "reb": "reboot",
}  # fmt: skip


def effect(line: str, depth: int = 0) -> Effect:
    """The effect of a text of one or more commands."""
    if depth > _DEPTH_LIMIT:
        return "unknown"
    return worst("reads", *(_line(part, depth) for part in network.commands(line)))


def _line(line: str, depth: int) -> Effect:
    stages = network.stages(line)
    if not stages[0]:
        return "reads"
    found = [_command(stages[0], line, depth)]
    found += [_filter(stage) for stage in stages[1:]]
    return worst(*found)


def _filter(stage: Sequence[str]) -> Effect:
    head = stage[0].lower() if stage else ""
    acting = words("network", "pipe", "changes")
    if head in acting or any(
        len(head) > 1 and name.startswith(head) for name in ("redirect", "append")
    ):
        return "changes"
    for index, word in enumerate(stage):
        target = stage[index + 1] if index + 1 < len(stage) else ""
        if word in (">", ">>") and _PLACE.match(target):
            return "changes"
    if head in ("awk", "sed", "bash", "python", "jq"):
        return _posix(stage, 0)
    known = words("network", "pipe", "reads")
    return "reads" if any(name.startswith(head) for name in known if head) else "unknown"


def _posix(given: Sequence[str], depth: int) -> Effect:
    from stillfixed.actors.verdicts import effects_posix

    return effects_posix.effect(" ".join(given), depth + 1)


def _command(given: Sequence[str], line: str, depth: int) -> Effect:
    lowered = [word.lower() for word in given]
    if any(word in (">", ">>") for word in lowered) or re.match(r"^>>?[\w/]", lowered[-1]):
        return "changes"
    first = lowered[0]
    if first.startswith(("!", "#")) or lowered[-1] == "?":
        return "reads"
    if first.startswith(("/", ":")) and first not in _FROM_TOP:
        return _routeros(given, line, depth)
    if first in _FROM_TOP and depth < _DEPTH_LIMIT:
        return _command([first[1:], *given[1:]], line, depth + 1)
    if first == "fnsysctl" and len(given) > 1:
        return _posix(given[1:], depth)
    if first == "sudo" and len(given) > 1 and depth < _DEPTH_LIMIT:
        return _command(given[1:], line, depth + 1)
    if first in words("network", "routeros", "menus") and "print" in lowered[1:]:
        return _routeros(given, line, depth)
    if (inner := _through(given, lowered, depth)) is not None:
        return inner
    if _is_unix(lowered):
        return _posix(given, depth)
    full = [head(first), *lowered[1:]]
    known = full[0] in _first_words() and full[0] not in words("network", "named")
    if lowered[1:2] == ["show"] and known:
        return "reads"  # Ciena and others: the object first
    families = table("network")["within"]
    within = families.get(" ".join(full[:2])) or families.get(full[0])
    best = _phrase(full)
    if within is not None and set(full) & set(within.get("always", "").split()):
        return "changes"
    if within is not None and (best is None or best[0] == 1):
        return _within(within, full[1:])
    if best is not None:
        return best[1]
    for kind in ("unknown", "reads", "changes"):
        if full[0] in words("network", kind):
            return as_effect(kind)
    return _unlisted(given, full, depth)


_IP_OBJECTS = ("a", "addr", "r", "route", "l", "link", "n", "neigh", "rule", "maddr")


def _is_unix(lowered: Sequence[str]) -> bool:
    """Boxes that are Linux inside: `ip a`, `ip -br link`, `arp -a`, `hostname`."""
    if lowered[0] == "ip":
        asks = set(lowered[1:]) & {"show", "list", "get"} or (lowered[1:2] and lowered[1][0] == "-")
        return bool(asks) or (len(lowered) == 2 and lowered[1] in _IP_OBJECTS)
    dashed = len(lowered) > 1 and lowered[1].startswith("-")
    return lowered == ["hostname"] or (
        dashed and lowered[0] in ("arp", "hostname", "ping", "route")
    )


def _unlisted(given: Sequence[str], full: Sequence[str], depth: int) -> Effect:
    """Fabric switches end their verbs in `show`; boxes that are built on Unix know its tools."""
    if re.match(r"^[a-z]+show$", full[0]):
        return "reads"
    if re.match(
        r"^[a-z]+(clear|set|enable|disable|create|delete|add|remove|save|reset|config)$", full[0]
    ):
        return "changes"
    return _posix(given, depth)


def _through(given: Sequence[str], lowered: Sequence[str], depth: int) -> Effect | None:
    """A word before another command: `do show …`, `run show …`, `vtysh -c '…'`, `bash df -h`."""
    if lowered[0] in ("vtysh", "clish", "cli", "tmsh") and "-c" in lowered:
        lines = [given[i + 1] for i, word in enumerate(lowered[:-1]) if word == "-c"]
        return worst(*(effect(line.strip("\"'"), depth + 1) for line in lines), "reads")
    if lowered[0] in ("vtysh", "clish", "cli") and len(given) > 1:
        return "unknown"
    if lowered[0] in ("bash", "guestshell") and len(given) > 1:
        return _posix(given[2:] if lowered[1] in ("run", "-c") else given[1:], depth)
    if lowered[:2] == ["run", "bash"] and len(given) > 2:
        return _posix(given[2:], depth)
    if (
        lowered[0] == "run"
        and lowered[1:3] in (["/util", "bash"], ["util", "bash"])
        and "-c" in lowered
    ):
        inner = given[lowered.index("-c") + 1 :]
        return _posix([inner[0].strip("\"'")], depth) if inner else "unknown"
    for entry in words_of_lines("through"):
        name, _, skip = entry.partition(" ")
        steps = name.split(":")
        rest = given[len(steps) + int(skip) - (len(steps) - 1) :]
        if list(lowered[: len(steps)]) == steps and rest and depth < _DEPTH_LIMIT:
            while (rest and rest[0].lower() in ("-q", "-a", "diff", "interval")) or (
                rest and rest[0].isdigit()
            ):
                rest = rest[1:]
            inner = head(rest[0].lower()) if rest else ""
            known = (
                inner in words("network", "reads") | {"list", "clear", "reload"} or name != "run"
            )
            if name == "admin" and inner not in ("show", "dir", "ping"):
                return None
            if rest and known:
                if name == "tmsh" and inner in ("list", "show"):
                    return "reads"
                return _command(rest, " ".join(rest), depth + 1)
    return None


@lru_cache(maxsize=8)
def words_of_lines(name: str) -> tuple[str, ...]:
    """A text of the knowledge, line by line."""
    return tuple(line for line in table("network")[name].splitlines() if line.strip())


def head(word: str) -> str:
    """The first word in full: `sh` is show, `conf` is configure, `wr` is write."""
    if word in _SHORT:
        return _SHORT[word]
    known = _first_words()
    if word in known or len(word) < 3:
        return word
    fits = [full for full in known if full.startswith(word)]
    return fits[0] if len(fits) == 1 else word


@lru_cache(maxsize=1)
def _first_words() -> frozenset[str]:
    data = table("network")
    lines = [line for kind in data["phrases"].values() for line in kind]
    listed = words("network", "reads") | words("network", "changes") | words("network", "unknown")
    return listed | {
        line.split()[0] for line in (*lines, *data["within"], *data["through"].split())
    }


def _within(rule: dict[str, str], rest: Sequence[str]) -> Effect:
    given = set(rest)
    if rest and rest[-1] in rule.get("ends", "").split():
        return "reads"  # request content upgrade check
    if given & set(rule["acts"].split()):
        return "changes"
    return as_effect("reads" if given & set(rule["reads"].split()) else rule["default"])


def _phrase(full: Sequence[str]) -> tuple[int, Effect] | None:
    """(words that fit, effect) of the longest phrase; of two that fit equally the one that acts."""
    best: tuple[int, Effect] | None = None
    phrases = table("network")["phrases"]
    kinds: tuple[Effect, ...] = ("changes", "unknown", "reads")
    for kind in kinds:
        for line in phrases[kind]:
            steps = line.split()
            if steps[-1] == "$":
                fits = len(full) == len(steps) - 1 and all(map(_step, steps[:-1], full))
            else:
                fits = len(full) >= len(steps) and all(map(_step, steps, full))
            if fits and (best is None or len(steps) > best[0]):
                best = (len(steps), kind)
    return best


def _step(step: str, word: str) -> bool:
    """A word, in full or shortened to three letters or more; `#` is a number."""
    if step == "#":
        return word.isdigit()
    if glob(step, word):
        return True
    return len(word) > 2 and step.startswith(word) and word.isalpha() and word not in _whole_words()


@lru_cache(maxsize=1)
def _whole_words() -> frozenset[str]:
    """Words that are no shortened form of a longer one."""
    phrases = table("network")["phrases"]
    lines = [str(line) for kind in phrases.values() for line in kind]
    steps = frozenset(step for line in lines for step in line.split())
    return steps | words("network", "reads") | words("network", "changes")


def _routeros(given: Sequence[str], line: str, depth: int) -> Effect:
    """RouterOS: a path, then a verb; brackets hold commands."""
    inner = re.findall(r"[\[{]([^\[\]{}]*)[\]}]", line)
    found = [_routeros_words(part.split(), depth) for part in inner if depth < _DEPTH_LIMIT]
    outer = re.sub(r"[\[{].*[\]}]", "", line)
    return worst(*found, _routeros_words(network._TOKEN.findall(outer), depth))


def _routeros_words(given: Sequence[str], depth: int) -> Effect:
    steps = [step.lower() for step in network.path(given)]
    plain = [step for step in steps if "=" not in step]
    values = {key: value.strip('"') for key, _, value in (s.partition("=") for s in steps) if value}
    if not plain:
        return "reads"
    if "fetch" in plain:
        method = values.get("http-method", "get")
        shown = values.get("output") in ("none", "user", "user-with-headers")
        acts = method not in ("get", "head") or "upload" in values or not shown
        return "changes" if acts else "reads"
    for step in plain:
        verb = _routeros_verb(step)
        if verb in words("network", "routeros", "unknown"):
            return "unknown"
        if verb in words("network", "routeros", "changes"):
            return "changes"
        if verb in words("network", "routeros", "reads"):
            return "changes" if "file" in values else "reads"
    return "unknown"


def _routeros_verb(step: str) -> str:
    """A verb in full: `pr` is print; menus keep their names."""
    if step in words("network", "routeros", "menus"):
        return step
    verbs = ("print", "monitor", "export", "remove", "disable", "enable", "set", "add")
    fits = [verb for verb in verbs if verb.startswith(step) and len(step) > 1]
    return fits[0] if len(fits) == 1 else step
