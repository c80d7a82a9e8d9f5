"""The list of sessions, newest activity first, of the clients and teams that a person may read.

Read from the log's headings: what was opened or closed a moment ago is there.
"""

from fastapi import APIRouter, Request, Response

from stillfixed.actors.client_async import SessionInfo
from stillfixed.connectors.web.desk import AtDesk, Desk, SignedIn
from stillfixed.connectors.web.identity import Person
from stillfixed.connectors.web.pages.queue import must
from stillfixed.connectors.web.templating import page

router = APIRouter(include_in_schema=False)

PAGE_ROWS = 50
LOOKED_AT = 20_000
"""Of so many sessions the list finds those that a person may read; older ones by ticket."""
STATUSES = ("open", "awaiting_confirmation", "closed")


@router.get("/sessions")
async def show(
    request: Request,
    person: SignedIn,
    desk: AtDesk,
    ticket: str = "",
    client: str = "",
    status: str = "",
    mine: bool = False,
    after: int = 0,
) -> Response:
    must(person, "read")
    where = {"ticket": ticket.strip(), "client": client.strip(), "status": status}
    where["technician"] = person.name if mine else ""
    where = {name: value for name, value in where.items() if value}
    after = max(0, after)
    found = await _visible(desk, person, where, after + PAGE_ROWS + 1)
    clients = {name for grant in person.granting("read") for name in grant.clients} - {"*"}
    return page(
        request,
        "sessions.html",
        person=person,
        found=found[after : after + PAGE_ROWS],
        more=after + PAGE_ROWS if len(found) > after + PAGE_ROWS else None,
        after=after,
        where=where,
        mine=mine,
        statuses=STATUSES,
        clients=sorted(clients),
        may_open=bool(person.granting("work")),
        now=desk.clock.now(),
    )


async def _visible(
    desk: Desk, person: Person, where: dict[str, str], limit: int
) -> list[SessionInfo]:
    """The first `limit` that the person may read; looks at more where many are not theirs."""
    look = limit
    while True:
        infos = await desk.client.sessions(limit=look, **where)
        found = [
            info
            for info in infos
            if person.may("read", client=info.heading.client, team=info.heading.team)
        ]
        # Streams that are no sessions were left out of `infos`: fewer is not yet all.
        if len(found) >= limit or look >= LOOKED_AT or len(infos) < look // 2:
            return found[:limit]
        look = min(look * 8, LOOKED_AT)
