"""Lists in an output: `Name : Value`, `key=value`, `name { key value; }`, under their headings.

Guarantee: never raises on any text; each line is looked at once. A key that comes again under the
same heading starts the next item.
"""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from stillfixed.actors.verdicts.cells import IDENTITY, KEEPS_ITS_NAME, Cell, name_of
from stillfixed.actors.verdicts.fields import is_known_field
from stillfixed.actors.verdicts.knowledge import field_names
from stillfixed.actors.verdicts.phrases import word_health
from stillfixed.actors.verdicts.tables import LEADERS

_TREE = re.compile(r"^(?:[\s|>]|[├└│─╰])*(?:[`+|\\]-+\s*|[├└╰]─*\s*)|^(\s*)>\s")
_PAIR = re.compile(
    r"^(?P<indent>\s*)(?:[*•-]\s+)?\[?(?P<key>_?[^\W\d_](?:(?![:=]\s|=)[^\t\n]){0,60}?)\]?"
    r"(?:\s*\.)*\s*(?P<mark>:(?=\s|$)|=|\s:\s?)\s*(?P<value>.*)$"
)
_TABBED = re.compile(
    r"^(?P<indent>\s*)(?P<key>[^\W\d_][\w %/().-]{0,60}):?\t+(?P<value>[^\t]*\S)\s*$"
)
_TWO_CHUNKS = re.compile(
    r"^(?P<indent>\s*)(?P<key>[^\W\d_]\S*(?: \S+){0,3})\s{2,}(?P<value>\S+(?: \S+)*)\s*$"
)
_AGO = re.compile(r"\s*\([^()]*\bago\)")  # FGT-02(updated 4 seconds ago)
_DOTS = re.compile(r"^[.\s]{3,}(?=\S)")
_SECOND_PAIR = re.compile(r"(?:^|\s{2,})(?P<key>[A-Z][\w/()#.-]*(?: [\w/()#.-]+){0,3})\s*:\s")
_EQUALS = re.compile(r"(?P<key>[A-Za-z_][\w.-]*)=(?P<value>\"[^\"]*\"|[^\s;,|&]*)")
_ONLY_PAIRS = re.compile(
    rf"\s*(?:{_EQUALS.pattern.replace('?P<key>', '?:').replace('?P<value>', '?:')}[\s;,|&]*){{2,}}$"
)
_PAIRS_CHARS = 1_000
_OPEN = re.compile(r"^(?P<indent>\s*)(?P<title>\S.*?)\s*\{\s*$")
_SECTION = re.compile(
    r"^\s*(?:\[(?P<a>[^\]\[]{1,60})\]|[=*#-]{2,60}\s*(?P<b>[^=*#\s-][^=*#]{0,60}?)\s*[=*#-]{2,60}:?)\s*$"
)
_IPV4 = re.compile(r"\d+\.\d+\.\d+\.\d+")
_WORDS_OF_LOGS = re.compile(
    r"^(warning|error|fatal|note|info|err|usage|hint|debug|notice|at line)$", re.I
)
_VERDICTS = re.compile(r"^(ok|critical|crit|unknown|alert|alarm|fail|failed|pass|passed)$", re.I)
"""What checks print first on a line: `OK: 12 jobs`."""


class _Line(Struct, frozen=True):
    index: int
    indent: int
    key: str
    value: str


class _Walk(Struct):
    """Where the reading stands: headings above with their indents, and the item being read."""

    titles: list[tuple[int, str]] = field(default_factory=list)
    braces: int = 0
    seen: set[str] = field(default_factory=set)
    block: list[_Line] = field(default_factory=list)
    blocks: list[tuple[str, list[_Line]]] = field(default_factory=list)

    def path(self) -> str:
        return "/".join(title for _, title in self.titles)

    def close(self) -> None:
        if self.block:
            self.blocks.append((self.path(), self.block))
        self.block, self.seen = [], set()

    def head(self, indent: int, title: str) -> None:
        self.close()
        while self.titles and self.titles[-1][0] >= indent:
            self.titles.pop()
        if title:
            self.titles.append((indent, title))

    def add(self, line: _Line) -> None:
        if self.titles and self.titles[-1][0] >= line.indent and not self.braces:
            self.head(line.indent, "")
        name = name_of(line.key)
        if name in self.seen:
            self.close()
        self.seen.add(name)
        self.block.append(line)


def read_lists(
    lines: Sequence[str], free: Sequence[int], first_record: int
) -> tuple[list[Cell], set[int]]:
    """Cells of the lists among the `free` lines, and the lines they stand in."""
    walk = _Walk()
    used: set[int] = set()
    for place, index in enumerate(free):
        line = lines[index]
        if not line.strip():
            continue
        if section := _SECTION.match(line):
            walk.head(-1, (section["a"] or section["b"]).strip())
            used.add(index)
        elif opened := _OPEN.match(line):
            walk.head(len(opened["indent"]), opened["title"].strip('"'))
            walk.braces += 1
            used.add(index)
        elif walk.braces and re.match(r"^\s*\}[;,]?\s*$", line):
            walk.close()
            walk.braces -= 1
            if walk.titles:
                walk.titles.pop()
            used.add(index)
        elif found := _pair(line, index, bool(walk.braces)):
            used.add(index)
            if not found.value and _deeper(lines, free, place, found.indent):
                walk.head(found.indent, found.key)
            else:
                for pair in _beside(found, line):
                    walk.add(pair)
        elif not walk.braces and (indent := _indent(line)) < _next_indent(lines, free, place):
            walk.head(indent, _subject(line))
        elif not walk.braces and walk.titles and indent <= walk.titles[-1][0]:
            walk.head(indent, "")
    walk.close()
    return list(_cells(walk.blocks, first_record)), used


def _pair(line: str, index: int, braces: bool) -> _Line | None:
    plain = _TREE.sub(lambda m: " " * len(m.group()), line)
    if LEADERS.search(plain) and not re.search(r"\.\s*:", plain):
        return None
    if braces:
        found = re.match(r"^(?P<indent>\s*)(?P<key>[\w.:/-]+)\s+(?P<value>.*?);?\s*$", plain)
        return _Line(index, len(found["indent"]), found["key"], found["value"]) if found else None
    pair = _PAIR.match(plain) or _TABBED.match(plain)
    if pair and _is_pair(pair):
        return _Line(
            index,
            len(pair["indent"]),
            _AGO.sub("", pair["key"]).strip(" ."),
            _DOTS.sub("", pair["value"]).strip(),
        )
    two = _TWO_CHUNKS.match(plain)
    if two and (
        name_of(two["key"]) in field_names("status_fields") or is_known_field(name_of(two["key"]))
    ):
        return _Line(index, len(two["indent"]), two["key"], two["value"])
    return None


def _beside(first: _Line, line: str) -> Iterator[_Line]:
    """Several pairs that stand in one line: `Index : 81                     IP Addr : 203.0.113.9`,
    `disk=ok;backup=failed`."""
    if _ONLY_PAIRS.match(line[:_PAIRS_CHARS]):
        for pair in _EQUALS.finditer(line):
            yield _Line(first.index, first.indent, pair["key"], pair["value"].strip('"'))
        return
    while found := _SECOND_PAIR.search(first.value):
        yield _Line(first.index, first.indent, first.key, first.value[: found.start()])
        rest = first.value[found.end() :].strip()
        first = _Line(first.index, first.indent, found["key"].strip(), rest)
    yield first


def _is_pair(pair: re.Match[str]) -> bool:
    key, value = pair["key"].strip(), pair["value"]
    if value.startswith("//") or (value.startswith("\\") and len(key) == 1):
        return False
    of_logs = _WORDS_OF_LOGS.match(key) and not (key.lower() == "usage" and value[:1].isdigit())
    if len(key.split()) > 6 or of_logs:
        return False
    if len(key.split()) > 1 and _IPV4.search(key):
        return False  # a sentence: "Reply from 10.8.0.14: Destination host unreachable."
    mark = pair.groupdict().get("mark")
    if mark == ":" and _VERDICTS.match(key):
        return False
    return not (mark == "=" and " " in key and len(key.split()) > 3)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _next_indent(lines: Sequence[str], free: Sequence[int], place: int) -> int:
    """Indent of the next line with text, where it follows at once or behind one blank line."""
    for index in free[place + 1 : place + 3]:
        if lines[index].strip():
            return _indent(lines[index])
    return -1


def _deeper(lines: Sequence[str], free: Sequence[int], place: int, indent: int) -> bool:
    return _next_indent(lines, free, place) > indent


def _subject(line: str) -> str:
    """What a heading line is about: `Ethernet3` of `Ethernet3 is up, line protocol is up`."""
    text = re.split(r"\s+is\s+|\s+-\s+|[:,(]", line.strip(), maxsplit=1)[0]
    return " ".join(text.split()[:4])


def _cells(blocks: Sequence[tuple[str, list[_Line]]], first: int) -> Iterator[Cell]:
    used: dict[str, int] = {}
    for order, (title, block) in enumerate(blocks):
        names = [
            line.value
            for line in sorted(block, key=lambda line: not KEEPS_ITS_NAME.match(line.key))
            if IDENTITY.match(line.key) and line.value and not word_health(line.value.lower())
        ]
        item = "/".join(part for part in (title, names[0] if names else "") if part)
        used[item] = used.get(item, 0) + 1
        item = item if used[item] == 1 else f"{item} ({used[item]})".strip()
        for line in block:
            yield Cell(item, line.key, line.value, line.index + 1, first + order, len(blocks))
