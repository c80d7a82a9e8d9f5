"""A cmdlet's parameters: full names, switches, and which words belong together."""

import re
from collections.abc import Sequence
from functools import lru_cache

from stillfixed.actors.verdicts.knowledge import table
from stillfixed.actors.verdicts.powershell import Token


@lru_cache(maxsize=1024)
def spec(name: str) -> tuple[list[str], dict[str, str], frozenset[str]]:
    """(positional names, every name or alias -> full name, switches) of a cmdlet, in lower case."""
    data = table("powershell")
    known: str = data["parameters"].get(name, ";")
    first, _, rest = known.partition(";")
    noun = name.partition("-")[2]
    cim = data["more"]["cim"] if noun.startswith(tuple(data["more"]["cim_nouns"].split())) else ""
    names: dict[str, str] = {}
    switches: set[str] = set()
    for entry in f"{first} {rest} {cim} {data['common']['parameters']}".lower().split():
        full, *others = entry.rstrip("!").split("|")
        names.setdefault(full, full)
        for other in others:
            names.setdefault(other, full)
        if entry.endswith("!"):
            switches.add(full)
    positional = [entry.rstrip("!").split("|")[0] for entry in first.lower().split()]
    return positional, names, frozenset(switches)


def full_name(key: str, names: dict[str, str]) -> str:
    """A parameter's full name: exact, an alias, a short form, or an unambiguous beginning."""
    if key in names:
        return names[key]
    short: dict[str, str] = table("powershell")["common"]["short"]
    if key in short:
        return short[key].lower()
    fits = {full for spelled, full in names.items() if spelled == full and full.startswith(key)}
    return fits.pop() if len(fits) == 1 else key


def grouped_arguments(args: Sequence[Token]) -> list[list[Token]]:
    """Tokens grouped into arguments: glued ones and those joined by commas belong together."""
    out: list[list[Token]] = []
    for token in args:
        comma = token.text == "," and token.kind == "operator"
        joined = out and (out[-1][-1].text == "," and out[-1][-1].kind == "operator")
        if out and (token.glued or comma or joined):
            out[-1].append(token)
        else:
            out.append([token])
    return out


def is_parameter(group: Sequence[Token]) -> bool:
    return group[0].kind == "word" and bool(re.match(r"^-[A-Za-z]", group[0].text))
