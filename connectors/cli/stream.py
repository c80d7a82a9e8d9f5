"""A session's stream as lines to read: transcripts, events as they come, past states. Pure."""

from collections.abc import Iterable, Iterator
from typing import assert_never

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from stillfixed.actors.client_async import Seen, SessionInfo
from stillfixed.actors.session import events as e
from stillfixed.actors.session import history
from stillfixed.actors.session.gate import is_current
from stillfixed.actors.session.history import Entry, RunRecord, Standing, Transcript
from stillfixed.actors.session.state import State
from stillfixed.connectors.cli import render, runbook_views
from stillfixed.connectors.cli.text import clock, count, day, moment, plain, span
from stillfixed.connectors.cli.values import ValuesTable

OUTPUT_LINES_SHOWN = 40
KINDS = {"note": "note", "verification": "verified", "cannot_verify": "cannot verify"}


# -- one event ----------------------------------------------------------------------------------
def told(event: e.SessionEvent) -> Text:
    """One event as a sentence. Who and when stand beside it."""
    if isinstance(event, e.MonitorStarted | e.MonitorFired | e.MonitorEnded):
        return _told_monitor(event)
    if isinstance(
        event,
        e.ClosureRequested
        | e.ClosureRefused
        | e.ClosureConfirmed
        | e.ClosureSentBack
        | e.ClosureGranted
        | e.CallbackRecorded,
    ):
        return _told_closure(event)
    if isinstance(
        event,
        e.RunStarted
        | e.OutputCaptured
        | e.RunFinished
        | e.RunNotSent
        | e.RunInterrupted
        | e.CheckObserved
        | e.CheckVerified
        | e.VerdictOverridden,
    ):
        return _told_run(event)
    match event:
        case e.SessionOpened():
            more = "".join(f", {part}" for part in (event.team, event.category) if part)
            title = f": {event.title}" if event.title else ""
            return Text(plain(f"opened for ticket {event.ticket} of {event.client}{more}{title}"))
        case e.HandedOver():
            return Text(plain(f"took the session over from {event.earlier}"))
        case e.EndpointAdded():
            where = f"{event.kind} {event.address}".strip()
            return Text(plain(f"added endpoint {event.endpoint} ({where}, {event.platform})"))
        case e.EndpointConnected():
            return Text(plain(f"{event.endpoint} connected: {event.identity}"), style="dim")
        case e.EndpointLost():
            return Text(plain(f"{event.endpoint} lost: {event.reason}"), style="yellow")
        case e.ChangeDeclared():
            return Text.assemble(("changed outside the session: ", "bold"), plain(event.text))
        case e.ExpectationStated():
            return Text.assemble(
                "expects ", (plain(event.expect), "bold"), f" of {plain(event.command)}"
            )
        case e.RunbookLoaded():
            return _told_runbook(event)
        case e.Annotated():
            style = {"note": "cyan", "verification": "green", "cannot_verify": "yellow"}[event.kind]
            return Text.assemble(
                (KINDS[event.kind], f"bold {style}"), f" ({event.annotation}) ", plain(event.text)
            )
        case e.AnnotationAccepted():
            return Text(f"accepted the reason in {event.annotation}")
        case e.OutputsRemoved():
            what = f"{count(event.runs, 'run')}, {count(event.size_bytes, 'byte')}"
            rule = f"rule {event.rule}, {count(event.days, 'day')} after closing"
            return Text(plain(f"removed the outputs of {what} ({rule})"), style="yellow")
        case _ as never:
            assert_never(never)


def _told_run(
    event: e.RunStarted
    | e.OutputCaptured
    | e.RunFinished
    | e.RunNotSent
    | e.RunInterrupted
    | e.CheckObserved
    | e.CheckVerified
    | e.VerdictOverridden,
) -> Text:
    match event:
        case e.RunStarted():
            line = prompt(event.endpoint, event.command)
            return line.append(
                f"  {event.run}" + (f", monitor {event.monitor}" if event.monitor else ""), "dim"
            )
        case e.OutputCaptured():
            return Text(f"{event.run}: {count(event.size_bytes, 'byte')} of {event.output}", "dim")
        case e.RunFinished():
            status = f"exit {event.exit_status}" if event.end == "exited" else event.end
            return Text(f"{event.run}: {status.replace('_', ' ')}")
        case e.RunNotSent():
            return Text(plain(f"{event.run}: not sent: {event.reason}"), style="yellow")
        case e.RunInterrupted():
            return Text(plain(f"{event.run}: outcome unknown: {event.reason}"), style="yellow")
        case e.CheckObserved():
            shown = {"fault": "shows a fault", "healthy": "looks healthy", "unclear": "is unclear"}
            why = f": {event.reasons[0]}" if event.reasons else ""
            return Text(plain(f"{event.run} {shown[event.health]}{why}"))
        case e.CheckVerified():
            why = f": {event.reasons[0]}" if event.reasons else ""
            return Text.assemble(
                render.standing(event.verdict),
                plain(f"  {event.verification} beside {event.baseline}{why}"),
            )
        case e.VerdictOverridden():
            return Text.assemble(
                ("overrode ", "bold"),
                render.standing(event.replaces),
                f" of {plain(event.verification)} with ",
                render.standing(event.verdict),
                plain(f": {event.reason}"),
            )
        case _ as never:
            assert_never(never)


def _told_runbook(event: e.RunbookLoaded) -> Text:
    values = "".join(f", {name} = {value}" for name, value in event.parameters.items())
    line = Text.assemble(
        "loaded runbook ",
        (plain(event.runbook), "bold"),
        plain(f" on {event.endpoint}{values}: {event.title}"),
        (f" (digest {event.digest[: runbook_views.DIGEST_CHARS_SHOWN]})", "dim"),
    )
    for number, check in enumerate(event.checks, start=1):
        expects = f"  expects {check.expect}" if check.expect else ""
        line.append(plain(f"\n{number:>3}  {check.command}")).append(plain(expects), "dim")
    return line


def _told_monitor(event: e.MonitorStarted | e.MonitorFired | e.MonitorEnded) -> Text:
    match event:
        case e.MonitorStarted():
            when = f"once at {moment(event.first_at)}"
            if event.every_seconds is not None and event.until is not None:
                when = f"every {span(event.every_seconds)} until {moment(event.until)}"
            return Text(
                plain(f"monitor {event.monitor}: {event.command} on {event.endpoint}, {when}")
            )
        case e.MonitorFired():
            skipped = f" skipped: {event.skipped}" if event.skipped else ""
            follows = f", next {clock(event.next_due)}" if event.next_due else ", the last time"
            return Text(plain(f"monitor {event.monitor} due{follows}{skipped}"), style="dim")
        case e.MonitorEnded():
            return Text(plain(f"monitor {event.monitor} ended: {event.reason}"))
        case _ as never:
            assert_never(never)


def _told_closure(
    event: e.ClosureRequested
    | e.ClosureRefused
    | e.ClosureConfirmed
    | e.ClosureSentBack
    | e.ClosureGranted
    | e.CallbackRecorded,
) -> Text:
    match event:
        case e.ClosureRequested():
            return Text("asked to close")
        case e.ClosureRefused():
            reasons = "".join(f"\n- {plain(reason)}" for reason in event.reasons)
            return Text.assemble(("✗ closure refused", "bold red"), f" by {event.policy}{reasons}")
        case e.ClosureConfirmed():
            return Text("confirmed the closure")
        case e.ClosureSentBack():
            return Text.assemble(("sent back: ", "bold yellow"), plain(event.reason))
        case e.ClosureGranted():
            carried = f", carried by {', '.join(event.evidence)}" if event.evidence else ""
            unmet = "".join(f"\n- not met: {plain(reason)}" for reason in event.unmet)
            unmet += "".join(f"\n- overridden: {plain(said)}" for said in event.overrides)
            return Text.assemble(
                ("✓ closed", "bold green"), f" under {event.policy} ({event.mode}){carried}{unmet}"
            )
        case e.CallbackRecorded():
            how = "reopened" if event.kind == "reopened" else f"new ticket {event.ticket}"
            text = f": {event.text}" if event.text else ""
            return Text.assemble(("the client came back", "bold red"), plain(f" ({how}){text}"))
        case _ as never:
            assert_never(never)


def prompt(endpoint: str, command: str) -> Text:
    return Text.assemble((plain(endpoint), "cyan"), " $ ", (plain(command), "bold"))


def seen_line(seen: Seen) -> RenderableType:
    """One event of any session, for `watch`."""
    lead = Text.assemble((f"{clock(seen.event.at)}  {seen.position}  {seen.session}  ", "dim"))
    who = (plain(seen.event.by), "bold")
    body: RenderableType = Text.assemble(who, "  ", told(seen.event))
    if isinstance(seen.event, e.CheckVerified):
        table = ValuesTable(seen.event.fields, left_out=seen.event.fields_left_out)
        body = Group(body, table) if table.has_rows else body
    return render.Beside(lead, body)


# -- a transcript -------------------------------------------------------------------------------
class TranscriptView:
    """The whole stream. `full`: every line of every output."""

    def __init__(self, transcript: Transcript, *, full: bool = False) -> None:
        self._transcript = transcript
        self._full = full

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield heading(self._transcript.session, self._transcript.state)
        yield from entries(self._transcript.entries, full=self._full)
        comparisons = self._transcript.comparisons
        if comparisons:
            yield Rule(Text("checks"), align="left", style="dim", characters="─")
        for comparison in comparisons:
            yield Text.assemble(
                render.standing(comparison.standing),
                "  ",
                render.command_on(comparison.command, comparison.endpoint),
            )
            c = comparison
            if c.override and c.judged and c.standing != "not_rerun":
                yield render.Beside("  - ", render.disagreement(c.override, c.judged))
        if comparisons:
            yield Text(f"Side by side: stillfixed checks {self._transcript.session}", style="dim")


def heading(session: str, state: State) -> Text:
    """The session in one or two lines."""
    line = Text.assemble((session, "bold"))
    if state.opened is not None:
        o = state.opened
        parts = [f"ticket {o.ticket}", o.client, o.team, o.category, o.title]
        line.append(plain("".join(f" · {part}" for part in parts if part)))
    line.append(f"\n{status_words(state.status)}, {plain(state.technician)}'s", style="dim")
    if state.closed_at:
        line.append(f", closed {moment(state.closed_at)}", style="dim")
    return line.append(f", version {state.version}", style="dim")


def status_words(status: str) -> str:
    return status.replace("_", " ")


def entries(
    shown: Iterable[Entry], *, full: bool = False, last_day: str = ""
) -> Iterator[RenderableType]:
    """Entries in their order, with a line where a new day begins."""
    for entry in shown:
        if isinstance(entry.event, e.MonitorFired) and not entry.event.skipped:
            continue  # the run that follows says it
        if day(entry.at) != last_day:
            last_day = day(entry.at)
            yield Rule(Text(last_day), align="left", style="dim", characters="─")
        yield entry_block(entry, full=full)


def entry_block(entry: Entry, *, full: bool = False) -> RenderableType:
    body: RenderableType = told(entry.event)
    if entry.run is not None:
        asked = prompt(entry.run.endpoint, entry.run.command)
        if entry.run.monitor:
            asked.append(f"  monitor {entry.run.monitor}", style="dim")
        if place := entry.run.runbook:
            asked.append(f"  {plain(place.name)} {place.number}/{place.total}", style="dim")
        body = Group(asked, *run_block(entry.run, full=full))
    return render.Beside(_lead(entry.event), body)


def going_block(started: e.RunStarted) -> RenderableType:
    """A run that has begun, for those who follow; its whole entry comes when it has ended."""
    line = prompt(started.endpoint, started.command).append("  going …", style="dim")
    return render.Beside(_lead(started), line)


def _lead(event: e.SessionEvent) -> Text:
    by = plain("" if event.by == e.RUNTIME else event.by)
    return Text.assemble((clock(event.at), "dim"), "  ", (f"{by:10}  ", "bold"))


def run_block(run: RunRecord, *, full: bool = False) -> Iterator[RenderableType]:
    """A run's output and how it ended, set in under its command."""
    for output, style in ((run.text, ""), (run.error_text, "red")):
        lines = plain(output).rstrip("\n").split("\n") if output else []
        shown = lines if full or len(lines) <= OUTPUT_LINES_SHOWN else lines[:OUTPUT_LINES_SHOWN]
        if shown:
            yield render.Beside("  ", Text("\n".join(shown), style=style, overflow="fold"))
        if len(lines) > len(shown):
            hidden = count(len(lines) - len(shown), "line")
            yield Text(f"  … {hidden} more, --full shows all …", style="dim")
    if note := render.missing_output(run):
        yield render.Beside("  ", note)
    yield render.run_line(run)
    table = ValuesTable(run.fields, left_out=run.fields_left_out, full=full)
    # A monitor says the same again and again, which is worth a table only where it is bad.
    if table.has_rows and not (run.monitor and run.verdict in ("fixed", "healthy")):
        yield table


# -- lists and states ---------------------------------------------------------------------------
def sessions_table(infos: Iterable[SessionInfo]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for column in ("session", "ticket", "client", "status", "technician", "opened"):
        table.add_column(column, no_wrap=column in ("session", "opened"), overflow="fold")
    table.add_column("title", overflow="fold")
    for info in infos:
        h = info.heading
        style = {"closed": "dim", "awaiting_confirmation": "yellow"}.get(h.status, "")
        cells = (h.ticket, h.client, status_words(h.status), h.technician, moment(h.opened_at)[:16])
        table.add_row(info.id, *map(plain, cells), plain(h.title), style=style)
    return table


class StateView:
    """A session as it is or was: who, where, what each check showed."""

    def __init__(self, session: str, state: State) -> None:
        self._session = session
        self._state = state

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        s = self._state
        yield heading(self._session, s)
        if s.last_at:
            yield Text(f"last fact {moment(s.last_at)}", style="dim")
        for name, endpoint in s.endpoints.items():
            yield Text(plain(f"endpoint {name}: {endpoint.kind} {endpoint.address}".rstrip()))
        for key, check in s.checks.items():
            line = Text.assemble(
                render.standing(standing_of(s, key)),
                "  ",
                render.command_on(check.command, check.endpoint),
            )
            yield line
            v = check.verification
            if v and v.override and is_current(s, check):
                yield render.Beside("  - ", render.disagreement(v.override, v.verdict))
        for book in s.runbooks.values():
            yield runbook_views.standing(book, s)
        for run in s.running.values():
            yield Text(plain(f"going: {run.started.run} {run.started.command}"))
        for monitor, m in s.monitors.items():
            yield Text(plain(f"monitor {monitor}: {m.started.command}, next {moment(m.next_due)}"))
        for name, a in s.annotations.items():
            accepted = f", accepted by {a.accepted_by}" if a.accepted_by else ""
            yield Text(plain(f"{name}: {KINDS[a.kind]}, by {a.by}{accepted}"))


def standing_of(state: State, key: str) -> Standing:
    """A check's standing from the state alone, as `Transcript.compare` has it."""
    return history.standing_of(state, state.checks[key])
