"""Retention on a real log: what goes, what stays, and what the histories say afterwards."""

import random
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from stillfixed import Settings, connect_async
from stillfixed.actors import retention
from stillfixed.actors.errors import LogCorrupted, LogError, RequestRefused
from stillfixed.actors.log.contract import Append, Chunk
from stillfixed.actors.log.sqlite import SqliteLog
from stillfixed.actors.retention import Removal, Rule, retain
from stillfixed.actors.runtime.journal import Journal
from stillfixed.actors.session import events as e
from stillfixed.connectors.web.operating import retaining
from stillfixed.connectors.web.settings import RetentionRule, SettingsTable
from stillfixed.projections.decoding import Batch
from tests.support.views import contents, folded

NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
DAYS_90 = Rule(name="all-90", days=90)
SECRET = b"a line that only this client's machine has said"


class Desk:
    """A log and ways to put sessions in it as they would be after a day's work."""

    def __init__(self, settings: Settings, log: SqliteLog) -> None:
        self.settings = settings
        self.log = log

    async def session(
        self,
        session: str,
        *outputs: bytes,
        client: str = "Acme",
        days_ago: int = 100,
        closed: bool = True,
        more: Sequence[e.SessionEvent] = (),
    ) -> None:
        """One run an output, and a note; closed so many days ago."""
        at, by = NOW - timedelta(days=days_ago), "ana"
        opened = e.SessionOpened(at=at, by=by, ticket="T-1", client=client)
        endpoint = e.EndpointAdded(
            at=at, by=by, endpoint="web1", kind="x", address="", platform="posix"
        )
        journal = await Journal.claim(self.log, session)
        await journal.commit((opened, endpoint))
        for number, output in enumerate(outputs, 1):
            run, chunk = f"r{number}", Chunk.of(output)
            await journal.commit(
                (
                    e.RunStarted(
                        at=at, by=by, run=run, endpoint="web1", command="uptime", effect="reads"
                    ),
                    e.OutputCaptured(
                        at=at, by=by, run=run, output="stdout", chunk=chunk.id,
                        size_bytes=len(output),
                    ),
                    e.RunFinished(
                        at=at, by=by, run=run, end="exited", exit_status=0,
                        stdout_bytes=len(output),
                    ),
                ),
                chunks=(chunk,),
            )  # fmt: skip
        granted = e.ClosureGranted(at=at, by=by, policy="built-in", mode="enforce")
        await journal.commit((*more, granted) if closed else tuple(more), snapshot=True)

    async def retain(self, *rules: Rule, dry_run: bool = False) -> dict[str, Removal]:
        found = retain(self.log, rules or (DAYS_90,), now=NOW, by="olga", dry_run=dry_run)
        return {removal.session: removal async for removal in found}

    async def has(self, output: bytes) -> bool:
        try:
            return await self.log.chunk(Chunk.of(output).id) == output
        except LogCorrupted:
            return False

    async def events(self, session: str) -> list[e.SessionEvent]:
        return [e.decode(record.data) for record in await self.log.read(session)]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    settings = Settings(data=tmp_path, read_only=True)
    log = await SqliteLog.open(settings.log_file)
    yield Desk(settings, log)
    await log.close()


async def test_outputs_that_are_due_go_and_the_history_proves_it(desk: Desk) -> None:
    """Who, when, under which rule, how much, and the content's name of each piece."""
    await desk.session("s-1", b"one", b"two two")
    await desk.retain()
    assert not await desk.has(b"one")
    [event] = [one for one in await desk.events("s-1") if isinstance(one, e.OutputsRemoved)]
    assert (event.by, event.at, event.rule, event.days) == ("olga", NOW, "all-90", 90)
    assert (event.runs, event.size_bytes, event.shared) == (2, 10, 0)
    assert set(event.chunks) == {Chunk.of(b"one").id, Chunk.of(b"two two").id}


async def test_a_history_without_its_outputs_is_readable(desk: Desk) -> None:
    """Each run says under which rule its output went; nothing is judged again on nothing."""
    await desk.session("s-1", b"one")
    await desk.retain()
    async with await connect_async(desk.settings) as client:
        session = await client.session("s-1", by="olga")
        [run] = (await session.transcript()).runs.values()
        assert (run.status, run.stdout, run.stdout_bytes, run.cut) == ("exited", b"", 3, True)
        assert run.removed is not None
        assert (run.removed.rule, run.removed.by) == ("all-90", "olga")
        with pytest.raises(RequestRefused, match="removed on 2027-03-01 under the rule all-90"):
            await session.rejudge()
        info = await client.session_info("s-1")
        assert (info.heading.status, info.heading.outputs_removed_at) == ("closed", NOW)


async def test_what_is_not_due_stays(desk: Desk) -> None:
    """Open sessions, those closed lately, those of clients that no rule names."""
    await desk.session("s-open", b"open", closed=False)
    await desk.session("s-young", b"young", days_ago=89)
    await desk.session("s-other", b"other", client="Other")
    assert await desk.retain(Rule(name="acme", days=90, clients=("Acme",))) == {}
    for output in (b"open", b"young", b"other"):
        assert await desk.has(output)


async def test_the_first_rule_that_names_a_client_holds(desk: Desk) -> None:
    """A later one for all does not shorten it."""
    await desk.session("s-1", b"acme", days_ago=100)
    await desk.session("s-2", b"other", client="Other", days_ago=100)
    long = Rule(name="acme-a-year", days=365, clients=("Acme",))
    removed = await desk.retain(long, DAYS_90)
    assert [(r.session, r.rule.name) for r in removed.values()] == [("s-2", "all-90")]
    assert await desk.has(b"acme")


async def test_bytes_that_another_history_shows_stay_for_it(desk: Desk) -> None:
    """Until that one's turn comes; then they go."""
    await desk.session("s-1", b"shared", b"alone")
    await desk.session("s-2", b"shared", days_ago=10)
    removed = await desk.retain()
    assert (removed["s-1"].shared, removed["s-1"].size_bytes) == (1, 5)
    assert await desk.has(b"shared")
    assert not await desk.has(b"alone")
    removed = await desk.retain(Rule(name="all-5", days=5))
    assert list(removed) == ["s-2"]
    assert removed["s-2"].shared == 0
    assert not await desk.has(b"shared")


async def test_a_dry_run_tells_the_same_and_removes_nothing(desk: Desk) -> None:
    """Of bytes shared among those that would go, too."""
    await desk.session("s-1", b"shared", b"alone")
    await desk.session("s-2", b"shared", b"more")
    position = await desk.log.newest_position()
    told = await desk.retain(dry_run=True)
    assert await desk.log.newest_position() == position
    assert await desk.has(b"shared")
    assert await desk.retain() == told
    assert await desk.retain() == {}


async def test_a_session_whose_monitor_goes_on_keeps_its_outputs(desk: Desk) -> None:
    """Its later runs are compared with them; the reason is told."""
    monitor = e.MonitorStarted(
        at=NOW, by="ana", monitor="m1", endpoint="web1", command="uptime", check="uptime",
        first_at=NOW,
    )  # fmt: skip
    await desk.session("s-1", b"one", more=[monitor])
    removed = await desk.retain()
    assert removed["s-1"].skipped == "A monitor of it goes on."
    assert await desk.has(b"one")


async def test_bytes_that_come_into_use_during_the_removal_stay(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run of another session captures the same bytes after everything was looked through."""
    await desk.session("s-1", b"shared", b"alone")
    append = desk.log.append
    raced = False

    def racing(entry: Append) -> object:
        nonlocal raced
        if entry.remove_chunks and not raced:
            raced = True
            return interleaved(entry)
        return append(entry)

    async def interleaved(entry: Append) -> object:
        monkeypatch.undo()
        await desk.session("s-2", b"shared", closed=False)
        return await append(entry)

    monkeypatch.setattr(desk.log, "append", racing)
    removed = await desk.retain()
    assert raced
    assert (removed["s-1"].shared, removed["s-1"].size_bytes) == (1, 5)
    assert await desk.has(b"shared")
    assert not await desk.has(b"alone")


async def test_the_disk_has_its_space_back_and_none_of_the_bytes(desk: Desk) -> None:
    """The file shrinks beside those who use it, and what went is not in it any more."""
    noise = random.Random(7).randbytes
    large = [SECRET + noise(900_000) for _ in range(5)]
    await desk.session("s-1", SECRET, *large)
    await desk.session("s-2", noise(100_000), days_ago=1)
    file = desk.settings.log_file

    async def settled() -> bytes:
        """The file as it is when everything written is in it."""
        await desk.log.close()
        data = file.read_bytes()
        desk.log = await SqliteLog.open(file)
        return data

    before = await settled()
    assert SECRET in before
    await desk.retain()
    after = await settled()
    assert len(after) < len(before) - 4_000_000
    assert SECRET not in after
    assert len(await desk.events("s-1")) == 3 + 3 * 6 + 1


async def test_views_are_the_same_when_they_are_made_anew_after_it(
    desk: Desk, tmp_path: Path
) -> None:
    """Outputs are in no view: those that followed and those made from the start agree."""
    await desk.session("s-1", b"one", b"two")
    before = await desk.log.read_feed(0)
    going = folded(tmp_path / "going.duckdb", before, 5)
    await desk.retain()
    whole = await desk.log.read_feed(0)
    [new] = whole[len(before) :]
    going.add(Batch([new]), new.position)
    going.derive()
    anew = folded(tmp_path / "anew.duckdb", whole, 5)
    kept, made = contents(going), contents(anew)
    assert kept == made


async def test_a_host_removes_by_itself_and_tries_again_after_a_fault(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By nobody's hand; an error of the log ends one look, not the looking."""
    await desk.session("s-1", b"one")
    looks = 0
    look = retaining.look

    async def failing_once(*args: object) -> None:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise LogError("The log is busy.")
        await look(desk.log, table)
        raise StopLooking

    class StopLooking(Exception):
        pass

    monkeypatch.setattr(retaining, "look", failing_once)
    monkeypatch.setattr(retaining, "BEGINS_AFTER_SECONDS", 0.0)
    rule = RetentionRule(name="all", days=0)
    table = SettingsTable(retention=(rule,), retain_every_hours=1e-7)
    with pytest.raises(StopLooking):
        await retaining.keep_retention(desk.log, table)
    [event] = [one for one in await desk.events("s-1") if isinstance(one, e.OutputsRemoved)]
    assert event.by == "stillfixed"


async def test_many_sessions_are_removed_in_rounds(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are, what is held in memory is bounded, and sharing is still seen."""
    monkeypatch.setattr(retention, "CHUNKS_A_ROUND", 3)
    for number in range(6):
        await desk.session(f"s-{number}", b"shared by all", f"own {number}".encode())
    removed = await desk.retain()
    assert len(removed) == 6
    assert sum(removal.size_bytes for removal in removed.values()) == 13 + 6 * 5
    assert not await desk.has(b"shared by all")
    assert msgspec.json.encode(list(removed.values()))
