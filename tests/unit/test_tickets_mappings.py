"""Mappings: each ready one reads an export as its system writes it; own ones; good and bad rows."""

from pathlib import Path
from typing import Any

import pytest

from stillfixed.actors.errors import TicketImportError
from stillfixed.actors.tickets.events import AnyTicketEvent
from stillfixed.actors.tickets.facts import BadRow, FactReader, Facts, description_of
from stillfixed.actors.tickets.histories import added_by_ticket, added_by_updates
from stillfixed.actors.tickets.mapping import Mapping, parse_mapping
from stillfixed.actors.tickets.mappings import load_mapping, shipped_texts
from stillfixed.actors.tickets.times import Dates, TimeReader
from stillfixed.connectors.tickets.files import open_export

EXPORTS = Path(__file__).parent / "tickets"
DATES: dict[str, Dates] = {"connectwise": "month-first", "autotask": "day-first"}


def read(name: str, zone: str = "Europe/London") -> tuple[FactReader, list[Facts]]:
    mapping = load_mapping(name)
    times = TimeReader(
        zone=zone, dates=DATES.get(name, mapping.dates), formats=mapping.time_formats
    )
    with open_export(EXPORTS / f"{name}.csv", mapping.columns.ticket) as export:
        reader = FactReader(mapping, export.heading, times)
        return reader, [reader.read(row.values, row.line) for row in export.rows]


def events(name: str) -> list[AnyTicketEvent]:
    """Of all tickets in the export."""
    reader, rows = read(name)
    system, standing = reader.mapping.system, reader.standing
    if reader.mapping.rows == "updates":
        return added_by_updates(rows, [], system=system, standing=standing)
    return [
        event
        for row in rows
        for event in added_by_ticket(row, [], system=system, standing=standing)
    ]


def told(name: str) -> list[tuple[str, ...]]:
    """Each event as its ticket, kind and moment, who did it, and how often it was reopened."""
    return [
        (
            event.ticket,
            str(event.__struct_config__.tag).removeprefix("ticket_"),
            f"{event.at:%d %H:%M}",
            *filter(None, (event.by, str(getattr(event, "reopened_before", "")).strip("0"))),
        )
        for event in events(name)
    ]


TOLD: dict[str, list[tuple[str, ...]]] = {
    "servicenow": [
        ("INC0010001", "opened", "02 09:00", "Joe Ford"),
        ("INC0010001", "resolved", "02 11:30", "Ana", "1"),
        ("INC0010001", "closed", "07 12:00", "system"),
        ("INC0010002", "opened", "30 08:00", "Ida Hill"),
    ],
    "servicenow-updates": [
        ("INC1", "opened", "02 08:58", "Ann"),
        ("INC1", "resolved", "02 11:30", "Bob"),
        ("INC1", "reopened", "03 09:00", "Ann"),
        ("INC1", "changed", "03 09:30", "Bob"),
        ("INC1", "resolved", "04 10:00", "Bob"),
        ("INC1", "closed", "09 12:00", "system"),
    ],
    "connectwise": [
        ("1042", "opened", "02 09:00", "joe"),
        ("1042", "resolved", "02 11:30", "ana"),
        ("1042", "closed", "04 12:15", "dora"),
        ("1043", "opened", "02 00:05", "joe"),
    ],
    "autotask": [
        ("T20260302.0001", "opened", "02 09:00", "Joe Ford"),
        ("T20260302.0001", "resolved", "02 11:30"),
        ("T20260302.0001", "closed", "04 12:15", "Ana, B."),
    ],
    "halopsa": [("5001", "opened", "02 09:00"), ("5001", "closed", "02 11:30")],
    "zendesk": [
        ("301", "opened", "02 09:00", "Joe Ford"),
        ("301", "resolved", "02 11:30", "2"),
        ("302", "opened", "02 09:10", "Ida Hill"),
    ],
    "freshdesk": [
        ("77", "opened", "02 09:00"),
        ("77", "resolved", "02 11:30"),
        ("77", "closed", "05 11:30"),
    ],
    "jira": [("SD-12", "opened", "02 09:00", "Joe Ford"), ("SD-12", "resolved", "02 11:30")],
    "zammad": [
        ("67001", "opened", "02 09:00"),
        ("67001", "closed", "02 11:30"),
        ("67002", "opened", "02 09:10"),
    ],
    "request-tracker": [
        ("88", "opened", "02 09:00"),
        ("88", "resolved", "02 11:30"),
        ("89", "opened", "02 09:10"),
    ],
}
FIRST_STOOD = {  # client, team, technician, category, title, contact, endpoint
    "servicenow": ("Acme", "Desk", "Ana", "Email", 'Mail is slow, "very" slow', "Joe Ford", "mx1"),
    "servicenow-updates": ("", "Desk", "", "Email", "", "Caller 1", ""),
    "connectwise": ("Acme", "Help Desk", "ana", "Printer", "Printer offline", "Joe Ford", "PRN-1"),
    "autotask": ("Acme", "Level 1", "Ana, B.", "Backup", "Backup failed", "Joe Ford", "SRV-1"),
    "halopsa": ("Acme", "1st Line", "Ana", "Email", "Outlook asks again", "Joe Ford", "PC-7"),
    "zendesk": ("Acme", "Support", "Ana", "Incident", "Cannot log in", "Joe Ford", ""),
    "freshdesk": ("Acme", "", "Ana", "Incident", "Screen is black", "Joe Ford", ""),
    "jira": ("Acme", "Network", "Ana", "Network problem", "VPN drops", "Joe Ford", ""),
    "zammad": ("Acme", "Users", "Ana", "", "Fax does not send", "Joe Ford", ""),
    "request-tracker": ("", "general", "ana", "", "Disk full on web1", "joe@acme.example", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", shipped_texts())
def test_a_ready_mapping_reads_an_export_of_its_system(name: str) -> None:
    """Every column is known, and the tickets tell what they tell."""
    reader, rows = read(name)
    assert reader.unknown_columns == []
    assert told(name) == TOLD[name]
    assert description_of(rows[0]) == FIRST_STOOD[name]


@pytest.mark.parametrize("name", shipped_texts())
def test_a_ready_mapping_is_named_like_its_file(name: str) -> None:
    """So that what is typed is what is read in messages."""
    assert load_mapping(name).name == name


# -- mappings of one's own -------------------------------------------------------------------------
OWN = """
name = "own"
system = "own"
columns.ticket = "Nr"
columns.opened = ["Begun", "Created"]
"""


def test_an_own_mapping_says_as_much_as_is_needed() -> None:
    """One name stands for a list of one."""
    mapping = parse_mapping(OWN)
    assert (mapping.columns.ticket, mapping.rows, mapping.dates) == (("Nr",), "tickets", "iso")


def test_an_own_mapping_may_change_a_ready_one() -> None:
    """What it says anew stands, column by column; the rest is as it was."""
    text = 'name = "ours"\nbase = "servicenow"\ntimezone = "Europe/Lisbon"\n'
    text += '[columns]\nclient = "u_customer"\n'
    ours = parse_mapping(text, shipped=shipped_texts())
    theirs = load_mapping("servicenow")
    assert (ours.name, ours.timezone, ours.columns.client) == (
        "ours", "Europe/Lisbon", ("u_customer",),
    )  # fmt: skip
    assert (ours.system, ours.columns.ticket, ours.resolved) == (
        theirs.system, theirs.columns.ticket, theirs.resolved,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "not valid TOML"),
        (OWN + "colums.title = 'x'", "colums: Extra inputs"),
        (OWN + "columns.titel = 'x'", r"columns\.titel: Extra inputs"),
        (OWN.replace("columns.ticket", "columns.title"), r"columns\.ticket: Field required"),
        ('name = "x"\nsystem = "a/b"\ncolumns.ticket = "Nr"', "system: String should match"),
        ('name = "x"\nsystem = "x"\ncolumns.ticket = "Nr"', "names no column for opened"),
        (OWN + 'timezone = "Mars"', "no time zone 'Mars'"),
        (OWN + 'dates = "guess"', "dates: Input should be"),
        (OWN + 'base = "nothing"', "no such mapping"),
        (OWN + 'rows = "updates"', "no column for updated and status"),
        (
            OWN + 'rows = "updates"\ncolumns.updated = "At"\ncolumns.status = "S"',
            "no status that is resolved or closed",
        ),
    ],
)
def test_a_mapping_that_cannot_be_used_says_why(text: str, said: str) -> None:
    """Before any file is read."""
    with pytest.raises(TicketImportError, match=said):
        parse_mapping(text, shipped=shipped_texts())


def test_a_mapping_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    """By name or by path."""
    with pytest.raises(TicketImportError, match="There are: autotask, connectwise"):
        load_mapping("servicenau")
    with pytest.raises(TicketImportError, match="No such file"):
        load_mapping(str(tmp_path / "own.toml"))


# -- headings and rows -----------------------------------------------------------------------------
def reader(heading: list[str], **more: Any) -> FactReader:
    fields = {"ticket": "Nr", "opened": "Begun", "resolved": "Done", "reopens": "Again"}
    columns = {**fields, "title": ("T1", "T2")}
    mapping = Mapping.model_validate({"name": "own", "system": "own", "columns": columns, **more})
    return FactReader(mapping, heading, TimeReader(zone="UTC"))


def test_columns_are_found_whatever_their_case_spaces_and_underscores() -> None:
    """An export has field names or labels, depending on who asked for it."""
    row = reader(["  NR ", "bEGUN"]).read(["7", "2026-03-02"], 2)
    assert row.ticket == "7"


def test_columns_that_nobody_knows_are_listed() -> None:
    """And those that are known and left out are not."""
    assert reader(["Nr", "Begun", "Mood", "", "SLA"], unused=["sla"]).unknown_columns == ["Mood"]


def test_a_heading_without_what_is_needed_is_refused() -> None:
    """With the columns that were looked for, and those that there are."""
    with pytest.raises(TicketImportError, match=r"opened: Begun.*It has Nr, Mood"):
        reader(["Nr", "Mood"])


def test_the_first_column_with_a_value_is_taken() -> None:
    """Unknown is as good as empty."""
    read = reader(["Nr", "Begun", "T1", "T2"]).read
    assert read(["1", "2026-03-02", "?", "two"], 2).title == "two"
    assert read(["1", "2026-03-02", "one", "two"], 2).title == "one"
    assert read(["1", "2026-03-02", " ", "?"], 2).title == ""


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (["", "2026-03-02", "", ""], "no ticket number"),
        (["?", "2026-03-02", "", ""], "no ticket number"),
        (["a\nb", "2026-03-02", "", ""], "is no ticket number"),
        (["9" * 101, "2026-03-02", "", ""], "is no ticket number"),
        (["1", "", "", ""], "does not say when the ticket was opened"),
        (["1", "soon", "", ""], "opened: 'soon' is no time"),
        (["1", "2026-03-02", "2026-03-01", ""], "resolved .* before it was opened"),
        (["1", "2026-03-02", "", "often"], "reopens: 'often' is no count"),
        (["1", "2026-03-02", "", "-1"], "is no count"),
        (["1", "2026-03-02", "", "1e300"], "is no count"),
        (["1", "2026-03-02", "", "nan"], "is no count"),
        (["1", "2026-03-02"], "has 2 fields, and the heading 4"),
        (["1", "2026-03-02", "", "", "more"], "has 5 fields, and the heading 4"),
    ],
)
def test_a_bad_row_is_refused_with_its_reason(row: list[str], said: str) -> None:
    """Nothing of it is imported."""
    with pytest.raises(BadRow, match=said):
        reader(["Nr", "Begun", "Done", "Again"]).read(row, 2)


def test_what_a_spreadsheet_adds_is_no_fault() -> None:
    """Empty fields at the end, counts with a point, and seconds cut from one of two times."""
    read = reader(["Nr", "Begun", "Done", "Again"]).read
    row = read(["1", "2026-03-02 09:00:30", "2026-03-02 09:00", "2.0", "", ""], 2)
    assert (row.reopens, row.resolved) == (2, row.opened)
