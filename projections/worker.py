"""The worker: follows the log into its own database and publishes copies of it.

Guarantee: whatever is killed, the next worker goes on where the tables are; nothing is left out
and nothing is in twice. One worker for a folder, by a lock on this machine and, before each
publication, by an append that fails if a newer worker has claimed the views.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import filelock
import msgspec

from stillfixed.actors.errors import Fenced, ViewsFenced
from stillfixed.actors.log import append_to, open_log
from stillfixed.actors.log.contract import Append, EventLog, Recorded
from stillfixed.projections.decoding import Batch
from stillfixed.projections.facts import FACTS_VERSION, VIEWS_STREAM, EventSetAside
from stillfixed.projections.publishing import publish
from stillfixed.projections.store import Store

BATCH_EVENTS = 100_000
"""Enough that catching up is not held up by commits; some 80 MB in memory."""

CHECKPOINT_EVENTS = 1_000_000
"""So often, what was written is moved into the file while catching up: what is only in the
write-ahead log is in memory too."""

PUBLISH_EVERY_SECONDS = 1.0
WORKER_STREAM = "~views/worker"

OnProgress = Callable[[int, int], None]
"""Called with the position reached and the newest one."""

_set_aside = msgspec.json.Decoder(EventSetAside)


class Worker:
    """Use `await Worker.start(log, folder)`, then `catch_up`, `publish` or `run`, and `close`."""

    def __init__(
        self, log: EventLog, folder: Path, store: Store, lock: filelock.BaseFileLock
    ) -> None:
        """Not for callers: `start` also claims the views."""
        self.log = log
        self.folder = folder
        self.store = store
        self.published = -1
        self._lock = lock
        self._epoch = self._version = 0
        self._left_out: frozenset[int] = frozenset()

    @classmethod
    async def start(cls, log: EventLog, folder: Path, *, anew: bool = False) -> "Worker":
        """Begin to make the views of `log` in `folder`; `anew` forgets what is there, which stays
        published until the new tables have caught up. Raises `ViewsFenced` where another works."""
        lock = await asyncio.to_thread(_locked, folder)
        try:
            path = folder / f"facts-{FACTS_VERSION}.duckdb"
            if anew:
                for old in (path, path.with_name(f"{path.name}.wal")):
                    old.unlink(missing_ok=True)
            worker = cls(log, folder, await asyncio.to_thread(Store.open, path), lock)
        except BaseException:
            lock.release()
            raise
        claim = await log.claim(WORKER_STREAM)
        worker._epoch, worker._version = claim.epoch, claim.version
        worker._left_out = await left_out(log)
        return worker

    async def close(self) -> None:
        await asyncio.to_thread(self.store.close)
        self._lock.release()

    # -- following -------------------------------------------------------------------------------
    async def catch_up(self, progress: OnProgress | None = None) -> None:
        """Everything that is in the log now, into the tables. While a batch is written, the next
        is read. Raises `ViewsStopped` at an event that cannot be understood."""
        newest = await self.log.newest_position()
        position = moved = self.store.position
        adding: asyncio.Future[None] | None = None
        try:
            while position < newest:
                records = await self.log.read_feed(position, limit=BATCH_EVENTS)
                batch = await asyncio.to_thread(self._batch, records)
                position = records[-1].position
                if adding is not None:
                    await adding
                if position - moved >= CHECKPOINT_EVENTS:
                    await asyncio.to_thread(self.store.checkpoint)
                    moved = position
                adding = asyncio.ensure_future(asyncio.to_thread(self.store.add, batch, position))
                if progress is not None:
                    progress(position, newest)
        finally:
            if adding is not None:
                await adding

    async def run(self, publish_every_seconds: float = PUBLISH_EVERY_SECONDS) -> None:
        """Until cancelled, or until an event that cannot be understood, a newer worker, or an error
        of the log or the disk."""
        await self.catch_up()
        await self.publish()
        feed = self.log.follow(self.store.position)
        coming = asyncio.ensure_future(anext(feed))
        grown = asyncio.Event()
        publishing = asyncio.create_task(self._keep_publishing(grown, publish_every_seconds))
        try:
            while True:
                await asyncio.wait({coming, publishing}, return_when=asyncio.FIRST_COMPLETED)
                if publishing.done():
                    publishing.result()  # raises what ended it
                records = coming.result()
                batch = self._batch(records)
                await asyncio.to_thread(self.store.add, batch, records[-1].position)
                grown.set()
                coming = asyncio.ensure_future(anext(feed))
        except StopAsyncIteration:
            return  # the log was closed
        finally:
            for task in (coming, publishing):
                task.cancel()
            await asyncio.gather(coming, publishing, return_exceptions=True)

    async def publish(self) -> None:
        """Publish what the tables hold, if it is not published yet. Raises `ViewsFenced`."""
        if self.store.position == self.published:
            return
        await self._prove_ownership()
        self.published = await asyncio.to_thread(self._publish)

    # -- inside ----------------------------------------------------------------------------------
    async def _keep_publishing(self, grown: asyncio.Event, every_seconds: float) -> None:
        """Beside the adding of what comes meanwhile."""
        while True:
            await grown.wait()
            grown.clear()
            began = time.monotonic()
            await self.publish()
            await asyncio.sleep(max(0.0, began + every_seconds - time.monotonic()))

    def _publish(self) -> int:
        """The position up to which the copy is complete; of facts it may hold some more."""
        self.store.derive()
        position = self.store.derived
        self.store.checkpoint()
        publish(self.store.path, self.folder, version=FACTS_VERSION, position=position)
        for old in self.folder.glob("facts-*.duckdb*"):
            if not old.name.startswith(self.store.path.name):
                old.unlink(missing_ok=True)  # another release's, which this copy replaces
        return position

    def _batch(self, records: Sequence[Recorded]) -> Batch:
        if self._left_out:
            records = [record for record in records if record.position not in self._left_out]
        return Batch(records)

    async def _prove_ownership(self) -> None:
        heading = msgspec.json.encode({"views": "published", "position": self.store.position})
        entry = Append(
            stream=WORKER_STREAM,
            epoch=self._epoch,
            expected_version=self._version,
            heading=heading,
        )
        try:
            await self.log.append(entry)
        except Fenced:
            raise ViewsFenced(
                f"A newer worker makes the views of {self.folder}. This one stopped; nothing of it"
                " was published since."
            ) from None


@asynccontextmanager
async def working(log_url: str, folder: Path, *, anew: bool = False) -> AsyncIterator[Worker]:
    """A worker on a log that is opened for it; both are closed at the end. See `Worker.start`."""
    log = await open_log(log_url)
    try:
        worker = await Worker.start(log, folder, anew=anew)
        try:
            yield worker
        finally:
            await worker.close()
    finally:
        await log.close()


async def left_out(log: EventLog) -> frozenset[int]:
    """Positions of the events that the views leave out, because somebody said so."""
    records = await log.read(VIEWS_STREAM)
    return frozenset(_set_aside.decode(record.data).position for record in records)


async def set_aside(log: EventLog, event: EventSetAside) -> None:
    """Record that the views leave an event out from now on."""
    while True:
        with suppress(Fenced):
            await append_to(log, VIEWS_STREAM, msgspec.json.encode(event))
            return


def _locked(folder: Path) -> filelock.BaseFileLock:
    """DuckDB's own lock would be lost when a copy is made: closing any descriptor of a file gives
    up POSIX locks on it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / "worker.lock", thread_local=False)
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        raise ViewsFenced(
            f"Another process makes the views in {folder}. Only one can; read what it publishes."
        ) from None
    return lock
