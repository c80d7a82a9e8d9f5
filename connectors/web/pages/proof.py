"""What a dispatcher looks at before deciding: the checks before and after, the worst first, and
what the gate says now. Pure, but for the chunks it is given."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from stillfixed.actors.session import events as e
from stillfixed.actors.session.history import Comparison, Standing, standing_of
from stillfixed.actors.session.state import Annotation, Check, State, check_key
from stillfixed.connectors.web.stream.book import Book
from stillfixed.connectors.web.stream.fragments import Compared, compared
from stillfixed.connectors.web.stream.outputs import size_of

WORST_FIRST: tuple[Standing, ...] = (
    "regressed",
    "still_failing",
    "inconclusive",
    "not_rerun",
    "fixed",
    "healthy",
    "baseline_only",
)
PROOF_BYTES = 4 * 1024 * 1024
"""Outputs of so many bytes in all stand side by side, the worst checks' first; the others' are in
the stream."""


class Said(NamedTuple):
    """An annotation that counts for closing. `current`: no change followed it."""

    id: str
    annotation: Annotation
    text: str
    current: bool

    @property
    def waits(self) -> bool:
        """Whether it is a reason that a dispatcher can accept."""
        a = self.annotation
        return a.kind == "cannot_verify" and self.current and a.accepted_by is None


def checks_of(state: State) -> list[Check]:
    """The worst first, those that showed a fault before the others."""
    return sorted(
        state.checks.values(),
        key=lambda check: (WORST_FIRST.index(standing_of(state, check)), check.health != "fault"),
    )


def chunks_for(book: Book, checks: Sequence[Check]) -> tuple[set[str], set[str]]:
    """The runs whose outputs are shown, and the chunks they are in."""
    runs: set[str] = set()
    size_bytes = 0
    for check in checks:
        sides = {check.baseline.run, check.last.run}
        size_bytes += sum(size_of(book, run) for run in sides)
        if size_bytes > PROOF_BYTES:
            break
        runs |= sides
    return runs, {piece.event.chunk for run in runs for piece in book.pieces(run)}


def comparisons(
    book: Book, checks: Sequence[Check], runs: set[str], chunks: Mapping[str, bytes]
) -> list[Compared]:
    found = []
    for check in checks:
        v = check.verification
        before = book.record(check.baseline.run, chunks)
        comparison = Comparison(
            endpoint=check.endpoint,
            command=check.command,
            standing=standing_of(book.state, check),
            before=before,
            after=book.record(v.seen.run, chunks) if v else None,
            reasons=v.reasons if v else before.reasons,
            expect=book.state.expectations.get(check_key(check.endpoint, check.check)),
        )
        found.append(compared(comparison, beside=check.baseline.run in runs))
    return found


def said(book: Book) -> list[Said]:
    """Annotations of kind verification and cannot_verify, the newest first."""
    found = []
    for line in reversed(book.lines):
        event = line.event
        if isinstance(event, e.Annotated) and event.kind != "note":
            annotation = book.state.annotations[event.annotation]
            current = annotation.level == book.state.level
            found.append(Said(event.annotation, annotation, event.text, current))
    return found


def asked(book: Book) -> e.ClosureRequested | None:
    """The technician's last request for closure."""
    for line in reversed(book.lines):
        if isinstance(line.event, e.ClosureRequested):
            return line.event
    return None


def last_step(book: Book) -> e.SessionEvent | None:
    """How the last request ended: what was decided, refused or sent back."""
    for line in reversed(book.lines):
        match line.event:
            case e.ClosureGranted() | e.ClosureSentBack() | e.ClosureRefused():
                return line.event
            case e.ClosureRequested():
                return None
            case _:
                pass
    return None
