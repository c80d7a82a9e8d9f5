"""Numbers in values: with their units, as a share of a whole, against bounds beside them.

Guarantee: never raises on any text; a value that is no number has none.
"""

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct

from stillfixed.actors.verdicts.model import Health

_UNIT = r"(?=\s*(?:%|[a-z°]{0,5})$)"
_SIZES = {"": 0, "b": 0, "k": 1, "kb": 1, "m": 2, "mb": 2, "g": 3, "gb": 3, "t": 4, "tb": 4,
          "ki": 1, "mi": 2, "gi": 3, "ti": 4, "kib": 1, "mib": 2, "gib": 3, "tib": 4}  # fmt: skip


def number_of(text: str, unit: str = "", *, loose: bool = False) -> float | None:
    """The number that a value in lower case consists of, with at most a unit behind it; with
    `unit`, the number before that unit, wherever it stands; `loose`, the number it starts with."""
    there = bool(unit) and unit in text
    end = rf"(?=\s*{unit})" if there else r"\b" if loose else _UNIT
    start = r"(?<![\d.])" if there else r"^"
    found = re.search(rf"{start}[+-]?\d{{1,15}}(?:[.,]\d+)?{end}", text)
    return float(found.group().replace(",", ".")) if found else None


def graded(number: float, healthy_below: float, fault_from: float) -> Health:
    return "fault" if number >= fault_from else "healthy" if number < healthy_below else "unclear"


class Loss(Struct, frozen=True):
    """A share of lost packets, as it is printed, and what it says."""

    percent: str
    health: Health


_LOSS = re.compile(
    r"(\d+(?:[.,]\d+)?) ?% (?:packet )?(?:loss|verlust|perte|de perte|perdidos|verlies)"
    r"|\b(?:loss|verlust|perte|perdidos|verlies)[ :=]+(\d+(?:[.,]\d+)?) ?%",
    re.I,
)


def packet_loss(text: str) -> Loss | None:
    """The first share of lost packets in a text."""
    found = _LOSS.search(text) if "%" in text else None
    if found is None:
        return None
    percent = found.group(1) or found.group(2)
    return Loss(percent, graded(float(percent.replace(",", ".")), 0.01, 5))


class Part(Struct, frozen=True):
    """How many of all are well: `shown` as `10 of 12`, `says` what they are, `about` the rest."""

    shown: str
    all: str
    says: str
    about: str
    health: Health


_PART = re.compile(
    r"(?<![\w.:/])(?P<part>\d{1,6})(?: ?/ ?| of | von | de | sur )(?P<all>[1-9]\d{0,5})(?! ?%)\b"
    r"(?P<what>(?: [^\W\d]+){0,2}?) (?:(?:are|is|were) )?"
    r"(?P<says>passed|ok|healthy|online|up|ready|running|reachable|succeeded|connected|responding"
    r"|available|synced|in sync|compliant|mounted|erreichbar|bereit|erfolgreich)\b",
    re.I,
)


def part_of(text: str) -> Part | None:
    """What a text says of how many are well: `10/12 checks passed`."""
    found = _PART.search(text[:200]) if "/" in text or " " in text else None
    if found is None:
        return None
    whole = int(found["part"]) >= int(found["all"])
    shown = f"{found['part']} of {found['all']}"
    about = text[: found.start()] + found["what"]
    return Part(shown, found["all"], found["says"].lower(), about, "healthy" if whole else "fault")


def by_bounds(
    value: str,
    record: Mapping[str, str],
    at_least: tuple[str, ...],
    less_than: tuple[str, ...],
    unit: str,
) -> Health | None:
    """A number against the bounds that stand in the same record under names like these: light and
    its low alarm, leased addresses and all there are."""
    number = number_of(value, unit, loose=True) if at_least or less_than else None
    if number is None:
        return None
    lowest = _bounds(record, at_least, unit)
    highest = [bound for bound in _bounds(record, less_than, unit) if bound > 0]
    if not lowest and not highest:
        return None
    bad = (lowest and number < max(lowest)) or (highest and number >= min(highest))
    return "fault" if bad else "healthy"


def _bounds(record: Mapping[str, str], names: tuple[str, ...], unit: str) -> list[float]:
    found = [text for name, text in record.items() if any(fnmatchcase(name, n) for n in names)]
    numbers = (number_of(text, unit, loose=True) for text in found)
    return [bound for bound in numbers if bound is not None]


def share_of(
    value: str, record: Mapping[str, str], wholes: Sequence[str], others: Sequence[str]
) -> float | None:
    """How many per cent a size is of the first of the other fields that holds the whole, or of
    itself and the first that holds the rest."""
    size = _size(value)
    whole = _first_size(record, wholes)
    rest = _first_size(record, others)
    if whole is None and rest is not None and size is not None:
        whole = size + rest
    return 100 * size / whole if size is not None and whole else None


def _first_size(record: Mapping[str, str], names: Sequence[str]) -> float | None:
    return next((_size(record[name]) for name in names if record.get(name)), None)


def _size(text: str) -> float | None:
    found = re.match(r"^(\d[\d.,]*)\s*([kmgt]?i?b?)(?:\s|\(|$)", text.strip())
    if found is None or found[2] not in _SIZES:
        return None
    plain = re.sub(r"[.,](?=\d{3}(?:[.,]|$))", "", found[1]).replace(",", ".").rstrip(".")
    try:
        return float(plain) * 1024.0 ** _SIZES[found[2]]
    except ValueError:
        return None
