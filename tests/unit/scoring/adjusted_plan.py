"""A plan with fitted severities: two villages, one central and one random rater in the first."""

from __future__ import annotations

import warnings
from functools import lru_cache

import numpy as np
import pandas as pd

from sanzhixin.modelling import PanelModel
from sanzhixin.modelling.panel.file import panel_tables
from tests.unit.numerics.panel_cases import draw_ratings
from tests.unit.scoring.factories import ITEMS, SCHEME, plan_of, scheme_with

N_RATERS, N_HOUSEHOLDS, EACH = 8, 60, 6
CENTRAL, RANDOM = 2, 3
SEVERITY = np.array([1.2, -1.0, 0.0, 0.0, 0.4, -0.4, 0.8, -0.8])


@lru_cache
def adjusted_scheme(**changes):
    return scheme_with(aggregator="severity_adjusted", equating="none", **changes)


@lru_cache
def drawn_ratings(seed=5):
    """Forms of raters R001 to R008 of village V01 and R101 to R108 of V02, with households."""
    random = np.random.default_rng(seed)
    columns = {code: [] for code in SCHEME.panel_codes}
    keys = {"household_id": [], "rater_id": []}
    for village in (0, 1):
        merit = random.normal(0.5, 1.0, N_HOUSEHOLDS) + 0.4 * village
        for home in range(N_HOUSEHOLDS):
            crew = np.sort(random.permutation(N_RATERS)[:EACH])
            keys["household_id"] += [f"H{village}{home:03}"] * EACH
            keys["rater_id"] += [f"R{village}{j + 1:02}" for j in crew]
            logit = merit[home] - SEVERITY[crew] + random.normal(0, 0.5, EACH)
            first = 0
            for count in ITEMS.values():
                steps = np.linspace(-2, 2, 4) + np.linspace(-0.5, 0.5, count)[:, None]
                drawn = draw_ratings(logit, steps, random)
                central = draw_ratings(logit, 2.5 * steps, random)
                odd = random.integers(1, 6, drawn.shape)
                drawn[crew == CENTRAL] = central[crew == CENTRAL]
                if village == 0:
                    drawn[crew == RANDOM] = odd[crew == RANDOM]
                codes = SCHEME.panel_codes[first : first + count]
                first += count
                for code, column in zip(codes, drawn.T.tolist(), strict=True):
                    columns[code] += column
    ratings = pd.DataFrame(keys | columns)
    homes = pd.DataFrame({"household_id": ratings["household_id"].unique()})
    homes["village_id"] = "V0" + (homes["household_id"].str[1].astype(int) + 1).astype(str)
    return ratings, homes


@lru_cache
def fitted_model():
    ratings, homes = drawn_ratings()
    with warnings.catch_warnings(action="ignore"):
        return PanelModel(linking="prior").fit(ratings, homes)


@lru_cache
def adjusted_tables():
    return panel_tables(fitted_model())


@lru_cache
def adjusted_plan(**changes):
    return plan_of(adjusted_scheme(**changes), panel=adjusted_tables())
