"""A check before and after as rows for a page: values that decided, the two outputs beside each
other. Pure. The words are the terminal's (cli/values, cli/sides); only the setting is HTML's.

Guarantee: what is left out is counted, and never a row that decided.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, assert_never

from markupsafe import Markup
from msgspec import Struct
from rich.text import Text

from stillfixed.actors.session.history import Comparison
from stillfixed.actors.verdicts.model import AlignedLine, FieldChange, Fold, Row, Span
from stillfixed.actors.verdicts.summary import summarised
from stillfixed.connectors.cli.sides import (
    CHARS_BEFORE_CHANGE,
    LINE_CHARS_SHOWN,
    ONE_SIDED_ROWS_SHOWN,
    folded_words,
)
from stillfixed.connectors.cli.text import count, plain
from stillfixed.connectors.cli.values import cells, quiet_words
from stillfixed.connectors.web.stream.text import html_of

ROWS_SHOWN = 60
"""A screen's height of a comparison in the stream; the run's own page has all."""

_CHANGED = "changed"
_MOVED = "moved"


class Side(Struct, frozen=True):
    """One side of a row; `number` is None where there is no such line."""

    number: int | None = None
    html: Markup = Markup("")


class SideRow(Struct, frozen=True, kw_only=True):
    """`words` say what a folded row hides, and are empty on others."""

    mark: str = ""
    kind: Literal["same", "changed", "removed", "added", "moved", "folded"] = "same"
    deciding: bool = False
    before: Side = Side()
    after: Side = Side()
    words: str = ""


class Values(Struct, frozen=True):
    """The table of values: each row five cells; `more` and `quiet` say what it leaves out."""

    rows: tuple[tuple[str, Markup, Markup, Markup, Markup], ...]
    more: int
    quiet: str


def values(fields: Sequence[FieldChange], left_out: int) -> Values:
    """Fields that are worst first, as the judge gives them."""
    summary = summarised(fields, left_out=left_out)
    rows = []
    for change in summary.rows:
        _, field, before, after, rule = map(html_of, cells(change))
        rows.append((change.verdict, field, before, after, rule))
    return Values(tuple(rows), summary.more, quiet_words(summary) if summary.quiet else "")


def reasons(comparison: Comparison) -> tuple[str, ...]:
    """The judge's sentences, where no value in the table has the whole's verdict."""
    told = any(change.verdict == comparison.judged for change in comparison.fields)
    return () if told else comparison.reasons


def side_rows(comparison: Comparison, *, full: bool = False) -> tuple[SideRow, ...]:
    """The two outputs beside each other; `full` folds and shortens nothing."""
    one_sided = comparison.after is None
    return tuple(_limited(comparison.rows(full=full), one_sided=one_sided, full=full))


def _limited(rows: Sequence[Row], *, one_sided: bool, full: bool) -> Iterator[SideRow]:
    limit = ONE_SIDED_ROWS_SHOWN if one_sided else ROWS_SHOWN
    last = "stdout"
    shown = hidden = 0
    for row in rows:
        decides = isinstance(row, AlignedLine) and row.deciding
        if shown >= limit and not full and not decides:
            hidden += row.lines if isinstance(row, Fold) else 1
            continue
        if hidden:
            yield _hidden(hidden)
            hidden = 0
        if row.output != last:
            last = row.output
            yield SideRow(kind="folded", words="stderr")
        shown += 1
        yield _row(row, one_sided=one_sided, full=full)
    if hidden:
        yield _hidden(hidden)


def _hidden(lines: int) -> SideRow:
    return SideRow(kind="folded", words=f"… {count(lines, 'more line')}")


def _row(row: Row, *, one_sided: bool, full: bool) -> SideRow:
    match row:
        case Fold():
            return SideRow(kind="folded", words=f"… {folded_words(row)}")
        case AlignedLine():
            moved = row.volatile and not row.deciding
            kind = "same" if one_sided else "moved" if moved else row.kind
            mark = {"same": "", "changed": "~", "removed": "-", "added": "+", "moved": "≈"}[kind]
            return SideRow(
                mark=mark,
                kind=kind,
                deciding=row.deciding,
                before=_side(row, row.before, row.before_number, row.before_spans, full=full),
                after=_side(row, row.after, row.after_number, row.after_spans, full=full),
            )
        case _ as never:
            assert_never(never)


def _side(
    row: AlignedLine, captured: str | None, number: int | None, spans: Sequence[Span], *, full: bool
) -> Side:
    if captured is None:
        return Side()
    text = Text(plain(captured))
    for one in spans:
        # Where a character stands once escapes are gone and tabs spread.
        start, end = (len(plain(captured[:at] + "x")) - 1 for at in (one.start, one.end))
        if not one.volatile:
            text.stylize(_CHANGED, start, end)
        elif not row.deciding:
            text.stylize(_MOVED, start, end)
        elif row.volatile and not text.plain[start:end].isspace():
            text.stylize(_CHANGED, start, end)
    return Side(number, html_of(text if full else _shortened(text)))


def _shortened(text: Text) -> Text:
    """A long line around its first change."""
    if len(text) <= LINE_CHARS_SHOWN:
        return text
    first = min((one.start for one in text.spans if one.style == _CHANGED), default=0)
    start = first - CHARS_BEFORE_CHANGE if first > LINE_CHARS_SHOWN // 2 else 0
    end = min(start + LINE_CHARS_SHOWN, len(text))
    parts = [text[start:end]]
    if start:
        parts.insert(0, Text(f"{count(start, 'character')} … ", style="dim"))
    if end < len(text):
        parts.append(Text(f" … {count(len(text) - end, 'character')} more", style="dim"))
    return Text.assemble(*parts)
