"""Documents: JSON, XML, YAML, INI, CSV and ruled tables, each claimed only when it is one."""

import pytest

from stillfixed.actors.verdicts import Run, judge
from stillfixed.actors.verdicts.parsing import documents
from tests.support.readings import line_of, values


def read(text: str, command: str = "cat out"):
    return documents.parse(command, "posix", text)


def test_json_keeps_lines() -> None:
    """Each value knows the line it stands on, and the item is the path of names to it."""
    text = '{\n "Name": "web",\n "State": {\n  "Status": "running",\n  "Dead": false\n }\n}\n'
    found = read(text)
    assert values(found)["web/State", "Status"] == "running"
    assert values(found)["web/State", "Dead"] == "false"
    assert line_of(found, "web/State", "Status") == 4


def test_json_lists_are_named_by_what_differs() -> None:
    """Elements are known by a name in them wherever they stand, never by a state in them."""
    one = '[{"Host": "a", "Ok": true}, {"Host": "b", "Ok": false}]'
    other = '[{"Host": "b", "Ok": false}, {"Host": "a", "Ok": true}]'
    assert values(read(one)) == values(read(other))
    states = values(read('[{"status": "error"}, {"status": "running"}]'))
    assert set(states) == {("0", "status"), ("1", "status")}
    states = values(read('[{"lage": "error"}, {"lage": "running"}]'))
    assert set(states) == {("0", "lage"), ("1", "lage")}


def test_kubernetes_objects_are_named_by_their_metadata() -> None:
    """`kubectl get -o json` keeps the name of an object one level down."""
    text = (
        '{"items": [{"metadata": {"name": "web-1"}, "status": {"phase": "Running"}},'
        ' {"metadata": {"name": "web-2"}, "status": {"phase": "Failed"}}]}'
    )
    assert values(read(text))["web-2/status", "phase"] == "Failed"


def test_json_between_other_lines() -> None:
    """Lines before and after a document are the rest: a warning, a status that curl wrote."""
    found = read('HTTP/1.1 503 Service Unavailable\n\n{"status": "down"}\n503\n')
    assert found is not None
    assert values(found)["", "status"] == "down"
    assert found.rest == ((1, "HTTP/1.1 503 Service Unavailable"), (4, "503"))


def test_several_json_documents() -> None:
    """One object a line, or one after another, is a list of objects."""
    found = read('{"name": "a", "state": "up"}\n{"name": "b", "state": "down"}\n')
    assert values(found)["b", "state"] == "down"


def test_json_logs_are_no_items() -> None:
    """Entries with times are a log: the next run shows other ones, so they are not compared."""
    assert read('{"ts": 1, "level": "error"}\n{"ts": 2, "level": "info"}\n') is None


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "b": [{"c": "x"}, {"c": "y',
        '[{"a": "b"},',
        '{"a": {"b": tru',
        '{\n "Name": "web",\n "Sta',
        '{"a": "b\\',
    ],
)
def test_json_that_was_cut_off(text: str) -> None:
    """A document that ends inside says so, with what was read of it."""
    found = read(text)
    assert found is not None
    assert found.cut


@pytest.mark.parametrize(
    "text", ["[OK] disk", "{ not json }", "{'a': 1}", '{"a" "b"}', "[1]\n", "{", "[[[[", '{"a": }']
)
def test_what_only_looks_like_json(text: str) -> None:
    """Brackets alone make no document."""
    assert read(text) is None


def test_a_command_that_shows_the_head_of_a_document_is_not_cut_off() -> None:
    """`| head` shows a part on purpose."""
    found = read('{"a": "b", "c": {', "curl -s http://h/ | head -c 200")
    assert found is not None
    assert not found.cut


def test_a_cut_document_is_inconclusive() -> None:
    """Cutting the second output short never makes it fixed."""
    before = Run('{"name": "web", "status": "failed"}')
    after = Run('{"name": "web", "status": "running", "checks": [{"na')
    assert judge("curl -s h", before, Run('{"name": "web", "status": "running"}'),
                 platform="posix").verdict == "fixed"  # fmt: skip
    assert judge("curl -s h", before, after, platform="posix").verdict == "inconclusive"
    at_a_line = Run('{\n "name": "web",\n "status": "running",\n')
    told = judge("curl -s h", before, at_a_line, platform="posix")
    assert told.verdict == "inconclusive"
    assert "ends in the middle" in told.reasons[0]


def test_yaml() -> None:
    """Mappings and lists with lines; null is empty, yes stays yes."""
    text = (
        "---\nname: web\nstatus:\n  ready: yes\n  error: null\n  pods:\n  - name: a\n    up: no\n"
    )
    found = read(text)
    assert values(found)["web/status", "ready"] == "yes"
    assert values(found)["web/status", "error"] == ""
    assert values(found)["web/status/a", "up"] == "no"
    assert line_of(found, "web/status/a", "up") == 8


def test_yaml_builds_nothing_and_follows_no_bomb() -> None:
    """A tag makes no object, and aliases of aliases are refused."""
    tagged = read("--- \na: !!python/object/apply:os.system ['true']\n")
    assert tagged is None or all("system" not in cell.value for cell in tagged.cells)
    bomb = "---\na: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{new}: &{new} [*{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}]\n"
        for old, new in ("ab", "bc", "cd", "de", "ef", "fg", "gh", "hi")
    )
    assert read(bomb) is None


def test_key_value_lists_are_not_yaml() -> None:
    """`Name: value` lines without a document mark are left to the generic reading."""
    assert read("Name: web\nStatus: running\n") is None


def test_xml() -> None:
    """Attributes and texts are fields; elements beside each other are named by a field in them."""
    text = (
        '<?xml version="1.0"?>\n<r>\n <svc name="a" state="up"/>\n'
        ' <svc name="b"><state>down</state></svc>\n</r>'
    )
    found = read(text)
    assert values(found)["a", "state"] == "up"
    assert values(found)["b", "state"] == "down"
    assert line_of(found, "b", "state") == 4


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
        '<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
        "<html><body>502 Bad Gateway</body></html>",
        "<" + "a><" * 300 + "/a>",
        "<unclosed>",
    ],
)
def test_xml_that_is_refused(text: str) -> None:
    """No document type, so no entity; no page; no endless depth."""
    assert read(text) is None


def test_ini() -> None:
    """A section is an item; sections of one name are told apart by what is in them."""
    text = (
        "# c\n[global]\nworkgroup = CORP\n\n[Peer]\nPublicKey = a\nUp = no\n"
        "[Peer]\nPublicKey = b\nUp = yes\n"
    )
    found = read(text)
    assert values(found)["global", "workgroup"] == "CORP"
    assert values(found)["Peer/a", "Up"] == "no"
    assert line_of(found, "Peer/b", "Up") == 10


def test_tags_in_brackets_are_no_sections() -> None:
    """`[OK]` before a text is not INI."""
    assert read("[OK] disk : fine\n[FAIL] net : down\n") is None


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("gsv | ConvertTo-Csv", '#TYPE X\n"Name","Status"\n"a","Stopped"\n"b","Running"\n'),
        ("gsv | ConvertTo-Csv -UseCulture", '"Name";"Status"\n"a";"Stopped"\n"b";"Running"\n'),
        ("wmic service get /format:csv", "\nNode,Name,Status\nPC,a,Stopped\nPC,b,Running\n"),
        ("haproxystat", "# Name,svname,Status\na,x,Stopped\nb,x,Running\n"),
    ],
)  # fmt: skip
def test_csv_in_its_dialects(command: str, text: str) -> None:
    """With a #TYPE line or without, by comma or semicolon, quoted or not."""
    found = read(text, command)
    assert values(found)["a", "Status"] == "Stopped"
    assert values(found)["b", "Status"] == "Running"


def test_a_csv_whose_last_row_was_cut_off() -> None:
    """A quoted row that ends inside says that the output was cut off."""
    found = read('"Name","Status"\n"a","Stopped"\n"b","Ru', "x | ConvertTo-Csv")
    assert found is not None
    assert found.cut


def test_sentences_with_commas_are_no_csv() -> None:
    """Rows must be as wide as the heading."""
    assert read("Error, the disk is full, sorry\nPlease free some\n") is None


def test_markdown_and_sql_tables() -> None:
    """A heading with bars and a rule make a table; what stands around it is the rest."""
    markdown = read(
        "# Report\n\n| Name | State |\n|------|:-----:|\n| a | **down** |\n| b | up |\n"
    )
    assert values(markdown)["a", "State"] == "down"
    assert markdown is not None
    assert markdown.rest == ((1, "# Report"),)
    psql = read(" name | state \n------+-------\n a    | \n b    | up\n(2 rows)\n")
    assert values(psql)["a", "state"] == ""
    assert values(psql)["b", "state"] == "up"
    mysql = read("+----+------+\n| Id | State |\n+----+------+\n| 7 | NULL |\n+----+------+\n")
    assert values(mysql)["7", "State"] == "NULL"


def test_a_wrapped_row_of_a_boxed_table() -> None:
    """In a framed table an empty first cell goes on with the row above."""
    found = read(
        "+---+------+\n| n | text |\n+---+------+\n| a | one  |\n|   | two  |\n+---+------+\n"
    )
    assert values(found)["", "text"] == "one two"


def test_titles_in_boxes_are_no_tables() -> None:
    """dsregcmd draws a box around a title."""
    assert read("+------+\n| Device State |\n+------+\n\n  AzureAdJoined : YES\n") is None
