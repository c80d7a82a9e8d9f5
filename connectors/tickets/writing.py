"""Ticket events on their way into the log, each ticket's into its own stream.

Guarantee: a ticket's events are appended after everything its stream holds, whoever else writes to
it meanwhile: who comes second looks again at what is new.
"""

from asyncio import Future
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from stillfixed.actors.errors import Fenced, LogTooNew
from stillfixed.actors.log.contract import Append, Appended, EventLog
from stillfixed.actors.tickets.events import AnyTicketEvent, decode, encode, ticket_stream
from stillfixed.actors.tickets.facts import Facts
from stillfixed.connectors.tickets.report import Report

WAITING_LIMIT = 4_000
"""Appends on their way: enough that the log's writer never waits for us."""
TRIES = 5

Derive = Callable[[Sequence[Facts], Sequence[AnyTicketEvent]], list[AnyTicketEvent]]
"""What the rows of one ticket add to what is stored of it."""


class _Sent(NamedTuple):
    stream: str
    rows: Sequence[Facts]
    version: int
    events: list[AnyTicketEvent]
    done: Future[Appended]


class TicketWriter:
    def __init__(self, log: EventLog, system: str, derive: Derive, report: Report) -> None:
        self._log = log
        self._system = system
        self._derive = derive
        self._report = report
        self._waiting: deque[_Sent] = deque()
        self._underway: set[str] = set()  # the streams of those that wait

    async def write(self, tickets: Mapping[str, Sequence[Facts]]) -> None:
        """Queue what these rows, by ticket, add. Raises `LogError`s of earlier ones too."""
        streams = {ticket_stream(self._system, name): rows for name, rows in tickets.items()}
        if not self._underway.isdisjoint(streams):
            await self.finish()  # a ticket comes again: what it said before must be known
        stored = await self._stored(list(streams))
        for stream, rows in streams.items():
            self._send(stream, rows, stored.get(stream, []))
        while len(self._waiting) > WAITING_LIMIT:
            await self._settle()

    async def finish(self) -> None:
        while self._waiting:
            await self._settle()

    async def _stored(self, streams: list[str]) -> dict[str, list[AnyTicketEvent]]:
        found: dict[str, list[AnyTicketEvent]] = {}
        for recorded in await self._log.read_many(streams):
            try:
                event = decode(recorded.data)
            except msgspec.ValidationError as error:
                raise LogTooNew(
                    f"Event {recorded.version} of {recorded.stream} is of a kind that this version "
                    f"does not know: {error}. Upgrade stillfixed on this machine."
                ) from None
            found.setdefault(recorded.stream, []).append(event)
        return found

    def _send(self, stream: str, rows: Sequence[Facts], stored: list[AnyTicketEvent]) -> None:
        news, version = self._derive(rows, stored), len(stored)
        if not news:
            self._report.unchanged_tickets += 1
            return
        events = tuple(map(encode, news))
        entry = Append(stream=stream, epoch=None, expected_version=version, events=events)
        self._underway.add(stream)
        self._waiting.append(_Sent(stream, rows, version, news, self._log.append(entry)))

    async def _settle(self) -> None:
        sent = self._waiting.popleft()
        self._underway.discard(sent.stream)
        for tries_left in reversed(range(TRIES)):
            try:
                await sent.done
                break
            except Fenced:  # somebody else imports the same ticket
                if not tries_left:
                    raise
            stored = await self._stored([sent.stream])
            self._send(sent.stream, sent.rows, stored.get(sent.stream, []))
            if sent.stream not in self._underway:
                return  # nothing is new any more
            sent = self._waiting.pop()
            self._underway.discard(sent.stream)
        report = self._report
        report.events.update(str(event.__struct_config__.tag) for event in sent.events)
        if sent.version:
            report.changed_tickets += 1
        else:
            report.new_tickets += 1
