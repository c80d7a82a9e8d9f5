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
from stillfixed.actors.verdicts.posix_tools import HARMLESS_TARGET, SPECIAL
from stillfixed.actors.verdicts.shell import Word

if TYPE_CHECKING:
    from tree_sitter import Node

_DEPTH_LIMIT = 8
_SYSTEM_FOLDER = re.compile(r"^/(usr/)?s?bin/")
_OTHER_PROGRAMS = re.compile(r"^(LD_\w+|BASH_ENV|ENV)=|^PATH=(?!.*\$\{?PATH)")
_INIT_SCRIPT = re.compile(r"^/etc/(init\.d|rc\.d)/[\w.@-]+$")
_DOWNLOAD = {"curl", "wget", "fetch"}


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
        case "variable_assignment":
            # another PATH or preloaded library makes another program of every name
            return "unknown" if _OTHER_PROGRAMS.match(shell.text(node)) else "reads"
        case _:
            return "reads"


def _redirect(node: "Node") -> Effect:
    operator = next((child.type for child in node.children if not child.is_named), "")
    if operator in ("<", "<&", "<&-"):
        return "reads"
    target = shell.word(node.children[-1])
    return "reads" if HARMLESS_TARGET.match(target.text) else "changes"


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
    if name == "env" and any(text.startswith(("-S", "--split")) for text in texts):
        return "unknown"
    if name in table("posix")["wrapper"]:
        return _wrapper(name, args, depth)
    if name in _interpreters():
        return _interpreter(name, args, depth)
    if texts in (["--help"], ["--version"], ["-V"]) and tool("posix", name):
        return "reads"
    if name == "alias" and any("=" in text for text in texts):
        return "unknown"
    if name == "find":
        return _find(texts, depth)
    if special := SPECIAL.get(name):
        return special(texts)
    if name in ("docker", "podman", "kubectl", "lxc", "pct") and "exec" in texts:
        return _exec_inside(args[texts.index("exec") + 1 :], depth)
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
    _, operands, _ = split(texts, style)
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


def _exec_inside(args: Sequence[Word], depth: int) -> Effect:
    texts = [arg.text for arg in args]
    if "--" in texts:
        return _command(args[texts.index("--") + 1 :], depth + 1)
    index = 0
    while index < len(texts) and texts[index].startswith("-"):
        index += 2 if texts[index] in ("-e", "-u", "-w", "--user", "--env", "-n", "-c") else 1
    rest = args[index + 1 :]
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
