"""Difference in differences over teams that adopt at different dates. Room: projections. Pure.

The estimate is Callaway and Sant'Anna's, from diff-diff, with the teams that have not adopted yet
as controls; the interval leaves one team out at a time (see jackknife.py for why). What is set up
here is the panel: a team's rate in periods of some weeks, each wholly before or wholly after the
team's adoption, made of mature closures only.
"""

import warnings
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd
from diff_diff import CallawaySantAnna, SurveyDesign

from stillfixed.projections.adoption.jackknife import Spread, degrees_between, spread
from stillfixed.projections.adoption.model import Change, Definition, Effect, EventPoint

PERIODS_WANTED = 8
PERIOD_WEEKS_RANGE = (4, 8)
TREND_PERIODS = 6
"""How far back the drift before adoption is looked at."""


class Panel(NamedTuple):
    """One row a team and period: team, period (from 1), first (the team's first period after
    adoption, 0 for none), rate, weight (closures of the team in the panel)."""

    cells: pd.DataFrame
    periods: int
    period_weeks: int
    left_out: dict[str, str]

    def without(self, team: str) -> "Panel":
        return self._replace(cells=self.cells[self.cells["team"] != team])


class Estimate(NamedTuple):
    change: float
    """nan where no adopting team has anything to be compared with."""
    observed: float
    by_offset: dict[int, float]


def panel_of(
    known: pd.DataFrame, as_of: datetime, definition: Definition, period_weeks: int | None = None
) -> Panel:
    """Periods count back from the newest mature moment, so that no mature closure there is lost.

    A period in which a team adopted counts for the side with most of its days, and the closures
    of the other side are left out: no cell mixes the two. Long periods make a steadier base to
    compare with; without `period_weeks` they are as long as gives about 8, from 4 weeks to 8.
    Teams that cannot be in a comparison are left out by name, with the reason.
    """
    end = as_of - timedelta(days=definition.window_days)
    mature = known[known["mature"]]
    weeks = (end - mature["closed_at"].min()) / timedelta(days=7) if len(mature) else 0.0
    low, high = PERIOD_WEEKS_RANGE
    length_weeks = period_weeks or min(max(int(weeks) // PERIODS_WANTED, low), high)
    periods = int(weeks) // length_weeks
    start = end - timedelta(weeks=periods * length_weeks)

    def position(times: "pd.Series[pd.Timestamp]") -> "pd.Series[float]":
        return (times - start) / timedelta(weeks=length_weeks) + 1

    rows = mature.assign(
        period=np.ceil(position(mature["closed_at"])) - 1,  # (start, end]: `end` itself is mature
        first=np.floor(position(mature["adopted_on"]) + 0.5).clip(lower=1),
    )
    rows["first"] = rows["first"].where(rows["first"] <= periods, 0)  # the others: not, or not yet
    adopted = (rows["first"] > 0) & (rows["period"] >= rows["first"])
    rows = rows[(rows["period"] >= 1) & (adopted == rows["after"])]
    cells = rows.groupby(["team", "first", "period"], as_index=False, observed=True).agg(
        closed=("came_back", "size"), rate=("came_back", "mean")
    )
    cells = cells.astype({"first": int, "period": int})
    cells["weight"] = cells.groupby("team")["closed"].transform("sum").astype(float)
    left_out = _left_out(known, cells, periods)
    cells = cells[~cells["team"].isin(list(left_out))].reset_index(drop=True)
    return Panel(cells, periods, length_weeks, left_out)


def _left_out(known: pd.DataFrame, cells: pd.DataFrame, periods: int) -> dict[str, str]:
    filled = cells.groupby("team")["period"].nunique()
    first = cells.groupby("team")["first"].first()
    reasons = {}
    for team in sorted(known["team"].unique()):
        if filled.get(team, 0) < periods or not periods:
            reasons[team] = "has a period without closures"
        elif first[team] == 1:
            reasons[team] = "adopted before the first whole period"
    return reasons


def estimate(panel: Panel) -> Estimate:
    """The mean effect on adopters after adoption, weighted by the teams' closures."""
    cells = panel.cells
    none = Estimate(np.nan, np.nan, {})
    dates = cells.groupby("team")["first"].first()
    # Somebody has to adopt, and somebody not yet to have adopted then.
    if not (dates > 0).any() or dates.nunique() < 2:
        return none
    with warnings.catch_warnings():
        # Cells without controls, and few teams: both are dealt with here.
        warnings.simplefilter("ignore")
        fitted = CallawaySantAnna(
            control_group="not_yet_treated", estimation_method="reg", base_period="universal"
        ).fit(
            cells,
            outcome="rate",
            unit="team",
            time="period",
            first_treat="first",
            survey_design=SurveyDesign(weights="weight"),
        )
        change = float(fitted.overall_att)
        if not np.isfinite(change):
            return none
        events = fitted.aggregate("event_study").to_dataframe()
    compared = [
        (cohort, period)
        for (cohort, period), cell in fitted.group_time_effects.items()
        if period >= cohort and np.isfinite(cell["effect"])
    ]
    shown = cells.set_index(["first", "period"]).loc[compared]
    observed = float(np.average(shown["rate"], weights=shown["weight"]))
    at = zip(events["event_time"], events["att"], strict=True)
    return Estimate(change, observed, {int(e): float(c) for e, c in at if np.isfinite(c)})


def effect_of(panel: Panel) -> tuple[Effect | None, Spread | None]:
    """The effect with its interval, and the spread behind it; None where nothing compares."""
    whole = estimate(panel)
    if not np.isfinite(whole.change):
        return None, None
    first = panel.cells.groupby("team")["first"].first()
    without = {str(team): estimate(panel.without(str(team))) for team in first.index}
    adopters = first > 0
    controls = ~adopters | (first > first[adopters].min())  # at least for a while
    degrees = degrees_between(adopters.tolist(), controls.tolist())
    found = spread([one.change for one in without.values()], degrees)
    effect = Effect(
        expected=whole.observed - whole.change,
        observed=whole.observed,
        change=whole.change,
        interval=found.interval(whole.change) if found else None,
        standard_error=found.standard_error if found else None,
        degrees=degrees,
        teams=len(first),
        adopters=int(adopters.sum()),
        periods=panel.periods,
        period_weeks=panel.period_weeks,
        event_study=_event_study(whole, list(without.values()), degrees),
        trend_before=_trend_before(whole, list(without.values()), degrees),
        without_team={team: one.change for team, one in without.items() if np.isfinite(one.change)},
    )
    return effect, found


def _event_study(
    whole: Estimate, without: list[Estimate], degrees: float
) -> tuple[EventPoint, ...]:
    points = []
    for offset, change in sorted(whole.by_offset.items()):
        found = spread([one.by_offset.get(offset, np.nan) for one in without], degrees)
        interval = found.interval(change) if found and offset != -1 else None
        points.append(EventPoint(offset=offset, change=change, interval=interval))
    return tuple(points)


def _trend_before(whole: Estimate, without: list[Estimate], degrees: float) -> Change | None:
    """The slope through the points before adoption that do not hang on one team alone."""
    offsets = [
        offset
        for offset in range(-TREND_PERIODS, 0)
        if all(offset in one.by_offset for one in (whole, *without))
    ]
    if len(offsets) < 3:
        return None

    def slope(one: Estimate) -> float:
        return float(np.polyfit(offsets, [one.by_offset[offset] for offset in offsets], 1)[0])

    found = spread([slope(one) for one in without], degrees)
    change = slope(whole)
    return Change(change=change, interval=found.interval(change) if found else None)
