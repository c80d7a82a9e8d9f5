"""The canonical form of a network check: keywords and interface names in full, `do`, the pager."""

import re
from collections.abc import Sequence
from functools import lru_cache

from stillfixed.actors.verdicts import network
from stillfixed.actors.verdicts.knowledge import table, words

Branch = dict[str, "Branch"]
# an interface of Junos, whose small letters count
_JUNOS = re.compile(r"^(ge|xe|et|fe|so|t[13]|ae|irb|reth|st|gr|lt|em|fxp|vme|me)-?\d[\d/.:]*$")
_NUMBERS = re.compile(r"^\d[\d/.:]*$")


def canonical(line: str) -> str:
    found = network.commands(line)
    if len(found) != 1:
        return " ; ".join(map(canonical, found)) if found else line.strip()
    if found[0].startswith(("/", ":")):
        return _routeros(found[0])
    stages = network.stages(found[0])
    first = stages[0]
    if re.match(r"(?i)do |run sh", " ".join(first)):
        first = first[1:]  # the operational command, said in configuration
    out = [" ".join(_command(first))]
    for stage in stages[1:]:
        shown = _filter(stage)
        if shown != "no-more":
            out.append(shown)
    return " | ".join(out)


@lru_cache(maxsize=1024)
def spellings(line: str) -> str:
    """A command as given and, where it is one of a device, in full: what the judge looks for in a
    command (`ip bgp summary`) is found in `sh ip bgp sum` too. An interface comes last there."""
    if not re.match(r"\s*(?:do\s+|run\s+)?(?:sho?|show|disp?|display)\s", line, re.I):
        return line.lower()
    full = canonical(line)
    last = re.sub(
        r"^((?:show|display) interfaces) (\S*\d\S*) (\S[^|]*?)(?= \||$)", r"\1 \3 \2", full
    )
    return f"{line}\n{last}".lower()


def _filter(stage: Sequence[str]) -> str:
    if not stage:
        return ""
    data = table("network")["filters"]
    head = stage[0].lower()
    fits = [name for name in data["known"].split() if name.startswith(head)]
    full = data["prefer"].get(head, fits[0] if len(fits) == 1 else head)
    rest = list(stage[1:])
    if (
        full in data["plain"].split()
        and len(rest) == 1
        and re.match(r"^(['\"])[\w.:/-]+\1$", rest[0])
    ):
        rest = [rest[0][1:-1]]  # quotes that hold nothing together
    return " ".join([full, *rest])


@lru_cache(maxsize=1)
def _tree() -> Branch:
    """The commands of the vocabulary, word by word; "" is the branch of any name."""
    root: Branch = {}
    for line in table("network")["tree"].strip().splitlines():
        here = [root]
        for step in line.split():
            following: list[Branch] = []
            for word in step.strip("()").split("|"):
                key = "" if word == "*" else word.lower()
                following += [branch.setdefault(key, {}) for branch in here]
            here = following
    return root


def _branch(branches: Branch, word: str) -> str | None:
    """The branch that a word stands for: itself, the only one it begins, or its plural's."""
    if word in branches:
        return word
    fits = [name for name in branches if name and name.startswith(word)]
    preferred = table("network")["prefer"].get(word)
    if preferred in fits:
        return str(preferred)
    if len(word) < 3 and "" in branches:
        return None  # two letters where a name may stand
    if len(fits) == 1:
        return fits[0]
    if fits and all(name.startswith(min(fits, key=len)) for name in fits):
        return min(fits, key=len)
    if not fits:
        whole = [name for name in branches if name and word in (name + "s", name + "es")]
        return whole[0] if whole else None
    return None


def _command(given: Sequence[str]) -> list[str]:
    joined = _joined_interfaces(given)
    if not joined:
        return []
    out: list[str] = []
    here: Branch | None = _tree()
    named = False
    shouted = not any(char.islower() for word in joined for char in word)
    for index, word in enumerate(joined):
        lowered = word.lower()
        port = (network.interface(word) or (_JUNOS.match(word) and word)) if index else None
        if named or port:
            out.append(word if named else port or word)
            here = {**((here or {}).get("") or {}), **(here or {})}
            named = False
            continue
        may_be_name = bool(here and "" in here) and (
            len(word) < 2 or (word != lowered and not shouted)
        )
        full = (
            _branch(here, lowered) if here and not (may_be_name and lowered not in here) else None
        )
        if full is None:
            known = lowered if lowered in _every_word() else None
            out.append(known or word)
            here = (
                None if known is None and not (here or {}).get("") else (here or {}).get("") or here
            )
        else:
            out.append(full)
            here = here[full] if here else None
        named = index > 0 and out[-1] in words("network", "names")
    if out[0] in ("ping", "ping6", "traceroute", "traceroute6", "tracert"):
        return _ping(out)
    if out[0] == "display" and out[1:2] in (["ip"], ["ipv6"]) and out[2:3] == ["route"]:
        out[2] = "routing-table"
    return _in_order(out) if out[0] in ("show", "display") else out


@lru_cache(maxsize=1)
def _every_word() -> frozenset[str]:
    seen: set[str] = set()
    stack = [_tree()]
    while stack:
        branch = stack.pop()
        seen.update(branch)
        stack.extend(branch.values())
    return frozenset(seen - {""})


def _joined_interfaces(given: Sequence[str]) -> list[str]:
    """`gi 1/0/1` is `gi1/0/1`; `vlan 10` is an interface only after "interfaces"."""
    out: list[str] = []
    for word in given:
        before = out[-1] if out else ""
        kind = network.interface(before + "1") if before.isalpha() or "-" in before else None
        several = bool(kind) and ("/" in word or (len(out) > 1 and _is_interfaces(out[-2])))
        if kind and several and len(out) > 1 and _NUMBERS.match(word):
            out[-1] = before + word
        else:
            out.append(word)
    return out


def _is_interfaces(word: str) -> bool:
    return len(word) > 2 and "interfaces".startswith(word.lower())


def _in_order(out: list[str]) -> list[str]:
    """The object first, then what it is looked up in, then words that only shape what is shown:
    a CLI takes them in either order, or refuses one of them."""
    plain: list[str] = []
    pairs: list[str] = []
    shapes: list[str] = []
    rest = list(out)
    while rest:
        word = rest.pop(0)
        if word in words("network", "pairs") and rest and len(plain) > 1:
            pairs.append(f"{word} {rest.pop(0)}")
        elif word in words("network", "names") and rest:
            plain += [word, rest.pop(0)]
        elif word in words("network", "modifiers") and len(plain) > 1:
            shapes.append(word)
        else:
            plain.append(word)
    return [*plain, *sorted(pairs), *shapes]


def _ping(out: list[str]) -> list[str]:
    """Options in one order; names of hosts ignore case."""
    options: list[str] = []
    plain: list[str] = []
    rest = out[1:]
    while rest:
        word = rest.pop(0)
        if word.lower() in words("network", "ping_pairs") and rest:
            options.append(f"{word.lower()} {rest.pop(0)}")
        elif word.lower() in words("network", "ping_flags"):
            options.append(word.lower())
        else:
            plain.append(word)
    if len(plain) == 1:
        plain = [plain[0].lower()]
    return [out[0], *plain, *sorted(options)]


def _routeros(line: str) -> str:
    """`/ip/address/print` and `/ip address pr` are one."""
    steps = network.path(network.stages(line)[0])
    verbs = ("print", "monitor", "export", "get", "find")
    out: list[str] = []
    done = False
    for step in steps:
        fits = [verb for verb in verbs if verb.startswith(step.lower()) and len(step) > 1]
        menus = [menu for menu in words("network", "menus") if menu.startswith(step.lower())]
        if not done and len(menus) == 1 and len(step) > 2:
            out.append(menus[0])
            continue
        if not done and len(fits) == 1:
            out.append(fits[0])
            done = True
        else:
            out.append(step)
    return "/" + " ".join(out)
