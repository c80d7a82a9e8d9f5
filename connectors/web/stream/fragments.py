"""Pieces of a session's page as HTML: an entry, what a running command adds, the side with its
gaps. Pure: from a `Book` and the bytes of chunks. Each carries an id by which a page puts it in
place, so that the same piece twice changes nothing.
"""

from collections.abc import Mapping, Sequence

from markupsafe import Markup
from msgspec import Struct

from stillfixed.actors.runbooks import shipped
from stillfixed.actors.session import events as e
from stillfixed.actors.session.gate import needs_rerun
from stillfixed.actors.session.history import Comparison, RunRecord, Standing
from stillfixed.actors.session.required import gap
from stillfixed.actors.session.runbook import Runbook
from stillfixed.actors.session.state import Check, State
from stillfixed.connectors.cli import render
from stillfixed.connectors.cli.stream import standing_of, told
from stillfixed.connectors.web.stream.book import Book, Line, Piece
from stillfixed.connectors.web.stream.outputs import LiveOutput, is_compared, shown_outputs
from stillfixed.connectors.web.stream.sides import SideRow, Values, reasons, side_rows, values
from stillfixed.connectors.web.templating import environment

_macros = environment.get_template("stream.html").module


def _drawn(macro: str, *context: object, **more: object) -> Markup:
    html: Markup = getattr(_macros, macro)(*context, **more)
    return html


class Compared(Struct, frozen=True):
    """A comparison, drawn. `rows` is None where the outputs are too long to stand side by side."""

    comparison: Comparison
    values: Values
    reasons: tuple[str, ...]
    rows: tuple[SideRow, ...] | None


def compared(comparison: Comparison, *, beside: bool = True, full: bool = False) -> Compared:
    """`beside` False leaves the outputs out."""
    return Compared(
        comparison,
        values(comparison.fields, comparison.fields_left_out),
        reasons(comparison),
        side_rows(comparison, full=full) if beside else None,
    )


def home_of(session: str) -> str:
    """The path of a session's page."""
    return f"/sessions/{session}"


# -- entries -------------------------------------------------------------------------------------
def entry(
    book: Book,
    line: Line,
    chunks: Mapping[str, bytes],
    live: LiveOutput | None = None,
    *,
    full: bool = False,
) -> Markup:
    """One entry as it is now; `live` is what a run has given so far, while it is going."""
    if not isinstance(line.event, e.RunStarted):
        return _drawn("told", line, told(line.event))
    home = home_of(book.session)
    record = book.record(line.event.run, chunks)
    if record.status == "running":
        return _drawn("going", home, line, record, live)
    comparison = book.comparison(record.run, chunks)
    if comparison is not None:
        beside = is_compared(book, record.run)
        shown = compared(comparison, beside=beside, full=full)
        outputs = () if beside else shown_outputs(record, full=full)
        return _drawn("verified", home, line, record, shown, outputs)
    return _drawn(
        "ran",
        home,
        line,
        record,
        shown_outputs(record, full=full),
        _bare(record),
        render.run_line(record),
    )


def _bare(record: RunRecord) -> str:
    return "quiet-run" if record.monitor and record.health == "healthy" else ""


def piece(one: Piece, live: LiveOutput) -> Markup:
    """What a piece of output adds to its run's entry."""
    found = live.texts.get(one.version)
    if found is None:
        return Markup("")
    return _drawn("piece", one.event.run, one.version, *found)


# -- the side ------------------------------------------------------------------------------------
class CheckLine(Struct, frozen=True):
    """A check in the list at the side; `at` is the version of the entry that shows it last."""

    check: Check
    standing: Standing
    at: int


class BookLine(Struct, frozen=True):
    """A loaded runbook, and how many of its checks are good."""

    book: e.RunbookLoaded
    good: int


def side_line(book: Book) -> Markup:
    """What is missing, in a line."""
    return _drawn("side_line", book.state, render.gaps(book.state))


def side(book: Book) -> Markup:
    """Everything beside the stream: what is missing first."""
    state = book.state
    return _drawn(
        "side",
        home=home_of(book.session),
        state=state,
        gaps=render.gaps(state),
        checks=_checks(book),
        loaded=[BookLine(one, _good(state, one)) for one in state.runbooks.values()],
        suited=_suited(state),
    )


_WORST_FIRST: tuple[Standing, ...] = (
    "regressed",
    "still_failing",
    "inconclusive",
    "baseline_only",
    "fixed",
    "healthy",
)


def _checks(book: Book) -> Sequence[CheckLine]:
    """Those that are not missing."""
    lines = [
        CheckLine(check, standing_of(book.state, key), book.line_of(check.last.run).version)
        for key, check in book.state.checks.items()
        if not needs_rerun(book.state, check)
    ]
    return sorted(lines, key=lambda line: _WORST_FIRST.index(line.standing))


def _good(state: State, book: e.RunbookLoaded) -> int:
    return sum(gap(state, book, check) is None for check in book.checks)


def _suited(state: State) -> list[Runbook]:
    """Shipped runbooks for the ticket's category that are not loaded."""
    loaded = {book.runbook for book in state.runbooks.values()}
    category = state.opened.category if state.opened else ""
    return [book for book in shipped().values() if book.name not in loaded and book.fits(category)]
