"""XML, YAML and INI as trees of texts with line numbers.

XML goes to expat with every document type refused, so that no entity is ever defined. YAML is only
composed (PyYAML's safe, compiled reader), never constructed: no tag makes an object. Both stop at
the limits of depth and cells. Guarantee: None for what is not clearly that format; never raises.
"""

import re
from typing import Any
from xml.parsers import expat

from msgspec.structs import replace

from stillfixed.actors.verdicts.cells import Cell, Reading
from stillfixed.actors.verdicts.parsing.records import (
    CELL_LIMIT,
    DEPTH_LIMIT,
    Leaf,
    Spot,
    Tree,
    cells_of_records,
    reading_of,
)


class _Refused(Exception):
    """The text is well-formed and still not taken."""


# -- XML -------------------------------------------------------------------------------------------
def xml(text: str) -> Tree | None:
    """Attributes and texts of elements; elements of one name beside each other are a list."""
    start = re.search(r"<(?:\?xml\b|[A-Za-z_])", text[:2000])
    if start is None or re.match(r"(?i)\s*(?:<!doctype html|<html\b)", text):
        return None
    reader = _Xml(text.count("\n", 0, start.start()))
    try:
        reader.parser.Parse(text[start.start() :].strip(), True)
    except (expat.ExpatError, _Refused, ValueError):
        return None
    return reader.root


class _Xml:
    def __init__(self, lines_before: int) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.lines_before = lines_before
        self.root: Tree = {}
        self.open: list[tuple[dict[str, Tree], list[str], int]] = [({}, [], 0)]
        self.count = 0

    def _refuse(self, *_: Any) -> None:
        raise _Refused

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.count += 1 + len(attributes)
        if len(self.open) > DEPTH_LIMIT or self.count > CELL_LIMIT:
            raise _Refused
        line = self.parser.CurrentLineNumber + self.lines_before
        node: dict[str, Tree] = {key: Leaf(value, line) for key, value in attributes.items()}
        self.open.append((node, [], line))

    def _text(self, text: str) -> None:
        self.open[-1][1].append(text)

    def _end(self, tag: str) -> None:
        node, texts, line = self.open.pop()
        value = "".join(texts).strip()
        done: Tree = node
        if not node:
            done = Leaf(value, line)
        elif value:
            node["value"] = Leaf(value, line)
        parent = self.open[-1][0]
        known = parent.get(tag)
        if known is None:
            parent[tag] = done
        elif isinstance(known, list):
            known.append(done)
        else:
            parent[tag] = [known, done]
        if len(self.open) == 1:
            self.root = done


# -- YAML ------------------------------------------------------------------------------------------
def yaml(text: str) -> list[Tree] | None:
    """Every document that is a mapping or a list of mappings; None when it is no YAML."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    budget = [CELL_LIMIT]
    try:
        documents = [
            _plain(node, budget, 0) for node in yaml.compose_all(text, loader) if node is not None
        ]
    except (yaml.YAMLError, _Refused, RecursionError, ValueError):
        return None
    good = documents and all(isinstance(one, dict | list) and one for one in documents)
    return documents if good else None


def _plain(node: Any, budget: list[int], depth: int) -> Tree:
    """A composed node as texts. An alias is its anchor's node again, so the budget counts it."""
    budget[0] -= 1
    if budget[0] < 0 or depth > DEPTH_LIMIT:
        raise _Refused
    if node.id == "scalar":
        null = node.value in ("null", "~", "Null", "NULL") and not node.style
        return Leaf("" if null else str(node.value), node.start_mark.line + 1)
    if node.id == "sequence":
        return [_plain(element, budget, depth + 1) for element in node.value]
    return {
        str(key.value) if key.id == "scalar" else "?": _plain(value, budget, depth + 1)
        for key, value in node.value
    }


# -- INI -------------------------------------------------------------------------------------------
def ini(text: str) -> Reading | None:
    """`[section]` lines and the keys below them. Read line by line: configparser tells no lines and
    keeps only one of two equal keys, as unit files have them."""
    sections: dict[str, list[list[Spot]]] = {}
    mine: list[Spot] | None = None
    rest: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.strip()
        if not bare or bare[0] in "#;":
            continue
        if title := re.fullmatch(r"\[([^\[\]]+)\]", bare):
            mine = []
            sections.setdefault(title.group(1), []).append(mine)
            continue
        pair = re.match(r"([^=:\[\]{}]{1,80}?)\s*[=:]\s*(.*)$", bare)
        if pair is None or mine is None:
            rest.append((number, line))
        else:
            mine.append(Spot(pair.group(1), pair.group(2).strip(' "'), number))
    known = sum(len(block) for blocks in sections.values() for block in blocks)
    if known < 2 * len(rest) + 1:
        return None
    out: list[Cell] = []
    for title_text, blocks in sections.items():
        first = out[-1].record + 1 if out else 0
        for cell in cells_of_records([block for block in blocks if block], first):
            item = title_text if len(blocks) == 1 else f"{title_text}/{cell.item}"
            out.append(replace(cell, item=item))
    return reading_of(out, rest)
