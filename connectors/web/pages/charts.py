"""Charts as shapes in a box of fixed size, drawn as SVG by `charts.html`. Pure.

Guarantee: a rate is never drawn without its interval, and a week that is not mature is not drawn:
a shade says that it is still open, so that it never looks like a drop. The table beside has it.

altair's SVG (vl-convert) was refused here: it comes with an extra of some hundred megabytes, and
what its marks are for readers and how it looks in the dark is not the page's to say.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from math import ceil, log10
from typing import NamedTuple

WIDTH, HEIGHT = 480, 190
LEFT, RIGHT, TOP, BOTTOM = 40, 10, 18, 24
ROW_HEIGHT = 26
LABEL_WIDTH = 150
X_LABELS = 6


class Week(NamedTuple):
    """`rate`, `low` and `high` are shares; `n` of how many."""

    week: date
    rate: float
    low: float
    high: float
    n: int
    mature: bool


class Phase(NamedTuple):
    """A policy that began for somebody."""

    since: date
    mode: str
    label: str


class Tick(NamedTuple):
    at: float
    label: str


class Dot(NamedTuple):
    x: float
    y: float
    title: str


class Whisker(NamedTuple):
    x: float
    low: float
    high: float


class RateChart(NamedTuple):
    """`bands` and `lines` are points of polygons and polylines; from `open_from` on weeks are not
    mature."""

    y_ticks: list[Tick]
    x_ticks: list[Tick]
    bands: list[str]
    lines: list[str]
    whiskers: list[Whisker]
    dots: list[Dot]
    marks: list[tuple[float, str, str]]
    open_from: float | None


class Bar(NamedTuple):
    x: float
    y: float
    width: float
    height: float
    title: str


class BarChart(NamedTuple):
    y_ticks: list[Tick]
    x_ticks: list[Tick]
    bars: list[Bar]
    open_from: float | None


class IntervalRow(NamedTuple):
    y: float
    label: str
    low: float
    high: float
    at: float
    title: str


class IntervalChart(NamedTuple):
    height: float
    x_ticks: list[Tick]
    rows: list[IntervalRow]


def rate_chart(weeks: Sequence[Week], phases: Sequence[Phase] = ()) -> RateChart:
    """Shares by week, in the order of weeks; at least one."""
    x = _across([one.week for one in weeks])
    top = min(1.0, _nice(max((one.high for one in weeks if one.mature), default=1.0)))
    y = _up(top)
    bands, lines, whiskers = [], [], []
    for stretch in _stretches(weeks):
        if len(stretch) == 1:
            one = stretch[0]
            whiskers.append(Whisker(x(one.week), y(one.low), y(one.high)))
            continue
        upper = [(x(one.week), y(one.high)) for one in stretch]
        lower = [(x(one.week), y(one.low)) for one in reversed(stretch)]
        bands.append(_points([*upper, *lower]))
        lines.append(_points([(x(one.week), y(one.rate)) for one in stretch]))
    begins, ends = weeks[0].week, weeks[-1].week + timedelta(days=6)
    return RateChart(
        y_ticks=[Tick(y(top * part), f"{top * part:.0%}") for part in (0, 0.5, 1)],
        x_ticks=_dates([one.week for one in weeks], x),
        bands=bands,
        lines=lines,
        whiskers=whiskers,
        dots=[Dot(x(one.week), y(one.rate), _told(one)) for one in weeks if one.mature],
        marks=[(x(p.since), p.mode, p.label) for p in phases if begins <= p.since <= ends],
        open_from=_open_from([(one.week, one.mature) for one in weeks], x),
    )


def bar_chart(weeks: Sequence[tuple[date, float, bool]], unit: str) -> BarChart:
    """(week, amount, mature); at least one."""
    days = [week for week, _, _ in weeks]
    x = _across(days)
    top = _nice(max((amount for _, amount, mature in weeks if mature), default=1.0))
    y = _up(top)
    span_weeks = (days[-1] - days[0]).days // 7 + 1
    width = max(2.0, min(24.0, 0.7 * (WIDTH - LEFT - RIGHT) / span_weeks))
    return BarChart(
        y_ticks=[Tick(y(top * part), f"{top * part:g}") for part in (0, 0.5, 1)],
        x_ticks=_dates(days, x),
        bars=[
            Bar(
                _round(x(week) - width / 2),
                y(amount),
                _round(width),
                _round(y(0) - y(amount)),
                f"Week of {week}: {amount:,.1f} {unit}",
            )
            for week, amount, mature in weeks
            if mature
        ],
        open_from=_open_from([(week, mature) for week, _, mature in weeks], x),
    )


def interval_chart(found: Sequence[tuple[str, float, float, float, int]]) -> IntervalChart:
    """(label, share, low, high, n), one row each; at least one."""
    top = min(1.0, _nice(max(high for _, _, _, high, _ in found)))

    def x(share: float) -> float:
        return _round(LABEL_WIDTH + (WIDTH - LABEL_WIDTH - RIGHT - 8) * min(share, top) / top)

    return IntervalChart(
        height=ROW_HEIGHT * len(found) + BOTTOM,
        x_ticks=[Tick(x(top * part), f"{top * part:.0%}") for part in (0, 0.5, 1)],
        rows=[
            IntervalRow(
                ROW_HEIGHT * (number + 0.5),
                label,
                x(low),
                x(high),
                x(share),
                f"{label}: {share:.1%} of {n:,} ({low:.1%} to {high:.1%})",
            )
            for number, (label, share, low, high, n) in enumerate(found)
        ],
    )


# -- inside ------------------------------------------------------------------------------------
def _told(one: Week) -> str:
    return f"Week of {one.week}: {one.rate:.1%} of {one.n:,} ({one.low:.1%} to {one.high:.1%})"


def _stretches(weeks: Sequence[Week]) -> Iterator[list[Week]]:
    """Mature weeks that follow one another."""
    stretch: list[Week] = []
    for one in weeks:
        follows = not stretch or one.week - stretch[-1].week == timedelta(weeks=1)
        if stretch and not (one.mature and follows):
            yield stretch
            stretch = []
        if one.mature:
            stretch.append(one)
    if stretch:
        yield stretch


def _open_from(weeks: Sequence[tuple[date, bool]], x: Callable[[date], float]) -> float | None:
    """Where the shade begins: half a week before the first that is not mature."""
    for week, mature in weeks:
        if not mature:
            half = (x(week + timedelta(weeks=1)) - x(week)) / 2
            return max(float(LEFT), _round(x(week) - half))
    return None


def _across(days: Sequence[date]) -> Callable[[date], float]:
    first, span_days = days[0], max(7, (days[-1] - days[0]).days)
    begin, width = LEFT + 12, WIDTH - LEFT - RIGHT - 24

    def x(day: date) -> float:
        return _round(begin + width * (day - first).days / span_days)

    return x


def _up(top: float) -> Callable[[float], float]:
    return lambda value: _round(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / top)


def _dates(days: Sequence[date], x: Callable[[date], float]) -> list[Tick]:
    step = max(1, ceil(len(days) / X_LABELS))
    return [Tick(x(day), f"{day:%d %b}") for day in days[::step]]


def _nice(value: float) -> float:
    """The next 1, 2, 4, 5 or 10 of its size, from a value upwards."""
    if value <= 0:
        return 0.1
    size = 10.0 ** int(log10(value) - (value < 1))
    return next(size * part for part in (1, 2, 4, 5, 10) if size * part >= value - 1e-12)


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)


def _round(value: float) -> float:
    return round(value, 1)
