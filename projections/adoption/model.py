"""What the report on adoption says, as plain immutable data. Room: projections. Pure.

Rates and changes are fractions (0.181 is 18.1 %, -0.108 is a fall of 10.8 points); intervals are
95 % intervals; times are UTC without a zone.
"""

from datetime import datetime
from typing import Literal

import msgspec

Counted = Literal["reopened", "new_ticket", "suspected"]
Answer = Literal["fell", "rose", "cannot_tell", "not_an_effect", "no_data"]
"""`not_an_effect`: a change is there to see, but nothing to compare it with."""

Doubt = Literal[
    "worst_first",
    "moved_to_new_tickets",
    "courses_differed_before",
    "teams_left_out",
    "team_not_listed",
    "one_team_decides",
    "comparison_not_possible",
]


class Interval(msgspec.Struct, frozen=True):
    low: float
    high: float

    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """What counts as a callback in every figure of one report."""

    name: str
    version: int
    counted: tuple[Counted, ...]
    window_days: int


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """Callbacks among mature closures, with a Wilson interval; without closures `rate` is None."""

    closed: int
    callbacks: int
    rate: float | None
    interval: Interval | None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """After less before. A change is no effect: the season is in it, and whatever else happened."""

    change: float
    interval: Interval | None


class TeamRates(msgspec.Struct, frozen=True, kw_only=True):
    """One team. One that has not adopted has no `after`, and all its closures are `before`."""

    team: str
    adopted_on: datetime | None
    before: Rate
    after: Rate | None
    change: Change | None


class EventPoint(msgspec.Struct, frozen=True, kw_only=True):
    """Adopters beside the others, `offset` periods from adoption, against the last one before it.

    Offset -1 is that last period: 0 by construction, without an interval.
    """

    offset: int
    change: float
    interval: Interval | None


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """Difference in differences (Callaway and Sant'Anna) over teams with different adoption dates.

    The estimand: the mean over adopting teams and their periods after adoption, weighted by how
    much each team closes, of the callback rate less what it would have been without adoption.
    `observed` is the rate in those periods, `expected` the rate without: their difference is
    `change`, which `interval` is about.
    """

    expected: float
    observed: float
    change: float
    interval: Interval | None
    standard_error: float | None
    degrees: float
    teams: int
    adopters: int
    periods: int
    period_weeks: int
    event_study: tuple[EventPoint, ...]
    trend_before: Change | None
    """How far adopters drifted from the others a period, before any of it could be an effect."""
    without_team: dict[str, float]
    """The change, had this team not been there."""


class CurvePoint(msgspec.Struct, frozen=True, kw_only=True):
    day: int
    came_back: float
    interval: Interval


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """Kaplan-Meier: the share of closures that came back by each day, censored at `as_of`."""

    group: Literal["before", "after", "not_adopted"]
    closed: int
    points: tuple[CurvePoint, ...]


class Warned(msgspec.Struct, frozen=True, kw_only=True):
    """A reason to doubt the figures, in a sentence that names them."""

    doubt: Doubt
    text: str


class AdoptionReport(msgspec.Struct, frozen=True, kw_only=True):
    definition: Definition
    as_of: datetime
    answer: Answer
    sentence: str
    before: Rate
    """Adopting teams before adoption, pooled."""
    after: Rate
    change: Change | None
    teams: tuple[TeamRates, ...]
    effect: Effect | None
    smallest_detectable: float | None
    """The smallest true change, as a positive fraction, that would be seen in 4 of 5 such cases."""
    curves: tuple[Curve, ...]
    warnings: tuple[Warned, ...]
    immature_weeks: int
    immature_closures: int
