"""Counters of errors, which only add up until somebody clears them.

Guarantee: symmetric. A counter that stands on both sides says nothing by itself; that it grows says
that errors go on, and that it is back at zero is worth something only where traffic has passed.
"""

import re
from typing import Literal

from stillfixed.actors.verdicts.cells import Fact, name_of
from stillfixed.actors.verdicts.fields import COUNTER
from stillfixed.actors.verdicts.health import Shown
from stillfixed.actors.verdicts.numbers import number_of

Trend = Literal["go on", "appear", "vanish", "unproven"]

_MANY_ERRORS = 100
"""Fewer come from plugging a cable."""
_ENOUGH_PACKETS = 10_000
"""Without errors in this many a link is good."""
_PACKETS = re.compile(r"^(packets?input|input ?packets?|rxpackets?|inputpkts|inpkts|inucastpkts)$")


def trend(key: tuple[str, str], first: Shown, second: Shown) -> Trend | None:
    """How an error counter moved between the runs; None where it says nothing."""
    left, right = first.facts.get(key), second.facts.get(key)
    if not (left and right and left.rule == right.rule == COUNTER):
        return None
    before, after = _count(left), _count(right)
    if before and after - before >= max(_MANY_ERRORS, before / 1000):
        return "go on"
    if max(before, after) < _MANY_ERRORS or 0 < before <= after:
        return None
    if after and before:  # cleared in between
        return "go on" if after >= _MANY_ERRORS else "unproven"
    side = second if after == 0 else first
    if _packets(key[0], side) < _ENOUGH_PACKETS:
        return "unproven"
    return "vanish" if after == 0 else "appear"


def _count(fact: Fact) -> float:
    return number_of(fact.value.lower()) or 0


def _packets(item: str, shown: Shown) -> float:
    """How many packets the item received, as far as the output says."""
    numbers = [
        number_of(cell.value.lower()) or 0
        for (name, field), cell in shown.cells.items()
        if name == item and _PACKETS.match(name_of(field))
    ]
    return max(numbers, default=0)
