"""Alarms, newly ended loans, movers, a whole look; witnesses: scipy, sums that come out exactly."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import sanzhixin as szx
from sanzhixin.errors import DomainError
from sanzhixin.validation.monitoring import ALARM_KINDS, MONITORING_TABLES, AlarmPlan, monitor
from sanzhixin.validation.monitoring.alarms import compute_alarms, stop_reasons
from sanzhixin.validation.monitoring.delayed import (
    LoanWindows,
    compute_delayed_calibration,
    count_windows,
)
from sanzhixin.validation.monitoring.tier_changes import (
    compute_change_causes,
    compute_tier_changes,
    part_points,
)
from sanzhixin.validation.report.look import look_text
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.statistic_rows import make_row, make_table

EARLIER, NOW = dt.date(2025, 12, 31), dt.date(2026, 6, 30)


@pytest.fixture(scope="module")
def county():
    return szx.simulate_county(villages=12, seed=11)


@pytest.fixture(scope="module")
def model(county):
    return szx.fit(county, szx.load_scheme("tongxiang"))


@pytest.fixture(scope="module")
def found(county, model):
    return monitor(county, county, model, as_of_old=EARLIER)


def rows_of(name, column, word, p_values, effect):
    about = {column: word, "n": 100, "events": pd.NA, "ratio": effect}
    rows = [
        make_row("psi", "pass", about | {"p_value": p}, value=effect) | {column: word}
        for p in p_values
    ]
    about_columns = [] if column == "statistic" else [column]
    table = make_table(rows, [*about_columns, "id", "tier"], more=["ratio", "p_value"])
    return {name: Judged(name, table, "", "", "", "")}


def verdict(tables, kind, **plan):
    table = compute_alarms(tables, AlarmPlan(**plan)).table
    return table.set_index("kind").loc[kind, "verdict"]


@pytest.mark.parametrize(
    ("p", "effect", "expected"),
    [
        (1e-3, 0.9, "pass"),  # .05 / 12 looks / 8 kinds = 5.2e-4
        (1e-4, 0.9, "watch"),  # .005 / 12 / 8 = 5.2e-5
        (1e-5, 0.9, "fail"),
        (1e-5, 0.1, "watch"),  # beyond chance, and small
        (0.5, 9.0, "pass"),  # large, and by chance
    ],
)
def test_an_alarm_is_beyond_chance_and_a_stop_is_large_besides(p, effect, expected):
    assert verdict(rows_of("psi", "statistic", "psi", [p], effect), "points") == expected
    assert (
        verdict(rows_of("rating_drift", "unit", "county", [p], effect), "drift_county") == expected
    )


def test_a_village_rings_and_never_stops():
    tables = rows_of("rating_drift", "unit", "village", [1e-12], 3.0)
    assert verdict(tables, "drift_village") == "watch"
    assert stop_reasons(compute_alarms(tables, AlarmPlan()).table) == ()


def test_many_rows_of_a_kind_share_what_it_may_spend():
    few = rows_of("rating_drift", "unit", "village", [1e-4], 1.0)
    many = rows_of("rating_drift", "unit", "village", [1e-4, *[0.5] * 9], 1.0)
    assert [verdict(one, "drift_village") for one in (few, many)] == ["watch", "pass"]


def test_what_all_looks_and_kinds_spend_adds_up():
    plans = [AlarmPlan(look=k, spending="obrien_fleming") for k in range(1, 13)]
    spent = np.array([plan.limits for plan in plans]).sum(axis=0) * len(ALARM_KINDS)
    np.testing.assert_allclose(spent, [0.05, 0.005])


@pytest.mark.parametrize("options", [{"look": 13}, {"look": 0}, {"stop_alpha": 0.1}, {"alpha": 2}])
def test_impossible_plans_are_refused(options):
    with pytest.raises(DomainError):
        AlarmPlan(**options)


def test_no_looks_at_all_are_named_as_the_fault():
    with pytest.raises(DomainError, match="looks=0"):
        AlarmPlan(looks=0)


def loans(n=1000, defaults=31, granted="2025-05-01"):
    return pd.DataFrame(
        {
            "granted_on": pd.Timestamp(granted),
            "tier": ["A", "B"] * (n // 2),
            "prob_default": 0.02,
            "defaulted": np.arange(n) < defaults,
        }
    )


def delayed(table, **options):
    windows = LoanWindows(len(table), 7, 3)
    given = {"since": EARLIER, "until": NOW, "windows": windows, **options}
    return compute_delayed_calibration(table, **given)


def test_newly_ended_loans_are_tested_by_the_exact_tail():
    judged = delayed(loans(defaults=40))
    row = judged.table.iloc[0]
    assert row["p_value"] == pytest.approx(binom.sf(39, 1000, 0.02), rel=1e-9)
    assert (row["ratio"], row["verdict"]) == (pytest.approx(2), "fail")
    assert "7 loans" in judged.note_en
    assert "3 were not observed to the end, without a default" in judged.note_en


def test_loans_of_fitting_are_no_new_loans():
    table = loans(defaults=40).assign(in_window=[True] * 400 + [False] * 600)
    judged = delayed(table)
    row = judged.table.iloc[0]
    assert (row["n"], row["events"], row["verdict"]) == (600, 0, "pass")  # of 40, all among the 400
    assert "400 of these are left out: the model was fitted on them" in judged.note_en
    assert "其中 400 笔为模型拟合所用" in judged.note_zh
    none = delayed(table.assign(in_window=True))
    assert none.table[["n", "verdict"]].to_numpy().tolist() == [[0, "insufficient"]]


def test_a_look_at_the_county_of_fitting_has_no_new_loans(found):
    table = found.tables["delayed_calibration"].table
    assert table["n"].tolist() == [0]
    assert table["verdict"].tolist() == ["insufficient"]


@pytest.mark.parametrize("granted", ["2024-12-31", "2025-07-01"])
def test_loans_that_ended_before_or_are_not_over_do_not_count(granted):
    judged = delayed(loans(granted=granted))
    assert judged.table["n"].tolist() == [0]
    assert judged.table["verdict"].tolist() == ["insufficient"]


def test_a_model_without_probabilities_is_not_judged():
    assert set(delayed(loans(), basis="none").table["verdict"]) == {"insufficient"}


def test_windows_are_counted_by_hand():
    table = pd.DataFrame(
        {
            "granted_on": pd.to_datetime(["2025-03-01", "2025-03-01", "2026-01-01", "2024-01-01"]),
            "observed_until": pd.to_datetime(
                ["2026-03-01", "2025-09-01", "2026-06-01", "2025-09-01"]
            ),
            "defaulted": pd.array([False, False, False, True], dtype="boolean"),
        }
    )
    assert count_windows(table, since=EARLIER, until=NOW) == (1, 1, 1)


def test_the_parts_of_a_move_add_up_to_it_exactly(found):
    movers = found.tables["tier_changes"].table
    assert len(movers) > 50
    parts = movers.filter(like="part_").drop(columns="main_part", errors="ignore")
    assert (parts.sum(axis=1) == movers["change"]).all()
    assert (movers["points_after"] - movers["points_before"] == movers["change"]).all()
    down = movers["direction"] == "down"
    assert (movers.loc[down, "change"] < 0).all()
    assert (movers.loc[~down, "change"] > 0).all()


def test_points_and_tiers_are_those_of_the_proposals(county, model):
    own = part_points(model, county, NOW).set_index("household_id")
    proposals = model.propose(county, NOW).set_index("household_id").loc[own.index]
    assert own["points"].tolist() == proposals["points"].tolist()
    assert own["tier"].tolist() == proposals["tier"].tolist()


@pytest.mark.parametrize("chunk", [1, 7])
def test_parts_scored_in_chunks_are_those_scored_at_once(county, model, monkeypatch, chunk):
    whole = part_points(model, county, NOW)
    monkeypatch.setattr("sanzhixin.model.frames._CHUNK", chunk)
    pd.testing.assert_frame_equal(part_points(model, county, NOW), whole, check_exact=True)


def test_an_empty_county_has_no_parts(county, model):
    with pytest.raises(DomainError, match="no household"):
        part_points(model, replace(county, households=county.households.iloc[:0]), NOW)


def test_the_main_part_is_the_largest_in_the_direction_of_the_move(county, model):
    before = part_points(model, county, NOW).iloc[:2]
    after = before.assign(
        place=before["place"] - 1,
        tier="lower",
        points=before["points"] - 30,
        part_PANEL_fs=before["part_PANEL_fs"] - 50,
        part_PANEL_ml=before["part_PANEL_ml"] + 20,
    )
    movers = compute_tier_changes(before, after).table
    assert movers["main_part"].tolist() == ["PANEL_fs"] * 2
    causes = compute_change_causes(movers).table.set_index(["direction", "part", "statistic"])
    assert causes.loc[("down", "PANEL_fs", "mean_part"), "value"] == -50
    assert causes.loc[("down", "PANEL_ml", "main_share"), "value"] == 0


def test_nobody_moves_between_equal_tables(county, model):
    own = part_points(model, county, NOW)
    movers = compute_tier_changes(own, own).table
    assert movers.empty
    assert compute_change_causes(movers).table.empty


def test_a_county_in_which_nothing_changed_does_not_ring(found):
    assert list(found.tables) == list(MONITORING_TABLES)
    assert (found.stop, found.reasons, found.ringing) == (False, (), ())


def test_a_campaign_in_the_whole_county_stops_the_model(county, model):
    ratings = county.ratings.copy()
    last = ratings["round"] == ratings["round"].max()
    for item in model.scheme.panel_codes:
        ratings[item] = ratings[item].mask(last, (ratings[item] + 1).clip(upper=5))
    inflated = replace(county, ratings=ratings)
    found = monitor(county, inflated, model, as_of_old=EARLIER)
    assert found.stop
    assert found.reasons == ("points",)  # 12 villages: 2**-11 is no chance of 5.2e-5
    rung = {"drift_county", "drift_village", "drift_rater", "characteristics", "points"}
    assert rung <= set(found.ringing)
    told = look_text(found, {}, "zh").splitlines()[0]
    assert "应停用：点数分布变动。" in told
    assert "评议员评分变动" in told


def test_a_look_is_the_same_twice(county, model, found):
    again = monitor(county, county, model, as_of_old=EARLIER)
    for first, second in zip(found.tables.values(), again.tables.values(), strict=True):
        pd.testing.assert_frame_equal(first.table, second.table)


def test_a_county_without_forms_events_or_loans_is_looked_at(county, model):
    names = ("ratings", "events", "registers", "loans")
    bare = replace(county, **{name: getattr(county, name).iloc[:0] for name in names})
    found = monitor(bare, bare, model, as_of_old=EARLIER)
    assert not found.stop
    assert "psi" not in found.tables


def test_the_dates_have_to_be_in_order_and_a_county_a_county(county, model):
    with pytest.raises(DomainError, match="does not lie after"):
        monitor(county, county, model)
    with pytest.raises(DomainError, match="County"):
        monitor({}, county, model)
