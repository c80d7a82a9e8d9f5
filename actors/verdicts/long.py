"""Long outputs, reduced to what can decide: so that judging stays quick whatever the size.

Of two long outputs the judge reads their beginnings and ends, the lines that differ, and the equal
lines with a word of fault. Any other equal line is healthy on both sides or nothing, and neither
counts, except where health is a matter of numbers (`counts_by_number`). Guarantee: linear; `whole`
is False where even those lines are too many, and then nothing may be called fixed or healthy.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from stillfixed.actors.verdicts.cells import Fact
from stillfixed.actors.verdicts.knowledge import status_words
from stillfixed.actors.verdicts.lines import MESSAGE
from stillfixed.actors.verdicts.model import Run

READ_LINES = 1_000
"""So many lines of each output are read at most; shorter outputs are read as they are."""

_HEAD_LINES, _TAIL_LINES = 60, 20
_AROUND_LINES = 10
_LINE_LIMIT_CHARACTERS = 4_000
_WORD = re.compile(r"[^\W\d_]+")
_IN_A_LIST = re.compile(r"^\s*\S[^:=]{0,60}[:=]")


class Pair(Struct, frozen=True):
    """What is read of two runs; `numbers` give the line in the whole output for a line read."""

    first: Run
    second: Run
    numbers: tuple[Sequence[int], Sequence[int]] | None = None
    whole: bool = True

    def line(self, side: int, number: int | None) -> int | None:
        return number if number is None or self.numbers is None else self.numbers[side][number - 1]


def essence(first: Run, second: Run) -> Pair:
    """The two runs, or what can decide of them where they are long."""
    (first, all_first), (second, all_second) = _with_short_stderr(first), _with_short_stderr(second)
    left, right = first.stdout.split("\n"), second.stdout.split("\n")
    short = max(len(left), len(right)) <= READ_LINES and not _has_long_line(left, right)
    document = first.stdout.lstrip()[:1] in ("{", "[", "<") and len(left) <= READ_LINES
    if short or document:  # a document is read whole or not at all
        return Pair(first, second, whole=all_first and all_second)
    equal = set(left) & set(right)
    doubtful = _doubtful(equal)
    sides = left, right
    kept = [_kept(lines, equal, doubtful) for lines in sides]
    kept = [_with_partners(sides[n], kept[n], sides[1 - n], kept[1 - n]) for n in (0, 1)]
    whole = all_first and all_second and all(len(numbers) <= READ_LINES for numbers in kept)
    whole = whole and not any(
        _has_long_line([lines[n] for n in numbers])
        for lines, numbers in zip(sides, kept, strict=True)
    )
    kept = [numbers[:READ_LINES] for numbers in kept]
    runs = [
        replace(run, stdout="\n".join(lines[n][:_LINE_LIMIT_CHARACTERS] for n in numbers))
        for run, lines, numbers in zip((first, second), sides, kept, strict=True)
    ]
    numbers = ([n + 1 for n in kept[0]], [n + 1 for n in kept[1]])
    return Pair(runs[0], runs[1], numbers, whole)


def _with_short_stderr(run: Run) -> tuple[Run, bool]:
    """The run with what is read of its stderr, and whether that is all: complaints come first."""
    lines = run.stderr.split("\n")
    if len(lines) <= READ_LINES and not _has_long_line(lines):
        return run, True
    kept = [line[:_LINE_LIMIT_CHARACTERS] for line in lines[:READ_LINES]]
    return replace(run, stderr="\n".join(kept)), False


def _has_long_line(*texts: Sequence[str]) -> bool:
    return any(len(line) > _LINE_LIMIT_CHARACTERS for lines in texts for line in lines)


_ANSWERS_OF_FAULT = frozenset(
    ["false", "no", "not", "none", "null", "never", "nein", "nicht", "non", "pas"]
)


@lru_cache(maxsize=1)
def _words_of_fault() -> frozenset[str]:
    lists = ("fault", "fault_anywhere", "quiet")
    return _ANSWERS_OF_FAULT.union(*(status_words(name) for name in lists))


def counts_by_number(facts: Iterable[Fact]) -> bool:
    """Whether health is a matter of numbers here. Then equal lines may be faults without a word
    that says so, and an output that was reduced does not show them all."""
    return any(re.match(r"[-+]?\d", fact.value) for fact in facts if fact.field != MESSAGE)


def _doubtful(lines: set[str]) -> set[str]:
    """Lines with a word that may tell of a fault."""
    ordered = [line for line in lines if line]
    text = "\n".join(ordered).lower()
    said = _words_of_fault().intersection(_WORD.findall(text))
    if not said:
        return set()
    words = re.compile(rf"(?<![^\W\d_])(?:{'|'.join(map(re.escape, said))})(?![^\W\d_])")
    return {line for line in ordered if words.search(line.lower())}


def _kept(lines: Sequence[str], equal: set[str], doubtful: set[str]) -> list[int]:
    """Indexes of the lines to read, in order."""
    keep = set(range(min(_HEAD_LINES, len(lines))))
    keep.update(range(max(0, len(lines) - _TAIL_LINES), len(lines)))
    for index, line in enumerate(lines):
        if line in equal and line not in doubtful:
            continue
        keep.add(index)
        if _IN_A_LIST.match(line):
            keep.update(_block(lines, index))
        if len(keep) > READ_LINES + _TAIL_LINES + _AROUND_LINES:
            break  # too many, and the first of them are found
    return sorted(keep)


def _with_partners(
    lines: Sequence[str], keep: Sequence[int], others: Sequence[str], kept: Sequence[int]
) -> list[int]:
    """Also the items that were kept of the other side: those around a line that stands once on each
    (`Name : item7`)."""
    chosen = {others[index] for index in kept} - {lines[index] for index in keep}
    once = {line for line, count in Counter(others).items() if count == 1 and line in chosen}
    found = set(keep)
    for index, line in enumerate(lines) if once else ():
        if line in once and line.strip():
            found.update(_block(lines, index))
    return sorted(found)


def _block(lines: Sequence[str], index: int) -> range:
    """The lines of the list's item around this one."""
    start = end = index
    while start > 0 and index - start < _AROUND_LINES and lines[start - 1].strip():
        start -= 1
    while end + 1 < len(lines) and end - index < _AROUND_LINES and lines[end + 1].strip():
        end += 1
    return range(start, end + 1)
