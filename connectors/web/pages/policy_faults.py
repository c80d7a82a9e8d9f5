"""What is wrong with a policy file, and on which line. Pure."""

import re
import tomllib
from typing import NamedTuple

from pydantic import ValidationError

from stillfixed.actors.errors import PolicyError
from stillfixed.actors.session.policy import Policies, parse_policies


class Fault(NamedTuple):
    """`line` counts from 1, None where it cannot be told; `text` is what stands there."""

    message: str
    line: int | None = None
    text: str = ""


def fault_in(text: str) -> Fault | None:
    """The first fault of a policy file, None of one that can be adopted."""
    try:
        parse_policies(text, source="The policy file")
    except PolicyError as error:
        line = _line_of_fault(text)
        lines = text.split("\n")
        return Fault(error.message, line, lines[line - 1] if line and line <= len(lines) else "")
    return None


def _line_of_fault(text: str) -> int | None:
    try:
        Policies.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        return int(found[1]) if found else text.count("\n") + 1
    except ValidationError as error:
        match error.errors()[0]["loc"]:
            case ("policy", int() as number, *path):
                return _line_of(text, number, [str(part) for part in path])
            case (str() as key, *_):
                return _first(text.split("\n"), rf"\s*\[*{re.escape(key)}\b", 0)
    return _second_name(text)


def _line_of(text: str, number: int, path: list[str]) -> int | None:
    """Where a field of a policy stands: the last part of its path that can be found, below the
    parts before it; otherwise where the policy begins."""
    lines = text.split("\n")
    heads = [at for at, line in enumerate(lines, 1) if re.match(r"\s*\[\[\s*policy\s*\]\]", line)]
    if number >= len(heads):
        return None
    begin = found = heads[number]
    end = heads[number + 1] - 1 if number + 1 < len(heads) else len(lines)
    for part in path:
        pattern = rf"\s*(\[.*\b{re.escape(part)}\s*\]|[\"']?{re.escape(part)}[\"']?\s*=)"
        at = _first(lines[:end], pattern, begin)
        if at is not None:
            begin = found = at
    return found


def _second_name(text: str) -> int | None:
    """Where a name stands for the second time."""
    seen = set()
    for at, line in enumerate(text.split("\n"), 1):
        if named := re.match(r"\s*name\s*=\s*(.+?)\s*(#.*)?$", line):
            if named[1] in seen:
                return at
            seen.add(named[1])
    return None


def _first(lines: list[str], pattern: str, after: int) -> int | None:
    for at, line in enumerate(lines[after:], after + 1):
        if re.match(pattern, line):
            return at
    return None
