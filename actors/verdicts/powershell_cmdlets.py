"""What cmdlets do: verbs, nouns and parameters; and the ones that have rules of their own. Pure.

Guarantee: a verb or a noun that nobody described never reads.
"""

import re
from collections.abc import Callable, Sequence

from stillfixed.actors.verdicts.knowledge import table, words
from stillfixed.actors.verdicts.model import Effect
from stillfixed.actors.verdicts.options import as_effect, glob, worst
from stillfixed.actors.verdicts.powershell import Scope, Token
from stillfixed.actors.verdicts.sql import sql_effect

Given = Sequence[tuple[str, Token | None]]
_PARAMETER = re.compile(r"^-([A-Za-z_]\w*)(:(.*))?$", re.S)
# parameters that write a file or act, on whatever reading cmdlet they stand
_ACTING_PARAMETER = re.compile(
    r"(reset|clear|repair|delete|remove|send)\w*$|outfile|output(file|folder|path|csv|dir)"
    r"|(report|export|logsdirectory)path|updatevalidation|downloadconfig"
)
_SESSION_DRIVE = re.compile(r"(?i)^\"?'?(env|variable|alias|function|temp):")


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


def simulated(args: Sequence[Token], given: Given) -> bool:
    """Whether -WhatIf is there, and not switched off."""
    if any(token.kind == "word" and token.text.lower() in ("-whatif", "-wi") for token in args):
        return True
    return any(
        key in ("whatif", "wi") and value is not None and value.text.lower() == "$true"
        for key, value in given
    )


def _has(given: Given, *names: str, least: int = 3) -> bool:
    """Whether one of these parameters is given, in full or shortened to `least` letters."""
    return any(
        full.startswith(key) and (len(key) >= least or key == full)
        for key, _ in given
        for full in names
    )


def _value_of(given: Given, *names: str, least: int = 1) -> list[Token]:
    return [
        value
        for key, value in given
        if value is not None and any(n.startswith(key) and len(key) >= least for n in names)
    ]


def cmdlet(name: str, verb: str, noun: str, args: Sequence[Token], given: Given) -> Effect:
    """What a cmdlet does by its entry, or by its verb and noun."""
    data = table("powershell")
    if _has(given, *data["writes"].get(name, ())):
        return "changes"
    if _has(given, *data["shows"].get(name, ()), least=2):
        return "reads"
    acts = data["acts"].get(name, ())
    if "*" in acts or _has(given, *acts):
        return "changes"
    kinds: tuple[Effect, ...] = ("unknown", "changes", "reads")
    for kind in kinds:
        if name in words("powershell", kind):
            return kind
    for kind in kinds:
        if any(glob(pattern, name) for pattern in words("powershell", "patterns", kind)):
            return kind
    if verb in words("powershell", "reading_verbs"):
        if any(_ACTING_PARAMETER.match(key) for key, _ in given):
            return "changes"
        return "reads" if _known_noun(noun) else "unknown"
    return "changes" if verb in words("powershell", "acting_verbs") else "unknown"


def _known_noun(noun: str) -> bool:
    for group in table("powershell")["nouns"]:
        known = words("powershell", "nouns", group)
        if noun in known or any(p[-1] == "*" and noun.startswith(p[:-1]) for p in known):
            return True
    return False


# Cmdlets with rules of their own


def _web(args: list[Token], given: Given, scope: Scope) -> Effect:
    from stillfixed.actors.verdicts.posix_tools import method_effect

    if _has(given, "outfile", least=4) or _has(given, "infile") or _has(given, "outputfilepath"):
        return "changes"
    methods = _value_of(given, "method", "custommethod", least=3)
    found = [
        method_effect(value.text.strip("'\"").upper().replace("DEFAULT", "GET"))
        for value in methods
    ]
    if not methods and _has(given, "body", "form", least=3):
        return "unknown"
    return worst("reads", *found)


def _cim_method(args: list[Token], given: Given, scope: Scope) -> Effect:
    names = [
        value.text
        for key, value in given
        if value and ("methodname".startswith(key) or key in ("name", "n"))
    ]
    if not names:
        loose = [t.text for t in args if t.kind in ("word", "single", "double")]
        names = [text for text in loose if re.match(r"^[A-Z]\w+$", text) and "_" not in text][:1]
    reads = re.compile(r"(?i)^(get|query|is|enum|find|list|validate|check|test|read)")
    effects = ["reads" if reads.match(name) else "changes" for name in names]
    return worst(*map(as_effect, effects)) if names else "changes"


def _remote(args: list[Token], given: Given, scope: Scope) -> Effect:
    """The block itself is judged with all groups; a file or a variable hides what runs."""
    blocks = any(token.kind == "group" and token.text == "{" for token in args)
    hidden = any(len(key) > 2 and "filepath".startswith(key) for key, _ in given)
    return "reads" if blocks and not hidden else "unknown"


def _blocks_only(args: list[Token], given: Given, scope: Scope) -> Effect:
    return "reads" if any(t.kind == "group" and t.text == "{" for t in args) else "unknown"


def _shell(args: list[Token], given: Given, scope: Scope) -> Effect:
    """`powershell -Command …` and `pwsh -c …` from inside PowerShell."""
    from stillfixed.actors.verdicts import effects_powershell as line

    if scope.too_deep:
        return "unknown"
    for index, token in enumerate(args):
        key = token.text.lower()
        if re.match(r"^-(e|ec|enc\w*|f|fi|fil|file)$", key):
            return "unknown"
        if re.match(r"^-c(o\w*)?$", key) or token.kind in ("group", "single", "double"):
            rest = args[index + 1 :] if key.startswith("-c") else args[index:]
            if len(rest) == 1 and rest[0].kind in ("single", "double"):
                return line.effect(rest[0].text, scope)
            if len(rest) == 1 and rest[0].kind == "group":
                return line.block(rest[0].inner, scope.deeper())
            return line.statement(list(rest), scope.deeper()) if rest else "unknown"
    return "reads" if args and args[0].text.lower() in ("-v", "-version", "-?", "-h") else "unknown"


def _expression(args: list[Token], given: Given, scope: Scope) -> Effect:
    """Invoke-Expression: only a plain string can be looked into."""
    from stillfixed.actors.verdicts import effects_powershell as line

    rest = [token for token in args if token.kind != "word" or not token.text.startswith("-")]
    if len(rest) == 1 and rest[0].kind in ("single", "double") and "$" not in rest[0].text:
        return line.effect(rest[0].text, scope) if not scope.too_deep else "unknown"
    return "unknown"


def _sql(args: list[Token], given: Given, scope: Scope) -> Effect:
    if _has(given, "inputfile", least=4):
        return "unknown"
    queries = [v.text for v in _value_of(given, "query") if v.kind in ("single", "double")]
    return sql_effect(";".join(queries)) if queries else "unknown"


def _start_process(args: list[Token], given: Given, scope: Scope) -> Effect:
    """A program with its arguments; its output may go into a file."""
    from stillfixed.actors.verdicts import effects_powershell as line

    if _has(given, "redirectstandardoutput", "redirectstandarderror", least=9):
        return "changes"
    if any(v.text.lower() == "runas" for v in _value_of(given, "verb", least=3)):
        pass
    taking = ("filepath", "argumentlist", "workingdirectory", "windowstyle", "verb", "credential")
    loose: list[Token] = []
    skip = False
    for token in args:
        if skip:
            skip = False
            continue
        if token.kind == "word" and (found := _PARAMETER.match(token.text)):
            key = found.group(1).lower()
            named = next((full for full in taking if full.startswith(key)), "")
            skip = named not in ("", "filepath", "argumentlist")
            continue
        loose.append(token)
    literal = bool(loose) and loose[0].kind in ("word", "single", "double")
    if not literal or not loose[0].text or "$" in loose[0].text:
        return "unknown"
    rest = [t for token in loose[1:] for t in (token.inner if token.text == "@(" else (token,))]
    words_ = [part for t in rest if t.text != "," for part in t.text.split(" ") if part]
    tokens = [Token("word", part) for part in words_]
    if scope.too_deep:
        return "unknown"
    return line.native(loose[0].text, tokens, None, scope.deeper())


def _tee(args: list[Token], given: Given, scope: Scope) -> Effect:
    return "reads" if _has(given, "variable", least=1) else "changes"


def _foreach(args: list[Token], given: Given, scope: Scope) -> Effect:
    """`% { … }`, and `% Kill` or `% -MemberName Stop`, which call a method by name."""
    from stillfixed.actors.verdicts import powershell_members as members

    blocks = any(token.kind == "group" and token.text == "{" for token in args)
    if any(token.kind == "variable" for token in args) and not blocks:
        return "unknown"
    bare = [token.text.lower() for token in args if token.kind in ("word", "single", "double")]
    names = [text for text in bare if re.match(r"^[a-z]\w*$", text)]
    acting = any(members.method(name, "", "") == "changes" for name in names)
    return "changes" if acting and not blocks else "reads"


def _session_item(args: list[Token], given: Given, scope: Scope) -> Effect:
    """Items of env:, variable:, alias: and function: die with the shell."""
    paths = [t.text for t in args if t.kind in ("word", "single", "double", "variable")]
    return "reads" if any(map(_SESSION_DRIVE.match, paths)) else "changes"


def _execution_policy(args: list[Token], given: Given, scope: Scope) -> Effect:
    texts = [token.text.lower() for token in args]
    return "reads" if "process" in texts else "changes"


def _new_object(args: list[Token], given: Given, scope: Scope) -> Effect:
    """An object in memory, unless making it opens a file for writing."""
    text = " ".join(token.text for token in args)
    return "changes" if re.search(r"(?i)streamwriter|filestream|binarywriter", text) else "reads"


def _drive(args: list[Token], given: Given, scope: Scope) -> Effect:
    return "changes" if _has(given, "persist", least=2) else "reads"


def _add_type(args: list[Token], given: Given, scope: Scope) -> Effect:
    return "reads" if _has(given, "assemblyname", "assembly", "an", least=2) else "unknown"


def _dsc(args: list[Token], given: Given, scope: Scope) -> Effect:
    methods = [value.text.lower() for value in _value_of(given, "method", least=3)]
    return "reads" if methods and all(m in ("get", "test") for m in methods) else "changes"


def _out_file(args: list[Token], given: Given, scope: Scope) -> Effect:
    targets = [t.text.lower() for t in args if not t.text.startswith("-")]
    return "reads" if targets and targets[0] in ("$null", "nul", "/dev/null") else "changes"


def _ssh(args: list[Token], given: Given, scope: Scope) -> Effect:
    """Posh-SSH's Invoke-SSHCommand, PowerCLI's Invoke-VMScript: a line for another shell."""
    from stillfixed.actors.verdicts.effects_posix import effect

    lines = list(_value_of(given, "command", "scripttext", least=3))
    plain = [v.text for v in lines if v.kind in ("single", "double") and "$" not in v.text]
    return worst(*(effect(text, scope.depth + 1) for text in plain)) if plain else "unknown"


def _help(args: list[Token], given: Given, scope: Scope) -> Effect:
    return "reads"


SPECIAL: dict[str, Callable[[list[Token], Given, Scope], Effect]] = {
    **dict.fromkeys(
        ("invoke-webrequest", "invoke-restmethod", "invoke-mggraphrequest", "invoke-graphrequest",
         "invoke-azrestmethod", "invoke-pnpsprestmethod", "invoke-msgraphrequest"),
        _web,
    ),
    "invoke-cimmethod": _cim_method,
    "invoke-wmimethod": _cim_method,
    "invoke-command": _remote,
    "start-job": _remote,
    "start-threadjob": _remote,
    "measure-command": _blocks_only,
    "trace-command": _blocks_only,
    "use-transaction": _blocks_only,
    "powershell": _shell,
    "pwsh": _shell,
    "invoke-expression": _expression,
    "invoke-sqlcmd": _sql,
    "invoke-dbaquery": _sql,
    "invoke-sqlcmd2": _sql,
    "get-help": _help,
    "start-process": _start_process,
    "tee-object": _tee,
    "foreach-object": _foreach,
    **dict.fromkeys(
        ("set-item", "new-item", "remove-item", "set-content", "clear-item", "clear-content",
         "rename-item", "copy-item"),
        _session_item,
    ),
    "set-executionpolicy": _execution_policy,
    "new-object": _new_object,
    "new-psdrive": _drive,
    "remove-psdrive": _drive,
    "add-type": _add_type,
    "invoke-dscresource": _dsc,
    "out-file": _out_file,
    "invoke-sshcommand": _ssh,
    "invoke-vmscript": _ssh,
}  # fmt: skip
