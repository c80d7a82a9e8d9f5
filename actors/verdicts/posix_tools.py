"""POSIX tools whose words say more than a list of options can: curl, sed, awk, SQL clients.

Guarantee: what these rules do not understand is never a reader.
"""

import re
from collections.abc import Callable, Sequence

from stillfixed.actors.verdicts.knowledge import grammar, tool
from stillfixed.actors.verdicts.model import Effect
from stillfixed.actors.verdicts.options import split, tool_effect

HARMLESS_TARGET = re.compile(r"^(/dev/(null|stdout|stderr|tty|fd/\d+|tcp/.*|udp/.*)|&?\d+|&?-)$")
_SQL_TOOLS = {"mysql", "mariadb", "psql", "sqlite3", "sqlcmd", "osql", "isql", "clickhouse-client"}
_SQL_WRITES = re.compile(
    r"\b(insert|update|delete|drop|alter|create|truncate|grant|revoke|replace|merge|vacuum|analyze"
    r"|reindex|kill|flush|reset|purge|load|lock|unlock|set\s+(global|persist)|optimize|repair"
    r"|call|exec(ute)?|copy|into\s+(outfile|dumpfile)|shutdown|stop|start|refresh|backup|restore"
    r"|pg_(terminate|cancel|reload|rotate|switch|promote|advisory|create|drop|stat_reset)\w*"
    r"|nextval|setval|lo_(unlink|import|export)|dblink\w*)\b",
    re.I,
)
_SQL_READS = re.compile(
    r"^\s*(select|show|describe|desc|explain|with|values|table|\\[dlxz]|\.tables|\.schema|status\b"
    r"|pragma\s+\w+\s*(;|$)|use\b|help\b|dbcc\s+(opentran|sqlperf))",
    re.I,
)


def _curl(args: Sequence[str]) -> Effect:
    options, _, _ = split(args, grammar("curl"))
    method = ""
    outputs: list[str] = []
    for name, value in options:
        if name in ("X", "request"):
            method = (value or "").upper()
        if name in ("o", "output"):
            outputs.append(value or "")
    acting = (
        "d F T O c D Q K J data-raw data-binary data-urlencode data-ascii form json upload-file"
    )
    acting += " remote-name remote-name-all cookie-jar dump-header trace trace-ascii config quote"
    acting += " mail-from form-string output-dir stderr etag-save hsts alt-svc libcurl"
    letters = {name for name, _ in options}
    if "G" in letters or "get" in letters:
        letters -= {"d", "data-urlencode", "data-raw", "data"}
    for name, value in options:
        if name in ("D", "dump-header", "stderr", "trace", "trace-ascii") and _quiet(value or ""):
            letters.discard(name)
    if letters & set(acting.split()) or any(not _quiet(output) for output in outputs):
        return "changes"
    if method not in ("", "GET", "HEAD", "OPTIONS"):
        return "changes" if method in ("POST", "PUT", "PATCH", "DELETE") else "unknown"
    return "reads"


def _quiet(target: str) -> bool:
    return target.lower() in ("/dev/null", "-", "nul", "/dev/stdout", "/dev/stderr", "$null")


def _wget(args: Sequence[str]) -> Effect:
    options, operands, _ = split(args, grammar("wget"))
    names = {name for name, _ in options}
    log_files = [value for name, value in options if name in ("o", "a", "output-file")]
    if names & {"post-data", "post-file", "body-data", "body-file", "method", "input-file", "b"}:
        return "changes"
    if any(not _quiet(value or "") for value in log_files):
        return "changes"
    if "spider" in names or any(n == "O" and _quiet(v or "") for n, v in options):
        return "reads"
    return "changes" if operands else "reads"


def _sed(args: Sequence[str]) -> Effect:
    options, operands, _ = split(args, grammar("sed"))
    if any(name in ("i", "in-place") for name, _ in options):
        return "changes"
    scripts = [value or "" for name, value in options if name == "e"]
    if any(name == "f" for name, _ in options):
        return "unknown"
    scripts = scripts or operands[:1]
    for script in scripts:
        if re.search(r"(^|[;{}\n/0-9$])\s*[wW]\s+\S|/[a-zA-Z]*w\s+\S", script):
            return "changes"
        if re.search(r"(^|[;{}\n])\s*e(\s|$)|^s(.).*\1.*\1[gip0-9]*e", script):
            return "unknown"
    return "reads"


def _awk(args: Sequence[str]) -> Effect:
    options, operands, _ = split(args, grammar("awk"))
    if any(name in ("f", "i") for name, _ in options):
        return "unknown"
    program = operands[0] if operands else ""
    bare = re.sub(r'"(\\.|[^"\\])*"', '""', program)
    if re.search(r"\bsystem\s*\(|\|\s*(getline|\"\")|\|&", bare):
        return "unknown"
    # the > of a print statement writes a file; elsewhere it compares
    if re.search(r"\bprintf?\b[^;{}()]*>>?\s*(\"\"|\w)", bare):
        return "reads" if re.search(r'>\s*"/dev/(stderr|stdout|null)"', program) else "changes"
    return "reads"


def _sql(args: Sequence[str]) -> Effect:
    statements = [arg for arg in args if " " in arg.strip() or arg.startswith("\\")]
    for index, arg in enumerate(args[:-1]):
        if arg in ("-e", "-c", "-Q", "-q", "--execute", "--command"):
            statements.append(args[index + 1])
        if arg in ("-f", "-i", "--file"):
            return "unknown"
    statements += [arg.partition("=")[2] for arg in args if re.match(r"--(execute|command)=", arg)]
    if any(arg in ("-l", "--list", "--version", "-V") for arg in args) and not statements:
        return "reads"
    if any(arg in ("-o", "--output", "-L") for arg in args):
        return "changes"
    return sql_effect(";".join(statements))


def sql_effect(text: str) -> Effect:
    """What SQL does; quoted text and comments do not count."""
    bare = re.sub(r"'(''|[^'])*'", "''", text)
    bare = re.sub(r"--[^\n]*|/\*.*?\*/", " ", bare, flags=re.S)
    parts = [part for part in bare.split(";") if part.strip()]
    if any(_SQL_WRITES.search(re.sub(r"(?i)^\s*show\b.*", "", part)) for part in parts):
        return "changes"
    return "reads" if parts and all(_SQL_READS.match(part) for part in parts) else "unknown"


def _date(args: Sequence[str]) -> Effect:
    options, operands, _ = split(args, grammar("date"))
    if any(name == "s" for name, _ in options) or any(not op.startswith("+") for op in operands):
        return "changes"
    return "reads"


def _tee(args: Sequence[str]) -> Effect:
    files = [arg for arg in args if not arg.startswith("-")]
    return "reads" if all(HARMLESS_TARGET.match(file) for file in files) else "changes"


def _sysctl(args: Sequence[str]) -> Effect:
    acting = any(arg in ("-w", "-p", "--system", "--load", "--write") or "=" in arg for arg in args)
    return "changes" if acting else "reads"


def _dd(args: Sequence[str]) -> Effect:
    targets = [arg[3:] for arg in args if arg.startswith("of=")]
    return "reads" if all(_quiet(target) for target in targets) else "changes"


def _openssl(args: Sequence[str]) -> Effect:
    known = tool("posix", "openssl")
    assert known is not None
    return tool_effect(known, args, args, grammar("openssl"))


def _kill(args: Sequence[str]) -> Effect:
    return "reads" if args[:1] in (["-0"], ["-l"], ["-L"]) else "changes"


def _asterisk(args: Sequence[str]) -> Effect:
    lines = [args[i + 1] for i, arg in enumerate(args[:-1]) if re.match(r"^-r?x$", arg)]
    if not lines:
        return "unknown"
    return (
        "reads" if all(re.match(r"^\w+ (show|list)\b|^core show", x) for x in lines) else "unknown"
    )


def _tar(args: Sequence[str]) -> Effect:
    mode = args[0].lstrip("-") if args else ""
    listing = "--list" in args or ("t" in mode and not set(mode) & set("xcruA"))
    return "reads" if listing else "changes"


def _ifconfig(args: Sequence[str]) -> Effect:
    return "reads" if len([arg for arg in args if not arg.startswith("-")]) <= 1 else "changes"


SPECIAL: dict[str, Callable[[Sequence[str]], Effect]] = {
    "curl": _curl,
    "wget": _wget,
    "sed": _sed,
    "awk": _awk,
    "gawk": _awk,
    "mawk": _awk,
    "nawk": _awk,
    "date": _date,
    "tee": _tee,
    "sysctl": _sysctl,
    "dd": _dd,
    "openssl": _openssl,
    "kill": _kill,
    "asterisk": _asterisk,
    "tar": _tar,
    "ifconfig": _ifconfig,
    **dict.fromkeys(_SQL_TOOLS, _sql),
}
