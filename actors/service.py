"""Everything embedded in one process, started and ended in order: log, Ray, hosts, alarms.

Start: the log is opened (so that a bad one is refused before anything runs), Ray is started or
joined, blank hosts begin to warm, timers begin to ring. End: timers stop, hosts let their sessions
go and end, Ray ends if it was started here, the log is closed last.
"""

import asyncio
import secrets
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import msgspec
import platformdirs

from stillfixed.actors.backend import LogHistories
from stillfixed.actors.errors import HostError, HostUnavailable, RequestRefused
from stillfixed.actors.hostfile import (
    RunningHost,
    publish,
    running_host,
    still_serves,
    withdraw,
)
from stillfixed.actors.log import open_log
from stillfixed.actors.log.contract import EventLog
from stillfixed.actors.runtime.actor import HostConfig, HostInfo
from stillfixed.actors.runtime.alarms import Alarms
from stillfixed.actors.runtime.clock import Clock, SystemClock
from stillfixed.actors.runtime.cluster import Cluster, may_join
from stillfixed.actors.runtime.host import HostSettings
from stillfixed.actors.runtime.measuring import Observer
from stillfixed.actors.runtime.policies import adopt
from stillfixed.actors.runtime.router import Isolation, Router, RouterSettings
from stillfixed.actors.session.requests import OpenSession, PersonRequest, SessionAnswer

LOOK_AT_HOST_EVERY_SECONDS = 1.0
ENDPOINTS = "stillfixed.connectors.endpoints:open_endpoint"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How an embedded stillfixed runs. Every setting has a default that works.

    `data` is the folder of the log, by default the user's data folder. Where a host serves that
    folder (`stillfixed host`), it is joined. `ray_address` joins a Ray cluster instead of starting
    Ray here; `read_only` starts none and only reads. `idle_seconds`:
    how long a session that nobody asks stays in memory. `warm_hosts`: processes kept ready for the
    next session. `unresponsive_seconds`: how long a host may hang before its sessions move.
    `endpoints` is the import path of the function that connects to endpoints.
    """

    data: Path | None = None
    ray_address: str | None = None
    read_only: bool = False
    isolation: Isolation = "session"
    idle_seconds: float = 300.0
    warm_hosts: int = 2
    unresponsive_seconds: float = 10.0
    give_up_seconds: float = 60.0
    endpoints: str = ENDPOINTS

    @property
    def folder(self) -> Path:
        """The data folder, absolute."""
        return (self.data or Path(platformdirs.user_data_dir("stillfixed"))).absolute()

    @property
    def log_file(self) -> Path:
        return self.folder / "stillfixed.db"

    @property
    def log_url(self) -> str:
        return f"sqlite:///{self.log_file}"


class Service:
    """Use `await Service.start(settings)`, and `await service.close()` when done."""

    def __init__(
        self, settings: Settings, log: EventLog, clock: Clock, observer: Observer | None = None
    ) -> None:
        self.settings = settings
        self._observer = observer
        self.log = log
        self.histories = LogHistories(log)
        self.clock = clock
        self._cluster = Cluster(settings.ray_address)
        self._published: RunningHost | None = None
        self._router: Router | None = None
        self._beside: asyncio.Task[None] | None = None
        """Rings the timers; where a host is joined, which does that, watches the host."""

    @classmethod
    async def start(cls, settings: Settings, observer: Observer | None = None) -> "Service":
        """Raises `LogError`s for a log that cannot be used, `HostUnavailable` without Ray."""
        log = await open_log(settings.log_url)
        service = cls(settings, log, SystemClock(), observer)
        if not settings.read_only:
            try:
                await service._start_hosting()
            except BaseException:
                await log.close()
                raise
        return service

    async def _start_hosting(self) -> None:
        settings = self.settings
        joined = None
        if settings.ray_address is None:
            joined = await asyncio.to_thread(running_host, settings.folder)
        if joined is not None and may_join(joined):
            self._cluster = Cluster(joined.address, local=joined.local, token=joined.token)
        else:
            joined = None
        await asyncio.to_thread(self._cluster.start)
        host = HostSettings(
            idle_seconds=settings.idle_seconds, exit_when_empty=settings.isolation == "session"
        )
        self._router = Router(
            self.log,
            HostConfig(log_url=settings.log_url, endpoints=settings.endpoints, settings=host),
            RouterSettings(
                isolation=settings.isolation,
                # In a joined Ray, blank hosts would outlive a process that dies.
                warm_hosts=0 if joined else settings.warm_hosts,
                unresponsive_seconds=settings.unresponsive_seconds,
                give_up_seconds=settings.give_up_seconds,
                detached=not self._cluster.owned,
            ),
            self._observer,
        )
        self._router.warm_up()
        if joined is not None:
            self._beside = asyncio.create_task(self._watch_host(joined, self._router))
        else:
            alarms = Alarms(self.log, self.clock, self._ring)
            self._beside = asyncio.create_task(alarms.run())

    async def _watch_host(self, host: RunningHost, router: Router) -> None:
        """When the joined host has ended, fail what waits for it and let go of its Ray, which would
        otherwise end this whole process after a minute."""
        while still_serves(self.settings.folder, host):  # noqa: ASYNC110 see inside
            # Another process's end sets no event here.
            await asyncio.sleep(LOOK_AT_HOST_EVERY_SECONDS)
        router.end(
            HostUnavailable(
                f"The host of {self.settings.folder} has ended. What was recorded is safe; "
                "connect again to go on."
            )
        )
        await asyncio.to_thread(self._cluster.stop)

    def publish(self) -> None:
        """Let other processes with the same data folder join this one, until it is closed. Raises
        `HostUnavailable` if they join another already."""
        host = self._cluster.running_host()
        publish(self.settings.folder, host)
        self._published = host

    async def _ring(self, session: str, request_id: str, request: PersonRequest) -> SessionAnswer:
        return await self.ask(session, request, request_id)

    async def open(self, request: OpenSession, request_id: str | None = None) -> str:
        """The new session's id."""
        # A repeated request has to reach the session that the first one made.
        session = f"s-{_stable_id(request_id)}"
        await self.ask(session, request, request_id)
        return session

    async def ask(
        self, session: str, request: PersonRequest, request_id: str | None = None
    ) -> SessionAnswer:
        """See `Router.ask`."""
        if self._router is None:
            raise RequestRefused("This connection only reads. Connect without read_only to write.")
        return await self._router.ask(session, request, request_id)

    async def host_of(self, session: str) -> HostInfo | None:
        """The process that serves a session now, for operators; None if none does."""
        if self._router is None:
            return None
        try:
            return await self._router.info(session)
        except HostError:
            return None

    async def check_ray(self, limit_seconds: float = 2.0) -> None:
        """Raises `HostUnavailable` where Ray does not answer or the service is ending."""
        if self._router is not None:
            await self._router.host_names(limit_seconds)

    async def hosts(self, limit_seconds: float = 2.0) -> list[HostInfo]:
        """Every process that hosts sessions, for operators. Raises as `check_ray`."""
        return await self._router.hosts(limit_seconds) if self._router is not None else []

    async def adopt_policies(self, text: str, *, by: str, source: str) -> None:
        await adopt(self.log, self.clock, text=text, by=by, source=source)

    async def drain(self, *, finish_seconds: float = 0.0) -> None:
        """Begin to end: no process joins any more, no timer rings, no request is taken. Runs have
        `finish_seconds` to end by themselves; after that they are ended and recorded as cancelled.
        The log stays open for those who read, until `close`. Where a host was joined, its runs are
        left alone. Idempotent."""
        if self._published is not None:
            withdraw(self.settings.folder, self._published)
            self._published = None
        if self._beside is not None:
            self._beside.cancel()
            with suppress(asyncio.CancelledError):
                await self._beside
            self._beside = None
        if self._router is not None and self._cluster.owned:
            await self._router.drain(finish_seconds=finish_seconds)

    async def close(self) -> None:
        """End everything that `start` began, in order. Idempotent."""
        await self.drain()
        if self._router is not None:
            await self._router.close()
            self._router = None
            await asyncio.to_thread(self._cluster.stop)
        await self.log.close()


def _stable_id(request_id: str | None) -> str:
    if request_id is None:
        return secrets.token_hex(6)
    return blake2b(request_id.encode(), digest_size=6).hexdigest()
