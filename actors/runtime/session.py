"""One live copy of one session: requests in, answers out, once each.

An answer leaves `submit` only when everything it rests on is durable (see `journal.py`). A request
id that was answered before, by this copy or any other, gets the same answer again. Knows nothing of
Ray.
"""

import asyncio
from collections.abc import Awaitable, Callable

from stillfixed.actors.log.contract import Chunk, EventLog
from stillfixed.actors.runtime.clock import Clock
from stillfixed.actors.runtime.connections import Connections
from stillfixed.actors.runtime.endpoints import Endpoint, EndpointSpec, Limits, OpenEndpoint
from stillfixed.actors.runtime.journal import Journal
from stillfixed.actors.runtime.outputs import Outputs, shown_chunks
from stillfixed.actors.runtime.runs import Capture, Run
from stillfixed.actors.secrets import Masks, mask_text
from stillfixed.actors.session import requests as r
from stillfixed.actors.session.decide import decide, evidence_needed
from stillfixed.actors.session.decision import Decision
from stillfixed.actors.session.events import (
    RUNTIME,
    EndpointConnected,
    EndpointLost,
    RunStarted,
    SessionEvent,
    decode,
)
from stillfixed.actors.session.history import RunRecord, run_records, until_judged
from stillfixed.actors.session.masking import mask_request, recorded
from stillfixed.actors.session.policy import Policy
from stillfixed.actors.session.state import State, fold

PolicyFor = Callable[[State], Awaitable[Policy]]
"""The policy in force for a session now."""

JUDGED_INLINE_BYTES = 64 * 1024
"""Longer outputs are judged in a thread, so that other sessions of this process go on."""

_RULED_BY_POLICY = (
    r.RequestClosure,
    r.ConfirmClosure,
    r.SendBack,
    r.AcceptAnnotation,
    r.OverrideVerdict,
)


class LiveSession:
    def __init__(
        self,
        journal: Journal,
        *,
        log: EventLog,
        clock: Clock,
        open_endpoint: OpenEndpoint,
        policy_for: PolicyFor,
    ) -> None:
        self.journal = journal
        self.clock = clock
        self.connections = Connections(
            open_endpoint, connected=self._note_connected, lost=self._note_lost
        )
        self.used_at_seconds = asyncio.get_running_loop().time()
        self.masks = Masks(journal.state.masks)
        self._log = log
        self._policy_for = policy_for
        self._outputs = Outputs(log)
        self._asked: dict[str, asyncio.Future[r.SessionAnswer]] = {}
        self._runs: dict[str, Run] = {}

    # -- life -----------------------------------------------------------------------------------
    async def record_interrupted(self) -> None:
        """After activation: runs that an earlier copy left in the middle have no known outcome."""
        reason = (
            "The host of this session stopped while the command was going. Whether it ended, and "
            "how, is unknown. It was not sent again."
        )
        for run in list(self.journal.state.running):
            await self.decide(r.GiveUpRun(by=RUNTIME, run=run, sent=True, reason=reason))

    @property
    def busy(self) -> bool:
        return bool(self._runs or self._asked or self.journal.pending)

    async def runs_over(self) -> None:
        """Returns when no command is under way."""
        while self._runs:
            await asyncio.gather(*(run.wait() for run in list(self._runs.values())))
            await asyncio.sleep(0)  # the callbacks that take a run out come in the next turn

    async def leave(self) -> None:
        """End what runs, keep a snapshot, let go of the endpoints. Nothing is asked after this."""
        for run in list(self._runs.values()):
            await run.cancel()
        try:
            if self.journal.failed is None and self.journal.unsaved:
                await self.journal.commit((), snapshot=True)
        finally:
            await self.connections.close()

    # -- requests -------------------------------------------------------------------------------
    async def submit(self, request_id: str, request: r.PersonRequest) -> r.SessionAnswer:
        """Carry a request out once. Raises the error that ended this copy, if one did: then
        nothing was answered, and the caller may ask another copy."""
        self.used_at_seconds = asyncio.get_running_loop().time()
        asked = self._asked.get(request_id)
        if asked is not None:
            return await asyncio.shield(asked)
        answered: asyncio.Future[r.SessionAnswer] = asyncio.get_running_loop().create_future()
        self._asked[request_id] = answered
        try:
            answer = await self._answer(request_id, request)
        except BaseException as error:
            answered.set_exception(self.journal.failed or error)
            answered.exception()  # seen, even if nobody else waits for it
            if self.journal.failed is not None:
                raise self.journal.failed from None
            raise
        finally:
            del self._asked[request_id]
        answered.set_result(answer)
        return answer

    async def _answer(self, request_id: str, request: r.PersonRequest) -> r.SessionAnswer:
        earlier = await self._log.answer(self.journal.stream, request_id)
        if earlier is not None:
            answer = r.decode_answer(earlier)
        else:
            answer = await self.decide(request, request_id)
        if isinstance(request, r.StartRun) and isinstance(answer, r.RunAnswer):
            return r.RunEnded(record=await self._ended(answer.run))
        if isinstance(request, r.CancelRun) and request.run in self._runs:
            await self._runs[request.run].cancel()
        return answer

    async def _ended(self, run_id: str) -> RunRecord:
        run = self._runs.get(run_id)
        if run is None:
            return await self._earlier_run(run_id)
        await run.wait()
        if self.journal.failed is not None:
            raise self.journal.failed
        return run.record

    async def _earlier_run(self, run_id: str) -> RunRecord:
        """A run that ended before this was asked, perhaps under another copy. The same request has
        the same answer again: the run as it ended."""
        recorded = await self._log.read(self.journal.stream)
        history = [decode(record.data) for record in recorded]
        chunks = await shown_chunks(self._log, history, only=run_id)
        return run_records(until_judged(history, run_id), chunks)[run_id]

    async def decide(
        self, request: r.SessionRequest, request_id: str | None = None
    ) -> r.SessionAnswer:
        """Decide on the newest state, commit, and answer when it is durable. Nothing from here on
        sees the secrets of the request but the run that it starts."""
        command = request.command if isinstance(request, r.StartRun) else None
        safe = mask_request(request, self.masks)
        request = safe.request
        decision = recorded(safe, await self._decision(request, ()), self.masks)
        stale = _stale_timer(self.journal.state, request)
        if not decision.events and request_id is None and not stale:
            return decision.answer
        durable = self.journal.commit(
            decision.events,
            request_id=request_id,
            answer=decision.answer if request_id is not None else None,
            cancel_timers=stale,
        )
        started = [event for event in decision.events if isinstance(event, RunStarted)]
        if started:
            self._start(started[0], command or started[0].command, request, durable)
        await durable
        return decision.answer

    async def end_run(
        self, request: r.FinishRun | r.GiveUpRun, capture: Capture
    ) -> tuple[SessionEvent, ...]:
        """The last output, the end and the verdict, in one append; what was decided."""
        events, chunks = await capture.rest()
        self._outputs.keep(request.run, capture.judged())
        decision = await self._decision(request, events)
        await self.journal.commit((*events, *decision.events), chunks=chunks)
        return decision.events

    async def record(self, events: tuple[SessionEvent, ...], chunks: tuple[Chunk, ...]) -> None:
        """Output as it came: facts that need no decision."""
        await self.journal.commit(events, chunks=chunks)

    async def _decision(
        self, request: r.SessionRequest, first: tuple[SessionEvent, ...]
    ) -> Decision:
        """The decision after `first`, made on the state as it is when this returns."""
        policy = None
        if isinstance(request, _RULED_BY_POLICY):
            policy = await self._policy_for(self.journal.state)
        while True:
            seen = self.journal.state
            state = fold(seen, first)
            needed = evidence_needed(state, request)
            outputs = self._outputs.in_memory(needed)
            if len(outputs) < len(needed):
                await self._outputs.load(state, needed)
                continue
            context = r.Context(self.clock.now(), policy, outputs)
            size_bytes = sum(len(o.stdout) + len(o.stderr) for o in outputs.values())
            if size_bytes <= JUDGED_INLINE_BYTES:
                return decide(state, request, context)
            decision = await asyncio.to_thread(decide, state, request, context)
            if self.journal.state is seen:
                return decision

    # -- runs and endpoints ---------------------------------------------------------------------
    def _start(
        self,
        started: RunStarted,
        command: str,
        request: r.SessionRequest,
        durable: Awaitable[object],
    ) -> None:
        limits = Limits()
        if isinstance(request, r.StartRun):
            limits = Limits(
                time_seconds=request.time_limit_seconds, output_bytes=request.output_limit_bytes
            )
        run = Run(self, started, command, limits)
        self._runs[started.run] = run
        run.begin(durable).add_done_callback(lambda task: self._run_over(started.run, task))

    def _run_over(self, run_id: str, task: asyncio.Task[None]) -> None:
        self._runs.pop(run_id, None)
        self.used_at_seconds = asyncio.get_running_loop().time()
        if not task.cancelled():
            task.exception()  # the journal keeps what ended this copy

    async def connect(self, name: str) -> Endpoint:
        info = self.journal.state.endpoints[name]
        return await self.connections.get(
            EndpointSpec(
                name=name,
                kind=info.kind,
                address=info.address,
                platform=info.platform,
                options=info.options,
            )
        )

    def _note_connected(self, endpoint: str, identity: str) -> None:
        identity = mask_text(identity, self.masks).text
        self._note(
            EndpointConnected(at=self.clock.now(), by=RUNTIME, endpoint=endpoint, identity=identity)
        )

    def _note_lost(self, endpoint: str, reason: str) -> None:
        reason = mask_text(reason, self.masks).text
        self._note(EndpointLost(at=self.clock.now(), by=RUNTIME, endpoint=endpoint, reason=reason))

    def _note(self, event: SessionEvent) -> None:
        """Record on the side: whoever waits for a later append waits for this one too."""
        if self.journal.failed is None:
            self.journal.commit((event,)).add_done_callback(lambda durable: durable.exception())


def _stale_timer(state: State, request: r.SessionRequest) -> tuple[str, ...]:
    """A timer that rings for a monitor that is gone is cancelled, or it would ring for ever."""
    if isinstance(request, r.FireTimer) and request.monitor not in state.monitors:
        return (request.monitor,)
    return ()
