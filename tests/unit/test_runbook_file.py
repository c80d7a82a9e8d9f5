"""Runbooks as people write them: read whole, or refused with the place and the way out."""

import pytest

from stillfixed.actors.errors import RunbookError
from stillfixed.actors.session.runbook import Runbook, digest_of
from stillfixed.actors.session.runbook_file import parse_runbook

GOOD = """\
name = "web"
title = "A web service that does not answer"
platforms = ["posix"]
categories = ["Web Shop"]

[parameters.service]
ask = "The service"
default = "nginx"

[parameters.url]
ask = "The address"

[[check]]
command = "systemctl is-active {service}"
expect = "stdout == active"
why = "The service runs."

[[check]]
command = "curl -sS -o /dev/null -w '%{http_code}' {url}"
expect = "stdout == 200"
why = "It answers."
"""


def good() -> Runbook:
    return parse_runbook(GOOD)


def refused(old: str, new: str) -> str:
    """What is said of the good runbook with one thing in it changed."""
    assert old in GOOD
    with pytest.raises(RunbookError) as error:
        parse_runbook(GOOD.replace(old, new, 1), source="web.toml")
    return error.value.message


def test_a_good_one_is_read_and_filled_in() -> None:
    """Defaults stand where nothing is given, and braces that are no parameter stay."""
    checks = good().filled("posix", {"url": "http://shop/?a=1&b=2"})
    assert [check.command for check in checks] == [
        "systemctl is-active nginx",
        "curl -sS -o /dev/null -w '%{http_code}' 'http://shop/?a=1&b=2'",
    ]
    assert good().fits("web  shop")
    assert not good().fits("web")


def test_a_value_that_looks_like_a_placeholder_is_a_value() -> None:
    """It is not filled in a second time, past its quotes."""
    checks = good().filled("posix", {"service": "{url}", "url": "$(reboot)"})
    assert checks[0].command == "systemctl is-active '{url}'"


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        ('title = "A', 'titel = "A', "line 2, titel", "typing error"),
        ('title = "A web service that does not answer"\n', "", "title", "missing"),
        ('name = "web"', 'name = "Web shop"', "line 1, name", "small letters"),
        ('["posix"]', '["linux"]', "line 3, platforms 1", "posix"),
        ("parameters.service]", "parameters.the-service]", "parameters, the-service", "underscore"),
        ('"stdout == active"', '"stdout = active"', "line 15, check 1, expect", "FIELD OP VALUE"),
        ('expect = "stdout == 200"', "expect = 200", "line 20, check 2, expect", "string"),
        ('why = "It answers."', "", "line 18, check 2, why", "missing"),
        ("is-active {service}", "restart {service}", "line 14, check 1, command", "changes"),
        ("systemctl is-active", "frobnicate", "line 14, check 1, command", "may change"),
        ("{service}", "{servce}", "line 14, check 1, command", "{servce} is no parameter"),
        ("{service}", "'{service}'", "line 14, check 1, command", "stands in quotes"),
        ("is-active {service}", "is-active `echo {service}`", "check 1, command", "quotes"),
        ("is-active {service}", "is-active\\n{service}", "check 1, command", "line break"),
        (" {service}", " nginx", "line 6, parameters, service", "no command uses"),
        ('"stdout == 200"', '"stdout == {url}"', "line 20, check 2, expect", "in the command"),
        ('["posix"]', '["posix", "cmd"]', "check 1, command", "several platforms"),
        ('runs."', 'runs."\nplatform = "cmd"', "line 17, check 1, platform", "not among"),
    ],
)
def test_a_fault_is_named_with_its_place_and_what_to_do(
    old: str, new: str, where: str, what: str
) -> None:
    """Line, check and field, where the file shows them."""
    said = refused(old, new)
    assert said.startswith("web.toml cannot be used:")
    assert where in said
    assert what in said
    assert said.endswith("Mend it and try it again.")


def test_every_fault_is_named_at_once() -> None:
    """Nobody mends a file one error at a time."""
    said = refused("systemctl is-active {service}", "reboot")
    assert said.count("\n  ") == 2  # it changes something, and the parameter is not used


def test_what_is_not_toml_is_refused_with_its_line() -> None:
    """The parser's own words say where."""
    with pytest.raises(RunbookError, match=r"own.toml is not valid TOML: .*line 1"):
        parse_runbook("name = web", source="own.toml")


def test_the_same_check_twice_is_refused() -> None:
    """Recognised by what it examines, not by its spelling."""
    same = 'command = "df -h /"\nwhy = "x"\n\n[[check]]\ncommand = "df  /  -h"\nwhy = "y"\n'
    with pytest.raises(RunbookError, match="line 10, check 2, command: it is the same check as"):
        parse_runbook(f'name = "d"\ntitle = "d"\nplatforms = ["posix"]\n\n[[check]]\n{same}')


@pytest.mark.parametrize(
    ("command", "fits"),
    [
        ("Get-Printer -Name {x}", True),
        ("Resolve-DnsName -Name ('_ldap.' + {x})", True),
        ("Test-NetConnection {x} | Format-List TcpTestSucceeded", True),
        ("Get-Printer | Where-Object { $_.Name -eq {x} }", True),
        ("Get-Item C:\\{x}", False),
        ("Get-Printer -Name '{x}'", False),
        ('Get-Printer -Name "HP {x}"', False),
        ("Get-Printer -Name “{x}”", False),
        ("Get-Printer -Name `'{x}", False),
    ],
)
def test_in_powershell_a_parameter_stands_alone(command: str, fits: bool) -> None:
    """There `'a'b` is two words, and typographic quotes are quotes."""
    quoted = command.replace("\\", "\\\\").replace('"', '\\"')
    text = (
        'name = "p"\ntitle = "p"\nplatforms = ["powershell"]\n\n[parameters.x]\nask = "x"\n\n'
        f'[[check]]\ncommand = "{quoted}"\nwhy = "x"\n'
    )
    if fits:
        assert parse_runbook(text).filled("powershell", {"x": "it's"})
    else:
        with pytest.raises(RunbookError, match="line 9, check 1, command"):
            parse_runbook(text)


def test_values_are_asked_for_and_checked() -> None:
    """Missing, unknown, and not usable ones, and an endpoint that the runbook is not for."""
    book = good()
    assert book.missing("posix", {}) == ("url",)
    for values, said in [
        ({}, r"needs a value for url \(The address\)"),
        ({"url": "x", "host": "y"}, r"no parameter host \(it has: service, url\)"),
        ({"url": "-o/tmp/x"}, "cannot use '-o/tmp/x' as url"),
        ({"url": ""}, "it is empty"),
    ]:
        with pytest.raises(RunbookError, match=said):
            book.filled("posix", values)
    with pytest.raises(RunbookError, match="for posix, and the endpoint is powershell"):
        book.filled("powershell", {"url": "x"})


def test_a_value_that_means_a_change_to_the_program_is_refused() -> None:
    """Quoted well, it would still be a second command on the other side of ssh."""
    text = GOOD.replace("systemctl is-active {service}", "ssh web2 cat {service}")
    assert parse_runbook(text).filled("posix", {"service": "/etc/motd", "url": "x"})
    with pytest.raises(RunbookError, match="may change something"):
        parse_runbook(text).filled("posix", {"service": "x; rm -rf y", "url": "x"})


def test_a_runbook_for_two_platforms_gives_each_its_own() -> None:
    """An endpoint gets the checks that it understands, and is asked only for their parameters."""
    text = GOOD.replace('["posix"]', '["posix", "cmd"]')
    text = text.replace('runs."', 'runs."\nplatform = "posix"')
    text = text.replace('answers."', 'answers."\nplatform = "cmd"').replace("/dev/null", "NUL")
    book = parse_runbook(text)
    assert [check.why for check in book.filled("cmd", {"url": "http://a"})] == ["It answers."]
    assert book.missing("posix", {}) == ()
    assert book.values("posix", {}) == {"service": "nginx"}


def test_a_check_that_parameters_make_the_same_is_run_once() -> None:
    """Two names for one host give one check."""
    text = (
        'name = "p"\ntitle = "p"\nplatforms = ["posix"]\n\n[parameters.a]\nask = "a"\n\n'
        '[parameters.b]\nask = "b"\n\n[[check]]\ncommand = "getent hosts {a}"\nwhy = "a"\n\n'
        '[[check]]\ncommand = "getent hosts {b}"\nwhy = "b"\n'
    )
    assert [c.why for c in parse_runbook(text).filled("posix", {"a": "x", "b": "x"})] == ["a"]


def test_the_digest_knows_a_text_again() -> None:
    """However its lines end."""
    assert digest_of(GOOD) == digest_of(GOOD.replace("\n", "\r\n"))
    assert digest_of(GOOD) != digest_of(GOOD + "# more")
