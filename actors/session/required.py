"""Runbooks that a policy asks for: what their checks still lack. Pure.

A required runbook is done when each of its checks, on every endpoint it was loaded on, was run
after the last change and is fixed or healthy by the runbook's own expectation. A check that could
not be judged before the fix counts by its newest run alone: it had shown no fault to be fixed.
"""

from collections.abc import Iterator
from typing import Literal, assert_never

import msgspec

from stillfixed.actors.session.events import LoadedCheck, RunbookLoaded
from stillfixed.actors.session.policy import Policy
from stillfixed.actors.session.state import Check, State, check_key
from stillfixed.actors.verdicts.model import Health

Gap = Literal[
    "not run",
    "not run again after the last change",
    "judged by another expectation than the runbook's",
    "showing a fault",
    "still failing",
    "worse than before",
    "not clear",
]
COMMAND_CHARS_SHOWN = 70


class Missing(msgspec.Struct, frozen=True):
    """Why a required runbook is not done, in a sentence."""

    code: Literal["runbook_not_loaded", "runbook_differs", "runbook_not_done"]
    text: str


def missing(state: State, policy: Policy) -> Iterator[Missing]:
    """What the runbooks that the policy asks for in this session's category still lack."""
    for name, digest in _required(state, policy):
        loaded = _loaded(state, name)
        if not loaded:
            yield Missing(
                "runbook_not_loaded",
                f"Policy {policy.name} asks for runbook {name} for tickets of category "
                f"{_category(state)!r}, and it was not loaded. Load it and run its checks.",
            )
        for book in loaded:
            if not book.digest.startswith(digest):
                yield Missing(
                    "runbook_differs",
                    f"Runbook {name} on {book.endpoint} has the digest {book.digest[:12]}, and "
                    f"policy {policy.name} asks for {digest[:12]}. Load the right file.",
                )
            elif gaps := _gaps(state, book):
                yield Missing(
                    "runbook_not_done",
                    f"Runbook {name}, which policy {policy.name} asks for, is not done on "
                    f"{book.endpoint}. {gaps}. Run its checks again when that is mended.",
                )


def evidence(state: State, policy: Policy) -> Iterator[str]:
    """The newest runs of required checks that lack nothing."""
    for name, _ in _required(state, policy):
        for book in _loaded(state, name):
            for check in book.checks:
                known = state.checks.get(check_key(book.endpoint, check.check))
                if known is not None and gap(state, book, check) is None:
                    yield known.last.run


def gap(state: State, book: RunbookLoaded, check: LoadedCheck) -> Gap | None:
    """What one check of a loaded runbook lacks; None if it is fixed or healthy now."""
    key = check_key(book.endpoint, check.check)
    known = state.checks.get(key)
    if known is None:
        return "not run"
    if known.last.level < state.level:
        return "not run again after the last change"
    if check.expect is not None and state.expectations.get(key) != check.expect:
        return "judged by another expectation than the runbook's"
    return _shown(known)


def _shown(check: Check) -> Gap | None:
    v = check.verification
    if v is None:
        return _health_gap(check.health)
    match v.in_force:
        case "fixed" | "healthy":
            return None
        case "still_failing":
            return "still failing"
        case "regressed":
            return "worse than before"
        case "inconclusive":
            by_itself = check.health == "unclear" and v.override is None
            return _health_gap(v.health) if by_itself else "not clear"
        case _:
            assert_never(v.in_force)


def _health_gap(health: Health) -> Gap | None:
    match health:
        case "healthy":
            return None
        case "fault":
            return "showing a fault"
        case "unclear":
            return "not clear"
        case _:
            assert_never(health)


def _required(state: State, policy: Policy) -> Iterator[tuple[str, str]]:
    """(name, the beginning of its digest or nothing) of each runbook."""
    for wanted in policy.runbooks_for(_category(state)):
        name, _, digest = wanted.partition("@")
        yield name, digest


def _category(state: State) -> str:
    return state.opened.category if state.opened else ""


def _loaded(state: State, name: str) -> list[RunbookLoaded]:
    return [book for book in state.runbooks.values() if book.runbook == name]


def _gaps(state: State, book: RunbookLoaded) -> str:
    """`Not run: 2 `df -P /`, 3 `df -Pi /`. Still failing: 1 `ss -ltn`."""
    groups: dict[Gap, list[str]] = {}
    for number, check in enumerate(book.checks, start=1):
        if lacks := gap(state, book, check):
            groups.setdefault(lacks, []).append(f"{number} `{_short(check.command)}`")
    return ". ".join(f"{lacks.capitalize()}: {', '.join(of)}" for lacks, of in groups.items())


def _short(command: str) -> str:
    shown = COMMAND_CHARS_SHOWN
    return command if len(command) <= shown else command[: shown - 1] + "…"
