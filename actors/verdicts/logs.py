"""Logs: lines with times, where what was already there the first time is history.

Guarantee: symmetric; line numbers stay, because history is left as empty lines.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from msgspec.structs import replace

from stillfixed.actors.verdicts.model import Run
from stillfixed.actors.verdicts.phrases import patterns
from stillfixed.actors.verdicts.prompts import is_prompt

_TIMED = re.compile(
    r"^[\s\[(<*]*(?:<\d+>)?(?:"
    r"\d{4}[-/.]\d\d[-/.]\d\d[T ,]+\d\d?:\d\d"  # 2026-03-09 10:41
    r"|\d{1,2}[./]\d{1,2}[./]\d{2,4},? +\d{1,2}:\d\d"  # 09.03.2026 10:41, 3/9/2026 10:41 AM
    r"|[*.]?[A-Z][a-z]{2} +\d{1,2} (?:\d{4} )?\d\d:\d\d:\d\d"  # Mar  9 10:41:07
    r"|\d\d:\d\d:\d\d(?![\d:])"
    r"|\w{3} \w{3} +\d{1,2} \d\d:\d\d:\d\d \d{4}"  # Mon Mar  9 10:41:07 2026
    r"|\d{1,2}[/ -][A-Z][a-z]{2}[/ -]\d{4}[: ]\d\d:\d\d)"
)


_EVENTS = re.compile(r"\bget-(?:winevent|eventlog)\b|\bwevtutil\b.*\b(?:qe|query-events)\b", re.I)
_KEY = re.compile(r"\s*(?P<key>[^\W\d][\w ]{0,40}?)(?:\[\d+\])?\s*:(?:\s+(?P<value>\S.*))?$")
_TIMES = ("timecreated", "timegenerated", "timewritten", "date")
_TOLD = ("id", "eventid", "leveldisplayname", "entrytype", "level", "message", "description")
"""What is told of an event, beside its time; `message` and `description` take several lines."""


def in_lines(text: str, command: str) -> str:
    """Events that are printed as lists, each in the line where it begins, as in a log. Any other
    text as it is; line numbers stay."""
    if not _EVENTS.search(command):
        return text
    lines = text.split("\n")
    keys = [found["key"] if (found := _KEY.match(line)) else "" for line in lines]
    first = next((key for key, line in zip(keys, lines, strict=True) if line.strip()), "")
    begins = [at for at, key in enumerate(keys) if first and key == first]
    for begin, end in pairwise([*begins, len(lines)]):
        told = _told(lines[begin:end])
        time = next((told[name] for name in _TIMES if name in told), "")
        if not is_timed(time):
            return text if begin == begins[0] else "\n".join(lines[:begin])
        said = [told[name] for name in _TOLD if told.get(name)]
        lines[begin:end] = [" ".join([time, *said]), *[""] * (end - begin - 1)]
    return "\n".join(lines) if begins else text


def _told(lines: Sequence[str]) -> dict[str, str]:
    """The values of one event by the names of their fields, in lower case without spaces."""
    told: dict[str, str] = {}
    key = ""
    for line in lines:
        found = _KEY.match(line)
        name = found["key"].replace(" ", "").lower() if found else ""
        if found and name in (*_TIMES, *_TOLD):
            key = name
            told[key] = found["value"] or ""
        elif key in ("message", "description") and not is_prompt(line):
            told[key] = f"{told[key]} {line.strip()}".strip()
        elif found:
            key = ""
    return told


def is_timed(line: str) -> bool:
    """Whether a line begins with a time, as lines of logs do."""
    return bool(_TIMED.match(line))


_UNDERLINED = re.compile(r"\s*--+( +--+)+\s*$")
"""The line under the headings of a table, whose rows may well begin with a date."""


def is_log(text: str, command: str = "") -> bool:
    """Whether many lines begin with a time, or any where the command asks for a log; what a tool
    says around them does not count."""
    lines = [line for line in text.split("\n") if line.strip() and not is_prompt(line)]
    timed = sum(map(is_timed, lines))
    asked = bool(patterns("asks_for_logs").search(command))
    table = any(map(_UNDERLINED.match, lines[:4]))
    many = not table and (timed >= 2 or timed == len(lines))
    return timed > 0 and (asked or (many and 3 * timed >= len(lines)))


def without_history(command: str, first: Run, second: Run) -> tuple[Run, Run]:
    """The later of two logs without the lines that the earlier one has too. Where neither is later,
    or they share no line, both are as they were."""
    first, second = (replace(run, stdout=in_lines(run.stdout, command)) for run in (first, second))
    if not (is_log(first.stdout, command) and is_log(second.stdout, command)):
        return first, second
    old, new = _timed(first.stdout), _timed(second.stdout)
    shared = old & new
    if not shared or old == new:
        return first, second
    newest = [max(map(moment, lines)) for lines in (old, new)]
    if newest[0] == newest[1]:
        return first, second
    if newest[0] < newest[1]:
        return first, _without(second, shared)
    return _without(first, shared), second


_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAY = re.compile(
    r"(?P<y>\d{4})[-/.](?P<m>\d\d)[-/.](?P<d>\d\d)"
    r"|(?P<D>\d{1,2})\.(?P<M>\d{1,2})\.(?P<Y>\d{2,4})"
    r"|(?P<us_m>\d{1,2})/(?P<us_d>\d{1,2})/(?P<us_y>\d{2,4})"
    r"|(?P<b>[A-Z][a-z]{2}) +(?P<b_d>\d{1,2})"
)
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?(?:[.,]\d+)?(?: ?([AaPp])[Mm])?")


def moment(line: str) -> tuple[int, ...]:
    """When a line was written, as numbers that compare within one log: year, month, day, time."""
    day, clock = _DAY.search(line[:40]), _CLOCK.search(line[:60])
    numbers = [0, 0, 0]
    if day:
        p = day.groupdict()
        month = _MONTHS.index(p["b"].lower()) + 1 if (p["b"] or "").lower() in _MONTHS else 0
        numbers = [
            int(p["y"] or p["Y"] or p["us_y"] or 0),
            int(p["m"] or p["M"] or p["us_m"] or month),
            int(p["d"] or p["D"] or p["us_d"] or p["b_d"] or 0),
        ]
    if clock:
        hour = int(clock.group(1)) % 12 if clock.group(4) else int(clock.group(1))
        late = 12 if (clock.group(4) or "").lower() == "p" else 0
        numbers += [hour + late, int(clock.group(2)), int(clock.group(3) or 0)]
    return tuple(numbers)


def _timed(text: str) -> frozenset[str]:
    return frozenset(line.rstrip() for line in text.split("\n") if is_timed(line))


def _without(run: Run, lines: frozenset[str]) -> Run:
    kept = ("" if line.rstrip() in lines else line for line in run.stdout.split("\n"))
    return replace(run, stdout="\n".join(kept))
