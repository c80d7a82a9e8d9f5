"""Where the data of the report on adoption comes from: the views, or files; and its verb."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from stillfixed.actors.log.contract import Recorded
from stillfixed.actors.runtime.policies import PoliciesAdopted
from stillfixed.actors.tickets import events as t
from stillfixed.connectors.cli.app import app
from stillfixed.projections.adoption import AdoptionDataError, AdoptionReport, adoption_report
from stillfixed.projections.adoption import source as data
from stillfixed.projections.reading import Views
from tests.support.msp import msp_history
from tests.support.views import folded

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def day(number: float) -> datetime:
    return MONDAY + timedelta(days=number)


def stamp(number: float) -> pd.Timestamp:
    return pd.Timestamp(day(number).replace(tzinfo=None))


class Asked:
    """Enough of `Views` to ask a store in a test."""

    def __init__(self, path: Path, events: list[tuple[str, Any]]) -> None:
        records = [
            Recorded(number, stream, number, None, msgspec.json.encode(event))
            for number, (stream, event) in enumerate(events, 1)
        ]
        self._store = folded(path / "facts.duckdb", records, len(records))

    def sql(self, query: str, parameters: Any = None) -> Any:
        return self._store._db.sql(query, params=parameters)


def ticket(kind: type[t.TicketEvent], name: str, at: float, **more: Any) -> tuple[str, Any]:
    known = {"client": "Acme", "category": "vpn", "contact": "eva", "team": "field", **more}
    return t.ticket_stream("desk", name), kind(at=day(at), system="desk", ticket=name, **known)


def policy(at: float, text: str) -> tuple[str, Any]:
    return "~policies", PoliciesAdopted(at=day(at), by="mona", text=text)


def as_views(asked: Asked) -> Views:
    return asked  # type: ignore[return-value]


def test_closures_come_with_their_first_callback(tmp_path: Path) -> None:
    """The earlier one of two; explicit before suspected; none where none is."""
    asked = Asked(
        tmp_path,
        [
            ticket(t.TicketOpened, "A", 0),
            ticket(t.TicketResolved, "A", 1),
            ticket(t.TicketReopened, "A", 3),
            ticket(t.TicketOpened, "B", 0, contact="bob", category="mail"),
            ticket(t.TicketResolved, "B", 1, contact="bob", category="mail"),
            ticket(t.TicketOpened, "C", 5, contact="bob", category="mail"),
            ticket(t.TicketOpened, "D", 6, contact="kim", category="disk"),
            ticket(t.TicketResolved, "D", 7, contact="kim", category="disk"),
        ],
    )
    frame = data.closures_frame(as_views(asked)).set_index("ticket")
    assert frame.loc["A", "callback_kind"] == "reopened"
    assert frame.loc["A", "callback_at"] == stamp(3)
    assert frame.loc["B", "callback_kind"] == "suspected"
    assert frame.loc["B", "callback_at"] == stamp(5)
    assert pd.isna(frame.loc["D", "callback_at"])
    assert pd.isna(frame.loc["D", "callback_kind"])


def test_a_team_adopts_when_a_policy_first_enforces_for_it(tmp_path: Path) -> None:
    """Its own policy goes before everybody's; one for a client only is no adoption of the team."""
    teams = ("field", "remote", "night")
    asked = Asked(
        tmp_path,
        [
            *(ticket(t.TicketOpened, team, 0, team=team) for team in teams),
            *(ticket(t.TicketResolved, team, 1, team=team) for team in teams),
            policy(2, '[[policy]]\nname = "all"\nmode = "observe"'),
            policy(
                10,
                '[[policy]]\nname = "all"\nmode = "observe"\n'
                '[[policy]]\nname = "field"\nmode = "enforce"\nteams = ["field"]\n'
                '[[policy]]\nname = "acme"\nmode = "enforce"\nclients = ["Acme"]',
            ),
            policy(
                20,
                '[[policy]]\nname = "all"\nmode = "enforce"\n'
                '[[policy]]\nname = "night"\nmode = "warn"\nteams = ["night"]',
            ),
        ],
    )
    found = data.adoption_frame(as_views(asked)).set_index("team")["adopted_on"]
    assert found["field"] == stamp(10)
    assert found["remote"] == stamp(20)
    assert pd.isna(found["night"])


def test_what_the_views_give_is_what_the_report_takes(tmp_path: Path) -> None:
    """Straight from tickets to a sentence, also where no policy was ever adopted."""
    asked = Asked(
        tmp_path,
        [ticket(t.TicketOpened, "A", 0), ticket(t.TicketResolved, "A", 1)],
    )
    views = as_views(asked)
    report = adoption_report(
        data.closures_frame(views), data.adoption_frame(views), data.data_until(views)
    )
    assert report.answer == "no_data"


# -- the verb -----------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    folder = tmp_path_factory.mktemp("report")
    history = msp_history(np.random.default_rng(3), -0.11, teams=9, weekly=60)
    history.closures.to_parquet(folder / "closures.parquet")
    history.adoption.to_csv(folder / "adopted.csv", index=False)
    return (
        *("report", "adoption", "--from", str(folder / "closures.parquet")),
        *("--adopted", str(folder / "adopted.csv")),
    )


def test_the_verb_prints_the_sentence_first(files: tuple[str, ...]) -> None:
    """Then the teams, the comparison and the curves, with what was counted and until when."""
    result = CliRunner().invoke(app, [*files, "--as-of", "2026-01-05"])
    assert result.exit_code == 0, result.output
    said = " ".join(result.stdout.split())
    assert said.startswith("Callbacks within 14 days fell from ")
    assert "95 % interval of the change: -" in said
    for part in ("team 00", "the base", "Kaplan-Meier", "explicit callbacks", "too young to count"):
        assert part in said


def test_the_verb_gives_json_that_reads_back(files: tuple[str, ...]) -> None:
    """For scripts: the whole report, another window."""
    result = CliRunner().invoke(app, [*files, "--window", "30", "--json"])
    report = msgspec.json.decode(result.stdout, type=AdoptionReport)
    assert (report.definition.window_days, report.answer) == (30, "fell")


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        (("--window", "9"), 1, "window of 9 days is not kept"),
        (("--as-of", "soon"), 2, "'soon' is no time"),
    ],
)
def test_the_verb_says_what_is_wrong(
    files: tuple[str, ...], more: tuple[str, ...], status: int, said: str
) -> None:
    """One line, and an exit status."""
    result = CliRunner().invoke(app, [*files, *more])
    assert result.exit_code == status
    assert said in " ".join(result.stderr.split())


def test_a_file_needs_dates_and_has_to_be_a_table(tmp_path: Path) -> None:
    """Without --adopted nobody knows who adopted when; a broken file is named."""
    broken = tmp_path / "closures.parquet"
    broken.write_bytes(b"PAR1 no more")
    result = CliRunner().invoke(app, ["report", "adoption", "--from", str(broken)])
    assert result.exit_code == 2
    assert "--adopted" in result.stderr
    with pytest.raises(AdoptionDataError, match=r"closures\.parquet cannot be read"):
        data.read_frame(broken, "closed_at")
