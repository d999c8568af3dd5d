"""What generated a simulated county: known here, and only here."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sanzhixin.simulate.settings import SimulationSettings

__all__ = ["Truth"]


@dataclass(frozen=True, slots=True)
class Truth:
    """Generating values of a simulated county, as tidy tables.

    Attributes
    ----------
    households : DataFrame
        One row per household: household_id, village_id, theta_fs, theta_ml, theta_nr (trait scale,
        village merit included), theta_all (merit plus the pillars weighted as in the scheme and
        scaled to sd 1 within the village), approved, shock, pd_true (12-month default probability
        given theta_all and shock, for everyone, approved or not).
    raters : DataFrame
        rater_id, village_id, severity (trait scale, the village's severity included),
        severity_within (without it), kind (normal, careless, central), copies (rater_id whose
        forms are handed in, or missing).
    villages : DataFrame
        village_id, merit, severity (trait scale).
    items : DataFrame
        indicator, pillar, step (1-4), threshold (logit scale).
    kin : DataFrame
        household_id, rater_id, declared: one row per related pair.
    vignettes : DataFrame
        vignette_id, theta_fs, theta_ml, theta_nr.
    default_intercept : float
        Intercept of the default logit, as calibrated or as set.
    seed : int
        Seed of the county.
    settings : SimulationSettings
        All settings.
    """

    households: pd.DataFrame
    raters: pd.DataFrame
    villages: pd.DataFrame
    items: pd.DataFrame
    kin: pd.DataFrame
    vignettes: pd.DataFrame
    default_intercept: float
    seed: int
    settings: SimulationSettings
