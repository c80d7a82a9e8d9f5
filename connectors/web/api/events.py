"""Routes that read events: pages of them as JSON, and streams of them that resume by position.

Guarantee: whoever asks on after the position that they have seen is sent every event after it that
they may read, once and in the log's order. Events are sent as they lie in the log.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

import msgspec
from fastapi import Header, Query
from starlette.responses import Response, StreamingResponse

from stillfixed.actors.backend import is_internal
from stillfixed.actors.log.contract import Recorded
from stillfixed.actors.session import events as e
from stillfixed.connectors.web.api import answers
from stillfixed.connectors.web.api.acts import SESSION
from stillfixed.connectors.web.api.asking import Json, api_router, own_key
from stillfixed.connectors.web.desk import AtDesk, Desk, SignedIn, heading_for
from stillfixed.connectors.web.hub import Heard
from stillfixed.connectors.web.identity import Person

router = api_router("events")

STREAM = "text/event-stream"
ALIVE_EVERY_SECONDS = 15.0
"""How often a stream says that it is still there, when it has nothing else to say."""
PAGE = 1000


class Sent(msgspec.Struct, frozen=True):
    """A `Recorded` on its way: the event's bytes as they are, the request id if it is one's own."""

    position: int
    session: str
    version: int
    request_id: str | None
    event: msgspec.Raw


def sent(one: Recorded | Heard, person: Person) -> Sent:
    if isinstance(one, Recorded):
        session, data = one.stream, one.data
    else:
        session, data = one.session, e.encode(one.event)
    key = own_key(person, one.request_id)
    return Sent(one.position, session, one.version, key, msgspec.Raw(data))


class Readable:
    """Which sessions a person may read. A session's client and team never change."""

    def __init__(self, desk: Desk, person: Person) -> None:
        self._desk = desk
        self._person = person
        self._known: dict[str, bool] = {}

    async def includes(self, session: str) -> bool:
        if session not in self._known:
            self._known[session] = await self._look(session)
        return self._known[session]

    async def _look(self, session: str) -> bool:
        if is_internal(session):
            return False
        heading = (await self._desk.client.session_info(session)).heading
        return self._person.may("read", client=heading.client, team=heading.team)


After = Annotated[int, Query(ge=0, le=2**62, description="The position that you have seen.")]
Limit = Annotated[int, Query(ge=1, le=PAGE)]
Accept = Annotated[str, Header(include_in_schema=False)]
LastEventId = Annotated[
    str | None, Header(alias="Last-Event-ID", description="In place of `after`, for streams.")
]
_STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {STREAM: {"schema": {"type": "string", "description": "`id` is the position."}}}
    }
}


@router.get("/api/position", response_model=answers.Position)
async def read_position(person: SignedIn, desk: AtDesk) -> Response:
    """The position of the newest event: read on after it to see only what is new."""
    return Json({"position": await desk.client.newest_position()})


@router.get(f"{SESSION}/events", response_model=answers.Events, responses=_STREAMED)
async def read_events_of_session(
    session: str,
    person: SignedIn,
    desk: AtDesk,
    after: After = 0,
    limit: Limit = PAGE,
    until_version: Annotated[int | None, Query(ge=0, le=2**62)] = None,
    accept: Accept = "",
    last_event_id: LastEventId = None,
) -> Response:
    """A session's events after a position: a page of them, or with `Accept: text/event-stream` all
    that there are and that come."""
    await heading_for(desk, person, "read", session)
    if STREAM in accept:
        return _streaming(desk, person, _from(after, last_event_id), session)
    found = await desk.client.log.read_feed(after, stream=session, limit=limit + 1)
    page = [one for one in found[:limit] if until_version is None or one.version <= until_version]
    more = len(found) > limit and len(page) == limit
    return _page(person, page, found[:limit], after, more)


@router.get("/api/events", response_model=answers.Events, responses=_STREAMED)
async def read_events(
    person: SignedIn,
    desk: AtDesk,
    after: After = 0,
    limit: Limit = PAGE,
    accept: Accept = "",
    last_event_id: LastEventId = None,
) -> Response:
    """As of one session, of all that you may read. A page may be short and have more after it."""
    if STREAM in accept:
        return _streaming(desk, person, _from(after, last_event_id), None)
    found = await desk.client.log.read_feed(after, limit=limit + 1)
    readable = Readable(desk, person)
    page = [record for record in found[:limit] if await readable.includes(record.stream)]
    return _page(person, page, found[:limit], after, len(found) > limit)


def _page(
    person: Person, page: Sequence[Recorded], read: Sequence[Recorded], after: int, more: bool
) -> Response:
    return Json(
        {
            "events": [sent(record, person) for record in page],
            "position": read[-1].position if read else after,
            "more": more,
        }
    )


def _from(after: int, last_event_id: str | None) -> int:
    """A browser that comes back says by the header where it was."""
    if last_event_id is not None and last_event_id.isdecimal():
        return max(after, min(int(last_event_id), 2**62))
    return after


def _streaming(desk: Desk, person: Person, after: int, session: str | None) -> Response:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        _stream(desk, person, after, session), media_type=STREAM, headers=headers
    )


async def _stream(
    desk: Desk, person: Person, after: int, session: str | None
) -> AsyncIterator[bytes]:
    readable = Readable(desk, person)
    batches = aiter(desk.hub.watch(after=after, session=session))
    yield b": from the beginning of what you have not seen\n\n"
    while True:
        coming = asyncio.ensure_future(anext(batches, ()))
        try:
            while not (await asyncio.wait({coming}, timeout=ALIVE_EVERY_SECONDS))[0]:
                yield b": still here\n\n"
        finally:
            coming.cancel()
        if not (batch := coming.result()):
            return  # the host ends
        allowed = [
            one for one in batch if session is not None or await readable.includes(one.session)
        ]
        if frames := b"".join(_frame(sent(record, person)) for record in allowed):
            yield frames


def _frame(one: Sent) -> bytes:
    # The data is one line: JSON has no line ends of its own.
    return b"id: %d\ndata: %b\n\n" % (one.position, msgspec.json.encode(one))
