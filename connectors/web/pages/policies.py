"""Policies: who is in observe, warn and enforce, since when; adopting a new file; and a dry run
that shows what enforcing it would have refused.

A policy file is for everyone: whoever adopts one governs all clients and all teams.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from stillfixed.actors.errors import NotAllowed, PolicyError, ViewsMissing
from stillfixed.actors.log.contract import EventLog
from stillfixed.actors.runtime.policies import adopt, newest
from stillfixed.actors.session import events as e
from stillfixed.actors.session.dry_run import Count, Tried, counted, dry_run
from stillfixed.actors.session.policy import Policies, parse_policies
from stillfixed.connectors.web.desk import AtDesk, Desk, SignedIn
from stillfixed.connectors.web.identity import Person
from stillfixed.connectors.web.pages.policy_faults import Fault, fault_in
from stillfixed.connectors.web.pages.queue import must
from stillfixed.connectors.web.pages.reading import AsOf, Row, as_of, ask_views, rows
from stillfixed.connectors.web.templating import Notice, page
from stillfixed.projections.reading import Views

router = APIRouter(include_in_schema=False)

DAYS = 30
SESSIONS_TRIED = 5_000
SESSIONS_AT_ONCE = 200
SHOWN = 100
FOLLOW_SECONDS = 3.0
"""So long the page waits for the views after an adoption; it says so where they need longer."""

Text = Annotated[str, Form()]


class DryRun(NamedTuple):
    """`left_out`: more sessions were closed than were tried; the newest were."""

    counts: Sequence[Count]
    refused: Sequence[Tried]
    closures: int
    left_out: bool
    since: datetime


@router.get("/policies")
async def show(request: Request, person: SignedIn, desk: AtDesk, adopted: int = 0) -> Response:
    must(person, "govern")
    notice = None
    if adopted:
        notice = Notice("Adopted: in force from now on, or from the days that it names.", "good")
    return await _page(request, desk, person, notice=notice, position=adopted)


@router.post("/policies")
async def take(request: Request, person: SignedIn, desk: AtDesk, text: Text = "") -> Response:
    """Adopt a policy file."""
    _must_govern_all(person)
    text = _typed(text)
    service = desk.service
    if fault := fault_in(text):
        return await _page(request, desk, person, text=text, fault=fault)
    try:
        await adopt(service.log, service.clock, text=text, by=person.name, source="The policy file")
    except PolicyError as error:
        return await _page(request, desk, person, text=text, fault=Fault(error.message))
    return RedirectResponse(f"/policies?adopted={await service.log.newest_position()}", 303)


@router.post("/policies/dry-run")
async def try_out(request: Request, person: SignedIn, desk: AtDesk, text: Text = "") -> Response:
    """What enforcing a file would have refused in the last 30 days. Changes nothing."""
    must(person, "govern")
    text = _typed(text)
    if fault := fault_in(text):
        return await _page(request, desk, person, text=text, fault=fault)
    try:
        tried = await tried_out(desk, person, parse_policies(text))
    except ViewsMissing as error:
        notice = Notice(error.message, "warn")
        return await _page(request, desk, person, text=text, notice=notice)
    return await _page(request, desk, person, text=text, tried=tried)


async def _page(
    request: Request,
    desk: Desk,
    person: Person,
    *,
    text: str | None = None,
    fault: Fault | None = None,
    tried: DryRun | None = None,
    notice: Notice | None = None,
    position: int = 0,
) -> Response:
    service = desk.service
    in_force = await newest(service.log)
    phases, at = await _phases(desk, person, position)
    governs_all = _governs_all(person)
    if text is None and governs_all:
        text = in_force.text if in_force else ""
    return page(
        request,
        "policies.html",
        person=person,
        notice=notice,
        status=409 if fault else 200,
        phases=phases,
        as_of=at,
        behind=at.position < position,
        in_force=in_force,
        text=text or "",
        example=EXAMPLE,
        fault=fault,
        tried=tried,
        governs_all=governs_all,
        now=service.clock.now(),
        days=DAYS,
        shown_rows=SHOWN,
        newest=await service.log.newest_position(),
    )


async def _phases(desk: Desk, person: Person, position: int) -> tuple[list[Row], AsOf]:
    """The phases as far as the person governs, of a copy that holds an event, if one comes soon."""

    def ask(views: Views) -> tuple[list[Row], AsOf]:
        query = "FROM policy_phase ORDER BY until IS NOT NULL, since DESC, team, client, policy"
        return rows(views, query), as_of(views)

    try:
        for _ in range(int(FOLLOW_SECONDS / 0.1)):
            found = await ask_views(desk, person, "govern", ask)
            if found[1].position >= position:
                break
            await asyncio.sleep(0.1)  # a new copy sets no event
        return found
    except ViewsMissing:
        return [], AsOf(0, None)


# -- the dry run ---------------------------------------------------------------------------------
async def tried_out(desk: Desk, person: Person, policies: Policies) -> DryRun:
    """Every closure granted in the last days to the clients and teams that the person governs."""
    service = desk.service
    since = service.clock.now() - timedelta(days=DAYS)

    def ask(views: Views) -> list[str]:
        query = (
            "SELECT session FROM closures WHERE step = 'granted' AND happened_at >= $since"
            " GROUP BY session ORDER BY max(position) DESC LIMIT $limit"
        )
        parameters = {"since": since.replace(tzinfo=None), "limit": SESSIONS_TRIED + 1}
        return [row["session"] for row in rows(views, query, parameters)]

    sessions = await ask_views(desk, person, "govern", ask)
    tried: list[Tried] = []
    for start in range(0, min(len(sessions), SESSIONS_TRIED), SESSIONS_AT_ONCE):
        some = sessions[start : min(start + SESSIONS_AT_ONCE, SESSIONS_TRIED)]
        tried += await _try(service.log, some, policies, since)
    tried.sort(key=lambda one: one.at, reverse=True)
    refused = [one for one in tried if one.outcome == "refused"]
    return DryRun(counted(tried), refused, len(tried), len(sessions) > SESSIONS_TRIED, since)


async def _try(
    log: EventLog, sessions: Sequence[str], policies: Policies, since: datetime
) -> list[Tried]:
    by_session: dict[str, list[bytes]] = {}
    for record in await log.read_many(sessions):
        by_session.setdefault(record.stream, []).append(record.data)

    def run() -> list[Tried]:
        return [
            one
            for name, events in by_session.items()
            for one in dry_run(name, map(e.decode, events), policies, since)
        ]

    return await asyncio.to_thread(run)


# -- who may -------------------------------------------------------------------------------------
def _governs_all(person: Person) -> bool:
    return any("*" in g.clients and "*" in g.teams for g in person.granting("govern"))


def _must_govern_all(person: Person) -> None:
    if not _governs_all(person):
        raise NotAllowed(
            f"{person.name} governs some clients or teams only, and a policy file is for all of"
            " them. Ask a manager of all to adopt it."
        )


def _typed(text: str) -> str:
    return text.replace("\r\n", "\n")


EXAMPLE = """\
[[policy]]
name = "field"
mode = "observe"          # then "warn", then "enforce"
teams = ["field"]
from = 2026-01-01

[policy.require]
verdicts = ["fixed"]
confirmation = true       # a dispatcher with eyes of their own
"""
