"""The values that stand in an output, and what is said of them. Pure data."""

import re
from functools import lru_cache

from msgspec import Struct

from stillfixed.actors.verdicts.model import Health

IDENTITY = re.compile(
    r"^(.*name|identity|id|interface|slave interface|port|taskname"
    r"|device ?id|disk ?(number)?|mount ?point|drive|scope ?id|lun|partition"
    r"|unit|path|filesystem|host|hostname|device|server|service|container|node|vg|lv|pool"
    r"|peer|connection|library|interfacealias|mount(ed on)?"
    r"|printer|neighbor|neighbor id|system|volume|driveletter|switch#|names?|instance"
    r"|target|job|vm|adapter|#|hop|destination|address|member|mailbox|instance id"
    r"|local address:port|subject|alias|package|zone|database|url|key|check|test|mod|slot"
    r"|sw|psu|fan|bay|group|grp|ps#|no|nr|sensor|supply|item|vrid|intf|peer address)$",
    re.I,
)
NAMES_A_ROW = re.compile(
    r"(.* )?(tray|slot|port|fan|supply|member|sensor|interface|neighbou?r|peer)$"
    r"|(peer|remote|neighbou?r|destination) (address|addr|ip|id)$|[a-z]+[-_ ]id$",
    re.I,
)
"""Headings of columns that name a row, beside those of IDENTITY."""


KEEPS_ITS_NAME = re.compile(r"interface ?alias$", re.I)
"""Names a thing before all other names, which may change with its state: a network connection is
called after the network it is on."""

CUT_MARK = "…"
"""Ends a value that a formatter cut."""


class Cell(Struct, frozen=True):
    """One value of one field of one item. `record` numbers the row or block it stands in; `line`
    counts from 1 in stdout; `width` says how many records its table or list has, `past` that a
    later row tells of the same item."""

    item: str
    field: str
    value: str
    line: int | None = None
    record: int = 0
    width: int = 1
    past: bool = False


class Fact(Struct, frozen=True):
    """One judged value. `rule` is the name of what decided."""

    item: str
    field: str
    value: str
    health: Health
    rule: str
    line: int | None = None


class Reading(Struct, frozen=True):
    """`cells` in order; `rest` are the lines that belong to no table, list or JSON; `fields` are
    the column and key names that stand there, also when no row does. `errors` are what error
    records say, `cut` that the output ends in the middle of a document. `reader` names a special
    reader whose items and fields only its own readings share."""

    cells: tuple[Cell, ...]
    rest: tuple[tuple[int, str], ...]
    fields: frozenset[str]
    errors: tuple[Cell, ...] = ()
    cut: bool = False
    reader: str = ""


@lru_cache(maxsize=4096)
def name_of(field: str) -> str:
    """A field's name as the knowledge files may write it: without case, spaces, - and _."""
    return re.sub(r"[\s_-]+", "", field.lower())


def last_word(field: str) -> str:
    """The last word of a field's name, whether its words are joined by signs or by capitals."""
    found = re.findall(r"[^\W\d_]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", field))
    return found[-1].lower() if found else ""
