"""Remarks on the daily sample of closed tickets, kept in the log like everything else.

They have a stream of their own, `~reviews`. Streams that begin with `~` are not sessions.
"""

from contextlib import suppress
from datetime import datetime

import msgspec

from stillfixed.actors.errors import Fenced, RequestRefused
from stillfixed.actors.log import append_to
from stillfixed.actors.log.contract import EventLog

REVIEW_STREAM = "~reviews"
READ_REMARKS = 5_000
"""So many of the newest are looked at: half a year of five a day for six teams."""
REMARK_CHARS = 2_000


class RemarkMade(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="type",
    tag="remark_made",
    omit_defaults=True,
):
    """What somebody says of one closure of a ticket; the newest remark counts, the earlier ones
    stay. `session` is empty where the ticket was closed without one."""

    at: datetime
    by: str
    ticket: str
    closed_at: datetime
    client: str
    team: str
    text: str
    session: str = ""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(RemarkMade)


def encode(remark: RemarkMade) -> bytes:
    return _encoder.encode(remark)


def decode(data: bytes) -> RemarkMade:
    return _decoder.decode(data)


async def remark(log: EventLog, made: RemarkMade) -> None:
    """Keep a remark. Raises `RequestRefused` for one that is empty or too long."""
    if not made.text.strip():
        raise RequestRefused("The remark is empty. Say what the closure shows, or leave it out.")
    if len(made.text) > REMARK_CHARS:
        raise RequestRefused(f"A remark has at most {REMARK_CHARS} characters. Shorten it.")
    while True:
        with suppress(Fenced):
            await append_to(log, REVIEW_STREAM, encode(made))
            return


async def remarks(log: EventLog) -> dict[tuple[str, datetime], list[RemarkMade]]:
    """Remarks by ticket and moment of closure, the newest first."""
    info = await log.stream(REVIEW_STREAM)
    found: dict[tuple[str, datetime], list[RemarkMade]] = {}
    if info is not None:
        records = await log.read(REVIEW_STREAM, after_version=max(0, info.version - READ_REMARKS))
        for record in reversed(records):
            made = decode(record.data)
            found.setdefault((made.ticket, made.closed_at), []).append(made)
    return found
