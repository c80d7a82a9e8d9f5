"""What the judge knows, read once from the TOML files beside this one. Edit those, not the code."""

import re
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

Topic = Literal[
    "posix",
    "powershell",
    "windows",
    "network",
    "words",
    "states",
    "phrases",
    "exits",
    "listings",
    "parsers",
    "volatile",
]


_HERE = Path(__file__).parent


@lru_cache
def table(topic: Topic) -> dict[str, Any]:
    """One topic as plain data: its file, or all files of its folder."""
    if (_HERE / topic).is_dir():
        return _joined(sorted((_HERE / topic).glob("*.toml")))
    return _joined([_HERE / f"{topic}.toml"])


def _health_files() -> list[Path]:
    """By name, general.toml last."""
    folder = Path(__file__).parent / "health"
    return sorted(folder.glob("*.toml"), key=lambda path: (path.stem == "general", path.stem))


@lru_cache
def health() -> dict[str, Any]:
    """Everything in health/; general.toml comes last, because the first entry that fits a field
    decides."""
    return _joined(_health_files())


def _joined(paths: Iterable[Path]) -> dict[str, Any]:
    """Files read as one: tables, lists and texts of one name are joined."""
    joined: dict[str, Any] = {}
    for path in paths:
        _join(joined, tomllib.loads(path.read_text(encoding="utf-8")))
    return joined


def _join(known: dict[str, Any], added: dict[str, Any]) -> None:
    for key, value in added.items():
        match value:
            case dict():
                _join(known.setdefault(key, {}), value)
            case list():
                known[key] = [*known.get(key, []), *value]
            case str() if key in known:
                known[key] = f"{known[key]} {value}"
            case _:
                known[key] = value


@lru_cache
def answers() -> list[tuple[str, dict[str, Any]]]:
    """Every `[[answer]]` with the family of its file: windows, posix, network or general."""
    return [
        (path.stem.split("_")[0], entry)
        for path in _health_files()
        for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("answer", ())
    ]


@lru_cache
def status_words(name: str) -> frozenset[str]:
    """A list of `[words]`."""
    return frozenset(health()["words"][name].split())


@lru_cache
def field_names(name: str) -> frozenset[str]:
    """A list of `[words]` that holds names of fields, as `name_of` gives them."""
    return frozenset(re.sub(r"[_-]", "", word) for word in status_words(name))


@lru_cache
def words(topic: Topic, *path: str) -> frozenset[str]:
    """A list written as one string of words, or as an array of strings."""
    node: Any = table(topic)
    for step in path:
        node = node.get(step, ())
    return frozenset(node.split() if isinstance(node, str) else node)


class Grammar(Struct, frozen=True):
    """How a tool takes options. `takes`: letter or long name -> "none", "value" or "maybe";
    `number`: the option that `-5` stands for; `loose`: a value that may be there may also stand
    apart; `exclusive`: groups of options of which the later one wins."""

    takes: dict[str, str]
    same_as: dict[str, str]
    single_dash_long: bool = False
    known: bool = True
    number: str = ""
    loose: bool = False
    exclusive: tuple[tuple[str, ...], ...] = ()


class Tool(Struct, frozen=True):
    """What one tool does, by its options and the words after it. See the head of posix.toml."""

    effect: str = "unknown"
    bare: str | None = None
    acts: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    reads: tuple[tuple[str, ...], ...] = ()
    changes: tuple[tuple[str, ...], ...] = ()
    unknown: tuple[tuple[str, ...], ...] = ()
    special: str = ""
    feed: str = ""


def listed(value: str | Iterable[str] | None) -> tuple[str, ...]:
    """A list written as one text with commas, or as an array."""
    parts = value.split(",") if isinstance(value, str) else value or ()
    return tuple(part.strip() for part in parts if part.strip())


def _phrases(value: str | Iterable[str] | None) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(line.split()) for line in listed(value))


@lru_cache(maxsize=1024)
def tool(topic: Topic, name: str) -> Tool | None:
    """What is known about a tool, None for one that is not a standard tool."""
    spec = table(topic).get("tool", {}).get(name)
    if spec is None:
        for effect in ("reads", "changes", "unknown"):
            if name in words(topic, effect):
                return Tool(effect=effect)
        return None
    return Tool(
        effect=spec.get("effect", "unknown"),
        bare=spec.get("bare"),
        acts=listed(spec.get("acts")),
        writes=listed(spec.get("writes")),
        shows=listed(spec.get("shows")),
        lists=listed(spec.get("lists")),
        reads=_phrases(spec.get("reads")),
        changes=_phrases(spec.get("changes")),
        unknown=_phrases(spec.get("unknown")),
        special=spec.get("special", ""),
        feed=spec.get("feed", ""),
    )


@lru_cache(maxsize=1024)
def grammar(name: str, wrapper: bool = False) -> Grammar:
    """The option grammar of a POSIX tool or wrapper; `known` is False where nothing is written."""
    data = table("posix")
    spec = data["wrapper"].get(name, {}) if wrapper else data["tool"].get(name, {})
    own = {} if wrapper else data["spelling"].get(name, {})
    letters = own.get("options", spec.get("options", "" if wrapper else None))
    long = [*listed(spec.get("long")), *listed(own.get("long"))]
    takes: dict[str, str] = {}
    same_as: dict[str, str] = {}
    for index, letter in enumerate(letters or ""):
        if letter != ":":
            rest = (letters or "")[index + 1 : index + 3]
            takes[letter] = "maybe" if rest == "::" else "value" if rest[:1] == ":" else "none"
    for entry in long:
        full, _, short = entry.partition("=")
        takes[full.rstrip(":")] = "value" if full.endswith(":") else "none"
        if short:
            same_as[full.rstrip(":")] = short
    return Grammar(
        takes,
        same_as,
        bool(own.get("single_dash_long", spec.get("single_dash_long"))),
        letters is not None,
        own.get("number", ""),
        bool(own.get("loose")),
        tuple(map(_exclusive, listed(own.get("exclusive")))),
    )


def _exclusive(group: str) -> tuple[str, ...]:
    """`tS --sort`: two letters and a long name."""
    return tuple(
        name
        for word in group.split()
        for name in ([word[2:]] if word.startswith("--") else list(word))
    )
