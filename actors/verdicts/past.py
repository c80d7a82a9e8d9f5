"""Tables of what happened: runs of a job, sessions, updates. Of each the newest row counts.

Guarantee: only tables with a column of dates have a past; rows that name different things have
none.
"""

import re
from collections.abc import Sequence

from stillfixed.actors.verdicts.logs import moment

_DATE = re.compile(r"\b(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})\b")


def holds_dates(values: Sequence[str]) -> bool:
    """Whether a column tells when something happened."""
    return any(values) and all(_DATE.search(value) for value in values if value)


def past_rows(rows: Sequence[Sequence[str]], items: Sequence[str]) -> frozenset[int]:
    """The places of rows about a thing of which a later row tells too; `items` name the rows."""
    if len(set(items)) == len(items):
        return frozenset()
    columns = list(zip(*rows, strict=True))
    when = next((values for values in columns if holds_dates(values)), None)
    if when is None:
        return frozenset()
    moments = [moment(value) for value in when]
    newest: dict[str, tuple[int, ...]] = {}
    for item, told in zip(items, moments, strict=True):
        newest[item] = max(told, newest.get(item, told))
    return frozenset(place for place, item in enumerate(items) if moments[place] < newest[item])
