"""What every page of a session holds to: hostile output is text, a phone is wide enough, a reader
without a mouse, without eyes or without JavaScript reads it all."""

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn
from tests.browser.test_session_page import ended, open_session, run, type_line
from tests.support.hostile import PAYLOADS, UNSEEN
from tests.support.sshd import Sshd

pytestmark = [pytest.mark.ray, pytest.mark.timeout(180)]

FROM_HERE = {"Sec-Fetch-Site": "same-origin"}
"""What a browser says of a form of this site; without it a post with a cookie is refused."""
TAGS = (
    "a article b button code col colgroup div form input li p pre section span strong table tbody"
    " td th thead time tr ul"
)


def holds_text_only(page: Page) -> None:
    """Nothing in the stream but what the templates put there."""
    tags = page.locator(".stream *").evaluate_all("all => [...new Set(all.map(x => x.localName))]")
    assert set(tags) <= set(TAGS.split())
    on = "all => all.flatMap(x => x.getAttributeNames()).filter(n => n.startsWith('on'))"
    assert page.locator("body *").evaluate_all(on) == []
    hrefs = page.locator(".stream [href], .stream [action], .stream [src]").evaluate_all(
        "all => all.map(x => x.getAttribute('href') || x.getAttribute('action') || x.src)"
    )
    assert all(href.startswith(("#e-", "/sessions/s-")) for href in hrefs)
    assert page.locator("article.entry .entry, #e-1 #e-1").count() == 0
    assert page.evaluate(f"!/{UNSEEN}/u.test(document.body.textContent.replaceAll('\\n', ''))")


@pytest.fixture
def hostile_file(tmp_path: Path) -> Path:
    file = tmp_path / "hostile"
    file.write_bytes("\n".join(PAYLOADS).encode("utf-8", "surrogatepass") + b"\xff\xfe\xc3\n")
    return file


def test_hostile_output_is_text(sign_in: SignIn, ssh_server: Sshd, hostile_file: Path) -> None:
    """A hundred payloads as live output, as output, beside each other in a comparison, in errors,
    in commands and in messages: no dialog, no element, no title, nothing unseen."""
    page = sign_in("tess")
    alerts: list[str] = []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    open_session(page, ssh_server, title="</title><script>alert(1)</script>\u202e")
    title = page.title()
    type_line(page, f"cat {hostile_file}; cat {hostile_file} >&2; sleep 2")
    expect(page.locator(".entry.going .terminal")).to_contain_text("<script>alert(1)</script>")
    holds_text_only(page)
    expect(ended(page, "sleep 2").locator(".stderr")).to_contain_text("<svg onload=alert(1)>")
    for command in ("cat {}", "sed -i s/alert/confirm/ {}", "cat {}"):
        run(page, command.format(hostile_file))
    expect(page.locator(".compared .sides")).to_contain_text("<script>confirm(1)</script>")
    for payload in PAYLOADS[:6]:
        type_line(page, f"/note {payload}")
        type_line(page, f"echo '{payload}'")
    expect(ended(page, f"echo '{PAYLOADS[5]}'")).to_contain_text("exit 0")
    holds_text_only(page)
    page.reload()
    expect(page.locator(".compared .sides")).to_be_attached()
    holds_text_only(page)
    page.locator(".compared").get_by_role("link", name="Show all").click()
    expect(page.locator(".stream.whole")).to_contain_text("<iframe srcdoc=")
    holds_text_only(page)
    assert (alerts, faults) == ([], [])
    assert "alert(1)" in title


def test_a_phone_is_wide_enough(sign_in: SignIn, ssh_server: Sshd, tmp_path: Path) -> None:
    """No page scrolls sideways, whatever is on it; a 300-column output scrolls in its own box."""
    page = sign_in("tess", viewport={"width": 360, "height": 740}, has_touch=True)
    wide = tmp_path / "wide"
    wide.write_text("x" * 300 + "\n")
    open_session(page, ssh_server, title="W" * 90)
    run(page, f"cat {wide}")
    type_line(page, f"/note {'n' * 200}")
    run(page, f"echo more >> {wide}")
    run(page, f"cat {wide}")
    expect(page.locator(".compared")).to_be_attached()
    page.locator(".side-fold summary").click()
    expect(page.get_by_role("button", name="Ask to close")).to_be_visible()
    for path in (page.url, f"{page.url}/runs/r1", "/new-session"):
        page.goto(path)
        wide_by = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide_by == 0, path
        outside = page.locator("main *").evaluate_all(
            """all => all.filter(one => one.getBoundingClientRect().right > innerWidth + 1
                && !one.closest('.terminal, .table-scroll, .visually-hidden, thead'))
                .map(one => one.outerHTML.slice(0, 80))"""
        )
        assert outside == [], path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    sign_in: SignIn, ssh_server: Sshd, tmp_path: Path, scheme: str
) -> None:
    """Names, roles, contrast, order: in light and in dark, with a comparison and a gap in sight."""
    flag = tmp_path / "up"
    page = sign_in("tess", color_scheme=scheme)
    open_session(page, ssh_server)
    for command in (f"test -e {flag}", "df /", f"touch {flag}"):
        run(page, command)
    type_line(page, "/close")
    run(page, f"test -e {flag}")
    for line in ("/cannot-verify The disk is not ours.", "/monitor every 5m for 1h df -h"):
        type_line(page, line)
    expect(page.locator("#side")).to_contain_text("Monitors")
    url = page.url
    for path in (url, f"{url}/runs/r4", "/new-session"):
        page.goto(path)
        found = Axe().run(page).response["violations"]
        serious = [
            f"{one['id']}: {one['nodes'][0]['html']}"
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert serious == [], path


def test_it_reads_and_works_without_javascript(
    sign_in: SignIn, ssh_server: Sshd, tmp_path: Path
) -> None:
    """The stream, older entries, both sides of a check; every form answers with a page."""
    page = sign_in("tess", java_script_enabled=False)
    open_session(page, ssh_server)
    flag = tmp_path / "up"

    def send(line: str) -> None:
        page.get_by_label("Command or message").fill(line)
        with page.expect_navigation():
            page.get_by_role("button", name="Send").click()
        until_it_ended()

    def until_it_ended(shown: str = ".entry") -> None:
        for _ in range(50):
            if page.locator(shown).count() and not page.locator(".entry.going").count():
                return
            page.goto(page.url.partition("#")[0])

    send(f"test -e {flag}")
    send(f"touch {flag}")
    with page.expect_navigation():
        page.get_by_role("button", name="Run again").click()
    until_it_ended(".compared-head")  # checks are run again after the answer
    expect(page.locator(".compared-head .verdict")).to_have_text("✓ fixed")
    send("/expect nonsense -- df /")
    expect(page.locator(".notice.bad")).to_contain_text("expectation cannot be used")
    expect(page.get_by_label("Command or message")).to_have_value("/expect nonsense -- df /")
    for number in range(60):
        page.request.post(
            page.url, form={"text": f"/note {number}"}, headers=FROM_HERE, max_redirects=0
        )
    page.goto(page.url.removesuffix("/type"))
    assert page.locator(".entry").count() == 60
    page.get_by_role("link", name="Show what was before").click()
    expect(page.locator(".compared")).to_be_visible()


def test_who_has_no_right_to_the_client_finds_nothing(sign_in: SignIn, ssh_server: Sshd) -> None:
    """Neither page nor stream, nor the output, nor an action; a dispatcher reads and acts not."""
    tess = sign_in("tess")
    path = open_session(tess, ssh_server)
    type_line(tess, "echo for acme only")
    expect(ended(tess, "echo for acme")).to_contain_text("exit 0")
    outsider, dora = sign_in("nobody").request, sign_in("dora").request
    parts = ["", "/live?after=0", "/older?before=9", "/runs/r1", "/runs/r1/stdout"]
    for part in parts:
        answer = outsider.get(f"/{path}{part}")
        assert answer.status == 404, part
        assert "acme only" not in answer.text()
    sent: dict[str, Any] = {"form": {"text": "id"}, "headers": FROM_HERE}
    for action in ("type", "close", "cancel", "rerun", "runbook", "take-over", "stop-monitor"):
        assert outsider.post(f"/{path}/{action}", **sent).status == 404, action
        assert dora.post(f"/{path}/{action}", **sent).status == 403, action
    assert dora.get(f"/{path}/runs/r1/stdout").text() == "for acme only\n"
