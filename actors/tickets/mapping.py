"""How an export's columns become ticket facts: mappings that people write in TOML. Pure.

Guarantee: what `parse_mapping` returns can be used, as far as that can be known without a file.
"""

import re
import tomllib
from collections.abc import Mapping as Dictionary
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from stillfixed.actors.errors import TicketImportError, field_faults
from stillfixed.actors.tickets.times import Dates, parse_zone

Names = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    BeforeValidator(lambda given: (given,) if isinstance(given, str) else given),
]
"""Column names, the best first. Where a row's first is empty, the next is taken."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Columns(_Strict):
    """Which columns hold what. A field without columns is unknown for every ticket.

    Texts: `ticket` is its number; `contact` who called; `endpoint` the machine; `callback_of` the
    number of the earlier ticket that this one is a callback about. Times: `opened`, `resolved`,
    `closed`, `reopened` (the last reopening), `updated` (the last change; in a log of updates, the
    moment of the row). `reopens` counts reopenings so far. `sequence` orders updates of one moment.
    """

    ticket: Names
    client: Names = ()
    team: Names = ()
    technician: Names = ()
    category: Names = ()
    title: Names = ()
    contact: Names = ()
    endpoint: Names = ()
    status: Names = ()
    opened: Names = ()
    opened_by: Names = ()
    resolved: Names = ()
    resolved_by: Names = ()
    closed: Names = ()
    closed_by: Names = ()
    reopened: Names = ()
    reopens: Names = ()
    updated: Names = ()
    updated_by: Names = ()
    sequence: Names = ()
    callback_of: Names = ()


class Mapping(_Strict):
    """One kind of export.

    `rows`: one row a ticket as it stands, or one row an update. `timezone` is that of times which
    do not say theirs; `dates` the order of dates written in numbers; `time_formats` other ways in
    which times are written, as Python's strptime has them. `unknown` texts mean nothing is known.
    `resolved` and `closed` are statuses; all others are open. `unused` columns are known and left.
    """

    name: str = Field(min_length=1)
    about: str = ""
    system: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    rows: Literal["tickets", "updates"] = "tickets"
    timezone: str = ""
    dates: Dates = "iso"
    time_formats: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ("?",)
    resolved: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    columns: Columns

    def needed(self) -> dict[str, Names]:
        """The fields without which no row can be read, and the columns that may hold them."""
        wanted = {"ticket": self.columns.ticket}
        if self.rows == "tickets":
            return wanted | {"opened": self.columns.opened}
        return wanted | {"updated": self.columns.updated, "status": self.columns.status}


def heading_key(name: str) -> str:
    """Column names and statuses are alike where they differ in case, spaces and underscores only:
    an export has `sys_created_on` or `Sys Created On`, depending on who asked for it."""
    return re.sub(r"[\s_]+", " ", name).strip().casefold()


def parse_mapping(
    text: str, *, source: str = "the mapping", shipped: Dictionary[str, str] | None = None
) -> Mapping:
    """A mapping from TOML text. With `base = "NAME"` it starts from the shipped mapping NAME (its
    text in `shipped`) and changes what it says anew. Raises `TicketImportError` that names the line
    or each wrong field."""
    document = _document(text, source)
    base = document.pop("base", None)
    if base is not None:
        if not shipped or base not in shipped:
            raise TicketImportError(
                f"{source} has base = {base!r}, and there is no such mapping. "
                f"There are: {', '.join(shipped or ())}."
            )
        below = _document(shipped[base], str(base))
        columns = {**below["columns"], **document.get("columns", {})}
        document = {**below, **document, "columns": columns}
    try:
        mapping = Mapping.model_validate(document)
    except ValidationError as error:
        raise TicketImportError(
            f"The mapping {source} cannot be used: {field_faults(error)}. Mend it and import again."
        ) from None
    if mapping.timezone:
        parse_zone(mapping.timezone)
    if empty := [field for field, names in mapping.needed().items() if not names]:
        raise TicketImportError(
            f"The mapping {source} names no column for {' and '.join(empty)}. With rows = "
            f"{mapping.rows!r} no row can be read without; add it under [columns]."
        )
    if mapping.rows == "updates" and not (mapping.resolved or mapping.closed):
        raise TicketImportError(
            f"The mapping {source} reads updates, and names no status that is resolved or closed: "
            "no ticket would ever be. Add resolved = [...] or closed = [...]."
        )
    return mapping


def _document(text: str, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TicketImportError(
            f"The mapping {source} is not valid TOML: {error}. Mend it and import again."
        ) from None
