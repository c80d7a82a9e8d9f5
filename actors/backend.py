"""What a client stands on: the same few calls, to this process's `Service` or to a host over HTTP.

Guarantee: a client that is written against `Backend` cannot tell the two apart by what it gets,
only by how long it takes. The remote one is `connectors/web/remote.py`.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from stillfixed.actors.log.contract import EventLog, Recorded, StreamInfo
from stillfixed.actors.runtime.actor import HostInfo
from stillfixed.actors.runtime.clock import Clock
from stillfixed.actors.session.requests import OpenSession, PersonRequest, SessionAnswer


class Histories(Protocol):
    """What is read: sessions' histories, and nothing that asks a session."""

    async def newest_position(self) -> int: ...

    async def session(self, session: str) -> StreamInfo | None:
        """None where there is no such session, or none that may be seen."""
        ...

    async def sessions(
        self, where: Mapping[str, str] | None = None, *, limit: int = 100
    ) -> Sequence[StreamInfo]:
        """Sessions whose heading has these values, newest activity first."""
        ...

    async def read(
        self, session: str, *, until_version: int | None = None
    ) -> Sequence[Recorded]: ...

    async def read_feed(
        self, after_position: int, *, session: str | None = None, limit: int = 1000
    ) -> Sequence[Recorded]: ...

    def follow(
        self, after_position: int, *, session: str | None = None
    ) -> AsyncIterator[Sequence[Recorded]]:
        """For ever, in batches that are not empty. Ends when the backend is closed."""
        ...

    async def chunks(self, session: str, chunk_ids: Sequence[str]) -> Mapping[str, bytes]:
        """The bytes of pieces of output of this session's runs, by id."""
        ...


class Backend(Protocol):
    @property
    def histories(self) -> Histories: ...

    @property
    def clock(self) -> Clock: ...

    async def open(self, request: OpenSession, request_id: str | None = None) -> str:
        """The new session's id; with the same request id, the same session's again."""
        ...

    async def ask(
        self, session: str, request: PersonRequest, request_id: str | None = None
    ) -> SessionAnswer:
        """The session's answer. Raises the error that it was refused with."""
        ...

    async def host_of(self, session: str) -> HostInfo | None:
        """The process that serves a session now, for operators; None if none does."""
        ...

    async def adopt_policies(self, text: str, *, by: str, source: str) -> None: ...

    async def close(self) -> None: ...


class LogHistories:
    """Histories straight from a log of this machine."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    async def newest_position(self) -> int:
        return await self._log.newest_position()

    async def session(self, session: str) -> StreamInfo | None:
        if is_internal(session):
            return None
        info = await self._log.stream(session)
        return info if info is not None and info.version > 0 else None

    async def sessions(
        self, where: Mapping[str, str] | None = None, *, limit: int = 100
    ) -> Sequence[StreamInfo]:
        infos = await self._log.streams(where, limit=limit)
        return [info for info in infos if info.version and not is_internal(info.stream)]

    async def read(self, session: str, *, until_version: int | None = None) -> Sequence[Recorded]:
        return await self._log.read(session, until_version=until_version)

    async def read_feed(
        self, after_position: int, *, session: str | None = None, limit: int = 1000
    ) -> Sequence[Recorded]:
        return await self._log.read_feed(after_position, stream=session, limit=limit)

    def follow(
        self, after_position: int, *, session: str | None = None
    ) -> AsyncIterator[Sequence[Recorded]]:
        return self._log.follow(after_position, stream=session)

    async def chunks(self, session: str, chunk_ids: Sequence[str]) -> Mapping[str, bytes]:
        return {name: await self._log.chunk(name) for name in chunk_ids}


def is_internal(stream: str) -> bool:
    """Whether a stream of the log is no session: policies, imported tickets."""
    return stream.startswith("~")
