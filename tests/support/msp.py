"""Simulated MSP histories with a known effect of adoption, closure by closure.

A history has 5 to 20 teams, unequal in volume and in rate, that share a season, swing by
themselves from month to month, and adopt at different dates; some never do. The effect is the same
number of points for all, or differs from team to team around it. Callbacks come with a delay, and
those after `as_of` are not there to be seen.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from stillfixed.actors.log.contract import Append, EventLog
from stillfixed.actors.runtime.policies import PoliciesAdopted
from stillfixed.actors.tickets import events as t
from stillfixed.projections.adoption.closures import definition_of, known_closures
from stillfixed.projections.adoption.effect import Panel, panel_of

START = datetime(2025, 1, 6)  # a Monday
EFFECTS = (0.0, -0.05, -0.11)


@dataclass(frozen=True)
class History:
    closures: pd.DataFrame
    adoption: pd.DataFrame
    as_of: datetime
    effect: float


def msp_history(
    rng: np.random.Generator,
    effect: float,
    *,
    teams: int | None = None,
    weeks: int = 52,
    weekly: float = 25.0,
    swing: float = 0.01,
    spread: float = 0.01,
    never: float = 0.25,
    window_days: int = 14,
) -> History:
    """`effect` in fractions; `weekly` closures of a middling team; `swing` and `spread` are the
    standard deviations of a team's own months and of its own effect; `never` is the chance that a
    team does not adopt."""
    count = teams or int(rng.integers(5, 21))
    volume = weekly * np.exp(rng.normal(0, 0.5, count))
    base = rng.uniform(0.14, 0.26, count)
    own = effect + spread * rng.normal(size=count) * (effect != 0)
    adopted = _adoption_days(rng, count, weeks, never)
    height, turn = rng.uniform(0, 0.03), rng.uniform(0, 2 * np.pi)
    months = swing * rng.normal(size=(count, weeks // 4 + 1))

    number = rng.poisson(volume * weeks)
    team = np.repeat(np.arange(count), number)
    day = np.sort(rng.uniform(0, weeks * 7, len(team)))
    rng.shuffle(team)
    season = height * np.sin(2 * np.pi * day / 365 + turn)
    after = day >= adopted[team]
    chance = base[team] + season + months[team, (day // 28).astype(int)] + own[team] * after
    delay = _delays(rng, np.clip(chance, 0.005, 0.95), window_days)
    closed = pd.Timestamp(START) + pd.to_timedelta(day, unit="D")
    callback = closed + pd.to_timedelta(delay, unit="D")
    as_of = START + timedelta(weeks=weeks)
    seen = callback <= as_of
    kind = np.where(rng.random(len(team)) < 0.7, "reopened", "new_ticket").astype(object)
    closures = pd.DataFrame(
        {
            "ticket": [f"INC-{number}" for number in range(len(team))],
            "team": [f"team {one:02}" for one in team],
            "client": "Acme",
            "technician": "ana",
            "category": "mail",
            "closed_at": closed,
            "callback_at": callback.where(seen),
            "callback_kind": np.where(seen, kind, None),
        }
    )
    dates = [
        pd.Timestamp(START) + pd.Timedelta(days=d) if np.isfinite(d) else None for d in adopted
    ]
    adoption = pd.DataFrame(
        {
            "team": [f"team {one:02}" for one in range(count)],
            "adopted_on": pd.to_datetime(pd.Series(dates)),
        }
    )
    return History(closures, adoption, as_of, effect)


def _adoption_days(rng: np.random.Generator, count: int, weeks: int, never: float) -> np.ndarray:
    """At least two teams adopt well inside the history, and the last of all adopts late."""
    days = rng.uniform(0.3, 0.8, count) * weeks * 7
    days[rng.random(count) < never] = np.inf
    days[:2] = rng.uniform(0.3, 0.7, 2) * weeks * 7
    if np.isfinite(days).all():
        days[-1] = 0.85 * weeks * 7
    return days


def _delays(rng: np.random.Generator, chance: np.ndarray, window_days: int) -> np.ndarray:
    """Days to the callback: inside the window with `chance`, a few later, inf for none."""
    draw = rng.random(len(chance))
    quick = -5 * np.log1p(-rng.random(len(chance)) * (1 - np.exp(-window_days / 5)))
    late = window_days + rng.exponential(20, len(chance))
    return np.where(draw < chance, quick, np.where(draw < chance + 0.03, late, np.nan))


def panel(history: History) -> Panel:
    """The cells that the report compares."""
    definition = definition_of(14)
    known = known_closures(history.closures, history.adoption, history.as_of, definition)
    return panel_of(known, history.as_of, definition)


def coverage_of(
    judgements: Iterable[tuple[float, float, float]],
) -> tuple[dict[float, float], float]:
    """Of (effect, low, high): the share of intervals that hold the truth, by effect; and the share
    of histories without an effect that are called one. Histories without an interval do not count.
    """
    all_of = np.array([one for one in judgements if np.isfinite(one[1])])
    effect, low, high = all_of.T
    held = (low <= effect) & (effect <= high)
    nothing = effect == 0
    called = (low > 0) | (high < 0)
    return (
        {float(size): float(held[effect == size].mean()) for size in np.unique(effect)},
        float(called[nothing].mean()),
    )


async def tell(log: EventLog, history: History) -> None:
    """Put a history into a log as a ticket system would tell it, and a policy for each adopter."""
    texts = [
        f'[[policy]]\nname = "{row.team}"\nmode = "enforce"\nteams = ["{row.team}"]\n'
        f"from = {row.adopted_on:%Y-%m-%d}\n"
        for row in history.adoption.itertuples()
        if pd.notna(row.adopted_on)
    ]
    adopted = PoliciesAdopted(at=START.replace(tzinfo=UTC), by="mona", text="\n".join(texts))
    streams: dict[str, list[bytes]] = {"~policies": [msgspec.json.encode(adopted)]}
    for row in history.closures.itertuples():
        told: list[t.TicketEvent] = [_ticket(t.TicketResolved, row, row.closed_at)]
        if pd.notna(row.callback_at):
            told.append(_ticket(t.TicketReopened, row, row.callback_at))
        streams[t.ticket_stream("desk", row.ticket)] = [msgspec.json.encode(one) for one in told]
    for name, events in streams.items():
        claim = await log.claim(name)
        await log.append(
            Append(
                stream=name, epoch=claim.epoch, expected_version=claim.version, events=tuple(events)
            )
        )


def _ticket(kind: type[t.TicketEvent], row: Any, at: pd.Timestamp) -> t.TicketEvent:
    moment = at.floor("us").to_pydatetime().replace(tzinfo=UTC)
    return kind(
        at=moment, system="desk", ticket=row.ticket, client=row.client, team=row.team,
        technician=row.technician, category=row.category,
    )  # fmt: skip
