"""What changed between the facts of two runs.

Guarantee: symmetric. A fault is `fixed` where the other run shows the same thing good, and
`regressed` under the very same condition with the runs the other way round. A fault that the other
run says nothing of is `inconclusive`, never a recovery.
"""

from typing import Literal

from msgspec import Struct

from stillfixed.actors.verdicts.cells import Cell, Fact
from stillfixed.actors.verdicts.exits import EXIT
from stillfixed.actors.verdicts.fields import QUIET
from stillfixed.actors.verdicts.health import Shown
from stillfixed.actors.verdicts.lines import ABSENT, HTTP, MESSAGE
from stillfixed.actors.verdicts.model import FieldChange, Verdict
from stillfixed.actors.verdicts.phrases import word_health

Key = tuple[str, str]
"""Item and field."""

_WHOLE_RUN = (MESSAGE, HTTP)
"""Fields that speak of the whole run where they have no item."""


class Elsewhere(Struct, frozen=True):
    """What the other run shows of a fault."""

    state: Literal["good", "bad", "unknown"]
    fact: Fact | None = None
    note: str = ""


def compare(command: str, first: Shown, second: Shown) -> list[FieldChange]:
    """Every fault on either side, and every value that is healthy on both."""
    changes: list[FieldChange] = []
    if other := _other_machine(first, second):
        return [other]
    for key in dict.fromkeys([*first.facts, *second.facts]):
        left, right = first.facts.get(key), second.facts.get(key)
        if left and left.health == "fault":
            changes.append(_was_faulty(key, left, elsewhere(left, first, second)))
        elif right and right.health == "fault":
            changes.append(_is_faulty(key, right, elsewhere(right, second, first), first))
        elif left and right and left.health == right.health == "healthy":
            changes.append(_change(key, left, right, "healthy"))
    return [change for change in changes if not _beside_the_point(change, command, changes)]


def _other_machine(first: Shown, second: Shown) -> FieldChange | None:
    for key, name in first.whereabouts.items():
        other = second.whereabouts.get(key, name)
        if other != name:
            note = "another machine answered"
            left, right = (Fact("", key, text, "unclear", "same machine") for text in (name, other))
            return _change(("", key), left, right, "inconclusive", note)
    return None


def _beside_the_point(change: FieldChange, command: str, changes: list[FieldChange]) -> bool:
    """Something idle in both runs that nobody asked for, where another thing is the fault: the
    unplugged Wi-Fi adapter beside the Ethernet that got no address."""
    return (
        change.rule == QUIET
        and change.before == change.after
        and (not change.item or change.item.lower() not in command.lower())
        and any(o.before != o.after and o.verdict != "healthy" for o in changes)
    )


def _was_faulty(key: Key, left: Fact, now: Elsewhere) -> FieldChange:
    verdicts: dict[str, Verdict] = {
        "good": "fixed", "bad": "still_failing", "unknown": "inconclusive",
    }  # fmt: skip
    return _change(key, left, now.fact, verdicts[now.state], now.note)


def _is_faulty(key: Key, right: Fact, before: Elsewhere, first: Shown) -> FieldChange:
    """A fault of the second run that the first does not show as one of the same name."""
    if before.state == "good":
        return _change(key, before.fact, right, "regressed", before.note)
    if before.state == "bad" or first.faults:
        return _change(key, before.fact, right, "still_failing", before.note)
    note = "the baseline does not show what it was before"
    return _change(key, before.fact, right, "inconclusive", note)


def elsewhere(fault: Fact, here: Shown, other: Shown) -> Elsewhere:
    """What the `other` run shows of a fault that stands `here`."""
    twin = other.facts.get((fault.item, fault.field))
    if twin and twin.health == "healthy":
        return Elsewhere("good", twin)
    if twin and twin.health == "fault":
        return Elsewhere("bad", twin)
    there = [fact for fact in other.faults if fact.rule != ABSENT or fault.rule == ABSENT]
    if fault.rule != ABSENT and other.faults and not there:
        return Elsewhere("unknown", None, other.faults[0].value)
    for fact in there:
        if fact.item == fault.item and fact.field not in _WHOLE_RUN:
            return Elsewhere("bad", fact, f"{fact.field} is {fact.value}")
    if twin is None and (cell := other.cells.get((fault.item, fault.field))):
        return _in_cell(cell)
    if fault.field in _WHOLE_RUN:
        if there:
            return Elsewhere("bad", there[0])
        if _answers(here, other):
            return Elsewhere("good", twin, "the check answers")
    if fault.field == EXIT and other.exit_status == 0 and other.has_output and not other.faults:
        return Elsewhere("good", twin, "the command succeeds and answers")
    if other.all_clear:
        return Elsewhere("good", twin, "the list of faulty items is empty")
    return Elsewhere("unknown", twin)


def _in_cell(cell: Cell) -> Elsewhere:
    """The same field of the same item holds a value that is no fact by itself: good where it says
    so in any field, and never bad, because a record may say that it is meant (admin down)."""
    good = bool(cell.value) and word_health(cell.value.lower()) == "healthy"
    fact = Fact(cell.item, cell.field, cell.value, "unclear", "status word", cell.line)
    return Elsewhere("good" if good else "unknown", fact)


def _answers(fault: Shown, other: Shown) -> bool:
    """The other run gave a real answer where this one gave only its fault."""
    answered = other.has_output and not fault.reading.cells and bool(other.reading.cells)
    fresh = [
        fact
        for key, fact in other.facts.items()
        if fact.health == "healthy"
        and (key not in fault.facts or fault.facts[key].health != "healthy")
    ]
    exits = fault.facts.get(("", EXIT)), other.facts.get(("", EXIT))
    recovered = bool(exits[0] and exits[1] and exits[1].health == "healthy")
    return recovered or (other.exit_status == 0 and (bool(fresh) or answered))


def _change(
    key: Key, left: Fact | None, right: Fact | None, verdict: Verdict, note: str = ""
) -> FieldChange:
    decided = right if right and right.health != "unclear" else left or right
    return FieldChange(
        item=key[0],
        field=key[1],
        before=left.value if left else None,
        after=right.value if right else None,
        verdict=verdict,
        rule=decided.rule if decided else "",
        before_line=left.line if left else None,
        after_line=right.line if right else None,
        note=note,
    )
