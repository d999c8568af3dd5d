"""Loans made by hand: what a card may use, expert points, and defaults that follow from both."""

from __future__ import annotations

import datetime as dt

import numpy as np

from sanzhixin.modelling.county.loans import Outcomes
from sanzhixin.records.cases import MISSING
from sanzhixin.scheme import load_scheme
from sanzhixin.scoring.card import score_card
from sanzhixin.scoring.expert import expert_card
from sanzhixin.scoring.panel_rules import MICRO

SCHEME = load_scheme("tongxiang")
EXPERT = expert_card(SCHEME)
DAY = dt.date(2025, 1, 1)


def loans(
    size: int = 4000,
    *,
    seed: int = 0,
    panel: float = 1.0,
    years: float = 0.0,
    bills: float = 0.0,
    events: float = 0.4,
    base: float = -2.5,
    villages: int = 40,
) -> Outcomes:
    """Draw loans; the slopes say how much a standard deviation moves the log-odds of default."""
    random = np.random.default_rng(seed)
    standing = random.normal(size=size)
    scores = {
        f"{code}_score": np.clip(70 + 8 * standing + 6 * random.normal(size=size), 0, 100)
        for code in ("fs", "ml", "nr")
    }
    customer = np.clip(random.gamma(3, 2, size), 0, 30)
    late = random.choice([0, 1, 2], size, p=[0.7, 0.2, 0.1])
    values = {name: (score * MICRO).astype(np.int64) for name, score in scores.items()}
    values["event_points"] = random.choice([240, 250, 260, 280], size).astype(np.int64) * MICRO
    values["customer_years"] = (customer * MICRO).astype(np.int64)
    values["utility_payment"] = late.astype(np.int64)
    values["household_income"] = np.where(
        random.random(size) < 0.4, MISSING, (random.gamma(4, 2e4, size) * MICRO).astype(np.int64)
    )
    log_odds = base - panel * standing - years * (customer - 6) / 3.5 + bills * (late > 0)
    log_odds -= events * (values["event_points"] / MICRO - 257.5) / 15
    return Outcomes(
        points=score_card(EXPERT, values).total,
        defaulted=random.random(size) < 1 / (1 + np.exp(-log_odds)),
        card_values=values,
        village=np.array([f"V{k:03}" for k in random.integers(0, villages, size)]),
        loan_id=np.array([f"L{k:05}" for k in range(size)]),
        household_id=np.array([f"H{k:05}" for k in range(size)]),
        granted_on=DAY.toordinal() + random.integers(0, 300, size),
        data_from=DAY,
        data_until=DAY,
        n_young=0,
        n_lost=0,
        n_gated=0,
        n_unscored=0,
    )
