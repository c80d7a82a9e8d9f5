"""The output gate: a session's state in memory, and the one way to change it.

`commit` folds events into `state` at once and queues them for the log; the future it returns is
done when they are durable. Nothing may be told to anyone before that. Commits are decided one on
top of the other while earlier ones are still on their way; if one fails, every later one fails with
it (the log refuses their version), `failed` is set, and the journal takes nothing more.
"""

from asyncio import Future

import msgspec

from stillfixed.actors.errors import Fenced, LogError, StillfixedError
from stillfixed.actors.log.contract import Append, Appended, Chunk, EventLog, Timer
from stillfixed.actors.runtime.measuring import Stopwatch
from stillfixed.actors.session.events import SessionEvent, decode, encode
from stillfixed.actors.session.requests import SessionAnswer, encode_answer
from stillfixed.actors.session.state import (
    State,
    evolve,
    fold,
    from_snapshot,
    heading,
    to_snapshot,
)

SNAPSHOT_EVERY_EVENTS = 200
"""How many events an activation replays at the most, beside the snapshot."""


class Journal:
    """`epoch` never changes. `state` is ahead of the log by the commits that are `pending`."""

    def __init__(
        self, log: EventLog, stream: str, *, epoch: int, state: State, snapshot_version: int
    ) -> None:
        self.stream = stream
        self.epoch = epoch
        self.state = state
        self.pending = 0
        self.failed: StillfixedError | None = None
        self._log = log
        self._snapshot_version = snapshot_version
        self._heading = heading(state)

    @classmethod
    async def claim(
        cls, log: EventLog, stream: str, *, placed: tuple[str, str] | None = None
    ) -> "Journal":
        """Become the stream's only writer, its state loaded. Raises `Fenced` if not placed here."""
        claim = await log.claim(stream, placed=placed)
        loaded = from_snapshot(claim.snapshot) if claim.snapshot is not None else None
        state = loaded if loaded is not None else State()
        snapshot_version = state.version
        if state.version < claim.version:
            for record in await log.read(
                stream, after_version=state.version, until_version=claim.version
            ):
                state = evolve(state, decode(record.data))
        return cls(log, stream, epoch=claim.epoch, state=state, snapshot_version=snapshot_version)

    def commit(
        self,
        events: tuple[SessionEvent, ...],
        *,
        request_id: str | None = None,
        answer: SessionAnswer | None = None,
        chunks: tuple[Chunk, ...] = (),
        snapshot: bool = False,
        cancel_timers: tuple[str, ...] = (),
    ) -> Future[Appended]:
        """Fold, and queue for the log. Raises the error that ended this journal, if one did."""
        if self.failed is not None:
            raise self.failed
        before, after = self.state, fold(self.state, events)
        set_timers, gone = _timer_changes(self.stream, before, after)
        snapshot = snapshot or after.version - self._snapshot_version >= SNAPSHOT_EVERY_EVENTS
        entry = Append(
            stream=self.stream,
            epoch=self.epoch,
            expected_version=before.version,
            events=tuple(encode(event) for event in events),
            request_id=request_id,
            answer=encode_answer(answer) if answer is not None else None,
            chunks=chunks,
            snapshot=to_snapshot(after) if snapshot else None,
            set_timers=set_timers,
            cancel_timers=(*gone, *cancel_timers),
            heading=self._new_heading(before, after),
        )
        took = Stopwatch("append")
        durable = self._log.append(entry)
        self.state = after
        if snapshot:
            self._snapshot_version = after.version
        self.pending += 1
        if durable.done():
            # A callback would come a turn later than who awaits it, and find a failed journal good.
            self._settled(durable)
            took.stop()
        else:
            durable.add_done_callback(self._settled)
            durable.add_done_callback(lambda _: took.stop())
        return durable

    @property
    def unsaved(self) -> bool:
        """Whether a snapshot would spare the next activation some events."""
        return self.state.version > self._snapshot_version

    def _new_heading(self, before: State, after: State) -> bytes | None:
        if (after.status, after.technician) == (before.status, before.technician):
            return None
        new = heading(after)
        if new is None or new == self._heading:
            return None
        self._heading = new
        return msgspec.json.encode(new)

    def _settled(self, durable: Future[Appended]) -> None:
        self.pending -= 1
        if durable.cancelled():
            error: BaseException | None = LogError("The log was closed before it answered.")
        else:
            error = durable.exception()
            if error is None and durable.result().earlier_answer is not None:
                error = Fenced(f"Another writer answered for {self.stream} meanwhile.")
        if error is not None and self.failed is None:
            self.failed = (
                error
                if isinstance(error, StillfixedError)
                else LogError(f"The log failed: {error}")
            )


def _timer_changes(
    stream: str, before: State, after: State
) -> tuple[tuple[Timer, ...], tuple[str, ...]]:
    """Timers follow the monitors: set for each new or moved one, cancelled for each that ended."""
    if before.monitors is after.monitors:
        return (), ()
    changed = tuple(
        Timer(stream, name, monitor.next_due)
        for name, monitor in after.monitors.items()
        if name not in before.monitors or before.monitors[name].next_due != monitor.next_due
    )
    return changed, tuple(name for name in before.monitors if name not in after.monitors)
