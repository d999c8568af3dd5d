"""Expert card against learned card on loans that neither has seen.

Witnesses: scikit-learn's log-loss, Brier score and area under the curve of the held-out
probabilities; the standard error by a bootstrap over villages; villages and days looked up.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.modelling import card_choice
from sanzhixin.modelling.card_choice import LEAST_TO_LEARN, choose_card
from tests.unit.modelling.county_loans import SCHEME, loans

OFF = loans(3000, panel=0.0, years=1.2, bills=1.5)  # what the expert card hardly looks at
CHOSEN = choose_card(SCHEME, OFF)


def held_out(data, holdout="village"):
    return card_choice._cross_fit(SCHEME, data, card_choice._parts(data, holdout))


def test_the_learned_card_is_kept_where_the_expert_card_looks_elsewhere():
    assert CHOSEN.comparison.chosen == "fitted"
    assert CHOSEN.learned is not None


def test_the_expert_card_stays_where_the_learned_one_is_no_better():
    found = choose_card(SCHEME, loans(1500, seed=8, base=-2.8))
    assert found.comparison.chosen == "expert"
    assert (found.learned, found.points) == (None, None)


def test_both_cards_are_judged_on_the_same_unseen_loans():
    unseen = held_out(OFF)
    for scores, prob in (
        (CHOSEN.comparison.expert, unseen.expert),
        (CHOSEN.comparison.fitted, unseen.fitted),
    ):
        assert unseen.tested.all()
        assert scores.log_loss == pytest.approx(log_loss(OFF.defaulted, prob), rel=1e-12)
        assert scores.brier == pytest.approx(brier_score_loss(OFF.defaulted, prob), rel=1e-12)
        assert scores.auc == pytest.approx(roc_auc_score(OFF.defaulted, prob), rel=1e-12)


def test_the_gain_is_the_difference_of_the_mean_losses():
    compared = CHOSEN.comparison
    assert compared.gain == pytest.approx(compared.expert.log_loss - compared.fitted.log_loss)


def test_the_standard_error_is_that_of_a_bootstrap_over_villages():
    unseen = held_out(OFF)
    loss = [-np.log(np.where(OFF.defaulted, p, 1 - p)) for p in (unseen.expert, unseen.fitted)]
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

    learn = card_choice.learn_county_card
    monkeypatch.setattr(card_choice, "learn_county_card", watched)
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
    known, _ = learned_from
    assert known.granted_on.max() < OFF.granted_on[found.tested].min()
    assert found.tested.mean() == pytest.approx(1 / 3, abs=0.02)
    assert found.comparison.n_loans == int(found.tested.sum())


def test_points_for_calibration_come_from_cards_that_did_not_see_the_loan():
    unseen = held_out(OFF)
    assert np.array_equal(CHOSEN.points, unseen.points)
    own = choose_card(SCHEME, OFF, card="fitted").learned.card
    from sanzhixin.scoring.card import score_card

    assert not np.array_equal(score_card(own, OFF.card_values).total, CHOSEN.points)


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
