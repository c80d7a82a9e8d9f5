"""What a POSIX command line does, through wrappers, loops and substitutions.

Guarantee: a line that does not parse, or a tool that nobody described, never reads.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stillfixed.actors.verdicts import shell
from stillfixed.actors.verdicts.knowledge import grammar, table, tool, words
from stillfixed.actors.verdicts.model import Effect
from stillfixed.actors.verdicts.options import has, split, tool_effect, worst
from stillfixed.actors.verdicts.shell import Word

if TYPE_CHECKING:
    from tree_sitter import Node

_DEPTH_LIMIT = 8
_HARMLESS_TARGET = re.compile(r"^(/dev/(null|stdout|stderr|tty|fd/\d+|tcp/.*|udp/.*)|&?\d+|&?-)$")
_SYSTEM_FOLDER = re.compile(r"^/(usr/)?s?bin/")
_INIT_SCRIPT = re.compile(r"^/etc/(init\.d|rc\.d)/[\w.@-]+$")
_DOWNLOAD = {"curl", "wget", "fetch"}
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


def effect(line: str, depth: int = 0) -> Effect:
    if depth > _DEPTH_LIMIT:
        return "unknown"
    root = shell.parse(line)
    found = [_node_effect(node, depth) for node in shell.walk(root)]
    if root.has_error:
        found.append("unknown")
    return worst(*found)


def _node_effect(node: "Node", depth: int) -> Effect:
    match node.type:
        case "command":
            return _command(shell.words_of(node), depth)
        case "file_redirect":
            return _redirect(node)
        case "pipeline":
            return _pipeline(node)
        case _:
            return "reads"


def _redirect(node: "Node") -> Effect:
    operator = next((child.type for child in node.children if not child.is_named), "")
    if operator in ("<", "<&", "<&-"):
        return "reads"
    target = shell.word(node.children[-1])
    return "reads" if _HARMLESS_TARGET.match(target.text) else "changes"


def _pipeline(node: "Node") -> Effect:
    """Code that is fetched and handed to an interpreter acts."""
    fetched = False
    for below in shell.walk(node):
        if below.type != "command":
            continue
        names = [_name(word.text) for word in shell.words_of(below)]
        if names and names[0] not in table("posix")["wrapper"]:
            names = names[:1]
        if fetched and _interpreters() & set(names):
            return "changes"
        fetched = fetched or bool(_DOWNLOAD & set(names))
    return "reads"


def _interpreters() -> frozenset[str]:
    return words("posix", "interpreters", "shells") | words("posix", "interpreters", "others")


def _name(text: str) -> str:
    return text.rsplit("/", 1)[-1] if _SYSTEM_FOLDER.match(text) else text


def _command(given: Sequence[Word], depth: int) -> Effect:
    if not given:
        return "reads"
    if given[0].dynamic:
        return "unknown"
    name = _name(given[0].text)
    args = list(given[1:])
    texts = [arg.text for arg in args]
    if _INIT_SCRIPT.match(name):
        return _command([Word("service", "service"), Word("x", "x"), *args], depth)
    if name in table("posix")["wrapper"]:
        return _wrapper(name, args, depth)
    if name in _interpreters():
        return _interpreter(name, args, depth)
    if texts in (["--help"], ["--version"], ["-V"]) and tool("posix", name):
        return "reads"
    if special := _SPECIAL.get(name):
        return special(texts, depth)
    if name in ("docker", "podman", "kubectl", "lxc", "pct") and "exec" in texts:
        return _exec_inside(args[texts.index("exec") + 1 :], depth, lone=name != "kubectl")
    if name in ("docker-compose", "podman-compose"):
        return _command([Word("docker", "docker"), Word("compose", "compose"), *args], depth)
    if name == "podman":
        return _command([Word("docker", "docker"), *args], depth)
    if name == "ip" and texts[:2] == ["netns", "exec"]:
        return _command(args[3:], depth)
    return _plain(name, args)


def _plain(name: str, args: Sequence[Word]) -> Effect:
    known = tool("posix", name)
    if known is None:
        return "unknown"
    texts = [arg.text for arg in args]
    style = grammar(name)
    options, operands, _ = split(texts, style)
    if name == "docker" and operands[:1] == ["compose"]:
        operands = ["compose", *_after_options(texts[texts.index("compose") + 1 :], "pf")]
    for position, expansions in table("posix")["abbreviations"].get(name, {}).items():
        if int(position) < len(operands):
            operands[int(position)] = expansions.get(
                operands[int(position)], operands[int(position)]
            )
    found = tool_effect(known, texts, operands, style)
    if found == "reads" and known.changes and any(arg.dynamic for arg in args[:2]):
        return "unknown"  # which of the tool's verbs it is stands in a variable
    return found


def _after_options(texts: Sequence[str], with_value: str) -> list[str]:
    rest = list(texts)
    while rest and rest[0].startswith("-"):
        takes = len(rest[0]) == 2 and rest[0][1] in with_value
        rest = rest[2 if takes else 1 :]
    return rest


def _wrapper(name: str, args: Sequence[Word], depth: int) -> Effect:
    spec = table("posix")["wrapper"][name]
    style = grammar(name, wrapper=True)
    texts = [arg.text for arg in args]
    head = _wrapper_end(texts, style.takes, spec)
    own = texts[:head]
    if spec.get("shows") and has(spec["shows"], own, style):
        return "reads"
    if spec.get("acts") and has(spec["acts"], own, style):
        return "changes"
    if option := spec.get("command_option"):
        commands = [v for n, v in split(texts, style)[0] if n == option[1:] and v is not None]
        if commands:
            return worst(*(effect(line, depth + 1) for line in commands))
    rest = list(args[head + int(spec.get("skip", 0)) :])
    if not rest:
        bare = spec.get("bare")
        if bare or name in ("sudo", "su", "doas", "chroot", "nsenter", "unshare", "runuser"):
            return "changes" if bare == "changes" else "unknown"
        return "reads"
    if spec.get("line"):
        if any(word.dynamic and word.raw.startswith("$") for word in rest[:1]):
            return "unknown"
        return effect(" ".join(word.text for word in rest), depth + 1)
    if name == "flock" and rest[0].text == "-c" and len(rest) > 1:
        return effect(rest[1].text, depth + 1)
    return worst("changes" if spec.get("bare") == "changes" else "reads", _command(rest, depth + 1))


def _wrapper_end(texts: Sequence[str], takes: dict[str, str], spec: dict[str, object]) -> int:
    """Where a wrapper's own options end."""
    index = 0
    while index < len(texts):
        text = texts[index]
        if text == "--":
            return index + 1
        if spec.get("skip_assignments") and re.match(r"^[A-Za-z_]\w*=", text):
            index += 1
        elif text.startswith("--"):
            index += 2 if takes.get(text[2:]) == "value" else 1
        elif text.startswith("-") and len(text) > 1:
            value = next((i for i, c in enumerate(text[1:]) if takes.get(c) == "value"), None)
            index += 2 if value is not None and value == len(text) - 2 else 1
        else:
            return index
    return index


def _exec_inside(args: Sequence[Word], depth: int, lone: bool) -> Effect:
    texts = [arg.text for arg in args]
    if "--" in texts:
        return _command(args[texts.index("--") + 1 :], depth + 1)
    index = 0
    while index < len(texts) and texts[index].startswith("-"):
        index += 2 if texts[index] in ("-e", "-u", "-w", "--user", "--env", "-n", "-c") else 1
    rest = args[index + 1 :] if lone else args[index + 1 :]
    return _command(rest, depth + 1) if rest else "unknown"


def _interpreter(name: str, args: Sequence[Word], depth: int) -> Effect:
    texts = [arg.text for arg in args]
    if any("curl" in arg.raw or "wget" in arg.raw for arg in args if arg.dynamic):
        return "changes"
    if texts and all(text in ("--version", "-V", "--help", "-v", "-h") for text in texts):
        return "reads"
    if name not in words("posix", "interpreters", "shells"):
        if texts[:2] == ["-m", "json.tool"] and len(texts) <= 3:
            return "reads"
        if name == "perl" and any(re.match(r"^-\w*i", text) for text in texts):
            return "changes"
        return "unknown"
    if name == "busybox" and args:
        return _command(args, depth + 1)
    for index, text in enumerate(texts):
        if re.match(r"^-[a-z]*c$", text) and index + 1 < len(args):
            line = args[index + 1]
            if line.dynamic and re.match(r'^"?\$\{?\w+\}?"?$', line.raw):
                return "unknown"
            return effect(line.text, depth + 1)
        if text == "-n":
            return "reads"
    return "unknown"


def _curl(args: Sequence[str], depth: int) -> Effect:
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


def _wget(args: Sequence[str], depth: int) -> Effect:
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


def _find(args: Sequence[str], depth: int) -> Effect:
    found: list[Effect] = []
    for index, arg in enumerate(args):
        if arg in ("-delete", "-fprint", "-fprint0", "-fprintf", "-fls"):
            return "changes"
        if arg in ("-exec", "-execdir", "-ok", "-okdir"):
            inner = list(args[index + 1 :])
            ends = [i for i, word in enumerate(inner) if word in (";", "+")]
            inner = inner[: ends[0]] if ends else inner
            found.append(_command([Word(word, word) for word in inner], depth + 1))
    return worst("reads", *found)


def _sed(args: Sequence[str], depth: int) -> Effect:
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


def _awk(args: Sequence[str], depth: int) -> Effect:
    options, operands, _ = split(args, grammar("awk"))
    if any(name == "f" for name, _ in options):
        return "unknown"
    program = operands[0] if operands else ""
    bare = re.sub(r'"(\\.|[^"\\])*"', '""', program)
    if re.search(r"\bsystem\s*\(|\|\s*(getline|\"\")|\|&", bare):
        return "unknown"
    # the > of a print statement writes a file; elsewhere it compares
    if re.search(r"\bprintf?\b[^;{}()]*>>?\s*(\"\"|\w)", bare):
        return "reads" if re.search(r'>\s*"/dev/(stderr|stdout|null)"', program) else "changes"
    return "reads"


def _sql(args: Sequence[str], depth: int) -> Effect:
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


def _date(args: Sequence[str], depth: int) -> Effect:
    options, operands, _ = split(args, grammar("date"))
    if any(name == "s" for name, _ in options) or any(not op.startswith("+") for op in operands):
        return "changes"
    return "reads"


def _tee(args: Sequence[str], depth: int) -> Effect:
    files = [arg for arg in args if not arg.startswith("-")]
    return "reads" if all(_HARMLESS_TARGET.match(file) for file in files) else "changes"


def _sysctl(args: Sequence[str], depth: int) -> Effect:
    acting = any(arg in ("-w", "-p", "--system", "--load", "--write") or "=" in arg for arg in args)
    return "changes" if acting else "reads"


def _dd(args: Sequence[str], depth: int) -> Effect:
    targets = [arg[3:] for arg in args if arg.startswith("of=")]
    return "reads" if all(_quiet(target) for target in targets) else "changes"


def _openssl(args: Sequence[str], depth: int) -> Effect:
    known = tool("posix", "openssl")
    assert known is not None
    return tool_effect(known, args, args, grammar("openssl"))


def _kill(args: Sequence[str], depth: int) -> Effect:
    return "reads" if args[:1] in (["-0"], ["-l"], ["-L"]) else "changes"


def _asterisk(args: Sequence[str], depth: int) -> Effect:
    lines = [args[i + 1] for i, arg in enumerate(args[:-1]) if re.match(r"^-r?x$", arg)]
    if not lines:
        return "unknown"
    return (
        "reads" if all(re.match(r"^\w+ (show|list)\b|^core show", x) for x in lines) else "unknown"
    )


def _tar(args: Sequence[str], depth: int) -> Effect:
    mode = args[0].lstrip("-") if args else ""
    listing = "--list" in args or ("t" in mode and not set(mode) & set("xcruA"))
    return "reads" if listing else "changes"


def _ifconfig(args: Sequence[str], depth: int) -> Effect:
    return "reads" if len([arg for arg in args if not arg.startswith("-")]) <= 1 else "changes"


_SPECIAL = {
    "curl": _curl,
    "wget": _wget,
    "find": _find,
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
