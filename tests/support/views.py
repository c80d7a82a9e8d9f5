"""The views of a log or of some events, made in a folder of the test."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stillfixed.actors.log.contract import EventLog, Recorded
from stillfixed.projections.decoding import Batch
from stillfixed.projections.reading import Views
from stillfixed.projections.store import Store
from stillfixed.projections.worker import Worker

Rows = list[tuple[Any, ...]]


async def made(log: EventLog, folder: Path, **settings: object) -> Views:
    """The views of everything in the log now, published and opened."""
    worker = await Worker.start(log, folder)
    try:
        await worker.catch_up()
        await worker.publish()
    finally:
        await worker.close()
    return Views(folder, **settings)


def folded(path: Path, records: Sequence[Recorded], batch: int) -> Store:
    """A store with these records, in batches of so many, the derived tables made after each."""
    store = Store.open(path)
    for start in range(0, len(records), batch):
        part = records[start : start + batch]
        store.add(Batch(part), part[-1].position)
        store.derive()
    return store


def contents(store: Store) -> dict[str, Rows]:
    """Every table's rows, in one order."""
    names = [
        row[0] for row in store._db.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    ]
    return {name: sorted(store._db.execute(f"FROM {name}").fetchall(), key=repr) for name in names}
