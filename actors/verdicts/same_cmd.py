"""The canonical form of a cmd check: letter case, quotes, `.exe`, order of options, `& rem`."""

import re
from collections.abc import Sequence

from stillfixed.actors.verdicts.knowledge import table, tool, words
from stillfixed.actors.verdicts.windows import Group, Piece, pieces, plain, tool_name

_REGISTRY = {
    "hkey_local_machine": "hklm", "hkey_current_user": "hkcu", "hkey_classes_root": "hkcr",
    "hkey_users": "hku", "hkey_current_config": "hkcc",
}  # fmt: skip

# short forms that netsh itself accepts
_CONTEXTS = {"int": "interface", "adv": "advfirewall", "sh": "show", "fire": "firewall"}


def canonical(line: str) -> str:
    found = pieces(line)
    while len(found) > 1 and _remark(found[-1]):
        found.pop()
    return " ".join(_shown(found))


def _remark(piece: Piece) -> bool:
    word = piece.words[0] if piece.words else ""
    return piece.joiner == "&" and isinstance(word, str) and tool_name(word) in ("rem", "::")


def _shown(found: Sequence[Piece]) -> list[str]:
    out: list[str] = []
    for piece in found:
        out += [piece.joiner] if piece.joiner else []
        first = piece.words[0] if piece.words else ""
        if all(isinstance(word, str) for word in piece.words) and first:
            texts = [word for word in piece.words if isinstance(word, str)]
            out += tool_words(texts[0], texts[1:])
        else:
            for word in piece.words:
                out += ["(", *_shown(word.pieces), ")"] if isinstance(word, Group) else [word]
        out += piece.redirects
    return out


def minds_case(name: str) -> bool:
    """Whether a tool tells small letters from capitals."""
    known = tool("windows", name)
    cased = words("windows", "cased") | words("windows", "shared")
    return known is None or known.special in ("posix", "case") or name in cased


def tool_words(name: str, args: Sequence[str]) -> list[str]:
    """A Windows tool's words: case dropped where the tool drops it, options in one order."""
    name = tool_name(name)
    # a variable's name ignores case
    args = [re.sub(r"%\w+%", lambda found: found.group().upper(), arg) for arg in args]
    if name in ("powershell", "pwsh") and (inner := _inner_line(args)):
        return [name, *inner]
    if name == "netstat":
        args = [piece for arg in args for piece in _letters(arg)]
    if name == "netsh":
        args = [_CONTEXTS.get(arg.lower(), arg) for arg in args]
    known = table("windows")["tool"].get(name)
    standard = known is not None or name in words("windows", "reads")
    if name in ("find", "findstr"):
        return [name, *(arg.lower() if arg[:1] == "/" and ":" not in arg else arg for arg in args)]
    if name in ("ping", "tracert"):  # their options mind case, their hosts do not
        args = [arg if arg[:1] in "-/" else arg.lower() for arg in args]
        return [name, *_options(args, str((known or {}).get("values", "")))]
    if name == "wevtutil" and not any("%" in arg for arg in args):
        # a query of events is XPath, which minds case
        spelled = [plain(a) if re.match(r'^"?[/-]q', a, re.I) else _spell(name, a) for a in args]
        return [name, *_options(spelled, "")]
    if not standard or minds_case(name) or any("%" in arg for arg in args):
        keep = [arg if " " in plain(arg) or not arg.strip('"') else plain(arg) for arg in args]
        return [name, *keep]
    spelled = [_spell(name, arg) for arg in args]
    values = (known or {}).get("values")
    return [name, *(spelled if values is None else _options(spelled, values))]


def _options(spelled: Sequence[str], values: str) -> list[str]:
    """Options in one order before the other words."""
    options: list[str] = []
    operands: list[str] = []
    rest = list(spelled)
    while rest:
        word = rest.pop(0)
        if word[:1] in "/-" and len(word) > 1:
            option = "/" + word[1:]
            if option[1:].lower() in values.split() and rest:
                option += "=" + rest.pop(0)
            options.append(option)
        else:
            operands.append(word)
    return [*sorted(options, key=_option_name), *operands]


def _option_name(option: str) -> str:
    """What options are ordered by: two of one name keep their order, as the later one wins; filters
    add up. `dir /on` and `dir /o:n` are of one name."""
    if option.startswith("/fi="):
        return option
    sorts = re.match(r"^/-?([oat])(:|-?[a-z]{1,3}$)", option)
    return "/" + sorts[1] if sorts else re.split("[:=]", option)[0].replace("/-", "/")


def _letters(arg: str) -> list[str]:
    """`-an` is `-a -n`."""
    bundled = re.match(r"^[/-][abefinoqrstxy]{2,}$", arg, re.I)
    return [f"-{letter}" for letter in arg[1:]] if bundled else [arg]


def _inner_line(args: Sequence[str]) -> list[str] | None:
    """`powershell -c "…"`: the line inside in PowerShell's own canonical form."""
    from stillfixed.actors.verdicts import same_powershell

    own, line = args[:-1], args[-1] if args else ""
    asked = own and own[-1].lower() in ("-c", "-command", "/c", "/command")
    if not asked or not re.match(r'^"[^"%]+"$', line):
        return None
    inner = same_powershell.canonical(plain(line))
    return [*(word.lower() for word in own[:-1]), "-c", "{", inner, "}"]


def _spell(name: str, arg: str) -> str:
    bare = plain(arg).lower()
    if name == "reg":
        root, slash, rest = bare.partition("\\")
        bare = _REGISTRY.get(root, root) + slash + rest
    if name == "nslookup":
        bare = re.sub(r"^-(ty(pe)?|q|query(type)?)=", "-type=", bare)
    return '"' + bare + '"' if not bare or set(bare) & set(' "') else bare
