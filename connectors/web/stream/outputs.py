"""A run's output as a page shows it: cut to what one reads, with what is left out counted; and as
it arrives. Pure."""

from msgspec import Struct

from stillfixed.actors.session.history import RunRecord
from stillfixed.actors.session.state import JUDGED_BYTES
from stillfixed.connectors.cli.text import LiveText, count
from stillfixed.connectors.web.stream.book import Book, Piece
from stillfixed.connectors.web.stream.text import UNSEEN, shown

SHOWN_BYTES = 64 * 1024
SHOWN_LINES = 200
SHOWN_LINE_CHARS = 2_000
WHOLE_BYTES = 2 * 1024 * 1024
"""Of one run's output on its own page; beyond it there is the plain text."""
LIVE_BYTES = 256 * 1024
"""Of a run that is going, so much appears as it arrives; all of it is in the log."""


class Shown(Struct, frozen=True):
    """One output; `more` says what of it is not here, `removed` that it is nowhere any more; both
    are empty where all is here."""

    name: str
    text: str
    more: str = ""
    removed: str = ""


def shown_outputs(run: RunRecord, *, full: bool = False) -> tuple[Shown, ...]:
    """stdout and stderr of a run, those that are not empty."""
    found = []
    for name, text, size in (
        ("stdout", run.text, run.stdout_bytes),
        ("stderr", run.error_text, run.stderr_bytes),
    ):
        if size and run.removed:
            rule, at = shown(run.removed.rule), run.removed.at
            gone = f"{count(size, 'byte')} removed on {at:%Y-%m-%d} under the rule {rule}"
            found.append(Shown(name, "", removed=gone))
        elif text or (size and run.cut):
            found.append(_cut(name, text, size, is_cut=run.cut, full=full))
    return tuple(found)


def _cut(name: str, text: str, size: int, *, is_cut: bool, full: bool) -> Shown:
    missing = size - len(text.encode()) if is_cut else 0
    if not full and len(text) > SHOWN_BYTES:
        missing += len(text) - SHOWN_BYTES
        text = text[:SHOWN_BYTES]
    lines = shown(text).rstrip("\n").split("\n")
    kept = lines if full else [_short(line) for line in lines[:SHOWN_LINES]]
    more = []
    if len(lines) > len(kept):
        more.append(count(len(lines) - len(kept), "more line"))
    if missing > 0:
        more.append(count(missing, "more byte"))
    return Shown(name, "\n".join(kept), " and ".join(more))


def _short(line: str) -> str:
    if len(line) <= SHOWN_LINE_CHARS:
        return line
    left = count(len(line) - SHOWN_LINE_CHARS, "character")
    return f"{line[:SHOWN_LINE_CHARS]} … {left} more"


class LiveOutput:
    """What has arrived of a run that is going, piece by piece. A piece is decoded once, in order:
    a character or an escape sequence may begin in one and end in the next."""

    def __init__(self) -> None:
        self.texts: dict[int, tuple[str, str]] = {}
        """By the piece's version: which output, and what it adds to it."""
        self._decoders = {"stdout": LiveText(), "stderr": LiveText()}
        self._size_bytes = 0
        self.pieces = 0
        """How many were added, from the first on."""

    @property
    def is_full(self) -> bool:
        return self._size_bytes > LIVE_BYTES

    def add(self, piece: Piece, data: bytes) -> None:
        """The next piece."""
        self.pieces += 1
        self._size_bytes += len(data)
        name = piece.event.output
        text = self._decoders[name].feed(data[:LIVE_BYTES])
        self.texts[piece.version] = (name, text.translate(UNSEEN))


def chunks_wanted(book: Book, run: str) -> tuple[str, ...]:
    """The chunks from which a finished run's entry is drawn: both sides whole where it was judged
    beside another, the start of its output otherwise."""
    wanted: list[str] = []
    baseline = book.baseline_of(run)
    if baseline is not None and is_compared(book, run):
        for name in (baseline, run):
            wanted += [piece.event.chunk for piece in book.pieces(name)]
        return tuple(dict.fromkeys(wanted))
    return _first_chunks(book, run, SHOWN_BYTES)


def whole_chunks_wanted(book: Book, run: str) -> tuple[str, ...]:
    """The chunks for a run's own page."""
    if is_compared(book, run):
        return chunks_wanted(book, run)
    return _first_chunks(book, run, WHOLE_BYTES)


def _first_chunks(book: Book, run: str, limit_bytes: int) -> tuple[str, ...]:
    wanted: dict[str, None] = {}
    size_bytes = 0
    for piece in book.pieces(run):
        if size_bytes >= limit_bytes:
            break
        size_bytes += piece.event.size_bytes
        wanted[piece.event.chunk] = None
    return tuple(wanted)


def is_compared(book: Book, run: str) -> bool:
    """Whether the outputs of a judged run and its baseline are short enough to stand side by
    side: the judge reads no longer ones either. One that was removed stands nowhere."""
    baseline = book.baseline_of(run)
    sides = (baseline, run)
    return all(
        name is not None and size_of(book, name) <= JUDGED_BYTES and not book.is_removed(name)
        for name in sides
    )


def drawn_bytes(book: Book, run: str) -> int:
    """How much output a run's entry is drawn from."""
    if is_compared(book, run):
        return size_of(book, run) + size_of(book, book.baseline_of(run) or run)
    return min(size_of(book, run), SHOWN_BYTES)


def size_of(book: Book, run: str) -> int:
    """Bytes of output that are kept of a run."""
    return sum(sizes_of(book, run).values())


def sizes_of(book: Book, run: str) -> dict[str, int]:
    """The same for each output."""
    sizes: dict[str, int] = {}
    for piece in book.pieces(run):
        output = piece.event.output
        sizes[output] = sizes.get(output, 0) + piece.event.size_bytes
    return sizes
