"""Before and after, team by team and together. Room: projections. Pure.

Only mature closures are counted. Intervals of a team's rate take its closures as independent
(Wilson); the change of all teams together takes the team as the unit, where there are enough.
"""

import pandas as pd
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from stillfixed.projections.adoption.jackknife import (
    CONFIDENCE,
    MIN_TEAMS,
    effective_number,
    spread,
)
from stillfixed.projections.adoption.model import Change, Interval, Rate, TeamRates


def rate_of(callbacks: int, closed: int) -> Rate:
    """A rate with its Wilson 95 % interval."""
    if closed == 0:
        return Rate(closed=0, callbacks=0, rate=None, interval=None)
    low, high = proportion_confint(callbacks, closed, alpha=1 - CONFIDENCE, method="wilson")
    return Rate(
        closed=closed,
        callbacks=callbacks,
        rate=callbacks / closed,
        interval=Interval(float(low), float(high)),
    )


def change_between(before: Rate, after: Rate, confidence: float = CONFIDENCE) -> Change | None:
    """Difference of two rates, with Newcombe's interval (the Wilson one for differences)."""
    if before.rate is None or after.rate is None:
        return None
    low, high = confint_proportions_2indep(
        after.callbacks,
        after.closed,
        before.callbacks,
        before.closed,
        method="newcomb",
        compare="diff",
        alpha=1 - confidence,
    )
    return Change(change=after.rate - before.rate, interval=Interval(float(low), float(high)))


def by_team(known: pd.DataFrame) -> tuple[TeamRates, ...]:
    """Teams in the order of their adoption, those that have not adopted last."""
    teams = []
    for team, rows in known.groupby("team", sort=True):
        adopted = rows["adopted_on"].iloc[0]
        mature = rows[rows["mature"]]
        before, after = (rate_in(mature[mature["after"] == side]) for side in (False, True))
        has = pd.notna(adopted)
        teams.append(
            TeamRates(
                team=str(team),
                adopted_on=adopted.floor("us").to_pydatetime() if has else None,
                before=before,
                after=after if has else None,
                change=change_between(before, after) if has else None,
            )
        )
    return tuple(sorted(teams, key=lambda one: (one.adopted_on is None, one.adopted_on or 0)))


def rate_in(closures: pd.DataFrame) -> Rate:
    return rate_of(int(closures["came_back"].sum()), len(closures))


def together(teams: tuple[TeamRates, ...]) -> tuple[Rate, Rate, Change | None]:
    """Teams seen on both sides of their adoption, pooled: before, after, and the change.

    The interval of the change leaves a team out at a time. With fewer than MIN_TEAMS teams it
    takes closures as independent, and is too narrow where teams swing.
    """
    both = [(one.before, one.after) for one in teams if one.after and one.change]
    before, after = _pooled(both)
    if len(both) < MIN_TEAMS or before.rate is None or after.rate is None:
        return before, after, change_between(before, after)
    without = []
    for index in range(len(both)):
        left, right = _pooled(both[:index] + both[index + 1 :])
        without.append((right.rate or 0.0) - (left.rate or 0.0))
    change = after.rate - before.rate
    told = effective_number([left.closed + right.closed for left, right in both])
    found = spread(without, max(told - 1, 1.0))
    return before, after, Change(change=change, interval=found.interval(change) if found else None)


def _pooled(sides: list[tuple[Rate, Rate]]) -> tuple[Rate, Rate]:
    befores, afters = [one for one, _ in sides], [one for _, one in sides]
    return tuple(  # type: ignore[return-value]
        rate_of(sum(one.callbacks for one in side), sum(one.closed for one in side))
        for side in (befores, afters)
    )
