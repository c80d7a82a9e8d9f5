"""Exports are other people's files: whatever is in them is read, or refused with a reason."""

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given
from hypothesis import strategies as st

from stillfixed.actors.errors import TicketImportError
from stillfixed.actors.tickets.events import decode, encode
from stillfixed.actors.tickets.facts import BadRow, FactReader
from stillfixed.actors.tickets.histories import added_by_ticket
from stillfixed.actors.tickets.mappings import load_mapping
from stillfixed.actors.tickets.times import TimeReader
from stillfixed.connectors.tickets.files import open_export

DATE, CLOCK, ZONE = (
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}", r"\d{1,2}:\d\d(:\d\d)?", r"( ?[AP]M|Z|[+-]\d\d:?\d\d)?",
)  # fmt: skip
TIMES = st.one_of(
    st.text(max_size=25),
    st.from_regex(f"{DATE}[ T]{CLOCK}{ZONE}", fullmatch=True),
    st.datetimes().map(str),
)
READERS = [
    TimeReader(zone="Europe/London", dates="day-first"),
    TimeReader(zone="UTC", dates="month-first", formats=("%d/%b/%y %I:%M %p", "%Y %z")),
    TimeReader(),
]


@given(TIMES, st.sampled_from(READERS))
@example("9999-12-31T23:00:00-05:00", READERS[0])
@example("0001-01-01T00:00:00+05:00", READERS[1])
def test_any_text_is_a_time_or_none(text: str, reader: TimeReader) -> None:
    """And a time is in UTC and in a year that a ticket can have."""
    try:
        moment = reader.read(text)
    except (ValueError, TicketImportError):
        return
    assert moment.utcoffset() is not None
    assert not moment.utcoffset()
    assert 1979 <= moment.year <= 2101


MAPPING = load_mapping("servicenow")
HEADING = b"number,opened_at,resolved_at,reopen_count,state,short_description\n"
FIELDS = st.sampled_from(
    [b"", b"1", b'"', b"\xff", b"\x00", b"\xc3\xbc", b"Closed", b"2026-03-02", b"2026-04-01 09:00"]
)
LINES = st.one_of(st.binary(max_size=60), st.lists(FIELDS, min_size=6, max_size=6).map(b",".join))
FILES = st.lists(LINES, max_size=8)


@given(FILES, st.sampled_from([b"", b"\xef\xbb\xbf", b"\xff\xfe"]))
def test_any_file_is_read_or_refused(lines: list[bytes], mark: bytes) -> None:
    """Every row that is read gives events that can be stored and read back."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "export.csv"
        path.write_bytes(mark + HEADING + b"\n".join(lines))
        with suppress(TicketImportError), open_export(path, MAPPING.columns.ticket) as export:
            reader = FactReader(MAPPING, export.heading, TimeReader(zone="UTC", dates="day-first"))
            for row in export.rows:
                "".join(row.values).encode()
                if row.fault:
                    continue
                with suppress(BadRow):
                    facts = reader.read(row.values, row.line)
                    for event in added_by_ticket(facts, [], system="s", standing=reader.standing):
                        assert decode(encode(event)) == event
