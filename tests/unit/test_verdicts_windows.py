"""What the judge knows of Windows outputs: columns, adapters, markers, complaints, events."""

import pytest

from stillfixed.actors.verdicts import Platform, Run, Verdict, judge

ADAPTERS = """
Ethernet adapter Ethernet:

   IPv4 Address. . . . . . . . . . . : {address}
   Subnet Mask . . . . . . . . . . . : 255.255.255.0

Wireless LAN adapter {other}:

   Media State . . . . . . . . . . . : Media disconnected
"""
DEVICES = """
Status Class FriendlyName
------ ----- ------------
{rows}
"""
SHARES = r"""
Share name  Type  Used as  Comment

-------------------------------------------------------------------------------
archive     Disk
errors      Disk           rejected scans
scans       Disk  S:
The command completed successfully.
"""
PINGED = """
Address IPV4Address ResponseTime
------- ----------- ------------
{rows}
"""
NOT_B = "Test-Connection : Error al probar la conexión con el equipo 'B2': falta de recursos\n"
EVENT = "<Event><System><EventID>55</EventID><Level>{level}</Level></System></Event>\n"
LOG = """
TimeGenerated        EntryType   EventID Message
-------------        ---------   ------- -------
3/10/2026 {hour}:00:02 AM {kind} 1004 Error queue flushed: 0 reports sent, 0 failed.
"""
LATENCY = "\n CookedValue\n -----------\n0.00{one}\n0.00{two}\n"
LICENSE = """LICENSE NAME: Office 24, Standard
LICENSE STATUS:  ---{status}---
{more}Last 5 characters of installed product key: 8KFQ2
"""


def verdict(
    command: str,
    before: str | Run,
    after: str | Run,
    *,
    expect: str | None = None,
    platform: Platform = "powershell",
) -> Verdict:
    runs = (run if isinstance(run, Run) else Run(run) for run in (before, after))
    return judge(command, *runs, expect=expect, platform=platform).verdict


def test_a_row_under_a_rule_may_leave_a_column_empty() -> None:
    """A device without a class is the same device in a list that is shorter the next time."""
    card, controller = "Error  Net   Realtek Controller", "Error        PCI Simple Controller"
    command = "Get-PnpDevice -Status ERROR | ft Status,Class,FriendlyName"
    both = DEVICES.format(rows=f"{card}\n{controller}")
    one = DEVICES.format(rows=controller)
    assert verdict(command, both, one) == "still_failing"
    assert verdict(command, one, both) == "regressed"


@pytest.mark.parametrize(
    ("other", "said"),
    [("Local Area Connection* 1", "healthy"), ("Bluetooth Network Connection", "healthy")],
)
def test_an_adapter_that_nobody_misses_is_no_fault(other: str, said: Verdict) -> None:
    """A virtual adapter without a connection says nothing beside one that has an address."""
    text = ADAPTERS.format(address="10.1.0.7", other=other)
    assert verdict("ipconfig /all", text, text, platform="cmd") == said


def test_the_name_of_a_share_is_no_state() -> None:
    """A share may be called errors, and its comment speak of rejected things."""
    gone = Run("", "System error 53 has occurred.\n", 2)
    assert verdict(r"net view \\nas", gone, SHARES, platform="cmd") == "fixed"
    assert verdict(r"net view \\nas", SHARES, SHARES, platform="cmd") == "healthy"


def test_what_a_complaint_names_is_there_the_next_time() -> None:
    """A computer that did not answer before and has a row of its own now answers."""
    command = "Test-Connection A1,B2 -Count 1 | Format-Table Address,IPV4Address,ResponseTime"
    a, b = "A1      10.1.1.1               1", "B2      10.1.1.2               0"
    failed, answered = Run(PINGED.format(rows=a), NOT_B, 0), PINGED.format(rows=f"{a}\n{b}")
    assert verdict(command, failed, answered) == "fixed"
    assert verdict(command, answered, failed) == "regressed"
    assert verdict(command, failed, PINGED.format(rows=a)) == "inconclusive"


def test_the_level_of_an_event_counts_and_not_its_words() -> None:
    """Information about an error queue is no fault; an event of level 2 is one without words."""
    newest = "Get-EventLog -LogName Application -Newest 1"
    old, new = (LOG.format(hour=hour, kind="Information") for hour in (8, 9))
    assert verdict(newest, old, new) == "healthy"
    query = 'wevtutil qe System /q:"*[System[(EventID=55)]]" /c:1 /rd:true'
    bad, good = EVENT.format(level=2), EVENT.format(level=4)
    assert verdict(query, bad, bad + bad, platform="cmd") == "still_failing"
    assert verdict(query, good, good, platform="cmd") == "healthy"


def test_the_last_word_of_a_command_is_no_row_of_its_list() -> None:
    """`; 'done'` shows that a list of faults came to its end."""
    command = "(Search-ADAccount -PasswordExpired).SamAccountName; 'done'"
    assert verdict(command, "svc-scan\ndone\n", "\ndone\n") == "fixed"
    assert verdict(command, "svc-scan\ndone\n", "svc-scan\ndone\n") == "still_failing"


def test_measured_values_name_no_items() -> None:
    """A column of decimals is held against an expectation row by row."""
    before, after = LATENCY.format(one=211, two=198), LATENCY.format(one=230, two=187)
    command = "Get-Counter '\\PhysicalDisk(_Total)\\Avg. Disk sec/Read' | Select CookedValue"
    assert verdict(command, before, after, expect="CookedValue < 0.02") == "healthy"
    assert verdict(command, before, after, expect="CookedValue < 0.00229") == "regressed"


def test_what_explains_a_fault_goes_with_it() -> None:
    """An error code is printed with a licence that fails, and not with one that holds."""
    fails = LICENSE.format(status="NOTIFICATIONS", more="ERROR CODE: 0xC004F009\n")
    holds = LICENSE.format(status="LICENSED", more="")
    command = "cscript ospp.vbs /dstatus"
    assert verdict(command, fails, holds, platform="cmd") == "fixed"
    assert verdict(command, holds, fails, platform="cmd") == "regressed"


@pytest.mark.parametrize(
    ("value", "said"),
    [("TonerLow, PaperOut", "still_failing"), ("Printing, TonerLow", "fixed"), ("Idle", "fixed")],
)
def test_one_bad_flag_of_several_is_a_fault(value: str, said: Verdict) -> None:
    """A printer that is out of paper fails, whatever else it is."""
    old, new = (f"\nName : HP\nPrinterStatus : {text}\n" for text in ("Offline", value))
    assert verdict("Get-Printer HP | fl Name,PrinterStatus", old, new) == said


def test_a_connection_is_known_by_its_adapter() -> None:
    """The name of a network changes with the network; the adapter stays."""
    form = "\nName : {}\nInterfaceAlias : LAN\nNetworkCategory : {}\n"
    old = form.format("Network 4", "Public")
    new = form.format("corp.example", "DomainAuthenticated")
    expect = "NetworkCategory == DomainAuthenticated"
    assert verdict("Get-NetConnectionProfile", old, new, expect=expect) == "fixed"


def test_a_new_process_id_is_no_news() -> None:
    """A service that runs in another process than before is as healthy as it was."""
    form = "Image Name    PID Services\n=========== ===== ========\nsvchost.exe {:5d} W3SVC\n"
    command = 'tasklist /svc /fi "services eq W3SVC"'
    assert verdict(command, form.format(984), form.format(7716), platform="cmd") == "healthy"


@pytest.mark.parametrize(
    ("command", "bad", "good"),
    [
        ("wbadmin get versions", "There are no backups in the backup location specified.",
         "Version identifier: 03/11/2026-04:00"),
        ("setspn -X", "found 1 group of duplicate SPNs.", "found 0 group of duplicate SPNs."),
        ("net use", "Estado       Local     Remoto\n---------------------------------------\n"
                    "No disponib  S:        \\\\fs\\scans",
         "Estado       Local     Remoto\n---------------------------------------\n"
         "Conectado    S:        \\\\fs\\scans"),
        ("vssadmin list shadows", "No items found that satisfy the query.",
         "Shadow Copy ID: {5f0a91c1-6b0e-4e88-9c9b-0b8a1a2f3c44}"),
    ],
)  # fmt: skip
def test_tools_say_it_in_their_own_words(command: str, bad: str, good: str) -> None:
    """The answers of single tools are read in both directions."""
    assert verdict(command, bad, good, platform="cmd") == "fixed"
    assert verdict(command, good, bad, platform="cmd") == "regressed"


BLOCK = "TimeCreated      : {time}\nLevelDisplayName : {level}\nMessage          : {text}\n\n"
FAILED, DONE = "The backup stopped: not enough space.", "The backup completed successfully."


def test_events_in_blocks_are_a_log() -> None:
    """What was there the first time is history, also where each event is a list."""
    old = BLOCK.format(time="3/10/2026 8:00:02 AM", level="Error", text=FAILED)
    good = BLOCK.format(time="3/10/2026 9:00:02 AM", level="Information", text=DONE)
    bad = BLOCK.format(time="3/10/2026 9:00:02 AM", level="Error", text=FAILED)
    command = "Get-WinEvent -LogName Backup -MaxEvents 2 | Format-List"
    assert verdict(command, old, good + old) == "fixed"
    assert verdict(command, old, bad + old) == "still_failing"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("10/12 checks passed", "12/12 checks passed", "fixed"),
        ("Result: 3 of 4 nodes are online", "Result: 4 of 4 nodes are online", "fixed"),
        ("Backup: 7/9 ok", "Backup: 8/9 ok", "still_failing"),
    ],
)
def test_fewer_than_all_is_a_fault(before: str, after: str, said: Verdict) -> None:
    """How many of all are well is read in free lines and in values."""
    assert verdict(".\\check.ps1", before, after) == said


def test_a_manual_service_is_well_either_way() -> None:
    """Stopped and manual is no fault; a service that somebody disabled was not repaired."""
    form = "\nName      : BITS\nStatus    : {}\nStartType : {}\n"
    manual, running = form.format("Stopped", "Manual"), form.format("Running", "Manual")
    automatic, disabled = form.format("Stopped", "Automatic"), form.format("Stopped", "Disabled")
    command = "Get-Service BITS | fl Name,Status,StartType"
    assert verdict(command, manual, running) == "healthy"
    assert verdict(command, running, manual) == "healthy"
    assert verdict(command, automatic, disabled) == "inconclusive"


def test_a_state_names_no_part_of_a_document() -> None:
    """`database: timeout` is the state of the database, not its name."""
    form = '{{"status": "{}", "database": "{}"}}'
    old, new = form.format("degraded", "timeout"), form.format("ok", "ok")
    assert verdict("Invoke-RestMethod http://app/health | ConvertTo-Json", old, new) == "fixed"


SHOWREPL = """HQ\\DC1
==== INBOUND NEIGHBORS ======================================
DC=corp,DC=example
    HQ\\DC2 via RPC
        Last attempt @ 2026-03-10 08:00:00 {dc2}
    HQ\\DC3 via RPC
        Last attempt @ 2026-03-10 08:00:00 {dc3}
"""
OLD = "failed, result 1722 (0x6ba):\n            12 consecutive failure(s)."


def test_headings_further_in_name_parts() -> None:
    """Of two partners under one context each is an item of its own."""
    good = "was successful."
    command = "repadmin /showrepl"
    before = SHOWREPL.format(dc2=OLD, dc3=good)
    assert verdict(command, before, SHOWREPL.format(dc2=good, dc3=good)) == "fixed"
    assert verdict(command, before, SHOWREPL.format(dc2=good, dc3=OLD)) == "regressed"


@pytest.mark.parametrize(
    ("command", "bad", "good"),
    [
        (".\\status.ps1", "disk=ok;backup=failed;av=ok", "disk=ok;backup=ok;av=ok"),
        (".\\status.ps1", "Agent: nicht verbunden", "Agent: verbunden"),
        (".\\status.ps1", "État du service : arrêté", "État du service : démarré"),
        (".\\status.ps1", "Backup age: 90 h - CRITICAL", "Backup age: 3 h - OK"),
        ("Get-Service W3SVC | ConvertTo-Json", '{"Name": "W3SVC", "Status": 1, "StartType": 2}',
         '{"Name": "W3SVC", "Status": 4, "StartType": 2}'),
        ("net user m.kern /domain", "Benutzername    m.kern\nKonto aktiv     Gesperrt",
         "Benutzername    m.kern\nKonto aktiv     Ja"),
        ("Test-Path 'HKLM:\\SOFTWARE\\Microsoft\\Windows\\WindowsUpdate\\RebootRequired'",
         "True", "False"),
        ("route print -4 0.0.0.0", "Active Routes:\nNone",
         "Active Routes:\n          0.0.0.0          0.0.0.0         10.1.1.1"),
    ],
)  # fmt: skip
def test_states_are_read_where_they_stand(command: str, bad: str, good: str) -> None:
    """Values of scripts and tools are read in both directions, in any of these forms."""
    assert verdict(command, bad + "\n", good + "\n") == "fixed"
    assert verdict(command, good + "\n", bad + "\n") == "regressed"


def test_the_word_that_a_list_is_empty_is_no_row() -> None:
    """`INFO: No tasks are running` closes a list of tasks that do not respond."""
    row = "OUTLOOK.EXE                   9312 Console                    1    210,512 K\n"
    empty = "INFO: No tasks are running which match the specified criteria.\n"
    command = 'tasklist /nh /fi "status eq not responding"'
    assert verdict(command, row, empty, platform="cmd") == "fixed"
    assert verdict(command, empty, row, platform="cmd") == "regressed"


def test_the_beginning_of_a_table_is_no_empty_list() -> None:
    """A PowerShell table begins with an empty line; a list without rows prints nothing."""
    command = "Search-ADAccount -LockedOut | select SamAccountName,LockedOut"
    before = "\nSamAccountName LockedOut\n-------------- ---------\nj.doe               True\n\n"
    assert verdict(command, before, "") == "fixed"
    assert verdict(command, before, "\n") == "inconclusive"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("Name=A Health=Degraded\nName=B Health=Healthy",
         "Name=A Health=Healthy\nName=B Health=Healthy"),
        ("DNS,OK,12\nGateway,FAILED,0", "DNS,OK,11\nGateway,OK,3"),
        ("DNS;OK\nGateway;FAILED", "DNS;OK\nGateway;OK"),
        ("Process exited with code 1", "Process exited with code 0"),
        ("ERRORLEVEL=1", "ERRORLEVEL=0"),
        ("Packets lost: 12%", "Packets lost: 0%"),
        ('{"services": {"spooler": "Stopped", "bits": "Running"}}',
         '{"services": {"spooler": "Running", "bits": "Running"}}'),
    ],
)  # fmt: skip
def test_scripts_print_states_in_many_forms(bad: str, good: str) -> None:
    """Rows without a heading, pairs in a line, exit codes in words."""
    assert verdict(".\\check.ps1", bad + "\n", good + "\n") == "fixed"
    assert verdict(".\\check.ps1", good + "\n", bad + "\n") == "regressed"


VOLUMES = """
DriveLetter FriendlyName HealthStatus SizeRemaining      Size
----------- ------------ ------------ -------------      ----
C                        Healthy           81.21 GB 237.22 GB
D           Data         Healthy       {free:>12} 931.39 GB
                         Healthy           68.29 MB    100 MB
"""


def test_no_size_names_a_volume() -> None:
    """Drives are told apart by their letters, though one of them has none."""
    full, free = VOLUMES.format(free="12 MB"), VOLUMES.format(free="412.20 GB")
    assert verdict("Get-Volume", full, free) == "fixed"
    assert verdict("Get-Volume", free, full) == "regressed"


def test_rows_of_several_machines_come_in_any_order() -> None:
    """Another machine answered only where one alone did both times."""
    form = "\nPSComputerName Name    Status\n-------------- ----    ------\n{}\n"
    a, b = "A              Spooler {}", "B              Spooler Running"
    command = "Invoke-Command A,B { Get-Service Spooler } | ft PSComputerName,Name,Status"
    before = form.format(a.format("Stopped") + "\n" + b)
    assert verdict(command, before, form.format(b + "\n" + a.format("Running"))) == "fixed"
    assert verdict(command, before, form.format(b)) == "inconclusive"


@pytest.mark.parametrize(
    ("value", "expect", "said"),
    [
        ("1 Gbps", "LinkSpeed >= 100 Mbps", "healthy"),
        ("512 MB", "Free > 10 GB", "still_failing"),
        ("1.5 TB", "Free > 900 GB", "healthy"),
        ("12 ms", "Delay < 1 s", "healthy"),
        ("12 ms", "Delay < 1 GB", "inconclusive"),
    ],
)
def test_an_expectation_compares_units_of_one_kind(value: str, expect: str, said: Verdict) -> None:
    """Gigabytes are more than megabytes; milliseconds are no gigabytes."""
    text = f"\n{expect.split()[0]} : {value}\n"
    assert verdict("Get-Thing", text, text, expect=expect) == said


def test_a_search_for_errors_that_finds_none_is_good_news() -> None:
    """`findstr error x.log` ends with 1 where no line has it, and prints nothing."""
    found, nothing = Run("2026-03-10 08:00 error: disk full\n"), Run("", "", 1)
    command = "findstr /i error C:\\logs\\app.log"
    assert verdict(command, found, nothing, platform="cmd") == "fixed"
    assert verdict(command, nothing, found, platform="cmd") == "regressed"
    missing = Run("", "FINDSTR: Cannot open C:\\logs\\app.log\n", 1)
    assert verdict(command, found, missing, platform="cmd") == "inconclusive"


@pytest.mark.parametrize(
    ("command", "bad", "good"),
    [
        ("wmic cpu get loadpercentage", "LoadPercentage\n99\n", "LoadPercentage\n8\n"),
        ("wmic path antivirusproduct get displayName,productState",
         "displayName       productState\nWindows Defender  397584\n",
         "displayName       productState\nWindows Defender  397568\n"),
        ("wmic os get FreePhysicalMemory,TotalVisibleMemorySize",
         "FreePhysicalMemory  TotalVisibleMemorySize\n120000              16600000\n",
         "FreePhysicalMemory  TotalVisibleMemorySize\n8120000             16600000\n"),
    ],
)  # fmt: skip
def test_wmic_prints_headings_without_a_rule(command: str, bad: str, good: str) -> None:
    """One property or more, in one case or another."""
    assert verdict(command, bad, good, platform="cmd") == "fixed"
    assert verdict(command, good, bad, platform="cmd") == "regressed"


def test_a_person_may_be_called_error() -> None:
    """Columns of names and of places in a company hold no states."""
    table = "\nAlias Department\n----- ----------\nerror Critical\nkern  Sales\n"
    assert verdict("Get-Mailbox | ft Alias,Department", table, table) == "healthy"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("backup: FAILED\nav: ok", "backup: running\nav: ok"),
        ("backup: FAILED\nav: ok", "backup: ok (with warnings)\nav: ok"),
        ("backup: FAILED\nav: ok", "backup: skipped\nav: ok"),
        ("disk C: 99% used", "disk D: 40% used"),
        ("e1dexpress   Intel PRO/1000   Manual     Stopped",
         "e1dexpress   Intel PRO/1000   Manual     Running"),
        ("10/12 checks passed", "11/11 checks passed"),
        ("State: [8] Failed\nLast error: Timed out",
         "State: [5] Waiting for completion\nLast error: No error"),
    ],
)  # fmt: skip
def test_what_is_not_well_yet_is_not_fixed(before: str, after: str) -> None:
    """Runs under way, half a success, another disk and fewer checks prove no fix."""
    assert verdict(".\\check.ps1", before + "\n", after + "\n") == "inconclusive"


def test_the_first_lines_of_an_answer_are_none() -> None:
    """Who asks a name server is told its address first, whatever it knows."""
    first = "Server:  dc1\nAddress:  10.1.1.1\n\n"
    failed = first + "*** dc1 can't find a.example: Non-existent domain\n"
    found = first + "Name:    a.example\nAddress:  10.1.1.9\n"
    assert verdict("nslookup a.example", failed, first, platform="cmd") == "inconclusive"
    assert verdict("nslookup a.example", failed, found, platform="cmd") == "fixed"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("Test-Path C:\\Data\\db.lock", "inconclusive"),
        ("(Get-Updater).IsBusy", "inconclusive"),
        ("(Get-Host1).InMaintenance", "fixed"),
        ("Test-Path \\\\fs1\\data", "regressed"),
    ],
)
def test_yes_and_no_go_by_what_is_asked(command: str, said: Verdict) -> None:
    """A share that is gone is a fault, maintenance that ended is none, a lock may be either."""
    assert verdict(command, "True\n", "False\n") == said
