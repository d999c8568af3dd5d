"""Witnesses: hand-worked counts, scipy.stats.fisher_exact, scipy's beta quantiles."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta, binom, fisher_exact

from sanzhixin.errors import DomainError
from sanzhixin.validation.decisions.strategy import compute_strategy, compute_tiers


@pytest.fixture
def proposals():
    return pd.DataFrame(
        {
            "points": pd.array([600, 700, 800, 900, None], dtype="Int64"),
            "status": ["propose", "review", "propose", "gated", "insufficient_evidence"],
            "limit_yuan": pd.array([10_000, 20_000, 30_000, 40_000, None], dtype="Int64"),
        }
    )


def loans_of(*counts):
    """Loans of tiers by (tier, loans, defaults)."""
    rows = [
        {"tier": tier, "defaulted": k < bad, "points": 900 - 100 * place}
        for place, (tier, n, bad) in enumerate(counts)
        for k in range(n)
    ]
    return pd.DataFrame(rows)


def test_cut_offs_by_hand(proposals):
    loans = pd.DataFrame({"points": [600, 650, 700, 800], "defaulted": [1, 1, 0, 0]})
    table = compute_strategy(proposals, loans, cutoffs=[700, 600]).table
    assert table["cutoff_points"].tolist() == [600, 700]
    assert table["share_approved"].tolist() == [0.6, 0.4]  # the gated one is never taken
    assert table["limit_yuan"].tolist() == [60_000, 50_000]
    assert table["value"].tolist() == [0.5, 0.0]
    assert table["low"].iloc[0] == pytest.approx(beta.ppf(0.025, 2.5, 2.5))


def test_a_higher_cut_off_never_takes_more(proposals):
    loans = pd.DataFrame({"points": [600, 900], "defaulted": [True, False]})
    table = compute_strategy(proposals, loans).table
    assert (np.diff(table["share_approved"]) <= 0).all()
    assert (np.diff(table["limit_yuan"]) <= 0).all()


def test_a_cut_off_above_all_loans_says_so(proposals):
    loans = pd.DataFrame({"points": [600], "defaulted": [True]})
    row = compute_strategy(proposals, loans, cutoffs=[700]).table.iloc[0]
    assert (row["n"], row["verdict"]) == (0, "insufficient")
    assert np.isnan(row["value"])


def test_a_household_that_stands_twice_is_refused(proposals):
    loans = pd.DataFrame({"points": [600], "defaulted": [True]})
    with pytest.raises(DomainError, match="repeat a household"):
        compute_strategy(proposals.assign(household_id="H1"), loans)


def test_proposals_without_limits_are_refused(proposals):
    loans = pd.DataFrame({"points": [600], "defaulted": [True]})
    with pytest.raises(DomainError, match="limit_yuan"):
        compute_strategy(proposals.drop(columns="limit_yuan"), loans)


@pytest.mark.parametrize(("better", "worse"), [((50, 8), (50, 1)), ((40, 3), (60, 3))])
def test_a_reversal_is_judged_by_fishers_exact_test(better, worse):
    table = compute_tiers(loans_of(("A", *better), ("B", *worse))).table
    row = table[table["statistic"] == "reversal"].iloc[0]
    cells = [[better[1], better[0] - better[1]], [worse[1], worse[0] - worse[1]]]
    assert row["p_value"] == pytest.approx(fisher_exact(cells, alternative="greater").pvalue)


def test_tiers_in_order_pass_and_a_clear_reversal_fails():
    good = compute_tiers(loans_of(("A", 100, 1), ("B", 100, 9))).table
    bad = compute_tiers(loans_of(("A", 100, 20), ("B", 100, 2))).table
    assert good.loc[good["statistic"] == "reversal", "verdict"].tolist() == ["pass"]
    assert bad.loc[bad["statistic"] == "reversal", "verdict"].tolist() == ["fail"]


def test_few_defaults_are_not_judged_and_empty_tiers_are_passed_over():
    table = compute_tiers(loans_of(("A", 30, 2), ("C", 30, 1)), tiers=["A", "B", "C"]).table
    row = table[table["statistic"] == "reversal"].iloc[0]
    assert (row["tier"], row["verdict"]) == ("A | C", "insufficient")
    assert row["value"] == pytest.approx(1 / 30)
    assert table[table["statistic"] == "default_rate"]["n"].tolist() == [30, 0, 30]


def smallest(*counts, **options):
    table = compute_tiers(loans_of(*counts), **options).table
    return table[table["statistic"] == "smallest_share"].iloc[0]


@pytest.mark.parametrize(
    ("n", "others", "word"),
    [(1, 599, "watch"), (8, 592, "pass"), (12, 588, "pass"), (1, 99, "insufficient")],
)
def test_a_tier_is_watched_where_the_whole_interval_lies_below_the_least_share(n, others, word):
    row = smallest(("A", n, 0), ("B", others, 5))
    bound = beta.ppf(1 - 0.025 / 2, n + 1, others)  # two tiers share the 2.5 % above
    assert row["high"] == pytest.approx(bound)
    assert row["verdict"] == word
    assert (bound < 0.02) == (word == "watch")


def test_a_tier_of_just_the_least_share_seldom_rings():
    watched = [
        k for k in range(1, 13) if smallest(("A", k, 0), ("B", 600 - k, 5)).verdict == "watch"
    ]
    assert watched == list(range(1, len(watched) + 1))
    assert 0.001 < binom.cdf(len(watched), 600, 0.02) < 0.0125


def test_more_tiers_widen_the_interval_of_the_smallest():
    two = smallest(("A", 4, 0), ("B", 596, 5))
    four = smallest(("A", 4, 0), ("B", 200, 5), ("C", 200, 5), ("D", 196, 5))
    assert four["value"] == two["value"]
    assert four["low"] < two["low"] < two["high"] < four["high"]


def test_the_categories_of_the_column_are_the_order():
    loans = loans_of(("B", 5, 0), ("A", 5, 0))
    loans["tier"] = pd.Categorical(loans["tier"], ["A", "B", "C"], ordered=True)
    table = compute_tiers(loans).table
    assert table.loc[table["statistic"] == "default_rate", "tier"].tolist() == ["A", "B", "C"]


def test_tiers_without_an_order_are_refused_and_points_tell_one():
    loans = loans_of(("BBB", 200, 1), ("A", 200, 30))  # BBB is the better one, by its points
    unordered = loans.assign(tier=pd.Categorical(loans["tier"], ["A", "BBB"]))
    for given in (loans, unordered):
        table = compute_tiers(given).table
        assert table.loc[table["statistic"] == "default_rate", "tier"].tolist() == ["BBB", "A"]
        assert table.loc[table["statistic"] == "reversal", "verdict"].tolist() == ["pass"]
        with pytest.raises(DomainError, match="points"):
            compute_tiers(given.drop(columns="points"))


def test_a_tier_without_loans_is_the_smallest_but_for_the_last():
    counts = ("A", 400, 2), ("B", 400, 5)
    empty = smallest(*counts, tiers=["AA", "A", "B", "unrated"])
    assert (empty["tier"], empty["n"], empty["value"], empty["verdict"]) == ("AA", 0, 0, "watch")
    assert empty["high"] == pytest.approx(1 - (0.025 / 3) ** (1 / 800))  # none of 800, three tiers
    assert smallest(*counts, tiers=["A", "B", "unrated"])["tier"] == "A"
    assert smallest(*counts, ("C", 3, 0), tiers=["A", "B", "C"])["tier"] == "C"
    few = smallest(("A", 30, 0), ("B", 30, 0), tiers=["AA", "A", "B", "unrated"])
    assert few["verdict"] == "insufficient"


def test_a_tier_that_is_not_in_the_order_is_refused():
    with pytest.raises(DomainError, match="C"):
        compute_tiers(loans_of(("A", 5, 0), ("C", 5, 0)), tiers=["A", "B"])


def test_the_false_alarm_rate_of_reversals_is_within_the_stated_rate():
    rng, alarms = np.random.default_rng(4), 0
    for _ in range(100):
        counts = [("A", 80, int(rng.binomial(80, 0.1))), ("B", 80, int(rng.binomial(80, 0.1)))]
        table = compute_tiers(loans_of(*counts)).table
        alarms += (
            table.loc[table["statistic"] == "reversal", "verdict"].isin(["watch", "fail"]).sum()
        )
    assert alarms <= 12  # binom.isf(.001, 100, .05) = 13


def test_tiers_too_small_for_any_alarm_do_not_pass():
    table = compute_tiers(loans_of(("A", 1, 0), ("B", 20, 5))).table.set_index("statistic")
    assert fisher_exact([[1, 0], [4, 16]], alternative="greater").pvalue > 0.05  # the worst case
    assert table.loc["reversal", "verdict"] == "insufficient"
    assert table.loc["smallest_share", "verdict"] == "insufficient"  # 1 of 21 may be any share
