"""Connectors, endpoints: this machine itself.

Guarantee: a command and everything it started in its own process group is gone when its run ends
by time limit, cancellation or an error of the sink.
"""

import asyncio
import os
import shutil
import signal
import socket
from collections.abc import Awaitable
from contextlib import suppress
from typing import cast

from stillfixed.actors.errors import ConnectionLost, EndpointError
from stillfixed.actors.runtime.endpoints import End, EndpointSpec, Limits, Outcome, Sink
from stillfixed.connectors.endpoints.output import Output
from stillfixed.connectors.endpoints.shells import (
    WINDOWS_LINE_CHARACTERS,
    check_command,
    check_length,
    powershell_arguments,
)
from stillfixed.connectors.endpoints.waiting import discard

BUFFER_BYTES = 4 * 1024 * 1024
"""The most output of one run that waits in memory for a busy sink; then the pipes wait."""

KILLED_SECONDS = 5.0
"""How long a run waits for a killed process to be gone; one stuck in the kernel may never be."""


async def open_local(spec: EndpointSpec) -> "LocalEndpoint":
    """An endpoint of kind local: `address` is ignored, and there are no options.

    Raises `EndpointError` for an option, a platform without a shell here, or a missing PowerShell.
    """
    if spec.options:
        raise EndpointError(
            f"{spec.name}: a local endpoint has no option {sorted(spec.options)[0]!r}. Remove it."
        )
    match spec.platform:
        case "posix":
            return LocalEndpoint(("/bin/sh", "-c"), encoded=False)
        case "powershell":
            shell = shutil.which("pwsh") or shutil.which("powershell")
            if shell is None:
                raise EndpointError(
                    f"{spec.name}: PowerShell is not installed here: neither pwsh nor powershell"
                    " is on the PATH. Install it, or use the platform posix."
                )
            return LocalEndpoint((shell,), encoded=True)
        case other:
            raise EndpointError(
                f"{spec.name}: a local endpoint cannot have the platform {other}."
                " Use posix or powershell."
            )


class LocalEndpoint:
    def __init__(self, shell: tuple[str, ...], *, encoded: bool) -> None:
        self._shell = shell
        self._encoded = encoded
        self._runs: set[_Process] = set()
        self.is_open = True

    @property
    def identity(self) -> str:
        return f"local {socket.gethostname()}"

    async def run(
        self, command: str, *, sink: Sink, limits: Limits, before_send: Awaitable[None]
    ) -> Outcome:
        try:
            arguments = self._arguments(command)
        except EndpointError:
            discard(before_send)
            raise
        await before_send
        if not self.is_open:
            raise ConnectionLost("The local endpoint was closed before the command started.")
        process = _Process(sink, limits)
        await _start(process, arguments)
        self._runs.add(process)
        try:
            return await process.wait(limits.time_seconds)
        finally:
            self._runs.discard(process)

    def _arguments(self, command: str) -> tuple[str, ...]:
        check_command(command)
        if not self._encoded:
            return *self._shell, command
        arguments = (*self._shell, *powershell_arguments(command))
        check_length(" ".join(arguments), WINDOWS_LINE_CHARACTERS)
        return arguments

    async def close(self) -> None:
        """Runs in flight end as lost."""
        self.is_open = False
        for process in tuple(self._runs):
            process.end("lost", "The local endpoint was closed.")


async def _start(process: "_Process", arguments: tuple[str, ...]) -> None:
    loop = asyncio.get_running_loop()
    try:
        await loop.subprocess_exec(
            lambda: process, *arguments, stdin=asyncio.subprocess.DEVNULL, start_new_session=True
        )
    except OSError as error:
        raise EndpointError(
            f"The command could not be started: {error.strerror}."
            " If it is too long, put it in a script and run that."
        ) from error


class _Process(asyncio.SubprocessProtocol):
    """One command. asyncio calls it as things happen; `wait` is the run.

    A command ends when its process has exited and both pipes are closed, as over SSH: something it
    left in the background with the pipes open still counts as the command.
    """

    def __init__(self, sink: Sink, limits: Limits) -> None:
        self._output = Output(sink, limits.output_bytes, self._taken)
        self._waiting_bytes = 0
        self._ended: tuple[End, str] | None = None
        self._over = False
        self._gone = asyncio.Event()
        self._transport: asyncio.SubprocessTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._waiting_bytes += len(data)
        self._output.receive("stdout" if fd == 1 else "stderr", data)
        if self._waiting_bytes > BUFFER_BYTES:
            self._each_pipe("pause_reading")

    def _taken(self, size_bytes: int) -> None:
        was_full = self._waiting_bytes > BUFFER_BYTES
        self._waiting_bytes -= size_bytes
        if was_full and self._waiting_bytes <= BUFFER_BYTES:
            self._each_pipe("resume_reading")

    def connection_lost(self, exc: Exception | None) -> None:
        self._over = True
        self._gone.set()
        if self._transport is not None:
            self._transport.close()
        self._output.finish()

    async def wait(self, time_seconds: float) -> Outcome:
        loop = asyncio.get_running_loop()
        limit = f"The time limit of {time_seconds:g} seconds."
        timer = loop.call_later(time_seconds, self.end, "timed_out", limit)
        try:
            await self._output.deliver()
        finally:
            timer.cancel()
            self._kill()
            with suppress(TimeoutError):
                async with asyncio.timeout(KILLED_SECONDS):
                    await self._gone.wait()
        assert self._transport is not None
        status = self._transport.get_returncode()
        if self._ended is not None:
            end, detail = self._ended
            return self._output.outcome(end, detail=detail)
        if status is None:
            return self._output.outcome("lost", detail="The process went away unseen.")
        if status < 0:
            return self._output.outcome("signalled", signal=_signal_name(-status))
        return self._output.outcome("exited", exit_status=status)

    def end(self, end: End, detail: str) -> None:
        self._ended = end, detail
        self._kill()
        self._output.finish()

    def _kill(self) -> None:
        """The whole group, unless the command is over: what it left behind is meant to stay."""
        transport = self._transport
        if transport is None or self._over:
            return
        self._over = True
        with suppress(ProcessLookupError):
            os.killpg(transport.get_pid(), signal.SIGKILL)
        transport.close()

    def _each_pipe(self, action: str) -> None:
        for fd in (1, 2):
            pipe = self._transport and self._transport.get_pipe_transport(fd)
            if pipe is not None and not pipe.is_closing():
                getattr(pipe, action)()


def _signal_name(number: int) -> str:
    """As SSH names them: TERM, not SIGTERM."""
    try:
        return signal.Signals(number).name.removeprefix("SIG")
    except ValueError:
        return str(number)
