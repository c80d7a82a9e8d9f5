"""Outputs of routers, switches and firewalls, read with the TextFSM templates of ntc-templates:
those that say of each thing in several lines how it is. Plain tables are left to the generic
reading, which keeps every column and knows their legends.

Guarantee: pure and never raises. A vendor's template counts only when it reads the whole output
without an error; of several, the one that places the most values wins, then the first in the index.
Templates compile at first use and are kept; nothing is loaded until a network output comes.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from stillfixed.actors.verdicts import network
from stillfixed.actors.verdicts.cells import Cell, Reading
from stillfixed.actors.verdicts.knowledge import table
from stillfixed.actors.verdicts.model import Platform
from stillfixed.actors.verdicts.parsing.records import (
    Spot,
    items_of,
    reading_of,
)
from stillfixed.actors.verdicts.prompts import without_prompts
from stillfixed.actors.verdicts.same_network import canonical

if TYPE_CHECKING:
    from stillfixed.actors.verdicts.parsing.machine import Machine, Placed

    Row = dict[str, list[Placed]]

_LINES_LIMIT = 3_000
_HEAD_LINES = 200
"""So many lines tell the vendor."""
_LINE_LIMIT_CHARS = 500
_BLOCK_LINES = 3
_VENDORS_LIMIT = 16
_ECHO = re.compile(r"^(?:\S*[#>$]\s*)?(\S.*)$")
_PAGER = re.compile(r"^\s*(?:<-+\s*|-+\s*|\()More(?:\s*-+>?|\s.*?\)|\b.*?-+)[ \b]*", re.I)
_META = re.compile(r"[(\[\\.?*+|^$]")


def parse(command: str, platform: Platform, text: str) -> Reading | None:
    if platform != "network":
        return None
    forms = _forms(command)
    templates = _templates(forms) if forms else ()
    if not templates:
        return None
    raw = text.split("\n")
    if len(raw) > _LINES_LIMIT or max(map(len, raw)) > _LINE_LIMIT_CHARS:
        return None
    lines = _stripped(raw, command)
    head = lines[:_HEAD_LINES]
    best = _best(templates, head)
    if best is None:
        return None
    rows = best.rows if len(head) == len(lines) else _rows(best.template, lines)
    if not _stands_in_blocks(rows):
        return None
    return _reading(best.template, rows, lines) if rows else None


def _stands_in_blocks(rows: Sequence["Row"]) -> bool:
    """Whether records stand on several lines each, lists in them not counted."""
    holding = Counter(line for row in rows for line in {v.line for vs in row.values() for v in vs})
    own = [
        {vs[0].line for vs in row.values() if len(vs) == 1 and holding[vs[0].line] == 1}
        for row in rows
    ]
    return bool(own) and sum(map(len, own)) >= _BLOCK_LINES * len(own)


class _Fit(Struct, frozen=True):
    template: str
    rows: list["Row"]


def _best(templates: Sequence[str], lines: Sequence[str]) -> _Fit | None:
    """The template that places the most values of these lines."""
    best: _Fit | None = None
    most = 0
    filled = sum(bool(line.strip()) for line in lines)
    for template in templates:
        rows = _rows(template, lines)
        placed = sum(len(values) for row in rows for values in row.values())
        if placed > most and not any(_is_whole_line(row) for row in rows):
            best, most = _Fit(template, rows), placed
            if filled - len({value.line for _, value in _values(rows)}) <= 1:
                break  # but for a heading it reads every line: no other can read more
    return best


def _is_whole_line(row: "Row") -> bool:
    """Some templates only collect lines: a value with gaps in it is columns that nobody read."""
    return any("   " in value.text for values in row.values() for value in values)


# -- which templates -------------------------------------------------------------------------------
@lru_cache(maxsize=1024)
def _forms(command: str) -> tuple[str, ...]:
    """The command as the vendors spell it: in full, `interface` and `neighbor` in both numbers.
    Empty where a filter shows only a part of the output, and for logs, whose entries are no items
    that a later output shows again."""
    head, *filters = canonical(command).split(" | ")
    if re.search(r"\blog(?:ging|s)?\b", head) or any(
        not re.match(r"begin\b|no-more\b", stage) for stage in filters
    ):
        return ()
    spelled = [head, " ".join(network.stages(command)[0]).lower()]
    for one, many in (("interface", "interfaces"), ("neighbor", "neighbors")):
        spelled += [re.sub(rf"\b{many}\b", one, form) for form in spelled]
    return tuple(dict.fromkeys(spelled))


class _Entry(Struct, frozen=True):
    """One line of the index: `literal` is what every command that fits begins with, in full."""

    template: str
    pattern: str
    literal: str


@lru_cache(maxsize=1)
def _folder() -> Path:
    import ntc_templates

    return Path(ntc_templates.__file__).parent / "templates"


@lru_cache(maxsize=1)
def _index() -> tuple[_Entry, ...]:
    out: list[_Entry] = []
    for line in (_folder() / "index").read_text(encoding="utf-8").split("\n"):
        columns = [column.strip() for column in line.split(",", 3)]
        if len(columns) < 4 or line.startswith("#") or columns[0] == "Template":
            continue
        full = columns[3].replace("[[", "").replace("]]", "")
        meta = _META.search(full)
        literal = full if meta is None else full[: max(meta.start() - 1, 0)]
        out.append(_Entry(columns[0].split(":")[0], columns[3], literal))
    return tuple(out)


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> re.Pattern[str]:
    """The index writes `sh[[ow]]` for sh, sho and show."""

    def endings(found: re.Match[str]) -> str:
        rest = found.group(1)
        return "(?:" + "|".join(re.escape(rest[:n]) for n in range(len(rest), 0, -1)) + ")?"

    return re.compile(re.sub(r"\[\[(.+?)\]\]", endings, pattern), re.I)


@lru_cache(maxsize=256)
def _templates(forms: tuple[str, ...]) -> tuple[str, ...]:
    """The templates for a command, each vendor's most exact first; few enough to try them all."""
    found: dict[str, None] = {}
    for row in _index():
        if any(form.startswith(row.literal) and _fits(row.pattern, form) for form in forms):
            found[row.template] = None
    return tuple(found)[:_VENDORS_LIMIT]


def _fits(pattern: str, form: str) -> bool:
    """Whether a command is this one; after it may stand only what names one object: a port, an
    address, a number."""
    found = _pattern(pattern).match(form)
    if found is None:
        return False
    left = form[found.end() :]
    if left and not left.startswith(" "):
        return False
    return all(re.search(r"\d", word) for word in left.split())


# -- reading ---------------------------------------------------------------------------------------
def _stripped(lines: Sequence[str], command: str) -> list[str]:
    """Lines without prompts, the echoed command (however it was spelled) and pagers, each in its
    place."""
    out = [_PAGER.sub("", line) if "ore" in line else line for line in lines]
    out = without_prompts(out, command)
    for at, line in enumerate(out[:3]):
        echo = _ECHO.match(line.strip())
        if echo and canonical(echo.group(1)) == canonical(command):
            out[at] = ""
    return out


_machines: dict[str, list["Machine"]] = {}
"""Compiled templates that nobody uses just now. Taken and given back whole, so that two threads
never share one."""


def _rows(template: str, lines: Sequence[str]) -> list["Row"]:
    from stillfixed.actors.verdicts.parsing.machine import Machine

    idle = _machines.setdefault(template, [])
    try:
        machine = idle.pop()
    except IndexError:
        machine = Machine((_folder() / template).read_text(encoding="utf-8"))
    rows = machine.rows(lines)
    idle.append(machine)
    return rows


def _reading(template: str, rows: Sequence["Row"], lines: Sequence[str]) -> Reading:
    claimed = {value.line - 1 for _, value in _values(rows)}
    plain = [[Spot(f, v[0].text, v[0].line) for f, v in row.items() if len(v) == 1] for row in rows]
    out: list[Cell] = []
    for order, (item, row) in enumerate(zip(items_of(plain), rows, strict=True)):
        labels = _labels(row)
        for field, values in row.items():
            for index, value in enumerate(values):
                inside = item
                if len(values) > 1:
                    label = labels[index] if len(labels) == len(values) else str(index + 1)
                    inside = f"{item}/{label}" if item else label
                name = _name(template, field)
                out.append(Cell(inside, name, value.text, value.line, order, len(rows)))
    rest = [(at + 1, line) for at, line in enumerate(lines) if line.strip() and at not in claimed]
    return replace(reading_of(out, rest), reader=template)


def _labels(row: "Row") -> list[str]:
    """What the elements of a record's lists are called: by the first list of different names."""
    for values in row.values():
        texts = [value.text for value in values]
        if len(texts) > 1 and len(set(texts)) == len(texts) and all(map(str.strip, texts)):
            return texts
    return []


def _name(template: str, field: str) -> str:
    """What people call a template's field, whose own name is in capitals."""
    known: dict[str, str] = table("parsers")["network_names"]
    here = f"{template.removesuffix('.textfsm')}.{field.lower()}"
    return known.get(here) or known.get(field.lower()) or field.replace("_", " ").strip().lower()


def _values(rows: Sequence["Row"]) -> Iterator[tuple[str, "Placed"]]:
    for row in rows:
        for field, values in row.items():
            for value in values:
                yield field, value
