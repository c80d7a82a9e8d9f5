"""SSH servers that do what OpenSSH does not: Windows' long exit codes, devices, refusals."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import ClassVar

import asyncssh
import pytest
from asyncssh.packet import UInt32

from stillfixed.actors.errors import EndpointError
from stillfixed.actors.runtime.endpoints import EndpointSpec, Limits
from stillfixed.actors.verdicts.model import Platform
from stillfixed.connectors.endpoints import open_endpoint
from tests.support.runs import Got, run

CONTROL_C_EXIT = 0xC000013A
"""What Windows reports for a program that was interrupted."""


class OddSession(asyncssh.SSHServerSession[bytes]):
    """The command says how it goes."""

    told: ClassVar[list[str]] = []
    """What the server was told about a command that waits, by whichever session."""
    over: ClassVar[asyncio.Event]

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan

    def signal_received(self, signal: str) -> None:
        self.told.append(signal)

    def eof_received(self) -> bool:
        self.told.append("end of input")
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if self._command == "wait":
            self.told.append("close" if exc is None else f"loss: {exc}")
            self.over.set()

    def exec_requested(self, command: str) -> bool:
        self._command = command
        return command != "refuse"

    def session_started(self) -> None:
        self._channel.write(b"shown")
        if self._command == "wait":
            return
        if self._command == "interrupted":
            self._channel._send_request(b"exit-status", UInt32(CONTROL_C_EXIT))
        self._channel.close()


class OddServer(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return False

    def session_requested(self) -> OddSession:
        return OddSession()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EndpointSpec]:
    OddSession.told.clear()
    OddSession.over = asyncio.Event()
    key = asyncssh.generate_private_key("ssh-ed25519")
    listener = await asyncssh.listen(
        "127.0.0.1", 0, server_factory=OddServer, server_host_keys=[key], encoding=None
    )
    port = listener.get_port()
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{port} {key.export_public_key().decode()}")
    config = tmp_path / "config"
    config.touch()
    options = {"known_hosts": str(known), "config_file": str(config)}
    yield EndpointSpec(name="odd", address=f"anna@127.0.0.1:{port}", options=options)
    listener.close()
    await listener.wait_closed()


async def test_an_exit_code_of_windows_arrives_whole(server: EndpointSpec) -> None:
    """All 32 bits, as technicians look them up."""
    endpoint = await open_endpoint(server)
    outcome, _ = await run(endpoint, "interrupted")
    assert (outcome.end, outcome.exit_status) == ("exited", CONTROL_C_EXIT)
    await endpoint.close()


async def test_a_refused_command_is_an_error(server: EndpointSpec) -> None:
    """It certainly did not run, and the connection stays good."""
    endpoint = await open_endpoint(server)
    with pytest.raises(EndpointError, match="refused to run"):
        await run(endpoint, "refuse")
    assert (await run(endpoint, "interrupted"))[1].stdout == b"shown"
    await endpoint.close()


@pytest.mark.parametrize(("platform", "end"), [("network", "exited"), ("posix", "lost")])
async def test_an_end_without_a_status(server: EndpointSpec, platform: Platform, end: str) -> None:
    """Network devices end so; elsewhere nobody knows what the command did."""
    spec = EndpointSpec(
        name="odd", address=server.address, platform=platform, options=server.options
    )
    endpoint = await open_endpoint(spec)
    outcome, got = await run(endpoint, "show version")
    assert (outcome.end, outcome.exit_status, got.stdout) == (end, None, b"shown")
    assert outcome.detail
    await endpoint.close()


async def test_a_command_over_its_time_is_told_to_end(server: EndpointSpec) -> None:
    """The server sees TERM for it and then the close of its channel, on a connection that stays."""
    endpoint = await open_endpoint(server)
    outcome, _ = await run(endpoint, "wait", limits=Limits(time_seconds=0.1))
    assert outcome.end == "timed_out"
    async with asyncio.timeout(10):
        await OddSession.over.wait()
    assert OddSession.told == ["end of input", "TERM", "close"]
    assert endpoint.is_open
    await endpoint.close()


async def test_a_cancelled_command_is_told_to_end(server: EndpointSpec) -> None:
    """As one over its time is."""
    endpoint, got = await open_endpoint(server), Got()
    task = asyncio.create_task(run(endpoint, "wait", got=got))
    await got.first.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(10):
        await OddSession.over.wait()
    assert OddSession.told == ["end of input", "TERM", "close"]
    await endpoint.close()
