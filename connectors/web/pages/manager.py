"""The manager's page: callbacks by week with policy phases, first-contact resolution, proof against
callbacks, rework; all from the published views, as of the event they hold."""

from datetime import UTC, date, timedelta
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Query, Request, Response

from stillfixed.actors.errors import ViewsMissing
from stillfixed.connectors.web.desk import AtDesk, SignedIn
from stillfixed.connectors.web.pages import charts
from stillfixed.connectors.web.pages.queue import must
from stillfixed.connectors.web.pages.reading import AsOf, Row, as_of, ask_views, rows
from stillfixed.connectors.web.pages.sample import PROOFS
from stillfixed.connectors.web.templating import page
from stillfixed.projections.reading import Views

router = APIRouter(include_in_schema=False)

WINDOWS_DAYS = (7, 14, 30)
SPANS_WEEKS = (13, 26, 52, 104)
FIRST_CONTACT = {
    "first_contact_session 1": "by sessions: closed after one session, and not back",
    "first_contact_hands 1": "by hands: closed without a reassignment, and not back",
}


class Asked(NamedTuple):
    """What the page was asked for; `team` empty is all of them."""

    team: str
    window_days: int
    weeks: int
    minutes: float


class Figures(NamedTuple):
    """Rows of the views. `rate`, `first_contact` and `hours` are over the mature weeks shown."""

    teams: list[str]
    weekly: list[Row]
    rate: Row
    first_contact_weekly: dict[str, list[Row]]
    first_contact: dict[str, Row]
    by_proof: list[Row]
    rework: list[Row]
    phases: list[Row]
    enforcement: list[Row]
    as_of: AsOf


@router.get("/manager")
async def show(
    request: Request,
    person: SignedIn,
    desk: AtDesk,
    team: str = "",
    window: Annotated[int, Query(ge=1, le=365)] = 14,
    weeks: Annotated[int, Query(ge=4, le=520)] = 26,
    minutes: Annotated[float, Query(ge=0, le=1440)] = 45,
) -> Response:
    must(person, "measure")
    asked = Asked(team, window, weeks, minutes)

    def ask(views: Views) -> Figures | None:
        return figures(views, asked)

    try:
        found = await ask_views(
            desk, person, "measure", ask, window_days=[window], minutes_a_callback=minutes
        )
    except ViewsMissing:
        found = None
    return page(
        request,
        "manager.html",
        person=person,
        asked=asked,
        found=found,
        windows=sorted({*WINDOWS_DAYS, window}),
        spans=sorted({*SPANS_WEEKS, weeks}),
        drawn=drawn(found) if found else None,
        proofs=PROOFS,
        first_contact_words=FIRST_CONTACT,
        newest=await desk.client.newest_position(),
    )


# -- asking the views ----------------------------------------------------------------------------
_SUMMED = (
    "SELECT coalesce(sum(closed), 0)::BIGINT AS closed, coalesce(sum({k}), 0)::BIGINT AS k,"
    " sum({k}) / sum(closed) AS rate, wilson_low(sum({k}), sum(closed)) AS low,"
    " wilson_high(sum({k}), sum(closed)) AS high"
)


def figures(views: Views, asked: Asked) -> Figures | None:
    """None of an empty log."""
    at = as_of(views)
    if at.moment is None:
        return None
    first = at.moment.date() - timedelta(weeks=asked.weeks)
    some = {"grouping": "team" if asked.team else "all", "name": asked.team, "first": first}
    of_weeks = "WHERE grouping = $grouping AND name = $name AND week >= $first"
    first_contact = f"FROM first_contact_resolution {of_weeks}"
    by_week: dict[str, list[Row]] = {}
    for row in rows(views, f"{first_contact} ORDER BY definition DESC, week", some):
        by_week.setdefault(row["definition"], []).append(row)
    mature = f"FROM callback_rate {of_weeks} AND mature"
    [rate] = rows(views, f"{_SUMMED.format(k='callbacks')} {mature}", some)
    summed = f"{_SUMMED.format(k='resolved')}, definition"
    contact = rows(views, f"{summed} {first_contact} AND mature GROUP BY definition", some)
    return Figures(
        teams=[
            row["name"]
            for row in rows(
                views,
                "SELECT DISTINCT name FROM callback_days WHERE grouping = 'team' ORDER BY name",
            )
            if row["name"]
        ],
        weekly=rows(views, f"FROM callback_rate {of_weeks} ORDER BY week", some),
        rate=rate,
        first_contact_weekly=by_week,
        first_contact={row["definition"]: row for row in contact},
        by_proof=rows(views, "FROM callback_by_proof ORDER BY proof"),
        rework=rows(
            views,
            "SELECT week, sum(closed)::BIGINT AS closed, sum(callbacks)::BIGINT AS callbacks,"
            " sum(hours) AS hours, bool_and(mature) AS mature FROM rework_cost"
            " WHERE week >= $first AND ($team = '' OR team = $team) GROUP BY week ORDER BY week",
            {"first": first, "team": asked.team},
        ),
        phases=rows(
            views,
            "FROM policy_phase WHERE ($team = '' OR team IN ('', $team)) ORDER BY since",
            {"team": asked.team},
        ),
        enforcement=rows(
            views,
            "SELECT policy, mode, sum(granted)::BIGINT AS granted, sum(refused)::BIGINT AS refused,"
            " sum(bypassed)::BIGINT AS bypassed FROM enforcement WHERE week >= $first"
            " GROUP BY ALL ORDER BY ALL",
            {"first": first},
        ),
        as_of=at,
    )


# -- drawing -------------------------------------------------------------------------------------
class Drawn(NamedTuple):
    """None where there is nothing to draw."""

    callbacks: charts.RateChart | None
    first_contact: dict[str, charts.RateChart]
    by_proof: charts.IntervalChart | None
    rework: charts.BarChart | None


def drawn(found: Figures) -> Drawn:
    phases = [
        charts.Phase(
            row["since"].astimezone(UTC).date(),
            row["mode"],
            f"{row['mode']}: {row['policy']}, {row['team'] or 'every team'}",
        )
        for row in found.phases
    ]
    order = list(PROOFS)
    proofs: list[tuple[str, float, float, float, int]] = [
        (PROOFS[row["proof"]], row["rate"], row["low"], row["high"], row["closed"])
        for row in sorted(found.by_proof, key=lambda row: order.index(row["proof"]))
    ]
    return Drawn(
        callbacks=charts.rate_chart(_weeks(found.weekly), phases) if found.weekly else None,
        first_contact={
            name: charts.rate_chart(_weeks(weekly), phases)
            for name, weekly in found.first_contact_weekly.items()
        },
        by_proof=charts.interval_chart(proofs) if proofs else None,
        rework=_rework(found.rework),
    )


def _rework(weeks: list[Row]) -> charts.BarChart | None:
    bars: list[tuple[date, float, bool]] = [
        (row["week"], row["hours"], row["mature"]) for row in weeks
    ]
    return charts.bar_chart(bars, "hours") if bars else None


def _weeks(weekly: list[Row]) -> list[charts.Week]:
    return [
        charts.Week(row["week"], row["rate"], row["low"], row["high"], row["closed"], row["mature"])
        for row in weekly
    ]
