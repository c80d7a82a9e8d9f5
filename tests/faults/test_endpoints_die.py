"""Endpoints that go away under a session, and output that never ends: facts in the history."""

import asyncio
from pathlib import Path

import pytest

import stillfixed
from stillfixed import AsyncClient, AsyncSession
from stillfixed.actors.session import events as e
from tests.support.sshd import Sshd

pytestmark = pytest.mark.ray


async def open_on(service: AsyncClient, server: Sshd) -> AsyncSession:
    session = await service.open(ticket="T-1", client="Acme", by="ana")
    spec = server.spec()
    await session.add_endpoint("web1", spec.address, options=spec.options)
    return session


async def test_a_server_killed_in_a_run_is_an_interruption(
    service: AsyncClient, own_server: Sshd, tmp_path: Path
) -> None:
    """The output so far is kept, the outcome is unknown, the command went once, and the next run
    finds the server again by itself."""
    session = await open_on(service, own_server)
    marks = tmp_path / "marks"
    command = f"echo sent >> {marks}; echo so far; sleep 60"
    seen = asyncio.Event()
    running = asyncio.create_task(session.run(command, on_output=lambda *_: seen.set()))
    await seen.wait()
    own_server.kill_connections()
    record = await running
    assert record.status == "interrupted"
    assert "unknown" in record.reason
    assert record.text == "so far\n"
    assert (await session.run("echo again")).text == "again\n"
    assert marks.read_text() == "sent\n"
    kinds = [type(entry.event) for entry in (await session.transcript()).entries]
    assert kinds.count(e.EndpointConnected) == 2
    assert kinds.count(e.EndpointLost) == 1


async def test_output_without_end_is_cut_counted_and_told(service: AsyncClient) -> None:
    """What is kept is bounded, what came is counted, and the judge does not guess."""
    session = await service.open(ticket="T-1", client="Acme", by="ana")
    await session.add_endpoint("here", kind="local")
    size_bytes, limit_bytes = 40_000_000, 3_000_000
    record = await session.run(f"head -c {size_bytes} /dev/zero", output_limit_bytes=limit_bytes)
    assert (record.status, record.exit_status) == ("exited", 0)
    assert record.stdout_bytes == size_bytes
    assert record.dropped_bytes == size_bytes - limit_bytes
    assert record.cut
    assert record.health == "unclear"


async def test_a_command_that_never_ends_meets_its_time_limit(service: AsyncClient) -> None:
    """The output until then is kept, and the session goes on."""
    session = await service.open(ticket="T-1", client="Acme", by="ana")
    await session.add_endpoint("here", kind="local")
    record = await session.run("echo started; sleep 1000", time_limit_seconds=0.5)
    assert (record.status, record.text) == ("timed_out", "started\n")
    assert (await session.run("echo on")).ok


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("nobody@127.0.0.1:1", "port 1"),
        ("host.invalid", "host.invalid"),
        ("not an address", "not an SSH address"),
    ],
)
async def test_an_endpoint_that_cannot_be_reached_is_told_and_nothing_is_sent(
    service: AsyncClient, address: str, words: str
) -> None:
    """Wrong name, refused port, nonsense: the run says so, and what to do."""
    session = await service.open(ticket="T-1", client="Acme", by="ana")
    await session.add_endpoint("web1", address)
    record = await session.run("uptime")
    assert record.status == "not_sent"
    assert words in record.reason


async def test_an_unknown_host_key_is_refused_with_the_command_that_accepts_it(
    service: AsyncClient, own_server: Sshd, tmp_path: Path
) -> None:
    """Nothing is sent to a machine that may be another."""
    session = await service.open(ticket="T-1", client="Acme", by="ana")
    spec = own_server.spec(known_hosts=str(tmp_path / "empty"))
    await session.add_endpoint("web1", spec.address, options=spec.options)
    record = await session.run("uptime")
    assert record.status == "not_sent"
    assert "ssh-keyscan" in record.reason
    with pytest.raises(stillfixed.RequestRefused, match="empty"):
        await session.run("  ")
