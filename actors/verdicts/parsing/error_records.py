"""PowerShell's error records: in Windows PowerShell's layout, in any language, in the concise one
of PowerShell 7, and as the XML that a remote shell sends.

Guarantee: never raises, reads each line a few times at most, and keeps the line of each message.
"""

import re
from collections.abc import Sequence
from html import unescape

from msgspec import Struct

from stillfixed.actors.verdicts.cells import Cell

_DETAIL = re.compile(
    r"^\s*\+ (?P<name>CategoryInfo|FullyQualifiedErrorId|PSComputerName)\s*: ?(?P<value>.*)$"
)
_SOURCE = re.compile(r"^\s*\+ ")
_POSITION = re.compile(r"^\S.*(?::\s?\d+)\D{0,20}:\s?\d+\s*$")
_SPEAKER = re.compile(r"^(?P<command>[A-Za-z][\w.-]*) : (?P<message>.*)$")
_CONCISE = re.compile(
    r"^(?P<command>[A-Z][a-z]+-\w+|ParserError|Exception|OperationStopped): ?(?P<message>.*)$"
)
_BAR = re.compile(r"^\s*(?:\d+\s*)?\|\s?(?P<text>.*)$")
_MESSAGE_LINES = 20
_STREAM = re.compile(r'<S S="(?:Error|Warning)">(?P<text>[^<]*)</S>')


class ErrorRecord(Struct, frozen=True):
    """`line` and `end` are the first line of the record and the first behind it, counted from 0."""

    command: str
    message: str
    category: str
    error_id: str
    line: int
    end: int

    def cells(self) -> tuple[Cell, ...]:
        known = {"message": self.message, "CategoryInfo": self.category,
                 "FullyQualifiedErrorId": self.error_id}  # fmt: skip
        return tuple(
            Cell(self.command, name, value, self.line + 1) for name, value in known.items() if value
        )

    def text(self) -> list[str]:
        """The record in one line a part, nothing wrapped."""
        speaker = f"{self.command} : " if self.command else ""
        details = ("CategoryInfo", self.category), ("FullyQualifiedErrorId", self.error_id)
        return [
            speaker + self.message,
            *(f"+ {name} : {value}" for name, value in details if value),
        ]


def plain(text: str) -> str:
    """Errors and warnings out of the XML of a remote shell, any other text as it is."""
    if "#< CLIXML" not in text[:2000]:
        return text
    found = [unescape(one["text"]) for one in _STREAM.finditer(text)]
    return re.sub(r"_x000D_|_x001B_\[[\d;]*m", "", "".join(found)).replace("_x000A_", "\n")


def error_lines(text: str) -> list[str]:
    """The lines of a stderr with text, each error record in one line a part."""
    lines = plain(text).split("\n")
    out: list[str] = []
    at = 0
    for record in find(lines):
        out += [*lines[at : record.line], *record.text()]
        at = record.end
    return [line for line in (*out, *lines[at:]) if line.strip()]


def find(lines: Sequence[str]) -> list[ErrorRecord]:
    """Every error record, in order."""
    out: list[ErrorRecord] = []
    at = 0
    while at < len(lines):
        floor = out[-1].end if out else 0
        record = None
        if "CategoryInfo" in lines[at] and _DETAIL.match(lines[at]):
            record = _full(lines, at, floor)
        elif lines[at].rstrip().endswith("|") or _CONCISE.match(lines[at]):
            record = _concise(lines, at)
        if record:
            out.append(record)
        at = record.end if record else at + 1
    return out


def _full(lines: Sequence[str], detail: int, floor: int) -> ErrorRecord:
    """A record around its `+ CategoryInfo` line: message, position and source before it."""
    message: list[str] = []
    at = detail - 1
    command = ""
    while at >= floor and detail - at <= _MESSAGE_LINES:
        line = lines[at]
        if not _SOURCE.match(line) and not _POSITION.match(line):
            if not line.strip() and message and not _later_speaker(lines, at, floor):
                break
            speaker = _SPEAKER.match(line)
            message.insert(0, speaker["message"] if speaker else line)
            if speaker:
                command = speaker["command"]
                break
        elif _POSITION.match(line) and message:
            break  # a parser error: position and source come first
        at -= 1
    start = max(at, floor)
    while start < detail and not lines[start].strip():
        start += 1
    details, end = _details(lines, detail)
    named = re.search(r"\[([A-Za-z][\w-]+)\]", details.get("CategoryInfo", ""))
    return ErrorRecord(
        command or (named.group(1) if named else ""),
        _joined(message),
        details.get("CategoryInfo", ""),
        details.get("FullyQualifiedErrorId", ""),
        start,
        end,
    )


def _later_speaker(lines: Sequence[str], at: int, floor: int) -> bool:
    """Whether a few lines up, behind blank ones, the message begins."""
    return any(_SPEAKER.match(line) for line in lines[max(floor, at - 3) : at])


def _details(lines: Sequence[str], at: int) -> tuple[dict[str, str], int]:
    """The `+ Name : value` lines, each with what was wrapped off it."""
    out: dict[str, str] = {}
    name = ""
    while at < len(lines) and lines[at].strip():
        if found := _DETAIL.match(lines[at]):
            name = found["name"]
            out[name] = found["value"].rstrip()
        elif lines[at][:1] in (" ", "\t") and not _SOURCE.match(lines[at]):
            out[name] += lines[at].strip()
        else:
            break
        at += 1
    return out, at


def _concise(lines: Sequence[str], at: int) -> ErrorRecord | None:
    """`Get-X: message`, alone or with the source behind bars and the message below it."""
    head = _CONCISE.match(lines[at])
    if head is None:
        return None
    end = at + 1
    message = [head["message"]]
    if end < len(lines) and re.match(r"^\w+ \|\s*$", lines[end]):
        message = []
        end += 1
        marked = False
        while end < len(lines) and (bar := _BAR.match(lines[end])):
            if marked:
                message.append(bar["text"])
            marked = marked or bool(re.match(r"^\s*~+", bar["text"]))
            end += 1
    return ErrorRecord(head["command"], _joined(message), "", "", at, end)


def _joined(parts: Sequence[str]) -> str:
    return " ".join(" ".join(part.split()) for part in parts if part.strip())
