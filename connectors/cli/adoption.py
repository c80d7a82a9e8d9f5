"""The verb `stillfixed report adoption`: whether it worked, in words a reviewer accepts."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from stillfixed.connectors.cli import arguments as a
from stillfixed.connectors.cli.hosting import Common, verb
from stillfixed.connectors.cli.terminal import UsageError, out, waiting
from stillfixed.projections import views as open_views

if TYPE_CHECKING:
    from stillfixed.projections.adoption import AdoptionReport

Source = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="FILE",
        help="Closures from this Parquet or CSV file instead of the views.",
    ),
]
Adopted = Annotated[
    Path | None,
    typer.Option(
        "--adopted",
        metavar="FILE",
        help="Teams and the days they adopted (team, adopted_on; CSV or Parquet)."
        " By default since a policy first warned or enforced.",
    ),
]


def add_to(report: typer.Typer, *, panel: str) -> None:
    verb(report, "adoption", panel=panel, reads=True)(adoption)


async def adoption(
    on: Common,
    source: Source = None,
    adopted: Adopted = None,
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="TIME", help="Complete until then, UTC.")
    ] = "",
    window: Annotated[
        int, typer.Option("--window", metavar="DAYS", help="7, 14 or 30 days for a callback.")
    ] = 14,
    suspected: Annotated[
        bool, typer.Option("--suspected", help="Count suspected callbacks too.")
    ] = False,
    as_json: a.AsJson = False,
) -> None:
    """Did adopting stillfixed lower callbacks? Says so where the data cannot tell."""
    if source is not None and adopted is None:
        raise UsageError("Say with --adopted which team adopted when: a file knows no policies.")
    until = _moment(as_of)
    async with waiting("Computing …"):
        with _analytics():
            report = await asyncio.to_thread(
                _adoption, on, source, adopted, until, window, suspected
            )
    if as_json:
        print(msgspec.json.encode(report).decode())
        return
    from stillfixed.connectors.cli.adoption_view import whole

    out().print(whole(report))


@contextmanager
def _analytics() -> Iterator[None]:
    """Statistics are an extra that most machines do not need."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise UsageError(
            f"This report needs {error.name}: pip install 'stillfixed[analytics]' brings it."
        ) from None


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError(f"{text!r} is no time. Write 2026-11-24 or 2026-11-24T18:30.") from None


def _adoption(
    on: Common,
    source: Path | None,
    adopted: Path | None,
    until: datetime | None,
    window: int,
    suspected: bool,
) -> "AdoptionReport":
    # Here, because statistics take a second to import and other verbs do not need them.
    from stillfixed.projections.adoption import adoption_report
    from stillfixed.projections.adoption import source as files
    from stillfixed.projections.adoption.closures import EXPLICIT
    from stillfixed.projections.frames import adoption_frames

    dates = files.read_frame(adopted, "adopted_on") if adopted else None
    if source:
        closures = files.read_frame(source, "closed_at", "callback_at")
        assert dates is not None  # asked for above
        end = files.newest(closures)
    else:
        with open_views(on.settings()) as views:
            closures, from_policies, end = adoption_frames(views)
        dates = from_policies if dates is None else dates
    return adoption_report(
        closures,
        dates,
        files.as_utc(until or end),
        window,
        counted=(*EXPLICIT, "suspected") if suspected else EXPLICIT,
    )
