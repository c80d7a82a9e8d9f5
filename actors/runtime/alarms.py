"""Timers that ring whatever died meanwhile: they lie in the log until the session has used them up.

Any number of alarm clocks may watch one log. Each rings a due timer until the log no longer shows
it; the session counts a moment once (the request id is made of it, and so is the monitor's state).
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from stillfixed.actors.errors import StillfixedError
from stillfixed.actors.log.contract import EventLog, Timer
from stillfixed.actors.runtime.clock import Clock
from stillfixed.actors.session.events import RUNTIME
from stillfixed.actors.session.requests import FireTimer, SessionAnswer

LOOK_EVERY_SECONDS = 1.0
"""How soon a timer set by another process is seen; one indexed look at the log."""

PAUSE_SECONDS = 5.0
"""Between two tries at a session that cannot be reached."""

RINGING_AT_ONCE = 64

Ask = Callable[[str, str, FireTimer], Awaitable[SessionAnswer]]
"""Session, request id, request."""


class Alarms:
    def __init__(self, log: EventLog, clock: Clock, ask: Ask) -> None:
        self._log = log
        self._clock = clock
        self._ask = ask
        self._ringing: dict[tuple[str, str], asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Ring due timers until cancelled."""
        try:
            while True:
                await self._clock.sleep(await self._look())
        finally:
            for task in list(self._ringing.values()):
                task.cancel()
            if self._ringing:
                await asyncio.wait(list(self._ringing.values()))

    async def _look(self) -> float:
        """Start ringing what is due; seconds until the next look."""
        try:
            now = self._clock.now()
            for timer in await self._log.due_timers(now, limit=RINGING_AT_ONCE * 2):
                key = (timer.stream, timer.name)
                if key not in self._ringing and len(self._ringing) < RINGING_AT_ONCE:
                    task = asyncio.create_task(self._ring(timer))
                    self._ringing[key] = task
                    task.add_done_callback(partial(self._rung, key))
            next_due = await self._log.next_due()
        except StillfixedError:
            return LOOK_EVERY_SECONDS
        if next_due is None or next_due <= now:
            return LOOK_EVERY_SECONDS
        return min(LOOK_EVERY_SECONDS, (next_due - now).total_seconds())

    def _rung(self, key: tuple[str, str], task: asyncio.Task[None]) -> None:
        del self._ringing[key]

    async def _ring(self, timer: Timer) -> None:
        request = FireTimer(by=RUNTIME, monitor=timer.name, due_at=timer.due_at)
        request_id = f"timer:{timer.name}:{timer.due_at.isoformat()}"
        with suppress(StillfixedError):
            # A failure needs no record: the timer is still in the log and rings again.
            await self._ask(timer.stream, request_id, request)
            return
        await self._clock.sleep(PAUSE_SECONDS)
