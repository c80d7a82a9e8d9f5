"""Charts of the manager's page: what is drawn, and what must not be."""

from datetime import date, timedelta

from stillfixed.connectors.web.pages.charts import (
    HEIGHT,
    WIDTH,
    Phase,
    Week,
    bar_chart,
    interval_chart,
    rate_chart,
)

MONDAY = date(2026, 1, 5)


def week(number: int, rate: float, *, mature: bool = True) -> Week:
    at = MONDAY + timedelta(weeks=number)
    return Week(at, rate, max(0.0, rate - 0.05), rate + 0.05, 100, mature)


def test_a_week_that_is_still_open_is_shaded_and_never_drawn() -> None:
    """It would look like a drop: its callbacks have not come yet."""
    weeks = [week(number, 0.2) for number in range(6)] + [week(6, 0.0, mature=False)]
    chart = rate_chart(weeks)
    assert len(chart.dots) == 6
    assert len(chart.lines) == 1
    assert chart.open_from is not None
    assert max(dot.x for dot in chart.dots) < chart.open_from < WIDTH
    assert len({dot.y for dot in chart.dots}) == 1
    bars = bar_chart([(MONDAY, 3.0, True), (MONDAY + timedelta(weeks=1), 0.0, False)], "hours")
    assert len(bars.bars) == 1
    assert bars.open_from is not None


def test_every_rate_has_its_interval() -> None:
    """A band over weeks that follow one another, a whisker where a week stands alone."""
    chart = rate_chart([week(0, 0.2), week(1, 0.3), week(5, 0.1)])
    assert [len(band.split()) for band in chart.bands] == [4]
    assert len(chart.whiskers) == 1


def test_weeks_without_closures_break_the_line() -> None:
    """Nothing is drawn where nothing was counted."""
    chart = rate_chart([week(0, 0.2), week(1, 0.2), week(4, 0.2), week(5, 0.2)])
    assert len(chart.lines) == 2


def test_nothing_leaves_the_box() -> None:
    """Whatever the shares are."""
    for rate in (0.0, 0.003, 0.5, 0.95):
        chart = rate_chart([week(number, rate) for number in range(3)])
        places = [pair.split(",") for band in chart.bands for pair in band.split()]
        assert all(0 <= float(x) <= WIDTH and 0 <= float(y) <= HEIGHT for x, y in places)
    intervals = interval_chart([("proven", 0.1, 0.05, 0.2, 40), ("not proven", 0.9, 0.7, 1.0, 9)])
    assert all(row.low <= row.at <= row.high <= WIDTH for row in intervals.rows)


def test_charts_without_a_mature_week_or_with_one_alone() -> None:
    """The first weeks of a new desk."""
    assert rate_chart([week(0, 0.1, mature=False)]).dots == []
    assert len(rate_chart([week(0, 0.1)]).dots) == 1
    assert bar_chart([(MONDAY, 0.0, True)], "hours").bars[0].height == 0


def test_phases_outside_of_the_weeks_are_left_out() -> None:
    """A policy that began earlier has no place in the chart."""
    phases = [
        Phase(MONDAY - timedelta(days=1), "observe", "early"),
        Phase(MONDAY + timedelta(days=9), "enforce", "inside"),
    ]
    chart = rate_chart([week(0, 0.2), week(1, 0.2)], phases)
    assert [label for _, _, label in chart.marks] == ["inside"]
