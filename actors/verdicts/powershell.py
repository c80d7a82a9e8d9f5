"""PowerShell lines as nested tokens: a small tokenizer of our own.

tree-sitter-powershell was tried and refused: it reports errors on everyday lines such as
`ft Name, Status` (a space after a comma), so that "it parses" would mean nothing.

Guarantee: never raises on any text; unbalanced brackets and quotes are reported as `broken`.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from msgspec import Struct, field

Kind = Literal["word", "single", "double", "variable", "group", "operator"]

_DASHES = str.maketrans("\u2013\u2014\u2015\u2018\u2019\u201c\u201d", "---''\"\"")
_VARIABLE = re.compile(r"\$(?:\{[^}]*\}|[A-Za-z_]\w*:\w+|\w+|[?$^])|@[A-Za-z_]\w*")
_OPERATORS = (
    "*>&1", "2>&1", "3>&1", "4>&1", "5>&1", "6>&1", "*>>", "*>", "2>>", "2>", "3>>", "3>", "4>",
    "5>", "6>", "1>>", "1>", ">>", ">", "&&", "||", "++", "--", "+=", "-=", "::", "&", "|", ";",
    ",",
)  # fmt: skip
_OPENING = {"(": ")", "{": "}"}
_WORD_END = set(" \t\r\n;|&(){},'\"")


class Token(Struct, frozen=True):
    """`glued`: no space before it. `text` of a group is its opening bracket (`(`, `{`, `$(`, `@(`,
    `@{`), of a string its value, of a new line `;`."""

    kind: Kind
    text: str
    glued: bool = False
    inner: tuple["Token", ...] = ()


_DEPTH_LIMIT = 60
"""Deeper nesting is no command that a person typed; who reads the tokens may recurse."""


class _Reader:
    def __init__(self, line: str) -> None:
        self.line = line
        self.at = 0
        self.broken = False
        self.depth = 0

    def read(self, closing: str) -> tuple[Token, ...]:
        self.depth += 1
        if self.depth > _DEPTH_LIMIT:
            self.broken = True
            self.at = len(self.line)
        found = self._read(closing)
        self.depth -= 1
        return found

    def _read(self, closing: str) -> tuple[Token, ...]:
        out: list[Token] = []
        glued = False
        while self.at < len(self.line):
            char = self.line[self.at]
            if closing and char == closing:
                self.at += 1
                return tuple(out)
            if char in " \t\r\n" or (
                char == "`" and self.line[self.at + 1 : self.at + 2] in "\r\n"
            ):
                out += [Token("operator", ";")] if char == "\n" else []
                self.at += 2 if char == "`" else 1
                glued = False
                continue
            if char == "#" and not glued:
                end = self.line.find("\n", self.at)
                self.at = len(self.line) if end < 0 else end
                continue
            if self.line.startswith("<#", self.at):
                end = self.line.find("#>", self.at)
                self.broken = self.broken or end < 0
                self.at = len(self.line) if end < 0 else end + 2
                continue
            out.append(self._token(char, glued, out))
            glued = True
        self.broken = self.broken or bool(closing)
        return tuple(out)

    def _token(self, char: str, glued: bool, before: list[Token]) -> Token:
        line, at = self.line, self.at
        if line.startswith(("@'", '@"'), at):
            return self._here_string(glued)
        if char in "'\"":
            return self._string(char, glued)
        opening = line[at : at + 2] if line[at : at + 2] in ("$(", "@(", "@{") else char
        if opening[-1] in _OPENING and (opening == char or len(opening) == 2):
            self.at += len(opening)
            return Token("group", opening, glued, self.read(_OPENING[opening[-1]]))
        if char in ")}":
            self.broken = True
            self.at += 1
            return Token("operator", char, glued)
        if found := _VARIABLE.match(line, at):
            self.at = found.end()
            return Token("variable", found.group(), glued)
        for operator in _OPERATORS:
            if line.startswith(operator, at) and not (
                operator[0] in "+-" and ((glued and operator in ("--", "-=")) or operator == "--")
            ):
                if operator[0].isdigit() and glued:
                    continue
                self.at += len(operator)
                return Token("operator", operator, glued)
        return self._word(glued)

    def _word(self, glued: bool) -> Token:
        start = self.at
        while self.at < len(self.line):
            char = self.line[self.at]
            if char == "[":
                end = self.line.find("]", self.at)
                self.at = end + 1 if end >= 0 else self.at + 1
                continue
            if char in _WORD_END or (char == "$" and self.at > start) or char in "><":
                break
            self.at += 2 if char == "`" else 1
        if self.at == start:
            self.at += 1
        self.at = min(self.at, len(self.line))
        return Token("word", self.line[start : self.at].replace("`", ""), glued)

    def _string(self, quote: str, glued: bool) -> Token:
        out: list[str] = []
        at = self.at + 1
        while at < len(self.line):
            char = self.line[at]
            if char == quote:
                if self.line[at + 1 : at + 2] != quote:
                    self.at = at + 1
                    return Token("single" if quote == "'" else "double", "".join(out), glued)
                at += 1
            elif char == "`" and quote == '"' and at + 1 < len(self.line):
                out.append(char)
                at += 1
                char = self.line[at]
            out.append(char)
            at += 1
        self.broken = True
        self.at = len(self.line)
        return Token("double", "".join(out), glued)

    def _here_string(self, glued: bool) -> Token:
        quote = self.line[self.at + 1]
        end = self.line.find("\n" + quote + "@", self.at)
        value = self.line[self.at + 2 : end if end >= 0 else len(self.line)]
        self.broken = self.broken or end < 0
        self.at = len(self.line) if end < 0 else end + 3
        return Token("single" if quote == "'" else "double", value, glued)


@lru_cache(maxsize=1024)
def tokens(line: str) -> tuple[tuple[Token, ...], bool]:
    """(tokens, broken) of a line; typographic dashes and quotes read as PowerShell reads them."""
    reader = _Reader(line.translate(_DASHES))
    return reader.read(""), reader.broken


def statements(found: tuple[Token, ...]) -> list[list[Token]]:
    """Split at `;`, new lines, `&&` and `||`."""
    out: list[list[Token]] = [[]]
    for index, token in enumerate(found):
        if token.kind == "operator" and token.text in (";", "&&", "||"):
            after_pipe = out[-1] and out[-1][-1].text == "|" and out[-1][-1].kind == "operator"
            if token.text != ";" or not after_pipe:
                out.append([])
            continue
        trailing = index == len(found) - 1 and token.kind == "operator" and token.text == "&"
        if not trailing:
            out[-1].append(token)
    return [statement for statement in out if statement]


def pipeline(statement: list[Token]) -> list[list[Token]]:
    out: list[list[Token]] = [[]]
    for token in statement:
        if token.kind == "operator" and token.text == "|":
            out.append([])
        else:
            out[-1].append(token)
    return [part for part in out if part]


class Scope(Struct):
    """Where a statement stands: how deep, which functions the line defines (lower case), and what
    each variable was made from (its name in lower case -> the text assigned)."""

    depth: int = 0
    own: frozenset[str] = frozenset()
    origins: dict[str, str] = field(default_factory=dict)

    @property
    def too_deep(self) -> bool:
        return self.depth > 12

    def deeper(self) -> "Scope":
        return Scope(self.depth + 1, self.own, self.origins)


def flat(found: Sequence[Token]) -> str:
    """Tokens as text again, for looking at; not exactly as they were written."""
    out: list[str] = []
    for token in found:
        text = token.text
        if token.kind == "group":
            text += flat(token.inner) + ("}" if text.endswith("{") else ")")
        elif token.kind in ("single", "double"):
            text = ("'" if token.kind == "single" else '"') + text + "'"
        out.append(text if token.glued else " " + text)
    return "".join(out).strip()
