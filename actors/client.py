"""The client: sessions from Python, synchronous here, asyncio in `client_async.py`.

    import stillfixed

    with stillfixed.connect() as service:
        session = service.open(ticket="T-1042", client="Acme", by="ana")
        session.add_endpoint("web1", "ana@web1.acme.example")
        session.run("systemctl is-active nginx")              # the baseline is kept by itself
        session.run("systemctl start nginx")
        session.run("systemctl is-active nginx").verdict      # 'fixed'
        session.request_closure().result                      # 'granted'

The calls, their arguments, results and errors are those of the asyncio client, documented there; a
test keeps the two alike. What is read (transcripts, comparisons, watching, past states) is read
from the log and wakes no host. All calls may be made from any thread.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType

from anyio.from_thread import BlockingPortal, start_blocking_portal

from stillfixed.actors.client_async import (
    AsyncClient,
    AsyncSession,
    Seen,
    SessionInfo,
    connect_async,
)
from stillfixed.actors.live import OnOutput
from stillfixed.actors.runbooks.running import OnCheck
from stillfixed.actors.runtime.actor import HostInfo
from stillfixed.actors.service import Settings
from stillfixed.actors.session.events import AnnotationKind, CallbackKind
from stillfixed.actors.session.history import Comparison, RunRecord, Transcript
from stillfixed.actors.session.rejudge import Rejudgement
from stillfixed.actors.session.requests import (
    OUTPUT_LIMIT_BYTES,
    TIME_LIMIT_SECONDS,
    ClosureAnswer,
)
from stillfixed.actors.session.state import State
from stillfixed.actors.verdicts.model import Platform, Verdict


def connect(settings: Settings | None = None) -> "Client":
    """Start stillfixed in this process: Ray on this machine, SQLite under the user's data folder.
    Close it, or use it in a `with`."""
    return run_in_background(lambda: connect_async(settings))


def run_in_background(connecting: Callable[[], Awaitable[AsyncClient]]) -> "Client":
    """A client whose event loop runs in a thread of its own."""
    running = start_blocking_portal("asyncio")
    portal = running.__enter__()
    try:
        client = portal.call(connecting)
    except BaseException:
        running.__exit__(None, None, None)
        raise
    return Client(client, portal, running)


class Client:
    def __init__(
        self,
        client: AsyncClient,
        portal: BlockingPortal,
        running: AbstractContextManager[BlockingPortal],
    ) -> None:
        self._client = client
        self._portal = portal
        self._running: AbstractContextManager[BlockingPortal] | None = running

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._running is not None:
            running, self._running = self._running, None
            try:
                self._portal.call(self._client.close)
            finally:
                running.__exit__(None, None, None)

    def open(
        self,
        *,
        ticket: str,
        client: str,
        by: str,
        team: str = "",
        category: str = "",
        title: str = "",
        request_id: str | None = None,
    ) -> "Session":
        opened = partial(
            self._client.open,
            ticket=ticket,
            client=client,
            by=by,
            team=team,
            category=category,
            title=title,
            request_id=request_id,
        )
        return Session(self._portal.call(opened), self._portal)

    def session(self, session_id: str, *, by: str) -> "Session":
        found = self._portal.call(partial(self._client.session, session_id, by=by))
        return Session(found, self._portal)

    def session_info(self, session_id: str) -> SessionInfo:
        return self._portal.call(self._client.session_info, session_id)

    def sessions(self, *, limit: int = 100, **where: str) -> list[SessionInfo]:
        return self._portal.call(partial(self._client.sessions, limit=limit, **where))

    def adopt_policies(self, file: Path | str, *, by: str) -> None:
        self._portal.call(partial(self._client.adopt_policies, file, by=by))

    def newest_position(self) -> int:
        return self._portal.call(self._client.newest_position)

    def watch(self, *, after: int = 0) -> Iterator[Seen]:
        return _Watching(self._portal, self._client.watch(after=after))


class Session:
    def __init__(self, session: AsyncSession, portal: BlockingPortal) -> None:
        self._session = session
        self._portal = portal

    @property
    def id(self) -> str:
        return self._session.id

    @property
    def by(self) -> str:
        return self._session.by

    def add_endpoint(
        self,
        name: str,
        address: str = "",
        *,
        kind: str = "ssh",
        platform: Platform = "posix",
        options: Mapping[str, str] | None = None,
        request_id: str | None = None,
    ) -> None:
        self._portal.call(
            partial(
                self._session.add_endpoint,
                name,
                address,
                kind=kind,
                platform=platform,
                options=options,
                request_id=request_id,
            )
        )

    def run(
        self,
        command: str,
        *,
        endpoint: str = "",
        time_limit_seconds: float = TIME_LIMIT_SECONDS,
        output_limit_bytes: int = OUTPUT_LIMIT_BYTES,
        on_output: OnOutput | None = None,
        request_id: str | None = None,
    ) -> RunRecord:
        return self._portal.call(
            partial(
                self._session.run,
                command,
                endpoint=endpoint,
                time_limit_seconds=time_limit_seconds,
                output_limit_bytes=output_limit_bytes,
                on_output=on_output,
                request_id=request_id,
            )
        )

    def cancel(self, run: str, *, request_id: str | None = None) -> None:
        self._portal.call(partial(self._session.cancel, run, request_id=request_id))

    def message(self, text: str, *, request_id: str | None = None) -> str:
        return self._portal.call(partial(self._session.message, text, request_id=request_id))

    def annotate(self, kind: AnnotationKind, text: str, *, request_id: str | None = None) -> str:
        return self._portal.call(partial(self._session.annotate, kind, text, request_id=request_id))

    def accept(self, annotation: str, *, request_id: str | None = None) -> None:
        self._portal.call(partial(self._session.accept, annotation, request_id=request_id))

    def declare_change(self, text: str, *, request_id: str | None = None) -> None:
        self._portal.call(partial(self._session.declare_change, text, request_id=request_id))

    def expect(
        self, command: str, expect: str, *, endpoint: str = "", request_id: str | None = None
    ) -> None:
        self._portal.call(
            partial(self._session.expect, command, expect, endpoint=endpoint, request_id=request_id)
        )

    def override(
        self, run: str, verdict: Verdict, reason: str, *, request_id: str | None = None
    ) -> None:
        self._portal.call(
            partial(self._session.override, run, verdict, reason, request_id=request_id)
        )

    def load_runbook(
        self,
        runbook: Path | str,
        *,
        endpoint: str = "",
        parameters: Mapping[str, str] | None = None,
        request_id: str | None = None,
    ) -> str:
        loaded = partial(
            self._session.load_runbook,
            runbook,
            endpoint=endpoint,
            parameters=parameters,
            request_id=request_id,
        )
        return self._portal.call(loaded)

    def run_runbook(
        self,
        name: str = "",
        *,
        endpoint: str = "",
        on_check: OnCheck | None = None,
        request_id: str | None = None,
    ) -> tuple[RunRecord, ...]:
        done = partial(
            self._session.run_runbook,
            name,
            endpoint=endpoint,
            on_check=on_check,
            request_id=request_id,
        )
        return self._portal.call(done)

    def monitor(
        self,
        command: str,
        *,
        endpoint: str = "",
        at: datetime | None = None,
        every: timedelta | None = None,
        until: datetime | None = None,
        request_id: str | None = None,
    ) -> str:
        return self._portal.call(
            partial(
                self._session.monitor,
                command,
                endpoint=endpoint,
                at=at,
                every=every,
                until=until,
                request_id=request_id,
            )
        )

    def stop_monitor(self, monitor: str, *, request_id: str | None = None) -> None:
        self._portal.call(partial(self._session.stop_monitor, monitor, request_id=request_id))

    def take_over(self, *, request_id: str | None = None) -> None:
        self._portal.call(partial(self._session.take_over, request_id=request_id))

    def request_closure(self, *, request_id: str | None = None) -> ClosureAnswer:
        return self._portal.call(partial(self._session.request_closure, request_id=request_id))

    def confirm(self, *, request_id: str | None = None) -> ClosureAnswer:
        return self._portal.call(partial(self._session.confirm, request_id=request_id))

    def send_back(self, reason: str, *, request_id: str | None = None) -> None:
        self._portal.call(partial(self._session.send_back, reason, request_id=request_id))

    def record_callback(
        self, kind: CallbackKind, *, ticket: str = "", text: str = "", request_id: str | None = None
    ) -> None:
        self._portal.call(
            partial(
                self._session.record_callback, kind, ticket=ticket, text=text, request_id=request_id
            )
        )

    def transcript(self) -> Transcript:
        return self._portal.call(self._session.transcript)

    def comparisons(self) -> tuple[Comparison, ...]:
        return self._portal.call(self._session.comparisons)

    def rejudge(self) -> tuple[Rejudgement, ...]:
        return self._portal.call(self._session.rejudge)

    def state(self) -> State:
        return self._portal.call(self._session.state)

    def at(self, *, version: int | None = None, time: datetime | None = None) -> State:
        return self._portal.call(partial(self._session.at, version=version, time=time))

    def watch(self, *, after: int = 0) -> Iterator[Seen]:
        return _Watching(self._portal, self._session.watch(after=after))

    def host(self) -> HostInfo | None:
        return self._portal.call(self._session.host)


class _Watching(Iterator[Seen]):
    """An endless iterator over an asynchronous one; every `next` waits for the next event."""

    def __init__(self, portal: BlockingPortal, seen: AsyncIterator[Seen]) -> None:
        self._portal = portal
        self._seen = seen

    def __next__(self) -> Seen:
        try:
            return self._portal.call(self._seen.__anext__)
        except StopAsyncIteration:
            raise StopIteration from None
