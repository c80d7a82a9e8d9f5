"""The terminal's edge: consoles, a line while one waits, signals, and how a verb ends.

However a verb ends, nobody sees a traceback: one line on stderr, and an exit status. 0 done, 1 an
error, 2 wrong usage, 3 a closure was refused, 130 interrupted, 143 ended from outside.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from stillfixed.actors.errors import StillfixedError
from stillfixed.connectors.cli.text import plain

PIPED_COLUMNS = 120
SHOW_WAITING_AFTER_SECONDS = 0.8

ERROR, USAGE, REFUSED, INTERRUPTED, ENDED = 1, 2, 3, 130, 143


class UsageError(Exception):
    """What was typed cannot be meant; the message says what can."""


def out() -> Console:
    """Where results go. Plain text where it is not a terminal."""
    return _console(stderr=False)


def err() -> Console:
    """Where everything goes that is not the result: progress, hints, errors."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if "COLUMNS" not in os.environ and not any(os.isatty(stream) for stream in (0, 1, 2)):
        console.width = PIPED_COLUMNS  # no terminal far and wide: rich would take it for 80
    return console


def complain(message: str) -> None:
    err().print(Text.assemble(("error: ", "bold red"), plain(message)), soft_wrap=True)


def bar(*, counted: bool = False) -> Progress:
    """A bar on the terminal that shows how far something long is, in percent or `counted`; it is
    gone at the end, and nothing where there is no terminal."""
    console = err()
    share = MofNCompleteColumn() if counted else TaskProgressColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), share, TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


@asynccontextmanager
async def waiting(text: str) -> AsyncIterator[None]:
    """A line on the terminal that says what one waits for, once it takes long."""
    console = err()
    if not console.is_terminal:
        yield
        return
    status = console.status(Text(text, style="dim"), spinner="line")
    late = asyncio.get_running_loop().call_later(SHOW_WAITING_AFTER_SECONDS, status.start)
    try:
        yield
    finally:
        late.cancel()
        status.stop()


@contextmanager
def on_interrupt(call: Callable[[], object]) -> Iterator[None]:
    """While this lasts, Ctrl-C calls `call` and does nothing else."""
    loop = asyncio.get_running_loop()
    earlier = signal.getsignal(signal.SIGINT)
    try:
        loop.add_signal_handler(signal.SIGINT, call)
    except (NotImplementedError, RuntimeError):  # Windows; or not the main thread, as in tests
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, earlier)


def carry_out(work: Coroutine[Any, Any, int | None]) -> int:
    """Do a verb's work to its end, however it ends; the exit status."""
    try:
        status = asyncio.run(_with_signals(work))
        sys.stdout.flush()
        return status or 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except asyncio.CancelledError:
        return ENDED
    except UsageError as error:
        complain(str(error))
        return USAGE
    except StillfixedError as error:
        complain(error.message)
    except BrokenPipeError:
        leave_pipe()
    except OSError as error:
        complain(f"{error.strerror or error}" + (f": {error.filename}" if error.filename else ""))
    except Exception as error:
        complain(
            f"stillfixed failed at this itself: {error!r}. What was recorded is safe; please "
            "report it with the command that you typed."
        )
    return ERROR


def leave_pipe() -> None:
    """Whoever read our output has gone: end without a word, when Python flushes at its exit too."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


async def _with_signals(work: Coroutine[Any, Any, int | None]) -> int | None:
    end_on_signals()
    return await work


def end_on_signals() -> None:
    """Let a polite end from outside cancel this task, so that everything is closed in order. Ray
    puts a handler of its own in the way when it starts, which prints a trace: call this again then.
    """
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGHUP"):
        with suppress(NotImplementedError, RuntimeError, AttributeError):
            loop.add_signal_handler(getattr(signal, name), task.cancel)
