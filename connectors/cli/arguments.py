"""Arguments that several verbs and the shell share, and how they are read. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, NamedTuple, get_args

import typer

from stillfixed.actors.verdicts.model import Platform
from stillfixed.connectors.cli.terminal import UsageError
from stillfixed.connectors.cli.text import parse_moment, parse_span

SessionId = Annotated[
    str, typer.Argument(metavar="SESSION", help="The session's id, as in s-1a2b.")
]
Command = Annotated[str, typer.Argument(metavar="COMMAND", help="The command, in quotes.")]
Text = Annotated[str, typer.Argument(metavar="TEXT", help="What to say, in quotes.")]
OnEndpoint = Annotated[
    str,
    typer.Option(
        "--endpoint", "-e", metavar="NAME", help="Which endpoint; not needed where there is one."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
Full = Annotated[bool, typer.Option("--full", help="Fold nothing and shorten nothing.")]


class Address(NamedTuple):
    """An endpoint as it was typed."""

    name: str
    address: str
    kind: str


def endpoint_address(typed: str, name: str = "", kind: str = "") -> Address:
    """`user@host:port`, an alias of the ssh config, or `local` for this machine. Without a name the
    endpoint is called after its host."""
    if kind == "local" or (typed == "local" and not kind):
        return Address(name or "local", "", "local")
    host = typed.rpartition("@")[2]
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    if not host:
        raise UsageError(f"{typed!r} names no host. Write user@host:port, an ssh alias, or local.")
    return Address(name or host, typed, kind or "ssh")


class Times(NamedTuple):
    """When a monitor runs, as `AsyncSession.monitor` takes it."""

    at: datetime | None
    every: timedelta | None
    until: datetime | None


def monitor_times(
    *,
    at: str = "",
    every: str = "",
    until: str = "",
    lasting: str = "",
    now: datetime | None = None,
) -> Times:
    """Raises `UsageError` where the times make no sense."""
    now = now or datetime.now(UTC)
    try:
        first = parse_moment(at, now) if at else None
        period = parse_span(every) if every else None
        last = parse_moment(until, now) if until else None
        if lasting:
            if last is not None:
                raise UsageError("Say until when, or for how long: one of the two.")
            last = (first or now) + parse_span(lasting)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if period is None and last is not None:
        raise UsageError("Say how often, too: a monitor runs once, or every so often until a time.")
    if period is not None and last is None:
        raise UsageError("Say until when, or for how long: a monitor does not run for ever.")
    if period is None and first is None:
        raise UsageError("Say when: once at a time, or every so often until a time.")
    return Times(first, period, last)


def platform(typed: str) -> Platform:
    for known in get_args(Platform):
        if known == typed:
            return known  # type: ignore[no-any-return]
    raise UsageError(f"{typed} is no platform. There are: {', '.join(get_args(Platform))}.")


def options(given: list[str]) -> dict[str, str]:
    """`key=value` pairs of a connector's own options."""
    pairs = [pair.partition("=") for pair in given]
    for key, equals, _ in pairs:
        if not (key and equals):
            raise UsageError(f"{key!r} is no option of an endpoint. Write it as key=value.")
    return {key: value for key, _, value in pairs}
