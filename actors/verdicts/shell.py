"""POSIX command lines as trees: tree-sitter's bash grammar, loaded at first use.

Guarantee: never raises on any text; a line that does not parse says so (`broken`).
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from tree_sitter import Node, Parser


class Word(Struct, frozen=True):
    """One word after quote removal. `dynamic`: part of it is known only when the line runs;
    `glob`: the shell may replace it by file names; `raw` is how it was written."""

    text: str
    raw: str
    dynamic: bool = False
    glob: bool = False


@lru_cache(maxsize=1)
def _parser() -> "Parser":
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


_ESCAPE = "\xff"
_WIDE = re.compile("[\xff-\U0010ffff]")
_ESCAPED = re.compile(f"{_ESCAPE}([0-9a-f]{{6}})")


def parse(line: str) -> "Node":
    """The tree of a line. `text` gives the text of its nodes; nothing else does.

    Wide characters go in as letters and digits: the grammar's scanner looks every character up in a
    table of 256, and one far behind its end kills the process.
    """
    narrow = _WIDE.sub(lambda found: f"{_ESCAPE}{ord(found.group()):06x}", line)
    return _parser().parse(narrow.encode("utf-8")).root_node


def text(node: "Node") -> str:
    written = (node.text or b"").decode("utf-8")
    return _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), written)


def walk(node: "Node") -> Iterator["Node"]:
    """Every node below, itself first, without recursion (a line may nest deeply)."""
    stack = [node]
    while stack:
        here = stack.pop()
        yield here
        stack.extend(reversed(here.children))


_DYNAMIC = {
    "simple_expansion",
    "expansion",
    "command_substitution",
    "process_substitution",
    "arithmetic_expansion",
}


def _unescape(raw: str) -> str:
    out, index = [], 0
    while index < len(raw):
        if raw[index] == "\\" and index + 1 < len(raw):
            index += 1
            if raw[index] == "\n":
                index += 1
                continue
        out.append(raw[index])
        index += 1
    return "".join(out)


def word(node: "Node") -> Word:
    """The value of a word, as far as the text alone tells it."""
    raw = text(node)
    match node.type:
        case "raw_string":
            return Word(raw[1:-1], raw)
        case "string":
            dynamic = any(below.type in _DYNAMIC for below in walk(node))
            inner = raw[1:-1] if raw.endswith('"') and len(raw) > 1 else raw[1:]
            for escaped in '\\"$`':
                inner = inner.replace("\\" + escaped, escaped) if not dynamic else inner
            return Word(inner, raw, dynamic)
        case "concatenation":
            parts = [word(child) for child in node.children]
            return Word(
                "".join(part.text for part in parts),
                raw,
                any(part.dynamic for part in parts),
                any(part.glob for part in parts),
            )
        case "command_name" if node.children:
            return word(node.children[0])
        case kind if kind in _DYNAMIC or kind in ("ansi_c_string", "translated_string"):
            return Word(raw, raw, True)
        case _:
            glob = any(mark in raw for mark in "*?[{~")
            return Word(_unescape(raw), raw, False, glob)


def words_of(command: "Node") -> list[Word]:
    """Name and arguments of a `command` node; assignments and redirections are left out."""
    skip = {"variable_assignment", "file_redirect", "herestring_redirect", "heredoc_redirect"}
    return [word(child) for child in command.children if child.type not in skip]
