"""Connectors, endpoints: the line that travels for a command, by platform. Pure text.

posix, cmd and network: the command as it is, for the login shell of the other side.
powershell: an encoded script around the command, so that its exit status tells what happened.

Windows PowerShell, and PowerShell before 6.2, writes the error stream of an encoded command as XML
when stderr is not a console, whatever `-OutputFormat` says (PowerShell issue 5912). Such a stderr
begins with `#< CLIXML`. What is done about it:

- progress, most of that XML, is silenced before the command;
- the error that ends the command goes to stderr as text, past that stream;
- what else it writes there (errors it survives, warnings, its own syntax error) is kept as it came:
  XML that has the text in it. The exit status does not depend on it.

Why not turn the rest into text, by `2>&1` around the command: in Windows PowerShell that makes each
line a native program writes to stderr an error record. It would set `$?` to false after a program
that worked, and end a command that says `$ErrorActionPreference = 'Stop'` half-way (issue 4002):
other effects on the machine, for nicer text. `-Command` instead of `-EncodedCommand` would do.

None of this was run on a Windows PowerShell; the tests run it on pwsh where that is installed.
"""

import base64

from stillfixed.actors.errors import EndpointError
from stillfixed.actors.verdicts.model import Platform

SSH_LINE_CHARACTERS = 8_191
"""The longest PowerShell line sent over SSH. Windows' sshd hands it to cmd.exe unless an
administrator chose another shell, and cmd.exe cuts longer lines."""

WINDOWS_LINE_CHARACTERS = 32_767
"""The longest command line Windows can start a program with."""

POWERSHELL_ARGUMENTS = ("-NoLogo", "-NoProfile", "-NonInteractive", "-OutputFormat", "Text")
"""Without `-OutputFormat Text`, an encoded command writes its errors as XML in PowerShell 6.2 and
later, too."""

# The command stands on lines of its own: a comment at its end cannot swallow what follows, and a
# syntax error in it is PowerShell's to report. `$?` must be read by the very next statement.
_SCRIPT = """\
$ProgressPreference = 'SilentlyContinue'
try { [Console]::OutputEncoding = $OutputEncoding = New-Object System.Text.UTF8Encoding $false } \
catch { }
$global:LASTEXITCODE = 0
try {
%s
$StillfixedWorked = $?
} catch {
[Console]::Error.WriteLine(($_ | Out-String).TrimEnd())
exit 1
}
if ($StillfixedWorked) { exit 0 }
if ($LASTEXITCODE) { exit $LASTEXITCODE }
exit 1
"""


def check_command(command: str) -> None:
    """Raises `EndpointError` for a command with a character that no shell can be given."""
    if "\0" in command:
        raise EndpointError(
            "The command was not sent: it contains a NUL, at which every shell would cut it off."
            " Remove it."
        )
    try:
        command.encode()
    except UnicodeEncodeError as error:
        raise EndpointError(
            f"The command was not sent: its character {error.start + 1} is half of a surrogate"
            " pair, which has no bytes of its own. Remove it, or write the whole character."
        ) from None


def wire_line(command: str, platform: Platform) -> str:
    """What is sent as the exec request of an SSH channel.

    Raises `EndpointError` if a PowerShell line would be too long to arrive whole, or if no shell
    can be given the command.
    """
    check_command(command)
    if platform != "powershell":
        return command
    line = " ".join(("powershell", *powershell_arguments(command)))
    check_length(line, SSH_LINE_CHARACTERS)
    return line


def powershell_arguments(command: str) -> tuple[str, ...]:
    encoded = base64.b64encode(powershell_script(command).encode("utf-16-le")).decode()
    return *POWERSHELL_ARGUMENTS, "-EncodedCommand", encoded


def powershell_script(command: str) -> str:
    """A script with the command's output and, as exit status: the code of a native program that
    failed last; 1 for a failed cmdlet or an error that nothing caught, its text on stderr; else 0.
    """
    return _SCRIPT % command


def check_length(line: str, limit_characters: int) -> None:
    if len(line) > limit_characters:
        raise EndpointError(
            f"The PowerShell command was not sent: encoded it is {len(line):,} characters, and"
            f" only {limit_characters:,} are sure to arrive. Put it in a script on the endpoint"
            " and run that."
        )
