"""Outputs of network devices read by templates: which command, whose layout, which lines."""

import pytest

from stillfixed.actors.verdicts import Run, judge
from stillfixed.actors.verdicts.health import look_at_both
from stillfixed.actors.verdicts.parsing import network
from tests.support.readings import line_of, values

ARISTA = """sw1#show interfaces
Ethernet3 is up, line protocol is down (notconnect)
  Hardware is Ethernet, address is 444c.a8aa.0103 (bia 444c.a8aa.0103)
  Description: nas-01
  Ethernet MTU 9214 bytes, BW 10000000 kbit
  Up 71 days, 4 hours, 18 minutes, 2 seconds
  Loopback Mode : None
Ethernet4 is up, line protocol is up (connected)
  Hardware is Ethernet, address is 444c.a8aa.0104 (bia 444c.a8aa.0104)
  Description: nas-02
  Ethernet MTU 9214 bytes, BW 10000000 kbit
  Up 71 days, 4 hours, 18 minutes, 2 seconds
sw1#
"""
FAILOVER = """Failover On
Failover unit Primary
Failover LAN Interface: FOLINK GigabitEthernet1/7 (up)
Reconnect timeout 0:00:00
Unit Poll frequency 1 seconds, holdtime 15 seconds
Interface Poll frequency 5 seconds, holdtime 25 seconds
Monitored Interfaces 2 of 311 maximum
Version: Ours 9.16(4)57, Mate 9.16(4)57
Last Failover at: 03:14:20 CET Jan 11 2025
        This host: Primary - Active
                Active time: 4120044 (sec)
                  Interface outside (198.51.100.66): Normal (Monitored)
                  Interface inside (10.61.0.1): Normal (Monitored)
        Other host: Secondary - Standby Ready
                Active time: 211 (sec)
                  Interface outside (198.51.100.67): Normal (Monitored)
                  Interface inside (10.61.0.2): Normal (Monitored)
"""
BRIEF = """Interface              IP-Address      OK? Method Status                Protocol
GigabitEthernet0/0     198.51.100.34   YES NVRAM  up                    down
GigabitEthernet0/1     unassigned      YES NVRAM  administratively down down
"""


@pytest.mark.parametrize("command", ["show interfaces", "sh int", "do sh inter", "show interface"])
def test_abbreviated_commands(command: str) -> None:
    """However short the command, the template is found; prompt and echo belong to no thing."""
    found = network.parse(command, "network", ARISTA)
    assert values(found)["Ethernet3", "link status"] == "up"
    assert values(found)["Ethernet3", "line protocol"].startswith("down")
    assert line_of(found, "Ethernet4", "line protocol") == 8
    assert [number for number, _ in found.rest] == [7]


def test_the_layout_tells_the_vendor() -> None:
    """Of many vendors that have the command, the one whose template fits reads it."""
    found = network.parse("show interfaces", "network", ARISTA)
    assert found.reader == "arista_eos_show_interfaces.textfsm"
    assert network.parse("show failover", "network", FAILOVER).reader.startswith("cisco_asa")


def test_lists_in_a_record() -> None:
    """The elements of a list are told apart by a name beside them: each keeps its own state."""
    after = FAILOVER.replace("Standby Ready", "Failed").replace(
        "inside (10.61.0.2): Normal (Monitored)", "inside (10.61.0.2): Failed (Waiting)"
    )
    found = values(network.parse("show failover", "network", after))
    assert found["FOLINK/inside", "interfaces status mate"] == "Failed"
    assert found["FOLINK/outside", "interfaces status mate"] == "Normal"
    told = judge("show failover", Run(FAILOVER), Run(after), platform="network")
    assert told.verdict == "regressed"


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("show ip interface brief", BRIEF),
        ("show interfaces | include up", ARISTA),
        ("show interfaces", "% Invalid input detected at '^' marker.\n"),
        ("show tea", ARISTA),
        ("show interfaces counters errors", ARISTA),
        ("show logging", "*Mar  1 00:00:01.123: %SYS-5-CONFIG_I: Configured from console\n"),
        ("", ARISTA),
    ],
)
def test_what_is_left_to_the_generic_reading(command: str, text: str) -> None:
    """A plain table, a filter, an error, an unknown command, another command, a log."""
    assert network.parse(command, "network", text) is None


def test_two_readings_at_once_do_not_mix() -> None:
    """A compiled template is used again, with nothing left of the text before."""
    first = network.parse("show interfaces", "network", ARISTA)
    network.parse("show interfaces", "network", ARISTA.replace("Ethernet3", "Ethernet7"))
    assert network.parse("show interfaces", "network", ARISTA) == first


def test_pagers_are_no_part_of_a_line() -> None:
    """What the pager left on a line goes, the line behind it stays."""
    paged = ARISTA.replace("Ethernet4 is", " --More-- \b\b\b\b\b        \b\b\bEthernet4 is")
    found = network.parse("show interfaces", "network", paged)
    assert values(found)["Ethernet4", "line protocol"] == "up (connected)"


def test_both_runs_are_read_by_one_reader() -> None:
    """A template that fits one run only is used for neither: nothing else uses its names."""
    fixed = ARISTA.replace("down (notconnect)", "up (connected)")
    both = look_at_both("show int", Run(ARISTA), Run(fixed), "network")
    assert [shown.reading.reader for shown in both] == ["arista_eos_show_interfaces.textfsm"] * 2
    one = look_at_both("show int", Run(ARISTA), Run(BRIEF), "network")
    assert [shown.reading.reader for shown in one] == ["", ""]
    assert judge("show int", Run(ARISTA), Run(fixed), platform="network").verdict == "fixed"
