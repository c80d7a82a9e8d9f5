"""Outputs of Unix commands that `jc` knows.

jc was chosen for its breadth: it reads multi-line outputs that no generic rule can. Its raw values
are taken, as printed: what it converts (numbers, sizes, epochs) may depend on the time zone. Its
parsers for Windows are left out: they read English outputs only, and lists of `Name : value` are
read well without them.
Guarantee: pure and never raises; a jc parser is loaded when its command first comes.
"""

import importlib
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from stillfixed.actors.verdicts import shell
from stillfixed.actors.verdicts.cells import Reading
from stillfixed.actors.verdicts.knowledge import grammar, table
from stillfixed.actors.verdicts.model import Platform
from stillfixed.actors.verdicts.parsing import placing

_KEEPS_THE_FORM = {"head", "cat", "less", "more"}
_TEXT_LIMIT_CHARS = 32 * 1024
_EPOCH = re.compile(r"(?:^|_)epoch(?:_|$)")


def parse(command: str, platform: Platform, text: str) -> Reading | None:
    entry = _entry(command, platform)
    if entry is None or len(text) > _TEXT_LIMIT_CHARS:
        return None
    records = _records(entry["parser"], text)
    if not records:
        return None
    tidy = [_tidy(one, entry.get("names", {}), entry.get("drop", ())) for one in records]
    found = placing.reading(tidy, text)
    return replace(found, reader=entry["parser"]) if found else None


def _records(parser: str, text: str) -> list[Mapping[str, Any]]:
    """What jc makes of the text; nothing where it fails, in whatever way."""
    module = importlib.import_module(f"jc.parsers.{parser}")
    try:
        found = module.parse(text, quiet=True, raw=True)
    except Exception:  # jc's parsers raise any error on a text they did not expect
        return []
    records = [record for record in (found if isinstance(found, list) else [found]) if record]
    return records if all(isinstance(record, Mapping) for record in records) else []


def _tidy(node: Any, names: Mapping[str, str], dropped: Sequence[str]) -> Any:
    """Fields renamed and left out as parsers.toml says, at every depth."""
    if isinstance(node, list):
        return [_tidy(one, names, dropped) for one in node]
    if not isinstance(node, Mapping):
        return node
    return {
        names.get(key, key): _tidy(value, names, dropped)
        for key, value in node.items()
        if key not in dropped and not _EPOCH.search(key)
    }


# -- which parser ----------------------------------------------------------------------------------
@lru_cache(maxsize=1024)
def _entry(command: str, platform: Platform) -> dict[str, Any] | None:
    """What parsers.toml says for a command line: the entry with the most words that stand in it."""
    given = _words(command) if platform == "posix" else ()
    best: tuple[int, dict[str, Any]] | None = None
    for key, entry in table("parsers")["jc"].items() if given else ():
        name, *steps = key.split()
        fits = name == given[0] and all(_stands(step, given) for step in steps)
        unless = any(_stands(step, given) for step in entry.get("unless", ()))
        if fits and not unless and (best is None or len(steps) > best[0]):
            best = len(steps), entry
    return best[1] if best else None


def _stands(step: str, given: Sequence[str]) -> bool:
    """A word stands anywhere after the name; a letter option also among bundled ones."""
    if re.fullmatch(r"-[A-Za-z]", step):
        return any(re.match(r"-[A-Za-z]+$", word) and step[1] in word for word in given[1:])
    return step in given[1:]


def _words(command: str) -> tuple[str, ...]:
    """Name and arguments of the one command whose output is shown; () where others change it."""
    root = shell.parse(command)
    if root.has_error or len(root.named_children) != 1:
        return ()
    stages = [root.named_children[0]]
    if stages[0].type == "redirected_statement":
        stages = stages[0].named_children[:1]
    if stages[0].type == "pipeline":
        stages = list(stages[0].named_children)
    stages = [s.named_children[0] if s.type == "redirected_statement" else s for s in stages]
    if any(stage.type != "command" for stage in stages):
        return ()
    names = [[word.text for word in shell.words_of(stage)] for stage in stages]
    if any(not words or words[0] not in _KEEPS_THE_FORM for words in names[1:]):
        return ()
    given = _unwrapped(names[0])
    return (given[0].rsplit("/", 1)[-1], *given[1:]) if given else ()


def _unwrapped(given: list[str]) -> list[str]:
    """What sudo, timeout and their like run."""
    while given and given[0] in table("posix")["wrapper"]:
        spec = table("posix")["wrapper"][given[0]]
        takes = grammar(given[0], wrapper=True).takes
        given = given[1:]
        while given and given[0].startswith("-"):
            valued = takes.get(given[0][-1]) == "value" and not given[0].startswith("--")
            given = given[2 if valued else 1 :]
        while given and spec.get("skip_assignments") and "=" in given[0]:
            given = given[1:]
        if spec.get("line") or spec.get("command_option"):
            return []  # another shell reads these words
        given = given[spec.get("skip", 0) :]
    return given
