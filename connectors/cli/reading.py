"""The verbs that read: from the log alone, starting nothing and waking nobody."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from stillfixed.actors.client_async import AsyncSession, Seen
from stillfixed.actors.session.events import (
    CheckObserved,
    CheckVerified,
    OutputCaptured,
    RunStarted,
)
from stillfixed.actors.session.history import Entry, Transcript
from stillfixed.connectors.cli import arguments as a
from stillfixed.connectors.cli import asjson, stream
from stillfixed.connectors.cli.comparison import ComparisonView
from stillfixed.connectors.cli.hosting import Common, verb
from stillfixed.connectors.cli.terminal import UsageError, err, out
from stillfixed.connectors.cli.text import day, parse_moment

READ = "Read"


def add_to(app: typer.Typer) -> None:
    verb(app, "sessions", panel=READ, reads=True)(sessions)
    verb(app, "checks", panel=READ, reads=True)(checks)
    verb(app, "transcript", panel=READ, reads=True)(transcript)
    verb(app, "watch", panel=READ, reads=True)(watch)
    verb(app, "at", panel=READ, reads=True)(at)


Found = Annotated[str | None, typer.Option(show_default=False)]


async def sessions(
    on: Common,
    ticket: Found = None,
    client: Found = None,
    team: Found = None,
    category: Found = None,
    technician: Found = None,
    status: Annotated[
        str | None, typer.Option(help="open, awaiting_confirmation or closed.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = 100,
    as_json: a.AsJson = False,
) -> None:
    """List sessions, newest activity first, all or those that match."""
    given = {
        "ticket": ticket,
        "client": client,
        "team": team,
        "category": category,
        "technician": technician,
        "status": status,
    }
    where = {key: value for key, value in given.items() if value is not None}
    async with on.reading() as service:
        infos = await service.sessions(limit=limit, **where)
    if as_json:
        print(asjson.dumps([asjson.session_json(info) for info in infos]))
    elif infos:
        out().print(stream.sessions_table(infos))
    else:
        err().print("No such session." if where else "No session yet.")


async def checks(
    on: Common, session: a.SessionId, full: a.Full = False, as_json: a.AsJson = False
) -> None:
    """Show every check before and after, side by side, faults first."""
    async with on.reading_session(session) as work:
        comparisons = await work.comparisons()
    if as_json:
        print(asjson.dumps([asjson.comparison_json(one, full=full) for one in comparisons]))
        return
    console = out()
    if not comparisons:
        err().print("No check was run in this session.")
    for number, comparison in enumerate(comparisons):
        if number:
            console.print()
        console.print(ComparisonView(comparison, full=full))


async def transcript(
    on: Common,
    session: a.SessionId,
    full: a.Full = False,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what happens, until Ctrl-C.")
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print JSON; with --follow one entry a line."),
    ] = False,
) -> None:
    """Show the whole stream: who did what when, with every output."""
    async with on.reading_session(session) as work:
        console = out()
        if follow:
            await _Following(work, console, full=full, as_json=as_json).run()
            return
        whole = await work.transcript()
    if as_json:
        print(asjson.dumps(asjson.transcript_json(whole)))
    else:
        console.print(stream.TranscriptView(whole, full=full))


class _Following:
    """Prints each entry once: a run when it has ended, everything else as it comes."""

    def __init__(
        self, session: AsyncSession, console: Console, *, full: bool, as_json: bool
    ) -> None:
        self._session = session
        self._console = console
        self._full = full
        self._as_json = as_json
        self._day = ""
        self._printed: set[int] = set()

    async def run(self) -> None:
        whole = await self._session.transcript()
        if not self._as_json:
            self._console.print(stream.heading(whole.session, whole.state))
        self._show(whole)
        async for seen in self._session.watch():
            if seen.version > whole.state.version:
                if self._shows_something(seen):
                    whole = await self._session.transcript()
                    self._show(whole)
                elif isinstance(seen.event, RunStarted) and not self._as_json:
                    self._console.print(stream.going_block(seen.event))

    @staticmethod
    def _shows_something(seen: Seen) -> bool:
        return not isinstance(
            seen.event, RunStarted | OutputCaptured | CheckObserved | CheckVerified
        )

    def _show(self, whole: Transcript) -> None:
        for entry in whole.entries:
            going = entry.run is not None and entry.run.status == "running"
            if entry.version not in self._printed and not going:
                self._printed.add(entry.version)
                self._print(entry)

    def _print(self, entry: Entry) -> None:
        if self._as_json:
            print(asjson.dumps(asjson.entry_json(entry)), flush=True)
            return
        for shown in stream.entries([entry], full=self._full, last_day=self._day):
            self._console.print(shown)
        self._day = day(entry.at)


async def watch(
    on: Common,
    session: Annotated[
        str, typer.Argument(metavar="SESSION", help="One session; else all.", show_default=False)
    ] = "",
    after: Annotated[
        int | None,
        typer.Option("--after", metavar="POSITION", help="Start after this position, 0 for all."),
    ] = None,
    as_json: a.AsJson = False,
) -> None:
    """Show events as they become durable, of one session or of all, until Ctrl-C."""
    console = out()
    async with on.reading() as service:
        position = await service.newest_position() if after is None else after
        watched = await service.session(session, by="") if session else service
        async for seen in watched.watch(after=position):
            if as_json:
                print(asjson.dumps(asjson.seen_json(seen)), flush=True)
            else:
                console.print(stream.seen_line(seen))


async def at(
    on: Common,
    session: a.SessionId,
    version: Annotated[
        int | None, typer.Option("--version", min=1, help="After this many facts.")
    ] = None,
    time: Annotated[
        str, typer.Option("--time", help="At this moment: 18:30 today, or 2026-11-24T18:30.")
    ] = "",
) -> None:
    """Show the session as it was at a version or a time; as it is now without either."""
    if version is not None and time:
        raise UsageError("Say which moment: a version or a time, one of the two.")
    async with on.reading_session(session) as work:
        if version is None and not time:
            state = await work.state()
        else:
            state = await work.at(version=version, time=_past(time) if time else None)
    out().print(stream.StateView(session, state))


def _past(time: str) -> datetime:
    """A moment that people name is the last one of that clock time, not the next."""
    now = datetime.now(UTC)
    try:
        found = parse_moment(time, now)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if ":" in time and "T" not in time and "-" not in time and found > now:
        return found - (parse_moment("+1d", now) - now.astimezone())
    return found
