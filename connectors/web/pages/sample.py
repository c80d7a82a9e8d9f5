"""The daily sample for the standup: the last five closed tickets of each team, verification present
or not, and a remark each. Remarks are kept in the log and are there at once."""

from datetime import UTC, date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse

from stillfixed.actors.errors import RequestRefused, UnknownSession, ViewsMissing
from stillfixed.actors.reviews import RemarkMade, remark, remarks
from stillfixed.connectors.web.desk import AtDesk, Desk, SignedIn
from stillfixed.connectors.web.identity import Person
from stillfixed.connectors.web.pages.queue import must
from stillfixed.connectors.web.pages.reading import AsOf, Row, as_of, ask_views, rows
from stillfixed.connectors.web.stream.text import shown
from stillfixed.connectors.web.templating import Notice, environment, page
from stillfixed.projections.reading import Views

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form()]
PROOFS = {
    "proven": "proven",
    "refused_then_fixed": "refused first, then proven",
    "waived": "reason accepted",
    "unverified": "not proven",
}


class Sample(NamedTuple):
    """Closures by team, the newest first, each with its `remarks`; `day` is the last one in it."""

    teams: list[tuple[str, list[Row]]]
    day: date | None
    as_of: AsOf


@router.get("/sample")
async def show(
    request: Request, person: SignedIn, desk: AtDesk, day: date | None = None
) -> Response:
    must(person, "measure")
    return await _page(request, desk, person, day)


async def _page(
    request: Request,
    desk: Desk,
    person: Person,
    day: date | None,
    *,
    notice: Notice | None = None,
    status: int = 200,
) -> Response:
    found = await sample(desk, person, day)
    return page(
        request,
        "sample.html",
        person=person,
        notice=notice,
        status=status,
        sample=found,
        day=day,
        proofs=PROOFS,
        newest=await desk.client.newest_position(),
    )


@router.get("/sample/digest")
async def digest(person: SignedIn, desk: AtDesk, day: date | None = None) -> Response:
    """The sample as plain text, to read out or to paste into a chat."""
    must(person, "measure")
    found = await sample(desk, person, day)
    text = environment.get_template("digest.txt").render(sample=found, proofs=PROOFS)
    return PlainTextResponse(text, headers={"Cache-Control": "no-store"})


@router.post("/sample/remarks")
async def make_remark(
    request: Request,
    person: SignedIn,
    desk: AtDesk,
    ticket: Text,
    closed_at: Annotated[datetime, Form()],
    text: Text = "",
    day: Text = "",
) -> Response:
    must(person, "measure")
    row = await _closure(desk, person, ticket, closed_at)
    service = desk.service
    made = RemarkMade(
        at=service.clock.now(),
        by=person.name,
        ticket=ticket,
        closed_at=row["closed_at"],
        client=row["client"] or "",
        team=row["team"] or "",
        text=text.strip(),
        session=row["session"] or "",
    )
    back = date.fromisoformat(day) if day else None
    try:
        await remark(service.log, made)
    except RequestRefused as error:
        notice = Notice(error.message, "bad")
        return await _page(request, desk, person, back, notice=notice, status=409)
    return RedirectResponse(f"/sample?day={back}" if back else "/sample", 303)


async def sample(desk: Desk, person: Person, day: date | None) -> Sample:
    """What the person may see of the sample up to a day, by default the last one in the log."""

    def ask(views: Views) -> tuple[list[Row], AsOf]:
        return rows(views, "FROM review_sample ORDER BY team, place"), as_of(views)

    settings = {"sample_day": day} if day else {}
    try:
        closed, at = await ask_views(desk, person, "measure", ask, **settings)
    except ViewsMissing:
        return Sample([], day, AsOf(0, None))
    said = await remarks(desk.client.log)
    for row in closed:
        row["remarks"] = said.get((row["ticket"], row["closed_at"]), [])
    teams = [(team or "", list(some)) for team, some in groupby(closed, itemgetter("team"))]
    return Sample(teams, day or (at.moment.date() if at.moment else None), at)


async def _closure(desk: Desk, person: Person, ticket: str, closed_at: datetime) -> Row:
    """The closure that a remark is about, if the person may see it."""
    at = closed_at.astimezone(UTC).replace(tzinfo=None)

    def ask(views: Views) -> list[Row]:
        query = "FROM closed_tickets WHERE ticket = $ticket AND closed_at = $at"
        return rows(views, query, {"ticket": ticket, "at": at})

    found = await ask_views(desk, person, "measure", ask)
    if not found:
        raise UnknownSession(f"No closure of ticket {shown(ticket)} at that time.")
    return found[0]
