"""The shell's slash commands: one table, which `/help` and the completion show."""

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple

from rich.table import Table
from rich.text import Text

from stillfixed.actors.session.events import AnnotationKind
from stillfixed.connectors.cli import arguments as a
from stillfixed.connectors.cli import render, runbook_views, runbooks
from stillfixed.connectors.cli.comparison import ComparisonView
from stillfixed.connectors.cli.terminal import UsageError

if TYPE_CHECKING:
    from stillfixed.connectors.cli.shell import Shell


class SlashCommand(NamedTuple):
    usage: str
    help: str
    do: Callable[["Shell", str], Awaitable[None]]


def parse(line: str) -> tuple[str, str]:
    """The slash command of a line and its argument; ("", line) where it goes to the endpoint. A
    path such as /usr/bin/true goes there, and so does anything after a space."""
    found = re.match(r"(/[a-z-]+)(?:\s+(.*))?$", line, re.DOTALL)
    if not found:
        return "", line
    if found[1] not in COMMANDS:
        raise UsageError(
            f"There is no {found[1]} here: /help shows what there is. If it is a command for the "
            "endpoint, put a space before it."
        )
    return found[1], (found[2] or "").strip()


# -- endpoints ----------------------------------------------------------------------------------
async def _endpoint(shell: "Shell", argument: str) -> None:
    state = await shell.session.state()
    if not argument:
        for name, known in state.endpoints.items():
            mark = "*" if name == shell.endpoint else " "
            shell.show(f"{mark} {name}  {known.kind} {known.address}".rstrip())
        if not state.endpoints:
            shell.show("No endpoint yet: /endpoint user@host:port, or /endpoint local.")
        return
    if argument not in state.endpoints:
        typed, *more = argument.split()
        if len(more) > 1:
            raise UsageError(f"Write it as {COMMANDS['/endpoint'].usage}.")
        platform = a.platform(more[0]) if more else "posix"
        name, address, kind = a.endpoint_address(typed)
        await shell.session.add_endpoint(name, address, kind=kind, platform=platform)
        argument = name
    shell.endpoint = argument
    shell.show(Text(f"Commands go to {argument}.", style="dim"))


# -- words --------------------------------------------------------------------------------------
def _annotate(kind: AnnotationKind) -> Callable[["Shell", str], Awaitable[None]]:
    async def annotate(shell: "Shell", argument: str) -> None:
        name = await shell.session.annotate(kind, argument)
        shell.show(Text(f"  {name} recorded", style="dim"))

    return annotate


async def _changed(shell: "Shell", argument: str) -> None:
    await shell.session.declare_change(argument)
    shell.show(Text("  recorded", style="dim"))
    await shell.hint()


async def _expect(shell: "Shell", argument: str) -> None:
    expectation, _, command = argument.partition(" -- ")
    command = command.strip() or shell.last_command
    if not expectation.strip() or not command:
        raise UsageError(f"Write it as {COMMANDS['/expect'].usage}.")
    await shell.session.expect(command, expectation.strip(), endpoint=shell.endpoint)
    shell.show(Text(f"  recorded for: {command}", style="dim"))
    for comparison in await shell.session.comparisons():
        if comparison.command == command and comparison.endpoint == shell.endpoint:
            shell.show(ComparisonView(comparison))


# -- checks and monitors ------------------------------------------------------------------------
async def _checks(shell: "Shell", argument: str) -> None:
    comparisons = await shell.session.comparisons()
    if not comparisons:
        shell.show("No check was run yet.")
    for number, comparison in enumerate(comparisons):
        shell.show(*([""] if number else []), ComparisonView(comparison))


def monitor_words(argument: str) -> tuple[a.Times, str]:
    """`every 5m for 2h COMMAND`: the words for times come first. When, and which command."""
    times = dict.fromkeys(("at", "every", "until", "for"), "")
    rest = argument
    while found := re.match(r"(at|every|until|for)\s+(\S+)\s+(.*)$", rest, re.DOTALL):
        times[found[1]] = found[2]
        rest = found[3]
    if not rest or rest == argument:
        raise UsageError(f"Write it as {COMMANDS['/monitor'].usage}.")
    when = a.monitor_times(
        at=times["at"], every=times["every"], until=times["until"], lasting=times["for"]
    )
    return when, rest


async def _monitor(shell: "Shell", argument: str) -> None:
    (at, every, until), command = monitor_words(argument)
    name = await shell.session.monitor(
        command, endpoint=shell.endpoint, at=at, every=every, until=until
    )
    shell.show(Text(f"  {name} recorded", style="dim"))
    if not shell.hosted:
        shell.show(
            Text("  It goes on while this shell or a host (stillfixed host) runs.", style="dim")
        )


async def _stop_monitor(shell: "Shell", argument: str) -> None:
    await shell.session.stop_monitor(argument)
    shell.show(Text(f"  {argument} ended", style="dim"))


async def _runbook(shell: "Shell", argument: str) -> None:
    """Without an argument, where the loaded ones stand and which others fit the ticket."""
    name, *given = runbooks.words(argument) or [""]
    if name:
        await shell.run_runbook(name, runbooks.parameters(given))
        return
    state = await shell.session.state()
    for book in state.runbooks.values():
        shell.show(runbook_views.standing(book, state))
    if suited := runbooks.suited(state, shell.endpoint):
        shell.show(runbook_views.table(suited))


# -- the session --------------------------------------------------------------------------------
async def _take_over(shell: "Shell", argument: str) -> None:
    await shell.session.take_over()
    shell.show(Text("  The session is yours.", style="dim"))


async def _close(shell: "Shell", argument: str) -> None:
    answer = await shell.session.request_closure()
    shell.show(render.closure(answer, shell.session.id))
    shell.closed = answer.result == "granted"


async def _quit(shell: "Shell", argument: str) -> None:
    shell.leaving = True


async def _help(shell: "Shell", argument: str) -> None:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    table.add_column(overflow="fold", style="dim")
    for command in COMMANDS.values():
        table.add_row(command.usage, command.help)
    shell.show(table, Text("Everything else goes to the endpoint. Ctrl-C cancels it.", "dim"))


COMMANDS: dict[str, SlashCommand] = {
    "/endpoint": SlashCommand(
        "/endpoint NAME | ADDRESS [PLATFORM]",
        "go on with this endpoint, or add it: user@host:port, an ssh alias, local",
        _endpoint,
    ),
    "/expect": SlashCommand(
        "/expect EXPECTATION [-- COMMAND]",
        "what healthy means, as in Status == OK; for the last command, or for another",
        _expect,
    ),
    "/note": SlashCommand("/note TEXT", "write a note", _annotate("note")),
    "/verified": SlashCommand(
        "/verified TEXT", "what you verified and how", _annotate("verification")
    ),
    "/cannot-verify": SlashCommand(
        "/cannot-verify TEXT",
        "what you checked, what cannot be checked, and why closing is right",
        _annotate("cannot_verify"),
    ),
    "/changed": SlashCommand(
        "/changed TEXT", "something was changed outside the session", _changed
    ),
    "/monitor": SlashCommand(
        "/monitor every 5m for 2h COMMAND",
        "go on with a check: every SPAN, for SPAN or until TIME; or once, at TIME",
        _monitor,
    ),
    "/stop-monitor": SlashCommand("/stop-monitor MONITOR", "end a monitor", _stop_monitor),
    "/checks": SlashCommand("/checks", "every check before and after", _checks),
    "/runbook": SlashCommand(
        "/runbook [NAME | FILE] [PARAMETER=VALUE ...]",
        "run all checks of a runbook, loaded first; alone: how they stand, and which fit",
        _runbook,
    ),
    "/take-over": SlashCommand("/take-over", "become the session's technician", _take_over),
    "/close": SlashCommand("/close", "ask to close the session", _close),
    "/help": SlashCommand("/help", "this list", _help),
    "/quit": SlashCommand("/quit", "leave; the session stays", _quit),
}
