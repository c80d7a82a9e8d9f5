"""The values behind a verdict as people take them in first: a few rows, the worst on top. Pure."""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from stillfixed.actors.verdicts.exits import EXIT
from stillfixed.actors.verdicts.lines import MESSAGE
from stillfixed.actors.verdicts.model import WORST_FIRST, FieldChange
from stillfixed.actors.verdicts.volatile import masked

ROWS_SHOWN = 8
QUIET_NAMED = 3
STORED_FIELDS = 40
STORED_VALUE_CHARS = 200
_BEFORE_DIFFERENCE_CHARS = 20


class Summary(Struct, frozen=True, kw_only=True):
    """`rows` are read in five seconds, and no two read alike; `more` further ones are no worse than
    the last of them. `quiet` values are healthy in both runs and did not change; `quiet_some` are
    the first of them."""

    rows: tuple[FieldChange, ...]
    more: int
    quiet: int
    quiet_some: tuple[FieldChange, ...]


def worst_first(fields: Iterable[FieldChange]) -> tuple[FieldChange, ...]:
    """Sorted by verdict; of one verdict those first that changed."""
    return tuple(sorted(fields, key=lambda one: (WORST_FIRST.index(one.verdict), _is_quiet(one))))


def summarised(
    fields: Sequence[FieldChange], *, left_out: int = 0, rows_shown: int | None = ROWS_SHOWN
) -> Summary:
    """A summary of fields that are worst first; `left_out` are not among them, and no worse than
    the last. `rows_shown` None shows every row."""
    told = list({_read_as(one): one for one in fields if not _is_quiet(one)}.values())
    quiet = [one for one in fields if _is_quiet(one)]
    shown = told[:rows_shown]
    all_quiet = bool(quiet)  # what was left out stands behind the last
    return Summary(
        rows=tuple(shown),
        more=len(told) - len(shown) + (0 if all_quiet else left_out),
        quiet=len(quiet) + (left_out if all_quiet else 0),
        quiet_some=tuple(quiet[:QUIET_NAMED]),
    )


def field_name(change: FieldChange) -> str:
    """What is judged, in words: of a sentence no more than that it is one."""
    if change.field == MESSAGE:
        return "output"
    field = "exit status" if change.field == EXIT else change.field
    return f"{change.item}: {field}" if change.item else field


def _read_as(change: FieldChange) -> tuple[str | None, ...]:
    note = change.note or change.rule
    return change.verdict, field_name(change), change.before, change.after, note


def _is_quiet(change: FieldChange) -> bool:
    if change.verdict != "healthy" or change.before is None or change.after is None:
        return False
    return masked(change.before) == masked(change.after)


# -- stored with the verdict -----------------------------------------------------------------------
def stored(fields: Sequence[FieldChange]) -> tuple[tuple[FieldChange, ...], int]:
    """The first of fields that are worst first, with long values shortened, and how many were left
    out: an event stays small whatever the output."""
    kept = tuple(_shortened(one) for one in fields[:STORED_FIELDS])
    return kept, len(fields) - len(kept)


def _shortened(change: FieldChange) -> FieldChange:
    before, after = _shorter(change.before, change.after), _shorter(change.after, change.before)
    return replace(
        change,
        item=_cut(change.item),
        field=_cut(change.field),
        before=before,
        after=after,
        rule=_cut(change.rule),
        note=_cut(change.note),
    )


def _shorter(value: str | None, other: str | None) -> str | None:
    """The start of a value, or where it begins to differ from the other side's."""
    if value is None or len(value) <= STORED_VALUE_CHARS:
        return value
    pairs = zip(value, other or "", strict=False)
    alike = next((n for n, (a, b) in enumerate(pairs) if a != b), 0)
    start = max(alike - _BEFORE_DIFFERENCE_CHARS, 0) if alike > STORED_VALUE_CHARS // 2 else 0
    return ("…" if start else "") + _cut(value[start:])


def _cut(text: str) -> str:
    return text if len(text) <= STORED_VALUE_CHARS else text[: STORED_VALUE_CHARS - 1] + "…"
