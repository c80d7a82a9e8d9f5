"""The direction of imports: the rooms of the design, held by reading every import."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PURE = {
    "msgspec",
    "re2",
    "pydantic",
    "tree_sitter",
    "tree_sitter_bash",
    "jc",
    "ntc_templates",
    "textfsm",
    "yaml",
}
STANDARD_EFFECTS = {
    "asyncio",
    "os",
    "socket",
    "subprocess",
    "threading",
    "time",
    "shutil",
    "random",
}


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", modules("actors"), ids=lambda path: str(path.relative_to(ROOT)))
def test_actors_import_neither_edges_nor_views(path: Path) -> None:
    """Sessions decide and remember without knowing who asks or reads."""
    for name in imports(path):
        assert not name.startswith(("stillfixed.connectors", "stillfixed.projections")), name


@pytest.mark.parametrize(
    "path",
    [*modules("actors/session"), *modules("actors/verdicts"), *modules("actors/secrets")],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_the_domain_and_the_judge_are_pure(path: Path) -> None:
    """No Ray, no clock, no I/O: msgspec, pydantic, grammars, each other, and the error classes."""
    allowed = (
        "stillfixed.actors.secrets",
        "stillfixed.actors.session",
        "stillfixed.actors.verdicts",
        "stillfixed.actors.errors",
    )
    for name in imports(path):
        top = name.split(".")[0]
        if top == "stillfixed":
            assert name.startswith(allowed), name
        elif top in sys.stdlib_module_names:
            assert top not in STANDARD_EFFECTS, name
        else:
            assert top in PURE, name


@pytest.mark.parametrize(
    "path", modules("actors/tickets"), ids=lambda path: str(path.relative_to(ROOT))
)
def test_ticket_facts_are_pure(path: Path) -> None:
    """Rows in, events out: files and the log are the importer's, at the edge."""
    for name in imports(path):
        top = name.split(".")[0]
        if top == "stillfixed":
            assert name.startswith(("stillfixed.actors.tickets", "stillfixed.actors.errors")), name
        else:
            assert (top in sys.stdlib_module_names and top not in STANDARD_EFFECTS) or top in PURE


@pytest.mark.parametrize("path", modules("actors"), ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_runtime_speaks_ray(path: Path) -> None:
    """Everything else can be used and tested without it."""
    if "runtime" not in path.parts:
        assert not any(name.split(".")[0] == "ray" for name in imports(path))
