"""The shipped runbooks, one TOML file each, and the way to any runbook by name or path.

To add one, put a file beside this one and its outputs into `tests/unit/runbooks/`: a test judges
a healthy and a faulty output of every check of every file here.
"""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from stillfixed.actors.errors import RunbookError
from stillfixed.actors.session.runbook import Runbook
from stillfixed.actors.session.runbook_file import parse_runbook

_FOLDER = Path(__file__).parent


class RunbookText(NamedTuple):
    """A runbook's text as it is written; `source` names it in errors."""

    text: str
    source: str


@lru_cache
def shipped() -> dict[str, Runbook]:
    """The runbooks that come with stillfixed, by name, in the alphabet's order."""
    found = {}
    for path in sorted(_FOLDER.glob("*.toml")):
        runbook = parse_runbook(path.read_text(encoding="utf-8"), source=path.name)
        found[runbook.name] = runbook
    return found


def is_path(runbook: Path | str) -> bool:
    """Whether a file is meant: a `Path`, or text with a slash or `.toml` at its end."""
    if isinstance(runbook, Path):
        return True
    return runbook.endswith(".toml") or bool(set(runbook) & {"/", "\\"})


def runbook_text(runbook: Path | str) -> RunbookText:
    """The text of a shipped runbook by its name, or of a file by its path. Raises `RunbookError`
    where there is none."""
    if not is_path(runbook):
        if runbook not in shipped():
            raise RunbookError(
                f"There is no runbook {runbook}. There are: {', '.join(shipped())}; or give the "
                "path of a file, as in ./own.toml."
            )
        text = (_FOLDER / f"{runbook}.toml").read_text(encoding="utf-8")
        return RunbookText(text, str(runbook))
    try:
        return RunbookText(Path(runbook).read_text(encoding="utf-8"), str(runbook))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise RunbookError(f"The runbook file {runbook} cannot be read: {reason}.") from None
