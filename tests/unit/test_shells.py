"""The line that travels for a command: as it is, or encoded for PowerShell."""

import base64
import shutil

import pytest

from stillfixed.actors.errors import EndpointError
from stillfixed.actors.runtime.endpoints import EndpointSpec
from stillfixed.actors.verdicts.model import Platform
from stillfixed.connectors.endpoints import open_endpoint
from stillfixed.connectors.endpoints.shells import SSH_LINE_CHARACTERS, powershell_script, wire_line
from tests.support.runs import run


@pytest.mark.parametrize("platform", ["posix", "cmd", "network"])
def test_other_shells_get_the_command_as_it_is(platform: Platform) -> None:
    """Quotes, newlines and all."""
    command = 'echo "a b"\n| find /c "x"'
    assert wire_line(command, platform) == command


def test_powershell_gets_an_encoded_script() -> None:
    """No quoting can change it on the way, and errors come as text."""
    line = wire_line("Get-Service 'Spooler' # grüße", "powershell")
    words = line.split(" ")
    assert words[:-1] == [
        "powershell",
        "-NoLogo",
        "-NoProfile",
        "-NonInteractive",
        "-OutputFormat",
        "Text",
        "-EncodedCommand",
    ]
    script = base64.b64decode(words[-1]).decode("utf-16-le")
    assert script == powershell_script("Get-Service 'Spooler' # grüße")


def test_the_command_stands_alone_in_its_script() -> None:
    """On lines of its own, untouched, and the statement after it is the one that reads `$?`."""
    command = "Write-Output '100%s' # a comment"
    before, _, after = powershell_script(command).partition(f"\n{command}\n")
    assert before.endswith("try {")
    assert after.startswith("$StillfixedWorked = $?\n")


def test_the_script_around_a_command_writes_no_record_of_its_own() -> None:
    """Windows PowerShell would write it as XML: progress is silent before anything else can report
    some, and the error that ends a command goes to stderr as text. No stream is redirected, which
    would make error records of what native programs write there."""
    before, _, after = powershell_script("COMMAND").partition("\nCOMMAND\n")
    assert before.startswith("$ProgressPreference = 'SilentlyContinue'\n")
    caught = after.partition("} catch {\n")[2]
    assert caught.startswith("[Console]::Error.WriteLine(")
    assert ">" not in before + after


@pytest.mark.parametrize("extra", [0, 1])
def test_a_powershell_line_over_the_limit_is_refused(extra: int) -> None:
    """The longest that is sure to arrive whole is sent; one step more is not."""
    room = SSH_LINE_CHARACTERS - len(wire_line("", "powershell"))
    command = "x" * (room // 8 * 3 + extra * 3)
    if extra:
        with pytest.raises(EndpointError, match=r"8,191.*script"):
            wire_line(command, "powershell")
    else:
        assert len(wire_line(command, "powershell")) <= SSH_LINE_CHARACTERS


@pytest.mark.skipif(
    not (shutil.which("pwsh") or shutil.which("powershell")), reason="PowerShell is not installed"
)
@pytest.mark.parametrize(
    ("command", "status", "stdout"),
    [
        ("Write-Output grüße", 0, "grüße"),
        ("Get-Item ./no-such-file", 1, ""),
        ("throw 'over'", 1, ""),
        ("exit 7", 7, ""),
        ("pwsh -NoProfile -Command exit 9", 9, ""),
        ("pwsh -NoProfile -Command exit 9; Write-Output after", 0, "after"),
    ],
)
async def test_the_exit_status_tells_what_happened(command: str, status: int, stdout: str) -> None:
    """A failed cmdlet is 1, a native program's code is its own, and the last statement counts."""
    endpoint = await open_endpoint(EndpointSpec(name="x", kind="local", platform="powershell"))
    outcome, got = await run(endpoint, command)
    assert outcome.exit_status == status, got.stderr
    assert got.stdout.decode().strip() == stdout


@pytest.mark.skipif(
    bool(shutil.which("pwsh") or shutil.which("powershell")), reason="PowerShell is installed"
)
async def test_a_missing_powershell_says_so() -> None:
    """Before anything runs."""
    with pytest.raises(EndpointError, match="pwsh nor powershell"):
        await open_endpoint(EndpointSpec(name="x", kind="local", platform="powershell"))


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (EndpointSpec(name="x", address="box", options={"colour": "red"}), "no option 'colour'"),
        (EndpointSpec(name="x", address="box", options={"connect_seconds": "soon"}), "seconds"),
        (EndpointSpec(name="x", address="box", options={"keepalive_seconds": "0"}), "above 0"),
        (
            EndpointSpec(name="x", address="box", options={"identity_file": "/no"}),
            "not a file",
        ),
        (EndpointSpec(name="x", address="box", options={"known_hosts": "/"}), "not a file"),
        (EndpointSpec(name="x", kind="local", options={"a": "b"}), "no option 'a'"),
        (EndpointSpec(name="x", kind="local", platform="cmd"), "platform cmd"),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_a_setting_that_cannot_be_used_is_refused(spec: EndpointSpec, says: str) -> None:
    """Named in the message, before anything is connected."""
    with pytest.raises(EndpointError, match=says):
        await open_endpoint(spec)
