"""Expectations: `FIELD OP VALUE`, stated by a person or a runbook, and how a run meets them.

Guarantee: a typo is refused where it is stated; a run without the field is not judged.
"""

import re
from collections.abc import Sequence
from typing import Literal, assert_never

from msgspec import Struct

from stillfixed.actors.verdicts import output
from stillfixed.actors.verdicts.cells import CUT_MARK, Cell, Reading
from stillfixed.actors.verdicts.model import Run
from stillfixed.actors.verdicts.prompts import without_prompts

Operator = Literal["==", "!=", "<=", ">=", "<", ">", "not contains", "contains", "matches"]
_FORM = re.compile(
    r"^\s*(?P<field>\S(?:.*?\S)?)\s*(?:(?P<sign>==|!=|<=|>=|<|>)|\s(?P<word>not\s+contains|contains|matches)(?=\s))"
    r"\s*(?P<value>.*?)\s*$",
    re.S,
)
_NUMBER = re.compile(r"^[-+]?\d+(?:[.,]\d+)?(?=\s*(?:%|[A-Za-z°]{0,6})?$)")


_VERSION = re.compile(r"^[vV]?\d+(?:\.\d+){2,}(?=\s|$)|^\d{4}-\d\d-\d\d(?:[T ][\d:]+)?")


_OVER_LINES = re.compile(r":\\s[+*]|\\n|\(\?[a-z]*s|\[\\s\\S\]|\n|\\[AZ]")
"""In a regular expression that is meant to go over the end of a line."""


class Expectation(Struct, frozen=True):
    """What healthy means: `field` is a field of the output, or exit_status, stdout, line_count."""

    field: str
    operator: Operator
    value: str

    def __str__(self) -> str:
        return f"{self.field} {self.operator} {self.value}"


def is_of_a_field(expectation: Expectation) -> bool:
    """Whether it is of a value that stands somewhere in the output, and not of all of it."""
    return expectation.field.lower() not in ("exit_status", "stdout", "line_count")


class Met(Struct, frozen=True):
    """One value held against an expectation."""

    item: str
    value: str
    ok: bool
    line: int | None = None


def parse_expectation(text: str) -> Expectation:
    """Read `FIELD OP VALUE`. Raises ValueError that says what is wrong with it."""
    found = _FORM.match(text)
    if found is None:
        raise ValueError(
            f"The expectation {text!r} is not FIELD OP VALUE. Write for example 'Status == OK'; OP"
            " is one of ==, !=, <, <=, >, >=, contains, not contains, matches."
        )
    operator = _operator(" ".join((found["sign"] or found["word"]).split()))
    field, value = found["field"], found["value"]
    if not value:
        raise ValueError(f"The expectation {text!r} has no value. Write what {field} should be.")
    if re.search(r"[=<>!]$", field) or re.match(r"^[=<>!]", value):
        raise ValueError(
            f"The expectation {text!r} has an operator that does not exist. Use one of ==, !=, <,"
            " <=, >, >=, contains, not contains, matches."
        )
    if operator == "matches":
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(
                f"The expectation {text!r} has a regular expression that cannot be read: {error}."
            ) from None
    if operator in ("<", "<=", ">", ">=") and number(value) is None and not _steps(value):
        raise ValueError(f"The expectation {text!r} compares with {value!r}, which is no number.")
    if (
        field in ("exit_status", "line_count")
        and operator in ("==", "!=")
        and number(value) is None
    ):
        raise ValueError(
            f"The expectation {text!r} compares {field} with {value!r}: give a number."
        )
    return Expectation(field, operator, value)


def _operator(text: str) -> Operator:
    known: tuple[Operator, ...] = (
        "==",
        "!=",
        "<=",
        ">=",
        "<",
        ">",
        "not contains",
        "contains",
        "matches",
    )
    return next(operator for operator in known if operator == text)


def number(text: str) -> float | None:
    """The number a value starts with, where only a unit follows."""
    found = _NUMBER.match(text.strip())
    return float(found.group().replace(",", ".")) if found else None


def holds(operator: Operator, value: str, wanted: str) -> bool | None:
    """Whether a value meets it; None when it cannot be compared. Text is compared without case,
    except by `matches`."""
    left, right = number(value), number(wanted)
    match operator:
        case "==" | "!=":
            plain = value.strip().casefold() == wanted.strip().strip("'\"").casefold()
            both = left is not None and right is not None
            equal = plain or (both and left == right and _unit(value) in ("", _unit(wanted)))
            return equal if operator == "==" else not equal
        case "<" | "<=" | ">" | ">=":
            if (steps := _steps(wanted)) and right is None:
                own = _steps(value) or ([float(value)] if value.strip().isdecimal() else [])
                return _compared(operator, own, steps) if own else None
            if left is None or right is None:
                return None
            scales = _scales(_unit(value), _unit(wanted))
            return scales and _compared(operator, [left * scales[0]], [right * scales[1]])
        case "contains":
            return wanted.casefold() in value.casefold()
        case "not contains":
            return wanted.casefold() not in value.casefold()
        case "matches":
            lines = [value] if _OVER_LINES.search(wanted) else value.split("\n")
            return any(re.search(wanted, line) for line in lines)
        case _:
            assert_never(operator)


_PREFIXES = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_SIZE = re.compile(r"(?P<prefix>[kmgtp]?)i?(?:(?P<bytes>b|bytes?)|(?P<rate>bps|bit/s)|hz)")
_SECONDS = {"ms": 0.001, "s": 1.0, "sec": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


def _scales(left: str, right: str) -> tuple[float, float] | None:
    """What two numbers are multiplied by to have one unit, where only one has a unit or both are
    of one kind: GB and MB, Gbps and Mbps, s and ms."""
    if left == right or not (left and right):
        return 1, 1
    if left in _SECONDS and right in _SECONDS:
        return _SECONDS[left], _SECONDS[right]
    one, two = _SIZE.fullmatch(left), _SIZE.fullmatch(right)
    if not one or not two or any(bool(one[k]) != bool(two[k]) for k in ("bytes", "rate")):
        return None
    step = 1024.0 if one["bytes"] else 1000.0
    return step ** _PREFIXES[one["prefix"]], step ** _PREFIXES[two["prefix"]]


def _compared(operator: Operator, left: list[float], right: list[float]) -> bool:
    match operator:
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case _:
            return left >= right


def _steps(text: str) -> list[float]:
    """The parts of a version (10.0.26100.1) or of a day as ISO writes it, [] of anything else."""
    found = _VERSION.match(text.strip().strip("'\""))
    return [float(part) for part in re.findall(r"\d+", found.group())] if found else []


def _unit(text: str) -> str:
    return re.sub(r"^[-+\d.,\s]+", "", text.strip()).casefold()


def held(expectation: Expectation, run: Run, reading: Reading) -> list[Met] | None:
    """Every value of the field held against the expectation; None when the field is not there, or
    a value cannot be told. `reading` is what stands in the run's stdout."""
    values = _values(expectation.field, run, reading)
    if not values:
        return None
    out: list[Met] = []
    for item, value, line in values:
        ok = holds(expectation.operator, value, expectation.value)
        if ok is None or (value.endswith(CUT_MARK) and not _sure(expectation, value, ok)):
            return None
        out.append(Met(item, value, ok, line))
    return out


def _sure(expectation: Expectation, value: str, ok: bool) -> bool:
    """Whether the rest of a value that was cut could not turn the answer."""
    seen, wanted = value.removesuffix(CUT_MARK).casefold(), expectation.value.casefold()
    match expectation.operator:
        case "==" | "!=":
            return not wanted.startswith(seen)
        case "contains":
            return ok
        case "not contains":
            return not ok
        case _:
            return False


def _values(field: str, run: Run, reading: Reading) -> list[tuple[str, str, int | None]]:
    lines = without_prompts(output.clean(run.stdout).split("\n"), "")
    match field.lower():
        case "exit_status":
            return [] if run.exit_status is None else [("", str(run.exit_status), None)]
        case "stdout":
            return [("", "\n".join(lines).strip(), None)]
        case "line_count":
            return [("", str(sum(bool(line.strip()) for line in lines)), None)]
        case _:
            found = _cells(field, (*reading.cells, *reading.errors))
            found = found or _cells(field, output.read(run.stdout).cells)
            if not found:
                return _in_lines(field, "\n".join(lines))
            return [(cell.item, cell.value, cell.line) for cell in found]


def _cells(field: str, cells: Sequence[Cell]) -> list[Cell]:
    """The cells of that field: by its name, else by the end of its path (`State.Health.Status`)."""
    wanted = _plain(field)
    exact = [cell for cell in cells if _plain(cell.field) == wanted]
    if exact or ("." not in wanted and "/" not in wanted):
        return exact or [cell for cell in cells if _plain(cell.field).endswith("/" + wanted)]
    end = "/" + wanted.replace(".", "/")
    return [cell for cell in cells if f"/{_plain(cell.item)}/{_plain(cell.field)}".endswith(end)]


def _in_lines(field: str, text: str) -> list[tuple[str, str, int | None]]:
    """`field=value` and `field(value)` among others in a line, `field:value` or `field value` alone
    in one."""
    named = re.escape(field)
    inside = rf"(?<![\w-]){named}(?:=|\()\"?([^\s,;()\"]+)"
    words = re.compile(rf"{inside}|^\s*{named}(?::|\s)\s*(\S.*)$", re.I)
    found = [
        (n, m[1] or m[2])
        for n, line in enumerate(text.split("\n"), 1)
        for m in words.finditer(line)
    ]
    return [(str(i) if i else "", value, n) for i, (n, value) in enumerate(found)]


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name.strip()).casefold()
