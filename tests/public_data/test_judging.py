"""Taiwan credit cards judged as a model's loans are: half to fit, half to judge.

Witnesses: scikit-learn (area, Brier), scipy (KS, binomial tail), pandas (rates of groups), and
sums by hand.  The file stands outside the project (``../shared/data``, doi 10.24432/C55S3H);
without it these tests are skipped.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score

from sanzhixin.validation import (
    compute_calibration,
    compute_discrimination,
    compute_fairness,
    compute_psi,
    freeze_breaks,
)

FILE = Path(__file__).parents[2].parent / "shared" / "data" / "taiwan.csv"
PAID = [f"PAY_{k}" for k in (0, 2, 3, 4, 5, 6)]


@pytest.fixture(scope="module")
def loans():
    if not FILE.exists():
        pytest.skip("no taiwan.csv in ../shared/data")
    frame = pd.read_csv(FILE).drop_duplicates("ID")
    failed = frame["default.payment.next.month"].to_numpy() == 1
    late = frame[PAID].clip(lower=0)
    fit = np.arange(len(frame)) % 2 == 0
    prob = LogisticRegression(max_iter=1000).fit(late[fit], failed[fit]).predict_proba(late)[:, 1]
    points = np.rint(600 - 40 * np.log2(prob / (1 - prob)))
    found = pd.DataFrame(
        {
            "household_id": frame["ID"].astype(str),
            "village_id": (frame["ID"] % 40).astype(str),
            "vintage": np.where(fit, "fitted", "held out"),
            "points": points,
            "tier": np.where(prob < 0.2, "A", "B"),
            "prob_default": prob,
            "defaulted": failed,
            "sex": np.where(frame["SEX"] == 2, "female", "male"),
        }
    )
    return found[~fit].reset_index(drop=True), found[fit].reset_index(drop=True)


def test_the_area_is_that_of_scikit_learn_and_ks_that_of_scipy(loans):
    held, _ = loans
    table = compute_discrimination(held).table.set_index("statistic")["value"]
    failed, points = held["defaulted"], held["points"]
    area = roc_auc_score(failed, -points)
    assert table["auc"] == pytest.approx(area, abs=1e-12)
    assert table["gini"] == pytest.approx(2 * area - 1, abs=1e-12)
    apart = stats.ks_2samp(points[failed], points[~failed]).statistic
    assert table["ks"] == pytest.approx(apart, abs=1e-12)
    assert 0.70 < area < 0.80  # the order that others report for this set


def test_tiers_are_judged_by_the_binomial_tail_and_the_whole_by_brier(loans):
    held, _ = loans
    table = compute_calibration(held).table
    rates = table[table["statistic"] == "default_rate"].set_index("tier")
    for tier, own in held.groupby("tier"):
        row = rates.loc[tier]
        assert row["value"] == pytest.approx(own["defaulted"].mean(), abs=1e-12)
        assert row["n"] == len(own)
    brier = table.loc[table["statistic"] == "brier", "value"].iloc[0]
    expected = brier_score_loss(held["defaulted"], held["prob_default"])
    assert brier == pytest.approx(expected, abs=1e-12)


def test_the_index_between_the_halves_is_that_of_a_sum_by_hand(loans):
    held, fitted = loans
    breaks = freeze_breaks(fitted["points"], 10)
    table = compute_psi(fitted["points"], held["points"], breaks=breaks).table.iloc[0]
    cells = [np.bincount(np.searchsorted(breaks, one["points"], "right")) for one in loans]
    share = [one / one.sum() for one in cells]
    by_hand = float(np.sum((share[0] - share[1]) * np.log(share[0] / share[1])))
    assert table["value"] == pytest.approx(by_hand, rel=1e-6)
    reach = 1 / len(held) + 1 / len(fitted)  # the law that its docstring names: chi-square
    p_value = stats.chi2.sf(by_hand / reach, breaks.size)
    assert table["p_value"] == pytest.approx(p_value, rel=1e-6)
    assert table["convention"] == "<0.10"
    moved = compute_psi(fitted["points"], held["points"] - 40, breaks=breaks).table.iloc[0]
    assert moved["verdict"] == "fail"


def test_rates_of_groups_are_those_of_pandas(loans):
    held, _ = loans
    proposals = held.assign(status="propose", limit_yuan=np.where(held["tier"] == "A", 50_000, 0))
    groups = held[["household_id", "sex"]]
    table = compute_fairness(proposals, groups, draws=200).table
    rates = table[(table["statistic"] == "limit_rate") | (table["statistic"] == "selection_rate")]
    expected = (held["tier"] == "A").groupby(held["sex"]).mean()
    for sex, rate in expected.items():
        own = rates[rates["group"] == sex]
        assert own["value"].iloc[0] == pytest.approx(rate, abs=1e-12)
