"""What the terminal shows of the report on adoption. Pure."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from stillfixed.connectors.cli.text import count, plain
from stillfixed.projections.adoption.model import AdoptionReport, Effect, Interval, Rate
from stillfixed.projections.adoption.words import among, percent, points, team_name

DAYS_SHOWN = (1, 3, 7, 14, 30)
GROUPS = {
    "before": "adopters, before",
    "after": "adopters, after",
    "not_adopted": "teams without it",
}


def whole(report: AdoptionReport) -> RenderableType:
    """The sentence first; then what makes one doubt it; then the figures behind it."""
    style = {"fell": "bold green", "rose": "bold red"}.get(report.answer, "bold")
    parts: list[RenderableType] = [Text(report.sentence, style=style)]
    parts += [
        Text.assemble(("! ", "bold yellow"), plain(warned.text)) for warned in report.warnings
    ]
    parts += ["", _teams(report)]
    if report.effect:
        parts += ["", *_effect(report.effect)]
    if report.curves:
        parts += ["", *_curves(report)]
    return Group(*parts, "", _small_print(report))


def _grid(*columns: str) -> Table:
    grid = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for place, column in enumerate(columns):
        grid.add_column(column, justify="left" if place == 0 else "right", no_wrap=True)
    return grid


def _teams(report: AdoptionReport) -> Table:
    grid = _grid("team", "adopted", "before", "of", "after", "of", "change in points")
    for one in report.teams:
        change = one.change
        grid.add_row(
            plain(team_name(one.team)),
            f"{one.adopted_on:%Y-%m-%d}" if one.adopted_on else "-",
            *_rate(one.before),
            *(_rate(one.after) if one.after else ("-", "-")),
            f"{100 * change.change:+.1f} {_range(change.interval)}" if change else "-",
        )
    return grid


def _rate(rate: Rate) -> tuple[str, str]:
    if rate.rate is None or rate.interval is None:
        return "-", "0"
    low, high = rate.interval.low, rate.interval.high
    return f"{percent(rate.rate)} ({100 * low:.1f} to {100 * high:.1f})", str(rate.closed)


def _range(interval: Interval | None) -> str:
    return f"({among(interval)})" if interval else "(no interval)"


def _effect(effect: Effect) -> list[RenderableType]:
    head = (
        f"Beside teams that had not adopted yet: {count(effect.adopters, 'adopter')} of"
        f" {effect.teams} teams, {effect.periods} periods of {effect.period_weeks} weeks"
    )
    grid = _grid("periods from adoption", "difference in points", "95 % interval")
    for one in effect.event_study:
        shown = "the base" if one.offset == -1 else _range(one.interval)
        grid.add_row(f"{one.offset:+d}", f"{100 * one.change:+.1f}", shown)
    trend = effect.trend_before
    parts: list[RenderableType] = [Text(head, style="bold"), grid]
    if trend:
        parts.append(
            Text(
                f"Drift before adoption: {points(trend.change)} a period {_range(trend.interval)}."
                " Near 0 is what the comparison rests on."
            )
        )
    if effect.without_team:
        low, high = min(effect.without_team.values()), max(effect.without_team.values())
        parts.append(
            Text(f"Whichever team is left out, the change is {among(Interval(low, high))} points.")
        )
    return parts


def _curves(report: AdoptionReport) -> list[RenderableType]:
    grid = _grid("came back by day", *(str(day) for day in DAYS_SHOWN), "of")
    for curve in report.curves:
        by_day = {one.day: percent(one.came_back) for one in curve.points}
        grid.add_row(
            GROUPS[curve.group], *(by_day.get(day, "-") for day in DAYS_SHOWN), str(curve.closed)
        )
    return [
        Text("Time to the callback (Kaplan-Meier, young closures included)", style="bold"),
        grid,
    ]


def _small_print(report: AdoptionReport) -> Text:
    definition = report.definition
    smallest = report.smallest_detectable
    lines = [
        f"Counted: {definition.name} within {definition.window_days} days, definition"
        f" {definition.version}. Complete until {report.as_of:%Y-%m-%d %H:%M} UTC;"
        f" {count(report.immature_closures, 'closure')} too young to count.",
    ]
    if smallest is not None:
        lines.append(
            f"With this volume a true change of {100 * smallest:.1f} points is seen in 4 of 5 such"
            " cases."
        )
    return Text("\n".join(lines), style="dim")
