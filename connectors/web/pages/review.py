"""The review of one closure: the proof first, then the stream; and what a dispatcher decides.

Guarantee: who decides is who signed in. Whether they may, and whether the gate agrees, the session
itself says; what it refuses is told on the page, and nothing has changed.
"""

import asyncio
import secrets
from collections.abc import Awaitable
from typing import Annotated, get_args

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from stillfixed.actors.client_async import AsyncSession
from stillfixed.actors.errors import RequestRefused
from stillfixed.actors.runtime.policies import PolicyBook
from stillfixed.actors.session import requests as r
from stillfixed.actors.session.closure import not_a_dispatcher
from stillfixed.actors.session.gate import rule
from stillfixed.actors.verdicts.model import Verdict
from stillfixed.connectors.web.desk import AtDesk, Desk, SignedIn, heading_for
from stillfixed.connectors.web.identity import Person
from stillfixed.connectors.web.pages import proof
from stillfixed.connectors.web.pages.queue import decided_notice
from stillfixed.connectors.web.pages.reading import service_of
from stillfixed.connectors.web.pages.waiting import Place
from stillfixed.connectors.web.stream.fragments import home_of
from stillfixed.connectors.web.templating import Notice, page

router = APIRouter(include_in_schema=False)

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
Text = Annotated[str, Form()]


@router.get("/queue/{session}")
async def show(request: Request, session: str, person: SignedIn, desk: AtDesk) -> Response:
    return await _page(request, desk, person, session, decided_notice(request))


async def _page(
    request: Request,
    desk: Desk,
    person: Person,
    session: str,
    notice: Notice | None,
    *,
    status: int = 200,
    typed: str = "",
) -> Response:
    heading = await heading_for(desk, person, "review", session)
    service = service_of(desk)
    feed = await desk.feeds.feed(session)
    book, state = feed.book, feed.book.state
    checks = proof.checks_of(state)
    runs, wanted = proof.chunks_for(book, checks)
    chunks = {name: await service.log.chunk(name) for name in wanted}
    policy = await PolicyBook(service.log, service.clock).in_force(state)
    now = service.clock.now()
    no = not_a_dispatcher(state, policy, person.name)
    requested = proof.asked(book)
    _, entries, older = await feed.page()
    return page(
        request,
        "review.html",
        person=person,
        notice=notice,
        status=status,
        session=session,
        home=home_of(session),
        heading=heading,
        state=state,
        compared=await asyncio.to_thread(proof.comparisons, book, checks, runs, chunks),
        said=proof.said(book),
        ruling=rule(state, policy, now),
        policy=policy,
        forbidden=no.answer.message if no and isinstance(no.answer, r.Refused) else "",
        asked=requested,
        ended=proof.last_step(book),
        place=Place(requested.at, session) if requested else Place.parse(""),
        entries=entries,
        older=older,
        now=now,
        verdicts=VERDICTS,
        typed=typed,
        request_id=secrets.token_hex(8),
    )


# -- deciding ------------------------------------------------------------------------------------
@router.post("/queue/{session}/confirm")
async def confirm(
    request: Request,
    session: str,
    person: SignedIn,
    desk: AtDesk,
    request_id: Text = "",
    place: Text = "",
) -> Response:
    handle = await _dispatcher(desk, person, session)
    try:
        answer = await handle.confirm(request_id=_once(request_id, "confirm"))
    except RequestRefused as error:
        return await _refused(request, desk, person, session, error)
    if answer.result == "refused":
        return RedirectResponse(f"/queue/{session}?decided=refused", 303)
    return _next(place, "confirmed")


@router.post("/queue/{session}/send-back")
async def send_back(
    request: Request,
    session: str,
    person: SignedIn,
    desk: AtDesk,
    request_id: Text = "",
    place: Text = "",
    reason: Text = "",
) -> Response:
    handle = await _dispatcher(desk, person, session)
    try:
        await handle.send_back(reason, request_id=_once(request_id, "send-back"))
    except RequestRefused as error:
        return await _refused(request, desk, person, session, error, typed=reason)
    return _next(place, "sent_back")


@router.post("/queue/{session}/accept")
async def accept(
    request: Request,
    session: str,
    person: SignedIn,
    desk: AtDesk,
    annotation: Text,
    request_id: Text = "",
) -> Response:
    """Accept the reason of a `cannot_verify`; the closure still waits to be confirmed."""
    handle = await _dispatcher(desk, person, session)
    doing = handle.accept(annotation, request_id=_once(request_id, f"accept/{annotation}"))
    return await _stay(request, desk, person, session, doing, "accepted")


@router.post("/queue/{session}/override")
async def override(
    request: Request,
    session: str,
    person: SignedIn,
    desk: AtDesk,
    run: Text,
    verdict: Annotated[Verdict, Form()],
    request_id: Text = "",
    reason: Text = "",
) -> Response:
    """Disagree with the judge about one check; the closure still waits."""
    handle = await _dispatcher(desk, person, session)
    doing = handle.override(run, verdict, reason, request_id=_once(request_id, f"override/{run}"))
    return await _stay(request, desk, person, session, doing, "overridden")


def _once(request_id: str, what: str) -> str | None:
    """A page's form that is sent twice happens once; one page may hold several."""
    return f"{request_id}/{what}" if request_id else None


async def _dispatcher(desk: Desk, person: Person, session: str) -> AsyncSession:
    await heading_for(desk, person, "review", session)
    return await desk.client.session(session, by=person.name)


async def _stay(
    request: Request, desk: Desk, person: Person, session: str, doing: Awaitable[None], decided: str
) -> Response:
    try:
        await doing
    except RequestRefused as error:
        return await _refused(request, desk, person, session, error)
    return RedirectResponse(f"/queue/{session}?decided={decided}", 303)


async def _refused(
    request: Request,
    desk: Desk,
    person: Person,
    session: str,
    error: RequestRefused,
    *,
    typed: str = "",
) -> Response:
    notice = Notice(error.message, "bad")
    return await _page(request, desk, person, session, notice, status=409, typed=typed)


def _next(place: str, decided: str) -> Response:
    # Written anew: a place that came with a form is not put into an address as it is.
    after = str(Place.parse(place)).replace("+", "%2B")
    return RedirectResponse(f"/queue/next?after={after}&decided={decided}", 303)
