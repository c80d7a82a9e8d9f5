"""What a secret looks like, read once from the files in `knowledge/`. Edit those, not the code.

Guarantee: every expression runs in time linear in the text (RE2), because the text is an endpoint's
and may be hostile. Bytes are read one by one, so that text in any encoding, or none, can be read.
"""

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import re2

_KNOWLEDGE = Path(__file__).parent / "knowledge"
_TEXT_FILES = ("text", "tokens", "network")

MASK = rb"\xe2\x80\xb9[a-z-]+(?:#[0-9]+)?\xe2\x80\xba"
"""A secret's place once it is masked."""


class Found(NamedTuple):
    """A secret lies from `start` to `end` of a line, in bytes."""

    start: int
    end: int
    kind: str


class Rule(NamedTuple):
    """`held` is what stands before a secret, or what it begins with where `starts` is set."""

    kind: str
    whole: Any
    held: Any
    starts: tuple[bytes, ...]
    looks_random: bool
    no_path: bool
    unless: frozenset[bytes]

    def find(self, line: bytes) -> list[Found]:
        found = []
        for match in self.whole.finditer(line):
            start, end = match.span(1)
            value = line[start:end]
            if not self._fits(value):
                continue
            kind = _named(line[match.start() : start]) if self.kind == "named" else self.kind
            found.append(Found(start, end, kind))
        return found

    def _fits(self, value: bytes) -> bool:
        if value.lower() in self.unless or harmless(value):
            return False
        if self.no_path and _path().match(value):
            return False
        return not self.looks_random or random_looking(value)


class Rules(NamedTuple):
    """`trigger` fits some part of every line that a rule fits; `starts` are what secrets known by
    their form begin with."""

    all: tuple[Rule, ...]
    trigger: Any
    starts: tuple[bytes, ...]

    def find(self, line: bytes) -> list[Found]:
        """Every secret in one line, without its end, as the rules find them: they may overlap."""
        return [found for rule in self.all for found in rule.find(line)]

    def held_from(self, line: bytes) -> int:
        """From where on a line that is not whole yet may hold a secret that is not whole yet."""
        held = len(line)
        for rule in self.all:
            match = rule.held.search(line)
            if match:
                held = min(held, match.start() if rule.starts else match.end())
        return held


@lru_cache
def rules() -> Rules:
    read: list[Rule] = []
    triggers: list[str] = []
    parts: dict[str, str] = {}
    for name in _TEXT_FILES:
        table = toml(name)
        parts |= table.get("parts", {})
        for entry in table["rule"]:
            read.append(_rule(entry, parts))
            triggers.append(_trigger(entry, parts))
    triggers.append("Private-Lines: ")
    starts = tuple(sorted({start for rule in read for start in rule.starts}))
    return Rules(tuple(read), compiled("|".join(f"(?:{one})" for one in triggers)), starts)


def compiled(pattern: str) -> Any:
    return re2.compile(pattern.encode(), _options())


def _options() -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.max_mem = 64 << 20  # for the states of the search that looks at everything
    return options


def _rule(entry: dict[str, Any], parts: dict[str, str]) -> Rule:
    starts = tuple(text.encode() for text in entry.get("starts", ()))
    before = _filled(entry.get("before", ""), parts)
    secret, after = _filled(entry["secret"], parts), _filled(entry.get("after", ""), parts)
    held = "|".join(re2.escape(text.decode()) for text in starts) if starts else before
    return Rule(
        kind=entry["kind"],
        whole=compiled(f"{before}({secret}){after}"),
        held=compiled(held),
        starts=starts,
        looks_random=entry.get("looks") == "random",
        no_path=entry.get("except") == "path",
        unless=frozenset(entry.get("unless", "").encode().split()),
    )


def _trigger(entry: dict[str, Any], parts: dict[str, str]) -> str:
    if starts := entry.get("starts"):
        return "|".join(re2.escape(text) for text in starts)
    return _filled(entry.get("trigger", entry["before"]), parts)


def _filled(pattern: str, parts: dict[str, str]) -> str:
    for name, part in parts.items():
        pattern = pattern.replace(f"{{{name}}}", part)
    return pattern


# -- values ------------------------------------------------------------------------------------
@lru_cache
def _harmless() -> tuple[frozenset[bytes], Any]:
    table = toml("harmless")
    patterns = "|".join(table["patterns"])
    return frozenset(table["words"].encode().split()), compiled(f"(?i:{patterns})")


def harmless(value: bytes, *, names: bool = True) -> bool:
    """Whether a value that stands where a secret could is none: `********`, `$VARIABLE`, and, where
    `names` are told apart, `true` or `expired`."""
    words, patterns = _harmless()
    value = value.strip().rstrip(b".,;:")
    if not value or (names and value.lower() in words) or mask_pattern().search(value):
        return True
    return bool(patterns.fullmatch(value))


def random_looking(value: bytes) -> bool:
    """Letters with digits or signs among them: `Hunter2!`, and not `incorrect` or `2026-11-24`."""
    letters = sum(65 <= byte <= 90 or 97 <= byte <= 122 for byte in value)
    digits = sum(48 <= byte <= 57 for byte in value)
    signs = sum(byte in b"!@#$%^&*?+=~" for byte in value)
    return letters >= 2 and digits + signs >= 1 and len(value) >= 6


@lru_cache
def _path() -> Any:
    return compiled(r"(?:/|~/|\.{1,2}/|[A-Za-z]:[\\/]|\\\\)")


@lru_cache
def mask_pattern() -> Any:
    return re2.compile(MASK, _options())


def _named(before: bytes) -> str:
    """The kind of secret by the name it stands behind, which is the last word of `before`."""
    name = before.lower()
    places = {
        name.rfind(word): kind
        for word, kind in ((b"pass", "password"), (b"pwd", "password"), (b"kennwort", "password"),
                           (b"token", "token"), (b"secret", "secret"), (b"key", "key"),
                           (b"psk", "key"))
    }  # fmt: skip
    return places[max(places)] if max(places) >= 0 else "secret"


@lru_cache
def toml(name: str) -> dict[str, Any]:
    return tomllib.loads((_KNOWLEDGE / f"{name}.toml").read_text(encoding="utf-8"))
