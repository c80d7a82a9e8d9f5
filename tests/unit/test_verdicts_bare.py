"""Outputs that are one bare value: what the command asks for says how to read it."""

import pytest

from stillfixed.actors.verdicts import Run, judge


@pytest.mark.parametrize(
    ("command", "bad", "good"),
    [
        ("(Get-Service Spooler).Status", "Stopped", "Running"),
        ("(Get-Printer HP).PrinterStatus", "PaperJam", "Normal"),
        ("Get-Printer HP | Select-Object -ExpandProperty PrinterStatus", "Offline", "Normal"),
        ("Get-Printer HP | ForEach-Object PrinterStatus", "Offline", "Normal"),
        ("Get-Disk 1 | % { $_.HealthStatus }", "Warning", "Healthy"),
        ("(Get-ADUser x -Properties LockedOut).LockedOut", "True", "False"),
        ("(Get-Process OUTLOOK).Responding", "False", "True"),
        ("(Get-Service Spooler).Status -eq 'Running'", "False", "True"),
        ("(Get-Service Spooler).Status -ne 'Running'", "True", "False"),
        ("(Get-Service Spooler).Status -eq 'Stopped'", "True", "False"),
        ("Test-Path \\\\fs01\\data", "False", "True"),
        ("Confirm-SecureBootUEFI", "False", "True"),
        ("(Search-ADAccount -LockedOut).Count", "4", "0"),
        ("Get-Service | ? Status -ne Running | Measure-Object | % Count", "2", "0"),
    ],
)
def test_a_bare_value_is_read_as_the_member_it_is(command: str, bad: str, good: str) -> None:
    """The same word or number is good or bad by what the command asks for."""
    first, second = Run(f"{bad}\n"), Run(f"{good}\n")
    assert judge(command, first, second, platform="powershell").verdict == "fixed"
    assert judge(command, second, first, platform="powershell").verdict == "regressed"


@pytest.mark.parametrize(
    ("command", "first", "second"),
    [
        ("(Get-Item x).Length", "0", "5"),
        ("(Get-TimeZone).Id", "Pacific Standard Time", "W. Europe Standard Time"),
        ("(Get-Culture).Name -eq 'de-DE'", "False", "True"),
        ("C:\\MSP\\run.cmd", "41", "42"),
    ],
)
def test_a_bare_value_that_nobody_described_says_nothing(
    command: str, first: str, second: str
) -> None:
    """A number, a name, or a comparison with a name is neither good nor bad."""
    found = judge(command, Run(f"{first}\n"), Run(f"{second}\n"), platform="powershell")
    assert found.verdict in ("inconclusive", "healthy")
