"""The canonical form of a PowerShell check: aliases, parameters, syntax variants, letter case."""

import json
import re
from collections.abc import Sequence

from stillfixed.actors.verdicts import powershell, same_cmd
from stillfixed.actors.verdicts.effects_powershell import command_name
from stillfixed.actors.verdicts.knowledge import table, tool, words
from stillfixed.actors.verdicts.powershell import Token
from stillfixed.actors.verdicts.powershell_parameters import (
    full_name,
    grouped_arguments,
    is_parameter,
    spec,
)

_CASED = re.compile(
    r"^-(c(eq|ne|gt|ge|lt|le|like|notlike|match|notmatch|contains|notcontains|in|notin|replace|split)"
    r"|match|notmatch|imatch|inotmatch|replace|ireplace|split|isplit|join|f)$"
)
# parameters whose values mind letter case
_KEEP_CASE = {
    "format", "uformat", "filterxpath", "query", "filterxml", "ldapfilter", "body", "headers",
    "argumentlist", "delimiter", "scripttext", "token", "password", "useragent",
}  # fmt: skip
_BARE = [
    "eq", "ne", "gt", "ge", "lt", "le", "like", "notlike", "match", "notmatch", "contains",
    "notcontains", "in", "notin", "replace", "split",
]  # fmt: skip
_INFIX = {f"-{sign}{name}" for name in _BARE for sign in ("", "c", "i")} | {
    "-is", "-isnot", "-and", "-or", "-not", "-xor",
}  # fmt: skip
_CALCULATED = {
    "n": "name", "l": "name", "label": "name", "e": "expression", "w": "width", "a": "alignment",
    "align": "alignment", "f": "formatstring",
}  # fmt: skip

_ACTIONS = {"0": "silentlycontinue", "1": "stop", "2": "continue", "3": "inquire", "4": "ignore"}


def canonical(line: str) -> str:
    found, broken = powershell.tokens(line)
    if broken:
        return line.strip()
    return _block(found)


def _block(found: tuple[Token, ...]) -> str:
    found = _denials(found)
    joined = {token.text for token in found if token.kind == "operator"}
    if joined & {"&&", "||"}:
        return _raw(found)
    return " ; ".join(map(_statement, powershell.statements(found)))


def _denials(found: tuple[Token, ...]) -> tuple[Token, ...]:
    """`!x`, `! x` and `-not x` are one."""
    out: list[Token] = []
    for token, after in zip(found, [*found[1:], Token("operator", ";")], strict=False):
        denies = token.text == "!" and token.kind == "word"
        denies = denies and (after.kind in ("group", "variable") or after.text == "!")
        apart = bool(out) and out[-1].text.lower() == "-not"
        text = "-not" if denies else token.text
        out.append(Token(token.kind, text, token.glued and not apart, token.inner))
    return tuple(out)


def _statement(statement: list[Token]) -> str:
    if len(statement) > 2 and statement[0].kind == "variable" and statement[1].text == "=":
        return f"{_raw(statement[:1])} = {_statement(statement[2:])}"
    return " | ".join(_part(part) for part in powershell.pipeline(statement))


def _raw(found: Sequence[Token], keep_case: bool = False) -> str:
    """Tokens one by one, with the gluing that matters."""
    out: list[str] = []
    for token in found:
        joins = token.glued and out and token.text != ","
        after_comma = out and out[-1].endswith(",")
        piece = _token(token, keep_case)
        if token.text == "," and token.kind == "operator":
            if out:
                out[-1] += ","
            continue
        if (joins or after_comma) and out:
            out[-1] += piece
        else:
            out.append(piece)
    return " ".join(out)


def _token(token: Token, keep_case: bool) -> str:
    match token.kind:
        case "group" if token.text == "@{":
            return _table(token, keep_case)
        case "group" if keep_case and token.text == "(":
            return "(" + _raw(token.inner, keep_case=True) + ")"
        case "group":
            closing = "}" if token.text.endswith("{") else ")"
            return token.text + _block(token.inner) + closing
        case "single" | "double":
            return _string(token, keep_case)
        case "word":
            return _operator(token.text) if not keep_case or token.text[:1] == "-" else token.text
        case "variable":
            name = re.sub(r"^\$\{(\w+)\}$", r"$\1", token.text).lower()
            return "$_" if name == "$psitem" else name
        case _:
            return token.text


def _operator(text: str) -> str:
    """A word in small letters; `-ieq` is what `-eq` means anyway."""
    lowered = text.lower()
    return "-" + lowered[2:] if lowered[2:] in _BARE and lowered.startswith("-i") else lowered


def _string(token: Token, keep_case: bool) -> str:
    text = token.text
    expands = token.kind == "double" and bool(re.search(r"[$`]", text))
    if not keep_case and not expands:
        text = text.lower()
    plain = re.match(r"^[\w.:\\/*@-]+$", text) and not text.startswith(("-", "@"))
    if plain and not expands and not text.isdigit():
        return text
    return ("$" if expands else "") + json.dumps(text, ensure_ascii=False)


def _table(token: Token, keep_case: bool) -> str:
    """`@{ a = 1; b = 2 }`: entries in one order, the short keys of calculated columns in full."""
    entries: list[str] = []
    for entry in powershell.statements(token.inner):
        split = next((i for i, t in enumerate(entry) if "=" in t.text and t.kind == "word"), None)
        if split is None:
            return token.text + _raw(token.inner, keep_case) + "}"
        before, _, after = entry[split].text.partition("=")
        left = [*entry[:split], *([Token("word", before)] if before else [])]
        right = [*([Token("word", after)] if after else []), *entry[split + 1 :]]
        key = _raw(left).strip('"')
        entries.append(f"{_CALCULATED.get(key, key)}={_raw(right, keep_case)}")
    return "@{" + ";".join(sorted(entries)) + "}"


def _part(part: list[Token]) -> str:
    redirected, part = _redirections(part)
    return " ".join([_command(part), *redirected] if part else redirected)


def _redirections(part: list[Token]) -> tuple[list[str], list[Token]]:
    """`2> $null` and `2>$null` are one; they stand after the words of the command."""
    out: list[str] = []
    rest: list[Token] = []
    tokens = list(part)
    while tokens:
        token = tokens.pop(0)
        if token.kind != "operator" or ">" not in token.text:
            rest.append(token)
        elif "&" in token.text or not tokens:
            out.append(token.text)
        else:
            target = [tokens.pop(0)]
            while tokens and tokens[0].glued:
                target.append(tokens.pop(0))
            out.append(token.text + _raw(target))
    return out, rest


def _command(part: list[Token]) -> str:
    if len(part) > 1 and part[0].text == "&" and part[1].kind == "word":
        part = part[1:]
    name = command_name(part)
    if name in words("powershell", "keywords"):
        part = [Token(t.kind, t.text, t.glued and t.kind != "group", t.inner) for t in part]
    glued = len(part) > 1 and part[1].glued
    if glued and "-" in name and part[1].text in ("{", "("):
        part = [part[0], Token("group", part[1].text, False, part[1].inner), *part[2:]]
        glued = False
    if not name or part[0].kind != "word" or glued:
        return _expression(part)
    if name in words("powershell", "keywords") and part[0].text.lower() != "foreach":
        return _raw(part, keep_case=True)
    if name == "." or part[0].text.startswith((".", "\\")):
        return _raw(part, keep_case=True)
    if "-" not in name:
        return _native(part)
    return _cmdlet(name, part[1:])


def _expression(part: Sequence[Token]) -> str:
    cased = any(token.kind == "word" and _CASED.match(token.text.lower()) for token in part)
    methods = any(token.kind == "word" and re.search(r"(\.|::)\w+$", token.text) for token in part)
    told = all(token.kind in ("single", "double") or token.text in (",", "+") for token in part)
    if cased or methods or told:
        # a method or a case-minding operator: what it is given keeps its case
        out: list[str] = []
        for token in part:
            piece = _raw([token], keep_case=_is_text(token))
            if token.glued and out and token.text != ",":
                out[-1] += piece
            else:
                out.append(piece)
        return " ".join(out)
    return _raw(part)


def _is_text(token: Token) -> bool:
    return token.kind in ("single", "double") or (token.text == "(" and token.glued)


def _native(part: Sequence[Token]) -> str:
    """A program outside PowerShell: Windows' own tools drop case, others keep it."""
    name = part[0].text
    plain_kinds = all(t.kind in ("word", "single") or t.text == "," for t in part)
    if plain_kinds and not any(t.glued for t in part[1:]):
        args = ['"' + t.text + '"' if " " in t.text else t.text for t in part[1:]]
        return " ".join(same_cmd.tool_words(name, args))
    head = name.lower().removesuffix(".exe")
    standard = tool("windows", head) is not None and not same_cmd.minds_case(head)
    return " ".join([head, _raw(part[1:], keep_case=not standard)])


def _cmdlet(name: str, args: Sequence[Token]) -> str:
    known = name in table("powershell")["parameters"]
    positional, names, switches = spec(name)
    grouped = grouped_arguments(args)
    if name == "where-object" and (short := _short_filter(grouped)):
        return f"{name} {{{short}}}"
    if name == "foreach-object" and (member := _member(grouped)):
        return f"{name} {{$_.{member}}}"
    if any(group[0].kind == "operator" for group in grouped):
        return f"{name} {_raw(args, keep_case=not known)}"
    keep_case = not known or name.startswith(("convertfrom-", "compare-")) or any(
        "casesensitive".startswith(g[0].text[1:].lower()) and len(g[0].text) > 5
        for g in grouped if is_parameter(g)
    )  # fmt: skip
    given: list[tuple[str, str]] = []
    loose: list[str] = []
    guessed = False
    index = 0
    while index < len(grouped):
        group = grouped[index]
        index += 1
        text = group[0].text
        if not is_parameter(group):
            loose.append(_argument(group, keep_case, positional[len(loose) :][:1]))
            continue
        key, colon, value = text[1:].lower().partition(":")
        full = full_name(key, names)
        if colon:
            tail = ([Token("word", text.partition(":")[2])] if value else []) + group[1:]
            given += _switched(full, tail, keep_case, switches)
            continue
        follows = grouped[index] if index < len(grouped) else None
        if full in switches or follows is None or is_parameter(follows):
            given.append((full, ""))
            continue
        guessed = guessed or (not known and full not in names)
        given.append((full, _argument(follows, keep_case, [full])))
        index += 1
    if guessed and loose:
        # an unknown cmdlet: whether a word is a parameter's value is not known
        return " ".join([name, *(_argument(group, True, []) for group in grouped)])
    return _assemble(name, positional, given, loose)


def _switched(
    full: str, tail: list[Token], keep_case: bool, switches: frozenset[str]
) -> list[tuple[str, str]]:
    """`-Force:$true` is `-Force`, and `-Force:$false` is nothing."""
    value = _argument(tail, keep_case, [full]) if tail else ""
    if full in switches and value in ("$true", "$false"):
        return [(full, "")] if value == "$true" else []
    return [(full, value)]


def _assemble(
    name: str, positional: list[str], given: list[tuple[str, str]], loose: list[str]
) -> str:
    taken = {full for full, _ in given}
    free = [full for full in positional if full not in taken]
    for value in list(loose):
        if not free:
            break
        given.append((free.pop(0), value))
        loose.pop(0)
    given = sorted(
        (full, _ACTIONS.get(value, value) if full.endswith("action") else value)
        for full, value in given
    )
    shown = [f"-{full}:{value}" if value else f"-{full}" for full, value in given]
    return " ".join([name, *shown, *loose])


def _argument(group: Sequence[Token], keep_case: bool, names: Sequence[str]) -> str:
    """One argument's value: quotes that hold nothing together fall away, digits' too."""
    keep = keep_case or bool(set(names) & _KEEP_CASE)
    if "pattern" in names:
        keep = keep or any("\\" in token.text for token in group)
    if len(group) == 1 and group[0].text == "@(" and all(
        token.kind in ("single", "double", "word") or token.text == "," for token in group[0].inner
    ):  # fmt: skip
        group = group[0].inner or group
    if "uri" in names and len(group) == 1 and group[0].kind in ("single", "double", "word"):
        return _address(group[0])
    if len(group) == 1 and group[0].kind in ("single", "double") and group[0].text.isdigit():
        return group[0].text
    return _raw(group, keep_case=keep)


def _address(token: Token) -> str:
    """A web address: its scheme and host ignore case, its path does not."""
    text = re.sub(r"^[\w+.-]+://[^/?#]*", lambda found: found.group().lower(), token.text)
    expands = token.kind == "double" and bool(re.search(r"[$`]", text))
    return ("$" if expands else "") + json.dumps(text, ensure_ascii=False)


def _member(grouped: Sequence[Sequence[Token]]) -> str | None:
    """`% Name`, `% -MemberName Name` and `% { $_.Name }` become one form."""
    rest = [g for g in grouped if not (is_parameter(g) and _begins(g, "membername"))]
    if len(rest) != 1:
        return None
    token = rest[0][0]
    if (
        len(rest[0]) == 1
        and token.kind in ("word", "single")
        and re.match(r"^[A-Za-z]\w*$", token.text)
    ):
        return token.text.lower()
    if len(rest[0]) == 1 and token.text == "{" and len(token.inner) == 2:
        subject, member = token.inner
        if subject.text.lower() in ("$_", "$psitem") and member.glued:
            found = re.match(r"^\.([A-Za-z]\w*)$", member.text)
            return found.group(1).lower() if found else None
    return None


def _begins(group: Sequence[Token], full: str) -> bool:
    return len(group) == 1 and full.startswith(group[0].text[1:].lower())


def _short_filter(grouped: Sequence[Sequence[Token]]) -> str | None:
    """`? Status -eq OK` and `? { $_.Status -eq 'OK' }` become one form."""
    rest = [
        group for group in grouped
        if not (is_parameter(group) and len(group[0].text) > 3 and any(
            _begins(group, full) for full in ("property", "value", "filterscript")))
    ]  # fmt: skip
    if len(rest) == 1 and len(rest[0]) == 1 and rest[0][0].text == "{":
        inner = list(rest[0][0].inner)
        if inner and inner[0].text.lower() in ("$_", "$psitem"):
            return _comparison([Token("variable", "$_"), *inner[1:]])
        return None
    if rest and rest[0][0].kind == "word" and not is_parameter(rest[0]):
        head = [Token("variable", "$_"), Token("word", "." + rest[0][0].text, True)]
        if len(rest) == 1 and len(rest[0]) == 1:
            return _comparison(head)
        operator = rest[1][0].text.lower() if len(rest) == 3 and len(rest[1]) == 1 else ""
        if operator in _INFIX:
            return _comparison([*head, rest[1][0], *rest[2]])
    return None


def _comparison(part: Sequence[Token]) -> str | None:
    operators = [t for t in part if t.kind == "word" and t.text.lower() in _INFIX]
    keep = any(_CASED.match(token.text.lower()) for token in operators)
    if any(token.kind == "operator" and token.text in ("|", ";") for token in part):
        return None
    out: list[str] = []
    for token in part:
        if token.kind in ("single", "double"):
            out.append(_token(token, keep))
        elif token.glued and out and token.kind != "operator":
            out[-1] += _token(token, False)
        else:
            out.append(_token(token, keep and not token.text.startswith("-")))
    return " ".join(out)
