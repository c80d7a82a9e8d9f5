"""Things that are idle in both runs, beside what the check is about."""

from stillfixed.actors.verdicts import Run, Verdict, judge


def verdict(command: str, before: str, after: str) -> Verdict:
    return judge(command, Run(before), Run(after), platform="posix").verdict


def test_an_unused_link_beside_one_that_changed() -> None:
    """A link without a cable in both runs does not hide that another one came up."""
    down = "eno1             DOWN\neno2             DOWN\n"
    up = "eno1             UP             10.12.0.15/24\neno2             DOWN\n"
    assert verdict("ip -br addr", down, up) == "fixed"
    assert verdict("ip -br addr", up, down) == "regressed"
    assert verdict("ip -br addr show eno2", down, up) == "still_failing"


def test_a_job_that_ended_well_beside_services_that_run() -> None:
    """`Exited (0)` is the end of a job where other containers run, and a fault where they do
    not."""
    head = "CONTAINER ID   STATUS                   NAMES\n"
    job = "e9b0c41a7f20   Exited (0) 2 weeks ago   migrate\n"
    web = "a1c3f0de2b77   Up 2 weeks               web\n"
    db = "c77b1e02d9aa   Up 2 weeks               db\n"
    assert verdict("docker ps -a", head + web + db + job, head + job + db + web) == "healthy"
    assert verdict("docker ps -a", head + job, head + job) == "still_failing"
