"""Made-up runs and checks, and what the terminal shows of them where there are no colours."""

from datetime import UTC, datetime, timedelta

from rich.console import Console

from stillfixed.actors.session.history import Comparison, RunRecord

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def run(name: str, stdout: str = "", exit_status: int = 0, **more: object) -> RunRecord:
    started = START + timedelta(minutes=int(name[1:]))
    fields = {
        "run": name,
        "by": "ana",
        "endpoint": "web1",
        "command": "systemctl status nginx",
        "effect": "reads",
        "started_at": started,
        "ended_at": started + timedelta(seconds=2),
        "status": "exited",
        "exit_status": exit_status,
        "stdout": stdout.encode(),
        **more,
    }
    return RunRecord(**fields)  # type: ignore[arg-type]


def comparison(before: str, after: str | None, standing: str = "fixed") -> Comparison:
    return Comparison(
        endpoint="web1",
        command="systemctl status nginx",
        standing=standing,  # type: ignore[arg-type]
        before=run("r1", before, 3),
        after=None if after is None else run("r4", after),
        reasons=("Active was failed and is active now.",),
    )


def shown(thing: object, width: int = 80) -> str:
    """What is printed where there are no colours."""
    console = Console(width=width, color_system=None, highlight=False)
    with console.capture() as capture:
        console.print(thing)
    return capture.get()
