"""The way to one host: what waits travels together, and a host that hangs is found out.

While one call is under way, requests gather and go with the next, so a busy caller makes few Ray
calls and an idle one waits for nothing. A run has a call of its own, since it may take long.
As long as an answer is outstanding, the host is pinged; if it does not answer the ping, or Ray says
it is gone, every outstanding request fails with `SessionUnavailable`.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from stillfixed.actors.errors import HostError, SessionUnavailable, StillfixedError
from stillfixed.actors.runtime.actor import HostInfo
from stillfixed.actors.runtime.cluster import translate
from stillfixed.actors.runtime.messages import Envelope, Reply, decode_replies, encode_batch
from stillfixed.actors.session.requests import CancelRun, StartRun

CALLS_AT_ONCE = 2
BATCH_LIMIT = 512
ANSWERS_ARRIVE_SECONDS = 2.0
"""How long answers that were given may be on their way."""


class Lane:
    """`dead` is set once and for ever; `died` is then called once."""

    def __init__(
        self, name: str, actor: Any, *, unresponsive_seconds: float, died: Callable[[], object]
    ) -> None:
        self.name = name
        self.dead = False
        self._actor = actor
        self._unresponsive_seconds = unresponsive_seconds
        self._died = died
        self._waiting: list[tuple[Envelope, asyncio.Future[Reply]]] = []
        self._outstanding: set[asyncio.Future[Reply]] = set()
        self._calls = 0
        self._scheduled = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._pinging: asyncio.Task[None] | None = None

    async def ask(self, envelope: Envelope) -> Reply:
        if self.dead:
            raise self._unavailable()
        answered: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._outstanding.add(answered)
        answered.add_done_callback(self._outstanding.discard)
        if self._pinging is None:
            self._pinging = asyncio.create_task(self._ping_while_waiting())
        if isinstance(envelope.request, StartRun | CancelRun):
            self._spawn(self._call([(envelope, answered)]))
        else:
            self._waiting.append((envelope, answered))
            if not self._scheduled:
                # Not at once: whoever else was woken in this turn of the loop comes along.
                self._scheduled = True
                asyncio.get_running_loop().call_soon(self._send)
        return await answered

    def _send(self) -> None:
        self._scheduled = False
        while self._waiting and self._calls < CALLS_AT_ONCE:
            batch, self._waiting = self._waiting[:BATCH_LIMIT], self._waiting[BATCH_LIMIT:]
            self._calls += 1
            self._spawn(self._call_and_go_on(batch))

    async def _call_and_go_on(self, batch: list[tuple[Envelope, asyncio.Future[Reply]]]) -> None:
        await self._call(batch)
        self._calls -= 1
        self._send()

    async def _call(self, batch: list[tuple[Envelope, asyncio.Future[Reply]]]) -> None:
        try:
            data = await self._actor.serve.remote(encode_batch([entry[0] for entry in batch]))
            replies = decode_replies(data)
        except Exception as error:
            failure = translate(error, f"host {self.name}")
            if isinstance(failure, HostError) and failure.retryable:
                self.fail()
            for _, answered in batch:
                if not answered.done():
                    answered.set_exception(failure)
            return
        for (_, answered), reply in zip(batch, replies, strict=True):
            if not answered.done():
                answered.set_result(reply)

    async def _ping_while_waiting(self) -> None:
        """A stopped process answers nothing and is not dead to Ray: only a ping finds it out."""
        while not self.dead:
            await asyncio.sleep(self._unresponsive_seconds)
            if not self._outstanding:
                break
            try:
                await asyncio.wait_for(self.info(), self._unresponsive_seconds)
            except (TimeoutError, StillfixedError):
                self.fail()
        self._pinging = None

    async def info(self) -> HostInfo:
        try:
            data: bytes = await self._actor.info.remote()
        except Exception as error:
            raise translate(error, f"host {self.name}") from None
        return msgspec.json.decode(data, type=HostInfo)

    async def drain(self, finish_seconds: float) -> None:
        """Let the host's sessions go; who waits for one of their runs has the answer then."""
        try:
            await self._actor.drain.remote(finish_seconds)
        except Exception as error:
            raise translate(error, f"host {self.name}") from None
        if self._outstanding:
            await asyncio.wait(list(self._outstanding), timeout=ANSWERS_ARRIVE_SECONDS)

    def fail(self) -> None:
        """The host is gone, or taken to be: fail everything that waits for it."""
        if self.dead:
            return
        self.dead = True
        self._died()
        for answered in list(self._outstanding):
            if not answered.done():
                answered.set_exception(self._unavailable())

    def _unavailable(self) -> SessionUnavailable:
        return SessionUnavailable(
            f"Session host {self.name} does not answer. Ask again with the same request id; "
            "nothing is done twice."
        )

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        self.dead = True
        for task in [*self._tasks, *([self._pinging] if self._pinging else [])]:
            task.cancel()
