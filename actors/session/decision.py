"""The shape of a decision: the events to append and the answer, or a refusal without events."""

import msgspec

from stillfixed.actors.session.events import SessionEvent
from stillfixed.actors.session.requests import Refused, SessionAnswer


class Decision(msgspec.Struct, frozen=True):
    events: tuple[SessionEvent, ...]
    answer: SessionAnswer


def refuse(code: str, message: str) -> Decision:
    """A refusal; `code` is that of an error class in `actors/errors.py`."""
    return Decision((), Refused(code=code, message=message))
