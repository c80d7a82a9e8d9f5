"""The bench's entry: `scripts/bench [ROW ...] [--quick]`.

Each row runs in a fresh process, so that no row inherits memory, connections or a Ray from another,
and a row that fails costs no other its figures.
"""

import argparse
import asyncio
import importlib
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from scripts.bench_suite.harness import PeerMissing, machine
from scripts.bench_suite.table import Figure, render

ROWS = {
    "run": "a captured, durable, judged run over SSH, beside asyncssh",
    "fabric": "the same, beside Fabric",
    "output": "1 GiB of output captured durably, beside asyncssh reading and dropping it",
    "open": "opening a session, beside starting a Ray actor",
    "activate": "activating a session of 100,000 events, beside PyPI eventsourcing",
    "requests": "durable requests a second, beside workerd",
    "verdicts": "the judge on labelled cases, beside a diff, DeepDiff over jc and words",
    "align": "two outputs of 10,000 lines side by side, beside difflib and git",
    "views": "the views rebuilt, asked and followed, beside DuckDB and eventsourcing",
    "queue": "the dispatcher's queue of 10,000 closures, a page of it",
    "import": "importing a million tickets, beside DuckDB reading the same CSV",
    "web": "the page and the API, beside asyncssh and beside files from uvicorn",
    "idle": "memory of 10,000 open idle sessions, beside workerd",
}
"""Each row is a module `row_NAME` with `async def measure(quick: bool) -> list[Figure]`."""

RESULTS = Path("bench-results.json")


def main() -> int:
    arguments = _parse(sys.argv[1:])
    if arguments.into is not None:
        arguments.into.write_bytes(
            msgspec.json.encode(_measure(arguments.rows[0], arguments.quick))
        )
        return 0
    on = machine()
    print(", ".join(f"{name} {value}" for name, value in on.items()), flush=True)
    if arguments.quick:
        print("Quick: short rounds, to see that everything works. The figures claim nothing.")
    figures: list[Figure] = []
    failed = False
    for row in arguments.rows or list(ROWS):
        print(f"{row}: {ROWS[row]} ...", flush=True)
        measured = _measure_apart(row, arguments.quick)
        failed = failed or measured is None
        reason = "the row failed, see above"
        figures += measured or [Figure(row=row, what=ROWS[row], unit="", missing=reason)]
    print(f"\n{render(figures)}")
    _write(figures, on, arguments.quick)
    return 1 if failed else 0


def _parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measure stillfixed beside its peers.",
        epilog="Rows: " + "; ".join(f"{name}: {about}" for name, about in ROWS.items()) + ".",
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help="all rows if none is named")
    parser.add_argument("--quick", action="store_true", help="short rounds: does it work?")
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args(words)
    unknown = [row for row in arguments.rows if row not in ROWS]
    if unknown:
        parser.error(f"no row {', '.join(unknown)}. Rows are: {', '.join(ROWS)}.")
    return arguments


def _measure(row: str, quick: bool) -> list[Figure]:
    module = importlib.import_module(f"scripts.bench_suite.row_{row}")
    try:
        measured: list[Figure] = asyncio.run(module.measure(quick))
    except PeerMissing as reason:
        return [Figure(row=row, what=ROWS[row], unit="", missing=str(reason))]
    return measured


def _measure_apart(row: str, quick: bool) -> list[Figure] | None:
    """The row's figures, measured in a process of its own; None if that failed."""
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / "figures.json"
        command = [sys.executable, "-m", "scripts.bench_suite", row, "--into", str(into)]
        child = subprocess.Popen([*command, *(["--quick"] if quick else [])])
        try:
            status = child.wait()
        except KeyboardInterrupt:
            child.wait()  # it was interrupted too, and has a login user and servers to remove
            sys.exit(130)
        if status:
            return None
        return msgspec.json.decode(into.read_bytes(), type=list[Figure])


def _write(figures: list[Figure], on: dict[str, str], quick: bool) -> None:
    lines = [
        msgspec.to_builtins(figure) | {"ratio": figure.ratio, "verdict": figure.verdict}
        for figure in figures
    ]
    at = datetime.now(UTC).isoformat(timespec="seconds")
    results = {"at": at, "quick": quick, "machine": on, "figures": lines}
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n")
    print(f"\nWritten to {RESULTS}.")


if __name__ == "__main__":
    sys.exit(main())
