"""The judge answers the same wherever it runs: no clock, no locale, no time zone, no hash seed."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import locale
from contextlib import suppress
from stillfixed.actors.verdicts import judge
from tests.support.cases import verdict_cases
with suppress(locale.Error):
    locale.setlocale(locale.LC_ALL, "")
for case in verdict_cases()[::7]:
    found = judge(case.command, case.before, case.after, expect=case.expect, platform=case.platform)
    print(case.id, found.verdict, found.reasons)
"""


def answers(**environment: str) -> str:
    path = os.pathsep.join(["src", ".", os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1", **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    ).stdout


@pytest.mark.parametrize(
    "environment",
    [
        {"TZ": "Pacific/Kiritimati", "LC_ALL": "de_DE.UTF-8", "PYTHONHASHSEED": "1"},
        {"TZ": "America/Adak", "LC_ALL": "C", "PYTHONHASHSEED": "4711"},
    ],
    ids=["far east, German", "far west, C"],
)
def test_place_and_time_do_not_matter(environment: dict[str, str]) -> None:
    """Verdicts and reasons are the same in every locale, time zone and order of sets."""
    assert answers(**environment) == answers(TZ="UTC", LC_ALL="C.UTF-8", PYTHONHASHSEED="0")
