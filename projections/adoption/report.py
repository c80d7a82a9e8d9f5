"""Did it work? From closures and adoption dates to one report. Room: projections. Pure.

The guarantee: every figure rests on closures whose whole window had passed by `as_of`, except the
Kaplan-Meier curves, which are made for those that have not.
"""

from collections.abc import Sequence
from datetime import datetime

import pandas as pd

from stillfixed.projections.adoption import words
from stillfixed.projections.adoption.closures import (
    EXPLICIT,
    definition_of,
    immature_weeks,
    known_closures,
)
from stillfixed.projections.adoption.doubts import doubts
from stillfixed.projections.adoption.effect import effect_of, panel_of
from stillfixed.projections.adoption.jackknife import detectable_by_volume
from stillfixed.projections.adoption.model import AdoptionReport, Counted
from stillfixed.projections.adoption.rates import by_team, together
from stillfixed.projections.adoption.timing import curves_of


def adoption_report(
    closures: pd.DataFrame,
    adoption: pd.DataFrame,
    as_of: datetime,
    window_days: int = 14,
    *,
    counted: Sequence[Counted] = EXPLICIT,
    period_weeks: int | None = None,
) -> AdoptionReport:
    """What adopting did to callbacks, as far as the data can tell.

    closures: one row a closure: ticket, team (str), closed_at, callback_at (the first callback
    after it, NaT where none came), callback_kind ("reopened", "new_ticket", "suspected" or None).
    adoption: team, adopted_on (NaT where it has not); a team not in it has not adopted.
    Times are UTC without a zone, and complete until `as_of`. `counted` says which kinds are
    callbacks; `period_weeks` is the length of the periods that teams are compared in.

    Raises AdoptionDataError where the data cannot be used.
    """
    definition = definition_of(window_days, counted)
    known = known_closures(closures, adoption, as_of, definition)
    teams = by_team(known)
    before, after, change = together(teams)
    panel = panel_of(known, as_of, definition, period_weeks)
    effect, spread = effect_of(panel)
    smallest = spread.smallest_detectable() if spread else detectable_by_volume(before, after)
    weeks = immature_weeks(known, as_of, definition)
    return AdoptionReport(
        definition=definition,
        as_of=as_of,
        answer=words.answer_of(effect, change),
        sentence=words.sentence_of(
            definition=definition,
            effect=effect,
            before=before,
            after=after,
            change=change,
            smallest_detectable=smallest,
            immature_weeks=weeks,
        ),
        before=before,
        after=after,
        change=change,
        teams=teams,
        effect=effect,
        smallest_detectable=smallest,
        curves=curves_of(known),
        warnings=doubts(known, adoption, teams, panel, effect),
        immature_weeks=weeks,
        immature_closures=int((~known["mature"]).sum()),
    )
