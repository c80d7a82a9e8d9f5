"""One command on its way: sent once, its output made durable as it arrives, its end recorded.

RunStarted is on stable storage before the command leaves (`before_send`). Whatever happens after
that ends in exactly one of RunFinished, RunNotSent and RunInterrupted, if not by this process then
by the next activation.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from stillfixed.actors.errors import EndpointError, StillfixedError
from stillfixed.actors.log.contract import Chunk
from stillfixed.actors.runtime.endpoints import Limits, Outcome, StreamName
from stillfixed.actors.secrets import StreamMasker, mask_text
from stillfixed.actors.session.events import RUNTIME, OutputCaptured, RunStarted, SessionEvent
from stillfixed.actors.session.history import RunRecord, place_of, run_record
from stillfixed.actors.session.requests import FinishRun, GiveUpRun, RunOutput
from stillfixed.actors.session.state import JUDGED_BYTES

if TYPE_CHECKING:
    from stillfixed.actors.runtime.session import LiveSession

CHUNK_BYTES = 1024 * 1024
BUFFER_BYTES = 4 * CHUNK_BYTES
"""The most output one run holds in memory while the log is busy; then the endpoint waits."""

FLUSH_AFTER_SECONDS = 0.05
"""How long output may wait for company before it is stored, and so seen by watchers."""


class Run:
    """A run in flight. `wait` returns when its end is durable, or when this copy has failed.

    `command` is what is sent: `started` has it with its secrets masked, and the real one is here
    alone, in memory, until it has left."""

    def __init__(
        self, session: "LiveSession", started: RunStarted, command: str, limits: Limits
    ) -> None:
        self.started = started
        self.events: list[SessionEvent] = [started]
        """What was decided about this run; durable once `wait` has returned."""
        self._session = session
        self._command = command
        self._place = place_of(started, session.journal.state.runbooks)
        self._limits = limits
        self._capture = Capture(session, started)
        self._task: asyncio.Task[None] | None = None
        self._cancelled = False

    def begin(self, durable: Awaitable[object]) -> asyncio.Task[None]:
        """Start; `durable` is done when RunStarted is on stable storage."""
        self._task = asyncio.create_task(self._go(durable))
        return self._task

    async def wait(self) -> None:
        if self._task is not None:
            await asyncio.wait([self._task])

    @property
    def record(self) -> RunRecord:
        """The run as its caller sees it; good once `wait` has returned and the journal is good."""
        output = self._capture.judged()
        return run_record(
            self.events,
            self.started.run,
            stdout=output.stdout,
            stderr=output.stderr,
            cut=self._capture.cut,
            masked=self._capture.masked,
            runbook=self._place,
        )

    async def cancel(self) -> None:
        """End the command and record that; returns when it is recorded."""
        if self._task is not None:
            self._cancelled = True
            self._task.cancel()
            await self.wait()

    async def _go(self, durable: Awaitable[object]) -> None:
        sent = _Latch(durable)
        try:
            outcome = await self._run(sent)
        except EndpointError as error:
            await self._give_up(error.message, sent=False)
        except asyncio.CancelledError:
            if not self._cancelled:
                raise
            await asyncio.shield(self._end_cancelled(sent.passed))
        except StillfixedError:
            # The journal failed under the run: this copy is finished, the next activation
            # records the interruption.
            return
        except Exception as error:
            reason = f"The connector failed: {error!r}. Whether the command ended is unknown."
            await self._give_up(reason, sent=sent.passed)
        else:
            await self._end(outcome)

    async def _run(self, sent: "_Latch") -> Outcome:
        endpoint = await self._session.connect(self.started.endpoint)
        return await endpoint.run(
            self._command,
            sink=self._capture.write,
            limits=self._limits,
            before_send=sent.wait(),
        )

    async def _end(self, outcome: Outcome) -> None:
        if outcome.end == "lost":
            reason = outcome.detail or "The connection was lost."
            self._session.connections.drop(self.started.endpoint, reason)
            reason = f"{reason} Whether the command ended, and how, is unknown."
            await self._give_up(reason, sent=True)
            return
        finish = FinishRun(
            by=self.started.by,
            run=self.started.run,
            end=outcome.end,
            exit_status=outcome.exit_status,
            signal=outcome.signal,
            stdout_bytes=outcome.stdout_bytes,
            stderr_bytes=outcome.stderr_bytes,
            dropped_bytes=outcome.dropped_bytes,
        )
        self.events += await self._session.end_run(finish, self._capture)

    async def _end_cancelled(self, sent: bool) -> None:
        received = self._capture.received_bytes
        if sent:
            await self._end(
                Outcome(
                    end="cancelled",
                    stdout_bytes=received["stdout"],
                    stderr_bytes=received["stderr"],
                )
            )
        else:
            await self._give_up("Cancelled before it was sent.", sent=False)

    async def _give_up(self, reason: str, *, sent: bool) -> None:
        reason = mask_text(reason, self._session.masks).text
        give_up = GiveUpRun(by=RUNTIME, run=self.started.run, sent=sent, reason=reason)
        self.events += await self._session.end_run(give_up, self._capture)


class _Latch:
    """Remembers that `before_send` was passed: from then on the command may have left."""

    def __init__(self, durable: Awaitable[object]) -> None:
        self._durable = durable
        self.passed = False

    async def wait(self) -> None:
        await self._durable
        self.passed = True


class Capture:
    """Output on its way to the log, in the order it came, its secrets masked before anything else
    sees it. One flush is under way at a time. `masked` counts the secrets by kind."""

    def __init__(self, session: "LiveSession", started: RunStarted) -> None:
        self.received_bytes: dict[StreamName, int] = {"stdout": 0, "stderr": 0}
        self.masked: Counter[str] = Counter()
        self._maskers: dict[StreamName, StreamMasker] = {
            "stdout": StreamMasker(session.masks),
            "stderr": StreamMasker(session.masks),
        }
        self._kept_bytes = 0
        self._session = session
        self._started = started
        self._waiting: list[tuple[StreamName, bytes]] = []
        self._waiting_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._flushing: asyncio.Task[None] | None = None
        self._judged: dict[StreamName, list[bytes]] = {"stdout": [], "stderr": []}

    async def write(self, output: StreamName, data: bytes) -> None:
        """The endpoint's sink. Waits while too much waits for the log; raises what ended it."""
        self.received_bytes[output] += len(data)
        pieces = self._maskers[output].pieces(data)
        if not pieces:
            return
        for piece in pieces:
            self._keep(output, piece)
        if self._flushing is None:
            if self._waiting_bytes >= CHUNK_BYTES:
                self._begin_flush()
            elif self._timer is None:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(FLUSH_AFTER_SECONDS, self._begin_flush)
        while self._waiting_bytes >= BUFFER_BYTES and self._flushing is not None:
            await asyncio.shield(self._flushing)

    def _keep(self, output: StreamName, data: bytes) -> None:
        if self._kept_bytes + len(data) <= JUDGED_BYTES:
            self._judged[output].append(data)
        self._kept_bytes += len(data)
        self._waiting.append((output, data))
        self._waiting_bytes += len(data)

    async def rest(self) -> tuple[tuple[SessionEvent, ...], tuple[Chunk, ...]]:
        """What is not stored yet, for the append that ends the run."""
        if self._flushing is not None:
            await asyncio.shield(self._flushing)
        self._stop_timer()
        for output, masker in self._maskers.items():
            if held := masker.finish():
                self._keep(output, held)
        return await self._take()

    @property
    def cut(self) -> bool:
        """Whether `judged` is only the beginning."""
        return self._kept_bytes > JUDGED_BYTES

    def judged(self) -> RunOutput:
        return RunOutput(b"".join(self._judged["stdout"]), b"".join(self._judged["stderr"]))

    def _begin_flush(self) -> None:
        self._stop_timer()
        self._flushing = asyncio.create_task(self._flush_all())
        self._flushing.add_done_callback(_look_at)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _flush_all(self) -> None:
        try:
            while self._waiting:
                events, chunks = await self._take()
                await self._session.record(events, chunks)
        finally:
            self._flushing = None

    async def _take(self) -> tuple[tuple[SessionEvent, ...], tuple[Chunk, ...]]:
        """Cut what waits into chunks: neighbours of one output together, none too large."""
        waiting, self._waiting = self._waiting, []
        size_bytes, self._waiting_bytes = self._waiting_bytes, 0
        pieces = _pieces(waiting)
        if size_bytes > 64 * 1024:
            chunks = await asyncio.to_thread(lambda: [Chunk.of(data) for _, data in pieces])
        else:
            chunks = [Chunk.of(data) for _, data in pieces]
        masked = self._newly_masked({output for output, _ in pieces})
        now = self._session.clock.now()
        events = tuple(
            OutputCaptured(
                at=now,
                by=self._started.by,
                run=self._started.run,
                output=output,
                chunk=chunk.id,
                size_bytes=len(data),
                masked=masked.pop(output, {}),
            )
            for (output, data), chunk in zip(pieces, chunks, strict=True)
        )
        return events, tuple(chunks)

    def _newly_masked(self, outputs: set[StreamName]) -> dict[StreamName, dict[str, int]]:
        """What was masked since the last time, for the first piece of each output."""
        newly: dict[StreamName, dict[str, int]] = {}
        for output in outputs:
            masker = self._maskers[output]
            newly[output] = dict(masker.found)
            self.masked += masker.found
            masker.found.clear()
        return newly


def _pieces(waiting: list[tuple[StreamName, bytes]]) -> list[tuple[StreamName, bytes]]:
    pieces: list[tuple[StreamName, list[bytes]]] = []
    for output, data in waiting:
        if pieces and pieces[-1][0] == output:
            pieces[-1][1].append(data)
        else:
            pieces.append((output, [data]))
    joined = [(output, b"".join(parts)) for output, parts in pieces]
    return [
        (output, data[start : start + CHUNK_BYTES])
        for output, data in joined
        for start in range(0, len(data), CHUNK_BYTES)
    ]


def _look_at(task: asyncio.Task[None]) -> None:
    """The journal keeps the error; this only marks the task's as seen."""
    if not task.cancelled():
        task.exception()
