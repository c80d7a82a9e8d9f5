"""Work that goes on after the answer to its request: a command that was sent, a row of checks.

Guarantee: nothing here is needed to know what happened, because every step is in the history first;
what fails is in the server's log.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import TypeVar

from stillfixed.actors.errors import StillfixedError

T = TypeVar("T")
logger = logging.getLogger(__name__)


class Background:
    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()

    def start(self, work: Coroutine[object, object, T], about: str) -> asyncio.Task[T]:
        """Begin work; `about` says in the log what it was, if it fails."""
        task = asyncio.create_task(work, name=about)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, StillfixedError):
            logger.warning("%s: %s", task.get_name(), error)
        else:
            logger.error("%s failed", task.get_name(), exc_info=error)

    async def close(self) -> None:
        """Stop waiting for it. Commands that were sent go on, and their ends are recorded."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
