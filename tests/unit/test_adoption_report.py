"""The report on adoption: what is counted, what is not known yet, and what is doubted."""

from datetime import datetime, timedelta

import msgspec
import numpy as np
import pandas as pd
import pytest

from stillfixed.projections.adoption import AdoptionDataError, AdoptionReport, adoption_report
from stillfixed.projections.adoption.closures import definition_of, known_closures
from stillfixed.projections.adoption.model import Doubt
from tests.support.msp import START, History, msp_history

DAY = timedelta(days=1)


def closures(*rows: tuple[str, float, float | None, str | None]) -> pd.DataFrame:
    """(team, day closed, days until the callback, its kind), days from START."""
    return pd.DataFrame(
        {
            "ticket": [f"T-{number}" for number in range(len(rows))],
            "team": [team for team, *_ in rows],
            "closed_at": pd.to_datetime([START + day * DAY for _, day, *_ in rows]),
            "callback_at": pd.to_datetime(
                [None if wait is None else START + (day + wait) * DAY for _, day, wait, _ in rows]
            ),
            "callback_kind": [kind for *_, kind in rows],
        }
    )


def adopted(**days: float | None) -> pd.DataFrame:
    dates = [None if day is None else START + day * DAY for day in days.values()]
    return pd.DataFrame({"team": list(days), "adopted_on": pd.to_datetime(pd.Series(dates))})


def doubts_of(report: AdoptionReport) -> set[Doubt]:
    return {one.doubt for one in report.warnings}


def of(history: History, **options: int) -> AdoptionReport:
    return adoption_report(history.closures, history.adoption, history.as_of, **options)


def test_only_closures_whose_window_has_passed_are_counted() -> None:
    """One closed 14 days before as_of counts, one a minute later does not, come back or not."""
    minute = 1 / 1440
    data = closures(
        ("a", 0, 13.9, "reopened"),
        ("a", 16, None, None),
        ("a", 16 + minute, 2, "reopened"),
    )
    report = adoption_report(data, adopted(a=None), START + 30 * DAY)
    (team,) = report.teams
    assert (team.before.closed, team.before.callbacks, report.immature_closures) == (2, 1, 1)


def test_a_callback_counts_to_the_end_of_its_window_and_not_after() -> None:
    """A day 14 callback is inside the 14 days, one a minute later is not; 30 days hold both."""
    data = closures(("a", 0, 14, "reopened"), ("a", 0, 14 + 1 / 1440, "new_ticket"))
    for window, callbacks in ((7, 0), (14, 1), (30, 2)):
        report = adoption_report(data, adopted(a=None), START + 60 * DAY, window)
        assert report.teams[0].before.callbacks == callbacks


def test_suspected_callbacks_are_counted_only_where_asked_for() -> None:
    """What counts is named in the definition that the report carries."""
    data = closures(("a", 0, 3, "suspected"), ("a", 0, 3, "reopened"))
    plain = adoption_report(data, adopted(a=None), START + 60 * DAY)
    wide = adoption_report(
        data, adopted(a=None), START + 60 * DAY, counted=("reopened", "new_ticket", "suspected")
    )
    assert (plain.teams[0].before.callbacks, wide.teams[0].before.callbacks) == (1, 2)
    assert plain.definition.name == "explicit callbacks (reopened or linked)"
    assert wide.definition.name == "reopened + new ticket + suspected"


def test_rates_have_wilson_intervals() -> None:
    """0 of 5 is compatible with 43 %: the ritual's own example."""
    report = adoption_report(
        closures(*[("a", 0, None, None)] * 5), adopted(a=None), START + 60 * DAY
    )
    interval = report.teams[0].before.interval
    assert interval is not None
    assert interval.low == 0
    assert interval.high == pytest.approx(0.434, abs=0.001)


@pytest.mark.parametrize(("as_of_day", "weeks"), [(28, 2), (27.9, 3), (35, 1), (70, 0)])
def test_weeks_not_mature_are_counted(as_of_day: float, weeks: int) -> None:
    """A week from Monday is mature once its last moment lies a whole window back."""
    data = closures(*[("a", day, None, None) for day in range(28)])
    assert adoption_report(data, adopted(a=None), START + as_of_day * DAY).immature_weeks == weeks


@pytest.mark.parametrize("seed", range(3))
def test_what_is_known_later_changes_no_counted_closure(seed: int) -> None:
    """Censoring cannot reach the figures: the same moment seen from later gives the same rates."""
    history = msp_history(np.random.default_rng(seed), -0.05, teams=6)
    earlier = history.as_of - 90 * DAY
    definition = definition_of(14)
    then = history.closures[history.closures["closed_at"] <= earlier].copy()
    unseen = then["callback_at"] > earlier
    then.loc[unseen, ["callback_at", "callback_kind"]] = [pd.NaT, None]
    early = known_closures(then, history.adoption, earlier, definition)
    late = known_closures(history.closures, history.adoption, history.as_of, definition)
    columns = ["team", "closed_at", "after", "came_back"]
    mature = early.loc[early["mature"], columns].reset_index(drop=True)
    again = late.loc[late["closed_at"] <= earlier - 14 * DAY, columns].reset_index(drop=True)
    pd.testing.assert_frame_equal(mature, again)
    # And looking back with callbacks of the future in the frame is no different.
    assert of_at(then, history, earlier) == of_at(history.closures, history, earlier)


def of_at(data: pd.DataFrame, history: History, as_of: datetime) -> AdoptionReport:
    return adoption_report(data, history.adoption, as_of)


def test_young_closures_never_look_like_a_drop() -> None:
    """Adoption some weeks ago, slow callbacks, no effect: counting all closures would show one."""
    naive, honest, fell = [], [], 0
    for seed in range(16):
        rng = np.random.default_rng([seed, 5])
        history = msp_history(rng, 0.0, teams=8, window_days=30, weekly=20)
        as_of = START + 40 * 7 * DAY
        dates = [as_of - timedelta(days=float(one)) for one in rng.uniform(32, 60, 8)]
        adoption = history.adoption.assign(adopted_on=pd.to_datetime(pd.Series(dates)))
        report = adoption_report(history.closures, adoption, as_of, 30)
        fell += report.answer == "fell"
        assert report.change is not None
        honest.append(report.change.change)
        seen = history.closures.merge(adoption, on="team").query("closed_at <= @as_of")
        back = seen["callback_at"] <= (seen["closed_at"] + 30 * DAY).clip(upper=pd.Timestamp(as_of))
        after = seen["closed_at"] >= seen["adopted_on"]
        naive.append(back[after].mean() - back[~after].mean())
    assert np.mean(naive) < -0.02
    assert fell <= 1  # of 16: 2.5 % of intervals lie wholly below zero by chance
    assert abs(np.mean(honest)) < 0.01


def test_the_curve_of_young_closures_is_that_of_old_ones() -> None:
    """Kaplan-Meier over closures watched for a few days only comes to the rate of all of them."""
    history = msp_history(np.random.default_rng(1), 0.0, teams=20, weekly=80, swing=0.0, never=1.0)
    day = START + 100 * DAY
    young = history.closures[history.closures["closed_at"].between(day - 20 * DAY, day)]
    no_dates = history.adoption.assign(adopted_on=pd.NaT)
    (curve,) = adoption_report(young, no_dates, day).curves
    (whole,) = adoption_report(young, no_dates, history.as_of).curves
    assert curve.points[14].came_back == pytest.approx(whole.points[14].came_back, abs=0.02)
    naive = (young["callback_at"] <= day).mean()
    assert naive < whole.points[14].came_back - 0.03
    point = curve.points[14]
    assert point.interval.low < point.came_back < point.interval.high
    assert [one.came_back for one in curve.points] == sorted(one.came_back for one in curve.points)


# -- doubts -------------------------------------------------------------------------------------
def test_the_worst_team_adopting_first_is_warned_of() -> None:
    """Its rate was bound to fall; the warning names it. Where a better one is first, none comes."""
    history = msp_history(np.random.default_rng(12), 0.0, teams=6)
    early = history.closures[history.closures["closed_at"] < START + 120 * DAY]
    back = early["callback_at"] - early["closed_at"] <= 14 * DAY
    order = back.groupby(early["team"]).mean().sort_values(ascending=False).index
    for teams, warned in ((order, True), (order[::-1], False)):
        dates = {team: START + (120 + 20 * place) * DAY for place, team in enumerate(teams)}
        adoption = history.adoption.assign(adopted_on=history.adoption["team"].map(dates))
        report = adoption_report(history.closures, adoption, history.as_of)
        assert ("worst_first" in doubts_of(report)) == warned
        if warned:
            (text,) = [one.text for one in report.warnings if one.doubt == "worst_first"]
            assert order[0] in text
            assert "regression to the mean" in text


@pytest.mark.parametrize("kind", ["new_ticket", "suspected"])
def test_callbacks_that_move_into_new_tickets_are_warned_of(kind: str) -> None:
    """After adoption nobody reopens any more, and as many open a new ticket, linked or not."""
    history = msp_history(np.random.default_rng(13), 0.0, teams=8, weekly=40)
    data = history.closures.merge(history.adoption, on="team")
    came = data["callback_at"].notna()
    after = data["closed_at"] >= data["adopted_on"]
    data.loc[came, "callback_kind"] = after[came].map({True: kind, False: "reopened"})
    report = adoption_report(data, history.adoption, history.as_of)
    assert "moved_to_new_tickets" in doubts_of(report)
    assert "moved_to_new_tickets" not in doubts_of(of(history))


def test_courses_that_differed_before_adoption_are_warned_of() -> None:
    """Adopters that got better week by week anyway: the comparison does not hold, and says so."""
    rng = np.random.default_rng(14)
    history = msp_history(rng, 0.0, teams=14, weekly=80, swing=0.0, never=0.5)
    data = history.closures.merge(history.adoption, on="team")
    day = (data["closed_at"] - pd.Timestamp(START)) / DAY
    gone = (rng.random(len(data)) < day / 364) & data["adopted_on"].notna()
    data["callback_at"] = data["callback_at"].where(~gone)
    data["callback_kind"] = data["callback_kind"].where(~gone, None)
    assert "courses_differed_before" in doubts_of(
        adoption_report(data, history.adoption, history.as_of)
    )
    assert "courses_differed_before" not in doubts_of(of(history))


def test_teams_that_cannot_be_compared_are_named() -> None:
    """One without closures for months, one that adopted before the history, one not listed."""
    history = msp_history(np.random.default_rng(15), -0.05, teams=9)
    data = history.closures
    data = data[~((data["team"] == "team 03") & (data["closed_at"] < "2025-06-01"))]
    adoption = history.adoption[history.adoption["team"] != "team 08"].copy()
    adoption.loc[adoption["team"] == "team 04", "adopted_on"] = pd.Timestamp("2024-01-01")
    report = adoption_report(data, adoption, history.as_of)
    texts = " ".join(one.text for one in report.warnings)
    assert "team 03 (has a period without closures)" in texts
    assert "team 04 (adopted before the first whole period)" in texts
    assert "team 08. Taken as not adopted" in texts


def test_many_teams_are_named_by_the_first_few() -> None:
    """Sixty names would hide the sentence."""
    history = msp_history(np.random.default_rng(16), 0.0, teams=20, weekly=5)
    report = adoption_report(history.closures, history.adoption[:5], history.as_of)
    (text,) = [one.text for one in report.warnings if one.doubt == "team_not_listed"]
    assert "team 05, team 06, team 07, team 08, team 09, team 10 and 9 more." in text


# -- words --------------------------------------------------------------------------------------
def test_where_the_data_cannot_tell_the_sentence_says_so() -> None:
    """No effect, little volume: it says so, and what size would have been seen."""
    report = of(msp_history(np.random.default_rng(21), 0.0, teams=6, weekly=10))
    assert report.answer == "cannot_tell"
    assert report.sentence.startswith("The data cannot tell. Callbacks within 14 days went from ")
    assert report.smallest_detectable is not None
    assert f"{100 * report.smallest_detectable:.1f} points or more" in report.sentence


def test_without_closures_or_adoption_there_is_nothing_to_tell() -> None:
    """Empty data and data without adoption both end in a sentence, not in an error."""
    history = msp_history(np.random.default_rng(22), 0.0, teams=5)
    nobody = history.adoption.assign(adopted_on=pd.NaT)
    for report in (
        adoption_report(history.closures[:0], history.adoption, history.as_of),
        adoption_report(history.closures, nobody, history.as_of),
        adoption_report(history.closures, history.adoption[:0], history.as_of),
    ):
        assert report.answer == "no_data"
        assert report.sentence.startswith("The data cannot tell: no mature closures")


def test_frames_without_any_callback_or_date_are_taken_as_they_come() -> None:
    """A column of nothing has no type of its own; teams may be categories."""
    data = closures(*[("a", day, None, None) for day in range(40)])
    data = data.assign(callback_at=None, callback_kind=None, team=data["team"].astype("category"))
    dates = pd.DataFrame({"team": ["a"], "adopted_on": [None]})
    report = adoption_report(data, dates, START + 60 * DAY)
    assert report.teams[0].before.callbacks == 0
    assert report.curves[0].points[14].came_back == 0


def test_the_report_is_plain_data() -> None:
    """It goes to JSON and comes back as it was."""
    report = of(msp_history(np.random.default_rng(23), -0.11, teams=6))
    assert msgspec.json.decode(msgspec.json.encode(report), type=AdoptionReport) == report


# -- bad input ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("a", 5, -1, "reopened")], "T-0 came back before it was closed"),
        ([("a", 5, 1, None)], "T-0 has a callback of no known kind"),
        ([(None, 5, None, None), (None, 6, None, None)], r"T-0 \(and 1 more\) has no team"),
    ],
)
def test_a_closure_that_cannot_be_is_named(
    rows: list[tuple[str, float, float | None, str | None]], said: str
) -> None:
    """The message names the ticket, and how many more there are."""
    with pytest.raises(AdoptionDataError, match=said):
        adoption_report(closures(*rows), adopted(a=None), START + 60 * DAY)


def test_times_with_a_zone_missing_columns_and_odd_windows_are_refused() -> None:
    """Nothing is guessed: zones, columns, windows and dates are said to be wrong."""
    data, dates, as_of = closures(("a", 0, None, None)), adopted(a=3), START + 60 * DAY
    zoned = data.assign(closed_at=data["closed_at"].dt.tz_localize("UTC"))
    for wrong, said in (
        ((zoned, dates, as_of, 14), "closed_at is datetime64.*UTC"),
        ((data.drop(columns="team"), dates, as_of, 14), "closures has no column team"),
        ((data, dates, as_of, 10), "window of 10 days"),
        ((data, pd.concat([dates, dates]), as_of, 14), "Team a adopts twice"),
    ):
        with pytest.raises(AdoptionDataError, match=said):
            adoption_report(*wrong)
