"""Long outputs: judged by what can decide, with the line numbers of the whole output."""

import pytest

from stillfixed.actors.verdicts import Platform, Run, examine, judge
from tests.support.outputs import GOOD, LAYOUTS

LONG = [
    (name, 6_000)
    for name in ("powershell table", "unix table", "powershell list", "bars", "sentences", "ini")
]


def world(count: int, **other: str) -> dict[str, str]:
    items = {f"item{number}": GOOD[number % len(GOOD)] for number in range(count)}
    return {**items, **{name: state for name, state in other.items() if name in items}}


@pytest.mark.parametrize(("layout", "count"), LONG)
def test_one_row_among_thousands(layout: str, count: int) -> None:
    """The one item that changed is found, wherever it stands, and nothing else is made of it."""
    show, platform = LAYOUTS[layout]
    good = Run(show(world(count), 77))
    bad = Run(show(world(count, item4321="Failed"), 77))
    both = Run(show(world(count, item4321="Failed", item99="Offline"), 77))
    cases = [
        (bad, good, "fixed"),
        (good, bad, "regressed"),
        (bad, bad, "still_failing"),
        (both, bad, "still_failing"),
        (bad, Run(show(world(count, item99="Offline"), 77)), "regressed"),
    ]
    for before, after, verdict in cases:
        found = judge("fleetctl list", before, after, platform=platform)
        assert found.verdict == verdict, found.reasons
    change = judge("fleetctl list", bad, good, platform=platform).fields[0]
    assert "item4321" in change.item
    assert change.before_line == change.after_line
    assert change.before_line
    assert "Failed" in bad.stdout.split("\n")[change.before_line - 1] or layout == "sentences"


def test_more_than_is_read_is_never_fixed() -> None:
    """Where even the lines that differ are too many, the judge says so, and not `fixed`."""
    show, platform = LAYOUTS["unix table"]
    states = {f"item{number}": "Failed" for number in range(6_000)}
    before, after = Run(show(states, 1)), Run(show(dict.fromkeys(states, "OK"), 1))
    found = judge("fleetctl list", before, after, platform=platform)
    assert found.verdict == "inconclusive"
    assert "narrow the check" in found.reasons[0]


def test_one_long_run_alone() -> None:
    """What one long run shows is found, too."""
    show, platform = LAYOUTS["unix table"]
    bad = Run(show(world(6_000, item4321="Failed"), 77))
    assert examine("fleetctl list", bad, platform=platform).health == "fault"
    assert examine("fleetctl list", Run("x" * 900_000), platform=platform).health == "unclear"


@pytest.mark.parametrize("platform", ["posix", "powershell", "cmd", "network"])
def test_what_was_cut_from_a_long_line_is_never_called_fixed(platform: Platform) -> None:
    """The fault that has gone from the beginning of a line may stand at its end now."""
    before, after = "web1 failed, " + "web2 ok, " * 2_000, "web2 ok, " * 2_000 + "web1 failed"
    for first, second in ((Run(before), Run(after)), (Run("ok", before), Run("ok", after))):
        assert judge("fleetctl list", first, second, platform=platform).verdict == "inconclusive"


def test_an_expectation_goes_by_the_whole_of_a_long_output() -> None:
    """Also where only some of its lines are read for anything else."""
    show, platform = LAYOUTS["unix table"]
    good, bad = Run(show(world(6_000), 77)), Run(show(world(6_000, item3000="Failed"), 77))
    for expect in ("stdout not contains Failed", "STATUS != Failed"):
        found = judge("fleetctl list", bad, good, expect=expect, platform=platform)
        assert found.verdict == "fixed", found.reasons
        back = judge("fleetctl list", bad, bad, expect=expect, platform=platform)
        assert back.verdict == "still_failing"
