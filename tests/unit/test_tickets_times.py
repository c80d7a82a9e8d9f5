"""Times as exports write them: read into UTC, or refused, and never guessed."""

from datetime import UTC, datetime

import pytest

from stillfixed.actors.errors import TicketImportError
from stillfixed.actors.tickets.times import Dates, TimeReader, parse_zone
from tests.support.tickets import at


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-05", "2026-03-05"),
        ("2026-03-05 14:02", "2026-03-05 14:02"),
        ("2026-03-05T14:02:11.250", "2026-03-05 14:02:11.250"),
        ("2026-03-05T14:02:11Z", "2026-03-05 14:02:11"),
        ("2026-03-05 14:02:11 UTC", "2026-03-05 14:02:11"),
        ("2026-03-05 14:02:11 +0100", "2026-03-05 13:02:11"),
        ("2026-03-05T14:02:11-05:00", "2026-03-05 19:02:11"),
    ],
)
def test_iso_texts_need_no_declaration(text: str, moment: str) -> None:
    """With or without a zone of their own, which stands before the declared one."""
    assert TimeReader(zone="UTC").read(text) == at(moment)


@pytest.mark.parametrize(
    ("text", "dates", "moment"),
    [
        ("29/2/2016 01:16", "day-first", "2016-02-29 01:16"),
        ("5/3/2026", "day-first", "2026-03-05"),
        ("5/3/2026", "month-first", "2026-05-03"),
        ("05.03.2026 14:02:11", "day-first", "2026-03-05 14:02:11"),
        ("05-03-26 14:02", "day-first", "2026-03-05 14:02"),
        ("3/5/2026, 2:02 PM", "month-first", "2026-03-05 14:02"),
        ("3/5/2026 12:02 am", "month-first", "2026-03-05 00:02"),
        ("3/5/2026 12:02:11 p.m.", "month-first", "2026-03-05 12:02:11"),
        ("2026-03-05 14:02", "day-first", "2026-03-05 14:02"),
    ],
)
def test_dates_in_numbers_are_read_in_the_declared_order(
    text: str, dates: Dates, moment: str
) -> None:
    """With any of the usual separators, in 24 hours or in two times 12."""
    assert TimeReader(zone="UTC", dates=dates).read(text) == at(moment)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("5/3/2026 10:00", "can be read both ways"),
        ("29/2/2016 01:16", "the day comes first"),
        ("2/29/2016 01:16", "the month comes first"),
    ],
)
def test_an_order_that_was_not_declared_is_not_guessed(text: str, hint: str) -> None:
    """Not even where only one fits: the next date may fit both. The message says what to add."""
    with pytest.raises(TicketImportError, match=f"{hint}.*--dates day-first"):
        TimeReader(zone="UTC").read(text)


def test_a_zone_that_was_not_declared_is_not_guessed() -> None:
    """The text may say it instead."""
    with pytest.raises(TicketImportError, match="--timezone"):
        TimeReader().read("2026-03-05 14:02")
    assert TimeReader().read("2026-03-05T14:02Z") == at("2026-03-05 14:02")


@pytest.mark.parametrize(
    "text",
    [
        "soon", "2026-13-05", "2026-02-30", "32/1/2026", "1/13/2026", "1/1/2026 25:00",
        "1/1/2026 13:00 PM", "1/1/2026 0:30 AM", "45000.5", "1970-01-01", "9999-12-31", "12:30",
    ],
)  # fmt: skip
def test_a_text_that_is_no_time_of_a_ticket_is_a_bad_value(text: str) -> None:
    """Bad in its row alone, where a missing declaration stops the import."""
    with pytest.raises(ValueError, match=r"is (in )?no"):
        TimeReader(zone="UTC", dates="day-first").read(text)


def test_local_times_follow_the_clock_of_their_zone() -> None:
    """Summer and winter."""
    read = TimeReader(zone="Europe/London").read
    assert read("2026-01-05 12:00") == at("2026-01-05 12:00")
    assert read("2026-07-05 12:00") == at("2026-07-05 11:00")
    assert TimeReader(zone="-05:30").read("2026-07-05 12:00") == at("2026-07-05 17:30")


def test_an_hour_that_a_clock_repeats_or_leaves_out_is_counted() -> None:
    """Read as before the change, and said."""
    times = TimeReader(zone="Europe/London")
    assert times.read("2026-10-25 01:30") == at("2026-10-25 00:30")
    assert times.read("2026-03-29 01:30") == at("2026-03-29 01:30")
    assert times.read("2026-10-25 02:30") == at("2026-10-25 02:30")
    assert times.doubtful == 2


def test_other_ways_to_write_a_time_are_declared() -> None:
    """As strptime has them, beside those that are known."""
    times = TimeReader(zone="UTC", formats=("%d/%b/%y %I:%M %p", "%a %b %d %H:%M:%S %Y %z"))
    assert times.read("05/Mar/26 2:02 PM") == at("2026-03-05 14:02")
    assert times.read("Thu Mar 05 14:02:11 2026 +0100") == at("2026-03-05 13:02:11")
    assert times.read("2026-03-05 14:02") == at("2026-03-05 14:02")


def test_zones_have_names_or_offsets() -> None:
    """What is neither is refused."""
    assert parse_zone("UTC") is UTC
    offset = datetime(2026, 1, 1, tzinfo=parse_zone("+02:00")).utcoffset()
    assert offset is not None
    assert offset.total_seconds() == 7200
    for name in ("Mars/North", "+25:00", "../etc", "CEST2"):
        with pytest.raises(TicketImportError, match="no time zone"):
            parse_zone(name)
