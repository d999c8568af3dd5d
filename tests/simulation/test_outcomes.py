"""What adjusted measures are worth for foretelling default, beside the means of the ratings.

Outcomes are the true default probabilities of the simulator, never drawn defaults: the expected
area under the curve and the expected log-loss over all draws.  Both measures go the same way: the
three pillars of one profile, a logistic regression on one half of the households, judged on the
other half, and the halves the other way round.  The forms behind both are the same.
"""

from __future__ import annotations

import dataclasses
import functools
import logging
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

from sanzhixin.modelling import PanelLinkWarning, ProfileBuilder
from sanzhixin.modelling.panel.county import fit_county_panel
from sanzhixin.numerics.logistic import fit_logistic
from sanzhixin.scheme import load_scheme, scheme_from_dict
from sanzhixin.simulate import SimulationSettings, simulate_county
from tests.simulation.reference_pd import PILLARS, reference_pd

pytestmark = pytest.mark.slow

PLAIN = load_scheme("tongxiang")
LOG = logging.getLogger(__name__)  # figures: pytest -m slow --log-cli-level=INFO
ADJUSTED = scheme_from_dict(
    PLAIN.model_dump() | {"aggregator": "severity_adjusted", "equating": "none"}
)
N_COUNTIES = 50
N_LARGE = 20
TRAINING, FRESH = 400, 200  # households of each of the 100 villages of a large county


def expected_auc(risk, prob_default):
    """Chance that a defaulter's risk is above another's, ties half, over all draws of outcomes.

    Pairs i, j are weighted by p_i (1 - p_j); a household is never compared with itself.
    """
    _, place = np.unique(risk, return_inverse=True)
    good, bad = np.bincount(place, 1 - prob_default), np.bincount(place, prob_default)
    below = np.cumsum(good) - good
    itself = (prob_default * (1 - prob_default)).sum()
    return (bad @ (below + good / 2) - itself / 2) / (bad.sum() * good.sum() - itself)


def expected_log_loss(found, prob_default):
    return -np.mean(prob_default * np.log(found) + (1 - prob_default) * np.log1p(-found))


def foretold(measures, prob_default, half):
    """PD of every household by a regression on the expected outcomes of the other half."""
    found = np.empty(half.size)
    for own in (half, ~half):
        p = prob_default[own]
        outcome = np.repeat([1.0, 0.0], p.size)
        weights = np.concatenate([p, 1 - p])
        fit = fit_logistic(np.tile(measures[own], (2, 1)), outcome, weights)
        found[~own] = predicted(fit, measures[~own])
    return found


def predicted(fit, measures):
    return expit(fit.coef[0] + measures @ fit.coef[1:])


def figures(measures, prob_default, half):
    """Expected area (mean of the halves) and expected log-loss."""
    found = foretold(measures, prob_default, half)
    areas = [expected_auc(found[own], prob_default[own]) for own in (half, ~half)]
    return np.mean(areas), expected_log_loss(found, prob_default)


def profiled(county):
    """Profiles by adjusted measures and by means, of the households that both can score."""
    with warnings.catch_warnings(action="ignore", category=PanelLinkWarning):
        adjusted = ProfileBuilder(ADJUSTED).fit(county).transform(county)
    plain = ProfileBuilder(PLAIN).fit(county).transform(county)
    enough = adjusted["evidence"] & plain["evidence"]
    return adjusted[enough], plain[enough]


def columns(profile, name):
    return profile[[f"{pillar}_{name}" for pillar in PILLARS]].to_numpy(dtype=float)


def less_village(measures, village):
    return (
        measures - pd.DataFrame(measures).groupby(village.to_numpy()).transform("mean").to_numpy()
    )


def gains(seed, raters, each):
    """Gain of adjusted measures over means, absolute and within villages: area and log-loss."""
    settings = SimulationSettings(raters_per_village=raters, raters_per_household=each)
    county = simulate_county(20, 40, seed=seed, settings=settings)
    adjusted, plain = profiled(county)
    truth = county.truth.households.set_index("household_id")
    p = truth["pd_true"].reindex(adjusted["household_id"]).to_numpy()
    half = np.random.default_rng(seed).random(p.size) < 0.5
    means = columns(plain, "score")
    pairs = (
        (columns(adjusted, "logit"), means),
        (columns(adjusted, "within_logit"), less_village(means, plain["village_id"])),
    )
    found = [[figures(each, p, half) for each in pair] for pair in pairs]
    return [(own[0] - mean[0], mean[1] - own[1]) for own, mean in found]


@functools.cache
def all_gains(raters, crossed):
    """Mean and 95 % interval over counties; shape (3, 2 forms, 2 figures)."""
    found = np.array(
        [gains(100 + s, raters, raters if crossed else 5 + s % 3) for s in range(N_COUNTIES)]
    )
    mean = found.mean(axis=0)
    error = stats.sem(found) * stats.t.ppf(0.975, N_COUNTIES - 1)
    return np.stack([mean, mean - error, mean + error])


FORMS, FIGURES = ("absolute", "within"), ("area", "log-loss")


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("form", FORMS)
def test_with_panels_of_twelve_adjusted_measures_foretell_default_better(form, figure):
    found = all_gains(12, crossed=False)[:, FORMS.index(form), FIGURES.index(figure)]
    LOG.info("gain in %s, %s: %.5f (%.5f to %.5f)", figure, form, *found)
    assert found[1] > 0


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("form", FORMS)
def test_where_every_rater_rates_every_household_adjusted_measures_do_no_harm(form, figure):
    found = all_gains(7, crossed=True)[:, FORMS.index(form), FIGURES.index(figure)]
    LOG.info("gain in %s, %s: %.5f (%.5f to %.5f)", figure, form, *found)
    assert found[2] > 0


def shuffled_names(county, seed):
    """Give the county with the names of the raters shuffled among the forms of each household."""
    ratings, keys = county.ratings, ["household_id", "round"]
    own = ratings.sort_values(keys, kind="stable").index
    mixed = ratings.sample(frac=1, random_state=seed).sort_values(keys, kind="stable")
    names = pd.Series(mixed["rater_id"].to_numpy(), index=own)
    return dataclasses.replace(county, ratings=ratings.assign(rater_id=names))


def worth_of_names(seed):
    """Gain of adjusted measures over those that do not know who gave which form."""
    settings = SimulationSettings(raters_per_village=12, raters_per_household=6)
    county = simulate_county(20, 40, seed=seed, settings=settings)
    truth = county.truth.households.set_index("household_id")["pd_true"]
    half = np.random.default_rng(seed).random(len(truth)) < 0.5
    own, blind = (
        figures(
            columns(profile, "logit"),
            truth.reindex(profile["household_id"]).to_numpy(),
            half[: len(profile)],
        )
        for profile in (profiled(one)[0] for one in (county, shuffled_names(county, seed)))
    )
    return own[0] - blind[0], blind[1] - own[1]


def test_the_gain_rests_on_knowing_who_gave_which_form():
    found = np.array([worth_of_names(300 + seed) for seed in range(N_LARGE)])
    error = stats.sem(found) * stats.t.ppf(0.975, N_LARGE - 1)
    LOG.info("worth of names: area %.5f, log-loss %.5f", *found.mean(axis=0))
    assert (found.mean(axis=0) - error > 0).all()


def take_households(county, kept):
    """Give the county of some households, with all its raters."""
    ids = county.households.loc[kept, "household_id"]
    tables = {
        name: table[table["household_id"].isin(ids)]
        for name, table in county.tables().items()
        if "household_id" in table
    }
    return dataclasses.replace(county, **tables)


def large_county(seed, training, fresh):
    """Simulate 100 villages; some households of each are for training, the others fresh."""
    settings = SimulationSettings(
        raters_per_village=12, raters_per_household=6, take_up_share=1.0, base_default_rate=0.05
    )
    county = simulate_county(100, training + fresh, seed=seed, settings=settings)
    number = county.households["household_id"].str[-4:].astype(int)
    return take_households(county, number <= training), take_households(county, number > training)


def learned(training, name, scheme, panel=None):
    """Profile builder and regression of drawn defaults on the three pillars."""
    builder = ProfileBuilder(scheme, panel).fit(training)
    profile = builder.transform(training)
    loans = training.loans[["household_id", "defaulted"]]
    loans = loans.merge(profile[profile["evidence"]], on="household_id")
    defaulted = loans["defaulted"].to_numpy(dtype=float)
    return builder, fit_logistic(columns(loans, name), defaulted), int(defaulted.sum())


def discrimination(seed, training=TRAINING, fresh=FRESH):
    """Of one large county: areas of model, means and reference, and the reference beside truth.

    The model is the regression on three adjusted measures, severities and link learned from the
    training households.  The slope of true on reference PD is 1 when the reference is right.
    """
    known, others = large_county(seed, training, fresh)
    with warnings.catch_warnings(action="ignore", category=PanelLinkWarning):
        outcomes = known.loans[["household_id", "defaulted"]]
        panel = fit_county_panel(known, ADJUSTED, known.as_of, outcomes=outcomes)
    builder, fit, n_defaults = learned(known, "logit", ADJUSTED, panel)
    plain, plain_fit, _ = learned(known, "score", PLAIN)
    own, mean = builder.transform(others), plain.transform(others)
    own, mean = own[own["evidence"]], mean[own["evidence"]]
    ids = pd.Index(own["household_id"])
    reference = reference_pd(others, ids, nodes=(4, 4))
    p = others.truth.households.set_index("household_id")["pd_true"].reindex(ids).to_numpy()
    risks = (
        predicted(fit, columns(own, "logit")), predicted(plain_fit, columns(mean, "score")),
        reference,
    )  # fmt: skip
    areas = [expected_auc(risk, p) for risk in risks]
    line = stats.linregress(reference, p)
    return n_defaults, *areas, line.slope, p.mean() / reference.mean()


@functools.cache
def large_counties():
    return np.array([discrimination(500 + seed) for seed in range(N_LARGE)])


def told(ratios):
    return np.sort(ratios).round(4).tolist(), np.median(ratios)


def test_three_adjusted_measures_discriminate_nearly_as_well_as_the_true_parameters():
    # 20,000 fresh households a county.  With 200,000, the size of the budget, six of these counties
    # gave ratios of 0.9927 to 0.9946; it takes minutes for each.
    n_defaults, own, means, reference, *_ = large_counties().T
    LOG.info("ratios to the reference %s, median %.4f", *told(own / reference))
    LOG.info("of means %s, median %.4f", *told(means / reference))
    assert n_defaults.min() >= 1_000
    assert np.median(own / reference) >= 0.98


def test_the_reference_foretells_the_true_default_probability_without_bias():
    # E(pd | forms) is the reference, so true PD rises with it by slope 1 and has its mean.
    *_, slope, level = large_counties().T
    for found in (slope, level):
        assert abs(found.mean() - 1) < 4 * stats.sem(found)
        assert found.mean() == pytest.approx(1, abs=0.01)


def test_nothing_beats_the_reference_and_means_are_further_from_it():
    _, own, means, reference, *_ = large_counties().T
    assert (reference > own).all()
    assert (own > means).all()


def test_the_expected_area_is_the_weighted_share_of_pairs():
    # Witness: all pairs, one by one.
    random = np.random.default_rng(5)
    risk, p = random.integers(0, 12, 60).astype(float), random.random(60)
    pairs = p[:, None] * (1 - p)
    np.fill_diagonal(pairs, 0)
    won = (risk[:, None] > risk) + (risk[:, None] == risk) / 2
    assert expected_auc(risk, p) == pytest.approx((pairs * won).sum() / pairs.sum(), abs=1e-12)
