"""Things that get a new name when they are replaced: the pods of a deployment.

Guarantee: symmetric. Only names that stand in one run and not in the other are paired, and only
where both runs have as many of them.
"""

import re
from collections.abc import Iterable

from msgspec.structs import replace

from stillfixed.actors.verdicts.health import Shown

_CLUSTER = re.compile(r"\b(kubectl|oc|k3s|k9s|microk8s|crictl)\b")
_GENERATED = re.compile(
    r"^(?P<stem>[a-z][a-z0-9.-]*?)"
    r"(?:-(?=[a-z]*\d)[a-z0-9]{8,10}-[a-z0-9]{5}|-[bcdfghjklmnpqrstvwxz]*\d[bcdfghjklmnpqrstvwxz\d]*"
    r"(?<=-[a-z0-9]{5}))$"
)
"""`web` of web-5c6d8f7b9-fghij (a deployment) and of web-4x7kq (a set that runs on every node)."""


def with_names_of(command: str, first: Shown, second: Shown) -> Shown:
    """The second run with the names of the first for what came in the place of something."""
    if not _CLUSTER.search(command):
        return second
    left, right = _items(first), _items(second)
    gone, come = _by_stem(left - right, first), _by_stem(right - left, second)
    names: dict[str, str] = {}
    for stem, olds in gone.items():
        news = come.get(stem, [])
        if len(olds) == len(news):
            names.update(zip(news, olds, strict=True))
    return _renamed(second, names) if names else second


def _items(shown: Shown) -> set[str]:
    return {item for item, _ in (*shown.facts, *shown.cells)}


def _by_stem(items: Iterable[str], shown: Shown) -> dict[str, list[str]]:
    """Names that were generated, by what they were made from; those with a fault come first."""
    faulty = {fact.item for fact in shown.faults}
    found: dict[str, list[str]] = {}
    for item in sorted(items, key=lambda name: (name not in faulty, name)):
        if made := _GENERATED.match(item):
            found.setdefault(made["stem"], []).append(item)
    return found


def _renamed(shown: Shown, names: dict[str, str]) -> Shown:
    def name(item: str) -> str:
        return names.get(item, item)

    cells = tuple(replace(cell, item=name(cell.item)) for cell in shown.reading.cells)
    return replace(
        shown,
        facts={(name(i), f): replace(fact, item=name(i)) for (i, f), fact in shown.facts.items()},
        cells={(name(i), f): replace(cell, item=name(i)) for (i, f), cell in shown.cells.items()},
        reading=replace(shown.reading, cells=cells),
    )
