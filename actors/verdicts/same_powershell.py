"""The canonical form of a PowerShell check: aliases, parameters, syntax variants, letter case."""

import json
import re
from collections.abc import Sequence

from stillfixed.actors.verdicts import powershell, same_cmd
from stillfixed.actors.verdicts.effects_powershell import command_name
from stillfixed.actors.verdicts.knowledge import table, tool
from stillfixed.actors.verdicts.powershell import Token

_CASED = re.compile(r"^-(c\w+|match|notmatch|replace|split|join|f|imatch|ireplace|isplit)$")
_KEEP_CASE = {"format", "uformat", "filterxpath", "query", "filterxml", "ldapfilter", "body"}
_INFIX = {
    "-eq", "-ne", "-gt", "-ge", "-lt", "-le", "-like", "-notlike", "-match", "-notmatch",
    "-contains", "-notcontains", "-in", "-notin", "-ceq", "-cne", "-clike", "-cnotlike", "-cmatch",
    "-cnotmatch", "-ieq", "-ine", "-ilike", "-imatch", "-is", "-isnot", "-and", "-or", "-not",
}  # fmt: skip


def canonical(line: str) -> str:
    found, broken = powershell.tokens(line)
    if broken:
        return line.strip()
    return _block(found)


def _block(found: tuple[Token, ...]) -> str:
    joined = {token.text for token in found if token.kind == "operator"}
    if joined & {"&&", "||"}:
        return _raw(found)
    return " ; ".join(
        " | ".join(_part(part) for part in powershell.pipeline(statement))
        for statement in powershell.statements(found)
    )


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
        case "group" if keep_case and token.text == "(":
            return "(" + _raw(token.inner, keep_case=True) + ")"
        case "group":
            closing = "}" if token.text.endswith("{") else ")"
            return token.text + _block(token.inner) + closing
        case "single" | "double":
            text = token.text
            expands = token.kind == "double" and bool(re.search(r"[$`]", text))
            if not keep_case and not expands:
                text = text.lower()
            plain = re.match(r"^[\w.:\\/*@-]+$", text) and not text.startswith(("-", "@"))
            if plain and not expands and not text.isdigit():
                return text
            return ("$" if expands else "") + json.dumps(text, ensure_ascii=False)
        case "word":
            return token.text if keep_case else token.text.lower()
        case "variable":
            return re.sub(r"^\$\{(\w+)\}$", r"$\1", token.text).lower()
        case _:
            return token.text


def _part(part: list[Token]) -> str:
    name = command_name(part)
    if not name or part[0].kind != "word" or (len(part) > 1 and part[1].glued):
        return _expression(part)
    if name in table("powershell")["keywords"].split() and part[0].text.lower() != "foreach":
        return _raw(part, keep_case=True)
    if name == "." or part[0].text.startswith((".", "\\")):
        return _raw(part, keep_case=True)
    if "-" not in name:
        return _native(part)
    return _cmdlet(name, part[1:])


def _expression(part: Sequence[Token]) -> str:
    cased = any(token.kind == "word" and _CASED.match(token.text.lower()) for token in part)
    methods = any(token.kind == "word" and re.search(r"(\.|::)\w+$", token.text) for token in part)
    shown = len(part) == 1 and part[0].kind in ("single", "double")
    if cased or shown or methods:
        # a method or a case-minding operator: what it is given keeps its case
        return " ".join(_raw([token], keep_case=_is_text(token)) for token in part)
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
    standard = tool("windows", head) is not None
    return " ".join([head, _raw(part[1:], keep_case=not standard)])


def _spec(name: str) -> tuple[list[str], list[str], set[str]]:
    """(positional names, all names, switches) of a cmdlet, in lower case."""
    data = table("powershell")
    known: str = data["parameters"].get(name, ";")
    first, _, rest = known.partition(";")
    common = data["common"]["parameters"].lower().split()
    positional = first.lower().split()
    listed = positional + rest.lower().split() + common
    return (
        positional,
        [full.rstrip("!") for full in listed],
        {full.rstrip("!") for full in listed if full.endswith("!")},
    )


def _full(key: str, names: Sequence[str]) -> str:
    """A parameter's full name: exact, a common short form, or an unambiguous beginning."""
    if key in names:
        return key
    short: dict[str, str] = table("powershell")["common"]["short"]
    if key in short:
        return short[key].lower()
    fits = sorted({full for full in names if full.startswith(key)})
    return fits[0] if len(fits) == 1 else key


def _arguments(args: Sequence[Token]) -> list[list[Token]]:
    """Tokens grouped into arguments: glued ones and those joined by commas belong together."""
    out: list[list[Token]] = []
    for token in args:
        comma = token.text == "," and token.kind == "operator"
        joined = out and (out[-1][-1].text == "," and out[-1][-1].kind == "operator")
        if out and (token.glued or comma or joined):
            out[-1].append(token)
        else:
            out.append([token])
    return out


def _cmdlet(name: str, args: Sequence[Token]) -> str:
    known = name in table("powershell")["parameters"]
    positional, names, switches = _spec(name)
    grouped = _arguments(args)
    if name == "where-object" and (short := _short_filter(grouped)):
        return f"{name} {{{short}}}"
    if any(group[0].kind == "operator" for group in grouped):
        return f"{name} {_raw(args, keep_case=not known)}"
    keep_case = any("casesensitive".startswith(g[0].text[1:].lower()) and len(g[0].text) > 5
                    for g in grouped if g[0].text.startswith("-"))  # fmt: skip
    given: list[tuple[str, str]] = []
    loose: list[str] = []
    index = 0
    while index < len(grouped):
        group = grouped[index]
        index += 1
        text = group[0].text
        if group[0].kind != "word" or not re.match(r"^-[A-Za-z]", text):
            loose.append(_argument(group, keep_case, positional[len(loose) :][:1]))
            continue
        key, colon, value = text[1:].lower().partition(":")
        full = _full(key, names)
        if colon:
            tail = ([Token("word", text.partition(":")[2])] if value else []) + group[1:]
            given.append((full, _argument(tail, keep_case, [full])))
            continue
        follows = grouped[index] if index < len(grouped) else None
        is_value = follows is not None and not re.match(r"^-[A-Za-z]", follows[0].text)
        if full in switches or not is_value:
            given.append((full, ""))
            continue
        if not known and full not in names:
            # an unknown cmdlet: whether the next word is this parameter's value is not known
            return " ".join([name, *(_argument(g, True, []) for g in grouped)])
        assert follows is not None
        given.append((full, _argument(follows, keep_case, [full])))
        index += 1
    return _assemble(name, positional, given, loose)


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
    given.sort()
    shown = [f"-{full}:{value}" if value else f"-{full}" for full, value in given]
    return " ".join([name, *shown, *loose])


def _argument(group: Sequence[Token], keep_case: bool, names: Sequence[str]) -> str:
    keep = keep_case or bool(set(names) & _KEEP_CASE)
    if names and names[0] in ("pattern",):
        keep = keep or any("\\" in token.text for token in group)
    return _raw(group, keep_case=keep)


def _short_filter(grouped: Sequence[Sequence[Token]]) -> str | None:
    """`? Status -eq OK` and `? { $_.Status -eq 'OK' }` become one form."""
    if len(grouped) == 1 and grouped[0][0].text == "{" and len(grouped[0]) == 1:
        inner = list(grouped[0][0].inner)
        if inner and inner[0].text.lower() in ("$_", "$psitem"):
            return _comparison([Token("variable", "$_"), *inner[1:]])
        return None
    if len(grouped) == 3 and grouped[0][0].kind == "word" and len(grouped[1]) == 1:
        operator = grouped[1][0].text.lower()
        if operator in _INFIX and not grouped[0][0].text.startswith("-"):
            head = [Token("variable", "$_"), Token("word", "." + grouped[0][0].text, True)]
            return _comparison([*head, grouped[1][0], *grouped[2]])
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
