"""Monitors: checks that go on after the technician has left. Scheduled, running, concluded, each
with its runs in the session."""

from typing import NamedTuple

from fastapi import APIRouter, Request, Response

from stillfixed.actors.errors import ViewsMissing
from stillfixed.connectors.web.desk import AtDesk, SignedIn
from stillfixed.connectors.web.pages.queue import must
from stillfixed.connectors.web.pages.reading import (
    AsOf,
    Row,
    as_of,
    ask_views,
    rows,
)
from stillfixed.connectors.web.templating import page
from stillfixed.projections.reading import Views

router = APIRouter(include_in_schema=False)

SHOWN = 200
"""Of each of the three; monitors that concluded earlier are in their sessions."""
RUNS_SHOWN = 12

_MONITORS = """
WITH begun AS (SELECT * FROM monitors WHERE step = 'started'),
fired AS (
    SELECT session, monitor, count(*) AS times, arg_max_null(next_due_at, position) AS next_due_at,
           max(happened_at) AS last_at,
           count(*) FILTER (reason IS NOT NULL) AS skipped
    FROM monitors WHERE step = 'fired' GROUP BY ALL
),
ended AS (SELECT session, monitor, happened_at, reason FROM monitors WHERE step = 'ended')
SELECT s.ticket, s.client, s.team, b.session, b.monitor, b.endpoint, b.command, b.person,
    b.happened_at AS started_at, b.every_seconds, b.until_at,
    coalesce(f.times, 0) AS times, coalesce(f.skipped, 0) AS skipped, f.last_at,
    CASE WHEN f.times IS NULL THEN b.next_due_at ELSE f.next_due_at END AS next_at, e.reason,
    CASE WHEN e.monitor IS NOT NULL OR (f.times > 0 AND f.next_due_at IS NULL) THEN 'concluded'
         WHEN f.times > 0 THEN 'running' ELSE 'scheduled' END AS state
FROM begun b JOIN session_states s USING (session)
LEFT JOIN fired f USING (session, monitor)
LEFT JOIN ended e USING (session, monitor)
QUALIFY row_number() OVER (PARTITION BY state ORDER BY coalesce(last_at, started_at) DESC) <= $shown
ORDER BY state, coalesce(next_at, last_at, started_at), b.session
"""

_RUNS = """
SELECT session, monitor, run, happened_at, coalesce(o.verdict, c.verdict, k.health) AS word
FROM runs r
LEFT JOIN (SELECT session, verification AS run, arg_max(verdict, position) AS verdict
           FROM comparisons GROUP BY ALL) c USING (session, run)
LEFT JOIN (SELECT session, verification AS run, arg_max(verdict, position) AS verdict
           FROM overrides GROUP BY ALL) o USING (session, run)
LEFT JOIN (SELECT session, run, arg_max(health, position) AS health
           FROM checks GROUP BY ALL) k USING (session, run)
WHERE monitor IS NOT NULL AND session IN $sessions
QUALIFY row_number() OVER (PARTITION BY session, monitor ORDER BY position DESC) <= $shown
ORDER BY position DESC
"""


class Found(NamedTuple):
    """Monitors by state; runs by session and monitor, the newest first."""

    by_state: dict[str, list[Row]]
    runs: dict[tuple[str, str], list[Row]]
    as_of: AsOf


@router.get("/monitors")
async def show(request: Request, person: SignedIn, desk: AtDesk) -> Response:
    must(person, "read")
    try:
        found = await ask_views(desk, person, "read", monitors)
    except ViewsMissing:
        found = Found({}, {}, AsOf(0, None))
    return page(
        request,
        "monitors.html",
        person=person,
        found=found,
        now=desk.clock.now(),
        newest=await desk.client.newest_position(),
    )


def monitors(views: Views) -> Found:
    listed = rows(views, _MONITORS, {"shown": SHOWN})
    by_state: dict[str, list[Row]] = {}
    for row in listed:
        by_state.setdefault(row["state"], []).append(row)
    runs: dict[tuple[str, str], list[Row]] = {}
    if sessions := sorted({row["session"] for row in listed}):
        for run in rows(views, _RUNS, {"sessions": sessions, "shown": RUNS_SHOWN}):
            runs.setdefault((run["session"], run["monitor"]), []).append(run)
    return Found(by_state, runs, as_of(views))
