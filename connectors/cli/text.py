"""Plain pieces of text for the terminal: captured output made harmless, times, spans. Pure.

Captured output is somebody else's: what would move the cursor, ring, recolour or reorder the
terminal is taken out or made visible before it is shown.
"""

import re
from codecs import getincrementaldecoder
from datetime import datetime, time, timedelta

_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]"  # colours, cursor
    r"|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles, links, strings
    r"|[ -/]+[0-~]"  # character sets
    r"|[@-Z\\-~0-?])"
)
_BEGUN_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]{0,200}\x1b?|[ -/]*)?$")
_VISIBLE = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\n\t"}
_VISIBLE |= {0x7F: 0x2421}
_VISIBLE |= dict.fromkeys([*range(0x80, 0xA0), 0x200E, 0x200F], 0xFFFD)
_VISIBLE |= dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)], 0xFFFD)


def plain(text: str) -> str:
    """Text without escape sequences; other control characters shown as pictures, tabs spread."""
    text = _ESCAPE.sub("", text).replace("\r\n", "\n").removesuffix("\r")
    return text.translate(_VISIBLE).expandtabs(8)


class LiveText:
    """One output of a running command as it arrives, in pieces that may split anything."""

    def __init__(self) -> None:
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._held = ""

    def feed(self, data: bytes, *, final: bool = False) -> str:
        text = self._held + self._decoder.decode(data, final)
        self._held = ""
        if not final:
            begun = _BEGUN_ESCAPE.search(text)
            cut = begun.start() if begun else len(text) - text.endswith("\r")
            text, self._held = text[:cut], text[cut:]
        text = _ESCAPE.sub("", text).replace("\r\n", "\n")
        # A progress bar returns to the start of its line; each of its states becomes a line.
        return text.replace("\r", "\n").translate(_VISIBLE)


def count(number: int, one: str, many: str = "") -> str:
    """`1 check`, `2 checks`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def span(seconds: float) -> str:
    """A span of time for people: `20 ms`, `0.2 s`, `3 min 4 s`, `2 h 5 min`, `3 d 4 h`."""
    if seconds < 0.0995:
        return f"{max(round(seconds * 1000), 0)} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    for size, name, part, part_name in (
        (60, "min", 1, "s"),
        (3600, "h", 60, "min"),
        (86400, "d", 3600, "h"),
    ):
        if whole < size * (60 if size < 3600 else 24) or size == 86400:
            rest = whole % size // part
            return f"{whole // size} {name}" + (f" {rest} {part_name}" if rest else "")
    raise AssertionError("unreachable")


def moment(at: datetime) -> str:
    """Date and time in the local time zone."""
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def clock(at: datetime) -> str:
    return f"{at.astimezone():%H:%M:%S}"


def day(at: datetime) -> str:
    return f"{at.astimezone():%A %Y-%m-%d}"


_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}


def parse_span(text: str) -> timedelta:
    """`90s`, `5m`, `2h`, `1d`. Raises ValueError that says how to write one."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|min|m|h|d)\s*", text)
    if not found:
        raise ValueError(f"{text!r} is no span of time. Write 90s, 5m, 2h or 1d.")
    return timedelta(seconds=float(found[1]) * _UNITS[found[2]])


def parse_moment(text: str, now: datetime) -> datetime:
    """`18:30` (the next one), `+2h`, `2026-11-24T18:30`: local time unless a zone is given. Raises
    ValueError that says how to write one."""
    text = text.strip()
    local = now.astimezone()
    if text.startswith("+"):
        return local + parse_span(text[1:])
    try:
        if re.fullmatch(r"\d\d?:\d\d(:\d\d)?", text):
            clock = time.fromisoformat(text.zfill(5))
            at = datetime.combine(local, clock, local.tzinfo)
            return at if at > local else at + timedelta(days=1)
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time. Write 18:30, +2h or 2026-11-24T18:30.") from None
    return at if at.tzinfo else at.astimezone()
