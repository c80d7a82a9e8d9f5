"""What changed between the facts of two runs.

Guarantee: symmetric. A fault is `fixed` where the other run shows the same thing good, and
`regressed` under the very same condition with the runs the other way round. A fault that the other
run says nothing of is `inconclusive`, never a recovery.
"""

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from stillfixed.actors.verdicts.answers import IDLE
from stillfixed.actors.verdicts.answers import RULE as ANSWER
from stillfixed.actors.verdicts.cells import Cell, Fact, last_word, name_of
from stillfixed.actors.verdicts.counters import Trend, trend
from stillfixed.actors.verdicts.exits import EXIT
from stillfixed.actors.verdicts.fields import MEANT, QUIET, START, VACANT
from stillfixed.actors.verdicts.health import Shown
from stillfixed.actors.verdicts.knowledge import status_words
from stillfixed.actors.verdicts.lines import ABSENT, HTTP, MESSAGE
from stillfixed.actors.verdicts.listings import FOUND
from stillfixed.actors.verdicts.model import FieldChange, Verdict
from stillfixed.actors.verdicts.phrases import patterns, text_health, word_health

Key = tuple[str, str]
"""Item and field."""

_REASONS = ("reason", "cause", "error code", "error description", "error message", "errorcode",
            "errordescription", "errormessage", "problem")  # fmt: skip
"""How fields begin or end that are printed with a fault only, and explain it."""
_WHOLE_RUN = (MESSAGE, HTTP)
"""Fields that speak of the whole run where they have no item."""


_RUN_RULES = (ANSWER, "exit status", "packet loss")
"""Rules of facts that say how a probe went, whatever they are printed under."""


_GONE = (ABSENT, FOUND)
"""Rules by which a thing is missing: that tells nothing of another fault it had."""


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
    complains = "" if patterns("probes").search(command) else _complains(first, second)
    for key in dict.fromkeys([*first.facts, *second.facts]):
        left, right = first.facts.get(key), second.facts.get(key)
        if left and left.health == "fault":
            changes.append(_was_faulty(key, left, elsewhere(left, first, second)))
        elif right and right.health == "fault":
            before = elsewhere(right, second, first)
            if complains and right.field == MESSAGE:
                before = Elsewhere("unknown", note=complains)
            changes.append(_is_faulty(key, right, before, first))
        elif left and right and left.health == right.health == "healthy":
            if not _found_anew(left, right):
                changes.append(_change(key, left, right, "healthy"))
        elif left and right and MEANT in (left.rule, right.rule):
            if _still_meant(key[0], left, right, first, second):
                changes.append(_change(key, left, right, "healthy", "it is meant to be so"))
        elif left and right and left.health == "healthy" and right.rule == VACANT:
            changes.append(_change(key, left, right, "regressed", "it was there before"))
        elif left and right and right.health == "healthy" and left.rule == VACANT:
            changes.append(_change(key, left, right, "fixed", "nothing was there before"))
    changes += _counted(first, second)
    return [change for change in changes if not _beside_the_point(change, command, changes)]


_TRENDS: dict[Trend, tuple[Verdict, str]] = {
    "go on": ("still_failing", "errors go on"),
    "appear": ("regressed", "there were none before"),
    "vanish": ("fixed", "none in the traffic since"),
    "unproven": ("inconclusive", "cleared in between, and too little traffic to tell"),
}


def _counted(first: Shown, second: Shown) -> Iterator[FieldChange]:
    """Counters of errors that moved in a way that says something."""
    for key, left in first.facts.items():
        if moved := trend(key, first, second):
            verdict, note = _TRENDS[moved]
            yield _change(key, left, second.facts[key], verdict, note)


def _still_meant(item: str, left: Fact, right: Fact, first: Shown, second: Shown) -> bool:
    """Whether a thing that may be off (a manual service) is off or well in both runs, and nothing
    changed of what says that it may."""
    starts = [
        {field: cell.value for (name, field), cell in shown.cells.items()
         if name == item and START.search(name_of(field))}
        for shown in (first, second)
    ]  # fmt: skip
    return starts[0] == starts[1] and all(
        fact.health == "healthy" or fact.rule == MEANT for fact in (left, right)
    )


def _found_anew(left: Fact, right: Fact) -> bool:
    """Whether something was found both times, but not the same: that says nothing of its health."""
    same = re.sub(r"\d+", "#", left.value) == re.sub(r"\d+", "#", right.value)
    return left.rule == FOUND and not left.item and not same


def _complains(first: Shown, second: Shown) -> str:
    """Why complaints of the second run are no faults of the thing: it shows none of the values that
    were faulty, neither well nor ill."""
    values = {(fact.item, fact.field) for fact in first.faults}
    if not values or any(_of_the_run(fact) for fact in first.faults):
        return ""
    if values & (second.facts.keys() | second.cells.keys()):
        return ""
    return "the second run complains, and does not show what was faulty"


def _other_machine(first: Shown, second: Shown) -> FieldChange | None:
    for key, name in first.whereabouts.items():
        other = second.whereabouts.get(key, name)
        if other != name:
            note = "another machine answered"
            left, right = (Fact("", key, text, "unclear", "same machine") for text in (name, other))
            return _change(("", key), left, right, "inconclusive", note)
    return None


_SEVERAL = 2


def _beside_the_point(change: FieldChange, command: str, changes: list[FieldChange]) -> bool:
    """Something idle in both runs that nobody asked for, where another thing is the fault, or
    several of its kind are well: the unplugged Wi-Fi adapter beside the Ethernet that got no
    address, an unused port, a job that ended well."""
    unplugged = set((change.before or "").lower().split()) & status_words("unplugged")
    if not (change.rule == IDLE or (change.rule == QUIET and unplugged)):
        return False
    if patterns("all_wanted").search(command):
        return False
    asked = change.item and change.item.lower() in command.lower()
    well = sum(o.field == change.field and o.verdict == "healthy" for o in changes if unplugged)
    moved = any(o.before != o.after and o.verdict != "healthy" for o in changes)
    several = 1 if _SPARE.search(change.item) else _SEVERAL
    return change.before == change.after and not asked and (moved or well >= several)


_SPARE = re.compile(
    r"\*|\b(local$|bluetooth|wi-?fi direct|virtual|tunnel|isatap|teredo|vpn|mobil\w*|cellular)\b",
    re.I,
)
"""Adapters that nobody misses while another one has an address."""


def _was_faulty(key: Key, left: Fact, now: Elsewhere) -> FieldChange:
    verdicts: dict[str, Verdict] = {
        "good": "fixed", "bad": "still_failing", "unknown": "inconclusive",
    }  # fmt: skip
    return _change(key, left, now.fact, verdicts[now.state], now.note)


def _is_faulty(key: Key, right: Fact, before: Elsewhere, first: Shown) -> FieldChange:
    """A fault of the second run that the first does not show as one of the same name."""
    if right.rule == FOUND and before.fact and _has_a_fault(before.fact, first):
        return _change(key, before.fact, right, "inconclusive", "the faulty thing itself is gone")
    failed = any(fact.rule == ANSWER and not fact.item for fact in first.faults)
    if before.state == "good" and failed and right.rule in _RUN_RULES:
        return _change(key, before.fact, right, "still_failing", "the run had failed otherwise")
    if before.state == "good" and not (key[0] and _was_faulty_before(key[0], first)):
        return _change(key, before.fact, right, "regressed", before.note)
    was_there = first.faults and not any(fact.rule == ABSENT for fact in first.faults)
    if right.rule == ABSENT and was_there and before.state != "good":
        return _change(key, before.fact, right, "inconclusive", "the thing itself is gone")
    if before.state != "unknown" or (first.faults and not before.note):
        return _change(key, before.fact, right, "still_failing", before.note)
    note = before.note or "the baseline does not show what it was before"
    return _change(key, before.fact, right, "inconclusive", note)


def _has_a_fault(listed: Fact, shown: Shown) -> bool:
    """Whether the row of a list says itself that something is wrong."""
    return any(fact.line == listed.line and fact.rule != FOUND for fact in shown.faults)


def _was_faulty_before(item: str, first: Shown) -> bool:
    """Whether the item had another fault: then this one came in its place."""
    return any(fact.item == item for fact in first.faults)


def elsewhere(fault: Fact, here: Shown, other: Shown) -> Elsewhere:
    """What the `other` run shows of a fault that stands `here`."""
    key = fault.item, fault.field
    twin = other.facts.get(key) or other.spare.get(key)
    if twin and twin.health == "healthy":
        return Elsewhere("good", twin)
    if twin and twin.health == "fault":
        return Elsewhere("bad", twin)
    there = [fact for fact in other.faults if fact.rule not in _GONE or fault.rule in _GONE]
    if fault.rule not in _GONE and other.faults and not there:
        return Elsewhere("unknown", None, other.faults[0].value)
    for fact in there:
        if fact.item == fault.item and fact.field not in _WHOLE_RUN:
            return Elsewhere("bad", fact, f"{fact.field} is {fact.value}")
    if twin is None and (cell := other.cells.get((fault.item, fault.field))):
        return _in_cell(cell, recovered=_recovers(fault, here, other), missing=not fault.value)
    explains = last_word(fault.field) in _REASONS or fault.field.lower().startswith(_REASONS)
    if twin is None and explains and _recovers(fault, here, other):
        return Elsewhere("good", None, "the reason is gone with the fault")
    if _of_the_run(fault) and there:
        return Elsewhere("bad", there[0])
    if other.only_talks:
        return Elsewhere("unknown", twin)
    if _of_the_run(fault):
        if shown := _shown_anew(fault, here, other):
            return Elsewhere("good", shown, "it answers")
        if _says_more(here, other) and _answers(here, other) and not _has_sibling(fault, other):
            return Elsewhere("good", twin, "the check answers")
    if fault.rule == ABSENT and other.exit_status == 0 and other.has_output and not other.faults:
        return Elsewhere("good", twin, "it is there")
    if fault.field == EXIT and other.exit_status == 0 and other.has_output and not other.faults:
        return Elsewhere("good", twin, "the command succeeds and answers")
    if other.all_clear:
        return Elsewhere("good", twin, "the list of faulty items is empty")
    return Elsewhere("unknown", twin)


def _of_the_run(fact: Fact) -> bool:
    """Whether a fact is no value of an item but says how the whole run went."""
    return fact.field in _WHOLE_RUN or (not fact.item and fact.rule == ANSWER)


def _recovers(fault: Fact, here: Shown, other: Shown) -> bool:
    """Whether the item shows another fault here that the other run shows healthy."""
    return any(
        (twin := other.facts.get((fact.item, fact.field))) and twin.health == "healthy"
        for fact in here.faults
        if fact.item == fault.item and fact.field != fault.field
    )


def _in_cell(cell: Cell, *, recovered: bool, missing: bool) -> Elsewhere:
    """The same field of the same item holds a value that is no fact by itself: good where it says
    so in any field or another value of the item `recovered` with it (a reason that is gone) or the
    fault is that it was `missing`. Never bad: a record may say that it is meant (admin down)."""
    passing = set(re.findall(r"[\w-]+", cell.value.lower())) & status_words("passing")
    good = (recovered and not passing) or (
        bool(cell.value) and word_health(cell.value.lower()) == "healthy"
    )
    good = good or (missing and text_health(cell.value) != "fault")
    fact = Fact(cell.item, cell.field, cell.value, "unclear", "status word", cell.line)
    return Elsewhere("good" if good else "unknown", fact)


_QUOTED = re.compile(
    r"['\"\u2018\u2019\u201c\u201d\u00ab\u00bb]([\w.$:\\\\-]{2,80})['\"\u2018\u2019\u201c\u201d\u00ab\u00bb]"
)


def _shown_anew(fault: Fact, here: Shown, other: Shown) -> Fact | None:
    """A value of the thing that a complaint names in quotes, where only the other run has any:
    `Testing connection to computer 'B' failed` beside what A answered."""
    if fault.field != MESSAGE or other.exit_status not in (0, here.exit_status):
        return None
    named = {name.lower() for name in _QUOTED.findall(fault.value)}
    if not named or any(item.lower() in named for item, _ in here.cells):
        return None
    found = (cell for (item, _), cell in other.cells.items() if item.lower() in named)
    cell = next(found, None)
    if cell is None:
        return None
    return Fact(cell.item, cell.field, cell.value, "unclear", fault.rule, cell.line)


def _says_more(here: Shown, other: Shown) -> bool:
    """Whether the other run has more than its first lines, which this one has too."""
    if not other.has_output or any(fact.field != EXIT for fact in other.healthy):
        return True
    if other.cells.keys() - here.cells.keys():
        return True
    lines, others = ({_DIGITS.sub("#", line.strip()) for _, line in shown.reading.rest}
                     for shown in (here, other))  # fmt: skip
    return bool(others - lines) or not (others or other.cells)


_DIGITS = re.compile(r"\d+")


def _has_sibling(fault: Fact, other: Shown) -> bool:
    """Whether the other run says the same of another thing: `B passed test X` where this sentence
    is about test Y. Then Y is an item of a list, and it is missing there."""
    mine = fault.item.split()
    return len(mine) >= 2 and any(
        len(theirs := item.split()) == len(mine)
        and sum(a != b for a, b in zip(mine, theirs, strict=True)) == 1
        for item, field in other.facts
        if field == fault.field == MESSAGE
    )


_COMPLAINT = re.compile(r"(?:ls|cat|head|tail|stat|df|du|wc|find|cd|readlink|test|file): \S")
"""What a tool that only shows something prints instead of it."""


def _values(shown: Shown) -> list[str]:
    return [fact.value for fact in shown.faults]


def _new_lines(shown: Shown, other: Shown) -> bool:
    """Whether the other run prints lines that are not here."""
    known = {line for _, line in shown.reading.rest}
    return any(line not in known for _, line in other.reading.rest)


def _answers(fault: Shown, other: Shown) -> bool:
    """The other run, which has no fault, gave a real answer where this one gave its fault: its exit
    status or another value recovered; or this one showed nothing else, and the other shows health
    or the wanted values."""
    recovered = {
        field
        for (item, field), fact in fault.facts.items()
        if fact.health == "fault"
        and (twin := other.facts.get((item, field)))
        and twin.health == "healthy"
    }
    if recovered:
        return EXIT in recovered or other.exit_status == 0
    if other.exit_status != 0 or not (other.has_output or other.healthy):
        return False
    if other.has_output and fault.exit_status not in (0, None):
        return True  # it failed there, and answers here
    if any(map(_COMPLAINT.match, _values(fault))) and _new_lines(fault, other):
        return True
    known = fault.facts.keys() | fault.cells.keys()
    said_anew = any(
        key not in known and (fact.field in (*_WHOLE_RUN, "answer") or fact.rule == ANSWER)
        for key, fact in other.facts.items()
        if fact.health == "healthy"
    )
    shown = {name for item, field in fault.cells for name in (field, *item.split("/"))}
    answered = any(field not in shown for _, field in other.cells)
    silent = not any(fact.field != EXIT for fact in fault.healthy)
    return said_anew or (silent and (bool(other.healthy) or answered))


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
