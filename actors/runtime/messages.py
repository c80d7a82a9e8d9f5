"""What travels between callers and session hosts: batches of requests, and their answers.

Bytes, not Python objects: a batch of hundreds is one object for Ray, and both sides may run
different releases as long as these shapes are read with their defaults.
"""

import msgspec

from stillfixed.actors.runtime.measuring import Measured
from stillfixed.actors.session.requests import PersonRequest, Refused, SessionAnswer


class Envelope(msgspec.Struct, frozen=True, array_like=True):
    """One request to one session. The same `request_id` again gets the same answer again.

    `key` is what the host was placed for: the session itself, or its client.
    """

    session: str
    key: str
    request_id: str
    request: PersonRequest


class Reply(msgspec.Struct, frozen=True, array_like=True):
    """The answer to one request, and what took how long on the way to it."""

    answer: SessionAnswer
    measured: list[Measured] = []


MOVED = "moved"
"""Code of a refusal by a host that does not own the session (any more): look it up, ask again."""


def moved(session: str) -> Refused:
    return Refused(
        code=MOVED, message=f"Session {session} is served by another host.", retryable=True
    )


_encoder = msgspec.msgpack.Encoder()
_envelopes = msgspec.msgpack.Decoder(list[Envelope])
_replies = msgspec.msgpack.Decoder(list[Reply])


def encode_batch(batch: list[Envelope]) -> bytes:
    return _encoder.encode(batch)


def decode_batch(data: bytes) -> list[Envelope]:
    return _envelopes.decode(data)


def encode_replies(replies: list[Reply]) -> bytes:
    return _encoder.encode(replies)


def decode_replies(data: bytes) -> list[Reply]:
    return _replies.decode(data)
