"""The first step of showing a verdict: the small table that one reads in five seconds. Pure.

Guarantee: it fits its width, the worst stands first, and what is not listed is counted. Verdicts
carry a symbol and words, so that it reads without colour.
"""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from stillfixed.actors.verdicts.model import FieldChange, Verdict
from stillfixed.actors.verdicts.spans import changed_spans
from stillfixed.actors.verdicts.summary import Summary, field_name, summarised
from stillfixed.actors.verdicts.volatile import stretches
from stillfixed.connectors.cli.render import Beside, standing
from stillfixed.connectors.cli.text import count, plain

NOT_THERE = "(not there)"
EMPTY = "(empty)"
CELL_LINES = 2
ITEM_CHARS = 40
TABLE_FROM_COLUMNS = 60
"""Narrower terminals get the values of a field under its name."""

HEADINGS = ("verdict", "field", "before", "after", "rule")
_GAP = 2
_LEAST_COLUMNS = 9
_FAULTY_BEFORE: frozenset[Verdict] = frozenset(("fixed", "still_failing"))
_AFTER_STYLES: dict[Verdict, str] = {
    "regressed": "bold red",
    "still_failing": "bold red",
    "inconclusive": "",
    "fixed": "green",
    "healthy": "",
}


class ValuesTable:
    """Fields that are worst first; `left_out` more are no worse than the last. `full` lists every
    one that changed or matters, and shortens none."""

    def __init__(
        self, fields: Sequence[FieldChange], *, left_out: int = 0, full: bool = False
    ) -> None:
        self._full = full
        self._summary = (
            summarised(fields, left_out=left_out, rows_shown=None)
            if full
            else summarised(fields, left_out=left_out)
        )

    @property
    def has_rows(self) -> bool:
        """Whether something changed or is wrong, so that there is more to tell than a number."""
        return bool(self._summary.rows)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        s = self._summary
        rows = [cells(change) for change in s.rows]
        if rows and options.max_width >= TABLE_FROM_COLUMNS:
            yield from self._table(console, rows, options.max_width)
        else:
            yield from _stacked(rows)
        if s.more:
            yield Text(f"  and {s.more} more", style="dim")
        if s.quiet:
            yield Beside(Text.assemble(("  · ", "dim")), Text(quiet_words(s), style="dim"))

    def _table(self, console: Console, rows: list[tuple[Text, ...]], width: int) -> Iterator[Text]:
        headings = tuple(Text(heading, style="dim") for heading in HEADINGS)
        widths = _widths([headings, *rows], width - 2 - _GAP * (len(HEADINGS) - 1))
        for cells in (headings, *rows):
            wrapped = [self._wrapped(console, *pair) for pair in zip(cells, widths, strict=True)]
            for at in range(max(map(len, wrapped))):
                line = Text("  ", no_wrap=True, overflow="ignore")
                for lines, columns in zip(wrapped, widths, strict=True):
                    cell = lines[at].copy() if at < len(lines) else Text()
                    cell.truncate(columns + _GAP, pad=True)
                    line.append_text(cell)
                line.rstrip()
                yield line

    def _wrapped(self, console: Console, cell: Text, columns: int) -> list[Text]:
        lines = list(cell.wrap(console, columns, overflow="fold")) or [Text()]
        if len(lines) > CELL_LINES and not self._full:
            last = lines[CELL_LINES - 1]
            last.truncate(columns - 1)
            lines = [*lines[: CELL_LINES - 1], last.append("…")]
        return lines


def quiet_words(summary: Summary) -> str:
    """How many values are healthy and unchanged, and which are the first of them."""
    names = ", ".join(_named(change) for change in summary.quiet_some)
    names += ", …" if summary.quiet > len(summary.quiet_some) else ""
    return f"{count(summary.quiet, 'value')} healthy and unchanged: {names}"


def cells(change: FieldChange) -> tuple[Text, ...]:
    """A value as it is told: verdict, field, before, after, rule."""
    rule = f"{change.rule}: {change.note}" if change.note else change.rule
    before = _value(change.before, "red" if change.verdict in _FAULTY_BEFORE else "")
    after = _value(change.after, _AFTER_STYLES[change.verdict])
    if change.before and change.after:
        _stress_changes(before, after)
    return (
        standing(change.verdict), Text(_named(change)), before, after,
        Text(_one_line(rule), style="dim"),
    )  # fmt: skip


def _stress_changes(before: Text, after: Text) -> None:
    """Of values that are whole lines, what differs."""
    moving = stretches(before.plain), stretches(after.plain)
    changed = changed_spans(before.plain, after.plain, moving)
    for value, spans in zip((before, after), changed, strict=True):
        for one in spans:
            if not one.volatile:
                value.stylize("bold", one.start, one.end)


def _named(change: FieldChange) -> str:
    """A long item gives way to its field's name."""
    item = _one_line(change.item)
    item = item if len(item) <= ITEM_CHARS else item[: ITEM_CHARS - 1] + "…"
    return _one_line(field_name(replace(change, item=item)))


def _value(value: str | None, style: str) -> Text:
    if value is None:
        return Text(NOT_THERE, style="dim italic")
    return Text(_one_line(value), style=style) if value.strip() else Text(EMPTY, style="dim italic")


def _one_line(text: str) -> str:
    return " ".join(plain(text).split())


def _widths(rows: Sequence[tuple[Text, ...]], available: int) -> list[int]:
    """As wide as its widest cell for each column; the widest give way where that is too much."""
    widths = [max(cell.cell_len for cell in column) for column in zip(*rows, strict=True)]
    while sum(widths) > available and max(widths[1:]) > _LEAST_COLUMNS:
        widest = max(range(1, len(widths)), key=widths.__getitem__)
        widths[widest] -= 1
    return widths


def _stacked(rows: Sequence[tuple[Text, ...]]) -> Iterator[RenderableType]:
    for verdict, field, *values in rows:
        yield Beside(Text.assemble("  ", verdict, "  "), field)
        for heading, value in zip(HEADINGS[2:], values, strict=True):
            yield Beside(Text.assemble((f"    {heading:6}  ", "dim")), value)
