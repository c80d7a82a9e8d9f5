"""The policies in force, kept in the log like everything else: who adopted which text, and when.

They have a stream of their own, `~policies`. Streams that begin with `~` are not sessions.
"""

from contextlib import suppress
from datetime import datetime

import msgspec

from stillfixed.actors.errors import Fenced
from stillfixed.actors.log import append_to
from stillfixed.actors.log.contract import EventLog
from stillfixed.actors.runtime.clock import Clock
from stillfixed.actors.session.policy import BUILT_IN, Policies, Policy, parse_policies
from stillfixed.actors.session.state import State

POLICY_STREAM = "~policies"


class PoliciesAdopted(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="policies_adopted"
):
    """`text` is the whole TOML file as it was handed in."""

    at: datetime
    by: str
    text: str


_decoder = msgspec.json.Decoder(PoliciesAdopted)


async def adopt(log: EventLog, clock: Clock, *, text: str, by: str, source: str) -> None:
    """Put policies in force from now on, once. Raises `PolicyError` and changes nothing."""
    parse_policies(text, source=source)
    while True:
        adopted = await newest(log)
        if adopted is not None and adopted.text == text:
            return
        event = PoliciesAdopted(at=clock.now(), by=by, text=text)
        with suppress(Fenced):
            await append_to(log, POLICY_STREAM, msgspec.json.encode(event))
            return


async def newest(log: EventLog) -> PoliciesAdopted | None:
    """The text in force, None where none was adopted."""
    info = await log.stream(POLICY_STREAM)
    if info is None or info.version == 0:
        return None
    records = await log.read(POLICY_STREAM, after_version=info.version - 1)
    return _decoder.decode(records[-1].data)


class PolicyBook:
    """The policies in force, read anew when the stream has grown."""

    def __init__(self, log: EventLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._version = 0
        self._policies = Policies()

    async def in_force(self, state: State) -> Policy:
        """The policy for this session now; `BUILT_IN` where none was adopted or none matches."""
        info = await self._log.stream(POLICY_STREAM)
        if info is not None and info.version > self._version:
            adopted = await newest(self._log)
            if adopted is not None:
                self._policies = parse_policies(adopted.text)
                self._version = info.version
        if state.opened is None:
            return BUILT_IN
        return self._policies.in_force(
            team=state.opened.team, client=state.opened.client, on=self._clock.now().date()
        )
