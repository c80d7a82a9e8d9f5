"""Routes that read sessions: lists, one as it stands, its whole history, its outputs.

Guarantee: what is read is read from the log and wakes no session.
"""

import asyncio
from collections import OrderedDict
from typing import Annotated, Any

import msgspec
from fastapi import Header, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from stillfixed.actors.backend import is_internal
from stillfixed.actors.client_async import SessionInfo
from stillfixed.actors.errors import NotAllowed, UnknownSession
from stillfixed.actors.session.history import Transcript
from stillfixed.actors.session.state import Heading, Status
from stillfixed.connectors.cli.asjson import (
    comparison_json,
    rejudgement_json,
    session_json,
    transcript_json,
)
from stillfixed.connectors.web.api import answers
from stillfixed.connectors.web.api.acts import SESSION
from stillfixed.connectors.web.api.asking import Json, api_router
from stillfixed.connectors.web.api.standing import standing_json
from stillfixed.connectors.web.desk import AtDesk, Desk, SignedIn, heading_for
from stillfixed.connectors.web.identity import Person

router = api_router("reading sessions")

PAGE = 1000
SCANNED = 5 * PAGE
"""How many sessions one request looks at for those that its person may read."""


class Where(BaseModel):
    """What a list of sessions is narrowed to."""

    model_config = ConfigDict(extra="forbid")

    ticket: str | None = None
    client: str | None = None
    team: str | None = None
    category: str | None = None
    title: str | None = None
    technician: str | None = None
    status: Status | None = None
    limit: int = Field(default=100, ge=1, le=PAGE)
    cursor: str | None = Field(
        default=None, pattern="^[0-9]{1,18}$", description="`next` of the page before."
    )


@router.get("/api/sessions", response_model=answers.Sessions)
async def list_sessions(
    where: Annotated[Where, Query()], person: SignedIn, desk: AtDesk
) -> Response:
    """Sessions that you may read, newest activity first. Nothing is listed twice over the pages;
    what becomes active meanwhile is at the head of a new list. A page may be short, or empty, and
    have a next one."""
    wanted = where.model_dump(exclude_none=True, exclude={"limit", "cursor"})
    found: list[SessionInfo] = []
    before = int(where.cursor) if where.cursor else None
    scanned = 0
    while len(found) < where.limit and scanned < SCANNED:
        infos = await desk.client.log.streams(
            wanted or None, limit=where.limit, before_position=before
        )
        for info in infos:
            if len(found) == where.limit:
                break
            before = info.position
            if info.version and not is_internal(info.stream):
                heading = msgspec.json.decode(info.heading, type=Heading)
                if person.may("read", client=heading.client, team=heading.team):
                    found.append(SessionInfo(id=info.stream, heading=heading, version=info.version))
        scanned += len(infos)
        if len(infos) < where.limit:
            before = None
            break
    return Json(
        {
            "sessions": [line_json(info) for info in found],
            "next": None if before is None else str(before),
        }
    )


def line_json(info: SessionInfo) -> dict[str, Any]:
    removed_at = info.heading.outputs_removed_at
    return {**session_json(info), "version": info.version, "outputs_removed_at": removed_at}


@router.get(SESSION, response_model=answers.Summary)
async def read_session(session: str, person: SignedIn, desk: AtDesk) -> Response:
    """One session as it stands: its checks with their verdicts, and what the gate would say."""
    heading = await heading_for(desk, person, "read", session)
    handle = await desk.client.session(session, by=person.name)
    state = await handle.state()
    policy = await desk.policies.in_force(state)
    line = line_json(SessionInfo(id=session, heading=heading, version=state.version))
    return Json({**line, **standing_json(state, policy, desk.clock.now())})


# -- histories -----------------------------------------------------------------------------------
class _Rendered:
    """Transcripts as bytes, by session and version: a history to a version never changes."""

    LIMIT_BYTES = 64 * 1024 * 1024

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._size_bytes = 0

    def get(self, session: str, version: int) -> bytes | None:
        key = (session, version)
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def keep(self, session: str, version: int, data: bytes) -> None:
        if (session, version) in self._kept or len(data) > self.LIMIT_BYTES // 4:
            return
        self._kept[session, version] = data
        self._size_bytes += len(data)
        while self._size_bytes > self.LIMIT_BYTES:
            _, dropped = self._kept.popitem(last=False)
            self._size_bytes -= len(dropped)


def _rendered(request: Request) -> _Rendered:
    state = request.app.state
    if not hasattr(state, "transcripts"):
        state.transcripts = _Rendered()
    found: _Rendered = state.transcripts
    return found


@router.get(f"{SESSION}/transcript", response_model=answers.Transcript)
async def read_transcript(
    session: str,
    request: Request,
    person: SignedIn,
    desk: AtDesk,
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """The whole history: every entry, runs with output, every check before and after. Its `ETag`
    is the session's version."""
    await heading_for(desk, person, "read", session)
    info = await desk.client.session_info(session)
    kept = _rendered(request)
    version, data = info.version, kept.get(session, info.version)
    headers = {"ETag": f'"{version}"', "Cache-Control": "private, no-cache"}
    if if_none_match == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    if data is None:
        found = await _transcript(desk, person, session)
        version = found.state.version
        data = await asyncio.to_thread(lambda: msgspec.json.encode(transcript_json(found)))
        kept.keep(session, version, data)
        headers["ETag"] = f'"{version}"'
    return Json(data, headers=headers)


@router.get(f"{SESSION}/comparisons", response_model=answers.Comparisons)
async def read_comparisons(
    session: str,
    person: SignedIn,
    desk: AtDesk,
    full: Annotated[bool, Query(description="Fold no lines.")] = False,
) -> Response:
    """Every check before and after, those that showed a fault first."""
    await heading_for(desk, person, "read", session)
    found = await _transcript(desk, person, session)

    def rendered() -> bytes:
        return msgspec.json.encode(
            {
                "session": session,
                "version": found.state.version,
                "comparisons": [comparison_json(one, full=full) for one in found.comparisons],
            }
        )

    return Json(await asyncio.to_thread(rendered))


@router.get(f"{SESSION}/rejudgements", response_model=answers.Rejudgements)
async def read_rejudgements(session: str, person: SignedIn, desk: AtDesk) -> Response:
    """Every verdict of the history beside what today's judge says. Changes nothing."""
    await heading_for(desk, person, "read", session)
    handle = await desk.client.session(session, by=person.name)
    return Json({"rejudgements": [rejudgement_json(one) for one in await handle.rejudge()]})


async def _transcript(desk: Desk, person: Person, session: str) -> Transcript:
    return await (await desk.client.session(session, by=person.name)).transcript()


# -- the host ------------------------------------------------------------------------------------
@router.get(f"{SESSION}/host", response_model=answers.HostOf)
async def read_host(session: str, person: SignedIn, desk: AtDesk) -> Response:
    """The process that serves a session now. For operators."""
    info = await desk.client.backend.histories.session(session)
    heading = msgspec.json.decode(info.heading, type=Heading) if info is not None else None
    # An operator does not read histories.
    if heading is None or not any(
        person.may(one, client=heading.client, team=heading.team) for one in ("read", "operate")
    ):
        raise UnknownSession(f"No session {session}.")
    if not person.may("operate", client=heading.client, team=heading.team):
        raise NotAllowed(f"{person.name} may not operate the host of {heading.client}.")
    host = await desk.client.backend.host_of(session)
    said = {"name": host.name, "pid": host.pid, "sessions": host.sessions} if host else None
    return Json({"host": said})
