"""Every store of events keeps the promises of `actors/log/contract.py`, by their numbers.

A new store joins with one entry in `STORES`.
"""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, structs

from stillfixed.actors.errors import Fenced, LogCorrupted, LogError
from stillfixed.actors.log.contract import (
    CHUNK_LIMIT_BYTES,
    Append,
    Appended,
    Chunk,
    Claim,
    EventLog,
    Recorded,
    Timer,
)
from stillfixed.actors.log.sqlite import SqliteLog

Opener = Callable[[], Awaitable[EventLog]]
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


async def open_sqlite(folder: Path) -> EventLog:
    return await SqliteLog.open(folder / "log.db")


STORES: dict[str, Callable[[Path], Awaitable[EventLog]]] = {"sqlite": open_sqlite}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Callable[[Path], Awaitable[EventLog]]:
    return STORES[request.param]


@pytest.fixture
async def opened(
    store: Callable[[Path], Awaitable[EventLog]], tmp_path: Path
) -> AsyncIterator[Opener]:
    """Opens the same log each time, as different processes would."""
    logs: list[EventLog] = []

    async def open_again() -> EventLog:
        logs.append(await store(tmp_path))
        return logs[-1]

    yield open_again
    for log in logs:
        await log.close()


@pytest.fixture
async def log(opened: Opener) -> EventLog:
    return await opened()


def entry(stream: str, epoch: int | None, version: int, *events: bytes, **rest: object) -> Append:
    made = Append(stream=stream, epoch=epoch, expected_version=version, events=events)
    return structs.replace(made, **rest)


async def contents(log: EventLog) -> list[tuple[str, int, bytes]]:
    return [(e.stream, e.version, e.data) for e in await log.read_feed(0)]


# -- 1. fencing ------------------------------------------------------------------------------------
async def test_a_claim_raises_the_epoch_across_openings(opened: Opener) -> None:
    """Each claim of a stream has a higher epoch, whichever process makes it."""
    one, two = await opened(), await opened()
    epochs = [(await log.claim("a")).epoch for log in (one, two, one, one, two)]
    assert epochs == sorted(set(epochs))
    assert (await one.claim("b")) == Claim(1, 0, None, 0)


@pytest.mark.parametrize(("epoch", "version"), [(1, 1), (3, 1), (0, 1), (2, 0), (2, 2)])
async def test_a_fenced_append_writes_nothing(log: EventLog, epoch: int, version: int) -> None:
    """Another epoch, or another version than the newest, is refused with all its parts."""
    await log.claim("a")
    await log.claim("a")
    await log.append(entry("a", 2, 0, b"first", heading=b'{"k":"v"}', snapshot=b"old"))
    chunk = Chunk.of(b"never stored")
    with pytest.raises(Fenced):
        await log.append(
            entry(
                "a",
                epoch,
                version,
                b"no",
                request_id="r",
                answer=b"no",
                chunks=(chunk,),
                snapshot=b"no",
                set_timers=(Timer("a", "t", NOON),),
                heading=b'{"k":"no"}',
            )
        )
    assert await contents(log) == [("a", 1, b"first")]
    assert await log.answer("a", "r") is None
    assert await log.next_due() is None
    assert [info.heading for info in await log.streams()] == [b'{"k":"v"}']
    with pytest.raises(LogCorrupted):
        await log.chunk(chunk.id)
    assert (await log.claim("a")) == Claim(3, 1, b"old", 1)


async def test_a_stream_nobody_claimed_takes_no_append(log: EventLog) -> None:
    """Without a claim there is no owner, and so nobody may append."""
    for epoch in (0, 1):
        with pytest.raises(Fenced):
            await log.append(entry("a", epoch, 0, b"x"))
    assert await log.stream("a") is None


async def test_a_claim_holds_only_while_the_key_is_placed_so(opened: Opener) -> None:
    """A claim that names a placement is refused once somebody else serves the key."""
    one, two = await opened(), await opened()
    assert await one.holder("k") is None
    assert await one.place("k", "host-1", instead_of=None) == "host-1"
    assert await two.place("k", "host-2", instead_of=None) == "host-1"
    assert (await one.claim("a", placed=("k", "host-1"))).epoch == 1
    assert await two.place("k", "host-2", instead_of="host-1") == "host-2"
    with pytest.raises(Fenced):
        await one.claim("a", placed=("k", "host-1"))
    with pytest.raises(Fenced):
        await one.claim("new", placed=("unknown", "host-1"))
    assert await one.place("k", "host-1", instead_of="host-1") == "host-2"
    assert await one.holder("k") == "host-2"
    assert (await one.claim("a")).epoch == 2


async def test_an_append_without_an_epoch_claims_the_stream(log: EventLog) -> None:
    """It begins a stream or takes one over, so that its last owner may write no more."""
    await log.append(entry("a", None, 0, b"1"))
    first = await log.claim("a")
    assert (first.epoch, first.version) == (2, 1)
    await log.append(entry("a", None, 1, b"2"))
    with pytest.raises(Fenced):
        await log.append(entry("a", first.epoch, 2, b"late"))
    assert await contents(log) == [("a", 1, b"1"), ("a", 2, b"2")]
    assert (await log.claim("a")).epoch == 4


async def test_an_append_without_an_epoch_that_writes_nothing_claims_nothing(log: EventLog) -> None:
    """Refused for its version, or answered before, it leaves the owner what it was."""
    for version in (1, 7):
        with pytest.raises(Fenced):
            await log.append(entry("new", None, version, b"x"))
    assert await log.stream("new") is None
    owner = await log.claim("a")
    again = entry("a", owner.epoch, 0, b"1", request_id="r", answer=b"yes")
    await log.append(again)
    with pytest.raises(Fenced):
        await log.append(entry("a", None, 0, b"x"))
    answered = await log.append(structs.replace(again, epoch=None))
    assert answered.earlier_answer == b"yes"
    await log.append(entry("a", owner.epoch, 1, b"2"))
    assert await contents(log) == [("a", 1, b"1"), ("a", 2, b"2")]


async def test_many_new_streams_begin_in_one_group(log: EventLog) -> None:
    """Queued together, also twice for one stream: each is judged after those before it."""
    names = [f"s{n % 40}" for n in range(80)]
    writes = [log.append(entry(name, None, n // 40, b"x")) for n, name in enumerate(names)]
    assert [done.version for done in await asyncio.gather(*writes)] == [1] * 40 + [2] * 40
    assert {info.version for name in names if (info := await log.stream(name))} == {2}


async def test_streams_stay_apart_whichever_is_taken_over(log: EventLog) -> None:
    """One that begins after an older one was claimed again is none of those there are."""
    for name, version in (("a", 0), ("b", 0), ("a", 1), ("c", 0)):
        await log.append(entry(name, None, version, name.encode()))
    await log.claim("a")
    await log.append(entry("d", None, 0, b"d"))
    assert [(stream, data) for stream, _, data in await contents(log)] == [
        ("a", b"a"), ("b", b"b"), ("a", b"a"), ("c", b"c"), ("d", b"d"),
    ]  # fmt: skip
    assert (await log.claim("b")).version == 1


# -- 2. all or nothing -----------------------------------------------------------------------------
async def test_an_append_is_seen_whole_by_others(opened: Opener) -> None:
    """Once `append` returns, another process finds every part of it."""
    one, two = await opened(), await opened()
    claim = await one.claim("a")
    chunks = (Chunk.of(b""), Chunk.of(b"tiny"), Chunk.of(bytes(300_000)))
    appended = await one.append(
        entry(
            "a",
            claim.epoch,
            0,
            b"x",
            b"",
            request_id="r",
            answer=b"yes",
            chunks=chunks,
            snapshot=b"state",
            set_timers=(Timer("a", "t", NOON),),
            heading='{"name":"Zoë"}'.encode(),
        )
    )
    assert appended == Appended(2, 2)
    assert await two.read("a") == [
        Recorded(1, "a", 1, "r", b"x"),
        Recorded(2, "a", 2, "r", b""),
    ]
    assert await two.answer("a", "r") == b"yes"
    assert [await two.chunk(chunk.id) for chunk in chunks] == [chunk.data for chunk in chunks]
    assert await two.due_timers(NOON) == [Timer("a", "t", NOON)]
    info = await two.stream("a")
    assert info is not None
    assert (info.version, info.heading.decode()) == (2, '{"name":"Zoë"}')
    assert await two.claim("a") == Claim(2, 2, b"state", 2)


async def test_an_append_needs_no_event(log: EventLog) -> None:
    """An answer or a snapshot alone is stored, at the version that is."""
    await log.claim("a")
    await log.append(entry("a", 1, 0, b"x"))
    assert await log.append(entry("a", 1, 1, request_id="r", answer=b"")) == Appended(1, 0)
    assert await log.append(entry("a", 1, 1, snapshot=b"s")) == Appended(1, 0)
    assert await log.answer("a", "r") == b""
    assert await log.claim("a") == Claim(2, 1, b"s", 1)


# -- 3. once ---------------------------------------------------------------------------------------
async def test_a_request_is_answered_once(log: EventLog) -> None:
    """The same request id gives the first answer again, also when the version has moved on."""
    await log.claim("a")
    await log.claim("b")
    first = entry("a", 1, 0, b"x", request_id="r", answer=b"one")
    assert await log.append(first) == Appended(1, 1)
    for version in (0, 1):
        again = entry("a", 1, version, b"y", request_id="r", answer=b"two", snapshot=b"s")
        assert await log.append(again) == Appended(1, 0, b"one")
    other = entry("b", 1, 0, b"z", request_id="r", answer=b"other")
    assert (await log.append(other)).earlier_answer is None
    assert await contents(log) == [("a", 1, b"x"), ("b", 1, b"z")]
    assert (await log.claim("a")).snapshot is None


async def test_the_same_request_twice_at_one_moment_is_answered_once(log: EventLog) -> None:
    """Two appends with one request id that wait together write once."""
    await log.claim("a")
    twin = entry("a", 1, 0, b"x", request_id="r", answer=b"one")
    outcomes = await asyncio.gather(log.append(twin), log.append(twin))
    assert [*outcomes] == [Appended(1, 1), Appended(1, 0, b"one")]


# -- 4. the feed -----------------------------------------------------------------------------------
async def test_followers_see_every_event_once_and_in_order(opened: Opener) -> None:
    """With several writers at once a follower meets no hole, no repeat and no disorder."""
    writers = [await opened() for _ in range(3)]
    reader = await opened()
    streams = [f"s{n}" for n in range(6)]
    for stream in streams:
        await reader.claim(stream)
    each = 20

    async def write(log: EventLog, stream: str) -> None:
        for version in range(each):
            await log.append(entry(stream, 1, version, f"{stream}/{version + 1}".encode()))

    async def watch(stream: str | None, count: int) -> list[Recorded]:
        seen: list[Recorded] = []
        async with aclosing(reader.follow(0, stream=stream)) as batches:  # type: ignore[type-var]
            async for batch in batches:
                assert batch
                seen += batch
                if len(seen) >= count:
                    break
        return seen

    watching = asyncio.gather(watch(None, each * len(streams)), watch("s1", each))
    await asyncio.gather(*map(write, writers * 2, streams))
    everything, one = await watching
    assert [e.position for e in everything] == sorted({e.position for e in everything})
    assert everything == await reader.read_feed(0)
    assert one == await reader.read("s1")


async def test_following_starts_after_a_position(log: EventLog) -> None:
    """A follower resumes where it stopped."""
    await log.claim("a")
    await log.append(entry("a", 1, 0, *(b"%d" % n for n in range(1200))))
    middle = (await log.read("a", after_version=600, until_version=601))[0].position
    seen: list[Recorded] = []
    async with aclosing(log.follow(middle, stream="a")) as batches:  # type: ignore[type-var]
        async for batch in batches:
            seen += batch
            if len(seen) == 599:
                break
    assert [e.version for e in seen] == list(range(602, 1201))


async def test_closing_ends_followers(log: EventLog) -> None:
    """A follower that waits ends when its log is closed."""

    async def watch() -> list[object]:
        return [batch async for batch in log.follow(0)]

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    await log.close()
    assert await watching == []


# -- 5. sharing ------------------------------------------------------------------------------------
async def test_appends_that_wait_together_fail_one_by_one(log: EventLog) -> None:
    """A refused append does not disturb the others of its moment."""
    claims = await asyncio.gather(*(log.claim(f"s{n}") for n in range(40)))
    outcomes = await asyncio.gather(
        *(
            log.append(entry(f"s{n}", claim.epoch, 0 if n % 3 else 7, b"x"))
            for n, claim in enumerate(claims)
        ),
        return_exceptions=True,
    )
    for n, outcome in enumerate(outcomes):
        assert isinstance(outcome, Appended if n % 3 else Fenced)
    assert await log.newest_position() == sum(1 for n in range(40) if n % 3)


async def test_appends_in_one_stream_may_run_ahead(log: EventLog) -> None:
    """Appends sent before the earlier ones are answered follow each other in order, large or not;
    when one fails, so do all that built on it."""
    await log.claim("a")
    big = (Chunk.of(bytes(3_000_000)),)
    ahead = [
        asyncio.ensure_future(log.append(entry("a", 1, n, b"x", chunks=big if n % 4 == 0 else ())))
        for n in range(12)
    ]
    assert [done.version for done in await asyncio.gather(*ahead)] == list(range(1, 13))
    versions = (12, 13, 15, 16)
    broken = [asyncio.ensure_future(log.append(entry("a", 1, v, b"y"))) for v in versions]
    outcomes = await asyncio.gather(*broken, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Appended, Appended, Fenced, Fenced]


class Put(Struct, frozen=True):
    stream: str
    stale_epoch: bool
    version_off: int
    events: int
    request: str | None


puts = st.builds(
    Put,
    stream=st.sampled_from("ab"),
    stale_epoch=st.sampled_from([False, False, False, True]),
    version_off=st.sampled_from([0, 0, 0, 0, -1, 1]),
    events=st.integers(0, 3),
    request=st.sampled_from([None, None, "r1", "r2", "r3"]),
)
operations = st.lists(st.lists(puts | st.sampled_from("ab"), min_size=1, max_size=6), max_size=8)


class Model:
    """The contract in a few lines of memory."""

    def __init__(self) -> None:
        self.epochs = {"a": 0, "b": 0}
        self.feed: list[Recorded] = []
        self.answers: dict[tuple[str, str], bytes] = {}

    def version(self, stream: str) -> int:
        return sum(1 for event in self.feed if event.stream == stream)

    def claim(self, stream: str) -> Claim:
        self.epochs[stream] += 1
        return Claim(self.epochs[stream], self.version(stream), None, 0)

    def append(self, put: Append) -> Appended | type[Fenced]:
        version = self.version(put.stream)
        if put.epoch != self.epochs[put.stream] or put.epoch == 0:
            return Fenced
        if put.request_id and (put.stream, put.request_id) in self.answers:
            return Appended(version, 0, self.answers[put.stream, put.request_id])
        if put.expected_version != version:
            return Fenced
        for data in put.events:
            version += 1
            event = Recorded(len(self.feed) + 1, put.stream, version, put.request_id, data)
            self.feed.append(event)
        if put.request_id and put.answer is not None:
            self.answers[put.stream, put.request_id] = put.answer
        return Appended(version, len(self.feed) if put.events else 0)


@pytest.mark.parametrize("name", STORES)
@settings(max_examples=40, deadline=None)
@given(turns=operations)
def test_any_interleaving_is_as_the_model_says(name: str, turns: list[list[Put | str]]) -> None:
    """Whatever claims and appends meet in whatever turns, from two processes, the outcome is that
    of doing them one after another."""

    async def run() -> None:
        model, number = Model(), itertools.count()
        with TemporaryDirectory() as folder:
            async with AsyncExitStack() as stack:
                logs = [await STORES[name](Path(folder)) for _ in range(2)]
                for log in logs:
                    stack.push_async_callback(log.close)
                for turn, log in zip(turns, itertools.cycle(logs), strict=False):
                    expected: list[object] = []
                    requests: list[Append | str] = []
                    for step in turn:
                        if isinstance(step, str):
                            requests.append(step)
                            expected.append(model.claim(step))
                        else:
                            requests.append(put := put_of(step, model, next(number)))
                            expected.append(model.append(put))
                    sent = [asyncio.create_task(send(log, request)) for request in requests]
                    outcomes = await asyncio.gather(*sent, return_exceptions=True)
                    assert [Fenced if isinstance(o, Fenced) else o for o in outcomes] == expected
                assert [*await logs[0].read_feed(0)] == model.feed
                for (stream, request), answer in model.answers.items():
                    assert await logs[1].answer(stream, request) == answer

    asyncio.run(run())


async def send(log: EventLog, request: Append | str) -> object:
    """Tasks begin in order, and so both kinds reach the log in order."""
    return await (log.claim(request) if isinstance(request, str) else log.append(request))


def put_of(step: Put, model: Model, number: int) -> Append:
    return entry(
        step.stream,
        model.epochs[step.stream] - step.stale_epoch,
        max(0, model.version(step.stream) + step.version_off),
        *(f"{number}.{n}".encode() for n in range(step.events)),
        request_id=step.request,
        answer=str(number).encode() if step.request else None,
    )


# -- reading ---------------------------------------------------------------------------------------
async def test_ranges_of_a_stream_and_of_the_feed(log: EventLog) -> None:
    """`read` takes versions, `read_feed` positions; both ends are as the contract says."""
    for stream in "ab":
        await log.claim(stream)
    for version in range(4):
        await log.append(entry("a", 1, version, f"a{version + 1}".encode()))
        await log.append(entry("b", 1, version, f"b{version + 1}".encode()))

    def data(events: object) -> list[str]:
        return [event.data.decode() for event in events]  # type: ignore[attr-defined]

    assert data(await log.read("a", after_version=1, until_version=3)) == ["a2", "a3"]
    assert data(await log.read("a", after_version=4)) == []
    assert data(await log.read("unknown")) == []
    assert data(await log.read_feed(2, limit=3)) == ["a2", "b2", "a3"]
    assert data(await log.read_feed(3, stream="b", limit=2)) == ["b2", "b3"]
    assert data(await log.read_feed(0, stream="b")) == ["b1", "b2", "b3", "b4"]
    assert data(await log.read_feed(8)) == data(await log.read_feed(8, stream="a")) == []
    assert await log.newest_position() == 8


async def test_streams_are_found_by_their_headings(log: EventLog) -> None:
    """`streams` matches top-level texts of headings, whatever their characters, latest first."""
    headings = {
        "a": b'{"team":"east","n":1}',
        "b": b'{"team":"west"}',
        "c": b'{"team":"east","odd \\"key.":"x"}',
    }
    for stream, heading in headings.items():
        await log.claim(stream)
        await log.append(entry(stream, 1, 0, b"x", heading=heading))
    await log.append(entry("a", 1, 1, b"y"))

    async def names(
        where: dict[str, str] | None, limit: int = 100, before: int | None = None
    ) -> list[str]:
        infos = await log.streams(where, limit=limit, before_position=before)
        return [info.stream for info in infos]

    assert await names(None) == ["a", "c", "b"]
    positions = [info.position for info in await log.streams()]
    assert positions == [4, 3, 2]
    assert await names(None, before=3) == ["b"]
    assert await names({"team": "east"}, before=4) == ["c"]
    assert await names(None, 2) == ["a", "c"]
    assert await names({"team": "east"}) == ["a", "c"]
    assert await names({"team": "east", 'odd "key.': "x"}) == ["c"]
    assert await names({"team": "'; --"}) == []
    info = await log.stream("a")
    assert info is not None
    assert (info.epoch, info.version, info.heading) == (1, 2, headings["a"])


async def test_listed_streams_are_counted_by_a_text_of_their_headings(log: EventLog) -> None:
    """Other types, other keys and streams without a heading are not counted."""
    headings = (b'{"k":"v"}', b'{"k":"v","z":"w"}', b'{"k":"w"}', b'{"k":1}', b'{"z":"v"}', None)
    for number, heading in enumerate(headings):
        await log.append(entry(f"s{number}", None, 0, b"x", heading=heading))
    assert await log.count_by("k") == {"v": 2, "w": 1}


async def test_a_stream_without_a_heading_is_not_listed(log: EventLog) -> None:
    """However many there are, and however new: they hide none that has one."""
    await log.append(entry("a", None, 0, b"x", heading=b'{"k":"v"}'))
    await log.claim("claimed")
    for number in range(5):
        await log.append(entry(f"s{number}", None, 0, b"x"))
    assert [info.stream for info in await log.streams(limit=3)] == ["a"]
    await log.append(entry("s1", None, 1, heading=b'{"k":"v"}'))
    assert {info.stream for info in await log.streams({"k": "v"})} == {"a", "s1"}


async def test_many_streams_are_read_at_once(log: EventLog) -> None:
    """Each stream's events are together and in order, whatever was written in between."""
    for version in range(2):
        for name in ("a", "b", 'odd "name', "c"):
            await log.append(entry(name, None, version, f"{name}{version}".encode()))
    found = await log.read_many(["c", 'odd "name', "a", "unknown"])
    by_stream = {
        name: [(event.version, event.data) for event in events]
        for name, events in itertools.groupby(found, lambda event: event.stream)
    }
    assert by_stream == {
        name: [(1, f"{name}0".encode()), (2, f"{name}1".encode())]
        for name in ("a", 'odd "name', "c")
    }
    assert await log.read_many([]) == []


async def test_the_same_output_is_one_chunk(log: EventLog) -> None:
    """A chunk may come again, at once or later; one over the limit is a bug, and not written."""
    await log.claim("a")
    chunk = Chunk.of(b"output " * 10_000)
    both = [log.append(entry("a", 1, n, b"x", chunks=(chunk, chunk))) for n in range(2)]
    await asyncio.gather(*both)
    await log.append(entry("a", 1, 2, b"x", chunks=(chunk,)))
    assert await log.chunk(chunk.id) == chunk.data
    with pytest.raises(ValueError, match=r"(?i)chunk"):
        await log.append(entry("a", 1, 3, b"x", chunks=(Chunk.of(bytes(CHUNK_LIMIT_BYTES + 1)),)))
    assert await log.newest_position() == 3
    with pytest.raises(LogCorrupted, match=r"(?i)chunk"):
        await log.chunk(Chunk.of(b"unknown").id)


# -- timers ----------------------------------------------------------------------------------------
async def test_timers_stay_until_cancelled_or_replaced(log: EventLog) -> None:
    """Timers come the longest due first, to the microsecond, in UTC, until an append ends them."""
    minute = timedelta(minutes=1)
    for stream in "ab":
        await log.claim(stream)
    odd = NOON + timedelta(microseconds=1)
    east = (NOON - minute).astimezone(timezone(timedelta(hours=2)))
    timers = (Timer("a", "x", odd), Timer("a", "y", NOON + minute))
    await log.append(entry("a", 1, 0, set_timers=timers))
    await log.append(entry("b", 1, 0, set_timers=(Timer("b", "x", east),)))
    assert await log.due_timers(NOON) == [Timer("b", "x", NOON - minute)]
    assert await log.due_timers(odd) == [Timer("b", "x", NOON - minute), timers[0]]
    assert await log.due_timers(odd, limit=1) == [Timer("b", "x", NOON - minute)]
    assert await log.next_due() == NOON - minute
    await log.append(entry("b", 1, 0, cancel_timers=("x", "gone already")))
    assert await log.next_due() == odd
    later = Timer("a", "x", NOON + 2 * minute)
    await log.append(entry("a", 1, 0, cancel_timers=("x",), set_timers=(later,)))
    assert await log.due_timers(NOON + 3 * minute) == [timers[1], later]


# -- the end ---------------------------------------------------------------------------------------
async def test_closing_finishes_what_waits(opened: Opener) -> None:
    """Appends sent before `close` are written; those after are refused; closing twice is fine."""
    log = await opened()
    await log.claim("a")
    waiting = [asyncio.ensure_future(log.append(entry("a", 1, n, b"x"))) for n in range(50)]
    await asyncio.gather(log.close(), log.close())
    assert [done.version for done in await asyncio.gather(*waiting)] == list(range(1, 51))
    await log.close()
    with pytest.raises(LogError, match="closed"):
        await log.append(entry("a", 1, 50, b"x"))
    assert await (await opened()).newest_position() == 50


# -- 6. removal ------------------------------------------------------------------------------------
def naming(*chunks: Chunk) -> bytes:
    """An event that refers to chunks."""
    return b"{" + b",".join(f'"{chunk.id}"'.encode() for chunk in chunks) + b"}"


async def is_stored(log: EventLog, chunk: Chunk) -> bool:
    try:
        return await log.chunk(chunk.id) == chunk.data
    except LogCorrupted:
        return False


async def test_chunks_are_removed_with_the_event_that_says_so(opened: Opener) -> None:
    """Both or neither; others stay; every other process sees it too."""
    log, other = await opened(), await opened()
    gone, stays = Chunk.of(b"gone" * 5000), Chunk.of(b"stays")
    await log.append(entry("a", None, 0, naming(gone, stays), chunks=(gone, stays)))
    removal = entry("a", None, 1, naming(gone), remove_chunks=(gone.id,), checked_position=1)
    with pytest.raises(Fenced):
        await log.append(structs.replace(removal, expected_version=7))
    assert await is_stored(log, gone)
    await log.append(removal)
    for seen_by in (log, other):
        assert not await is_stored(seen_by, gone)
        assert await is_stored(seen_by, stays)
    assert len(await log.read("a")) == 2


async def test_a_chunk_that_came_into_use_is_not_removed(opened: Opener) -> None:
    """An event after the position that was looked at, of any stream, stops the removal whole."""
    log, other = await opened(), await opened()
    shared, alone = Chunk.of(b"shared"), Chunk.of(b"alone")
    await log.append(entry("a", None, 0, naming(shared, alone), chunks=(shared, alone)))
    await other.append(entry("b", None, 0, naming(shared), chunks=(shared,)))
    ids = (alone.id, shared.id)
    with pytest.raises(Fenced, match=f"Chunk {shared.id} is in use"):
        await log.append(entry("a", None, 1, b"x", remove_chunks=ids, checked_position=1))
    assert await is_stored(log, shared)
    assert await is_stored(log, alone)
    assert len(await log.read("a")) == 1
    await log.append(entry("a", None, 1, b"x", remove_chunks=(alone.id,), checked_position=1))
    assert not await is_stored(log, alone)


async def test_removal_and_use_in_one_moment_are_never_both(opened: Opener) -> None:
    """Whichever comes first: what an event refers to is there, also when they share a commit."""
    log, other = await opened(), await opened()
    for number in range(20):
        chunk = Chunk.of(b"the same bytes" * 1000 + bytes([number]))
        stream = f"a{number}"
        await log.append(entry(stream, None, 0, naming(chunk), chunks=(chunk,)))
        position = await log.newest_position()
        removal = entry(stream, None, 1, b"x", remove_chunks=(chunk.id,), checked_position=position)
        use = entry(f"b{number}", None, 0, naming(chunk), chunks=(chunk,))
        user = log if number % 2 else other
        first, second = (removal, use) if number % 3 else (use, removal)
        told = await asyncio.gather(
            *((log if e is removal else user).append(e) for e in (first, second)),
            return_exceptions=True,
        )
        assert all(isinstance(outcome, Appended | Fenced) for outcome in told)
        assert await is_stored(log, chunk)


async def test_removing_what_is_not_there_is_no_error(log: EventLog) -> None:
    """A removal that was repeated by somebody else."""
    never = Chunk.of(b"never stored")
    await log.append(entry("a", None, 0, b"x", remove_chunks=(never.id,)))
    assert not await is_stored(log, never)


async def test_what_was_removed_is_given_back(log: EventLog) -> None:
    """As much as it took, while others write; then there is nothing left to give."""
    chunks = [Chunk.of(random.Random(number).randbytes(1_000_000)) for number in range(8)]
    for number, chunk in enumerate(chunks):
        await log.append(entry("a", None, number, naming(chunk), chunks=(chunk,)))
    ids = tuple(chunk.id for chunk in chunks[:6])
    position = await log.newest_position()
    await log.append(entry("a", None, 8, b"x", remove_chunks=ids, checked_position=position))
    given, *_ = await asyncio.gather(
        log.give_back(), *(log.append(entry(f"b{n}", None, 0, b"x")) for n in range(20))
    )
    assert given > 5_000_000
    assert await log.give_back() == 0
    assert await is_stored(log, chunks[7])
