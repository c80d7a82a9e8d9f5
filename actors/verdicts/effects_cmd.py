"""What a cmd line, or a native Windows tool, does. Guarantee: an unknown tool never reads."""

import re
from collections.abc import Sequence

from stillfixed.actors.verdicts import windows_tools
from stillfixed.actors.verdicts.effects_posix import effect as posix_effect
from stillfixed.actors.verdicts.feeds import Fed
from stillfixed.actors.verdicts.knowledge import tool, words
from stillfixed.actors.verdicts.model import Effect
from stillfixed.actors.verdicts.options import worst
from stillfixed.actors.verdicts.windows import Group, Piece, pieces, plain, tool_name

_DEPTH_LIMIT = 6
_QUIET = ("nul", "con", "$null", "/dev/null", "\\\\.\\nul")
_PRINTS = ("rem", "echo", "title", "@echo", "echo.", "echo:")


def effect(line: str, depth: int = 0) -> Effect:
    """The effect of a whole line; deeper than six command lines in one another: `unknown`."""
    return _all(pieces(line), depth)


def _all(found: Sequence[Piece], depth: int) -> Effect:
    if depth > _DEPTH_LIMIT:
        return "unknown"
    effects: list[Effect] = ["reads"]
    before: Piece | None = None
    for piece in found:
        effects.append(_piece(piece, depth, before if piece.joiner == "|" else None))
        before = piece
    return worst(*effects)


def _piece(piece: Piece, depth: int, before: Piece | None) -> Effect:
    found: list[Effect] = ["reads"]
    if any(plain(target).lower() not in _QUIET for target in piece.targets):
        found.append("changes")
    match piece.words[:1]:
        case [Group(pieces=inner)]:
            found.append(_all(inner, depth + 1))
            found += [_rest(piece.words[1:], depth)]
        case [str(name)] if name.lower().lstrip("@") in ("if", "for"):
            found.append(_block(name.lower().lstrip("@"), piece.words[1:], depth))
        case [str(name)]:
            fed = Fed(_printed(before)) if before else Fed(None) if piece.fed else None
            texts = [_text(word) for word in piece.words[1:]]
            found.append(command(name, texts, depth, fed=fed, posix_too=False))
        case _:
            pass
    return worst(*found)


def _text(word: str | Group) -> str:
    return word if isinstance(word, str) else f"({word.text})"


def _printed(piece: Piece) -> str | None:
    """What `echo`, or a group of them, prints; None when another command takes part."""
    if len(piece.words) == 1 and isinstance(piece.words[0], Group):
        parts = [_printed(inner) for inner in piece.words[0].pieces]
        return None if None in parts else "\n".join(part or "" for part in parts)
    if piece.words and isinstance(piece.words[0], str):
        name = piece.words[0].lower().lstrip("@")
        if name.startswith("echo"):
            return " ".join([name[5:], *map(_text, piece.words[1:])]).strip()
    return None


def _block(name: str, rest: Sequence[str | Group], depth: int) -> Effect:
    """`if condition …` and `for … in (…) do …`: every part may run."""
    lowered = [word.lower() if isinstance(word, str) else "" for word in rest]
    if name == "if":
        return _rest(rest[_condition_end(lowered) :], depth)
    if "do" not in lowered:
        return "unknown"
    split = lowered.index("do")
    found = [_rest(rest[split + 1 :], depth)]
    if "/f" in lowered[:split]:
        sets = [word.text.strip() for word in rest[:split] if isinstance(word, Group)]
        asked = [text[1:-1] for text in sets if text[:1] in ("'", "`") and len(text) > 1]
        found += [effect(line.replace("^", ""), depth + 1) for line in asked]
    return worst("reads", *found)


def _rest(rest: Sequence[str | Group], depth: int) -> Effect:
    """A body: a group, `else` and another body, or the words of one command."""
    match list(rest):
        case []:
            return "reads"
        case [Group(pieces=inner), *more]:
            return worst(_all(inner, depth + 1), _rest(more, depth))
        case [str(word), *more] if word.lower() == "else":
            return _rest(more, depth)
        case [str(word), *more] if word.lower().lstrip("@") in ("if", "for"):
            if depth >= _DEPTH_LIMIT:
                return "unknown"
            return _block(word.lower().lstrip("@"), more, depth + 1)
        case [str(word), *more]:
            return command(word, [_text(part) for part in more], depth)
        case _:
            return "unknown"


def _condition_end(lowered: Sequence[str]) -> int:
    """Where the condition of `if` ends."""
    index = 1 if lowered[:1] == ["/i"] else 0
    index += 1 if lowered[index : index + 1] == ["not"] else 0
    index += 1 if lowered[index : index + 1] == ["/i"] else 0
    word = lowered[index] if index < len(lowered) else ""
    if word in ("exist", "defined", "errorlevel", "cmdextversion"):
        return index + 2
    if "==" not in word and index + 1 < len(lowered) and lowered[index + 1].startswith("=="):
        return index + (2 if len(lowered[index + 1]) > 2 else 3)
    if word.endswith("=="):
        return index + 2
    return index + (1 if "==" in word else 3)


def command(
    name: str,
    args: Sequence[str],
    depth: int = 0,
    *,
    posix_too: bool = False,
    fed: Fed | None = None,
) -> Effect:
    """One tool with its words. `posix_too`: also look among the POSIX tools (pwsh on Linux)."""
    name = "cmd" if name.lower().strip('"') == "%comspec%" else tool_name(name)
    if not name or name.startswith("::") or re.match(r"^:\w+$", name):
        return "reads"
    if name in _PRINTS or re.match(r"^(echo[.:(/+]|rem\b)", name):
        return "reads"
    if re.match(r"^%\w+%$|^!\w+!$|^%~?\w", name):
        return "unknown"
    if inner := _nested(name, args, depth):
        return inner
    known = tool("windows", name)
    if known is None or known.special == "posix":
        shared = name in words("windows", "shared")
        if (posix_too or shared) and depth < _DEPTH_LIMIT:
            return posix_effect(" ".join([name, *map(_quoted, args)]), depth + 1)
        return "unknown"
    return windows_tools.effect(name, known, args, fed)


def _quoted(arg: str) -> str:
    bare = plain(arg)
    return bare if re.match(r"^[\w./:=@%+,-]+$", bare) else "'" + bare.replace("'", "") + "'"


def _line(words_: Sequence[str]) -> str:
    line = " ".join(words_).strip()
    if line.startswith('"') and line.endswith('"') and len(line) > 1 and line.count('"') != 4:
        line = line[1:-1]
    return line


def _nested(name: str, args: Sequence[str], depth: int) -> Effect | None:
    """Commands that carry a command line."""
    lowered = [plain(arg).lower() for arg in args]
    match name:
        case "cmd":
            for index, arg in enumerate(lowered):
                if arg[:2] in ("/c", "/k", "/r"):
                    head = [plain(args[index])[2:]] if len(arg) > 2 else []
                    return effect(_line([*head, *args[index + 1 :]]).replace("^", ""), depth + 1)
            return "unknown"
        case "powershell" | "pwsh":
            return _powershell(args, lowered)
        case "start" | "call":
            return _started(args, lowered, depth)
        case "runas":
            line = [arg for arg in args if not arg.startswith("/")]
            return effect(_line([plain(part) for part in line]), depth + 1) if line else "reads"
        case "psexec" | "winrs" | "psexec64" | "paexec":
            return _remote(args, lowered, depth)
        case "forfiles":
            line = [plain(args[i + 1]) for i, arg in enumerate(lowered[:-1]) if arg == "/c"]
            return effect(line[0].replace("0x22", '"'), depth + 1) if line else "reads"
        case "wsl":
            return _wsl(args, lowered, depth)
        case _:
            return None


def _started(args: Sequence[str], lowered: Sequence[str], depth: int) -> Effect:
    """`start ["title"] [/options] program …` and `call program …`."""
    rest = list(args)
    if rest and rest[0].startswith('"') and len(rest) > 1:
        rest = rest[1:]
    while rest and rest[0].startswith("/") and len(rest) > 1:
        rest = rest[2 if rest[0].lower() in ("/d", "/node", "/affinity") else 1 :]
    if not rest or depth >= _DEPTH_LIMIT:
        return "unknown"
    return command(rest[0], rest[1:], depth + 1)


_REMOTE_VALUES = ("-u", "-p", "-w", "-n", "-a", "-r", "/u", "/p", "-remote")


def _remote(args: Sequence[str], lowered: Sequence[str], depth: int) -> Effect:
    r"""`psexec \\host [options] program …` and `winrs -r:host program …`."""
    index = 0
    while index < len(args) and (lowered[index][:1] in "-/" or lowered[index].startswith("\\\\")):
        if lowered[index] in ("-c", "/c", "-f", "-v"):
            return "unknown"  # copies a program to the host and runs it
        takes = lowered[index] in _REMOTE_VALUES
        index += 2 if takes else 1
    rest = list(args[index:])
    if not rest or depth >= _DEPTH_LIMIT:
        return "unknown"
    return (
        effect(_line(rest), depth + 1) if len(rest) == 1 else command(rest[0], rest[1:], depth + 1)
    )


def _wsl(args: Sequence[str], lowered: Sequence[str], depth: int) -> Effect:
    """`wsl [-d distribution] command …` and the options of wsl itself."""
    index = 0
    while index < len(args) and lowered[index].startswith("-"):
        if lowered[index] in ("-d", "--distribution", "-u", "--user", "--cd"):
            index += 2
        elif lowered[index] in ("-e", "--exec", "--"):
            index += 1
            break
        else:
            shows = ("-l", "--list", "--status", "--version", "-v", "--help", "-q", "--verbose")
            return "reads" if lowered[index] in shows else "changes"
    rest = [_quoted(arg) for arg in args[index:]]
    return posix_effect(" ".join(rest), depth + 1) if rest else "unknown"


def _powershell(args: Sequence[str], lowered: Sequence[str]) -> Effect:
    from stillfixed.actors.verdicts import effects_powershell

    for index, arg in enumerate(lowered):
        if re.match(r"^[-/](e|ec|enc\w*|f|fi|fil|file)$", arg):
            return "unknown"
        if re.match(r"^[-/]c(o\w*)?$", arg):
            return effects_powershell.effect(_inner(args[index + 1 :]))
    values = ("-ep", "-executionpolicy", "-ex", "-w", "-windowstyle", "-version", "-exec", "-v",
              "-wd", "-outputformat", "-inputformat")  # fmt: skip
    rest = [
        arg
        for index, arg in enumerate(args)
        if not lowered[index].startswith("-") and (not index or lowered[index - 1] not in values)
    ]
    return effects_powershell.effect(_inner(rest)) if rest else "unknown"


def _inner(rest: Sequence[str]) -> str:
    r"""A PowerShell line inside cmd: `\"` stands for a quote, the outer quotes fall away."""
    line = " ".join(rest).replace('\\"', "\0")
    return line.replace('"', "").replace("\0", '"')
