"""Severity-adjusted measures from a county to proposals."""

from __future__ import annotations

import dataclasses
import datetime as dt
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from sanzhixin.errors import ArtifactError, DomainError, EvidenceError
from sanzhixin.model import SanzhixinModel, load_model
from sanzhixin.modelling import PanelLinkWarning, PanelModel, ProfileBuilder, fit
from sanzhixin.modelling.panel.county import county_forms, fit_county_panel
from sanzhixin.records import accept_county
from sanzhixin.records.encode_county import encode_county
from sanzhixin.scheme import load_scheme, scheme_from_dict
from sanzhixin.scoring.scorer import score_cases
from sanzhixin.simulate import SimulationSettings, simulate_county

SCHEME = load_scheme("tongxiang")
COUNTY = simulate_county(villages=8, households_per_village=30, seed=11)


def adjusted(equating="mean", **changes):
    data = SCHEME.model_dump()
    review = data["review"] | changes.pop("review", {})
    stated = {"aggregator": "severity_adjusted", "equating": equating, "review": review}
    return scheme_from_dict(data | stated | changes)


@pytest.fixture(scope="module")
def models():
    with warnings.catch_warnings(action="ignore", category=PanelLinkWarning):
        return {how: fit(COUNTY, adjusted(how)) for how in ("mean", "none")}


@pytest.fixture(scope="module")
def profiles(models):
    found = {how: model.profile(COUNTY) for how, model in models.items()}
    return found | {"plain": fit(COUNTY, SCHEME).profile(COUNTY)}


@pytest.mark.parametrize("pillar", ["fs", "ml", "nr"])
def test_equating_keeps_the_ranks_and_takes_the_distribution_of_the_mean(profiles, pillar):
    name = f"{pillar}_score"
    enough = profiles["plain"][f"{pillar}_n_forms"] >= 3
    own, bare, plain = (profiles[how].loc[enough, name] for how in ("mean", "none", "plain"))
    assert own.to_numpy()[np.argsort(bare.to_numpy(), kind="stable")].tolist() == sorted(own)
    levels = np.linspace(0.05, 0.95, 19)
    np.testing.assert_allclose(own.quantile(levels), plain.quantile(levels), atol=0.6)
    assert spearmanr(own, plain).statistic < 0.999  # some households do change places


def test_a_fitted_panel_fills_the_logit_columns_and_names_the_link(profiles):
    found = profiles["none"]
    rated = found["fs_n_forms"] > 0
    for name in ("fs_logit", "fs_se", "fs_within_logit", "fs_within_se"):
        assert found.loc[rated, name].notna().all()
    assert set(found["link"]) == {"prior"}
    assert (found.loc[rated, "fs_se"] > found.loc[rated, "fs_within_se"]).all()


def test_the_standing_within_the_village_is_nearer_to_the_truth_than_the_mean(profiles):
    truth = COUNTY.truth.households.set_index("household_id")
    own, plain = (profiles[how].set_index("household_id") for how in ("none", "plain"))
    enough = own.index[own["evidence"]]
    village = truth.loc[enough, "village_id"]
    for pillar in ("fs", "ml", "nr"):
        columns = (
            truth.loc[enough, f"theta_{pillar}"],
            own.loc[enough, f"{pillar}_within_logit"],
            plain.loc[enough, f"{pillar}_score"],
        )
        real, adjusted_r, mean_r = (one - one.groupby(village).transform("mean") for one in columns)
        assert real.corr(adjusted_r) > real.corr(mean_r) + 0.005


def test_the_model_file_gives_the_same_proposals_and_one_application_too(models, tmp_path):
    model = models["mean"]
    again = load_model(model.save(tmp_path / "model"))
    assert again.file.digest() == model.file.digest()
    proposals = model.propose(COUNTY)
    pd.testing.assert_frame_equal(again.propose(COUNTY), proposals)
    for row in proposals.to_dict("records")[::40]:
        answer = again.propose_one(COUNTY.application(row["household_id"]))
        assert (answer.points, answer.status) == (
            None if pd.isna(row["points"]) else row["points"], row["status"],
        )  # fmt: skip


def test_fit_counts_the_households_that_change_tier(models):
    panel = models["mean"].file.panel
    plain = fit(COUNTY, SCHEME).propose(COUNTY).set_index("household_id")
    own = models["mean"].propose(COUNTY).set_index("household_id")
    stated = own["points"].notna() | own["status"].eq("gated")
    assert panel.n_compared == int((own["status"] != "insufficient_evidence").sum())
    both = stated & plain["points"].notna() & own["points"].notna()
    moved = int((own.loc[both, "tier"] != plain.loc[both, "tier"]).sum())
    assert 0 < moved <= panel.n_moved < panel.n_compared / 2


def test_a_link_that_rests_on_a_prior_alone_is_reviewed_above_the_stated_variance():
    county = dataclasses.replace(COUNTY, loans=COUNTY.loans.iloc[:0])
    with warnings.catch_warnings(action="ignore", category=PanelLinkWarning):
        strict = fit(county, adjusted(review={"link_variance": 0.001}))
        lax = fit(county, adjusted(review={"link_variance": 5}))
    told = strict.propose(county)["review_triggers"].map(lambda codes: "link_uncertain" in codes)
    assert told.mean() > 0.9
    assert not lax.propose(county)["review_triggers"].map(lambda c: "link_uncertain" in c).any()


def test_too_few_households_cannot_be_equated():
    county = simulate_county(villages=1, households_per_village=40, seed=2)
    with (
        warnings.catch_warnings(action="ignore", category=PanelLinkWarning),
        pytest.raises(EvidenceError, match="fewer than 100 households"),
    ):
        fit(county, adjusted("mean"))


def test_a_profile_builder_takes_a_fitted_panel_or_fits_one(models):
    with warnings.catch_warnings(action="ignore", category=PanelLinkWarning):
        panel = fit_county_panel(COUNTY, SCHEME, COUNTY.as_of)
        given = ProfileBuilder(SCHEME, panel).fit(COUNTY).transform(COUNTY)
        fitted = ProfileBuilder(adjusted("none")).fit(COUNTY).transform(COUNTY)
    pd.testing.assert_frame_equal(given, fitted)
    assert given["fs_logit"].notna().any()


@pytest.mark.parametrize("panel", [PanelModel(), "panel"])
def test_a_panel_that_is_not_fitted_is_refused(panel):
    with pytest.raises(DomainError, match="not a fitted PanelModel"):
        ProfileBuilder(SCHEME, panel).fit(COUNTY)


def test_forms_are_dated_and_of_roles_and_relations_that_the_scheme_names():
    forms = COUNTY.ratings.iloc[:4].copy()
    forms["rated_on"] = pd.to_datetime(["2026-06-30", "2026-07-01", "2025-06-30", "2025-07-01"])
    forms["relation"] = ["business", "none", "none", "kin"]
    raters = COUNTY.raters.copy()
    raters["role"] = "account_manager"
    scheme = SCHEME.model_copy(update={"recused_relations": ("kin", "debt")})
    kept = county_forms(forms, raters, scheme, dt.date(2026, 6, 30))
    assert kept.index.tolist() == [forms.index[0], forms.index[3]]
    assert kept["relation"].tolist() == ["none", "kin"]
    assert kept["FS01"].isna().all()
    assert kept["NR01"].isna().all()
    pd.testing.assert_series_equal(kept["ML01"], forms.loc[kept.index, "ML01"])


def test_pillars_of_different_scales_are_refused():
    data = SCHEME.model_dump()
    data["indicators"] = tuple(
        item | {"highest": 4} if item.get("pillar") == "fs" and item["kind"] == "panel" else item
        for item in data["indicators"]
    )
    scheme = scheme_from_dict(data)
    with pytest.raises(DomainError, match="different rating scales"):
        fit_county_panel(COUNTY, scheme, COUNTY.as_of)


def test_a_model_file_and_its_scheme_agree_on_the_panel(models):
    file = models["mean"].file
    for changes in ({"panel": None}, {"scheme": SCHEME}):
        with pytest.raises(ValueError, match="belong to severity_adjusted"):
            type(file).model_validate(dict(file) | changes)
    fewer = file.panel.model_copy(update={"pillars": file.panel.pillars[:2]})
    with pytest.raises(ValueError, match="Pillar"):
        type(file).model_validate(dict(file) | {"panel": fewer})


def test_tables_that_fail_the_proof_are_not_written(models, tmp_path):
    file = models["mean"].file
    part = file.panel.pillars[0]
    row = part.known[0][0]
    broken = part.model_copy(
        update={"known": (((*row[:60], row[60] + 40_000, *row[61:]), *part.known[0][1:]),)}
    )
    panel = file.panel.model_copy(update={"pillars": (broken, *file.panel.pillars[1:])})
    model = type(models["mean"])(file.model_copy(update={"panel": panel}))
    with pytest.raises(ArtifactError, match="could let a better rating lower"):
        model.save(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_rows_of_a_table_in_another_order_fit_the_same_file():
    tables = COUNTY.tables()
    turned = {name: table.iloc[::-1] for name, table in tables.items() if len(table)}
    county = accept_county(turned, SCHEME, as_of=COUNTY.as_of).county
    with warnings.catch_warnings(action="ignore", category=PanelLinkWarning):
        first, second = (fit(one, adjusted()).file.panel for one in (COUNTY, county))
    assert first == second


def test_no_score_has_an_error_of_zero_where_equating_has_plateaus():
    county = simulate_county(5, 40, 3)
    with warnings.catch_warnings(action="ignore", category=PanelLinkWarning):
        equated, bare = (fit(county, adjusted(how)) for how in ("mean", "none"))
    cases = encode_county(county, equated.scheme, county.as_of)
    found = [
        np.sqrt(score_cases(cases, model.plan).profile.measures.covariance[:, 0, 0])
        for model in (equated, bare)
    ]
    known = ~np.isnan(found[0])
    assert found[0][known].min() > 0.2
    ratio = found[0][known] / found[1][known]
    assert 0.3 < ratio.min() < ratio.max() < 3.5


def renamed(county, column, old, new):
    tables = {
        name: table.assign(**{column: table[column].replace(old, new)})
        if column in table
        else table
        for name, table in county.tables().items()
    }
    return dataclasses.replace(county, **tables)


def test_a_village_that_was_not_fitted_is_the_most_uncertain_and_is_reviewed(models):
    file = models["none"].file
    strict = adjusted("none", review={"link_variance": 0.15})
    model = SanzhixinModel(file.model_copy(update={"scheme": strict}))
    strange = renamed(COUNTY, "village_id", "V001", "W001")
    proposals = model.propose(strange).merge(strange.households[["household_id", "village_id"]])
    told = proposals["review_triggers"].map(lambda codes: "link_uncertain" in codes)
    share = told.groupby(proposals["village_id"]).mean()
    assert share["W001"] == share.max() > 0.9
    before, after = (model.profile(one).set_index("household_id") for one in (COUNTY, strange))
    moved = before.index[before["village_id"] == "V001"]
    # the raters are known, so little is lost; their common severity still counts
    assert (after.loc[moved, "fs_se"] > 0.95 * before.loc[moved, "fs_se"]).all()


def test_new_raters_of_a_fitted_village_widen_the_error(models):
    strange = renamed(COUNTY, "rater_id", "V002-R01", "X1")
    before, after = (
        models["none"].profile(one).set_index("household_id") for one in (COUNTY, strange)
    )
    own = before.index[(before["village_id"] == "V002") & (before["fs_n_forms"] > 0)]
    assert (after.loc[own, "fs_se"] >= before.loc[own, "fs_se"] - 1e-9).all()
    assert (after.loc[own, "fs_se"] > before.loc[own, "fs_se"] + 0.002).mean() > 0.5


def test_anchor_cases_of_two_rounds_count_by_the_latest():
    county = simulate_county(4, 30, 3, settings=SimulationSettings(vignettes=2))
    earlier = county.vignettes.assign(
        round=county.vignettes["round"] - 1,
        rated_on=county.vignettes["rated_on"] - pd.Timedelta(days=100),
    )
    twice = dataclasses.replace(county, vignettes=pd.concat([earlier, county.vignettes]))
    first, second = (fit_county_panel(one, SCHEME, county.as_of) for one in (county, twice))
    pd.testing.assert_frame_equal(first.measures_, second.measures_)
    assert first.link_ == "vignettes"


def test_a_panel_of_other_pillars_or_items_is_refused():
    with warnings.catch_warnings(action="ignore", category=PanelLinkWarning):
        for pillars in (
            {"fs": ("FS01", "FS02", "FS03", "FS04", "FS05")},
            {"a": ("FS01", "FS02"), "b": ("ML01", "ML02"), "c": ("NR01", "NR02")},
        ):
            panel = PanelModel(pillars).fit(COUNTY.ratings, COUNTY.households)
            with pytest.raises(DomainError, match="other pillars or items"):
                ProfileBuilder(SCHEME, panel).fit(COUNTY)


def test_a_pillar_of_eight_items_with_blanks_is_fitted_and_scored():
    data = SCHEME.model_dump()
    model_item = next(i for i in data["indicators"] if i["code"] == "FS05")
    more = tuple(model_item | {"code": f"FS1{k}", "zh": f"家风补充{k}"} for k in range(3))
    scheme = scheme_from_dict(
        data
        | {"indicators": (*data["indicators"], *more)}
        | {"aggregator": "severity_adjusted", "equating": "none"}
    )
    random = np.random.default_rng(1)
    ratings = COUNTY.ratings.copy()
    for k in range(3):
        drawn = ratings["FS05"].where(random.random(len(ratings)) > 0.3)
        ratings[f"FS1{k}"] = drawn.astype(ratings["FS05"].dtype)
    county = dataclasses.replace(COUNTY, ratings=ratings)
    with warnings.catch_warnings(action="ignore", category=PanelLinkWarning):
        model = fit(county, scheme)
    assert len(model.file.panel.pillars[0].masks) > 64
    assert model.profile(county)["fs_logit"].notna().mean() > 0.9


@pytest.mark.parametrize(
    "change",
    [
        {"halo": 10**7},
        {"start": -(2**20)},
        {"first": 2**20},
        {"correlation": ((1.0, -1.0, -1.0), (-1.0, 1.0, -1.0), (-1.0, -1.0, 1.0))},
        {"correlation": ((1.0, 0.5, 0.5), (0.1, 1.0, 0.5), (0.5, 0.5, 1.0))},
        {"raters": "twice"},
        {"n_moved": 10**6},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_panel_part_that_was_tampered_with_is_refused(models, change):
    panel = models["none"].file.panel
    content = panel.model_dump()
    if change.get("raters"):
        change = {"raters": (panel.raters[1], *panel.raters[1:])}
    key = next(iter(change))
    if key in content:
        content |= change
    else:
        content["pillars"][0].update(change)
    with pytest.raises(ValueError, match=r"fit again|less than|greater than"):
        type(panel).model_validate(content)


def test_one_village_with_defaults_is_measured_all_the_same():
    county = simulate_county(1, 120, 2)
    random = np.random.default_rng(0)
    outcomes = county.households[["household_id"]].assign(defaulted=random.random(120) < 0.4)
    with pytest.warns(PanelLinkWarning, match="stated prior"):
        model = PanelModel().fit(county.ratings, county.households, outcomes=outcomes)
    assert model.link_ == "prior"
