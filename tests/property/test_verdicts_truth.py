"""The judge against outputs whose truth is known, in every layout, and what must never matter."""

import random
import re

from hypothesis import given
from hypothesis import strategies as st

from stillfixed.actors.verdicts import Platform, Run, Verdict, judge
from tests.support.outputs import BAD, GOOD, ITEMS, LAYOUTS, Layout, World, truth

layouts = st.sampled_from(list(LAYOUTS.values()))
items = st.lists(st.sampled_from(ITEMS), min_size=2, max_size=6, unique=True)
volatile = st.integers(100, 99_999)
MISSING = "missing"
COMMANDS: dict[Platform, str] = {
    "posix": "fleetctl list",
    "cmd": "fleet list",
    "powershell": "Get-Fleet",
    "network": "show fleet",
}


@st.composite
def worlds(draw: st.DrawFn, may_miss: bool = False) -> tuple[World, World]:
    """The same items before and after; with `may_miss`, some are not in the second."""
    names = draw(items)
    before = {name: draw(st.sampled_from(GOOD + BAD)) for name in names}
    states = GOOD + BAD + ((MISSING,) if may_miss else ())
    after = {name: draw(st.sampled_from(states)) for name in names}
    kept = {name: state for name, state in after.items() if state != MISSING}
    return before, kept or dict.fromkeys(names, GOOD[0])


def verdict(platform: Platform, before: str, after: str) -> Verdict:
    command = COMMANDS[platform]
    return judge(command, Run(before), Run(after), platform=platform).verdict


@given(layouts, worlds(), volatile, volatile)
def test_the_truth_is_seen(
    layout: tuple[Layout, Platform], pair: tuple[World, World], one: int, two: int
) -> None:
    """Whatever the layout, each item is judged, the worst decides, and moving values do not."""
    show, platform = layout
    before, after = pair
    assert verdict(platform, show(before, one), show(after, two)) == truth(before, after)


@given(layouts, worlds(), volatile, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    layout: tuple[Layout, Platform], pair: tuple[World, World], one: int, chance: random.Random
) -> None:
    """The same rows in another order are the same output."""
    show, platform = layout
    before, after = pair
    names = list(after)
    chance.shuffle(names)
    shuffled = {name: after[name] for name in names}
    assert verdict(platform, show(before, one), show(shuffled, one)) == truth(before, after)


@given(layouts, worlds(), volatile)
def test_another_healthy_row_does_not_matter(
    layout: tuple[Layout, Platform], pair: tuple[World, World], one: int
) -> None:
    """A row that is healthy on both sides never changes the verdict."""
    show, platform = layout
    more = {"printer-x": "OK"}
    before, after = pair
    given_more = verdict(platform, show({**before, **more}, one), show({**after, **more}, one))
    assert given_more == verdict(platform, show(before, one), show(after, one))


@given(layouts, worlds(), volatile)
def test_the_way_back(layout: tuple[Layout, Platform], pair: tuple[World, World], one: int) -> None:
    """With the runs the other way round fixed is regressed, and regressed is fixed where nothing
    failed before; a run beside itself is neither."""
    show, platform = layout
    before, after = (show(world, one) for world in pair)
    there, back = verdict(platform, before, after), verdict(platform, after, before)
    if there == "fixed":
        assert back == "regressed"
    if there == "regressed" and not set(pair[0].values()) & set(BAD):
        assert back == "fixed"
    assert verdict(platform, before, before) in ("healthy", "still_failing")


def crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


def coloured(text: str) -> str:
    return re.sub(r"(?m)(\b\w+\b)(?=\W*$)", "\x1b[1;31m\\1\x1b[0m", text)


def trailing(text: str) -> str:
    return re.sub(r"(?m)(?<=\S)$", "   ", text)


def prompted(text: str) -> str:
    return text.rstrip("\n") + "\nadmin@host01:~$ "


@given(
    layouts,
    worlds(),
    volatile,
    st.sampled_from([crlf, coloured, trailing, prompted]),
    st.booleans(),
)
def test_what_terminals_add_does_not_matter(
    layout: tuple[Layout, Platform], pair: tuple[World, World], one: int, dress: object, both: bool
) -> None:
    """Line ends, colours, trailing spaces and a prompt at the end never change the verdict."""
    assert callable(dress)
    show, platform = layout
    before, after = (show(world, one) for world in pair)
    dressed = verdict(platform, dress(before) if both else before, dress(after))
    assert dressed == verdict(platform, before, after)


@given(layouts, worlds(may_miss=True), volatile, st.floats(0, 1))
def test_an_output_cut_short_is_never_fixed(
    layout: tuple[Layout, Platform], pair: tuple[World, World], one: int, share: float
) -> None:
    """What is not fixed does not become so by leaving out the end of the second output."""
    show, platform = layout
    before, after = (show(world, one) for world in pair)
    if verdict(platform, before, after) != "fixed":
        cut = after[: int(share * len(after))]
        assert verdict(platform, before, cut) != "fixed"


@given(layouts, worlds(may_miss=True), volatile)
def test_what_is_gone_is_not_fixed(
    layout: tuple[Layout, Platform], pair: tuple[World, World], one: int
) -> None:
    """An item that was faulty and is not listed any more is no recovery."""
    show, platform = layout
    before, after = pair
    gone = {name for name, state in before.items() if state in BAD} - after.keys()
    if gone:
        assert verdict(platform, show(before, one), show(after, one)) != "fixed"
