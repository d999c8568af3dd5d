"""Severity-adjusted measures from a county to proposals."""

from __future__ import annotations

import dataclasses
import datetime as dt
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from sanzhixin.errors import ArtifactError, DomainError
from sanzhixin.model import load_model
from sanzhixin.modelling import PanelLinkWarning, PanelModel, ProfileBuilder, fit
from sanzhixin.modelling.panel_county import county_forms, fit_county_panel
from sanzhixin.records import accept_county
from sanzhixin.scheme import load_scheme, scheme_from_dict
from sanzhixin.simulate import simulate_county

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
    told = strict.propose(county)["review_triggers"].map(lambda codes: "link_prior" in codes)
    assert told.mean() > 0.9
    assert not lax.propose(county)["review_triggers"].map(lambda c: "link_prior" in c).any()


def test_too_few_households_cannot_be_equated():
    county = simulate_county(villages=1, households_per_village=40, seed=2)
    with (
        warnings.catch_warnings(action="ignore", category=PanelLinkWarning),
        pytest.raises(DomainError, match="fewer than 100 households"),
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
