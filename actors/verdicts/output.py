"""What stands in an output: fields of items, read from JSON, tables, lists and single lines.

Guarantee: never raises on any text, reads every line at most a few times, and keeps line numbers.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from stillfixed.actors.verdicts.model import Health

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
_UNDERLINE = re.compile(r"^\s*[-=]{2,}[-=+|\s]*$")
_LINE_LIMIT = 20_000
_PAIR = re.compile(
    r"^(?P<indent>\s*)(?:[*•-]\s+)?\[?(?P<key>[^\W\d_](?:(?![:=]\s|=)[^\t\n]){0,60}?)\]?"
    r"(?:\s*\.)*\s*(?P<mark>:(?=\s|$)|=|\s:\s?)\s*(?P<value>.*)$"
)
_TAGGED = re.compile(r"^\s*\[\s*(?P<tag>[^\W\d][\w é-]{0,12}?)\s*\]\s*(?P<rest>\S.*)$")
_IDENTITY = re.compile(
    r"^(name|displayname|.*_name|identity|id|interface|interface name|slave interface|port|taskname"
    r"|unit|path|filesystem|host|hostname|device|server|service|servicename|container|node|vg|lv|pool"
    r"|peer|connection|library|computername|friendlyname|interfacealias|username|mount(ed on)?"
    r"|printer|neighbor|system|volume|driveletter|switch#|names?|image name|instance|target|job|vm"
    r"|adapter|#)$",
    re.I,
)


class Cell(Struct, frozen=True):
    """One value of one field of one item. `record` numbers the row or block it stands in; `line`
    counts from 1 in stdout; `width` says how many records its table or list has."""

    item: str
    field: str
    value: str
    line: int | None = None
    record: int = 0
    width: int = 1


class Fact(Struct, frozen=True):
    """One judged value. `rule` is the name of what decided."""

    item: str
    field: str
    value: str
    health: Health
    rule: str
    line: int | None = None


class Reading(Struct, frozen=True):
    """`cells` in order; `rest` are the lines that belong to no table, list or JSON; `fields` are
    the column and key names that stand there, also when no row does."""

    cells: tuple[Cell, ...]
    rest: tuple[tuple[int, str], ...]
    fields: frozenset[str]


def clean(text: str) -> str:
    """Without colours, carriage returns that overwrite, and marks of byte order."""
    text = _ANSI.sub("", text).replace("\r\n", "\n").replace("\ufeff", "").replace("\u200b", "")
    return "\n".join(
        line.rstrip("\r").rsplit("\r", 1)[-1] if "\r" in line else line for line in text.split("\n")
    )


def read(text: str) -> Reading:
    text = clean(text)
    if (found := _json(text)) is not None:
        return found
    lines = text.split("\n")[:_LINE_LIMIT]
    cells: list[Cell] = []
    rest: list[tuple[int, str]] = []
    fields: set[str] = set()
    pairs: list[tuple[int, re.Match[str]]] = []
    at = 0
    record = 0
    while at < len(lines):
        if table := _table(lines, at, record):
            rows, names, at = table
            cells += rows
            fields |= names
            record = max((cell.record for cell in rows), default=record) + 1
            continue
        pair = None if _TAGGED.match(lines[at]) else _PAIR.match(lines[at])
        if pair and _is_pair(pair):
            pairs.append((at, pair))
        elif lines[at].strip():
            rest.append((at + 1, lines[at]))
        at += 1
    listed = list(_records(pairs, lines, record))
    return Reading((*cells, *listed), tuple(rest), frozenset(fields | {c.field for c in listed}))


def _is_pair(pair: re.Match[str]) -> bool:
    key, value = pair["key"].strip(), pair["value"]
    if value.startswith("//") or (value.startswith("\\") and len(key) == 1):
        return False
    if len(key.split()) > 6 or re.match(r"(?i)^(warning|error|fatal|note|info|err|usage)$", key):
        return False
    return not (pair["mark"] == "=" and " " in key.strip() and len(key.split()) > 3)


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
        names = [str(v) for k, v in data.items() if _IDENTITY.match(k) and isinstance(v, str | int)]
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
            named = isinstance(value, dict) and any(_IDENTITY.match(key) for key in value)
            label = item if named or len(data) == 1 else f"{item}/{index}".strip("/")
            yield from _flatten(value, label, depth + 1)
    else:
        yield Cell(item, "value", str(data), None, depth)


# -- tables ----------------------------------------------------------------------------------------
def _table(lines: list[str], at: int, record: int) -> tuple[list[Cell], set[str], int] | None:
    """(cells, column names, the line after) of a table that starts at this line."""
    header = lines[at].replace("Mounted on", "Mounted_on")
    if not header.strip() or at + 1 >= len(lines) or _UNDERLINE.match(header):
        return None
    underline = lines[at + 1] if _UNDERLINE.match(lines[at + 1]) else None
    if underline is None and not _is_header(header, lines[at + 1]):
        return None
    if underline is None and at + 2 < len(lines) and _UNDERLINE.match(lines[at + 2]):
        return None  # the first of two heading lines
    if underline is not None and (":" in header and not re.search(r"\S\s{2,}\S", header)):
        return None
    start = at + (2 if underline is not None else 1)
    end = start
    while end < len(lines) and lines[end].strip() and not _ends_table(lines[end]):
        end += 1
    rows = [
        (number, lines[number])
        for number in range(start, end)
        if not _UNDERLINE.match(lines[number])
    ]
    columns, split = _columns(header, underline, [row for _, row in rows])
    if not columns:
        return None
    values = [(number, cells) for (number, _), cells in zip(rows, split, strict=True)]
    key = _key_column(columns, [cells for _, cells in values])
    return _cells(columns, values, key, record), set(columns), max(end, start)


def _ends_table(line: str) -> bool:
    return bool(re.match(r"^[\w.()/@-]+[#>]\s*$", line))


def _is_header(header: str, row: str) -> bool:
    words = header.split()
    if len(words) < 2 or not row.strip() or re.search(r"[:=]\s|:$|[.!?]\s*$|\(|\"|'", header):
        return False
    spaced = len(re.split(r"\s{2,}|\t", header.strip()))
    if any(
        re.search(r"\d", word) and not re.match(r"^(1K-blocks|\d+K-blocks|H/W)$", word)
        for word in words
    ):
        return False
    lower = any(word[0].isalpha() and word[0].islower() for word in words)
    if lower and spaced < 3 and "\t" not in header:
        return False
    if "\t" in header:
        return header.count("\t") == row.count("\t") and bool(re.match(r"^[\w\t -]+$", header))
    upper = all(word.upper() == word for word in words) and len(words) >= 3
    return (spaced >= 2 and len(words) <= 2 * spaced + 2 and len(row.split()) >= 2) or upper


def _columns(
    header: str, underline: str | None, rows: list[str]
) -> tuple[list[str], list[list[str]]]:
    words = header.split()
    if "\t" in header:
        return header.strip().split("\t"), [
            _fit(row.split("\t"), header.count("\t") + 1) for row in rows
        ]
    groups = [found.span() for found in re.finditer(r"[-=]+", underline)] if underline else []
    if len(groups) >= 2:
        starts = [start for start, _ in groups]
        ends = [end for _, end in groups]
        bounds = zip(starts, [*starts[1:], None], strict=True)
        names = [header[start:end].strip() or str(i) for i, (start, end) in enumerate(bounds)]
        return names, [_cut(row, starts, ends) for row in rows]
    if rows and all(len(row.split()) == len(words) for row in rows):
        return words, [row.split() for row in rows]
    spans = [found.span() for found in re.finditer(r"\S+(?: \S+)*", header)]
    single = len(spans) < len(words) and all(word.upper() == word for word in words)
    single = single or words[-1].lower() in ("mounted_on", "command", "cmd", "description")
    if single and rows and all(len(row.split()) >= len(words) for row in rows):
        rows = [re.sub(r"^(\s*)[●*]\s", r"\1  ", row) for row in rows]
        return words, [_fit(row.split(None, len(words) - 1), len(words)) for row in rows]
    spans = [part for span in spans for part in _apart(header, span, rows)]
    starts = [start for start, _ in spans]
    ends = [end for _, end in spans]
    names = [header[start:end] for start, end in spans]
    return names, [_cut(row, starts, ends) for row in rows]


def _apart(header: str, span: tuple[int, int], rows: list[str]) -> Iterator[tuple[int, int]]:
    """Headings with one space between them are two columns where every row has a value there."""
    start, end = span
    for found in re.finditer(r" (?=\S)", header[start:end]):
        at = span[0] + found.end()
        if rows and all(row[at - 1 : at] == " " and row[at : at + 1].strip() for row in rows):
            yield start, at - 1
            start = at
    yield start, end


def _fit(cells: list[str], width: int) -> list[str]:
    return ([cell.strip() for cell in cells] + [""] * width)[:width]


def _cut(row: str, starts: list[int], ends: list[int]) -> list[str]:
    """Cut a row at its columns; a value may reach left of its heading where it is right-aligned."""
    bounds = [0]
    for index in range(1, len(starts)):
        at = starts[index]
        floor = ends[index - 1] if at <= len(row) else at
        while at > bounds[-1] and at <= len(row) and row[at - 1 : at].strip():
            at -= 1
        if at < floor and not row[starts[index] - 1 : starts[index]].strip():
            at = starts[index]
        bounds.append(max(at, bounds[-1]))
    return [row[start:end].strip() for start, end in zip(bounds, [*bounds[1:], None], strict=True)]


def _key_column(columns: list[str], rows: list[list[str]]) -> int:
    for index, name in enumerate(columns):
        if (
            _IDENTITY.match(name.strip())
            and name != "#"
            and len({row[index] for row in rows}) == len(rows)
        ):
            return index
    for index in range(len(columns)):
        values = [row[index] for row in rows]
        if len(set(values)) == len(rows) and all(re.search(r"[^\W\d]", value) for value in values):
            return index
    return 0


def _cells(
    columns: list[str], rows: list[tuple[int, list[str]]], key: int, record: int
) -> list[Cell]:
    out: list[Cell] = []
    seen: dict[str, int] = {}
    for order, (number, values) in enumerate(rows):
        item = re.sub(r"^[*>+●]\s*", "", values[key])
        seen[item] = seen.get(item, 0) + 1
        item = item if seen[item] == 1 else f"{item} ({seen[item]})"
        for name, value in zip(columns, values, strict=True):
            out.append(Cell(item, name, value, number + 1, record + order, len(rows)))
    return out


# -- lists -----------------------------------------------------------------------------------------
def _records(
    pairs: list[tuple[int, re.Match[str]]], lines: list[str], first: int
) -> Iterator[Cell]:
    """`Name : Value` and `k=v` lines; a key that comes again, or a heading, starts a new item."""
    blocks: list[tuple[str, list[tuple[int, str, str]]]] = [("", [])]
    seen: set[str] = set()
    for number, pair in pairs:
        key, value = pair["key"].strip(" ."), pair["value"].strip()
        heading = not value and not pair["indent"] and _indented(lines, number + 1)
        if heading:
            blocks.append((key, []))
            seen = set()
            continue
        if key in seen:
            blocks.append(("", []))
            seen = set()
        seen.add(key)
        blocks[-1][1].append((number + 1, key, value))
    filled = [(title, block) for title, block in blocks if block]
    used: dict[str, int] = {}
    for order, (title, block) in enumerate(filled):
        names = [value for _, key, value in block if _IDENTITY.match(key) and value]
        item = title or (names[0] if names else "")
        if len(filled) == 1 and not title:
            item = names[0] if names else ""
        used[item] = used.get(item, 0) + 1
        item = item if used[item] == 1 else f"{item} ({used[item]})".strip()
        for number, key, value in block:
            yield Cell(item, key, value, number, first + order, len(filled))


def _indented(lines: list[str], at: int) -> bool:
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at < len(lines) and lines[at][:1] in (" ", "\t")


def tagged(line: str) -> tuple[str, str, str] | None:
    """(tag, item, rest) of lines such as `[FAIL] Printer : offline`."""
    found = _TAGGED.match(line)
    if found is None:
        return None
    item = re.split(r"\s[:\u2013-]\s|:\s", found["rest"], maxsplit=1)[0].strip()
    return found["tag"], item, found["rest"]
