"""What a known tool answers in a sentence: `Volume - C: is Dirty`, `DC01 passed test Replications`.

Guarantee: says nothing of commands that no `[[answer]]` names, and of lines no pattern fits.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal

from msgspec import Struct, convert
from msgspec.structs import replace

from stillfixed.actors.verdicts.cells import Fact
from stillfixed.actors.verdicts.fields import VACANT
from stillfixed.actors.verdicts.knowledge import answers
from stillfixed.actors.verdicts.model import Health, Platform
from stillfixed.actors.verdicts.numbers import graded, number_of
from stillfixed.actors.verdicts.same_network import spellings

RULE = "answer of the tool"
IDLE = "nothing plugged in"
"""The rule by which a link that nobody uses is a fault: not beside something that changed."""
_LINES_LIMIT = 5_000
_OF_A_READER = re.compile(
    r"(?:tail|cat|head|less|tac|[ef]?grep|zcat|zgrep|awk|sed|cut|sort|wc|jq|xmllint): ", re.I
)
"""That a file cannot be read is no answer of the tool which writes it."""


class Answer(Struct, frozen=True, forbid_unknown_fields=True):
    """One entry `[[answer]]`; README.md of the knowledge says what the parts mean."""

    about: str
    command: str
    fault: tuple[str, ...] = ()
    healthy: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    harmless: tuple[str, ...] = ()
    number: tuple[str, ...] = ()
    low: tuple[float, float] | None = None
    high: tuple[float, float] | None = None
    two_lines: bool = False
    last: bool | Literal["line"] = False
    idle: tuple[str, ...] = ()
    vacant: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    not_run: tuple[str, ...] = ()


class _Saying(Struct, frozen=True):
    """One pattern of an entry and what it says; without `says`, a number found by it decides."""

    entry: Answer
    words: re.Pattern[str]
    says: Health | None
    rule: str = RULE

    def fact(self, found: re.Match[str], number: int | None, above: str) -> Fact | None:
        """What the match says, or None where it holds no number to read. `above` is the item of the
        heading it stands under."""
        groups = found.groupdict()
        value = groups.pop("number", None)
        if above not in groups.values():
            groups = {"": above, **groups}
        says = self.says or _graded(self.entry, value or "")
        if says is None:
            return None
        item = " ".join(part for part in groups.values() if part)
        shown = value if value and not self.says else " ".join(found.string.split())[:120]
        return Fact(item, self.entry.about, shown, says, self.rule, number)


def _graded(entry: Answer, value: str) -> Health | None:
    found = number_of(value.lower())
    if found is None:
        return None
    found = abs(found)
    if entry.high:
        return graded(found, *entry.high)
    fault, healthy = entry.low or (0.0, 0.0)
    return "fault" if found <= fault else "healthy" if found >= healthy else "unclear"


@lru_cache
def _entries() -> list[tuple[str, re.Pattern[str], Answer]]:
    read = [(family, convert(entry, Answer)) for family, entry in answers()]
    return [(family, re.compile(entry.command, re.I), entry) for family, entry in read]


_FAMILIES: dict[Platform, tuple[str, ...]] = {
    "powershell": ("windows", "general"),
    "cmd": ("windows", "general"),
    "posix": ("posix", "network", "general"),
    "network": ("network", "posix", "general"),
}
_ANY = "."
"""An entry for any command counts only at home."""
_AT_HOME_EVERYWHERE = re.compile(
    r"(?:^|[|;&(\\/\"']\s*)(ssh|plink|wsl|bash|docker|podman|kubectl|helm|git|curl|openssl|wg|tailscale"
    r"|zerotier-cli|nmap|ncat|smartctl|psql|pg_isready|mysql(admin)?|redis-cli|rclone|restic|rsync)"
    r"(\.exe)?[\"']?(\s|$)",
    re.I,
)


@lru_cache(maxsize=1024)
def _entries_of(command: str, platform: Platform) -> tuple[Answer, ...]:
    """What is known of the command's tool: `service` is another tool in PowerShell than on Linux,
    but `docker` is the same."""
    families = _FAMILIES[platform]
    if _AT_HOME_EVERYWHERE.search(command):
        families = (*families, "posix")
    text = spellings(command)
    return tuple(
        entry
        for family, words, entry in _entries()
        if family in families
        and words.search(text)
        and (entry.command != _ANY or family in (platform, "general"))
    )


@lru_cache(maxsize=1024)
def _sayings(command: str, platform: Platform) -> tuple[_Saying, ...]:
    return tuple(
        _Saying(entry, _compiled(words), says, rule)
        for entry in _entries_of(command, platform)
        for says, these, rule in _groups(entry)
        for words in these
    )


def _groups(entry: Answer) -> tuple[tuple[Health | None, tuple[str, ...], str], ...]:
    return (
        ("unclear", entry.harmless, RULE), ("unclear", entry.vacant, VACANT),
        ("healthy", entry.healthy, RULE), ("fault", entry.idle, IDLE),
        ("fault", entry.fault, RULE),
        ("unclear", entry.unclear, RULE), (None, entry.number, RULE),
    )  # fmt: skip


@lru_cache(maxsize=1024)
def _lines_of(command: str, platform: Platform, part: str) -> tuple[re.Pattern[str], ...]:
    """All patterns of one part, `heads` or `not_run`, of the command's entries."""
    entries = _entries_of(command, platform)
    return tuple(_compiled(line) for entry in entries for line in getattr(entry, part))


def is_refusal(command: str, platform: Platform, line: str) -> bool:
    """Whether the command's tool says in this line that it did not do its check."""
    return any(words.search(line) for words in _lines_of(command, platform, "not_run"))


@lru_cache(maxsize=4096)
def _compiled(line: str) -> re.Pattern[str]:
    return re.compile(line, re.I)


def _head(command: str, platform: Platform, line: str) -> str:
    """What a line names that heads others; "" of any other line."""
    found = (words.search(line) for words in _lines_of(command, platform, "heads"))
    head = next((one for one in found if one), None)
    return " ".join(part for part in head.groups() if part) if head else ""


def answer_facts(
    command: str, platform: Platform, lines: Sequence[tuple[int | None, str]]
) -> Iterator[Fact]:
    """Facts of the lines that are known answers of this command; the first saying that fits a line
    decides. Of an entry that counts by its `last` line, only that one."""
    sayings = _sayings(command, platform)
    if not sayings:
        return
    above: list[tuple[int, str]] = []
    last: dict[tuple[str, str], Fact] = {}
    for place, (number, line) in enumerate(lines[:_LINES_LIMIT]):
        if not line.strip() or is_refusal(command, platform, line):
            continue
        if name := _head(command, platform, line):
            indent = len(line) - len(line.lstrip())
            above = [*(head for head in above if head[0] < indent), (indent, name)]
        following = lines[place + 1][1] if place + 1 < len(lines) else ""
        complaint = bool(_OF_A_READER.match(line))
        for saying in sayings:
            if complaint and saying.says == "fault":
                continue
            text = f"{line}\n{following}" if saying.entry.two_lines else line
            under = " ".join(name for _, name in above) if saying.entry.heads else ""
            if (found := saying.words.search(text)) and (fact := saying.fact(found, number, under)):
                if saying.entry.last:
                    of = "" if saying.entry.last == "line" else fact.item
                    if former := last.get((of, fact.field)):
                        yield replace(former, health="unclear")  # read, and past
                    last[of, fact.field] = fact
                else:
                    yield fact
                break
    yield from last.values()
