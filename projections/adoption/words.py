"""The plain sentence, and figures in words. Room: projections. Pure.

What is printed as the change is what its interval is about: the effect of `Effect`, whose two
rates differ by exactly it, or the mere change where there is no effect to be had, named so.
"""

from collections.abc import Sequence

from stillfixed.projections.adoption.model import (
    Answer,
    Change,
    Definition,
    Effect,
    Interval,
    Rate,
)

TEAMS_NAMED = 6


def percent(fraction: float | None) -> str:
    return "-" if fraction is None else f"{100 * fraction:.1f} %"


def points(change: float) -> str:
    return f"{100 * change:+.1f} points"


def among(interval: Interval) -> str:
    return f"{100 * interval.low:+.1f} to {100 * interval.high:+.1f}"


def team_name(team: object) -> str:
    return str(team) or "(no team)"


def team_names(teams: Sequence[object]) -> str:
    """The first few, and how many more there are."""
    shown = ", ".join(map(team_name, teams[:TEAMS_NAMED]))
    more = len(teams) - TEAMS_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def answer_of(effect: Effect | None, change: Change | None) -> Answer:
    """An effect is claimed only from a comparison between teams whose interval leaves out zero."""
    if effect is not None and effect.interval is not None:
        if not effect.interval.excludes_zero():
            return "cannot_tell"
        return "fell" if effect.change < 0 else "rose"
    if change is None:
        return "no_data"
    certain = change.interval is not None and change.interval.excludes_zero()
    return "not_an_effect" if certain else "cannot_tell"


def sentence_of(
    *,
    definition: Definition,
    effect: Effect | None,
    before: Rate,
    after: Rate,
    change: Change | None,
    smallest_detectable: float | None,
    immature_weeks: int,
) -> str:
    answer = answer_of(effect, change)
    what = f"Callbacks within {definition.window_days} days"
    weeks = _weeks(immature_weeks)
    if effect is not None and effect.interval is not None:
        course = (
            f"from {percent(effect.expected)} to {percent(effect.observed)}"
            f" (95 % interval of the change: {among(effect.interval)} points); {weeks}"
        )
        without = (
            f"{percent(effect.expected)} is what adopting teams would have had without it, going by"
            " teams that had not adopted yet."
        )
        if answer != "cannot_tell":
            return f"{what} {answer} {course}. {without}"
        return f"The data cannot tell. {what} went {course}. {without}{_need(smallest_detectable)}"
    if change is None:
        return f"The data cannot tell: no mature closures before and after adoption yet; {weeks}."
    course = f"from {percent(before.rate)} to {percent(after.rate)}"
    if change.interval is not None:
        course += f" (95 % interval of the change: {among(change.interval)} points)"
    course = f"{what} went {course}; {weeks}."
    if answer == "cannot_tell":
        return f"The data cannot tell. {course}{_need(smallest_detectable)}"
    return (
        f"{course} The data cannot tell whether adoption did it:"
        " too few teams are left to compare with."
    )


def _weeks(count: int) -> str:
    return f"{count} week is not mature yet" if count == 1 else f"{count} weeks are not mature yet"


def _need(smallest: float | None) -> str:
    if smallest is None:
        return ""
    return f" With this volume a change of {100 * smallest:.1f} points or more would be seen."
