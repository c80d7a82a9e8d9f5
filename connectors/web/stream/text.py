"""What endpoints and people wrote, as text for HTML; verdicts as sign and word. Pure.

Guarantee: nothing of it is markup, moves a cursor, opens a link or turns the direction of reading;
what would is taken out or shown as a picture of itself.
"""

from itertools import pairwise

from markupsafe import Markup, escape
from rich.text import Text

from stillfixed.actors.session.history import Standing
from stillfixed.connectors.cli.render import STANDINGS
from stillfixed.connectors.cli.text import plain

# Beyond what a terminal obeys: letters that a browser does not draw, or that reorder what it does.
UNSEEN = dict.fromkeys(
    [
        *(0x00AD, 0x061C, 0x180E, 0x200B, 0x2028, 0x2029, 0xFEFF),
        *range(0x2060, 0x2070),
        *range(0xD800, 0xE000),
        *range(0xE0000, 0xE0080),
    ],
    "\N{REPLACEMENT CHARACTER}",
)

_SIGNS: dict[Standing, str] = {
    "fixed": "✓",
    "healthy": "●",
    "still_failing": "✗",
    "regressed": "▲",
    "inconclusive": "?",
    "not_rerun": "○",
    "baseline_only": "·",
}


def sign(word: str) -> str:
    """A verdict's sign; each has its own, for those who see no colours."""
    return _SIGNS.get(word, "·")  # type: ignore[call-overload, no-any-return]


def words(word: str) -> str:
    """A verdict or status in words: `still failing`."""
    known = STANDINGS.get(word)  # type: ignore[call-overload]
    return known[1].lower() if known else word.replace("_", " ")


def shown(text: str) -> str:
    """Text made harmless; the same number of characters as `plain` leaves."""
    return plain(text).translate(UNSEEN)


def html_of(text: Text) -> Markup:
    """A line of the terminal as HTML: its styles become classes, `t-bold`, `t-red`."""
    if not text.spans and not text.style:
        return escape(text.plain.translate(UNSEEN))
    edges = {0, len(text.plain), *(edge for one in text.spans for edge in (one.start, one.end))}
    parts = []
    for start, end in pairwise(sorted(edges)):
        styles = [str(text.style)]
        styles += [str(one.style) for one in text.spans if one.start <= start and end <= one.end]
        names = " ".join(dict.fromkeys(f"t-{word}" for style in styles for word in style.split()))
        piece = escape(text.plain[start:end].translate(UNSEEN))
        # The names are the code's own; only the piece is somebody's.
        parts.append(f'<span class="{names}">{piece}</span>' if names else str(piece))
    return Markup("".join(parts))
