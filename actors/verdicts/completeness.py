"""Whether an output is all there: one that was cut short proves no recovery.

Guarantee: only ever a reason for doubt; an output that ends as the other did is never doubted.
"""

import re

from stillfixed.actors.verdicts.expect import Expectation
from stillfixed.actors.verdicts.health import Shown
from stillfixed.actors.verdicts.listings import LISTED
from stillfixed.actors.verdicts.model import Run
from stillfixed.actors.verdicts.output import clean
from stillfixed.actors.verdicts.phrases import text_health
from stillfixed.actors.verdicts.prompts import last_prompt, without_prompts

_NUMBERS = re.compile(r"(?<![^\W\d_])\d+")
"""Not those of names: PC1 and PC2 are two."""
Lines = list[tuple[int, str]]
"""Lines that say something, with their numbers from 1."""
_RULE = re.compile(r"\s*[-=+|─━┼]{3,}[-=+|─━┼\s]*$")


def lacks_the_end(
    before: Run, after: Run, first: Shown, second: Shown, expectation: Expectation | None
) -> bool:
    """Whether what came at the end of the first output is missing in the second."""
    lines, others = _lines(before.stdout), _lines(after.stdout)
    if breaks_off(before, after) or _stops_before_a_table(lines, others):
        return True
    if expectation is not None and expectation.operator not in ("not contains", "!="):
        return False  # what was expected is there, whatever is missing
    only_headings = bool(second.reading.fields) and not second.reading.cells
    only_headings = only_headings or any(
        fact.field == LISTED and fact.value == "nothing" for fact in second.healthy
    )
    if not (only_headings and (second.all_clear or expectation)) and _stops_early(
        lines, others, first
    ):
        return True
    return expectation is None and end_is_missing(first, second)


def breaks_off(before: Run, after: Run) -> bool:
    """Whether the second output ends inside a line, where the first one ended properly, or with the
    empty lines that the first one begins with."""
    if after.stdout and not after.stdout.strip() and before.stdout.strip():
        return before.stdout.startswith(after.stdout)
    return _ends_well(before.stdout) and not _ends_well(after.stdout) and bool(after.stdout.strip())


def _ends_well(text: str) -> bool:
    whole = text.strip()
    document = whole[:1] + whole[-1:] in ("{}", "[]", "<>")
    return text.endswith("\n") or document or last_prompt(clean(text)) is not None


def _stops_before_a_table(lines: Lines, others: Lines) -> bool:
    """Whether the second output ends with a line that stands in the first above the rule of a
    table, and has no rule itself. A tool that has nothing to list prints another title, or all of
    the heading."""
    rules = [number for number, line in lines if _RULE.match(line)]
    if not rules or not others or any(_RULE.match(line) for _, line in others):
        return False
    last = others[-1][1].split()
    return any(line.split() == last for number, line in lines if number < rules[-1])


def _stops_early(lines: Lines, others: Lines, first: Shown) -> bool:
    """Whether the second output ends with a line that stands in the middle of the first, and has
    nothing of the values that follow there. Complaints that follow may have gone with the fault."""
    if not lines or len(others) >= len(lines) or not others:
        return False
    last = _steady(others[-1][1])
    place = max((number for number, line in lines if _steady(line) == last), default=0)
    held = {cell.line for cell in first.reading.cells}
    following = {
        line.split()[0]
        for number, line in lines
        if number > place and number in held and text_health(line) != "fault"
    }
    if not place or not following:
        return False
    return following.isdisjoint(line.split()[0] for _, line in others)


def _lines(text: str) -> Lines:
    lines = without_prompts(clean(text).split("\n"), "")
    return [(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _steady(line: str) -> str:
    """The line without what moves in it."""
    return " ".join(_NUMBERS.sub("#", line).split())


def end_is_missing(first: Shown, second: Shown) -> bool:
    """Whether a healthy row of the first output is not in the second at all, or its end is not:
    values of fields that other items still have, or things that were healthy."""
    if second.all_clear:
        return False
    before, after = (
        first.facts.keys() | first.cells.keys(),
        second.facts.keys() | second.cells.keys(),
    )
    if {item for item, _ in after} - {item for item, _ in before}:
        return False
    rows = {item for item, _ in first.cells.keys() - second.cells.keys()}
    gone = rows - {item for item, _ in after}
    if any(fact.health == "healthy" and item in gone for (item, _), fact in first.facts.items()):
        return True
    fields = {field for _, field in second.cells}
    lines = {key: cell.line or 0 for key, cell in first.cells.items() if key[1] in fields}
    lines |= {key: f.line or 0 for key, f in first.facts.items() if f.health == "healthy"}
    shown = lines | {key: fact.line or 0 for key, fact in first.facts.items()}
    last = max((line for key, line in shown.items() if key in after), default=0)
    lost = [line for key, line in lines.items() if line and key not in after]
    return bool(lost) and min(lost) > last
