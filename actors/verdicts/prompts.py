"""Prompts of shells and devices, left at the end of an output or before the echoed command.

Guarantee: a line with two spaces inside, or without a prompt's last sign, is never one.
"""

import re
from collections.abc import Sequence

_PROMPT = re.compile(
    r"^\s*(?:\{\w+(?::\w+)*\}|PS [A-Z]:\\\S*>|[A-Z]:\\\S*>|<[\w.-]+>|\[[\w@.~ /-]+\]\s?[#$>]?"
    r"|\(?[A-Za-z][\w.@:/~()-]*(?: [\w.@:/~()-]+)?\)?[:*]?(?:\([\w/.-]+\))?\s?[#>$])\s*$"
)


def is_prompt(line: str) -> bool:
    return len(line) <= 80 and "  " not in line.strip() and bool(_PROMPT.match(line))


def without_prompts(lines: Sequence[str], command: str) -> list[str]:
    """The lines with prompts at the end, and the echoed command at the start, left empty, so that
    line numbers stay."""
    out = list(lines)
    for index in range(len(out) - 1, -1, -1):
        if out[index].strip() and not is_prompt(out[index]):
            break
        out[index] = ""
    first = next((index for index, line in enumerate(out) if line.strip()), None)
    wanted = command.strip()
    if first is not None and wanted and out[first].rstrip().endswith(wanted):
        rest = out[first].rstrip()[: -len(wanted)]
        if rest.strip() and is_prompt(rest):
            out[first] = ""
    return out


def last_prompt(text: str) -> str | None:
    """The machine's name in a prompt that ends the text: `core1` of `core1(config-if)#`."""
    line = text.rstrip().rsplit("\n", 1)[-1].strip()
    if not is_prompt(line):
        return None
    line = re.sub(r"\.\d+(?=\s*[#>]$)", "", line)  # the number of the command: x460.7 #
    found = re.findall(r"[A-Za-z][\w.-]*", re.sub(r"\(.*\)|^.*@", "", line) or line)
    return found[0].lower() if found else None
