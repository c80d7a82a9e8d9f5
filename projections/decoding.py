"""From events to facts, in DuckDB: what the events of the log add to the tables of `facts.sql`.

The events of one type in a batch are a table of JSON texts, and a view over it has the columns,
defaults and checks of their class; `decoding.sql` says what of them goes where. Nothing is made in
Python for an event, which is what makes a rebuild quick.

Guarantee: an event is either understood whole or not at all. One of an unknown type, or one without
what its class promises and a fact needs, fails the batch.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import duckdb
import msgspec
import msgspec.inspect as ms
import pyarrow as pa

from stillfixed.actors.errors import PolicyError
from stillfixed.actors.log.contract import Recorded
from stillfixed.actors.session.policy import parse_policies
from stillfixed.projections.facts import BY_TYPE

NOT_UNDERSTOOD = (
    duckdb.ConversionException,
    duckdb.ConstraintException,
    duckdb.InvalidInputException,
    PolicyError,
)
"""What a batch fails with that holds an event which is not what its type promises."""

_ROWS = pa.schema([("position", pa.int64()), ("stream", pa.string()), ("event", pa.string())])


class _Head(msgspec.Struct):
    type: str
    at: datetime


_head = msgspec.json.Decoder(_Head)
_Columns = tuple[list[int], list[str], list[str]]


def prepare(db: duckdb.DuckDBPyConnection) -> None:
    """Make the views of a batch's events, for this connection alone."""
    for name, kind in BY_TYPE.items():
        db.register(f"{name}_batch", _ROWS.empty_table())
        db.execute(_view(name, kind))


class Batch:
    """Some events of the feed, those of each type together as a table of `_ROWS`. Where the type or
    the moment of one cannot be understood, the batch ends before it: `odd`, because of `error`."""

    def __init__(self, records: Sequence[Recorded]) -> None:
        self.records = records
        self.newest: datetime | None = None
        self.odd: Recorded | None = None
        self.error: Exception | None = None
        found: dict[str, _Columns] = defaultdict(lambda: ([], [], []))
        for number, record in enumerate(records):
            try:
                head, text = _head.decode(record.data), record.data.decode()
                BY_TYPE[head.type]
            except (msgspec.MsgspecError, UnicodeDecodeError, KeyError) as error:
                self.records, self.odd, self.error = records[:number], record, error
                break
            positions, streams, texts = found[head.type]
            positions.append(record.position)
            streams.append(record.stream)
            texts.append(text)
            if self.newest is None or head.at > self.newest:
                self.newest = head.at
        self.events = {
            name: pa.Table.from_arrays(list(map(pa.array, columns)), schema=_ROWS)
            for name, columns in found.items()
        }


def decode(db: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    """Add what the events say to the tables, in the caller's transaction. Raises one of
    `NOT_UNDERSTOOD`."""
    for name, events in batch.events.items():
        db.register(f"{name}_batch", events)
    try:
        for names, statement in _statements():
            if names & batch.events.keys():
                db.execute(statement)
        if "policies_adopted" in batch.events:
            _add_policies(db)
    finally:
        for name in batch.events:
            db.register(f"{name}_batch", _ROWS.empty_table())


@lru_cache(maxsize=1)
def _statements() -> list[tuple[set[str], str]]:
    """The statements of `decoding.sql`, each with the types of event that it reads."""
    text = (Path(__file__).parent / "decoding.sql").read_text()
    statements = [part for part in text.split(";\n") if part.strip()]
    return [(BY_TYPE.keys() & set(re.findall(r"\w+", part)), part) for part in statements]


def _add_policies(db: duckdb.DuckDBPyConnection) -> None:
    """A policy file is TOML, which DuckDB does not read."""
    adopted = db.execute("SELECT position, happened_at, person, text FROM policies_adopted")
    rows = [
        (position, at, by, policy.name, policy.mode, policy.begins, team, client)
        for position, at, by, text in adopted.fetchall()
        for policy in parse_policies(text).policy
        for team in policy.teams or ("",)
        for client in policy.clients or ("",)
    ]
    if rows:
        db.executemany("INSERT INTO policies VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


# -- one view a type of event ----------------------------------------------------------------------
_NAMES = {
    "at": "happened_at", "by": "person", "check": "check_name", "position": "event",
    "session": "about_session",
}  # fmt: skip
"""Fields whose names are words of SQL, or are needed for something else here."""


def _view(name: str, kind: type[msgspec.Struct]) -> str:
    """The events of one type in a batch, with a column for each field of its class."""
    struct = ms.type_info(kind)
    assert isinstance(struct, ms.StructType)
    columns = ", ".join(f'{value} AS "{column}"' for column, value in _fields("event", struct))
    shape = _shape(struct).replace("'", "''")
    return (
        f"CREATE OR REPLACE TEMP VIEW {name} AS"
        f" SELECT position, stream AS session, {columns} FROM"
        f" (SELECT position, stream, from_json(event, '{shape}') AS event"
        f" FROM {name}_batch)"
    )


def _fields(struct: str, kind: ms.StructType) -> Iterator[tuple[str, str]]:
    """(column, its value) for each field; the value is checked as the class would."""
    for field in kind.fields:
        value, may_be_null = _value(f'{struct}."{field.encode_name}"', field.type)
        if not field.required:
            if field.default is not None and not isinstance(field.type, ms.DictType):
                value = f"coalesce({value}, {_literal(field.default)})"
        elif not may_be_null:
            value = f"coalesce({value}, error('{field.encode_name} is missing'))"
        yield _NAMES.get(field.name, field.name), value


def _value(text: str, kind: ms.Type) -> tuple[str, bool]:
    """A JSON value, given as text, in its type; whether it may be null. A cast that fails is an
    error."""
    match kind:
        case ms.UnionType(types=types):
            [one] = [part for part in types if not isinstance(part, ms.NoneType)]
            return _value(text, one)[0], True
        case ms.LiteralType(values=values):
            return f"{text}::ENUM({', '.join(map(_literal, values))})::VARCHAR", False
        case ms.VarTupleType(item_type=item):
            # Not strict where items are structures: those may leave fields out.
            if not isinstance(item, ms.StructType):
                return f"from_json_strict({text}, '{_shape(kind)}')", False
            items = f"from_json({text}, '{_shape(kind)}')"
            items = f"if(json_type({text}) = 'ARRAY', {items}, error('no list'))"
            each = _value("item", item)[0]
            return f"if({text} IS NULL, NULL, [{each} FOR item IN {items}])", False
        case ms.StructType():
            pairs = ", ".join(f"'{column}': {value}" for column, value in _fields(text, kind))
            return f"{{{pairs}}}", False
        case ms.DictType():
            return text, False
        case _:
            return (text if _CASTS[type(kind)] is None else f"{text}::{_CASTS[type(kind)]}"), False


_CASTS: dict[type[ms.Type], str | None] = {
    ms.StrType: None,
    ms.IntType: "BIGINT",
    ms.FloatType: "DOUBLE",
    ms.BoolType: "BOOLEAN",
    ms.DateTimeType: "TIMESTAMP",
}


def _shape(kind: ms.Type) -> str:
    """What `from_json` is asked for: texts, so that a wrong one is not quietly NULL."""
    match kind:
        case ms.StructType():
            parts = (f'"{field.encode_name}":{_text(field.type)}' for field in kind.fields)
            return "{" + ",".join(parts) + "}"
        case ms.VarTupleType(item_type=item):
            return f"[{_shape(item) if isinstance(item, ms.StructType) else _text(item)}]"
        case _:
            return _text(kind)


def _text(kind: ms.Type) -> str:
    return '"JSON"' if isinstance(kind, ms.VarTupleType | ms.DictType) else '"VARCHAR"'


def _literal(value: object) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return "[]" if value == () else str(value)
