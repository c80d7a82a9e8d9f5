"""cmd lines as commands: a small parser of our own. Guarantee: never raises on any text."""

import re
from collections.abc import Sequence

from msgspec import Struct


class Group(Struct, frozen=True):
    """What stands in parentheses: its text, and the commands in it."""

    text: str
    pieces: tuple["Piece", ...]


class Piece(Struct, frozen=True):
    """One command of a line. `joiner` is what stands before it: "", "|", "&", "&&" or "||".
    `targets` are the files that output is redirected to; `fed`: its input comes from a file."""

    words: tuple[str | Group, ...]
    joiner: str = ""
    targets: tuple[str, ...] = ()
    redirects: tuple[str, ...] = ()
    fed: bool = False


_TOKEN = re.compile(
    r"""\s*(?:
      (?P<join>\|\||&&|\||&)
    | (?P<redirect>\d?>>?&\d|\d?>>?|\d?<)
    | (?P<open>\()
    | (?P<close>\))
    | (?P<word>(?:"[^"]*"?|\^.|[^\s"|&<>()^])+ | \^)
    )""",
    re.X | re.S,
)
_GROUPED = ("if", "for", "@if", "@for", "else")
_DEPTH_LIMIT = 40


class _Parser:
    def __init__(self, line: str) -> None:
        self.line = re.sub(r"\^\r?\n", "", line).replace("\n", " & ").strip()
        self.at = 0

    def read(self, depth: int) -> tuple[Piece, ...]:
        """Commands up to the closing parenthesis, or to the end of the line."""
        out: list[Piece] = []
        words: list[str | Group] = []
        targets: list[str] = []
        redirects: list[str] = []
        joiner, pending = "", ""

        def end(next_joiner: str) -> None:
            nonlocal joiner, words, targets, redirects
            if words or targets:
                fed = any(part.endswith("<") for part in redirects)
                out.append(Piece(tuple(words), joiner, tuple(targets), tuple(redirects), fed))
            words, targets, redirects, joiner = [], [], [], next_joiner

        while found := _TOKEN.match(self.line, self.at):
            start = self.at
            self.at = found.end()
            if found["join"]:
                end(found["join"])
            elif found["redirect"]:
                redirects.append(found["redirect"])
                pending = "" if "&" in found["redirect"] else found["redirect"]
            elif found["open"] and depth < _DEPTH_LIMIT and self._groups(words):
                begin = self.at
                inner = self.read(depth + 1)
                words.append(Group(self.line[begin : self.at].rstrip(") "), inner))
            elif found["close"] and depth:
                end("")
                return tuple(out)
            else:
                text = found["word"] or found["open"] or found["close"]
                glued = not re.match(r"\s", self.line[start : start + 1]) and not found["word"]
                text = text if '"' in text else re.sub(r"\^(.)", r"\1", text)
                if pending:
                    redirects.append(text.lower())
                    targets += [] if pending.endswith("<") else [text]
                    pending = ""
                elif words and isinstance(words[-1], str) and (glued or words[-1].endswith("(")):
                    words[-1] += text
                else:
                    words.append(text)
        if pending and not pending.endswith("<"):
            targets.append("?")
        end("")
        return tuple(out)

    @staticmethod
    def _groups(words: Sequence[str | Group]) -> bool:
        """Whether an opening parenthesis groups here: elsewhere it is only text."""
        if not words:
            return True
        first = words[0]
        return isinstance(first, Group) or first.lower() in _GROUPED


def pieces(line: str) -> list[Piece]:
    """The commands of a line, in order."""
    return list(_Parser(line).read(0))


def plain(word: str) -> str:
    """A word without the quotes that only hold it together."""
    return word.replace('"', "")


_SYSTEM = re.compile(
    r"^(?:(?:%(?:windir|systemroot)%|\$env:(?:windir|systemroot)|\$\{env:(?:windir|systemroot)\}"
    r"|[a-z]:\\windows)\\"
    r"|(?:%programfiles%|\$env:programfiles|[a-z]:\\program files(?: \(x86\))?)\\"
    r"(?:windows defender|git|docker|openssh|powershell|microsoft sql server|windows nt"
    r"|common files\\microsoft shared|iis)\\)"
)


def tool_name(word: str) -> str:
    """`%windir%\\system32\\ping.exe` -> `ping`; a path elsewhere stays a path, in lower case."""
    lowered = plain(word).lower().lstrip("@")
    if _SYSTEM.match(lowered) or ("\\" not in lowered and "/" not in lowered):
        lowered = lowered.rsplit("\\", 1)[-1]
        return re.sub(r"\.(exe|com|vbs|msc)$", "", lowered)
    return lowered
