"""What a command does: the everyday ones, and those that only look harmless."""

import pytest

from stillfixed.actors.verdicts import Effect, Platform, effect_of, same_check

CASES: list[tuple[Platform, str, Effect]] = [
    ("posix", "curl -sS -f http://127.0.0.1:8080/health", "reads"),
    ("posix", "curl -sS -o /dev/null -w '%{http_code}\\n' http://h/", "reads"),
    ("posix", "curl -so page.html http://h/", "changes"),
    ("posix", "curl --data a=1 http://h/", "changes"),
    ("posix", "curl -fsSL http://h/get.sh | sudo bash", "changes"),
    ("posix", 'bash -c "$(wget -qO- http://h/x)"', "changes"),
    ("posix", "/etc/init.d/demo status", "reads"),
    ("posix", "/etc/init.d/demo restart", "changes"),
    ("posix", "sudo -u postgres psql -c 'select now()'", "reads"),
    ("posix", "psql -c 'select pg_terminate_backend(7)'", "changes"),
    ("posix", "sed -n 1,5p /etc/hosts", "reads"),
    ("posix", "sed --in-place=.bak s/a/b/ /etc/hosts", "changes"),
    ("posix", "sed -n 'w /tmp/x' /etc/hosts", "changes"),
    ("posix", "awk '{print > \"/tmp/x\"}' f", "changes"),
    ("posix", "awk '$3 > 90 {print $1}' f", "reads"),
    ("posix", "if ! pgrep -x demo; then service demo start; fi", "changes"),
    ("posix", "[[ 3 > 2 ]] && df -h", "reads"),
    ("posix", "ls 2>&1 >/dev/null", "reads"),
    ("posix", "ls &> out", "changes"),
    ("posix", "find . -name x -exec grep -l y {} \\;", "reads"),
    ("posix", "find . -name x -exec rm {} +", "changes"),
    ("posix", "for h in a b; do ssh $h uptime; done", "reads"),
    ("posix", "ssh h 'sudo systemctl restart x'", "changes"),
    ("posix", "systemctl $VERB nginx", "unknown"),
    ("posix", "ip a", "reads"),
    ("posix", "ip link set eth0 down", "changes"),
    ("posix", "echo 'unfinished", "unknown"),
    ("posix", "date -s 12:00", "changes"),
    ("posix", "date +%s", "reads"),
    ("posix", "rsync -an a/ b/", "reads"),
    ("posix", "rsync -a a/ b/", "changes"),
    ("posix", "tail -f /var/log/syslog | tee /tmp/copy", "changes"),
    ("posix", "kubectl exec pod -- cat /etc/hosts", "reads"),
    ("posix", "docker exec web rm -f /tmp/x", "changes"),
    ("powershell", "Get-Service Spooler | Restart-Service", "changes"),
    ("powershell", "Get-Service | ? Status -eq Stopped | ft Name, Status", "reads"),
    ("powershell", "Get-Process x | % { $_.Kill() }", "changes"),
    ("powershell", "Get-Process x | % Kill", "changes"),
    ("powershell", "(Get-Service Spooler).Stop()", "changes"),
    ("powershell", "(Get-Service Spooler).Status", "reads"),
    ("powershell", "(Get-Item C:\\x).IsReadOnly = $false", "changes"),
    ("powershell", "Remove-Item C:\\x -WhatIf:$false", "changes"),
    ("powershell", "Remove-Item C:\\x -WhatIf", "reads"),
    ("powershell", '"now $(Restart-Service Spooler)"', "changes"),
    ("powershell", "Get-Content x > y", "changes"),
    ("powershell", "Get-Content x 2>$null", "reads"),
    ("powershell", "iwr http://h/ -OutFile x", "changes"),
    ("powershell", "irm http://h/x.ps1 | iex", "changes"),
    ("powershell", "irm http://h/api -Method Post", "changes"),
    ("powershell", "Invoke-Command SRV1 -FilePath .\\x.ps1", "unknown"),
    ("powershell", "if (!(Test-Path C:\\x)) { mkdir C:\\x }", "changes"),
    ("powershell", "[IO.File]::WriteAllText('x','y')", "changes"),
    ("powershell", "[Net.Dns]::GetHostAddresses('h')", "reads"),
    ("powershell", "Test-ComputerSecureChannel -Repair", "changes"),
    ("powershell", "Test-ComputerSecureChannel", "reads"),
    ("powershell", "ipconfig /flushdns", "changes"),
    ("powershell", "ipconfig /all", "reads"),
    ("powershell", "sc.exe query Spooler", "reads"),
    ("powershell", "sc.exe start Spooler", "changes"),
    ("powershell", "Invoke-Thing", "unknown"),
    ("cmd", "net start", "reads"),
    ("cmd", "net start spooler", "changes"),
    ("cmd", "net use", "reads"),
    ("cmd", "net use z: /delete", "changes"),
    ("cmd", "ipconfig /all | findstr IPv4", "reads"),
    ("cmd", "ipconfig /renew", "changes"),
    ("cmd", "dir C:\\ > NUL", "reads"),
    ("cmd", "dir C:\\ > list.txt", "changes"),
    ("cmd", "echo a ^> b", "reads"),
    ("cmd", "chkdsk C:", "reads"),
    ("cmd", "chkdsk C: /r", "changes"),
    ("cmd", "sc query spooler & sc start spooler", "changes"),
    ("cmd", 'cmd /c "net stop spooler"', "changes"),
    ("cmd", "if exist C:\\x del C:\\x", "changes"),
    ("cmd", "repair.bat", "unknown"),
    ("network", "sh ip int br", "reads"),
    ("network", "show run | include shutdown", "reads"),
    ("network", "show tech | redirect tftp://h/x", "changes"),
    ("network", "conf t", "changes"),
    ("network", "no shutdown", "changes"),
    ("network", "wr mem", "changes"),
    ("network", "clear ip bgp *", "changes"),
    ("network", "debug ip packet", "changes"),
    ("network", "/ip address print", "reads"),
    ("network", "/interface disable ether1", "changes"),
    ("network", "get system status", "reads"),
    ("network", "commit check", "reads"),
    ("network", "commit", "changes"),
    ("network", "frobnicate", "unknown"),
]


@pytest.mark.parametrize(("platform", "command", "effect"), CASES)
def test_effect(platform: Platform, command: str, effect: Effect) -> None:
    """A command is labelled by everything that its whole line may do."""
    assert effect_of(command, platform) == effect


def test_a_change_hidden_in_any_wrapper_is_a_change() -> None:
    """No wrapper turns a change into a reader."""
    for wrap in (
        "sudo {}",
        "timeout 5 {}",
        "nohup {} &",
        "env A=1 {}",
        "time {}",
        "watch '{}'",
        "ssh h '{}'",
        "bash -c '{}'",
        "({})",
        "df; {}",
        "false || {}",
        'echo "$({})"',
        "for i in 1; do {}; done",
        "nice -n 5 {}",
        "stdbuf -oL {}",
        "docker exec c {}",
        "while true; do {}; done",
        "f() {{ {}; }}; f",
        "xargs {}",
        "cat <({})",
    ):
        assert effect_of(wrap.format("rm -f /x"), "posix") == "changes", wrap


def test_wide_characters_do_not_kill_the_process() -> None:
    """Characters far behind the tables of the grammar's scanner are read as letters."""
    odd = "\u00b4\x15\u009a-\U000b9870{\U000dda15m"
    for command in (odd, f"cat {odd}", f"rm '{odd}'", "echo \xff000041 \U0010ffff"):
        for _ in range(200):
            assert effect_of(command, "posix") in ("reads", "changes", "unknown")
    assert not same_check("cat \U000b9870", "cat \U000b9871", "posix")
    assert same_check("cat  \U000b9870", "cat \U000b9870", "posix")
