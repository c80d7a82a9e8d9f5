"""What a POSIX command line does, through pipelines, loops, branches and substitutions.

Guarantee: a line that does not parse, or a tool that nobody described, never reads.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stillfixed.actors.verdicts import feeds, shell
from stillfixed.actors.verdicts.feeds import Fed
from stillfixed.actors.verdicts.knowledge import Grammar, grammar, table, tool, words
from stillfixed.actors.verdicts.model import Effect
from stillfixed.actors.verdicts.options import has, split, tool_effect, worst
from stillfixed.actors.verdicts.posix_tools import HARMLESS_TARGET, SPECIAL
from stillfixed.actors.verdicts.posix_wrappers import INSIDE, wrapped
from stillfixed.actors.verdicts.shell import Word
from stillfixed.actors.verdicts.snippets import snippet

if TYPE_CHECKING:
    from tree_sitter import Node

_DEPTH_LIMIT = 8
_SYSTEM_FOLDER = re.compile(r"^/(usr/)?(local/)?s?bin/|^/opt/homebrew/bin/")
_OTHER_PROGRAMS = re.compile(
    r"^(LD_\w+|DYLD_\w+|BASH_ENV|ENV|PROMPT_COMMAND)=|^PATH=(?!.*\$\{?PATH)"
)
_INIT_SCRIPT = re.compile(r"^/(?:etc|usr/local/etc)/(?:init\.d|rc\.d|rc\.d/init\.d)/([\w.@-]+)$")
_SOCKET = re.compile(r"(\d*)<>(?=\s*/dev/(?:tcp|udp)/)")
_READ_WRITE = re.compile(r"(\d+)<>")
_DOWNLOAD = {"curl", "wget", "fetch", "aria2c", "lynx"}
_VERSION = (["--help"], ["--version"], ["-V"], ["-version"], ["--usage"])


def effect(line: str, depth: int = 0) -> Effect:
    """The effect of a whole line; deeper than eight command lines in one another: `unknown`."""
    if depth > _DEPTH_LIMIT or line.lstrip().startswith("{}"):
        return "unknown"  # xargs and find put a command there
    # the grammar does not know <>: it opens a connection, or a file that it may create
    root = shell.parse(_READ_WRITE.sub(r"\1>", _SOCKET.sub(r"\1<", line)))
    own = {shell.text(n.children[0]) for n in shell.walk(root) if n.type == "function_definition"}
    found = [_node_effect(node, depth, own) for node in shell.walk(root)]
    if root.has_error:
        found.append("unknown")
    return worst(*found)


def _node_effect(node: "Node", depth: int, own: set[str]) -> Effect:
    match node.type:
        case "command":
            given = shell.words_of(node)
            if given and given[0].text in own:
                return "reads"  # a function of this line: its body is judged where it stands
            return command(given, depth, feeds.fed_to(node))
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
    if target.raw.startswith(">("):
        return "reads"  # into another command, which is judged where it stands
    return "reads" if HARMLESS_TARGET.match(target.text) else "changes"


def _pipeline(node: "Node") -> Effect:
    """Code that is fetched and handed to an interpreter acts."""
    fetched = False
    for below in shell.walk(node):
        if below.type != "command":
            continue
        names = [name_of(word.text) for word in shell.words_of(below)]
        if names and names[0] not in table("posix")["wrapper"]:
            names = names[:1]
        if fetched and _interpreters() & set(names):
            return "changes"
        fetched = fetched or bool(_DOWNLOAD & set(names))
    return "reads"


def _interpreters() -> frozenset[str]:
    return words("posix", "interpreters", "shells") | words("posix", "interpreters", "others")


def name_of(text: str) -> str:
    """A tool's name: a standard tool stays what it is when called by its full path."""
    name = text.rsplit("/", 1)[-1] if _SYSTEM_FOLDER.match(text) else text
    return re.sub(r"^(python|perl|ruby|php|lua|node)\d+(\.\d+)*$", r"\1", name)


def command(given: Sequence[Word], depth: int, fed: Fed | None = None) -> Effect:
    """What one command with its arguments does; `fed` is what its standard input gets."""
    if not given:
        return "reads"
    if given[0].dynamic or (given[0].glob and given[0].text not in ("[",)):
        return "unknown"
    name = name_of(given[0].text)
    args = list(given[1:])
    texts = [arg.text for arg in args]
    if found := _INIT_SCRIPT.match(name):
        return command([*_plain_words("service", found.group(1)), *args], depth)
    if name in table("posix")["wrapper"]:
        return wrapped(name, args, depth, fed)
    if name in _interpreters():
        return _interpreter(name, args, depth, fed)
    if texts in _VERSION and tool("posix", name):
        return "reads"
    if name in ("alias", "trap"):
        return _kept_line(name, texts, depth)
    if name in ("find", "fd"):
        return _find(texts, depth)
    if name in table("posix")["aliases"]:
        return command([*_plain_words(*table("posix")["aliases"][name].split()), *args], depth, fed)
    if (inside := INSIDE.get(name)) and (found_inside := inside(args, depth, fed)):
        return found_inside
    if special := SPECIAL.get(name):
        return special(texts, fed)
    return _plain(name, args, fed)


def _plain_words(*texts: str) -> list[Word]:
    return [Word(text, text) for text in texts]


def _kept_line(name: str, texts: Sequence[str], depth: int) -> Effect:
    """`alias x='…'` and `trap '…' EXIT` keep a line that runs later."""
    lines = [text.partition("=")[2] for text in texts if "=" in text]
    if name == "trap":
        lines = [text for text in texts[:1] if text not in ("-", "-p", "-l")]
    return worst("reads", *(effect(line, depth + 1) for line in lines))


def _plain(name: str, args: Sequence[Word], fed: Fed | None) -> Effect:
    known = tool("posix", name)
    if known is None:
        return "unknown"
    texts = [arg.text for arg in args]
    style = grammar(name)
    if "--help" in texts and known.special != "runs":
        return "reads"
    operands = full_operands(name, operands_of(name, texts, style))
    found = tool_effect(known, texts, operands, style)
    if found == "reads" and (known.changes or known.acts) and any(a.dynamic for a in args[:2]):
        verb = next((a for a in args if not a.text.startswith("-")), None)
        if verb is not None and verb.dynamic and known.changes:
            return "unknown"  # which of the tool's verbs it is stands in a variable
    if fed and known.feed and not (known.acts and has(known.acts, texts, style)):
        return feeds.lines_effect(known.feed, fed)
    return found


def operands_of(name: str, texts: Sequence[str], style: Grammar) -> list[str]:
    """The words of a command that are no options; a sub-tool's own options are left out too."""
    operands = split(texts, style)[1]
    for first in table("posix")["subtools"].get(name, ()):
        if operands[:1] == [first]:
            rest = texts[texts.index(first) + 1 :]
            own = grammar(f"{name} {first}")
            return [first, *split(rest, own)[1]]
    return operands


def full_operands(name: str, operands: Sequence[str]) -> list[str]:
    """Operands with the tool's own abbreviations written in full."""
    out = list(operands)
    short, begun = table("posix")["abbreviations"], table("posix")["prefixes"]
    for at in range(min(len(out), 3)):
        for key in (f"{name} {out[0]}", name) if at else (name,):
            words = short.get(key, {}).get(str(at), {})
            out[at] = words.get(out[at], out[at])
            if str(at) in begun.get(key, {}):
                out[at] = _begun(out[at], begun[key][str(at)])
                break
    return out


def _begun(word: str, keywords: str) -> str:
    """The first keyword that a word begins, as the tool itself looks it up (`list=show`: another
    spelling of the same)."""
    known = [entry.partition("=") for entry in keywords.split()]
    for full, _, means in known:
        if full == word:
            return means or full
    fits = (means or full for full, _, means in known if word and full.startswith(word))
    return next(fits, word)


def _interpreter(name: str, args: Sequence[Word], depth: int, fed: Fed | None) -> Effect:
    texts = [arg.text for arg in args]
    if any("curl" in arg.raw or "wget" in arg.raw for arg in args if arg.dynamic):
        return "changes"
    if texts and all(
        text in ("--version", "-V", "--help", "-v", "-h", "-version") for text in texts
    ):
        return "reads"
    if name == "busybox" and args:
        return command(args, depth + 1, fed)
    if name not in words("posix", "interpreters", "shells"):
        return snippet(name, args, fed, depth)
    style = grammar("sh")
    for index, text in enumerate(texts):
        if re.match(r"^-[a-z]*c$", text) and index + 1 < len(args):
            line = args[index + 1]
            if line.dynamic and re.match(r'^"?\$\{?\w+\}?"?$', line.raw):
                return "unknown"
            return effect(line.text, depth + 1)
        if text == "-n":
            return "reads"
    operands = split(texts, style)[1]
    if fed and fed.text is not None and (not operands or "-s" in texts):
        return effect(fed.text, depth + 1)
    return "unknown"


def _find(args: Sequence[str], depth: int) -> Effect:
    found: list[Effect] = []
    for index, arg in enumerate(args):
        if arg in ("-delete", "-fprint", "-fprint0", "-fprintf", "-fls"):
            return "changes"
        if arg in ("-exec", "-execdir", "-ok", "-okdir", "-x", "-X", "--exec", "--exec-batch"):
            inner = list(args[index + 1 :])
            ends = [i for i, word in enumerate(inner) if word in (";", "+")]
            inner = inner[: ends[0]] if ends else inner
            found.append(command(_plain_words(*inner), depth + 1))
    return worst("reads", *found)
