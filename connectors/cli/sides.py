"""The second step of showing a verdict: the two outputs beside each other, or one under the other
where the terminal is narrow. Pure.

Guarantee: what is left out is counted, and never a row that decided; everything reads without
colour: each row has its mark, and where nothing can be emphasised, ^ stand under changed words.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Literal, NamedTuple, assert_never

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from stillfixed.actors.verdicts.align import CONTEXT_LINES
from stillfixed.actors.verdicts.model import AlignedLine, Fold, Row
from stillfixed.connectors.cli.text import count, plain

BESIDE_FROM_COLUMNS = 100
"""Narrower terminals have the outputs beside each other only if every line fits."""
ROWS_SHOWN = 120
ONE_SIDED_ROWS_SHOWN = 2 * CONTEXT_LINES
LINE_CHARS_SHOWN = 400
CHARS_BEFORE_CHANGE = 100

Side = Literal["before", "after"]
_SIDES: tuple[Side, Side] = ("before", "after")
_STYLES: dict[Side, str] = {"before": "red", "after": "green"}
_EMPHASIS = "bold underline"
_QUIET = "dim"
_VOLATILE_MARK = "≈"
_LEGEND = {
    "*": "* decided",
    _VOLATILE_MARK: f"{_VOLATILE_MARK} only times, counters or spaces changed",
}


class Titles(NamedTuple):
    """What stands above the outputs."""

    before: str
    after: str


class Sides:
    """Rows of two outputs; `one_sided` where there was no second run, so that nothing is missing
    there. `full` shortens nothing."""

    def __init__(
        self, rows: Sequence[Row], titles: Titles, *, one_sided: bool = False, full: bool = False
    ) -> None:
        self._rows = rows
        self._titles = titles
        self._one_sided = one_sided
        self._full = full

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = [row for row in self._rows if isinstance(row, AlignedLine)]
        page = _Page(lines, console, options.max_width, self._one_sided, self._full)
        yield from page.titles(self._titles)
        if not lines:
            none = Text("(no output)", style=_QUIET)
            yield page.beside(none, none if not self._one_sided else Text())
        for row in self._within_limit(page):
            yield from row
        if legend := page.legend():
            yield Text(f"  {legend}", style=_QUIET)

    def _within_limit(self, page: "_Page") -> Iterator[Iterable[Text]]:
        """Rows as lines. Where they are too many, those that decided are still there."""
        limit = ONE_SIDED_ROWS_SHOWN if self._one_sided else ROWS_SHOWN
        shown = hidden = 0
        for row, following in zip_longest(self._rows, self._rows[1:]):
            decides = isinstance(row, AlignedLine) and row.deciding
            if shown >= limit and not self._full and not decides:
                hidden += row.lines if isinstance(row, Fold) else 1
                continue
            if hidden:
                yield [_hidden(hidden)]
                hidden = 0
            lines = list(page.row(row, following))
            shown += len(lines)
            yield lines
        if hidden:
            yield [_hidden(hidden)]


def _hidden(lines: int) -> Text:
    return Text(f"    … {count(lines, 'line')} more, --full shows all …", style=_QUIET)


class _Page:
    """Where things stand on the page. A line has, on each side of it or once, a mark, a star where
    it decided, its number, a bar and its text."""

    def __init__(
        self,
        lines: Sequence[AlignedLine],
        console: Console,
        width: int,
        one_sided: bool,
        full: bool,
    ) -> None:
        self._console = console
        self._one_sided = one_sided
        self._full = full
        self._emphasises = console.is_terminal and not console.is_dumb_terminal
        self._deciding = any(line.deciding for line in lines)
        numbers = [line.before_number or line.after_number or 0 for line in lines]
        self._digits = max(2, len(str(max(numbers, default=0))))
        self._there = {
            (line.output, side)
            for line in lines
            for side in _SIDES
            if _text(line, side) is not None
        }
        self._used: set[str] = set()
        self._last = ("same", "stdout")
        gutter = len(self._gutter(" ", None, False))
        self._half = max(24, (width - 4) // 2)
        longest = max((_cells(line) for line in lines[: 2 * ROWS_SHOWN]), default=0)
        self._is_beside = width >= BESIDE_FROM_COLUMNS or longest <= self._half - gutter
        self._columns = (self._half if self._is_beside else max(24, width - 2)) - gutter

    # -- lines of the page ----------------------------------------------------------------------
    def titles(self, titles: Titles) -> Iterator[Text]:
        before, after = (Text(title, style="dim italic") for title in titles)
        if self._is_beside:
            yield self.beside(before, after)
        else:
            yield from (self._under(before), self._under(after))

    def beside(self, left: Text, right: Text) -> Text:
        left, right = left.copy(), right.copy()
        left.truncate(self._half, overflow="ellipsis", pad=True)
        right.truncate(self._half, overflow="ellipsis")
        row = Text.assemble("  ", left, "  ", right, no_wrap=True, overflow="ignore")
        row.rstrip()
        return row

    def _under(self, line: Text) -> Text:
        row = Text.assemble("  ", line, no_wrap=True, overflow="ignore")
        row.rstrip()
        return row

    def legend(self) -> str:
        return "   ".join(words for mark, words in _LEGEND.items() if mark in self._used)

    def row(self, row: Row, following: Row | None) -> Iterator[Text]:
        if row.output == "stderr" and self._last[1] != "stderr":
            yield self._under(Text("stderr", style="dim italic"))
        match row:
            case Fold():
                yield Text(f"    … {folded_words(row)}", style=_QUIET)
            case AlignedLine():
                yield from self._beside(row) if self._is_beside else self._stacked(row, following)
            case _ as never:
                assert_never(never)
        self._last = _stretch(row)

    def _beside(self, row: AlignedLine) -> Iterator[Text]:
        """Both sides of a row. That one is not there is said at the start of a stretch."""
        first = _stretch(row) != self._last
        sides = (self._side(row, side) or self._missing(row, side, said=first) for side in _SIDES)
        for left, right in zip_longest(*sides):
            yield self.beside(left or Text(), right or Text())

    def _stacked(self, row: AlignedLine, following: Row | None) -> Iterator[Text]:
        """What was and under it what is; only what is where the two are the same, or differ in
        nothing that matters. That a side is not there is said at the end of a stretch."""
        last = following is None or _stretch(row) != _stretch(following)
        once = row.kind == "same" or (row.volatile and not row.deciding and not self._full)
        sides: tuple[Side, ...] = ("after",) if once else _SIDES
        if row.kind == "added":
            sides = ("after", "before")
        for side in sides:
            for line in self._side(row, side) or self._missing(row, side, said=last):
                yield self._under(line)

    # -- one side of a row ----------------------------------------------------------------------
    def _side(self, row: AlignedLine, side: Side) -> list[Text]:
        """The lines of a side that is there."""
        captured = _text(row, side)
        if captured is None:
            return []
        text = self._shortened(self._styled(row, side, captured))
        underlines = not self._emphasises and _is_worth_carets(text)
        number = row.before_number if side == "before" else row.after_number
        gutter_style = text.style or _QUIET
        lines: list[Text] = []
        for wrapped in text.wrap(self._console, self._columns, overflow="fold") or [Text()]:
            gutter = self._gutter(self._mark(row, side), number, row.deciding)
            if lines:
                gutter = self._gutter(self._mark(row, side), None, False)
            lines.append(Text.assemble((gutter, gutter_style), wrapped))
            if underlines and (carets := _carets(wrapped)):
                lines.append(Text(self._gutter(" ", None, False).replace("│", " ") + carets))
        return lines

    def _missing(self, row: AlignedLine, side: Side, *, said: bool) -> list[Text]:
        if self._one_sided or not said:
            return []
        none = "(not there)" if (row.output, side) in self._there else "(no output)"
        mark = " " if self._is_beside else ("-" if side == "before" else "+")
        return [Text.assemble(self._gutter(mark, None, False), none, style="dim italic")]

    def _gutter(self, mark: str, number: int | None, deciding: bool) -> str:
        star = ("*" if deciding else " ") if self._deciding else ""
        return f"{mark}{star} {number if number is not None else '':>{self._digits}} │ "

    def _mark(self, row: AlignedLine, side: Side) -> str:
        if row.kind == "same" or self._one_sided:
            mark = " "
        elif row.volatile and not row.deciding:
            mark = _VOLATILE_MARK
        elif row.kind == "changed" and self._is_beside:
            mark = "~"
        else:
            mark = "-" if side == "before" else "+"
        self._used |= {mark, "*" if row.deciding else " "}
        return mark

    def _styled(self, row: AlignedLine, side: Side, captured: str) -> Text:
        text = Text(plain(captured))
        if row.volatile and not row.deciding:
            text.style = _QUIET
        elif row.kind != "same" and not self._one_sided:
            text.style = _STYLES[side]
        elif row.deciding:
            text.style = "bold"
        for one in row.before_spans if side == "before" else row.after_spans:
            start, end = (len(plain(captured[:at] + "x")) - 1 for at in (one.start, one.end))
            if not one.volatile or (
                row.volatile and row.deciding and not text[start:end].plain.isspace()
            ):
                text.stylize(_EMPHASIS, start, end)
            elif not row.deciding:
                text.stylize(_QUIET, start, end)
        return text

    def _shortened(self, text: Text) -> Text:
        """A long line around its first change."""
        if self._full or len(text) <= LINE_CHARS_SHOWN:
            return text
        first = min((span.start for span in text.spans if span.style == _EMPHASIS), default=0)
        start = first - CHARS_BEFORE_CHANGE if first > LINE_CHARS_SHOWN // 2 else 0
        end = min(start + LINE_CHARS_SHOWN, len(text))
        parts = [text[start:end]]
        if start:
            parts.insert(0, Text(f"{count(start, 'character')} … ", style=_QUIET))
        if end < len(text):
            parts.append(Text(f" … {count(len(text) - end, 'character')} more", style=_QUIET))
        return Text.assemble(*parts)


def _stretch(row: Row) -> tuple[str, str]:
    """What neighbouring rows have in common that lack the same side."""
    return row.kind, row.output


def _text(row: AlignedLine, side: Side) -> str | None:
    return row.before if side == "before" else row.after


def _cells(row: AlignedLine) -> int:
    return max(cell_len(plain(text)) for text in (row.before or "", row.after or ""))


def folded_words(fold: Fold) -> str:
    """What a fold hides."""
    if not fold.volatile:
        return count(fold.lines, "unchanged line")
    new = "with new times or numbers only"
    if fold.volatile == fold.lines:
        return f"{count(fold.lines, 'line')} {new}"
    return f"{count(fold.lines, 'line')}, {fold.volatile:,} of them {new}"


def _emphasised(line: Text) -> list[tuple[int, int]]:
    return sorted((span.start, span.end) for span in line.spans if span.style == _EMPHASIS)


def _is_worth_carets(line: Text) -> bool:
    """Whether a part of the line is emphasised, rather than nearly all of it."""
    chars = sum(end - start for start, end in _emphasised(line))
    return 0 < chars < 0.8 * len(line.plain.strip())


def _carets(line: Text) -> str:
    """^ under what is emphasised."""
    marks = ""
    for start, end in _emphasised(line):
        marks += " " * (cell_len(line.plain[:start]) - len(marks))
        marks += "^" * cell_len(line.plain[start:end])
    return marks
