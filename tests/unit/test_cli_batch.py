"""The judge on files of cases, as a person or a script calls it."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from stillfixed.connectors.cli.app import app

GOOD = {"stdout": "active\n", "stderr": "", "exit_status": 0}
BAD = {"stdout": "inactive\n", "stderr": "", "exit_status": 3}


def case(name: str, before: Any, after: Any, **more: Any) -> dict[str, Any]:
    command = "systemctl is-active nginx"
    runs = {"before": before, "after": after}
    return {"id": name, "platform": "posix", "command": command, **runs, **more}


def run(verb: str, folder: Path, *cases: object, stdin: bool = False) -> Result:
    text = "".join(c if isinstance(c, str) else json.dumps(c) + "\n" for c in cases)
    file = folder / "cases.jsonl"
    file.write_text(text, encoding="utf-8")
    given = text if stdin else None
    return CliRunner().invoke(app, [verb, "-" if stdin else str(file)], input=given)


def answers(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_cases_are_answered_one_a_line(tmp_path: Path) -> None:
    """Each case gives one line with id, verdict and reasons; without labels there is no score."""
    result = run("judge", tmp_path, case("a", BAD, GOOD), case("b", GOOD, BAD))
    assert result.exit_code == 0
    assert [(one["id"], one["verdict"]) for one in answers(result)] == [
        ("a", "fixed"), ("b", "regressed"),
    ]  # fmt: skip
    assert all(one["reasons"] for one in answers(result))
    assert result.stderr == ""


def test_labels_are_counted(tmp_path: Path) -> None:
    """Labelled cases end with the confusion matrix, the accuracy and the wrong `fixed`."""
    result = run(
        "judge",
        tmp_path,
        case("a", BAD, GOOD, verdict="fixed"),
        case("b", BAD, GOOD, verdict="still_failing"),
        case("c", BAD, GOOD),
    )
    assert "1 of 2 right (50.0%); 'fixed' said wrongly: 1" in result.stderr
    assert len(answers(result)) == 3


def test_a_bad_line_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    """A line that is no case is reported with its number; the others are answered; the status
    says that something was left out."""
    odd = case("x", BAD, GOOD, expect="?")
    good = case("a", BAD, GOOD), case("b", GOOD, GOOD)
    result = run("judge", tmp_path, good[0], "{not json\n", odd, "\n", good[1])
    assert result.exit_code == 1
    assert [one["id"] for one in answers(result)] == ["a", "b"]
    assert "line 2 is no case" in result.stderr
    assert "line 3" in result.stderr
    assert "expectation" in result.stderr


def show(folder: Path, *cases: object, wanted: str = "a", more: tuple[str, ...] = ()) -> Result:
    file = folder / "cases.jsonl"
    text = "".join(c if isinstance(c, str) else json.dumps(c) + "\n" for c in cases)
    file.write_text(text, encoding="utf-8")
    return CliRunner().invoke(app, ["judge", str(file), "--show", wanted, *more])


def test_one_case_is_shown_in_two_steps(tmp_path: Path) -> None:
    """The verdict and what it is from, then both outputs; lines that are no cases do not matter."""
    labelled = case("a", BAD, GOOD, verdict="healthy")
    result = show(tmp_path, "{not json\n", case("b", GOOD, GOOD), labelled)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "✓ FIXED  systemctl is-active nginx (posix)"
    assert lines[1] == "  the label says healthy"
    assert result.stdout.index("answer  inactive  active") < result.stdout.index("before: exit 3")
    assert "~*  1 │ inactive" in result.stdout
    assert result.stderr == ""


def test_a_case_that_cannot_be_shown_is_said_so(tmp_path: Path) -> None:
    """It is not in the file, or its expectation cannot be read: one line and a status."""
    missing = show(tmp_path, "{not json\n", case("b", GOOD, GOOD))
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert "has no case a (1 line could not be read)" in " ".join(missing.stderr.split())
    odd = show(tmp_path, case("a", BAD, GOOD, expect="?"))
    assert odd.exit_code == 1
    assert "cannot be judged" in odd.stderr


def test_a_case_shown_in_full_folds_nothing(tmp_path: Path) -> None:
    """Every line of both outputs, however many are the same."""
    many = {**GOOD, "stdout": "".join(f"line {number}\n" for number in range(50))}
    folded = show(tmp_path, case("a", many, many))
    assert "unchanged lines" in folded.stdout
    full = show(tmp_path, case("a", many, many), more=("--full",))
    assert "line 20" in full.stdout
    assert "unchanged" not in full.stdout.partition("before:")[2]


def test_effects_and_same_checks(tmp_path: Path) -> None:
    """The other two questions are asked in the same way; cases may come through a pipe."""
    effects = run(
        "effects",
        tmp_path,
        {"id": "e", "platform": "posix", "command": "reboot", "effect": "changes"},
    )
    assert answers(effects) == [{"id": "e", "effect": "changes"}]
    assert "1 of 1 right" in effects.stderr
    pair = {"id": "s", "platform": "posix", "a": "df  -h", "b": "df -h", "same": True}
    same = run("same", tmp_path, pair, stdin=True)
    assert answers(same) == [{"id": "s", "same": True}]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A missing file is one line on stderr."""
    result = CliRunner().invoke(app, ["judge", str(tmp_path / "none.jsonl")])
    assert result.exit_code == 1
    assert "No such file" in result.stderr
    assert "Traceback" not in result.stderr
