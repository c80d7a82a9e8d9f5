"""Charts of the views and of the report on adoption, in altair. Room: projections. Pure.

Every rate is drawn with its interval, and a week that is not mature is drawn hollow and never
joined to the line: it can still rise. Frames are those that the views give.
"""

import altair as alt
import pandas as pd

from stillfixed.projections.adoption.model import AdoptionReport, Effect
from stillfixed.projections.adoption.words import team_name

Drawing = alt.Chart | alt.LayerChart | alt.FacetChart
WIDTH_PIXELS = 640
BLUE, GREY, ORANGE = "#2f5d8c", "#8a8f98", "#c8642b"
MODES = ["observe", "warn", "enforce"]
PERCENT = alt.Axis(format=".0%")


def callback_rate(rates: pd.DataFrame, phases: pd.DataFrame) -> Drawing:
    """Callback rate by week, of one window and name (`callback_rate`), and when policies began
    (`policy_phase`)."""
    weeks = rates.assign(week=pd.to_datetime(rates["week"]))
    base = alt.Chart(weeks).encode(alt.X("week:T", title="week of closure"))
    mature, young = (base.transform_filter(f"{sign}datum.mature") for sign in ("", "!"))
    rate = alt.Y("rate:Q", title="came back", axis=PERCENT)
    told = [
        alt.Tooltip("week:T"),
        alt.Tooltip("rate:Q", format=".1%"),
        alt.Tooltip("low:Q", format=".1%"),
        alt.Tooltip("high:Q", format=".1%"),
        "closed:Q",
    ]
    layers = [
        mature.mark_area(opacity=0.2, color=BLUE).encode(
            alt.Y("low:Q", title="came back"), alt.Y2("high:Q")
        ),
        mature.mark_line(color=BLUE, point=alt.OverlayMarkDef(color=BLUE)).encode(
            rate, tooltip=told
        ),
        young.mark_point(color=GREY, filled=False).encode(rate, tooltip=told),
    ]
    if len(phases):
        begun = alt.Chart(phases.assign(since=pd.to_datetime(phases["since"])))
        layers.append(
            begun.mark_rule(strokeDash=[4, 3]).encode(
                alt.X("since:T"),
                alt.Color(
                    "mode:N",
                    title="policy begins",
                    scale=alt.Scale(domain=MODES, range=[GREY, ORANGE, BLUE]),
                ),
                tooltip=["policy:N", "mode:N", "team:N", "since:T"],
            )
        )
    return _sized(alt.layer(*layers), "Callback rate, weeks that can still rise hollow")


def by_proof(rates: pd.DataFrame) -> Drawing:
    """How many closures came back, by how they were proven (`callback_by_proof`, one window)."""
    base = alt.Chart(rates).encode(
        alt.Y("proof:N", title=None, sort=["proven", "refused_then_fixed", "waived", "unverified"])
    )
    return _sized(
        alt.layer(
            base.mark_rule(color=BLUE, strokeWidth=2).encode(
                alt.X("low:Q", title="came back", axis=PERCENT), alt.X2("high:Q")
            ),
            base.mark_point(color=BLUE, filled=True, size=70).encode(
                alt.X("rate:Q"), tooltip=["proof:N", "closed:Q", "callbacks:Q"]
            ),
        ),
        "Callbacks by proof (95 % intervals)",
    )


def verification_differences(fields: pd.DataFrame) -> Drawing:
    """Which fields of which checks changed, and how (`verification_fields`)."""
    counted = fields.groupby(["command", "field", "verdict"], as_index=False, dropna=False).size()
    return _sized(
        alt.Chart(counted)
        .mark_bar()
        .encode(
            alt.Y("command:N", title=None, sort="-x"),
            alt.X("size:Q", title="fields that changed"),
            alt.Color("verdict:N", title="verdict"),
            tooltip=["command:N", "field:N", "verdict:N", "size:Q"],
        ),
        "What changed between before and after",
    )


def rework_cost(costs: pd.DataFrame) -> Drawing:
    """Hours lost to callbacks, by week and team (`rework_cost`, one window), young weeks pale."""
    weeks = costs.assign(week=pd.to_datetime(costs["week"]))
    span_weeks = (weeks["week"].max() - weeks["week"].min()) / pd.Timedelta(weeks=1) + 1
    return _sized(
        alt.Chart(weeks)
        .mark_bar(size=max(2, 0.8 * WIDTH_PIXELS / span_weeks) if len(weeks) else 2)
        .encode(
            alt.X("week:T", title="week of closure"),
            alt.Y("sum(hours):Q", title="hours lost"),
            alt.Color("team:N", title="team"),
            alt.Opacity(
                "mature:N",
                title="mature",
                scale=alt.Scale(domain=[True, False], range=[1.0, 0.35]),
            ),
            tooltip=["week:T", "team:N", "callbacks:Q", "hours:Q"],
        ),
        "Hours lost to callbacks",
    )


def before_and_after(report: AdoptionReport) -> Drawing:
    """Each team's rates before and after, with their intervals."""
    rows = [
        {
            "team": team_name(one.team),
            "time": time,
            "rate": rate.rate,
            "low": rate.interval.low,
            "high": rate.interval.high,
            "closed": rate.closed,
        }
        for one in report.teams
        for time, rate in (("before", one.before), ("after", one.after))
        if rate is not None and rate.interval is not None
    ]
    base = alt.Chart(pd.DataFrame(rows, columns=_TEAM_COLUMNS)).encode(
        alt.Y("team:N", title=None, sort=None),
        alt.YOffset("time:N", sort=["before", "after"]),
        alt.Color("time:N", title=None, scale=_times("before", "after"), sort=["before", "after"]),
    )
    return _sized(
        alt.layer(
            base.mark_rule(strokeWidth=2).encode(
                alt.X("low:Q", title="came back", axis=PERCENT), alt.X2("high:Q")
            ),
            base.mark_point(filled=True, size=60).encode(
                alt.X("rate:Q"),
                tooltip=["team:N", "time:N", "rate:Q", "low:Q", "high:Q", "closed:Q"],
            ),
        ),
        "Before and after, team by team (mature closures)",
    )


_TEAM_COLUMNS = ["team", "time", "rate", "low", "high", "closed"]


def event_study(effect: Effect) -> Drawing:
    """Adopters beside the others, by periods from adoption; left of it the pre-trend."""
    rows = [
        {
            "offset": one.offset,
            "change": 100 * one.change,
            "low": 100 * one.interval.low if one.interval else None,
            "high": 100 * one.interval.high if one.interval else None,
        }
        for one in effect.event_study
    ]
    base = alt.Chart(pd.DataFrame(rows)).encode(
        alt.X("offset:Q", title="periods from adoption", axis=alt.Axis(format="d", tickMinStep=1))
    )
    zero = alt.Chart(pd.DataFrame({"y": [0]})).mark_rule(color=GREY).encode(alt.Y("y:Q"))
    start = alt.Chart(pd.DataFrame({"x": [-0.5]})).mark_rule(strokeDash=[4, 3], color=ORANGE)
    return _sized(
        alt.layer(
            zero,
            start.encode(alt.X("x:Q")),
            base.transform_filter("datum.low !== null")
            .mark_rule(color=BLUE, strokeWidth=2)
            .encode(alt.Y("low:Q", title="difference in points"), alt.Y2("high:Q")),
            base.mark_point(color=BLUE, filled=True, size=60).encode(
                alt.Y("change:Q"), tooltip=["offset:Q", "change:Q", "low:Q", "high:Q"]
            ),
        ),
        "Adopters beside teams that had not adopted yet",
    )


def time_to_callback(report: AdoptionReport) -> Drawing:
    """Kaplan-Meier: the share that came back by each day, with its interval."""
    rows = [
        {
            "group": curve.group,
            "day": point.day,
            "came_back": point.came_back,
            "low": point.interval.low,
            "high": point.interval.high,
        }
        for curve in report.curves
        for point in curve.points
    ]
    base = alt.Chart(pd.DataFrame(rows, columns=["group", "day", "came_back", "low", "high"]))
    base = base.encode(
        alt.X("day:Q", title="days since closure"),
        alt.Color("group:N", title=None, scale=_times("before", "after", "not_adopted")),
    )
    return _sized(
        alt.layer(
            base.mark_area(opacity=0.2, interpolate="step-after").encode(
                alt.Y("low:Q", title="came back", axis=PERCENT), alt.Y2("high:Q")
            ),
            base.mark_line(interpolate="step-after").encode(alt.Y("came_back:Q")),
        ),
        "Time to the callback (Kaplan-Meier)",
    )


def _times(*groups: str) -> alt.Scale:
    colours = {"before": GREY, "after": BLUE, "not_adopted": ORANGE}
    return alt.Scale(domain=list(groups), range=[colours[group] for group in groups])


def _sized(chart: Drawing, title: str) -> Drawing:
    drawn: Drawing = chart.properties(width=WIDTH_PIXELS, title=title)
    return drawn
