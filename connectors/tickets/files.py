"""Exports as files: CSV (also in a zip), Parquet and XLSX, read row by row as texts.

Guarantee: every row of the file comes once, with its line, or with what is wrong with it; CSV and
Parquet are read in bounded memory. A CSV's separator and its heading are found by the columns that
must be there, not guessed from what the text looks like.
"""

import codecs
import csv
import io
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast
from zipfile import BadZipFile, ZipFile

from stillfixed.actors.errors import TicketImportError
from stillfixed.actors.tickets.mapping import heading_key

SAMPLE_CHARS = 256 * 1024
HEADING_WITHIN_ROWS = 20
"""Some exports have a title or notes above their heading."""
FIELD_LIMIT_CHARS = 1024 * 1024
_PARQUET_ROWS = 5_000
_SEPARATORS = ",;\t|"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Row(NamedTuple):
    """`line` is where it begins in a text file, otherwise its row, both from 1. `fault` says why
    its values cannot be used, if so."""

    line: int
    values: list[str]
    fault: str = ""


class Export(NamedTuple):
    """An open file. `done()` of `total` says how far it has been read, in units of its own."""

    heading: list[str]
    rows: Iterator[Row]
    total: int
    done: Callable[[], int]


@contextmanager
def open_export(
    path: Path, ticket_columns: Sequence[str], *, encoding: str = ""
) -> Iterator[Export]:
    """The export in `path`, by its ending. `ticket_columns` may hold the ticket's number: the first
    row that has one of them is the heading. Raises `TicketImportError` and OSError."""
    names = frozenset(map(heading_key, ticket_columns))
    with ExitStack() as stack:
        match path.suffix.lower():
            case ".parquet" | ".pq":
                yield _parquet(path)
            case ".xlsx" | ".xlsm" | ".xlsb" | ".xls" | ".ods":
                yield _sheet(path, names)
            case _:
                yield _text(stack, path, names, encoding)


# -- text ----------------------------------------------------------------------------------------
def _text(stack: ExitStack, path: Path, names: frozenset[str], encoding: str) -> Export:
    raw = stack.enter_context(path.open("rb"))
    binary: BinaryIO = raw
    if path.suffix.lower() == ".zip":
        binary = _only_member(stack, raw, path)
    head = binary.read(4)
    binary.seek(0)
    if not encoding:
        found = [name for bom, name in _BOMS if head.startswith(bom)]
        encoding = found[0] if found else "utf-8"
    try:
        text = io.TextIOWrapper(binary, encoding, errors="surrogateescape", newline="")
        stack.enter_context(text)
        sample = text.read(SAMPLE_CHARS)
    except (LookupError, UnicodeError) as error:
        raise TicketImportError(
            f"{path} cannot be read as {encoding}: {error}. Say its encoding with --encoding, as "
            "in --encoding cp1252."
        ) from None
    separator, above = _layout(sample, names, path)
    text.seek(0)
    csv.field_size_limit(FIELD_LIMIT_CHARS)
    reader = csv.reader(text, delimiter=separator)
    for _ in range(above):
        next(reader)
    heading = [name.strip() for name in next(reader)]
    return Export(heading, _text_rows(reader, path), path.stat().st_size, raw.tell)


def _only_member(stack: ExitStack, raw: BinaryIO, path: Path) -> BinaryIO:
    try:
        packed = stack.enter_context(ZipFile(raw))
    except BadZipFile as error:
        raise TicketImportError(f"{path} is no zip: {error}. Unpack it by hand.") from None
    members = [
        name for name in packed.namelist()
        if name.lower().endswith((".csv", ".tsv", ".txt")) and not name.startswith("__MACOSX/")
    ]  # fmt: skip
    if len(members) != 1:
        raise TicketImportError(
            f"{path} holds {len(members)} CSV files; one can be imported. Unpack it and import "
            "them one by one."
        )
    try:
        return cast(BinaryIO, stack.enter_context(packed.open(members[0])))
    except (RuntimeError, NotImplementedError) as error:  # it has a password, or an odd method
        raise TicketImportError(f"{path} cannot be read: {error}. Unpack it by hand.") from None


def _layout(sample: str, names: frozenset[str], path: Path) -> tuple[str, int]:
    """The separator, and how many records are above the heading."""
    found: list[tuple[int, str, int]] = []
    for separator in _SEPARATORS:
        records = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
        try:
            above, heading = _heading(records, names)
        except (LookupError, csv.Error):
            continue
        found.append((len(heading), separator, above))
    if not found:
        raise _no_heading(path, names, sample.strip().partition("\n")[0])
    _, separator, above = max(found)
    return separator, above


def _heading(records: Iterable[list[str]], names: frozenset[str]) -> tuple[int, list[str]]:
    """Where the heading is, and what it says. Raises LookupError."""
    for above, record in enumerate(records):
        if above == HEADING_WITHIN_ROWS:
            break
        if any(heading_key(name) in names for name in record):
            return above, record
    raise LookupError


def _no_heading(path: Path, names: frozenset[str], first: str) -> TicketImportError:
    return TicketImportError(
        f"No heading with the ticket's number ({' or '.join(sorted(names))}) is in the first "
        f"{HEADING_WITHIN_ROWS} rows of {path}. The first is {first[:200]!r}. Take another "
        "mapping, or name the column in one of your own."
    )


def _text_rows(reader: Any, path: Path) -> Iterator[Row]:
    while True:
        line = reader.line_num + 1
        try:
            values: list[str] = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(line, [], f"it is no CSV ({error}); a quote may be missing")
            continue
        except (UnicodeError, BadZipFile, zlib.error, EOFError) as error:
            raise TicketImportError(
                f"{path} is damaged from line {line} on: {error}. What was before is imported; "
                "export it again, and import it again."
            ) from None
        if not any(values):
            continue
        joined = "".join(values)
        if not joined.isascii() and not joined.isprintable() and _is_broken(joined):
            shown = [value.encode("utf-8", "replace").decode() for value in values]
            yield Row(line, shown, "it is not text in the file's encoding; say --encoding")
            continue
        yield Row(line, values)


def _is_broken(text: str) -> bool:
    return any("\udc80" <= char <= "\udcff" for char in text)


# -- tables --------------------------------------------------------------------------------------
def _parquet(path: Path) -> Export:
    import pyarrow as pa  # here, as it takes a while and other verbs do not need it
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise TicketImportError(f"{path} is no Parquet file: {error}. Export it again.") from None
    read = 0

    def rows() -> Iterator[Row]:
        nonlocal read
        for batch in file.iter_batches(_PARQUET_ROWS):
            columns = [[_cell(value) for value in column.to_pylist()] for column in batch.columns]
            for values in zip(*columns, strict=True):
                read += 1
                yield Row(read, list(values))

    return Export(list(file.schema_arrow.names), rows(), file.metadata.num_rows, lambda: read)


def _sheet(path: Path, names: frozenset[str]) -> Export:
    """The first sheet with a heading."""
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError:
        raise TicketImportError(
            f"Reading {path} needs python-calamine: pip install 'stillfixed[analytics]', or save "
            "it as CSV."
        ) from None
    try:
        book = CalamineWorkbook.from_path(str(path))
        first = ""
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            rows = (list(map(_cell, row)) for row in sheet.iter_rows())
            head = list(islice(rows, HEADING_WITHIN_ROWS))
            first = first or " ".join(head[0] if head else [])
            try:
                above, heading = _heading(head, names)
            except LookupError:
                continue
            total = sheet.end[0] + 1 if sheet.end else 0
            return _sheet_rows(heading, chain(head[above + 1 :], rows), above + 1, total)
    except CalamineError as error:
        raise TicketImportError(f"{path} is no workbook: {error}. Save it again.") from None
    raise _no_heading(path, names, first)


def _sheet_rows(heading: list[str], below: Iterator[list[str]], above: int, total: int) -> Export:
    read = above

    def rows() -> Iterator[Row]:
        nonlocal read
        for values in below:
            read += 1
            if any(values):
                yield Row(read, values)

    return Export([name.strip() for name in heading], rows(), total, lambda: read)


def _cell(value: object) -> str:
    """As the same value would be written in a CSV."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
        case datetime() | date():
            return value.isoformat()
        case _:
            return str(value)
