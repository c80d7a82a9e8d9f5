"""The dispatcher's queue: sessions whose closure waits, the longest first, a page at a time.

Guarantee: read your writes. What the views say is checked against the log before it is shown: a
session that was decided a moment ago is not there, and one whose technician asked a moment ago is,
although the views may be a second behind.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from stillfixed.actors.errors import UnknownSession, ViewsMissing
from stillfixed.actors.session import events as e
from stillfixed.actors.session.history import Standing, standing_of
from stillfixed.actors.session.state import Heading, State, fold
from stillfixed.connectors.web.desk import Desk
from stillfixed.connectors.web.identity import Person
from stillfixed.connectors.web.pages.reading import AsOf, Row, as_of, ask_views, rows, service_of
from stillfixed.projections.reading import Views

PAGE_ROWS = 50
LATE_EVENTS = 20_000
"""How far behind the views may be until the newest closures are missing from the queue, which it
then says. A worker that keeps up is some hundred events behind."""

_REQUESTED = b'"closure_requested"'
_START = datetime(1, 1, 1, tzinfo=UTC)


class Place(NamedTuple):
    """A place in the queue: since when, and which session. Also the cursor of its pages."""

    since: datetime
    session: str

    def __str__(self) -> str:
        return f"{self.since.isoformat()}~{self.session}"

    @classmethod
    def parse(cls, text: str) -> "Place":
        """The start of the queue where the text is no place."""
        since, _, session = text.partition("~")
        try:
            at = datetime.fromisoformat(since)
        except ValueError:
            return cls(_START, "")
        return cls(at if at.tzinfo else at.replace(tzinfo=UTC), session)


class Waiting(NamedTuple):
    """A row of the queue. `evidence` is the line of the view `review_queue`."""

    place: Place
    heading: Heading
    evidence: str


class Queue(NamedTuple):
    """`total` counts the views' rows; `late` says that more was recorded since than was looked at;
    `after` is where the next page begins, None on the last."""

    rows: list[Waiting]
    after: Place | None
    total: int
    as_of: AsOf
    late: bool


class _Part(NamedTuple):
    rows: list[Row]
    total: int
    as_of: AsOf


async def queue(desk: Desk, person: Person, after: Place, limit: int = PAGE_ROWS) -> Queue:
    """Up to `limit` rows after a place, of what `person` may review."""
    try:
        part = await _from_views(desk, person, after, limit)
    except ViewsMissing:
        part = _Part([], 0, AsOf(0, None))
    asked, late = await _asked_since(desk, part.as_of.position)
    found: list[Waiting] = []
    while part.rows and len(found) <= limit:
        for row in part.rows:
            place = Place(row["waiting_since"], row["session"])
            if place.session in asked:
                continue  # it waits anew, at the end
            if heading := await _waits(desk, person, place.session):
                found.append(Waiting(place, heading, row["evidence"]))
        if len(part.rows) <= limit:
            break
        part = await _from_views(desk, person, place, limit)
    for place in sorted(Place(at, session) for session, at in asked.items()):
        if len(found) > limit or place <= after:
            continue
        if heading := await _waits(desk, person, place.session):
            found.append(Waiting(place, heading, await _evidence(desk, place.session)))
    following = found[limit - 1].place if len(found) > limit else None
    return Queue(found[:limit], following, max(part.total, len(found)), part.as_of, late)


async def waiting_before(desk: Desk, person: Person, before: Place) -> Place | None:
    """The last place before another, of what `person` may review."""

    def ask(views: Views) -> _Part:
        query = (
            "FROM review_queue WHERE (waiting_since, session) < ($since, $session)"
            " ORDER BY waiting_since DESC, session DESC LIMIT 50"
        )
        return _Part(rows(views, query, _parameters(before)), 0, as_of(views))

    try:
        part = await ask_views(desk, person, "review", ask)
    except ViewsMissing:
        part = _Part([], 0, AsOf(0, None))
    asked, _ = await _asked_since(desk, part.as_of.position)
    places = [Place(row["waiting_since"], row["session"]) for row in part.rows]
    places = [place for place in places if place.session not in asked]
    places += [Place(at, session) for session, at in asked.items() if (at, session) < before]
    for place in sorted(places, reverse=True):
        if await _waits(desk, person, place.session):
            return place
    return None


async def _from_views(desk: Desk, person: Person, after: Place, limit: int) -> _Part:
    def ask(views: Views) -> _Part:
        found = rows(
            views,
            "FROM review_queue WHERE (waiting_since, session) > ($since, $session)"
            " ORDER BY waiting_since, session LIMIT $limit",
            {**_parameters(after), "limit": limit + 1},
        )
        [(total,)] = views.sql(
            "SELECT count(*) FROM session_states WHERE status = 'awaiting_confirmation'"
        ).fetchall()
        return _Part(found, total, as_of(views))

    return await ask_views(desk, person, "review", ask)


def _parameters(place: Place) -> dict[str, object]:
    since = place.since.astimezone(UTC).replace(tzinfo=None)  # as the views have it
    return {"since": since, "session": place.session}


async def _asked_since(desk: Desk, position: int) -> tuple[dict[str, datetime], bool]:
    """When closure was asked for in which session after a position; and whether there is more."""
    log = service_of(desk).log
    records = await log.read_feed(position, limit=LATE_EVENTS)
    asked = {}
    for record in records:
        if _REQUESTED in record.data and not record.stream.startswith("~"):
            event = e.decode(record.data)
            if isinstance(event, e.ClosureRequested):
                asked[record.stream] = event.at
    return asked, len(records) == LATE_EVENTS


async def _waits(desk: Desk, person: Person, session: str) -> Heading | None:
    """The session's heading if it waits now and the person may decide it."""
    try:
        heading = (await desk.client.session_info(session)).heading
    except UnknownSession:
        return None
    if heading.status != "awaiting_confirmation":
        return None
    return heading if person.may("review", client=heading.client, team=heading.team) else None


# -- the evidence in a line ----------------------------------------------------------------------
async def _evidence(desk: Desk, session: str) -> str:
    records = await service_of(desk).log.read(session)
    return evidence_line([e.decode(record.data) for record in records])


def evidence_line(events: Sequence[e.SessionEvent]) -> str:
    """What the view `review_queue` says of a session, from its own events."""
    state = fold(State(), list(events))
    standings: Counter[Standing] = Counter(standing_of(state, c) for c in state.checks.values())
    reasons = sum(a.kind == "cannot_verify" for a in state.annotations.values())
    refusals = sum(isinstance(event, e.ClosureRefused) for event in events)
    parts = [", ".join(f"{number} {one}" for one, number in sorted(standings.items()))]
    parts[0] = parts[0] or "no check was run"
    if reasons:
        parts.append(f"{reasons} cannot_verify")
    if refusals:
        parts.append(f"refused {refusals} times before")
    return "; ".join(parts)
