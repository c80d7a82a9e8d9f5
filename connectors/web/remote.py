"""A backend that is a host somewhere else: what `stillfixed.connect("https://…")` stands on.

Guarantees: a request is carried out once, however often it has to be sent (it keeps its request id
over every try); events are followed across broken connections with nothing missed and nothing
twice; an error of the host is raised here as the class that it was there.
"""

import asyncio
import base64
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import httpx
import msgspec
from httpx_sse import SSEError, aconnect_sse

from stillfixed.actors.client_async import AsyncClient
from stillfixed.actors.errors import (
    HostUnavailable,
    NotAllowed,
    RequestRefused,
    SessionUnavailable,
    StillfixedError,
    UnknownSession,
    from_code,
)
from stillfixed.actors.log.contract import Recorded, StreamInfo
from stillfixed.actors.runtime.actor import HostInfo
from stillfixed.actors.runtime.clock import Clock, SystemClock
from stillfixed.actors.session import requests as r
from stillfixed.connectors.web.api.acts import BY_REQUEST, SESSION, path_and_body, segment
from stillfixed.connectors.web.api.records import closure_of, heading_of, record_of

GIVE_UP_SECONDS = 60.0
"""How long a call looks for a host that answers."""
PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 2.0
ANSWER_SECONDS = 60.0
SILENCE_SECONDS = 45.0
"""A stream that has said nothing for so long is taken for dead: hosts say every 15 s that it is
not."""
PAGE = 1000
CHUNKS_AT_ONCE = 64


class Event(msgspec.Struct, frozen=True):
    position: int
    session: str
    version: int
    request_id: str | None
    event: msgspec.Raw

    def recorded(self) -> Recorded:
        return Recorded(
            self.position, self.session, self.version, self.request_id, bytes(self.event)
        )


class _Events(msgspec.Struct, frozen=True):
    events: list[Event]
    position: int
    more: bool


async def connect_remote(
    address: str, *, token: str | None = None, http: httpx.AsyncClient | None = None
) -> AsyncClient:
    """A client of the host at `address`. Raises `NotSignedIn` for a token that is not good,
    `HostUnavailable` where no host answers. `http` is for tests and proxies of one's own."""
    return AsyncClient(await RemoteHost.connect(address, token=token, http=http))


class RemoteHost:
    """Use `await RemoteHost.connect(address, token=…)`, and `close` it."""

    def __init__(self, wire: "_Wire", person: str) -> None:
        self.person = person
        self.clock: Clock = SystemClock()
        self.histories = RemoteHistories(wire)
        self._wire = wire

    @classmethod
    async def connect(
        cls, address: str, *, token: str | None = None, http: httpx.AsyncClient | None = None
    ) -> "RemoteHost":
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        client = http or httpx.AsyncClient(follow_redirects=False)
        client.base_url = httpx.URL(address)
        client.headers.update(headers)
        client.timeout = httpx.Timeout(ANSWER_SECONDS, connect=10.0)
        wire = _Wire(client)
        try:
            me = await wire.get("/api/me", give_up_seconds=0)
        except SessionUnavailable as error:
            await client.aclose()
            raise HostUnavailable(error.message) from None
        except BaseException:
            await client.aclose()
            raise
        return cls(wire, me["name"])

    async def open(self, request: r.OpenSession, request_id: str | None = None) -> str:
        self._same_person(request.by)
        body = msgspec.to_builtins(request)
        del body["by"], body["type"]
        answer = await self._wire.post("/api/sessions", body, request_id)
        session: str = answer["session"]
        return session

    async def ask(
        self, session: str, request: r.PersonRequest, request_id: str | None = None
    ) -> r.SessionAnswer:
        self._same_person(request.by)
        sent = path_and_body(request)
        if sent is None:
            raise RequestRefused(f"A {type(request).__name__} cannot be asked of a remote session.")
        path, body = sent
        limit_seconds = ANSWER_SECONDS
        if isinstance(request, r.StartRun):
            limit_seconds += request.time_limit_seconds
        answer = await self._wire.post(
            f"{_of(session)}{path}", body, request_id, limit_seconds=limit_seconds
        )
        kind = BY_REQUEST[type(request)].answers
        if kind is r.RunEnded:
            return r.RunEnded(record=record_of(answer))
        if kind is r.ClosureAnswer:
            return closure_of(answer)
        return r.Done(id=answer["id"])

    async def host_of(self, session: str) -> HostInfo | None:
        answer = await self._wire.get(f"{_of(session)}/host")
        return msgspec.convert(answer["host"], HostInfo | None)

    async def adopt_policies(self, text: str, *, by: str, source: str) -> None:
        self._same_person(by)
        await self._wire.post("/api/policies", {"text": text, "source": source}, None)

    async def close(self) -> None:
        await self._wire.http.aclose()

    def _same_person(self, by: str) -> None:
        if by != self.person:
            raise NotAllowed(
                f"This connection is {self.person}'s, and cannot ask as {by}: give "
                f"by={self.person!r}, or connect with a token of {by}'s."
            )


class RemoteHistories:
    def __init__(self, wire: "_Wire") -> None:
        self._wire = wire

    async def newest_position(self) -> int:
        answer = await self._wire.get("/api/position")
        position: int = answer["position"]
        return position

    async def session(self, session: str) -> StreamInfo | None:
        try:
            answer = await self._wire.get(_of(session))
        except UnknownSession:
            return None
        return _info(answer)

    async def sessions(
        self, where: Mapping[str, str] | None = None, *, limit: int = 100
    ) -> Sequence[StreamInfo]:
        found: list[StreamInfo] = []
        cursor: dict[str, str] = {}
        while len(found) < limit:
            asked = {**(where or {}), **cursor, "limit": min(PAGE, limit - len(found))}
            answer = await self._wire.get("/api/sessions", asked)
            found += [_info(line) for line in answer["sessions"]]
            if answer["next"] is None:
                break
            cursor = {"cursor": answer["next"]}
        return found

    async def read(self, session: str, *, until_version: int | None = None) -> Sequence[Recorded]:
        found: list[Recorded] = []
        more, position = True, 0
        while more:
            asked = {"after": position, "limit": PAGE}
            if until_version is not None:
                asked["until_version"] = until_version
            page = await self._events(f"{_of(session)}/events", asked)
            found += [one.recorded() for one in page.events]
            more, position = page.more, page.position
        return found

    async def read_feed(
        self, after_position: int, *, session: str | None = None, limit: int = 1000
    ) -> Sequence[Recorded]:
        """Of all sessions, those that this person may not read are left out."""
        while True:
            asked = {"after": after_position, "limit": min(PAGE, limit)}
            page = await self._events(_events_of(session), asked)
            if page.events or not page.more:
                return [one.recorded() for one in page.events]
            after_position = page.position

    async def follow(
        self, after_position: int, *, session: str | None = None
    ) -> AsyncIterator[Sequence[Recorded]]:
        position = after_position
        tries = self._wire.tries()
        while True:
            try:
                async with aclosing(self._wire.stream(_events_of(session), position)) as events:
                    async for one in events:
                        position = one.position
                        tries = self._wire.tries()
                        yield [one.recorded()]
            except StillfixedError as error:
                if not error.retryable:
                    raise
                await tries.wait(error)
            else:
                await tries.wait(SessionUnavailable("The host ended the stream of events."))

    async def chunks(self, session: str, chunk_ids: Sequence[str]) -> Mapping[str, bytes]:
        missing = list(dict.fromkeys(chunk_ids))
        found: dict[str, bytes] = {}
        while missing:
            asked = {"id": missing[:CHUNKS_AT_ONCE]}
            answer = await self._wire.get(f"{_of(session)}/chunks", asked)
            for name, data in answer["chunks"].items():
                found[name] = base64.b64decode(data)
            missing = [name for name in missing if name not in found]
        return found

    async def _events(self, path: str, asked: Mapping[str, Any]) -> _Events:
        return msgspec.json.decode(await self._wire.get_bytes(path, asked), type=_Events)


class _Wire:
    """HTTP with a host: tries again what may succeed later, and raises its errors as ours."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    def tries(self, give_up_seconds: float | None = None) -> "_Tries":
        return _Tries(GIVE_UP_SECONDS if give_up_seconds is None else give_up_seconds)

    async def get(
        self,
        path: str,
        asked: Mapping[str, Any] | None = None,
        *,
        give_up_seconds: float | None = None,
    ) -> dict[str, Any]:
        data = await self.get_bytes(path, asked, give_up_seconds=give_up_seconds)
        return msgspec.json.decode(data, type=dict[str, Any])

    async def get_bytes(
        self,
        path: str,
        asked: Mapping[str, Any] | None = None,
        *,
        give_up_seconds: float | None = None,
    ) -> bytes:
        request = self.http.build_request("GET", path, params=asked)
        return await self._answer(request, self.tries(give_up_seconds))

    async def post(
        self,
        path: str,
        body: Mapping[str, Any],
        request_id: str | None,
        *,
        limit_seconds: float = ANSWER_SECONDS,
    ) -> dict[str, Any]:
        request = self.http.build_request(
            "POST",
            path,
            content=msgspec.json.encode(body),
            headers={
                "Content-Type": "application/json",
                "Idempotency-Key": request_id or secrets.token_hex(8),
            },
            timeout=httpx.Timeout(limit_seconds, connect=10.0),
        )
        return msgspec.json.decode(await self._answer(request, self.tries()), type=dict[str, Any])

    async def stream(self, path: str, after: int) -> AsyncGenerator[Event, None]:
        """Events until the connection ends; `SessionUnavailable` if it broke."""
        timeout = httpx.Timeout(SILENCE_SECONDS, connect=10.0)
        try:
            async with aconnect_sse(
                self.http, "GET", path, params={"after": after}, timeout=timeout
            ) as source:
                if source.response.is_error:
                    await source.response.aread()
                    raise _error_of(source.response)
                async for one in source.aiter_sse():
                    yield msgspec.json.decode(one.data, type=Event)
        except (httpx.TransportError, SSEError) as error:
            raise self._no_answer(error) from None

    async def _answer(self, request: httpx.Request, tries: "_Tries") -> bytes:
        while True:
            try:
                response = await self.http.send(request)
            except httpx.TransportError as error:
                await tries.wait(self._no_answer(error))
                continue
            if response.is_success:
                return response.content
            told = _error_of(response)
            if not told.retryable:
                raise told
            await tries.wait(told)

    def _no_answer(self, error: Exception) -> SessionUnavailable:
        said = str(error) or type(error).__name__
        return SessionUnavailable(
            f"The host {self.http.base_url} does not answer: {said}. Check the address and that "
            "it is up, and ask again with the same request id."
        )


class _Tries:
    """Pauses between tries, until it is time to give up."""

    def __init__(self, give_up_seconds: float) -> None:
        self._until = asyncio.get_running_loop().time() + give_up_seconds
        self._pause_seconds = PAUSE_SECONDS

    async def wait(self, error: StillfixedError) -> None:
        """Before the next try; raises `error` where there is none."""
        if asyncio.get_running_loop().time() >= self._until:
            raise error
        await asyncio.sleep(self._pause_seconds)
        self._pause_seconds = min(self._pause_seconds * 2, LONGEST_PAUSE_SECONDS)


class _Problem(msgspec.Struct, frozen=True):
    code: str
    detail: str


def _error_of(response: httpx.Response) -> StillfixedError:
    try:
        told = msgspec.json.decode(response.content, type=_Problem)
    except msgspec.DecodeError:
        # A proxy before the host, or no host of ours.
        said = f"{response.request.url} answered {response.status_code}, not as a host does."
        if response.status_code in (502, 503, 504):
            return SessionUnavailable(f"{said} It may be starting. Ask again.")
        return HostUnavailable(f"{said} Check the address.")
    return from_code(told.code, told.detail)


def _of(session: str) -> str:
    return SESSION.format(session=segment(session))


def _events_of(session: str | None) -> str:
    return "/api/events" if session is None else f"{_of(session)}/events"


def _info(line: Mapping[str, Any]) -> StreamInfo:
    return StreamInfo(line["session"], 0, line["version"], heading_of(line))
