"""From the API's JSON back to what it was made from: the other half of `connectors/cli/asjson.py`,
for the remote client. A property test holds the two together."""

import base64
from collections.abc import Mapping
from typing import Any

import msgspec

from stillfixed.actors.session import requests as r
from stillfixed.actors.session.history import RunRecord
from stillfixed.actors.session.state import Heading


def record_of(run: Mapping[str, Any]) -> RunRecord:
    fields = {**run, "stdout": _bytes_of(run, "stdout"), "stderr": _bytes_of(run, "stderr")}
    return msgspec.convert(fields, RunRecord)


def closure_of(closure: Mapping[str, Any]) -> r.ClosureAnswer:
    return msgspec.convert({"type": "closure", **closure}, r.ClosureAnswer)


def heading_of(line: Mapping[str, Any]) -> bytes:
    """The heading of a session's line, as a log keeps it."""
    return msgspec.json.encode(msgspec.convert(dict(line), Heading))


def _bytes_of(run: Mapping[str, Any], output: str) -> bytes:
    kept = run[f"{output}_base64"]
    if kept is not None:
        return base64.b64decode(kept)
    text: str = run[output]
    return text.encode()
