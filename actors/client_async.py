"""The asyncio client. `client.py` is its synchronous face and documents the use.

A session's calls name no process and no folder: each carries what it needs, so that the same calls
go to a remote host too (`backend.py` says what they stand on). Every call that changes something
takes a `request_id`; the same call with the same id is carried out once and answers the same again.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TypeVar, cast

import msgspec

from stillfixed.actors.backend import Backend, is_internal
from stillfixed.actors.errors import RequestRefused, UnknownSession
from stillfixed.actors.live import LiveOutput, OnOutput
from stillfixed.actors.log.contract import EventLog, Recorded, StreamInfo
from stillfixed.actors.runbooks import runbook_text
from stillfixed.actors.runbooks.running import OnCheck, each_check, loaded_runbook
from stillfixed.actors.runtime.actor import HostInfo
from stillfixed.actors.runtime.outputs import put_together, shown_ids
from stillfixed.actors.service import Service, Settings
from stillfixed.actors.session import events as e
from stillfixed.actors.session import requests as r
from stillfixed.actors.session.history import Comparison, RunRecord, Transcript, build
from stillfixed.actors.session.rejudge import Rejudgement, rejudge, stored_verdicts
from stillfixed.actors.session.state import Heading, State, evolve
from stillfixed.actors.verdicts.model import Platform, Verdict

AnswerT = TypeVar("AnswerT", bound=r.Answer)


class SessionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a list of sessions."""

    id: str
    heading: Heading
    version: int


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One event as a watcher sees it. Watch on from `position` and nothing is missed or doubled."""

    position: int
    session: str
    version: int
    event: e.SessionEvent


async def connect_async(settings: Settings | None = None) -> "AsyncClient":
    """Start stillfixed in this process: Ray on this machine, SQLite in the user's data folder."""
    return AsyncClient(await Service.start(settings or Settings()))


class AsyncClient:
    def __init__(self, service: Backend) -> None:
        self._service = service

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._service.close()

    @property
    def backend(self) -> Backend:
        """What it stands on: this process, or a host over HTTP."""
        return self._service

    @property
    def log(self) -> EventLog:
        """What every answer is read from, for those who follow it. An embedded client's only."""
        if not isinstance(self._service, Service):
            raise RequestRefused("A remote host's log is not here: read its sessions and events.")
        return self._service.log

    async def open(
        self,
        *,
        ticket: str,
        client: str,
        by: str,
        team: str = "",
        category: str = "",
        title: str = "",
        request_id: str | None = None,
    ) -> "AsyncSession":
        """Open a session for a ticket; `by` is its technician."""
        request = r.OpenSession(
            by=by, ticket=ticket, client=client, team=team, category=category, title=title
        )
        return AsyncSession(self._service, await self._service.open(request, request_id), by)

    async def session(self, session_id: str, *, by: str) -> "AsyncSession":
        """A session that exists, to go on with or to review. Raises `UnknownSession`."""
        await self.session_info(session_id)
        return AsyncSession(self._service, session_id, by)

    async def session_info(self, session_id: str) -> SessionInfo:
        """One session's line of `sessions`. Raises `UnknownSession`."""
        info = await self._service.histories.session(session_id)
        if info is None:
            raise UnknownSession(f"No session {session_id}. List them with `stillfixed sessions`.")
        return _session_info(info)

    async def sessions(self, *, limit: int = 100, **where: str) -> list[SessionInfo]:
        """Sessions, newest activity first; `where` compares `ticket`, `client`, `team`,
        `category`, `technician` and `status`."""
        unknown = set(where) - set(Heading.__struct_fields__)
        if unknown:
            raise RequestRefused(
                f"Sessions cannot be found by {', '.join(sorted(unknown))}. "
                f"Use one of: {', '.join(Heading.__struct_fields__)}."
            )
        infos = await self._service.histories.sessions(where or None, limit=limit)
        return [_session_info(info) for info in infos]

    async def adopt_policies(self, file: Path | str, *, by: str) -> None:
        """Put a policy file in force from now on, for every session of this log. Raises
        `PolicyError`, and then nothing has changed."""
        path = Path(file)
        try:
            text = await asyncio.to_thread(path.read_text, encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RequestRefused(f"The policy file {path} cannot be read: {error}") from None
        await self._service.adopt_policies(text, by=by, source=str(path))

    async def newest_position(self) -> int:
        """The position of the newest event: watch after it to see only what is new."""
        return await self._service.histories.newest_position()

    async def watch(self, *, after: int = 0) -> AsyncIterator[Seen]:
        """Every session's events from a position on, for ever, as they become durable."""
        async for batch in self._service.histories.follow(after):
            for record in batch:
                if not is_internal(record.stream):
                    yield _seen(record)


class AsyncSession:
    """A handle: it holds no state, so any number may exist for one session, in any process."""

    def __init__(self, service: Backend, session_id: str, by: str) -> None:
        self.id = session_id
        self.by = by
        self._service = service

    async def ask(self, request: r.PersonRequest, request_id: str | None = None) -> r.SessionAnswer:
        """Send any request. The methods below are what people use."""
        return await self._service.ask(self.id, request, request_id)

    # -- endpoints and runs ---------------------------------------------------------------------
    async def add_endpoint(
        self,
        name: str,
        address: str = "",
        *,
        kind: str = "ssh",
        platform: Platform = "posix",
        options: Mapping[str, str] | None = None,
        request_id: str | None = None,
    ) -> None:
        """`address` for ssh: an alias of the ssh config, or `user@host:port`. `options` are the
        connector's own. Connecting happens at the first run."""
        request = r.AddEndpoint(
            by=self.by,
            endpoint=name,
            kind=kind,
            address=address,
            platform=platform,
            options=dict(options or {}),
        )
        await self.ask(request, request_id)

    async def run(
        self,
        command: str,
        *,
        endpoint: str = "",
        time_limit_seconds: float = r.TIME_LIMIT_SECONDS,
        output_limit_bytes: int = r.OUTPUT_LIMIT_BYTES,
        on_output: OnOutput | None = None,
        request_id: str | None = None,
    ) -> RunRecord:
        """Run a command to its end; `on_output` sees output as it becomes durable.

        A command that fails, times out or is interrupted is a result, not an error: look at
        `status` and `exit_status`. Raises `RequestRefused`s, and `SessionUnavailable` when no host
        could be found: then ask again with the same `request_id`.
        """
        request = r.StartRun(
            by=self.by,
            command=command,
            endpoint=endpoint,
            time_limit_seconds=time_limit_seconds,
            output_limit_bytes=output_limit_bytes,
        )
        if on_output is None:
            return (await self._expect(r.RunEnded, request, request_id)).record
        request_id = request_id or secrets.token_hex(8)
        live = await LiveOutput.begin(self._service.histories, self.id, request_id, on_output)
        following = asyncio.create_task(live.follow())
        try:
            record = (await self._expect(r.RunEnded, request, request_id)).record
        finally:
            following.cancel()
        await live.catch_up()
        return record

    async def cancel(self, run: str, *, request_id: str | None = None) -> None:
        """End a run that is going; returns when its end is recorded."""
        await self.ask(r.CancelRun(by=self.by, run=run), request_id)

    # -- words ----------------------------------------------------------------------------------
    async def message(self, text: str, *, request_id: str | None = None) -> str:
        """A note in the stream; its id."""
        return await self.annotate("note", text, request_id=request_id)

    async def annotate(
        self, kind: e.AnnotationKind, text: str, *, request_id: str | None = None
    ) -> str:
        """A message of kind note, verification or cannot_verify; its id."""
        request = r.Annotate(by=self.by, kind=kind, text=text)
        return (await self._expect(r.Done, request, request_id)).id

    async def accept(self, annotation: str, *, request_id: str | None = None) -> None:
        """As a dispatcher: accept the reason in a cannot_verify message."""
        await self.ask(r.AcceptAnnotation(by=self.by, annotation=annotation), request_id)

    async def declare_change(self, text: str, *, request_id: str | None = None) -> None:
        """Something was changed outside the session."""
        await self.ask(r.DeclareChange(by=self.by, text=text), request_id)

    async def expect(
        self, command: str, expect: str, *, endpoint: str = "", request_id: str | None = None
    ) -> None:
        """State what healthy means for a check: `Status == OK`, `exit_status == 0`."""
        request = r.StateExpectation(by=self.by, command=command, expect=expect, endpoint=endpoint)
        await self.ask(request, request_id)

    async def override(
        self, run: str, verdict: Verdict, reason: str, *, request_id: str | None = None
    ) -> None:
        """As a dispatcher: disagree with the verdict of a check's latest `run`. It holds until the
        check is run or judged again, or a change follows; the judge's stays in the history."""
        request = r.OverrideVerdict(by=self.by, run=run, verdict=verdict, reason=reason)
        await self.ask(request, request_id)

    # -- runbooks -------------------------------------------------------------------------------
    async def load_runbook(
        self,
        runbook: Path | str,
        *,
        endpoint: str = "",
        parameters: Mapping[str, str] | None = None,
        request_id: str | None = None,
    ) -> str:
        """Record a runbook's checks for an endpoint: a shipped one by name, another by its path.
        The runbook's name. Raises `RunbookError` that says what is wrong with it or missing."""
        text, source = await asyncio.to_thread(runbook_text, runbook)
        request = r.LoadRunbook(
            by=self.by,
            text=text,
            endpoint=endpoint,
            parameters=dict(parameters or {}),
            source=source,
        )
        return (await self._expect(r.Done, request, request_id)).id

    async def run_runbook(
        self,
        name: str = "",
        *,
        endpoint: str = "",
        on_check: OnCheck | None = None,
        request_id: str | None = None,
    ) -> tuple[RunRecord, ...]:
        """Run every check of a loaded runbook, one after the other; after a fix, this verifies
        each. `on_check` hears of each before and after. Ends early where the endpoint is lost."""
        book = loaded_runbook(await self.state(), name, endpoint)

        async def run(command: str, number: int) -> RunRecord:
            check_id = f"{request_id}/{number}" if request_id else None
            return await self.run(command, endpoint=book.endpoint, request_id=check_id)

        records = []
        async for told in each_check(book, run):
            if on_check is not None:
                on_check(told)
            if told.record is not None:
                records.append(told.record)
        return tuple(records)

    # -- monitors -------------------------------------------------------------------------------
    async def monitor(
        self,
        command: str,
        *,
        endpoint: str = "",
        at: datetime | None = None,
        every: timedelta | None = None,
        until: datetime | None = None,
        request_id: str | None = None,
    ) -> str:
        """A check that goes on: once `at` a time, or `every` so often `until` a time; its id."""
        request = r.StartMonitor(
            by=self.by,
            command=command,
            endpoint=endpoint,
            first_at=at or self._service.clock.now(),
            every_seconds=every.total_seconds() if every else None,
            until=until,
        )
        return (await self._expect(r.Done, request, request_id)).id

    async def stop_monitor(self, monitor: str, *, request_id: str | None = None) -> None:
        await self.ask(r.StopMonitor(by=self.by, monitor=monitor), request_id)

    # -- closing --------------------------------------------------------------------------------
    async def take_over(self, *, request_id: str | None = None) -> None:
        """Become the session's technician."""
        await self.ask(r.HandOver(by=self.by), request_id)

    async def request_closure(self, *, request_id: str | None = None) -> r.ClosureAnswer:
        return await self._expect(r.ClosureAnswer, r.RequestClosure(by=self.by), request_id)

    async def confirm(self, *, request_id: str | None = None) -> r.ClosureAnswer:
        """As a dispatcher: the history shows it; close."""
        return await self._expect(r.ClosureAnswer, r.ConfirmClosure(by=self.by), request_id)

    async def send_back(self, reason: str, *, request_id: str | None = None) -> None:
        """As a dispatcher: not yet, and why."""
        await self.ask(r.SendBack(by=self.by, reason=reason), request_id)

    async def record_callback(
        self,
        kind: e.CallbackKind,
        *,
        ticket: str = "",
        text: str = "",
        request_id: str | None = None,
    ) -> None:
        """The client came back about this closed session's ticket."""
        request = r.RecordCallback(by=self.by, kind=kind, ticket=ticket, text=text)
        await self.ask(request, request_id)

    # -- reading --------------------------------------------------------------------------------
    async def transcript(self) -> Transcript:
        """The whole history: entries, runs with output, comparisons."""
        recorded = await self._service.histories.read(self.id)
        events = [e.decode(record.data) for record in recorded]
        chunks = await self._service.histories.chunks(self.id, shown_ids(events))
        numbered = [(record.version, event) for record, event in zip(recorded, events, strict=True)]
        return build(self.id, numbered, chunks)

    async def comparisons(self) -> tuple[Comparison, ...]:
        """Every check before and after, those that showed a fault first."""
        return (await self.transcript()).comparisons

    async def rejudge(self) -> tuple[Rejudgement, ...]:
        """Every verdict of the history beside what today's judge says of the same runs. Changes
        nothing. Raises `RequestRefused` where their outputs were removed."""
        histories = self._service.histories
        events = [e.decode(record.data) for record in await histories.read(self.id)]
        removal = next((event for event in events if isinstance(event, e.OutputsRemoved)), None)
        if removal is not None:
            raise RequestRefused(
                f"The outputs of {self.id} were removed on {removal.at:%Y-%m-%d} under the rule "
                f"{removal.rule}: nothing can be judged again. The verdicts given then are kept."
            )
        found = []
        for stored in stored_verdicts(events):
            sides = (stored.before, stored.after)
            ids = dict.fromkeys(piece.chunk for seen in sides for piece in seen.pieces or ())
            chunks = await histories.chunks(self.id, list(ids))
            outputs = {seen.run: put_together(seen, chunks) for seen in sides}
            found.append(await asyncio.to_thread(rejudge, stored, outputs))
        return tuple(found)

    async def state(self) -> State:
        """The session as it is now."""
        return await self._state_until(None, None)

    async def at(self, *, version: int | None = None, time: datetime | None = None) -> State:
        """The session as it was: after `version`, or at a moment (what happened then included)."""
        if (version is None) == (time is None):
            raise RequestRefused("Say which moment: a version or a time, one of the two.")
        return await self._state_until(version, time)

    async def _state_until(self, version: int | None, time: datetime | None) -> State:
        state = State()
        for record in await self._service.histories.read(self.id, until_version=version):
            event = e.decode(record.data)
            if time is not None and event.at > time:
                break
            state = evolve(state, event)
        return state

    async def watch(self, *, after: int = 0) -> AsyncIterator[Seen]:
        """This session's events from a position on, for ever, as they become durable."""
        async for batch in self._service.histories.follow(after, session=self.id):
            for record in batch:
                yield _seen(record)

    async def host(self) -> HostInfo | None:
        """The process that serves this session now, for operators."""
        return await self._service.host_of(self.id)

    async def _expect(
        self, kind: type[AnswerT], request: r.PersonRequest, request_id: str | None
    ) -> AnswerT:
        answer = await self.ask(request, request_id)
        if not isinstance(answer, kind):
            raise RequestRefused(
                f"Request id {request_id} was used before, for another request. Use a new one."
            )
        return cast(AnswerT, answer)


def _session_info(info: StreamInfo) -> SessionInfo:
    return SessionInfo(
        id=info.stream,
        heading=msgspec.json.decode(info.heading, type=Heading),
        version=info.version,
    )


def _seen(record: Recorded) -> Seen:
    return Seen(
        position=record.position,
        session=record.stream,
        version=record.version,
        event=e.decode(record.data),
    )
