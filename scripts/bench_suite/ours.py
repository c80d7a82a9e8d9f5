"""Bench: our side, started as `stillfixed.connect()` starts it, on a log of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from scripts.bench_suite.harness import work_folder
from stillfixed import AsyncClient, AsyncSession, Settings, connect_async
from stillfixed.actors.runtime.router import Isolation

TECHNICIAN = "ana"


@asynccontextmanager
async def stillfixed_running(
    isolation: Isolation = "session", *, idle_seconds: float = 300.0
) -> AsyncIterator[AsyncClient]:
    """Everything but these two settings is the default."""
    with work_folder() as folder:
        settings = Settings(data=folder, isolation=isolation, idle_seconds=idle_seconds)
        async with await connect_async(settings) as client:
            yield client


async def open_session(client: AsyncClient, ticket: str = "T-1") -> AsyncSession:
    return await client.open(ticket=ticket, client="Acme", by=TECHNICIAN)


def warm_hosts_ready(client: AsyncClient) -> bool:
    """Whether a blank host waits and none is still starting, which would take a core for itself.

    No user needs to know this, so there is no call for it; the bench looks inside.
    """
    router = client._service._router
    return router is not None and bool(router._warm._ready) and not router._warm._starting
