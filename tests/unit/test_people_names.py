"""Names: one person each, whatever capitals, alphabets and accents are typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillfixed.actors.errors import RequestRefused
from stillfixed.connectors.web.people.naming import clean_name, folded, skeleton


@pytest.mark.parametrize(
    "alike",
    [
        ("ana", "\u0430n\u0430"),  # Cyrillic
        ("Bob", "\u0412ob"),
        ("carla", "car1a"),
        ("Ian", "lan"),
        ("mia", "rnia"),
        ("Tom O'Neil", "tom O\u2019Neil"),
        ("b.ob", "bob"),
        ("BOB", "B0B"),
        ("jose\u0301", "jos\u00e9"),
        ("\uff41na", "ana"),  # full width
    ],
)
def test_names_that_look_alike_have_one_skeleton(alike: tuple[str, str]) -> None:
    """To the eye they are one person."""
    assert skeleton(alike[0]) == skeleton(alike[1])


@pytest.mark.parametrize(
    "apart", [("ana", "anna"), ("José", "Jose"), ("李明", "李月"), ("ana", "eva")]
)
def test_different_names_stay_apart(apart: tuple[str, str]) -> None:
    """Nobody is refused for a name that reads otherwise."""
    assert skeleton(apart[0]) != skeleton(apart[1])


@given(st.text(st.characters(categories=("L", "N")), min_size=1, max_size=20))
def test_capitals_never_make_another_name(name: str) -> None:
    """Whatever the alphabet."""
    assert folded(name.casefold()) == folded(name)
    assert folded(folded(name)) == folded(name)


@pytest.mark.parametrize(
    "name", ["", " ", "a\u202eb", "a\u200bb", "a\x1b[31m", "a\x00", "--", "x" * 65, "<b>"]
)
def test_a_name_that_cannot_be_read_aloud_is_refused(name: str) -> None:
    """Controls, invisible characters and markup have no place in a history's "by"."""
    with pytest.raises(RequestRefused):
        clean_name(name)


def test_a_name_is_stored_composed_and_without_spare_spaces() -> None:
    """So that equal names are equal text."""
    assert clean_name("  Jose\u0301   de la  Cruz ") == "Jos\u00e9 de la Cruz"
