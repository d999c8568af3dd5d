"""What scikit-learn asks of a transformer, of the binner alone and within its tools."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from sanzhixin.errors import DomainError, SanzhixinError
from sanzhixin.modelling import BinEdit, MonotoneBinner

N_ROWS = 600
NAMES = ["年收入", "户籍类型", "信用评议"]


def village(seed=5):
    rng = np.random.default_rng(seed)
    income = np.round(rng.lognormal(10.5, 0.6, N_ROWS), 2)
    income[rng.random(N_ROWS) < 0.05] = np.nan
    kind = rng.choice(["农户", "居民", "个体"], N_ROWS)
    rating = rng.integers(1, 6, N_ROWS).astype(float)
    logit = 1.5 - 1.2 * rating + 0.8 * (kind == "个体")
    defaulted = rng.random(N_ROWS) < 1 / (1 + np.exp(-logit - 1))
    return pd.DataFrame(dict(zip(NAMES, (income, kind, rating), strict=True))), defaulted


FRAME, DEFAULTED = village()
EDITS = (BinEdit("年收入", "split", 40_000, reason="贫困线", by="hs", on="2026-11-02"),)
CODES = {"信用评议": {"未评": [-9, -8]}}
CARD = make_pipeline(MonotoneBinner(), LogisticRegression())


@parametrize_with_checks([MonotoneBinner()])
def test_the_checks_of_scikit_learn_pass(estimator, check):
    check(estimator)


def test_a_pipeline_is_cross_validated_by_its_ranking():
    scores = cross_val_score(CARD, FRAME, DEFAULTED, scoring="roc_auc", cv=4)
    assert np.isfinite(scores).all()
    assert scores.mean() > 0.75  # the outcome was drawn from two of the three columns


def test_a_grid_over_the_number_of_bins_finds_the_best_of_its_scores():
    grid = GridSearchCV(CARD, {"monotonebinner__max_bins": [1, 2, 5]}, scoring="roc_auc", cv=3)
    grid.fit(FRAME, DEFAULTED)
    tried = dict(
        zip(
            grid.cv_results_["param_monotonebinner__max_bins"],
            grid.cv_results_["mean_test_score"],
            strict=True,
        )
    )
    assert grid.best_params_["monotonebinner__max_bins"] == max(tried, key=tried.get)
    assert tried[1] < tried[2] < tried[5]  # the more of five ratings are told apart, the better


def test_a_pipeline_is_calibrated():
    card = CalibratedClassifierCV(CARD, method="sigmoid", cv=3).fit(FRAME, DEFAULTED)
    rate = card.predict_proba(FRAME)[:, 1]
    # The sigmoid has an intercept: the mean probability is near the rate observed.
    assert rate.mean() == pytest.approx(DEFAULTED.mean(), abs=0.02)
    assert list(card.classes_) == [False, True]


def test_a_pipeline_as_a_whole_keeps_its_binner_and_its_tables():
    fitted = Pipeline([("bins", MonotoneBinner()), ("fit", LogisticRegression())])
    fitted.fit(FRAME, DEFAULTED)
    assert list(fitted[:-1].get_feature_names_out()) == NAMES
    assert set(fitted["bins"].tables_) == set(NAMES)


FRAME_OF = {"pandas": pd.DataFrame, "polars": pl.DataFrame}


@pytest.mark.parametrize("library", FRAME_OF)
def test_set_output_gives_frames_with_the_names_of_the_columns(library):
    binner = MonotoneBinner().set_output(transform=library)
    given = binner.fit(FRAME, DEFAULTED).transform(FRAME)
    assert isinstance(given, FRAME_OF[library])
    assert list(given.columns) == NAMES
    plain = MonotoneBinner().fit(FRAME, DEFAULTED).transform(FRAME)
    np.testing.assert_array_equal(given.to_numpy(), plain)


def test_set_output_keeps_the_index_of_a_pandas_frame():
    households = FRAME.set_axis([f"H{i:04}" for i in range(N_ROWS)])
    given = MonotoneBinner().set_output(transform="pandas").fit_transform(households, DEFAULTED)
    pd.testing.assert_index_equal(given.index, households.index)


def test_a_clone_carries_edits_codes_and_every_other_option():
    binner = MonotoneBinner(
        3,
        0.1,
        {"年收入": "descending"},
        32,
        objective="js",
        min_events=3,
        min_nonevents=4,
        min_rate_gap=0.01,
        max_p_value=0.5,
        categorical=["户籍类型"],
        special_codes=CODES,
        missing={"年收入": "worst"},
        unseen="neutral",
        rare_share=0.02,
        shrinkage="trend",
        edits=EDITS,
    )
    again = clone(binner)
    assert again.get_params() == binner.get_params()
    assert again.fit(FRAME, DEFAULTED).tables_.keys() == binner.fit(FRAME, DEFAULTED).tables_.keys()
    for name, table in binner.tables_.items():
        pd.testing.assert_frame_equal(again.tables_[name], table)


def test_parameters_are_set_by_name():
    assert MonotoneBinner().set_params(max_bins=3, unseen="worst").get_params()["unseen"] == "worst"


def test_names_of_columns_are_kept_in_any_script():
    binner = MonotoneBinner().fit(FRAME, DEFAULTED)
    assert list(binner.feature_names_in_) == NAMES
    assert list(binner.get_feature_names_out()) == NAMES
    assert binner.n_features_in_ == 3
    assert list(binner.iv_.index) == NAMES


def test_an_array_gets_names_by_the_place_of_its_columns():
    binner = MonotoneBinner().fit(FRAME[["信用评议"]].to_numpy(), DEFAULTED)
    assert not hasattr(binner, "feature_names_in_")
    assert list(binner.get_feature_names_out()) == ["x0"]
    assert list(binner.tables_) == ["x0"]


@pytest.mark.parametrize(
    "to", [pd.DataFrame, pl.from_pandas, lambda f: pl.from_pandas(f).to_arrow()]
)
def test_columns_in_another_order_are_refused_and_not_scored_by_place(to):
    binner = MonotoneBinner().fit(FRAME, DEFAULTED)
    with pytest.raises(ValueError, match="should match those that were passed during f") as caught:
        binner.transform(to(FRAME[NAMES[::-1]]))
    assert caught.value.code == "columns_differ"
    assert "（次序不同）" in caught.value.zh


def test_a_missing_column_is_refused():
    with pytest.raises(ValueError, match="should match those that were passed during f") as caught:
        MonotoneBinner().fit(FRAME, DEFAULTED).transform(FRAME[NAMES[:2]])
    assert caught.value.code == "columns_differ"
    assert "（缺少 信用评议）" in caught.value.zh


def test_inputs_are_not_changed():
    frame, defaulted = FRAME.copy(deep=True), DEFAULTED.copy()
    weights = np.linspace(0, 2, N_ROWS)
    kept = weights.copy()
    array = FRAME[["年收入"]].to_numpy()
    same = array.copy()
    binner = MonotoneBinner(special_codes=CODES, edits=EDITS)
    options = clone(binner).get_params()
    binner.fit(frame, defaulted, weights).transform(frame)
    binner.count_policies(frame)
    MonotoneBinner().fit(array, defaulted, weights).transform(array)
    pd.testing.assert_frame_equal(frame, FRAME)
    np.testing.assert_array_equal(defaulted, DEFAULTED)
    np.testing.assert_array_equal(weights, kept)
    np.testing.assert_array_equal(array, same)
    assert binner.get_params() == options


def test_changing_a_table_changes_nothing_in_the_binner():
    binner = MonotoneBinner().fit(FRAME, DEFAULTED)
    before = binner.transform(FRAME)
    table = binner.tables_["年收入"]
    table["woe"] = 0.0
    table.loc[:, "n_rows"] = 0.0
    values = binner.iv_
    values[:] = 0.0
    assert (binner.tables_["年收入"]["n_rows"] > 0).any()
    np.testing.assert_array_equal(binner.transform(FRAME), before)


def test_weights_reach_the_binner_through_a_pipeline_by_metadata_routing():
    weights = 1.0 + (np.arange(N_ROWS) % 3)
    with config_context(enable_metadata_routing=True):
        card = make_pipeline(
            MonotoneBinner().set_fit_request(sample_weight=True),
            LogisticRegression().set_fit_request(sample_weight=True),
        ).fit(FRAME, DEFAULTED, sample_weight=weights)
    alone = MonotoneBinner().fit(FRAME, DEFAULTED, weights)
    pd.testing.assert_frame_equal(card[0].summary_, alone.summary_)
    for name, table in alone.tables_.items():
        pd.testing.assert_frame_equal(card[0].tables_[name], table)


def test_fit_transform_takes_weights_as_fit_does():
    weights = 1.0 + (np.arange(N_ROWS) % 2)
    one = MonotoneBinner().fit_transform(FRAME, DEFAULTED, sample_weight=weights)
    two = MonotoneBinner().fit(FRAME, DEFAULTED, weights).transform(FRAME)
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    "use",
    [
        lambda binner: binner.transform(FRAME),
        lambda binner: binner.bins(FRAME),
        lambda binner: binner.count_policies(FRAME),
        lambda binner: binner.edit_log_,
    ],
)
def test_a_binner_without_a_fit_is_refused(use):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        use(MonotoneBinner())


def test_a_second_fit_forgets_the_first():
    binner = MonotoneBinner().fit(FRAME, DEFAULTED)
    binner.fit(FRAME[["信用评议"]], DEFAULTED)
    assert list(binner.tables_) == ["信用评议"]
    assert binner.n_features_in_ == 1


# A number that no option can be, and a part of the sentence that answers it.
RANGES = [
    ({"max_bins": 0}, r"max_bins=0 is not possible; give a whole number from 1 to 254\."),
    ({"max_bins": 255}, r"max_bins=255 .* give a whole number from 1 to 254\."),
    ({"max_bins": 8.0}, r"max_bins=8\.0 .* a whole number from 1 to 254"),
    ({"max_bins": "8"}, "max_bins='8' .* a whole number from 1 to 254"),
    ({"max_bins": None}, "max_bins=None .* a whole number from 1 to 254"),
    ({"max_prebins": 0}, r"max_prebins=0 .* give a whole number from 1 to 1000\."),
    ({"max_prebins": 1001}, "max_prebins=1001 .* from 1 to 1000"),
    ({"min_bin_share": -0.1}, r"min_bin_share=-0\.1 .* give a number from 0 to 1\."),
    ({"min_bin_share": float("nan")}, "min_bin_share=nan .* a number from 0 to 1"),
    ({"min_bin_share": "5%"}, "min_bin_share='5%' .* a number from 0 to 1"),
    ({"rare_share": 1.1}, r"rare_share=1\.1 .* a number from 0 to 1"),
    ({"min_expected": -1}, r"min_expected=-1 .* give a number of at least 0\."),
    ({"min_expected": None}, "min_expected=None .* a number of at least 0"),
    ({"min_events": -1}, "min_events=-1 .* a number of at least 0"),
    ({"min_nonevents": -1}, "min_nonevents=-1 .* a number of at least 0"),
    ({"min_rate_gap": 2}, "min_rate_gap=2 .* a number from 0 to 1"),
    ({"max_p_value": 5}, "max_p_value=5 .* a number from 0 to 1"),
    ({"max_p_value": "0.05"}, r"max_p_value='0\.05' .* a number from 0 to 1"),
]


@pytest.mark.parametrize(("options", "words"), RANGES)
def test_a_number_that_an_option_cannot_be_is_refused_at_the_fit(options, words):
    with pytest.raises(DomainError, match=words) as caught:
        MonotoneBinner(**options).fit(FRAME, DEFAULTED)
    assert caught.value.code == "option_range"
    assert next(iter(options)) in caught.value.zh


# A request that the binner does not know, and a part of the sentence that answers it.
OPTIONS = [
    ({"objective": "gini"}, "objective='gini' .* iv, js, hellinger"),
    ({"trend": "up"}, "trend='up' .* auto, ascending, descending, peak, valley, none"),
    ({"trend": {"年收入": "up"}}, "trend='up' is not possible"),
    ({"missing": "drop"}, "missing='drop' .* separate, worst, neutral, refuse"),
    ({"missing": {"年收入": "drop"}}, "missing='drop' is not possible"),
    ({"unseen": "separate"}, "unseen='separate' .* refuse, worst, neutral"),
    ({"shrinkage": "firth"}, "shrinkage='firth' .* none, trend"),
]


@pytest.mark.parametrize(("options", "words"), OPTIONS)
def test_an_option_that_is_not_known_is_refused_at_the_fit(options, words):
    with pytest.raises(SanzhixinError, match=words) as caught:
        MonotoneBinner(**options).fit(FRAME, DEFAULTED)
    assert caught.value.code == "option_choice"
    assert next(iter(options)) in caught.value.zh


@pytest.mark.parametrize(
    "options",
    [
        {"trend": {"收入": "peak"}},
        {"missing": {"收入": "worst"}},
        {"special_codes": {"收入": {"refused": [-9]}}},
        {"categorical": ["收入"]},
        {"edits": [BinEdit("收入", "split", 1)]},
    ],
)
def test_a_column_that_is_not_there_is_refused_with_those_that_are(options):
    words = f"{next(iter(options))} names 收入, .* the columns are 年收入, 户籍类型, 信用评议"
    with pytest.raises(SanzhixinError, match=words) as caught:
        MonotoneBinner(**options).fit(FRAME, DEFAULTED)
    assert caught.value.code == "bin_feature_unknown"
    assert "收入" in caught.value.zh
