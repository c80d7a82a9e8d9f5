"""Secrets in a command: in the arguments of tools, and in what is fed to one that reads a password.

Guarantee: what is found lies inside words. No operator, redirection or substitution of a shell is
ever part of a secret, so that a masked command means the same to whoever judges what it does.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from stillfixed.actors.secrets.rules import Found, harmless, toml

DEEPEST = 3
"""So far into commands inside words, as in `bash -c "…"`."""

_TOKEN = re.compile(
    r"""(?P<word>(?:[^\s"'|;&()<>`]|'[^']*'|"(?:\\.|[^"\\])*"|["'])+)|(?P<end>[|;&\n()`]+)"""
)
_QUOTED = re.compile(r"""'[^']*'|"(?:\\.|[^"\\])*\"""")


class Word(NamedTuple):
    """`start` and `end` are places in the command, quotes included."""

    text: str
    start: int
    end: int

    @property
    def bare(self) -> "Word":
        """Without quotes around the whole."""
        if len(self.text) >= 2 and self.text[0] == self.text[-1] and self.text[0] in "'\"":
            return Word(self.text[1:-1], self.start + 1, self.end - 1)
        return self

    def behind(self, chars: int) -> "Word":
        """The rest of the word, without quotes around it."""
        return Word(self.text[chars:], self.start + chars, self.end).bare


class Tool(NamedTuple):
    names: frozenset[str]
    kind: str
    needs: tuple[str, ...]
    joined: tuple[str, ...]
    options: frozenset[str]
    pairs: frozenset[str]
    colon: tuple[str, ...]
    prefixed: str
    after: str
    skip: int
    first: bool
    last: bool


def in_command(command: str) -> list[Found]:
    """Secrets by the tool that they are arguments of; places in characters."""
    return list(_in_command(command, 0, 0))


def _in_command(text: str, offset: int, depth: int) -> Iterator[Found]:
    segments = list(_segments(text, offset))
    for number, (words, end) in enumerate(segments):
        yield from _in_segment(words)
        if "|" in end and number + 1 < len(segments):
            yield from _fed(words, segments[number + 1][0])
        if depth < DEEPEST:
            for word in words:
                for quoted in _QUOTED.finditer(word.text):
                    inner = quoted.group()[1:-1]
                    if " " in inner:
                        yield from _in_command(inner, word.start + quoted.start() + 1, depth + 1)


def _segments(text: str, offset: int) -> Iterator[tuple[list[Word], str]]:
    words: list[Word] = []
    for match in _TOKEN.finditer(text):
        if match["word"] is not None:
            words.append(Word(match["word"], offset + match.start(), offset + match.end()))
        else:
            yield words, match["end"]
            words = []
    yield words, ""


def _name(word: Word) -> str:
    """A tool's name without its folder: `C:\\bin\\net.exe` is net."""
    name = re.split(r"[\\/]", word.bare.text)[-1].lower()
    return name.removesuffix(".exe")


def _in_segment(words: list[Word]) -> Iterator[Found]:
    anywhere, by_name = _tools()
    for number, word in enumerate(words):
        for tool in by_name.get(_name(word), ()):
            rest = words[number + 1 :]
            if tool.needs and not _has(rest, tool.needs):
                continue
            yield from _of_tool(tool, word, rest)
    for tool in anywhere:
        yield from _of_tool(tool, None, words)


def _has(words: list[Word], needs: tuple[str, ...]) -> bool:
    present = [word.bare.text.lower() for word in words]
    return any(all(one in present for one in need.lower().split()) for need in needs)


def _of_tool(tool: Tool, name: Word | None, rest: list[Word]) -> Iterator[Found]:
    for number, word in enumerate(rest):
        following = rest[number + 1] if number + 1 < len(rest) else None
        yield from _option(tool, word, following)
    plain = [w for w in rest if not w.text.startswith(("-", "/"))]
    if tool.after and (found := _after(tool, name, rest, plain)):
        yield from _found(tool, found)
    if tool.last and rest and not rest[-1].text.startswith("-") and len(plain) > 1 - bool(name):
        yield from _found(tool, rest[-1].bare)
    if tool.first and (quoted := [word for word in rest if word.text[0] in "'\""]):
        yield from _found(tool, quoted[0].bare)


def _option(tool: Tool, word: Word, following: Word | None) -> Iterator[Found]:
    text = word.bare.text
    option, sign, _ = text.partition("=")
    if tool.prefixed and text.startswith(tool.prefixed):
        yield from _found(tool, word.bare.behind(len(tool.prefixed)))
    for start in tool.colon:
        if text.lower().startswith(f"{start}:"):
            yield from _found(tool, word.bare.behind(len(start) + 1))
    if _among(tool.options, text) and following is not None:
        if not following.text.startswith("-") or following.text[1:2].isdigit():
            yield from _found(tool, following.bare)
    elif sign and _among(tool.options, option):
        yield from _found(tool, word.bare.behind(len(option) + 1))
    elif _among(tool.pairs, text) and following is not None:
        yield from _pair(tool, following.bare)
    elif sign and _among(tool.pairs, option):
        yield from _pair(tool, word.bare.behind(len(option) + 1))
    else:
        for start in tool.joined:
            if text.startswith(start) and len(text) > len(start) and text[1] != "-":
                yield from _found(tool, word.bare.behind(len(start)))
        for start in tool.pairs:
            if len(start) == 2 and text.startswith(start) and len(text) > 2:
                yield from _pair(tool, word.bare.behind(2))


def _among(options: frozenset[str], text: str) -> bool:
    """PowerShell's parameters and Windows' options are told without case; others with it."""
    if text in options:
        return True
    long = text.startswith("/") or (text.startswith("-") and text[1:2].isupper() and len(text) > 3)
    return long and text.lower() in {option.lower() for option in options}


def _after(tool: Tool, name: Word | None, rest: list[Word], plain: list[Word]) -> Word | None:
    """The word `skip` places behind a word; of several, plain ones alone are counted."""
    if name is not None and tool.after == _name(name):
        following = plain
    else:
        places = [n for n, word in enumerate(plain) if word.bare.text.lower() == tool.after]
        if not places:
            return None
        following = plain[places[0] + 1 :]
    skip = tool.skip
    if tool.after == "use" and following and following[0].bare.text.startswith("\\\\"):
        skip -= 1  # without a drive: net use \\server\share SECRET
    return following[skip].bare if len(following) > skip else None


def _pair(tool: Tool, word: Word) -> Iterator[Found]:
    """user:SECRET, user%SECRET, key=SECRET, user,SECRET."""
    match = re.search(r"[:%=,]", word.text)
    if match:
        yield from _found(tool, word.behind(match.end()))


def _fed(words: list[Word], reader: list[Word]) -> Iterator[Found]:
    fed = toml("commands")["fed"]
    if not words or _name(words[0]) not in fed["printers"].split():
        return
    names = [_name(word) for word in reader]
    readers = [name for name in names if name in fed["readers"].split()]
    if not readers:
        return
    needed = dict(entry.split(":") for entry in fed["needs"].split())
    present = " ".join(word.text for word in reader)
    if "sudo" in readers and len(readers) > 1:
        readers = [name for name in readers if name != "sudo"] or readers
    need = needed.get(readers[-1])
    wanted = need is None or any(one in present for one in need.split("|"))
    if not wanted and not ("sudo" in names and "-S" in present):
        return
    kind = "password"
    for word in words[1:]:
        if word.text.startswith("-") or word.bare.text in ("%s\\n", "%s", "\\n"):
            continue
        inner = word.bare
        if readers[-1] in fed["pairs"].split() and ":" in inner.text:
            inner = inner.behind(inner.text.index(":") + 1)
        text = re.sub(r"(?:\\n)+$", "", inner.text)
        yield from _spans(kind, Word(text, inner.start, inner.start + len(text)))


def _found(tool: Tool, word: Word) -> Iterator[Found]:
    yield from _spans(tool.kind, word)


def _spans(kind: str, word: Word) -> Iterator[Found]:
    if word.text and not harmless(word.text.encode("utf-8", "surrogatepass"), names=False):
        yield Found(word.start, word.start + len(word.text), kind)


@lru_cache
def _tools() -> tuple[tuple[Tool, ...], dict[str, tuple[Tool, ...]]]:
    """Tools for every command, and those by name."""
    anywhere: list[Tool] = []
    by_name: dict[str, list[Tool]] = {}
    for entry in toml("commands")["tool"]:
        tool = _tool(entry)
        if tool.names == {"*"}:
            anywhere.append(tool)
        for name in tool.names - {"*"}:
            by_name.setdefault(name, []).append(tool)
    return tuple(anywhere), {name: tuple(tools) for name, tools in by_name.items()}


def _tool(entry: dict[str, Any]) -> Tool:
    def words(key: str) -> tuple[str, ...]:
        return tuple(entry.get(key, "").split())

    return Tool(
        names=frozenset(name.lower() for name in words("names")),
        kind=entry["kind"],
        needs=tuple(filter(None, entry.get("needs", "").split("|"))),
        joined=words("joined"),
        options=frozenset(words("options")),
        pairs=frozenset(words("pairs")),
        colon=words("colon"),
        prefixed=entry.get("prefixed", ""),
        after=entry.get("after", ""),
        skip=entry.get("skip", 0),
        first=entry.get("first", False),
        last=entry.get("last", False),
    )
