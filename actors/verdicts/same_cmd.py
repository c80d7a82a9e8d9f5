"""The canonical form of a cmd check: letter case, quotes, `.exe`, order of options, `& rem`."""

from collections.abc import Sequence

from stillfixed.actors.verdicts.knowledge import table
from stillfixed.actors.verdicts.windows import pieces, plain, tool_name

_CASE = {"find", "findstr", "nbtstat", "curl", "ssh", "wget", "git", "echo", "openssl", "docker"}


def canonical(line: str) -> str:
    found = pieces(line)
    while len(found) > 1 and tool_name(found[-1].words[0] if found[-1].words else "") == "rem":
        if found[-1].joiner != "&":
            break
        found.pop()
    if line.count("(") != line.count(")") or " (" in line or line.lstrip().startswith("("):
        return line.strip()
    out: list[str] = []
    for piece in found:
        words = list(piece.words)
        out += [piece.joiner] if piece.joiner else []
        if words:
            out += tool_words(words[0], words[1:])
        out += piece.redirects
    return " ".join(out)


def tool_words(name: str, args: Sequence[str]) -> list[str]:
    """A Windows tool's words: case dropped where the tool drops it, options in one order."""
    name = tool_name(name)
    known = table("windows")["tool"].get(name)
    standard = known is not None or name in table("windows")["reads"].split()
    if not standard or name in _CASE or any("%" in arg for arg in args):
        keep = [arg if " " in plain(arg) or not arg.strip('"') else plain(arg) for arg in args]
        return [name, *keep]
    spelled = [_spell(arg) for arg in args]
    values = (known or {}).get("values")
    if values is None:
        return [name, *spelled]
    options: list[str] = []
    operands: list[str] = []
    index = 0
    while index < len(spelled):
        word = spelled[index]
        index += 1
        if word[:1] in "/-" and len(word) > 1:
            option = "/" + word[1:]
            if option[1:] in values.split() and index < len(spelled):
                option += "=" + spelled[index]
                index += 1
            options.append(option)
        else:
            operands.append(word)
    return [name, *sorted(options), *operands]


def _spell(arg: str) -> str:
    bare = plain(arg).lower()
    return '"' + bare + '"' if not bare or set(bare) & set(' "') else bare
