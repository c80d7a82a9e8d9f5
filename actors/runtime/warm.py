"""Blank hosts kept ready, so that opening a session does not wait for a process to start."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from stillfixed.actors.errors import StillfixedError


class WarmHosts:
    """`start` makes one blank host: its name and its Ray handle."""

    def __init__(self, start: Callable[[], Awaitable[tuple[str, Any]]], size: int) -> None:
        self._start = start
        self._size = size
        self._ready: deque[tuple[str, Any]] = deque()
        self._starting: set[asyncio.Task[None]] = set()
        self._closed = False

    async def take(self) -> tuple[str, Any]:
        """A blank host, ready if there is one. Raises `HostUnavailable` if none can be started."""
        try:
            if self._ready:
                return self._ready.popleft()
            while self._starting:
                await asyncio.wait(list(self._starting), return_when=asyncio.FIRST_COMPLETED)
                if self._ready:
                    return self._ready.popleft()
            return await self._start()
        finally:
            self.refill()

    def give_back(self, name: str, actor: Any) -> None:
        """A host that was taken and not used."""
        self._ready.append((name, actor))

    def refill(self) -> None:
        missing = self._size - len(self._ready) - len(self._starting)
        for _ in range(0 if self._closed else missing):
            task = asyncio.create_task(self._add())
            self._starting.add(task)
            task.add_done_callback(self._starting.discard)

    async def _add(self) -> None:
        with suppress(StillfixedError):
            # Whoever needs a host and finds none starts one, and sees the error.
            host = await self._start()
            # Out of `_starting` in the same breath, or a refill in between would count it twice.
            self._starting.discard(asyncio.current_task())
            self._ready.append(host)

    async def close(self) -> list[Any]:
        """Start no more; the handles of the blank hosts, which nobody else will ever use."""
        self._closed = True
        for task in list(self._starting):
            task.cancel()
        if self._starting:
            await asyncio.wait(list(self._starting))
        blank = [actor for _, actor in self._ready]
        self._ready.clear()
        return blank
