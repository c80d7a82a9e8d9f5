"""The canonical form of a POSIX check: quotes, options, `sudo` before a reader, short-hands."""

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stillfixed.actors.verdicts import shell
from stillfixed.actors.verdicts.effects import effect_of
from stillfixed.actors.verdicts.effects_posix import full_operands
from stillfixed.actors.verdicts.knowledge import Grammar, grammar, table, words
from stillfixed.actors.verdicts.options import Item, items
from stillfixed.actors.verdicts.posix_wrappers import options_end
from stillfixed.actors.verdicts.shell import Word

if TYPE_CHECKING:
    from tree_sitter import Node

_WHOLE = {
    "command_substitution", "process_substitution", "heredoc_body", "heredoc_redirect",
    "herestring_redirect", "function_definition",
}  # fmt: skip
_WORDS = {
    "word",
    "string",
    "raw_string",
    "concatenation",
    "number",
    "simple_expansion",
    "expansion",
}
_DNS_TYPES = {
    "a", "aaaa", "mx", "ns", "txt", "soa", "ptr", "srv", "cname", "caa", "ds", "dnskey", "any",
    "tlsa", "naptr", "spf", "rrsig", "https", "svcb",
}  # fmt: skip
_DNS_TOOLS = ("dig", "host", "nslookup", "drill", "kdig", "delv")
_UNIT_TOOLS = ("systemctl", "journalctl")
_UNIT_SUFFIXES = (
    ".service", ".socket", ".timer", ".mount", ".target", ".path", ".slice", ".scope", ".swap",
    ".device", ".automount",
)  # fmt: skip
# other builds of a tool, which spell their options as it does
_ALIKE = (
    "podman", "nerdctl", "oc", "ip6tables", "iptables-legacy", "iptables-nft", "dnf5", "pip3",
    "valkey-cli", "docker-compose",
)  # fmt: skip
_DEPTH_LIMIT = 4


def canonical(line: str, depth: int = 0) -> str:
    root = shell.parse(line)
    if root.has_error or depth > _DEPTH_LIMIT:
        return line.strip()
    parts = _walk(root, depth)
    while parts and parts[-1] == ";":
        parts.pop()
    return " ".join(parts)


def _walk(node: "Node", depth: int) -> list[str]:
    if node.type == "comment":
        return []
    if node.type == "command":
        return [_command(node, depth)]
    if node.type in _WHOLE:
        return [shell.text(node)]
    if node.type in _WORDS:
        return [_spell(shell.word(node))]
    if node.type.endswith("_redirect"):
        return [_redirect(node)]
    if not node.children:
        text = shell.text(node)
        return [";" if text in ("\n", ";") else text] if text.strip(" \t") else []
    out: list[str] = []
    for child in node.children:
        out += _walk(child, depth)
    return out


def _redirect(node: "Node") -> str:
    """`> x`, `>x` and `1>x` are one; so are `&>x` and `>x 2>&1`."""
    text = shell.text(node)
    if node.type == "file_redirect" and " " not in text.rstrip().split(">")[-1].strip(" <"):
        text = re.sub(r"^([0-9]*[<>&|]+)\s+", r"\1", text)
    text = re.sub(r"^1(>>?)(?!&)", r"\1", text)
    text = re.sub(r"^0<(?!&)", "<", text)
    return re.sub(r"^&(>>?)(.*)$", r"\1\2 2>&1", text)


def _command(node: "Node", depth: int) -> str:
    given = shell.words_of(node)
    rest = [shell.text(c) for c in node.children if c.type == "variable_assignment"]
    redirects = [_redirect(c) for c in node.children if c.type.endswith("_redirect")]
    return " ".join(rest + _simple(_without_sudo(given), depth) + redirects)


def _without_sudo(given: list[Word]) -> list[Word]:
    """`sudo` to root before a reader shows the same as the reader, with more rights; unless what is
    shown belongs to whoever asks."""
    if len(given) < 2 or given[0].text not in ("sudo", "doas"):
        return given
    rest = given[1:]
    while rest and rest[0].text in ("-n", "-H", "--", "-S", "-u", "--user=root", "-uroot"):
        if rest[0].text == "-u" and (len(rest) < 2 or rest[1].text != "root"):
            return given
        rest = rest[2 if rest[0].text == "-u" else 1 :]
    plain = rest and not rest[0].text.startswith("-") and "=" not in rest[0].text
    if not plain or rest[0].text in words("posix", "belongs_to_user") or "--user" in (
        word.text for word in rest
    ):  # fmt: skip
        return given
    reads = effect_of(" ".join(word.raw for word in rest), "posix") == "reads"
    return rest if reads else given


def _spell(word: Word) -> str:
    """A word so that only its value counts: an unquoted glob or expansion is another thing."""
    if word.dynamic:
        raw = re.sub(r"\$\{(\w+)\}(?!\w)", r"$\1", word.raw)
        if "'" not in raw:  # the old and the new way to put in what a command prints
            raw = re.sub(r"`([^`\\\"]*)`", r"$(\1)", raw)
        return "$" + json.dumps(raw)
    if word.glob:
        return "*" + json.dumps(word.raw)
    return json.dumps(word.text)


def _simple(given: Sequence[Word], depth: int) -> list[str]:
    if not given:
        return []
    name, args = given[0].text, list(given[1:])
    if given[0].dynamic or given[0].glob:
        return [_spell(word) for word in given]
    if name in table("posix")["wrapper"] and name != "sudo":
        return _wrapped(name, args, depth)
    for _index, arg in enumerate(args):
        inside = arg.text == "exec" and name in ("docker", "podman", "kubectl", "oc", "lxc", "pct")
        if inside or (name == "find" and arg.text in ("-exec", "-execdir", "-ok")):
            return [_spell(word) for word in given]  # a command inside keeps its order
    if name in words("posix", "interpreters", "shells") and len(args) == 2 and args[0].text == "-c":
        inner = _spell(args[1]) if args[1].dynamic else canonical(args[1].text, depth + 1)
        return [json.dumps(name), '"-c"', "{", inner, "}"]
    return [json.dumps(name), *_arguments(name, args)]


def _wrapped(name: str, args: list[Word], depth: int) -> list[str]:
    """A wrapper's own words as they are, and what it runs in its canonical form."""
    spec = table("posix")["wrapper"][name]
    style = grammar(name, wrapper=True)
    end = options_end([arg.text for arg in args], style.takes, spec)
    end = min(end + int(spec.get("skip", 0)), len(args))
    own = [_spell(arg) for arg in args[:end]]
    if not any(arg.dynamic or arg.glob for arg in args[:end]):
        own = _ordered(_at_host([arg.text for arg in args[:end]], name), style)
    inner = args[end:]
    if spec.get("line"):
        if any(arg.dynamic for arg in inner):
            return [json.dumps(name), *own, *map(_spell, inner)]
        return [
            json.dumps(name),
            *own,
            "{",
            canonical(" ".join(a.text for a in inner), depth + 1),
            "}",
        ]
    if depth > _DEPTH_LIMIT:
        return [json.dumps(name), *own, *map(_spell, inner)]
    return [json.dumps(name), *own, "{", *_simple(inner, depth + 1), "}"]


def _at_host(texts: list[str], name: str) -> list[str]:
    """`ssh -l NAME HOST` is `ssh NAME@HOST`."""
    if name == "ssh" and texts.count("-l") == 1 and "@" not in texts[-1]:
        at = texts.index("-l")
        if at + 2 < len(texts):
            return [*texts[:at], *texts[at + 2 : -1], f"{texts[at + 1]}@{texts[-1]}"]
    return texts


def _ordered(texts: Sequence[str], style: Grammar) -> list[str]:
    return [_shown(item, {}) for item in items(texts, style)]


def _arguments(name: str, args: list[Word]) -> list[str]:
    alike = name if name not in _ALIKE else table("posix")["aliases"].get(name, name)
    style = grammar(alike)
    # words that only the shell knows keep a stand-in, so that options may move around them
    stand_ins = {f"\0{i}": _spell(a) for i, a in enumerate(args) if a.dynamic or a.glob}
    texts = [f"\0{i}" if a.dynamic or a.glob else a.text for i, a in enumerate(args)]
    if name in _DNS_TOOLS and not stand_ins:
        return [json.dumps(text) for text in _dns(name, texts)]
    if name == "ps" and len(texts) == 1 and re.match(r"^[auxwlfevjm]+$", texts[0]):
        return [json.dumps("".join(sorted(texts[0])))]
    if name == "tar" and texts and re.match(r"^[tzjJvf]+f$", texts[0]):
        texts[0] = "-" + texts[0]  # the old way to write a bundle
    found, style = _found(alike, texts, style)
    sure = style.known and all(item.known for item in found) and "--" not in texts
    operands = [item.value or "" for item in found if item.name is None]
    shown = _operands(alike, operands)
    if name == "curl" and len(operands) > 1:
        sure = False  # -o belongs to the address that follows
    if not sure or (style.single_dash_long and name != "openssl"):
        if len(shown) != len(operands) and all(item.name is None for item in found):
            return [_place(text, stand_ins) for text in shown]
        places = iter(shown)
        out = [
            _place(next(places, item.value or ""), stand_ins) if item.name is None
            else _shown(item, stand_ins) if style.known and (
                item.known or not style.single_dash_long
            )
            else None
            for item in found
        ]  # fmt: skip
        if None not in out:
            return [text for text in out if text is not None] + [
                _place(text, stand_ins) for text in places
            ]
        return _in_place(texts, operands, shown, stand_ins)
    options = [item for item in found if item.name not in (None, "no-pager")]
    if name in _UNIT_TOOLS:
        options = [_unit_option(item) for item in options]
    return [*_options(options, style, stand_ins), *(_place(text, stand_ins) for text in shown)]


def _found(name: str, texts: Sequence[str], style: Grammar) -> tuple[list[Item], Grammar]:
    """Options and words; a sub-tool reads the options after its name in its own way."""
    found = items(texts, style)
    first = next((item.value or "" for item in found if item.name is None), "")
    if first and (name == "git" or f"{name} {first}" in table("posix")["spelling"]):
        at = list(texts).index(first)
        own = style if name == "git" else grammar(f"{name} {first}")
        before = items(texts[:at], style)
        if name == "git":  # -p before the word is another option than after it
            before = [
                Item(f"git {item.name}", item.value, item.known)
                for item in before
                if item.name != "P"
            ]
        return [*before, Item(None, first), *items(texts[at + 1 :], own)], own
    return found, style


def _in_place(
    texts: Sequence[str], operands: Sequence[str], shown: Sequence[str], stand_ins: dict[str, str]
) -> list[str]:
    """Words in their order, with only the leading operands written in full."""
    out = list(texts)
    places = list(shown)
    for index, text in enumerate(out):
        if places and operands and text == operands[0]:
            out[index] = places.pop(0)
            operands = operands[1:]
    return [_place(text, stand_ins) for text in [*out, *places]]


def _options(options: list[Item], style: Grammar, stand_ins: dict[str, str]) -> list[str]:
    """Options in one order, and after them the order of those of which the later one wins."""
    out = sorted(
        ((item.name or "", _shown(item, stand_ins)) for item in options), key=lambda pair: pair[0]
    )
    names = {item.name or "" for item in options}
    denied = [
        (name, style.same_as.get(name[3:], name[3:])) for name in names if name.startswith("no-")
    ]
    orders: list[str] = []
    for group in (*style.exclusive, *denied):
        if len(names.intersection(group)) > 1:
            orders.append(
                "<".join(_shown(item, stand_ins) for item in options if item.name in group)
            )
    return [*(text for _, text in out), *sorted(orders)]


def _shown(item: Item, stand_ins: dict[str, str]) -> str:
    if item.name is None:
        return _place(item.value or "", stand_ins)
    value = "" if item.value is None else "=" + _place(item.value, stand_ins)
    return f"-{item.name}{value}"


def _place(text: str, stand_ins: dict[str, str]) -> str:
    for mark, spelled in stand_ins.items():
        if text == mark:
            return spelled
        if mark in text:
            return json.dumps(text.replace(mark, spelled))
    return json.dumps(text)


def _operands(name: str, operands: list[str]) -> list[str]:
    """Short-hands that the tool itself defines."""
    out = full_operands(name, operands)
    for long, short in table("posix")["short_words"].get(name, {}).items():
        if out[: len(long.split())] == long.split():
            out = [short, *out[len(long.split()) :]]
    if not out and name in table("posix")["default_words"]:
        out = [table("posix")["default_words"][name]]
    if name == "ip":
        out = [*out, "show"] if len(out) == 1 else out
        if (
            out[0:1]
            and out[0] in ("address", "link")
            and out[1:3] == ["show", "dev"]
            and len(out) == 4
        ):
            out = [*out[:2], out[3]]
    if name == "systemctl" and len(out) > 1:
        out = [out[0], *(_unit(word) for word in out[1:])]
    if name == "kubectl" and len(out) == 2 and out[1].count("/") == 1:
        out = full_operands(name, [out[0], *out[1].split("/")])
    return out


def _unit_option(item: Item) -> Item:
    return Item(item.name, _unit(item.value)) if item.name == "u" and item.value else item


def _unit(word: str) -> str:
    plain = not word.endswith(_UNIT_SUFFIXES) and not set(word) & set("/*?[\0")
    return word + ".service" if plain else word


def _dns(name: str, texts: Sequence[str]) -> list[str]:
    """Names and types in small letters; dig takes its words in any order."""
    lowered = [
        re.sub(r"^-(ty(pe)?|q|query(type)?)=", "-type=", text.lower()) if name == "nslookup"
        else text if text.startswith("-") and not text.startswith("-t=") else text.lower()
        for text in texts
    ]  # fmt: skip
    if name in ("dig", "kdig") and lowered.count("-t") == 1:
        at = lowered.index("-t") + 1
        if at < len(lowered) and lowered[at] in _DNS_TYPES:
            del lowered[at - 1]
    if name in ("dig", "kdig") and not any(text.startswith("-") for text in lowered):
        types = [text for text in lowered if text in _DNS_TYPES]
        servers = [text for text in lowered if text.startswith("@")]
        flags = [text for text in lowered if text.startswith("+")]
        names = [t for t in lowered if t not in types and t not in servers and t not in flags]
        if len(types) <= 1 and len(servers) <= 1 and len(names) == 1:
            return [*servers, *names, *types, *sorted(flags)]
    return lowered
