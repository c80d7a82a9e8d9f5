"""Closures and adoption dates as they come, checked and cut to what was known at `as_of`. Pure.

The guarantee: nothing after `as_of` is looked at, and a closure is counted only when its whole
window had passed by then. Data that comes in later can add closures, and changes no counted one.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import get_args

import pandas as pd

from stillfixed.actors.errors import AdoptionDataError
from stillfixed.projections.adoption.model import Counted, Definition

EXPLICIT: tuple[Counted, ...] = ("reopened", "new_ticket")
WINDOWS_DAYS = (7, 14, 30)
NEEDED = ("ticket", "team", "closed_at", "callback_at", "callback_kind")


def definition_of(window_days: int, counted: Sequence[Counted] = EXPLICIT) -> Definition:
    """Name what counts as a callback.

    Raises AdoptionDataError for a window other than 7, 14 or 30 days, or a kind there is not.
    """
    if window_days not in WINDOWS_DAYS:
        raise AdoptionDataError(f"A window of {window_days} days is not kept: use 7, 14 or 30.")
    unknown = sorted(set(counted) - set(get_args(Counted)))
    if unknown or not counted:
        raise AdoptionDataError(
            f"Callbacks cannot be of kind {', '.join(unknown) or '(none)'}:"
            f" use {', '.join(get_args(Counted))}."
        )
    kinds = tuple(kind for kind in get_args(Counted) if kind in counted)
    name = {
        EXPLICIT: "explicit callbacks (reopened or linked)",
        ("reopened",): "reopened tickets",
    }.get(kinds, " + ".join(kind.replace("_", " ") for kind in kinds))
    return Definition(name=name, version=1, counted=kinds, window_days=window_days)


def known_closures(
    closures: pd.DataFrame, adoption: pd.DataFrame, as_of: datetime, definition: Definition
) -> pd.DataFrame:
    """One row a closure known at `as_of`, with what the statistics need.

    Columns: team; closed_at; adopted_on, NaT for never; after: closed at or after adoption;
    mature; kind of a callback seen by `as_of`, else None; in_window: it came inside the window;
    seen: a counted callback came; came_back: one did inside the window; days until it, or until
    `as_of`.
    Raises AdoptionDataError.
    """
    _check(closures, adoption, as_of)
    known = closures.loc[closures["closed_at"] <= as_of, list(NEEDED)].reset_index(drop=True)
    closed_at = known["closed_at"]
    callback_at = pd.to_datetime(known["callback_at"])
    team = known["team"].astype(str)
    dates = dict(zip(adoption["team"].astype(str), adoption["adopted_on"], strict=True))
    adopted_on = pd.to_datetime(team.map(dates))
    window = timedelta(days=definition.window_days)
    called = callback_at <= as_of
    counted = called & known["callback_kind"].isin(definition.counted)
    in_window = called & (callback_at <= closed_at + window)
    until = callback_at.where(counted, pd.Timestamp(as_of))
    return pd.DataFrame(
        {
            "team": team,
            "closed_at": closed_at,
            "adopted_on": adopted_on,
            "after": closed_at >= adopted_on,
            "mature": closed_at + window <= as_of,
            "kind": known["callback_kind"].where(called, None),
            "in_window": in_window,
            "seen": counted,
            "came_back": counted & in_window,
            "days": (until - closed_at) / timedelta(days=1),
        }
    )


def immature_weeks(known: pd.DataFrame, as_of: datetime, definition: Definition) -> int:
    """How many weeks (from Monday) with closures have a window that had not wholly passed."""
    if known.empty:
        return 0
    day = known["closed_at"].dt.normalize()
    monday = day - pd.to_timedelta(day.dt.day_of_week, unit="D")
    ready = monday + timedelta(days=7 + definition.window_days) <= as_of
    return int(monday[~ready].nunique())


def _check(closures: pd.DataFrame, adoption: pd.DataFrame, as_of: datetime) -> None:
    if as_of.tzinfo is not None:
        raise AdoptionDataError("as_of has a time zone: give UTC without one.")
    for name, frame, needed in (
        ("closures", closures, NEEDED),
        ("adoption", adoption, ("team", "adopted_on")),
    ):
        missing = [column for column in needed if column not in frame.columns]
        if missing:
            raise AdoptionDataError(f"{name} has no column {', '.join(missing)}: add it.")
    for frame, column in (
        (closures, "closed_at"),
        (closures, "callback_at"),
        (adoption, "adopted_on"),
    ):
        kind = frame[column].dtype
        if not (frame[column].isna().all() or pd.api.types.is_datetime64_dtype(kind)):
            raise AdoptionDataError(
                f"{column} is {kind}, not times: give UTC times without a zone (datetime64)."
            )
    _refuse(closures, closures["closed_at"].isna(), "has no closed_at")
    _refuse(closures, closures["team"].isna(), "has no team: give it one, '' if there is none")
    early = pd.to_datetime(closures["callback_at"]) < closures["closed_at"]
    _refuse(closures, early, "came back before it was closed: a callback follows its closure")
    odd = closures["callback_at"].notna() & ~closures["callback_kind"].isin(get_args(Counted))
    _refuse(closures, odd, f"has a callback of no known kind ({', '.join(get_args(Counted))})")
    twice = adoption.loc[adoption["team"].duplicated(), "team"]
    if len(twice):
        raise AdoptionDataError(f"Team {twice.iloc[0]} adopts twice: keep the first date only.")


def _refuse(closures: pd.DataFrame, bad: "pd.Series[bool]", what: str) -> None:
    if bad.any():
        first = closures.loc[bad].iloc[0]
        more = f" (and {int(bad.sum()) - 1} more)" if bad.sum() > 1 else ""
        raise AdoptionDataError(f"The closure of ticket {first['ticket']}{more} {what}.")
