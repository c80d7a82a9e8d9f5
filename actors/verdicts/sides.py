"""Two runs of one check side by side, the rows that the verdict is from marked. Pure.

There is one way to it, for the judge's answer, the history, and what people and programs see.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec.structs import replace

from stillfixed.actors.verdicts.align import align
from stillfixed.actors.verdicts.exits import EXIT
from stillfixed.actors.verdicts.model import AlignedLine, FieldChange, Output, Run, Verdict

_SEARCHED_LINES = 200

Place = tuple[Output, int]
"""A line of an output, counted from 1."""


def side_by_side(
    before: Run,
    after: Run | None,
    fields: Sequence[FieldChange] = (),
    verdict: Verdict | None = None,
) -> tuple[AlignedLine, ...]:
    """stdout and then stderr of both runs; a run that is not there has no lines. The rows decide in
    which a field stands that was judged as the whole was; where all is healthy, none does."""
    other = after or Run("")
    rows = align(before.stdout, other.stdout)
    rows += align(before.stderr, other.stderr, output="stderr")
    deciding = [one for one in fields if one.verdict == verdict != "healthy"]
    left = {place for one in deciding for place in _places(one, "before", before)}
    right = {place for one in deciding for place in _places(one, "after", other)}
    return tuple(
        replace(row, deciding=True)
        if (row.output, row.before_number) in left or (row.output, row.after_number) in right
        else row
        for row in rows
    )


def _places(change: FieldChange, side: Literal["before", "after"], run: Run) -> Iterator[Place]:
    """Where a value stands. The judge numbers the lines of stdout only; what it read in stderr is
    taken to stand in the first line there that holds it."""
    value, line = (
        (change.before, change.before_line)
        if side == "before"
        else (change.after, change.after_line)
    )
    if line is not None:
        yield "stdout", line
    elif value and run.stderr and change.field != EXIT:
        text = " ".join(value.strip("…").split())
        whole = re.compile(rf"(?<!\w){re.escape(text)}(?!\w)")
        for number, one in enumerate(run.stderr.split("\n")[:_SEARCHED_LINES], 1):
            if whole.search(" ".join(one.split())):
                yield "stderr", number
                return
