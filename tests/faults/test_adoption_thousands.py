"""Thousands of MSP histories, closure by closure: intervals hold the truth, nothing is made up."""

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from stillfixed.projections.adoption import adoption_report
from tests.support.callaway import as_arrays, judged
from tests.support.msp import EFFECTS, coverage_of, msp_history, panel

HISTORIES = 1000
"""Of each effect, judged by the second implementation, which is held to the first elsewhere."""
REPORTS = 100
"""Of each effect, through the whole report."""
PROCESSES = 2

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]
Judgement = tuple[float, float, float]


def quick(seed: int) -> list[Judgement]:
    judgements = []
    for effect in EFFECTS:
        history = msp_history(np.random.default_rng([seed, 1]), effect)
        _, low, high = judged(*as_arrays(panel(history)))
        judgements.append((effect, float(low[0]), float(high[0])))
    return judgements


def whole(seed: int) -> list[Judgement]:
    judgements = []
    for effect in EFFECTS:
        history = msp_history(np.random.default_rng([seed, 2]), effect)
        found = adoption_report(history.closures, history.adoption, history.as_of).effect
        if found is not None and found.interval is not None:
            judgements.append((effect, found.interval.low, found.interval.high))
    return judgements


@pytest.mark.parametrize(("judge", "histories"), [(quick, HISTORIES), (whole, REPORTS)])
def test_thousands_of_histories(judge, histories) -> None:  # type: ignore[no-untyped-def]
    """Each size of effect is inside 93 to 97 of 100 intervals, and nothing is called an effect in
    at most 6 of 100. What chance allows a hundred histories is allowed to them."""
    with ProcessPoolExecutor(
        min(PROCESSES, os.cpu_count() or 1), mp_context=get_context("spawn")
    ) as pool:
        judgements = [
            one for some in pool.map(judge, range(histories), chunksize=5) for one in some
        ]
    held, called = coverage_of(judgements)
    print(f"{len(judgements)} intervals; held {held}; nothing called an effect: {called}")
    chance = 2.6 * np.sqrt(0.05 * 0.95 / histories) - 0.018  # nil for a thousand
    assert all(0.93 - chance <= share <= 0.97 + chance for share in held.values()), held
    assert called <= 0.06 + chance
