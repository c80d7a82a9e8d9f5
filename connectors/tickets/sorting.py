"""A log of updates, put into order by ticket and time.

Guarantee: memory is bounded, whatever the log's length: DuckDB sorts, and spills to a temporary
folder that is gone afterwards. Updates of one moment keep their sequence, then their lines.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from tempfile import TemporaryDirectory
from types import TracebackType

import duckdb
import msgspec
import pyarrow as pa

from stillfixed.actors.tickets.facts import Facts

MEMORY_LIMIT = "256MB"
_BATCH_ROWS = 20_000
_SCHEMA = pa.schema(
    {
        "ticket": pa.string(),
        "moment": pa.int64(),
        "sequence": pa.int64(),
        "line": pa.int64(),
        "facts": pa.binary(),
    }
)
_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(Facts)


class UpdateSorter:
    """Use it in a `with` block."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="stillfixed-import-")
        self._duck = duckdb.connect(
            config={"memory_limit": MEMORY_LIMIT, "temp_directory": self._folder.name, "threads": 2}
        )
        self._duck.execute(
            "CREATE TABLE updates"
            " (ticket VARCHAR, moment BIGINT, sequence BIGINT, line BIGINT, facts BLOB)"
        )

    def __enter__(self) -> "UpdateSorter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._duck.close()
        self._folder.cleanup()

    def add(self, updates: Sequence[Facts]) -> None:
        rows = [
            (f.ticket, int(f.updated.timestamp() * 1_000_000), f.sequence or 0, f.line, _encode(f))
            for f in updates
            if f.updated is not None
        ]
        columns = list(zip(*rows, strict=True))
        if rows:
            batch = pa.table(dict(zip(_SCHEMA.names, columns, strict=True)), schema=_SCHEMA)
            self._duck.from_arrow(batch).insert_into("updates")

    def ticket_count(self) -> int:
        found = self._duck.execute("SELECT count(DISTINCT ticket) FROM updates").fetchone()
        return int(found[0]) if found else 0

    def tickets(self) -> Iterator[list[Facts]]:
        """The updates of each ticket."""
        found = self._duck.execute(
            "SELECT facts FROM updates ORDER BY ticket, moment, sequence, line"
        )
        batches = iter(lambda: found.fetchmany(_BATCH_ROWS), [])
        updates = (_decoder.decode(data) for batch in batches for (data,) in batch)
        for _, group in groupby(updates, lambda facts: facts.ticket):
            yield list(group)
