"""The interactive session: a stream to which a technician adds by typing.

A line goes to the endpoint, a slash command (`slash.py`) to the session. What others add, and what
monitors find, appears in the same stream, though never into the middle of a command's output.
"""

import asyncio
import sys
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress

from rich.console import RenderableType
from rich.text import Text

from stillfixed.actors.client_async import AsyncClient, AsyncSession, Seen
from stillfixed.actors.errors import HostUnavailable, StillfixedError
from stillfixed.actors.runbooks.running import loaded_runbook
from stillfixed.actors.session import events as e
from stillfixed.actors.session.history import RunRecord
from stillfixed.actors.session.state import State
from stillfixed.connectors.cli import render, runbook_views, runbooks, slash, stream
from stillfixed.connectors.cli.comparison import ComparisonView
from stillfixed.connectors.cli.lines import Lines, PipedLines, TerminalLines
from stillfixed.connectors.cli.running import LiveOutput, run_to_end
from stillfixed.connectors.cli.terminal import ERROR, UsageError, out
from stillfixed.connectors.cli.text import count, plain

ENTRIES_SHOWN = 12
NO_ENDPOINT = "(no endpoint)"


class Shell:
    """`hosted`: a host goes on when this process ends, so that monitors do."""

    def __init__(self, client: AsyncClient, session: AsyncSession, *, hosted: bool) -> None:
        self.client = client
        self.session = session
        self.hosted = hosted
        self.console = out()
        self.endpoint = ""
        self.last_command = ""
        self.closed = False
        self.leaving = False
        self._lost = False
        self._state = State()
        self._hinted: frozenset[str] = frozenset()
        self._talking = asyncio.Lock()
        """Held while something is shown that must stay in one piece."""
        self._monitor_runs: dict[str, str] = {}

    # -- the loop -------------------------------------------------------------------------------
    async def run(self) -> int:
        position = await self.client.newest_position()
        lines = await self._begin()
        following = asyncio.create_task(self._follow(position))
        try:
            while not (self.closed or self.leaving or self._lost):
                try:
                    line = await lines.next(self.endpoint or NO_ENDPOINT)
                except KeyboardInterrupt:
                    continue  # a line given up, as in any shell
                if line is None:
                    break
                if line.strip():
                    await self._obey(line)
        finally:
            following.cancel()
            await asyncio.wait([following])
        if not self.closed:
            self._say_how_to_go_on()
        return ERROR if self._lost else 0

    async def _begin(self) -> Lines:
        transcript = await self.session.transcript()
        state = self._state = transcript.state
        used = [run.endpoint for run in transcript.runs.values()]
        self.endpoint = next(reversed([*state.endpoints, *used]), "")
        self.show(stream.heading(self.session.id, state))
        if len(transcript.entries) > 2:
            shown = transcript.entries[-ENTRIES_SHOWN:]
            if len(shown) < len(transcript.entries):
                self.show(Text("… earlier: stillfixed transcript " + self.session.id, style="dim"))
            self.show(*stream.entries(shown))
        where = f"Commands go to {self.endpoint}. " if self.endpoint else "/endpoint adds one. "
        self.show(Text(f"{where}/help shows what else there is. Ctrl-D leaves.", style="dim"))
        if state.technician != self.session.by:
            self.show(Text(f"The session is {state.technician}'s: /take-over first.", "yellow"))
        await self.hint()
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            return PipedLines(lambda at, line: self.show(stream.prompt(at, line)))
        earlier = [run.command for run in transcript.runs.values() if not run.monitor]
        return TerminalLines(earlier=earlier, words=slash.COMMANDS, toolbar=self._toolbar)

    async def _obey(self, line: str) -> None:
        try:
            command, argument = slash.parse(line)
            work: Awaitable[None] = (
                slash.COMMANDS[command].do(self, argument) if command else self._command(line)
            )
            await work
        except (StillfixedError, UsageError) as error:
            self.show(Text.assemble(("error: ", "bold red"), plain(str(error))))
            # A host that was joined and has ended cannot be joined again by this process.
            self._lost = isinstance(error, HostUnavailable)

    # -- commands -------------------------------------------------------------------------------
    async def _command(self, command: str) -> None:
        if not self.endpoint:
            raise UsageError("Add an endpoint first: /endpoint user@host:port, or /endpoint local.")
        self.last_command = command
        async with self._talking:
            output = LiveOutput(self.console)
            with self._no_longer_waiting():
                try:
                    run = await run_to_end(
                        self.session,
                        command,
                        endpoint=self.endpoint,
                        on_output=output,
                        said=lambda text: self.show(Text(text, style="dim")),
                    )
                finally:
                    output.finish()
                await self._after_run(run)
        await self.hint()

    @contextmanager
    def _no_longer_waiting(self) -> Iterator[None]:
        """Around what a second Ctrl-C gives up: the shell goes on."""
        try:
            yield
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise  # the shell itself is ended
            self.show(Text("No longer waiting for it; it may still be going.", "yellow"))

    async def run_runbook(self, name: str, given: dict[str, str]) -> None:
        """Load it where it is not, and run its checks on the endpoint of the shell."""
        state = await self.session.state()
        load = await runbooks.to_load(state, name, self.endpoint, given, runbooks.ask_if_person())
        if load is not None:
            await self.session.load_runbook(
                name, endpoint=load.endpoint, parameters=load.parameters
            )
            state = await self.session.state()
        book = loaded_runbook(state, runbooks.name_of(name), self.endpoint)
        if load is not None:
            self.show(runbook_views.loaded_line(book))
        async with self._talking:
            with self._no_longer_waiting():
                await runbooks.run_all(self.session, book, self.show)
        await self.hint()

    async def _after_run(self, run: RunRecord) -> None:
        if note := render.missing_output(run):
            self.show(note)
        self.show(render.Beside("  ", render.run_line(run, with_verdict=False)))
        if run.verdict:
            await self.show_comparison(run.run)

    async def show_comparison(self, run: str) -> None:
        transcript = await self.session.transcript()
        if comparison := transcript.comparison_of(run):
            self.show(ComparisonView(comparison))

    async def hint(self) -> None:
        """Say which checks a change has left behind, when there are more of them."""
        state = self._state = await self.session.state()
        gaps = render.gaps(state)
        names = frozenset(f"{gap.endpoint} {gap.check}" for gap in gaps)
        if names - self._hinted and state.status == "open":
            self.show(render.gap_hint(gaps))
        self._hinted = names

    # -- what others add ------------------------------------------------------------------------
    async def _follow(self, position: int) -> None:
        with suppress(StillfixedError):
            async for seen in self.session.watch(after=position):
                await self._hear(seen)

    async def _hear(self, seen: Seen) -> None:
        event = seen.event
        match event:
            case e.RunStarted(monitor=str(monitor), run=run):
                self._monitor_runs[run] = monitor
            case e.OutputCaptured():
                pass
            case e.CheckObserved(run=run) if run in self._monitor_runs:
                await self._hear_line(self._monitor_runs[run], stream.told(event))
            case e.CheckVerified(verification=run) if run in self._monitor_runs:
                await self._hear_line(self._monitor_runs[run], stream.told(event))
                if event.verdict in ("still_failing", "regressed"):
                    async with self._talking:
                        await self.show_comparison(run)
            case e.RunNotSent(run=run) | e.RunInterrupted(run=run) if run in self._monitor_runs:
                await self._hear_line(self._monitor_runs[run], stream.told(event))
            case e.EndpointLost():
                await self._hear_line("", stream.told(event))
            case _ if event.by not in (self.session.by, e.RUNTIME):
                await self._hear_line(event.by, stream.told(event))
            case _:
                pass

    async def _hear_line(self, who: str, text: Text) -> None:
        async with self._talking:
            lead = Text.assemble(("» ", "dim"), (f"{plain(who)}  " if who else "", "bold"))
            self.show(lead.append_text(text))
            self._state = await self.session.state()
            self.closed = self._state.status == "closed"

    # -- showing --------------------------------------------------------------------------------
    def show(self, *things: RenderableType) -> None:
        for thing in things:
            self.console.print(thing)

    def _toolbar(self) -> str:
        state = self._state
        ticket = f"{state.opened.ticket} · {state.opened.client}" if state.opened else ""
        gaps = render.gaps(state)
        hint = f" · ! {count(len(gaps), 'check')} to run again" if gaps else ""
        return plain(f" {self.session.id} · {ticket} · {stream.status_words(state.status)}{hint}")

    def _say_how_to_go_on(self) -> None:
        self.show(
            Text(f"The session stays. Go on with: stillfixed shell {self.session.id}", style="dim")
        )
        if self._state.monitors and not self.hosted:
            self.show(Text("Its monitors run while a host does: stillfixed host", style="yellow"))
