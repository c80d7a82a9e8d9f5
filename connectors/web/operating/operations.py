"""What an operator asks a running host: is it ready, and its numbers."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Generic, Literal, TypeVar

import msgspec
from opentelemetry.trace import TracerProvider

from stillfixed.actors.errors import HostUnavailable, StillfixedError
from stillfixed.actors.service import Service
from stillfixed.connectors.web.operating.metrics import FRESH_SECONDS, Metrics
from stillfixed.connectors.web.operating.traces import NAME
from stillfixed.connectors.web.settings import SettingsTable
from stillfixed.projections import views_folder
from stillfixed.projections.publishing import copies

ANSWERS_WITHIN_SECONDS = 2.0
READY_KEY = "~ready"
"""What a look at the log writes: one row that is written over."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a host needs. Only what is `failing` makes it unready."""

    state: Literal["good", "behind", "failing"]
    reason: str = ""


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    log: Part
    ray: Part
    views: Part

    @property
    def ready(self) -> bool:
        return "failing" not in (self.log.state, self.ray.state, self.views.state)


class Lag(msgspec.Struct, frozen=True, kw_only=True):
    """How far the published views are behind the log. `events` None: none are published."""

    events: int | None
    seconds: float


Found = TypeVar("Found")


class Fresh(Generic[Found]):
    """Calls `look` every `FRESH_SECONDS` at most, however many ask; those who ask meanwhile share
    one look."""

    def __init__(self, look: Callable[[], Awaitable[Found]]) -> None:
        self._look = look
        self._looking: asyncio.Future[Found] | None = None
        self._until = 0.0

    async def __call__(self) -> Found:
        now = asyncio.get_running_loop().time()
        if self._looking is None or (self._looking.done() and now > self._until):
            self._looking = asyncio.ensure_future(self._look())
            self._until = now + FRESH_SECONDS
        return await asyncio.shield(self._looking)


class Operations:
    """Made with the service; `start` counts from then on, `close` ends that."""

    def __init__(
        self, service: Service, table: SettingsTable, metrics: Metrics, spans: TracerProvider
    ) -> None:
        self.metrics = metrics
        self.tracer = spans.get_tracer(NAME)
        self.ending = False
        self._service = service
        self._table = table
        self.ready = Fresh(self._look)
        self._refreshed = Fresh(self._refresh)
        self._following: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._following = asyncio.create_task(self.metrics.follow(self._service.log))

    async def close(self) -> None:
        if self._following is not None:
            self._following.cancel()
            with suppress(asyncio.CancelledError):
                await self._following

    # -- readiness ------------------------------------------------------------------------------
    async def _look(self) -> Readiness:
        log, ray = await asyncio.gather(_told(self._log_answers()), _told(self._ray_answers()))
        if log.state == "failing":
            return Readiness(log=log, ray=ray, views=Part(state="behind", reason="unknown"))
        return Readiness(log=log, ray=ray, views=await self._views())

    async def _log_answers(self) -> None:
        log = self._service.log
        await log.newest_position()
        await log.place(READY_KEY, "looked", instead_of=await log.holder(READY_KEY))

    async def _ray_answers(self) -> None:
        if self.ending:
            raise HostUnavailable("The host is ending.")
        await self._service.check_ray(ANSWERS_WITHIN_SECONDS)

    async def _views(self) -> Part:
        lag = await self.lag()
        if lag.events is None:
            return Part(state="behind", reason="No views are published yet.")
        if lag.seconds > self._table.views_lag_limit_seconds:
            told = f"{lag.events} events behind the log, {lag.seconds:.0f} seconds old."
            return Part(state="behind", reason=told)
        return Part(state="good")

    async def lag(self) -> Lag:
        newest = await self._service.log.newest_position()
        published = await asyncio.to_thread(copies, views_folder(self._service.settings))
        if not published:
            return Lag(events=None, seconds=0.0)
        behind = max(0, newest - published[-1].position)
        if not behind:
            return Lag(events=0, seconds=0.0)
        try:
            published_at = published[-1].path.stat().st_mtime
        except FileNotFoundError:  # a newer copy took its place just now
            return Lag(events=behind, seconds=0.0)
        return Lag(events=behind, seconds=max(0.0, time.time() - published_at))

    # -- numbers --------------------------------------------------------------------------------
    async def numbers(self) -> bytes:
        """All metrics, as Prometheus reads them."""
        await self._refreshed()
        return self.metrics.text()

    async def _refresh(self) -> None:
        metrics, service = self.metrics, self._service
        metrics.position.set(await service.log.newest_position())
        lag = await self.lag()
        metrics.behind.set(math.nan if lag.events is None else lag.events)
        metrics.views_age.set(lag.seconds)
        with suppress(HostUnavailable):  # told by /ready; the numbers stay as they were
            hosts = await service.hosts(ANSWERS_WITHIN_SECONDS)
            live = sum(len(host.sessions) for host in hosts)
            metrics.note_sessions(await service.log.count_by("status"), live, len(hosts))


async def _told(looking: Awaitable[None]) -> Part:
    try:
        await asyncio.wait_for(looking, ANSWERS_WITHIN_SECONDS * 2)
    except StillfixedError as error:
        return Part(state="failing", reason=error.message)
    except TimeoutError:
        return Part(state="failing", reason="It does not answer in time.")
    return Part(state="good")
