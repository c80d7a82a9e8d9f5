"""cmd lines as commands: a small tokenizer of our own. Guarantee: never raises on any text."""

import re

from msgspec import Struct


class Piece(Struct, frozen=True):
    """One command of a line. `joiner` is what stands before it: "", "|", "&", "&&" or "||".
    `targets` are the files that output is redirected to."""

    words: tuple[str, ...]
    joiner: str = ""
    targets: tuple[str, ...] = ()
    redirects: tuple[str, ...] = ()


_TOKEN = re.compile(
    r"""\s*(?:
      (?P<join>\|\||&&|\||&)
    | (?P<redirect>\d?>>?&\d|\d?>>?|<)
    | (?P<group>[()])
    | (?P<word>(?:"[^"]*"?|\^.|[^\s"|&<>()^]|\((?!\s))+ | \^)
    )""",
    re.X | re.S,
)


_ELSE = re.compile(r"\)\s*else\b", re.I)


def pieces(line: str) -> list[Piece]:
    """The commands of a line, in order; parentheses only group and are dropped."""
    out: list[Piece] = []
    words: list[str] = []
    targets: list[str] = []
    redirects: list[str] = []
    joiner, pending = "", ""
    for found in _TOKEN.finditer(_ELSE.sub(") & ", line).replace("\n", " & ").strip()):
        if found["join"]:
            out.append(Piece(tuple(words), joiner, tuple(targets), tuple(redirects)))
            words, targets, redirects, joiner = [], [], [], found["join"]
        elif found["redirect"]:
            redirects.append(found["redirect"])
            pending = "" if "&" in found["redirect"] else found["redirect"]
        elif found["word"]:
            word = (
                re.sub(r"\^(.)", r"\1", found["word"])
                if '"' not in found["word"]
                else found["word"]
            )
            if pending:
                redirects.append(word.lower())
                if pending != "<":
                    targets.append(word)
                pending = ""
            else:
                words.append(word)
    if pending:
        targets.append("?")
    out.append(Piece(tuple(words), joiner, tuple(targets), tuple(redirects)))
    return [piece for piece in out if piece.words or piece.targets]


def plain(word: str) -> str:
    """A word without the quotes that only hold it together."""
    return word.replace('"', "")


def tool_name(word: str) -> str:
    """`%windir%\\system32\\ping.exe` -> `ping`; a path elsewhere stays a path, in lower case."""
    lowered = plain(word).lower().lstrip("@")
    system = re.match(
        r"^(?:%(?:windir|systemroot)%|\$env:(?:windir|systemroot)|[a-z]:\\windows)\\", lowered
    )
    if system or "\\" not in lowered:
        lowered = lowered.rsplit("\\", 1)[-1]
        return re.sub(r"\.(exe|com)$", "", lowered)
    return lowered
