"""Retention: which outputs of closed sessions are due for removal, and removing them with proof.

Guarantee: a session's outputs go in the same transaction as the event that names each removed piece
by its content, who removed it and under which rule; a session whose removal fails is as it was.
Bytes that another session's history still shows stay. Nothing but outputs of closed sessions is
touched, and only where no monitor goes on; the log's file overwrites what it frees.

What refers to what is read from the whole feed, once a round, in pieces that let others go first.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from stillfixed.actors.errors import Fenced
from stillfixed.actors.log.contract import Append, EventLog, Recorded
from stillfixed.actors.session import events as e
from stillfixed.actors.session.state import Heading, State, evolve, heading

CHUNKS_A_ROUND = 200_000
"""Names of chunks held in memory at a time, about 30 MB."""

PAGE_EVENTS = 2000
SESSIONS_LIMIT = 10_000_000
TRIES = 5

_CAPTURED, _REMOVED = b'"output_captured"', b'"outputs_removed"'


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Outputs go `days` after a session was closed. `clients` has "*" for all of them."""

    name: str
    days: int
    clients: tuple[str, ...] = ("*",)

    def covers(self, client: str) -> bool:
        return "*" in self.clients or client in self.clients


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """What was removed of one session, or would be. `skipped` says why nothing was."""

    session: str
    client: str
    rule: Rule
    runs: int = 0
    chunks: tuple[str, ...] = ()
    size_bytes: int = 0
    shared: int = 0
    skipped: str = ""


def rule_for(rules: Sequence[Rule], head: Heading, now: datetime) -> Rule | None:
    """The rule under which a session's outputs are due. The first that covers its client holds,
    whether a later one would be stricter or not."""
    if head.status != "closed" or head.closed_at is None or head.outputs_removed_at is not None:
        return None
    rule = next((rule for rule in rules if rule.covers(head.client)), None)
    if rule is None or now - head.closed_at < timedelta(days=rule.days):
        return None
    return rule


async def retain(
    log: EventLog, rules: Sequence[Rule], *, now: datetime, by: str, dry_run: bool = False
) -> AsyncIterator[Removal]:
    """Remove what is due, session by session, each as it is done. `by` is who does it. At the end
    the space is given back. Raises `LogError`s; what was told before is done."""
    due = []
    for info in await log.streams({"status": "closed"}, limit=SESSIONS_LIMIT):
        head = msgspec.json.decode(info.heading, type=Heading)
        rule = rule_for(rules, head, now)
        if rule is not None and not info.stream.startswith("~"):
            due.append(_Due(info.stream, head.client, rule))
    while due:
        round_of, due = await _round(log, due)
        references = References(log, round_of)
        await references.look()
        for one in round_of:
            removal = await _remove(log, one, references, now, by, dry_run)
            if removal.runs or removal.skipped:
                yield removal
    if not dry_run:
        await log.give_back()


class _Due:
    """A session whose outputs are due, and what it captured: chunk and bytes."""

    def __init__(self, session: str, client: str, rule: Rule) -> None:
        self.session = session
        self.client = client
        self.rule = rule
        self.state = State()
        self.captured: dict[str, int] = {}
        self.runs: set[str] = set()

    async def load(self, log: EventLog) -> None:
        records = await log.read(self.session)
        self.state, self.captured, self.runs = State(), {}, set()
        for event in await asyncio.to_thread(lambda: [e.decode(r.data) for r in records]):
            self.state = evolve(self.state, event)
            match event:
                case e.OutputCaptured():
                    self.captured[event.chunk] = event.size_bytes
                    self.runs.add(event.run)
                case e.OutputsRemoved():
                    self.captured, self.runs = {}, set()
                case _:
                    pass

    @property
    def in_the_way(self) -> str:
        """Why its outputs cannot go now."""
        if self.state.monitors:
            return "A monitor of it goes on."
        if self.state.running:
            return "A run of it is not over."
        return "" if self.state.status == "closed" else "It is not closed."


async def _round(log: EventLog, due: list[_Due]) -> tuple[list[_Due], list[_Due]]:
    """As many sessions as fit in memory, loaded, and the rest."""
    chunks = 0
    for number, one in enumerate(due):
        await one.load(log)
        chunks += len(one.captured)
        if chunks >= CHUNKS_A_ROUND:
            return due[: number + 1], due[number + 1 :]
    return due, []


class References:
    """Which streams show which of the chunks in question, up to `position`."""

    def __init__(self, log: EventLog, round_of: Iterable[_Due]) -> None:
        self.position = 0
        self._log = log
        self._shown_by: dict[str, dict[str, int]] = {c: {} for d in round_of for c in d.captured}
        self._removed_at: dict[str, int] = {}

    async def look(self) -> None:
        """Go on to the end of the feed."""
        while records := await self._log.read_feed(self.position, limit=PAGE_EVENTS):
            await asyncio.to_thread(self._note, records)
            self.position = records[-1].position

    def _note(self, records: Sequence[Recorded]) -> None:
        for record in records:
            if _CAPTURED in record.data:
                event = e.decode(record.data)
                if isinstance(event, e.OutputCaptured) and event.chunk in self._shown_by:
                    self._shown_by[event.chunk][record.stream] = record.version
            elif _REMOVED in record.data and isinstance(e.decode(record.data), e.OutputsRemoved):
                self._removed_at[record.stream] = record.version

    def take_as_removed(self, session: str) -> None:
        """As if what it captured were gone."""
        self._removed_at[session] = sys.maxsize

    def shown_elsewhere(self, chunk: str, session: str) -> bool:
        return any(
            stream != session and version > self._removed_at.get(stream, 0)
            for stream, version in self._shown_by.get(chunk, {}).items()
        )


async def _remove(
    log: EventLog, one: _Due, references: References, now: datetime, by: str, dry_run: bool
) -> Removal:
    for _ in range(TRIES):
        blocked = one.in_the_way
        if blocked or not one.captured:
            return Removal(session=one.session, client=one.client, rule=one.rule, skipped=blocked)
        gone = tuple(
            chunk
            for chunk in sorted(one.captured)
            if not references.shown_elsewhere(chunk, one.session)
        )
        removal = Removal(
            session=one.session,
            client=one.client,
            rule=one.rule,
            runs=len(one.runs),
            chunks=gone,
            size_bytes=sum(one.captured[chunk] for chunk in gone),
            shared=len(one.captured) - len(gone),
        )
        if dry_run:
            references.take_as_removed(one.session)
            return removal
        event = e.OutputsRemoved(
            at=now,
            by=by,
            rule=one.rule.name,
            days=one.rule.days,
            runs=removal.runs,
            chunks=gone,
            size_bytes=removal.size_bytes,
            shared=removal.shared,
        )
        entry = Append(
            stream=one.session,
            epoch=None,
            expected_version=one.state.version,
            events=(e.encode(event),),
            remove_chunks=gone,
            checked_position=references.position,
            heading=msgspec.json.encode(heading(evolve(one.state, event))),
        )
        try:
            await log.append(entry)
        except Fenced:  # somebody wrote to it, or came to show the same bytes: look again
            await one.load(log)
            await references.look()
        else:
            await references.look()  # so that the next removal knows of this one
            return removal
    return Removal(
        session=one.session, client=one.client, rule=one.rule, skipped="It is being written to."
    )
