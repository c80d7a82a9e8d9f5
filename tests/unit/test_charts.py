"""Charts: honest about young weeks, and drawn also where there is little to draw."""

import re
from datetime import timedelta

import numpy as np
import pandas as pd
import vl_convert

from stillfixed.projections import charts
from stillfixed.projections.adoption import adoption_report
from tests.support.msp import START, msp_history

RATES = ["week", "rate", "low", "high", "closed", "mature"]
PHASES = ["policy", "mode", "team", "since"]
FIELDS = ["command", "field", "verdict"]
COSTS = ["week", "team", "callbacks", "hours", "mature"]


def svg(chart: charts.Drawing) -> str:
    drawn: str = vl_convert.vegalite_to_svg(chart.to_dict())
    return drawn


def test_young_weeks_are_hollow_and_not_on_the_line() -> None:
    """Six weeks, of which two are young: four points on the line and in the band, two hollow."""
    weeks = [START + timedelta(weeks=number) for number in range(6)]
    rates = pd.DataFrame(
        [(week, 0.2, 0.1, 0.3, 50, number < 4) for number, week in enumerate(weeks)], columns=RATES
    )
    drawn = svg(charts.callback_rate(rates, pd.DataFrame(columns=PHASES)))
    points = re.findall(r'aria-roledescription="point"[^>]*', drawn)
    assert [f'fill="{charts.BLUE}"' in point for point in points] == [True] * 4 + [False] * 2
    assert [f'stroke="{charts.GREY}"' in point for point in points] == [False] * 4 + [True] * 2
    (line,) = re.findall(r'aria-roledescription="line mark"[^>]* d="([^"]*)"', drawn)
    assert line.count("L") == 3  # from the first of four to the last


def test_policies_are_marked_where_they_begin() -> None:
    """One dashed line a policy, in its mode's colour."""
    rates = pd.DataFrame([(START, 0.2, 0.1, 0.3, 50, True)], columns=RATES)
    phases = pd.DataFrame([("all", "enforce", "", START)], columns=PHASES)
    assert 'stroke-dasharray="4,3"' in svg(charts.callback_rate(rates, phases))


def test_nothing_to_draw_is_no_error() -> None:
    """A desk without sessions, callbacks or policies gets empty charts."""
    history = msp_history(np.random.default_rng(1), 0.0, teams=5)
    report = adoption_report(history.closures[:0], history.adoption, history.as_of)
    for chart in (
        charts.callback_rate(pd.DataFrame(columns=RATES), pd.DataFrame(columns=PHASES)),
        charts.by_proof(pd.DataFrame(columns=["proof", "rate", "low", "high"])),
        charts.verification_differences(pd.DataFrame(columns=FIELDS)),
        charts.rework_cost(pd.DataFrame(columns=COSTS)),
        charts.before_and_after(report),
        charts.time_to_callback(report),
    ):
        assert "<svg" in svg(chart)
