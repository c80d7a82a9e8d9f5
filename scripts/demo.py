"""The demo: one ticket, from the first command over SSH to a closed session with its proof.

Everything is real: an OpenSSH server on loopback (asyncssh's where there is none), a web shop that
answers 503 because its database was moved away, the session's process killed with kill -9 in the
middle, and a second reader in a process of its own. What is shown is checked; if anything differs,
the demo says what and exits with status 1.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.panel import Panel

import stillfixed
from stillfixed import RunRecord, Session, Settings
from stillfixed.actors.session.requests import ClosureAnswer
from stillfixed.connectors.cli import render
from stillfixed.connectors.cli.comparison import ComparisonView
from stillfixed.connectors.cli.text import plain

sys.path.insert(0, str(Path(__file__).parents[1]))
from scripts.demo_parts import Shop, ssh_server

console = Console(highlight=False, width=100 if not sys.stdout.isatty() else None)


class Differs(Exception):
    """Something that the demo shows is not so."""


def must(fact: bool, words: str) -> None:
    if not fact:
        raise Differs(words)


def step(text: str) -> None:
    console.print(f"\n[bold]{text}[/bold]")


def run(session: Session, command: str) -> RunRecord:
    console.print(f"[cyan]web1 $[/cyan] {plain(command)}", soft_wrap=True)
    record = session.run(command)
    for text in (record.text, record.error_text):
        if text:
            console.print(plain(text.rstrip()), markup=False, soft_wrap=True)
    console.print(render.run_line(record))
    return record


def close(session: Session) -> ClosureAnswer:
    console.print("[cyan]technician asks to close[/cyan]")
    answer = session.request_closure()
    console.print(render.closure(answer, session.id))
    return answer


def main() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stillfixed-demo-")))
        server = stack.enter_context(ssh_server(folder / "ssh"))
        shop = stack.enter_context(Shop(folder / "shop"))
        with console.status("Starting Ray ..."):
            service = stack.enter_context(
                stillfixed.connect(Settings(data=folder / "data", unresponsive_seconds=3.0))
            )
        session = service.open(
            ticket="T-1042", client="Acme", team="field", by="ana", title="The shop is down"
        )
        console.print(
            Panel(f"Session [bold]{session.id}[/bold] · ticket T-1042 · client Acme · by ana")
        )
        session.add_endpoint("web1", server.address, options=server.options)
        a_fault_is_seen(session, shop)
        a_fix_nobody_tested_is_refused(session, shop)
        the_process_is_killed(session, folder)
        the_fix_is_proven(session, shop)
        somebody_else_reads(session, folder / "data")
        the_manager_counts(session, folder / "data")
    console.print("\n[bold green]The demo showed what it promised.[/bold green]")


def a_fault_is_seen(session: Session, shop: Shop) -> None:
    step("1. The technician connects and looks. The baseline is kept without logging anything.")
    seen = run(session, shop.check)
    must(seen.exit_status == 22, "curl should have met the error 503")
    must(seen.health == "fault", "the check should show a fault")
    files = run(session, f"ls {shop.folder}")
    must("orders.db.moved" in files.text, "the database should have been moved away")


def a_fix_nobody_tested_is_refused(session: Session, shop: Shop) -> None:
    step("2. Closing now is refused; so is closing on a fix that nobody tested.")
    must(close(session).result == "refused", "nothing was changed yet")
    fix = run(session, shop.fix)
    must(fix.ok and fix.effect == "changes", "the fix should be a change")
    answer = close(session)
    must(answer.result == "refused", "the check was not run again")
    must(any("not run again" in reason for reason in answer.reasons), "the gap should be named")


def the_process_is_killed(session: Session, folder: Path) -> None:
    step("3. kill -9 on the session's process in the middle of a command. The session goes on.")
    marks = folder / "marks"
    fifo = folder / "going"
    os.mkfifo(fifo)
    command = f"echo sent >> {marks}; echo going > {fifo}; sleep 60"
    records: list[RunRecord] = []
    thread = threading.Thread(target=lambda: records.append(session.run(command)))
    console.print(f"[cyan]web1 $[/cyan] {command}", soft_wrap=True)
    thread.start()
    fifo.read_text()  # the command is under way on the endpoint
    host = session.host()
    must(host is not None, "a process should serve the session")
    assert host is not None
    os.kill(host.pid, signal.SIGKILL)
    console.print(f"[red]kill -9 {host.pid}[/red]")
    thread.join()
    console.print(render.run_line(records[0]))
    must(records[0].status == "interrupted", "the run's outcome should be unknown")
    must(marks.read_text() == "sent\n", "the command should have been sent exactly once")
    again = session.host()
    must(again is not None and again.pid != host.pid, "another process should serve the session")


def the_fix_is_proven(session: Session, shop: Shop) -> None:
    step("4. The same check again: both sides, and a verdict. Now the ticket closes.")
    after = run(session, shop.check)
    must(after.verdict == "fixed", f"the verdict should be fixed, not {after.verdict}")
    comparison = session.transcript().comparison_of(after.run)
    assert comparison is not None
    console.print(ComparisonView(comparison))
    must(close(session).result == "granted", "the closure should be granted")
    try:
        session.run("true")
    except stillfixed.SessionClosed as error:
        console.print(f"[dim]another command: {error}[/dim]")
    else:
        raise Differs("a closed session should take no command")


def somebody_else_reads(session: Session, data: Path) -> None:
    step("5. Afterwards a dispatcher opens the transcript, in a process of her own.")
    console.print("[cyan]$[/cyan] stillfixed transcript " + session.id)
    stillfixed_command = str(Path(sys.executable).with_name("stillfixed"))
    program = [stillfixed_command, "transcript", session.id, "--data", str(data)]
    environment = {**os.environ, "COLUMNS": "100"}
    done = subprocess.run(program, capture_output=True, text=True, check=False, env=environment)
    console.print(done.stdout.rstrip(), markup=False, soft_wrap=True)
    must(done.returncode == 0, f"the transcript should be readable: {done.stderr}")
    for words in ("T-1042", "fixed", "closed under", "interrupted"):
        must(words.lower() in done.stdout.lower(), f"the transcript should show {words}")


def the_manager_counts(session: Session, data: Path) -> None:
    step(
        "6. The client calls again. The manager sees what was proven and what came back, in DuckDB."
    )
    session.record_callback("reopened", text="The shop is down again.")
    with stillfixed.views(Settings(data=data), refresh=True, window_days=[14]) as views:
        proven = views.sql(
            "SELECT ticket, command, standing, baseline, verification FROM verification_diff"
            " ORDER BY standing"
        )
        proven.show(max_width=100)
        rate = views.sql(
            "SELECT week, closed, callbacks, rate, low, high, mature FROM callback_rate"
            " WHERE grouping = 'all'"
        )
        rate.show(max_width=100)
        must("fixed" in [row[2] for row in proven.fetchall()], "the proof should be in the views")
        [(_, closed, callbacks, *_, mature)] = rate.fetchall()
        must((closed, callbacks) == (1, 1), "one closure and its callback should be counted")
        must(not mature, "a week whose window has not passed is not mature")


if __name__ == "__main__":
    try:
        main()
    except Differs as difference:
        console.print(f"\n[bold red]Differs:[/bold red] {difference}")
        sys.exit(1)
    except stillfixed.StillfixedError as error:
        console.print(f"\n[bold red]{type(error).__name__}:[/bold red] {error}")
        sys.exit(1)
