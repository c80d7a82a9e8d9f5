"""The verbs that do something in a session. Those that read are in `reading.py`, those that doubt
a verdict in `disagreeing.py`."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from stillfixed.actors.client_async import AsyncClient, AsyncSession
from stillfixed.actors.session.history import RunRecord
from stillfixed.actors.session.requests import TIME_LIMIT_SECONDS, ClosureAnswer
from stillfixed.actors.verdicts.model import Platform
from stillfixed.connectors.cli import arguments as a
from stillfixed.connectors.cli import (
    asjson,
    batch,
    disagreeing,
    importing,
    keeping,
    people,
    reading,
    render,
    reports,
    runbooks,
    serving,
    views,
)
from stillfixed.connectors.cli.comparison import ComparisonView
from stillfixed.connectors.cli.hosting import Common, verb
from stillfixed.connectors.cli.running import LiveOutput, pass_through, run_to_end
from stillfixed.connectors.cli.terminal import ERROR, REFUSED, UsageError, err, out

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Durable sessions for service desks: no ticket closes on a fix nobody tested.",
)
WORK, CLOSE, OPERATE = "Work", "Close", "Operate"

Ticket = Annotated[str, typer.Option("--ticket", "-t", help="The ticket, as in T-1042.")]
Client = Annotated[str, typer.Option("--client", "-c", help="Whose ticket it is.")]
Team = Annotated[str, typer.Option("--team", help="Your team; policies may ask for it.")]
Category = Annotated[str, typer.Option("--category", help="What kind of fault it is.")]
Title = Annotated[str, typer.Option("--title", help="The fault in a few words.")]
AddEndpoint = Annotated[
    str,
    typer.Option(
        "--endpoint",
        "-e",
        metavar="ADDRESS",
        help="Add this endpoint: user@host:port, an ssh alias, or local.",
    ),
]
PlatformOption = Annotated[
    Platform, typer.Option("--platform", help="What the endpoint understands.")
]


# -- opening and working ------------------------------------------------------------------------
@verb(app, "open", panel=WORK)
async def open_session(
    on: Common,
    ticket: Ticket,
    client: Client,
    team: Team = "",
    category: Category = "",
    title: Title = "",
    endpoint: AddEndpoint = "",
    platform: PlatformOption = "posix",
    shell: Annotated[
        bool, typer.Option("--shell", help="Go on in an interactive session.")
    ] = False,
) -> int:
    """Open a session for a ticket and print its id."""
    address = a.endpoint_address(endpoint) if endpoint else None
    person = on.person
    async with on.writing() as service:
        session = await service.open(
            ticket=ticket, client=client, by=person, team=team, category=category, title=title
        )
        if address:
            name, where, kind = address
            await session.add_endpoint(name, where, kind=kind, platform=platform)
        if shell:
            return await _interactive(on, service, session)
        out().print(session.id)
    return 0


@verb(app, "shell", panel=WORK)
async def shell(
    on: Common,
    session: Annotated[
        str, typer.Argument(metavar="SESSION", help="A session to go on with.", show_default=False)
    ] = "",
    ticket: Ticket = "",
    client: Client = "",
    team: Team = "",
    category: Category = "",
    title: Title = "",
    endpoint: AddEndpoint = "",
    platform: PlatformOption = "posix",
) -> int:
    """Work in a session interactively. Without an id a new one is opened, for a ticket."""
    if not session and not (ticket and client):
        raise UsageError("Name a session, or open one with --ticket and --client.")
    if session and (ticket or client):
        raise UsageError(f"Session {session} has its ticket already: leave out the options.")
    address = a.endpoint_address(endpoint) if endpoint else None
    person = on.person
    if session:
        async with on.reading() as service:  # a wrong id should not cost a start of Ray
            await service.session(session, by=person)
    async with on.writing() as service:
        if session:
            work = await service.session(session, by=person)
        else:
            work = await service.open(
                ticket=ticket, client=client, by=person, team=team, category=category, title=title
            )
        if address:
            name, where, kind = address
            await work.add_endpoint(name, where, kind=kind, platform=platform)
        return await _interactive(on, service, work)


async def _interactive(on: Common, service: AsyncClient, session: AsyncSession) -> int:
    # Here, because prompt_toolkit takes a while to import and other verbs do not need it.
    from stillfixed.connectors.cli.shell import Shell

    return await Shell(service, session, hosted=on.is_hosted()).run()


@verb(app, "run", panel=WORK)
async def run(
    on: Common,
    session: a.SessionId,
    command: a.Command,
    endpoint: a.OnEndpoint = "",
    time_limit: Annotated[
        float, typer.Option("--time-limit", metavar="SECONDS", help="When to give up on it.")
    ] = TIME_LIMIT_SECONDS,
    exit_status: Annotated[
        bool, typer.Option("--exit-status", help="Exit with the command's own status.")
    ] = False,
    as_json: a.AsJson = False,
) -> int:
    """Run one command, show its output as it comes, and what it proves.

    Exits with 0 when the run was captured, whatever the command's own status.
    """
    notes = err()
    live = LiveOutput(out()) if sys.stdout.isatty() and not as_json else None
    async with on.writing_session(session) as work:
        record = await run_to_end(
            work,
            command,
            endpoint=endpoint,
            time_limit_seconds=time_limit,
            on_output=(lambda *_: None) if as_json else (live or pass_through),
            said=notes.print,
        )
        if live:
            live.finish()
        comparison = (await work.transcript()).comparison_of(record.run) if record.verdict else None
        waiting_checks = render.gaps(await work.state())
    if as_json:
        shown = asjson.comparison_json(comparison) if comparison else None
        print(asjson.dumps({**asjson.run_json(record), "comparison": shown}))
    else:
        notes.print(render.run_line(record, with_verdict=comparison is None))
        if comparison:
            notes.print(ComparisonView(comparison))
        if waiting_checks:
            notes.print(render.gap_hint(waiting_checks))
    return remote_status(record) if exit_status else captured_status(record)


def captured_status(run: RunRecord) -> int:
    return ERROR if run.status in ("not_sent", "interrupted") else 0


def remote_status(run: RunRecord) -> int:
    """What a shell would have: the command's own, 124 at the time limit, 130 cancelled, 125 where
    there is none."""
    if run.status == "exited" and run.exit_status is not None:
        return run.exit_status & 0xFF
    return {"timed_out": 124, "cancelled": 130}.get(run.status, 125)


@verb(app, "endpoint", panel=WORK)
async def endpoint(
    on: Common,
    session: a.SessionId,
    address: Annotated[
        str,
        typer.Argument(metavar="ADDRESS", help="user@host:port, an alias of ssh, or local."),
    ],
    name: Annotated[str, typer.Option("--name", help="What to call it; else its host.")] = "",
    kind: Annotated[str, typer.Option("--kind", help="The connector: ssh or local.")] = "",
    platform: PlatformOption = "posix",
    option: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="KEY=VALUE", help="An option of the connector."),
    ] = None,
) -> None:
    """Add an endpoint. The connection is made at the first run."""
    name, where, kind = a.endpoint_address(address, name, kind)
    more = a.options(option or [])
    async with on.writing_session(session) as work:
        await work.add_endpoint(name, where, kind=kind, platform=platform, options=more)
    out().print(name)


# -- words --------------------------------------------------------------------------------------
@verb(app, "note", panel=WORK)
async def note(on: Common, session: a.SessionId, text: a.Text) -> None:
    """Write a note in the stream and print its id."""
    async with on.writing_session(session) as work:
        out().print(await work.message(text))


@verb(app, "annotate", panel=WORK)
async def annotate(
    on: Common,
    session: a.SessionId,
    kind: Annotated[
        Literal["note", "verification", "cannot_verify"],
        typer.Argument(metavar="KIND", help="note, verification or cannot_verify."),
    ],
    text: a.Text,
) -> None:
    """Say what was verified and how, or why it cannot be; print the message's id."""
    async with on.writing_session(session) as work:
        out().print(await work.annotate(kind, text))


@verb(app, "accept", panel=CLOSE)
async def accept(
    on: Common,
    session: a.SessionId,
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="The message's id.")],
) -> None:
    """As a dispatcher: accept the reason in a cannot_verify message."""
    async with on.writing_session(session) as work:
        await work.accept(message)
    err().print(f"Accepted the reason in {message}.")


@verb(app, "changed", panel=WORK)
async def changed(on: Common, session: a.SessionId, text: a.Text) -> None:
    """Say that something was changed outside the session. Checks before it need another run."""
    async with on.writing_session(session) as work:
        await work.declare_change(text)
        waiting_checks = render.gaps(await work.state())
    if waiting_checks:
        err().print(render.gap_hint(waiting_checks))


@verb(app, "expect", panel=WORK)
async def expect(
    on: Common,
    session: a.SessionId,
    command: a.Command,
    expectation: Annotated[
        str, typer.Argument(metavar="EXPECTATION", help="As in 'Status == OK', in quotes.")
    ],
    endpoint: a.OnEndpoint = "",
) -> None:
    """State what healthy means for a check. What was judged without it is judged again."""
    async with on.writing_session(session) as work:
        await work.expect(command, expectation, endpoint=endpoint)
    err().print("Recorded.")


# -- monitors -----------------------------------------------------------------------------------
@verb(app, "monitor", panel=WORK)
async def monitor(
    on: Common,
    session: a.SessionId,
    command: a.Command,
    endpoint: a.OnEndpoint = "",
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="First run: 18:30 or +2h.")] = "",
    every: Annotated[str, typer.Option("--every", metavar="SPAN", help="How often: 5m, 1h.")] = "",
    until: Annotated[str, typer.Option("--until", metavar="TIME", help="The last moment.")] = "",
    lasting: Annotated[str, typer.Option("--for", metavar="SPAN", help="For how long.")] = "",
) -> None:
    """Go on with a check after you have left, once or every so often; print the monitor's id."""
    times = a.monitor_times(at=at, every=every, until=until, lasting=lasting)
    async with on.writing_session(session) as work:
        out().print(
            await work.monitor(
                command, endpoint=endpoint, at=times.at, every=times.every, until=times.until
            )
        )
    if not on.is_hosted():
        err().print("It runs while a host does: start one with `stillfixed host`.")


@verb(app, "stop-monitor", panel=WORK)
async def stop_monitor(
    on: Common,
    session: a.SessionId,
    name: Annotated[str, typer.Argument(metavar="MONITOR", help="The monitor's id, as in m1.")],
) -> None:
    """End a monitor."""
    async with on.writing_session(session) as work:
        await work.stop_monitor(name)
    err().print(f"Monitor {name} ended.")


# -- closing ------------------------------------------------------------------------------------
@verb(app, "close", panel=CLOSE)
async def close(on: Common, session: a.SessionId, as_json: a.AsJson = False) -> int:
    """Ask to close the session. Exits with 3 where the gate refuses, and says why."""
    async with on.writing_session(session) as work:
        answer = await work.request_closure()
    return _closed(answer, session, as_json)


@verb(app, "confirm", panel=CLOSE)
async def confirm(on: Common, session: a.SessionId, as_json: a.AsJson = False) -> int:
    """As a dispatcher: confirm a closure that waits. The gate rules once more."""
    async with on.writing_session(session) as work:
        answer = await work.confirm()
    return _closed(answer, session, as_json)


def _closed(answer: ClosureAnswer, session: str, as_json: bool) -> int:
    if as_json:
        print(asjson.dumps(asjson.closure_json(answer)))
    else:
        out().print(render.closure(answer, session))
    return REFUSED if answer.result == "refused" else 0


@verb(app, "send-back", panel=CLOSE)
async def send_back(on: Common, session: a.SessionId, reason: a.Text) -> None:
    """As a dispatcher: refuse a closure that waits, and say why."""
    async with on.writing_session(session) as work:
        await work.send_back(reason)
    err().print("Sent back: the session is open again.")


@verb(app, "take-over", panel=WORK)
async def take_over(on: Common, session: a.SessionId) -> None:
    """Become the session's technician."""
    async with on.writing_session(session) as work:
        await work.take_over()
    err().print(f"Session {session} is {on.person}'s now.")


@verb(app, "callback", panel=CLOSE)
async def callback(
    on: Common,
    session: a.SessionId,
    ticket: Annotated[
        str, typer.Option("--ticket", "-t", help="The new ticket, if there is one.")
    ] = "",
    text: Annotated[str, typer.Option("--text", help="What the client says.")] = "",
) -> None:
    """The client came back about this closed session: reopened, or with a new ticket."""
    async with on.writing_session(session) as work:
        await work.record_callback("new_ticket" if ticket else "reopened", ticket=ticket, text=text)
    err().print("Recorded.")


# -- policies -------------------------------------------------------------------------
@verb(app, "policy", panel=OPERATE)
async def policy(
    on: Common,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A policy file, in TOML.")],
) -> None:
    """Put a policy file in force from now on, for every session. A faulty file changes nothing."""
    person = on.person
    async with on.reading(
        may_begin=True
    ) as service:  # policies are adopted in the log, without a host
        await service.adopt_policies(file, by=person)
    err().print(f"The policies of {file} are in force.", soft_wrap=True)


serving.add_to(app, panel=OPERATE)
keeping.add_to(app, panel=OPERATE)
disagreeing.add_to(app)
reading.add_to(app)
batch.add_to(app)
runbooks.add_to(app, work=WORK, read=reading.READ)
people.add_to(app, panel=OPERATE)
views.add_to(app, panel=OPERATE)
reports.add_to(app, panel=OPERATE)
importing.add_to(app, panel=OPERATE)
