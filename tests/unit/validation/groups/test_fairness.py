"""Witnesses: hand-worked ratios and sizes, scipy's binomial tail, the kernel's own bootstrap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from scipy.stats import binom, norm, ttest_1samp

from sanzhixin.errors import DomainError
from sanzhixin.validation.groups import fairness
from sanzhixin.validation.groups.audit_groups import (
    NOT_STATED,
    Groups,
    hide_cells,
    hide_groups,
    read_groups,
    size_words,
)
from sanzhixin.validation.groups.fairness import compute_fairness

N = 1200


def proposals(rates=(0.9, 0.5)):
    """Households of 20 villages; of two groups the given shares have a limit."""
    k = np.arange(N)
    group = k % 2
    has = (k // 2) % 10 < np.array(rates)[group] * 10
    return pd.DataFrame(
        {
            "household_id": [f"H{i}" for i in k],
            "village_id": [f"V{i // 60:02}" for i in k],
            "status": np.where(has, "propose", "review"),
            "limit_yuan": pd.array(np.where(has, 10_000 * (1 + group), 0), dtype="Int64"),
        }
    )


def groups(words=("home", "moved")):
    return pd.DataFrame(
        {"household_id": [f"H{i}" for i in range(N)], "origin": [*words] * (N // 2)}
    )


def loans(prob=0.05, every=20):
    k = np.arange(N)
    return pd.DataFrame(
        {
            "household_id": [f"H{i}" for i in k],
            "tier": np.where(k % 3 > 0, "A", "B"),
            "prob_default": prob,
            "defaulted": (k // 2) % every == 0,
        }
    )


def row(judged, statistic, group, tier=""):
    table = judged.table
    own = table[(table["statistic"] == statistic) & (table["group"] == group)]
    return own[own["tier"] == tier].iloc[0]


def test_rates_and_ratios_by_hand():
    judged = compute_fairness(proposals(), groups(), draws=200)
    assert row(judged, "selection_rate", "moved")["value"] == pytest.approx(0.5)
    assert row(judged, "selection_ratio", "moved")["value"] == pytest.approx(5 / 9)
    assert row(judged, "limit_ratio", "moved")["value"] == pytest.approx(2)
    assert row(judged, "propose_ratio", "home")["value"] == 1


def test_a_whole_interval_below_four_fifths_is_watched_and_others_are_not():
    judged = compute_fairness(proposals(), groups(), draws=200)
    assert row(judged, "selection_ratio", "moved")["verdict"] == "watch"
    assert row(judged, "limit_ratio", "moved")["verdict"] == "info"
    alike = compute_fairness(proposals((0.9, 0.8)), groups(), draws=200)
    assert row(alike, "selection_ratio", "moved")["verdict"] == "info"


def test_few_villages_are_not_judged():
    few = proposals().assign(village_id=["V1", "V2"] * (N // 2))
    told = compute_fairness(few, groups(), draws=200)
    assert row(told, "selection_ratio", "moved")["verdict"] == "insufficient"


def test_the_reference_is_the_largest_group_or_the_one_that_is_named():
    judged = compute_fairness(proposals(), groups(), references={"origin": "moved"}, draws=200)
    assert row(judged, "selection_ratio", "home")["value"] == pytest.approx(9 / 5)
    with pytest.raises(DomainError, match="nowhere"):
        compute_fairness(proposals(), groups(), references={"origin": "nowhere"})


def test_households_without_a_group_are_counted_and_small_groups_are_hidden():
    table = groups()
    table.loc[:99, "origin"] = None
    table.loc[100:104, "origin"] = "other"
    judged = compute_fairness(proposals(), table, draws=200)
    assert row(judged, "selection_rate", NOT_STATED)["size"] == "hidden"
    other = row(judged, "selection_rate", "other")
    assert other["size"] == "hidden"
    assert pd.isna(other["n"])
    assert np.isnan(other["value"])
    assert row(judged, "selection_rate", "home")["n"] == 600 - 50 - 3


def test_what_is_hidden_cannot_be_found_by_subtraction():
    rng = np.random.default_rng(0)
    for _ in range(200):
        sizes = rng.integers(0, 80, rng.integers(2, 7))
        words = tuple(map(str, range(sizes.size)))
        one = Groups("a", words, sizes.size, np.repeat(np.arange(sizes.size), sizes))
        hidden = hide_groups([one], 30)[0].hidden
        left = sizes[hidden]
        assert not ((sizes[~hidden] > 0) & (sizes[~hidden] < 30)).any()
        assert left.size == 0 or hidden[sizes > 0].all() or (left.size > 1 and left.sum() >= 30)


def nested():
    """Region "x" of 800; district "x1" of 793 and "x2" of 7 in it, "y1" of 400 outside."""
    k = np.arange(N)
    region = np.where(k % 3 == 0, "y", "x")
    district = np.where(k % 3 == 0, "y1", np.where(k < 11, "x2", "x1"))
    return groups().assign(origin=district, region=region)


def test_a_small_group_is_not_found_from_the_groups_of_another_attribute():
    table = compute_fairness(proposals(), nested(), loans(), draws=200).table
    told = table[table["attribute"] == "origin"]
    shown = told["size"].str.isdigit()
    assert set(told.loc[shown, "group"]) == {"y1"}
    assert table.loc[table["attribute"] == "region", "size"].str.isdigit().all()
    alone = compute_fairness(proposals(), nested()[["household_id", "origin"]], draws=200).table
    assert set(alone.loc[alone["size"].str.isdigit(), "group"]) == {"x1"}


def test_a_small_rest_in_a_tier_is_not_found_from_the_groups_of_another_attribute():
    k = np.arange(N)
    # region x: 600 loans, of them 500 in district x1; 100 are of a district that reaches beyond.
    # of these 100 only 5 are in tier A, where x has 255 loans and x1 has 250
    region = np.where(k < 600, "x", "y")
    district = np.where(k < 500, "x1", np.where(k < 700, "z", "y1"))
    table = groups().assign(origin=district, region=region)
    tier = np.where(k < 500, np.where(k < 250, "A", "B"), np.where(k < 505, "A", "B"))
    given = loans().assign(tier=np.where(k < 600, tier, np.where(k % 2, "A", "B")))
    told = compute_fairness(proposals(), table, given, draws=200).table
    told = told[(told["statistic"] == "default_rate_in_tier") & told["size"].str.isdigit()]
    by = {(row.attribute, row.tier) for row in told.itertuples()}
    assert ("region", "A") in by
    assert ("origin", "A") not in by


def test_no_row_of_a_table_tells_a_hidden_cell():
    rng = np.random.default_rng(1)
    for _ in range(200):
        cells = rng.integers(0, 90, (3, 5))
        hidden = hide_cells(cells, 30)
        own = cells[:, hidden]
        sums, filled = own.sum(axis=1), (own > 0).sum(axis=1)
        assert hidden.all() or ((sums == 0) | ((sums >= 30) & (filled > 1))).all()


def test_calibration_is_tested_on_both_sides_and_adjusted():
    judged = compute_fairness(proposals(), groups(), loans(prob=0.02), draws=200)
    found = row(judged, "default_rate", "moved")
    assert (found["n"], found["events"]) == (600, 30)
    expected = 2 * binom.sf(29, 600, 0.02)
    assert found["p_exact"] == pytest.approx(expected, rel=1e-9)
    k = np.arange(1, N, 2)
    by_village = np.bincount(k // 60, ((k // 2) % 20 == 0) - 0.02)
    assert found["p_cluster"] == pytest.approx(ttest_1samp(by_village, 0).pvalue, rel=1e-9)
    assert found["p_value"] == max(found["p_exact"], found["p_cluster"])
    assert found["p_adjusted"] == pytest.approx(2 * found["p_value"], rel=1e-9)
    assert found["verdict"] == "watch"
    calm = compute_fairness(proposals(), groups(), loans(), draws=200)
    assert row(calm, "default_rate", "moved")["verdict"] == "info"


@pytest.mark.parametrize("basis", ["none", "prudent"])
def test_bounds_and_missing_probabilities_judge_no_calibration(basis):
    judged = compute_fairness(proposals(), groups(), loans(prob=0.5), basis=basis, draws=200)
    assert row(judged, "default_rate", "home")["verdict"] == "info"
    assert np.isnan(row(judged, "default_rate", "home")["p_value"])


def test_defaults_within_a_tier_by_hand():
    judged = compute_fairness(proposals(), groups(), loans(), draws=200)
    k = np.arange(N)
    own = (k % 2 == 1) & (k % 3 == 0)
    found = row(judged, "default_rate_in_tier", "moved", "B")
    assert found["n"] == own.sum()
    assert found["value"] == pytest.approx(((k // 2) % 20 == 0)[own].mean())


def test_few_expected_and_observed_defaults_are_insufficient():
    judged = compute_fairness(proposals(), groups(), loans(0.001, every=10_000), draws=200)
    assert row(judged, "default_rate", "home")["verdict"] == "insufficient"


def test_equal_input_gives_equal_tables_and_nobody_is_called_by_the_word():
    first, again = (compute_fairness(proposals(), groups(), loans(), draws=200) for _ in range(2))
    pd.testing.assert_frame_equal(first.table, again.table)
    assert "fair" not in (first.title_en + first.note_en).lower().split()


def test_without_a_stated_group_there_is_nothing_to_compare():
    table = groups().assign(origin=None)
    assert compute_fairness(proposals(), table, draws=200).table.empty


def test_villages_may_stand_in_a_table_of_their_own():
    home = proposals()[["household_id", "village_id"]]
    given = compute_fairness(
        proposals().drop(columns="village_id"), groups(), households=home, draws=200
    )
    pd.testing.assert_frame_equal(
        given.table, compute_fairness(proposals(), groups(), draws=200).table
    )


def test_groups_are_read_by_household():
    found = read_groups(groups(("b", "a")), "origin", np.array(["H1", "H0", "X"], dtype=object))
    assert (found.names, found.place.tolist()) == (("a", "b", NOT_STATED), [0, 1, 2])


def test_a_group_of_few_villages_is_not_judged():
    table = groups()
    table.loc[:, "origin"] = np.where(np.arange(N) < 120, "moved", "home")  # two villages of 20
    given = proposals((0.9, 0.9))
    given.loc[:119, "limit_yuan"] = np.where(np.arange(120) % 4 < 2, 10_000, 0)
    found = row(compute_fairness(given, table, draws=200), "selection_ratio", "moved")
    assert found["high"] < 0.8
    assert found["verdict"] == "insufficient"


@pytest.mark.parametrize(("rate", "word"), [(0.1, "info"), (0.9, "watch")])
def test_a_group_without_any_limit_is_watched_where_others_mostly_have_one(rate, word):
    table = groups()
    table["origin"] = np.where(np.arange(N) % 30 == 1, "moved", "home")  # 40 in 20 villages
    given = proposals((rate, rate))
    given.loc[table["origin"] == "moved", "limit_yuan"] = 0
    found = row(compute_fairness(given, table, draws=200), "selection_ratio", "moved")
    assert (found["value"], found["low"], found["verdict"]) == (0, 0, word)
    assert found["high"] > (1 - 0.025 ** (1 / 20)) / rate  # none in 20 villages


def test_mean_limits_of_few_are_hidden_though_the_group_is_not():
    given = proposals((0.9, 0.5))
    given.loc[given.index % 2 == 1, "limit_yuan"] = 0
    given.loc[[1, 3], "limit_yuan"] = [12_345, 23_456]
    judged = compute_fairness(given, groups(), draws=200)
    for group in ("home", "moved"):  # the other one too, or the sum of all limits would tell
        found = row(judged, "mean_limit_yuan", group)
        assert (found["size"], found["verdict"]) == ("hidden", "insufficient")
        assert np.isnan(found["value"])
    assert row(judged, "selection_rate", "moved")["n"] == 600
    assert "limit_ratio" not in set(judged.table["statistic"])


def test_hidden_groups_together_do_not_show_through_a_tier():
    table = groups()
    table.loc[0:4, "origin"] = "tiny"
    table.loc[5:44, "origin"] = "cover"
    given = loans()
    given["tier"] = np.where(np.arange(N) < 42, "A", np.where(np.arange(N) % 2, "B", "C"))
    given.loc[600:900, "tier"] = "A"
    told = compute_fairness(proposals(), table, given, draws=200).table
    told = told[told["statistic"] == "default_rate_in_tier"]
    # of the 45 of both hidden groups 3 are in tiers B and C
    assert not told["size"].str.isdigit()[told["tier"].isin(["B", "C"])].any()


def test_a_word_and_the_sum_do_not_tell_a_hidden_size():
    hidden = np.array([False, True, True])
    assert size_words(np.array([100, 9, 9]), hidden, 10) == ["100", "hidden", "hidden"]
    assert size_words(np.array([100, 4, 6]), hidden, 10) == ["100", "<10", "<10"]


def unlucky(seed, shock):
    """Loans at right probabilities but for the luck of their village."""
    rng = np.random.default_rng(seed)
    luck = rng.normal(0, shock, 20)
    right = expit(logit(0.1) + shock * norm.ppf((np.arange(1000) + 0.5) / 1000)).mean()
    risk = expit(logit(0.1) + luck)[np.arange(N) // 60]
    return loans(prob=right).assign(defaulted=rng.random(N) < risk)


def test_loans_of_a_village_that_default_together_are_no_alarm():
    k = np.arange(N)
    given = loans(prob=0.05).assign(defaulted=k < 120)  # all of two villages, none of 18
    found = row(compute_fairness(proposals(), groups(), given, draws=200), "default_rate", "home")
    assert found["p_exact"] < 0.001
    assert found["p_cluster"] > 0.2
    assert found["verdict"] == "info"


def test_default_rates_of_a_group_in_few_villages_are_not_judged():
    given = loans(prob=0.02).assign(village_id=["V1", "V2"] * (N // 2))
    found = row(compute_fairness(proposals(), groups(), given, draws=200), "default_rate", "home")
    assert (found["verdict"], found["p_exact"] < 0.05) == ("insufficient", True)
    assert found[["p_value", "p_cluster", "p_adjusted"]].isna().all()


def test_a_year_that_is_bad_for_all_moves_no_group_against_the_other():
    given = loans(prob=0.025)  # half of what came
    found = row(compute_fairness(proposals(), groups(), given, draws=200), "default_ratio", "moved")
    assert (found["value"], found["threshold"], found["verdict"]) == (1, 1, "info")
    uneven = given.assign(prob_default=np.where(np.arange(N) % 2, 0.05, 0.025))
    told = compute_fairness(proposals(), groups(), uneven, draws=200)
    # 30 of 600 each: 30 / 30 over 30 / 15
    assert row(told, "default_ratio", "moved")["value"] == pytest.approx(0.5)
    assert row(told, "default_ratio", "moved")["n"] == 600


def false_alarms(seeds, shock=0.5):
    flagged = [
        compute_fairness(proposals(), groups(), unlucky(seed, shock), draws=100).table
        for seed in seeds
    ]
    return sum(
        (own.loc[own["statistic"] == "default_rate", "verdict"] == "watch").any() for own in flagged
    )


@pytest.mark.slow
def test_luck_of_villages_rings_no_more_often_than_stated():
    assert false_alarms(range(100)) <= binom.isf(0.001, 100, 0.05)


def test_a_ratio_is_watched_where_both_intervals_lie_below(monkeypatch):
    real = fairness.cluster_ratios
    given = compute_fairness(proposals(), groups(), draws=200)
    assert row(given, "selection_ratio", "moved")["verdict"] == "watch"

    def wider(*cells, **options):
        found = real(*cells, **options)
        return replace(found, delta_high=found.delta_high + 0.5)

    monkeypatch.setattr(fairness, "cluster_ratios", wider)
    told = row(compute_fairness(proposals(), groups(), draws=200), "selection_ratio", "moved")
    assert told["high"] < 0.8 < told["delta_high"]
    assert told["verdict"] == "info"


def test_a_household_that_stands_twice_is_refused():
    given = pd.concat([proposals(), proposals().iloc[:40]])
    with pytest.raises(DomainError, match="40 rows of the table of proposals repeat"):
        compute_fairness(given, groups(), draws=200)


def test_groups_of_other_identifiers_are_refused_and_some_are_counted():
    other = groups().assign(household_id=range(N))
    with pytest.raises(DomainError, match="None of the 1200 households") as caught:
        compute_fairness(proposals(), other, draws=200)
    assert "没有一户对应" in caught.value.zh
    table = groups().iloc[40:]
    table.loc[1100:, "household_id"] = [f"X{k}" for k in range(100)]
    told = compute_fairness(proposals(), table, draws=200)
    assert "1060 of 1200 households are in the table of groups. 100 households" in told.note_en
    assert "1200 户中有 1060 户在审计分组表中。" in told.note_zh


def test_the_count_of_those_in_the_table_tells_no_hidden_number():
    told = compute_fairness(proposals(), groups().iloc[7:], draws=200)
    assert row(told, "selection_rate", NOT_STATED)["size"] == "hidden"
    assert "1193" not in told.note_en + told.note_zh
    assert "Some households are not in that table." in told.note_en
    blank = groups().iloc[100:]
    blank.loc[100:106, "origin"] = None  # 107 are not stated, 100 of them without a row
    assert "1100" not in compute_fairness(proposals(), blank, draws=200).note_en


def test_a_proposal_without_a_limit_is_not_proposed():
    given = proposals().assign(status="propose")  # those of limit 0 are unrated
    judged = compute_fairness(given, groups(), draws=200)
    assert row(judged, "propose_rate", "moved")["value"] == pytest.approx(0.5)


@pytest.mark.parametrize("options", [{"level": 1.5}, {"draws": 5}])
def test_options_are_checked_before_the_tables(options):
    with pytest.raises(DomainError, match=f"{next(iter(options))}="):
        compute_fairness(pd.DataFrame(), groups(), **options)
