"""Output with its secrets masked, as it comes.

Guarantees: what comes out depends on what goes in and not on how it is cut into pieces. Nothing is
held back but what may be the beginning of a secret, at most to the end of its line (or, in a block
of a private key, to the end of the block, of which only a digest is kept). Memory is bounded by
`LINE_BYTES` and one piece. Text without a sign of a secret costs one search and no copy.
"""

from collections import Counter
from hashlib import sha256
from typing import Any

from stillfixed.actors.secrets.masks import Masks
from stillfixed.actors.secrets.rules import Found, compiled

LINE_BYTES = 16 * 1024
"""A longer line is read in pieces of this, cut where no word goes on."""

CONTEXT_BYTES = 256
"""So much of what went before is seen again with the next piece of a long line."""

_BREAKS = (b" ", b"\t", b",", b";", b"&", b'"', b"'", b"<", b">", b"|")
_KEY_BEGINS = compiled(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[^A-Za-z0-9]*$")
_KEY_ENDS = compiled(r"-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")
_PUTTY_BEGINS = compiled(r"^Private-Lines: [0-9]+[ \t]*$")
_KEY_LINE = compiled(
    r"[^A-Za-z0-9]*|(?:[^\s]+[:-][ \t]*|[ \t>|+-]*(?:[0-9]+[ \t]+)?)[A-Za-z0-9+/=_-]+[ \t]*"
    r"|(?:Proc-Type|DEK-Info|Comment|Version|Hash|Charset): .*"
)


class StreamMasker:
    """Masks one output of one run. `found` counts what was masked since it was last emptied."""

    def __init__(self, masks: Masks) -> None:
        self.found: Counter[str] = Counter()
        self._masks = masks
        self._line = b""  # the unfinished line, or its last piece with what went before it
        self._sent = 0  # so many bytes of it have been passed on
        self._mid = False  # whether it begins in the middle of a line
        self._block: _Block | None = None

    def feed(self, data: bytes) -> bytes:
        """What can be passed on now."""
        return b"".join(self.pieces(data))

    def pieces(self, data: bytes) -> list[bytes]:
        """What can be passed on now, not joined: that would copy everything once more."""
        out: list[bytes] = []
        start = 0
        if self._line:
            # Only the end of the line that began before is copied to it, not all that follows.
            start = _first_line_end(data) or len(data)
            self._take(self._line + data[:start], 0, out)
        if start < len(data):
            self._take(data, start, out)
        out.append(self._early())
        return [piece for piece in out if piece]

    def _take(self, text: bytes, start: int, out: list[bytes]) -> None:
        """Pass on whole lines from `start`, and all but the last piece of a long one."""
        clean = start + self._sent  # what follows is passed on as it is, up to `start`
        sign = -1  # where the next sign of a secret is, the end of the text if there is none
        while True:
            end = _line_end(text, start)
            if end > start:
                if sign < start:
                    sign = self._masks.suspect(text, start)
                    sign = sign if sign >= 0 else len(text)
                if self._block is not None or sign < end:
                    out.append(text[clean:start])
                    out.append(self._lines(text, start, end))
                    clean = end
                self._sent, self._mid = 0, False
                start = end
            elif len(text) - start >= LINE_BYTES:
                out.append(text[clean:start])
                cut = self._cut(text[start : start + LINE_BYTES])
                out.append(self._masked(text[start : start + cut], b""))
                self._sent, self._mid = min(cut, CONTEXT_BYTES), True
                start += cut - self._sent
                clean = start + self._sent
            else:
                break
        out.append(text[clean:start])
        self._line = text[start:]

    def finish(self) -> bytes:
        """What was held back. Nothing comes after this."""
        line, self._line = self._line, b""
        out = self._whole(line, b"") if line else b""
        return out + self._close_block() if self._block is not None else out

    def _early(self) -> bytes:
        """Of the unfinished line, what cannot belong to a secret."""
        line, sent = self._line, self._sent
        if self._block is not None or len(line) <= sent:
            return b""
        held = self._masks.held_from(line)
        if held <= sent:
            return b""
        self._sent = held
        return line[sent:held]

    def _lines(self, text: bytes, start: int, end: int) -> bytes:
        """Whole lines of a text with their ends, less what of the first has been passed on."""
        out: list[bytes] = []
        while start < end:
            suspect = start
            if self._block is None:
                suspect = self._masks.suspect(text, start, end)
                if suspect < 0:
                    break
            first = 1 + max(text.rfind(b"\n", start, suspect), text.rfind(b"\r", start, suspect))
            if first > start:
                out.append(text[start + self._sent : first])
                start, self._sent, self._mid = first, 0, False
            ends = (text.find(b"\n", suspect, end), text.find(b"\r", suspect, end))
            body_end = min(place for place in ends if place >= 0)
            out.append(self._whole(text[start:body_end], text[body_end : body_end + 1]))
            start, self._sent, self._mid = body_end + 1, 0, False
        out.append(text[start + self._sent : end])
        return out[0] if len(out) == 1 else b"".join(out)

    def _whole(self, body: bytes, ending: bytes) -> bytes:
        if self._block is not None:
            if (match := self._block.ends.search(body)) is None and _KEY_LINE.fullmatch(body):
                self._block.add(body, ending)
                return b""
            mask = self._close_block()
            if match is not None:
                return mask + body[match.start() :] + ending
            return mask + self._whole(body, ending)
        out = self._masked(body, ending)
        if _KEY_BEGINS.search(body):
            self._block = _Block(_KEY_ENDS)
        elif _PUTTY_BEGINS.search(body):
            self._block = _Block(compiled("^Private-MAC: "))
        return out

    def _masked(self, body: bytes, ending: bytes) -> bytes:
        """One line, or piece of a long one, with its secrets masked, less what was passed on."""
        out, last = [], self._sent
        for start, end, kind in self._found(body):
            if end <= last:
                continue
            out += [body[last : max(start, last)], self._masks.of(body[start:end], kind)]
            self.found[kind] += 1
            last = end
        return b"".join([*out, body[last:], ending])

    def _found(self, body: bytes) -> list[Found]:
        if self._masks.suspect(body) < 0:
            return []
        if not self._mid:
            return self._masks.find(body)
        # The zero keeps rules for the beginning of a line away from the middle of one.
        found = self._masks.find(b"\0" + body)
        return [one._replace(start=one.start - 1, end=one.end - 1) for one in found]

    def _cut(self, piece: bytes) -> int:
        """Where the first piece of a long line ends: behind a break, outside of every secret."""
        cut = 1 + max(piece.rfind(one, len(piece) * 3 // 4) for one in _BREAKS)
        cut = cut or len(piece)
        for start, end, _ in self._found(piece):
            if start < cut <= end and start > len(piece) // 2:
                return start
        return cut

    def _close_block(self) -> bytes:
        assert self._block is not None
        block, self._block = self._block, None
        if not block.ending:
            return b""
        self.found["private-key"] += 1
        return self._masks.of(block.digest.digest(), "private-key") + block.ending


class _Block:
    """A private key of several lines. `ending` is how its last line ended; empty before one."""

    def __init__(self, ends: Any) -> None:
        self.ends = ends
        self.digest = sha256()
        self.ending = b""

    def add(self, body: bytes, ending: bytes) -> None:
        self.digest.update(body.strip())
        self.ending = ending or b"\n"


def _first_line_end(data: bytes) -> int:
    """Behind the first end of a line; 0 if there is none."""
    ends = (data.find(b"\n"), data.find(b"\r", 0, data.find(b"\n")))
    return 1 + min((place for place in ends if place >= 0), default=-1)


def _line_end(text: bytes, start: int) -> int:
    """Behind the last end of a line among the next `LINE_BYTES`; `start` if there is none."""
    until = start + LINE_BYTES
    return 1 + max(text.rfind(b"\n", start, until), text.rfind(b"\r", start, until), start - 1)
