"""Whether two commands are the same check: equal canonical forms.

Guarantee: two lines get one form only when they differ in what cannot change what is examined, what
is shown of it, or the exit status. What is not understood keeps its spelling. A canonical form is
for comparing, not for running.
"""

from functools import lru_cache
from typing import assert_never

from stillfixed.actors.verdicts.model import Platform


@lru_cache(maxsize=4096)
def canonical(command: str, platform: Platform) -> str:
    """The form that all spellings of one check share. Never raises; idempotent."""
    if len(command) > 20_000 or command.startswith(_MARK):
        return command
    match platform:
        case "posix":
            from stillfixed.actors.verdicts import same_posix

            found = same_posix.canonical(command)
        case "powershell":
            from stillfixed.actors.verdicts import same_powershell

            found = same_powershell.canonical(command)
        case "cmd":
            from stillfixed.actors.verdicts import same_cmd

            found = same_cmd.canonical(command)
        case "network":
            from stillfixed.actors.verdicts import same_network

            found = same_network.canonical(command)
        case _:
            assert_never(platform)
    return _MARK + found


_MARK = "≡ "


def same_check(a: str, b: str, platform: Platform) -> bool:
    """Whether running `b` examines what `a` examined and shows the same of it."""
    return a == b or canonical(a, platform) == canonical(b, platform)
