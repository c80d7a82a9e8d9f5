"""Programs written on the command line: `python -c`, `perl -ne`, `ruby -e`, awk, sed. Pure.

Guarantee: what these rules do not understand is never a reader; a program in a file is unknown.
"""

import ast
import re
from collections.abc import Sequence
from functools import lru_cache

from stillfixed.actors.verdicts.feeds import Fed
from stillfixed.actors.verdicts.knowledge import table, words
from stillfixed.actors.verdicts.model import Effect
from stillfixed.actors.verdicts.options import glob, worst
from stillfixed.actors.verdicts.shell import Word


def snippet(name: str, args: Sequence[Word], fed: Fed | None, depth: int) -> Effect:
    """An interpreter with its words; only a program that stands in the text is looked into."""
    texts = [arg.text for arg in args]
    match name:
        case "python" | "python2" | "python3":
            return _python_call(texts, args, fed, depth)
        case "perl" | "ruby":
            if any(re.match(r"^-[a-zA-Z0-9]*i", text) and text[1:2] not in "IM" for text in texts):
                return "changes"
            return _one_liner(name, texts, args, r"^-[a-zA-Z0-9]*[eE]$", depth)
        case "node" | "nodejs" | "bun" | "deno":
            return _one_liner("node", texts, args, r"^(-e|-p|-pe|--eval|--print|eval)$", depth)
        case "php":
            if texts[:1] and texts[0] in (
                "-m",
                "-i",
                "--ini",
                "--modules",
                "--info",
                "--ri",
                "--re",
            ):
                return "reads"
            if texts[:1] == ["-l"]:
                return "reads"
            return _one_liner("php", texts, args, r"^(-r|--run)$", depth)
        case "lua":
            return _one_liner("lua", texts, args, r"^-e$", depth)
        case "osascript":
            return _one_liner("osascript", texts, args, r"^-e$", depth)
        case "pwsh":
            return _powershell(texts)
        case "java" | "javac":
            return (
                "reads"
                if texts[:1] and texts[0] in ("--list-modules", "-XshowSettings")
                else "unknown"
            )
        case _:
            return "unknown"


def _powershell(texts: Sequence[str]) -> Effect:
    from stillfixed.actors.verdicts import effects_powershell

    for index, text in enumerate(texts[:-1]):
        if re.match(r"(?i)^-c(o\w*)?$", text):
            return effects_powershell.effect(" ".join(texts[index + 1 :]))
    return "unknown"


def _shell_line(text: str, depth: int) -> Effect:
    from stillfixed.actors.verdicts import effects_posix

    return effects_posix.effect(text, depth + 1)


def _one_liner(
    name: str, texts: Sequence[str], args: Sequence[Word], option: str, depth: int
) -> Effect:
    """A program given with an option, in a language known by its words (posix.toml, [language])."""
    found: list[Effect] = []
    for index, text in enumerate(texts[:-1]):
        if re.match(option, text):
            if args[index + 1].dynamic:
                return "unknown"
            found.append(_by_words(name, texts[index + 1], depth))
    return worst(*found) if found else "unknown"


def _by_words(name: str, program: str, depth: int) -> Effect:
    known = table("posix")["language"][name]
    found: list[Effect] = ["reads"]
    for line in re.findall(known["shell"], program) if "shell" in known else ():
        found.append(_shell_line(line, depth))
        program = program.replace(line, "")
    if _pattern(name, "changes").search(program):
        return "changes"
    if _pattern(name, "unknown").search(program):
        return "unknown"
    if "reads" in known and not _pattern(name, "reads").search(program):
        return "unknown"
    return worst(*found)


@lru_cache
def _pattern(name: str, kind: str) -> re.Pattern[str]:
    return re.compile(table("posix")["language"][name][kind], re.X | re.S)


# Python: parsed, never run


def _python_call(texts: Sequence[str], args: Sequence[Word], fed: Fed | None, depth: int) -> Effect:
    index = 0
    while index < len(texts) and re.match(r"^-[bBdEhiIOqsSuvxP]+$", texts[index]):
        index += 1
    rest = texts[index:]
    match rest[:2]:
        case ["-c", program]:
            return "unknown" if args[index + 1].dynamic else python_effect(program, depth)
        case ["-m", module]:
            return _module(module, rest[2:], depth)
        case [] | ["-"] | ["-", _] if fed is not None and fed.text is not None:
            return python_effect(fed.text, depth)
        case _:
            return "unknown"


def _module(module: str, rest: Sequence[str], depth: int) -> Effect:
    if module in ("json.tool", "platform", "site", "calendar", "sysconfig", "this", "tokenize"):
        return "reads" if len(rest) < 2 or module != "json.tool" else "changes"
    if module in ("pip", "venv", "ensurepip"):
        return _shell_line(" ".join(["pip" if module == "pip" else "mkdir", *rest]), depth)
    if module in ("zipfile", "tarfile"):
        return "reads" if rest[:1] and rest[0] in ("-l", "-t", "--list", "--test") else "changes"
    if module in ("http.server", "compileall"):
        return "changes"
    return "unknown"


def python_effect(program: str, depth: int = 0) -> Effect:
    """What a Python program does, by the calls in its text."""
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "unknown"
    own = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    found: list[Effect] = ["reads"]
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                found += [_import(alias.name) for alias in names]
            case ast.ImportFrom(module=module):
                found.append(_import(module or ""))
            case ast.Call():
                found.append(_call(node, own, depth))
            case ast.Delete(targets=targets):
                known = all(isinstance(target, ast.Name) for target in targets)
                found.append("reads" if known else "unknown")
            case _:
                pass
    return worst(*found)


def _import(module: str) -> Effect:
    known = words("posix", "python", "modules")
    return "reads" if module.partition(".")[0] in known else "unknown"


def _dotted(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            return f"{_dotted(value)}.{attr}"
        case _:
            return ""


def _call(node: ast.Call, own: set[str], depth: int) -> Effect:
    name = _dotted(node.func)
    last = name.rpartition(".")[2]
    if name in own:
        return "reads"
    if last in ("open", "fdopen"):
        return _opened(node, name)
    if last in words("posix", "python", "shells"):
        return _started(node, depth)
    if last in ("write", "writelines"):
        shown = re.search(r"(^|\.)(stdout|stderr)\.", name)
        return "reads" if shown else "unknown" if name.startswith("sock") else "changes"
    if last == "urlopen" and (len(node.args) > 1 or any(k.arg == "data" for k in node.keywords)):
        return "changes"
    if last == "Request" and any(k.arg in ("data", "method") for k in node.keywords):
        return "changes"
    if last == "print" and any(
        k.arg == "file" and "std" not in _dotted(k.value) for k in node.keywords
    ):
        return "unknown"
    kinds: tuple[Effect, ...] = ("changes", "unknown", "reads")
    for wanted in (name, last):  # what is known of the dotted name comes first
        for kind in kinds:
            if any(glob(pattern, wanted) for pattern in words("posix", "python", kind)):
                return kind
    return "unknown"


def _opened(node: ast.Call, name: str) -> Effect:
    mode: ast.expr | None = node.args[1] if len(node.args) > 1 else None
    if name.count(".") and not name.startswith(
        ("io.", "codecs.", "gzip.", "bz2.", "lzma.", "tarfile.")
    ):
        mode = node.args[0] if node.args and "path" in name.lower() else mode
    mode = next((k.value for k in node.keywords if k.arg == "mode"), mode)
    if mode is None:
        return "reads"
    if not (isinstance(mode, ast.Constant) and isinstance(mode.value, str)):
        return "unknown"
    return "changes" if set(mode.value) & set("wax+") else "reads"


def _started(node: ast.Call, depth: int) -> Effect:
    """os.system, subprocess.run and the like, when what they start is written out."""
    match node.args[:1]:
        case [ast.Constant(value=str(line))]:
            return _shell_line(line, depth)
        case [ast.List(elts=parts) | ast.Tuple(elts=parts)]:
            texts = [part.value for part in parts if isinstance(part, ast.Constant)]
            if len(texts) == len(parts) and all(isinstance(text, str) for text in texts):
                return _shell_line(" ".join(_quoted(str(text)) for text in texts), depth)
    return "unknown"


def _quoted(text: str) -> str:
    return text if re.match(r"^[\w./:=@%+,-]+$", text) else "'" + text.replace("'", "'\\''") + "'"


# awk and sed


def awk_effect(program: str, depth: int) -> Effect:
    """An awk program: the `>` of a print statement writes a file; elsewhere it compares."""
    bare = re.sub(r'"(\\.|[^"\\])*"', '""', program)
    bare = re.sub(r"/(\\.|[^/\\\n])+/", "//", bare)
    found: list[Effect] = ["reads"]
    if re.search(r"\bsystem\s*\(|\|&?\s*getline|\bprintf?\b[^;{}]*\|", bare):
        lines = re.findall(r'system\s*\(\s*"((?:\\.|[^"\\])*)"\s*\)', program)
        lines += re.findall(r'"((?:\\.|[^"\\])*)"\s*\|\s*getline', program)
        lines += re.findall(r'\bprintf?\b[^;{}]*\|\s*"((?:\\.|[^"\\])*)"', program)
        asked = len(re.findall(r"\bsystem\s*\(|\|&?\s*getline|\bprintf?\b[^;{}]*?\|", bare))
        found += [_shell_line(line.replace('\\"', '"'), depth) for line in lines]
        if len(lines) < asked:
            found.append("unknown")
    if re.search(r"\bprintf?\b[^;{}()]*(\([^)]*\)[^;{}()]*)*>>?\s*(\"\"|\w)", bare):
        shown = re.search(r'>\s*"/dev/(stderr|stdout|null)"', program)
        found.append("reads" if shown else "changes")
    if re.search(r"^\s*@(load|include)|\binplace\b", program):
        found.append("unknown")
    return worst(*found)


def sed_effect(script: str) -> Effect:
    """A sed script: the commands `w`, `W` and `e`, and the flags `w` and `e` of `s`."""
    bare = re.sub(r"\\.", "_", script)
    for sub in re.finditer(
        r"(?:^|[;{}\n\d/$,!\s])s([|/#,@%:!_~+])(.*?)\1(.*?)\1([a-zA-Z0-9]*)", bare, re.S
    ):
        flags = sub.group(4)
        if "w" in flags:
            return "changes"
        if "e" in flags:
            return "unknown"
    bare = re.sub(r"([sy])([|/#,@%:!_~+])(.*?)\2(.*?)\2[gpiIMm\d]*", ";", bare, flags=re.S)
    bare = re.sub(r"/[^/]*/", "/", bare)
    if re.search(r"(^|[;{}\n/\d$!])\s*[wW]\s*\S", bare):
        return "changes"
    return "unknown" if re.search(r"(^|[;{}\n/\d$!])\s*e(\s|$)", bare) else "reads"
