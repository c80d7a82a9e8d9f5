"""The masks of one session: the same secret has the same mask, numbered in order of appearance.

Guarantee: a mask says nothing of its secret but whether it is the same as another. Secrets are held
in memory alone, for as long as the session is; a session that comes back goes on with new numbers.
"""

from typing import Any

from stillfixed.actors.secrets.rules import Found, compiled, mask_pattern, random_looking, rules

REMEMBERED = 4096
"""So many secrets have a number; further ones are masked without."""

TYPED_REMEMBERED = 64
"""So many secrets that people typed are looked for in everything that comes back, newest last."""

SHORTEST_ECHO_BYTES = 6
"""A shorter secret is masked where a rule finds it, not wherever the same letters appear."""


class Masks:
    """`used`: no number up to this is given again."""

    def __init__(self, used: int = 0) -> None:
        self._used = used
        self._labels: dict[bytes, bytes] = {}
        self._typed: list[bytes] = []
        self._echoes: Any = None
        self._look_out_for(rules().starts)

    def of(self, secret: bytes, kind: str) -> bytes:
        label = self._labels.get(secret)
        if label is not None:
            return label
        if len(self._labels) >= REMEMBERED:
            return f"‹{kind}›".encode()
        self._used += 1
        label = self._labels[secret] = f"‹{kind}#{self._used}›".encode()
        return label

    def typed(self, secret: bytes) -> None:
        """From now on mask this secret wherever it appears, if it cannot be an ordinary word."""
        telling = len(secret) >= SHORTEST_ECHO_BYTES and random_looking(secret)
        if secret in self._typed or not (telling or len(secret) >= 10) or b"\n" in secret:
            return
        self._typed = [*self._typed, secret][-TYPED_REMEMBERED:]
        longest_first = sorted(self._typed, key=len, reverse=True)
        self._echoes = compiled("|".join(map(_literal, longest_first)))
        self._look_out_for((*rules().starts, *self._typed))

    def _look_out_for(self, words: tuple[bytes, ...]) -> None:
        """Know the beginnings of words that an unfinished line may end with."""
        self._beginnings = {word[:size] for word in words for size in range(1, len(word))}
        self._longest = max(map(len, words))

    def suspect(self, text: bytes, start: int = 0, end: int | None = None) -> int:
        """Where the first sign of a secret is; quick. -1 where there is certainly none."""
        end = len(text) if end is None else end
        signs = [rules().trigger.search(text, start, end)]
        if self._echoes is not None:
            signs.append(self._echoes.search(text, start, end))
        return min((sign.start() for sign in signs if sign), default=-1)

    def find(self, line: bytes) -> list[Found]:
        """The secrets of one line in order, none overlapping."""
        return apart(self.find_all(line), line)

    def find_all(self, line: bytes) -> list[Found]:
        """The secrets of one line by each rule, in no order."""
        found = rules().find(line)
        if self._echoes is not None:
            found += [
                Found(match.start(), match.end(), "password")
                for match in self._echoes.finditer(line)
            ]
        return found

    def held_from(self, line: bytes) -> int:
        """From where on an unfinished line may hold a secret that is not whole yet."""
        longest = min(len(line), self._longest - 1)
        held = len(line)
        for size in range(longest, 0, -1):
            if line[-size:] in self._beginnings:
                held -= size
                break
        if self.suspect(line) < 0:
            return held
        held = min(held, rules().held_from(line))
        if self._echoes is not None and (match := self._echoes.search(line)):
            held = min(held, match.start())
        return held


def apart(found: list[Found], text: bytes) -> list[Found]:
    """In order, overlapping ones as one of the first's kind, and outside of masks."""
    masked = [mask.span() for mask in mask_pattern().finditer(text)] if found else []
    joined: list[Found] = []
    for wide in sorted(found, key=lambda f: (f.start, -f.end)):
        beside = [start for start, end in masked if start < wide.end and wide.start < end]
        one = wide._replace(end=max(wide.start, min([wide.end, *beside])))
        if one.end == one.start:
            continue
        if joined and one.start < joined[-1].end:
            last = joined[-1]
            joined[-1] = last._replace(end=max(last.end, one.end))
        else:
            joined.append(one)
    return joined


def _literal(secret: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in secret)
