"""The weekly page: patterns before people, true figures, and nothing of an output runs."""

import csv
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from stillfixed.actors.errors import QueryError, ViewsMissing
from stillfixed.actors.log import append_to
from stillfixed.actors.log.contract import EventLog
from stillfixed.actors.log.sqlite import SqliteLog
from stillfixed.actors.session import events as e
from stillfixed.projections.weekly import weekly, write
from tests.support import made
from tests.support.views import made as made_views


async def opened(tmp_path: Path) -> EventLog:
    return await SqliteLog.open(tmp_path / "log.db")


async def test_the_page_and_its_tables(tmp_path: Path) -> None:
    """The week's closures are counted, each team has five in the sample, nobody has a rate."""
    log = await opened(tmp_path)
    await made.write(log, 1_500)
    monday = date(2026, 1, 12)
    closed = sum(
        monday <= event.at.date() < monday + timedelta(days=7)
        for _, events in made.sessions(1_500)
        for event in events
        if isinstance(event, e.ClosureGranted)
    )
    with await made_views(log, tmp_path / "views") as views:
        page = write(views, tmp_path / "out", monday)
    await log.close()
    text = page.read_text()
    with (page.parent / "week.csv").open() as file:
        [row] = csv.DictReader(file)
    assert int(row["closed"]) == closed > 100
    with (page.parent / "sample.csv").open() as file:
        teams = [row["team"] for row in csv.DictReader(file)]
    assert sorted(teams) == sorted([*made.TEAMS] * 5)
    assert not any(person in text for person in made.PEOPLE)
    assert text.index("Checks that did not show the fix") < text.index("The last five")


async def test_what_a_technician_typed_is_text_on_the_page(tmp_path: Path) -> None:
    """A command with tags in it is shown, not run."""
    log = await opened(tmp_path)
    at = datetime(2026, 1, 13, 8, 0, tzinfo=made.START.tzinfo)
    bad = "<script>alert(1)</script>"
    events: list[e.SessionEvent] = [
        e.SessionOpened(at=at, by="ana", ticket="T-1", client="Acme", category=bad),
        e.RunStarted(
            at=at, by="ana", run="r1", endpoint="w", command=bad, effect="reads", check=bad
        ),
        e.RunFinished(at=at, by="ana", run="r1", end="exited", exit_status=1),
        e.CheckObserved(
            at=at, by="ana", endpoint="w", check=bad, run="r1", health="fault", judge="2"
        ),
        e.ClosureGranted(at=at, by="ana", policy="p", mode="observe"),
    ]
    await append_to(log, "s-1", *map(e.encode, events))
    with await made_views(log, tmp_path / "views") as views:
        text = write(views, tmp_path / "out", date(2026, 1, 12)).read_text()
    await log.close()
    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)" in text


async def test_a_week_that_is_none_is_refused(tmp_path: Path) -> None:
    """A day in the middle of a week, and an empty log."""
    log = await opened(tmp_path)
    with (
        await made_views(log, tmp_path / "views") as views,
        pytest.raises(ViewsMissing, match="empty"),
    ):
        weekly(views)
    await made.write(log, 3)
    with await made_views(log, tmp_path / "views") as views:
        with pytest.raises(QueryError, match="2026-01-14 is a Wednesday"):
            weekly(views, date(2026, 1, 14))
        assert weekly(views)[0] == date(2025, 12, 29)
    await log.close()
