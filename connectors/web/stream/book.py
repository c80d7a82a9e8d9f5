"""A session's history arranged for its page: which entries there are, what each run has so far, and
which entries changed since a position. Pure.

Guarantee: whoever has seen position p and is given everything that `touched_since(p)` and
`pieces_since(p)` name has seen all of it, whatever was recorded between.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter, itemgetter

from msgspec import Struct

from stillfixed.actors.session import events as e
from stillfixed.actors.session.history import (
    Comparison,
    Entry,
    RunRecord,
    place_of,
    run_record,
)
from stillfixed.actors.session.state import State, check_key, evolve, with_runbook
from stillfixed.connectors.cli.text import day


class Piece(Struct, frozen=True):
    """One stretch of a run's output."""

    position: int
    version: int
    event: e.OutputCaptured


class Line(Struct):
    """One entry of the stream, without its output."""

    version: int
    event: e.SessionEvent
    opens_day: bool


class Book:
    """`add` events from version 1 on, in their order, without a hole."""

    def __init__(self, session: str) -> None:
        self.session = session
        self.version = 0
        self.position = 0
        self.state = State()
        self.lines: list[Line] = []
        self.running: dict[str, None] = {}
        self._line_of: dict[str, Line] = {}
        self._facts: dict[str, list[e.SessionEvent]] = {}
        self._pieces: dict[str, list[Piece]] = {}
        self._removed: dict[str, list[Piece]] = {}
        """What was captured and is not in the log any more."""
        self._books: dict[str, e.RunbookLoaded] = {}
        self._books_at: dict[str, dict[str, e.RunbookLoaded]] = {}
        self._touched: list[tuple[int, Line]] = []

    def add(self, position: int, version: int, event: e.SessionEvent) -> None:
        self.position, self.version = position, version
        self.state = evolve(self.state, event)
        match event:
            case e.RunStarted(run=run):
                self._line_of[run] = self._enter(event)
                self._facts[run] = [event]
                self._pieces[run] = []
                self._books_at[run] = self._books
                self.running[run] = None
            case e.OutputCaptured(run=run):
                self._pieces[run].append(Piece(position, version, event))
            case e.RunFinished(run=run) | e.RunNotSent(run=run) | e.RunInterrupted(run=run):
                self.running.pop(run, None)
                self._say_of(run, event)
            case e.CheckObserved(run=run) | e.CheckVerified(verification=run):
                self._say_of(run, event)
            case e.VerdictOverridden(verification=run):
                self._say_of(run, event)
                self._enter(event)
            case e.OutputsRemoved():
                self._remove_outputs(event)
                self._enter(event)
            case e.MonitorFired(skipped=""):
                pass  # the run that follows says it
            case _:
                if isinstance(event, e.RunbookLoaded):
                    self._books = with_runbook(self._books, event)
                self._enter(event)

    def _remove_outputs(self, event: e.OutputsRemoved) -> None:
        """Nobody asks for these pieces any more; each run that had one says so."""
        for run, pieces in self._pieces.items():
            if pieces:
                self._removed.setdefault(run, []).extend(pieces)
                pieces.clear()
                self._say_of(run, event)

    def _enter(self, event: e.SessionEvent) -> Line:
        opens_day = not self.lines or day(self.lines[-1].event.at) != day(event.at)
        line = Line(self.version, event, opens_day)
        self.lines.append(line)
        self._touched.append((self.position, line))
        return line

    def _say_of(self, run: str, event: e.SessionEvent) -> None:
        self._facts[run].append(event)
        self._touched.append((self.position, self._line_of[run]))

    # -- what there is ---------------------------------------------------------------------------
    def before(self, version: int | None, limit: int) -> Sequence[Line]:
        """The last `limit` lines below a version, or of all."""
        end = len(self.lines)
        if version is not None:
            end = bisect_left(self.lines, version, key=attrgetter("version"))
        return self.lines[max(0, end - limit) : end]

    def touched_since(self, position: int) -> Sequence[Line]:
        """Lines that are new or say more since a position, in the order of the stream."""
        start = bisect_right(self._touched, position, key=itemgetter(0))
        found = {line.version: line for _, line in self._touched[start:]}
        return [found[version] for version in sorted(found)]

    def pieces_since(self, position: int) -> Iterator[Piece]:
        """Output since a position of runs that are still going."""
        for run in self.running:
            pieces = self._pieces[run]
            yield from pieces[bisect_right(pieces, position, key=attrgetter("position")) :]

    def pieces(self, run: str) -> Sequence[Piece]:
        return self._pieces[run]

    def is_removed(self, run: str) -> bool:
        """Whether the run had an output that is not in the log any more."""
        return run in self._removed

    def has_run(self, run: str) -> bool:
        return run in self._facts

    def line_of(self, run: str) -> Line:
        return self._line_of[run]

    def entry(self, line: Line, record: RunRecord | None) -> Entry:
        event = line.event
        return Entry(version=line.version, at=event.at, by=event.by, event=event, run=record)

    def record(self, run: str, chunks: Mapping[str, bytes]) -> RunRecord:
        """A run with what of its output is in `chunks`: it is `cut` where one is missing."""
        outputs: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
        cut = False
        masked: Counter[str] = Counter()
        for piece in self._removed.get(run, ()):
            masked.update(piece.event.masked)
        for piece in self._pieces[run]:
            masked.update(piece.event.masked)
            data = chunks.get(piece.event.chunk)
            cut = cut or data is None
            if not cut and data is not None:
                outputs[piece.event.output].append(data)
        facts = self._facts[run]
        started = facts[0]
        assert isinstance(started, e.RunStarted)
        return run_record(
            facts,
            run,
            stdout=b"".join(outputs["stdout"]),
            stderr=b"".join(outputs["stderr"]),
            cut=cut or run in self._removed,
            masked=masked,
            runbook=place_of(started, self._books_at[run]),
        )

    def baseline_of(self, run: str) -> str | None:
        """The run that this one was judged beside."""
        verified = self._verified(run)
        return verified.baseline if verified else None

    def comparison(self, run: str, chunks: Mapping[str, bytes]) -> Comparison | None:
        """Both sides as they were judged when this run ended; None where it was not."""
        verified = self._verified(run)
        if verified is None:
            return None
        before, after = self.record(verified.baseline, chunks), self.record(run, chunks)
        return Comparison(
            endpoint=after.endpoint,
            command=after.command,
            standing=after.override.verdict if after.override else verified.verdict,
            before=before,
            after=after,
            reasons=verified.reasons,
            expect=self.state.expectations.get(check_key(verified.endpoint, verified.check)),
        )

    def _verified(self, run: str) -> e.CheckVerified | None:
        for event in reversed(self._facts[run]):
            if isinstance(event, e.CheckVerified):
                return event
        return None
