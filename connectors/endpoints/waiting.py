"""Connectors, endpoints: a `before_send` that will not be awaited."""

from collections.abc import Awaitable
from inspect import iscoroutine


def discard(before_send: Awaitable[None]) -> None:
    """Close a coroutine whose moment never comes, as Python warns of one that is forgotten."""
    if iscoroutine(before_send):
        before_send.close()
