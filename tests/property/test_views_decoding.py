"""Events come out of DuckDB as their classes read them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, get_origin

import duckdb
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillfixed.actors.log.contract import Recorded
from stillfixed.actors.verdicts.model import FieldChange
from stillfixed.projections.decoding import NOT_UNDERSTOOD, Batch, prepare
from stillfixed.projections.facts import BY_TYPE

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
WHOLE = st.integers(-(2**53), 2**53)
AT = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))

for kind, values in (
    (str, TEXT), (int, WHOLE), (datetime, AT), (float, st.floats(-1e9, 1e9)),
):  # fmt: skip
    st.register_type_strategy(kind, values)


@pytest.fixture(scope="module")
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        prepare(connection)
        yield connection


def columns(db: duckdb.DuckDBPyConnection, name: str, data: bytes) -> dict[str, Any]:
    """What the view of a type shows of one event."""
    batch = Batch([Recorded(1, "s-1", 1, None, data)])
    db.register(f"{name}_batch", batch.events[name])
    found = db.execute(f"FROM {name}")
    names = [column[0] for column in found.description or ()]
    [row] = found.fetchall()
    return dict(zip(names, row, strict=True))


def plain(value: Any) -> Any:
    """As DuckDB hands it to Python."""
    match value:
        case datetime():
            return value.replace(tzinfo=None)
        case tuple():
            return [plain(item) for item in value]
        case msgspec.Struct():
            names = {"check": "check_name"}
            return {
                names.get(name, name): plain(getattr(value, name))
                for name in value.__struct_fields__
            }
        case _:
            return value


RENAMED = {
    "at": "happened_at", "by": "person", "check": "check_name", "position": "event",
    "session": "about_session",
}  # fmt: skip


@pytest.mark.parametrize("name", BY_TYPE)
@settings(max_examples=10)
@given(data=st.data())
def test_a_view_shows_what_the_class_reads(
    db: duckdb.DuckDBPyConnection, name: str, data: st.DataObject
) -> None:
    """Every field of every type, with its default where the log leaves it out."""
    event = data.draw(st.from_type(BY_TYPE[name]))
    shown = columns(db, name, msgspec.json.encode(event))
    for field in msgspec.structs.fields(event):
        if get_origin(field.type) is not dict:  # no fact holds one
            assert shown[RENAMED.get(field.name, field.name)] == plain(getattr(event, field.name))


def wrong(kind: type[msgspec.Struct]) -> Iterator[tuple[str, Any]]:
    """(field, a value that its class refuses); texts are taken as they come."""
    for field in msgspec.structs.fields(kind):
        if field.type not in (str, str | None) and get_origin(field.type) is not dict:
            yield field.encode_name, {"not": "this"}
        if field.required and field.type is str:
            yield field.encode_name, None


@pytest.mark.parametrize("name", BY_TYPE)
def test_a_view_refuses_what_the_class_refuses(db: duckdb.DuckDBPyConnection, name: str) -> None:
    """A wrong value, or none where one is promised, is an error and never an empty column."""
    kind = BY_TYPE[name]
    example = {"type": name, **msgspec.to_builtins(_example(kind))}
    assert columns(db, name, msgspec.json.encode(example))
    for field, value in wrong(kind):
        broken = msgspec.json.encode({**example, field: value})
        with pytest.raises(msgspec.MsgspecError):
            msgspec.json.decode(broken, type=kind)
        with pytest.raises((*NOT_UNDERSTOOD, KeyError)):
            columns(db, name, broken)


def _example(kind: type[msgspec.Struct]) -> msgspec.Struct:
    values: dict[Any, Any] = {
        str: "a",
        datetime: datetime(2026, 1, 1, tzinfo=UTC),
    }
    filled = {}
    for field in msgspec.structs.fields(kind):
        if field.required:
            inspected = msgspec.inspect.type_info(field.type)
            match inspected:
                case msgspec.inspect.LiteralType(values=options):
                    filled[field.name] = options[0]
                case msgspec.inspect.VarTupleType():
                    filled[field.name] = ()
                case msgspec.inspect.IntType():
                    filled[field.name] = 1
                case _:
                    filled[field.name] = values[field.type]
    return kind(**filled)


def test_a_wrong_value_inside_a_comparison_is_refused(db: duckdb.DuckDBPyConnection) -> None:
    """The same holds for what lies in lists."""
    field = FieldChange(item="", field="x", before="1", after=None, verdict="fixed", rule="r")
    event = {"type": "check_verified", **msgspec.to_builtins(_example(BY_TYPE["check_verified"]))}
    for broken in ({"verdict": "splendid"}, {"before_line": "first"}, {"rule": None}):
        fields = [{**msgspec.to_builtins(field), **broken}]
        with pytest.raises(NOT_UNDERSTOOD):
            columns(db, "check_verified", msgspec.json.encode({**event, "fields": fields}))
