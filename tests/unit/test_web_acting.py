"""What the page takes of the shell's slash commands, and how it says so."""

from stillfixed.connectors.cli.slash import COMMANDS
from stillfixed.connectors.web.pages.acting import SLASH, slash_help
from stillfixed.connectors.web.pages.session import KINDS


def test_a_slash_command_of_the_page_is_one_of_the_terminal() -> None:
    """One language in both; what the page has of its own are buttons."""
    assert set(SLASH) <= set(COMMANDS)
    assert set(COMMANDS) - set(SLASH) == {"/checks", "/help", "/quit"}
    assert [usage.split()[0] for usage, _ in slash_help()] == list(SLASH)


def test_what_can_be_chosen_can_be_typed() -> None:
    """The list before the line has no kind that the line does not know."""
    assert set(KINDS) - {""} <= set(SLASH)
