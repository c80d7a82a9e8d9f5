"""What PowerShell's formatters do to a text, undone: wraps, groups, cuts and error records."""

import pytest

from stillfixed.actors.verdicts import Run, judge
from stillfixed.actors.verdicts.parsing import error_lines, error_records, powershell
from tests.support.readings import line_of, values

ENGLISH = """Get-Service : Cannot find any service with service name 'Spoolr', which was asked for
on the computer.
At line:1 char:1
+ Get-Service Spoolr
+ ~~~~~~~~~~~~~~~~~~
    + CategoryInfo          : ObjectNotFound: (Spoolr:String) [Get-Service], ServiceCommandExcep
   tion
    + FullyQualifiedErrorId : NoServiceFoundForGivenName,Microsoft.PowerShell.Commands.GetService
   Command
"""
GERMAN = """Get-WmiObject : Der RPC-Server ist nicht verfügbar.
In Zeile:1 Zeichen:1
+ Get-WmiObject Win32_BIOS -ComputerName PC09
+ ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
    + CategoryInfo          : InvalidOperation: (:) [Get-WmiObject], COMException
    + FullyQualifiedErrorId : GetWMICOMException,Microsoft.PowerShell.Commands.GetWmiObjectCommand
"""
FRENCH = """Get-Service : Impossible d'ouvrir le Gestionnaire de contrôle des services.
Au caractère Ligne:1 : 1
+ Get-Service -ComputerName LYON
+ ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
    + CategoryInfo          : NotSpecified: (:) [Get-Service], InvalidOperationException
    + FullyQualifiedErrorId : System.InvalidOperationException,Microsoft.X
"""
PARSER = """At line:1 char:13
+ Get-Service |
+             ~
An empty pipe element is not allowed.
    + CategoryInfo          : ParserError: (:) [], ParentContainsErrorRecordException
    + FullyQualifiedErrorId : EmptyPipeElement
"""
CONCISE = "Get-Service: Cannot find any service with service name 'Spoolr'.\n"
CONCISE_SOURCE = """Get-ChildItem: C:\\fix.ps1:3
Line |
   3 |  Get-ChildItem -Path X:\\
     |  ~~~~~~~~~~~~~~~~~~~~~~~
     | Cannot find drive. A drive with the name 'X' does
     | not exist.
"""


@pytest.mark.parametrize(
    ("text", "command", "message", "category"),
    [
        (ENGLISH, "Get-Service", "Cannot find any service with service name 'Spoolr', which was"
         " asked for on the computer.",
         "ObjectNotFound: (Spoolr:String) [Get-Service], ServiceCommandException"),
        (GERMAN, "Get-WmiObject", "Der RPC-Server ist nicht verfügbar.",
         "InvalidOperation: (:) [Get-WmiObject], COMException"),
        (FRENCH, "Get-Service",
         "Impossible d'ouvrir le Gestionnaire de contrôle des services.",
         "NotSpecified: (:) [Get-Service], InvalidOperationException"),
        (PARSER, "", "An empty pipe element is not allowed.",
         "ParserError: (:) [], ParentContainsErrorRecordException"),
        (CONCISE, "Get-Service", "Cannot find any service with service name 'Spoolr'.", ""),
        (CONCISE_SOURCE, "Get-ChildItem",
         "Cannot find drive. A drive with the name 'X' does not exist.", ""),
    ],
)  # fmt: skip
def test_error_records(text: str, command: str, message: str, category: str) -> None:
    """Command, message and category in any layout and language, with nothing wrapped."""
    [record] = error_records.find(text.split("\n"))
    assert (record.command, record.message, record.category) == (command, message, category)


def test_several_records_and_other_lines() -> None:
    """Records one behind another are told apart, and lines between them stay."""
    lines = error_lines(ENGLISH + "\nWARNING: x\n" + GERMAN)
    assert lines[0].startswith("Get-Service : Cannot find")
    assert "WARNING: x" in lines
    assert [record.command for record in error_records.find((ENGLISH + GERMAN).split("\n"))] == [
        "Get-Service", "Get-WmiObject",
    ]  # fmt: skip


def test_plain_stderr_stays_as_it_is() -> None:
    """Lines that are no error record come through unchanged, empty ones left out."""
    assert error_lines("curl: (7) Failed\n\n  detail: x\n") == ["curl: (7) Failed", "  detail: x"]


def test_the_xml_of_a_remote_shell() -> None:
    """Over SSH the error stream may come as XML; progress in it is no error."""
    text = (
        '#< CLIXML\n<Objs Version="1.1.0.1"><Obj S="progress"><MS><S N="a">x</S></MS></Obj>'
        '<S S="Error">Get-X : Access is &lt;denied&gt;_x000D__x000A_</S>'
        '<S S="Error">    + CategoryInfo : PermissionDenied: (:) [Get-X], E_x000D__x000A_</S>'
        "</Objs>"
    )
    assert error_lines(text) == [
        "Get-X : Access is <denied>", "+ CategoryInfo : PermissionDenied: (:) [Get-X], E",
    ]  # fmt: skip


def test_error_records_in_stdout() -> None:
    """Beside a table the record is no item of it: cells of its own, its lines unwrapped."""
    table = "\nName    Status\n----    ------\nSpooler Running\n\n"
    found = powershell.parse("gsv Spooler,Spoolr", "powershell", table + ENGLISH)
    assert values(found)["Spooler", "Status"] == "Running"
    assert {cell.field for cell in found.errors} == {
        "message", "CategoryInfo", "FullyQualifiedErrorId",
    }  # fmt: skip
    assert all(cell.item == "Get-Service" for cell in found.errors)
    assert found.rest[0] == (
        6,
        "Get-Service : Cannot find any service with service name 'Spoolr', which was asked for on"
        " the computer.",
    )


def test_an_expectation_finds_the_category() -> None:
    """The parts of an error record are fields too."""
    found = judge(
        "gsv a", Run(ENGLISH), Run("\nName Status\n---- ------\na    Running\n"),
        expect="CategoryInfo not contains ObjectNotFound", platform="powershell",
    )  # fmt: skip
    assert found.verdict == "inconclusive"


LIST = """

Name        : Spooler
Description : This service spools print jobs and handles interaction with the printer. If you
              turn off this service: you will not be able to print or see your printers, and
              Status : is not a field here.
Status      : Stopped

Name        : W32Time
Description : short
Status      : Running

"""


def test_wrapped_values_of_a_list() -> None:
    """What stands under the beginning of a value goes on with it, whatever it looks like."""
    found = powershell.parse("gsv | fl", "powershell", LIST)
    assert values(found)["Spooler", "Status"] == "Stopped"
    assert values(found)["Spooler", "Description"].endswith(
        "printers, and Status : is not a field here."
    )
    assert line_of(found, "Spooler", "Status") == 7
    assert line_of(found, "W32Time", "Status") == 11


WRAPPED = """
Name       State    Detail
----       -----    ------
backup-srv Degraded the last full
01                  backup is older
                    than a week
web        Running  fine
mail       Stopped  asked for by
                    the owner

"""


def test_wrapped_rows_of_a_table() -> None:
    """With -Wrap a row goes on in the next lines, in any column."""
    found = powershell.parse("x | ft -Wrap", "powershell", WRAPPED)
    assert values(found)["web", "State"] == "Running"
    assert values(found)["backup-srv01", "Detail"] == "the last full backup is older than a week"
    assert values(found)["mail", "Detail"] == "asked for by the owner"
    assert line_of(found, "mail", "State") == 8


def test_a_row_without_a_name_is_a_row() -> None:
    """What would have fitted above was not wrapped off it."""
    text = "\nName    Status\n----    ------\nSpooler Running\n        Stopped\n\n"
    found = powershell.parse("x | ft", "powershell", text)
    assert found is None


GROUPS = """
   Status: Running

Name    StartType
----    ---------
Spooler Automatic

   Status: Stopped

Name    StartType
----    ---------
W32Time Manual

"""


def test_groups() -> None:
    """The heading of a group is a field of every row below it."""
    found = powershell.parse("gsv | ft -GroupBy Status", "powershell", GROUPS)
    assert values(found)["Spooler", "Status"] == "Running"
    assert values(found)["W32Time", "Status"] == "Stopped"
    assert line_of(found, "W32Time", "Status") == 8


def test_cut_values_are_marked() -> None:
    """Three dots or one sign: the value was cut, and an expectation does not trust what is left."""
    text = "\nName       State\n----       -----\nlong-na... Run...\n\n"
    found = powershell.parse("x | ft", "powershell", text)
    assert values(found)["long-na…", "State"] == "Run…"
    after = Run(text)
    told = judge("x | ft", Run(text.replace("Run...", "Stopped")), after, expect="State == Running",
                 platform="powershell")  # fmt: skip
    assert told.verdict == "inconclusive"
    other = judge("x | ft", Run(text), after, expect="State != Stopped", platform="powershell")
    assert other.verdict == "healthy"


def test_names_in_columns() -> None:
    """Format-Wide shows names only."""
    found = powershell.parse(
        "gsv | fw -Column 2", "powershell", "\n\nSpooler      W32Time\nWinRM\n\n"
    )
    assert {cell.item for cell in found.cells} == {"Spooler", "W32Time", "WinRM"}


def test_ordinary_tables_are_left_to_the_generic_reading() -> None:
    """Where nothing is to be undone, this parser has no opinion."""
    text = "\nName    Status\n----    ------\nSpooler Running\n\n"
    assert powershell.parse("gsv", "powershell", text) is None
