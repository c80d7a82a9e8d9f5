"""Callaway and Sant'Anna a second time, in numpy over many histories at once.

Written from the paper and apart from the code under test, for two uses: the tests hold both to
the same figures on the same cells, and then thousands of histories are judged in seconds.
"""

from typing import NamedTuple

import numpy as np
from scipy import stats

from stillfixed.projections.adoption.effect import Panel

Array = np.ndarray


class Judged(NamedTuple):
    change: Array  # [histories]
    low: Array
    high: Array


def att(rate: Array, weight: Array, first: Array, kept: Array) -> Array:
    """The mean effect [histories], of rate [histories, teams, periods], weight [histories, teams].

    first [teams] is the index of the first period after adoption, at least `periods` for none;
    kept [teams] says who is there.
    """
    periods = rate.shape[2]
    total, mass = np.zeros(len(rate)), np.zeros(len(rate))
    for cohort in np.unique(first[kept & (first < periods)]):
        treated = kept & (first == cohort)
        own = weight[:, treated]
        for period in range(cohort, periods):
            others = kept & (first > period)
            if not others.any():
                continue
            moved = rate[:, :, period] - rate[:, :, cohort - 1]
            theirs = weight[:, others]
            total += (own * moved[:, treated]).sum(1)
            total -= own.sum(1) * (theirs * moved[:, others]).sum(1) / theirs.sum(1)
            mass += own.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return total / mass


def judged(rate: Array, weight: Array, first: Array) -> Judged:
    """The estimate and its 95 % interval, a team left out at a time; nan where there is none."""
    teams = len(first)
    everyone = np.ones(teams, bool)
    change = att(rate, weight, first, everyone)
    without = np.stack([att(rate, weight, first, np.arange(teams) != one) for one in range(teams)])
    variance = (teams - 1) / teams * ((without - without.mean(0)) ** 2).sum(0)
    reach = stats.t.ppf(0.975, degrees_of(first, rate.shape[2])) * np.sqrt(variance)
    return Judged(change, change - reach, change + reach)


def degrees_of(first: Array, periods: int) -> float:
    """Satterthwaite's, every team of a side telling as much: (sum of parts)² / sum of parts²."""
    adopts = first < periods
    compared = first > first.min()
    part = adopts / adopts.sum() ** 2 + compared / compared.sum() ** 2
    return float(min(part.sum() ** 2 / (part**2).sum(), len(first) - 1))


class Design(NamedTuple):
    """Who adopts when: `first` as above, and how unequal and restless the teams are."""

    first: Array
    periods: int
    volume: float
    inequality: float
    season: float
    swing: float


def designs(rng: np.random.Generator, count: int) -> list[Design]:
    made = []
    while len(made) < count:
        teams, periods = int(rng.integers(5, 21)), int(rng.integers(6, 14))
        first = rng.integers(2, periods, teams)
        first[rng.random(teams) < 0.25] = periods + 1
        if np.sum(first < first.max()) < 2 or np.sum(first > first.min()) < 2:
            continue  # one team alone on a side: no interval is given there
        made.append(
            Design(
                first=first,
                periods=periods,
                volume=float(rng.uniform(60, 300)),
                inequality=float(rng.uniform(0, 0.8)),
                season=float(rng.uniform(0, 0.03)),
                swing=float(rng.uniform(0, 0.02)),
            )
        )
    return made


def histories(
    rng: np.random.Generator, design: Design, effect: float, count: int
) -> tuple[Array, Array]:
    """Rates [count, teams, periods] and weights [count, teams] of many MSPs of one design."""
    teams, periods = len(design.first), design.periods
    volume = design.volume * np.exp(rng.normal(0, design.inequality, (count, teams, 1)))
    period = np.arange(periods)
    turn = rng.uniform(0, 2 * np.pi, (count, 1, 1))
    chance = rng.uniform(0.16, 0.26, (count, teams, 1))
    chance = chance + design.season * np.sin(2 * np.pi * period / 9 + turn)
    chance = chance + design.swing * rng.normal(size=(count, teams, periods))
    chance = chance + effect * (period >= design.first[:, None])
    closed = np.maximum(rng.poisson(np.broadcast_to(volume, chance.shape)), 1)
    return rng.binomial(closed, np.clip(chance, 0.005, 0.95)) / closed, closed.sum(2).astype(float)


def as_arrays(panel: Panel) -> tuple[Array, Array, Array]:
    """The cells of one real panel, as a pile of one history."""
    rate = panel.cells.pivot_table(index="team", columns="period", values="rate").to_numpy()
    teams = panel.cells.groupby("team")[["weight", "first"]].first()
    first = teams["first"].to_numpy() - 1
    return (
        rate[None],
        teams["weight"].to_numpy()[None],
        np.where(first < 0, panel.periods + 1, first),
    )
