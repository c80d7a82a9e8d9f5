"""Values in commands: one word each, or refused."""

import subprocess
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillfixed.actors.session.quoting import quoted
from stillfixed.actors.verdicts import powershell
from stillfixed.actors.verdicts.model import Platform

NASTY = [
    "HP 2nd floor",
    "; rm -rf /",
    "$(reboot)",
    "`reboot`",
    "it's",
    "a'b\"c",
    "x && y || z",
    "*",
    "~",
    "%PATH%",
    "!x!",
    "Büro 4 \u2013 links",
    "\\\\srv\\share",
    "#",
]


def test_a_posix_shell_gets_each_value_as_one_word() -> None:
    """A real one, with everything that means something to it."""
    command = "printf '%s\\n' " + " ".join(quoted(value, "posix") for value in NASTY)
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == NASTY


@given(st.text("a '$`(){};|,@#\u2019\u00fc", min_size=1, max_size=30))
def test_powershell_reads_each_value_as_one_string(value: str) -> None:
    """Whatever it holds, typographic quotes too, nothing after it is read differently."""
    try:
        word = quoted(value, "powershell")
    except ValueError:
        return
    tokens, broken = powershell.tokens(f"Get-Printer -Name {word} | Format-List Name")
    assert not broken
    assert [token.kind for token in tokens][2] == "single"
    assert len(tokens) == 6


def test_powershell_doubles_every_quote_that_ends_a_string() -> None:
    """Windows PowerShell takes the four typographic single quotes for plain ones."""
    assert quoted("it's", "powershell") == "'it''s'"
    for quote in "\u2018\u2019\u201a\u201b":
        assert quoted(f"a{quote}b", "powershell") == f"'a{quote}{quote}b'"


def test_cmd_quotes_what_has_blanks() -> None:
    """And leaves the rest as it is."""
    assert quoted("fs01", "cmd") == "fs01"
    assert quoted(r"C:\Program Files (x86)", "cmd") == r'"C:\Program Files (x86)"'


@pytest.mark.parametrize("char", '"%!^&|<>\n')
def test_cmd_refuses_what_no_quoting_makes_safe(char: str) -> None:
    """It expands and splits even inside quotes."""
    with pytest.raises(ValueError, match=r"."):
        quoted(f"a{char}b", "cmd")


@pytest.mark.parametrize("value", ["a;b", "a|b", "a?b", "a\nb", "a b", "a>b", "a!b", "a#b"])
def test_a_network_device_gets_one_bare_word(value: str) -> None:
    """There is no quoting that all of them know."""
    assert quoted("GigabitEthernet0/1.100", "network") == "GigabitEthernet0/1.100"
    with pytest.raises(ValueError, match="one word"):
        quoted(value.replace("\n", ";"), "network")
    with pytest.raises(ValueError, match=r"."):
        quoted(value, "network")


@pytest.mark.parametrize("platform", get_args(Platform))
@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("-rf", "option"),
        ("a\nb", "line break"),
        ("a\0b", "control"),
        ("a\u2028b", "line break"),
        ("x" * 257, "257 characters"),
        ("\ud800", "half a character"),
    ],
)
def test_no_platform_takes_what_is_no_word(platform: Platform, value: str, why: str) -> None:
    """The sentence says why."""
    with pytest.raises(ValueError, match=why):
        quoted(value, platform)


def test_an_option_of_a_windows_program_is_no_value() -> None:
    """A slash begins one in cmd."""
    with pytest.raises(ValueError, match="option"):
        quoted("/release", "cmd")


def test_a_double_quote_is_refused_in_powershell() -> None:
    """It would split the word where PowerShell hands it to a program."""
    with pytest.raises(ValueError, match="double quote"):
        quoted('a" -debug "b', "powershell")
