"""Outputs of network devices read by templates: whose, which lines, which names."""

import pytest

from stillfixed.actors.verdicts import Run, judge
from stillfixed.actors.verdicts.parsing import network
from tests.support.readings import line_of, values

BRIEF = """rtr1#sh ip int br
Interface              IP-Address      OK? Method Status                Protocol
GigabitEthernet0/0     198.51.100.34   YES NVRAM  up                    down
GigabitEthernet0/1     unassigned      YES NVRAM  administratively down down
rtr1#
"""
STATUS = """Port       Name                       Status       Vlan     Duplex Speed  Type
Et1        srv-bck01                  connected    210      full   10G    10GBASE-SR
Et49/1     uplink spine1              notconnect   trunk    full   100G   100GBASE-LR4
"""
INTERFACE = """Ethernet3 is up, line protocol is down (notconnect)
  Hardware is Ethernet, address is 444c.a8aa.0103 (bia 444c.a8aa.0103)
  Description: nas-01
  Ethernet MTU 9214 bytes, BW 10000000 kbit
  Up 71 days, 4 hours, 18 minutes, 2 seconds
"""
ARP = """Protocol  Address          Age (min)  Hardware Addr   Type   Interface
Internet  10.5.0.1                0   0009.0f09.0012  ARPA   Vlan5
Internet  10.5.0.9               12   Incomplete      ARPA
"""


@pytest.mark.parametrize(
    "command", ["sh ip int br", "show ip interface brief", "do sh ip int brief"]
)
def test_abbreviated_commands(command: str) -> None:
    """However short the command, the template is found; prompt and echo are no rows."""
    found = network.parse(command, "network", BRIEF)
    assert values(found)["GigabitEthernet0/0", "Protocol"] == "down"
    assert values(found)["GigabitEthernet0/1", "Status"] == "administratively down"
    assert line_of(found, "GigabitEthernet0/0", "Protocol") == 3
    assert found.rest == ()


def test_the_heading_names_the_columns() -> None:
    """A column that the template skips lends its heading to none."""
    found = network.parse("sh ip int br", "network", BRIEF)
    assert {cell.field for cell in found.cells} == {"Interface", "IP-Address", "Status", "Protocol"}


def test_a_heading_of_two_words_over_a_number() -> None:
    """Of a column aligned to the right, the words before belong to it too."""
    found = network.parse("show ip arp", "network", ARP)
    assert values(found)["10.5.0.9", "Age (min)"] == "12"
    assert values(found)["10.5.0.9", "Hardware Addr"] == "Incomplete"


def test_another_vendor_by_its_layout() -> None:
    """The same command reads by the template that fits: here a switch of another make."""
    found = network.parse("show interfaces status", "network", STATUS)
    assert values(found)["Et49/1", "Name"] == "uplink spine1"
    assert values(found)["Et49/1", "Status"] == "notconnect"


def test_sentences_become_fields() -> None:
    """Where there are no columns, the field has a name in words; unread lines are the rest."""
    found = network.parse("show interfaces Ethernet3", "network", INTERFACE)
    assert values(found)["Ethernet3", "link status"] == "up"
    assert values(found)["Ethernet3", "line protocol"].startswith("down")
    assert line_of(found, "Ethernet3", "line protocol") == 1


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("show ip interface brief | include up", BRIEF),
        ("show ip interface brief", "% Invalid input detected at '^' marker.\n"),
        ("show tea", BRIEF),
        ("show logging", "*Mar  1 00:00:01.123: %SYS-5-CONFIG_I: Configured from console\n"),
        ("show interfaces counters errors", STATUS),
        ("", BRIEF),
    ],
)
def test_what_no_template_reads(command: str, text: str) -> None:
    """A filter, an error, an unknown command, a log, another table: left to the generic reading."""
    assert network.parse(command, "network", text) is None


def test_two_readings_at_once_do_not_mix() -> None:
    """A compiled template is used again, with nothing left of the text before."""
    first = network.parse("show interfaces status", "network", STATUS)
    network.parse("show interfaces status", "network", STATUS.replace("Et1 ", "Et7 "))
    assert network.parse("show interfaces status", "network", STATUS) == first


def test_pagers_are_no_rows() -> None:
    """What the pager left on a line goes, the row behind it stays."""
    paged = STATUS.replace("Et49/1", " --More-- \b\b\b\b\b\b\b\b\b        \b\b\b\bEt49/1")
    found = network.parse("show interfaces status", "network", paged)
    assert values(found)["Et49/1", "Status"] == "notconnect"


SWITCHES = """                                           H/W   Current
Switch#  Role    Mac Address     Priority Version  State
-----------------------------------------------------------------
*1       Active   0c75.bd00.1200     15     V02     Ready
 2       Standby  0c75.bd00.1380     14     V02     Ready
 3       Member   0c75.bd00.1500     1      V02     V-Mismatch
"""


def test_both_runs_are_read_by_one_reader() -> None:
    """A template that knows the values of one run only is not used for either."""
    after = SWITCHES.replace("V-Mismatch", "Ready").replace(
        "14     V02     Ready", "0      V02     Removed"
    )
    assert network.parse("show switch", "network", SWITCHES) is None
    assert network.parse("show switch", "network", after) is not None
    found = judge("show switch", Run(SWITCHES), Run(after), platform="network")
    assert found.verdict == "regressed"
    assert {change.item: change.verdict for change in found.fields}["3"] == "fixed"
