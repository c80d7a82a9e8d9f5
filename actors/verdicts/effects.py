"""What a command does: `reads`, `changes` or `unknown`. Pure and cached.

Guarantee: never raises, and says `reads` only when every part of the line is known to observe.
"""

from functools import lru_cache
from typing import assert_never

from stillfixed.actors.verdicts.model import Effect, Platform

_LENGTH_LIMIT = 20_000


@lru_cache(maxsize=4096)
def effect_of(command: str, platform: Platform) -> Effect:
    """The effect of a whole command line, through wrappers, branches and substitutions.

    A line of more than 20,000 characters is not read and stays `unknown`.
    """
    if len(command) > _LENGTH_LIMIT:
        return "unknown"
    if not command.strip():
        return "reads"
    match platform:
        case "posix":
            from stillfixed.actors.verdicts import effects_posix

            return effects_posix.effect(command)
        case "powershell":
            from stillfixed.actors.verdicts import effects_powershell

            return effects_powershell.effect(command)
        case "cmd":
            from stillfixed.actors.verdicts import effects_cmd

            return effects_cmd.effect(command)
        case "network":
            from stillfixed.actors.verdicts import effects_network

            return effects_network.effect(command)
        case _:
            assert_never(platform)
