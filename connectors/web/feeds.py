"""Sessions as their pages show them, each drawn once for all who look at it.

Guarantee: what a page shows at position p, followed by what `Feed.watch(p)` sends, is the whole
stream: nothing missing and nothing twice, after a lost connection and after a restart alike. What
is sent is drawn from the log, and every piece names its place, so that it may be sent again.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import NamedTuple

from markupsafe import Markup

from stillfixed.actors.errors import UnknownSession
from stillfixed.actors.log.contract import EventLog
from stillfixed.actors.session import events as e
from stillfixed.connectors.web.hub import Hub
from stillfixed.connectors.web.stream import fragments
from stillfixed.connectors.web.stream.book import Book, Line
from stillfixed.connectors.web.stream.outputs import (
    LiveOutput,
    chunks_wanted,
    drawn_bytes,
    size_of,
    sizes_of,
    whole_chunks_wanted,
)

PAGE_ENTRIES = 60
LEAST_ENTRIES = 8
PAGE_BYTES = 192 * 1024
"""A page ends before `PAGE_ENTRIES` when so much output was drawn for it: it opens at once, however
long the outputs are."""
IDLE_FEEDS = 64
DRAWN_CHARS = 8_000_000
"""Entries kept drawn, a session."""
DRAW_BESIDE_BYTES = 64 * 1024
"""Aligning longer outputs takes long enough to be done in a thread."""
PULSE_SECONDS = 15.0
"""A watcher hears at least this often, so that a dead connection is noticed."""


class Page(NamedTuple):
    """Entries as they are at a position; `older`: the version below which there are more."""

    position: int
    entries: Sequence[Markup]
    older: int | None


class Side(NamedTuple):
    """What stands beside the stream: in a line, and whole."""

    line: Markup
    whole: Markup


class Feed:
    """One session. Its book is brought up to date by whoever needs it, one at a time."""

    def __init__(self, session: str, log: EventLog, hub: Hub) -> None:
        self.book = Book(session)
        self._log = log
        self._hub = hub
        self._lock = asyncio.Lock()
        self._live: dict[str, LiveOutput] = {}
        self._drawn: OrderedDict[int, Markup] = OrderedDict()
        self._drawn_chars = 0
        self._blocks: dict[int, bytes] = {}
        """What was sent to those at a position, for the next who are there; until news comes."""
        self._newest: Page | None = None
        self._side: Side | None = None
        """Both until news comes, too."""
        self._watchers = 0
        self._following: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    @property
    def is_watched(self) -> bool:
        return self._watchers > 0

    # -- reading ---------------------------------------------------------------------------------
    async def catch_up(self) -> None:
        """Take in what is durable now. Raises `UnknownSession`."""
        async with self._lock:
            session, version = self.book.session, self.book.version
            newest = await self._log.stream(session)
            if newest is not None and newest.version > version:  # mostly nothing is new
                for record in await self._log.read(session, after_version=version):
                    self._take(record.position, record.version, e.decode(record.data))
        if not self.book.version:
            raise UnknownSession(f"No session {self.book.session}.")

    async def page(self, before: int | None = None) -> Page:
        """A page of entries below a version, or the newest."""
        async with self._lock:
            if before is not None:
                return await self._page(before)
            if self._newest is None:
                self._newest = await self._page(None)
            return self._newest

    async def _page(self, before: int | None) -> Page:
        lines = self._within_budget(self.book.before(before, PAGE_ENTRIES))
        drawn = tuple([await self._draw(line) for line in lines])
        has_older = bool(lines) and lines[0] is not self.book.lines[0]
        return Page(self.book.position, drawn, lines[0].version if has_older else None)

    @property
    def side(self) -> Side:
        if self._side is None:
            self._side = Side(fragments.side_line(self.book), fragments.side(self.book))
        return self._side

    def _within_budget(self, lines: Sequence[Line]) -> Sequence[Line]:
        size_bytes = 0
        for number, line in enumerate(reversed(lines)):
            if number >= LEAST_ENTRIES and size_bytes > PAGE_BYTES:
                return lines[-number:]
            if isinstance(line.event, e.RunStarted):
                size_bytes += drawn_bytes(self.book, line.event.run)
        return lines

    async def whole(self, run: str) -> tuple[Markup, dict[str, int]]:
        """One run with nothing folded, as far as a page can hold it, and the size in bytes of each
        of its outputs. Raises `UnknownSession`."""
        if not self.book.has_run(run):
            raise UnknownSession(f"Session {self.book.session} has no run {run}.")
        async with self._lock:
            wanted = whole_chunks_wanted(self.book, run)
            chunks = await self._chunks(wanted)
            live = await self._live_of(run) if run in self.book.running else None
            line = self.book.line_of(run)
            entry = await asyncio.to_thread(
                fragments.entry, self.book, line, chunks, live, full=True
            )
        return entry, sizes_of(self.book, run)

    async def output(self, run: str, name: str) -> AsyncIterator[bytes]:
        """The bytes of a run's stdout or stderr as they were captured."""
        for piece in self.book.pieces(run):
            if piece.event.output == name:
                yield await self._log.chunk(piece.event.chunk)

    # -- watching --------------------------------------------------------------------------------
    async def watch(self, after: int) -> AsyncIterator[bytes]:
        """Server-Sent Events from a position on, until the hub is closed. Each block's id is the
        position up to which it tells everything."""
        self._watchers += 1
        if self._following is None:
            self._following = asyncio.create_task(self._follow())
        following = self._following
        try:
            position = after
            while not following.done():
                news = self._news
                if self.book.position > position:
                    async with self._lock:
                        reached, block = self.book.position, await self._block(position)
                    yield block
                    position = reached
                else:
                    try:
                        async with asyncio.timeout(PULSE_SECONDS):
                            await news.wait()
                    except TimeoutError:
                        yield b": still here\n\n"
        finally:
            self._watchers -= 1
            if not self._watchers:
                following.cancel()
                self._following = None

    async def _follow(self) -> None:
        """Until the hub is closed. However it ends, so do the watches, and who comes back begins
        another."""
        try:
            watch = self._hub.watch(after=self.book.position, session=self.book.session)
            async for batch in watch:
                async with self._lock:
                    for one in batch:
                        self._take(one.position, one.version, one.event)
                self._tell()
        finally:
            self._tell()

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    # -- drawing; with the lock held -------------------------------------------------------------
    def _take(self, position: int, version: int, event: e.SessionEvent) -> None:
        if version <= self.book.version:
            return  # a reader was here first
        self.book.add(position, version, event)
        self._blocks.clear()
        self._newest = self._side = None
        match event:
            case e.RunStarted(run=run):
                self._live[run] = LiveOutput()
            case e.RunFinished(run=run) | e.RunNotSent(run=run) | e.RunInterrupted(run=run):
                self._live.pop(run, None)
            case _:
                pass
        for line in self.book.touched_since(position - 1):
            self._forget(line.version)

    async def _block(self, position: int) -> bytes:
        """Everything that is new since a position, as one stretch of the event stream."""
        block = self._blocks.get(position)
        if block is None:
            touched = self.book.touched_since(position)
            parts = [await self._draw(line) for line in touched]
            fresh = {line.version for line in touched}
            for piece in list(self.book.pieces_since(position)):
                run = piece.event.run
                if self.book.line_of(run).version not in fresh:
                    parts.append(fragments.piece(piece, await self._live_of(run)))
            parts += self.side
            block = b"".join(message(part) for part in parts if part)
            block += f"id: {self.book.position}\nevent: reached\ndata:\n\n".encode()
            self._blocks[position] = block
        return block

    async def _draw(self, line: Line) -> Markup:
        drawn = self._drawn.get(line.version)
        if drawn is not None:
            self._drawn.move_to_end(line.version)
            return drawn
        run = line.event.run if isinstance(line.event, e.RunStarted) else None
        if run in self.book.running:
            return fragments.entry(self.book, line, {}, await self._live_of(run))
        chunks = await self._chunks(chunks_wanted(self.book, run)) if run else {}
        if run and size_of(self.book, run) > DRAW_BESIDE_BYTES:
            drawn = await asyncio.to_thread(fragments.entry, self.book, line, chunks)
        else:
            drawn = fragments.entry(self.book, line, chunks)
        self._keep(line.version, drawn)
        return drawn

    async def _live_of(self, run: str) -> LiveOutput:
        """What a run has given so far, with every piece up to now decoded."""
        live = self._live[run]
        for piece in self.book.pieces(run)[live.pieces :]:
            if live.is_full:
                break
            live.add(piece, await self._log.chunk(piece.event.chunk))
        return live

    async def _chunks(self, wanted: Iterable[str]) -> dict[str, bytes]:
        return {chunk: await self._log.chunk(chunk) for chunk in dict.fromkeys(wanted)}

    def _keep(self, version: int, drawn: Markup) -> None:
        self._drawn[version] = drawn
        self._drawn_chars += len(drawn)
        while self._drawn_chars > DRAWN_CHARS:
            _, oldest = self._drawn.popitem(last=False)
            self._drawn_chars -= len(oldest)

    def _forget(self, version: int) -> None:
        drawn = self._drawn.pop(version, "")
        self._drawn_chars -= len(drawn)


class Feeds:
    """The feeds of sessions that are looked at now or were lately."""

    def __init__(self, log: EventLog, hub: Hub) -> None:
        self._log = log
        self._hub = hub
        self._feeds: OrderedDict[str, Feed] = OrderedDict()

    async def feed(self, session: str) -> Feed:
        """A session's feed, up to date. Raises `UnknownSession`."""
        feed = self._feeds.get(session)
        if feed is None:  # at once, so that those who come together share one
            feed = self._feeds[session] = Feed(session, self._log, self._hub)
        try:
            await feed.catch_up()
        except UnknownSession:
            self._feeds.pop(session, None)
            raise
        self._feeds[session] = feed
        self._feeds.move_to_end(session)
        idle = [name for name, one in self._feeds.items() if not one.is_watched]
        for name in idle[: max(0, len(idle) - IDLE_FEEDS)]:
            del self._feeds[name]
        return feed


def message(html: str) -> bytes:
    """One piece of HTML as a message of an event stream."""
    return b"".join(b"data: %b\n" % line.encode() for line in html.strip().split("\n")) + b"\n"
