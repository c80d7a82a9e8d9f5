"""Bench: a session of ours with the bench's SSH server as its endpoint."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from scripts.bench_suite.harness import until
from scripts.bench_suite.ours import open_session, stillfixed_running, warm_hosts_ready
from scripts.bench_suite.ssh_server import SshServer
from stillfixed import AsyncSession


@asynccontextmanager
async def session_on(server: SshServer) -> AsyncIterator[AsyncSession]:
    """A session with its connection open, in the default isolation: an actor of its own."""
    async with stillfixed_running() as client:
        session = await open_session(client)
        await session.add_endpoint("bench", server.address, options=server.options)
        first = await session.run("true")
        assert first.exit_status == 0, f"the first run ended as {first.status}: {first.reason}"
        await until(lambda: warm_hosts_ready(client))
        yield session
