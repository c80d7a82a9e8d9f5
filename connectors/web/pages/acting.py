"""What a technician does in a session from its page: every form and every line that is typed.

A line is a command for the endpoint, or one of the shell's slash commands (cli/slash), which mean
the same here. What is done answers once it is in the history; output comes by the stream.
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import cast

from stillfixed.actors.client_async import AsyncSession
from stillfixed.actors.errors import RequestRefused, StillfixedError
from stillfixed.actors.runbooks import is_path
from stillfixed.actors.session import events as e
from stillfixed.actors.session.gate import needs_rerun
from stillfixed.actors.session.state import Check, State
from stillfixed.connectors.cli import arguments as a
from stillfixed.connectors.cli import slash
from stillfixed.connectors.cli.runbooks import parameters, words
from stillfixed.connectors.cli.terminal import UsageError
from stillfixed.connectors.web.desk import Desk
from stillfixed.connectors.web.hub import Heard


class Technician:
    """One person in one session, for one request. `request_id` makes a form that is sent twice
    happen once."""

    def __init__(
        self, desk: Desk, session: AsyncSession, endpoint: str = "", request_id: str = ""
    ) -> None:
        self._desk = desk
        self._session = session
        self._endpoint = endpoint
        self._request_id = request_id or secrets.token_hex(8)

    async def type(self, line: str) -> None:
        """Do what a line says. Raises `RequestRefused` that says what is wrong with it, and
        whatever the session answers."""
        try:
            name, argument = slash.parse(line)
            if name:
                await self._slash(name, argument)
            else:
                await self.run(line)
        except UsageError as error:
            raise RequestRefused(str(error)) from None

    async def _slash(self, name: str, argument: str) -> None:
        if name not in SLASH:
            raise RequestRefused(f"{name} is for the terminal; the page has it in sight.")
        await SLASH[name](self, argument)

    # -- runs ------------------------------------------------------------------------------------
    async def run(self, command: str) -> None:
        """Send a command; returns when its start is in the history."""
        hub = self._desk.hub
        await hub.start()
        after = await self._desk.client.newest_position()
        run = self._session.run(command, endpoint=self._endpoint, request_id=self._request_id)
        going = self._desk.background.start(run, f"a run in {self._session.id}")
        heard = asyncio.create_task(self._started(after))
        await asyncio.wait((going, heard), return_when=asyncio.FIRST_COMPLETED)
        heard.cancel()
        if going.done():
            going.result()  # raises what refused it

    async def _started(self, after: int) -> None:
        watch = self._desk.hub.watch(after=after, session=self._session.id)
        async with aclosing(cast(AsyncGenerator[Sequence[Heard], None], watch)) as batches:
            async for batch in batches:
                for one in batch:
                    if one.request_id == self._request_id and isinstance(one.event, e.RunStarted):
                        return

    async def rerun(self, run: str = "", *, every: bool = False) -> None:
        """Run a check again: the one that `run` was of, each that a change has followed, or every
        one. The first has begun when this returns; the others follow it, one after the other."""
        checks = _checks_to_rerun(await self._session.state(), run, every=every)
        first, *others = [
            Technician(
                self._desk, self._session, check.endpoint, f"{self._request_id}/{number}"
            )._whole_run(check.command)
            for number, check in enumerate(checks)
        ]
        self._desk.background.start(_each(first, *others), f"checks again in {self._session.id}")

    def _whole_run(self, command: str) -> Callable[[], Awaitable[object]]:
        return lambda: self._session.run(
            command, endpoint=self._endpoint, request_id=self._request_id
        )

    async def cancel(self, run: str) -> None:
        await self._session.cancel(run, request_id=self._request_id)

    async def runbook(self, argument: str) -> None:
        """Load a shipped runbook, if it is not loaded, and run its checks. A file is refused: the
        page's people have no business in the host's folders."""
        name, *given = words(argument) or [""]
        if not name or is_path(name):
            raise RequestRefused("Write the name of a runbook that comes with stillfixed.")
        state = await self._session.state()
        if given or not any(
            book.runbook == name and self._endpoint in ("", book.endpoint)
            for book in state.runbooks.values()
        ):
            await self._session.load_runbook(
                name,
                endpoint=self._endpoint,
                parameters=parameters(given),
                request_id=f"{self._request_id}/load",
            )
        going = self._session.run_runbook(
            name, endpoint=self._endpoint, request_id=self._request_id
        )
        self._desk.background.start(going, f"runbook {name} in {self._session.id}")

    # -- words -----------------------------------------------------------------------------------
    async def annotate(self, kind: e.AnnotationKind, text: str) -> None:
        await self._session.annotate(kind, text, request_id=self._request_id)

    async def changed(self, text: str) -> None:
        await self._session.declare_change(text, request_id=self._request_id)

    async def expect(self, argument: str) -> None:
        expectation, _, command = argument.partition(" -- ")
        if not command.strip():
            raise RequestRefused(
                "Say of which check, too: /expect Status == OK -- systemctl is-active postfix"
            )
        await self._session.expect(
            command.strip(),
            expectation.strip(),
            endpoint=self._endpoint,
            request_id=self._request_id,
        )

    # -- the session -----------------------------------------------------------------------------
    async def monitor(self, argument: str) -> None:
        (at, every, until), command = slash.monitor_words(argument)
        await self._session.monitor(
            command,
            endpoint=self._endpoint,
            at=at,
            every=every,
            until=until,
            request_id=self._request_id,
        )

    async def stop_monitor(self, monitor: str) -> None:
        await self._session.stop_monitor(monitor, request_id=self._request_id)

    async def add_endpoint(self, argument: str) -> None:
        """`user@host:port [PLATFORM]`. Never this host itself: whoever runs commands on it could
        read what others may not."""
        typed, *more = argument.split() or [""]
        platform = a.platform(more[0]) if more else "posix"
        name, address, kind = a.endpoint_address(typed)
        if kind != "ssh":
            raise RequestRefused("From the page, endpoints are reached by SSH: user@host:port.")
        await self._session.add_endpoint(
            name, address, kind=kind, platform=platform, request_id=self._request_id
        )

    async def take_over(self) -> None:
        await self._session.take_over(request_id=self._request_id)

    async def close(self) -> None:
        """Ask for closure. Its answer is in the stream, with the gate's reasons."""
        await self._session.request_closure(request_id=self._request_id)


def _checks_to_rerun(state: State, run: str, *, every: bool) -> list[Check]:
    checks = list(state.checks.values())
    if run:
        found = [check for check in checks if check.seen(run)]
    else:
        found = [check for check in checks if every or needs_rerun(state, check)]
    if not found:
        raise RequestRefused("There is no check to run again: every one was run since.")
    return found


async def _each(*steps: Callable[[], Awaitable[object]]) -> None:
    """One after the other, to the end: that one was refused says nothing of the next."""
    refused: StillfixedError | None = None
    for step in steps:
        try:
            await step()
        except StillfixedError as error:
            refused = error
    if refused is not None:
        raise refused


SLASH: dict[str, Callable[[Technician, str], Awaitable[None]]] = {
    "/endpoint": Technician.add_endpoint,
    "/expect": Technician.expect,
    "/note": lambda technician, text: technician.annotate("note", text),
    "/verified": lambda technician, text: technician.annotate("verification", text),
    "/cannot-verify": lambda technician, text: technician.annotate("cannot_verify", text),
    "/changed": Technician.changed,
    "/monitor": Technician.monitor,
    "/stop-monitor": Technician.stop_monitor,
    "/runbook": Technician.runbook,
    "/take-over": lambda technician, _: technician.take_over(),
    "/close": lambda technician, _: technician.close(),
}
"""What the page takes of the shell's slash commands; the others are in sight on it."""

_OWN_HELP = {
    "/endpoint": ("/endpoint ADDRESS [PLATFORM]", "add an endpoint: user@host:port"),
    "/expect": ("/expect EXPECTATION -- COMMAND", "what healthy means, as in Status == OK"),
    "/runbook": ("/runbook NAME [PARAMETER=VALUE ...]", "run all checks of a shipped runbook"),
}


def slash_help() -> list[tuple[str, str]]:
    """Usage and help of each slash command here, in the terminal's words where they are true."""
    known = slash.COMMANDS
    return [_OWN_HELP.get(name, (known[name].usage, known[name].help)) for name in SLASH]
