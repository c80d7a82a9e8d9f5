"""Lines as they are read: without colours and line ends, with the way back to what was captured."""

import re
from collections.abc import Sequence
from itertools import chain

from stillfixed.actors.verdicts.output import ANSI

_UNSEEN = re.compile(ANSI.pattern + "|[\ufeff\u200b]")
_ODD = re.compile("[\x1b\r\ufeff\u200b]")


def visible(line: str) -> str:
    """What `output.clean` leaves of a line, without spaces at its end."""
    return line.rstrip() if _ODD.search(line) is None else _with_places(line)[0]


def places(line: str) -> Sequence[int]:
    """Where each character of `visible(line)` stands in the line, and where the last one ends."""
    if _ODD.search(line) is None:
        return range(len(line) + 1)
    found = _with_places(line)[1]
    return [*found, found[-1] + 1] if found else [0]


def _with_places(line: str) -> tuple[str, list[int]]:
    seen: list[range] = []
    at = 0
    for match in _UNSEEN.finditer(line):
        seen.append(range(at, match.start()))
        at = match.end()
    found = list(chain(*seen, range(at, len(line))))
    text = "".join(line[i] for i in found)
    end = len(text)
    for part in reversed(text.split("\r")):  # what a line was overwritten with last
        if part.strip():
            kept = part.rstrip()
            start = end - len(part)
            return kept, found[start : start + len(kept)]
        end -= len(part) + 1
    return "", []
