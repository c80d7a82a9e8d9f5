"""From records and trees to the cells of a Reading: which field names an item, which line it is on.

Guarantee: never raises, reads each value once, and gives the same cells for the same input.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from stillfixed.actors.verdicts.cells import IDENTITY, Cell, Reading, name_of
from stillfixed.actors.verdicts.knowledge import field_names
from stillfixed.actors.verdicts.phrases import word_health

CELL_LIMIT = 20_000
DEPTH_LIMIT = 100


class Spot(Struct, frozen=True):
    """One value of a record. `line` counts from 1, None where it could not be found again."""

    field: str
    value: str
    line: int | None


class Leaf(Struct, frozen=True):
    """One scalar of a tree, as it is written; an empty text for null."""

    value: str
    line: int | None


Tree = Leaf | dict[str, "Tree"] | list["Tree"]


def names_an_item(field: str) -> bool:
    """Whether a field of this name says which thing a record is about."""
    return field != "#" and bool(IDENTITY.match(field.replace("_", " ").strip()))


def reading_of(
    cells: Sequence[Cell], rest: Sequence[tuple[int, str]] = (), fields: Sequence[str] = ()
) -> Reading:
    kept = tuple(cells[:CELL_LIMIT])
    return Reading(kept, tuple(rest), frozenset(fields) | {cell.field for cell in kept})


# -- records ---------------------------------------------------------------------------------------
def cells_of_records(records: Sequence[Sequence[Spot]], first: int = 0) -> list[Cell]:
    """Cells of rows or blocks of one kind; the items are named by what tells them apart."""
    out: list[Cell] = []
    for order, (item, record) in enumerate(zip(items_of(records), records, strict=True)):
        for spot in record:
            out.append(Cell(item, spot.field, spot.value, spot.line, first + order, len(records)))
    return out


def items_of(records: Sequence[Sequence[Spot]]) -> list[str]:
    """A name for each record, all different. Never the row's number where a value can serve: rows
    come in another order the next time."""
    plain = [{spot.field: spot.value.strip() for spot in record} for record in records]
    names = _chosen(plain)
    seen: dict[str, int] = {}
    out: list[str] = []
    for name in (re.sub(r"^[*>+●]\s*", "", name) for name in names):
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} ({seen[name]})".strip())
    return out


def _chosen(records: Sequence[dict[str, str]]) -> list[str]:
    if not records:
        return []
    fields = list(dict.fromkeys(field for record in records for field in record))
    naming = [field for field in fields if names_an_item(field)]
    for field in naming:
        values = [record.get(field, "") for record in records]
        if all(values) and len(set(values)) == len(values):
            return values
    if len(records) == 1:
        return [records[0].get(naming[0], "") if naming else ""]
    telling = [field for field in fields if field in naming or _tells(records, field)]
    for field in (*telling, fields[0]):
        values = [record.get(field) or record.get(fields[0], "") for record in records]
        if len(set(values)) == len(values):
            return values
    for one, other in pairwise(telling):
        pairs = [f"{record.get(one, '')}/{record.get(other, '')}" for record in records]
        if len(set(pairs)) == len(pairs):
            return pairs
    return [record.get((telling or fields)[0], "") for record in records]


def _tells(records: Sequence[dict[str, str]], field: str) -> bool:
    """Whether the values are names: texts, not numbers, nor states or times that may change."""
    name = name_of(field)
    if name in field_names("status_fields") or name in field_names("volatile_fields"):
        return False
    values = [record.get(field, "") for record in records]
    return all(
        re.search(r"[^\W\d]", value) and word_health(value.lower()) is None for value in values
    )


# -- trees -----------------------------------------------------------------------------------------
def cells_of_tree(tree: Tree) -> list[Cell]:
    """Cells of nested objects: an item is the path of names to the object that holds the value."""
    out: list[Cell] = []
    for order, cell in enumerate(_walk(tree, "", 1, [0], 0)):
        if order == CELL_LIMIT:
            break
        out.append(cell)
    return out


def _walk(node: Tree, item: str, width: int, record: list[int], depth: int) -> Iterator[Cell]:
    if depth > DEPTH_LIMIT:
        return
    if isinstance(node, Leaf):
        yield Cell(item, "value", node.value, node.line, record[0], width)
    elif isinstance(node, list):
        yield from _elements(node, item, record, depth)
    else:
        record[0] += 1
        mine = record[0]
        here = _join(item, _name(node))
        nested = [key for key, value in node.items() if not isinstance(value, Leaf)]
        for key, value in node.items():
            if isinstance(value, Leaf):
                yield Cell(here, key, value.value, value.line, mine, width)
            elif not re.fullmatch(r"(?i)log|history|previous|events|managedfields", key):
                only = isinstance(value, list) and len(nested) == 1
                yield from _walk(value, here if only else _join(here, key), 1, record, depth + 1)


def _elements(node: list[Tree], item: str, record: list[int], depth: int) -> Iterator[Cell]:
    if not any(isinstance(element, dict | list) for element in node):
        for index, element in enumerate(node):
            if isinstance(element, Leaf):
                label = item if len(node) == 1 else _join(item, str(index))
                yield Cell(label, "value", element.value, element.line, record[0], len(node))
        return
    objects = [element if isinstance(element, dict) else {} for element in node]
    named = [_name(element) for element in objects]
    if not all(named) or len(set(named)) < len(named):
        flat = [
            [Spot(k, v.value, v.line) for k, v in one.items() if isinstance(v, Leaf)]
            for one in objects
        ]
        labels = items_of(flat) if all(flat) and len(flat) > 1 else []
        for index, element in enumerate(node):
            label = "" if len(node) == 1 else labels[index] if labels else str(index)
            known = label == named[index] or label.endswith("/" + named[index])
            inside = item if named[index] and known else _join(item, label)
            yield from _walk(element, inside, len(node), record, depth + 1)
        return
    for element in node:
        yield from _walk(element, item, len(node), record, depth + 1)


def _name(node: dict[str, Tree]) -> str:
    for key, value in node.items():
        if isinstance(value, Leaf) and value.value and names_an_item(key):
            return value.value
    inner = node.get("metadata")  # Kubernetes keeps an object's name there
    name = inner.get("name") if isinstance(inner, dict) else None
    return name.value if isinstance(name, Leaf) else ""


def _join(*parts: str) -> str:
    return "/".join(part for part in parts if part)
