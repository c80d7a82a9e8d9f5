"""Whether two commands are the same check."""

import pytest

from stillfixed.actors.verdicts import Platform, canonical, same_check

SAME: list[tuple[Platform, str, str]] = [
    ("posix", "df -h", "df  -h ; # after the fix"),
    ("posix", "ss -ltn", "ss -n -l -t"),
    ("posix", "ss -ltn", "ss --listening --tcp --numeric"),
    ("posix", "systemctl status nginx", "sudo systemctl --no-pager status nginx.service"),
    ("posix", "curl -sS -f http://h/x", "curl -fsS 'http://h/x'"),
    ("posix", "curl -m5 http://h", "curl --max-time 5 http://h"),
    ("posix", "ip l", "ip link show"),
    ("posix", "dig example.org MX", "dig Example.ORG mx"),
    ("posix", "cat a | grep 'x'", "cat a|grep x"),
    ("powershell", "Get-Service Spooler", "gsv -Name 'spooler'"),
    ("powershell", "gsv | ? { $_.Status -eq 'Stopped' }", "Get-Service | where Status -EQ Stopped"),
    ("powershell", "Test-NetConnection h -Port 443", "tnc -Port 443 -ComputerName H"),
    ("cmd", "ping -n 2 host1", "PING.EXE  -n 2 HOST1"),
    ("cmd", "ipconfig /all", "ipconfig /ALL & rem again"),
    ("network", "show ip interface brief", "do sh ip int br"),
    ("network", "show interfaces Gi1/0/1 status", "sh int gigabitethernet1/0/1 status"),
    ("network", "show log | no-more", "show log"),
]
OTHER: list[tuple[Platform, str, str]] = [
    ("posix", "curl -f http://h/a", "curl -f http://h/b"),
    ("posix", "curl -f http://h/", "curl http://h/"),
    ("posix", "systemctl is-active a", "systemctl is-active a || true"),
    ("posix", "pgrep -x a", "! pgrep -x a"),
    ("posix", "pgrep -x a", "pgrep -x a && true"),
    ("posix", "grep -c x f", "grep -C x f"),
    ("posix", "ls *.log", "ls '*.log'"),
    ("posix", 'echo "$HOME"', "echo '$HOME'"),
    ("posix", "cat 'a b'", "cat 'a  b'"),
    ("posix", "cat 'a b'", "cat a b"),
    ("posix", "ping -c 1 h", "ping -c 2 h"),
    ("posix", "df -h", "sudo -u nobody df -h"),
    ("posix", "df -h", "df -h | cat"),
    ("posix", "df -h", "df -h 2>/dev/null"),
    ("posix", "df -h", "df -h &"),
    ("posix", "df -h", "# df -h"),
    ("posix", "df -h", "echo 'df -h'"),
    ("posix", "df -h", "rm x; df -h"),
    ("posix", "A=1 df -h", "df -h"),
    ("posix", "curl http://h", "curl -k http://h"),
    ("posix", "pgrep -x demo", "pgrep -x dem\u043e"),
    ("posix", "f() { true; }; f", "f"),
    ("powershell", "Get-Service a", "Get-Service b"),
    ("powershell", "gsv | ? Name -eq a", "gsv | ? Name -ceq a"),
    ("powershell", "gsv | ? Name -eq a", "gsv | ? Name -ne a"),
    ("powershell", "gsv a", "gsv a -ErrorAction SilentlyContinue"),
    ("powershell", "gsv a", "gsv a -ComputerName h"),
    ("powershell", "gsv a", "'gsv a'"),
    ("powershell", "gc x", "gc x -Tail 1"),
    ("powershell", "gsv a | ft", "gsv a | fl"),
    ("powershell", "sls 'a\\S' x", "sls 'a\\s' x"),
    ("powershell", "gsv a", "try { gsv a } catch {}"),
    ("powershell", "gsv a", "gsv a; exit 0"),
    ("cmd", "ping h", "ping h > nul"),
    ("cmd", 'find "Error" x', 'find "error" x'),
    ("cmd", 'dir "a b"', "dir a b"),
    ("cmd", "ping h", "ping h & ver"),
    ("network", "show interfaces Gi1/0/1", "show interfaces Te1/0/1"),
    ("network", "show log", "show log | include up"),
    ("network", "show ip route vrf A", "show ip route vrf a"),
    ("network", "show log | include Down", "show log | include down"),
]


@pytest.mark.parametrize(("platform", "a", "b"), SAME)
def test_spellings_of_one_check(platform: Platform, a: str, b: str) -> None:
    """What cannot change the answer does not make another check."""
    assert same_check(a, b, platform), (canonical(a, platform), canonical(b, platform))


@pytest.mark.parametrize(("platform", "a", "b"), OTHER)
def test_other_checks(platform: Platform, a: str, b: str) -> None:
    """What may change the answer makes another check."""
    assert not same_check(a, b, platform), canonical(a, platform)
