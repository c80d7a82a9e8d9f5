"""The verb `report adoption`: from the views, and from files."""

import asyncio
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
from typer.testing import CliRunner

from stillfixed.actors.log.sqlite import SqliteLog
from stillfixed.connectors.cli.app import app
from stillfixed.projections.adoption import AdoptionDataError, AdoptionReport
from stillfixed.projections.adoption import source as files
from tests.support import made
from tests.support.msp import msp_history
from tests.support.views import made as made_views


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    folder = tmp_path_factory.mktemp("report")
    history = msp_history(np.random.default_rng(3), -0.11, teams=9, weekly=60)
    history.closures.to_parquet(folder / "closures.parquet")
    history.adoption.to_csv(folder / "adopted.csv", index=False)
    return (
        *("report", "adoption", "--from", str(folder / "closures.parquet")),
        *("--adopted", str(folder / "adopted.csv")),
    )


def test_the_verb_prints_the_sentence_first(given: tuple[str, ...]) -> None:
    """Then the teams, the comparison and the curves, with what was counted and until when."""
    result = CliRunner().invoke(app, [*given, "--as-of", "2026-01-05"])
    assert result.exit_code == 0, result.output
    said = " ".join(result.stdout.split())
    assert said.startswith("Callbacks within 14 days fell from ")
    assert "95 % interval of the change: -" in said
    for part in ("team 00", "the base", "Kaplan-Meier", "explicit callbacks", "too young to count"):
        assert part in said


def test_the_verb_gives_json_that_reads_back(given: tuple[str, ...]) -> None:
    """For scripts: the whole report, another window."""
    result = CliRunner().invoke(app, [*given, "--window", "30", "--json"])
    report = msgspec.json.decode(result.stdout, type=AdoptionReport)
    assert (report.definition.window_days, report.answer) == (30, "fell")


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        (("--window", "9"), 1, "window of 9 days is not kept"),
        (("--as-of", "soon"), 2, "'soon' is no time"),
    ],
)
def test_the_verb_says_what_is_wrong(
    given: tuple[str, ...], more: tuple[str, ...], status: int, said: str
) -> None:
    """One line, and an exit status."""
    result = CliRunner().invoke(app, [*given, *more])
    assert result.exit_code == status
    assert said in " ".join(result.stderr.split())


def test_a_file_needs_dates_and_has_to_be_a_table(tmp_path: Path) -> None:
    """Without --adopted nobody knows who adopted when; a broken file is named."""
    broken = tmp_path / "closures.parquet"
    broken.write_bytes(b"PAR1 no more")
    result = CliRunner().invoke(app, ["report", "adoption", "--from", str(broken)])
    assert result.exit_code == 2
    assert "--adopted" in result.stderr
    with pytest.raises(AdoptionDataError, match=r"closures\.parquet cannot be read"):
        files.read_frame(broken, "closed_at")


def test_the_verb_reads_the_views(tmp_path: Path) -> None:
    """Sessions in a log, views published: no policy, so nobody adopted, and it says so."""

    async def prepare() -> None:
        log = await SqliteLog.open(tmp_path / "log.db")
        await made.write(log, 60)
        (await made_views(log, tmp_path / "views")).close()
        await log.close()

    asyncio.run(prepare())
    result = CliRunner().invoke(app, ["report", "adoption", "--data", str(tmp_path), "--json"])
    report = msgspec.json.decode(result.stdout, type=AdoptionReport)
    assert report.answer == "no_data"
    assert {one.team for one in report.teams} <= set(made.TEAMS)


def test_without_the_extra_the_verb_says_what_to_install(
    given: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Statistics are an extra: who has not got it is told its name."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    monkeypatch.delitem(sys.modules, "stillfixed.projections.adoption", raising=False)
    for name in [one for one in sys.modules if one.startswith("stillfixed.projections.adoption.")]:
        monkeypatch.delitem(sys.modules, name)
    result = CliRunner().invoke(app, list(given))
    assert result.exit_code == 2
    assert "stillfixed[analytics]" in " ".join(result.stderr.split())
