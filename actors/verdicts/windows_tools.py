"""Windows tools whose words say more than a list of options can. Pure.

Guarantee: what these rules do not understand is never a reader.
"""

import re
from collections.abc import Callable, Sequence

from stillfixed.actors.verdicts.feeds import Fed, lines_effect
from stillfixed.actors.verdicts.knowledge import Tool, words
from stillfixed.actors.verdicts.model import Effect
from stillfixed.actors.verdicts.options import as_effect, glob, phrase_effect
from stillfixed.actors.verdicts.sql import sql_effect
from stillfixed.actors.verdicts.windows import plain

_HELP = ("/?", "-?", "--help", "/help", "-help")


def effect(name: str, known: Tool, args: Sequence[str], fed: Fed | None) -> Effect:
    """What one use of a tool of windows.toml does."""
    lowered = [plain(arg).lower() for arg in args]
    if any(arg in _HELP for arg in lowered):
        return "reads"
    if special := _SPECIAL.get(known.special):
        found = special(args, lowered, fed)
        if found is not None:
            return found
    spelled = lowered if known.special != "case" else [plain(arg) for arg in args]
    options = ["/" + arg[1:].lstrip("-") for arg in spelled if arg[:1] in "/-" and len(arg) > 1]
    heads = {re.split(r"[:=+]", option, maxsplit=1)[0] for option in options} | set(options)
    operands = [arg for arg in spelled if arg[:1] not in ("/", "-")]
    operands = operands[1:] if known.special == "server" and operands[:1] and (
        operands[0].startswith("\\\\")
    ) else operands  # fmt: skip
    for wanted, means in (((*known.writes, *known.acts), "changes"), (known.shows, "reads")):
        if any(glob(want, head) for want in wanted for head in heads):
            return as_effect(means)
    if not args and known.bare:
        return as_effect(known.bare)
    return phrase_effect(known, operands) or as_effect(known.effect)


def _net(args: Sequence[str], lowered: Sequence[str], fed: Fed | None) -> Effect | None:
    r"""`net use \\server\share` connects, `net use z:` shows."""
    operands = [arg for arg in lowered if arg[:1] != "/"]
    connects = operands[:1] == ["use"] and any(arg[:1] in "\\%!" for arg in operands[1:])
    shares = operands[:1] == ["share"] and any("=" in arg for arg in operands[1:])
    return "changes" if connects or shares else None


def _netsh(args: Sequence[str], lowered: Sequence[str], fed: Fed | None) -> Effect | None:
    if any(arg in ("-f", "exec", "/f") for arg in lowered):
        return "unknown"
    rest = list(lowered)
    while rest and rest[0] in ("-r", "-u", "-p", "-a", "-c", "/r"):
        rest = rest[1:] if rest[0] == "-c" else rest[2:]
    if not rest:
        return "unknown"
    for word in rest:
        if (len(word) > 1 and "show".startswith(word)) or word in ("dump", "help", "?"):
            return "changes" if "wlanreport" in rest or "report" in rest[-1:] else "reads"
        if word in words("windows", "netsh", "acts") or re.match(r"^(set|add|del|reset)\w*$", word):
            return "changes"
        if word in words("windows", "netsh", "checks"):
            return "reads"
    return "unknown"


def _attrib(args: Sequence[str], lowered: Sequence[str], fed: Fed | None) -> Effect:
    return "changes" if any(arg[:1] in ("+", "-") for arg in lowered) else "reads"


def _assignment(args: Sequence[str], lowered: Sequence[str], fed: Fed | None) -> Effect:
    return "changes" if any("=" in arg for arg in lowered) else "reads"


def _wmic(args: Sequence[str], lowered: Sequence[str], fed: Fed | None) -> Effect:
    if any(arg.startswith(("/output", "/append", "/record")) for arg in lowered):
        screen = all(
            re.match(r"^/\w+:(stdout|clipboard)", a) for a in lowered if a[:4] in ("/out", "/app")
        )
        return (
            "reads" if screen and not any(a.startswith("/record") for a in lowered) else "changes"
        )
    if set(lowered) & {"call", "delete", "create", "set"}:
        return "changes"
    if set(lowered) & {"get", "list", "assoc"}:
        return "reads"
    alias = next((arg for arg in lowered if not arg.startswith("/")), "")
    return "reads" if alias in words("windows", "wmic", "aliases") else "unknown"


def _sqlcmd(args: Sequence[str], lowered: Sequence[str], fed: Fed | None) -> Effect:
    queries: list[str] = []
    for index, arg in enumerate(args):
        option, rest = plain(arg)[:2], plain(arg)[2:]
        if option.lower() == "-q":
            queries.append(rest or (plain(args[index + 1]) if index + 1 < len(args) else ""))
        if option == "-o":
            return "changes"
        if option == "-i":
            return "unknown"
    if "-l" in lowered and not queries:
        return "reads" if "-L" in args else "unknown"
    if queries:
        return sql_effect(";".join(queries))
    return sql_effect(fed.text) if fed and fed.text is not None else "unknown"


def _diskpart(args: Sequence[str], lowered: Sequence[str], fed: Fed | None) -> Effect:
    if args:
        return "unknown"  # /s file
    return lines_effect("diskpart", fed) if fed else "unknown"


def _script(args: Sequence[str], lowered: Sequence[str], fed: Fed | None) -> Effect:
    """cscript and wscript: the scripts that Windows brings along are known."""
    for arg in lowered:
        name = arg.rsplit("\\", 1)[-1]
        if name == "slmgr.vbs":
            return _slmgr(args, lowered, fed)
        if name in ("prnmngr.vbs", "prnport.vbs", "prnjobs.vbs", "prndrvr.vbs", "prncnfg.vbs"):
            return "reads" if any(arg in ("-l", "-g") for arg in lowered) else "changes"
        if name == "ospp.vbs":
            shows = any(
                arg.startswith(("/dstatus", "/dhistory", "/dinstid", "/dcmid")) for arg in lowered
            )
            return "reads" if shows else "changes"
        if name == "pubprn.vbs":
            return "changes"
    return "unknown"


def _slmgr(args: Sequence[str], lowered: Sequence[str], fed: Fed | None) -> Effect:
    known = ("/dli", "/dlv", "/xpr", "/dti", "-dli", "-dlv", "-xpr", "-dti")
    return "reads" if any(arg in known for arg in lowered) else "changes"


def _mode(args: Sequence[str], lowered: Sequence[str], fed: Fed | None) -> Effect:
    """The console's width is the session's; a serial port's speed is not."""
    port = any(re.match(r"^(com|lpt)\d", arg) for arg in lowered)
    return "changes" if port and len([a for a in lowered if a != "/status"]) > 1 else "reads"


def _ftp(args: Sequence[str], lowered: Sequence[str], fed: Fed | None) -> Effect:
    if any(arg.startswith("-s") for arg in lowered):
        return "unknown"
    return lines_effect("transfer", fed) if fed else "unknown"


def _certutil(args: Sequence[str], lowered: Sequence[str], fed: Fed | None) -> Effect | None:
    """`-urlcache` lists, and deletes or downloads with more words; a bare file is dumped."""
    if any(arg[1:] == "urlcache" for arg in lowered):
        operands = [arg for arg in lowered if arg[:1] not in "-/"]
        return (
            "changes"
            if "delete" in lowered or len(operands) > 1 or "-split" in lowered
            else "reads"
        )
    return "reads" if not any(arg[:1] in "-/" for arg in lowered) else None


_SPECIAL: dict[str, Callable[[Sequence[str], Sequence[str], Fed | None], Effect | None]] = {
    "net": _net,
    "netsh": _netsh,
    "attrib": _attrib,
    "assignment": _assignment,
    "wmic": _wmic,
    "sql": _sqlcmd,
    "diskpart": _diskpart,
    "script": _script,
    "slmgr": _slmgr,
    "mode": _mode,
    "ftp": _ftp,
    "certutil": _certutil,
}
