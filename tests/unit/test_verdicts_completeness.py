"""An output that lost its end proves no recovery, and one that is whole is not doubted."""

import pytest

from stillfixed.actors.verdicts import Platform, Run, judge

EVENTS = """
   ProviderName: Service Control Manager

TimeCreated                     Id LevelDisplayName Message
-----------                     -- ---------------- -------
2/4/2026 10:58:21 AM          7031 Error            The print spooler terminated unexpectedly.
"""
CONTAINERS = """NAMES            STATUS
shop-web         Up 2 days
shop-db          Up 2 days (healthy)
shop-mail        Restarting (78) 21 seconds ago
"""
PORTS = """
Name                 Interface                Inconsistency
-------------------- ------------------------ ------------------
VLAN0010             GigabitEthernet1/0/24    Root Inconsistent

Number of inconsistent ports (segments) in the system : 1
"""


@pytest.mark.parametrize(
    ("command", "platform", "before", "after"),
    [
        pytest.param(
            "Get-WinEvent -FilterHashtable @{LogName='System';Id=7031}", "powershell",
            EVENTS, "\n   ProviderName: Service Control Manager\n", id="stops under a title",
        ),
        pytest.param(
            "show spanning-tree inconsistentports", "network",
            PORTS, "\nName                 Interface                Inconsistency\n",
            id="stops inside the heading",
        ),
        pytest.param(
            "docker ps --format 'table {{.Names}}\\t{{.Status}}'", "posix",
            CONTAINERS, "NAMES            STATUS\nshop-mail        Up 9 minutes\n",
            id="rows that were healthy are gone, whatever the order",
        ),
    ],
)  # fmt: skip
def test_what_lost_its_end_is_not_fixed(
    command: str, platform: Platform, before: str, after: str
) -> None:
    """The faulty lines are gone, but so is what must stand in a whole output."""
    found = judge(command, Run(before), Run(after), platform=platform)
    assert found.verdict == "inconclusive"
    assert "breaks off" in found.reasons[0]


def test_a_whole_list_without_faults_is_fixed() -> None:
    """A heading with its rule and no rows is what a list of faults prints when there are none."""
    after = PORTS.split("VLAN")[0] + "\nNumber of inconsistent ports (segments) in the system : 0\n"
    found = judge(
        "show spanning-tree inconsistentports", Run(PORTS), Run(after), platform="network"
    )
    assert found.verdict == "fixed"


def test_rows_in_another_order_are_whole() -> None:
    """A row that moved is not a row that is gone."""
    after = """NAMES            STATUS
shop-mail        Up 9 minutes
shop-db          Up 2 days (healthy)
shop-web         Up 2 days
"""
    command = "docker ps --format 'table {{.Names}}\\t{{.Status}}'"
    assert judge(command, Run(CONTAINERS), Run(after), platform="posix").verdict == "fixed"
