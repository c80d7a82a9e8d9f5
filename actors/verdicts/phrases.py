"""What single words and sentences say about health, negations first."""

import re
from functools import lru_cache
from itertools import pairwise

from stillfixed.actors.verdicts.knowledge import health, status_words
from stillfixed.actors.verdicts.model import Health


@lru_cache
def patterns(name: str) -> re.Pattern[str]:
    """One pattern for a list of `[phrases]`."""
    lines: list[str] = health()["phrases"][name]
    return re.compile("|".join(f"(?:{line})" for line in lines), re.I)


@lru_cache(maxsize=8192)
def word_health(lowered: str) -> str | None:
    """`fault`, `weak`, `healthy` or None for the value of a status field, in lower case."""
    text = re.sub(r"^\d+\s+", "", lowered.strip(" .*"))
    parts = [part for part in re.split(r"[\s(),;:/_-]+", text) if part][:8]
    if not parts or len(text) > 120:
        return None
    if re.match(r"exited \(0\)", text):
        return "weak"
    if "0" in lowered and len(parts) > 1:
        left, taken = patterns("harmless").subn(" ", lowered)
        if taken:
            return "healthy" if word_health(left.strip(" ,;")) != "fault" else "fault"
    whole = re.sub(r"[\s_]+", "-", text)
    if said := _listed(whole):
        return said
    if parts[0] in _DENIALS and len(parts) > 1:
        return denied(" ".join(parts))
    if any(part in status_words("passing") for part in parts):
        return None
    said = _listed(re.split(r"[\s(,;.]", text, maxsplit=1)[0].strip(":")) or _listed(parts[0])
    rest = parts if said is None else parts[1:]
    if any(part in status_words("fault_anywhere") for part in rest):
        negated = any(
            a in _DENIALS for a, b in pairwise(parts) if b in status_words("fault_anywhere")
        )
        return None if negated else "fault"
    if any(a in _DENIALS and _listed(b) == "healthy" for a, b in pairwise(rest)):
        return "fault"  # active, not connected
    if said == "healthy" and any(
        b.startswith("warn") and a not in _NONE for a, b in pairwise(parts)
    ):
        return None  # ok (with warnings)
    last = _listed(parts[-1])
    if said == "healthy" and last in ("weak", "fault") and 2 <= len(parts) <= 3:
        return last  # sync paused
    return said or (last if len(parts) <= 4 else None)


_NONE = frozenset(("0", "no", "without", "zero", "keine", "ohne", "sans", "sin"))
_DENIALS = frozenset(
    ("not", "no", "nicht", "non", "kein", "keine", "pas", "aucun", "sin", "niet", "geen")
)


def _listed(word: str) -> str | None:
    for name, said in (("fault", "fault"), ("healthy", "healthy"), ("quiet", "weak")):
        if word in status_words(name):
            return said
    return None


def denied(text: str) -> str | None:
    """What `not synchronized` and `no response` say; None of what denies nothing."""
    first, *parts = text.split() or [""]
    for part in parts if first in _DENIALS else ():
        if part in status_words("wanted_things") or _listed(part) == "healthy":
            return "fault"
        if _listed(part) == "fault":
            return "healthy"
    return None


def http_health(status: str) -> Health:
    if status in ("401", "403", "405", "407", "429"):
        return "unclear"
    return "healthy" if status[0] in "123" else "fault"


_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+", re.I)


@lru_cache(maxsize=4096)
def text_health(line: str) -> Health | None:
    """What the words of a sentence say, negations first."""
    line = _ADDRESS.sub(" ", line)
    rest, taken = patterns("harmless").subn(" ", line)
    if patterns("fault").search(rest):
        return "fault"
    if taken or patterns("healthy").search(rest):
        return "healthy"
    return None


def only_sounds_bad(line: str) -> bool:
    """Whether a line has words of fault, but only in phrases that are known to be harmless."""
    return bool(patterns("harmless").search(line)) and text_health(line) != "fault"


_VOLATILE = re.compile(r"\b0x[0-9a-f]+\b|(?<![\w.-])\d+(?:[.,:/-]\d+)*(?![a-z]{3})")


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
