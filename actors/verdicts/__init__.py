"""The judgement: what a command does, whether two are the same check, whether a fix held. Pure."""

from stillfixed.actors.verdicts.effects import effect_of
from stillfixed.actors.verdicts.same import canonical, same_check

__all__ = ["canonical", "effect_of", "same_check"]
