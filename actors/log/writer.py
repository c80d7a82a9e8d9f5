"""Group commit: everything that waits to be written shares one transaction.

Guarantee: a request is answered only after the transaction that holds it is on stable storage;
requests are judged in the order they were put; one that fails disturbs no other.

The loop's side and the thread's side meet in `_ready` alone. A request leaves it either with the
thread, which then holds the write lock, or with the loop, which gives up on it after
`WAIT_LIMIT_SECONDS` while the thread still waits for the lock. So the thread may block in the
kernel without bound, and no caller does.
"""

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from stillfixed.actors.errors import LogError
from stillfixed.actors.log.batch import Outcome, Request
from stillfixed.actors.log.commit import Committer, Item, known
from stillfixed.actors.log.packing import Packed
from stillfixed.actors.log.schema import busy
from stillfixed.actors.log.turnstile import Turnstile

WAIT_LIMIT_SECONDS = 10.0
ADMITTED_LIMIT_BYTES = 16 * 1024 * 1024
BATCH_LIMIT = 1000

Packing = Callable[[], Sequence[Packed]]
"""Makes the chunks of a request. Runs in a thread and must not raise."""


class _Waiting:
    """A request on its way. `packed` is a Future while its chunks are being compressed."""

    __slots__ = ("chunks", "future", "packed", "request", "since", "size")

    def __init__(
        self,
        request: Request,
        size: int,
        chunks: Sequence[Packed] | Packing,
        future: asyncio.Future[Any],
    ) -> None:
        self.request = request
        self.size = size
        self.chunks = chunks
        self.future = future
        self.packed: Sequence[Packed] | Future[Sequence[Packed]] = ()
        self.since = time.monotonic()


class Writer:
    """Owns the write connection and its thread. All methods are called on the event loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._packers = ThreadPoolExecutor(2, "log-pack")
        self._kicks: SimpleQueue[None] = SimpleQueue()
        self._kicked = False
        self._mutex = threading.Lock()
        self._ready: deque[_Waiting] = deque()  # admitted; taken under the mutex
        self._later: deque[_Waiting] = deque()  # not admitted yet: too many bytes on their way
        self._admitted_bytes = 0
        self._watch: asyncio.TimerHandle | None = None
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._closing = False
        self._unsettled = 0
        self._more = False  # the thread's: its last turn left something ready
        self._turnstile: Turnstile | None = None
        self._committer: Committer | None = None
        # A daemon: a lock that never comes free must not keep the process from ending.
        self._thread = threading.Thread(target=self._main, name="log-writer", daemon=True)

    # -- the loop's side -------------------------------------------------------------------------
    async def open(self) -> None:
        self._thread.start()
        done, _ = await asyncio.wait([self._opened], timeout=WAIT_LIMIT_SECONDS)
        if not done:
            self._closing = True
            self._kicks.put(None)
            raise busy(self._path, self._holder())
        await self._opened

    def put(
        self, request: Request, size: int = 0, chunks: Sequence[Packed] | Packing = ()
    ) -> asyncio.Future[Any]:
        """Queue a request of `size` bytes; its outcome. The order of calls is kept.

        At most `ADMITTED_LIMIT_BYTES` are packed and written at a time; the rest wait with their
        callers. Chunks not packed yet are packed in another thread.
        """
        future = self._loop.create_future()
        if self._closing:
            message = f"The log {self._path} is closed; nothing was written. Open it again."
            future.set_exception(LogError(message))
            return future
        self._unsettled += 1
        waiting = _Waiting(request, size, chunks, future)
        if self._later or (size and self._admitted_bytes and not self._has_room(size)):
            self._later.append(waiting)
        else:
            self._admit(waiting)
        return future

    def _has_room(self, size: int) -> bool:
        return self._admitted_bytes + size <= ADMITTED_LIMIT_BYTES

    def _admit(self, waiting: _Waiting) -> None:
        self._admitted_bytes += waiting.size
        if callable(waiting.chunks):
            waiting.packed = self._packers.submit(waiting.chunks)
        else:
            waiting.packed = waiting.chunks
        self._ready.append(waiting)
        if not self._kicked:
            # Not at once: the other tasks that this turn of the loop wakes may append as well.
            self._kicked = True
            self._loop.call_soon(self._kick)

    def _kick(self) -> None:
        self._kicked = False
        self._kicks.put(None)
        if self._watch is None:
            self._watch = self._loop.call_later(1.0, self._give_up_overdue)

    def _settle(self, batch: list[_Waiting], outcomes: Sequence[Outcome | LogError]) -> None:
        self._unsettled -= len(batch)
        for waiting, outcome in zip(batch, outcomes, strict=True):
            self._admitted_bytes -= waiting.size
            if waiting.future.done():  # cancelled by its caller; what was written stays written
                continue
            if isinstance(outcome, Exception):
                waiting.future.set_exception(outcome)
            else:
                waiting.future.set_result(outcome)
        while self._later and (not self._admitted_bytes or self._has_room(self._later[0].size)):
            self._admit(self._later.popleft())
        if self._closing:
            self._kicks.put(None)

    def _give_up_overdue(self) -> None:
        """Once a second while requests wait: those that the lock kept waiting too long fail."""
        self._watch = None
        if not self._ready:
            return
        self._watch = self._loop.call_later(1.0, self._give_up_overdue)
        if not self._is_stuck():
            return
        overdue = time.monotonic() - WAIT_LIMIT_SECONDS
        given_up: list[_Waiting] = []
        with self._mutex:
            while self._ready and self._ready[0].since <= overdue:
                given_up.append(self._ready.popleft())
        error = busy(self._path, self._holder())
        self._settle(given_up, [error] * len(given_up))

    def _is_stuck(self) -> bool:
        since = self._committer.blocked_since if self._committer else None
        return since is not None and time.monotonic() - since > WAIT_LIMIT_SECONDS

    def _holder(self) -> str:
        return self._turnstile.holder() if self._turnstile else "another process"

    async def close(self) -> None:
        """Write what waits, then end the thread, unless somebody else holds the lock for ever."""
        if not self._closing:
            self._closing = True
            self._kicks.put(None)
        while not self._ended.done():
            await asyncio.wait([self._ended], timeout=1.0)
            if self._is_stuck() and not self._unsettled:
                break
        self._packers.shutdown(wait=False)
        if self._watch is not None:
            self._watch.cancel()

    def _fail_open(self, error: LogError) -> None:
        _resolve(self._ended)
        if not self._opened.done():
            self._opened.set_exception(error)

    # -- the thread's side -----------------------------------------------------------------------
    def _main(self) -> None:
        try:
            self._turnstile = Turnstile(self._path)
            self._committer = committer = Committer(self._path, self._turnstile)
        except Exception as error:
            self._tell(self._fail_open, known(error, self._path))
            return
        self._tell(_resolve, self._opened)
        while not (self._closing and not self._unsettled):
            self._kicks.get()
            self._more = bool(self._ready)
            while self._more:
                self._turn(committer)
        committer.close()
        self._tell(_resolve, self._ended)

    def _turn(self, committer: Committer) -> None:
        first = self._ready[0].packed if self._ready else ()
        if isinstance(first, Future):
            wait([first])
        self._more = False
        batch: list[_Waiting] = []
        verdicts: Sequence[Outcome | LogError]
        try:
            verdicts = committer.turn(lambda: bool(self._ready), lambda: self._take(batch))
        except Exception as error:
            verdicts = [known(error, self._path)] * len(batch)
        self._tell(self._settle, batch, verdicts)
        committer.checkpoint_if_due()

    def _take(self, batch: list[_Waiting]) -> list[Item]:
        """Move what is ready into `batch`: everything up to one whose chunks are not packed."""
        items: list[Item] = []
        with self._mutex:
            while self._ready and len(batch) < BATCH_LIMIT:
                waiting = self._ready[0]
                packed = waiting.packed
                if isinstance(packed, Future):
                    if not packed.done():
                        break
                    packed = packed.result()
                batch.append(self._ready.popleft())
                items.append((waiting.request, packed))
            # What comes later brings its own kick; to look for it here would only split batches.
            self._more = bool(self._ready)
        return items

    def _tell(self, function: Callable[..., object], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone, and so is whoever waited
            self._loop.call_soon_threadsafe(function, *args)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
