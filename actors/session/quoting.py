"""Values put into commands: quoted for the shell that reads them, or refused. Pure.

Guarantee: a value fills one word of the command and nothing else. What no quoting makes safe on a
platform is refused with a sentence that says what to write.

posix       shlex.quote
powershell  single quotes, doubled inside; typographic ones too, which end a string there as well
cmd         double quotes where a blank or bracket needs them; cmd expands `%` and `!` even there
network     one bare word: there is no quoting that all devices know
"""

import re
import shlex
from typing import assert_never

from stillfixed.actors.verdicts.model import Platform

VALUE_LIMIT_CHARS = 256

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CMD_REFUSED = re.compile(r"[\"%!^&|<>`']")
_CMD_BARE = re.compile(r"[\w.:/\\@+-]+")
_NETWORK_WORD = re.compile(r"[\w.:/@+,-]+", re.ASCII)
_POWERSHELL_QUOTES = re.compile("(['\u2018\u2019\u201a\u201b])")


def quoted(value: str, platform: Platform) -> str:
    """`value` as one word of a command. Raises ValueError that says why it cannot be one."""
    _check(value)
    match platform:
        case "posix":
            return shlex.quote(value)
        case "powershell":
            if re.search('["\u201c\u201d\u201e]', value):
                # Windows PowerShell hands it to programs in a way that splits the word.
                raise ValueError("it has a double quote, which programs on Windows get wrong")
            return "'" + _POWERSHELL_QUOTES.sub(r"\1\1", value) + "'"
        case "cmd":
            return _quoted_for_cmd(value)
        case "network":
            if not _NETWORK_WORD.fullmatch(value):
                raise ValueError(
                    "on a network device it must be one word of letters, digits and . _ : / @ + , "
                    "- as in GigabitEthernet0/1"
                )
            return value
        case _:
            assert_never(platform)


def _check(value: str) -> None:
    if not value.strip():
        raise ValueError("it is empty")
    if len(value) > VALUE_LIMIT_CHARS:
        raise ValueError(f"it has {len(value)} characters, and {VALUE_LIMIT_CHARS} are the most")
    if _CONTROL.search(value):
        raise ValueError("it has a line break or another control character")
    if value.startswith("-"):
        raise ValueError("it begins with a dash, so the command would take it for an option")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("it has half a character (a lone surrogate)") from None


def _quoted_for_cmd(value: str) -> str:
    if refused := _CMD_REFUSED.search(value):
        raise ValueError(f"it has {refused.group()}, which no quoting makes safe in cmd")
    if value.startswith("/"):
        raise ValueError("it begins with a slash, so the command would take it for an option")
    if _CMD_BARE.fullmatch(value):
        return value
    if value.endswith("\\"):
        raise ValueError("it ends with a backslash, which would hide the closing quote: leave it")
    return f'"{value}"'
