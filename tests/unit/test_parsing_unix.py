"""Unix outputs read by jc: which command, which lines, which names."""

import os
import subprocess
import sys

import pytest

from stillfixed.actors.verdicts import Run, judge
from stillfixed.actors.verdicts.parsing import headings, parse, unix
from tests.support.readings import line_of, values

DF = (
    "Filesystem           Inodes  IUsed   IFree IUse% Mounted on\n"
    "/dev/mapper/vg-root 1966080 310211 1655869   16% /\n"
    "tmpfs                502818    811  502007    1% /run/user/1000\n"
)
ZPOOL = """  pool: tank
 state: DEGRADED
  scan: scrub repaired 0B in 01:02:03 with 0 errors on Sun Mar 10 01:26:04 2024
config:

\tNAME        STATE     READ WRITE CKSUM
\ttank        DEGRADED     0     0     0
\t  mirror-0  DEGRADED     0     0     0
\t    sda     ONLINE       0     0     0
\t    sdb     UNAVAIL      3   412     0

errors: No known data errors
"""
IFCONFIG = """eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500
        inet 10.0.0.5  netmask 255.255.255.0  broadcast 10.0.0.255
        ether 00:16:3e:aa:bb:cc  txqueuelen 1000  (Ethernet)
        RX packets 81234  bytes 1234567 (1.1 MiB)
        RX errors 0  dropped 3  overruns 0  frame 0
        TX packets 4321  bytes 765432 (747.4 KiB)
        TX errors 7  dropped 0 overruns 0  carrier 0  collisions 0

lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536
        inet 127.0.0.1  netmask 255.0.0.0
        loop  txqueuelen 1000  (Local Loopback)
        RX packets 12  bytes 100 (100.0 B)
        RX errors 0  dropped 0  overruns 0  frame 0
        TX packets 12  bytes 100 (100.0 B)
        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0
"""
MDADM = """/dev/md0:
           Version : 1.2
        Raid Level : raid1
      Raid Devices : 2
     Total Devices : 1
             State : clean, degraded
    Failed Devices : 1

    Number   Major   Minor   RaidDevice State
       0       8        1        0      active sync   /dev/sda1
       -       0        0        1      removed
"""
DIG = """
; <<>> DiG 9.18.24 <<>> www.example.com
;; global options: +cmd
;; Got answer:
;; ->>HEADER<<- opcode: QUERY, status: NXDOMAIN, id: 41123
;; flags: qr rd ra; QUERY: 1, ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 1

;; QUESTION SECTION:
;www.example.com.\t\tIN\tA

;; Query time: 12 msec
;; SERVER: 10.0.0.53#53(10.0.0.53) (UDP)
;; WHEN: Tue Mar 12 10:41:02 CET 2024
;; MSG SIZE  rcvd: 60
"""


@pytest.mark.parametrize(
    "command",
    ["df -i", "sudo df -i", "/bin/df -i /", "timeout 5 df -i", "df -i | head -5", "df -i 2>&1",
     "sudo -u root df -i", "LC_ALL=C df -i"],
)  # fmt: skip
def test_the_command_is_found(command: str) -> None:
    """Behind sudo and timeout, by its path, and before a pipe that keeps the form."""
    assert values(unix.parse(command, "posix", DF))["tmpfs", "IUse%"] == "1%"


@pytest.mark.parametrize(
    "command",
    ["df -i | grep tmpfs", "df -i | awk '{print $5}'", "df -i; id", "ssh h df -i", "cat f"],
)
def test_other_commands_are_left_alone(command: str) -> None:
    """Where a filter or another command makes the output, jc is not asked."""
    assert unix.parse(command, "posix", DF) is None


def test_fields_are_called_as_the_output_calls_them() -> None:
    """The heading over a column names it, not jc's own word, and rows keep their lines."""
    found = unix.parse("df -i", "posix", DF)
    assert {cell.field for cell in found.cells} == {
        "Filesystem", "Inodes", "IUsed", "IFree", "IUse%", "Mounted on",
    }  # fmt: skip
    assert line_of(found, "tmpfs", "Mounted on") == 3


def test_headings_of_several_words() -> None:
    """A word without a column goes on with the one before it, or begins the one behind it where
    that column is aligned to the right; a column that nobody read lends its word to none."""
    header = "Address          Age (min)  Hardware Addr   OK? Status"
    columns = {"address": (0, 9), "age": (23, 25), "mac": (28, 42), "status": (48, 50)}
    assert headings.names(header, columns) == {
        "address": "Address", "age": "Age (min)", "mac": "Hardware Addr", "status": "Status",
    }  # fmt: skip


def test_a_pool_and_its_disks() -> None:
    """Nested records stand on their own lines; what jc did not take is the rest."""
    found = unix.parse("zpool status", "posix", ZPOOL)
    assert values(found)["tank", "state"] == "DEGRADED"
    assert values(found)["tank/sdb", "state"] == "UNAVAIL"
    assert values(found)["tank/sdb", "CKSUM"] == "0"
    assert line_of(found, "tank/sdb", "state") == 10


def test_records_of_many_lines() -> None:
    """The same value in two records stands on the line of each."""
    found = unix.parse("ifconfig", "posix", IFCONFIG)
    assert values(found)["eth0", "tx errors"] == "7"
    assert line_of(found, "eth0", "tx errors") == 7
    assert line_of(found, "lo", "tx errors") == 15
    assert line_of(found, "lo", "rx errors") == 13


def test_labels_name_their_values() -> None:
    """`State : clean, degraded` is the field State, and the disks are items."""
    found = unix.parse("mdadm -D /dev/md0", "posix", MDADM)
    assert values(found)["/dev/md0", "State"] == "clean, degraded"
    assert values(found)["/dev/md0", "Failed Devices"] == "1"
    assert ("removed") in {cell.value for cell in found.cells}


def test_the_status_of_a_dns_answer() -> None:
    """What changes with every query (its id, when, how long) is no field."""
    found = unix.parse("dig www.example.com", "posix", DIG)
    assert values(found)["", "status"] == "NXDOMAIN"
    assert line_of(found, "", "status") == 5
    assert not {"id", "when", "query_time"} & {cell.field for cell in found.cells}


@pytest.mark.parametrize(
    "command", ["df", "zpool status", "ifconfig", "dig x", "mdadm -D x", "free"]
)
@pytest.mark.parametrize("text", ["command not found\n", "Error: nothing here\n", "a b c\n1 2\n"])
def test_errors_are_not_made_into_records(command: str, text: str) -> None:
    """What is read of a text that is no such output stands in it."""
    found = parse(command, "posix", text)
    for cell in found.cells if found else ():
        assert cell.value in text


def test_an_expectation_finds_the_printed_heading() -> None:
    """A person writes the heading they see."""
    before = Run(DF.replace("  16%", " 100%"))
    found = judge("df -i", before, Run(DF), expect="IUse% < 90", platform="posix")
    assert found.verdict == "fixed"


def test_time_zone_and_language_change_nothing() -> None:
    """The same bytes give the same reading wherever the judge runs."""
    script = (
        "from stillfixed.actors.verdicts.parsing import parse\n"
        f"print(parse('dig x', 'posix', {DIG!r}))\nprint(parse('zpool status', 'posix', {ZPOOL!r}))"
    )
    said = set()
    for zone, language in (("UTC", "C"), ("Asia/Kathmandu", "de_DE.UTF-8"), ("EST5EDT", "C.UTF-8")):
        env = {**os.environ, "TZ": zone, "LC_ALL": language, "PYTHONHASHSEED": "0"}
        done = subprocess.run(
            [sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True
        )
        said.add(done.stdout)
    assert len(said) == 1
    assert "NXDOMAIN" in said.pop()
