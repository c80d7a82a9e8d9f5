"""What free lines say: values in a line, headless rows, and whole sentences.

Guarantee: never raises on any text; each line is read a few times at most.
"""

import re
from collections.abc import Iterator, Sequence

from stillfixed.actors.verdicts import output
from stillfixed.actors.verdicts.cells import Fact, name_of
from stillfixed.actors.verdicts.fields import INLINE_STATE, QUIET
from stillfixed.actors.verdicts.knowledge import field_names, status_words
from stillfixed.actors.verdicts.logs import is_timed
from stillfixed.actors.verdicts.model import Health
from stillfixed.actors.verdicts.numbers import packet_loss, part_of
from stillfixed.actors.verdicts.phrases import (
    http_health,
    patterns,
    subject_of,
    text_health,
    word_health,
)

MESSAGE = "message"
HTTP = "HTTP status"
ABSENT = "not there"
"""The rule by which a thing that does not exist is a fault."""
_HTTP = re.compile(
    r"(?:\bHTTP/\d(?:\.\d)?\s+|\bERROR |awaiting response\.\.\. |returned error: "
    r"|(?:serveu?r|servidor)\b.{0,60}: ?\(|does not indicate success: )(\d{3})\b"
)
_PLUGIN = re.compile(
    r"^(?:[A-Z][\w ]{0,30} )?(OK|WARNING|CRITICAL|UNKNOWN)(?: ?-|\s*\||\s*$|(?<!WARNING): )"
    r"|^\s*(ALERT|ALARM|CRIT|NOK|FAIL|FAILED)(?:\s{2,}|:\s|\s-\s)"
)
_SEPARATED = re.compile(r"\s*\w[^,;|.:]{0,60}([,;|][^,;|.:]{0,40}){1,12}$")
"""A row of values without a heading: `Gateway,FAILED,0`."""
_MARK = re.compile(r"^\s*[*●•○×>+-]\s+")  # noqa: RUF001  systemctl prints a multiplication sign
_PLUGIN_STATES: dict[str, Health] = {"OK": "healthy", "UNKNOWN": "unclear"}
_MESSAGE_LIMIT = 200
_FILE_NAME = re.compile(r"[^\s:]*/[^\s:]+|[\w.-]+\.[a-z][a-z0-9]{0,4}", re.I)
"""A file may be called failed-orders.csv."""


def line_facts(command: str, line: str, number: int) -> Iterator[Fact]:
    """Facts of one free line that belong to an item of its own."""
    if loss := packet_loss(line):
        yield Fact("", "packet loss", loss.percent + "%", loss.health, "packet loss", number)
        return
    if status := _http(command, line):
        yield Fact("", HTTP, status, http_health(status), "HTTP status", number)
        return
    if disks := re.search(r"\[\d+/\d+\] \[([U_]+)\]", line):  # /proc/mdstat
        health: Health = "fault" if "_" in disks.group(1) else "healthy"
        yield Fact(disks.string.split()[0], "array", disks.group(1), health, "array", number)
        return
    if tag := output.tagged(line):
        found = word_health(tag[0].lower())
        if found in ("fault", "healthy"):
            item = tag[1] if tag[1] != tag[2].strip() else subject_of(tag[1])
            yield Fact(item, "result", tag[0], _health(found), "status word", number)
        return
    if part := part_of(line):
        field = f"{part.says} of {part.all}"
        yield Fact(subject_of(part.about), field, part.shown, part.health, "part", number)
        return
    if plugin := _PLUGIN.match(line):
        word = plugin.group(1) or plugin.group(2)
        health = _PLUGIN_STATES.get(word, "fault")
        yield Fact("", "result", word, health, "status word", number)
        return
    if is_timed(line):
        return
    yield from _row(line, number) or _ending(line, number) or _inline(line, number)


def _row(line: str, number: int) -> list[Fact]:
    """A headless row: its first part names the item, every other part may be a state."""
    parts = [part for part in re.split(r"\s{2,}|\t+\s*", _MARK.sub("", line).strip()) if part]
    words = 4
    if len(parts) == 1 and _SEPARATED.match(line):
        parts = [part.strip() for part in re.split(r"[,;|]", line)]
        words = 1
    if re.match(r"(error|warning|fehler|erreur)\s?:", line.strip(), re.I):
        return []
    last_words = [name_of(part.split()[-1]) for part in parts[1:] if part]
    if len(parts) >= 3 and not field_names("status_fields").isdisjoint(last_words):
        return []  # a heading
    meant = not (status_words("meant") - {"down"}).isdisjoint(part.lower() for part in parts[1:])
    return [
        Fact(parts[0], f"column {place}", part, _health(found), _rule(found), number)
        for place, part in enumerate(parts[1:], 2)
        if part[:1].isalpha()
        and len(part.split()) <= words
        and (found := word_health(part.lower()))
        and not (meant and found == "weak")
    ]


_ENDING = re.compile(
    r"^\W*(?P<item>\w.{1,100}?)\s*(?:[:=]|\.{3,}|->|=>|\s[\u2013-])\s*"
    r"(?P<value>[^\W\d][\w'\u2019]*(?:[ -][\w'\u2019]+){0,2})\s*(?:\([^()]*\)|[.!])?\s*$"
)


def _ending(line: str, number: int) -> list[Fact]:
    """A long name that ends with its state: `Status for World Wide Web Publishing : Stopped`."""
    found = _ENDING.match(line) if len(line) <= 160 else None
    if found is None or re.match(r"(error|warning|fehler|erreur)\b", found["item"], re.I):
        return []
    said = word_health(found["value"].lower())
    item, value = found["item"].strip(), found["value"]
    return [Fact(item, "state", value, _health(said), "status word", number)] if said else []


def _inline(line: str, number: int) -> Iterator[Fact]:
    inline = INLINE_STATE.search(line)
    if inline and not re.match(r"(?i)\s*(warning|error)\b", line):
        word = inline.group(2)
        if found := word_health(word.lower()):
            item = next((text for text in re.findall(r'"([^"]+)"', line) if text != word), "")
            yield Fact(item, inline.group(1), word, _health(found), "status word", number)


def _rule(word: str) -> str:
    return QUIET if word == "weak" else "status word"


def _health(word: str) -> Health:
    return "healthy" if word == "healthy" else "fault"


def _http(command: str, line: str) -> str | None:
    if found := _HTTP.search(line):
        return found.group(1)
    asked = re.search(r"http_code|response_code|StatusCode", command)
    found = re.match(r"\s*(?:[a-z_]+[=:]\s?)?(\d{3})(?=\s|$)", line) if asked else None
    return found.group(1) if found else None


def messages(
    lines: Sequence[tuple[int | None, str]], beside: bool, from_stderr: int, *, probe: bool
) -> Iterator[Fact]:
    """What sentences say, each about its subject: the line without its words of health. That a
    thing does not exist is no state of it, except where the command is a probe of just that. Lines
    of a log `beside` a state that the output gives itself are history."""
    said = [line.lstrip() for _, line in lines[:from_stderr]]
    complaints = {i - 2 for i, line in enumerate(said) if probe and line.startswith(_ERROR_ID)}
    for index, (number, line) in enumerate(lines[:_MESSAGE_LIMIT]):
        if patterns("ignore").search(line) or (beside and is_timed(line)):
            continue
        if is_timed(line) and _CALM.match(line) and text_health(line) == "fault":
            continue
        if _FILE_NAME.fullmatch(line.strip()):
            continue
        if status := _HTTP.search(line) if index < from_stderr else None:
            yield Fact("", HTTP, status.group(1), http_health(status.group(1)), "HTTP status")
            continue
        if not probe and patterns("absent").search(line):
            yield Fact(subject_of(line), MESSAGE, short(line), "fault", ABSENT, number)
        elif found := text_health(line):
            yield Fact(subject_of(line), MESSAGE, short(line), found, "phrase", number)
        elif index in complaints:
            yield Fact(subject_of(line), MESSAGE, short(line), "fault", "phrase", number)


_ERROR_ID = "+ FullyQualifiedErrorId"
"""Two lines behind the complaint of a cmdlet, in whatever language that is."""
_CALM = re.compile(
    r".{8,60}?\s(information(en|s)?|información|informatie|informazioni|success ?audit|verbose)\s",
    re.I,
)
"""The level of an event that is no trouble, behind its time."""


def short(text: str, limit: int = 120) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
