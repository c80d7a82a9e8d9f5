"""Connectors, endpoints: output on its way from a command to the sink.

Guarantee: the sink gets the bytes in the order they came, never more than the limit, one call at a
time; every byte received is counted. What waits for a busy sink is bounded by the source, which
learns from `taken` how much room there is again.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from stillfixed.actors.runtime.endpoints import End, Outcome, Sink, StreamName

GATHER_BYTES = 256 * 1024
"""The most one call of the sink carries: larger joins cost more than the calls they save."""


class Output:
    """`receive` and `finish` are called by the source as things happen; `deliver` by the run."""

    def __init__(self, sink: Sink, limit_bytes: int, taken: Callable[[int], None]) -> None:
        self._sink = sink
        self._room_bytes = limit_bytes
        self._taken = taken
        self._received_bytes: dict[StreamName, int] = {"stdout": 0, "stderr": 0}
        self._dropped_bytes = 0
        self._waiting: deque[tuple[StreamName, bytes]] = deque()
        self._news = asyncio.Event()
        self._finished = False

    def receive(self, stream: StreamName, data: bytes) -> None:
        size_bytes = len(data)
        self._received_bytes[stream] += size_bytes
        if size_bytes > self._room_bytes:
            dropped_bytes = size_bytes - self._room_bytes
            self._dropped_bytes += dropped_bytes
            self._taken(dropped_bytes)
            data = data[: self._room_bytes]
        if data:
            self._room_bytes -= len(data)
            self._waiting.append((stream, data))
            self._news.set()

    def finish(self) -> None:
        """Nothing more will come."""
        self._finished = True
        self._news.set()

    async def deliver(self) -> None:
        """Feed the sink until everything up to `finish` is with it. Raises what the sink raises."""
        while self._waiting or not self._finished:
            if not self._waiting:
                self._news.clear()
                await self._news.wait()
                continue
            stream, data = self._gather()
            await self._sink(stream, data)
            self._taken(len(data))

    def _gather(self) -> tuple[StreamName, bytes]:
        """Neighbours of one stream together, as far as they fit in one call."""
        stream, first = self._waiting.popleft()
        parts, size_bytes = [first], len(first)
        while self._waiting and self._waiting[0][0] == stream:
            size_bytes += len(self._waiting[0][1])
            if size_bytes > GATHER_BYTES:
                break
            parts.append(self._waiting.popleft()[1])
        return stream, first if len(parts) == 1 else b"".join(parts)

    def outcome(
        self,
        end: End,
        *,
        exit_status: int | None = None,
        signal: str | None = None,
        detail: str = "",
    ) -> Outcome:
        return Outcome(
            end=end,
            exit_status=exit_status,
            signal=signal,
            stdout_bytes=self._received_bytes["stdout"],
            stderr_bytes=self._received_bytes["stderr"],
            dropped_bytes=self._dropped_bytes,
            detail=detail,
        )
