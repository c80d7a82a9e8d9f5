"""The bench's pure part: ratios, verdicts on targets, and the table that is printed."""

import pytest

from scripts.bench_suite.table import Figure, Target, render


def figure(ours: float | None, peer: float | None, *targets: Target) -> Figure:
    return Figure(
        row="run", what="a run", unit="ms", ours=ours, peer=peer, peer_name="x 1", targets=targets
    )


@pytest.mark.parametrize(
    ("side", "bound", "value", "met"),
    [
        ("at most", 1.5, 1.5, True),
        ("at most", 1.5, 1.51, False),
        ("at least", 0.5, 0.5, True),
        ("at least", 0.5, 0.49, False),
        ("below", 1.0, 0.99, True),
        ("below", 1.0, 1.0, False),
    ],
)
def test_a_bound_counts_as_met_except_for_below(
    side: str, bound: float, value: float, met: bool
) -> None:
    """A figure that stands exactly on its bound has met it, unless it must be below."""
    target = Target("ours", side, bound)  # type: ignore[arg-type]

    assert target.met_by(value) is met


def test_the_ratio_is_ours_over_the_peers() -> None:
    """The ratio divides our figure by the peer's, and is unknown if either is."""
    assert figure(6.0, 4.0).ratio == 1.5
    assert figure(6.0, None).ratio is None
    assert figure(None, 4.0).ratio is None
    assert figure(6.0, 0.0).ratio is None


def test_every_target_must_be_met() -> None:
    """A figure that meets one target and misses another has missed."""
    beside = Target("ratio", "below", 1)
    absolute = Target("ours", "at most", 20)

    assert figure(10.0, 30.0, beside, absolute).verdict == "met"
    assert figure(25.0, 30.0, beside, absolute).verdict == "missed"
    assert figure(10.0, 5.0, beside, absolute).verdict == "missed"


def test_without_the_peer_only_a_miss_can_be_told() -> None:
    """Without a peer a ratio is not measured, but a missed absolute target is still a miss."""
    beside = Target("ratio", "below", 1)
    absolute = Target("ours", "at most", 20)

    assert figure(10.0, None, beside, absolute).verdict == "not measured"
    assert figure(25.0, None, beside, absolute).verdict == "missed"
    assert figure(10.0, None, absolute).verdict == "met"


def test_the_table_shows_each_figure_on_one_line() -> None:
    """A line has the figures with their unit, the peer's version, the ratio, target and verdict."""
    shown = render([figure(6.0, 4.0, Target("ratio", "at most", 1.5))]).splitlines()

    assert shown[0].split() == ["what", "ours", "peer", "ratio", "target"]
    assert shown[2].split("  ")[0] == "a run"
    for part in ("6.00 ms", "4.00 ms (x 1)", "1.50 x", "at most 1.5 x", "met"):
        assert part in shown[2]


def test_what_is_missing_is_said_with_its_reason() -> None:
    """A peer that cannot be had leaves dashes in the table and its reason below it."""
    lacking = Figure(row="r", what="a row", unit="ms", ours=2345.6, missing="there is no npm")

    shown = render([lacking]).splitlines()

    assert shown[2].split() == ["a", "row", "2,346", "ms", "-", "-", "-"]
    assert shown[-1] == "a row: not measured: there is no npm"
