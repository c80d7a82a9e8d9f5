"""The dispatcher's queue: closures that wait, the oldest first, with the evidence in a line."""

import re

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from stillfixed.actors.errors import NotAllowed
from stillfixed.connectors.web.desk import AtDesk, SignedIn
from stillfixed.connectors.web.identity import Action, Person
from stillfixed.connectors.web.pages.proof import WORST_FIRST
from stillfixed.connectors.web.pages.waiting import Place, queue, waiting_before
from stillfixed.connectors.web.stream.text import words
from stillfixed.connectors.web.templating import Notice, environment, page

router = APIRouter(include_in_schema=False)

DECIDED = {
    "confirmed": "Confirmed: the session is closed.",
    "sent_back": "Sent back to the technician.",
    "accepted": "The reason is accepted. The closure still waits to be confirmed.",
    "overridden": "The verdict is overridden, with your name and reason beside it. The closure"
    " still waits to be confirmed.",
    "refused": "The gate refused the closure; the session is open again.",
}
"""What a page says after a decision; it never repeats words from its address."""


@router.get("/queue")
async def show(request: Request, person: SignedIn, desk: AtDesk, after: str = "") -> Response:
    must(person, "review")
    found = await queue(desk, person, Place.parse(after))
    return page(
        request,
        "queue.html",
        person=person,
        notice=decided_notice(request),
        queue=found,
        began=not after,
        now=desk.clock.now(),
    )


@router.get("/queue/previous")
async def earlier(person: SignedIn, desk: AtDesk, before: str = "") -> Response:
    """To the review of the closure that waits longer, or to the queue."""
    must(person, "review")
    place = await waiting_before(desk, person, Place.parse(before))
    return RedirectResponse(f"/queue/{place.session}" if place else "/queue", 303)


@router.get("/queue/next")
async def following(request: Request, person: SignedIn, desk: AtDesk, after: str = "") -> Response:
    """To the review of the next closure after a place, from the start again after the last; to the
    queue when none waits."""
    must(person, "review")
    place = Place.parse(after)
    found = (await queue(desk, person, place, 1)).rows
    if not found and after:
        found = (await queue(desk, person, Place.parse(""), 1)).rows
    path = f"/queue/{found[0].place.session}" if found else "/queue"
    decided = request.query_params.get("decided")
    return RedirectResponse(f"{path}?decided={decided}" if decided in DECIDED else path, 303)


def must(person: Person, action: Action) -> None:
    """Raises `NotAllowed` where no grant allows the action anywhere."""
    if not person.granting(action):
        raise NotAllowed(f"{person.name} may not {action} anything. Ask an operator for a grant.")


def decided_notice(request: Request) -> Notice | None:
    decided = request.query_params.get("decided", "")
    if decided not in DECIDED:
        return None
    return Notice(DECIDED[decided], "bad" if decided == "refused" else "good")


def evidence_parts(line: str) -> list[tuple[str, str]]:
    """The evidence of the view in pieces, (standing, words), the worst first; a piece that tells of
    no check has no standing."""
    parts = []
    for piece in re.split("[;,] ", line):
        number, _, word = piece.partition(" ")
        standing = word if word in WORST_FIRST else ""
        parts.append((standing, f"{number} {words(word)}" if standing else words(piece)))
    order = (*WORST_FIRST, "")
    return sorted(parts, key=lambda part: order.index(part[0]))


def since(seconds: float) -> str:
    """How long something waits, for people: `5 min`, `3 h`, `12 d`."""
    minutes = max(0.0, seconds) / 60
    if minutes < 60:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < 48 * 60 else f"{minutes / 60 / 24:,.0f} d"


environment.filters["evidence"] = evidence_parts
environment.filters["since"] = since
