"""Against the honest cheap baseline: a linear mixed model on the means of the forms."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.mixed_model import fit_mixed_model
from sanzhixin.numerics.pillar_fit import fit_pillar
from sanzhixin.numerics.pillar_measures import fitted_measures
from tests.simulation.bound import information_bound
from tests.unit.numerics.panel_cases import draw_panel

pytestmark = pytest.mark.slow

N_SEEDS = 20


def shifted(seed, shift):
    random = np.random.default_rng(seed)
    thresholds = np.linspace(-2, 2, 4) + 0.8 * random.standard_normal((12, 1))
    return thresholds - thresholds.mean() + shift


def both(seed, shift):
    """Squared error and coverage of the engine and of the mixed model, and the bound."""
    panel = draw_panel(seed=seed, thresholds=shifted(seed, shift))
    forms, truth = panel.forms, panel.within
    found = fitted_measures(fit_pillar(forms, merit_share=0.5))
    mixed = fit_mixed_model(
        forms.ratings.mean(axis=1), forms.household, forms.rater, forms.village, forms.home
    )
    # the mixed model's unit is a rating: brought to logits by the best straight line, its favour
    scale = (mixed.within @ truth) / (mixed.within @ mixed.within)
    pairs = (
        (found.within, found.within_variance),
        (scale * mixed.within, scale**2 * mixed.variance),
    )
    figures = [
        (np.mean((own - truth) ** 2), np.mean(np.abs(own - truth) < 1.96 * np.sqrt(variance)))
        for own, variance in pairs
    ]
    return [*figures, (information_bound(panel, halo=0.5) ** 2, np.nan)]


# With thresholds about the middle of the households (mean rating 3.0) the mean of a form is nearly
# straight in the logit, and the engine, at the bound, is 4 % better; no engine could be 5 %.  Real
# forms lie above the middle (3.6 and 3.8 here), where the straight line loses more.
@pytest.mark.parametrize(("shift", "at_most"), [(0.0, 0.97), (-1.0, 0.95), (-1.5, 0.95)])
def test_the_error_is_lower_and_the_coverage_no_worse(shift, at_most):
    figures = np.mean([both(5000 + seed, shift) for seed in range(N_SEEDS)], axis=0)
    (engine, engine_covered), (mixed, mixed_covered), (bound, _) = figures
    assert np.sqrt(engine / mixed) <= at_most
    assert np.sqrt(engine / bound) <= 1.03
    # 20,000 intervals each: standard error 0.0015
    assert abs(engine_covered - 0.95) <= abs(mixed_covered - 0.95) + 0.005
