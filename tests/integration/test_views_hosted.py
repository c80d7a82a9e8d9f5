"""The views on a host: a Ray actor beside the sessions, whose process may die."""

import asyncio
import os
import signal

import pytest

from stillfixed.actors.client_async import AsyncClient
from stillfixed.actors.service import Settings
from stillfixed.projections import views, views_folder
from stillfixed.projections.hosting import keep_views, start_actor
from stillfixed.projections.publishing import copies


async def test_views_follow_sessions_over_the_death_of_their_process(
    service: AsyncClient, settings: Settings
) -> None:
    """What a technician does is in the views at once; killed with -9, they are made again."""
    session = await service.open(ticket="T-1", client="Acme", by="ana", team="field")
    actor = start_actor(settings)
    keeping = asyncio.create_task(keep_views(settings, actor))
    while not copies(views_folder(settings)):  # noqa: ASYNC110 a new file sets no event
        await asyncio.sleep(0.02)
    with views(settings) as seen:
        await session.add_endpoint("here", "local", kind="local")
        await session.run("test -e /nothing-is-here")
        await asyncio.to_thread(seen.wait_for, await service.newest_position())
        query = "SELECT effect, ending, exit_status FROM runs JOIN run_ends USING (session, run)"
        assert seen.sql(query).fetchall() == [("reads", "exited", 1)]

        os.kill(await actor.pid.remote(), signal.SIGKILL)
        await session.annotate("note", "The worker died.")
        await asyncio.to_thread(seen.wait_for, await service.newest_position(), limit_seconds=60)
        found = seen.sql("SELECT text FROM annotations").fetchall()
        assert found == [("The worker died.",)]
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
