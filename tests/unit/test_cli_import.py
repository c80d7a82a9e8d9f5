"""`stillfixed import tickets`, as a person or a script calls it."""

import asyncio
import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stillfixed.actors.errors import LogTooNew
from stillfixed.actors.log.contract import Append
from stillfixed.actors.log.sqlite import SqliteLog
from stillfixed.actors.tickets.mapping import parse_mapping
from stillfixed.connectors.cli.app import app
from stillfixed.connectors.tickets import importing
from stillfixed.connectors.tickets.importing import Report, import_tickets
from tests.support.tickets import histories

MAPPING = """
name = "own"
system = "desk"
timezone = "UTC"
dates = "day-first"
resolved = ["Done"]
[columns]
ticket = "Nr"
team = "Team"
status = "Status"
opened = "Opened"
resolved = "Resolved"
"""
HEADING = "Nr;Team;Status;Opened;Resolved;Mood\n"
GOOD = "1;A;Done;2/3/2026 09:00;2/3/2026 11:30;fine\n2;A;Open;2/3/2026 09:10;;\n"
BAD = "3;A;Open;soon;;\n;A;Open;2/3/2026 09:00;;\n"


def run(folder: Path, content: str, *more: str, mapping: str = MAPPING) -> Result:
    file = folder / "tickets.csv"
    file.write_text(content, encoding="utf-8")
    own = folder / "own.toml"
    own.write_text(mapping, encoding="utf-8")
    return again(folder, file, *more)


def again(folder: Path, file: Path, *more: str) -> Result:
    arguments = ["import", "tickets", str(file), "--data", str(folder / "data")]
    return CliRunner().invoke(app, [*arguments, "--mapping", str(folder / "own.toml"), *more])


def streams(folder: Path) -> dict[str, list[str]]:
    """The kinds of events in each stream."""
    found = asyncio.run(histories(folder / "data" / "stillfixed.db"))
    return {
        stream: [str(event.__struct_config__.tag).removeprefix("ticket_") for event in events]
        for stream, events in found.items()
    }


def test_an_export_is_imported_and_told_in_two_lines(tmp_path: Path) -> None:
    """What was left out or taken for something is said on stderr."""
    result = run(tmp_path, HEADING + GOOD)
    assert (result.exit_code, result.stdout) == (
        0,
        "2 rows. Tickets: 2 new, 0 changed, 0 as they were.\n3 events: 2 opened, 1 resolved.\n",
    )
    assert "does not know, left out: Mood." in result.stderr
    assert "Statuses taken for open: Open (1)." in result.stderr
    assert streams(tmp_path) == {
        "~ticket/desk/1": ["opened", "resolved"], "~ticket/desk/2": ["opened"],
    }  # fmt: skip
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "own.toml", "tickets.csv"]


def test_what_counts_for_less_than_it_seems_is_said(tmp_path: Path) -> None:
    """A closure without a time is none; an hour that the clock repeats is read as its first."""
    rows = "1;A;Done;2/3/2026 09:00;;\n2;A;Done;24/10/2026 09:00;25/10/2026 01:30;\n"
    result = run(tmp_path, HEADING + rows, "--timezone", "Europe/London")
    assert "1 row resolved or closed by the status, without a time" in result.stderr
    assert "1 time fell in an hour" in result.stderr
    assert "3 events: 2 opened, 1 resolved." in result.stdout


def test_importing_twice_changes_nothing_and_a_newer_export_adds_its_news(tmp_path: Path) -> None:
    """Tickets that it holds again stay as they are."""
    run(tmp_path, HEADING + GOOD)
    result = again(tmp_path, tmp_path / "tickets.csv")
    assert result.stdout == "2 rows. Tickets: 0 new, 0 changed, 2 as they were.\n"
    newer = GOOD.replace("Open;2/3/2026 09:10;", "Done;2/3/2026 09:10;4/3/2026 10:00")
    result = run(tmp_path, HEADING + newer + "9;A;Open;5/3/2026 09:00;;\n")
    assert "Tickets: 1 new, 1 changed, 1 as they were." in result.stdout
    assert streams(tmp_path)["~ticket/desk/2"] == ["opened", "resolved"]


def test_bad_rows_go_to_a_file_that_can_be_mended_and_imported(tmp_path: Path) -> None:
    """With line and reason before their own columns; the exit status says that there are some."""
    result = run(tmp_path, HEADING + GOOD + BAD)
    assert result.exit_code == 1
    rejects = tmp_path / "tickets.rejects.csv"
    assert f"2 rows could not be read: see {rejects}" in result.stderr
    assert "2 new" in result.stdout
    with rejects.open(encoding="utf-8", newline="") as file:
        heading, *rows = csv.reader(file)
    assert heading == ["line", "reason", "Nr", "Team", "Status", "Opened", "Resolved", "Mood"]
    assert [row[:3] for row in rows] == [
        ["4", "opened: 'soon' is no time that is known here", "3"],
        ["5", "it has no ticket number", ""],
    ]
    mended = rejects.read_text(encoding="utf-8").replace("A,Open,soon", "A,Open,6/3/2026 09:00")
    rejects.write_text(mended, encoding="utf-8")
    result = again(tmp_path, rejects, "--rejects", str(tmp_path / "rest.csv"))
    assert "1 new" in result.stdout
    assert "it has no ticket number" in (tmp_path / "rest.csv").read_text(encoding="utf-8")


def test_a_file_for_bad_rows_that_cannot_be_written_stops_the_import(tmp_path: Path) -> None:
    """Nothing is lost in silence; and the export itself is not overwritten."""
    nowhere = tmp_path / "nowhere" / "rejects.csv"
    result = run(tmp_path, HEADING + BAD, "--rejects", str(nowhere))
    assert result.exit_code == 1
    assert "Name another file with --rejects" in result.stderr
    result = again(tmp_path, tmp_path / "tickets.csv", "--rejects", str(tmp_path / "tickets.csv"))
    assert "name another file with --rejects" in result.stderr
    assert (tmp_path / "tickets.csv").read_text(encoding="utf-8") == HEADING + BAD


@pytest.mark.parametrize("without", ["timezone", "dates"])
def test_what_was_not_declared_stops_the_import_before_anything_is_written(
    tmp_path: Path, without: str
) -> None:
    """With the line, and the option that helps."""
    lines = [line for line in MAPPING.splitlines() if not line.startswith(without)]
    result = run(tmp_path, HEADING + GOOD, mapping="\n".join(lines))
    assert result.exit_code == 1
    assert "tickets.csv, line 2: " in result.stderr
    assert f"--{without}" in result.stderr
    assert streams(tmp_path) == {}
    declared = {"timezone": "Europe/Lisbon", "dates": "day-first"}[without]
    result = again(tmp_path, tmp_path / "tickets.csv", f"--{without}", declared)
    assert result.exit_code == 0


def test_a_file_or_mapping_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    """And no traceback."""
    run(tmp_path, HEADING)
    result = again(tmp_path, tmp_path / "gone.csv")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    result = again(tmp_path, tmp_path / "tickets.csv", "--mapping", "nothing")
    assert "There is no mapping nothing" in result.stderr


# -- the log underneath ----------------------------------------------------------------------------
async def imported(folder: Path, content: str, name: str = "tickets.csv") -> Report:
    file = folder / name
    file.write_text(HEADING + content, encoding="utf-8")
    log = await SqliteLog.open(folder / "log.db")
    try:
        return await import_tickets(log, file, parse_mapping(MAPPING))
    finally:
        await log.close()


async def test_two_imports_at_once_tell_everything_once(tmp_path: Path) -> None:
    """Who comes second looks again at what is new."""
    rows = "".join(f"{n};A;Done;2/3/2026 09:00;2/3/2026 11:30;\n" for n in range(300))
    reports = await asyncio.gather(
        *(imported(tmp_path, rows, f"{number}.csv") for number in range(3))
    )
    assert sum(report.new_tickets for report in reports) == 300
    assert sum(report.unchanged_tickets for report in reports) == 600
    assert sum(report.events.total() for report in reports) == 600
    found = await histories(tmp_path / "log.db")
    assert {len(events) for events in found.values()} == {2}


@pytest.mark.parametrize("batch_rows", [1, 2, 100])
async def test_a_ticket_that_comes_again_in_one_file_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch_rows: int
) -> None:
    """In the same batch, or in one that is still on its way to the log."""
    monkeypatch.setattr(importing, "BATCH_ROWS", batch_rows)
    row = "7;A;Done;2/3/2026 09:00;{}/3/2026 11:30;\n"
    report = await imported(tmp_path, "".join(row.format(day) for day in (3, 4, 4, 3, 5)))
    [events] = (await histories(tmp_path / "log.db")).values()
    assert [event.at.day for event in events] == [2, 3, 4, 5]
    assert report.events["ticket_resolved"] == 3


async def test_an_event_of_a_newer_version_stops_the_import(tmp_path: Path) -> None:
    """It cannot be told what would be new."""
    log = await SqliteLog.open(tmp_path / "log.db")
    newer = (b'{"type":"ticket_merged"}',)
    await log.append(Append(stream="~ticket/desk/1", epoch=None, expected_version=0, events=newer))
    await log.close()
    with pytest.raises(LogTooNew, match="Event 1 of ~ticket/desk/1"):
        await imported(tmp_path, GOOD)
