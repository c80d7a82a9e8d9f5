"""What holds for every text: the judge never crashes and never invents a recovery."""

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from stillfixed.actors.verdicts import (
    Platform,
    Run,
    canonical,
    effect_of,
    examine,
    judge,
    parse_expectation,
    same_check,
)

PLATFORMS: tuple[Platform, ...] = ("posix", "powershell", "cmd", "network")
platforms = st.sampled_from(PLATFORMS)
PIECES = [
    "systemctl",
    "status",
    "nginx",
    "curl",
    "-f",
    "|",
    "||",
    ";",
    "&&",
    "$(",
    ")",
    "{",
    "}",
    "'",
    '"',
    ">",
    ">>",
    "2>&1",
    "/dev/null",
    "Get-Service",
    "? { $_.a -eq 1 }",
    "rm",
    "sudo",
    "-rf",
    "\\",
    "`",
    "\n",
    "#",
    "@{",
    "<#",
    "$x",
    "show",
    "ip",
    "Gi1/0/1",
    "/",
    "%x%",
    "^",
    "for",
    "do",
    "if",
    "é",
    "\x00",
]
commands = st.one_of(
    st.text(max_size=40), st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join)
)
LINES = [
    "Status : Running",
    "Status : Stopped",
    "Name : a",
    "Name : b",
    "k=v",
    "State: failed",
    "ok",
    "0 errors",
    "error: it broke",
    "Name  Status",
    "----  ------",
    "a     Error",
    "a     OK",
    "b     Offline",
    "",
    "503",
    "HTTP/1.1 200 OK",
    "100% packet loss",
    "0% packet loss",
    "permission denied",
    "[OK] disk : fine",
    "[FAIL] disk : full",
    '{"a": {"ok": false}}',
    "{",
    "  Active: active (running)",
    "é\u2028x",
    "\x1b[31mred",
]
outputs = st.one_of(
    st.text(max_size=80), st.lists(st.sampled_from(LINES), max_size=6).map("\n".join)
)
statuses = st.sampled_from([0, 1, 2, 3, 7, 22, 126, 127, 255, None])
runs = st.builds(Run, stdout=outputs, stderr=st.one_of(st.just(""), outputs), exit_status=statuses)
checks = st.one_of(
    st.sampled_from(["curl -f http://h", "pgrep -x a", "cat f", "df", "gsv"]), commands
)
expectations = st.sampled_from(
    [None, "Status == Running", "stdout contains ok", "exit_status == 0", "line_count < 3"]
)


@given(commands, platforms)
def test_commands_never_crash(command: str, platform: Platform) -> None:
    """Any text has an effect and a canonical form, and the form of a form is itself."""
    assert effect_of(command, platform) in ("reads", "changes", "unknown")
    form = canonical(command, platform)
    assert canonical(form, platform) == form
    assert same_check(command, command, platform)


@given(commands, commands, platforms)
def test_same_check_is_symmetric(a: str, b: str, platform: Platform) -> None:
    """The order of two commands does not matter, and spellings of one check do the same."""
    assert same_check(a, b, platform) == same_check(b, a, platform)


@given(checks, runs, runs, expectations, platforms)
@settings(max_examples=300)
def test_no_recovery_without_a_fault(
    command: str, before: Run, after: Run, expect: str | None, platform: Platform
) -> None:
    """`fixed` needs a fault before and none after; `regressed` needs a fault after."""
    found = judge(command, before, after, expect=expect, platform=platform)
    first = examine(command, before, expect=expect, platform=platform)
    second = examine(command, after, expect=expect, platform=platform)
    if found.verdict == "fixed":
        assert first.health == "fault"
        assert second.health != "fault"
    if found.verdict == "regressed":
        assert second.health == "fault"
    if found.verdict == "healthy":
        assert "fault" not in (first.health, second.health)
    assert found.reasons


@given(checks, runs, expectations, platforms)
def test_a_run_against_itself(
    command: str, run: Run, expect: str | None, platform: Platform
) -> None:
    """Nothing happens between a run and itself; a fault in it is still failing."""
    verdict = judge(command, run, run, expect=expect, platform=platform).verdict
    assert verdict not in ("fixed", "regressed")
    health = examine(command, run, expect=expect, platform=platform).health
    if health == "fault":
        assert verdict == "still_failing"
    if health == "healthy":
        assert verdict == "healthy"


@given(st.text(max_size=40))
def test_expectations_are_read_or_refused(text: str) -> None:
    """Any text is an expectation or a ValueError."""
    with contextlib.suppress(ValueError):
        parse_expectation(text)
