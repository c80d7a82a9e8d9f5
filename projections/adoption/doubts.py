"""Reasons to doubt the figures, each with the figures it comes from. Room: projections. Pure.

A doubt never changes a figure: it is printed beside it.
"""

from collections.abc import Iterator

import pandas as pd

from stillfixed.projections.adoption.effect import Panel
from stillfixed.projections.adoption.model import Change, Effect, TeamRates, Warned
from stillfixed.projections.adoption.rates import change_between, rate_in, rate_of
from stillfixed.projections.adoption.words import (
    among,
    percent,
    points,
    team_name,
    team_names,
)

SURE = 0.99
"""Of a move into new tickets, closures taken as independent: teams swing more than that."""


def doubts(
    known: pd.DataFrame,
    adoption: pd.DataFrame,
    teams: tuple[TeamRates, ...],
    panel: Panel,
    effect: Effect | None,
) -> tuple[Warned, ...]:
    return (
        *_worst_first(known),
        *_moved(known),
        *_courses_differed(effect),
        *_one_decides(effect),
        *_left_out(panel, effect),
        *_not_listed(teams, adoption),
    )


def _worst_first(known: pd.DataFrame) -> Iterator[Warned]:
    """A team picked at its worst gets better by itself: its next weeks are nearer its average."""
    first_date = known["adopted_on"].min()
    early = known[known["mature"] & (known["closed_at"] < first_date)]
    rates = early.groupby("team")["came_back"].mean().sort_values(ascending=False)
    if len(rates) < 3:
        return
    worst = rates.index[0]
    first = known.loc[known["adopted_on"] == first_date, "team"].unique()
    if worst not in first or len(first) == len(rates):
        return
    others = rate_in(early[early["team"] != worst])
    yield Warned(
        doubt="worst_first",
        text=f"{team_name(worst)} had the worst rate ({percent(rates.iloc[0])} beside"
        f" {percent(others.rate)} of the others) and adopted first. A rate that was high by chance"
        " falls by itself (regression to the mean): part of the fall may be that.",
    )


def _moved(known: pd.DataFrame) -> Iterator[Warned]:
    """Fewer reopenings and more new tickets: the clients still come back, through another door."""
    rows = known[known["mature"] & known["adopted_on"].notna()]
    before, after = (rows[rows["after"] == side] for side in (False, True))

    def changed(kinds: tuple[str, ...]) -> Change | None:
        left, right = (
            rate_of(int((side["in_window"] & side["kind"].isin(kinds)).sum()), len(side))
            for side in (before, after)
        )
        return change_between(left, right, confidence=SURE)

    reopened, elsewhere = changed(("reopened",)), changed(("new_ticket", "suspected"))
    if not (reopened and elsewhere and reopened.interval and elsewhere.interval):
        return
    if reopened.interval.high < 0 < elsewhere.interval.low:
        yield Warned(
            doubt="moved_to_new_tickets",
            text=f"Reopenings changed by {points(reopened.change)}, but new tickets about the same"
            f" matter (linked or suspected) by {points(elsewhere.change)}: callbacks may have"
            " moved into new tickets instead of becoming fewer.",
        )


def _courses_differed(effect: Effect | None) -> Iterator[Warned]:
    trend = effect.trend_before if effect else None
    if effect and trend and trend.interval and trend.interval.excludes_zero():
        yield Warned(
            doubt="courses_differed_before",
            text=f"Before adoption already, adopters moved by {points(trend.change)} every"
            f" {effect.period_weeks} weeks beside the others (95 % interval:"
            f" {among(trend.interval)} points): the comparison rests on equal courses.",
        )


def _one_decides(effect: Effect | None) -> Iterator[Warned]:
    if not (effect and effect.interval and effect.interval.excludes_zero()):
        return
    for team, change in effect.without_team.items():
        if abs(change) < abs(effect.change) / 2 or change * effect.change < 0:
            yield Warned(
                doubt="one_team_decides",
                text=f"Without {team_name(team)} the change would be {points(change)} instead of"
                f" {points(effect.change)}: look at that team before anything else.",
            )


def _left_out(panel: Panel, effect: Effect | None) -> Iterator[Warned]:
    reasons: dict[str, list[str]] = {}
    for team, reason in panel.left_out.items():
        reasons.setdefault(reason, []).append(team)
    for reason, names in reasons.items():
        yield Warned(
            doubt="teams_left_out",
            text=f"Left out of the comparison between teams: {team_names(names)} ({reason}).",
        )
    if effect is None:
        yield Warned(
            doubt="comparison_not_possible",
            text="No team that adopted can be compared with one that had not adopted yet: a"
            " season, a change of staff or anything else of those weeks is in the figures.",
        )
    elif effect.interval is None:
        yield Warned(
            doubt="comparison_not_possible",
            text=f"With {effect.teams} teams to compare, of which one may be the only one of its"
            " kind, no interval can be given for the effect.",
        )


def _not_listed(teams: tuple[TeamRates, ...], adoption: pd.DataFrame) -> Iterator[Warned]:
    listed = set(adoption["team"])
    names = [one.team for one in teams if one.team not in listed]
    if names:
        yield Warned(
            doubt="team_not_listed",
            text=f"No adoption date, not even an empty one: {team_names(names)}. Taken as not"
            " adopted.",
        )
