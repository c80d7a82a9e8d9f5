"""The views of a real log: true figures, exactly once, and honest about what they cannot read."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

import stillfixed
from stillfixed.actors.errors import (
    QueryError,
    ViewsError,
    ViewsFenced,
    ViewsMissing,
    ViewsStopped,
    ViewsTooNew,
)
from stillfixed.actors.log import append_to
from stillfixed.actors.log.contract import EventLog
from stillfixed.actors.log.sqlite import SqliteLog
from stillfixed.actors.service import Settings
from stillfixed.actors.session import events as e
from stillfixed.projections.facts import FACTS_VERSION, EventSetAside
from stillfixed.projections.publishing import copies
from stillfixed.projections.reading import Views
from stillfixed.projections.worker import Worker, set_aside
from tests.support import made
from tests.support.views import made as made_views

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[EventLog]:
    log = await SqliteLog.open(tmp_path / "log.db")
    yield log
    await log.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "views"


async def put(log: EventLog, stream: str, *events: bytes) -> int:
    """The position of the last one."""
    return (await append_to(log, stream, *events)).position


async def until_published(folder: Path) -> None:
    while not copies(folder):  # noqa: ASYNC110 a new file sets no event
        await asyncio.sleep(0.01)


# -- figures -------------------------------------------------------------------------------------
async def test_callback_rates_are_those_of_the_history(log: EventLog, folder: Path) -> None:
    """Closures and callbacks by week and team are what was put in, and so is every other figure."""
    await made.write(log, 400, seed=3)
    closed: Counter[tuple[str, str]] = Counter()
    back: Counter[tuple[str, str]] = Counter()
    for _, events in made.sessions(400, seed=3):
        opened = events[0]
        assert isinstance(opened, e.SessionOpened)
        [at] = [x.at for x in events if isinstance(x, e.ClosureGranted)]
        week = (at - timedelta(days=at.weekday())).date().isoformat()
        closed[week, opened.team] += 1
        for event in events:
            if isinstance(event, e.CallbackRecorded) and event.at <= at + timedelta(days=7):
                back[week, opened.team] += 1
    with await made_views(log, folder) as views:
        found = views.sql(
            "SELECT week::VARCHAR, name, closed, callbacks FROM callback_rate"
            " WHERE grouping = 'team' AND window_days = 7"
        ).fetchall()
    assert {(week, team): n for week, team, n, _ in found} == dict(closed)
    assert {(week, team): n for week, team, _, n in found if n} == dict(back)


async def test_a_week_is_mature_when_its_window_has_passed(log: EventLog, folder: Path) -> None:
    """A later week may still rise, and says so."""
    await made.write(log, 350, callback_rate=0)
    with await made_views(log, folder, window_days=[7]) as views:
        found = views.sql(
            "SELECT week, mature FROM callback_rate WHERE grouping = 'all' ORDER BY week"
        ).fetchall()
        [(until,)] = views.sql("SELECT data_until FROM checkpoint").fetchall()
    assert len(found) == 1
    week, mature = found[0]
    assert until.date() < week + timedelta(days=14)
    assert not mature


async def test_the_arithmetic_of_the_ritual(log: EventLog, folder: Path) -> None:
    """400 tickets a week, 18 % callbacks, 45 minutes each: 72 callbacks, 54 hours."""
    monday = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    for number in range(400):
        at = monday + timedelta(minutes=number)
        events: list[e.SessionEvent] = [
            e.SessionOpened(at=at, by="ana", ticket=f"T-{number}", client="Acme", team="field"),
            e.ClosureGranted(at=at, by="ana", policy="p", mode="observe"),
        ]
        if number < 72:
            back = at + timedelta(days=2)
            events.append(
                e.CallbackRecorded(at=back, by="dora", kind="reopened", ticket=f"T-{number}")
            )
        await put(log, f"s-{number}", *map(e.encode, events))
    with await made_views(log, folder, window_days=[14]) as views:
        found = views.sql("SELECT closed, callbacks, hours FROM rework_cost").fetchall()
    assert found == [(400, 72, 54.0)]


async def test_the_review_queue_shows_who_waits_longest(log: EventLog, folder: Path) -> None:
    """Oldest first, with the evidence in a line; what was granted or sent back is not there."""
    for name, hours in (("s-late", 1), ("s-early", 3), ("s-granted", 2), ("s-back", 4)):
        at = AT - timedelta(hours=hours)
        events: list[e.SessionEvent] = [
            e.SessionOpened(at=at, by="ana", ticket=name, client="Acme"),
            e.Annotated(at=at, by="ana", annotation="a1", kind="cannot_verify", text="Needs a PC"),
            e.ClosureRequested(at=at, by="ana"),
        ]
        if name == "s-granted":
            events.append(e.ClosureGranted(at=at, by="dora", policy="p", mode="enforce"))
        if name == "s-back":
            events.append(e.ClosureSentBack(at=at, by="dora", reason="Which PC?"))
        await put(log, name, *map(e.encode, events))
    with await made_views(log, folder) as views:
        found = views.sql("SELECT session, evidence FROM review_queue").fetchall()
    assert found == [
        ("s-early", "no check was run; 1 cannot_verify"),
        ("s-late", "no check was run; 1 cannot_verify"),
    ]


# -- following -----------------------------------------------------------------------------------
async def test_a_worker_that_runs_publishes_what_is_committed(log: EventLog, folder: Path) -> None:
    """Who has written waits for the position and sees it."""
    await made.write(log, 3)
    worker = await Worker.start(log, folder)
    running = asyncio.create_task(worker.run(publish_every_seconds=0))
    await until_published(folder)
    with Views(folder) as views:
        opened = e.SessionOpened(at=AT, by="ana", ticket="T-new", client="Acme")
        position = await put(log, "s-new", e.encode(opened))
        await asyncio.to_thread(views.wait_for, position)
        found = views.sql("SELECT session FROM session_states WHERE ticket = 'T-new'").fetchall()
    assert found == [("s-new",)]
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await worker.close()


async def test_a_program_without_a_host_makes_its_views_itself(tmp_path: Path) -> None:
    """In one call, also from inside an event loop, as in a notebook."""
    settings = Settings(data=tmp_path)
    log = await SqliteLog.open(settings.log_file)
    await made.write(log, 3)
    await log.close()
    with stillfixed.views(settings, refresh=True, window_days=[7]) as views:
        assert views.sql("SELECT count(*) FROM session_states").fetchall() == [(3,)]
        assert views.sql("SELECT DISTINCT window_days FROM callback_rate").fetchall() == [(7,)]


async def test_a_reader_keeps_its_copy(log: EventLog, folder: Path) -> None:
    """A notebook that is open for days neither waits nor blocks, though its file is gone."""
    await made.write(log, 2)
    views = await made_views(log, folder)
    before = views.sql("SELECT count(*) FROM sessions").fetchall()
    for number in range(4):
        opened = e.SessionOpened(at=AT, by="ana", ticket="T", client="Acme")
        await put(log, f"s-more-{number}", e.encode(opened))
        (await made_views(log, folder)).close()
    assert not views.path.exists()
    assert len(copies(folder)) == 2
    assert views.sql("SELECT count(*) FROM sessions").fetchall() == before
    assert views.refresh().sql("SELECT count(*) FROM sessions").fetchall() == [(6,)]
    views.close()


async def test_two_workers_do_not_work_at_once(log: EventLog, folder: Path) -> None:
    """The second is refused; the first goes on."""
    await made.write(log, 2)
    worker = await Worker.start(log, folder)
    with pytest.raises(ViewsFenced, match="Another process makes the views"):
        await Worker.start(log, folder)
    await worker.catch_up()
    await worker.publish()
    await worker.close()


async def test_a_worker_that_was_overtaken_publishes_nothing(
    log: EventLog, folder: Path, tmp_path: Path
) -> None:
    """On another machine a newer one has claimed the views: this one stops."""
    await made.write(log, 2)
    old = await Worker.start(log, folder)
    await old.catch_up()
    new = await Worker.start(log, tmp_path / "elsewhere")
    with pytest.raises(ViewsFenced, match="A newer worker"):
        await old.publish()
    assert not copies(folder)
    await old.close()
    await new.close()


# -- what cannot be read --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("event", "says"),
    [
        pytest.param(b'{"type":"hologram_shown","at":"2027-01-01T00:00:00Z","by":"x"}',
                     "is of type hologram_shown, which this release does not know", id="newer"),
        pytest.param(b'{"type":"annotated","at":"yesterday"}', "cannot be read", id="malformed"),
        pytest.param(b"\xff\x00", "cannot be read", id="no JSON"),
    ],
)  # fmt: skip
async def test_an_event_that_is_not_understood_stops_the_views(
    log: EventLog, folder: Path, event: bytes, says: str
) -> None:
    """With its position; what is before it is there, and nothing after, until somebody sets it
    aside, which is recorded."""
    await made.write(log, 2)
    position = await put(log, "s-odd", event)
    await made.write(log, 3, first=2)
    worker = await Worker.start(log, folder)
    with pytest.raises(ViewsStopped, match=says) as stopped:
        await worker.catch_up()
    assert stopped.value.position == position == worker.store.position + 1
    with pytest.raises(ViewsStopped):
        await worker.catch_up()
    await worker.close()

    await set_aside(log, EventSetAside(at=AT, by="olga", position=position, reason="A test."))
    with await made_views(log, folder) as views:
        found = views.sql("SELECT event, person, reason FROM set_aside").fetchall()
        assert found == [(position, "olga", "A test.")]
        assert views.position == await log.newest_position()


async def test_a_file_of_another_release_is_refused(log: EventLog, folder: Path) -> None:
    """It stays as it is, and the message says what to do."""
    await made.write(log, 1)
    (await made_views(log, folder)).close()
    path = folder / f"facts-{FACTS_VERSION}.duckdb"
    with duckdb.connect(path) as db:
        db.execute("UPDATE checkpoint SET version = 99")
    with pytest.raises(ViewsTooNew, match="facts 99, here"):
        await Worker.start(log, folder)
    path.write_bytes(b"This is a letter, and long enough to be one." * 100)
    with pytest.raises(ViewsError, match="cannot be opened"):
        await Worker.start(log, folder)
    path.unlink()
    with duckdb.connect(path) as db:
        db.execute("CREATE TABLE mine (i INTEGER)")
    with pytest.raises(ViewsError, match="not one of the views"):
        await Worker.start(log, folder)


async def test_what_a_killed_worker_left_half_written_is_no_copy(
    log: EventLog, folder: Path
) -> None:
    """Readers do not see it, and the next publication clears it away."""
    await made.write(log, 1)
    (folder / "published").mkdir(parents=True)
    torn = folder / "published" / ".draft-00ff"
    torn.write_bytes(b"half")
    with pytest.raises(ViewsMissing, match="No views are published"):
        Views(folder)
    (await made_views(log, folder)).close()
    assert not torn.exists()


# -- queries --------------------------------------------------------------------------------------
async def test_queries_that_go_wrong_say_why(log: EventLog, folder: Path) -> None:
    """Writing, a wrong word, and too long a time."""
    await made.write(log, 1)
    with await made_views(log, folder) as views:
        with pytest.raises(QueryError, match="read-only"):
            views.query("DELETE FROM sessions")
        with pytest.raises(QueryError, match="nonsense"):
            views.query("SELECT * FROM nonsense")
        with pytest.raises(QueryError, match="was stopped"):
            views.query(
                "SELECT count(*) FROM range(100000000) a, range(100000) b", limit_seconds=0.1
            )
        assert views.query("SELECT count(*) AS n FROM sessions").to_pylist() == [{"n": 1}]
        with pytest.raises(ViewsMissing, match="not 999999"):
            views.wait_for(999_999, limit_seconds=0.05)


async def test_rows_come_as_arrow_pandas_and_polars(log: EventLog, folder: Path) -> None:
    """The same figures in each."""
    await made.write(log, 20)
    with await made_views(log, folder) as views:
        query = (
            "SELECT name AS proof, sum(closed)::BIGINT AS n FROM callback_rate"
            " WHERE grouping = 'proof' AND window_days = 7 GROUP BY 1"
        )
        arrow = {row["proof"]: row["n"] for row in views.query(query).to_pylist()}
        pandas = views.sql(query).df().set_index("proof")["n"].to_dict()
        polars = dict(views.sql(query).pl().iter_rows())
    assert arrow == pandas == polars
    assert sum(arrow.values()) == 20
