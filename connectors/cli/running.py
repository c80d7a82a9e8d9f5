"""A command run from the terminal: its output as it comes, and Ctrl-C for it alone."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from rich.console import Console
from rich.text import Text

from stillfixed.actors.client_async import AsyncSession
from stillfixed.actors.errors import StillfixedError
from stillfixed.actors.live import OnOutput
from stillfixed.actors.session.history import RunRecord
from stillfixed.actors.session.requests import TIME_LIMIT_SECONDS
from stillfixed.connectors.cli.terminal import on_interrupt
from stillfixed.connectors.cli.text import LiveText

LOOK_AGAIN_SECONDS = 0.1


async def run_to_end(
    session: AsyncSession,
    command: str,
    *,
    endpoint: str = "",
    time_limit_seconds: float = TIME_LIMIT_SECONDS,
    on_output: OnOutput,
    said: Callable[[str], object],
) -> RunRecord:
    """Run a command. The first Ctrl-C cancels it, the second stops waiting (CancelledError)."""
    run = asyncio.create_task(
        session.run(
            command, endpoint=endpoint, time_limit_seconds=time_limit_seconds, on_output=on_output
        )
    )
    cancelling: list[asyncio.Task[None]] = []

    def interrupt() -> None:
        if cancelling:
            run.cancel()
        else:
            said("\nCancelling. Ctrl-C again stops waiting for it.")
            cancelling.append(asyncio.create_task(_cancel(session, command, run)))

    with on_interrupt(interrupt):
        try:
            return await run
        finally:
            for task in cancelling:
                task.cancel()


async def _cancel(session: AsyncSession, command: str, task: asyncio.Task[RunRecord]) -> None:
    """Cancel our run, as soon as the history shows its start."""
    while not task.done():
        for flight in reversed((await session.state()).running.values()):
            s = flight.started
            if (s.by, s.command, s.monitor) == (session.by, command, None):
                with suppress(StillfixedError):  # it may have ended by itself just now
                    await session.cancel(s.run)
                return
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


class LiveOutput:
    """Output on a console as it arrives, made harmless; stderr in red."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._texts = {"stdout": LiveText(), "stderr": LiveText()}
        self._at_line_start = True

    def __call__(self, output: Literal["stdout", "stderr"], data: bytes) -> None:
        self._show(output, self._texts[output].feed(data))

    def finish(self) -> None:
        """Show what was held back; the next thing printed starts a line."""
        for output in self._texts:
            self._show(output, self._texts[output].feed(b"", final=True))
        if not self._at_line_start:
            self._console.print()

    def _show(self, output: str, text: str) -> None:
        if text:
            style = "red" if output == "stderr" else ""
            self._console.print(Text(text, style=style, end=""), end="", soft_wrap=True)
            self._at_line_start = text.endswith("\n")


def pass_through(output: Literal["stdout", "stderr"], data: bytes) -> None:
    """Output byte for byte to ours, for pipes."""
    stream = sys.stdout if output == "stdout" else sys.stderr
    raw = getattr(stream, "buffer", None)
    if raw is None:
        stream.write(data.decode("utf-8", "replace"))
    else:
        raw.write(data)
    stream.flush()
