"""The settings table: where a value comes from, what is refused, and that the docs show it."""

import re
from pathlib import Path

import msgspec
import pytest

from stillfixed.actors.errors import SettingsError
from stillfixed.actors.service import Settings
from stillfixed.connectors.web.settings import FOR_OTHERS, SettingsTable, load, pairs

DOCS = Path(__file__).parents[2] / "docs" / "operating.md"


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of its own, and no setting in the environment."""
    for name in SettingsTable.model_fields:
        monkeypatch.delenv(f"STILLFIXED_{name.upper()}", raising=False)
    monkeypatch.delenv("STILLFIXED_CONFIG", raising=False)
    monkeypatch.setenv("STILLFIXED_DATA", str(tmp_path))
    return tmp_path


def test_the_command_line_comes_before_the_environment_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what nobody sets has its default."""
    (tmp_path / "stillfixed.toml").write_text("idle_seconds = 1\ngive_up_seconds = 1\nwarm_hosts=1")
    monkeypatch.setenv("STILLFIXED_IDLE_SECONDS", "2")
    monkeypatch.setenv("STILLFIXED_GIVE_UP_SECONDS", "2")
    table = load({"idle_seconds": 3})
    assert (table.idle_seconds, table.give_up_seconds, table.warm_hosts) == (3.0, 2.0, 1)
    assert table.unresponsive_seconds == 10.0


def test_another_file_takes_the_place_of_the_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named by an option or by STILLFIXED_CONFIG."""
    (tmp_path / "stillfixed.toml").write_text("idle_seconds = 1")
    other = tmp_path / "other.toml"
    other.write_text("warm_hosts = 7")
    assert (load(config=other).warm_hosts, load(config=other).idle_seconds) == (7, 300.0)
    monkeypatch.setenv("STILLFIXED_CONFIG", str(other))
    assert load().warm_hosts == 7


def test_a_bad_value_is_refused_by_name_and_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it was given."""
    with pytest.raises(SettingsError, match=r"listen \(on the command line\): .*HOST:PORT"):
        load({"listen": "everywhere"})
    monkeypatch.setenv("STILLFIXED_IDLE_SECONDS", "soon")
    with pytest.raises(SettingsError, match=r"idle_seconds \(STILLFIXED_IDLE_SECONDS\): .*number"):
        load()
    monkeypatch.delenv("STILLFIXED_IDLE_SECONDS")
    monkeypatch.setenv("STILLFIXED_RETENTION", "seven years")
    with pytest.raises(SettingsError, match="STILLFIXED_RETENTION: not JSON"):
        load()
    monkeypatch.delenv("STILLFIXED_RETENTION")
    file = tmp_path / "stillfixed.toml"
    file.write_text('idel_seconds = 5\n[[retention]]\nname = "x"\ndays = -1')
    with pytest.raises(SettingsError) as refused:
        load()
    assert f"idel_seconds (in {file}): Extra inputs" in refused.value.message
    assert f"retention.0.days (in {file}): Input should be greater" in refused.value.message


@pytest.mark.parametrize(
    ("text", "told"),
    [("listen = [", "cannot be read"), ('data = "/x"', "cannot be set in a file")],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str, told: str) -> None:
    """With its name and why."""
    (tmp_path / "stillfixed.toml").write_text(text)
    with pytest.raises(SettingsError, match=rf"stillfixed.toml.*{told}|{told}.*stillfixed.toml"):
        load()


def test_settings_are_typed_as_name_and_value() -> None:
    """Values as in TOML, or plain text."""
    typed = ["idle_seconds=60", "web=false", "ray_address=10.0.0.1:6379", "isolation=client"]
    table = load(pairs(typed))
    assert (table.idle_seconds, table.web, table.isolation) == (60.0, False, "client")
    assert table.ray_address == "10.0.0.1:6379"
    with pytest.raises(SettingsError, match="nonsense=1 is no setting"):
        pairs(["nonsense=1"])


def test_the_sessions_machinery_has_the_same_defaults() -> None:
    """Embedded without this table it behaves as with it."""
    assert load().embedded(serving=True) == Settings(data=load().data, endpoints=FOR_OTHERS)
    assert load().embedded() == Settings(data=load().data, warm_hosts=0)
    names = {field.name for field in msgspec.structs.fields(Settings)}
    assert names - set(SettingsTable.model_fields) == {"read_only"}


def test_every_number_says_its_unit() -> None:
    """In its name's last word; but for a count, which is in the plural."""
    for name, field in SettingsTable.model_fields.items():
        if field.annotation in (int, float):
            assert re.search(r"_(seconds|hours|days|bytes|hosts|percent)$", name), name


def test_the_docs_show_exactly_this_table() -> None:
    """Name, default and meaning of each, in order; no other."""
    rows = [
        line
        for line in DOCS.read_text().partition("## Settings")[2].partition("\n## ")[0].splitlines()
        if line.startswith("| `")
    ]
    assert rows == [documented(name) for name in SettingsTable.model_fields]


def documented(name: str) -> str:
    field = SettingsTable.model_fields[name]
    default = field.default
    shown = {None: "-", "": "-", (): "-", True: "`true`", False: "`false`"}.get(
        default, f"`{default}`"
    )
    return f"| `{name}` | {shown} | {field.description} |"
