"""Secrets in commands and in what people write, masked in one go.

Guarantees: masking twice is masking once, and what has no secret comes back as it was.
"""

import re
from collections import Counter
from typing import NamedTuple

from stillfixed.actors.secrets.command import in_command
from stillfixed.actors.secrets.masks import Masks, apart
from stillfixed.actors.secrets.rules import Found

_NUMBERED = re.compile("‹([a-z-]+)#[0-9]+›")
_SUBSTITUTION = re.compile(rb"\$\(|`|\$\{")
_OPERATOR = re.compile(rb"\$\(|`|\$\{|[;|&<>()]")


class MaskedText(NamedTuple):
    """`found` counts the secrets by kind."""

    text: str
    found: Counter[str]


def mask_command(command: str, masks: Masks) -> MaskedText:
    """A command as it may be kept. Its secrets are looked for in whatever comes back, too."""
    masked = _mask_command(command, masks)
    # What a rule took for one secret may end at an operator, and another begin behind it.
    while masked.found and (again := _mask_command(masked.text, masks)).found:
        masked = MaskedText(again.text, masked.found + again.found)
    return masked


def _mask_command(command: str, masks: Masks) -> MaskedText:
    text = command.encode("utf-8", "surrogatepass")
    found = [_whole_words(one, text) for one in _by_rules(text, masks)]
    for start, end, kind in in_command(command):
        first = len(command[:start].encode("utf-8", "surrogatepass"))
        last = first + len(command[start:end].encode("utf-8", "surrogatepass"))
        found.append(Found(first, last, kind))
    return _masked(text, found, masks)


def mask_text(text: str, masks: Masks) -> MaskedText:
    """Words as they may be kept: a message, a reason, an error."""
    data = text.encode("utf-8", "surrogatepass")
    return _masked(data, _by_rules(data, masks), masks)


def unnumbered(text: str) -> str:
    """Masks without their numbers, where it does not matter which secret it was."""
    return _NUMBERED.sub(r"‹\1›", text)


def _by_rules(text: bytes, masks: Masks) -> list[Found]:
    found, start = [], 0
    for line in text.split(b"\n"):
        if masks.suspect(line) >= 0:
            found += [one._replace(start=start + one.start, end=start + one.end)
                      for one in masks.find_all(line)]  # fmt: skip
        start += len(line) + 1
    return found


def _whole_words(found: Found, text: bytes) -> Found:
    """Up to where a shell would put something else in the secret's place, or end the word."""
    match text[found.start - 1 : found.start]:
        case b"'":
            return found
        case b'"':
            cut = _SUBSTITUTION.search(text, found.start, found.end)
        case _:
            cut = _OPERATOR.search(text, found.start, found.end)
    return found._replace(end=cut.start()) if cut else found


def _masked(text: bytes, found: list[Found], masks: Masks) -> MaskedText:
    out, last, counted = [], 0, Counter[str]()
    for start, end, kind in apart(found, text):
        secret = text[start:end]
        masks.typed(secret)
        out += [text[last:start], masks.of(secret, kind)]
        counted[kind] += 1
        last = end
    out.append(text[last:])
    return MaskedText(b"".join(out).decode("utf-8", "surrogatepass"), counted)
