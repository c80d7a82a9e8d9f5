"""What free lines say: single facts in a line, and whole sentences.

Guarantee: never raises on any text; each line is read a few times at most.
"""

import re
from collections.abc import Iterator, Sequence

from stillfixed.actors.verdicts import output
from stillfixed.actors.verdicts.fields import LOSS, graded
from stillfixed.actors.verdicts.model import Health
from stillfixed.actors.verdicts.output import Fact, Reading
from stillfixed.actors.verdicts.phrases import http_health, patterns, text_health, word_health

MESSAGE = "message"
HTTP = "HTTP status"
LOG_LINE = re.compile(
    r"^\s*(\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d|[A-Z][a-z]{2}\s+\d{1,2} \d\d:\d\d:\d\d"
    r"|\d\d:\d\d:\d\d)"
)
_HTTP = re.compile(
    r"(?:\bHTTP/\d(?:\.\d)?\s+|\bERROR |awaiting response\.\.\. |returned error: )(\d{3})\b"
)
_INLINE = re.compile(r"\b(state|status|health)\s*[:=]\s*\"?([A-Za-z][\w-]*)", re.I)


def answer(command: str, reading: Reading) -> Fact | None:
    """An output of one word: `Running`, `DOWN`, and `False` where the command asks yes or no."""
    if reading.cells or len(reading.rest) != 1:
        return None
    number, line = reading.rest[0]
    word = line.strip().strip('"').lower()
    if not re.fullmatch(r"[^\W\d_][\w-]*", word):
        return None
    health: Health | None = None
    if word in ("true", "false"):
        asks = re.search(r"(?i)^\W*test-|-quiet\b|\.(\w+)\W*$", command)
        if asks:
            bad = re.search(r"(?i)(error|fail|expired|locked|dead|pending)", asks.group(1) or "")
            health = "healthy" if (word == "true") != bool(bad) else "fault"
    elif found := word_health(word):
        health = "healthy" if found == "healthy" else "fault"
    return Fact("", "answer", line.strip(), health, "status word", number) if health else None


def line_facts(command: str, line: str, number: int) -> Iterator[Fact]:
    """Facts of one free line that belong to an item of its own."""
    if "%" in line and (loss := LOSS.search(line)):
        health = graded(float(loss.group(1).replace(",", ".")), 0.01, 5)
        yield Fact("", "packet loss", loss.group(1) + "%", health, "packet loss", number)
        return
    if status := _http(command, line):
        yield Fact("", HTTP, status, http_health(status), "HTTP status", number)
        return
    if disks := re.search(r"\[\d+/\d+\] \[([U_]+)\]", line):  # /proc/mdstat
        health = "fault" if "_" in disks.group(1) else "healthy"
        yield Fact("", f"array at line {number}", disks.group(1), health, "array", number)
        return
    if tag := output.tagged(line):
        found = word_health(tag[0].lower())
        if found in ("fault", "healthy"):
            yield Fact(tag[1], "result", tag[0], _health(found), "status word", number)
        return
    if LOG_LINE.match(line):
        return
    parts = [part for part in re.split(r"\s{2,}|\t+\s*", line.strip(" *●•\t")) if part]
    for part in parts[1:]:
        found = word_health(part.lower()) if part[:1].isalpha() else None
        if found:
            yield Fact(parts[0], "state", part, _health(found), "status word", number)
            return
    inline = _INLINE.search(line)
    if inline and not re.match(r"(?i)\s*(warning|error)\b", line):
        found = word_health(inline.group(2).lower())
        if found:
            item = (re.findall(r'"([^"]+)"', line) or [""])[0]
            yield Fact(
                item, inline.group(1), inline.group(2), _health(found), "status word", number
            )


def _health(word: str) -> Health:
    return "healthy" if word == "healthy" else "fault"


def _http(command: str, line: str) -> str | None:
    if found := _HTTP.search(line):
        return found.group(1)
    asked = re.search(r"http_code|response_code|StatusCode", command)
    found = re.fullmatch(r"\s*(\d{3})\s*", line) if asked else None
    return found.group(1) if found else None


def messages(
    lines: Sequence[tuple[int | None, str]], judged: bool, from_stderr: int
) -> Iterator[Fact]:
    """Free lines as one fact: any line of fault decides, else any line of health."""
    healthy: Fact | None = None
    for index, (number, line) in enumerate(lines):
        if patterns("ignore").search(line) or (judged and LOG_LINE.match(line)):
            continue
        if status := _HTTP.search(line) if index < from_stderr else None:
            yield Fact("", HTTP, status.group(1), http_health(status.group(1)), "HTTP status")
            continue
        found = text_health(line)
        if found == "fault":
            yield Fact("", MESSAGE, short(line), "fault", "phrase", number)
            return
        if found == "healthy" and healthy is None:
            healthy = Fact("", MESSAGE, short(line), "healthy", "phrase", number)
    if healthy:
        yield healthy


def short(text: str, limit: int = 120) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
