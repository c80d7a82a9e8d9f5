"""A session's page: the stream to read and to follow, and everything a technician does in it.

Guarantee: the page reads without JavaScript, and every form works without it; with it, the page
follows the stream from the very position that it was drawn at.
"""

from collections.abc import AsyncIterator, Awaitable
from typing import Annotated

from fastapi import APIRouter, Form, Header, Query, Request
from starlette.responses import (
    HTMLResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)

from stillfixed.actors.errors import NotAllowed, StillfixedError, UnknownSession
from stillfixed.actors.session.state import Heading
from stillfixed.actors.verdicts.model import Platform
from stillfixed.connectors.web.api.problems import status_of
from stillfixed.connectors.web.desk import AtDesk, Desk, SignedIn, heading_for
from stillfixed.connectors.web.identity import Person
from stillfixed.connectors.web.pages.acting import SLASH, Technician, slash_help
from stillfixed.connectors.web.stream import fragments
from stillfixed.connectors.web.templating import Notice, environment, page

router = APIRouter(include_in_schema=False)

KINDS = {
    "": "Command",
    "/note": "Note",
    "/verified": "Verified",
    "/cannot-verify": "Cannot verify",
    "/changed": "Changed outside",
    "/expect": "Expect",
    "/runbook": "Runbook",
    "/monitor": "Monitor",
    "/endpoint": "Endpoint",
}
"""What a line may be, for those who choose rather than type a slash."""

Live = Annotated[str | None, Header(alias="X-Live")]
Text = Annotated[str, Form()]


# -- reading -------------------------------------------------------------------------------------
@router.get("/sessions/{session}")
async def session_page(
    request: Request,
    session: str,
    person: SignedIn,
    desk: AtDesk,
    before: Annotated[int | None, Query(ge=1)] = None,
) -> HTMLResponse:
    heading = await heading_for(desk, person, "read", session)
    return await _page(request, desk, person, session, heading, before=before)


async def _page(
    request: Request,
    desk: Desk,
    person: Person,
    session: str,
    heading: Heading,
    *,
    before: int | None = None,
    notice: Notice | None = None,
    typed: str = "",
    status: int = 200,
) -> HTMLResponse:
    feed = await desk.feeds.feed(session)
    position, entries, older = await feed.page(before)
    return page(
        request,
        "session.html",
        person=person,
        notice=notice,
        status=status,
        session=session,
        home=fragments.home_of(session),
        heading=heading,
        may_work=person.may("work", client=heading.client, team=heading.team),
        entries=entries,
        older=older,
        before=before,
        side=feed.side.whole,
        side_line=feed.side.line,
        position=position,
        endpoints=list(feed.book.state.endpoints),
        kinds=KINDS,
        typed=typed,
        slash=slash_help(),
    )


@router.get("/sessions/{session}/older")
async def older_entries(
    session: str, person: SignedIn, desk: AtDesk, before: Annotated[int, Query(ge=1)]
) -> HTMLResponse:
    """The page of entries below a version, for a stream that is scrolled up."""
    await heading_for(desk, person, "read", session)
    feed = await desk.feeds.feed(session)
    _, entries, older = await feed.page(before)
    html = environment.get_template("session_older.html").render(
        home=fragments.home_of(session), entries=entries, older=older
    )
    return HTMLResponse(html)


@router.get("/sessions/{session}/live")
async def live(
    session: str,
    person: SignedIn,
    desk: AtDesk,
    after: Annotated[int, Query(ge=0)],
    last_event_id: Annotated[int | None, Header(ge=0)] = None,
) -> Response:
    """What becomes durable after a position, as Server-Sent Events. The header, which a browser
    sends when it comes back, goes before the address."""
    await heading_for(desk, person, "read", session)
    feed = await desk.feeds.feed(session)
    position = after if last_event_id is None else last_event_id

    async def events() -> AsyncIterator[bytes]:
        yield b"retry: 1000\n\n"
        async for block in feed.watch(position):
            yield block

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events(), media_type="text/event-stream", headers=headers)


@router.get("/sessions/{session}/runs/{run}")
async def run_page(
    request: Request, session: str, run: str, person: SignedIn, desk: AtDesk
) -> HTMLResponse:
    """One run whole."""
    heading = await heading_for(desk, person, "read", session)
    feed = await desk.feeds.feed(session)
    entry, outputs = await feed.whole(run)
    return page(
        request,
        "run.html",
        person=person,
        session=session,
        home=fragments.home_of(session),
        heading=heading,
        run=run,
        entry=entry,
        outputs=outputs,
    )


@router.get("/sessions/{session}/runs/{run}/{output}")
async def run_output(
    session: str, run: str, output: str, person: SignedIn, desk: AtDesk
) -> StreamingResponse:
    """The bytes of one output as they were captured, as plain text."""
    await heading_for(desk, person, "read", session)
    feed = await desk.feeds.feed(session)
    if output not in ("stdout", "stderr") or not feed.book.has_run(run):
        raise UnknownSession(f"Session {session} has no {output} of a run {run}.")
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    return StreamingResponse(
        feed.output(run, output), media_type="text/plain; charset=utf-8", headers=headers
    )


# -- acting --------------------------------------------------------------------------------------
@router.post("/sessions/{session}/type")
async def type_line(
    request: Request,
    session: str,
    person: SignedIn,
    desk: AtDesk,
    text: Text = "",
    kind: Text = "",
    endpoint: Text = "",
    request_id: Text = "",
    x_live: Live = None,
) -> Response:
    technician = await _technician(desk, person, session, endpoint, request_id)
    done = technician.type(_line(kind, text))
    return await _answer(request, desk, person, session, done, is_live=bool(x_live), typed=text)


def _line(kind: str, text: str) -> str:
    """As it would be typed; what begins with a slash command of its own is that."""
    text = text.replace("\r\n", "\n")
    is_own = text.split(maxsplit=1)[:1] in [[name] for name in SLASH]
    return f"{kind} {text}" if kind in SLASH and not is_own else text


@router.post("/sessions/{session}/{action}")
async def act(
    request: Request,
    session: str,
    action: str,
    person: SignedIn,
    desk: AtDesk,
    run: Text = "",
    every: Text = "",
    name: Text = "",
    endpoint: Text = "",
    monitor: Text = "",
    request_id: Text = "",
    x_live: Live = None,
) -> Response:
    """The page's buttons."""
    technician = await _technician(desk, person, session, endpoint, request_id)
    match action:
        case "cancel":
            done = technician.cancel(run)
        case "rerun":
            done = technician.rerun(run, every=bool(every))
        case "runbook":
            done = technician.runbook(name)
        case "stop-monitor":
            done = technician.stop_monitor(monitor)
        case "take-over":
            done = technician.take_over()
        case "close":
            done = technician.close()
        case _:
            return PlainTextResponse("There is no such action.", status_code=404)
    return await _answer(request, desk, person, session, done, is_live=bool(x_live))


async def _technician(
    desk: Desk, person: Person, session: str, endpoint: str, request_id: str
) -> Technician:
    await heading_for(desk, person, "work", session)
    handle = await desk.client.session(session, by=person.name)
    return Technician(desk, handle, endpoint, request_id)


async def _answer(
    request: Request,
    desk: Desk,
    person: Person,
    session: str,
    done: Awaitable[None],
    *,
    is_live: bool,
    typed: str = "",
) -> Response:
    """204 for a page that follows the stream, otherwise the way back to it; a refusal in words."""
    try:
        await done
    except StillfixedError as error:
        status = 503 if error.retryable else 409
        if is_live:
            return PlainTextResponse(str(error), status_code=status)
        heading = await heading_for(desk, person, "read", session)
        notice = Notice(str(error), "bad")
        return await _page(
            request, desk, person, session, heading, notice=notice, typed=typed, status=status
        )
    if is_live:
        return Response(status_code=204)
    return RedirectResponse(f"{fragments.home_of(session)}#composer", status_code=303)


# -- a new session -------------------------------------------------------------------------------
PLATFORMS: dict[Platform, str] = {
    "posix": "Linux, macOS, Unix",
    "powershell": "Windows, PowerShell",
    "cmd": "Windows, cmd",
    "network": "Network device",
}


def new_session_page(
    request: Request,
    person: Person,
    *,
    notice: Notice | None = None,
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:
    return page(
        request,
        "session_new.html",
        person=person,
        notice=notice,
        status=status,
        typed=typed or {},
        platforms=PLATFORMS,
        clients=sorted(
            {client for grant in person.granting("work") for client in grant.clients} - {"*"}
        ),
    )


@router.get("/new-session")
async def new_session(request: Request, person: SignedIn) -> HTMLResponse:
    if not person.granting("work"):
        raise NotAllowed(f"{person.name} may not open sessions. Ask an operator for the role.")
    return new_session_page(request, person)


@router.post("/new-session")
async def open_session(
    request: Request,
    person: SignedIn,
    desk: AtDesk,
    ticket: Text = "",
    client: Text = "",
    team: Text = "",
    category: Text = "",
    title: Text = "",
    address: Text = "",
    platform: Text = "posix",
    request_id: Text = "",
) -> Response:
    typed = {
        "ticket": ticket.strip(),
        "client": client.strip(),
        "team": team.strip(),
        "category": category.strip(),
        "title": title.strip(),
    }
    try:
        if not person.may("work", client=typed["client"], team=typed["team"]):
            raise NotAllowed(f"{person.name} may not work for {client or 'a client without name'}.")
        session = await desk.client.open(by=person.name, request_id=request_id or None, **typed)
        if address.strip():
            technician = Technician(desk, session, request_id=f"{request_id}/endpoint")
            await technician.type(f"/endpoint {address.strip()} {platform}")
    except StillfixedError as error:
        notice = Notice(str(error), "bad")
        return new_session_page(
            request,
            person,
            notice=notice,
            typed={**typed, "address": address, "platform": platform},
            status=status_of(error),
        )
    return RedirectResponse(fragments.home_of(session.id), status_code=303)
