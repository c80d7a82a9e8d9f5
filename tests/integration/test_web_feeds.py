"""What a session's page is sent: whoever comes at whatever moment sees the same in the end."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import cast

import pytest
from markupsafe import Markup

from stillfixed.actors.log.contract import Append, Chunk
from stillfixed.actors.log.sqlite import SqliteLog
from stillfixed.actors.session import events as e
from stillfixed.connectors.web.feeds import PAGE_ENTRIES, Feed, Feeds
from stillfixed.connectors.web.hub import Hub
from stillfixed.connectors.web.stream import fragments
from stillfixed.connectors.web.stream.book import Book, Line

START = datetime(2026, 11, 24, 23, 59, 50, tzinfo=UTC)
OUTPUT = (b"status: failed\ncaf\xc3", b"\xa9 \x1b[31mred\x1b", b"[0m end\n<b>bold</b>\n")


class Writer:
    """A session in a real log, written event by event."""

    def __init__(self, log: SqliteLog) -> None:
        self.log = log
        self.version = 0
        self.epoch = 0

    async def write(self, *events: e.SessionEvent, data: bytes = b"") -> None:
        if not self.epoch:
            self.epoch = (await self.log.claim("s-1")).epoch
        chunks = (Chunk.of(data),) if data else ()
        removed = [one.chunks for one in events if isinstance(one, e.OutputsRemoved)]
        entry = Append(
            stream="s-1",
            epoch=self.epoch,
            expected_version=self.version,
            events=tuple(map(e.encode, events)),
            chunks=chunks,
            remove_chunks=tuple(chain.from_iterable(removed)),
            checked_position=await self.log.newest_position(),
        )
        self.version = (await self.log.append(entry)).version


def history() -> list[tuple[e.SessionEvent, bytes]]:
    """A check, a change, the check again with a verdict, an override, a note on the next day; two
    runs at once, whose outputs are cut in the middle of characters and escapes."""
    told: list[tuple[e.SessionEvent, bytes]] = []

    def at() -> datetime:
        return START + timedelta(seconds=len(told))

    def tell(fact: type[e.Event], /, data: bytes = b"", by: str = "ana", **words: object) -> None:
        told.append((fact(at=at(), by=by, **words), data))  # type: ignore[arg-type]

    def piece(run: str, data: bytes, output: str = "stdout") -> None:
        chunk = Chunk.of(data).id
        tell(e.OutputCaptured, data, run=run, output=output, chunk=chunk, size_bytes=len(data))

    def start(run: str, command: str, check: str | None) -> None:
        effect = "reads" if check else "changes"
        tell(e.RunStarted, run=run, endpoint="h", command=command, effect=effect, check=check)

    def finish(run: str, size: int) -> None:
        tell(e.RunFinished, run=run, end="exited", exit_status=0, stdout_bytes=size)

    tell(e.SessionOpened, ticket="T-1", client="Acme")
    tell(e.EndpointAdded, endpoint="h", kind="ssh", address="h", platform="posix")
    start("r1", "cat state", "cat state")
    for part in OUTPUT:
        piece("r1", part)
    finish("r1", sum(map(len, OUTPUT)))
    tell(e.CheckObserved, endpoint="h", check="cat state", run="r1", health="fault", judge="2")
    start("r2", "sleep 9", None)
    start("r3", "<script>alert(1)</script>", None)
    piece("r3", b"three\n", output="stderr")
    piece("r2", b"two\n")
    piece("r3", b"three again\n")
    finish("r3", 12)
    finish("r2", 4)
    start("r4", "cat state", "cat state")
    piece("r4", b"status: ok\n")
    finish("r4", 11)
    same: dict[str, object] = {"endpoint": "h", "check": "cat state", "verification": "r4"}
    tell(e.CheckVerified, baseline="r1", verdict="fixed", judge="2", **same)
    reason = "It failed again at noon."
    tell(
        e.VerdictOverridden,
        by="dora",
        replaces="fixed",
        verdict="still_failing",
        reason=reason,
        **same,
    )
    tell(e.Annotated, annotation="n1", kind="note", text="Later\u202e.")
    return told


def whole_history() -> list[tuple[e.SessionEvent, bytes]]:
    """The same, until retention has removed its outputs."""
    told = history()
    chunks = tuple(one.chunk for one, _ in told if isinstance(one, e.OutputCaptured))
    at = START + timedelta(days=400)
    removed = e.OutputsRemoved(
        at=at, by="stillfixed", rule="a <b>year</b>", days=365, runs=4, chunks=chunks, size_bytes=9
    )
    return [*told, (removed, b"")]


class Screen:
    """What a browser shows: pieces by id, put in place as session.js does."""

    def __init__(self, position: int, entries: Sequence[str]) -> None:
        self.position = position
        self.entries = {_id(entry): str(entry) for entry in entries}

    def take(self, block: bytes) -> None:
        for text in filter(None, block.decode().split("\n\n")):
            lines = text.split("\n")
            if lines[0].startswith("id: "):
                self.position = int(lines[0][4:])
                continue
            html = "\n".join(line.removeprefix("data: ") for line in lines)
            into = re.search(r'data-into="(o-\w+)"', html)
            if into:
                self._append(html, into[1])
            elif _id(html).startswith("e-"):
                self.entries[_id(html)] = html

    def _append(self, piece: str, into: str) -> None:
        for name, entry in self.entries.items():
            if f'id="{into}"' in entry and f'id="{_id(piece)}"' not in entry:
                bare = re.sub(r' data-into="[^"]*"', "", piece)
                self.entries[name] = entry.replace("</pre>", f"{bare}</pre>", 1)

    @property
    def shown(self) -> list[str]:
        by_version = sorted(self.entries.items(), key=lambda one: int(one[0][2:]))
        return ["".join(entry.split()) for _, entry in by_version]


def _id(html: str) -> str:
    found = re.search(r'id="([^"]+)"', html)
    assert found, html
    return found[1]


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SqliteLog]:
    log = await SqliteLog.open(tmp_path / "log.db")
    yield log
    await log.close()


async def opened(feed: Feed) -> Screen:
    await feed.catch_up()
    position, entries, _ = await feed.page()
    return Screen(position, entries)


async def brought_up(screen: Screen, feed: Feed) -> Screen:
    """The same page, in one step where the feed is."""
    again = Screen(screen.position, list(screen.entries.values()))
    async with aclosing(cast(AsyncGenerator[bytes, None], feed.watch(again.position))) as blocks:
        async for block in blocks:
            again.take(block)
            break
    return again


async def test_whoever_comes_at_any_moment_sees_the_same(log: SqliteLog) -> None:
    """A page opened after each event and brought up to date after any later one is the page that
    is opened then; also where another host begins with that step."""
    hub, writer = Hub(log), Writer(log)
    feed = Feed("s-1", log, hub)
    screens: list[Screen] = []
    for event, data in whole_history():
        await writer.write(event, data=data)
        fresh = await opened(feed)
        for screen in screens:
            again = await brought_up(screen, feed)
            assert (again.position, again.shown) == (fresh.position, fresh.shown)
        screens.append(fresh)
    restarted = Feed("s-1", log, hub)
    await restarted.catch_up()
    for screen in screens[:-1]:
        assert (await brought_up(screen, restarted)).shown == screens[-1].shown
    await hub.close()


async def test_those_who_follow_live_see_the_same_in_the_end(log: SqliteLog) -> None:
    """Some watch from the start, one goes away in the middle and comes back where it was."""
    hub, writer = Hub(log), Writer(log)
    await writer.write(whole_history()[0][0])
    feeds = Feeds(log, hub)
    feed = await feeds.feed("s-1")
    screens = [await opened(feed) for _ in range(3)]
    last = len(whole_history())

    async def follow(screen: Screen, until: int) -> None:
        async for block in feed.watch(screen.position):
            screen.take(block)
            if screen.position >= until:
                break

    async def come_and_go(screen: Screen) -> None:
        while screen.position < last:
            await follow(screen, screen.position + 1)

    going = [asyncio.create_task(follow(screen, last)) for screen in screens[:2]]
    going.append(asyncio.create_task(come_and_go(screens[2])))
    for event, data in whole_history()[1:]:
        await writer.write(event, data=data)
        await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await asyncio.gather(*going)
    fresh = await opened(Feed("s-1", log, hub))
    for screen in screens:
        assert screen.shown == fresh.shown
    await hub.close()


async def test_who_comes_when_all_have_gone_follows_on(log: SqliteLog) -> None:
    """As after a refresh, when the old page went away before the new one came."""
    hub, writer = Hub(log), Writer(log)
    await writer.write(history()[0][0])
    feed = await Feeds(log, hub).feed("s-1")
    for number in range(1, 4):
        screen = await opened(feed)
        goes = asyncio.create_task(brought_up(screen, feed))
        await hub.start()
        await asyncio.sleep(0)
        goes.cancel()
        await asyncio.wait([goes])
        comes = asyncio.create_task(brought_up(screen, feed))
        await asyncio.sleep(0)
        event, data = history()[number]
        await writer.write(event, data=data)
        async with asyncio.timeout(30):
            assert (await comes).shown == (await opened(feed)).shown
    await hub.close()


async def test_a_removed_output_is_told_and_asked_for_no_more(log: SqliteLog) -> None:
    """In its run's entry, with the rule; a comparison keeps its words and loses its sides."""
    hub, writer = Hub(log), Writer(log)
    for event, data in whole_history():
        await writer.write(event, data=data)
    feed = Feed("s-1", log, hub)
    html = "".join((await opened(feed)).entries.values())
    assert "4 bytes removed on 2027-12-29 under the rule a &lt;b&gt;year&lt;/b&gt;" in html
    assert "fixed" in html
    assert "status: ok" not in html
    assert [data async for data in feed.output("r4", "stdout")] == []
    assert "removed on 2027-12-29" in (await feed.whole("r4"))[0]


async def test_what_endpoints_write_stays_text(log: SqliteLog) -> None:
    """No markup, no escape sequence, nothing that turns the direction of reading."""
    hub, writer = Hub(log), Writer(log)
    for event, data in history():
        await writer.write(event, data=data)
    html = "".join((await opened(Feed("s-1", log, hub))).entries.values())
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<b>bold" not in html
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", html)
    assert "café red end" in html


async def test_a_long_stream_is_read_page_by_page(log: SqliteLog) -> None:
    """The newest entries first, then older ones, each once, to the first."""
    hub, writer = Hub(log), Writer(log)
    await writer.write(history()[0][0])
    notes = [
        e.Annotated(at=START, by="ana", annotation=f"n{number}", kind="note", text=f"note {number}")
        for number in range(2 * PAGE_ENTRIES + 7)
    ]
    await writer.write(*notes)
    feed = Feed("s-1", log, hub)
    await feed.catch_up()
    _, entries, older = await feed.page()
    pages = [list(entries)]
    while older is not None:
        _, entries, older = await feed.page(older)
        pages.insert(0, list(entries))
    assert [len(page) for page in pages] == [8, PAGE_ENTRIES, PAGE_ENTRIES]
    ids = [int(_id(entry)[2:]) for page in pages for entry in page]
    assert ids == list(range(1, len(notes) + 2))


async def test_what_many_watch_is_drawn_once(
    log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those who came together, too."""
    hub, writer = Hub(log), Writer(log)
    await writer.write(history()[0][0])
    feeds = Feeds(log, hub)
    feed, *others = await asyncio.gather(*(feeds.feed("s-1") for _ in range(20)))
    assert all(other is feed for other in others)
    drawn: list[int] = []
    draw = fragments.entry

    def counting(book: Book, line: Line, *more: object) -> Markup:
        drawn.append(line.version)
        return draw(book, line, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(fragments, "entry", counting)

    async def one_block(position: int) -> bytes:
        async for block in feed.watch(position):
            return block
        raise AssertionError("The stream ended.")

    watchers = [asyncio.create_task(one_block(feed.book.position)) for _ in range(20)]
    await hub.start()
    await asyncio.sleep(0)
    await writer.write(history()[1][0])
    blocks = await asyncio.gather(*watchers)
    assert drawn == [2]
    assert all(block is blocks[0] for block in blocks)
    await hub.close()
