"""Which events the facts are made of, and what the views say of one that they cannot understand.
Pure. What each adds to which table is in `decoding.sql`."""

from datetime import datetime
from typing import get_args

import msgspec

from stillfixed.actors.errors import ViewsStopped
from stillfixed.actors.log.contract import Recorded
from stillfixed.actors.reviews import RemarkMade
from stillfixed.actors.runtime.policies import PoliciesAdopted
from stillfixed.actors.session import events as e
from stillfixed.actors.tickets import events as t

FACTS_VERSION = 3
"""Raise it when `facts.sql`, `decoding.sql` or a file of `derived/` changes: the tables are then
built anew, beside the old ones."""

VIEWS_STREAM = "~views"


class EventSetAside(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="event_set_aside"
):
    """Somebody decided that the views leave out the event at `position`, and why."""

    at: datetime
    by: str
    position: int
    reason: str


AnyEvent = e.SessionEvent | t.AnyTicketEvent | PoliciesAdopted | RemarkMade | EventSetAside
BY_TYPE: dict[str, type[msgspec.Struct]] = {
    str(kind.__struct_config__.tag): kind for kind in get_args(AnyEvent)
}
"""The class of each type of event, by the name it has in the log."""

_decoder = msgspec.json.Decoder(AnyEvent)


class _Tag(msgspec.Struct):
    type: str = ""


_tag_decoder = msgspec.json.Decoder(_Tag)


def not_understood(record: Recorded, error: Exception) -> ViewsStopped:
    """Says which of the two it is: a type from a newer release, or a damaged event. `error` is what
    the tables said of it, which the event's class may say better."""
    try:
        kind = _tag_decoder.decode(record.data).type
    except msgspec.MsgspecError:
        kind = ""
    where = f"Event {record.position} of the log (version {record.version} of {record.stream})"
    if kind and kind not in BY_TYPE:
        return ViewsStopped(
            f"{where} is of type {kind}, which this release does not know. The views stopped before"
            " it and left nothing out. Update stillfixed where the views are made.",
            position=record.position,
            event_type=kind,
        )
    try:
        _decoder.decode(record.data)
    except msgspec.MsgspecError as better:
        error = better
    return ViewsStopped(
        f"{where}, of type {kind or 'unknown'}, cannot be read: {error}. The views stopped before"
        f" it. Mend the log from a backup, or leave it out: stillfixed views set-aside"
        f" {record.position} --reason '...'",
        position=record.position,
        event_type=kind,
    )
