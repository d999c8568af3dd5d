"""Alike raters, single items, agreement and drift from a fitted panel; the report on it.

Witnesses: the simulator's truth, and null panels where nothing is to be found.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sanzhixin.modelling import PanelModel
from sanzhixin.modelling.panel.county import fit_county_panel
from sanzhixin.modelling.panel.diagnostics import (
    compute_agreement,
    compute_drift,
    compute_interactions,
    compute_pairs,
)
from sanzhixin.modelling.panel.report import PANEL_TABLES, report_panel
from sanzhixin.numerics.agreement import krippendorff_alpha
from sanzhixin.scheme import load_scheme
from sanzhixin.simulate import SimulationSettings, simulate_county

SCHEME = load_scheme("tongxiang")
CLEAN = {"careless_share": 0.0, "central_share": 0.0, "colluding_share": 0.0}


def fitted(county):
    with warnings.catch_warnings(action="ignore"):
        return fit_county_panel(county, SCHEME, county.as_of)


@pytest.fixture(scope="module")
def county():
    settings = SimulationSettings(colluding_share=0.15, careless_share=0, central_share=0)
    return simulate_county(12, 60, 21, settings=settings)


@pytest.fixture(scope="module")
def model(county):
    return fitted(county)


@pytest.fixture(scope="module")
def null_model():
    return fitted(simulate_county(20, 40, 5, settings=SimulationSettings(**CLEAN)))


def test_copiers_stand_first_among_the_pairs(model, county):
    raters = county.truth.raters.set_index("rater_id")["copies"].dropna()
    true = set()  # a copier and the source, and two copiers of one source
    for copier, source in raters.items():
        crew = {source, *raters.index[raters == source]} - {copier}
        true |= {frozenset((copier, other)) for other in crew}
    pairs = compute_pairs(model)
    right = [
        frozenset(pair) in true for pair in pairs[["rater_a", "rater_b"]].itertuples(index=False)
    ]
    assert all(right[: len(raters) // 2])
    alike = (pairs["verdict"] == "alike").to_numpy()
    assert np.array(right)[alike].sum() >= 0.6 * len(true)
    assert pairs["z"].dropna().is_monotonic_decreasing


def test_without_copiers_hardly_a_pair_is_called_alike(null_model):
    pairs = compute_pairs(null_model)
    judged = pairs[pairs["verdict"] != "cannot_tell"]
    assert len(judged) > 100
    assert (judged["verdict"] == "alike").mean() < 0.02
    assert 0.02 < (judged["p_value"] < 0.05).mean() < 0.08


def test_few_common_households_cannot_be_told():
    settings = SimulationSettings(raters_per_village=12, raters_per_household=4)
    model = fitted(simulate_county(3, 30, 2, settings=settings))
    pairs = compute_pairs(model)
    assert set(pairs.loc[pairs["n_common"] < 15, "verdict"]) == {"cannot_tell"}


def test_raters_without_interaction_pass_the_test_as_often_as_stated(null_model):
    table = compute_interactions(null_model)
    raters = table.drop_duplicates(["rater_id", "pillar"])
    assert 0.03 < (raters["p_value"] < 0.05).mean() < 0.08
    assert (raters["chi_square"] / raters["df"]).mean() == pytest.approx(1, abs=0.1)
    assert (raters["q_value"] < 0.05).mean() < 0.02


def test_a_rater_who_is_mild_on_one_item_is_found(null_model):
    county = simulate_county(20, 40, 5, settings=SimulationSettings(**CLEAN))
    rater = "V003-R02"
    ratings = county.ratings.copy()
    own = (ratings["rater_id"] == rater) & ratings["NR02"].notna()
    ratings.loc[own, "NR02"] = np.minimum(ratings.loc[own, "NR02"] + 1, 5)
    table = compute_interactions(fitted(replace(county, ratings=ratings)))
    first = table.sort_values("z", key=np.abs, ascending=False).iloc[0]
    assert (first["rater_id"], first["indicator"]) == (rater, "NR02")
    assert first["effect"] > 0.5
    assert first["q_value"] < 0.05


def test_agreement_is_that_of_the_raw_ratings(model, county):
    table = compute_agreement(model)
    items = table[table["indicator"] == "FS01"].iloc[0]
    latest = county.ratings.groupby("household_id")["round"].transform("max")
    own = county.ratings[(county.ratings["round"] == latest) & county.ratings["familiar"]]
    own = own[(own["relation"] == "none") & own["FS01"].notna()]
    counts = pd.crosstab(own["household_id"], own["FS01"]).to_numpy()
    assert items["alpha"] == pytest.approx(krippendorff_alpha(counts).alpha, abs=1e-12)
    means = table[table["indicator"] == "mean"].set_index("pillar")
    assert (means["icc_low"] < means["icc_one"]).all()
    assert (means["icc_one"] < means["icc_mean"]).all()
    assert len(table) == len(SCHEME.panel_codes) + 3


def severe_from(county, rater, number, points):
    """Let a rater rate so many points lower from a round on."""
    ratings = county.ratings.copy()
    own = (ratings["rater_id"] == rater) & (ratings["round"] >= number)
    for code in SCHEME.panel_codes:
        ratings.loc[own, code] = np.maximum(ratings.loc[own, code] - points, 1)
    return ratings


def test_a_rater_who_turned_severe_is_flagged_and_a_steady_panel_is_not(county):
    rater = "V002-R03"
    ratings = severe_from(county, rater, 2, 1)

    def by_round(table):
        with warnings.catch_warnings(action="ignore"):
            return {
                k: PanelModel().fit(table[table["round"] == k], county.households) for k in (1, 2)
            }

    moved, still = compute_drift(by_round(ratings)), compute_drift(by_round(county.ratings))
    flagged = moved[moved["flagged"]]
    assert rater in set(flagged["rater_id"])
    assert (flagged.loc[flagged["rater_id"] == rater, "change_z"] > 3).all()
    assert still["flagged"].mean() < 0.01
    later = still[still["round"] == 2]["change_z"].dropna()
    # the level that the raters of a village share moves all of them, so their spread is below 1
    assert 0.6 < later.std() < 1.1


def test_one_round_has_no_drift(model):
    assert compute_drift({1: model}).empty


def test_the_report_has_every_table_and_says_the_same_in_both_languages(county):
    report = report_panel(county, SCHEME, county.as_of)
    assert list(report.tables) == list(PANEL_TABLES)
    assert report.zh.count("\n") == report.en.count("\n")
    assert "villages are compared by" in report.en
    assert "村际比较依据" in report.zh
    assert "anchor cases" in report.en
    assert "锚定案例" in report.zh
    assert "家风" in report.zh
    assert "fs" not in report.zh
    villages = report.tables["villages"]
    latest = county.ratings.groupby("household_id")["round"].transform("max")
    own = county.ratings[(county.ratings["round"] == latest) & county.ratings["familiar"]]
    own = own[own["relation"] == "none"].merge(county.households[["household_id", "village_id"]])
    cells = own.loc[own["village_id"] == "V003", list(SCHEME.panel_codes)].to_numpy(float)
    roles = own.loc[own["village_id"] == "V003", "rater_id"].map(
        county.raters.set_index("rater_id")["role"]
    )
    if (roles != "account_manager").all():
        stated = villages.set_index("village_id").loc["V003", "mean_rating"]
        assert stated == pytest.approx(np.nanmean(cells))
    for pair in report.tables["pairs"].head(2).itertuples():
        assert f"{pair.rater_a} {pair.rater_b}" in report.zh
        assert f"{pair.rater_a} {pair.rater_b}" in report.en
    assert not report.tables["drift"].empty


def test_a_halo_index_is_about_one_and_grows_with_a_rater_s_own_opinions(null_model):
    index = null_model.raters_["halo_index"].dropna()
    assert index.mean() == pytest.approx(1, abs=0.08)
    assert index.median() == pytest.approx(1, abs=0.15)
