"""Runbooks: named lists of checks for a kind of problem, which people write in TOML. Pure.

Guarantee: a filled-in command is the runbook's command with one word in each placeholder's place,
and still only reads. `runbook_file.py` reads the text.

    name = "web"                          # small letters, digits, dashes
    title = "A web service that does not answer"
    platforms = ["posix"]
    categories = ["web"]                  # of tickets, to be found by; a policy requires it by name

    [parameters.service]
    ask = "The service, as systemd calls it"
    default = "nginx"                     # leave out where there is none

    [[check]]
    command = "systemctl is-active {service}"
    expect = "stdout == active"
    why = "The service runs."
    platform = "posix"                    # only where the runbook has several
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from stillfixed.actors.errors import RunbookError
from stillfixed.actors.session.quoting import quoted
from stillfixed.actors.verdicts import canonical, effect_of
from stillfixed.actors.verdicts.model import Platform

CHECKS_LIMIT = 50
NAME = r"[a-z0-9]+(?:-[a-z0-9]+)*"
"""What runbooks are called, as a regular expression."""

PLACEHOLDER = re.compile(r"(?<![%$])\{([a-z][a-z0-9_]*)\}")
"""Not `%{http_code}` of curl, not `${variable}` of a shell, not `{ $_.Name }` of PowerShell."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Parameter(_Strict):
    """A value that is asked for when the runbook is loaded; `ask` says what it is."""

    ask: str = Field(min_length=1)
    default: str | None = None


class RunbookCheck(_Strict):
    """A diagnostic command, what healthy means for it, and in one sentence why it is asked. Without
    `expect` the judge's own knowledge decides; `platform` is needed where the runbook has several.
    """

    command: str = Field(min_length=1)
    expect: str | None = None
    why: str = Field(min_length=1)
    platform: Platform | None = None


class FilledCheck(NamedTuple):
    """A check ready to run on one endpoint; `check` is its canonical command."""

    command: str
    check: str
    expect: str | None
    why: str


class Runbook(_Strict):
    """One runbook. `check` are its checks, in the order they are run."""

    name: str = Field(pattern=f"^{NAME}$", max_length=64)
    title: str = Field(min_length=1)
    platforms: tuple[Platform, ...] = Field(min_length=1)
    categories: tuple[str, ...] = ()
    parameters: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Parameter] = {}
    check: tuple[RunbookCheck, ...] = Field(min_length=1, max_length=CHECKS_LIMIT)

    def fits(self, category: str) -> bool:
        return category_key(category) in map(category_key, self.categories)

    def checks_for(self, platform: Platform) -> tuple[RunbookCheck, ...]:
        """Those that an endpoint of this platform understands."""
        return tuple(c for c in self.check if (c.platform or self.platforms[0]) == platform)

    def missing(self, platform: Platform, given: Mapping[str, str]) -> tuple[str, ...]:
        """The parameters of this platform's checks that were not given and have no default."""
        return tuple(
            name
            for name in self._used(platform)
            if name not in given and self.parameters[name].default is None
        )

    def values(self, platform: Platform, given: Mapping[str, str]) -> dict[str, str]:
        """What its parameters stand for: what was given, else their defaults, of those that this
        platform's checks use. Raises `RunbookError` where one is unknown or missing."""
        if unknown := sorted(set(given) - set(self.parameters)):
            known = ", ".join(self.parameters) or "none"
            raise RunbookError(
                f"Runbook {self.name} has no parameter {', '.join(unknown)} (it has: {known})."
            )
        if missing := self.missing(platform, given):
            asked = "; ".join(f"{name} ({self.parameters[name].ask})" for name in missing)
            raise RunbookError(
                f"Runbook {self.name} needs a value for {asked}. Give it as {missing[0]}=VALUE."
            )
        defaults = {n: p.default for n, p in self.parameters.items() if p.default is not None}
        return {name: {**defaults, **given}[name] for name in self._used(platform)}

    def filled(self, platform: Platform, given: Mapping[str, str]) -> tuple[FilledCheck, ...]:
        """Its checks for an endpoint, each once, with values for its parameters. Raises
        `RunbookError` where a value or the platform does not fit."""
        checks = self.checks_for(platform)
        if not checks:
            raise RunbookError(
                f"Runbook {self.name} is for {', '.join(self.platforms)}, and the endpoint is "
                f"{platform}. Load it on another endpoint, or load another runbook."
            )
        values = self.values(platform, given)
        filled = [self._fill(check, values, platform) for check in checks]
        return tuple({check.check: check for check in reversed(filled)}.values())[::-1]

    def _used(self, platform: Platform) -> tuple[str, ...]:
        commands = [check.command for check in self.checks_for(platform)]
        return tuple(dict.fromkeys(name for c in commands for name in placeholders(c)))

    def _fill(
        self, check: RunbookCheck, values: Mapping[str, str], platform: Platform
    ) -> FilledCheck:
        words: dict[str, str] = {}
        for name in placeholders(check.command):
            try:
                words[name] = quoted(values[name], platform)
            except ValueError as error:
                raise RunbookError(
                    f"Runbook {self.name} cannot use {values[name]!r} as {name}: {error}."
                ) from None
        # In one pass: a value may itself look like a placeholder.
        command = PLACEHOLDER.sub(lambda found: words[found[1]], check.command)
        if effect_of(command, platform) != "reads":
            # Quoted or not, a value may mean something to the program that gets it.
            raise RunbookError(
                f"With these values `{command}` may change something, so it is no check. Give "
                f"plain values for {', '.join(placeholders(check.command))}."
            )
        return FilledCheck(command, canonical(command, platform), check.expect, check.why)


def category_key(category: str) -> str:
    """Categories are compared so: ticket systems write them `Printer`, people `printer`."""
    return " ".join(category.casefold().split())


def placeholders(command: str) -> tuple[str, ...]:
    """The names of the parameters in a command, each once."""
    return tuple(dict.fromkeys(PLACEHOLDER.findall(command)))


def digest_of(text: str) -> str:
    """What a history keeps of a runbook's text to know it again: SHA-256, in hexadecimal. Line ends
    do not matter."""
    return sha256(text.replace("\r\n", "\n").encode()).hexdigest()
