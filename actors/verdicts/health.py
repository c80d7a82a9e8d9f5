"""What one run shows: facts about items, whether it really ran, and what its exit status says.

Guarantee: never raises on any text; a value that nobody described is no fact.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct

from stillfixed.actors.verdicts import output
from stillfixed.actors.verdicts.exits import EXIT, exit_meaning
from stillfixed.actors.verdicts.knowledge import table, words
from stillfixed.actors.verdicts.model import Health, Platform, Run
from stillfixed.actors.verdicts.output import Cell, Fact, Reading
from stillfixed.actors.verdicts.phrases import http_health, patterns, text_health, word_health

MESSAGE = "message"
_LIST_LIMIT = 8
_LOG_LINE = re.compile(
    r"^\s*(\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d|[A-Z][a-z]{2}\s+\d{1,2} \d\d:\d\d:\d\d"
    r"|\d\d:\d\d:\d\d)"
)
_LOSS = re.compile(r"(\d+(?:[.,]\d+)?) ?% (?:packet )?(?:loss|verlust|perte|de perte)", re.I)
_HTTP = re.compile(
    r"(?:\bHTTP/\d(?:\.\d)?\s+|\bERROR |awaiting response\.\.\. |returned error: )(\d{3})\b"
)
_INLINE = re.compile(r"\b(state|status|health)\s*[:=]\s*\"?([A-Za-z][\w-]*)", re.I)
_FLAGGED = re.compile(r"\b([A-Za-z]{2,}\d[\d/.]*)\(([A-Za-z]{1,2})\)")
_PERCENT = re.compile(r"^(use%|%used|capacity|iuse%|use|%iused|pcent)$", re.I)


class Shown(Struct, frozen=True):
    """All that one run shows. `not_run` is the reason why it shows nothing of the check."""

    facts: dict[tuple[str, str], Fact]
    reading: Reading
    not_run: str | None
    all_clear: bool
    has_output: bool
    exit_status: int | None

    @property
    def faults(self) -> list[Fact]:
        return [fact for fact in self.facts.values() if fact.health == "fault"]


@lru_cache(maxsize=8)  # outputs may be large: the pair just judged, and a few before
def look(command: str, run: Run, platform: Platform) -> Shown:
    reading = output.read(run.stdout)
    stderr = [line for line in output.clean(run.stderr).split("\n") if line.strip()]
    facts: dict[tuple[str, str], Fact] = {}
    for fact in _facts(command, reading, run, stderr):
        known = facts.get((fact.item, fact.field))
        if known is None or (fact.health == "fault" and known.health != "fault"):
            facts[fact.item, fact.field] = fact
    exit_fact = exit_meaning(command, run.exit_status, platform)
    if exit_fact:
        facts["", EXIT] = exit_fact
    has_output = bool(run.stdout.strip())
    clear = any(patterns("all_clear").search(line.strip()) for line in run.stdout.split("\n"))
    reason = _not_run(command, run, reading, stderr, facts, has_output)
    return Shown(facts, reading, reason, clear, has_output, run.exit_status)


def _not_run(
    command: str,
    run: Run,
    reading: Reading,
    stderr: Sequence[str],
    facts: dict[tuple[str, str], Fact],
    has_output: bool,
) -> str | None:
    if run.exit_status is None:
        return "the run was cut off before it ended"
    if run.exit_status in (126, 127):
        return f"the command could not be started (exit status {run.exit_status})"
    if run.exit_status in (124, 130, 137, 143) or (run.exit_status == 255 and "ssh" in command):
        return f"the run was stopped before it ended (exit status {run.exit_status})"
    pattern = patterns("not_run")
    judged = [key for key in facts if key[1] not in (MESSAGE, EXIT)]
    shown = [line for _, line in reading.rest]
    short = len(shown) + len(reading.cells) <= 12
    values = [f"{cell.field}: {cell.value}" for cell in reading.cells] if not judged else []
    suspects = list(stderr) if not judged or not has_output else []
    if not judged and short:
        suspects += [line for line in shown + values if not _LOG_LINE.match(line)]
    suspects += [line for line in shown[-1:] if "^C" in line or "--More--" in line]
    for line in suspects:
        if pattern.search(line.strip()):
            return f"the check did not run: {_short(line)}"
    if not has_output and not stderr and ("", EXIT) not in facts:
        return "there was no output to judge"
    return None


def _short(text: str, limit: int = 120) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


# -- facts -----------------------------------------------------------------------------------------
def _facts(command: str, reading: Reading, run: Run, stderr: Sequence[str]) -> Iterator[Fact]:
    records: dict[int, dict[str, str]] = {}
    for cell in reading.cells:
        records.setdefault(cell.record, {})[name_of(cell.field)] = cell.value.lower()
    judged = 0
    if answer := _answer(command, reading):
        judged += 1
        yield answer
    for cell in reading.cells:
        if fact := _cell(cell, records[cell.record]):
            judged += 1
            yield fact
        for port, flag in _FLAGGED.findall(cell.value) if "channel" in command.lower() else ():
            health = _listed(flag, table("health")["port_flags"])
            if health:
                judged += 1
                yield Fact(port, "flags", flag, health, f"{port} has the flag {flag}", cell.line)
    for number, line in reading.rest:
        found = list(_line(command, line, number))
        judged += len(found)
        yield from found
    lines: list[tuple[int | None, str]] = [(None, line) for line in stderr]
    lines += [(number, line) for number, line in reading.rest]
    if not judged and len(reading.cells) <= 2:
        lines += [(cell.line, f"{cell.field}: {cell.value}") for cell in reading.cells]
    yield from _messages(lines, bool(judged), from_stderr=len(stderr))


def name_of(field: str) -> str:
    return re.sub(r"\s+", "-", field.strip().lower())


def _answer(command: str, reading: Reading) -> Fact | None:
    """An output of one word: `Running`, `DOWN`, and `False` where the command asks yes or no."""
    if reading.cells or len(reading.rest) != 1:
        return None
    number, line = reading.rest[0]
    word = line.strip().strip('"').lower()
    if not re.fullmatch(r"[^\W\d_][\w-]*", word):
        return None
    if word in ("true", "false"):
        asks = re.search(r"(?i)^\W*test-|-quiet\b|\.(\w+)\W*$", command)
        member = (asks.group(1) or "").lower() if asks else ""
        health = _boolean(member or "ok", word == "true") if asks else None
    else:
        found = word_health(word)
        health = None if found is None else "healthy" if found == "healthy" else "fault"
    if health is None:
        return None
    return Fact("", "answer", line.strip(), health, f"the answer is {line.strip()}", number)


def _listed(value: Any, lists: dict[str, list[Any]]) -> Health | None:
    if value in lists.get("healthy", ()):
        return "healthy"
    if value in lists.get("unclear", ()):
        return "unclear"
    if "fault" not in lists or value in lists["fault"]:
        return "fault"
    return None


def _cell(cell: Cell, record: dict[str, str]) -> Fact | None:
    field = name_of(cell.field)
    value = cell.value.strip()
    health = _value(field, value, cell, record)
    if health is None:
        return None
    what = f"{cell.item}: " if cell.item else ""
    rule = f"{what}{cell.field.strip() or 'state'} is {_short(value, 60) or 'empty'}"
    return Fact(cell.item, cell.field.strip(), value, health, rule, cell.line)


def _value(field: str, value: str, cell: Cell, record: dict[str, str]) -> Health | None:
    lowered = value.lower().strip(" .\"'")
    number = int(lowered) if re.fullmatch(r"-?\d{1,12}", lowered) else None
    codes = table("health")["codes"]
    if field in codes and number is not None:
        return _listed(number, codes[field])
    if _PERCENT.match(field) and (percent := re.fullmatch(r"(\d+(?:\.\d+)?)%?", lowered)):
        return _graded(float(percent.group(1)), healthy_below=90, fault_from=98)
    if number is not None:
        if field in words("health", "zero_or_fault"):
            return "healthy" if number == 0 else "fault"
        if field in words("health", "zero_or_nothing"):
            return "healthy" if number == 0 else "unclear"
    if field in words("health", "error_fields"):
        return "healthy" if lowered in ("", "none", "0", "success", "no error", "n/a") else "fault"
    if lowered in ("true", "false", "yes", "no", "ja", "nein"):
        return _boolean(field, lowered in ("true", "yes", "ja"))
    if re.match(r"^0x[0-9a-f]+$", lowered) and re.search(r"status|result|error|code", field):
        return "healthy" if int(lowered, 16) == 0 else "fault" if int(lowered, 16) >> 30 else None
    if "%" in value and (loss := _LOSS.search(value)):
        return _graded(float(loss.group(1).replace(",", ".")), healthy_below=0.01, fault_from=5)
    if field in words("health", "neutral_fields"):
        return None
    if parts := re.fullmatch(r"(\d+)/(\d+)", lowered) if field == "ready" else None:
        done = re.search(r"completed|succeeded", record.get("status", ""))
        return None if done else "healthy" if parts.group(1) == parts.group(2) else "fault"
    if value[-1:].isupper() and re.search(r"\b(ALARM|FAULT|FAIL|FAILED|ERROR)\s*$", value):
        return "fault"
    if ("169.254." in lowered and "." in field) or re.search(
        r"autoconfiguration|automatically", field
    ):
        return "fault" if "169.254." in lowered else None
    return _worded(field, lowered, cell, record)


def _graded(number: float, *, healthy_below: float, fault_from: float) -> Health:
    return "fault" if number >= fault_from else "healthy" if number < healthy_below else "unclear"


def _boolean(field: str, yes: bool) -> Health | None:
    if field in words("health", "good_true"):
        return "healthy" if yes else "fault"
    if field in words("health", "bad_true"):
        return "fault" if yes else "healthy"
    return None


def _is_status(field: str) -> bool:
    known = words("health", "status_fields")
    return field in known or field.rsplit("-", 1)[-1] in known or field == ""


def _worded(field: str, lowered: str, cell: Cell, record: dict[str, str]) -> Health | None:
    inline = _INLINE.search(lowered) if ":" in lowered or "=" in lowered else None
    if not _is_status(field):
        if inline:
            return _worded("state", inline.group(2), cell, record)
        strong = words("health", "fault") - {"retry", "removed", "init", "red", "yellow", "loading"}
        whole = lowered.replace(" ", "-")
        return "fault" if whole in strong and whole not in ("missing", "down", "partial") else None
    health = word_health(lowered)
    if health == "weak":
        return _weak(lowered, cell, record)
    if health == "fault" and lowered.split(" ")[0] in ("down", "disconnected", "removed"):
        return _weak(lowered, cell, record) if _meant(record) else "fault"
    if health is None and len(lowered.split()) >= 3:
        return text_health(lowered)
    return "fault" if health == "fault" else "healthy" if health == "healthy" else None


def _meant(record: dict[str, str]) -> bool:
    """Whether the record says that this is how it should be: Stopped + Manual, admin down."""
    for key, value in record.items():
        if re.search(r"start-?_?(type|mode|up)?$|^starttype", key) and re.match(
            r"manual|disabled|manuell|deaktiviert|demand|manuel|désactivé", value
        ):
            return True
        if re.search(r"admin", key) and re.match(r"disabled|down", value):
            return True
        if "administratively down" in value or (value == "disabled" and "status" in key):
            return True
    return False


def _weak(lowered: str, cell: Cell, record: dict[str, str]) -> Health | None:
    if _meant(record):
        return None
    automatic = any(value.startswith(("auto", "enabled")) for value in record.values())
    return "fault" if automatic or cell.width <= _LIST_LIMIT else None


# -- lines -----------------------------------------------------------------------------------------
def _line(command: str, line: str, number: int) -> Iterator[Fact]:
    """Facts of one free line that belong to an item of its own."""
    if "%" in line and (loss := _LOSS.search(line)):
        health = _graded(float(loss.group(1).replace(",", ".")), healthy_below=0.01, fault_from=5)
        yield Fact(
            "",
            "packet loss",
            loss.group(1) + "%",
            health,
            f"packet loss is {loss.group(1)}%",
            number,
        )
        return
    if status := _http(command, line):
        health = http_health(status)
        yield Fact("", "HTTP status", status, health, f"HTTP status is {status}", number)
        return
    if disks := re.search(r"\[\d+/\d+\] \[([U_]+)\]", line):  # /proc/mdstat
        health = "fault" if "_" in disks.group(1) else "healthy"
        yield Fact("", f"array at line {number}", disks.group(1), health, "an array", number)
        return
    if tag := output.tagged(line):
        found = word_health(tag[0].lower())
        if found in ("fault", "healthy"):
            yield Fact(tag[1], "result", tag[0], _health(found), f"{tag[1]}: {tag[0]}", number)
        return
    if _LOG_LINE.match(line):
        return
    parts = [part for part in re.split(r"\s{2,}|\t+\s*", line.strip(" *●•\t")) if part]
    for part in parts[1:]:
        found = word_health(part.lower()) if part[:1].isalpha() else None
        if found:
            health = "healthy" if found == "healthy" else "fault"
            yield Fact(parts[0], "state", part, health, f"{parts[0]}: {_short(part, 60)}", number)
            return
    inline = _INLINE.search(line)
    if inline and not re.match(r"(?i)\s*(warning|error)\b", line):
        found = word_health(inline.group(2).lower())
        if found:
            item = (re.findall(r'"([^"]+)"', line) or [""])[0]
            rule = f"{item or 'it'}: {inline.group(1)} is {inline.group(2)}"
            health = "healthy" if found == "healthy" else "fault"
            yield Fact(item, inline.group(1), inline.group(2), health, rule, number)


def _health(text: str) -> Health:
    return "fault" if text == "fault" else "healthy"


def _http(command: str, line: str) -> str | None:
    if found := _HTTP.search(line):
        return found.group(1)
    asked = re.search(r"http_code|response_code|StatusCode", command)
    found = re.fullmatch(r"\s*(\d{3})\s*", line) if asked else None
    return found.group(1) if found else None


def _messages(
    lines: Sequence[tuple[int | None, str]], judged: bool, from_stderr: int
) -> Iterator[Fact]:
    """Free lines as one fact: any line of fault decides, else any line of health."""
    healthy: Fact | None = None
    for index, (number, line) in enumerate(lines):
        if patterns("ignore").search(line) or (judged and _LOG_LINE.match(line)):
            continue
        if status := _HTTP.search(line) if index < from_stderr else None:
            health = http_health(status.group(1))
            yield Fact(
                "", "HTTP status", status.group(1), health, f"HTTP status is {status.group(1)}"
            )
            continue
        found = text_health(line)
        if found == "fault":
            yield Fact("", MESSAGE, _short(line), "fault", f"it says: {_short(line)}", number)
            return
        if found == "healthy" and healthy is None:
            healthy = Fact("", MESSAGE, _short(line), "healthy", f"it says: {_short(line)}", number)
    if healthy:
        yield healthy
