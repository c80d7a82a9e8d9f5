"""A technician's work on a session's page, in a real browser, on a real SSH server."""

import re
import secrets
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PASSWORD, SignIn, WebHost
from tests.support.sshd import Sshd

pytestmark = [pytest.mark.ray, pytest.mark.timeout(180)]


def open_session(page: Page, server: Sshd, title: str = "Mail does not arrive") -> str:
    """As a technician does it, from the empty form; the session's path."""
    page.goto("/new-session")
    page.get_by_label("Ticket").fill(f"T-{secrets.randbelow(10_000)}")
    page.get_by_label("What it is about").fill(title)
    page.get_by_label("Address").fill(f"{server.user}@{server.host}:{server.port}")
    page.get_by_role("button", name="Open the session").click()
    page.wait_for_url(re.compile(r"/sessions/s-\w+$"))
    return page.url.rpartition(":")[2].partition("/")[2]


def type_line(page: Page, line: str) -> None:
    box = page.get_by_label("Command or message")
    box.fill(line)
    box.press("Enter")
    expect(box).to_have_value("")


def ended(page: Page, command: str) -> Locator:
    """The newest entry of a command that has ended."""
    return page.locator(".entry.run:not(.going)").filter(has_text=command).last


def run(page: Page, command: str) -> None:
    """A command to its end; what follows it is after it."""
    done = page.locator(".entry.run:not(.going)").filter(has_text=command)
    before = done.count()
    type_line(page, command)
    expect(done).to_have_count(before + 1)


def test_signing_in_leads_to_the_work(sign_in: SignIn) -> None:
    """Whoever opens a page signs in first and comes back to it; a wrong password is told."""
    page = sign_in("")
    page.goto("/monitors")
    expect(page).to_have_title("Sign in · stillfixed")
    page.get_by_label("Name").fill("tess")
    page.get_by_label("Password").fill("a wrong one")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("wrong")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/monitors")
    page.goto("/")
    page.wait_for_url("**/sessions")


def test_from_the_fault_to_the_closed_session(
    sign_in: SignIn, ssh_server: Sshd, tmp_path: Path
) -> None:
    """Seen, refused, fixed, proven, closed: the whole path by keyboard, with both sides in the
    stream at the moment the check is run again."""
    flag = tmp_path / "service.up"
    page = sign_in("tess")
    open_session(page, ssh_server)
    type_line(page, f"test -e {flag}")
    expect(ended(page, "test -e")).to_contain_text("shows a fault")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    expect(page.locator(".closure_refused")).to_contain_text("closure refused")

    page.keyboard.press("i")
    run(page, f"touch {flag}")
    expect(page.locator("#side")).to_have_attribute("data-gaps", "1")
    expect(page.locator("#side .gaps")).to_contain_text("test -e")
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    shown = page.locator(".entry.verified .compared")
    expect(shown.locator(".compared-head .verdict")).to_have_text("✓ fixed")
    expect(shown.locator(".sides thead")).to_contain_text("Before: r1")
    expect(shown.locator(".sides thead")).to_contain_text("After: r3")
    expect(page.locator("#side")).to_have_attribute("data-gaps", "0")

    page.keyboard.press("c")
    expect(page.locator(".closure_granted")).to_contain_text("closed")
    expect(page.locator("#side")).to_have_attribute("data-status", "closed")
    expect(page.locator("#composer")).to_be_hidden()


def test_a_refresh_in_the_middle_of_a_command_loses_nothing(
    sign_in: SignIn, ssh_server: Sshd
) -> None:
    """Output before the refresh is there, output after it comes, each line once."""
    page = sign_in("tess")
    open_session(page, ssh_server)
    type_line(page, "for n in $(seq 1 12); do echo line-$n-end; sleep 0.3; done")
    live = page.locator(".entry.going .terminal")
    expect(live).to_contain_text("line-2-end")
    page.reload()
    expect(live).to_contain_text("line-2-end")
    expect(live).to_contain_text("line-5-end")
    shown = ended(page, "for n in").locator(".terminal")
    expect(shown).to_contain_text("line-12-end")
    assert shown.inner_text().split() == [f"line-{n}-end" for n in range(1, 13)]


def test_a_host_that_is_killed_and_started_again_under_an_open_page(
    sign_in: SignIn, ssh_server: Sshd, web_host: WebHost
) -> None:
    """The page goes on by itself: the run under way is interrupted, what was there is there once,
    and the next command works."""
    page = sign_in("tess")
    open_session(page, ssh_server)
    type_line(page, "echo before-the-end")
    expect(ended(page, "echo before")).to_be_visible()
    type_line(page, "echo begun; sleep 600")
    expect(page.locator(".entry.going")).to_contain_text("begun")
    web_host.kill()
    expect(page.locator("#line")).to_contain_text("The line is down")
    web_host.start()
    expect(page.locator("#line")).to_be_empty()
    type_line(page, "echo after-the-start")
    expect(ended(page, "echo after-the-start")).to_contain_text("exit 0")
    expect(ended(page, "sleep 600")).to_contain_text("outcome unknown")
    versions = page.locator(".entry").evaluate_all("all => all.map(one => +one.dataset.version)")
    assert versions == sorted(set(versions))
    page.reload()
    again = page.locator(".entry").evaluate_all("all => all.map(one => +one.dataset.version)")
    assert again == versions


def test_two_people_see_the_same_stream(sign_in: SignIn, ssh_server: Sshd) -> None:
    """What one does, the other sees as it happens; a dispatcher reads and finds no buttons."""
    tess, dora = sign_in("tess"), sign_in("dora")
    path = open_session(tess, ssh_server)
    dora.goto(f"/{path}")
    expect(dora.locator("#composer")).to_have_count(0)
    type_line(tess, "echo hello-there; sleep 1")
    expect(dora.locator(".entry.going .terminal")).to_contain_text("hello-there")
    expect(ended(dora, "echo hello-there")).to_contain_text("exit 0")
    expect(ended(tess, "echo hello-there")).to_contain_text("exit 0")
    ids = "all => all.map(one => one.id)"
    assert tess.locator(".entry").evaluate_all(ids) == dora.locator(".entry").evaluate_all(ids)
