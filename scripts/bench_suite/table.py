"""Bench, pure part: what a figure is, whether it meets its target, and the printed table."""

from typing import Literal

import msgspec

Verdict = Literal["met", "missed", "not measured"]


class Target(msgspec.Struct, frozen=True):
    """A bound on our figure itself, or on the ratio ours / peer."""

    of: Literal["ours", "ratio"]
    side: Literal["at most", "at least", "below"]
    bound: float

    def met_by(self, value: float) -> bool:
        match self.side:
            case "at most":
                return value <= self.bound
            case "at least":
                return value >= self.bound
            case "below":
                return value < self.bound


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table. `ours` and `peer` are in `unit`; what could not be measured is None,
    and `missing` says why. `peer_name` carries the peer's version. All `targets` must be met."""

    row: str
    what: str
    unit: str
    ours: float | None = None
    peer: float | None = None
    peer_name: str = ""
    targets: tuple[Target, ...] = ()
    missing: str = ""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours / peer, whether more is better or less; None if either is missing."""
        return self.ours / self.peer if self.ours is not None and self.peer else None

    @property
    def verdict(self) -> Verdict:
        """`missed` as soon as one target is; `not measured` if the rest cannot be told."""
        values = {"ours": self.ours, "ratio": self.ratio}
        measured = [(target, values[target.of]) for target in self.targets]
        if any(value is not None and not target.met_by(value) for target, value in measured):
            return "missed"
        return "not measured" if any(value is None for _, value in measured) else "met"


def render(figures: list[Figure]) -> str:
    """The table as text, its columns padded, the notes below it."""
    lines = [("what", "ours", "peer", "ratio", "target", "")]
    notes = []
    for figure in figures:
        peer = _amount(figure.peer, figure.unit)
        lines.append(
            (
                figure.what,
                _amount(figure.ours, figure.unit),
                f"{peer} ({figure.peer_name})" if figure.peer_name else peer,
                f"{_number(figure.ratio)} x" if figure.ratio is not None else "-",
                " and ".join(_target(target, figure.unit) for target in figure.targets) or "-",
                figure.verdict if figure.targets else "",
            )
        )
        if figure.missing:
            notes.append(f"{figure.what}: not measured: {figure.missing}")
        if figure.note:
            notes.append(f"{figure.what}: {figure.note}")
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    padded = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    padded.insert(1, "  ".join("-" * width for width in widths).rstrip())
    return "\n".join([*padded, *([""] if notes else []), *notes])


def _target(target: Target, unit: str) -> str:
    bound = f"{target.bound:g} x" if target.of == "ratio" else f"{target.bound:g} {unit}"
    return f"{target.side} {bound}"


def _amount(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{_number(value)} {unit}"


def _number(value: float) -> str:
    """Three significant digits are what a bench on a shared machine can claim."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
