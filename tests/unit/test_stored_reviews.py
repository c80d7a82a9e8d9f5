"""Old remarks stay readable. A file under `histories/reviews` is never changed."""

from pathlib import Path

import msgspec
import pytest

from stillfixed.actors import reviews

FILES = sorted((Path(__file__).parent / "histories" / "reviews").glob("*.jsonl"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_stored_remark_is_read_and_written_alike(path: Path) -> None:
    """Reading loses nothing: every field that is stored comes back."""
    for line in path.read_bytes().splitlines():
        again = reviews.encode(reviews.decode(line))
        assert msgspec.json.decode(line) == msgspec.json.decode(again)


def test_a_stored_remark_means_what_it_meant() -> None:
    """With a session and without one."""
    first, second = map(reviews.decode, FILES[0].read_bytes().splitlines())
    assert (first.by, first.ticket, first.session) == ("dora", "T-1042", "s-4f2a")
    assert first.closed_at.isoformat() == "2026-11-02T09:14:31.250000+00:00"
    assert (second.team, second.session) == ("field", "")
