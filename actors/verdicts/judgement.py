"""The judge's answer, with the two runs that it is about. Pure."""

from functools import cached_property

from msgspec import Struct

from stillfixed.actors.verdicts.model import AlignedLine, FieldChange, Run, Verdict
from stillfixed.actors.verdicts.sides import side_by_side


class Judgement(Struct, frozen=True, kw_only=True, dict=True):
    """`reasons` are sentences for people, the deciding one first; `fields` are worst first."""

    verdict: Verdict
    reasons: tuple[str, ...]
    fields: tuple[FieldChange, ...] = ()
    before: Run = Run("")
    after: Run = Run("")

    @cached_property
    def lines(self) -> tuple[AlignedLine, ...]:
        """The two runs side by side, made when they are asked for: a session needs only the rest,
        and these are most of the work where outputs are large."""
        return side_by_side(self.before, self.after, self.fields, self.verdict)
