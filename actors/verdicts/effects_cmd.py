"""What a cmd line, or a native Windows tool, does. Guarantee: an unknown tool never reads."""

import re
from collections.abc import Sequence

from msgspec.structs import replace

from stillfixed.actors.verdicts.effects_posix import effect as posix_effect
from stillfixed.actors.verdicts.knowledge import Grammar, tool, words
from stillfixed.actors.verdicts.model import Effect
from stillfixed.actors.verdicts.options import as_effect, phrase_effect, worst
from stillfixed.actors.verdicts.sql import sql_effect
from stillfixed.actors.verdicts.windows import pieces, plain, tool_name

_DEPTH_LIMIT = 6
_NO_GRAMMAR = Grammar({}, {}, True)
_QUIET = ("nul", "con", "$null", "/dev/null")


def effect(line: str, depth: int = 0) -> Effect:
    if depth > _DEPTH_LIMIT:
        return "unknown"
    found: list[Effect] = ["reads"]
    for piece in pieces(line):
        if any(plain(target).lower() not in _QUIET for target in piece.targets):
            found.append("changes")
        if piece.words:
            found.append(command(piece.words[0], list(piece.words[1:]), depth))
    return worst(*found)


def command(name: str, args: Sequence[str], depth: int = 0, *, posix_too: bool = False) -> Effect:
    """One tool with its words. `posix_too`: also look among the POSIX tools (pwsh on Linux)."""
    name = tool_name(name)
    if not name or name.startswith("::"):
        return "reads"
    if name in ("rem", "echo", "echo.", "echo:", "title", "@echo"):
        return "reads"
    if inner := _nested(name, args, depth):
        return inner
    if name in words("windows", "interpreters", "names"):
        return _script(args) if name in ("cscript", "wscript") else "unknown"
    known = tool("windows", name)
    if known is None:
        if posix_too and tool("posix", name) and name not in ("sh", "bash"):
            return posix_effect(" ".join([name, *map(_quoted, args)]))
        return "unknown"
    if any(plain(arg).lower() in ("/?", "-?", "--help") for arg in args):
        return "reads"
    return _tool(name, known.special, args)


def _quoted(arg: str) -> str:
    return arg if re.match(r"^[\w./:=@%+-]+$", arg) else "'" + arg.replace("'", "") + "'"


def _nested(name: str, args: Sequence[str], depth: int) -> Effect | None:
    """Commands that carry a command line."""
    lowered = [plain(arg).lower() for arg in args]
    if name == "cmd":
        for index, arg in enumerate(lowered):
            if arg[:2] in ("/c", "/k", "/r"):
                head = [plain(args[index])[2:]] if len(arg) > 2 else []
                line = " ".join([*head, *args[index + 1 :]]).strip()
                if line.startswith('"') and line.endswith('"') and len(line) > 1:
                    line = line[1:-1]
                return effect(line.replace("^", ""), depth + 1)
        return "unknown"
    if name in ("powershell", "pwsh"):
        return _powershell(args, lowered)
    if name == "if":
        return _inner(args[_condition_end(lowered) :], depth)
    if name == "for":
        return _loop(args, lowered, depth)
    if name in ("start", "runas", "psexec", "call"):
        return "unknown"
    return None


def _inner(words: Sequence[str], depth: int) -> Effect:
    if depth >= _DEPTH_LIMIT:
        return "unknown"
    return command(words[0], list(words[1:]), depth + 1) if words else "reads"


def _condition_end(lowered: Sequence[str]) -> int:
    """Where the condition of `if` ends."""
    index = 1 if lowered[:1] == ["/i"] else 0
    index += 1 if lowered[index : index + 1] == ["not"] else 0
    word = lowered[index] if index < len(lowered) else ""
    if word in ("exist", "defined", "errorlevel"):
        return index + 2
    return index + (1 if "==" in word else 3)


def _loop(args: Sequence[str], lowered: Sequence[str], depth: int) -> Effect:
    """`for … in (…) do …`; with /f the set may be a command, which is not looked into."""
    if "do" not in lowered:
        return "unknown"
    asks = any(arg.lstrip("(")[:1] in ("'", "`") for arg in args[: lowered.index("do")])
    done = _inner(args[lowered.index("do") + 1 :], depth)
    return worst(done, "unknown") if asks else done


def _powershell(args: Sequence[str], lowered: Sequence[str]) -> Effect:
    from stillfixed.actors.verdicts import effects_powershell

    for index, arg in enumerate(lowered):
        if re.match(r"^[-/](e|ec|enc\w*|f|fi|fil|file)$", arg):
            return "unknown"
        if re.match(r"^[-/]c(o\w*)?$", arg):
            return effects_powershell.effect(" ".join(map(plain, args[index + 1 :])))
    values = ("-ep", "-executionpolicy", "-ex", "-w", "-windowstyle", "-version", "-exec")
    rest = [
        arg
        for index, arg in enumerate(args)
        if not lowered[index].startswith("-") and (not index or lowered[index - 1] not in values)
    ]
    return effects_powershell.effect(" ".join(map(plain, rest))) if rest else "unknown"


def _script(args: Sequence[str]) -> Effect:
    lowered = [plain(arg).lower() for arg in args]
    if any(arg.endswith("slmgr.vbs") for arg in lowered):
        known = ("/dli", "/dlv", "/xpr")
        return "reads" if any(arg in known for arg in lowered) else "changes"
    if any(arg.endswith(("prnmngr.vbs", "prnport.vbs", "prnjobs.vbs")) for arg in lowered):
        return "reads" if any(arg in ("-l", "-g") for arg in lowered) else "changes"
    return "unknown"


def _tool(name: str, special: str, args: Sequence[str]) -> Effect:
    known = tool("windows", name)
    assert known is not None
    lowered = [plain(arg).lower() for arg in args]
    if found := _special(special, args, lowered):
        return found
    options = ["/" + arg[1:] for arg in lowered if arg[:1] in "/-" and len(arg) > 1]
    heads = {option.split(":")[0] for option in options} | {o.split("=")[0] for o in options}
    operands = [arg for arg in lowered if arg[:1] not in ("/", "-")]
    if name == "sc" and operands and operands[0].startswith("\\\\"):
        operands = operands[1:]
    if name in ("net", "net1"):
        slash = [option for option in options if option in ("/domain",)]
        operands += slash
    glued = set(options)
    if any(act in heads or act in glued for act in known.acts):
        return "changes"
    if any(show in heads or show in glued for show in known.shows):
        return "reads"
    if not args and known.bare:
        return as_effect(known.bare)
    return phrase_effect(replace(known), operands) or as_effect(known.effect)


def _special(kind: str, args: Sequence[str], lowered: Sequence[str]) -> Effect | None:
    match kind:
        case "netsh":
            return _netsh(lowered)
        case "attrib":
            return "changes" if any(arg[:1] in "+-" and arg[:1] for arg in lowered) else "reads"
        case "assignment":
            return "changes" if any("=" in arg for arg in lowered) else "reads"
        case "wmic":
            acting = {"call", "delete", "create", "set"}
            if set(lowered) & acting or any(arg.startswith("/output") for arg in lowered):
                return "changes"
            reads = set(lowered) & {"get", "list"}
            return "reads" if reads else "unknown"
        case "sql":
            queries = [plain(args[i + 1]) for i, arg in enumerate(lowered[:-1]) if arg == "-q"]
            if any(arg in ("-i", "-o") for arg in lowered):
                return "changes" if "-o" in lowered else "unknown"
            return sql_effect(";".join(queries)) if queries else "unknown"
        case "curl" | "wget":
            return posix_effect(" ".join([kind, *map(_quoted, map(plain, args))]))
        case _:
            return None


def _netsh(lowered: Sequence[str]) -> Effect:
    acting = {"set", "add", "delete", "reset", "import", "export", "install", "uninstall", "dump_"}
    acting |= {"start", "stop", "connect", "disconnect", "flush", "renew", "restore", "repair"}
    for word in lowered:
        if word in ("show", "dump"):
            return "reads"
        if word in acting or re.match(r"^(set|add|delete|reset)", word):
            return "changes"
    return "unknown"
