"""The shape of a decision: the events to append and the answer, or a refusal without events."""

import msgspec

from stillfixed.actors.session.events import SessionEvent
from stillfixed.actors.session.requests import Refused, SessionAnswer

TEXT_LIMIT_CHARS = 20_000


class Decision(msgspec.Struct, frozen=True):
    events: tuple[SessionEvent, ...]
    answer: SessionAnswer


def refuse(code: str, message: str) -> Decision:
    """A refusal; `code` is that of an error class in `actors/errors.py`."""
    return Decision((), Refused(code=code, message=message))


def bad_text(text: str) -> Decision | None:
    """A refusal of words that cannot be recorded."""
    if not text.strip():
        return refuse("refused", "The text is empty. Nothing was recorded.")
    if len(text) > TEXT_LIMIT_CHARS:
        return refuse(
            "refused",
            f"The text has {len(text):,} characters; {TEXT_LIMIT_CHARS:,} fit. Shorten it.",
        )
    return None
