"""A host of sessions on a real log, without Ray: activation, output, hibernation, timers, failures.

Time is virtual, the endpoint is scripted; the log is real.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from stillfixed.actors.errors import LogFull
from stillfixed.actors.log.contract import EventLog
from stillfixed.actors.log.sqlite import SqliteLog
from stillfixed.actors.runtime.alarms import Alarms
from stillfixed.actors.runtime.host import HostSettings, SessionHost
from stillfixed.actors.runtime.messages import MOVED, Envelope
from stillfixed.actors.session import events as e
from stillfixed.actors.session import requests as r
from stillfixed.actors.session.history import run_records
from tests.support.clock import VirtualClock
from tests.support.scripted import Script

CHECK = "systemctl is-active nginx"


class Bench:
    """A log, a script, and hosts that come and go. Sessions are placed one by one."""

    def __init__(self, path: Path, log: EventLog, clock: VirtualClock) -> None:
        self.path = path
        self.log = log
        self.clock = clock
        self.script = Script()
        self.emptied = asyncio.Event()
        self.requests = 0

    async def host(
        self, name: str, *, session: str = "s-1", idle_seconds: float = 1e9
    ) -> SessionHost:
        placed = await self.log.holder(session)
        await self.log.place(session, name, instead_of=placed)
        return SessionHost(
            name,
            log=self.log,
            clock=self.clock,
            open_endpoint=self.script.open,
            settings=HostSettings(idle_seconds=idle_seconds),
            emptied=self.emptied.set,
        )

    async def ask(
        self, host: SessionHost, request: r.PersonRequest, session: str = "s-1"
    ) -> r.SessionAnswer:
        self.requests += 1
        envelope = Envelope(session, session, f"q{self.requests}", request)
        [answer] = await host.serve([envelope])
        return answer

    async def open(self, host: SessionHost, session: str = "s-1") -> None:
        await self.ask(host, r.OpenSession(by="ana", ticket="T-1", client="Acme"), session)
        added = r.AddEndpoint(by="ana", endpoint="web1", kind="x", address="", platform="posix")
        await self.ask(host, added, session)

    async def events(self, session: str = "s-1") -> list[e.SessionEvent]:
        return [e.decode(record.data) for record in await self.log.read(session)]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    path = tmp_path / "log.db"
    bench = Bench(path, await SqliteLog.open(path), VirtualClock())
    yield bench
    await bench.log.close()


async def test_output_is_stored_once_and_comes_back_exactly(bench: Bench) -> None:
    """Bytes that are not text too."""
    host = await bench.host("host-1")
    await bench.open(host)
    bench.script.stdout = b"\x00\xff broken \xc3( no newline"
    for _ in range(2):
        await bench.ask(host, r.StartRun(by="ana", command="cat /bin/x"))
    events = await bench.events()
    pieces = [event for event in events if isinstance(event, e.OutputCaptured)]
    assert len({piece.chunk for piece in pieces}) == 1
    chunks = {piece.chunk: await bench.log.chunk(piece.chunk) for piece in pieces}
    for record in run_records(events, chunks).values():
        assert record.stdout == bench.script.stdout


async def test_a_command_is_not_sent_before_its_start_is_durable(bench: Bench) -> None:
    """A host that lost its session sends nothing."""
    old = await bench.host("host-1")
    await bench.open(old)
    new = await bench.host("host-2")
    await bench.ask(new, r.Annotate(by="ana", kind="note", text="From the new one."))
    answer = await bench.ask(old, r.StartRun(by="ana", command="reboot"))
    assert isinstance(answer, r.Refused)
    assert answer.code == MOVED
    assert not bench.script.sent


async def test_a_host_that_is_not_placed_does_not_take_a_session_back(bench: Bench) -> None:
    """A caller with an old address cannot make two hosts fight for a session."""
    old = await bench.host("host-1")
    await bench.open(old)
    new = await bench.host("host-2")
    await bench.ask(new, r.Annotate(by="ana", kind="note", text="y"))
    for _ in range(3):
        answer = await bench.ask(old, r.Annotate(by="ana", kind="note", text="x"))
        assert isinstance(answer, r.Refused)
    info = await bench.log.stream("s-1")
    assert info is not None
    assert info.epoch == 2


async def test_an_endpoint_that_cannot_be_reached_is_a_fact(bench: Bench) -> None:
    """The run was not sent, and the history says why."""
    host = await bench.host("host-1")
    await bench.open(host)
    bench.script.unreachable = True
    await bench.ask(host, r.StartRun(by="ana", command=CHECK))
    assert isinstance((await bench.events())[-1], e.RunNotSent)
    bench.script.unreachable = False
    await bench.ask(host, r.StartRun(by="ana", command=CHECK))
    assert bench.script.sent == {CHECK: 1}


async def test_a_lost_connection_is_made_again_for_the_next_run(bench: Bench) -> None:
    """Interrupted, lost and connected again are three facts, and the command went once."""
    host = await bench.host("host-1")
    await bench.open(host)
    bench.script.lost = True
    await bench.ask(host, r.StartRun(by="ana", command="reboot"))
    bench.script.lost = False
    await bench.ask(host, r.StartRun(by="ana", command="uptime"))
    kinds = [type(event) for event in await bench.events()]
    assert kinds.count(e.EndpointConnected) == 2
    assert kinds.count(e.EndpointLost) == 1
    assert kinds.count(e.RunInterrupted) == 1
    assert bench.script.sent == {"reboot": 1, "uptime": 1}


async def test_a_run_can_be_cancelled(bench: Bench) -> None:
    """The end is recorded as cancelled, and the waiting caller gets its answer."""
    host = await bench.host("host-1")
    await bench.open(host)
    bench.script.hold = asyncio.Event()
    running = asyncio.create_task(bench.ask(host, r.StartRun(by="ana", command="sleep 1000")))
    await bench.script.left.wait()
    await bench.ask(host, r.CancelRun(by="ana", run="r1"))
    ended = await running
    assert isinstance(ended, r.RunEnded)
    assert (ended.record.run, ended.record.status) == ("r1", "cancelled")
    finished = [event for event in await bench.events() if isinstance(event, e.RunFinished)]
    assert [event.end for event in finished] == ["cancelled"]


async def test_an_idle_session_leaves_memory_and_comes_back(bench: Bench) -> None:
    """Hibernation is invisible: history, state and timers are there when it is asked again."""
    host = await bench.host("host-1", idle_seconds=0.01)
    await bench.open(host)
    later = bench.clock.now() + timedelta(hours=1)
    await bench.ask(host, r.StartMonitor(by="ana", command=CHECK, first_at=later))
    await bench.emptied.wait()
    assert host.sessions == []
    assert len(await bench.log.due_timers(later)) == 1
    answer = await bench.ask(host, r.Annotate(by="ana", kind="note", text="Back."))
    assert isinstance(answer, r.Done)


async def test_a_session_with_a_run_under_way_does_not_hibernate(bench: Bench) -> None:
    """However long the command takes."""
    host = await bench.host("host-1", idle_seconds=0.01)
    await bench.open(host)
    bench.script.hold = asyncio.Event()
    running = asyncio.create_task(bench.ask(host, r.StartRun(by="ana", command="sleep 1000")))
    await bench.script.left.wait()
    await asyncio.sleep(0.05)  # five idle times
    assert host.sessions == ["s-1"]
    bench.script.hold.set()
    assert isinstance(await running, r.RunEnded)


async def test_a_draining_host_gives_runs_their_time(bench: Bench) -> None:
    """What ends within it is recorded as it ended, and its caller has the answer."""
    host = await bench.host("host-1")
    await bench.open(host)
    bench.script.hold = asyncio.Event()
    running = asyncio.create_task(bench.ask(host, r.StartRun(by="ana", command="sleep 1")))
    await bench.script.left.wait()
    draining = asyncio.create_task(host.drain(finish_seconds=60.0))
    await asyncio.sleep(0)
    bench.script.hold.set()
    await draining
    ended = await running
    assert isinstance(ended, r.RunEnded)
    assert ended.record.status == "exited"
    bench.log = await SqliteLog.open(bench.path)


async def test_a_drained_host_leaves_a_snapshot_and_moves_its_sessions(bench: Bench) -> None:
    """Shutting down in order: what runs is ended and recorded, the next host starts from there."""
    host = await bench.host("host-1")
    await bench.open(host)
    bench.script.hold = asyncio.Event()
    running = asyncio.create_task(bench.ask(host, r.StartRun(by="ana", command="sleep 1000")))
    await bench.script.left.wait()
    await host.drain(finish_seconds=0.05)
    await running
    bench.log = await SqliteLog.open(bench.path)  # drain has closed the host's
    claim = await bench.log.claim("s-1")
    assert claim.snapshot_version == claim.version
    finished = [event for event in await bench.events() if isinstance(event, e.RunFinished)]
    assert [event.end for event in finished] == ["cancelled"]


async def test_a_full_disk_is_an_error_and_then_it_goes_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is acknowledged, the session recovers by itself when there is room again."""
    host = await bench.host("host-1")
    await bench.open(host)
    append = bench.log.append

    def full(entry: object) -> asyncio.Future[object]:
        failed: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        failed.set_exception(LogFull("The disk is full. Make room."))
        return failed

    monkeypatch.setattr(bench.log, "append", full)
    answer = await bench.ask(host, r.Annotate(by="ana", kind="note", text="Lost?"))
    assert isinstance(answer, r.Refused)
    assert (answer.code, answer.retryable) == ("log_full", True)
    monkeypatch.setattr(bench.log, "append", append)
    answer = await bench.ask(host, r.Annotate(by="ana", kind="note", text="There is room."))
    assert answer == r.Done(id="n1")


class TestAlarms:
    """Timers ring until the session has used them up."""

    async def test_a_monitor_runs_when_its_time_comes(self, bench: Bench) -> None:
        """The clock moves, the alarm rings, the run lands in the history."""
        host = await bench.host("host-1")
        await bench.open(host)
        every = timedelta(minutes=1)
        start = bench.clock.now() + every
        await bench.ask(
            host,
            r.StartMonitor(
                by="ana", command=CHECK, first_at=start, every_seconds=60, until=start + 5 * every
            ),
        )
        answered: asyncio.Queue[r.SessionAnswer] = asyncio.Queue()

        async def ask(session: str, request_id: str, request: r.FireTimer) -> r.SessionAnswer:
            [answer] = await host.serve([Envelope(session, session, request_id, request)])
            await answered.put(answer)
            return answer

        alarms = asyncio.create_task(Alarms(bench.log, bench.clock, ask).run())
        for _ in range(3):
            while answered.empty():
                bench.clock.advance(0.5)
                await asyncio.sleep(0.001)  # lets the alarm look; the clock itself stands still
            answer = await answered.get()
            assert isinstance(answer, r.RunAnswer)
        alarms.cancel()
        fired = [event for event in await bench.events() if isinstance(event, e.MonitorFired)]
        assert [event.due_at for event in fired] == [start, start + every, start + 2 * every]
        assert bench.script.sent[CHECK] == 3

    async def test_a_timer_rings_again_after_a_failure(self, bench: Bench) -> None:
        """A session that could not be reached is rung again, without a limit on tries."""
        host = await bench.host("host-1")
        await bench.open(host)
        await bench.ask(host, r.StartMonitor(by="ana", command=CHECK, first_at=bench.clock.now()))
        tries: asyncio.Queue[int] = asyncio.Queue()

        async def ask(session: str, request_id: str, request: r.FireTimer) -> r.SessionAnswer:
            await tries.put(1)
            raise LogFull("The disk is full.")

        alarms = asyncio.create_task(Alarms(bench.log, bench.clock, ask).run())
        for _ in range(3):
            while tries.empty():
                bench.clock.advance(0.5)
                await asyncio.sleep(0.001)  # as above
            await tries.get()
        alarms.cancel()
        assert await bench.log.next_due() is not None


async def test_what_is_said_later_of_a_run_does_not_change_its_answer(bench: Bench) -> None:
    """The run's request, asked again of another host after an override: the run as it ended."""
    host = await bench.host("host-1")
    await bench.open(host)
    for command, status in ((CHECK, 3), ("systemctl restart nginx", 0), (CHECK, 0)):
        bench.script.exit_status = status
        envelope = Envelope(
            "s-1", "s-1", command + str(status), r.StartRun(by="ana", command=command)
        )
        [answer] = await host.serve([envelope])
    doubt = r.OverrideVerdict(by="dora", run="r3", verdict="still_failing", reason="Not yet.")
    assert await bench.ask(host, doubt) == r.Done()
    again = await bench.host("host-2")
    assert await again.serve([envelope]) == [answer]
    records = run_records(await bench.events(), {})
    assert records["r3"].override is not None
