"""What a PowerShell line does: verbs, methods, script blocks, redirections, native tools.

Guarantee: a command, method or parameter that nobody described never reads.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from stillfixed.actors.verdicts import effects_cmd, powershell
from stillfixed.actors.verdicts.knowledge import table, words
from stillfixed.actors.verdicts.model import Effect
from stillfixed.actors.verdicts.options import as_effect, glob, worst
from stillfixed.actors.verdicts.sql import sql_effect
from stillfixed.actors.verdicts.powershell import Token

_DEPTH_LIMIT = 12
_CMDLET = re.compile(r"^([a-z]+)-([a-z][\w]*)$")
_PARAMETER = re.compile(r"^-([A-Za-z_]\w*)(:(.*))?$", re.S)
_QUIET = ("$null", "nul", "/dev/null")
_FETCHES = {"invoke-webrequest", "invoke-restmethod", "curl", "wget"}
_JOINS = re.compile(r"^[2-6*]>&1$")
_ASSIGN = ("=", "+=", "-=", "*=", "/=", "??=")
_SUBEXPRESSION = re.compile(r"\$\(((?:[^()]|\([^()]*\))*)\)")


def effect(line: str, depth: int = 0) -> Effect:
    found, broken = powershell.tokens(line)
    return worst(_block(found, depth), "unknown" if broken else "reads")


def _block(found: tuple[Token, ...], depth: int) -> Effect:
    if depth > _DEPTH_LIMIT:
        return "unknown"
    return worst("reads", *(_statement(part, depth) for part in powershell.statements(found)))


def _statement(statement: list[Token], depth: int) -> Effect:
    first = statement[0]
    if first.kind == "word" and first.text.lower() in words("powershell", "keywords"):
        is_alias = first.text.lower() == "foreach" and not (
            len(statement) > 1 and statement[1].text == "("
        )
        if not is_alias:
            return _keyword(statement, depth)
    for index, token in enumerate(statement):
        if token.text in _ASSIGN and token.kind in ("word", "operator"):
            if index and statement[0].kind in ("variable", "word", "group"):
                return _assignment(statement[:index], statement[index + 1 :], depth)
            break
        if token.kind == "operator" and token.text == "|":
            break
    names = [command_name(part) for part in powershell.pipeline(statement)]
    fetched = any(name in _FETCHES for name in names) or _mentions_fetch(statement)
    if fetched and any(name in ("invoke-expression", "sh", "bash") for name in names):
        return "changes"
    parts = powershell.pipeline(statement)
    return worst("reads", *(_part(part, depth) for part in parts))


def _mentions_fetch(found: Sequence[Token]) -> bool:
    return any(
        _alias(token.text) in _FETCHES
        or "downloadstring" in token.text.lower()
        or _mentions_fetch(token.inner)
        for token in found
    )


def _keyword(statement: list[Token], depth: int) -> Effect:
    """`if (…) {…}` and the like: every group may run; what follows `return` is a statement."""
    word = statement[0].text.lower()
    rest = statement[1:]
    if word in (
        "return",
        "throw",
        "exit",
        "in",
        "else",
        "try",
        "finally",
        "do",
        "begin",
        "process",
    ):
        return _statement(rest, depth + 1) if rest else "reads"
    if word in ("function", "filter", "class"):
        return worst("unknown" if word == "class" else "reads", _groups(rest, depth))
    return _groups(rest, depth)


def _groups(found: Sequence[Token], depth: int) -> Effect:
    return worst("reads", *(_value(token, depth) for token in found))


def _value(token: Token, depth: int) -> Effect:
    """What evaluating one token does."""
    if token.kind == "double" and "$(" in token.text:
        inner = _SUBEXPRESSION.findall(token.text)
        return worst("unknown" if not inner else "reads", *(effect(i, depth + 1) for i in inner))
    if token.kind != "group":
        return "reads"
    if token.text == "@{":
        return _groups(token.inner, depth + 1) if depth < _DEPTH_LIMIT else "unknown"
    return _block(token.inner, depth + 1)


def _assignment(target: list[Token], value: list[Token], depth: int) -> Effect:
    found: list[Effect] = [_statement(value, depth + 1) if value else "reads"]
    head = target[0]
    members = [token for token in target[1:] if token.glued and token.text.startswith(".")]
    if head.kind == "group" or (head.kind == "word" and not head.text.startswith("[")):
        found.append("changes")  # (Get-Item x).IsReadOnly = $false acts at once
    elif members:
        found.append("reads" if head.text == "$_" else "unknown")
    return worst(*found, _groups(target, depth))


def _alias(name: str) -> str:
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
        return _alias(name)
    return ""


def _part(part: list[Token], depth: int) -> Effect:
    """One element of a pipeline: a command or an expression."""
    redirected, part = _redirections(part)
    if not part:
        return redirected
    head = part[0]
    if (head.kind == "operator" and head.text == "&") or (head.kind == "word" and head.text == "."):
        return worst(redirected, _call(part[1:], depth))
    name = command_name(part)
    if name:
        glued = len(part) > 1 and part[1].glued and part[1].kind in ("word", "variable", "group")
        if glued and not part[1].text.startswith(("(", "{")):
            return "unknown"
        return worst(redirected, _command(head.text, name, part[1:], depth))
    return worst(redirected, _expression(part, depth))


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


def _call(part: list[Token], depth: int) -> Effect:
    """`& thing` and `. thing`."""
    if not part:
        return "unknown"
    head = part[0]
    if head.kind == "group" and head.text == "{":
        return worst(_block(head.inner, depth + 1), _groups(part[1:], depth))
    if head.kind in ("single", "double", "word") and "$" not in head.text:
        return _part([Token("word", head.text), *part[1:]], depth)
    return worst("unknown", _groups(part, depth))


def _expression(part: list[Token], depth: int) -> Effect:
    found: list[Effect] = [_groups(part, depth)]
    typed = part[0].text.lower() if part[0].text.startswith("[") else ""
    for index, token in enumerate(part):
        if token.kind == "word" and token.text.startswith("["):
            typed = token.text.lower()
        follows = part[index + 1] if index + 1 < len(part) else None
        if token.kind != "word" or follows is None or not follows.glued or follows.text != "(":
            continue
        match = re.search(r"(?:\.|::)(\w+)$", token.text)
        if match:
            found.append(_method(match.group(1).lower(), typed))
    for before, member in pairwise(part):
        if member.glued and member.text in (".", "::") and before.kind != "operator":
            found.append("unknown")  # the name of the member is computed
    return worst(*found)


def _method(name: str, typed: str) -> Effect:
    if name == "create":
        known = words("powershell", "methods", "in_memory_create")
        return "reads" if any(part in typed for part in known) else "unknown"
    if name in ("run", "invoke") or (name.startswith("invoke") and name != "invokemethod"):
        return "unknown"
    if name.startswith(("set", "write", "delete", "move", "copy", "remove")):
        return "changes"
    if any(glob(pattern, name) for pattern in words("powershell", "methods", "reads")):
        return "reads"
    if any(glob(pattern, name) for pattern in words("powershell", "methods", "changes")):
        return "changes"
    return "unknown"


def parameters(args: Sequence[Token]) -> list[tuple[str, Token | None]]:
    """(parameter in lower case, the token after it or after its colon)."""
    out: list[tuple[str, Token | None]] = []
    for index, token in enumerate(args):
        if token.kind == "word" and (found := _PARAMETER.match(token.text)):
            value = args[index + 1] if index + 1 < len(args) else None
            if found.group(3):
                value = Token("word", found.group(3))
            out.append((found.group(1).lower(), value))
    return out


def _command(written: str, name: str, args: list[Token], depth: int) -> Effect:
    inner = _groups(args, depth)
    given = parameters(args)
    if any(token.text.lower() in ("-whatif", "-wi") and token.kind == "word" for token in args):
        return inner
    for key, value in given:
        if key in ("whatif", "wi") and value is not None and value.text.lower() == "$true":
            return inner
    if special := _SPECIAL.get(name):
        return special(args, given, depth)
    found = _CMDLET.match(name)
    if found is None:
        return worst(inner, _native(written, args))
    if "\\" in written and re.match(r"^[\w.]+\\[\w-]+$", written) is None:
        return "unknown"  # a script or tool by path
    effect_here = _cmdlet(name, found.group(1), given)
    if name in ("foreach-object", "where-object") and any(t.kind == "variable" for t in args):
        blocks = any(t.kind == "group" and t.text == "{" for t in args)
        if name == "foreach-object" and not blocks:
            effect_here = "unknown"
    if name == "foreach-object":
        effect_here = worst(effect_here, _member_call(args))
    return worst(inner, effect_here)


def _member_call(args: Sequence[Token]) -> Effect:
    """`% Kill` and `% -MemberName Stop` call a method by name, or read a property."""
    bare = [token.text.lower() for token in args if token.kind in ("word", "single", "double")]
    names = [text for text in bare if re.match(r"^[a-z]\w*$", text)]
    found = [_method(name, "") for name in names]
    return "changes" if "changes" in found else "reads"


def _cmdlet(name: str, verb: str, given: Sequence[tuple[str, Token | None]]) -> Effect:
    data = table("powershell")
    keys = [key for key, _ in given]
    shows = data["shows"].get(name)
    if shows and any(full.startswith(key) for key in keys for full in shows):
        return "reads"
    acts = data["acts"].get(name, ())
    if "*" in acts or any(full.startswith(key) and len(key) > 2 for key in keys for full in acts):
        return "changes"
    for effect_here in ("unknown", "changes", "reads"):
        if name in words("powershell", effect_here):
            return as_effect(effect_here)
    if verb in words("powershell", "reading_verbs"):
        return "changes" if verb == "test" and "repair" in keys else "reads"
    return "changes" if verb in words("powershell", "acting_verbs") else "unknown"


def _native(written: str, args: Sequence[Token]) -> Effect:
    """A program outside PowerShell: the same knowledge as for cmd."""
    name = written.strip("\"'").replace("/", "\\")
    texts: list[str] = []
    for token in args:
        text = token.text if token.kind != "group" else token.text + "…"
        if token.glued and texts and token.text != ",":
            texts[-1] += text
        else:
            texts.append(text)
    if texts and texts[0].startswith("$"):
        reads = effects_cmd.command(name, ["_"])
        return "unknown" if reads == "unknown" else worst("unknown", reads)
    return effects_cmd.command(name, texts, posix_too=True)


def _web(args: list[Token], given: Sequence[tuple[str, Token | None]], depth: int) -> Effect:
    found = _groups(args, depth)
    for key, value in given:
        text = value.text.lower() if value else ""
        if (len(key) >= 2 and "outfile".startswith(key)) or (
            len(key) > 2 and "infile".startswith(key)
        ):
            return "changes"
        if len(key) >= 3 and ("method".startswith(key) or "custommethod".startswith(key)):
            if text in ("post", "put", "patch", "delete"):
                return "changes"
            if text not in ("get", "head", "options", "default"):
                found = worst(found, "unknown")
        elif key in ("body", "form") and not any(
            k.startswith("met") and v and v.text.lower() == "get" for k, v in given
        ):
            found = worst(found, "unknown")
    return found


def _cim_method(args: list[Token], given: Sequence[tuple[str, Token | None]], depth: int) -> Effect:
    inner = _groups(args, depth)
    names = [v.text for k, v in given if v and ("methodname".startswith(k) or k in ("name", "n"))]
    if not names:
        return worst(inner, "changes")
    return worst(
        inner, *("reads" if re.match(r"(?i)get|query|is", n) else "changes" for n in names)
    )


def _remote(args: list[Token], given: Sequence[tuple[str, Token | None]], depth: int) -> Effect:
    blocks = [token for token in args if token.kind == "group" and token.text == "{"]
    known = "reads" if blocks else "unknown"
    if any(len(key) > 2 and "filepath".startswith(key) for key, _ in given):
        known = "unknown"
    return worst(_groups(args, depth), "reads" if known == "reads" else "unknown")


def _shell(args: list[Token], given: Sequence[tuple[str, Token | None]], depth: int) -> Effect:
    """`powershell -Command …` and `pwsh -c …` from inside PowerShell."""
    for index, token in enumerate(args):
        key = token.text.lower()
        if re.match(r"^-(e|ec|enc\w*|f|fi|fil|file)$", key):
            return "unknown"
        if re.match(r"^-c(o\w*)?$", key) or token.kind in ("group", "single", "double"):
            rest = args[index + 1 :] if key.startswith("-c") else args[index:]
            if len(rest) == 1 and rest[0].kind in ("single", "double"):
                return effect(rest[0].text, depth + 1)
            if len(rest) == 1 and rest[0].kind == "group":
                return _block(rest[0].inner, depth + 1)
            return _statement(list(rest), depth + 1) if rest else "unknown"
    return "unknown"


def _sql(args: list[Token], given: Sequence[tuple[str, Token | None]], depth: int) -> Effect:
    queries = [v.text for k, v in given if v and v.kind != "word" and "query".startswith(k)]
    return worst(_groups(args, depth), sql_effect(";".join(queries)) if queries else "unknown")


def _help(args: list[Token], given: Sequence[tuple[str, Token | None]], depth: int) -> Effect:
    return "reads"


_SPECIAL = {
    "invoke-webrequest": _web,
    "invoke-restmethod": _web,
    "invoke-cimmethod": _cim_method,
    "invoke-wmimethod": _cim_method,
    "invoke-command": _remote,
    "start-job": _remote,
    "start-threadjob": _remote,
    "powershell": _shell,
    "pwsh": _shell,
    "invoke-sqlcmd": _sql,
    "get-help": _help,
}
