"""Two outputs side by side."""

from stillfixed.actors.verdicts import align


def test_changed_lines_stand_beside_each_other() -> None:
    """A line that changed is one row, not a removal and an addition."""
    rows = align("a 1\nb 2\nc 3\n", "a 1\nb 9\nc 3\nd 4\n")
    assert [row.kind for row in rows] == ["same", "changed", "same", "added", "same"]
    assert (rows[1].before, rows[1].after) == ("b 2", "b 9")


def test_large_outputs_keep_both_sides() -> None:
    """Ten thousand lines against ten thousand come back whole."""
    before = "\n".join(f"row {i} {i % 7}" for i in range(10_000))
    after = "\n".join(f"row {i} {i % 5}" for i in range(3, 10_003))
    rows = align(before, after)
    assert "\n".join(row.before for row in rows if row.before is not None) == before
    assert "\n".join(row.after for row in rows if row.after is not None) == after
    assert sum(row.kind == "same" for row in rows) > 1000
