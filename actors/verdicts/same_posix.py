"""The canonical form of a POSIX check: quotes, options, `sudo` before a reader, short-hands."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stillfixed.actors.verdicts import shell
from stillfixed.actors.verdicts.effects import effect_of
from stillfixed.actors.verdicts.knowledge import grammar, table
from stillfixed.actors.verdicts.options import split
from stillfixed.actors.verdicts.shell import Word

if TYPE_CHECKING:
    from tree_sitter import Node

_WHOLE = {
    "command_substitution", "process_substitution", "heredoc_body", "heredoc_redirect",
    "herestring_redirect", "function_definition", "test_command",
}  # fmt: skip
_DNS_TYPES = {
    "a", "aaaa", "mx", "ns", "txt", "soa", "ptr", "srv", "cname", "caa", "ds", "dnskey", "any",
    "tlsa", "naptr", "spf",
}  # fmt: skip
_DNS_TOOLS = ("dig", "host", "nslookup", "drill", "kdig", "delv")
_PAGER_OFF = {"systemctl", "journalctl", "loginctl", "timedatectl", "networkctl", "resolvectl"}


def canonical(line: str) -> str:
    root = shell.parse(line)
    if root.has_error:
        return " ".join(line.split(" ")).strip()
    parts = _trim(_walk(root))
    return " ".join(parts)


def _trim(parts: list[str]) -> list[str]:
    while parts and parts[-1] == ";":
        parts.pop()
    return parts


def _walk(node: "Node") -> list[str]:
    if node.type == "comment":
        return []
    if node.type == "command":
        return [_command(node)]
    if node.type in _WHOLE:
        return [shell.text(node)]
    if not node.children:
        text = shell.text(node)
        return [";" if text in ("\n", ";") else text] if text.strip(" \t") else []
    out: list[str] = []
    for child in node.children:
        out += _walk(child)
    return out


def _command(node: "Node") -> str:
    words = shell.words_of(node)
    rest = [shell.text(c) for c in node.children if c.type == "variable_assignment"]
    redirects = [
        shell.text(c).replace(" ", "") for c in node.children if c.type.endswith("_redirect")
    ]
    words = _without_sudo(words)
    return " ".join(rest + _simple(words) + redirects)


def _without_sudo(words: list[Word]) -> list[Word]:
    """`sudo` to root before a reader shows the same as the reader, with more rights."""
    if len(words) < 2 or words[0].text not in ("sudo", "doas"):
        return words
    rest = words[1:]
    while rest and rest[0].text in ("-n", "-H", "--"):
        rest = rest[1:]
    plain = rest and not rest[0].text.startswith("-") and "=" not in rest[0].text
    reads = plain and effect_of(" ".join(word.raw for word in rest), "posix") == "reads"
    return rest if reads else words


def _spell(word: Word) -> str:
    """A word so that only its value counts: an unquoted glob or expansion is another thing."""
    if word.dynamic:
        return "$" + json.dumps(word.raw)
    if word.glob:
        return "*" + json.dumps(word.raw)
    return json.dumps(word.text)


def _simple(words: Sequence[Word]) -> list[str]:
    if not words:
        return []
    name = words[0].text
    args = list(words[1:])
    spelled = [_spell(word) for word in args]
    if words[0].dynamic:
        return [_spell(words[0]), *spelled]
    if name in ("head", "tail") and args and args[0].text[1:].isdigit() and args[0].text[0] == "-":
        number = args[0].text[1:]
        args[0:1] = [Word("-n", "-n"), Word(number, number)]
    style = grammar(name)
    texts = [arg.text for arg in args]
    if any(arg.dynamic or arg.glob for arg in args):
        # only options that are plain words may move: keep a stand-in for each other word
        stand_ins = {f"\0{i}": _spell(a) for i, a in enumerate(args) if a.dynamic or a.glob}
        texts = [f"\0{i}" if a.dynamic or a.glob else a.text for i, a in enumerate(args)]
    else:
        stand_ins = {}
    options, operands, sure = split(texts, style)
    operands = _operands(name, operands)
    if name in _DNS_TOOLS:
        options = [(n, v.lower() if v and v.lower() in _DNS_TYPES else v) for n, v in options]
    if not sure or style.single_dash_long or "--" in texts:
        if operands and not options and sure:
            return [json.dumps(name), *(_place(op, stand_ins) for op in operands)]
        plain = _operands(name, texts) if name in (*_DNS_TOOLS, "ip", "nmcli") else texts
        return [json.dumps(name), *(_place(text, stand_ins) for text in plain)]
    if name in _PAGER_OFF:
        options = [(n, v) for n, v in options if n != "no-pager"]
    flags = {(n, v): None for n, v in sorted(options, key=lambda o: o[0]) if v is None}
    valued = [(n, v) for n, v in options if v is not None]
    valued.sort(key=lambda option: option[0])
    shown = [f"-{n}" for n, _ in flags]
    shown += [f"-{n}={_place(v or '', stand_ins)}" for n, v in valued]
    return [json.dumps(name), *shown, *(_place(op, stand_ins) for op in operands)]


def _place(text: str, stand_ins: dict[str, str]) -> str:
    for mark, spelled in stand_ins.items():
        if text == mark:
            return spelled
        if mark in text:
            return json.dumps(text.replace(mark, spelled))
    return json.dumps(text)


def _operands(name: str, operands: list[str]) -> list[str]:
    """Short-hands that the tool itself defines."""
    out = list(operands)
    steps = table("posix")["abbreviations"].get(name, {})
    plain = [i for i, word in enumerate(out) if not word.startswith("-")]
    for position, expansions in steps.items():
        if int(position) < len(plain):
            at = plain[int(position)]
            out[at] = expansions.get(out[at], out[at])
    if name == "ip" and len(plain) == 1:
        out.append("show")
    if name == "systemctl" and len(out) > 1:
        out = [out[0], *(_unit(word) for word in out[1:])]
    if name in _DNS_TOOLS:
        out = [word if word.startswith(("-", "+")) else word.lower() for word in out]
    return out


def _unit(word: str) -> str:
    suffixes = (
        ".service", ".socket", ".timer", ".mount", ".target", ".path", ".slice", ".scope", ".swap",
        ".device", ".automount",
    )  # fmt: skip
    plain = not word.endswith(suffixes) and "/" not in word and "*" not in word and "\0" not in word
    return word + ".service" if plain else word
