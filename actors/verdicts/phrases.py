"""What single words and sentences say about health, negations first."""

import re
from functools import lru_cache

from stillfixed.actors.verdicts.knowledge import table, words
from stillfixed.actors.verdicts.model import Health


@lru_cache
def patterns(name: str) -> re.Pattern[str]:
    """One pattern for a list of phrases.toml."""
    lines: list[str] = table("phrases")[name]
    return re.compile("|".join(f"(?:{line})" for line in lines), re.I)


def word_health(lowered: str) -> str | None:
    """`fault`, `weak`, `healthy` or None for a status word or what starts with one."""
    text = re.sub(r"^\d+\s+", "", lowered.strip(" .*"))
    if re.match(r"exited \(0\)", text):
        return "weak"
    head = re.split(r"[\s(,;.]", text, maxsplit=1)[0].strip(":")
    for word in (text.replace(" ", "-"), head):
        if word in words("words", "fault"):
            return "fault"
        if word in words("words", "healthy"):
            rest = text[len(head) :]
            if re.search(r"starting|pending|waiting|initiali[sz]ing", rest):
                return None
            bad = re.search(r"unhealthy|\bfail|\berror|degraded|blocked", rest)
            return "fault" if bad else "healthy"
        if word in words("words", "quiet"):
            return "weak"
    if re.search(r"(?<![a-z])un(able|reachable|healthy)|reject|fail|error|denied", text):
        return "fault" if text_health(text) != "healthy" else None
    return None


def http_health(status: str) -> Health:
    if status in ("401", "403", "405", "407", "429"):
        return "unclear"
    return "healthy" if status[0] in "123" else "fault"


def text_health(line: str) -> Health | None:
    """What the words of a sentence say, negations first."""
    rest, taken = patterns("harmless").subn(" ", line)
    if patterns("fault").search(rest):
        return "fault"
    if taken or patterns("healthy").search(rest):
        return "healthy"
    return None
