"""What holds for every command: comments, pipes, wrappers, redirections, spellings.

No deadlines: the first line of a platform loads what is known of it.
"""

from hypothesis import given, settings
from hypothesis import strategies as st

from stillfixed.actors.verdicts import Platform, effect_of, same_check

READERS: dict[Platform, list[str]] = {
    "posix": ["df -h", "ps -ef", "ss -tln", "systemctl status nginx", "ip -br a", "cat /etc/hosts",
              "journalctl -u ssh -n 5", "grep -c x f", "curl -s http://h/", "docker ps -a"],
    "powershell": ["Get-Service", "Get-Process x", "gci C:\\x", "Get-NetAdapter",
                   "ipconfig /all",
                   "Test-NetConnection h -Port 443", "Get-ADUser bob", "sc.exe query x"],
    "cmd": ["dir C:\\x", "ipconfig /all", "sc query x", "tasklist /svc", "net user bob", "ping h",
            "netsh int ip show config", "reg query HKLM\\x", "w32tm /query /status"],
    "network": ["show version", "show ip route vrf A", "display interface brief", "ping 10.0.0.1",
                "get system status", "show interfaces Gi1/0/1 status", "diagnose sys session list"],
}  # fmt: skip
CHANGERS: dict[Platform, list[str]] = {
    "posix": ["rm -f /x", "systemctl restart nginx", "ip link set eth0 down", "mkfs.ext4 /dev/sdb",
              "curl -X POST http://h/", "apt-get install x", "docker restart web",
              "sed -i s/a/b/ f", "kill 1", "tee /x", "crontab -r", "iptables -F",
              "zpool clear tank"],
    "powershell": ["Restart-Service x", "Remove-Item C:\\x", "Set-Content x y", "Stop-VM x",
                   "(gsv x).Stop()", "ipconfig /flushdns", "net stop x", "iwr http://h -OutFile x"],
    "cmd": ["del C:\\x", "net stop x", "sc start x", "reg add HKLM\\x /v y", "ipconfig /renew",
            "shutdown /r", "robocopy a b /mir", "taskkill /im x", "chkdsk c: /f"],
    "network": ["configure terminal", "reload", "clear counters", "write memory", "no shutdown",
                "debug ip packet", "undo shutdown", "execute reboot", "request system reboot"],
}  # fmt: skip
COMMENTS: dict[Platform, str] = {
    "posix": " # {}", "powershell": " # {}", "cmd": " & rem {}", "network": "",
}  # fmt: skip
WRAPPERS: dict[Platform, list[str]] = {
    "posix": ["sudo {}", "timeout 5 {}", "nice -n 5 {}", "watch '{}'", "ssh h '{}'", "bash -c '{}'",
              "nohup {} &", "df; {}", "true && {}", "if true; then {}; fi", "echo $({})", "time {}",
              "docker exec web {}", "kubectl exec pod -- {}", "env A=1 {}", "echo '{}' | sh",
              "stdbuf -oL {}", "flock /x {}", "su - bob -c '{}'", "while true; do {}; done",
              "pwsh -c 'Get-Date'; {}", "bash <<'X'\n{}\nX", "f() {{ {}; }}; f", "trap '{}' EXIT"],
    "powershell": ["& {{ {} }}", "powershell -c {{ {} }}", "Invoke-Command h {{ {} }}",
                   "if (1) {{ {} }}", "try {{ {} }} catch {{}}", "1..3 | % {{ {} }}",
                   "Get-Date; {}", "$x = {}", "Start-Job {{ {} }}",
                   "function f {{ {} }}; f", "switch (1) {{ 1 {{ {} }} }}",
                   "({})", "\"$({})\"", "Measure-Command {{ {} }}"],
    "cmd": ["cmd /c {}", "cmd /c \"{}\"", "dir & {}", "if exist x {}", "if exist x (dir) else ({})",
            "for %i in (1 2) do {}", "ping h && {}", "({})", "@{}", "start /wait {}", "call {}"],
    "network": ["do {}", "show version\n{}", "show version; {}"],
}  # fmt: skip
PLATFORMS = st.sampled_from(list(READERS))
WORDS = st.text(st.characters(categories=["Ll", "Nd"], max_codepoint=127), max_size=12)


@settings(deadline=None)
@given(st.data(), PLATFORMS, WORDS, st.integers(1, 3))
def test_comments_and_blanks_say_nothing(
    data: st.DataObject, platform: Platform, words: str, blanks: int
) -> None:
    """A trailing comment, or more blanks between words, changes neither answer."""
    line = data.draw(st.sampled_from([*READERS[platform], *CHANGERS[platform]]))
    other = (" " * blanks).join(line.split(" ")) + COMMENTS[platform].format(words)
    assert effect_of(other, platform) == effect_of(line, platform)
    assert same_check(line, other, platform)


@settings(deadline=None)
@given(st.data(), st.sampled_from(["posix", "powershell", "cmd"]))
def test_readers_piped_together_read(data: st.DataObject, platform: Platform) -> None:
    """A pipeline of readers is a reader."""
    ends = {"posix": "grep x", "powershell": "Select-Object -First 1", "cmd": 'find "x"'}
    parts = [
        data.draw(st.sampled_from(READERS[platform])),
        *[ends[platform]] * data.draw(st.integers(0, 3)),
    ]
    assert effect_of(" | ".join(parts), platform) == "reads"


@settings(deadline=None)
@given(st.data(), PLATFORMS, st.integers(1, 2))
def test_no_wrapper_makes_a_reader_of_a_change(
    data: st.DataObject, platform: Platform, times: int
) -> None:
    """Whatever a change is wrapped in, it never reads."""
    line = data.draw(st.sampled_from(CHANGERS[platform]))
    for _ in range(times):
        quoted = bool(set(line) & set("'\""))
        fitting = [wrap for wrap in WRAPPERS[platform] if not (quoted and set(wrap) & set("'\""))]
        line = data.draw(st.sampled_from(fitting)).format(line)
    assert effect_of(line, platform) != "reads", line


@settings(deadline=None)
@given(st.data(), st.sampled_from(["posix", "powershell", "cmd"]), st.sampled_from([">", ">>"]))
def test_writing_a_file_changes(data: st.DataObject, platform: Platform, operator: str) -> None:
    """A reader whose output goes into a file changes something."""
    line = data.draw(st.sampled_from(READERS[platform]))
    assert effect_of(f"{line} {operator} out.txt", platform) == "changes"


@settings(deadline=None)
@given(st.data(), PLATFORMS)
def test_two_commands_are_no_single_check(data: st.DataObject, platform: Platform) -> None:
    """Two checks, and a check after a change, are never the one check alone."""
    a, b = (data.draw(st.sampled_from(READERS[platform])) for _ in range(2))
    change = data.draw(st.sampled_from(CHANGERS[platform]))
    assert same_check(a, b, platform) is (a == b)
    assert not same_check(a, f"{change}\n{a}", platform)
    assert not same_check(a, change, platform)
