"""What tools print when a thing is good, bad, or not told (tools/*.toml): every pair is judged."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from stillfixed.actors.verdicts import Platform, Run, Verdict, judge

FOLDER = Path(__file__).parent / "tools"
WANTED: dict[tuple[str, str], Verdict] = {
    ("good", "good"): "healthy", ("good", "bad"): "regressed",
    ("bad", "good"): "fixed", ("bad", "bad"): "still_failing",
}  # fmt: skip


def entries() -> list[Any]:
    return [
        pytest.param(entry, id=f"{path.stem}: {entry['command'][:60]}")
        for path in sorted(FOLDER.glob("*.toml"))
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["tool"]
    ]


def run_of(told: str | dict[str, Any]) -> Run:
    if isinstance(told, str):
        return Run(told)
    status = told.get("exit", 0)
    return Run(told.get("out", ""), told.get("err", ""), None if status == "cut" else status)


@pytest.mark.parametrize("entry", entries())
def test_every_pair_of_outputs(entry: dict[str, Any]) -> None:
    """Bad to good is fixed, good to bad regressed, and what told nothing decides nothing."""
    platform: Platform = entry.get("platform", "powershell")
    runs = [
        (kind, run_of(told)) for kind in ("good", "bad", "none") for told in entry.get(kind, [])
    ]
    for kind, before in runs:
        for other, after in runs:
            if kind == other == "none":
                continue
            found = judge(
                entry["command"], before, after, expect=entry.get("expect"), platform=platform
            )
            wanted = WANTED.get((kind, other), "inconclusive")
            assert found.verdict == wanted, (before, after, found.reasons)
