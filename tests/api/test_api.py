"""The HTTP API on a real host: what a script gets that knows nothing of Python."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from httpx_sse import connect_sse
from pydantic import BaseModel

import stillfixed
from stillfixed.actors.log import open_log
from stillfixed.actors.retention import Rule, retain
from stillfixed.connectors.web.api import answers
from tests.support.api import Api

pytestmark = pytest.mark.ray

BODIES: dict[str, dict[str, str]] = {
    "endpoints": {"endpoint": "web1"},
    "runs": {"command": "true"},
    "override": {"verdict": "fixed", "reason": "x"},
    "changes": {"text": "x"},
    "expectations": {"command": "true", "expect": "exit_status == 0"},
    "runbooks": {"text": "x"},
    "annotations": {"kind": "note", "text": "x"},
    "monitors": {"command": "true"},
    "send-back": {"reason": "x"},
    "callbacks": {"kind": "reopened"},
}
"""What each path below a session takes, by its last part; the others take nothing."""


def shaped(answer: httpx.Response, shape: type[BaseModel], status: int = 200) -> dict[str, object]:
    """The answer, if it is what the description says."""
    assert answer.status_code == status, answer.text
    shape.model_validate_json(answer.content)
    found: dict[str, object] = answer.json()
    return found


def test_from_the_fault_to_the_closed_ticket(api: Api, tmp_path: Path) -> None:
    """The main job in plain HTTP, each answer as the description has it."""
    flag = tmp_path / "up"
    path = api.open()
    before = shaped(api.post(f"{path}/runs", {"command": f"test -e {flag}"}), answers.Run)
    assert (before["exit_status"], before["health"]) == (1, "fault")
    api.run(path, f"touch {flag}")

    standing = answers.Summary.model_validate_json(api.get(path).content)
    assert [check.standing for check in standing.checks] == ["not_rerun"]
    assert standing.gate is not None
    assert [reason.code for reason in standing.gate.reasons] == ["not_rerun"]
    refused = shaped(api.post(f"{path}/closure"), answers.Closure)
    assert refused["result"] == "refused"

    after = api.run(path, f"test -e {flag}")
    assert (after["verdict"], after["baseline"]) == ("fixed", before["run"])
    shaped(api.get(f"{path}/runs/{after['run']}"), answers.Run)
    made = api.post(f"{path}/annotations", {"kind": "verification", "text": "Looked at it."})
    assert shaped(made, answers.Done, 201) == {"id": "n1"}
    shaped(api.get(f"{path}/comparisons?full=true"), answers.Comparisons)
    transcript = answers.Transcript.model_validate_json(api.get(f"{path}/transcript").content)
    assert [one.standing for one in transcript.comparisons] == ["fixed"]
    assert shaped(api.post(f"{path}/closure"), answers.Closure)["result"] == "granted"
    callback = {"kind": "reopened", "text": "It is down again."}
    shaped(api.post(f"{path}/callbacks", callback, by="dora"), answers.Done)
    shaped(api.get(path), answers.Summary)
    shaped(api.get(f"{path}/rejudgements"), answers.Rejudgements)


def test_a_transcript_that_is_known_is_not_sent_again(api: Api) -> None:
    """Its ETag is the version: a fact later it is another."""
    path = api.open()
    first = api.get(f"{path}/transcript")
    again = api.get(f"{path}/transcript", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    api.post(f"{path}/changes", {"text": "A cable."})
    later = api.get(f"{path}/transcript", headers={"If-None-Match": first.headers["ETag"]})
    assert later.status_code == 200
    assert later.headers["ETag"] != first.headers["ETag"]


class TestProblems:
    """Whatever goes wrong is a problem with a code."""

    @pytest.mark.parametrize(
        ("method", "path", "more", "status", "code"),
        [
            ("GET", "/api/sessions", {"by": None}, 401, "not_signed_in"),
            ("GET", "/api/sessions", {"by": "nobody"}, 401, "not_signed_in"),
            ("GET", "/api/nothing", {}, 404, "refused"),
            ("DELETE", "/api/sessions", {}, 405, "refused"),
            ("GET", "/api/sessions/s-nowhere", {}, 404, "unknown_session"),
            ("GET", "/api/sessions?colour=red", {}, 422, "refused"),
            ("GET", "/api/sessions?cursor=x", {}, 422, "refused"),
            ("POST", "/api/sessions", {"json": {"ticket": "T-1"}}, 422, "refused"),
            ("POST", "/api/sessions", {"content": b"{"}, 422, "refused"),
            (
                "POST",
                "/api/sessions",
                {"json": {"ticket": "T-1", "client": "Acme", "by": "dora"}},
                422,
                "refused",
            ),
            ("POST", "/api/sessions", {"json": {"ticket": " ", "client": "Acme"}}, 409, "refused"),
            ("POST", "/api/policies", {"json": {"text": "x ="}, "by": "mona"}, 422, "policy"),
            ("GET", "/api/views/nothing", {"by": "mona"}, 404, "refused"),
        ],
    )
    def test_each_has_its_status_and_code(
        self, api: Api, method: str, path: str, more: dict[str, object], status: int, code: str
    ) -> None:
        """As RFC 9457 has it."""
        answer = api.request(method, path, **more)
        found = answer.json()
        assert (answer.status_code, found["code"]) == (status, code)
        assert answer.headers["content-type"] == "application/problem+json"
        assert (found["status"], found["instance"]) == (status, path.partition("?")[0])
        assert found["type"] == f"urn:stillfixed:error:{code}"
        assert found["detail"]

    def test_a_field_that_is_wrong_is_named(self, api: Api) -> None:
        """With the way to it."""
        answer = api.post("/api/sessions", {"ticket": 5, "client": "Acme"})
        assert answer.json()["faults"] == [
            {"where": ["body", "ticket"], "detail": "Input should be a valid string"}
        ]

    def test_what_a_session_refuses_is_a_conflict(self, api: Api) -> None:
        """With the session's own words."""
        path = api.open()
        answer = api.post(f"{path}/runs", {"command": "true"}, by="bob")
        assert (answer.status_code, answer.json()["code"]) == (409, "not_your_session")
        assert "Take it over first" in answer.json()["detail"]

    def test_a_role_that_is_not_enough_is_told_so(self, api: Api) -> None:
        """Who may read a session learns that it is there."""
        path = api.open()
        for wanted, by in (("runs", "dora"), ("closure/confirm", "bob"), ("takeover", "mona")):
            body = {"command": "true"} if wanted == "runs" else {}
            answer = api.post(f"{path}/{wanted}", body, by=by)
            assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


class TestForeignClients:
    """Of a client that no grant names, nothing is there."""

    def test_a_session_does_not_exist(self, api: Api) -> None:
        """By no word of any answer under it does it differ from one that never was."""
        path = api.open(client="Globex", by="globex-gil")
        paths = api.get("/api/openapi.json").json()["paths"]
        below = [one for one in paths if one.startswith("/api/sessions/{session}")]
        for template, method in [(one, method) for one in below for method in paths[one]]:
            told = set()
            for session in (path.rpartition("/")[2], "s-nowhere"):
                filled = template.format(session=session, run="r1", monitor="m1", annotation="n1")
                body = BODIES.get(template.rpartition("/")[2], {})
                ids = {"id": "0" * 32}
                answer = api.request(method, filled, by="acme-ana", json=body, params=ids)
                assert (answer.status_code, answer.json()["code"]) == (404, "unknown_session")
                told.add(answer.text.replace(session, "…"))
            assert len(told) == 1

    def test_lists_events_and_rows_leave_it_out(self, api: Api) -> None:
        """A feed goes past it, and its position with it."""
        after = api.get("/api/position").json()["position"]
        foreign = api.open(client="Globex", by="globex-gil").rpartition("/")[2]
        own = api.open(client="Acme", by="acme-ana").rpartition("/")[2]
        page = shaped(api.get(f"/api/events?after={after}", by="acme-ana"), answers.Events)
        assert {event["session"] for event in page["events"]} == {own}
        listed = api.get("/api/sessions?limit=1000", by="acme-ana").json()["sessions"]
        assert foreign not in [line["session"] for line in listed]
        assert {line["client"] for line in listed} == {"Acme"}
        assert api.get("/api/policies", by="globex-mona").status_code == 403
        adopted = api.post("/api/policies", {"text": ""}, by="globex-mona")
        assert adopted.status_code == 403

    def test_its_outputs_are_not_found_by_their_content(self, api: Api) -> None:
        """The same bytes have the same id in every session."""
        foreign = api.open(client="Globex", by="globex-gil")
        api.run(foreign, "echo the password", by="globex-gil")
        [chunk] = _chunks(api, foreign)
        found = api.get(f"{foreign}/chunks?id={chunk}", by="globex-gil")
        assert shaped(found, answers.Chunks)["chunks"] == {chunk: "dGhlIHBhc3N3b3JkCg=="}
        own = api.open(by="acme-ana")
        assert api.get(f"{own}/chunks?id={chunk}", by="acme-ana").status_code == 409

    def test_work_for_it_is_refused(self, api: Api) -> None:
        """Before a session is made."""
        answer = api.post("/api/sessions", {"ticket": "T-1", "client": "Globex"}, by="acme-ana")
        assert answer.status_code == 403


class TestOnce:
    """An `Idempotency-Key` is a request id, and one's own."""

    def test_the_same_key_is_the_same_request(self, api: Api, tmp_path: Path) -> None:
        """The answer again, byte for byte, and nothing done."""
        path = api.open()
        body = {"command": f"echo x >> {tmp_path}/mark"}
        first, second = (api.post(f"{path}/runs", body, key="once") for _ in range(2))
        assert first.content == second.content
        assert (tmp_path / "mark").read_text() == "x\n"
        opened = [
            api.post("/api/sessions", {"ticket": "T", "client": "Acme"}, by=by, key="same").json()
            for by in ("ana", "ana", "bob")
        ]
        assert opened[0] == opened[1] != opened[2]

    def test_nobody_gets_the_answer_to_anothers(self, api: Api) -> None:
        """Two people choose the same key for two messages."""
        path = api.open()
        ids = [
            api.post(f"{path}/annotations", {"kind": "note", "text": by}, by=by, key="1").json()
            for by in ("ana", "dora", "ana")
        ]
        assert ids == [{"id": "n1"}, {"id": "n2"}, {"id": "n1"}]
        shown = {
            by: [
                one["request_id"]
                for one in api.get(f"{path}/events", by=by).json()["events"]
                if one["event"]["type"] == "annotated"
            ]
            for by in ("ana", "dora")
        }
        assert shown == {"ana": ["1", None], "dora": [None, "1"]}

    def test_a_key_of_another_request_is_refused(self, api: Api) -> None:
        """Where the answer would make no sense."""
        path = api.open()
        api.post(f"{path}/annotations", {"kind": "note", "text": "x"}, key="k")
        answer = api.post(f"{path}/closure", key="k")
        assert (answer.status_code, answer.json()["code"]) == (409, "refused")


def test_lists_are_read_page_by_page(api: Api) -> None:
    """Each session once, newest activity first, whatever becomes active meanwhile."""
    opened = [api.open(category="paged") for _ in range(5)]
    found: list[str] = []
    cursor = ""
    while True:
        page = shaped(api.get(f"/api/sessions?category=paged&limit=2{cursor}"), answers.Sessions)
        found += [line["session"] for line in page["sessions"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
        api.post(f"{opened[-1]}/changes", {"text": "Active meanwhile."})
    assert found == [path.rpartition("/")[2] for path in reversed(opened)]


class TestViews:
    """Rows of what managers and dispatchers decide on, with how old they are."""

    def test_rows_are_of_the_clients_that_one_may_measure(self, api: Api) -> None:
        """And a technician measures none."""
        found = {
            by: shaped(api.get("/api/views/audit", by=by), answers.Rows)
            for by in ("mona", "acme-dora", "globex-mona")
        }
        clients = {by: {row["client"] for row in one["rows"]} for by, one in found.items()}
        assert clients["mona"] >= {"Acme", "Globex"}
        assert (clients["acme-dora"], clients["globex-mona"]) == ({"Acme"}, {"Globex"})
        assert all(one["position"] > 0 and one["data_until"] for one in found.values())
        assert api.get("/api/views/audit", by="acme-ana").status_code == 403

    def test_pages_of_rows_follow_one_another(self, api: Api) -> None:
        """As whole as at once."""
        whole = api.get("/api/views/definitions", by="mona").json()["rows"]
        found, cursor = [], "0"
        while cursor is not None:
            page = api.get(f"/api/views/definitions?limit=3&cursor={cursor}", by="mona").json()
            found += page["rows"]
            cursor = page["next"]
        assert found == whole
        assert len(whole) > 3

    def test_every_view_can_be_read(self, api: Api) -> None:
        """With the columns that the list says."""
        listed = shaped(api.get("/api/views", by="globex-mona"), answers.Views)
        for one in listed["views"]:
            rows = shaped(api.get(f"/api/views/{one['view']}", by="globex-mona"), answers.Rows)
            assert rows["columns"] == one["columns"]


class TestEvents:
    """Pages and streams: nothing missed, nothing twice."""

    def test_pages_follow_one_another(self, api: Api) -> None:
        """By position, to a version where one is asked for."""
        path = api.open()
        whole = shaped(api.get(f"{path}/events"), answers.Events)
        found: list[object] = []
        after, more = 0, True
        while more:
            page = api.get(f"{path}/events?limit=1&after={after}").json()
            found += page["events"]
            after, more = page["position"], page["more"]
        assert found == whole["events"]
        first = api.get(f"{path}/events?until_version=1").json()
        assert first["events"] == found[:1]

    @pytest.mark.parametrize("scope", ["session", "all"])
    def test_a_stream_resumes_by_its_last_id(self, api: Api, scope: str) -> None:
        """As browsers do; what came while nobody listened comes first."""
        after = api.get("/api/position").json()["position"]
        foreign = api.open(client="Globex", by="globex-gil")
        path = api.open(client="Acme", by="acme-ana")
        where = f"{path}/events" if scope == "session" else "/api/events"
        api.post(f"{path}/changes", {"text": "one"}, by="acme-ana")
        seen = _listen(api, where, {}, after, until="one")
        api.post(f"{foreign}/changes", {"text": "foreign"}, by="globex-gil")
        api.post(f"{path}/changes", {"text": "two"}, by="acme-ana")
        seen += _listen(api, where, {"Last-Event-ID": str(seen[-1]["position"])}, 0, until="two")
        assert [one["version"] for one in seen] == list(range(1, len(seen) + 1))
        assert {one["session"] for one in seen} == {path.rpartition("/")[2]}


def _listen(
    api: Api, where: str, headers: dict[str, str], after: int, *, until: str
) -> list[dict[str, object]]:
    """Events of a stream up to the one with this text."""
    found: list[dict[str, object]] = []
    headers = {**headers, "Authorization": "Bearer acme-ana"}
    with (
        httpx.Client(base_url=api.address, headers=headers, timeout=20) as http,
        connect_sse(http, "GET", where, params={"after": after}) as source,
    ):
        for one in source.iter_sse():
            event = json.loads(one.data)
            answers.Recorded.model_validate(event)
            assert one.id == str(event["position"])
            found.append(event)
            if event["event"].get("text") == until:
                return found
    raise AssertionError("the stream ended")


class TestRuns:
    """Waited for, or not."""

    def test_a_caller_need_not_wait(self, api: Api, tmp_path: Path) -> None:
        """202 once the start is durable; the same request again says the same; it can be ended."""
        path = api.open()
        body = {"command": f"echo begun; while ! test -e {tmp_path}/go; do sleep 0.01; done"}
        prefer = {"Prefer": "respond-async"}
        begun = api.post(f"{path}/runs", body, key="slow", headers=prefer)
        assert shaped(begun, answers.RunBegun, 202) == {"run": "r1"}
        assert begun.headers["Location"] == f"{path}/runs/r1"
        again = api.post(f"{path}/runs", body, key="slow", headers=prefer)
        assert (again.status_code, again.json()) == (202, {"run": "r1"})
        assert api.get(begun.headers["Location"]).json()["status"] == "running"
        shaped(api.post(f"{path}/runs/r1/cancel"), answers.Done)
        ended = shaped(api.get(f"{path}/runs/r1"), answers.Run)
        assert ended["status"] == "cancelled"

    def test_a_refusal_is_not_put_off(self, api: Api) -> None:
        """Though the caller did not want to wait."""
        path = api.open()
        answer = api.post(
            f"{path}/runs", {"command": " "}, headers={"Prefer": "respond-async, wait=10"}
        )
        assert answer.status_code == 409

    def test_output_comes_back_exactly(self, api: Api) -> None:
        """Also what is no text: in the record, as bytes, and through the Python client."""
        path = api.open()
        run = api.run(path, r"printf '\377<script>\000'; printf 'no\n' >&2")
        assert (run["stdout_is_utf8"], run["stdout_base64"]) == (False, "/zxzY3JpcHQ+AA==")
        assert run["stderr_base64"] is None
        raw = api.get(f"{path}/runs/{run['run']}/output")
        assert raw.content == b"\xff<script>\x00"
        assert raw.headers["content-type"] == "application/octet-stream"
        assert raw.headers["content-disposition"] == "attachment"
        assert api.get(f"{path}/runs/r99/output").status_code == 404
        with stillfixed.connect(api.address, token="ana") as remote:
            session = remote.session(path.rpartition("/")[2], by="ana")
            again = session.run(r"printf '\377<script>\000'; printf 'no\n' >&2")
            assert again.stdout == raw.content
            assert session.transcript().runs[again.run] == again


async def test_outputs_that_were_removed_are_not_there(api: Api) -> None:
    """The history says so, the API says so, and a transcript is read without them."""
    path = api.open(client="Globex", by="globex-gil")
    run = api.run(path, "echo 'said once, by one machine'", by="globex-gil")
    [chunk] = _chunks(api, path)
    api.post(f"{path}/changes", {"text": "x"}, by="globex-gil")
    observe = '[[policy]]\nname = "g"\nmode = "observe"\nclients = ["Globex"]\n'
    assert api.post("/api/policies", {"text": observe}, by="mona").status_code == 200
    assert api.post(f"{path}/closure", by="globex-gil").json()["result"] == "granted"
    assert api.get(f"{path}/chunks?id={chunk}", by="globex-gil").status_code == 200

    log = await open_log(api.settings.log_url)
    rule = Rule(name="now", days=0, clients=("Globex",))
    later = datetime.now(UTC) + timedelta(hours=1)
    removed = [one async for one in retain(log, [rule], now=later, by="otto")]
    await log.close()
    assert path.rpartition("/")[2] in [one.session for one in removed]

    assert api.get(f"{path}/chunks?id={chunk}", by="globex-gil").status_code == 409
    gone = api.get(f"{path}/runs/{run['run']}/output", by="globex-gil")
    assert (gone.status_code, gone.json()["code"]) == (409, "refused")
    read = shaped(api.get(f"{path}/runs/{run['run']}", by="globex-gil"), answers.Run)
    assert (read["stdout"], read["removed"]["rule"]) == ("", "now")
    shaped(api.get(f"{path}/transcript", by="globex-gil"), answers.Transcript)
    assert shaped(api.get(path, by="globex-gil"), answers.Summary)["outputs_removed_at"]
    async with await stillfixed.connect_async(api.address, token="globex-gil") as remote:
        session = await remote.session(path.rpartition("/")[2], by="globex-gil")
        assert (await session.transcript()).runs[run["run"]].text == ""
        assert (await remote.session_info(session.id)).heading.outputs_removed_at


def _chunks(api: Api, path: str) -> list[str]:
    events = api.get(f"{path}/events", by="globex-gil").json()["events"]
    return [one["event"]["chunk"] for one in events if "chunk" in one["event"]]


class TestTheRemoteClient:
    """What differs from an embedded one is told in clear words."""

    def test_it_asks_as_the_person_of_its_token(self, api: Api) -> None:
        """And as nobody else."""
        with (
            stillfixed.connect(api.address, token="ana") as remote,
            pytest.raises(stillfixed.NotAllowed, match="is ana's, and cannot ask as dora"),
        ):
            remote.open(ticket="T-1", client="Acme", by="dora")

    def test_a_token_that_is_no_good_is_told_at_once(self, api: Api) -> None:
        """When connecting, not at the first call."""
        with pytest.raises(stillfixed.NotSignedIn, match="still good"):
            stillfixed.connect(api.address, token="nobody")

    def test_where_no_host_is_that_is_said(self) -> None:
        """With the address."""
        with pytest.raises(stillfixed.HostUnavailable, match=r"127\.0\.0\.1:1"):
            stillfixed.connect("http://127.0.0.1:1", token="ana")
        with pytest.raises(stillfixed.RequestRefused, match="no address"):
            stillfixed.connect("host.example")

    def test_it_watches_many_sessions(self, api: Api) -> None:
        """Those that its person may read."""
        with (
            stillfixed.connect(api.address, token="acme-ana") as acme,
            stillfixed.connect(api.address, token="globex-gil") as globex,
        ):
            after = acme.newest_position()
            globex.open(ticket="G-1", client="Globex", by="globex-gil")
            own = acme.open(ticket="A-1", client="Acme", by="acme-ana")
            assert next(acme.watch(after=after)).session == own.id
            assert [line.id for line in acme.sessions(ticket="A-1")] == [own.id]
