"""One hierarchy of errors, documented at the head of its module."""

import stillfixed
from stillfixed.actors import errors


def test_every_error_is_in_the_picture_at_the_head_of_the_module() -> None:
    """Who adds an error adds it to the tree that people read."""
    assert errors.__doc__ is not None
    for cls in errors.BY_CODE.values():
        assert cls.__name__ in errors.__doc__


def test_a_code_gives_the_same_class_back() -> None:
    """What a host refuses with arrives as the same class at the caller."""
    for code, cls in errors.BY_CODE.items():
        assert type(errors.from_code(code, "message")) is cls
    assert type(errors.from_code("from_a_newer_host", "message")) is errors.StillfixedError


def test_every_error_a_caller_can_see_is_public() -> None:
    """`except stillfixed.X` works for each; Fenced never leaves the hosts."""
    for cls in errors.BY_CODE.values():
        assert cls is errors.Fenced or getattr(stillfixed, cls.__name__) is cls
