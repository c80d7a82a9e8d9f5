"""Readings as tests like to look at them."""

from stillfixed.actors.verdicts.cells import Reading


def values(reading: Reading | None) -> dict[tuple[str, str], str]:
    """(item, field) -> value; a later value of the same field wins."""
    assert reading is not None
    return {(cell.item, cell.field): cell.value for cell in reading.cells}


def line_of(reading: Reading | None, item: str, field: str) -> int | None:
    assert reading is not None
    return next(c.line for c in reading.cells if (c.item, c.field) == (item, field))
