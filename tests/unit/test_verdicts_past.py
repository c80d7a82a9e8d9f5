"""Tables of what happened: of each job or update the newest row counts."""

import pytest

from stillfixed.actors.verdicts import Run, Verdict, judge

OLD = ("Daily   3/2/2026 9:00:00 PM  Success", "Log     3/2/2026 8:00:00 PM  Success")
FAILED = "Daily   3/3/2026 9:00:00 PM  Failed "
GOOD = "Daily   3/4/2026 9:00:00 PM  Success"
BAD = "Log     3/4/2026 8:00:00 PM  Failed "


def sessions(*rows: str) -> Run:
    heading = "\nJobName CreationTime         Result \n------- ------------         ------ \n"
    return Run(heading + "".join(f"{row}\n" for row in rows) + "\n\n")


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ((FAILED, *OLD), (GOOD, FAILED, *OLD), "fixed"),
        ((FAILED, *OLD), (*reversed(OLD), FAILED, GOOD), "fixed"),
        ((FAILED, *OLD), (FAILED, *OLD), "still_failing"),
        ((FAILED, *OLD), (GOOD, BAD, FAILED, *OLD), "regressed"),
        (OLD, (FAILED, *OLD), "regressed"),
        (OLD, (GOOD, *OLD), "healthy"),
        ((FAILED, *OLD), OLD[1:], "inconclusive"),
    ],
)
def test_the_newest_row_of_a_job_counts(
    before: tuple[str, ...], after: tuple[str, ...], verdict: Verdict
) -> None:
    """A failed run of a job is history once a later one is listed, in whatever order."""
    found = judge("Get-VBRSession", sessions(*before), sessions(*after), platform="powershell")
    assert found.verdict == verdict, found.reasons
