"""Difference in differences over teams, and the interval for few of them."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from scipy import stats

from stillfixed.projections.adoption import adoption_report
from stillfixed.projections.adoption.effect import effect_of
from stillfixed.projections.adoption.jackknife import Spread
from stillfixed.projections.adoption.model import Change, TeamRates
from stillfixed.projections.adoption.rates import rate_of, together
from tests.support.callaway import as_arrays, degrees_of, designs, histories, judged
from tests.support.msp import EFFECTS, coverage_of, msp_history, panel


@pytest.mark.parametrize("seed", range(8))
def test_the_estimate_and_its_interval_are_those_of_a_second_implementation(seed: int) -> None:
    """diff-diff, a team left out at a time, gives what numpy gives from the paper's formula."""
    one = panel(msp_history(np.random.default_rng(seed), -0.05, teams=5 + 2 * seed))
    effect, _ = effect_of(one)
    twin = judged(*as_arrays(one))
    assert effect is not None
    assert effect.change == pytest.approx(twin.change[0], abs=1e-9)
    if effect.interval is None:
        assert np.isnan(twin.low[0])
    else:
        assert effect.interval.low == pytest.approx(twin.low[0], abs=1e-9)
        assert effect.interval.high == pytest.approx(twin.high[0], abs=1e-9)


def test_intervals_hold_the_truth_in_93_to_97_of_100_of_thousands_of_histories() -> None:
    """9,000 histories of 60 MSPs: the truth inside, and nothing called something at most rarely."""
    rng = np.random.default_rng(4)
    judgements = [
        (effect, low, high)
        for design in designs(rng, 60)
        for effect in EFFECTS
        for _, low, high in zip(
            *judged(*histories(rng, design, effect, 50), design.first), strict=True
        )
    ]
    assert len(judgements) == 9000
    held, called = coverage_of(judgements)
    assert all(0.93 <= share <= 0.97 for share in held.values()), held
    assert called <= 0.06


@pytest.mark.parametrize(("adopters", "teams"), [(2, 12), (3, 20), (3, 70), (6, 70), (12, 70)])
def test_few_adopters_among_many_teams_do_not_make_an_interval_narrow(
    adopters: int, teams: int
) -> None:
    """What three teams did is as uncertain beside seventy others as three teams are."""
    rng = np.random.default_rng(teams + adopters)
    held = []
    for design in designs(rng, 30):
        first = np.full(teams, 9)
        first[:adopters] = rng.integers(2, 7, adopters)
        one = design._replace(first=first, periods=8)
        found = judged(*histories(rng, one, -0.05, 40), first)
        held.append((found.low <= -0.05) & (found.high >= -0.05))
    assert 0.92 <= np.mean(held) <= 0.97


def test_intervals_hold_the_truth_closure_by_closure() -> None:
    """The same from closures with callbacks that come late or not yet; tests/faults has more."""
    judgements = []
    for seed in range(30):
        for effect in EFFECTS:
            history = msp_history(np.random.default_rng([seed, 7]), effect, weekly=15)
            _, low, high = judged(*as_arrays(panel(history)))
            judgements.append((effect, low[0], high[0]))
    held, called = coverage_of(judgements)
    assert np.mean(list(held.values())) >= 0.93, held
    assert called <= 0.08


def test_what_the_sentence_prints_is_what_the_interval_is_about() -> None:
    """The two rates of the sentence differ by the effect, and the interval is the effect's."""
    history = msp_history(np.random.default_rng(3), -0.11, teams=9, weekly=60)
    report = adoption_report(history.closures, history.adoption, history.as_of)
    effect = report.effect
    assert effect is not None
    assert effect.interval is not None
    assert report.answer == "fell"
    assert effect.observed - effect.expected == pytest.approx(effect.change)
    assert report.sentence.startswith(
        f"Callbacks within 14 days fell from {100 * effect.expected:.1f} % to"
        f" {100 * effect.observed:.1f} % (95 % interval of the change:"
        f" {100 * effect.interval.low:+.1f} to {100 * effect.interval.high:+.1f} points);"
        f" {report.immature_weeks} weeks are not mature yet"
    )


def test_the_event_study_shows_the_time_before_and_after() -> None:
    """Before adoption the points are about 0, from it on about the effect; -1 is the base."""
    history = msp_history(np.random.default_rng(5), -0.11, teams=16, weekly=80, swing=0.0)
    effect, _ = effect_of(panel(history))
    assert effect is not None
    by_offset = {one.offset: one for one in effect.event_study}
    assert by_offset[-1].change == 0
    assert by_offset[-1].interval is None
    assert all(abs(by_offset[offset].change) < 0.03 for offset in (-3, -2))
    assert all(by_offset[offset].change == pytest.approx(-0.11, abs=0.03) for offset in (0, 1, 2))
    assert effect.trend_before is not None
    assert effect.trend_before.interval is not None
    assert not effect.trend_before.interval.excludes_zero()


def test_a_period_never_mixes_the_time_before_adoption_with_the_time_after() -> None:
    """If everything comes back before adoption and nothing after it, cells hold all or nothing."""
    history = msp_history(np.random.default_rng(2), 0.0, teams=8)
    closures = history.closures.merge(history.adoption, on="team")
    after = closures["closed_at"] >= closures["adopted_on"]
    closures["callback_at"] = closures["closed_at"].where(~after)
    closures["callback_kind"] = after.map({True: None, False: "reopened"})
    cells = panel(replace(history, closures=closures)).cells
    adopted = (cells["first"] > 0) & (cells["period"] >= cells["first"])
    assert adopted.any()
    assert (cells["rate"] == (~adopted).astype(float)).all()


def test_a_period_counts_for_the_side_with_most_of_its_days() -> None:
    """A team's first period after adoption begins within half a period of the day it adopted."""
    history = msp_history(np.random.default_rng(9), 0.0, teams=12, never=0.0)
    one = panel(history)
    length = timedelta(weeks=one.period_weeks)
    start = history.as_of - timedelta(days=14) - one.periods * length
    first = one.cells.drop_duplicates("team").set_index("team")["first"]
    dates = history.adoption.set_index("team")["adopted_on"]
    gaps = [abs(start + (first[team] - 1) * length - dates[team]) for team in first.index]
    assert max(gaps) <= length / 2
    assert len(set(first)) > 3


def test_without_a_team_to_compare_with_a_change_is_not_called_an_effect() -> None:
    """All adopt on one day: the fall is told, and that it proves nothing."""
    history = msp_history(np.random.default_rng(6), -0.11, teams=8, weekly=60)
    together = history.adoption.assign(adopted_on=history.adoption["adopted_on"].min())
    report = adoption_report(history.closures, together, history.as_of)
    assert report.effect is None
    assert report.answer in ("not_an_effect", "cannot_tell")
    assert "The data cannot tell" in report.sentence
    assert "comparison_not_possible" in {one.doubt for one in report.warnings}


def test_one_team_alone_on_its_side_gives_no_interval() -> None:
    """One adopter of eight: without it there is no estimate, so nobody knows how sure it is."""
    history = msp_history(np.random.default_rng(8), -0.11, teams=8, weekly=60)
    dates = history.adoption["adopted_on"].where(history.adoption["team"] == "team 00")
    report = adoption_report(
        history.closures, history.adoption.assign(adopted_on=dates), history.as_of
    )
    assert report.effect is not None
    assert report.effect.interval is None
    assert report.answer != "fell"


def test_the_smallest_detectable_change_is_seen_in_four_of_five_histories() -> None:
    """Its promise, kept by simulation: an effect of that size leaves zero outside the interval."""
    rng = np.random.default_rng(11)
    design = designs(rng, 1)[0]._replace(season=0.02, swing=0.01, inequality=0.3, volume=150)
    degrees = degrees_of(design.first, design.periods)
    found = judged(*histories(rng, design, 0.0, 400), design.first)
    error = (found.high - found.low) / 2 / stats.t.ppf(0.975, degrees)
    spread = Spread(float(np.median(error)), degrees)
    effect = -spread.smallest_detectable()
    again = judged(*histories(rng, design, effect, 400), design.first)
    assert 0.7 <= np.mean(again.high < 0) <= 0.9


@pytest.mark.parametrize("teams", [5, 9])
def test_the_mere_change_has_an_interval_that_holds_too(teams: int) -> None:
    """Where there is nothing to compare with, the change of all teams together is printed: its
    interval holds the change that was put in, teams unequal and restless."""
    rng = np.random.default_rng(teams)
    judgements = []
    for _ in range(150):
        closed = rng.poisson(400 * np.exp(rng.normal(0, 0.5, teams)))
        base = rng.uniform(0.16, 0.26, teams)
        for effect in EFFECTS:
            after = np.clip(base + effect + 0.02 * rng.normal(size=teams), 0.005, 1)
            before, later = rng.binomial(closed, base), rng.binomial(closed, after)
            sides = tuple(
                TeamRates(
                    team=str(team),
                    adopted_on=None,
                    before=rate_of(int(before[team]), int(closed[team])),
                    after=rate_of(int(later[team]), int(closed[team])),
                    change=Change(change=0.0, interval=None),
                )
                for team in range(teams)
            )
            _, _, change = together(sides)
            assert change is not None
            assert change.interval is not None
            judgements.append((effect, change.interval.low, change.interval.high))
    held, called = coverage_of(judgements)
    assert 0.93 <= np.mean(list(held.values())) <= 0.97, held
    assert called <= 0.09  # of 150: one in twenty, and what chance allows
