from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sanzhixin.errors import DomainError
from sanzhixin.numerics.binning import BinRules, divergence_terms, optimal_bins

RTOL = 1e-12  # both sides add a handful of logarithms in double precision

# Ten rows in each pre-bin, event rates 0.1, 0.2, 0.3, 0.4; E = 10, G = 30.
# Shares of non-events 9/30, 8/30, 7/30, 6/30 and of events 3/30, 6/30, 9/30, 12/30.
EVENTS, NONEVENTS = [1, 2, 3, 4], [9, 8, 7, 6]

# Two terms (p - q) ln(p / q) make (p - q) times the log of a ratio of odds:
FIRST_ALONE = 0.2 * math.log(27 / 7)  # p 0.3, q 0.1: 0.3/0.1 * 0.9/0.7;             0.2700
HALVES = 8 / 30 * math.log(357 / 117)  # p 17/30, q 9/30: 17/9 * 21/13;              0.2975
LAST_ALONE = 0.2 * math.log(8 / 3)  # p 24/30, q 18/30: 24/18 * 12/6;                0.1962
# 0 | 12 | 3: 0.2 ln 3 for the first, p = q = 0.5 in the middle, 0.2 ln 2 for the last; 0.3584
ENDS_ALONE = 0.2 * math.log(6)
# 01 | 2 | 3: 8/30 ln(17/9) + 2/30 ln(9/7) + 6/30 ln 2;                              0.3250
LAST_TWO_ALONE = (8 * math.log(17 / 9) + 2 * math.log(9 / 7) + 6 * math.log(2)) / 30
# 0 | 1 | 2 | 3: 6/30 ln 3 + 2/30 ln(8/6) + 2/30 ln(9/7) + 6/30 ln 2;                0.3943
ALL_APART = (6 * math.log(6) + 2 * math.log(8 / 6) + 2 * math.log(9 / 7)) / 30

RULES = {
    "none": (BinRules(), [0, 1, 2, 3], ALL_APART),
    "as many bins as there are": (BinRules(max_bins=4), [0, 1, 2, 3], ALL_APART),
    "two bins": (BinRules(max_bins=2), [0, 2], HALVES),
    "one bin": (BinRules(max_bins=1), [0], 0.0),
    "11 rows, so two pre-bins": (BinRules(min_weight=11), [0, 2], HALVES),
    "20 rows, just enough": (BinRules(min_weight=20), [0, 2], HALVES),
    "21 rows": (BinRules(min_weight=21), [0], 0.0),
    "3 events: 1 + 2, 3, 4": (BinRules(min_events=3), [0, 2, 3], LAST_TWO_ALONE),
    "4 events: 1 + 2 + 3, 4": (BinRules(min_events=4), [0, 3], LAST_ALONE),
    "13 non-events: 9 + 8, 7 + 6": (BinRules(min_nonevents=13), [0, 2], HALVES),
    "14 non-events: 9 + 8 leaves 13": (BinRules(min_nonevents=14), [0], 0.0),
    # Neighbours differ by 0.1; 0 | 12 | 3 has 0.1, 0.25, 0.4 and 01 | 2 | 3 has 0.15, 0.3, 0.4.
    "rates 0.14 apart": (BinRules(min_rate_gap=0.14), [0, 1, 3], ENDS_ALONE),
    # Of two bins 0.1 and 0.3, 0.15 and 0.35, 0.2 and 0.4: never more than 0.2 apart.
    "rates 0.16 apart": (BinRules(min_rate_gap=0.16), [0, 2], HALVES),
    "rates 0.21 apart": (BinRules(min_rate_gap=0.21), [0], 0.0),
    # 3 of 20 and 7 of 20, pooled 1/4: z = 0.2 / sqrt(3/16 * 2/20) = 1.4606, p = 0.1441.
    # 1 of 10 and 9 of 30, or 6 of 30 and 4 of 10: z = 0.2 / sqrt(3/16 * 4/30) = 1.2649, p = 0.206.
    "p of 0.145": (BinRules(max_p_value=0.145), [0, 2], HALVES),
    "p of 0.144": (BinRules(max_p_value=0.144), [0], 0.0),
    # 1 of 10 and 5 of 20: z = 0.15 / sqrt(0.16 * 3/20) = 0.968, p = 0.333; 5 of 20 and 4 of 10:
    # z = 0.15 / sqrt(0.21 * 3/20) = 0.845, p = 0.398; 3 of 10 and 4 of 10: z = 0.469, p = 0.639.
    "p of 0.399": (BinRules(max_p_value=0.399), [0, 1, 3], ENDS_ALONE),
    "p of 0.397": (BinRules(max_p_value=0.397), [0, 2], HALVES),
}


@pytest.mark.parametrize(("rules", "starts", "objective"), RULES.values(), ids=RULES.keys())
def test_each_rule_gives_the_partition_worked_by_hand(rules, starts, objective):
    found = optimal_bins(EVENTS, NONEVENTS, trend="ascending", rules=rules)
    assert found.starts.tolist() == starts
    np.testing.assert_allclose(found.objective, objective, rtol=RTOL)


# Rates 1/4, 3/4, 1/4; shares of non-events 3/7, 1/7, 3/7 and of events 1/5, 3/5, 1/5.
HILL = [1, 3, 1], [3, 1, 3]
HOLLOW = HILL[::-1]
# 0 | 12: p 3/7, q 1/5, odds ratio 15/7 * (4/5)/(4/7) = 3.
ONE_SIDE = 8 / 35 * math.log(3)
# Outer bins 8/35 ln(15/7) each, inner bin 16/35 ln(21/5), together 16/35 ln 9.
BOTH_SIDES = 16 / 35 * math.log(9)
STAIRS = [1, 3], [3, 1]  # p 3/4, 1/4; q 1/4, 3/4: twice 1/2 ln 3
WAVE = [1, 3, 1, 3], [3, 1, 3, 1]  # shares of 1/8 and 3/8: four times 1/4 ln 3
# 0 | 12 | 3 has shares p 3/8, 1/2, 1/8 and q 1/8, 1/2, 3/8: twice 1/4 ln 3; the best ascending
# one, as 0 | 123 and 012 | 3 are coarser and 01 | 23 is even.
WAVE_RISES = math.log(3) / 2
TRENDS = {
    "stairs rise": (STAIRS, "ascending", [0, 1], math.log(3)),
    "stairs do not fall": (STAIRS, "descending", [0], 0.0),
    "a peak may lie at the end": (STAIRS, "peak", [0, 1], math.log(3)),
    "a valley may lie at the start": (STAIRS, "valley", [0, 1], math.log(3)),
    "stairs without a trend": (STAIRS, "none", [0, 1], math.log(3)),
    "a hill rises once": (HILL, "ascending", [0, 1], ONE_SIDE),
    "a hill falls once": (HILL, "descending", [0, 2], ONE_SIDE),
    "a hill is a peak": (HILL, "peak", [0, 1, 2], BOTH_SIDES),
    "a hill without a trend": (HILL, "none", [0, 1, 2], BOTH_SIDES),
    "a hollow rises once": (HOLLOW, "ascending", [0, 2], ONE_SIDE),
    "a hollow is a valley": (HOLLOW, "valley", [0, 1, 2], BOTH_SIDES),
    "a wave rises": (WAVE, "ascending", [0, 1, 3], WAVE_RISES),
    "a wave without a trend": (WAVE, "none", [0, 1, 2, 3], math.log(3)),
}


@pytest.mark.parametrize(
    ("counts", "trend", "starts", "objective"), TRENDS.values(), ids=TRENDS.keys()
)
def test_each_trend_gives_the_partition_worked_by_hand(counts, trend, starts, objective):
    found = optimal_bins(*counts, trend=trend)
    assert (found.starts.tolist(), found.trend) == (starts, trend)
    np.testing.assert_allclose(found.objective, objective, rtol=RTOL)


@pytest.mark.parametrize(
    ("counts", "trend", "objective"),
    [
        (STAIRS, "ascending", math.log(3)),
        (STAIRS[::-1], "descending", math.log(3)),
        (HILL, "ascending", ONE_SIDE),  # as good falling: the first of the two is taken
    ],
    ids=["rising", "falling", "either"],
)
def test_auto_takes_the_better_of_rising_and_falling(counts, trend, objective):
    found = optimal_bins(*counts)
    assert found.trend == trend
    np.testing.assert_allclose(found.objective, objective, rtol=RTOL)


OBJECTIVES = {
    "iv": math.log(3),
    # Middle 1/2: each bin 1/2 [3/4 ln(3/2) + 1/4 ln(1/2)], two of them; 0.1308
    "js": 0.75 * math.log(1.5) + 0.25 * math.log(0.5),
    # Each bin 1/2 (sqrt 3/4 - sqrt 1/4)^2, two of them: 1 - 2 sqrt(3/16); 0.1340
    "hellinger": 1 - math.sqrt(3) / 2,
}


@pytest.mark.parametrize(("objective", "value"), OBJECTIVES.items())
def test_each_objective_gives_the_value_worked_by_hand(objective, value):
    found = optimal_bins(*STAIRS, trend="ascending", objective=objective)
    np.testing.assert_allclose(found.objective, value, rtol=RTOL)


@pytest.mark.parametrize(("objective", "value"), OBJECTIVES.items())
def test_divergence_terms_add_up_to_the_value_worked_by_hand(objective, value):
    terms = divergence_terms(np.array([0.75, 0.25]), np.array([0.25, 0.75]), objective)
    np.testing.assert_allclose(terms, [value / 2, value / 2], rtol=RTOL)


@pytest.mark.parametrize(
    ("objective", "one_sided"),
    # With q = 0: 1/2 p ln(p / (p / 2)) and 1/2 p.
    [("iv", math.inf), ("js", 0.2 * math.log(2)), ("hellinger", 0.2)],
)
def test_a_term_with_one_empty_share_is_infinite_for_the_information_value_only(
    objective, one_sided
):
    terms = divergence_terms(np.array([0.4, 0.0, 0.0]), np.array([0.0, 0.4, 0.0]), objective)
    np.testing.assert_allclose(terms, [one_sided, one_sided, 0.0], rtol=RTOL)


CUTS = {
    "after the first": ([1, 0, 0], BinRules(max_bins=2), [0, 1], FIRST_ALONE),
    "before the last": ([0, 0, 1], BinRules(max_bins=2), [0, 3], LAST_ALONE),
    "at both ends": ([1, 0, 1], BinRules(max_bins=3), [0, 1, 3], ENDS_ALONE),
    "nowhere": ([0, 0, 0], BinRules(max_bins=2), [0, 2], HALVES),
    "everywhere": ([1, 1, 1], BinRules(), [0, 1, 2, 3], ALL_APART),
}


@pytest.mark.parametrize(("cuts", "rules", "starts", "objective"), CUTS.values(), ids=CUTS.keys())
def test_a_bin_ends_at_every_cut(cuts, rules, starts, objective):
    found = optimal_bins(EVENTS, NONEVENTS, trend="ascending", rules=rules, cuts=cuts)
    assert found.starts.tolist() == starts
    np.testing.assert_allclose(found.objective, objective, rtol=RTOL)


def test_totals_of_twice_the_rows_halve_the_information_value():
    # Both shares are halved, their ratios stay.
    found = optimal_bins(EVENTS, NONEVENTS, rules=BinRules(max_bins=2), totals=(20, 60))
    assert found.starts.tolist() == [0, 2]
    np.testing.assert_allclose(found.objective, HALVES / 2, rtol=RTOL)


def test_one_bin_is_worth_something_when_other_rows_stand_outside():
    # All 10 events of 10 but 30 non-events of 60: (1 - 1/2) ln 2.
    found = optimal_bins(EVENTS, NONEVENTS, rules=BinRules(max_bins=1), totals=(10, 60))
    np.testing.assert_allclose(found.objective, math.log(2) / 2, rtol=RTOL)


IMPOSSIBLE = {
    "no pre-bin": ([], [], {}),
    "one pre-bin of events alone": ([3], [0], {}),
    "one pre-bin of non-events alone": ([0], [3], {}),
    "one empty pre-bin": ([0], [0], {}),
    "no event": ([0, 0, 0], [4, 5, 6], {}),
    "no non-event": ([4, 5, 6], [0, 0, 0], {}),
    "more rows asked for than there are": ([1, 2], [3, 4], {"rules": BinRules(min_weight=11)}),
    "more events asked for than there are": ([1, 2], [3, 4], {"rules": BinRules(min_events=4)}),
    "more non-events than there are": ([1, 2], [3, 4], {"rules": BinRules(min_nonevents=8)}),
    "a cut against the trend": ([1, 3], [3, 1], {"trend": "descending", "cuts": [True]}),
    "a cut against the gap": ([1, 3], [3, 1], {"cuts": [1], "rules": BinRules(min_rate_gap=0.6)}),
    # 1 of 4 and 3 of 4: z = 0.5 / sqrt(1/4 * 2/4) = 1.414, p = 0.157.
    "a cut against the test": ([1, 3], [3, 1], {"cuts": [1], "rules": BinRules(max_p_value=0.15)}),
    "more cuts than bins": ([1, 3], [3, 1], {"cuts": [True], "rules": BinRules(max_bins=1)}),
    "a cut beside a pure pre-bin": ([0, 3, 1], [3, 1, 2], {"cuts": [True, False]}),
    "a cut of a peak": ([3, 1, 3], [1, 3, 1], {"trend": "peak", "cuts": [True, True]}),
}


@pytest.mark.parametrize(
    ("events", "nonevents", "options"), IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys()
)
def test_without_a_partition_that_keeps_the_rules_there_are_no_bins(events, nonevents, options):
    found = optimal_bins(events, nonevents, **options)
    assert (found.starts.tolist(), found.objective) == ([], 0.0)


@pytest.mark.parametrize("trend", ["ascending", "descending", "peak", "valley", "none"])
def test_the_trend_asked_for_is_named_when_no_bins_are_possible(trend):
    assert optimal_bins([], [], trend=trend).trend == trend
    assert optimal_bins([5], [0], trend=trend).trend == trend


WHOLE = {
    "one pre-bin": ([3], [7]),
    "all equal": ([2, 2, 2], [8, 8, 8]),
    "equal rates": ([1, 2, 4], [3, 6, 12]),
    "all events in the first": ([5, 0, 0], [10, 10, 10]),
    "all events in the middle": ([0, 5, 0], [10, 10, 10]),
    "all non-events in the last": ([1, 2, 3], [0, 0, 7]),
}


@pytest.mark.parametrize("trend", ["auto", "ascending", "descending", "peak", "valley", "none"])
@pytest.mark.parametrize(("events", "nonevents"), WHOLE.values(), ids=WHOLE.keys())
def test_what_cannot_be_told_apart_is_one_bin(events, nonevents, trend):
    found = optimal_bins(events, nonevents, trend=trend)
    assert (found.starts.tolist(), found.objective) == ([0], 0.0)


def test_of_equally_good_partitions_the_one_with_fewest_bins_is_taken():
    # The second and third pre-bin have one rate, 1/2; apart or together they add the same.
    found = optimal_bins([1, 4, 8, 30], [10, 4, 8, 10], trend="ascending")
    assert found.starts.tolist() == [0, 1, 3]


def test_equal_neighbours_are_allowed_where_a_cut_asks_for_them():
    found = optimal_bins([1, 4, 8, 30], [10, 4, 8, 10], trend="ascending", cuts=[0, 1, 0])
    assert found.starts.tolist() == [0, 1, 2, 3]


# Bins of one outcome alone.  E = 40 and G = 240: an event of the average mix comes with 6 others.

PURE = [0, 20, 20], [100, 80, 60]
# 80/240 against 20/40, ratio 2/3, and 60/240 against 20/40, ratio 1/2.
MIXED = math.log(3 / 2) / 6 + math.log(2) / 4
HELPED = {
    # Never alone: 180/240 against 1/2 and 60/240 against 1/2.
    "none": (0.0, [0, 2], math.log(3) / 4),
    # 106/240 against 1/40, a difference of 100/240 and a ratio of 106/6.
    "one event": (1.0, [0, 1, 2], 100 / 240 * math.log(106 / 6) + MIXED),
    "half an event": (0.5, [0, 1, 2], 100 / 240 * math.log(103 / 3) + MIXED),
    "two events": (2.0, [0, 1, 2], 100 / 240 * math.log(112 / 12) + MIXED),
}


@pytest.mark.parametrize(("help_pure", "starts", "objective"), HELPED.values(), ids=HELPED.keys())
@pytest.mark.parametrize("turned", [False, True])
def test_a_bin_without_an_event_is_made_with_the_help_worked_by_hand(
    help_pure, starts, objective, turned
):
    events, nonevents = (part[::-1] for part in PURE) if turned else PURE
    found = optimal_bins(events, nonevents, rules=BinRules(help_pure=help_pure))
    mirrored = [0, *(3 - start for start in starts[:0:-1])]
    assert found.starts.tolist() == (mirrored if turned else starts)
    np.testing.assert_allclose(found.objective, objective, rtol=RTOL)


def test_a_bin_of_events_alone_is_helped_by_the_same_mix():
    # E = 40, G = 80, so that one event comes with two others.  First 10 and 80: 80/80 against
    # 10/40, ratio 4; last 30 and none: 2/80 against 31/40, difference 3/4 and ratio 31.
    found = optimal_bins([10, 30], [80, 0], rules=BinRules(help_pure=1.0))
    assert found.starts.tolist() == [0, 1]
    np.testing.assert_allclose(found.objective, 0.75 * math.log(4 * 31), rtol=RTOL)


def test_the_mix_is_that_of_all_rows_where_some_stand_outside():
    # 40 events and 400 others in all, ten to one: first 110/400 against 1/40, difference 1/4 and
    # ratio 11; the rest 140/400 against 1, difference 13/20.
    rules = BinRules(help_pure=1.0, max_bins=2)
    found = optimal_bins([0, 40], [100, 140], rules=rules, totals=(40, 400))
    expected = math.log(11) / 4 - 0.65 * math.log(0.35)
    np.testing.assert_allclose(found.objective, expected, rtol=RTOL)


OWN_COUNTS = {
    # The first holds no event of its own, though one with its help.
    "an event": (BinRules(help_pure=1.0, min_events=1), [0, 2]),
    # It holds 100 rows, 107 with its help; the last holds 80.
    "100 rows": (BinRules(help_pure=1.0, min_weight=100), [0, 1]),
    "101 rows": (BinRules(help_pure=1.0, min_weight=101), [0]),
    # Rates of 0 and 40/180 = 0.222, with its help of 1/107 and 0.222, which are 0.213 apart.
    "rates 0.22 apart": (BinRules(help_pure=1.0, min_rate_gap=0.22), [0, 1]),
    "rates 0.23 apart": (BinRules(help_pure=1.0, min_rate_gap=0.23), [0]),
    # Own counts: z = 0.222 / sqrt(1/7 * 6/7 * 280/18000) = 5.09, p = 3.5e-7; with its help 4.98,
    # p = 6.2e-7.
    "p of 5e-7": (BinRules(help_pure=1.0, max_p_value=5e-7), [0, 1]),
}


@pytest.mark.parametrize(("rules", "starts"), OWN_COUNTS.values(), ids=OWN_COUNTS.keys())
def test_a_helped_bin_keeps_the_other_rules_by_its_own_counts(rules, starts):
    assert optimal_bins(*PURE, rules=rules).starts.tolist() == starts


def test_the_course_of_helped_bins_is_that_of_their_own_rates():
    # Rates of 0, 1/200 and 1/2, which with one event more would be 1/9, 1/200 and 1/2.
    rules = BinRules(help_pure=1.0)
    found = optimal_bins([0, 1, 40], [2, 199, 40], trend="ascending", rules=rules, cuts=[1, 1])
    assert found.starts.tolist() == [0, 1, 2]


ONE_OUTCOME = {"no event": ([0, 0], [3, 4]), "no other": ([3, 4], [0, 0])}


@pytest.mark.parametrize("counts", ONE_OUTCOME.values(), ids=ONE_OUTCOME.keys())
def test_without_an_average_mix_nothing_is_helped(counts):
    found = optimal_bins(*counts, rules=BinRules(help_pure=1.0))
    assert (found.starts.tolist(), found.objective) == ([], 0.0)


# Brute force: all 2^(n-1) partitions, formulas written out, rates compared as fractions.

TERMS = {
    "iv": lambda p, q: (p - q) * math.log(p / q),
    "js": lambda p, q: (
        (p * math.log(2 * p / (p + q)) + q * math.log(2 * q / (p + q))) / 2  # middle (p + q) / 2
    ),
    "hellinger": lambda p, q: (p + q) / 2 - math.sqrt(p * q),  # the square multiplied out
}


def is_course(rates, trend):
    rises = [b >= a for a, b in pairwise(rates)]
    falls = [b <= a for a, b in pairwise(rates)]
    n = len(rises)
    return {
        "ascending": all(rises),
        "descending": all(falls),
        "peak": any(all(rises[:k]) and all(falls[k:]) for k in range(n + 1)),
        "valley": any(all(falls[:k]) and all(rises[k:]) for k in range(n + 1)),
        "none": True,
    }[trend]


def p_value(left, right):
    (e1, g1), (e2, g2) = left, right
    n1, n2 = e1 + g1, e2 + g2
    pooled = (e1 + e2) / (n1 + n2)
    if pooled in (0, 1):
        return math.inf  # two bins of the same outcome alone are never told apart
    z = (e1 / n1 - e2 / n2) / math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    return math.erfc(abs(z) / math.sqrt(2))


def keeps(bins, rules):
    if len(bins) > rules.max_bins:
        return False
    for e, g in bins:
        if e + g == 0 or (min(e, g) == 0 and not rules.help_pure):
            return False
        if e < rules.min_events or g < rules.min_nonevents:
            return False
        if e + g < rules.min_weight:
            return False
    for left, right in pairwise(bins):
        gap = abs(Fraction(left[0], sum(left)) - Fraction(right[0], sum(right)))
        if gap < rules.min_rate_gap:
            return False
        if rules.max_p_value is not None and p_value(left, right) > rules.max_p_value:
            return False
    return True


def partitions(n, cuts):
    for ends in product(*[(True,) if cut else (False, True) for cut in cuts[: n - 1]]):
        yield [0, *(i + 1 for i, end in enumerate(ends) if end)]


def bins_of(starts, problem):
    return [
        (sum(problem["events"][a:b]), sum(problem["nonevents"][a:b]))
        for a, b in pairwise([*starts, len(problem["events"])])
    ]


def value_of(bins, problem):
    all_e, all_g = problem["totals"] or (sum(problem["events"]), sum(problem["nonevents"]))
    helps = [problem["rules"].help_pure if min(e, g) == 0 else 0 for e, g in bins]
    return sum(
        TERMS[problem["objective"]]((g + more * all_g / all_e) / all_g, (e + more) / all_e)
        for (e, g), more in zip(bins, helps, strict=True)
    )


def brute_force(problem):
    """Objective of every partition that keeps the rules, by its starts."""
    trend = problem["trend"]
    courses = ("ascending", "descending") if trend == "auto" else (trend,)
    found = {}
    for starts in partitions(len(problem["events"]), problem["cuts"]):
        bins = bins_of(starts, problem)
        if keeps(bins, problem["rules"]):
            rates = [Fraction(e, e + g) for e, g in bins]
            if any(is_course(rates, course) for course in courses):
                found[tuple(starts)] = value_of(bins, problem)
    return found


def random_problem(rng):
    n, most = int(rng.integers(2, 10)), int(rng.choice([4, 12, 60]))
    events, nonevents = rng.integers(0, most, n), rng.integers(0, 4 * most, n)
    if rng.random() < 0.4:
        events = np.sort(events)  # else few partitions of many bins keep a trend
    rules = BinRules(
        max_bins=int(rng.integers(2, 10)),
        min_weight=float(rng.choice([0, 0, 0, most, 4 * most])),
        min_events=float(rng.choice([0, 0, 0, 1, most / 2])),
        min_nonevents=float(rng.choice([0, 0, 0, 1, 2 * most])),
        min_rate_gap=float(rng.choice([0, 0, 0, rng.uniform(0, 0.1)])),
        max_p_value=float(rng.uniform(0, 1)) if rng.random() < 0.25 else None,
    )
    return {
        "events": events.tolist(),
        "nonevents": nonevents.tolist(),
        "trend": str(rng.choice(["auto", "ascending", "descending", "peak", "valley", "none"])),
        "objective": str(rng.choice(["iv", "js", "hellinger"])),
        "rules": rules,
        "totals": (events.sum() + 7, nonevents.sum() + 5) if rng.random() < 0.3 else None,
        "cuts": (rng.random(n - 1) < rng.choice([0.0, 0.0, 0.0, 0.2])).tolist(),
    }


def solved(problem):
    options = {name: problem[name] for name in ("trend", "objective", "rules", "totals", "cuts")}
    return optimal_bins(problem["events"], problem["nonevents"], **options)


def assert_best(problem, found):
    known = brute_force(problem)
    starts = tuple(found.starts.tolist())
    assert (starts in known) == bool(known), problem
    best = max(known.values(), default=0.0)
    assert abs(found.objective - best) <= 1e-12, problem
    assert abs(found.objective - known.get(starts, 0.0)) <= 1e-12, problem
    fewest = min((len(s) for s, v in known.items() if v >= best - 1e-12 * best), default=0)
    assert len(starts) == fewest, problem


@pytest.mark.parametrize("chunk", range(10))
def test_brute_force_over_all_partitions_finds_nothing_better(chunk):
    rng = np.random.default_rng([20, chunk])
    for _ in range(100):
        problem = random_problem(rng)
        assert_best(problem, solved(problem))


def sparse_problem(rng):
    """A problem of whose pre-bins about half hold one outcome alone."""
    problem = random_problem(rng)
    n = len(problem["events"])
    problem["events"] = rng.poisson(0.7, n).tolist()
    problem["nonevents"] = rng.poisson(2.0, n).tolist()
    problem["events"][0] += 1  # an average mix needs both
    problem["nonevents"][-1] += 1
    help_pure = float(rng.choice([0.3, 1.0, 2.0]))
    least = {name: float(rng.choice([0, 0, 0, 1])) for name in ("min_events", "min_nonevents")}
    rules = replace(problem["rules"], help_pure=help_pure, min_weight=0.0, **least)
    totals = (sum(problem["events"]) + 3, sum(problem["nonevents"]) + 5)
    return {**problem, "rules": rules, "totals": problem["totals"] and totals}


@pytest.mark.parametrize("chunk", range(4))
def test_brute_force_finds_nothing_better_with_bins_of_one_outcome(chunk):
    rng = np.random.default_rng([21, chunk])
    n_pure = 0
    for _ in range(50):
        problem = sparse_problem(rng)
        found = solved(problem)
        assert_best(problem, found)
        n_pure += any(min(one) == 0 for one in bins_of(found.starts.tolist(), problem))
    assert n_pure > 10  # the problems are about what they are meant to be about


counts = st.integers(0, 40)
prebins = st.lists(st.tuples(counts, counts), min_size=1, max_size=12).map(
    lambda pairs: tuple(np.array(pairs).T)
)
trends = st.sampled_from(["ascending", "descending", "peak", "valley", "none"])
objectives = st.sampled_from(["iv", "js", "hellinger"])
MIRRORED = {"ascending": "descending", "descending": "ascending"}
UPSIDE_DOWN = {**MIRRORED, "peak": "valley", "valley": "peak", "none": "none"}


@settings(deadline=None)
@given(prebins, trends, objectives, st.sampled_from([0.0, 0.07]), st.integers(1, 6))
def test_read_backwards_what_rises_falls(prebins, trend, objective, gap, most):
    rules = BinRules(max_bins=most, min_rate_gap=gap, min_weight=5)
    events, nonevents = prebins
    there = optimal_bins(events, nonevents, trend=trend, objective=objective, rules=rules)
    back = optimal_bins(
        events[::-1],
        nonevents[::-1],
        trend=MIRRORED.get(trend, trend),
        objective=objective,
        rules=rules,
    )
    np.testing.assert_allclose(back.objective, there.objective, rtol=RTOL, atol=1e-15)


@settings(deadline=None)
@given(prebins, trends, objectives, st.integers(1, 6))
def test_with_events_and_non_events_swapped_what_rises_falls(prebins, trend, objective, most):
    rules = BinRules(max_bins=most, min_events=2, min_nonevents=2)
    events, nonevents = prebins
    there = optimal_bins(events, nonevents, trend=trend, objective=objective, rules=rules)
    swapped = optimal_bins(
        nonevents, events, trend=UPSIDE_DOWN[trend], objective=objective, rules=rules
    )
    np.testing.assert_allclose(swapped.objective, there.objective, rtol=RTOL, atol=1e-15)


@settings(deadline=None)
@given(prebins, trends, objectives, st.integers(2, 1000), st.sampled_from([0.0, 0.07]))
def test_the_same_multiple_of_all_counts_changes_no_partition(
    prebins, trend, objective, factor, gap
):
    rules = BinRules(min_rate_gap=gap)
    events, nonevents = prebins
    once = optimal_bins(events, nonevents, trend=trend, objective=objective, rules=rules)
    often = optimal_bins(
        factor * events, factor * nonevents, trend=trend, objective=objective, rules=rules
    )
    assert often.starts.tolist() == once.starts.tolist()
    assert often.objective == once.objective


@settings(deadline=None)
@given(prebins, trends, objectives)
def test_the_objective_never_falls_when_more_bins_are_allowed(prebins, trend, objective):
    found = [
        optimal_bins(*prebins, trend=trend, objective=objective, rules=BinRules(max_bins=most))
        for most in range(1, 14)
    ]
    values = np.array([partition.objective for partition in found])
    # Fewer bins are taken where more add less than 1e-12 of the objective.
    assert (values[1:] >= values[:-1] * (1 - 2e-12)).all()


@settings(deadline=None)
@given(prebins, trends, objectives, st.data())
def test_merged_pre_bins_do_not_raise_the_objective(prebins, trend, objective, data):
    events, nonevents = prebins
    place = data.draw(st.integers(0, max(0, events.size - 2)))
    keep = np.delete(np.arange(events.size), place + 1 if events.size > 1 else [])
    fine = optimal_bins(events, nonevents, trend=trend, objective=objective)
    coarse = optimal_bins(
        np.add.reduceat(events, keep),
        np.add.reduceat(nonevents, keep),
        trend=trend,
        objective=objective,
    )
    assert coarse.objective <= fine.objective * (1 + 2e-12)


shares = st.floats(0.001, 1)


@given(shares, shares, shares, shares, objectives)
def test_the_term_of_a_merged_bin_is_not_above_the_sum_of_its_parts(p1, q1, p2, q2, objective):
    parts = divergence_terms(np.array([p1, p2]), np.array([q1, q2]), objective)
    merged = divergence_terms(np.array([p1 + p2]), np.array([q1 + q2]), objective)
    assert merged[0] <= parts.sum() + 1e-12


@settings(deadline=None)
@given(prebins, trends, objectives, st.integers(1, 5), st.integers(0, 12))
def test_empty_pre_bins_change_no_objective(prebins, trend, objective, how_many, place):
    place = min(place, prebins[0].size)
    wider = [np.insert(part, place, np.zeros(how_many, dtype=int)) for part in prebins]
    plain = optimal_bins(*prebins, trend=trend, objective=objective)
    with_empty = optimal_bins(*wider, trend=trend, objective=objective)
    np.testing.assert_allclose(with_empty.objective, plain.objective, rtol=RTOL, atol=1e-15)


# Two empty pre-bins have no rate to test, and a bin of them alone is never made.
BESIDE_EMPTY = {
    "in front": (0, "ascending", None),
    "inside": (1, "ascending", None),
    "at the end of a bin": (2, "ascending", None),
    "behind": (4, "ascending", None),
    "before a cut": (2, "ascending", [0, 0, 0, 1, 0]),
    "at the foot of a peak": (4, "peak", None),
}


@pytest.mark.parametrize(("place", "trend", "cuts"), BESIDE_EMPTY.values(), ids=BESIDE_EMPTY.keys())
def test_empty_pre_bins_do_not_disturb_the_test_of_neighbours(place, trend, cuts):
    events, nonevents = (np.insert(part, [place] * 2, 0) for part in (EVENTS, NONEVENTS))
    rules = BinRules(max_p_value=0.145)
    found = optimal_bins(events, nonevents, trend=trend, rules=rules, cuts=cuts)
    assert found.starts.size == 2
    np.testing.assert_allclose(found.objective, HALVES, rtol=RTOL)


ONE_RATE_TWICE = {
    # Rates of 0.1 in weights that binary numbers round; then the second and the later pre-bins
    # of one rate, such as 30/2430, and the first hardly below it: an objective of 2e-8 or 1e-9.
    "weights": ([0.1, 0.2, 0.3, 0.7], [0.9, 1.8, 2.7, 6.3], "iv", [0]),
    "information value": ([30, 30, 150], [2401, 2400, 12000], "iv", [0, 1]),
    "Jensen-Shannon": ([280, 1400, 1120, 280], [1041, 5200, 4160, 1040], "js", [0, 1]),
    "Hellinger": ([270, 270, 270, 270, 1080], [2811, 2810, 2810, 2810, 11240], "hellinger", [0, 1]),
}


@pytest.mark.parametrize(
    ("events", "nonevents", "objective", "starts"),
    ONE_RATE_TWICE.values(),
    ids=ONE_RATE_TWICE.keys(),
)
def test_rounding_never_earns_a_bin(events, nonevents, objective, starts):
    found = optimal_bins(events, nonevents, trend="none", objective=objective)
    assert found.starts.tolist() == starts


@settings(deadline=None)
@given(prebins, objectives)
def test_a_freer_trend_is_worth_at_least_as_much(prebins, objective):
    value = {
        trend: optimal_bins(*prebins, trend=trend, objective=objective).objective * (1 + 2e-12)
        for trend in ("auto", "ascending", "descending", "peak", "valley", "none")
    }
    assert value["auto"] == max(value["ascending"], value["descending"])
    assert min(value["peak"], value["valley"]) >= value["auto"] / (1 + 4e-12)
    assert value["none"] >= max(value["peak"], value["valley"]) / (1 + 4e-12)


BAD = {
    "unknown trend": (
        ([1], [2]),
        {"trend": "up"},
        "option_choice",
        "trend='up' is not possible.*peak",
    ),
    "no trend": (
        ([1], [2]),
        {"trend": None},
        "option_choice",
        "trend=None is not possible; give one",
    ),
    "unknown objective": (
        ([1], [2]),
        {"objective": "gini"},
        "option_choice",
        "objective='gini' is not possible; give one of iv, js, hellinger",
    ),
    "different lengths": (([1, 2], [3]), {}, "bin_counts", r"Events \(2,\) and non-events \(1,\)"),
    "tables": (([[1, 2]], [[3, 4]]), {}, "bin_counts", r"Events \(1, 2\) .* two equally long rows"),
    "single numbers": ((1, 2), {}, "bin_counts", r"Events \(\) and non-events \(\)"),
    "negative events": (([1, -1], [3, 4]), {}, "bin_counts", "none negative"),
    "negative non-events": (([1, 1], [3, -4]), {}, "bin_counts", "none negative"),
    "missing events": (([1, np.nan], [3, 4]), {}, "bin_counts", "finite counts"),
    "infinite non-events": (([1, 2], [3, np.inf]), {}, "bin_counts", "finite counts"),
}


@pytest.mark.parametrize(("counts", "options", "code", "words"), BAD.values(), ids=BAD.keys())
def test_counts_and_choices_outside_the_domain_are_refused(counts, options, code, words):
    with pytest.raises(DomainError, match=words) as caught:
        optimal_bins(*counts, **options)
    assert caught.value.code == code
