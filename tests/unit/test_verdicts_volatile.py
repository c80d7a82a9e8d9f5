"""What moves by itself in an output, and what must not be taken for it."""

import pytest

from stillfixed.actors.verdicts.volatile import columns_of, masked, stretches


def marked(line: str, heading: str = "") -> str:
    """The line with its volatile values in «»."""
    for one in reversed(stretches(line, columns_of(heading))):
        line = f"{line[: one.start]}«{line[one.start : one.end]}»{line[one.end :]}"
    return line


@pytest.mark.parametrize(
    "line",
    [
        "«Nov 24 09:01:02» web1 sshd[«812»]: Accepted for ana from 10.0.0.5 port «51324» ssh2",
        "since «Tue» «2026-11-24 09:01:02 UTC»; «3min 2s» ago",
        "Date: «Tue,» «20 Jan 2026 09:14:22 GMT»",
        "[«24/Nov/2026:09:01:02 +0100»] GET /",
        "LastBoot «11/30/2025 11:00:01 PM», «24.11.2026» um «14:05»",
        '"Start": "«2026-11-11T13:56:20.114+01:00»"',
        "Main PID: «812» (nginx)",
        "Tasks: «9» (limit: 4915)  Memory: «3.2M»",
        "up «12 days,  3:14»,  2 users,  load average: «0.12, 0.34, 1.40»",
        "64 bytes from 1.1.1.1: icmp_seq=«4» ttl=55 time=«14.1 ms»".replace("64 ", "«64» "),
        "rtt min/avg/max/mdev = «0.045/0.050/0.060/0.001» ms",
        "RX packets «123»  bytes «456» (5.6 KB)",
        "tcp ESTAB 0 0 10.0.0.1:22 10.0.0.5:«51324»",
        "h.example. «287» IN A 1.2.3.4",
        "«3f2a9c81be04» crm-app-1 Up «3 hours»",
        "{«6b0f4a5e-92d1-4c0b-8a33-7f1de20c5519»}",
        "fault at «0x00007ffdf1234567»",
        "5 minute input rate «1000» bits/sec".replace("5 minute", "«5 minute»"),
    ],
)
def test_what_moves_by_itself(line: str) -> None:
    """Times, dates, durations, process ids, free ports, counters, latencies, ids."""
    assert marked(line.replace("«", "").replace("»", "")) == line


@pytest.mark.parametrize(
    "line",
    [
        "HTTP/1.1 503 Service Unavailable",
        "exit code 1067 (0x42b), error 0x80070005",
        "/dev/sda1 40G 38G 2G 98% /",
        "Windows 10.0.19041.1, nginx 1.24.0",
        "Vlan10 on GigabitEthernet1/0/12 is down",
        "aa:bb:cc:12:34:56 at 10.0.0.1:443",
        "packets 0 bytes 0",
        "0 errors, 3 failed, 100% packet loss",
        "FailingStreak 41",
    ],
)
def test_what_may_be_the_fault_itself_does_not_count(line: str) -> None:
    """States, statuses, shares, versions, addresses, known ports, and counters at zero."""
    assert marked(line) == line


def test_columns_are_known_by_their_headings() -> None:
    """Whether numbers stand to the left or to the right under them; a sentence is no heading."""
    processes = "Handles  NPM(K)    PM(K)      WS(K)     CPU(s)     Id  SI ProcessName"
    assert marked(
        "    455      22     5344      15320       1.23   3120   0 spoolsv", processes
    ) == ("    «455»      «22»     «5344»      «15320»       «1.23»   «3120»   0 spoolsv")
    assert columns_of("The time of the last start was noted.") == ()
    assert columns_of("Id Name State") == ()


def test_masked_lines_are_equal_if_only_that_moved() -> None:
    """Values of one kind are the same, of two kinds are not; spaces do not count."""
    assert masked("up  3 days") == masked("up 2 hours")
    assert masked("up 3 days") != masked("up 09:15:00")
    assert masked("pid 12 down") != masked("pid 14 up")
