"""The weekly page for the standup: patterns by check and by problem before people, and no blame.

Each section is one .sql file here: its title, how to read it, and a question to the views. What it
shows is written as CSV beside the page.
"""

import csv
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from stillfixed.actors.errors import QueryError, ViewsMissing
from stillfixed.projections.reading import Views

HERE = Path(__file__).parent
WINDOW_DAYS = 14


class Section(NamedTuple):
    """One table of the page. `note` says how to read it."""

    name: str
    title: str
    note: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


def weekly(views: Views, week: date | None = None) -> tuple[date, list[Section]]:
    """The Monday of the week and its sections. By default the last week that is over, by the newest
    event in the log. Raises `ViewsMissing` for an empty log, `QueryError` for a day that is no
    Monday."""
    if (until := views.data_until) is None:
        raise ViewsMissing("The log is empty: there is no week to report on yet.")
    monday = until.date() - timedelta(days=until.weekday() + 7) if week is None else week
    if monday.weekday() != 0:
        raise QueryError(f"{monday} is a {monday:%A}: name the week by its Monday.")
    views.set(window_days=[WINDOW_DAYS], sample_day=monday + timedelta(days=6))
    return monday, [_section(views, path, monday) for path in sorted(HERE.glob("*.sql"))]


def _section(views: Views, path: Path, monday: date) -> Section:
    text = path.read_text(encoding="utf-8")
    title, note = (line.removeprefix("-- ") for line in text.split("\n")[:2])
    found = views.sql(text, {"week": monday} if "$week" in text else None)
    return Section(path.stem.partition("_")[2], title, note, found.columns, found.fetchall())


def write(views: Views, folder: Path, week: date | None = None) -> Path:
    """Write the page and its CSV files into `folder`; the page's path."""
    import jinja2

    monday, sections = weekly(views, week)
    folder.mkdir(parents=True, exist_ok=True)
    for section in sections:
        with (folder / f"{section.name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(section.columns)
            writer.writerows(section.rows)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["shown"] = shown
    definitions = views.sql("SELECT name, version, meaning FROM definitions").fetchall()
    page = folder / "index.html"
    page.write_text(
        environment.get_template("page.html").render(
            monday=monday,
            sunday=monday + timedelta(days=6),
            sections=sections,
            position=views.position,
            definitions=definitions,
            window_days=WINDOW_DAYS,
        ),
        encoding="utf-8",
    )
    return page


def shown(value: object, column: str) -> str:
    """A value as people read it: rates in percent, times to the minute."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case float() if column in ("rate", "low", "high"):
            return f"{100 * value:.1f} %"
        case float():
            return f"{value:,.1f}"
        case _ if column == "closed_at":
            return f"{value:%Y-%m-%d %H:%M}"
        case _:
            return str(value)
