"""From records and trees to the cells of a Reading: which field names an item, which line it is on.

Guarantee: never raises, reads each value once, and gives the same cells for the same input.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise

from msgspec import Struct

from stillfixed.actors.verdicts.cells import IDENTITY, KEEPS_ITS_NAME, Cell, Reading, name_of
from stillfixed.actors.verdicts.knowledge import field_names
from stillfixed.actors.verdicts.past import holds_dates, past_rows
from stillfixed.actors.verdicts.phrases import word_health

CELL_LIMIT = 20_000
DEPTH_LIMIT = 100
_PAST = re.compile(r"log|history|previous|events|managedfields", re.I)
"""Objects that tell of earlier, not of now."""


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
    width = len(records)
    past = _past(records)
    current = [record for order, record in enumerate(records) if order not in past]
    items = iter(items_of(current))
    for order, record in enumerate(records):
        item = "" if order in past else next(items)
        for spot in record:
            out.append(
                Cell(item, spot.field, spot.value, spot.line, first + order, width, order in past)
            )
    return out


def _past(records: Sequence[Sequence[Spot]]) -> frozenset[int]:
    """Records of which a later one tells the same thing: runs of one job, tries of one update."""
    fields = [spot.field for spot in records[0]] if records else []
    rows = [[spot.value.strip() for spot in record] for record in records]
    if any(len(row) != len(fields) for row in rows):
        return frozenset()
    columns = dict(zip(fields, zip(*rows, strict=True), strict=True)) if fields else {}
    plain = [field for field, values in columns.items() if not holds_dates(values)]
    if len(plain) == len(fields) or any(names_an_item(f) and _differ(columns[f]) for f in plain):
        return frozenset()
    telling = [field for field in plain if _tells(field, columns[field])]
    named = [field for field in telling if names_an_item(field)] or telling
    if not named:
        return frozenset()
    items = [
        "/".join(parts) for parts in zip(*(columns[field] for field in named[:2]), strict=True)
    ]
    return past_rows(rows, items)


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
    """Names for the records: a naming field, a field of different texts, two such fields, a number
    in front; the place in the order only where nothing else tells them apart."""
    if not records:
        return []
    fields = list(dict.fromkeys(field for record in records for field in record))
    naming = [field for field in fields if names_an_item(field)]
    naming.sort(key=lambda field: not KEEPS_ITS_NAME.match(field))
    if len(records) == 1:
        return [next((records[0][field] for field in naming if records[0][field]), "")]
    columns = {field: [record.get(field, "") for record in records] for field in fields}
    for field in naming:
        if all(columns[field]) and _differ(columns[field]):
            return columns[field]
    telling = [field for field in fields if _tells(field, columns[field])]
    telling = [field for field in telling if not holds_dates(columns[field])] or telling
    front = fields[:1] if _tells(fields[0], columns[fields[0]], numbers=True) else []
    for field in (*naming, *telling, *front):
        filled = [
            own or first for own, first in zip(columns[field], columns[fields[0]], strict=True)
        ]
        if all(filled) and _differ(filled):
            return filled
    for one, other in pairwise([*naming, *(field for field in telling if field not in naming)]):
        pairs = ["/".join(pair) for pair in zip(columns[one], columns[other], strict=True)]
        if _differ(pairs):
            return pairs
    return columns[telling[0]] if telling else [str(order) for order in range(len(records))]


def _differ(values: Sequence[str]) -> bool:
    return len(set(values)) == len(values)


def _tells(field: str, values: Sequence[str], *, numbers: bool = False) -> bool:
    """Whether the values are names: texts, not numbers, nor states or times that may change."""
    name = name_of(field)
    if name in field_names("status_fields") or name in field_names("volatile_fields"):
        return False
    form = r"[\w/:-]+$" if numbers else r".*[^\W\d]"
    return all(
        not value or (re.match(form, value) and word_health(value.lower()) is None)
        for value in values
    ) and any(values)


# -- trees -----------------------------------------------------------------------------------------
def cells_of_tree(tree: Tree) -> list[Cell]:
    """Cells of nested objects: an item is the path of names to the object that holds the value."""
    return list(islice(_Walk().cells(tree, "", None, 1, 0), CELL_LIMIT))


class _Walk:
    """Numbers the objects of a tree as it goes."""

    def __init__(self) -> None:
        self.record = 0

    def cells(
        self, node: Tree, item: str, label: str | None, width: int, depth: int
    ) -> Iterator[Cell]:
        """`label` names the object among its siblings; None: by its own name."""
        if depth > DEPTH_LIMIT:
            return
        if isinstance(node, Leaf):
            yield Cell(_join(item, label or ""), "value", node.value, node.line, self.record, width)
        elif isinstance(node, list):
            for element, name in zip(node, _labels(node), strict=True):
                yield from self.cells(element, item, name, len(node), depth + 1)
        else:
            self.record += 1
            mine = self.record
            here = _join(item, _name(node) if label is None else label)
            nested = [key for key, value in node.items() if not isinstance(value, Leaf)]
            for key, value in node.items():
                if isinstance(value, Leaf):
                    yield Cell(here, key, value.value, value.line, mine, width)
                elif not _PAST.fullmatch(key):
                    only = isinstance(value, list) and len(nested) == 1
                    inside = here if only else _join(here, key)
                    yield from self.cells(value, inside, None, 1, depth + 1)


def _labels(node: list[Tree]) -> list[str | None]:
    """What the elements of a list are called."""
    if len(node) == 1:
        return [None]
    objects = [element for element in node if isinstance(element, dict)]
    if len(objects) < len(node):
        return [str(order) for order in range(len(node))]
    named = [_name(one) for one in objects if isinstance(one.get("metadata"), dict)]
    if len(named) == len(node) and _differ(named):
        return list(named)
    flat = [
        [Spot(key, v.value, v.line) for key, v in one.items() if isinstance(v, Leaf)]
        for one in objects
    ]
    return list(items_of(flat)) if all(flat) else [str(order) for order in range(len(node))]


def _name(node: dict[str, Tree]) -> str:
    for key, value in node.items():
        text = value.value if isinstance(value, Leaf) and names_an_item(key) else ""
        if text and (key.lower().endswith("name") or not word_health(text.lower())):
            return text
    inner = node.get("metadata")  # Kubernetes keeps an object's name there
    name = inner.get("name") if isinstance(inner, dict) else None
    return name.value if isinstance(name, Leaf) else ""


def _join(*parts: str) -> str:
    return "/".join(part for part in parts if part)
