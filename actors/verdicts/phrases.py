"""What single words and sentences say about health, negations first."""

import re
from functools import lru_cache

from stillfixed.actors.verdicts.knowledge import health, status_words
from stillfixed.actors.verdicts.model import Health


@lru_cache
def patterns(name: str) -> re.Pattern[str]:
    """One pattern for a list of phrases.toml."""
    lines: list[str] = health()["phrases"][name]
    return re.compile("|".join(f"(?:{line})" for line in lines), re.I)


def word_health(lowered: str) -> str | None:
    """`fault`, `weak`, `healthy` or None for a status word or what starts with one."""
    text = re.sub(r"^\d+\s+", "", lowered.strip(" .*"))
    if re.match(r"exited \(0\)", text):
        return "weak"
    head = re.split(r"[\s(,;.]", text, maxsplit=1)[0].strip(":")
    if denied := re.match(r"(?:not|nicht|non|no|pas)[ -](\S+)", text):
        good = denied.group(1) in status_words("healthy")
        return "fault" if good or denied.group(1) in status_words("wanted_things") else None
    for word in (text.replace(" ", "-"), head):
        if word in status_words("fault"):
            return "fault"
        if word in status_words("healthy"):
            rest = text[len(head) :]
            if re.search(r"starting|pending|waiting|initiali[sz]ing", rest):
                return None
            bad = re.search(r"unhealthy|\bfail|\berror|degraded|blocked", rest)
            return "fault" if bad else "healthy"
        if word in status_words("quiet"):
            return "weak"
    if re.search(r"(?<![a-z])un(able|reachable|healthy)|reject|fail|error|denied", text):
        return "fault" if text_health(text) != "healthy" else None
    return None


def http_health(status: str) -> Health:
    if status in ("401", "403", "405", "407", "429"):
        return "unclear"
    return "healthy" if status[0] in "123" else "fault"


@lru_cache(maxsize=4096)
def text_health(line: str) -> Health | None:
    """What the words of a sentence say, negations first."""
    rest, taken = patterns("harmless").subn(" ", line)
    if patterns("fault").search(rest):
        return "fault"
    if taken or patterns("healthy").search(rest):
        return "healthy"
    return None


_VOLATILE = re.compile(r"\b0x[0-9a-f]+\b|\d+(?:[.,:/-]\d+)*")


@lru_cache(maxsize=4096)
def subject_of(line: str) -> str:
    """What a sentence is about: its words without numbers and without those that say good or bad,
    so that `eth0: link down` and `eth0: link up` have one subject."""
    text = _VOLATILE.sub("#", line.lower())
    rest = [
        word
        for word in re.findall(r"[^\s,;()\[\]]+", text)
        if word.strip(".:!\"'") not in ("not", "no", "is", "was", "are", "now")
        and not word_health(word.strip(".:!\"'"))
        and not text_health(word)
    ]
    return " ".join(rest)[:80]
