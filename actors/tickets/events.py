"""What a ticket system says of a ticket: facts that were imported, or that a connector reports.

A ticket has a stream of its own, `~ticket/SYSTEM/NUMBER`, beside the sessions that worked on it.
stillfixed decides nothing here: it keeps what another system decided, so that rates before adoption
and after come from one log.

Every event says when it happened by the ticket system's clock (`at`, aware UTC), who did it there
(`by`, empty where unknown), and how the ticket stood at that moment. Rules for stored events are
those of `stillfixed.actors.session.events`.
"""

from datetime import datetime

import msgspec

TICKET_STREAMS = "~ticket/"


def ticket_stream(system: str, ticket: str) -> str:
    """The stream of a ticket: `~ticket/servicenow/INC0000045`."""
    return f"{TICKET_STREAMS}{system}/{ticket}"


class TicketEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """`system` and `ticket` name it; the other fields are empty where the ticket system's export
    does not hold them. `contact` is who called, `endpoint` the machine it is about."""

    at: datetime
    by: str = ""
    system: str
    ticket: str
    client: str = ""
    team: str = ""
    technician: str = ""
    category: str = ""
    title: str = ""
    contact: str = ""
    endpoint: str = ""


class TicketOpened(TicketEvent, frozen=True, kw_only=True, tag="ticket_opened"):
    pass


class TicketChanged(TicketEvent, frozen=True, kw_only=True, tag="ticket_changed"):
    """It went to another technician or team, or was described in another way."""


class TicketResolved(TicketEvent, frozen=True, kw_only=True, tag="ticket_resolved"):
    """The technician says that it is done. `reopened_before` counts reopenings before this moment
    whose own moments the export does not hold."""

    reopened_before: int = 0


class TicketClosed(TicketEvent, frozen=True, kw_only=True, tag="ticket_closed"):
    """The system closed it for good, often days after it was resolved. `reopened_before` as above,
    said once: not in both."""

    reopened_before: int = 0


class TicketReopened(TicketEvent, frozen=True, kw_only=True, tag="ticket_reopened"):
    pass


class TicketLinked(TicketEvent, frozen=True, kw_only=True, tag="ticket_linked"):
    """This ticket is a callback about the earlier ticket `to` of the same system."""

    to: str


AnyTicketEvent = (
    TicketOpened | TicketChanged | TicketResolved | TicketClosed | TicketReopened | TicketLinked
)

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(AnyTicketEvent)


def encode(event: AnyTicketEvent) -> bytes:
    """An event as it is stored: JSON."""
    return _encoder.encode(event)


def decode(data: bytes) -> AnyTicketEvent:
    event: AnyTicketEvent = _decoder.decode(data)
    return event
