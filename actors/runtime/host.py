"""A host of sessions: activates them when they are asked for, lets them go when they are idle.

One host serves one session, or all sessions of one client; the code is the same. Which sessions may
live here is not decided here: a caller places a key (a session or a client) with this host in the
log, and the claim of each session's epoch holds only while that placement stands. Knows nothing of
Ray.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import msgspec

from stillfixed.actors.errors import Fenced, StillfixedError
from stillfixed.actors.log.contract import EventLog
from stillfixed.actors.runtime.clock import Clock
from stillfixed.actors.runtime.endpoints import OpenEndpoint
from stillfixed.actors.runtime.journal import Journal
from stillfixed.actors.runtime.measuring import Measured, Stopwatch, gathering
from stillfixed.actors.runtime.messages import Envelope, moved
from stillfixed.actors.runtime.policies import PolicyBook
from stillfixed.actors.runtime.session import LiveSession
from stillfixed.actors.secrets import Masks, mask_text
from stillfixed.actors.session.masking import mask_request
from stillfixed.actors.session.requests import Refused, SessionAnswer


class HostSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`idle_seconds`: how long a session that nobody asks stays in memory.
    `exit_when_empty`: a host of one session ends with it, so that no process serves two."""

    idle_seconds: float = 300.0
    exit_when_empty: bool = True


class SessionHost:
    """`emptied` is called when the last session has left and the host should end."""

    def __init__(
        self,
        name: str,
        *,
        log: EventLog,
        clock: Clock,
        open_endpoint: OpenEndpoint,
        settings: HostSettings,
        emptied: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self._log = log
        self._clock = clock
        self._open_endpoint = open_endpoint
        self._settings = settings
        self._emptied = emptied
        self._book = PolicyBook(log, clock)
        self._live: dict[str, LiveSession] = {}
        self._arriving: dict[str, asyncio.Task[LiveSession]] = {}
        self._leaving: dict[str, asyncio.Task[None]] = {}
        self._draining = False

    @property
    def sessions(self) -> list[str]:
        """Ids of the sessions in memory."""
        return list(self._live)

    # -- requests -------------------------------------------------------------------------------
    async def serve(
        self, batch: list[Envelope], measured: list[list[Measured]] | None = None
    ) -> list[SessionAnswer]:
        """Answer each request of a batch, in its order. Raises nothing. What took how long goes
        into the request's list of `measured`, if there is one."""
        measured = measured or [[] for _ in batch]
        if len(batch) == 1:
            return [await self._serve_one(batch[0], measured[0])]
        return list(await asyncio.gather(*map(self._serve_one, batch, measured)))

    async def _serve_one(self, envelope: Envelope, measured: list[Measured]) -> SessionAnswer:
        with gathering(measured):
            return await self._answer(envelope)

    async def _answer(self, envelope: Envelope) -> SessionAnswer:
        try:
            live = self._live.get(envelope.session)
            if live is None:
                live = await self._arrive(envelope)
            return await live.submit(envelope.request_id, envelope.request)
        except Fenced:
            self._forget(envelope.session)
            return moved(envelope.session)
        except StillfixedError as error:
            self._forget(envelope.session)
            message = self._safe(envelope, error.message)
            return Refused(code=error.code, message=message, retryable=error.retryable)
        except Exception as error:
            # A fault of ours must reach the caller as one, and cost no other session anything.
            self._forget(envelope.session)
            message = (
                f"The host of session {envelope.session} failed: {error!r}. Nothing more was "
                "recorded; look at the transcript, then ask again."
            )
            return Refused(code="host", message=self._safe(envelope, message))

    def _safe(self, envelope: Envelope, message: str) -> str:
        """An error without the secrets of the request that it may quote."""
        masks = Masks()
        mask_request(envelope.request, masks)
        return mask_text(message, masks).text

    # -- arriving and leaving -------------------------------------------------------------------
    async def _arrive(self, envelope: Envelope) -> LiveSession:
        session = envelope.session
        if self._draining:
            raise Fenced(f"Host {self.name} is shutting down.")
        while session in self._leaving:
            await asyncio.wait([self._leaving[session]])
        if session in self._live:
            return self._live[session]
        if session not in self._arriving:
            task = asyncio.create_task(self._activate(session, envelope.key))
            self._arriving[session] = task
            task.add_done_callback(lambda _: self._arriving.pop(session, None))
        return await asyncio.shield(self._arriving[session])

    async def _activate(self, session: str, key: str) -> LiveSession:
        took = Stopwatch("activate")
        journal = await Journal.claim(self._log, session, placed=(key, self.name))
        live = LiveSession(
            journal,
            log=self._log,
            clock=self._clock,
            open_endpoint=self._open_endpoint,
            policy_for=self._book.in_force,
        )
        await live.record_interrupted()
        took.stop()
        self._live[session] = live
        self._watch(session, live)
        return live

    def _watch(self, session: str, live: LiveSession) -> None:
        """Come back when the session could have been idle for long enough."""
        loop = asyncio.get_running_loop()
        # One with a run under way is not idle, however long ago it was asked.
        idle_seconds = 0.0 if live.busy else loop.time() - live.used_at_seconds
        wait_seconds = max(0.01, self._settings.idle_seconds - idle_seconds)
        loop.call_later(wait_seconds, self._look, session, live)

    def _look(self, session: str, live: LiveSession) -> None:
        if self._live.get(session) is not live:
            return
        idle_seconds = asyncio.get_running_loop().time() - live.used_at_seconds
        if live.busy or idle_seconds < self._settings.idle_seconds:
            self._watch(session, live)
        else:
            self._leave(session)

    def _forget(self, session: str) -> None:
        """Drop a copy that has failed; what it had open is closed, nothing is written."""
        live = self._live.get(session)
        if live is not None and live.journal.failed is not None:
            self._leave(session)

    def _leave(self, session: str) -> None:
        live = self._live.pop(session)
        task = asyncio.create_task(live.leave())
        self._leaving[session] = task
        task.add_done_callback(lambda done: self._left(session, done))

    def _left(self, session: str, task: asyncio.Task[None]) -> None:
        self._leaving.pop(session, None)
        if not task.cancelled():
            task.exception()  # what ended the copy was answered where it happened
        if self._settings.exit_when_empty and not (self._live or self._arriving or self._leaving):
            self._emptied()

    async def drain(self, *, finish_seconds: float = 0.0) -> None:
        """Refuse new sessions, give runs that long to end by themselves and record the others as
        cancelled, let all sessions go in order, finish the log."""
        self._draining = True
        if self._arriving:
            await asyncio.wait(list(self._arriving.values()))
        if finish_seconds > 0:
            over = asyncio.gather(*(live.runs_over() for live in list(self._live.values())))
            with suppress(TimeoutError):
                await asyncio.wait_for(over, finish_seconds)
        for session in list(self._live):
            self._leave(session)
        await asyncio.gather(*self._leaving.values(), return_exceptions=True)
        await self._log.close()
