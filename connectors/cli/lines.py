"""Where the shell's lines come from: a person at a terminal, or a pipe."""

import asyncio
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Protocol

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.styles import Style


class Lines(Protocol):
    async def next(self, endpoint: str) -> str | None:
        """The next line, None at the end. Raises KeyboardInterrupt where one was given up."""
        ...


async def answer_to(question: str) -> str:
    """What a person at the terminal types. Raises KeyboardInterrupt where it was given up."""
    prompts: PromptSession[str] = PromptSession()
    try:
        return await prompts.prompt_async(question)
    except EOFError:
        raise KeyboardInterrupt from None


class TerminalLines:
    """Lines that a person types, with history, completion of slash commands, and a status line."""

    def __init__(
        self, *, earlier: Iterable[str], words: Iterable[str], toolbar: Callable[[], str]
    ) -> None:
        history = InMemoryHistory()
        for line in earlier:
            history.append_string(line)
        self._prompts: PromptSession[str] = PromptSession(
            history=history,
            completer=_Words(tuple(words)),
            complete_while_typing=True,
            reserve_space_for_menu=4,
            bottom_toolbar=toolbar,
            style=Style.from_dict({"bottom-toolbar": "noreverse", "endpoint": "ansicyan"}),
        )

    async def next(self, endpoint: str) -> str | None:
        try:
            with patch_stdout(raw=True):
                return await self._prompts.prompt_async([("class:endpoint", endpoint), ("", " $ ")])
        except EOFError:
            return None


class _Words(Completer):
    def __init__(self, words: tuple[str, ...]) -> None:
        self._words = words

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterable[Completion]:
        typed = document.text_before_cursor
        if typed.startswith("/") and " " not in typed:
            for word in self._words:
                if word.startswith(typed):
                    yield Completion(word, start_position=-len(typed))


class PipedLines:
    """Lines of standard input that is not a terminal; `said` shows each as if it had been typed."""

    def __init__(self, said: Callable[[str, str], object]) -> None:
        self._said = said
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def read() -> None:
            # A thread of its own that may be left behind: a read cannot be cancelled.
            for line in sys.stdin:
                loop.call_soon_threadsafe(self._queue.put_nowait, line.rstrip("\r\n"))
            loop.call_soon_threadsafe(self._queue.put_nowait, None)

        threading.Thread(target=read, daemon=True, name="stdin").start()

    async def next(self, endpoint: str) -> str | None:
        line = await self._queue.get()
        if line is not None:
            self._said(endpoint, line)
        return line
