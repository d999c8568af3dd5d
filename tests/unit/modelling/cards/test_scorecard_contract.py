"""What scikit-learn asks of a classifier, of the card alone and within its tools."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import permutation_importance
from sklearn.metrics import accuracy_score, get_scorer, roc_auc_score
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score, cross_validate
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

from sanzhixin.errors import DomainError
from sanzhixin.modelling import (
    BinEdit,
    CardWarning,
    MonotoneBinner,
    OutcomeWarning,
    Scorecard,
    card_from_json,
)

N_ROWS = 900


def village(seed=3):
    """Income with blanks, a category of three levels, a rating of whole numbers."""
    rng = np.random.default_rng(seed)
    income = np.round(rng.normal(40, 15, N_ROWS), 1)
    kind = rng.choice(["农户", "居民", "个体"], N_ROWS)
    rating = rng.integers(1, 6, N_ROWS)
    logit = -0.6 - (income - 40) / 15 - 0.5 * (rating - 3) + 1.2 * (kind == "个体")
    defaulted = rng.random(N_ROWS) < 1 / (1 + np.exp(-logit))
    income[rng.random(N_ROWS) < 0.1] = np.nan
    return pd.DataFrame({"年收入": income, "户籍类型": kind, "信用评议": rating}), defaulted


FRAME, DEFAULTED = village()
NUMBERS = FRAME[["年收入", "信用评议"]]
CARD = Scorecard().fit(FRAME, DEFAULTED)
LIBRARIES = {
    "pandas": lambda frame: frame,
    "polars": pl.from_pandas,
    "pyarrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
}


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:No characteristic is on:sanzhixin.modelling.CardWarning")
@parametrize_with_checks([Scorecard()])
def test_the_checks_of_scikit_learn_pass(estimator, check):
    check(estimator)


@pytest.mark.parametrize("blank", [np.nan, np.inf])
def test_an_outcome_that_is_no_number_is_refused_without_a_warning(blank):
    with pytest.raises(ValueError, match="Input y contains"):
        Scorecard().fit(NUMBERS, np.where(np.arange(N_ROWS) == 5, blank, DEFAULTED))


def test_the_card_is_a_classifier():
    assert is_classifier(Scorecard())


# Cross-validation and search. Defect 8: a peer's gives NaN, or is refused.


@pytest.mark.parametrize("scoring", ["roc_auc", None, "neg_log_loss", "neg_brier_score"])
def test_cross_validation_gives_numbers_with_any_scorer(scoring):
    scores = cross_val_score(Scorecard(), FRAME, DEFAULTED, scoring=scoring, cv=4)
    assert np.isfinite(scores).all()


def test_the_default_score_is_the_accuracy():
    assert CARD.score(FRAME, DEFAULTED) == accuracy_score(DEFAULTED, CARD.predict(FRAME))


def test_the_ranking_is_the_one_the_outcome_was_drawn_from():
    assert cross_val_score(Scorecard(), FRAME, DEFAULTED, scoring="roc_auc", cv=4).mean() > 0.75


def test_the_roc_scorer_ranks_by_falling_points():
    area = get_scorer("roc_auc")(CARD, FRAME, DEFAULTED)
    assert area == pytest.approx(roc_auc_score(DEFAULTED, -CARD.points(FRAME)), rel=1e-12)


def test_a_pipeline_scores_like_its_card():
    steps = [("same", FunctionTransformer()), ("card", Scorecard())]
    line = Pipeline(steps).fit(FRAME, DEFAULTED)
    np.testing.assert_array_equal(line.predict_proba(FRAME), CARD.predict_proba(FRAME))


def test_a_grid_over_the_number_of_bins_finds_the_best_of_its_scores():
    grid = GridSearchCV(
        Scorecard(binner=MonotoneBinner()),
        {"binner__max_bins": [1, 2, 5]},
        scoring="roc_auc",
        cv=3,
    )
    with pytest.warns(CardWarning, match="No characteristic is on the card"):
        grid.fit(FRAME.fillna({"年收入": 40.0}), DEFAULTED)
    scores = grid.cv_results_["mean_test_score"].tolist()
    # One bin is a card without characteristics: all cases are equal, and half the pairs are right.
    assert scores[0] == 0.5
    assert scores[0] < scores[1] < scores[2]
    assert grid.best_params_ == {"binner__max_bins": 5}


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_the_card_is_calibrated_by_cross_validation(method):
    fitted = CalibratedClassifierCV(Scorecard(), method=method, cv=3).fit(FRAME, DEFAULTED)
    prob = fitted.predict_proba(FRAME)[:, 1]
    # Both methods fit an intercept, so the mean is near the rate observed.
    assert prob.mean() == pytest.approx(DEFAULTED.mean(), abs=0.02)


def test_a_frozen_card_is_calibrated_without_being_fitted_again():
    wrong = FRAME.iloc[::2], DEFAULTED[::2]
    frozen = FrozenEstimator(CARD)
    fitted = CalibratedClassifierCV(frozen, method="sigmoid").fit(*wrong)
    assert fitted.calibrated_classifiers_[0].estimator.estimator is CARD
    prob = fitted.predict_proba(FRAME)[:, 1]
    order = np.argsort(CARD.points(FRAME), kind="stable")
    assert (np.diff(prob[order]) <= 0).all()  # a sigmoid of the points keeps their order


def test_cards_are_bagged():
    bag = BaggingClassifier(Scorecard(), n_estimators=3, random_state=0).fit(NUMBERS, DEFAULTED)
    assert bag.predict_proba(NUMBERS)[:, 1].mean() == pytest.approx(DEFAULTED.mean(), abs=0.03)


def test_the_importance_of_a_column_is_found_by_shuffling_it():
    found = permutation_importance(
        CARD, FRAME, DEFAULTED, scoring="roc_auc", n_repeats=2, random_state=0
    )
    assert (found.importances_mean > 0.005).all()


def test_predictions_out_of_fold_have_the_rate_observed():
    prob = cross_val_predict(Scorecard(), FRAME, DEFAULTED, cv=5, method="predict_proba")
    assert prob[:, 1].mean() == pytest.approx(DEFAULTED.mean(), abs=0.02)


# Weights and periods by routing.


def first_of_three(card, **params):
    """Fit on the first fold; the scorer wants no weights."""
    scorer = get_scorer("roc_auc").set_score_request(sample_weight=False)
    found = cross_validate(
        card, FRAME, DEFAULTED, cv=3, scoring=scorer, params=params, return_estimator=True
    )
    return found["estimator"][0]


def test_weights_reach_the_fit_by_metadata_routing():
    weights = np.where(DEFAULTED, 3.0, 1.0)
    with config_context(enable_metadata_routing=True):
        card = Scorecard().set_fit_request(sample_weight=True)
        fitted = first_of_three(card, sample_weight=weights)
    prob = fitted.predict_proba(FRAME)[:, 1]
    rate = np.average(DEFAULTED, weights=weights)  # far above that of the rows by themselves
    assert np.average(prob, weights=weights) == pytest.approx(rate, abs=0.05)


def test_periods_reach_the_fit_by_metadata_routing():
    with config_context(enable_metadata_routing=True):
        card = Scorecard().set_fit_request(period=True)
        fitted = first_of_three(card, period=np.arange(N_ROWS) % 2)
    assert fitted.selection_["psi"].notna().all()


def test_weights_that_nobody_asked_for_are_refused_by_metadata_routing():
    with (
        config_context(enable_metadata_routing=True),
        pytest.raises(ValueError, match="not explicitly set as requested or not requested for Sco"),
    ):
        first_of_three(Scorecard(), sample_weight=np.ones(N_ROWS))


# Copies.

OPTIONS = {
    "pdo": 30.0,
    "base_score": 500.0,
    "base_odds": 20.0,
    "binner": MonotoneBinner(
        4,
        missing={"年收入": "worst"},
        edits=(BinEdit("年收入", "split", 40, reason="贫困线"),),
    ),
    "scaling": "min_max",
    "score_range": (0, 1000),
    "firth": False,
    "slope_sd": 0.5,
    "slope_shrinkage": False,
    "reference": "mean",
    "min_iv": 0.01,
    "max_p_value": 0.3,
    "max_correlation": 0.8,
    "max_vif": 5.0,
    "max_psi": 0.1,
    "events_per_characteristic": 10.0,
}


def test_the_options_tried_here_are_all_there_are():
    assert set(Scorecard().get_params(deep=False)) == set(OPTIONS)


def test_a_clone_carries_every_option_and_fits_the_same_card():
    card = Scorecard(**OPTIONS)
    again = clone(card)
    shown = again.get_params(deep=False)
    assert {k: v for k, v in shown.items() if k != "binner"} == {
        k: v for k, v in OPTIONS.items() if k != "binner"
    }
    assert again.binner is not card.binner
    assert card.fit(FRAME, DEFAULTED).to_json() == again.fit(FRAME, DEFAULTED).to_json()


def test_fitting_leaves_the_binner_that_was_given_untouched():
    binner = MonotoneBinner(5)
    Scorecard(binner=binner).fit(FRAME, DEFAULTED)
    with pytest.raises(NotFittedError):
        binner.transform(FRAME)


def test_fitting_again_forgets_the_first_fit():
    card = Scorecard().fit(FRAME.iloc[:, :1], DEFAULTED)
    assert card.fit(FRAME, DEFAULTED).to_json() == CARD.to_json()


@pytest.mark.parametrize(
    "ask",
    [
        lambda card: card.points(FRAME),
        lambda card: card.predict_proba(FRAME),
        lambda card: card.predict(FRAME),
        lambda card: card.decision_function(FRAME),
        lambda card: card.reasons(FRAME),
        lambda card: card.next_step(FRAME, 600),
        lambda card: card.to_json(),
        lambda card: card.to_markdown(),
        lambda card: card.to_excel("card.xlsx"),
        lambda card: card.table_,
    ],
    ids=[
        "points", "predict_proba", "predict", "decision_function", "reasons", "next_step",
        "to_json", "to_markdown", "to_excel", "table_",
    ],
)  # fmt: skip
def test_a_card_that_was_not_fitted_says_so(ask):
    with pytest.raises(NotFittedError, match="Scorecard instance is not fitted yet"):
        ask(Scorecard())


# Rows and frames.


@pytest.mark.parametrize("row", [0, 17, N_ROWS - 1])
def test_one_row_is_answered_as_within_the_batch(row):
    alone, batch = FRAME.iloc[[row]], FRAME
    assert CARD.points(alone)[0] == CARD.points(batch)[row]
    assert CARD.predict_proba(alone)[0].tolist() == CARD.predict_proba(batch)[row].tolist()
    reasons = CARD.reasons(batch)
    pd.testing.assert_frame_equal(
        CARD.reasons(alone).drop(columns="row"),
        reasons[reasons["row"] == row].drop(columns="row").reset_index(drop=True),
    )


def test_the_next_step_of_one_row_is_that_within_the_batch():
    target = int(np.median(CARD.points(FRAME)))
    steps = CARD.next_step(FRAME, target)
    for row in steps["row"].unique()[:5]:
        alone = CARD.next_step(FRAME.iloc[[row]], target).drop(columns="row")
        within = steps[steps["row"] == row].drop(columns="row").reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, within)


@pytest.mark.parametrize("fitted_on", LIBRARIES)
def test_the_card_of_any_frame_is_the_same(fitted_on):
    card = Scorecard().fit(LIBRARIES[fitted_on](FRAME), DEFAULTED)
    assert card.to_json() == CARD.to_json()


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("ask", ["points", "predict_proba", "predict", "decision_function"])
def test_any_frame_scores_the_same(library, ask):
    given = LIBRARIES[library](FRAME)
    np.testing.assert_array_equal(getattr(CARD, ask)(given), getattr(CARD, ask)(FRAME))


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_card_that_was_read_back_scores_any_frame_the_same(library):
    read = card_from_json(CARD.to_json())
    np.testing.assert_array_equal(read.points(LIBRARIES[library](FRAME)), CARD.points(FRAME))


@pytest.mark.parametrize("library", LIBRARIES)
def test_reasons_and_steps_of_any_frame_are_the_same(library):
    given = LIBRARIES[library](FRAME)
    pd.testing.assert_frame_equal(CARD.reasons(given), CARD.reasons(FRAME))
    pd.testing.assert_frame_equal(CARD.next_step(given, 520), CARD.next_step(FRAME, 520))


def test_an_array_gives_the_card_of_the_frame_with_names_of_places():
    named = NUMBERS.set_axis(["x0", "x1"], axis=1)
    card = Scorecard().fit(NUMBERS.to_numpy(), DEFAULTED)
    assert card.to_json() == Scorecard().fit(named, DEFAULTED).to_json()
    assert not hasattr(card, "feature_names_in_")


def test_names_of_columns_are_kept_and_held_to():
    assert list(CARD.feature_names_in_) == list(FRAME.columns)
    with pytest.raises(ValueError, match="feature names should match"):
        CARD.points(FRAME.rename(columns={"年收入": "收入"}))
    with pytest.raises(ValueError, match="must be in the same order"):
        CARD.points(FRAME[FRAME.columns[::-1]])


OTHER_COLUMNS = {
    "renamed": (lambda f: f.rename(columns={"年收入": "收入"}), "缺少 年收入，多出 收入"),
    "fewer": (lambda f: f[["年收入"]], "缺少 户籍类型, 信用评议"),
    "more": (lambda f: f.assign(备注="无"), "多出 备注"),
    "another order": (lambda f: f[f.columns[::-1]], "次序不同"),
}
FRAME_ASKS = ["points", "predict_proba", "predict", "decision_function", "reasons"]


@pytest.mark.parametrize("ask", FRAME_ASKS)
@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("change", "told"), OTHER_COLUMNS.values(), ids=OTHER_COLUMNS)
def test_other_columns_are_refused_with_the_way_out_in_both_languages(change, told, library, ask):
    way_out = r"during fit\. .*\. Give the columns of the fit, in their order; card_\.points of a "
    with pytest.raises(DomainError, match=way_out) as caught:
        getattr(CARD, ask)(LIBRARIES[library](change(FRAME)))
    assert caught.value.code == "columns_differ"
    assert f"数据列与拟合时不一致（{told}）；请按拟合时的列与次序提供，" in caught.value.zh
    assert "card_.points：它按列名读取" in caught.value.zh


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("change", ["more", "another order"])
def test_the_way_out_scores_the_same_points(change, library):
    changed = LIBRARIES[library](OTHER_COLUMNS[change][0](FRAME))
    np.testing.assert_array_equal(CARD.card_.points(changed), CARD.points(FRAME))


def test_an_array_is_scored_by_the_places_of_the_columns_after_a_fit_on_a_frame():
    card = Scorecard().fit(NUMBERS, DEFAULTED)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        points = card.points(NUMBERS.to_numpy())
    np.testing.assert_array_equal(points, card.points(NUMBERS))


def test_a_frame_is_scored_by_the_places_of_the_columns_after_a_fit_on_an_array():
    card = Scorecard().fit(NUMBERS.to_numpy(), DEFAULTED)
    with pytest.warns(UserWarning, match="was fitted without feature names"):
        points = card.points(NUMBERS)
    np.testing.assert_array_equal(points, card.points(NUMBERS.to_numpy()))


def test_an_array_is_scored_after_a_fit_on_a_frame_whose_names_are_numbers():
    unnamed = pd.DataFrame(NUMBERS.to_numpy())
    card = Scorecard().fit(unnamed, DEFAULTED)
    np.testing.assert_array_equal(card.points(unnamed.to_numpy()), card.points(unnamed))


@pytest.mark.parametrize(
    ("labels", "event"),
    [((0, 1), 1), ((False, True), True), ((-1, 3), 3), ((1, 2), 2)],
)
def test_the_larger_label_is_the_event_whatever_the_labels_are(labels, event):
    outcome = np.array(labels)[DEFAULTED.astype(int)]
    card = Scorecard().fit(FRAME, outcome)
    assert card.classes_.tolist() == list(labels)
    assert card.to_json() == CARD.to_json()
    assert (card.predict(FRAME) == event).tolist() == CARD.predict(FRAME).tolist()


def test_the_later_of_two_texts_is_the_event_and_a_warning_says_so():
    outcome = np.array(["守信", "违约"])[DEFAULTED.astype(int)]
    told = "The outcome is text: '违约', the later in the alphabet, is taken for default and '守信'"
    with pytest.warns(OutcomeWarning, match=told) as warned:
        card = Scorecard().fit(FRAME, outcome)
    assert warned[0].filename == __file__
    assert card.classes_.tolist() == ["守信", "违约"]
    assert card.to_json() == CARD.to_json()


@pytest.mark.parametrize("blank", [np.nan, None, pd.NA])
def test_missing_outcomes_are_counted_and_refused(blank):
    outcome = DEFAULTED.astype(object)
    outcome[[4, 9]] = blank
    with pytest.raises(DomainError, match="2 outcomes are missing, the first in row 4") as caught:
        Scorecard().fit(FRAME, outcome)
    assert caught.value.code == "outcome_blank"
    assert "结果变量有 2 个缺失" in caught.value.zh


def test_the_probabilities_of_both_classes_add_up_and_decide_the_class():
    prob = CARD.predict_proba(FRAME)
    np.testing.assert_allclose(prob.sum(axis=1), 1.0, rtol=1e-15)
    np.testing.assert_array_equal(CARD.predict(FRAME), prob[:, 1] > 0.5)
