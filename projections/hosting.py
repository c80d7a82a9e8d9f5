"""The worker on a host: a Ray actor, which Ray starts again when its process dies.

Its work can be done twice without harm, so Ray may also repeat the call that does it.
"""

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from stillfixed.actors.errors import StillfixedError, ViewsFenced, from_code
from stillfixed.actors.runtime.cluster import import_ray
from stillfixed.actors.service import Settings
from stillfixed.projections import views_folder

LOOK_AGAIN_SECONDS = 5.0
"""How long to leave the views to another worker before asking for them again."""


class _Stopped(msgspec.Struct, frozen=True):
    code: str
    message: str


class ViewsActor:
    """One process that makes the views, from `run` until `stop`."""

    def __init__(self, log_url: str, folder: str) -> None:
        self._log_url = log_url
        self._folder = Path(folder)
        self._stop = asyncio.Event()

    async def pid(self) -> int:
        return os.getpid()

    async def stop(self) -> None:
        """Let `run` end in order."""
        self._stop.set()

    async def run(self) -> bytes:
        """Make the views until they stop; why, encoded, or nothing where that was asked for. Errors
        of ours do not survive the way through Ray as what they are."""
        making = asyncio.create_task(self._make())
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait({making, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in (making, stopping):
            task.cancel()
        try:
            await making
        except asyncio.CancelledError:
            pass
        except StillfixedError as error:
            return msgspec.json.encode(_Stopped(error.code, error.message))
        return b""

    async def _make(self) -> None:
        # DuckDB and Arrow are for this process, not for the one that starts it.
        from stillfixed.projections.worker import working

        async with working(self._log_url, self._folder) as worker:
            await worker.run()


def start_actor(settings: Settings) -> Any:
    """A handle of a new actor. Ray must have been started."""
    ray = import_ray()
    actor = ray.remote(ViewsActor).options(num_cpus=0, max_restarts=-1, max_task_retries=-1)
    return actor.remote(settings.log_url, str(views_folder(settings)))


async def keep_views(settings: Settings, actor: Any = None) -> None:
    """Have the views made until cancelled. Where another worker makes them, wait for it to end.
    Raises what stops them: `ViewsStopped` at an event that cannot be understood, `ViewsFull`."""
    actor = actor or start_actor(settings)
    making = asyncio.ensure_future(actor.run.remote())
    try:
        while answer := await asyncio.shield(making):
            stopped = msgspec.json.decode(answer, type=_Stopped)
            if stopped.code != ViewsFenced.code:
                raise from_code(stopped.code, stopped.message)
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            making = asyncio.ensure_future(actor.run.remote())
    except asyncio.CancelledError:
        # In order: Ray complains of work that ends because it ends itself.
        with suppress(Exception):  # of an actor that died the work is over, too
            await actor.stop.remote()
            await making
        raise
