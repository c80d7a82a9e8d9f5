"""Group commit: whatever waits at the same moment goes into one transaction.

A batch is written where it costs least. Usually that is right on the event loop: a small commit
takes a fraction of a millisecond, less than handing it to a thread and back (measured: 1.4 times
the throughput and half the latency). A batch goes to the thread when it is large, when the disk has
been slow, or when another process has the lock; then the loop goes on meanwhile, and the next batch
gathers.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import apsw

from stillfixed.actors.errors import LogBusy, LogError, StillfixedError
from stillfixed.actors.log.lock import WriteLock
from stillfixed.actors.log.schema import connect, prepare, translate
from stillfixed.actors.log.transaction import Transaction

INLINE_BYTES = 64 * 1024
QUICK_SECONDS = 0.002
"""A disk that commits faster than this may do so on the event loop."""

PATIENCE_SECONDS = 10.0
BATCH_JOBS = 1000
BATCH_BYTES = 16 * 1024 * 1024

Work = Callable[[], Any]
"""Checks, then writes; raises a `StillfixedError` to refuse, before anything is written."""


class Job:
    def __init__(self, work: Work, future: "asyncio.Future[Any]", size_bytes: int) -> None:
        self.work = work
        self.future = future
        self.size_bytes = size_bytes


class Batch:
    """Jobs of one transaction. Either the writer takes it or the waiting time runs out, never
    both: whoever calls `take` first decides."""

    def __init__(self, jobs: list[Job]) -> None:
        self.jobs = jobs
        self.size_bytes = sum(job.size_bytes for job in jobs)
        self._taken = threading.Lock()

    def take(self) -> bool:
        return self._taken.acquire(blocking=False)


class Writer:
    """Owns the writing connection, which one batch at a time uses, on the loop or in the thread.
    `committed` is called on the loop after each commit that wrote something."""

    def __init__(self, path: Path, committed: Callable[[], None]) -> None:
        self.connection = connect(path, write=True)
        prepare(self.connection, path)
        self.transaction = Transaction(self.connection)
        self._path = path
        self._committed = committed
        self._lock = WriteLock(path)
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="stillfixed-log")
        self._waiting: list[Job] = []
        self._scheduled = False
        self._writing: asyncio.Task[None] | None = None
        self._usual_seconds = 0.0
        self._closed = False

    def submit(self, work: Work, size_bytes: int = 0) -> "asyncio.Future[Any]":
        """Queue work for the next transaction; the future is done when it is committed."""
        future: asyncio.Future[Any] = self._loop.create_future()
        if self._closed:
            future.set_exception(LogError(f"The log {self._path} is closed here. Open it again."))
            return future
        self._waiting.append(Job(work, future, size_bytes))
        self._schedule()
        return future

    def _schedule(self) -> None:
        if not self._scheduled and self._writing is None and self._waiting:
            self._scheduled = True
            self._loop.call_soon(self._begin)

    def _begin(self) -> None:
        self._scheduled = False
        batch = Batch(self._next_jobs())
        small = batch.size_bytes <= INLINE_BYTES and self._usual_seconds <= QUICK_SECONDS
        if small and self._lock.try_acquire():
            self._settle(batch, self._write(batch))
        else:
            self._writing = self._loop.create_task(self._write_in_thread(batch))

    def _next_jobs(self) -> list[Job]:
        size_bytes, count = 0, 0
        for job in self._waiting[:BATCH_JOBS]:
            if count and size_bytes + job.size_bytes > BATCH_BYTES:
                break
            size_bytes += job.size_bytes
            count += 1
        jobs, self._waiting = self._waiting[:count], self._waiting[count:]
        return jobs

    async def _write_in_thread(self, batch: Batch) -> None:
        done = self._loop.run_in_executor(self._thread, self._wait_and_write, batch)
        await asyncio.wait([done], timeout=PATIENCE_SECONDS)
        if not done.done() and batch.take():
            # Still waiting for the lock: nobody who asks meanwhile may hang either.
            while not done.done():
                self._settle(batch, [self._busy()] * len(batch.jobs))
                batch, self._waiting = Batch(self._waiting), []
                await asyncio.wait([done], timeout=PATIENCE_SECONDS)
            self._waiting = batch.jobs + self._waiting
        outcomes = await done
        self._writing = None
        if outcomes is not None:
            self._settle(batch, outcomes)
        self._schedule()

    def _wait_and_write(self, batch: Batch) -> list[Any] | None:
        self._lock.acquire()
        if not batch.take():
            self._lock.release()
            return None
        return self._write(batch)

    def _write(self, batch: Batch) -> list[Any]:
        """One transaction, the lock being held; the outcome of each job, and the lock released."""
        outcomes: list[Any] = []
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            self.transaction.begin()
            for job in batch.jobs:
                try:
                    outcomes.append(job.work())
                except StillfixedError as refusal:
                    outcomes.append(refusal)
            began_seconds = time.perf_counter()
            self.connection.execute("COMMIT")
            seconds = time.perf_counter() - began_seconds
            self._usual_seconds += 0.1 * (seconds - self._usual_seconds)
        except apsw.Error as error:
            failure = translate(error, self._path)
            refused = [x if isinstance(x, StillfixedError) else failure for x in outcomes]
            outcomes = refused + [failure] * (len(batch.jobs) - len(refused))
            self.transaction.undone()
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
        finally:
            self._lock.release()
        return outcomes

    def _settle(self, batch: Batch, outcomes: list[Any]) -> None:
        for job, outcome in zip(batch.jobs, outcomes, strict=True):
            if job.future.done():
                continue  # cancelled by who waited; what is written is written
            if isinstance(outcome, BaseException):
                job.future.set_exception(outcome)
            else:
                job.future.set_result(outcome)
        if any(not isinstance(outcome, BaseException) for outcome in outcomes):
            self._committed()
        self._schedule()

    def _busy(self) -> LogBusy:
        return LogBusy(
            f"Process {self._lock.last_holder()} has held the log {self._path} for more than "
            f"{PATIENCE_SECONDS:g} s. Nothing was written. See whether it hangs, and ask again."
        )

    async def close(self) -> None:
        """Write what waits, then let go."""
        self._closed = True
        while self._scheduled or self._writing is not None or self._waiting:
            if self._writing is not None:
                await asyncio.wait([self._writing])
            else:
                await asyncio.sleep(0)  # the next batch begins in this turn of the loop
        self._thread.shutdown(wait=False)
        self._lock.close()
        self.connection.close()
