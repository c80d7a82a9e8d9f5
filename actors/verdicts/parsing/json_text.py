"""JSON with the line of every value: one document, several, or one that ends in the middle.

A scanner of our own: json.loads tells no positions and nothing of a text that was cut off.
Guarantee: one pass over the text, no recursion, never raises.
"""

import json
import re

from msgspec import Struct

from stillfixed.actors.verdicts.parsing.records import (
    DEPTH_LIMIT,
    Leaf,
    Tree,
)

_TOKEN = re.compile(
    r'[ \t\r\n]*(?:(?P<string>"[^"\\]*(?:\\.[^"\\]*)*")|(?P<mark>[{}\[\],:])'
    r"|(?P<word>true|false|null|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?![\w.]))",
    re.S,
)
_UNFINISHED = re.compile(
    r'\s*(?:"(?:[^"\\]|\\.)*\\?|t|tr|tru|f|fa|fal|fals|n|nu|nul|-|-?\d+\.)?$', re.S
)
_Parent = dict[str, Tree] | list[Tree]


class Scanned(Struct):
    """`documents` in order; `end` is where the last one ends in the text; `cut`: it ends inside."""

    documents: list[Tree]
    end: int
    cut: bool


class _Builder:
    """The open objects and lists, the innermost last, with the key that waits for its value."""

    def __init__(self) -> None:
        self.documents: list[Tree] = []
        self.open: list[_Parent] = []
        self.keys: list[str | None] = []
        self.wants = "value"  # value, key, colon or next

    def add(self, node: Tree) -> None:
        if not self.open:
            self.documents.append(node)
        elif isinstance(parent := self.open[-1], dict):
            parent[self.keys[-1] or ""] = node
            self.keys[-1] = None
        else:
            parent.append(node)
        self.wants = "next" if self.open else "value"

    def mark(self, mark: str) -> bool:
        """Take a bracket, comma or colon; False where none may stand."""
        if mark in "{[" and self.wants in ("value", "first") and len(self.open) < DEPTH_LIMIT:
            node: _Parent = {} if mark == "{" else []
            self.add(node)
            self.open.append(node)
            self.keys.append(None)
            self.wants = "key" if mark == "{" else "first"
            return True
        if mark in "}]" and self.open:
            parent = self.open[-1]
            empty = not parent and self.wants in ("key", "first")
            if (mark == "}") != isinstance(parent, dict) or not (self.wants == "next" or empty):
                return False
            self.open.pop()
            self.keys.pop()
            self.wants = "next" if self.open else "value"
            return True
        if mark == "," and self.wants == "next":
            self.wants = "key" if isinstance(self.open[-1], dict) else "value"
            return True
        if mark == ":" and self.wants == "colon":
            self.wants = "value"
            return True
        return False

    def string(self, raw: str, line: int) -> bool:
        value = _unquoted(raw)
        if self.wants == "key":
            self.keys[-1] = value
            self.wants = "colon"
            return True
        return self.scalar(value, line)

    def scalar(self, value: str, line: int) -> bool:
        if self.wants not in ("value", "first") or not self.open:
            return False
        self.add(Leaf(value, line))
        return True


def scan(text: str, start: int = 0) -> Scanned | None:
    """Read objects and lists from `start` on; None where none begins there or it is not JSON."""
    builder = _Builder()
    at = counted = end = start
    line = 1 + text.count("\n", 0, start)
    while found := _TOKEN.match(text, at):
        begin = found.start(found.lastgroup or 0)
        if not builder.open and text[begin] not in "{[":
            break
        line += text.count("\n", counted, begin)
        counted = begin
        raw = found.group(found.lastgroup or 0)
        if found.lastgroup == "mark":
            fits = builder.mark(raw)
        elif found.lastgroup == "string":
            fits = builder.string(raw, line)
        else:
            fits = builder.scalar("" if raw == "null" else raw, line)
        if not fits:
            return Scanned(builder.documents[:-1], end, False) if builder.documents[1:] else None
        at = found.end()
        end = end if builder.open else at
    if not builder.open:
        return Scanned(builder.documents, end, False) if builder.documents else None
    if _UNFINISHED.match(text, at) and _says_something(builder):
        return Scanned(builder.documents, len(text), True)
    whole = builder.documents[:-1]  # what follows the last whole document is something else
    return Scanned(whole, end, False) if whole else None


def _says_something(builder: _Builder) -> bool:
    """Whether what was read before the cut can only be JSON: a key, or an object in a list."""
    for node, key in zip(builder.open, builder.keys, strict=True):
        objects = [one for one in node if isinstance(one, dict)] if isinstance(node, list) else []
        if key is not None or (isinstance(node, dict) and node) or any(objects):
            return True
    return False


def _unquoted(raw: str) -> str:
    if "\\" not in raw:
        return raw[1:-1]
    try:
        return str(json.loads(raw, strict=False))
    except ValueError:
        return raw[1:-1]
