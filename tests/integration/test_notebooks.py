"""The notebooks run from top to bottom on a log with sessions and tickets, and draw charts."""

import asyncio
import os
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from stillfixed.actors.log.sqlite import SqliteLog
from stillfixed.projections import notebooks
from stillfixed.projections.adoption import adoption_report
from stillfixed.projections.frames import adoption_frames
from stillfixed.projections.reading import Views
from tests.support import made
from tests.support.msp import msp_history, tell
from tests.support.views import made as made_views

pytestmark = pytest.mark.timeout(300)
CHARTS = {"callbacks": 4, "adoption": 3}
SHIPPED = sorted(Path(notebooks.__path__[0]).glob("*.ipynb"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder: two hundred sessions, and the year of tickets of six teams before."""
    folder = tmp_path_factory.mktemp("desk")
    history = msp_history(np.random.default_rng(4), -0.1, teams=6, weekly=4)

    async def prepare() -> None:
        log = await SqliteLog.open(folder / "log.db")
        await tell(log, history)
        await made.write(log, 200)
        (await made_views(log, folder / "views")).close()
        await log.close()

    asyncio.run(prepare())
    return folder


def test_every_notebook_is_known_here() -> None:
    """A notebook that nobody executes would rot."""
    assert {path.stem for path in SHIPPED} == set(CHARTS)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_notebook_runs_and_draws(
    path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No cell fails, every chart is a picture, and the page for the standup shows them."""
    notebook = nbformat.read(path, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "outputs are not committed"
    monkeypatch.setenv("STILLFIXED_DATA", str(folder))
    monkeypatch.setenv("STILLFIXED_CHARTS", "png")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    NotebookClient(notebook, timeout=100, kernel_name="python3").execute()
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", ())]
    assert not [out for out in outputs if out.output_type == "error"]
    pictures = [out for out in outputs if "image/png" in out.get("data", {})]
    assert len(pictures) == CHARTS[path.stem]
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert all(out.data["image/png"].strip()[:200] in page for out in pictures)


def test_the_adoption_notebook_says_what_the_report_says(folder: Path) -> None:
    """From tickets and policies in the log to a comparison between teams."""
    with Views(folder / "views") as views:
        report = adoption_report(*adoption_frames(views))
    adopted = {one.team: one.adopted_on for one in report.teams}
    assert sum(date is not None for date in adopted.values()) >= 2
    assert report.effect is not None
    assert report.effect.change < 0
