"""Time from a closure to its callback. Room: projections. Pure.

A closure that has not come back by `as_of` may still do so: Kaplan-Meier counts it as long as it
was watched, so that young closures do not look like good ones.
"""

from typing import Literal

import numpy as np
import pandas as pd
from lifelines import KaplanMeierFitter

from stillfixed.projections.adoption.jackknife import CONFIDENCE
from stillfixed.projections.adoption.model import Curve, CurvePoint, Interval

LAST_DAY = 30


def curves_of(known: pd.DataFrame) -> tuple[Curve, ...]:
    """One curve for closures of adopters before adoption, after it, and of teams without it.

    The intervals (Greenwood, log-log) take closures as independent. A curve ends where nothing
    was watched any longer, at the latest after LAST_DAY days.
    """
    adopts = known["adopted_on"].notna()
    groups: tuple[tuple[Literal["before", "after", "not_adopted"], pd.Series[bool]], ...] = (
        ("before", adopts & ~known["after"]),
        ("after", known["after"]),
        ("not_adopted", ~adopts),
    )
    return tuple(
        Curve(group=group, closed=int(chosen.sum()), points=_points(known[chosen]))
        for group, chosen in groups
        if chosen.any()
    )


def _points(closures: pd.DataFrame) -> tuple[CurvePoint, ...]:
    last_day = min(LAST_DAY, int(closures["days"].max()))
    days = np.arange(0, last_day + 1)
    fitted = KaplanMeierFitter(alpha=1 - CONFIDENCE).fit(closures["days"], closures["seen"])
    stays = fitted.survival_function_at_times(days).to_numpy()
    # The interval is a step function too: of the last time at or before the day.
    bounds = fitted.confidence_interval_survival_function_
    at = np.searchsorted(bounds.index.to_numpy(), days, side="right") - 1
    low, high = bounds.to_numpy()[at].T
    return tuple(
        CurvePoint(
            day=int(day),
            came_back=float(1 - stay),
            interval=Interval(float(1 - upper), float(1 - lower)),
        )
        for day, stay, lower, upper in zip(days, stays, low, high, strict=True)
    )
