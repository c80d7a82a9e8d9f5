"""What stands in an output: fields of items, read from JSON, tables, lists and single lines.

Guarantee: never raises on any text, reads every line at most a few times, and keeps line numbers.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from stillfixed.actors.verdicts.cells import (
    IDENTITY,
    KEEPS_ITS_NAME,
    NAMES_A_ROW,
    Cell,
    Fact,
    Reading,
    last_word,
    name_of,
)
from stillfixed.actors.verdicts.formats import named_rows
from stillfixed.actors.verdicts.knowledge import field_names
from stillfixed.actors.verdicts.known import known_lines
from stillfixed.actors.verdicts.lists import read_lists
from stillfixed.actors.verdicts.past import holds_dates, past_rows
from stillfixed.actors.verdicts.phrases import word_health
from stillfixed.actors.verdicts.prompts import without_prompts
from stillfixed.actors.verdicts.table_rows import Table
from stillfixed.actors.verdicts.tables import table_at

__all__ = ["Cell", "Fact", "Reading", "clean", "read", "tagged"]

ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
_YES_NO = re.compile(r"true|false|yes|no|ja|nein|oui|non", re.I)
_MARK = re.compile(r"^(?:[\s│|]*[├└╰`][─-]*\s*|[*+#x-]?~|[*>+●]\s*)")
"""Before a name: a branch of a tree, the sign of the current row or of a time server."""
_MOVES = ("uptime", "age", "time", "elapsed", "duration", "ago", "since")
_TELLS = re.compile(r"[^\W\d]|\d\.\d+\.\d|\d[/:]\d")  # no bare number
_DECIMAL = re.compile(r"-?\d*[.,]\d+(?:e-?\d+)?|-?[\d.,]+ ?(?:[kmgt]i?b|bytes|%|ms)|", re.I)
"""A measured value, which names nothing."""
_LINE_LIMIT = 20_000
_TICKED = re.compile(
    r"^\s*\[?(?:(?P<good>[✓✔✅☑√])|(?P<bad>[✗✘❌✖☒])|(?P<warn>⚠))\ufe0f?\]?\s*(?P<rest>\S.*)$"
)
_TAGGED = re.compile(r"^\s*\[\s*(?P<tag>[^\W\d][\w é-]{0,12}?)\s*\]\s*(?P<rest>\S.*)$")


def clean(text: str) -> str:
    """Without colours, carriage returns that overwrite, marks of byte order, and spaces at the ends
    of lines."""
    text = ANSI.sub("", text).replace("\r\n", "\n").replace("\ufeff", "").replace("\u200b", "")
    lines = text.split("\n")
    if "\r" in text:
        lines = [_overwritten(line) if "\r" in line else line for line in lines]
    return "\n".join(map(str.rstrip, lines))


def _overwritten(line: str) -> str:
    """What is left of a line that was written several times."""
    return next((part for part in reversed(line.split("\r")) if part.strip()), "")


def read(text: str, command: str = "") -> Reading:
    """What stands in the text; `command` is only used to leave out its echo behind a prompt."""
    text = clean(text)
    lines = without_prompts(text.split("\n")[:_LINE_LIMIT], command)
    if (found := _json("\n".join(lines))) is not None:
        return found
    known = known_lines(lines, command)
    lines = ["" if index in known.whole else line for index, line in enumerate(lines)]
    cells: list[Cell] = list(known.cells)
    free: list[int] = []
    fields: set[str] = set()
    at = record = 0
    for rows in named_rows(lines, command):
        cells += _table_cells(rows, record, named=len(rows.rows) == 1)
        fields |= set(rows.columns)
        record += len(rows.rows) + 1
        for index, _ in rows.rows:
            lines[index] = ""
    while at < len(lines):
        if not _TAGGED.match(lines[at]) and (table := table_at(lines, at)):
            cells += _table_cells(table, record)
            fields |= set(table.columns)
            free += table.passed
            record += len(table.rows) + 1
            at = max(table.end, at + 1)
            continue
        free.append(at)
        at += 1
    listed, used = read_lists(lines, [i for i in free if not _TAGGED.match(lines[i])], record)
    used |= known.heads
    rest = tuple((i + 1, lines[i]) for i in free if i not in used and lines[i].strip())
    fields |= {cell.field for cell in (*known.cells, *listed)}
    return Reading((*cells, *listed), rest, frozenset(fields))


def as_lines(text: str, command: str = "") -> Reading:
    """The text as free lines, whatever they look like: what a log is."""
    lines = without_prompts(clean(text).split("\n")[:_LINE_LIMIT], command)
    rest = tuple((number, line) for number, line in enumerate(lines, 1) if line.strip())
    return Reading((), rest, frozenset())


# -- tables ----------------------------------------------------------------------------------------
def _table_cells(table: Table, record: int, *, named: bool = False) -> Iterator[Cell]:
    """`named`: only a column whose name says so may name a row."""
    keys = _key_columns(table)
    if named and not any(IDENTITY.match(table.columns[key]) for key in keys):
        keys = []
    rows = [values for _, values in table.rows]
    items = [" ".join(_MARK.sub("", values[key]) for key in keys).strip() for values in rows]
    past = past_rows(rows, items)
    pair = _name_and_value(table)
    seen: dict[str, int] = {}
    for order, (index, values) in enumerate(table.rows):
        item = items[order]
        seen[item] = seen.get(item, 0) + (order not in past)
        item = item if seen[item] <= 1 else f"{item} ({seen[item]})"
        for name, value in zip(table.columns, values, strict=True):
            yield Cell(item, name, value, index + 1, record + order, len(rows), past=order in past)
        if pair:
            of = "" if pair[0] in keys else item
            name, value = values[pair[0]], values[pair[1]]
            yield Cell(of, name, value, index + 1, record + order, len(rows), past=order in past)


def _name_and_value(table: Table) -> tuple[int, int] | None:
    """The two columns of a list of settings that is printed as a table: `PROPERTY  VALUE`."""
    names = [name_of(name) for name in table.columns]
    named = [place for place, name in enumerate(names) if name in _SETTINGS]
    return (named[0], names.index("value")) if named and "value" in names else None


_SETTINGS = frozenset(
    ("variablename", "variable", "property", "parameter", "setting", "option", "attribute", "key")
)


def _key_columns(table: Table) -> list[int]:
    """The columns that name a row: never one that holds its state or something volatile. The first
    column before others, one without gaps before one with gaps."""
    values = [[row[index] for _, row in table.rows] for index in range(len(table.columns))]
    fit = [
        index
        for index, name in enumerate(table.columns)
        if not _is_state(name, values[index]) and any(values[index])
    ]
    fit = [index for index in fit if not holds_dates(values[index])] or fit
    fit = [index for index in fit if not all(map(_DECIMAL.fullmatch, values[index]))]
    if not fit:
        return []
    names = [name.strip() for name in table.columns]
    named = [i for i in fit if IDENTITY.match(names[i]) and names[i] != "#"]
    if steady := [i for i in named if KEEPS_ITS_NAME.match(names[i]) and all(values[i])]:
        return steady[:1]
    ids = [i for i in named if name_of(names[i]) == "id"]
    named = [i for i in named if i not in ids]
    ids += [i for i in fit if i not in named and NAMES_A_ROW.match(names[i])]
    unique = [index for index in fit if len(set(values[index])) == len(table.rows)]
    whole = [index for index in unique if all(values[index])]
    nearly = [i for i in unique if 2 * values[i].count("") < len(table.rows)]
    tells = [index for index in whole if all(_TELLS.search(value) for value in values[index])]
    titles = [i for i in whole if name_of(names[i]) in ("name", "names")]
    numbered = bool(titles) and re.search(r"\bid$", names[0], re.I)
    candidates = [
        *(titles[:1] if numbered else [i for i in tells[:1] if i == 0]),
        *[i for i in named if i in whole], *[i for i in named if i in nearly],
        *[i for i in ids if i in whole], *tells,
    ]  # fmt: skip
    named += ids
    if candidates:
        return candidates[:1]
    if len(table.rows) == 1 and not named:
        return []  # nothing names the only row
    return (named or fit or ([] if len(names) == 1 else [0]))[:2]


def _is_state(name: str, values: Sequence[str]) -> bool:
    if name_of(name).endswith("name"):
        return False
    moves = field_names("status_fields") | field_names("volatile_fields")
    if name_of(name) in moves or last_word(name) in _MOVES:
        return True
    said = [word_health(value.lower()) or _YES_NO.fullmatch(value) for value in values if value]
    return bool(said) and all(said)


# -- JSON ------------------------------------------------------------------------------------------
def _json(text: str) -> Reading | None:
    stripped = text.strip()
    if not stripped or stripped[0] not in "{[" or stripped[-1] not in "}]":
        return None
    try:
        data = json.loads(stripped)
    except (ValueError, RecursionError):
        return None
    try:
        cells = tuple(_flatten(data, "", 0))[:_LINE_LIMIT]
    except RecursionError:
        return None
    return Reading(cells, (), frozenset(cell.field for cell in cells))


def _flatten(data: Any, item: str, depth: int) -> Iterator[Cell]:
    if isinstance(data, dict):
        names = [
            str(value)
            for key, value in data.items()
            if IDENTITY.match(key)
            and isinstance(value, str | int)
            and not word_health(str(value).lower())
        ]
        here = "/".join(part for part in (item, names[0] if names else "") if part)
        for key, value in data.items():
            if isinstance(value, dict | list):
                if not re.match(r"(?i)^(log|history|previous|events)$", key):
                    inside = here if isinstance(value, list) else f"{here}/{key}".strip("/")
                    yield from _flatten(value, inside, depth + 1)
            else:
                shown = "" if value is None else str(value)
                yield Cell(here, key, shown, None, depth)
    elif isinstance(data, list):
        for index, value in enumerate(data):
            named = isinstance(value, dict) and any(IDENTITY.match(key) for key in value)
            label = item if named or len(data) == 1 else f"{item}/{index}".strip("/")
            yield from _flatten(value, label, depth + 1)
    else:
        yield Cell(item, "value", str(data), None, depth)


def tagged(line: str) -> tuple[str, str, str] | None:
    """(tag, item, rest) of lines such as `[FAIL] Printer : offline` and `✗ Printer`."""
    if ticked := _TICKED.match(line):
        tag = "ok" if ticked["good"] else "fail" if ticked["bad"] else "warning"
        return tag, ticked["rest"].strip(), ticked["rest"]
    found = _TAGGED.match(line)
    if found is None:
        return None
    item = re.split(r"\s[:\u2013-]\s|:\s", found["rest"], maxsplit=1)[0].strip()
    return found["tag"], item, found["rest"]
