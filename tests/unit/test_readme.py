"""The README's code runs, and what it names is there."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from stillfixed.actors.runbooks import shipped
from stillfixed.actors.session.policy import parse_policies
from stillfixed.actors.session.runbook_file import parse_runbook
from stillfixed.actors.tickets.mapping import Columns, Mapping, parse_mapping
from stillfixed.actors.tickets.mappings import shipped_texts
from stillfixed.connectors.cli.app import app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.ray
@pytest.mark.parametrize("code", blocks("python"), ids=["sessions", "judge"])
def test_the_python_examples_print_what_they_say(code: str, tmp_path: Path) -> None:
    """Each in a process of its own, with a data folder of its own."""
    said = [re.findall(r"# (.*)$", line)[0] for line in code.splitlines() if "print(" in line]
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "XDG_DATA_HOME": str(tmp_path), "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.splitlines(), done.stderr) == (said, "")


def test_the_commands_exist() -> None:
    """Every script is there and can be run, every verb and option is known."""
    verbs = get_command(app).commands  # type: ignore[attr-defined]
    for line in "".join(blocks("sh")).splitlines():
        words = shlex.split(line, comments=True)
        if words[0] == "stillfixed":
            verb, rest = verbs[words[1]], words[2:]
            if rest and rest[0] in getattr(verb, "commands", {}):  # one of a group
                verb, rest = verb.commands[rest[0]], rest[1:]
            options = {option for p in verb.params for option in p.opts}
            for word in rest:
                assert not word.startswith("--") or word in options, line
        else:
            assert os.access(ROOT / words[0], os.X_OK), line


def test_the_folders_exist() -> None:
    """The map leads somewhere."""
    for path in re.findall(r"^\| `([^`]+)` \|", README, re.MULTILINE):
        assert (ROOT / path).exists(), path


def test_the_links_lead_somewhere() -> None:
    """Also those of the other pages."""
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), (page.name, target)


def test_the_policy_example_can_be_adopted() -> None:
    """With every setting that there is."""
    [text] = blocks("toml", (ROOT / "docs" / "policies.md").read_text())
    policies = parse_policies(text)
    shown = set(re.findall(r"^(\w+) =", text, re.MULTILINE))
    policy = policies.policy[0]
    known = {"name", "mode", "teams", "clients", "from", "dispatchers", "runbooks"}
    assert shown == known | set(type(policy.require).model_fields) | set(
        type(policy.cannot_verify).model_fields
    )


def test_the_runbook_examples_can_be_used() -> None:
    """The one to write, and the policy that requires some; the table names every shipped one."""
    page = (ROOT / "docs" / "runbooks.md").read_text()
    example, policy = blocks("toml", page)
    assert len(parse_runbook(example).filled("posix", {})) == 2
    assert parse_policies(policy).policy[0].runbooks_for("printer") == ("windows-printer",)
    named = re.findall(r"^\| `([a-z-]+)` \| .* \| (.*)\|$", page, re.MULTILINE)
    assert sorted(name for name, _ in named) == sorted(shipped())
    for name, asks in named:
        assert set(re.findall(r"\w+", asks)) == set(shipped()[name].parameters), name


def test_the_mapping_examples_can_be_used() -> None:
    """The whole one has every setting; the table names every shipped mapping."""
    page = (ROOT / "docs" / "tickets.md").read_text()
    changed, whole = blocks("toml", page)
    assert parse_mapping(changed, shipped=shipped_texts()).system == "servicenow"
    mapping = parse_mapping(whole)
    assert mapping.model_fields_set == set(Mapping.model_fields)
    assert mapping.columns.model_fields_set == set(Columns.model_fields)
    named = re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)
    assert sorted(named) == sorted(shipped_texts())
