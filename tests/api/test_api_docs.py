"""docs/api.md: its examples are run, and its table is the API's."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from stillfixed.connectors.web.api.acts import ACTS
from tests.support.api import Api

DOCS = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
BLOCK = re.compile(r"^```(sh|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROLES = {"work": "technician", "review": "dispatcher"}


@pytest.mark.ray
@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="needs curl and jq")
def test_the_examples_say_what_they_say(api: Api, tmp_path: Path) -> None:
    """Each is run as it stands; the answer below it is what comes back."""
    tokens = {"TOKEN": "ana", "DISPATCHER": "dora", "MANAGER": "mona"}
    known = {**os.environ, **tokens, "HOST": api.address}
    blocks = [
        (kind, text.replace("/tmp/stillfixed-flag", str(tmp_path / "flag")))
        for kind, text in BLOCK.findall(DOCS)
    ]
    assert len(blocks) > 20
    said = ""
    for kind, text in blocks:
        if kind == "sh":
            done = subprocess.run(
                ["bash", "-euc", text],
                env=known,
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
            )
            assert done.returncode == 0, (text, done.stdout, done.stderr)
            said = done.stdout
            continue
        found = json.loads(said)
        if isinstance(found, dict) and set(found) == {"session"}:
            known["SESSION"] = found["session"]
        else:
            assert found == json.loads(text), text


def test_the_table_of_requests_is_the_apis() -> None:
    """Each with its body and who may ask it."""
    rows = re.findall(r"^\| `(/[^`]*)` \|(.*?)\| (.*?) \|$", DOCS, re.MULTILINE)
    described = {path: (set(re.findall(r"`(\w+)`", body)), who) for path, body, who in rows}
    assert described == {
        act.path: (set(act.body.model_fields), " or ".join(ROLES[one] for one in act.rights))
        for act in ACTS
    }
