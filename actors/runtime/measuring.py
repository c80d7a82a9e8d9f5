"""What took how long in a session's process, told with the answer to whoever asked.

So a process that hosts sessions needs no metrics and no tracing of its own: the caller's observer
turns these into both, under the caller's own trace. What happens in a process that dies before it
answers is not told; the history says what happened.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Literal, Protocol

import msgspec

from stillfixed.actors.session.requests import PersonRequest

MEASURED_LIMIT = 200
"""Of one request; a long run appends its output as often as twenty times a second."""

Step = Literal["activate", "append"]
"""activate: a session is brought into memory. append: from the decision to stable storage."""


class Measured(msgspec.Struct, frozen=True, array_like=True):
    """`began_at` in seconds since 1970, by the clock of the session's machine."""

    step: Step
    began_at: float
    seconds: float


_gathered: ContextVar[list[Measured] | None] = ContextVar("gathered", default=None)


@contextmanager
def gathering(into: list[Measured]) -> Iterator[None]:
    """What is measured inside, and in tasks begun inside, goes into the list."""
    token = _gathered.set(into)
    try:
        yield
    finally:
        _gathered.reset(token)


class Stopwatch:
    """Started when made; `stop` notes the time where somebody gathers."""

    __slots__ = ("_began", "_began_at", "_into", "_step")

    def __init__(self, step: Step) -> None:
        self._step = step
        self._into = _gathered.get()
        self._began_at = time.time()
        self._began = time.perf_counter()

    def stop(self) -> None:
        if self._into is not None and len(self._into) < MEASURED_LIMIT:
            seconds = time.perf_counter() - self._began
            self._into.append(Measured(self._step, self._began_at, seconds))


class Asking(Protocol):
    def measured(self, steps: list[Measured]) -> None:
        """What the session's process told with its answer."""
        ...


class Observer(Protocol):
    """Hears of every request that this process sends to sessions, in its caller's context."""

    def asking(self, session: str, request: PersonRequest) -> AbstractContextManager[Asking]:
        """Entered before the request leaves, left with its answer or its error."""
        ...


class Unobserved:
    @contextmanager
    def asking(self, session: str, request: PersonRequest) -> Iterator[Asking]:
        yield self

    def measured(self, steps: list[Measured]) -> None:
        pass
