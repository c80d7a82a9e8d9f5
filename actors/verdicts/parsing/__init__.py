"""Special parsers for the judge: what a command printed, read by someone who knows its form.

Guarantee: `parse` is pure, never raises, takes time linear in the text, and depends on neither
locale nor time zone. What no special parser surely reads is left to the generic reading (None).
"""

from collections.abc import Callable

from stillfixed.actors.verdicts.cells import Reading
from stillfixed.actors.verdicts.model import Platform
from stillfixed.actors.verdicts.output import clean
from stillfixed.actors.verdicts.parsing import documents, network, powershell, unix
from stillfixed.actors.verdicts.parsing.error_records import error_lines
from stillfixed.actors.verdicts.prompts import without_prompts

__all__ = ["COMMAND_PARSERS", "FORM_PARSERS", "TEXT_LIMIT_CHARS", "error_lines", "parse"]

Parser = Callable[[str, Platform, str], Reading | None]

TEXT_LIMIT_CHARS = 128 * 1024
"""Longer outputs are left to the generic reading: the libraries below are slow on them."""

COMMAND_PARSERS: tuple[Parser, ...] = (network.parse, unix.parse)
"""Readers of single commands. Their readings name their reader."""
FORM_PARSERS: tuple[Parser, ...] = (documents.parse, powershell.parse)
"""Readers of forms that any command may print."""


def parse(command: str, platform: Platform, text: str, *, plain: bool = False) -> Reading | None:
    """What stands in a command's stdout, or None where no special parser knows it. `plain` leaves
    out the readers of single commands."""
    if len(text) > TEXT_LIMIT_CHARS or not text.strip():
        return None
    text = "\n".join(without_prompts(clean(text).split("\n"), command))
    parsers = FORM_PARSERS if plain else (*COMMAND_PARSERS, *FORM_PARSERS)
    readings = (_attempt(parser, command, platform, text) for parser in parsers)
    return next((found for found in readings if found is not None), None)


def _attempt(parser: Parser, command: str, platform: Platform, text: str) -> Reading | None:
    try:
        return parser(command, platform, text)
    except Exception:  # the judge must never fail; the tests call the parsers without this net
        return None
