"""Columns that a command names itself: `curl -w`, `docker --format`, `ps -o`, `psql -Atc`.

Guarantee: never raises on any text. What a command asks for is only the names of what is printed;
a line that does not look as asked is left to be read as any other.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from stillfixed.actors.verdicts import shell
from stillfixed.actors.verdicts.knowledge import health
from stillfixed.actors.verdicts.table_rows import Table

if TYPE_CHECKING:
    from tree_sitter import Node

_LINE_LIMIT_CHARACTERS = 600
_MAY_NAME = re.compile(
    r"\bfor\s|%\{|\{\{|\\\(|\$\{|jsonpath|custom-columns|\s-\w*[oOhHntANfF]\w*\b|--no-?head|print\(|--value|@[tc]sv"
)


class Format(Struct, frozen=True):
    """The names of the values in one kind of line, and where they stand: groups f0, f1, …"""

    names: tuple[str, ...]
    line: re.Pattern[str]


def named_rows(lines: Sequence[str], command: str) -> Iterator[Table]:
    """The lines that look as the command asked for, as tables with the names it gave."""
    yield from _of_files(lines, command)
    for wanted in formats_of(command):
        rows: list[tuple[int, list[str]]] = []
        for index, line in enumerate(lines):
            if not line.strip() or len(line) > _LINE_LIMIT_CHARACTERS:
                continue
            if found := wanted.line.fullmatch(line.strip()):
                rows.append((index, [(value or "").strip() for value in found.groups()]))
        if rows:
            yield Table(list(wanted.names), rows, rows[-1][0] + 1)


_FILES = re.compile(r"^(?:sudo )?(?:cat|head -n? ?1|tail -n? ?1)((?: (?:/sys|/proc)/[\w/.:+-]+)+)$")


def _of_files(lines: Sequence[str], command: str) -> Iterator[Table]:
    """Files of the kernel hold one value each; they are called like it."""
    found = _FILES.match(command.strip())
    paths = found[1].split() if found else []
    places = [index for index, line in enumerate(lines) if line.strip()]
    if not paths or len(places) != len(paths) or len(paths) > 20:
        return
    for path, index in zip(paths, places, strict=True):
        *_, owner, name = path.rsplit("/", 2)
        yield Table(["name", name], [(index, [owner, lines[index].strip()])], index + 1)


@lru_cache(maxsize=1024)
def formats_of(command: str) -> tuple[Format, ...]:
    """What the simple commands of a line say about their output."""
    if not _MAY_NAME.search(command):
        return ()
    found: list[Format | None] = []
    for node in shell.walk(shell.parse(command)):
        if node.type == "command":
            found += _of_words([word.text for word in shell.words_of(node)])
        elif node.type == "for_statement":
            found.append(_of_loop(node))
    return tuple(one for one in found if one is not None)


def _of_loop(node: "Node") -> Format | None:
    """A loop over names that prints each name and then what it finds there."""
    variable = node.child_by_field_name("variable")
    names = [shell.word(value).text for value in node.children_by_field_name("value")]
    text = shell.text(node)
    if variable is None or not names or any("$" in name or "*" in name for name in names):
        return None
    if not re.search(rf"\b(echo|printf)\b[^;|&]*\$\{{?{shell.text(variable)}\b", text):
        return None
    code = re.search(r"%\{(http_code|response_code)\}", text)
    one_of = "|".join(re.escape(name) for name in names)
    line = re.compile(rf"({one_of})(?:[\s:=]+(.*))?")
    return Format(("name", code[1] if code else "answer"), line)


def _of_words(words: Sequence[str]) -> Iterator[Format | None]:
    words = list(words)
    while words and (words[0] in ("sudo", "doas", "timeout", "watch", "env") or "=" in words[0]):
        words = words[1:]
        while words and (words[0].startswith("-") or words[0].isdigit()):
            words = words[1:]
    if not words:
        return
    tool = words[0].rsplit("/", 1)[-1]
    match tool:
        case "curl":
            yield from _templates(_PERCENT, _value(words, "w", "write-out"))
        case "rpm":
            yield from _templates(_PERCENT, _value(words, "", "qf", "queryformat"))
        case "dpkg-query":
            yield from _templates(_DOLLAR, _value(words, "f", "showformat"))
        case "docker" | "podman" | "nerdctl":
            yield from _templates(_GO, _value(words, "f", "format"))
        case "jq":
            yield from (_of_jq(word) for word in words[1:] if "\\(" in word or "@" in word)
        case "mongosh" | "mongo":
            yield from (_of_print(word) for word in words[1:] if "print(" in word)
        case "kubectl" | "oc":
            yield from _of_kubectl(words)
        case "psql" | "mysql" | "mariadb" | "sqlite3":
            yield _of_sql(tool, words)
        case "systemctl" | "timedatectl" | "loginctl" | "localectl" | "hostnamectl":
            properties = _value(words, "p", "property")
            if "--value" in words and properties and "," not in properties:
                yield _columns([properties])
        case _:
            yield _of_columns(tool, words)


def _value(words: Sequence[str], letter: str, *names: str) -> str | None:
    """The value of an option: `-w X`, `-sw X`, `-wX`, `--name X`, `--name=X`."""
    for place, word in enumerate(words[1:], 1):
        following = words[place + 1] if place + 1 < len(words) else None
        for name in names:
            if word == f"--{name}":
                return following
            if word.startswith(f"--{name}="):
                return word.partition("=")[2]
        if letter and re.fullmatch(rf"-[A-Za-z0-9]*{letter}", word):
            return following
        if letter and word.startswith(f"-{letter}") and len(word) > 2:
            return word[2:].removeprefix("=")
    return None


def _has(words: Sequence[str], letter: str, *names: str) -> bool:
    return any(
        word in names or (bool(letter) and re.fullmatch(rf"-[A-Za-z]*{letter}[A-Za-z]*", word))
        for word in words[1:]
    )


# -- templates -------------------------------------------------------------------------------------
_PERCENT = re.compile(r"%-?\d*\{(?P<name>[\w:]+)\}")
_DOLLAR = re.compile(r"\$\{(?P<name>[\w:-]+?)(?:;-?\d+)?\}")
_GO = re.compile(r"\{\{\s*(?:json\s+)?(?P<name>\.[\w.]*)\s*\}\}")
_JSONPATH = re.compile(r"\{(?P<name>\.[^{}]*|@\.[^{}]*)\}")
_JQ = re.compile(r"\\\((?P<name>\.[\w.]*)[^()]*\)")
_SHELL = r"\$\{?(?P<shell>[A-Za-z_]\w*)\}?"
_NUMBERS = re.compile(r"(^|_)(http_code|response_code|time_\w+|size_\w+|num_\w+|speed_\w+)$")


def _templates(variable: re.Pattern[str], text: str | None) -> Iterator[Format | None]:
    """One format for every line of the template."""
    if not text or text.startswith("table ") or re.search(r"\{\{-?\s*(if|else|with|end)\b", text):
        return
    text = re.sub(r"\{\{-?\s*(range|end|println)\b[^{}]*\}\}", "", text)
    for line in re.split(r"\\n|\n|\\r", text):
        yield _template(variable, line)


def _template(variable: re.Pattern[str], text: str) -> Format | None:
    parts: list[str] = []
    paths: list[str] = []
    at = 0
    for found in re.finditer(f"{variable.pattern}|{_SHELL}", text):
        between = text[at : found.start()]
        if paths and not between:
            return None  # nothing tells the two values apart
        parts.append(_literal(between))
        name = found["name"] or "name"
        numeric = _NUMBERS.search(name)
        parts.append(r"([\d.,]+)" if numeric else r"(\([^()]*\)|.*?)")
        paths.append(name)
        at = found.end()
    if not paths:
        return None
    parts.append(_literal(text[at:]))
    return Format(_short(paths), re.compile("".join(parts)))


def _literal(text: str) -> str:
    """Text between values; any space or tab stands for any other."""
    pieces = re.split(r"(?:\\t|\s)+", text.replace("\\\\", "\\"))
    return r"\s+".join(re.escape(piece) for piece in pieces)


def _short(paths: Sequence[str]) -> tuple[str, ...]:
    """`Status` of `.State.Health.Status`; with more of the path where two would be alike."""
    split = [re.findall(r"[\w-]+", path) or ["value"] for path in paths]
    last = [path[-1] for path in split]
    return tuple(path[-1] if last.count(path[-1]) == 1 else ".".join(path[-2:]) for path in split)


_JQ_ROW = re.compile(r"\[\s*(\.[\w.]+(?:\s*,\s*\.[\w.]+)+)\s*\]\s*\|\s*@(tsv|csv)")


def _of_jq(program: str) -> Format | None:
    if row := _JQ_ROW.search(program):
        names = _short([path.strip() for path in row[1].split(",")])
        return _columns(names, "\t" if row[2] == "tsv" else ",")
    found = re.search(r'"((?:[^"\\]|\\.)*\\\((?:[^"\\]|\\.)*)"', program)
    return _template(_JQ, found[1]) if found else None


def _of_print(script: str) -> Format | None:
    found = re.search(r"\bprint\(\s*([\w.]+(?:\s*,\s*[\w.]+)*)\s*\)", script)
    return _template(_GO, " ".join(f"{{{{.{name.strip()}}}}}" for name in found[1].split(","))) \
        if found else None  # fmt: skip


def _of_kubectl(words: Sequence[str]) -> Iterator[Format | None]:
    shape = _value(words, "o", "output") or ""
    kind, _, text = shape.partition("=")
    if kind in ("jsonpath", "go-template"):
        text = re.sub(r"\{\s*(range|end)\b[^{}]*\}", "", text)
        text = re.sub(r'\{\s*"((?:[^"\\]|\\.)*)"\s*\}', r"\1", text)
        yield from _templates(_JSONPATH if kind == "jsonpath" else _GO, text)
    elif "--no-headers" in words and kind == "custom-columns":
        yield _columns([column.partition(":")[0] for column in text.split(",")])
    elif "--no-headers" in words and "get" in words and not kind.strip("wide"):
        place = words.index("get") + 1
        resource = words[place].split("/")[0].split(",")[0] if place < len(words) else ""
        known = _known_columns("kubectl", resource)
        everywhere = _has(words, "A", "--all-namespaces")
        yield _columns(["NAMESPACE", *known] if everywhere else known) if known else None


# -- lists of columns ------------------------------------------------------------------------------
def _known_columns(tool: str, what: str) -> list[str]:
    """Columns of a list that is printed without its heading: `[columns]` of the knowledge."""
    return str(health().get("columns", {}).get(f"{tool} {what}".strip(), "")).split()


def _columns(names: Sequence[str], separator: str = "") -> Format:
    """Values one word each, the last one with all that follows; or told apart by a separator."""
    if separator:
        mark = re.escape(separator)
        parts = mark.join(rf"((?:[^{mark}\\]|\\.)*)" for _ in names)
    else:
        parts = r"\s+".join([r"(\S+)"] * (len(names) - 1)) if len(names) > 1 else r"(\S.*)"
        parts += r"(?:\s+(\S.*))?" if len(names) > 1 else ""
    return Format(tuple(name.strip() for name in names), re.compile(parts))


def _of_columns(tool: str, words: Sequence[str]) -> Format | None:
    """Tools that leave their heading out when asked to."""
    listed = _value(words, "o", "options", "output", "Output") or ""
    match tool:
        case "vgs" | "lvs" | "pvs":
            bare = _has(words, "", "--noheadings", "--noheading")
        case "lsblk" | "findmnt" | "swapon" | "lscpu":
            bare = _has(words, "n", "--noheadings")
        case "zfs" | "zpool":
            bare = _has(words, "H")
            operands = [word for word in words[1:] if not word.startswith("-")]
            if operands[:1] == ["get"] and listed == "value" and len(operands) > 2:
                listed = operands[2] if "," not in operands[2] else ""
            elif operands[:1] == ["get"] and not listed:
                listed = "name,property,value,source"
            listed = listed or ",".join(_known_columns(tool, words[1] if len(words) > 1 else ""))
        case "ps":
            bare = _has(words, "h", "--no-headers", "--no-heading") or listed.endswith("=")
        case "nmcli":
            listed = _value(words, "f", "fields") or _value(words, "g", "get-values") or ""
            terse = _has(words, "t", "--terse") or _has(words, "g", "--get-values")
            return _columns(listed.split(","), ":") if terse and listed else None
        case _:
            return None
    names = [name.rstrip("=") for name in re.split(r"[,\s]+", listed.lstrip("+")) if name]
    return _columns(names) if bare and names else None


_VARIABLE = re.compile(r"variable_name\s*(?:=|like)\s*['\"](\w+)['\"]", re.I)
_SELECT = re.compile(r"\bselect\s+(?:distinct\s+)?(.*?)\s+from\b", re.I | re.S)


def _of_sql(tool: str, words: Sequence[str]) -> Format | None:
    """The select list of a statement whose result is printed without names."""
    bare = {
        "psql": _has(words, "t", "--tuples-only"),
        "sqlite3": "-header" not in words,
    }.get(tool, _has(words, "N", "--skip-column-names"))
    found = next((found for word in words[1:] if (found := _SELECT.search(word))), None)
    if not bare or found is None or "*" in re.sub(r"\(.*?\)", "", found[1]):
        return None
    names = [_column_name(part) for part in re.split(r",(?![^()]*\))", found[1])]
    if asked := _VARIABLE.search(" ".join(words)):
        names = [asked[1]] if len(names) == 1 else names
    if tool == "psql" or tool == "sqlite3":
        return _columns(names, "|")
    return _columns(names, "\t") if len(names) > 1 else _columns(names)


def _column_name(part: str) -> str:
    named = re.findall(r"\w+", re.sub(r"\([^()]*\)", "", part)) or re.findall(r"\w+", part)
    return named[-1] if named else "value"
