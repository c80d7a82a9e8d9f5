"""Outputs in a document format: JSON, XML, YAML, INI, CSV, and tables ruled with bars.

Guarantee: claims a text only when it clearly is that format; builds no objects from it, resolves no
entity and follows no alias more often than the limit of cells allows; never raises.
"""

import re

from msgspec.structs import replace

from stillfixed.actors.verdicts.cells import Reading
from stillfixed.actors.verdicts.model import Platform
from stillfixed.actors.verdicts.parsing import grids, json_text, markup
from stillfixed.actors.verdicts.parsing.records import (
    Leaf,
    Tree,
    cells_of_tree,
    reading_of,
)

_JSON_START = re.compile(r"^[{\[]", re.M)
_TIMES = {"ts", "time", "timestamp", "@timestamp", "date", "datetime", "t", "__realtime_timestamp"}
_SHORTENED = re.compile(
    r"\|\s*(?:sudo\s+)?(?:head|tail|sed|cut|more|less|select(?:-object)?)\b", re.I
)


def parse(command: str, platform: Platform, text: str) -> Reading | None:
    """The text as a document, None when it is none. `text` is cleaned of colours and CRs."""
    hint = _hint(command)
    head = text.lstrip()[:2000]
    if not head:
        return None
    if found := json(command, text):
        return found
    if head.startswith("<") and (tree := markup.xml(text)):
        return reading_of(cells_of_tree(tree))
    if hint == "yaml" or head.startswith(("---\n", "--- \n", "apiVersion:")):
        documents = markup.yaml(text)
        if documents:
            return reading_of(cells_of_tree(documents))
    if found := grids.ruled(text):
        return found
    if found := grids.separated(text, expected=hint == "csv"):
        return found
    if re.search(r"^\[[^\]\n]+\][ \t]*$", text, re.M):
        return markup.ini(text)
    return None


def _hint(command: str) -> str:
    """The format that the command asks for or the file that it shows is in."""
    lowered = command.lower()
    if re.search(r"(?:-o|--output|--format|-f)[ =]*ya?ml\b|\.ya?ml\b|-yaml\b", lowered):
        return "yaml"
    if re.search(r"\bcsv\b|convertto-csv|export-csv", lowered):
        return "csv"
    return ""


def json(command: str, text: str) -> Reading | None:
    """Objects and lists, alone or between other lines (a status line, a warning)."""
    for found in list(_JSON_START.finditer(text))[:3]:
        scanned = json_text.scan(text, found.start())
        if scanned and (scanned.cut or _is_data(scanned.documents)):
            break
    else:
        return None
    before, after = text[: found.start()], text[scanned.end :]
    first_after = text.count("\n", 0, scanned.end)
    rest = _lines(before, 0) + _lines(after, first_after)
    if len(rest) > 20 or (_is_log(scanned.documents) and len(scanned.documents) > 1):
        return None
    documents = scanned.documents
    tree: Tree = documents[0] if len(documents) == 1 else documents
    reading = reading_of(cells_of_tree(tree), rest)
    cut = scanned.cut and not _SHORTENED.search(command)
    return replace(reading, cut=cut)


def _lines(text: str, first: int) -> list[tuple[int, str]]:
    return [(first + i + 1, line) for i, line in enumerate(text.split("\n")) if line.strip()]


def _is_data(documents: list[Tree]) -> bool:
    """`[1]` in a text is a footnote; an object with keys or a list of objects is data."""
    return any(_holds_data(one) for one in documents)


def _holds_data(tree: Tree) -> bool:
    if isinstance(tree, list):
        return len(tree) != 1 or not isinstance(tree[0], Leaf)
    return bool(tree) and not isinstance(tree, Leaf)


def _is_log(documents: list[Tree]) -> bool:
    """Whether these are log entries: they have a time, and the next run shows other ones."""
    return any(isinstance(one, dict) and {k.lower() for k in one} & _TIMES for one in documents)
