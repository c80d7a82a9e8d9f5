"""The caller's side: finds a session's host or starts one, and asks until there is an answer.

Which host serves which key (a session, or a client) is written in the log, by compare-and-set, so
there is no directory that could be lost. A host that died, hangs or has been replaced is noticed by
the call that fails, and the same request goes to the next one with the same request id.
"""

import asyncio
import secrets
from typing import Any, Literal

import msgspec

from stillfixed.actors.errors import (
    HostUnavailable,
    SessionUnavailable,
    StillfixedError,
    UnknownSession,
    from_code,
)
from stillfixed.actors.log.contract import EventLog
from stillfixed.actors.runtime.actor import HostConfig, HostInfo, SessionActor
from stillfixed.actors.runtime.cluster import NAMESPACE, import_ray, translate
from stillfixed.actors.runtime.lane import Lane
from stillfixed.actors.runtime.measuring import Asking, Observer, Unobserved
from stillfixed.actors.runtime.messages import MOVED, Envelope
from stillfixed.actors.runtime.warm import WarmHosts
from stillfixed.actors.session.requests import OpenSession, PersonRequest, Refused, SessionAnswer
from stillfixed.actors.session.state import Heading

Isolation = Literal["session", "client"]

PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 2.0
CONCURRENT_REQUESTS = 100_000
"""Ray's cap on calls in one actor at a time; batches keep far below it."""


class RouterSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`warm_hosts`: blank hosts kept ready. `unresponsive_seconds`: how long a host may leave a
    ping unanswered before another takes its sessions over. `give_up_seconds`: how long a call
    looks for a host that answers. `detached`: hosts outlive the process that started them."""

    isolation: Isolation = "session"
    warm_hosts: int = 2
    unresponsive_seconds: float = 10.0
    give_up_seconds: float = 60.0
    detached: bool = False


class Router:
    def __init__(
        self,
        log: EventLog,
        config: HostConfig,
        settings: RouterSettings,
        observer: Observer | None = None,
    ) -> None:
        self._log = log
        self._config = config
        self._settings = settings
        self._observer = observer or Unobserved()
        self._warm = WarmHosts(self._start_host, settings.warm_hosts)
        self._blank: set[str] = set()
        """Hosts that were started here and serve nobody yet."""
        self._lanes: dict[str, Lane] = {}
        self._placing: dict[str, asyncio.Task[Lane]] = {}
        self._keys: dict[str, str] = {}
        self._lane_of_key: dict[str, Lane] = {}
        self._actor_class: Any = None
        self._ended: HostUnavailable | None = None

    # -- asking ---------------------------------------------------------------------------------
    async def ask(
        self, session: str, request: PersonRequest, request_id: str | None = None
    ) -> SessionAnswer:
        """The session's answer. Raises the error it was refused with, or `SessionUnavailable`."""
        with self._observer.asking(session, request) as asking:
            return await self._ask(session, request, request_id, asking)

    async def _ask(
        self, session: str, request: PersonRequest, request_id: str | None, asking: Asking
    ) -> SessionAnswer:
        key = await self._key(session, request)
        envelope = Envelope(session, key, request_id or secrets.token_hex(8), request)
        loop = asyncio.get_running_loop()
        deadline_seconds = loop.time() + self._settings.give_up_seconds
        pause_seconds = PAUSE_SECONDS
        while True:
            if self._ended is not None:
                raise self._ended
            try:
                lane = self._lane_of_key.get(key)
                if lane is None or lane.dead:
                    lane = await self._place(key, lane)
                reply = await lane.ask(envelope)
            except SessionUnavailable:
                if loop.time() > deadline_seconds:
                    raise
            else:
                asking.measured(reply.measured)
                answer = reply.answer
                if not isinstance(answer, Refused):
                    return answer
                if answer.code != MOVED:
                    raise from_code(answer.code, answer.message)
                self._lane_of_key.pop(key, None)
                if loop.time() > deadline_seconds:
                    raise SessionUnavailable(
                        f"Session {session} keeps moving between hosts. Ask again later."
                    )
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(pause_seconds * 2, LONGEST_PAUSE_SECONDS)

    async def _key(self, session: str, request: PersonRequest) -> str:
        """What the session is placed by. One client's sessions share a host, never two clients'."""
        if self._settings.isolation == "session":
            return session
        key = self._keys.get(session)
        if key is None:
            if isinstance(request, OpenSession):
                client = request.client
            else:
                info = await self._log.stream(session)
                if info is None or info.version == 0:
                    raise UnknownSession(
                        f"No session {session}. List them with `stillfixed sessions`."
                    )
                client = msgspec.json.decode(info.heading, type=Heading).client
            key = self._keys[session] = f"client:{client}"
        return key

    # -- placing --------------------------------------------------------------------------------
    async def _place(self, key: str, dead: Lane | None) -> Lane:
        """The lane to the host of a key, found or started; callers that wait share one search."""
        task = self._placing.get(key)
        if task is None:
            task = asyncio.create_task(self._find_or_start(key, dead))
            self._placing[key] = task
            task.add_done_callback(lambda _: self._placing.pop(key, None))
        return await asyncio.shield(task)

    async def _find_or_start(self, key: str, dead: Lane | None) -> Lane:
        placed = await self._log.holder(key)
        if placed is not None and (dead is None or placed != dead.name):
            lane = self._lane(placed)
            if lane is not None:
                self._lane_of_key[key] = lane
                return lane
        name, actor = await self._warm.take()
        winner = await self._log.place(key, name, instead_of=placed)
        if winner == name:
            self._blank.discard(name)
            lane = self._lanes[name] = self._new_lane(name, actor)
        else:
            self._warm.give_back(name, actor)
            found = self._lane(winner)
            if found is None:
                raise SessionUnavailable("The host that was just placed is gone. Ask again.")
            lane = found
        self._lane_of_key[key] = lane
        return lane

    def _lane(self, name: str) -> Lane | None:
        """The lane to a host by name; None if Ray knows no such actor any more."""
        lane = self._lanes.get(name)
        if lane is not None:
            return None if lane.dead else lane
        ray = import_ray()
        try:
            actor = ray.get_actor(name, namespace=NAMESPACE)
        except ValueError:
            return None
        except ray.exceptions.RayError as error:
            raise translate(error, f"looking for host {name}") from None
        lane = self._lanes[name] = self._new_lane(name, actor)
        return lane

    def _new_lane(self, name: str, actor: Any) -> Lane:
        return Lane(
            name,
            actor,
            unresponsive_seconds=self._settings.unresponsive_seconds,
            died=lambda: self._lanes.pop(name, None),
        )

    async def _start_host(self) -> tuple[str, Any]:
        ray = import_ray()
        if self._actor_class is None:
            self._actor_class = ray.remote(SessionActor)
        name = f"host-{secrets.token_hex(6)}"
        self._blank.add(name)
        try:
            actor = self._actor_class.options(
                name=name,
                namespace=NAMESPACE,
                num_cpus=0,
                max_restarts=0,
                max_task_retries=0,
                max_concurrency=CONCURRENT_REQUESTS,
                lifetime="detached" if self._settings.detached else None,
            ).remote(name, msgspec.json.encode(self._config))
            try:
                await actor.info.remote()
            except asyncio.CancelledError:
                ray.kill(actor)  # a detached host would stay, for nobody
                raise
        except Exception as error:
            self._blank.discard(name)
            if isinstance(error, StillfixedError):
                raise
            raise HostUnavailable(
                f"A session host could not be started: {str(error).strip()[-300:]}"
            ) from None
        return name, actor

    # -- looking after hosts --------------------------------------------------------------------
    def warm_up(self) -> None:
        """Begin to start the warm hosts."""
        self._warm.refill()

    async def info(self, session: str) -> HostInfo | None:
        """The host that serves a session now; None if none does."""
        holder = await self._log.holder(self._keys.get(session, session))
        lane = self._lane(holder) if holder is not None else None
        return await lane.info() if lane is not None else None

    async def host_names(self, limit_seconds: float) -> set[str]:
        """Processes of this Ray that host sessions, those that others started too. Raises
        `HostUnavailable` where Ray does not answer or this router has ended."""
        if self._ended is not None:
            raise self._ended
        listed = asyncio.to_thread(import_ray().util.list_named_actors)
        try:
            return set(await asyncio.wait_for(listed, limit_seconds)) - self._blank
        except Exception as error:
            raise HostUnavailable(f"Ray does not answer: {str(error) or 'it timed out'}.") from None

    async def hosts(self, limit_seconds: float) -> list[HostInfo]:
        """What each one of this log says, if it answers in time. Raises as `host_names`."""
        found = [self._lane(name) for name in await self.host_names(limit_seconds)]
        asked = [asyncio.create_task(lane.info()) for lane in found if lane is not None]
        if not asked:
            return []
        done, late = await asyncio.wait(asked, timeout=limit_seconds)
        for task in late:
            task.cancel()
        infos = [task.result() for task in done if task.exception() is None]
        return [info for info in infos if info.log_url == self._config.log_url]

    def end(self, error: HostUnavailable) -> None:
        """Ray is gone: every request, those that wait too, fails with `error` from now on."""
        self._ended = error
        for lane in list(self._lanes.values()):
            lane.fail()

    async def drain(self, *, finish_seconds: float, limit_seconds: float = 20.0) -> None:
        """Take no new request, and let every host of this Ray end in order, those that other
        processes started too: runs have `finish_seconds` to end, and what follows has the limit."""
        if self._ended is not None:
            return
        await self._end_warm_hosts()
        self._ended = HostUnavailable(
            "The host is ending. Ask again with the same request id when it is back."
        )
        for name in set(import_ray().util.list_named_actors()) - self._blank:
            self._lane(name)
        lanes = [lane for lane in self._lanes.values() if not lane.dead]
        if lanes:
            drains = [asyncio.create_task(lane.drain(finish_seconds)) for lane in lanes]
            done, _ = await asyncio.wait(drains, timeout=finish_seconds + limit_seconds)
            for drained in done:
                drained.exception()  # of a host that is gone there is nothing to drain

    async def close(self) -> None:
        """End the warm hosts and let go of the others."""
        await self._end_warm_hosts()
        for lane in list(self._lanes.values()):
            lane.close()

    async def _end_warm_hosts(self) -> None:
        blank_hosts = await self._warm.close()
        if self._ended is None:
            for blank in blank_hosts:
                import_ray().kill(blank)
