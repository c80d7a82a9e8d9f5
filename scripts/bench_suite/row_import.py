"""Bench row: importing a million tickets, and importing them again, beside DuckDB reading the same
CSV into a table of typed columns (which keeps no history and tells nothing apart)."""

import resource
import time
from pathlib import Path

import duckdb

from scripts.bench_suite.harness import work_folder
from scripts.bench_suite.table import Figure, Target
from stillfixed.actors.log.sqlite import SqliteLog
from stillfixed.actors.tickets.mappings import load_mapping
from stillfixed.connectors.tickets.importing import import_tickets

ROWS = 1_000_000
EXPORT = """
SELECT 'INC' || lpad(i::VARCHAR, 7, '0') AS number,
       'Printer on floor ' || i % 40 || ' does not print' AS short_description,
       'Client ' || hash(i) % 400 AS company, 'Team ' || hash(i + 1) % 20 AS assignment_group,
       'Tech ' || hash(i + 2) % 200 AS assigned_to, 'Category ' || hash(i + 3) % 50 AS category,
       'User ' || hash(i + 4) % 9000 AS caller_id, 'PC-' || hash(i + 4) % 9000 AS cmdb_ci,
       'Closed' AS state, opened AS opened_at, 'Desk ' || i % 9 AS opened_by,
       opened + INTERVAL (i % 90 + 1) HOUR AS resolved_at, assigned_to AS resolved_by,
       opened + INTERVAL (i % 90 + 121) HOUR AS closed_at, 'system' AS closed_by,
       (i % 9 = 0)::INT AS reopen_count, closed_at AS sys_updated_on, 'Phone' AS contact_type
FROM (SELECT i, TIMESTAMP '2024-01-01' + INTERVAL (i * 40) SECOND AS opened FROM range({rows}) t(i))
"""


async def measure(quick: bool) -> list[Figure]:
    rows = ROWS // 100 if quick else ROWS
    with work_folder() as folder:
        file = folder / "export.csv"
        duckdb.sql(f"COPY ({EXPORT.format(rows=rows)}) TO '{file}'")
        log = await SqliteLog.open(folder / "log.db")
        times = []
        for _ in range(2):
            started = time.perf_counter()
            await import_tickets(log, file, load_mapping("servicenow"), timezone="Europe/London")
            times.append(time.perf_counter() - started)
        await log.close()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        floor = _floor(folder, file)
    beside = "DuckDB, the CSV into a table"
    return [
        Figure(row="import", what=f"importing {rows:,} tickets", unit="s", ours=times[0],
               peer=floor, peer_name=beside, targets=(Target("ours", "at most", 75),)),
        Figure(row="import", what="... importing them again", unit="s", ours=times[1],
               peer=floor, peer_name=beside, targets=(Target("ours", "at most", 75),)),
        Figure(row="import", what="... memory of the process, at most", unit="MiB",
               ours=memory / 2**20, targets=(Target("ours", "at most", 512),)),
    ]  # fmt: skip


def _floor(folder: Path, file: Path) -> float:
    started = time.perf_counter()
    with duckdb.connect(folder / "floor.duckdb") as target:
        target.execute(f"CREATE TABLE tickets AS FROM '{file}'")
        target.execute("CHECKPOINT")
    return time.perf_counter() - started
