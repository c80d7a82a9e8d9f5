"""The shipped mappings, one TOML file each, and the way to any mapping by name or path.

To add one, put a file beside this one and an export into `tests/unit/tickets/`: a test imports it.
"""

from functools import lru_cache
from pathlib import Path

from stillfixed.actors.errors import TicketImportError
from stillfixed.actors.tickets.mapping import Mapping, parse_mapping

_FOLDER = Path(__file__).parent


@lru_cache
def shipped_texts() -> dict[str, str]:
    """The TOML of the mappings that come with stillfixed, by name, in the alphabet's order."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(_FOLDER.glob("*.toml"))}


def load_mapping(name_or_path: str) -> Mapping:
    """A shipped mapping by its name, or one from a file: a text with a slash or `.toml` at its end.
    Raises `TicketImportError`."""
    shipped = shipped_texts()
    if name_or_path in shipped:
        return parse_mapping(shipped[name_or_path], source=name_or_path, shipped=shipped)
    if not (name_or_path.endswith(".toml") or set(name_or_path) & {"/", "\\"}):
        raise TicketImportError(
            f"There is no mapping {name_or_path}. There are: {', '.join(shipped)}; or give the "
            "path of a file, as in ./own.toml."
        )
    try:
        text = Path(name_or_path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise TicketImportError(f"The mapping {name_or_path} cannot be read: {reason}.") from None
    return parse_mapping(text, source=name_or_path, shipped=shipped)
