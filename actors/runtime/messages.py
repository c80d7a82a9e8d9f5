"""What travels between callers and session hosts: batches of requests, and their answers.

Bytes, not Python objects: a batch of hundreds is one object for Ray, and both sides may run
different releases as long as these shapes are read with their defaults.
"""

import msgspec

from stillfixed.actors.session.requests import PersonRequest, Refused, SessionAnswer


class Envelope(msgspec.Struct, frozen=True, array_like=True):
    """One request to one session. The same `request_id` again gets the same answer again.

    `key` is what the host was placed for: the session itself, or its client.
    """

    session: str
    key: str
    request_id: str
    request: PersonRequest


MOVED = "moved"
"""Code of a refusal by a host that does not own the session (any more): look it up, ask again."""


def moved(session: str) -> Refused:
    return Refused(
        code=MOVED, message=f"Session {session} is served by another host.", retryable=True
    )


_encoder = msgspec.msgpack.Encoder()
_envelopes = msgspec.msgpack.Decoder(list[Envelope])
_answers = msgspec.msgpack.Decoder(list[SessionAnswer])


def encode_batch(batch: list[Envelope]) -> bytes:
    return _encoder.encode(batch)


def decode_batch(data: bytes) -> list[Envelope]:
    return _envelopes.decode(data)


def encode_answers(answers: list[SessionAnswer]) -> bytes:
    return _encoder.encode(answers)


def decode_answers(data: bytes) -> list[SessionAnswer]:
    return _answers.decode(data)
