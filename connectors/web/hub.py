"""One follower of the log for everyone who watches.

Guarantee: whoever watches from position p is given every event after p once, in the log's order,
whatever happened between; the log itself is asked only for what the hub no longer holds.
"""

import asyncio
import logging
from bisect import bisect_right
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from operator import attrgetter

from stillfixed.actors.client_async import Seen
from stillfixed.actors.errors import LogError
from stillfixed.actors.log.contract import EventLog, Recorded
from stillfixed.actors.session import events as e

HELD_EVENTS = 10_000
"""What the hub keeps in memory for watchers that come back after a moment."""
AFTER_FAULT_SECONDS = 1.0

logger = logging.getLogger(__name__)


class Heard(Seen, frozen=True, kw_only=True):
    """An event, and the request that it came from."""

    request_id: str | None = None


class Hub:
    """Starts with the first watcher. `close` ends every watch; it belongs before the server's own
    end, which waits for open answers."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._held: list[Heard] = []
        self._base = 0
        """Every event after this position, to the newest, is in `_held`."""
        self._newest = 0
        self._bells: dict[str | None, asyncio.Event] = {}
        self._following: asyncio.Task[None] | None = None
        self._begun: asyncio.Task[None] | None = None
        self.is_closed = False

    async def watch(
        self, *, after: int, session: str | None = None
    ) -> AsyncIterator[Sequence[Heard]]:
        """Events after a position, of one session or of all, in batches that are not empty. Ends
        when the hub or the log is closed."""
        await self.start()
        position = after
        while not self.is_closed:
            if position < self._base:
                reached = self._newest
                found = await self._log.read_feed(position, stream=session)
                position = found[-1].position if found else reached
                batch = [_heard(record) for record in found if _is_session(record)]
            else:
                bell = self._bell(session)
                start = bisect_right(self._held, position, key=attrgetter("position"))
                batch = [one for one in self._held[start:] if session in (None, one.session)]
                position = max(position, self._newest)
                if not batch:
                    await bell.wait()
            if batch:
                yield batch

    async def start(self) -> None:
        """From here on nothing is missed. Idempotent."""
        if self._begun is None:
            self._begun = asyncio.create_task(self._begin())
        await asyncio.shield(self._begun)

    async def _begin(self) -> None:
        self._base = self._newest = await self._log.newest_position()
        self._following = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        while not self.is_closed:
            try:
                async for batch in self._log.follow(self._newest):
                    self._hear(batch)
            except LogError as error:
                logger.warning("The log cannot be followed: %s Trying again.", error)
                await asyncio.sleep(AFTER_FAULT_SECONDS)
            else:
                break  # the log was closed
        self._end()

    def _hear(self, batch: Sequence[Recorded]) -> None:
        heard = [_heard(record) for record in batch if _is_session(record)]
        self._held += heard
        self._newest = batch[-1].position
        if len(self._held) > 2 * HELD_EVENTS:
            self._base = self._held[-HELD_EVENTS - 1].position
            del self._held[:-HELD_EVENTS]
        if heard:
            for name in {None, *(one.session for one in heard)}:
                self._ring(name)

    def _bell(self, session: str | None) -> asyncio.Event:
        """Rung by the next event; one bell for all who wait for the same."""
        return self._bells.setdefault(session, asyncio.Event())

    def _ring(self, session: str | None) -> None:
        bell = self._bells.pop(session, None)
        if bell is not None:
            bell.set()

    def _end(self) -> None:
        self.is_closed = True
        for name in list(self._bells):
            self._ring(name)

    async def close(self) -> None:
        """Idempotent."""
        self._end()
        if self._following is not None:
            self._following.cancel()
            with suppress(asyncio.CancelledError):
                await self._following


def _is_session(record: Recorded) -> bool:
    return not record.stream.startswith("~")


def _heard(record: Recorded) -> Heard:
    return Heard(
        position=record.position,
        session=record.stream,
        version=record.version,
        event=e.decode(record.data),
        request_id=record.request_id,
    )
