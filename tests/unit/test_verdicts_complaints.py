"""What a complaint beside, or instead of, an output means; and torn tables."""

import pytest

from stillfixed.actors.verdicts import Run, Verdict, judge

CERTIFICATES = """
NotAfter              Subject
--------              -------
{day} 11:59:59 PM CN=remote.example
8/14/2027 1:00:00 PM  CN=rdg01.example

Monday, February 2, 2026 8:12:40 AM
"""
JOBS = """
Id DocumentName                       JobStatus
-- ------------                       ---------
"""
BACKLOG = "Get-DfsrBacklog -GroupName Daten | Measure-Object | Select-Object Count"
COUNT = "\nCount\n-----\n{}\n"
DENIED = "Get-DfsrBacklog : Could not retrieve the backlog. Access is denied to the server FS1."
STATUS = "service  : erp-api\nstatus   : degraded\n"
QUOTA = "\nPath       Usage Size\n----       ----- ----\nE:\\abel   {}\nE:\\behn      12  100\n"
MAIL = "\nTimestamp            EventId\n---------            -------\n3/12/2026 9:20:1{} {}\n"
CABLE = "InterfaceAlias       : Ethernet\n{}\n"


def verdict(command: str, before: Run, after: Run) -> Verdict:
    return judge(command, before, after, platform="powershell").verdict


def both_ways(command: str, before: str, after: str) -> tuple[Verdict, Verdict]:
    one, two = Run(before), Run(after)
    return verdict(command, one, two), verdict(command, two, one)


def test_a_count_with_a_complaint_counts_nothing() -> None:
    """Zero items are no good news where the list itself was refused."""
    before, after = Run(COUNT.format(100)), Run(COUNT.format(0), DENIED, 1)
    assert verdict(BACKLOG, before, after) == "inconclusive"
    assert verdict(BACKLOG, after, before) == "inconclusive"


@pytest.mark.parametrize(
    ("complaint", "expected"),
    [
        ("The remote server returned an error: (401) Unauthorized.", "inconclusive"),
        ("Der Remoteserver hat einen Fehler zurückgegeben: (401) Nicht erlaubt.", "inconclusive"),
        ("Response status code does not indicate success: 403 (Forbidden).", "inconclusive"),
        ("The remote server returned an error: (503) Server Unavailable.", "still_failing"),
        ("Le serveur distant a retourné une erreur : (500) Erreur interne.", "still_failing"),
    ],
)  # fmt: skip
def test_a_status_of_http_in_a_complaint_is_read_as_one(complaint: str, expected: Verdict) -> None:
    """Who may not ask has learned nothing; a server that breaks has answered."""
    command = "Invoke-RestMethod -Uri https://erp.example/api/status"
    after = Run("", f"Invoke-RestMethod : {complaint}", 1)
    assert verdict(command, Run(STATUS), after) == expected


def test_a_table_that_begins_with_dates_is_no_log() -> None:
    """Underlined headings make a table, whose dates are held against the day beneath it."""
    old, new = (CERTIFICATES.format(day=day) for day in ("1/31/2026", "2/2/2027 "))
    command = r"Get-ChildItem Cert:\LocalMachine\My | Select-Object NotAfter,Subject; Get-Date"
    assert both_ways(command, old, new) == ("fixed", "regressed")


def test_a_list_in_the_last_column_is_not_torn() -> None:
    """`Error, Printing, Retained` reaches to the left of its heading, and is one value."""
    old = f"{JOBS}41 Lieferschein 20881 Error, Printing, Retained\n42 Rechnung 7713                         Normal\n"  # noqa: E501
    new = f"{JOBS}42 Rechnung 77130     Error, Printing, Retained\n"
    command = "Get-PrintJob -PrinterName R2 | Select-Object Id,DocumentName,JobStatus"
    assert verdict(command, Run(new), Run(new)) == "still_failing"
    assert verdict(command, Run(old), Run(old)) == "still_failing"


def test_quotas_mails_and_cables() -> None:
    """A full quota, a mail that waits and an unplugged adapter are faults by their own names."""
    quota = "Get-FsrmQuota -Path 'E:\\*' | Select-Object Path,Usage,Size"
    mail = "Get-MessageTrackingLog -Recipients a@b.example | ft Timestamp,EventId"
    cable = "Get-NetIPConfiguration -InterfaceAlias Ethernet"
    found = ("fixed", "regressed")
    assert both_ways(quota, QUOTA.format("  100  100"), QUOTA.format("  100  200")) == found
    assert both_ways(mail, MAIL.format(1, "DEFER"), MAIL.format(5, "DELIVER")) == found
    off, on = "NetAdapter.Status    : Disconnected", "IPv4Address          : 10.5.0.122"
    assert both_ways(cable, CABLE.format(off), CABLE.format(on)) == found


def test_any_server_of_several_may_answer() -> None:
    """A command that looks for a server does not care which one it finds."""
    shown = "HostName      Site\n--------      ----\n{{dc0{}.x.example}} Kolberg\n"
    command = "Get-ADDomainController -Discover | Select-Object HostName,Site"
    assert both_ways(command, shown.format(1), shown.format(2)) == ("healthy", "healthy")


def test_a_mapping_is_not_left_unplugged() -> None:
    """Of drives or tunnels that should all be there, one that recovers does not excuse another."""
    rows = "Status Local Path   Remote Path\n------ ----------   -----------\n{}\n"
    old = "Disconnected Q:    \\\\fs1\\a\nDisconnected R:    \\\\f\\b\nOK           S:    \\\\f\\c"
    new = old.replace("Disconnected Q", "OK           Q")
    runs = (Run(rows.format(text)) for text in (old, new))
    assert verdict("Get-SmbMapping", *runs) == "still_failing"
