"""What holds for every text: the special parsers never raise, never invent and stay linear."""

import subprocess
import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from stillfixed.actors.verdicts import Platform
from stillfixed.actors.verdicts.knowledge import table
from stillfixed.actors.verdicts.output import clean
from stillfixed.actors.verdicts.parsing import (
    COMMAND_PARSERS,
    FORM_PARSERS,
    TEXT_LIMIT_CHARS,
    error_lines,
    parse,
)

PLATFORMS: tuple[Platform, ...] = ("posix", "powershell", "cmd", "network")
COMMANDS = [
    *(key for key in table("parsers")["jc"]),
    "show interfaces",
    "show ip int brief",
    "show version",
    "show vlan",
    "sh mac add",
    "ping 10.0.0.1",
    "Get-X | ft -Wrap",
    "Get-X | fw",
    "Get-X | ConvertTo-Csv",
    "kubectl get po -o yaml",
    "cat a.csv",
    "x",
]
PIECES = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"a"',
    '"',
    "\\",
    "true",
    "1",
    "null",
    "<a>",
    "</a>",
    "<a b='1'/>",
    "<!DOCTYPE a>",
    "---",
    "a: b",
    "- a",
    "&x",
    "*x",
    "[s]",
    "a = b",
    "#TYPE X",
    '"a","b"',
    "a;b;c",
    "| a | b |",
    "|---|---|",
    "+--+--+",
    "Name  Status",
    "----  ------",
    "   Status: x",
    "Name : a",
    "       b",
    "...",
    "…",
    "At line:1 char:1",
    "+ x",
    "    + CategoryInfo          : X",
    "    + FullyQualifiedErrorId : Y",
    "Get-X : m",
    "Get-X: m",
    "Line |",
    "   3 |  x",
    "     |  ~~~",
    "#< CLIXML",
    '<S S="Error">x</S>',
    "eth0: flags=1<UP>  mtu 1500",
    "inet 10.0.0.1",
    "Filesystem Size Used Avail Use% Mounted on",
    "/dev/sda1 1G 1G 0 100% /",
    "  pool: t",
    " state: ONLINE",
    "Interface IP-Address OK? Method Status Protocol",
    "Gi0/1 10.0.0.1 YES NVRAM up up",
    "Gi0/1 is up, line protocol is down",
    "sw1#",
    " --More-- ",
    "\x0c",
    "\u2028",
    "\x00",
    "é",
    "",
]
texts = st.one_of(
    st.text(max_size=80),
    st.lists(st.sampled_from(PIECES), max_size=14).map("\n".join),
    st.lists(st.sampled_from(PIECES), max_size=14).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=14).map("  ".join),
)
commands = st.one_of(st.sampled_from(COMMANDS), st.text(max_size=20))


@given(commands, st.sampled_from(PLATFORMS), texts)
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_or_left(command: str, platform: Platform, text: str) -> None:
    """No parser raises, lines are inside the text, and the same text gives the same reading."""
    for parser in (*COMMAND_PARSERS, *FORM_PARSERS):
        parser(command, platform, clean(text))
    found = parse(command, platform, text)
    assert found == parse(command, platform, text)
    if found is not None:
        last = text.count("\n") + 1
        for cell in (*found.cells, *found.errors):
            assert cell.line is None or 1 <= cell.line <= last
        assert all(1 <= number <= last for number, _ in found.rest)


@given(texts)
def test_any_stderr_has_lines(text: str) -> None:
    """Error records may be joined, never lost to an exception, and no line is empty."""
    assert all(line.strip() for line in error_lines(text))


def test_nothing_is_loaded_before_it_is_needed() -> None:
    """Importing the product loads no parser library."""
    script = "import sys, stillfixed; print([m for m in ('jc', 'textfsm', 'ntc_templates', 'yaml',"
    script += " 'ruamel') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_long_outputs_are_not_given_to_slow_libraries() -> None:
    """Beyond the limit the generic reading has the text to itself."""
    text = '{"a": "b"}\n' * (TEXT_LIMIT_CHARS // 10)
    assert parse("cat f", "posix", text) is None
    assert parse("cat f", "posix", text[: TEXT_LIMIT_CHARS // 11 * 11]) is not None
