"""Bench row: the views. Rebuilding them beside the floor (DuckDB writing the same tables from
Parquet) and beside a projection of PyPI `eventsourcing`; each view on a million closed tickets
beside the same SQL on Parquet; and how far behind the log they are at 1,000 events a second.
"""

import asyncio
import resource
import time
from pathlib import Path
from statistics import quantiles

import duckdb

from scripts.bench_suite import eventsourcing_projection as peer
from scripts.bench_suite.harness import work_folder
from scripts.bench_suite.table import Figure, Target
from stillfixed.actors.log.contract import Append, EventLog
from stillfixed.actors.log.sqlite import SqliteLog
from stillfixed.actors.session import events as e
from stillfixed.projections.facts import FACTS_VERSION
from stillfixed.projections.publishing import copies
from stillfixed.projections.reading import Views
from stillfixed.projections.store import HERE, create_views, view_files
from stillfixed.projections.worker import Worker
from tests.support import made

SESSIONS, TICKETS = 250_000, 750_000
QUERIES = {
    "transcript": "FROM transcript WHERE session = 's-77' ORDER BY position",
    "verification_diff": "SELECT standing, count(*) FROM verification_diff GROUP BY 1",
    "verification_fields": "SELECT field, count(*) FROM verification_fields GROUP BY 1",
    "audit": "FROM audit WHERE session = 's-77' ORDER BY position",
}
"""What people ask of the views that have a row for everything; of the others, all of them."""


async def measure(quick: bool) -> list[Figure]:
    share = 100 if quick else 1
    with work_folder() as folder:
        log = await SqliteLog.open(folder / "log.db")
        events = await made.write(log, SESSIONS // share)
        events += await made.write_tickets(log, TICKETS // share)
        figures = await _rebuild(log, folder, events)
        figures += [_view(folder, path) for path in view_files()]
        figures += await _lag(log, folder, seconds=2 if quick else 20)
        await log.close()
    return figures


# -- rebuilding -----------------------------------------------------------------------------------
async def _rebuild(log: EventLog, folder: Path, events: int) -> list[Figure]:
    marks: list[tuple[int, float]] = []
    started = time.perf_counter()
    worker = await Worker.start(log, folder / "views")
    await worker.catch_up(lambda done, _: marks.append((done, time.perf_counter() - started)))
    worker.store.derive()
    ours = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    await worker.publish()
    await worker.close()
    floor = _floor(folder)
    theirs = peer.events_per_second(folder, 20_000 if events > 1_000_000 else 2_000)
    what = f"rebuilding facts and views from {events:,} events"
    return [
        Figure(row="views", what=what, unit="s", ours=ours, peer=floor,
               peer_name="the same tables from Parquet", targets=(Target("ratio", "at most", 8),)),
        Figure(row="views", what="... events a second", unit="/s", ours=events / ours, peer=theirs,
               peer_name="eventsourcing projection, SQLite",
               targets=(Target("ours", "at least", 150_000), Target("ratio", "at least", 20))),
        Figure(row="views", what="... memory of the process, at most", unit="MiB",
               ours=memory / 2**20, targets=(Target("ours", "at most", 1536),)),
        Figure(row="views", what="... the last tenth beside the first tenth, time an event",
               unit="us", **_ends(marks), targets=(Target("ratio", "at most", 1.5),),
               peer_name="the first tenth"),
    ]  # fmt: skip


def _ends(marks: list[tuple[int, float]]) -> dict[str, float]:
    """Microseconds an event, at the end (ours) and at the start (peer): linear if alike."""
    total = marks[-1][0]
    early = next((done, at) for done, at in marks if done >= total / 10)
    late = next((done, at) for done, at in marks if done >= total * 9 / 10)
    last = marks[-1][1] - late[1]
    return {
        "ours": 1e6 * last / max(1, total - late[0]),
        "peer": 1e6 * early[1] / early[0],
    }


def _floor(folder: Path) -> float:
    """Seconds in which DuckDB reads the same tables from Parquet and writes them."""
    parquet = folder / "parquet"
    parquet.mkdir()
    with duckdb.connect(folder / "views" / f"facts-{FACTS_VERSION}.duckdb") as source:
        names = [
            name for (name,) in source.sql("SELECT table_name FROM duckdb_tables()").fetchall()
        ]
        for name in names:
            source.execute(f"COPY {name} TO '{parquet / name}.parquet' (FORMAT parquet)")
    started = time.perf_counter()
    with duckdb.connect(folder / "floor.duckdb") as target:
        for name in names:
            target.execute(f"CREATE TABLE {name} AS FROM '{parquet / name}.parquet'")
        target.execute("CHECKPOINT")
    return time.perf_counter() - started


# -- asking ---------------------------------------------------------------------------------------
def _view(folder: Path, path: Path) -> Figure:
    """The view on the published copy beside the same SQL on Parquet files, the quicker of three."""
    query = QUERIES.get(path.stem, f"FROM {path.stem}")
    with Views(folder / "views") as views:
        [(closed,)] = views.sql("SELECT count(*) FROM closed_tickets").fetchall()
        ours = min(_seconds(views, query) for _ in range(3))
    with duckdb.connect() as db:
        for file in (folder / "parquet").iterdir():
            db.execute(f"CREATE VIEW {file.stem} AS FROM '{file}'")
        db.execute((HERE / "macros.sql").read_text())
        create_views(db)
        theirs = min(_seconds(db, query) for _ in range(3))
    limit = 50 if path.stem == "review_queue" else 300
    return Figure(
        row="views", what=f"{path.stem}, {closed:,} closures", unit="ms", ours=1e3 * ours,
        peer=1e3 * theirs, peer_name="the same SQL on Parquet",
        targets=(Target("ours", "at most", limit),),
    )  # fmt: skip


def _seconds(db: "Views | duckdb.DuckDBPyConnection", query: str) -> float:
    started = time.perf_counter()
    db.sql(query).to_arrow_table()
    return time.perf_counter() - started


# -- following ------------------------------------------------------------------------------------
async def _lag(log: EventLog, folder: Path, seconds: float) -> list[Figure]:
    """A worker of its own process would share these two cores as well: it runs here."""
    fresh = folder / "live"
    small = await SqliteLog.open(folder / "live.db")
    worker = await Worker.start(small, fresh)
    tables: dict[int, float] = {}
    running = asyncio.create_task(worker.run())
    committed: dict[int, float] = {}
    watching = asyncio.create_task(_watch(worker, fresh, tables, published := {}))
    await _append_steadily(small, seconds, committed)
    await asyncio.sleep(3)
    for task in (running, watching):
        task.cancel()
    await asyncio.gather(running, watching, return_exceptions=True)
    await worker.close()
    await small.close()
    sides = (("the worker's tables", tables, 100), ("a published copy", published, 1500))
    return [
        Figure(
            row="views",
            what=f"behind the log at 1,000 events a second, 99th percentile: {what}",
            unit="ms",
            ours=1e3 * _late(committed, seen),
            targets=(Target("ours", "at most", limit),),
        )
        for what, seen, limit in sides
    ]


async def _append_steadily(log: EventLog, seconds: float, committed: dict[int, float]) -> None:
    """Ten events every 10 ms, in one session."""
    claim = await log.claim("s-live")
    version = claim.version
    note = e.Annotated(at=made.START, by="ana", annotation="a1", kind="note", text="Still here.")
    events = (e.encode(note),) * 10
    begun = time.perf_counter()
    for beat in range(int(seconds * 100)):
        entry = Append(stream="s-live", epoch=claim.epoch, expected_version=version, events=events)
        appended = await log.append(entry)
        version = appended.version
        committed[appended.position] = time.perf_counter()
        await asyncio.sleep(max(0.0, begun + (beat + 1) / 100 - time.perf_counter()))


async def _watch(
    worker: Worker, folder: Path, tables: dict[int, float], published: dict[int, float]
) -> None:
    while True:
        now = time.perf_counter()
        tables.setdefault(worker.store.position, now)
        if found := copies(folder):
            published.setdefault(found[-1].position, now)
        await asyncio.sleep(0.005)


def _late(committed: dict[int, float], seen: dict[int, float]) -> float:
    """The 99th percentile of the seconds from a commit until a position at or above it is seen."""
    moments = sorted(seen.items())
    late = []
    for position, at in committed.items():
        later = [moment for reached, moment in moments if reached >= position]
        late.append(min(later) - at)
    return quantiles(late, n=100)[98]
