"""TextFSM that remembers where each value stood.

Guarantee: the rows are TextFSM's own; a template that ends in an error gives none. Imported only
when a network output comes, because textfsm is.
"""

import io
from collections.abc import Sequence
from typing import Any

import textfsm
from msgspec import Struct


class Placed(Struct, frozen=True):
    """A value with its line (from 1)."""

    text: str
    line: int


class _Text(str):
    """A captured text that carries its line through TextFSM's records."""

    __slots__ = ("line",)
    line: int


class _Fsm(textfsm.TextFSM):  # type: ignore[misc]  # textfsm has no types
    line = 0

    def __init__(self, template: io.StringIO) -> None:
        super().__init__(template)
        self.holders = {value.name: value for value in self.values}

    def _AssignVar(self, matched: Any, value: str) -> None:
        holder = self.holders.get(value)
        if holder is None:
            return
        raw = matched.group(value)
        if raw is not None:
            raw = _Text(raw)
            raw.line = self.line
        holder.AssignVar(raw)


class Machine:
    """One compiled template. Not for two threads at once."""

    def __init__(self, template: str) -> None:
        self._fsm = _Fsm(io.StringIO(template))

    def rows(self, lines: Sequence[str]) -> list[dict[str, list[Placed]]]:
        """The records that hold something: field -> its values, several where the template lists
        them. Empty where the template does not fit the lines."""
        fsm = self._fsm
        fsm.Reset()
        try:
            for number, line in enumerate(lines, 1):
                fsm.line = number
                fsm._CheckLine(line)
                if fsm._cur_state_name in ("End", "EOF"):
                    break
            if fsm._cur_state_name != "End" and "EOF" not in fsm.states:
                fsm._AppendRecord()
        except textfsm.TextFSMError:
            return []
        rows = [_placed(fsm.header, row) for row in fsm._result]
        return [row for row in rows if row]


def _placed(header: Sequence[str], row: Sequence[Any]) -> dict[str, list[Placed]]:
    out: dict[str, list[Placed]] = {}
    for field, value in zip(header, row, strict=True):
        parts = value if isinstance(value, list) else [value]
        found = [Placed(str(p), p.line) for p in parts if p and isinstance(p, _Text)]
        if found:
            out[field] = found
    return out
