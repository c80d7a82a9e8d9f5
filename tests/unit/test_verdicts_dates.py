"""Dates that pass, held against the day that the same output names."""

import pytest

from stillfixed.actors.verdicts import Run, Verdict, judge


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        # day first or month first: both say that it has passed
        ("Wed 03/04/2026\nPassword expires   2/1/2026", "Wed 03/04/2026\nPassword expires   Never", "fixed"),
        ("Date: 03/04/2026\nNotAfter: 1/2/2026", "Date: 03/04/2026\nNotAfter: 1/2/2027", "fixed"),
        # 3 April or 4 March: the readings differ, so nothing is said
        ("Date: 03/04/2026\nNotAfter: 3/20/2026", "Date: 03/04/2026\nNotAfter: 3/21/2026", "healthy"),
        ("Date: 3/5/2026\nNotAfter: 4/3/2026", "Date: 3/5/2026\nNotAfter: 5/3/2026", "healthy"),
        ("Stand: 04.03.2026\nGültig bis: 01.03.2026", "Stand: 04.03.2026\nGültig bis: 01.03.2027", "fixed"),
        ("Stand: 04.03.2026\nGültig bis: 01.03.2027", "Stand: 05.03.2026\nGültig bis: 01.03.2026", "regressed"),
        # without a day of its own an output says nothing
        ("NotAfter: 2026-01-02", "NotAfter: 2027-01-02", "healthy"),
        # what expires of a web page is only a copy
        ("Date: 2026-03-04\nContent-Type: text/html\nExpires: 1970-01-01", "Date: 2026-03-04\nContent-Type: text/html\nExpires: 1970-01-01", "healthy"),
    ],
)  # fmt: skip
def test_a_date_passes_by_the_day_in_the_output(before: str, after: str, verdict: Verdict) -> None:
    """An expiry is bad once the output's own day is behind it, however the dates are written."""
    found = judge("./report", Run(f"{before}\n"), Run(f"{after}\n"), platform="cmd")
    assert found.verdict == verdict, found.reasons
