"""Dates that pass, held against the day that the same output names."""

import pytest

from stillfixed.actors.verdicts import Run, Verdict, judge

CASES: list[tuple[str, str, str, Verdict]] = [
    # day first or month first: both say that it has passed
    ("Wed 03/04/2026", "Password expires   2/1/2026", "Password expires   Never", "fixed"),
    ("Date: 03/04/2026", "NotAfter: 1/2/2026", "NotAfter: 1/2/2027", "fixed"),
    # 3 April or 4 March: the readings differ, so nothing is said
    ("Date: 03/04/2026", "NotAfter: 3/20/2026", "NotAfter: 3/21/2026", "healthy"),
    ("Date: 3/5/2026", "NotAfter: 4/3/2026", "NotAfter: 5/3/2026", "healthy"),
    ("Stand: 04.03.2026", "Gültig bis: 01.03.2026", "Gültig bis: 01.03.2027", "fixed"),
    ("Stand: 04.03.2026", "Gültig bis: 01.03.2027", "Gültig bis: 01.03.2026", "regressed"),
    ("Monday, March 4, 2026 8:12:40 AM", "NotAfter: 2/28/2026", "NotAfter: 2/28/2027", "fixed"),
    ("Mittwoch, 4. März 2026 08:12:40", "NotAfter: 28.02.2026", "NotAfter: 28.02.2027", "fixed"),
    ("mercredi 4 mars 2026 08:12:40", "NotAfter: 28/02/2026", "NotAfter: 28/02/2027", "fixed"),
    ("miércoles, 4 de marzo de 2026", "NotAfter: 28/02/2026", "NotAfter: 28/02/2027", "fixed"),
    # without a day of its own an output says nothing
    ("Report", "NotAfter: 2026-01-02", "NotAfter: 2027-01-02", "healthy"),
    # what expires of a web page is only a copy
    (
        "Date: 2026-03-04\nContent-Type: text/html",
        "Expires: 1970-01-01",
        "Expires: 1970-01-01",
        "healthy",
    ),
]


@pytest.mark.parametrize(("today", "before", "after", "verdict"), CASES)
def test_a_date_passes_by_the_day_in_the_output(
    today: str, before: str, after: str, verdict: Verdict
) -> None:
    """An expiry is bad once the output's own day is behind it, however the dates are written."""
    runs = Run(f"{today}\n{before}\n"), Run(f"{today}\n{after}\n")
    found = judge("./report", *runs, platform="cmd")
    assert found.verdict == verdict, found.reasons
