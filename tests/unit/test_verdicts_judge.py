"""The verdict on small, hand-written pairs of runs: what a service desk meets every day."""

import pytest

from stillfixed.actors.verdicts import Platform, Run, Verdict, examine, judge, parse_expectation

HEALTH_URL = "curl -sS -f http://127.0.0.1:8080/health"
HTTP_CODE = "curl -sS -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:8080/"
REFUSED = Run("", "curl: (7) Failed to connect to 127.0.0.1 port 8080: Connection refused\n", 7)
DF = (
    "Filesystem      Size  Used Avail Use% Mounted on\n"
    "/dev/sda1        20G   20G     0 {root:>4} /\n"
    "/dev/sdb1        40G   10G   30G {data:>4} /srv/my data\n"
)
UNIT = (
    "● demo.service - Demo\n"
    "     Loaded: loaded (/etc/systemd/system/demo.service; enabled)\n"
    "     Active: {state} since Mon 2026-03-02 10:00:00 UTC; 5min ago\n\n"
    "Mar 02 10:00:00 h demo[7]: Failed to open port: address in use\n"
)


def services(**states: str) -> Run:
    rows = "".join(f"{state:<9}{name:<19}x\n" for name, state in states.items())
    return Run(
        "\nStatus   Name               DisplayName\n------   ----               -----------\n"
        f"{rows}\n"
    )


def typed(state: str, start: str) -> Run:
    return Run(f"\nName      : app\nStatus    : {state}\nStartType : {start}\n\n")


CASES: list[tuple[str, Platform, Run, Run, str | None, Verdict]] = [
    (HEALTH_URL, "posix", REFUSED, Run('{"status":"ok"}\n'), None, "fixed"),
    (HEALTH_URL, "posix", REFUSED, REFUSED, None, "still_failing"),
    (HEALTH_URL, "posix", Run("ok\n"), REFUSED, None, "regressed"),
    (HEALTH_URL, "posix", Run("ok\n"), Run("ok\n"), None, "healthy"),
    (HEALTH_URL, "posix", REFUSED, Run("", "curl: command not found", 127), None, "inconclusive"),
    (HEALTH_URL, "posix", REFUSED, Run("", "", None), None, "inconclusive"),
    (HTTP_CODE, "posix", Run("503\n"), Run("200\n"), None, "fixed"),
    (HTTP_CODE, "posix", Run("000\n", "curl: (7) refused", 7), Run("200\n"), None, "fixed"),
    (HTTP_CODE, "posix", Run("503\n"), Run("500\n"), None, "still_failing"),
    (HTTP_CODE, "posix", Run("503\n"), Run("403\n"), None, "inconclusive"),
    (HTTP_CODE, "posix", Run("200\n"), Run("502\n"), None, "regressed"),
    ("pgrep -x demo", "posix", Run("", "", 1), Run("41\n"), None, "fixed"),
    ("pgrep -x demo", "posix", Run("41\n"), Run("77\n"), None, "healthy"),
    ("nc -z h 80", "posix", Run("", "", 1), Run(""), None, "fixed"),
    ("true", "posix", Run(""), Run(""), None, "healthy"),
    ("false", "posix", Run("", "", 1), Run("", "", 1), None, "still_failing"),
    (
        "df -h",
        "posix",
        Run(DF.format(root="100%", data="26%")),
        Run(DF.format(root="51%", data="26%")),
        None,
        "fixed",
    ),
    (
        "df -h",
        "posix",
        Run(DF.format(root="100%", data="26%")),
        Run(DF.format(root="95%", data="26%")),
        None,
        "inconclusive",
    ),
    (
        "df -h",
        "posix",
        Run(DF.format(root="100%", data="26%")),
        Run(DF.format(root="51%", data="99%")),
        None,
        "regressed",
    ),
    (
        "df -h",
        "posix",
        Run(DF.format(root="90%", data="26%")),
        Run(DF.format(root="51%", data="26%")),
        "Use% < 80",
        "fixed",
    ),
    ("cat f", "posix", Run("a\n"), Run("b\n"), None, "inconclusive"),
    ("ss -ltn", "posix", Run("x:22\n"), Run("x:22\nx:8080\n"), "stdout contains :8080", "fixed"),
    (
        "systemctl status demo",
        "posix",
        Run(UNIT.format(state="failed (Result: exit-code)"), "", 3),
        Run(UNIT.format(state="active (running)")),
        None,
        "fixed",
    ),
    (
        "systemctl status demo",
        "posix",
        Run(UNIT.format(state="active (running)")),
        Run(UNIT.format(state="inactive (dead)"), "", 3),
        None,
        "regressed",
    ),
    ("systemctl is-active demo", "posix", Run("inactive\n", "", 3), Run("active\n"), None, "fixed"),
    (
        "/etc/init.d/demo status",
        "posix",
        Run("demo is not running\n", "", 3),
        Run("demo is running\n"),
        None,
        "fixed",
    ),
    (
        "systemctl --failed",
        "posix",
        Run(
            "  UNIT LOAD ACTIVE SUB DESCRIPTION\n"
            "● a.service loaded failed failed A thing\n\n1 loaded units listed.\n"
        ),
        Run("0 loaded units listed.\n"),
        None,
        "fixed",
    ),
    (
        "gsv a,b",
        "powershell",
        services(a="Stopped", b="Running"),
        services(a="Running", b="Running"),
        None,
        "fixed",
    ),
    (
        "gsv a,b",
        "powershell",
        services(a="Stopped", b="Running"),
        services(a="Running", b="Stopped"),
        None,
        "regressed",
    ),
    (
        "gsv a,b",
        "powershell",
        services(a="Stopped", b="Stopped"),
        services(a="Running", b="Stopped"),
        None,
        "still_failing",
    ),
    (
        "gsv a,b",
        "powershell",
        services(a="Stopped", b="Running"),
        services(b="Running"),
        None,
        "inconclusive",
    ),
    (
        "gsv app",
        "powershell",
        typed("Stopped", "Manual"),
        typed("Stopped", "Manual"),
        None,
        "healthy",
    ),
    (
        "gsv app",
        "powershell",
        typed("Stopped", "Automatic"),
        typed("Running", "Automatic"),
        None,
        "fixed",
    ),
    (
        "gsv app",
        "powershell",
        typed("Stopped", "Automatic"),
        Run("\nName : app\n"),
        None,
        "inconclusive",
    ),
    (
        "gsv app",
        "powershell",
        typed("Stopped", "Automatic"),
        Run("", "Access is denied", 1),
        None,
        "inconclusive",
    ),
    ("show int", "network", Run("% Invalid input detected"), Run("ok"), None, "inconclusive"),
    ("ping h", "cmd", Run("Lost = 4 (100% loss)"), Run("Lost = 0 (0% loss)"), None, "fixed"),
    ("check", "posix", Run("3 errors found\n"), Run("0 errors found\n"), None, "fixed"),
    ("check", "posix", Run("0 errors, 0 failed\n"), Run("0 errors, 0 failed\n"), None, "healthy"),
    ("x", "posix", Run("Status: ok\n"), Run("Status: ok\n"), "Colour == red", "inconclusive"),
]


@pytest.mark.parametrize(("command", "platform", "before", "after", "expect", "verdict"), CASES)
def test_verdict(
    command: str, platform: Platform, before: Run, after: Run, expect: str | None, verdict: Verdict
) -> None:
    """A pair of runs gets the verdict an experienced technician would give."""
    found = judge(command, before, after, expect=expect, platform=platform)
    assert found.verdict == verdict, found.reasons
    assert found.reasons


def test_pairing_a_run_with_itself_is_noticed() -> None:
    """A judge that compared a run with itself would never say fixed or regressed."""
    moved = [case for case in CASES if case[5] in ("fixed", "regressed")]
    for command, platform, before, after, expect, verdict in moved:
        assert judge(command, before, after, expect=expect, platform=platform).verdict == verdict
        for run in (before, after):
            alone = judge(command, run, run, expect=expect, platform=platform)
            assert alone.verdict not in ("fixed", "regressed")


def test_deciding_lines_are_marked() -> None:
    """The rows that decide the verdict are marked in the two outputs side by side."""
    found = judge(
        "gsv a,b",
        services(a="Stopped", b="Running"),
        services(a="Running", b="Running"),
        platform="powershell",
    )
    assert [row.after for row in found.lines if row.deciding] == ["Running  a                  x"]
    assert found.fields[0].item == "a"


def test_one_run_alone() -> None:
    """One run alone is a fault, healthy, or says nothing."""
    assert examine(HEALTH_URL, REFUSED, platform="posix").health == "fault"
    assert examine(HEALTH_URL, Run("ok"), platform="posix").health == "healthy"
    assert examine("cat f", Run("hello"), platform="posix").health == "unclear"
    assert examine("df", Run("", "", None), platform="posix").health == "unclear"
    assert examine("x", Run("a=1"), expect="a == 2", platform="posix").health == "fault"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Status",
        "Status = OK",
        "Status === OK",
        "Status ==",
        "== OK",
        "Use% < lots",
        "stdout matches (",
        "exit_status == ok",
        "Status is OK",
        "Use% =< 90",
    ],
)
def test_a_mistyped_expectation_is_refused(text: str) -> None:
    """An expectation that cannot be read is refused where it is stated, with what to write."""
    with pytest.raises(ValueError, match="expectation"):
        parse_expectation(text)


def test_expectations_are_read_as_written() -> None:
    """Field, operator and value keep their spaces and signs."""
    for text in (
        "Status == OK",
        "exit_status == 0",
        "Use% < 90",
        "stdout not contains timeout",
        "Current mode == enforcing",
        "stdout matches a\\s+==",
        "State != a < b",
    ):
        assert str(parse_expectation(text)) == text


@pytest.mark.parametrize(
    ("command", "before", "after"),
    [
        (
            "docker ps",
            Run("NAMES   STATUS\nw  Up 9 s (unhealthy)\n"),
            Run("NAMES   STATUS\nw  Up 1 s (health: starting)\n"),
        ),
        ("gsv", Run("Name : a\nStatus : Error\n"), Run("Name : b\nStatus : OK\n")),
        ("gsv", Run("Name : a\nStatus : Error\n"), Run("Name : a\nStatus : Unknown\n")),
        ("gsv", Run("Name : a\nStatus : Error\n"), Run("Name : a\n")),
        (
            "gsv",
            Run("Name : a\nStatus : Stopped\nStartType : Automatic\n"),
            Run("Name : a\nStatus : Stopped\nStartType : Disabled\n"),
        ),
        ("grep ERROR log", Run("ERROR a\n"), Run("", "", 1)),
        (
            "tail log",
            Run("2026-01-01 10:00:00 ERROR down\n"),
            Run("2026-01-01 11:00:00 INFO up and going\n"),
        ),
        (
            "show ip int br",
            Run("Port  Status  Protocol\nGi1   down    down\n"),
            Run("Port  Status                 Protocol\nGi1   administratively down  down\n"),
        ),
        ("status", Run("DOWN\n"), Run("null\n")),
        ("x", Run("cannot open db\n", "", 1), Run("a : 1\n", "", 1)),
    ],
)
def test_a_masked_fault_is_not_fixed(command: str, before: Run, after: Run) -> None:
    """A fault that is hidden, renamed, filtered away or switched off is not a fix."""
    assert judge(command, before, after, platform="posix").verdict == "inconclusive"
