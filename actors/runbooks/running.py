"""All checks of a loaded runbook, one after the other. Knows nothing of how a command is run."""

from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec

from stillfixed.actors.errors import RequestRefused
from stillfixed.actors.session.events import LoadedCheck, RunbookLoaded
from stillfixed.actors.session.history import RunRecord
from stillfixed.actors.session.state import State

_GOES_ON = ("exited", "signalled", "timed_out")


class CheckRun(msgspec.Struct, frozen=True):
    """Check `number` of `total` (from 1): about to run, or with its record when it has ended."""

    number: int
    total: int
    check: LoadedCheck
    record: RunRecord | None = None


OnCheck = Callable[[CheckRun], object]


def loaded_runbook(state: State, name: str = "", endpoint: str = "") -> RunbookLoaded:
    """The loaded runbook that is meant; either may stay empty where there is only one. Raises
    `RequestRefused` that says what is loaded."""
    fits = [
        book
        for book in state.runbooks.values()
        if name in ("", book.runbook) and endpoint in ("", book.endpoint)
    ]
    if len(fits) == 1:
        return fits[0]
    known = ", ".join(f"{b.runbook} on {b.endpoint}" for b in state.runbooks.values()) or "none yet"
    if fits:
        raise RequestRefused(f"Say which runbook, and on which endpoint (loaded: {known}).")
    wanted = " ".join(filter(None, (name, endpoint and f"on {endpoint}"))) or "here"
    raise RequestRefused(f"No runbook is loaded: {wanted} (loaded: {known}). Load it first.")


async def each_check(
    book: RunbookLoaded, run: Callable[[str, int], Awaitable[RunRecord]]
) -> AsyncIterator[CheckRun]:
    """Run every check with `run`, which gets command and number; each is told before and after.

    Ends early after a check that was cancelled, or that the endpoint did not get or answer to its
    end: the next would only wait for the same.
    """
    total = len(book.checks)
    for number, check in enumerate(book.checks, start=1):
        yield CheckRun(number, total, check)
        record = await run(check.command, number)
        yield CheckRun(number, total, check, record)
        if record.status not in _GOES_ON:
            return
