"""The pages of dispatchers and managers on a real log and real views; decisions on real ones."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from stillfixed import AsyncClient, Settings, connect_async
from stillfixed.actors.errors import NotAllowed, UnknownSession
from stillfixed.actors.log.contract import EventLog
from stillfixed.actors.session import events as e
from stillfixed.connectors.web.app import create_app
from stillfixed.connectors.web.desk import Desk
from stillfixed.connectors.web.identity import Grant, Person
from stillfixed.connectors.web.pages.reading import rows
from stillfixed.connectors.web.pages.waiting import Place, evidence_line, queue, waiting_before
from stillfixed.projections.reading import Views
from stillfixed.projections.scoping import Share, narrow
from tests.support import closing, made, views
from tests.support.web import KnownPeople

EVERYBODY = {
    "dora": Person(name="dora", grants=(Grant(role="dispatcher", clients=("*",)),)),
    "dan": Person(name="dan", grants=(Grant(role="dispatcher", clients=("*",), teams=("field",)),)),
    "mona": Person(name="mona", grants=(Grant(role="manager", clients=("*",)),)),
    "max": Person(name="max", grants=(Grant(role="manager", clients=("*",), teams=("field",)),)),
    "ana": Person(name="ana", grants=(Grant(role="technician", clients=("client-1",)),)),
    "olga": Person(name="olga", grants=(Grant(role="operator", clients=("*",)),)),
}
START = Place.parse("")
Get = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with await connect_async(Settings(data=tmp_path, read_only=True)) as client:
        yield Desk(client, KnownPeople(EVERYBODY))


@pytest.fixture
def log(desk: Desk) -> EventLog:
    return desk.client.log


@pytest.fixture
async def ask(desk: Desk) -> AsyncIterator[Get]:
    """`await ask("dora", "/queue")`; with `data` it is posted."""
    transport = httpx.ASGITransport(create_app(desk))
    async with httpx.AsyncClient(transport=transport, base_url="http://host") as http:

        async def send(name: str, path: str, data: dict[str, str] | None = None) -> httpx.Response:
            headers = {"Authorization": f"Bearer {name}"}
            return await http.request("POST" if data else "GET", path, data=data, headers=headers)

        yield send


async def publish(log: EventLog, folder: Path) -> None:
    (await views.made(log, folder / "views")).close()


async def granted(log: EventLog, session: str) -> None:
    """Somebody else decides it now."""
    now = datetime.now(UTC)
    confirmed = e.ClosureConfirmed(at=now, by="dirk")
    grant = e.ClosureGranted(at=now, by="dirk", policy="eyes", mode="enforce")
    await closing.add(log, session, confirmed, grant)


# -- a person's share of the views -----------------------------------------------------------------
async def test_a_share_of_the_views_has_nothing_of_others(log: EventLog, tmp_path: Path) -> None:
    """In any table or view: of every session, ticket and rate that is left, the team is theirs."""
    await made.write(log, 300)
    await closing.write(log, 60)
    with await views.made(log, tmp_path / "views") as every:
        field = {row["session"] for row in rows(every, "FROM session_states WHERE team = 'field'")}
        closed = every.sql("SELECT count(*) FROM closed_tickets WHERE team = 'field'").fetchall()
        rate = every.sql(
            "SELECT week, closed, callbacks FROM callback_rate"
            " WHERE grouping = 'team' AND name = 'field' AND window_days = 14 ORDER BY week"
        ).fetchall()
    with Views(tmp_path / "views") as own:
        narrow(own, [Share(("*",), ("field",))])
        for table in ("session_states", "transcript", "audit", "review_queue", "check_results"):
            found = {row["session"] for row in rows(own, f"SELECT DISTINCT session FROM {table}")}
            assert found, table
            assert found <= field, table
        assert own.sql("SELECT count(*) FROM closed_tickets").fetchall() == closed
        everything = own.sql(
            "SELECT week, closed, callbacks FROM callback_rate"
            " WHERE grouping = 'all' AND window_days = 14 ORDER BY week"
        ).fetchall()
        assert everything == rate
        for view in ("callbacks", "first_contact_resolution", "enforcement", "review_sample"):
            text = repr(own.sql(f"FROM {view}").fetchall())
            assert not any(team in text for team in ("remote", "projects", "night")), view
    with Views(tmp_path / "views") as nobody:
        narrow(nobody, [])
        assert nobody.sql("SELECT count(*) FROM transcript").fetchall() == [(0,)]
        assert nobody.sql("SELECT count(*) FROM callback_rate").fetchall() == [(0,)]


async def test_no_table_is_forgotten_by_the_shares(log: EventLog, tmp_path: Path) -> None:
    """Who adds a table says whose it is."""
    await closing.write(log, 1)
    await publish(log, tmp_path)
    with Views(tmp_path / "views") as own:
        tables = {name for (name,) in own.sql("SELECT table_name FROM duckdb_tables()").fetchall()}
        narrow(own, [])
        shadows = own.sql("SELECT view_name FROM duckdb_views() WHERE temporary").fetchall()
    assert tables - {name for (name,) in shadows} == {"checkpoint", "derivation"}


async def test_a_quote_in_a_grant_is_a_letter(log: EventLog, tmp_path: Path) -> None:
    """Names of clients come from people."""
    await closing.write(log, 1)
    await publish(log, tmp_path)
    with Views(tmp_path / "views") as own:
        narrow(own, [Share(("O'Brien') OR true --",), ("*",))])
        assert own.sql("SELECT count(*) FROM session_states").fetchall() == [(0,)]


# -- the queue -------------------------------------------------------------------------------------
async def test_the_queue_is_read_by_pages_oldest_first_each_session_once(
    desk: Desk, log: EventLog, tmp_path: Path
) -> None:
    """By a cursor: what is decided meanwhile makes no page skip or repeat anything."""
    names = await closing.write(log, 23)
    await publish(log, tmp_path)
    seen: list[str] = []
    after: Place | None = START
    while after is not None:
        found = await queue(desk, EVERYBODY["dora"], Place.parse(str(after)), 5)
        seen += [row.place.session for row in found.rows]
        after = found.after
        if len(seen) == 10:
            await granted(log, names[3])  # was seen
            await granted(log, names[12])  # was not
    assert seen == [name for name in names if name != names[12]]


async def test_a_decision_and_a_request_are_in_the_queue_at_once(
    desk: Desk, log: EventLog, tmp_path: Path
) -> None:
    """Although the views are behind: nothing decided is left, nothing asked for is missing."""
    names = await closing.write(log, 4)
    await publish(log, tmp_path)
    await granted(log, names[1])
    late = await closing.write(log, 1, name="late", first=50)
    now = datetime.now(UTC)
    sent_back = e.ClosureSentBack(at=now, by="dirk", reason="No.")
    again = e.ClosureRequested(at=now + timedelta(seconds=1), by="ana")
    await closing.add(log, names[0], sent_back, again)
    found = await queue(desk, EVERYBODY["dora"], START)
    assert [row.place.session for row in found.rows] == [names[2], names[3], *late, names[0]]
    before = await waiting_before(desk, EVERYBODY["dora"], found.rows[2].place)
    assert before == found.rows[1].place
    assert await waiting_before(desk, EVERYBODY["dora"], found.rows[0].place) is None


async def test_the_queue_is_whole_without_any_views(desk: Desk, log: EventLog) -> None:
    """A new desk, whose worker has not published yet."""
    names = await closing.write(log, 3)
    found = await queue(desk, EVERYBODY["dora"], START)
    assert [row.place.session for row in found.rows] == names


async def test_the_evidence_of_the_log_is_that_of_the_views(log: EventLog, tmp_path: Path) -> None:
    """A row says the same whether it comes from the views or was asked for a moment ago."""
    await closing.write(log, 30)
    note = e.Annotated(
        at=datetime.now(UTC), by="ana", annotation="n1", kind="cannot_verify", text="Gone home."
    )
    await closing.add(log, "w-00002", note)
    with await views.made(log, tmp_path / "views") as found:
        told = rows(found, "SELECT session, evidence FROM review_queue")
    assert len(told) == 30
    for row in told:
        events = [e.decode(record.data) for record in await log.read(row["session"])]
        assert evidence_line(events) == row["evidence"]


async def test_a_dispatcher_sees_the_own_teams_alone(
    desk: Desk, ask: Get, log: EventLog, tmp_path: Path
) -> None:
    """In the queue, in what was asked for a moment ago, and in a review by its address."""
    names = await closing.write(log, 20)
    await publish(log, tmp_path)
    late = await closing.write(log, 20, name="late", first=100)
    teams = {name: (await desk.client.session_info(name)).heading.team for name in names + late}
    found = await queue(desk, EVERYBODY["dan"], START)
    assert {row.place.session for row in found.rows} == {
        name for name, team in teams.items() if team == "field"
    }
    foreign = next(name for name, team in teams.items() if team != "field")
    for path in (f"/queue/{foreign}", f"/queue/{foreign}/confirm"):
        data = {"request_id": "1", "place": ""} if path.endswith("confirm") else None
        with pytest.raises(UnknownSession):
            await ask("dan", path, data)


@pytest.mark.parametrize("path", ["/queue", "/sample", "/manager", "/policies"])
async def test_who_has_no_such_role_is_told_so(ask: Get, path: str) -> None:
    """Technicians and operators have no business there."""
    for name in ("ana", "olga"):
        with pytest.raises(NotAllowed):
            await ask(name, path)


# -- the daily sample ------------------------------------------------------------------------------
async def test_a_remark_is_there_at_once_and_stays(ask: Get, log: EventLog, tmp_path: Path) -> None:
    """On the page and in the digest; a second one takes its place and the first one is kept; the
    views have both."""
    await made.write(log, 60)
    await publish(log, tmp_path)
    page = (await ask("dora", "/sample")).text
    ticket = re.search(r'name="ticket" value="([^"]+)"', page)
    closed_at = re.search(r'name="closed_at" value="([^"]+)"', page)
    assert ticket
    assert closed_at
    for text in ("Looked good.", "<b>It came back</b>."):
        data = {"ticket": ticket[1], "closed_at": closed_at[1], "text": text}
        assert (await ask("dora", "/sample/remarks", data)).status_code == 303
    page = (await ask("dora", "/sample")).text
    assert "&lt;b&gt;It came back&lt;/b&gt;." in page
    assert "1 earlier remark" in page
    digest = await ask("mona", "/sample/digest")
    assert digest.headers["content-type"].startswith("text/plain")
    assert f"{ticket[1]} " in digest.text
    assert "/ <b>It came back</b>. (dora)" in digest.text
    with await views.made(log, tmp_path / "views") as found:
        assert found.sql("SELECT person, text FROM remarks ORDER BY position").fetchall() == [
            ("dora", "Looked good."), ("dora", "<b>It came back</b>."),
        ]  # fmt: skip


async def test_a_remark_is_about_a_closure_that_one_may_see(
    ask: Get, log: EventLog, tmp_path: Path
) -> None:
    """Not of another team, not without words."""
    await made.write(log, 60)
    with await views.made(log, tmp_path / "views") as found:
        [foreign] = rows(found, "FROM review_sample WHERE team <> 'field' LIMIT 1")
        [own] = rows(found, "FROM review_sample WHERE team = 'field' LIMIT 1")
    data = {"ticket": foreign["ticket"], "closed_at": foreign["closed_at"].isoformat(), "text": "x"}
    with pytest.raises(UnknownSession):
        await ask("dan", "/sample/remarks", data)
    data = {"ticket": own["ticket"], "closed_at": own["closed_at"].isoformat(), "text": " "}
    answer = await ask("dan", "/sample/remarks", data)
    assert answer.status_code == 409
    assert "The remark is empty." in answer.text
    assert "remote" not in (await ask("dan", "/sample")).text


# -- the manager and policies ----------------------------------------------------------------------
async def test_the_manager_reads_the_figures_of_the_views(
    ask: Get, log: EventLog, tmp_path: Path
) -> None:
    """For all, for a team, and for who manages one team the same as for that team."""
    await made.write(log, 2_000)
    with await views.made(log, tmp_path / "views", window_days=[14]) as found:
        until = found.data_until
        assert until is not None
        [(closed, rate)] = found.sql(
            "SELECT sum(closed), 100 * sum(callbacks) / sum(closed) FROM callback_rate"
            " WHERE grouping = 'team' AND name = 'field' AND mature AND week >= $first",
            {"first": until.date() - timedelta(weeks=13)},
        ).fetchall()
        position = found.position
    of_team = (await ask("mona", "/manager?weeks=13&team=field")).text
    of_own = (await ask("max", "/manager?weeks=13")).text
    for page in (of_team, of_own):
        assert f"{rate:.1f} %" in page
        assert f"of {closed:,} closures in mature weeks" in page
        assert f"event {position:,} of the log, the newest" in page
    assert '<option value="remote">' not in of_own
    assert f"{rate:.1f} %" not in (await ask("mona", "/manager?weeks=13")).text


async def test_pages_without_data_say_what_will_be_there(ask: Get) -> None:
    """Nothing was recorded, and no views are published."""
    for name, path, words in [
        ("mona", "/manager", "No data yet"),
        ("mona", "/sample", "No ticket was closed yet"),
        ("mona", "/policies", "No policy was adopted yet"),
        ("ana", "/monitors", "No monitor is running"),
        ("ana", "/sessions", "No sessions yet"),
        ("dora", "/queue", "Nothing waits"),
    ]:
        answer = await ask(name, path)
        assert answer.status_code == 200
        assert words in answer.text


POLICY = '[[policy]]\nname = "field"\nteams = ["field"]\n'


async def test_a_policy_file_is_adopted_by_who_governs_all(
    ask: Get, log: EventLog, tmp_path: Path
) -> None:
    """It is in force at once; who governs one team tries it and no more."""
    await closing.write(log, 2)
    await publish(log, tmp_path)
    answer = await ask("mona", "/policies", {"text": POLICY.replace("\n", "\r\n")})
    assert answer.status_code == 303
    await publish(log, tmp_path)
    page = (await ask("mona", answer.headers["location"])).text
    assert "Adopted: in force from now on" in page
    assert "adopted by mona" in page
    with pytest.raises(NotAllowed):
        await ask("max", "/policies", {"text": POLICY})
    assert "Adopt for everyone" not in (await ask("max", "/policies")).text


async def test_a_fault_in_a_policy_file_is_shown_with_its_line(ask: Get, log: EventLog) -> None:
    """What was typed stays in the form, and nothing is adopted."""
    answer = await ask("mona", "/policies", {"text": POLICY + 'mode = "loud"\n'})
    assert answer.status_code == 409
    assert "Line 4: nothing was changed." in answer.text
    assert "mode = &#34;loud&#34;" in answer.text
    assert await log.stream("~policies") is None


async def test_a_dry_run_counts_what_enforcing_would_have_refused(
    ask: Get, log: EventLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the last 30 days, of the teams that the person governs; nothing changes."""
    monkeypatch.setattr(made, "START", datetime.now(UTC) - timedelta(days=20))
    await made.write(log, 400)
    await publish(log, tmp_path)
    position = await log.newest_position()
    with Views(tmp_path / "views") as found:
        query = "SELECT count(*) FILTER (verdict <> 'fixed'), count(*) FROM check_results"
        [(refused, closures)] = found.sql(query).fetchall()
    page = (await ask("mona", "/policies/dry-run", {"text": POLICY})).text
    assert f"{refused} of {closures} granted closures would have been refused" in page
    assert await log.newest_position() == position
    own = (await ask("max", "/policies/dry-run", {"text": POLICY})).text
    [count] = re.findall(r"of (\d+) granted closures", own)
    assert 0 < int(count) < closures


async def test_sessions_are_listed_for_who_may_read_them(ask: Get, log: EventLog) -> None:
    """Filtered by ticket and status; a foreign client's are not there."""
    names = await closing.write(log, 60)
    await granted(log, names[0])
    everything = (await ask("dora", "/sessions")).text
    assert everything.count("data-row") == 50
    second = re.search(r'rel="next" href="([^"]+)"', everything)
    assert second
    assert (await ask("dora", second[1])).text.count("data-row") == 10
    assert set(re.findall(r"<td>(client-\d+)</td>", (await ask("ana", "/sessions")).text)) <= {
        "client-1"
    }
    [ticket] = re.findall(r"data-row>([^<]+)", (await ask("dora", "/sessions?ticket=T-7")).text)
    assert ticket == "T-7"
    assert (await ask("dora", "/sessions?status=closed")).text.count("data-row") == 1


async def test_monitors_are_scheduled_running_or_concluded(
    ask: Get, log: EventLog, tmp_path: Path
) -> None:
    """Each with its runs, that link into the session."""
    now = datetime.now(UTC)
    await closing.write(log, 3, seed=1)

    def started(**more: object) -> e.MonitorStarted:
        return e.MonitorStarted(
            at=now, by="ana", monitor="m1", endpoint="web1", command="df /", check="df /",
            first_at=now, **more,  # type: ignore[arg-type]
        )  # fmt: skip

    every = {"every_seconds": 60.0, "until": now + timedelta(hours=1)}
    await closing.add(log, "w-00000", started())
    fired = e.MonitorFired(at=now, by="stillfixed", monitor="m1", due_at=now, next_due=now)
    run = e.RunStarted(
        at=now, by="ana", run="r9", endpoint="web1", command="df /", effect="reads", check="df /",
        monitor="m1",
    )  # fmt: skip
    await closing.add(log, "w-00001", started(**every), fired, run)
    last = e.MonitorFired(at=now, by="stillfixed", monitor="m1", due_at=now)
    await closing.add(log, "w-00002", started(**every), fired, last)
    await publish(log, tmp_path)
    page = (await ask("dora", "/monitors")).text
    running, scheduled, concluded = page.split("<section")[1:]
    assert "/sessions/w-00001/runs/r9" in running
    assert "/sessions/w-00000" in scheduled
    assert "/sessions/w-00002" in concluded


# -- deciding, on real sessions --------------------------------------------------------------------
@pytest.mark.ray
async def test_a_decision_opens_the_next_and_a_refusal_is_told(service: AsyncClient) -> None:
    """Four eyes by who signed in; the gate's reasons; the same form sent twice happens once."""
    log = service.log
    proven, unproven = "p-00000", "u-00001"
    await closing.write(log, 1, name="p", verdict="fixed")
    await closing.write(log, 1, name="u", first=1, verdict="inconclusive")
    worked = (await service.session_info(proven)).heading.technician
    grant = (Grant(role="dispatcher", clients=("*",)),)
    people = {name: Person(name=name, grants=grant) for name in ("dora", worked)}
    app = create_app(Desk(service, KnownPeople(people)))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://host"
    ) as http:

        async def ask(name: str, path: str, **data: str) -> httpx.Response:
            headers = {"Authorization": f"Bearer {name}"}
            method = "POST" if data else "GET"
            return await http.request(method, path, data=data or None, headers=headers)

        own = await ask(worked, f"/queue/{proven}")
        assert "Somebody else has to decide." in own.text
        assert "Confirm and close" not in own.text
        form = {"request_id": "a", "place": ""}
        refused = await ask(worked, f"/queue/{proven}/confirm", request_id="own")
        assert refused.status_code == 409
        assert "asks for four eyes" in refused.text
        assert (await service.session_info(proven)).heading.status == "awaiting_confirmation"

        for _ in range(2):
            done = await ask("dora", f"/queue/{proven}/confirm", **form)
            assert done.headers["location"].startswith("/queue/next")
        following = await ask("dora", done.headers["location"])
        assert following.headers["location"] == f"/queue/{unproven}?decided=confirmed"
        assert (await service.session_info(proven)).heading.status == "closed"

        page = await ask("dora", f"/queue/{unproven}")
        assert "refuses it" in page.text
        empty = await ask("dora", f"/queue/{unproven}/send-back", reason=" ", **form)
        assert empty.status_code == 409
        assert "Say why the session goes back" in empty.text
        data = {"run": "r3", "verdict": "fixed", "reason": "I saw the page come out."}
        overridden = await ask("dora", f"/queue/{unproven}/override", request_id="b", **data)
        assert overridden.headers["location"] == f"/queue/{unproven}?decided=overridden"
        page = await ask("dora", overridden.headers["location"])
        assert "grants it" in page.text
        assert "I saw the page come out." in page.text
