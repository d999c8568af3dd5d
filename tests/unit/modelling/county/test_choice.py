"""Expert card against learned card on loans that neither has seen.

Witnesses: scikit-learn's log-loss, Brier score and area under the curve of the held-out
probabilities; the standard error by a bootstrap over villages; villages and days looked up.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.modelling.county import choice
from sanzhixin.modelling.county.choice import LEAST_TO_LEARN, choose_card
from sanzhixin.scoring.card import score_card
from tests.unit.modelling.county.county_loans import SCHEME, loans

OFF = loans(3000, panel=0.0, years=1.2, bills=1.5)  # what the expert card hardly looks at
CHOSEN = choose_card(SCHEME, OFF)


def held_out(data):
    """Probabilities by both cards of loans that neither saw, worked out here once more."""
    unseen = choice._cross_fit(SCHEME, data)
    expert, fitted = np.zeros((2, data.points.size))
    for part in range(5):
        held = unseen.part == part
        others = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(
            unseen.log_odds[~held, None], data.defaulted[~held]
        )
        slope = min(float(others.coef_[0, 0]), 1.0)
        fitted[held] = expit(float(others.intercept_[0]) + slope * unseen.log_odds[held])
        line = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(
            data.points[~held, None] / 100, data.defaulted[~held]
        )
        expert[held] = line.predict_proba(data.points[held, None] / 100)[:, 1]
    return expert, fitted


def test_the_learned_card_is_kept_where_the_expert_card_looks_elsewhere():
    assert CHOSEN.comparison.chosen == "fitted"
    assert CHOSEN.learned is not None


def test_the_expert_card_stays_where_the_learned_one_is_no_better():
    found = choose_card(SCHEME, loans(1500, seed=8, base=-2.8))
    assert found.comparison.chosen == "expert"
    assert (found.learned, found.points) == (None, None)


def test_both_cards_are_judged_on_the_same_unseen_loans():
    for scores, prob in zip(
        (CHOSEN.comparison.expert, CHOSEN.comparison.fitted), held_out(OFF), strict=True
    ):
        assert scores.log_loss == pytest.approx(log_loss(OFF.defaulted, prob), rel=1e-4)
        assert scores.brier == pytest.approx(brier_score_loss(OFF.defaulted, prob), rel=1e-4)
        assert scores.auc == pytest.approx(roc_auc_score(OFF.defaulted, prob), rel=1e-4)


def test_the_gain_is_the_difference_of_the_mean_losses():
    compared = CHOSEN.comparison
    assert compared.gain == pytest.approx(compared.expert.log_loss - compared.fitted.log_loss)


def test_the_standard_error_is_that_of_a_bootstrap_over_villages():
    expert, fitted = held_out(OFF)
    loss = [-np.log(np.where(OFF.defaulted, p, 1 - p)) for p in (expert, fitted)]
    gain = loss[0] - loss[1]
    _, place = np.unique(OFF.village, return_inverse=True)
    sums, sizes = np.bincount(place, gain), np.bincount(place)
    random = np.random.default_rng(0)
    drawn = random.integers(0, sums.size, (4000, sums.size))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    assert CHOSEN.comparison.gain_se == pytest.approx(means.std(), rel=0.1)


@pytest.fixture
def learned_from(monkeypatch):
    seen = []

    def watched(scheme, data):
        seen.append(data)
        return learn(scheme, data)

    learn = choice.fit_scorecard
    monkeypatch.setattr(choice, "fit_scorecard", watched)
    return seen


def test_loans_of_one_village_are_never_on_both_sides(learned_from):
    choose_card(SCHEME, OFF)
    *folds, whole = learned_from
    assert whole.points.size == OFF.points.size
    assert len(folds) == 5
    for fold in folds:
        held = OFF.points.size - fold.points.size
        left = np.isin(OFF.village, fold.village, invert=True)
        assert int(left.sum()) == held


def test_by_time_the_latest_third_is_held_out(learned_from):
    found = choose_card(SCHEME, OFF, holdout="time")
    early = learned_from[-1]
    late = OFF.granted_on > early.granted_on.max()
    assert late.mean() == pytest.approx(1 / 3, abs=0.02)
    assert early.points.size == int((~late).sum())
    assert found.comparison.n_loans == int(late.sum())


def test_by_time_nothing_is_held_out_where_all_were_granted_on_one_day():
    one_day = dataclasses.replace(OFF, granted_on=np.zeros_like(OFF.granted_on))
    assert choose_card(SCHEME, one_day, holdout="time").refused.code == "card_late_few"
    with pytest.raises(EvidenceError, match="latest third"):
        choose_card(SCHEME, one_day, card="fitted", holdout="time")


def test_points_for_calibration_are_on_the_scale_of_the_learned_card():
    # Whatever the scales of the parts would be: mean and slope are those of the card of the model.
    own = score_card(CHOSEN.learned.card, OFF.card_values).total
    assert CHOSEN.points.shape == own.shape
    assert abs(CHOSEN.points.mean() - own.mean()) < 10
    assert np.corrcoef(CHOSEN.points, own)[0, 1] > 0.95


@pytest.mark.parametrize("seed", range(4))
def test_default_by_points_of_unseen_loans_is_calibrated_on_the_line_of_the_card(seed):
    data = loans(3000, seed=seed, panel=0.3, years=0.8, bills=1.0, events=0.2)
    found = choose_card(SCHEME, data, card="fitted")
    log_odds = (found.learned.offset - found.points) / found.learned.per_log_odds
    line = LogisticRegression(C=np.inf, tol=1e-10).fit(log_odds[:, None], data.defaulted)
    assert expit(log_odds).mean() == pytest.approx(data.defaulted.mean(), rel=0.05)
    assert 0.9 < line.coef_[0, 0] < 1.35


def test_a_learned_card_can_be_asked_for_whatever_the_comparison_says():
    found = choose_card(SCHEME, loans(1500, seed=8, base=-2.8), card="fitted")
    assert found.comparison.gain <= found.comparison.gain_se
    assert found.comparison.chosen == "fitted"


def with_defaults(count: int, villages: int = 40):
    data = loans(2000, villages=villages)
    order = np.argsort(np.argsort(data.points + 0.001 * np.arange(2000)))
    return dataclasses.replace(data, defaulted=order < count)


def test_fewer_than_fifty_defaults_keep_the_expert_card_and_say_why():
    found = choose_card(SCHEME, with_defaults(LEAST_TO_LEARN - 1))
    assert (found.learned, found.comparison) == (None, None)
    assert found.refused.code == "card_few_defaults"


@pytest.mark.parametrize(
    "data", [with_defaults(LEAST_TO_LEARN - 1), with_defaults(300, villages=3)]
)
def test_a_card_that_was_asked_for_is_refused_without_enough_defaults(data):
    with pytest.raises(EvidenceError, match=r"at least 50 defaults.*5 villages"):
        choose_card(SCHEME, data, card="fitted")


def test_nothing_is_learned_where_the_expert_card_is_asked_for(learned_from):
    assert choose_card(SCHEME, OFF, card="expert").learned is None
    assert learned_from == []


@pytest.mark.parametrize("option", [{"card": "best"}, {"holdout": "household"}])
def test_another_choice_is_refused(option):
    with pytest.raises(DomainError, match=r"is not possible; give one of"):
        choose_card(SCHEME, OFF, **option)
