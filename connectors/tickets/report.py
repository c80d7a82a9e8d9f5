"""What an import did, and the rows that it could not read."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from stillfixed.actors.errors import TicketImportError


@dataclass
class Report:
    """`events` counts what was written, by type (`ticket_resolved`); `open_statuses` the rows of
    each status that was taken for open; `undated_ends` those that are resolved or closed while no
    time says since when; `doubtful_times` times that a change of clock repeats or leaves out."""

    file: Path
    rows: int = 0
    new_tickets: int = 0
    changed_tickets: int = 0
    unchanged_tickets: int = 0
    events: Counter[str] = field(default_factory=Counter)
    rejected: int = 0
    rejects: Path | None = None
    unknown_columns: list[str] = field(default_factory=list)
    open_statuses: dict[str, int] = field(default_factory=dict)
    undated_ends: int = 0
    doubtful_times: int = 0


class Rejects:
    """A CSV of rows that were not imported, with their lines and reasons before their own columns:
    mended, it can be imported as it is. The file is made with the first row."""

    def __init__(self, path: Path, heading: Sequence[str]) -> None:
        self.path = path
        self.count = 0
        self._heading = heading
        self._file: TextIO | None = None
        self._writer: Any = None

    def __enter__(self) -> "Rejects":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, line: int, reason: str, values: Sequence[str]) -> None:
        if self._file is None:
            try:
                self._file = self.path.open("w", encoding="utf-8", newline="")
            except OSError as error:
                raise TicketImportError(
                    f"Line {line} cannot be imported ({reason}), and neither can {self.path} be "
                    f"written to keep it: {error.strerror}. Name another file with --rejects."
                ) from None
            self._writer = csv.writer(self._file)
            self._writer.writerow(["line", "reason", *self._heading])
        self._writer.writerow([line, reason, *values])
        self.count += 1
