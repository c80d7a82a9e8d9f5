"""Second runs that show nothing of the check but words nobody knows, or a thing that is gone."""

import pytest

from stillfixed.actors.verdicts import Platform, Run, judge

_UNIT = "● app.service - App\n     Active: failed (Result: exit-code) since Mon; 1min ago\n"
_PING = "4 packets transmitted, 0 received, 100% packet loss, time 3068ms\n"


@pytest.mark.parametrize(
    ("command", "before"),
    [
        ("systemctl status app", Run(_UNIT, "", 3)),
        ("ping -c 4 10.60.1.1", Run(_PING, "", 1)),
        ("nc -zv db02 3306", Run("", "nc: connect to db02 port 3306 failed: timed out\n", 1)),
    ],
)
@pytest.mark.parametrize(
    "words", ["Ask your administrator about this request.\n", "Vi bede om tålmodighed med os.\n"]
)
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_sentence_that_nobody_knows_is_no_answer(
    command: str, before: Run, words: str, stream: str
) -> None:
    """It may be a refusal in any words or language, so it proves no fix, whatever the status."""
    after = Run(words, "", 0) if stream == "stdout" else Run("", words, 0)
    assert judge(command, before, after, platform="posix").verdict == "inconclusive"


def test_what_a_tool_says_of_success_is_an_answer() -> None:
    """A known sentence of the tool, on the stream of errors too, shows that the fault is gone."""
    failed = Run("", "nc: connect to db02 port 3306 (tcp) failed: Connection refused\n", 1)
    works = Run("", "Connection to db02 3306 port [tcp/mysql] succeeded!\n", 0)
    assert judge("nc -zv db02 3306", failed, works, platform="posix").verdict == "fixed"


_GONE: list[tuple[Platform, str, str, str]] = [
    (
        "posix",
        "ps -C java -o pid,stat,args",
        "    PID STAT COMMAND\n  20114 D    java -jar /opt/dms.jar\n",
        "    PID STAT COMMAND\n",
    ),
    (
        "network",
        "show ip arp 10.20.30.40",
        "Protocol  Address          Age (min)  Hardware Addr   Type   Interface\n"
        "Internet  10.20.30.40             0   Incomplete      ARPA\n",
        "sw1#",
    ),
]


@pytest.mark.parametrize(("platform", "command", "before", "after"), _GONE)
def test_a_faulty_row_that_is_gone_tells_nothing(
    platform: Platform, command: str, before: str, after: str
) -> None:
    """A wanted row that said itself that something is wrong is neither well nor lost afterwards."""
    runs = Run(before, "", 0), Run(after, "", 0)
    assert judge(command, *runs, platform=platform).verdict == "inconclusive"


def test_a_row_that_wraps_is_one_row() -> None:
    """A reason printed on two lines is no second row that could be missing later."""
    heading = (
        "Id    Port          Status Consistency Reason                Active vlans\n"
        "--    ------------  ------ ----------- ------                ---------------\n"
        "20    Po20          up     success     success               10,20,30\n"
    )
    bad = (
        "21    Po21          down   failed      vPC port-channel      -\n"
        "                                       mode mismatch\n"
    )
    good = "21    Po21          up     success     success               10,20,30\n"
    runs = Run(heading + bad, "", 0), Run(heading + good, "", 0)
    assert judge("show vpc brief", *runs, platform="network").verdict == "fixed"
    assert judge("show vpc brief", *reversed(runs), platform="network").verdict == "regressed"


@pytest.mark.parametrize("expect", ["stdout not contains denied", None])
def test_a_search_for_trouble_that_finds_none_is_judged(expect: str | None) -> None:
    """`<no matches>` of a list of faults is an answer, also where an expectation asks."""
    none = Run("", "<no matches>\n", 1)
    command = "sudo ausearch -m avc -ts recent"
    assert judge(command, none, none, expect=expect, platform="posix").verdict == "healthy"
    some = Run("type=AVC msg=audit(1): avc:  denied  { read } for pid=12\n", "", 0)
    assert judge(command, some, none, expect=expect, platform="posix").verdict == "fixed"


def test_a_replica_belongs_to_the_resource_above_it() -> None:
    """Two resources with a peer of one name are two things, of which each is judged."""
    good = "  disk:UpToDate\n  nodeb role:Secondary\n    peer-disk:UpToDate\n\n"
    bad = "  disk:UpToDate\n  nodeb connection:{}\n\n"
    first, second = "r0 role:Primary\n", "r1 role:Primary\n"
    before = Run(first + good + second + bad.format("Connecting"))
    after = Run(first + bad.format("StandAlone") + second + good)
    assert judge("drbdadm status", before, after, platform="posix").verdict == "regressed"


_BRIEF = (
    "Interface              Status         Protocol\nGi0/1                  {0}           {0}\n"
)


@pytest.mark.parametrize(
    "refusal",
    [
        "Connection closed by foreign host.",
        "Session timed out",
        "% Error in authentication.",
        "%Error: Not in enable mode",
        "Command rejected: device is busy",
        "error: could not connect to the daemon",
        "Process is not ready",
    ],
)
@pytest.mark.parametrize("state", ["up  ", "down"])
def test_a_device_that_refuses_has_not_been_checked(refusal: str, state: str) -> None:
    """A refusal decides nothing, whichever run it stands in, and whatever the other run shows."""
    shown, refused = Run(_BRIEF.format(state)), Run(f"{refusal}\n")
    for runs in ((shown, refused), (refused, shown)):
        verdict = judge("show ip interface brief", *runs, platform="network").verdict
        assert verdict == "inconclusive"


def test_a_word_that_moves_to_another_thing_is_no_mere_number() -> None:
    """Rows whose names differ by a number alone are still two things: `healthy` needs both the
    same, though nobody knows what the word means."""
    before = "slot-1 wibbling\nslot-2 wobbling\n"
    after = "slot-1 wobbling\nslot-2 wibbling\n"
    for one, other in ((before, after), (after, before)):
        assert judge("show wib", Run(one), Run(other), platform="network").verdict == "inconclusive"
    turned = "slot-2 wobbling\nslot-1 wibbling\n"
    assert judge("show wib", Run(before), Run(turned), platform="network").verdict == "healthy"
