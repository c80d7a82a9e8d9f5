"""The API against its own description: schemathesis asks it what nobody thought of."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from stillfixed.connectors.web.app import create_app
from stillfixed.connectors.web.desk import Desk
from tests.support.api import Api
from tests.support.remote import everyone

pytestmark = pytest.mark.ray

HELD_TO = [
    not_a_server_error,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.status_code_conformance,
]
SENDS_COMMANDS = ("start_run", "start_monitor")
"""They are asked of sessions that do not exist: what is made up here must not be run."""


# The description needs no host: it is made of the routes alone.
SCHEMA = schemathesis.openapi.from_dict(
    create_app(Desk(None, everyone())).openapi()  # type: ignore[arg-type]
)
OPERATIONS = {
    found.ok().definition.raw["operationId"]: found.ok() for found in SCHEMA.get_all_operations()
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_answers_are_what_the_description_says(api: Api, name: str) -> None:
    """Whatever is asked, well formed or not, of sessions that are there and that are not."""
    operation = OPERATIONS[name]
    session = api.get("/api/sessions", by="root").json()["sessions"][-1]["session"]
    cases = st.one_of(
        *(operation.as_strategy(generation_mode=mode) for mode in GenerationMode)  # type: ignore[arg-type]
    )

    @settings(
        max_examples=12,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
        deadline=None,
    )
    @given(case=cases, there=st.booleans())
    def ask(case: Case, there: bool) -> None:
        if there and "session" in case.path_parameters and name not in SENDS_COMMANDS:
            case.path_parameters["session"] = session
        if name == "open_session" and isinstance(case.body, dict):
            case.body["client"] = "Acme"  # each client's sessions are a process
        case.call_and_validate(
            base_url=api.address, headers={"Authorization": "Bearer root"}, checks=HELD_TO
        )

    ask()


def test_the_description_says_how_to_sign_in_and_what_an_event_is() -> None:
    """With every problem, of every operation."""
    described = SCHEMA.raw_schema
    assert described["openapi"] == "3.1.0"
    assert described["security"] == [{"token": []}]
    schemas = described["components"]["schemas"]
    assert schemas["Recorded"]["properties"]["event"] == {"$ref": "#/components/schemas/Event"}
    assert {"$ref": "#/components/schemas/RunStarted"} in schemas["Event"]["anyOf"]
    for item in described["paths"].values():
        for operation in item.values():
            assert operation["description"]
            assert {"401", "403", "404", "409", "422"} <= operation["responses"].keys()
