"""What standard input gives a POSIX command, where the line's own text tells it. Pure.

Guarantee: a text is known only when every part of it stands in the line; lines that nobody
described never read.
"""

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from stillfixed.actors.verdicts import shell
from stillfixed.actors.verdicts.knowledge import table
from stillfixed.actors.verdicts.model import Effect
from stillfixed.actors.verdicts.options import worst

if TYPE_CHECKING:
    from tree_sitter import Node


class Fed(Struct, frozen=True):
    """Something is fed in; `text` is None where the line alone does not tell what."""

    text: str | None


def fed_to(command: "Node") -> Fed | None:
    """What a `command` node gets on standard input: a here-document, a file, or a pipe's text."""
    for child in command.children:
        if child.type == "herestring_redirect":
            word = shell.word(child.children[-1])
            return Fed(None if word.dynamic else word.text)
    here = command
    parent = here.parent
    while parent is not None and parent.type in ("redirected_statement", "negated_command"):
        for redirect in parent.children:
            match redirect.type:
                case "heredoc_redirect":
                    return _heredoc(redirect)
                case "herestring_redirect":
                    word = shell.word(redirect.children[-1])
                    return Fed(None if word.dynamic else word.text)
                case "file_redirect" if any(child.type == "<" for child in redirect.children):
                    quiet = shell.text(redirect).endswith(("/dev/null", "&-"))
                    return Fed("") if quiet else Fed(None)
                case _:
                    pass
        here, parent = parent, parent.parent
    if parent is not None and parent.type == "pipeline":
        return _piped(here, parent)
    if parent is not None and parent.type == "heredoc_redirect":
        return _heredoc(parent) if _shows_only(parent.parent) else Fed(None)
    return None


def _piped(here: "Node", parent: "Node") -> Fed | None:
    before = None
    for child in parent.children:
        if child == here or child.id == here.id:
            break
        if child.is_named:
            before = child
    if before is not None:
        return Fed(_printed(before))
    if parent.parent is not None and parent.parent.type == "heredoc_redirect":
        return _heredoc(parent.parent) if _shows_only(parent.parent.parent) else Fed(None)
    if parent.parent is not None and parent.parent.type == "redirected_statement":
        for redirect in parent.parent.children:
            if redirect.type == "heredoc_redirect":
                return _heredoc(redirect)
    return None


def _shows_only(statement: "Node | None") -> bool:
    """Whether a statement with a here-document is a plain `cat`."""
    return statement is not None and bool(
        re.match(r"^cat\s*(-\s*)?<<", shell.text(statement).strip())
    )


def _heredoc(redirect: "Node") -> Fed:
    start = next((shell.text(c) for c in redirect.children if c.type == "heredoc_start"), "")
    bodies = [child for child in redirect.children if child.type == "heredoc_body"]
    body = "".join(shell.text(child) for child in bodies)
    quoted = start[:1] in ("'", '"', "\\")
    if not quoted and re.search(r"\$\(|`|\$\{?\w", body):
        return Fed(None)
    return Fed(body)


def _printed(node: "Node") -> str | None:
    """What `echo`, `printf` or a group of them prints, None when another command takes part."""
    if node.type == "command":
        given = shell.words_of(node)
        if any(word.dynamic for word in given):
            return None
        texts = [word.text for word in given]
        match texts[:1]:
            case ["echo"]:
                rest = texts[1:]
                while rest and re.match(r"^-[neE]+$", rest[0]):
                    rest = rest[1:]
                return _escapes(" ".join(rest)) + "\n"
            case ["printf"] if len(texts) > 1:
                return _escapes(" ".join(texts[1:]).replace("%s", " "))
            case ["sleep" | "true" | ":"]:
                return ""
            case _:
                return None
    if node.type in ("subshell", "compound_statement", "list"):
        parts = [_printed(child) for child in node.children if child.is_named]
        return None if None in parts else "".join(part or "" for part in parts)
    return None


def _escapes(text: str) -> str:
    return text.replace("\\r", "").replace("\\n", "\n").replace("\\t", "\t")


def lines_effect(kind: str, fed: Fed) -> Effect:
    """What lines typed into a tool do; `kind` names a table of posix.toml's [feed]."""
    if fed.text is None:
        return "unknown"
    known = table("posix")["feed"][kind]
    lines = re.split(r"\n" if kind == "protocol" else r"[\n;]", fed.text)
    return worst("reads", *(_line(line.strip().lower(), known) for line in lines if line.strip()))


def _line(line: str, known: dict[str, str]) -> Effect:
    if re.match(rf"(?:{known['changes']})", line):
        return "changes"
    return "reads" if re.match(rf"(?:{known['reads']})", line) else "unknown"
