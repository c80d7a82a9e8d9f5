"""Not the same run twice: break the code that pairs the runs, and the suite must turn red.

A tool that compares a run with itself always passes. Each mutant is the project with one line
changed, in a folder of its own, and the tests of pairing are run against it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
SUITE = ["tests/unit/test_session_checks.py", "tests/unit/test_pairing.py"]


class Mutant(NamedTuple):
    """One line of one file, and what it becomes."""

    what: str
    file: str
    line: str
    becomes: str


MUTANTS = [
    Mutant(
        "the verification beside itself",
        "actors/session/checks.py",
        "first, second = judged_run(before, outputs), judged_run(after, outputs)",
        "first, second = judged_run(after, outputs), judged_run(after, outputs)",
    ),
    Mutant(
        "the baseline beside itself",
        "actors/session/checks.py",
        "first, second = judged_run(before, outputs), judged_run(after, outputs)",
        "first, second = judged_run(before, outputs), judged_run(before, outputs)",
    ),
    Mutant(
        "the runs the other way round",
        "actors/session/checks.py",
        "first, second = judged_run(before, outputs), judged_run(after, outputs)",
        "first, second = judged_run(after, outputs), judged_run(before, outputs)",
    ),
    Mutant(
        "the judge given one run for both",
        "actors/session/checks.py",
        "return judge(after.command, first, second,",
        "return judge(after.command, second, second,",
    ),
    Mutant(
        "both sides shown from one run",
        "actors/session/history.py",
        "before = self.runs[check.baseline.run]",
        "before = self.runs[(check.verification or check.baseline).seen.run"
        " if check.verification else check.baseline.run]",
    ),
]


def _project(folder: Path) -> Path:
    """The project in a folder of its own: what may be changed is copied, the rest is linked."""
    shutil.copytree(
        ROOT / "actors", folder / "actors", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(ROOT / "src", folder / "src", symlinks=True)
    for name in ("connectors", "projections", "tests", "scripts", "pyproject.toml", "README.md"):
        if (ROOT / name).exists():
            (folder / name).symlink_to(ROOT / name)
    return folder


def _run_suite(project: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(project / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *SUITE],
        cwd=project, env=environment, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip


def test_the_suite_is_green_as_it_is(tmp_path: Path) -> None:
    """Without a mutation the tests of pairing pass, in the same folder layout."""
    result = _run_suite(_project(tmp_path))
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.what)
def test_a_wrong_pairing_is_noticed(mutant: Mutant, tmp_path: Path) -> None:
    """Each wrong pairing makes a test fail."""
    project = _project(tmp_path)
    file = project / mutant.file
    source = file.read_text(encoding="utf-8")
    assert mutant.line in source, f"{mutant.file} has changed: mend this mutant."
    file.write_text(source.replace(mutant.line, mutant.becomes), encoding="utf-8")
    result = _run_suite(project)
    assert result.returncode == 1, result.stdout
    assert "AssertionError" in result.stdout
