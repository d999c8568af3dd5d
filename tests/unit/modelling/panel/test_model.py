"""The panel model as an analyst uses it; the kernels have their own tests."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import sanzhixin as szx
from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.modelling import PanelLinkWarning, PanelModel
from sanzhixin.modelling.panel.county import fit_county_panel
from sanzhixin.scheme import load_scheme
from sanzhixin.simulate import SimulationSettings, simulate_county

COUNTY = simulate_county(villages=8, households_per_village=25, seed=2)
ITEMS = list(szx.load_scheme("tongxiang").panel_codes)


def fitted(county=COUNTY, *, households=True, **options):
    model = PanelModel(n_jobs=1, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PanelLinkWarning)
        return model.fit(county.ratings, county.households if households else None)


MODEL = fitted()


def measures(model, pillar="fs"):
    table = model.measures_
    return table[table["pillar"] == pillar].set_index("household_id")


def test_tables_have_the_columns_of_the_design():
    assert list(MODEL.measures_.columns) == [
        "household_id", "pillar", "within_logit", "within_se", "logit", "se", "adjusted_score",
        "n_forms", "component",
    ]  # fmt: skip
    assert list(MODEL.raters_.columns) == [
        "rater_id", "pillar", "severity", "se", "infit", "outfit", "centrality", "weight", "flags",
        "halo_index",
        "n_forms",
    ]  # fmt: skip
    assert list(MODEL.items_.columns)[:4] == ["indicator", "pillar", "step", "threshold"]
    assert len(MODEL.items_) == 4 * len(ITEMS)
    assert set(MODEL.measures_["pillar"]) == {"fs", "ml", "nr", "all"}
    assert len(MODEL.measures_) == 4 * len(COUNTY.households)
    assert MODEL.measures_["adjusted_score"].between(0, 100).all()
    assert not MODEL.measures_.isna().any(axis=None)


def test_the_composite_is_the_mean_of_the_pillars_by_their_items_with_a_smaller_error():
    parts = [measures(MODEL, pillar) for pillar in ("fs", "ml", "nr")]
    mean = sum(w * p["within_logit"] for w, p in zip((5, 4, 6), parts, strict=True)) / 15
    whole = measures(MODEL, "all")
    np.testing.assert_allclose(whole["within_logit"], mean.reindex(whole.index), atol=1e-12)
    assert (whole["within_se"] < pd.concat(parts)["within_se"].groupby(level=0).max()).all()


def test_raters_of_other_villages_make_no_warning_and_no_link_makes_one():
    with pytest.warns(PanelLinkWarning, match="50% of their difference is taken for merit"):
        PanelModel(n_jobs=1).fit(COUNTY.ratings, COUNTY.households)
    settings = SimulationSettings(bridge_raters=2, bridge_role="panel", rounds=1)
    county = simulate_county(villages=4, households_per_village=15, seed=1, settings=settings)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = PanelModel(n_jobs=1).fit(county.ratings, county.households)
    assert model.link_ == "bridge"
    assert set(model.connectivity_["component"]) == {0}


def test_a_rater_of_two_villages_among_many_links_only_these_and_the_warning_stays():
    # One rater of village 1 also fills a form in village 2: six other villages stay unlinked.
    forms = COUNTY.ratings[COUNTY.ratings["familiar"] & (COUNTY.ratings["relation"] == "none")]
    away = forms[forms["household_id"].str.startswith("V002")].iloc[[-1]]
    county = szx.County(
        ratings=pd.concat([COUNTY.ratings, away.assign(rater_id="V001-R01")]),
        households=COUNTY.households,
    )
    with pytest.warns(PanelLinkWarning, match="stated prior"):
        model = PanelModel(n_jobs=1).fit(county.ratings, county.households)
    assert model.link_ == "prior"
    assert sorted(model.connectivity_["component"]) == [0, 0, 1, 2, 3, 4, 5, 6]
    with pytest.raises(DomainError, match="tie all villages together"):
        PanelModel(linking="bridge").fit(county.ratings, county.households)


def test_anchor_cases_link_villages():
    settings = SimulationSettings(vignettes=3, rounds=1)
    county = simulate_county(villages=6, households_per_village=20, seed=1, settings=settings)
    model = PanelModel(n_jobs=1).fit(county.ratings, county.households, county.vignettes)
    assert model.link_ == "vignettes"
    assert model.share_ is None


def test_outcomes_without_enough_defaults_fall_back_to_the_prior_or_are_refused():
    loans = pd.DataFrame({"household_id": COUNTY.households["household_id"], "defaulted": False})
    with pytest.warns(PanelLinkWarning, match="stated prior"):
        model = PanelModel(n_jobs=1).fit(COUNTY.ratings, COUNTY.households, outcomes=loans)
    assert model.link_ == "prior"
    with pytest.raises(EvidenceError, match="0 defaults in 200 loans"):
        PanelModel(linking="outcomes").fit(COUNTY.ratings, COUNTY.households, outcomes=loans)


def test_an_uncertain_share_widens_the_absolute_error_and_not_the_one_within():
    table = measures(MODEL)
    certain = np.sqrt(MODEL.fits_["fs"].errors.household)
    assert (table["se"].to_numpy() >= certain - 1e-12).all()
    assert (table["se"].to_numpy() > certain).any()


def test_without_households_connected_parts_are_the_villages():
    model = fitted(households=False)
    assert len(model.connectivity_) == 8
    np.testing.assert_allclose(
        measures(model)["within_logit"], measures(MODEL)["within_logit"], atol=0.02
    )


def test_names_and_order_of_rows_do_not_matter():
    ratings = COUNTY.ratings.sample(frac=1, random_state=3)
    rename = {h: f"x{i:04}" for i, h in enumerate(reversed(COUNTY.households["household_id"]))}
    turned = fitted(
        szx.County(
            ratings=ratings.assign(household_id=ratings["household_id"].map(rename)),
            households=COUNTY.households.assign(
                household_id=COUNTY.households["household_id"].map(rename)
            ),
        )
    )
    found = measures(turned)
    expected = measures(MODEL).rename(index=rename).reindex(found.index)
    np.testing.assert_allclose(found["within_logit"], expected["within_logit"], atol=1e-5)
    np.testing.assert_allclose(found["se"], expected["se"], atol=1e-5)


def test_a_rater_whose_forms_do_not_count_changes_nothing():
    extra = COUNTY.ratings.iloc[[0]].assign(rater_id="V999-R01", familiar=False)
    county = szx.County(ratings=pd.concat([COUNTY.ratings, extra]), households=COUNTY.households)
    pd.testing.assert_frame_equal(fitted(county).measures_, MODEL.measures_)


def test_kin_are_recused_or_corrected_with_a_common_bias():
    assert MODEL.n_recused_ > 0
    assert MODEL.variances_["kin_bias"].isna().all()
    corrected = fitted(kin="correct")
    bias = corrected.variances_.set_index("pillar")
    assert (bias["kin_se"] > 0).all()
    # generating bias 0.5 of the trait scale, 1.6 logits a unit
    assert ((bias["kin_bias"] - 0.8).abs() < 4 * bias["kin_se"]).all()


def test_transform_leaves_kin_out_also_where_the_fit_corrected_them():
    corrected = fitted(kin="correct")
    without = COUNTY.ratings[COUNTY.ratings["relation"] != "kin"]
    pd.testing.assert_frame_equal(
        corrected.transform(COUNTY.ratings, COUNTY.households),
        corrected.transform(without, COUNTY.households),
    )


def test_transform_measures_known_and_unknown_households_raters_and_villages():
    again = MODEL.transform(COUNTY.ratings, COUNTY.households)
    assert list(again.columns) == list(MODEL.measures_.columns)
    both = again.merge(MODEL.measures_, on=["household_id", "pillar"])
    assert np.corrcoef(both["logit_x"], both["logit_y"])[0, 1] > 0.99
    other = simulate_county(villages=2, households_per_village=5, seed=9)
    strange = other.ratings.assign(rater_id="new-" + other.ratings["rater_id"])
    villages = other.households.assign(village_id="new")
    found = MODEL.transform(strange, villages)
    assert not found.isna().any(axis=None)
    assert found["within_se"].mean() > again["within_se"].mean()


def test_the_conventions_of_scikit_learn_hold():
    model = PanelModel(linking="prior", merit_share=0.7)
    again = clone(model)
    assert again.get_params() == model.get_params()
    assert again.set_params(merit_share=0.2).merit_share == 0.2
    with pytest.raises(NotFittedError):
        model.transform(COUNTY.ratings)
    before = COUNTY.ratings.copy(deep=True)
    told = []
    with pytest.warns(PanelLinkWarning):
        model.fit(COUNTY.ratings, COUNTY.households, progress=told.append)
    pd.testing.assert_frame_equal(COUNTY.ratings, before)
    assert sorted(told) == ["fs", "ml", "nr"]


def with_cell(column, value):
    ratings = COUNTY.ratings.copy()
    ratings[column] = ratings[column].astype("Float64")
    counts = ratings["familiar"] & (ratings["relation"] == "none") & (ratings["round"] == 2)
    ratings.loc[ratings.index[counts][0], column] = value
    return ratings


REFUSED = [
    ({"linking": "guess"}, COUNTY.ratings, "panel_option", "linking='guess' is not possible"),
    ({"merit_share": 1.5}, COUNTY.ratings, "panel_option", "0 to 1"),
    ({"n_categories": 1}, COUNTY.ratings, "panel_option", "2 to 99"),
    ({"linking": "vignettes"}, COUNTY.ratings, "link_not_there", "anchor cases"),
    ({}, COUNTY.ratings.drop(columns="rater_id"), "panel_columns", "ratings lacks rater_id"),
    ({}, COUNTY.ratings.drop(columns=ITEMS), "panel_columns", "ratings lacks"),
    ({"pillars": {"a": ("x", "y")}}, COUNTY.ratings, "panel_columns", "lacks x, y"),
    ({}, pd.concat([COUNTY.ratings] * 2), "panel_form_twice", "repeat a rater and household"),
    ({}, COUNTY.ratings.assign(rater_id=None), "panel_id_missing", "rater_id is missing"),
    ({}, with_cell("FS01", 6), "panel_scale", r"column FS01: 1 rating.*from 1 to 5"),
    ({}, with_cell("FS01", 2.5), "panel_scale", "column FS01: 1 rating"),
]


@pytest.mark.parametrize(("options", "ratings", "code", "words"), REFUSED)
def test_a_wrong_request_is_refused_with_the_way_out(options, ratings, code, words):
    with pytest.raises(DomainError, match=words) as caught:
        PanelModel(**options).fit(ratings, COUNTY.households)
    assert caught.value.code == code


def test_a_rated_household_without_a_village_is_refused():
    with pytest.raises(DomainError, match="have no village in households"):
        PanelModel().fit(COUNTY.ratings, COUNTY.households.iloc[1:])


def test_no_counted_form_is_refused():
    with pytest.raises(EvidenceError, match="No form of a counted rater"):
        PanelModel().fit(COUNTY.ratings.assign(familiar=False), COUNTY.households)


def test_a_bridge_in_one_pillar_alone_links_nothing():
    settings = SimulationSettings(bridge_raters=3, bridge_role="account_manager", rounds=1)
    county = simulate_county(6, 20, seed=0, settings=settings)
    with pytest.warns(PanelLinkWarning, match="stated prior"):
        found = fit_county_panel(county, load_scheme("tongxiang"), county.as_of)
    assert found.link_ == "prior"


def test_a_wholly_blank_form_links_nothing():
    county = simulate_county(2, 20, seed=1, settings=SimulationSettings(rounds=1))
    row = county.ratings[county.ratings["household_id"].str.startswith("V002")].iloc[[0]].copy()
    row[["rater_id", "familiar", "relation"]] = ["V001-R01", True, "none"]
    row[list(ITEMS)] = pd.NA
    ratings = pd.concat([county.ratings, row.astype(county.ratings.dtypes)], ignore_index=True)
    with pytest.warns(PanelLinkWarning, match="stated prior"):
        found = PanelModel().fit(ratings, county.households)
    assert found.connectivity_["component"].nunique() == 2
