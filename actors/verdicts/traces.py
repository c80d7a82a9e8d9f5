"""Traces of a route: whether the last hop shown is the target.

Guarantee: a trace that names its target never counts as good before it has reached it; it may have
been cut short.
"""

import re

from msgspec.structs import replace

from stillfixed.actors.verdicts.cells import Fact

LAST_HOP = "last hop"
"""The name under which `[[answer]]` entries speak of the last line of a trace."""

_ADDRESS = r"(\d+\.\d+\.\d+\.\d+|[0-9a-f]*:[0-9a-f:]*:[0-9a-f.:]*)"
_TO = re.compile(
    r"^(?:traceroute|tracing|routenverfolgung|détermination de l.itinéraire|traza|bezig met|traccia"
    rf"|trace).*?(?:[\[(]{_ADDRESS}[\])]|\s{_ADDRESS}(?=[\s,]|$))",
    re.I | re.M,
)


def arrived(fact: Fact, text: str) -> Fact:
    """The fact as it is; a good last hop that is not the target of the trace says nothing."""
    if fact.field != LAST_HOP or fact.health != "healthy" or not (to := _TO.search(text)):
        return fact
    target = to.group(1) or to.group(2)
    there = re.search(rf"(?<![\w.:]){re.escape(target)}(?![\w.:]*\w)", fact.value)
    return fact if there else replace(fact, health="unclear")
