"""What a PowerShell line does: statements, pipelines, script blocks, redirections, native tools.

Guarantee: a command, method or parameter that nobody described never reads.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from stillfixed.actors.verdicts import effects_cmd, powershell
from stillfixed.actors.verdicts import powershell_cmdlets as cmdlets
from stillfixed.actors.verdicts import powershell_members as members
from stillfixed.actors.verdicts.feeds import Fed
from stillfixed.actors.verdicts.knowledge import table, tool, words
from stillfixed.actors.verdicts.model import Effect
from stillfixed.actors.verdicts.options import worst
from stillfixed.actors.verdicts.powershell import Scope, Token

_CMDLET = re.compile(r"^([a-z]+)-([a-z][\w]*)$")
_QUIET = ("$null", "nul", "/dev/null")
_FETCHES = {"invoke-webrequest", "invoke-restmethod", "curl", "wget"}
_RUNS = {"invoke-expression", "sh", "bash", "pwsh", "powershell", "python"}
_JOINS = re.compile(r"^[2-6*]>&1$")
_ASSIGN = ("=", "+=", "-=", "*=", "/=", "%=", "??=")
_SUBEXPRESSION = re.compile(r"\$\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)")
_ENVIRONMENT = re.compile(r"(?i)^\$(?:\{env:(\w+(?:\(x86\))?)\}|env:(\w+))(?=[\\/])")
_FOLDERS = {
    "windir": "c:\\windows",
    "systemroot": "c:\\windows",
    "programfiles": "c:\\program files",
    "programfiles(x86)": "c:\\program files (x86)",
}
_STARTS_STATEMENT = (
    "return", "throw", "exit", "in", "else", "try", "finally", "do", "begin", "process", "end",
)  # fmt: skip


def effect(line: str, scope: Scope | None = None) -> Effect:
    """The effect of a whole line."""
    found, broken = powershell.tokens(line)
    inside = scope.deeper() if scope else Scope(own=_functions(line))
    return worst(_block(found, inside), "unknown" if broken else "reads")


def _functions(line: str) -> frozenset[str]:
    """Functions that the line itself defines: their bodies are judged where they stand."""
    return frozenset(
        name.lower() for name in re.findall(r"(?i)\b(?:function|filter)\s+([\w:-]+)", line)
    )


def block(found: tuple[Token, ...], scope: Scope) -> Effect:
    """What running a block of statements does."""
    return _block(found, scope)


def _block(found: tuple[Token, ...], scope: Scope) -> Effect:
    if scope.too_deep:
        return "unknown"
    return worst("reads", *(statement(part, scope) for part in powershell.statements(found)))


def statement(found: list[Token], scope: Scope) -> Effect:
    """What one statement does."""
    first = found[0]
    if first.kind == "word" and first.text.lower() in words("powershell", "keywords"):
        is_alias = first.text.lower() == "foreach" and not (len(found) > 1 and found[1].text == "(")
        if not is_alias:
            return _keyword(found, scope)
    for index, token in enumerate(found):
        if token.text in _ASSIGN and token.kind in ("word", "operator"):
            if index and first.kind in ("variable", "word", "group"):
                return _assignment(found[:index], found[index + 1 :], scope)
            break
        if token.kind == "operator" and token.text == "|":
            break
    parts = powershell.pipeline(found)
    names = [command_name(part) for part in parts]
    fetched = any(name in _FETCHES for name in names) or _mentions_fetch(found)
    if fetched and any(name in _RUNS for name in names):
        return "changes"
    fed = [None, *map(_printed, parts)]
    return worst("reads", *(_part(part, scope, fed[i]) for i, part in enumerate(parts)))


def _mentions_fetch(found: Sequence[Token]) -> bool:
    return any(
        alias(token.text) in _FETCHES
        or "downloadstring" in token.text.lower()
        or _mentions_fetch(token.inner)
        for token in found
    )


def _printed(part: list[Token]) -> Fed:
    """What a pipeline element hands on, where it is made of plain strings."""
    name = command_name(part)
    rest = part[1:] if name in ("write-output", "write-host") else part
    plain = all(t.kind in ("single", "double") or t.text in (",", "@(") for t in rest)
    if rest and plain and not any("$" in t.text for t in rest if t.kind == "double"):
        inner = [t for token in rest for t in (token.inner or (token,))]
        return Fed("\n".join(t.text.replace("`n", "\n") for t in inner if t.text != ","))
    return Fed(None)


def _keyword(found: list[Token], scope: Scope) -> Effect:
    """`if (…) {…}` and the like: every group may run; what follows `return` is a statement."""
    word = found[0].text.lower()
    rest = found[1:]
    if word in _STARTS_STATEMENT:
        return statement(rest, scope.deeper()) if rest and not scope.too_deep else "reads"
    if word in ("function", "filter", "class"):
        return worst("unknown" if word == "class" else "reads", groups(rest, scope))
    return groups(rest, scope)


def groups(found: Sequence[Token], scope: Scope) -> Effect:
    """What evaluating the groups and strings among some tokens does."""
    return worst("reads", *(_value(token, scope) for token in found))


def _value(token: Token, scope: Scope) -> Effect:
    if token.kind == "double" and "$(" in token.text:
        inner = _SUBEXPRESSION.findall(token.text)
        return worst("unknown" if not inner else "reads", *(effect(i, scope) for i in inner))
    if token.kind != "group":
        return "reads"
    if token.text == "@{":
        return groups(token.inner, scope.deeper()) if not scope.too_deep else "unknown"
    return _block(token.inner, scope.deeper())


def _assignment(target: list[Token], value: list[Token], scope: Scope) -> Effect:
    found: list[Effect] = [statement(value, scope.deeper()) if value else "reads"]
    head = target[0]
    if head.kind == "variable" and len(target) == 1:
        scope.origins[head.text.lower()] = powershell.flat(value)
    found.append(members.assigned(target, value, scope))
    return worst(*found, groups(target, scope))


def alias(name: str) -> str:
    """A command's full name in lower case."""
    lowered = name.lower()
    return str(table("powershell")["aliases"].get(lowered, lowered))


def command_name(part: Sequence[Token]) -> str:
    """The command that a pipeline element starts with, aliases resolved; "" for an expression."""
    if not part:
        return ""
    head = part[0]
    if head.kind == "operator" and head.text == "&":
        return command_name(part[1:]) or (part[1].text.lower() if len(part) > 1 else "")
    if head.kind == "word" and head.text == ".":
        return "."
    if head.kind == "word" and not re.match(r"^[\d\[@!+-]", head.text):
        name = head.text.replace("/", "\\").rsplit("\\", 1)[-1] if "\\" in head.text else head.text
        if name.lower().endswith(".exe"):
            return name.lower().removesuffix(".exe")  # sc.exe is not the alias sc
        return alias(name)
    return ""


def _part(part: list[Token], scope: Scope, fed: Fed | None = None) -> Effect:
    """One element of a pipeline: a command or an expression."""
    redirected, part = _redirections(part)
    if not part:
        return redirected
    head = part[0]
    if (head.kind == "operator" and head.text == "&") or (head.kind == "word" and head.text == "."):
        return worst(redirected, _call(part[1:], scope))
    name = command_name(part)
    if name:
        glued = len(part) > 1 and part[1].glued and part[1].kind in ("word", "variable", "group")
        if glued and not part[1].text.startswith(("(", "{")):
            return "unknown"
        return worst(redirected, _command(head.text, name, part[1:], scope, fed))
    return worst(redirected, _expression(part, scope))


def _redirections(part: list[Token]) -> tuple[Effect, list[Token]]:
    found: list[Effect] = ["reads"]
    rest: list[Token] = []
    skip = False
    for index, token in enumerate(part):
        if skip:
            skip = token is not part[-1] and index + 1 < len(part) and part[index + 1].glued
            continue
        if token.kind == "operator" and ">" in token.text:
            if _JOINS.match(token.text):
                continue
            target = part[index + 1] if index + 1 < len(part) else None
            quiet = target is not None and target.text.lower() in _QUIET
            found.append("reads" if quiet else "changes")
            skip = True
            continue
        rest.append(token)
    return worst(*found), rest


def _call(part: list[Token], scope: Scope) -> Effect:
    """`& thing` and `. thing`."""
    if not part:
        return "unknown"
    head = part[0]
    if head.kind == "group" and head.text == "{":
        return worst(_block(head.inner, scope.deeper()), groups(part[1:], scope))
    text = _ENVIRONMENT.sub(_folder, head.text)
    if head.kind == "variable" and head.text.lower().startswith("$env:"):
        # & $env:windir\System32\x.exe: the path is glued to the variable
        glued = [token for token in part[1:2] if token.glued and token.text.startswith("\\")]
        text = _ENVIRONMENT.sub(_folder, head.text + "".join(token.text for token in glued))
        part = part[len(glued) :]
    if (head.kind in ("single", "double", "word") or text != head.text) and "$" not in text:
        return _part([Token("word", text), *part[1:]], scope)
    return worst("unknown", groups(part, scope))


def _folder(found: re.Match[str]) -> str:
    name = (found.group(1) or found.group(2)).lower()
    return _FOLDERS.get(name, found.group())


def _expression(part: list[Token], scope: Scope) -> Effect:
    found: list[Effect] = [groups(part, scope)]
    for index, token in enumerate(part):
        follows = part[index + 1] if index + 1 < len(part) else None
        if token.kind != "word" or follows is None or not follows.glued or follows.text != "(":
            continue
        match = re.search(r"(?:\.|::)(\w+)$", token.text)
        if match:
            given = powershell.flat([follows])
            origin = members.origin(part[: index + 1], scope)
            found.append(members.method(match.group(1).lower(), origin, given))
    for before, member in pairwise(part):
        if member.glued and member.text in (".", "::") and before.kind != "operator":
            found.append("unknown")  # the name of the member is computed
    return worst(*found)


def _command(written: str, name: str, args: list[Token], scope: Scope, fed: Fed | None) -> Effect:
    inner = groups(args if name == "where-object" else _executed(args), scope)
    given = cmdlets.parameters(args)
    if name in scope.own:
        return inner
    if any(token.kind == "word" and token.text == "-?" for token in args):
        return inner
    found = _CMDLET.match(name)
    if found and (tool("windows", name) or name in words("windows", "shared")):
        found = None  # a program with a hyphen in its name: manage-bde, ssh-keygen
    if found and cmdlets.simulated(args, given):
        return inner
    if "\\" in written and found and re.match(r"^[\w.]+\\[\w-]+$", written) is None:
        return "unknown"  # a script or tool by path
    if special := cmdlets.SPECIAL.get(name):
        return worst(inner, special(args, given, scope))
    if found is None:
        return worst(inner, native(written, args, fed, scope))
    return worst(inner, cmdlets.cmdlet(name, found.group(1), found.group(2), args, given))


def _executed(args: list[Token]) -> list[Token]:
    """Arguments without a block that only states a filter: -Filter {Enabled -eq $false}."""
    return [
        token
        for index, token in enumerate(args)
        if not (index and token.text == "{" and args[index - 1].text.lower() == "-filter")
    ]


def native(written: str, args: Sequence[Token], fed: Fed | None, scope: Scope) -> Effect:
    """A program outside PowerShell: the same knowledge as for cmd."""
    name = written.strip("\"'").replace("/", "\\")
    if name.lower() in ("wget", "curl") and any(
        re.match(r"^-[A-Z][A-Za-z]{3,}$", t.text) for t in args if t.kind == "word"
    ):
        return cmdlets.SPECIAL["invoke-webrequest"](list(args), cmdlets.parameters(args), scope)
    texts: list[str] = []
    for token in args:
        text = token.text if token.kind != "group" else token.text + "…"
        if token.kind in ("single", "double") and (" " in text or not text):
            text = '"' + text + '"'
        if token.glued and texts and token.text != ",":
            texts[-1] += text
        else:
            texts.append(text)
    if texts and texts[0].startswith("$"):
        reads = effects_cmd.command(name, ["_"])
        return "unknown" if reads == "unknown" else worst("unknown", reads)
    return effects_cmd.command(name, texts, scope.depth, posix_too=True, fed=fed)
