"""Absolute measures of disconnected villages: their link is named, and their intervals are true."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from sanzhixin.modelling import PanelLinkWarning, PanelModel
from sanzhixin.numerics.pillar_fit import fit_pillar
from sanzhixin.numerics.pillar_measures import fitted_measures
from tests.unit.numerics.panel_cases import draw_panel

pytestmark = pytest.mark.slow

N_SEEDS = 10
SPREAD = 0.6  # of merit and leniency together


def drawn(seed, share):
    merit, leniency = SPREAD * share**0.5, SPREAD * (1 - share) ** 0.5
    return draw_panel(villages=60, village=merit, leniency=leniency, seed=seed)


def covered(panel, share):
    found = fitted_measures(fit_pillar(panel.forms, merit_share=share))
    error = found.logit - panel.theta
    inside = np.abs(error) < 1.96 * np.sqrt(found.variance)
    return inside.mean(), np.sqrt(np.mean(error**2))


# Villages are few beside households, and all households of one share its error: 600 villages.
@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_at_the_true_merit_share_absolute_intervals_cover(share):
    figures = [covered(drawn(8000 + seed, share), share) for seed in range(N_SEEDS)]
    assert 0.93 <= np.mean(figures, axis=0)[0] <= 0.96


def test_a_wrong_share_costs_coverage_and_its_uncertainty_brings_it_back():
    panels = [drawn(8100 + seed, 0.25) for seed in range(N_SEEDS)]
    wrong = np.mean([covered(panel, 0.9)[0] for panel in panels])
    assert wrong < 0.93
    inside = []
    for panel in panels[:4]:
        table, homes = as_tables(panel)
        with warnings.catch_warnings(action="ignore", category=PanelLinkWarning):
            model = PanelModel({"p": tuple(table.columns[2:])}, merit_share=0.5)
            measures = model.fit(table, homes).measures_
        order = measures["household_id"].str[1:].astype(int)
        error = measures["logit"].to_numpy() - panel.theta[order]
        inside.append(np.mean(np.abs(error) < 1.96 * measures["se"]))
    assert np.mean(inside) >= 0.93


def as_tables(panel):
    forms = panel.forms
    table = pd.DataFrame({"household_id": [f"H{k}" for k in forms.household.tolist()],
                          "rater_id": [f"R{k}" for k in forms.rater.tolist()]})  # fmt: skip
    for item, column in enumerate(forms.ratings.T):
        table[f"I{item}"] = pd.array(np.where(column > 0, column, 0), dtype="Int64")
    villages = [f"V{k}" for k in forms.village.tolist()]
    homes = pd.DataFrame({"household_id": [f"H{k}" for k in range(len(villages))],
                          "village_id": villages})  # fmt: skip
    return table, homes


@pytest.mark.parametrize("linking", ["auto", "prior"])
def test_villages_that_nothing_ties_never_get_an_absolute_measure_in_silence(linking):
    table, homes = as_tables(drawn(8200, 0.5))
    with pytest.warns(PanelLinkWarning, match="stated prior"):
        model = PanelModel({"p": tuple(table.columns[2:])}, linking).fit(table, homes)
    assert model.link_ == "prior"
    assert model.connectivity_["component"].nunique() == 60
    assert (model.measures_["se"] > model.measures_["within_se"]).all()
