"""Tables of loans drawn from stated default probabilities, in the shape of loan_table."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit, logit

CUTS, TIERS = [600, 700, 800], np.array(["B", "BBB", "A", "AAA"])
VINTAGES = np.array(["2024Q1", "2024Q2", "2024Q3", "2024Q4"])


def drawn_loans(size=2000, *, rate=0.03, seed=0, shift=0.0, stretch=1.0):
    """Loans whose log-odds of default are `shift` and `stretch` times what their points state."""
    random = np.random.default_rng(seed)
    points = random.integers(500, 901, size)
    log_odds = logit(rate) - (points - 700) / 80
    prob = expit(log_odds)
    failed = random.random(size) < expit(shift + stretch * log_odds)
    return pd.DataFrame(
        {
            "loan_id": [f"L{k:06}" for k in range(size)],
            "village_id": np.char.add("V", random.integers(10, 16, size).astype(str)),
            "vintage": VINTAGES[random.integers(0, 4, size)],
            "points": points,
            "score": points / 10,
            "tier": TIERS[np.searchsorted(CUTS, points, side="right")],
            "prob_default": prob,
            "defaulted": failed,
            "fs_score": points / 10 + 5 * random.normal(size=size),
            "nr_score": 50 + 10 * random.normal(size=size),
            "event_points": random.integers(0, 50, size).astype(float),
        }
    )
