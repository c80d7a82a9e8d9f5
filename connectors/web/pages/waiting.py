"""The dispatcher's queue: sessions whose closure waits, the longest first, a page at a time.

Guarantee: read your writes. What the views say is checked against the log before it is shown: a
session that was decided a moment ago is not there, and one whose technician asked a moment ago is,
although the views may be a second behind.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from stillfixed.actors.errors import UnknownSession, ViewsMissing
from stillfixed.actors.session import events as e
from stillfixed.actors.session.history import standing_of
from stillfixed.actors.session.state import Heading, State, fold
from stillfixed.connectors.web.desk import Desk
from stillfixed.connectors.web.identity import Person
from stillfixed.connectors.web.pages.reading import AsOf, Row, as_of, ask_views, rows
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
    while part.rows:
        for row in part.rows:
            place = _place(row)
            if place.session in asked:
                continue  # it waits anew, at the end
            if heading := await _waits(desk, person, place.session):
                found.append(Waiting(place, heading, row["evidence"]))
        if len(part.rows) <= limit or len(found) > limit:
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
            f"SELECT session, status_since {_WAITING} AND (status_since, session)"
            " < ($since, $session) ORDER BY status_since DESC, session DESC LIMIT 50"
        )
        return _Part(rows(views, query, _parameters(before)), 0, as_of(views))

    try:
        part = await ask_views(desk, person, "review", ask)
    except ViewsMissing:
        part = _Part([], 0, AsOf(0, None))
    asked, _ = await _asked_since(desk, part.as_of.position)
    places = [_place(row) for row in part.rows if row["session"] not in asked]
    places += [Place(at, session) for session, at in asked.items() if (at, session) < before]
    for place in sorted(places, reverse=True):
        if await _waits(desk, person, place.session):
            return place
    return None


# -- from the views ------------------------------------------------------------------------------
_WAITING = "FROM session_states WHERE status = 'awaiting_confirmation'"


async def _from_views(desk: Desk, person: Person, after: Place, limit: int) -> _Part:
    """What the view `review_queue` says, four times as fast: it has the evidence of all sessions
    that wait, and this of those on the page."""

    def ask(views: Views) -> _Part:
        found = rows(
            views,
            f"SELECT session, status_since, refusals {_WAITING} AND (status_since, session)"
            " > ($since, $session) ORDER BY status_since, session LIMIT $limit",
            {**_parameters(after), "limit": limit + 1},
        )
        _add_evidence(views, found)
        [(total,)] = views.sql(f"SELECT count(*) {_WAITING}").fetchall()
        return _Part(found, total, as_of(views))

    return await ask_views(desk, person, "review", ask)


def _add_evidence(views: Views, found: list[Row]) -> None:
    some = {"sessions": [row["session"] for row in found]}
    checks: dict[str, Counter[str]] = {row["session"]: Counter() for row in found}
    counted = "SELECT session, standing, count(*) AS number FROM check_results"
    for one in rows(views, f"{counted} WHERE session IN $sessions GROUP BY ALL", some):
        checks[one["session"]][one["standing"]] = one["number"]
    counted = "SELECT session, count(*) AS number FROM annotations WHERE kind = 'cannot_verify'"
    stated = rows(views, f"{counted} AND session IN $sessions GROUP BY ALL", some)
    reasons = {one["session"]: one["number"] for one in stated}
    for row in found:
        session = row["session"]
        row["evidence"] = _line(checks[session], reasons.get(session, 0), row["refusals"])


def _place(row: Row) -> Place:
    return Place(row["status_since"], row["session"])


def _parameters(place: Place) -> dict[str, object]:
    since = place.since.astimezone(UTC).replace(tzinfo=None)  # as the views have it
    return {"since": since, "session": place.session}


async def _asked_since(desk: Desk, position: int) -> tuple[dict[str, datetime], bool]:
    """When closure was asked for in which session after a position; and whether there is more."""
    log = desk.client.log
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
    records = await desk.client.log.read(session)
    return evidence_line([e.decode(record.data) for record in records])


def evidence_line(events: Sequence[e.SessionEvent]) -> str:
    """What the view `review_queue` says of a session, from its own events."""
    state = fold(State(), list(events))
    return _line(
        Counter(standing_of(state, check) for check in state.checks.values()),
        sum(one.kind == "cannot_verify" for one in state.annotations.values()),
        sum(isinstance(event, e.ClosureRefused) for event in events),
    )


def _line(checks: Mapping[str, int], reasons: int, refusals: int) -> str:
    """As the view `review_queue` has it."""
    parts = [", ".join(f"{checks[standing]} {standing}" for standing in sorted(checks))]
    parts[0] = parts[0] or "no check was run"
    if reasons:
        parts.append(f"{reasons} cannot_verify")
    if refusals:
        parts.append(f"refused {refusals} times before")
    return "; ".join(parts)
