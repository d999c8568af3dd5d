"""Drift between rounds: the newest round is fitted once, with the same result as by itself."""

from __future__ import annotations

import dataclasses
import warnings

import pandas as pd
import pytest

import sanzhixin as szx
from sanzhixin.modelling.panel import report as room
from sanzhixin.modelling.panel.county import fit_county_panel
from sanzhixin.modelling.panel.diagnostics import compute_drift
from tests.unit.scoring.factories import scheme_with

SCHEME = scheme_with(szx.load_scheme("tongxiang"), rating_validity_months=36)

pytestmark = pytest.mark.filterwarnings("ignore::sanzhixin.modelling.PanelLinkWarning")


@pytest.fixture(scope="module")
def county():
    return szx.simulate_county(villages=3, seed=5)


@pytest.fixture
def fits(monkeypatch):
    made = []

    def fit(*given, **options):
        made.append(given)
        return fit_county_panel(*given, **options)

    monkeypatch.setattr(room, "fit_county_panel", fit)
    return made


def by_themselves(county):
    found = {}
    for number, own in county.ratings.groupby("round"):
        alone = dataclasses.replace(county, ratings=own)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found[number] = fit_county_panel(alone, SCHEME, own["rated_on"].max().date())
    return compute_drift(found)


def test_the_newest_round_of_all_households_is_fitted_once(county, fits):
    drift = room.report_panel(county, SCHEME, county.as_of).tables["drift"]
    assert len(fits) == 2
    pd.testing.assert_frame_equal(drift, by_themselves(county))


def test_a_round_that_leaves_households_out_is_fitted_by_itself(county, fits):
    ratings = county.ratings
    first = ratings["household_id"].iloc[0]
    newest = ratings["round"] == ratings["round"].max()
    part = dataclasses.replace(
        county, ratings=ratings[~(newest & (ratings["household_id"] == first))]
    )
    drift = room.report_panel(part, SCHEME, county.as_of).tables["drift"]
    assert len(fits) == 3
    pd.testing.assert_frame_equal(drift, by_themselves(part))


def test_pillars_that_are_fitted_side_by_side_are_fitted_as_one_by_one(county, monkeypatch):
    found = []
    for cores in (1, 3):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        found.append(fit_county_panel(county, SCHEME, county.as_of))
    one, many = found
    assert (one.n_jobs, many.n_jobs) == (1, 3)
    for name in ("measures_", "raters_", "items_", "variances_"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(many, name), check_exact=True)
