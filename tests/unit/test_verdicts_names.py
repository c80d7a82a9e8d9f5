"""Whose answer is whose: things that were replaced, and several things asked about in one line."""

import pytest

from stillfixed.actors.verdicts import Run, Verdict, judge

HEAD = "NAME                     READY   STATUS             RESTARTS   AGE\n"
BAD = "api-7d9c5b6f4-abcde      0/1     CrashLoopBackOff   12         40m\n"
GOOD = "api-6b8f9c7d5-zyxwv      1/1     Running            0          2m\n"
WEB = "web-5c6d8f7b9-fghij      1/1     Running            0          3d\n"


def verdict(command: str, before: str, after: str) -> Verdict:
    return judge(command, Run(before), Run(after), platform="posix").verdict


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        (BAD + WEB, GOOD + WEB, "fixed"),
        (GOOD + WEB, BAD + WEB, "regressed"),
        (BAD + WEB, WEB, "inconclusive"),
        (BAD + WEB, BAD + GOOD + WEB, "still_failing"),
        (BAD, WEB, "inconclusive"),
    ],
)
def test_pods_in_place_of_others(before: str, after: str, wanted: Verdict) -> None:
    """A pod that a deployment started anew stands for the one that is gone, if none is missing."""
    assert verdict("kubectl get pods", HEAD + before, HEAD + after) == wanted


@pytest.mark.parametrize(
    "command",
    [
        "virsh domstate a; virsh domstate b",
        "sudo virsh domstate a && sudo virsh domstate b",
        "docker inspect -f '{{.State.Status}}' a b",
    ],
)
def test_answers_in_the_order_of_the_questions(command: str) -> None:
    """Two bare answers are about two things: one that came up does not hide one that went down."""
    down, up = ("shut off", "running") if "virsh" in command else ("exited", "running")
    assert verdict(command, f"{up}\n\n{down}\n", f"{up}\n\n{up}\n") == "fixed"
    assert verdict(command, f"{up}\n\n{down}\n", f"{down}\n\n{up}\n") == "regressed"


def test_names_are_no_words_of_state() -> None:
    """What `ls` prints are names, and its complaint is gone when it lists something."""
    listed = "backup\nerrors\nfailed\n"
    complaint = "ls: cannot access '/mnt/nas': Host is down\n"
    assert verdict("ls /mnt/nas 2>&1 | head -3", complaint, listed) == "fixed"
    assert verdict("ls /mnt/nas 2>&1 | head -3", listed, listed) == "healthy"


def test_rows_without_a_heading() -> None:
    """A first row that holds a state where all others do is no heading."""
    command = "curl -s 'http://lb1:8404/stats;csv' | cut -d, -f1,2,18 | grep app"
    bad, good = "app,web1,DOWN\napp,web2,UP\n", "app,web1,UP\napp,web2,UP\n"
    assert verdict(command, bad, good) == "fixed"
    assert verdict(command, good, bad) == "regressed"
    assert verdict(command, bad, "app,web1,UP\napp,web2,DOWN\n") == "regressed"


def test_a_container_is_known_by_its_name() -> None:
    """A container that was started anew has another id and the same name."""
    head = (
        "CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS                     PORTS     NAMES\n"
    )
    bad = 'abc123def456   web:1     "run"     1h ago    Up 2 minutes (unhealthy)             web\n'
    good = '987654fedcba   web:2     "run"     1m ago    Up 1 minute (healthy)                web\n'
    assert verdict("docker ps", head + bad, head + good) == "fixed"
    assert verdict("docker ps", head + good, head + bad) == "regressed"


def test_another_unit_that_failed() -> None:
    """A unit that is new in the list of failed ones regressed, whichever recovered."""
    command = "systemctl --failed --no-legend"
    app = "● app.service loaded failed failed Application\n"
    db = "● db.service loaded failed failed Database\n"
    assert verdict(command, app, db) == "regressed"
    assert verdict(command, app + db, db) == "still_failing"
    assert verdict(command, app, "") == "fixed"


def test_a_job_that_ended_well_after_one_that_failed() -> None:
    """A newer line of a log that says how well the job ended stands for the failed one."""
    command = "tail -n 2 /var/log/backup.log"
    failed = "2026-11-24 02:10:00 job nightly FAILED: no space left on device\n"
    assert verdict(command, failed, "2026-11-24 10:00:00 job nightly started\n") == "inconclusive"
    ended = "2026-11-24 10:20:00 job nightly finished OK (12.4 GB)\n"
    assert verdict(command, failed, ended) == "fixed"
