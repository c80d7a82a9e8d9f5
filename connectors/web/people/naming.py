"""What a person may be called.

Guarantee: of two names that differ only in capitals, or that look alike, the second is refused (the
store keeps `folded` and `skeleton` unique). So "by" in a history means one person, and four eyes
are two people.
"""

import unicodedata
from functools import cache

from confusable_homoglyphs import utils

from stillfixed.actors.errors import RequestRefused

LIMIT_CHARS = 64
_MARK = "\u200e"  # the table puts it around what is written from right to left
_PUNCTUATION = frozenset(" .-_'\u2019@+")


def clean_name(name: str) -> str:
    """The name as it is stored. Raises `RequestRefused` for one that cannot be read aloud: with
    control or invisible characters, or only punctuation."""
    name = unicodedata.normalize("NFC", " ".join(name.split()))
    if not 1 <= len(name) <= LIMIT_CHARS:
        raise RequestRefused(f"A name has 1 to {LIMIT_CHARS} characters; this has {len(name)}.")
    for char in name:
        if unicodedata.category(char)[0] not in "LMN" and char not in _PUNCTUATION:
            raise RequestRefused(
                f"A name is made of letters, digits, spaces and .-_'@+, without U+{ord(char):04X}."
            )
    if not any(char.isalnum() for char in name):
        raise RequestRefused("A name has at least one letter or digit.")
    return name


def folded(name: str) -> str:
    """The same for every way to write a name in capitals and small letters."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def skeleton(name: str) -> str:
    """The same for names that look alike, in capitals or not: by Unicode's table of confusable
    characters (UTS 39), without spaces and punctuation."""
    looks = _looks()

    def seen(text: str) -> str:
        return "".join(looks.get(char, char) for char in unicodedata.normalize("NFD", text))

    text = seen(seen(unicodedata.normalize("NFKC", name)).casefold())
    # A capital I looks like a small L, and so all three are one; as a zero and both O's are.
    text = text.replace("i", "1").replace("0", "o")
    return "".join(char for char in text if char not in _PUNCTUATION)


@cache
def _looks() -> dict[str, str]:
    """For each character the text that stands for all that look like it."""
    parent: dict[str, str] = {}

    def find(text: str) -> str:
        while parent.setdefault(text, text) != text:
            text = parent[text]
        return text

    def plainest(text: str) -> tuple[bool, int, str]:
        """ASCII first; of it a sequence before a character, as "rn" before "m"."""
        return (not text.isascii(), -len(text), text)

    for char, alike in utils.load("confusables.json").items():
        for other in alike:
            pair = (find(char.strip(_MARK)), find(other["c"].strip(_MARK)))
            first, second = sorted(pair, key=plainest)
            parent[second] = first
    return {text: find(text) for text in list(parent) if len(text) == 1}
