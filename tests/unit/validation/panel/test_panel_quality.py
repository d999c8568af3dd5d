"""Witnesses: the tables of the panel report, lines of the publications, drawn faults of a panel."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

import sanzhixin as szx
from sanzhixin.modelling.panel.report import PANEL_TABLES, report_panel
from sanzhixin.validation.panel.quality import (
    compute_panel_quality,
    compute_rater_map,
    compute_village_map,
)


def report(n=100, *, link="prior", **changed):
    """A report made by hand: one pillar, twenty raters of two villages."""
    raters = pd.DataFrame(
        {
            "rater_id": [f"R{k:02d}" for k in range(20)],
            "pillar": "fs",
            "severity": np.linspace(-1, 1, 20),
            "se": 0.2,
            "infit": 1.0,
            "flags": "",
            "n_forms": 40,
        }
    )
    tables = {
        "reliability": pd.DataFrame(
            {
                "pillar": ["fs"],
                "household_separation": [2.0],
                "household_reliability": [0.8],
                "rater_separation": [1.0],
                "rater_reliability": [0.5],
            }
        ),
        "raters": raters,
        "agreement": pd.DataFrame(
            {
                "pillar": "fs",
                "indicator": ["FS01", "FS02", "mean"],
                "alpha": [0.9, 0.8, np.nan],
                "icc_one": [np.nan, np.nan, 0.4],
                "icc_mean": [np.nan, np.nan, 0.7],
                "icc_low": [np.nan, np.nan, 0.3],
                "icc_high": [np.nan, np.nan, 0.5],
            }
        ),
        "drift": pd.DataFrame(columns=["rater_id", "pillar", "round", "flagged"]),
        "variances": pd.DataFrame({"pillar": ["fs"], "kin_bias": [0.5], "kin_se": [0.1]}),
        "pairs": pd.DataFrame({"verdict": ["as_expected"] * 30 + ["cannot_tell"] * 5}),
        "connectivity": pd.DataFrame({"village_id": ["V1", "V2", "V3"], "component": [0, 0, 1]}),
        "villages": pd.DataFrame(
            {
                "village_id": ["V1", "V2", "V3"],
                "component": [0, 0, 1],
                "n_households": 30,
                "mean_rating": 3.5,
                "fs_merit": [1.0, 2.0, 3.0],
                "fs_leniency": [0.1, 0.2, 0.3],
            }
        ),
    }
    arrays = SimpleNamespace(households=list(range(n)))
    fitted = SimpleNamespace(arrays_=arrays, link_=link, fits_={"fs": None})
    return SimpleNamespace(model=fitted, tables=tables | changed)


def judged(statistic, **changed):
    table = compute_panel_quality(report(**changed)).table
    return table[table["statistic"] == statistic].iloc[0]


@pytest.mark.parametrize(
    ("value", "word"), [(0.80, "pass"), (0.79, "watch"), (0.67, "watch"), (0.66, "fail")]
)
def test_reliability_is_judged_by_the_published_lines(value, word):
    table = report().tables["reliability"].assign(household_reliability=value)
    assert judged("household_reliability", reliability=table)["verdict"] == word


def test_agreement_is_judged_by_the_published_lines():
    assert judged("icc_mean")["verdict"] == "watch"
    row = judged("alpha")
    assert (row["value"], row["verdict"]) == (pytest.approx(0.85), "pass")
    row = judged("icc_one")
    assert (row["low"], row["high"], row["verdict"]) == (0.3, 0.5, "info")


def test_few_households_are_not_judged():
    assert judged("household_reliability", n=20)["verdict"] == "insufficient"


@pytest.mark.parametrize(("outside", "word"), [(0, "pass"), (3, "pass"), (4, "watch"), (6, "fail")])
def test_raters_outside_linacres_range_are_counted_with_the_exact_interval(outside, word):
    raters = report().tables["raters"]
    raters["infit"] = [1.6] * outside + [1.5] * (20 - outside)
    row = judged("infit_outside", raters=raters)
    assert row["value"] == outside / 20
    assert row["low"] == pytest.approx(beta.ppf(0.025, outside, 21 - outside) if outside else 0)
    assert row["verdict"] == word


@pytest.mark.parametrize(
    ("known", "word"), [(12, "pass"), (9, "insufficient"), (0, "insufficient")]
)
def test_raters_without_infit_are_not_counted_as_sound(known, word):
    raters = report().tables["raters"]
    raters["infit"] = [1.0] * known + [np.nan] * (20 - known)
    row = judged("infit_outside", raters=raters)
    assert (row["n"], row["verdict"]) == (known, word)


def test_a_pair_that_is_alike_is_watched_and_pairs_that_cannot_tell_do_not_count():
    assert (judged("alike_pairs")["n"], judged("alike_pairs")["verdict"]) == (30, "pass")
    pairs = pd.DataFrame({"verdict": ["alike"] + ["as_expected"] * 29})
    assert judged("alike_pairs", pairs=pairs)["verdict"] == "watch"


@pytest.mark.parametrize(
    ("bias", "error", "word"),
    [(0.5, 0.1, "watch"), (0.1, 0.1, "pass"), (np.nan, np.nan, "insufficient")],
)
def test_kin_that_are_rated_better_are_watched(bias, error, word):
    table = pd.DataFrame({"pillar": ["fs"], "kin_bias": [bias], "kin_se": [error]})
    assert judged("kin_residual", variances=table)["verdict"] == word


def test_drift_counts_raters_not_rounds():
    drift = pd.DataFrame(
        {
            "rater_id": [f"R{k // 2:02d}" for k in range(40)],
            "pillar": "fs",
            "flagged": [False, True] * 10 + [False] * 20,
        }
    )
    row = judged("drifted", drift=drift)
    assert (row["n"], row["value"], row["verdict"]) == (20, 0.5, "fail")


@pytest.mark.parametrize(("link", "value"), [("prior", 1 / 3), ("vignettes", 0.0)])
def test_villages_that_nothing_joins_are_counted(link, value):
    row = judged("villages_not_comparable", link=link)
    assert row["value"] == pytest.approx(value)
    assert row["verdict"] == ("watch" if value else "pass")


def test_the_rater_map_has_normal_intervals():
    row = compute_rater_map(report().tables["raters"], level=0.9).table.iloc[0]
    assert row["value"] - row["low"] == pytest.approx(1.6449 * 0.2, abs=1e-4)
    assert row["n"] == 40


def test_the_village_map_tells_who_is_comparable():
    tables = report().tables
    given = tables["villages"], tables["connectivity"]
    table = compute_village_map(*given, link="prior").table
    assert table["comparable"].tolist() == ["yes", "yes", "no"]
    assert table["severity"].tolist() == [0.1, 0.2, 0.3]
    assert set(compute_village_map(*given, link="bridge").table["comparable"]) == {"yes"}


def test_where_no_two_villages_are_linked_none_is_comparable():
    tables = report().tables
    apart = tables["connectivity"].assign(component=[0, 1, 2])
    table = compute_village_map(tables["villages"], apart, link="prior").table
    assert table["comparable"].tolist() == ["no"] * 3
    row = judged("villages_not_comparable", connectivity=apart)
    assert (row["value"], row["verdict"]) == (1, "watch")


@pytest.fixture(scope="module")
def real():
    county = szx.simulate_county(villages=1, seed=7)
    scheme = szx.load_scheme("tongxiang")
    return report_panel(county, scheme, county.as_of)


def test_a_real_report_gives_every_row_once_and_in_the_shared_form(real):
    assert set(report().tables) <= set(PANEL_TABLES)
    table = compute_panel_quality(real).table
    assert not table.duplicated(["statistic", "pillar"]).any()
    assert table["n"].dtype == "int64"
    row = table[(table["statistic"] == "household_reliability") & (table["pillar"] == "ml")].iloc[0]
    known = real.tables["reliability"].set_index("pillar")["household_reliability"]["ml"]
    assert row["value"] == pytest.approx(known)


def test_reliability_and_separation_are_the_same_thing(real):
    judged = compute_panel_quality(real)
    table = judged.table.set_index(["statistic", "pillar"])["value"]
    gap = table["household_separation"]
    expected = table["household_reliability"].to_numpy()
    assert (gap**2 / (1 + gap**2)).to_numpy() == pytest.approx(expected)
