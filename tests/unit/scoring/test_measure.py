from __future__ import annotations

import datetime as dt
import statistics
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

import numpy as np
import pytest

from sanzhixin.errors import DomainError
from sanzhixin.records.cases import MISSING
from sanzhixin.scoring.form_set import FormSet, read_forms, select_round
from sanzhixin.scoring.measure import measure, village_amount
from sanzhixin.scoring.panel_rules import MICRO, compile_panel
from tests.unit.scoring import oracle
from tests.unit.scoring.factories import (
    AGGREGATORS,
    DAY,
    ITEMS,
    PILLARS,
    SCHEME,
    WEIGHTS,
    drawn_form,
    encode,
    form,
    forms,
    household,
    plan_of,
    scheme_with,
    score,
)

RULES = compile_panel(SCHEME)
HALF_A_MILLIONTH = Fraction(1, 2 * MICRO)


@lru_cache
def rules_with(**changes):
    return compile_panel(scheme_with(**changes))


def measured(given, how="mean", **changes):
    rules = rules_with(aggregator=how, **changes)
    return measure(read_forms(encode(given), rules), rules)


def days(count):
    return dt.timedelta(days=count)


# Witnesses: the value worked by hand in the comment, and the fractions of oracle.py.
MIXED = (5, 2, 4, 3, 4)
AGGREGATES = [
    # how, ratings of all items, score
    ("mean", (5, 2, 4), Fraction(200, 3)),  # 11/3 -> (11/3 - 1) 25
    ("mean", MIXED, 65),  # 18/5
    ("min", (5, 2, 4), 25),
    ("min", MIXED, 25),
    ("median", (5, 2, 4), 75),
    ("median", (5, 2, 4, 3), Fraction(125, 2)),  # (3 + 4) / 2
    ("median", MIXED, 75),
    ("trimmed_mean", (5, 2, 4, 3), Fraction(125, 2)),  # below five forms: the mean, 14/4
    ("trimmed_mean", MIXED, Fraction(200, 3)),  # without 5 and 2: 11/3
    ("trimmed_mean", (1, 1, 5, 5, 5), Fraction(200, 3)),  # one of each end: (1 + 5 + 5) / 3
    ("trimmed_mean", (5, 5, 1, 1, 1, 1), 25),  # (5 + 1 + 1 + 1) / 4
    ("min", (4,), 75),
    ("mean", (4,), 75),
    ("median", (4,), 75),
    ("trimmed_mean", (4,), 75),
]


@pytest.mark.parametrize(("how", "ratings", "expected"), AGGREGATES)
def test_aggregators_agree_with_the_hand_and_with_fractions(how, ratings, expected):
    given = household(*ratings)
    found = measured(given, how).score[0].tolist()
    assert found == [round(Fraction(expected) * MICRO)] * 3
    assert [oracle.pillar_score(given, pillar, how) for pillar in PILLARS] == [expected] * 3


@pytest.mark.parametrize("how", AGGREGATORS)
@pytest.mark.parametrize("count", range(1, 10))
def test_aggregators_agree_with_fractions_on_random_forms(how, count):
    random = np.random.default_rng(count)
    for _ in range(25):
        sheets = [drawn_form(random, blanks=True) for _ in range(count)]
        given = household(*sheets)
        found = measured(given, how).score[0].tolist()
        for value, pillar in zip(found, PILLARS, strict=True):
            exact = oracle.pillar_score(given, pillar, how)
            if exact is None:
                assert value == MISSING
            else:
                assert abs(Fraction(value, MICRO) - exact) <= HALF_A_MILLIONTH


@pytest.mark.parametrize("how", AGGREGATORS)
@pytest.mark.parametrize("rating", [1, 2, 3, 4, 5])
def test_equal_forms_give_their_common_value_without_error(how, rating):
    found = measured(household(*[rating] * 6), how)
    assert found.score[0].tolist() == [(rating - 1) * 25 * MICRO] * 3
    assert not found.covariance.any()


def test_an_unknown_aggregator_is_refused_with_the_way_out():
    rules = compile_panel(scheme_with(aggregator="severity_adjusted", equating="none"))
    with pytest.raises(DomainError, match="severity_adjusted"):
        measure(read_forms(encode(household()), rules), rules)


HALVES = [
    # pillar, answered items, counts
    ("fs", 2, False),  # 2 of 5
    ("fs", 3, True),
    ("ml", 1, False),
    ("ml", 2, True),  # exactly half of 4
    ("nr", 2, False),
    ("nr", 3, True),  # exactly half of 6
]


@pytest.mark.parametrize(("pillar", "answered", "counts"), HALVES)
def test_a_form_counts_from_exactly_half_of_the_items(pillar, answered, counts):
    items = (5,) * answered + (0,) * (ITEMS[pillar] - answered)
    given = household(form(3, **{pillar: items}), 3, 3)
    found, place = measured(given), PILLARS.index(pillar)
    assert found.n_forms[0].tolist() == [3 - (p == pillar and not counts) for p in PILLARS]
    assert found.score[0, place] == round((Fraction(11, 3) - 1 if counts else 2) * 25 * MICRO)


def test_a_form_mean_is_that_of_the_answered_items_and_blank_is_not_three():
    given = household(*[form(nr=(5, 5, 4, 0, 0, 0))] * 3)
    # (5 + 5 + 4) / 3 = 14/3; with threes for blanks it would be 23/6, with zeros 14/6
    assert measured(given).score[0, 2] == round((Fraction(14, 3) - 1) * 25 * MICRO)


COUNTING = [
    # what differs on the fourth form, pillars that count it, familiar, recused
    ({}, (1, 1, 1), (1, 1, 1), (0, 0, 0)),
    ({"relation": "kin"}, (0, 0, 0), (1, 1, 1), (1, 1, 1)),
    ({"relation": "debt"}, (0, 0, 0), (1, 1, 1), (1, 1, 1)),
    ({"relation": "business"}, (0, 0, 0), (1, 1, 1), (1, 1, 1)),
    ({"familiar": False}, (0, 0, 0), (0, 0, 0), (0, 0, 0)),
    ({"familiar": False, "relation": "kin"}, (0, 0, 0), (0, 0, 0), (1, 1, 1)),
    ({"role": "account_manager"}, (0, 1, 0), (0, 1, 0), (0, 0, 0)),
    ({"role": "account_manager", "relation": "kin"}, (0, 0, 0), (0, 1, 0), (0, 1, 0)),
    ({"role": "neighbour"}, (1, 1, 1), (1, 1, 1), (0, 0, 0)),
    ({"role": "group_leader"}, (1, 1, 1), (1, 1, 1), (0, 0, 0)),
    ({"rated_on": DAY + days(1)}, (0, 0, 0), (0, 0, 0), (0, 0, 0)),
    ({"round": 0}, (0, 0, 0), (0, 0, 0), (0, 0, 0)),
]


@pytest.mark.parametrize(("differs", "counted", "familiar", "recused"), COUNTING)
def test_what_counts_is_decided_form_by_form_and_reported(differs, counted, familiar, recused):
    given = household(4, 4, 4, form(1, **differs))
    found = measured(given)
    assert (found.n_forms[0] - 3).tolist() == list(counted)
    assert (found.n_familiar[0] - 3).tolist() == list(familiar)
    assert found.n_recused[0].tolist() == list(recused)
    assert found.n_forms[0].tolist() == [len(oracle.form_means(given, p)) for p in PILLARS]


def test_a_scheme_without_recusal_counts_kin():
    given = household(4, 4, 4, form(1, relation="kin"))
    found = measured(given, recused_relations=("debt",))
    assert (found.n_forms[0].tolist(), found.n_recused[0].tolist()) == ([4] * 3, [0] * 3)


ROUNDS = [
    # scoring date, dates of round 1, dates of round 2, forms used by round
    (DAY, [DAY - days(40)] * 3, [DAY - days(9)] * 4, (0, 4)),
    (DAY, [DAY - days(40)] * 3, [DAY + days(1)] * 4, (3, 0)),
    (DAY, [DAY - days(40)] * 3, [DAY, DAY, DAY + days(1)], (0, 2)),
    (DAY, [DAY], [dt.date(2025, 6, 30)] * 3, (1, 0)),
    (DAY, [], [dt.date(2025, 6, 30)] * 3, (0, 0)),
    (DAY, [], [dt.date(2025, 7, 1)] * 3, (0, 3)),
    (DAY, [], [dt.date(2025, 6, 30), dt.date(2025, 7, 1), DAY], (0, 2)),
    (dt.date(2028, 2, 29), [], [dt.date(2027, 2, 28)] * 3, (0, 0)),
    (dt.date(2028, 2, 29), [], [dt.date(2027, 3, 1)] * 3, (0, 3)),
    (dt.date(2025, 2, 28), [], [dt.date(2024, 2, 28)] * 3, (0, 0)),
    (dt.date(2025, 2, 28), [], [dt.date(2024, 2, 29)] * 3, (0, 3)),
    (DAY, [], [], (0, 0)),
]


@pytest.mark.parametrize(("as_of", "first", "second", "used"), ROUNDS)
def test_the_latest_round_known_and_not_older_than_twelve_months_is_used(
    as_of, first, second, used
):
    sheets = [form(2, rated_on=day) for day in first]
    sheets += [form(5, rated_on=day, round=2) for day in second]
    given = replace(household(), forms=forms(*sheets), as_of=as_of)
    cases = encode(given)
    _, chosen = select_round(cases, RULES)
    rounds = cases.forms.round[chosen].tolist()
    assert (rounds.count(1), rounds.count(2)) == used
    assert len(oracle.used_forms(given)) == sum(used)


def test_validity_is_that_of_the_scheme():
    given = household(*[form(rated_on=dt.date(2026, 3, 30))] * 3)
    assert measured(given, rating_validity_months=3).n_forms.sum() == 0
    given = household(*[form(rated_on=dt.date(2026, 3, 31))] * 3)
    assert measured(given, rating_validity_months=3).n_forms.sum() == 9


EVIDENCE = [
    # forms, pillars without enough
    ((4, 4), ("fs", "ml", "nr")),
    ((4, 4, form(fs=(4, 4, 0, 0, 0))), ("fs",)),
    ((4, 4, form(ml=(4, 0, 0, 0))), ("ml",)),
    ((4, 4, form(nr=0, fs=0)), ("fs", "nr")),
    ((4, 4, form(role="account_manager")), ("fs", "nr")),
    ((4, 4, form(relation="kin")), ("fs", "ml", "nr")),
    ((4, 4, 4), ()),
]


@pytest.mark.parametrize(("sheets", "short"), EVIDENCE)
def test_below_three_counted_forms_the_pillars_are_named(sheets, short):
    sufficient = score(household(*sheets)).profile.sufficient[0]
    assert [p for p, enough in zip(PILLARS, sufficient, strict=True) if not enough] == list(short)


# Witnesses: statistics.stdev on exact fractions, and numpy's sample covariance.
@pytest.mark.parametrize("how", AGGREGATORS)
@pytest.mark.parametrize("count", [2, 3, 4, 7, 9])
def test_standard_errors_are_those_of_the_mean_of_the_forms(how, count):
    random = np.random.default_rng(100 + count)
    given = household(*(drawn_form(random) for _ in range(count)))
    found = np.sqrt(np.diagonal(measured(given, how).covariance[0]))
    exact = [oracle.standard_error(oracle.form_means(given, pillar)) for pillar in PILLARS]
    np.testing.assert_allclose(found, exact, rtol=1e-12)
    means = [[float(oracle.form_mean(f, p)) * 25 for p in PILLARS] for f in given.forms]
    by_numpy = np.cov(np.array(means), rowvar=False, ddof=1) / count
    np.testing.assert_allclose(measured(given, how).covariance[0], by_numpy, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("ratings", "expected"), [((2, 4), 25.0), ((3, 3, 4, 4), 7.21687836)])
def test_standard_errors_agree_with_the_hand(ratings, expected):
    # (2, 4): scores 25 and 75, sd 35.3553, over root 2: 25
    # (3, 3, 4, 4): scores 50, 50, 75, 75, sd 14.4338, over 2: 7.2169
    covariance = measured(household(*ratings)).covariance[0]
    np.testing.assert_allclose(np.sqrt(covariance), expected, rtol=1e-8)


@pytest.mark.parametrize("sheets", [(), (4,), (form(familiar=False), form(relation="kin"))])
def test_below_two_forms_there_is_no_standard_error(sheets):
    given = replace(household(), forms=forms(*sheets))
    assert np.isnan(measured(given).covariance).all()


def test_score_error_is_the_spread_of_the_form_totals_when_all_forms_count_everywhere():
    random = np.random.default_rng(5)
    for count in (3, 5, 8):
        given = household(*(drawn_form(random) for _ in range(count)))
        totals = [
            sum((oracle.form_mean(f, p) - 1) * WEIGHTS[p] / 4 for p in PILLARS) for f in given.forms
        ]
        direct = statistics.stdev(totals) / count**0.5
        assert score(given).assessment.se_points[0] == pytest.approx(direct, rel=1e-12)


def test_covariance_of_pillars_with_different_forms_comes_from_the_shared_ones():
    sheets = forms(form(2), form(4), form(5, nr=0), form(3, fs=0))
    given = replace(household(), forms=sheets)
    found = measured(given).covariance[0]
    means = [[oracle.form_mean(f, p) for f in sheets] for p in PILLARS]
    for i, left in enumerate(means):
        for j, right in enumerate(means):
            n_left, n_right = (sum(m is not None for m in row) for row in (left, right))
            own = [
                sum((m for m in row if m is not None), Fraction(0)) / n
                for row, n in ((left, n_left), (right, n_right))
            ]
            shared = sum(
                (a - own[0]) * (b - own[1]) * 625
                for a, b in zip(left, right, strict=True)
                if a is not None and b is not None
            )
            scale = (n_left * (n_left - 1) * n_right * (n_right - 1)) ** 0.5
            assert found[i, j] == pytest.approx(float(shared) / scale, rel=1e-12, abs=1e-12)


# Witness of the formula itself: the spread of scores over panels drawn anew, not another sum.
def test_the_covariance_is_that_of_scores_over_panels_drawn_anew():
    random = np.random.default_rng(31)
    n_panels, n_forms = 60_000, 6
    halo = random.normal(0.0, 0.8, (n_panels, n_forms, 1))
    mean = np.clip(3 + halo + random.normal(0.0, 0.3, (n_panels, n_forms, 3)), 1, 5)
    counted = np.ones((n_panels, n_forms, 3), dtype=bool)
    counted[:, 5, 1] = counted[:, 0, 2] = False  # 6, 5 and 5 forms; 5, 5 and 4 in common
    drawn = FormSet(
        used=counted.any(axis=2),
        mean=np.where(counted, np.rint(mean * RULES.unit).astype(np.int64), 0),
        standing=np.stack([counted, counted, ~counted & False], axis=2),
        amount=np.full((n_panels, n_forms), MISSING),
        row=np.zeros((n_panels, n_forms), dtype=np.int64),
    )
    found = measure(drawn, RULES)
    seen = np.cov(found.score / MICRO, rowvar=False)
    # By hand: where forms differ, deviations from two means are a little too short together,
    # (mn - m - n + common) / sqrt(m (m - 1) n (n - 1)): 24 / sqrt(600) and 19 / 20.
    short = np.array([[1, 0.97980, 0.97980], [0.97980, 1, 0.95], [0.97980, 0.95, 1]])
    np.testing.assert_allclose(found.covariance.mean(axis=0) / seen, short, atol=0.02)


def test_the_covariance_is_never_indefinite():
    random = np.random.default_rng(11)
    for _ in range(200):
        sheets = [drawn_form(random, blanks=True) for _ in range(6)]
        covariance = measured(household(*sheets)).covariance[0]
        if np.isfinite(covariance).all():
            assert np.linalg.eigvalsh(covariance).min() >= -1e-9


def lattice(count, pillar):
    """Every sum of form means, as form sets: one case per sum, spread evenly over the forms."""
    place = PILLARS.index(pillar)
    unit = int(RULES.unit[place])
    sums = np.arange(count * unit, 5 * count * unit + 1)
    share = sums // count
    mean = np.zeros((sums.size, count, 3), dtype=np.int64)
    mean[:, :, place] = share[:, None] + (np.arange(count) < (sums - share * count)[:, None])
    counted = np.zeros(mean.shape, dtype=bool)
    counted[:, :, place] = True
    flat = np.zeros(mean.shape[:2], dtype=np.int64)
    standing = np.stack((counted, counted, ~counted), axis=2)
    sheets = FormSet(flat > -1, mean, standing, flat, flat)
    return sheets, [Fraction(total, count * unit) for total in sums.tolist()]


@pytest.mark.parametrize("pillar", PILLARS)
@pytest.mark.parametrize("count", range(1, 10))
def test_points_are_the_exact_floor_over_the_whole_lattice_of_means(pillar, count):
    sheets, means = lattice(count, pillar)
    found = measure(sheets, RULES).score[:, PILLARS.index(pillar)]
    item = next(c for c in plan_of().card.characteristics if c.name == pillar)
    exact = [(mean - 1) / 4 * WEIGHTS[pillar] for mean in means]
    assert item.score(found).tolist() == [int(points // 1) for points in exact]
    rounded = [(200 * MICRO * (mean - 1) / 4 + 1) // 2 for mean in means]
    assert found.tolist() == rounded


def test_seven_twelfths_of_the_scale_are_140_of_240_points():
    answers = score(household(3, 3, 4, 4, 4, 2))  # mean 20/6, (20/6 - 1) / 4 = 7/12
    points = dict(
        zip(["fs", "ml", "nr"], answers.assessment.points.by_characteristic[0], strict=False)
    )
    assert points["nr"] == 140
    answers = score(household(3, 3, 4))  # mean 10/3, (10/3 - 1) / 4 = 7/12
    assert answers.assessment.points.by_characteristic[0, :3].tolist() == [116, 93, 140]


AMOUNTS = [
    # aggregate, proposed amounts, village amount
    ("median", (30_000,), 30_000),
    ("median", (30_000, 50_000), 40_000),
    ("median", (30_000, 50_001), 40_000),  # floored to yuan
    ("median", (80_000, 30_000, 50_000), 50_000),
    ("median", (80_000, 30_000, None, 50_000, 20_000), 40_000),
    ("median", (0, 0, 50_000), 0),
    ("mean", (80_000, 30_000, None), 55_000),
    ("mean", (10, 10, 11), 10),
    ("min", (80_000, 30_000, 50_000), 30_000),
    ("min", (80_000, None, 50_000), 50_000),
    ("min", (0, 50_000), 0),
    ("median", (None, None, None), MISSING),
    ("mean", (None,), MISSING),
    ("min", (), MISSING),
]


@pytest.mark.parametrize(("how", "amounts", "expected"), AMOUNTS)
def test_the_amounts_of_the_raters_are_put_together(how, amounts, expected):
    scheme = scheme_with(limits={"village_aggregate": how})
    given = replace(household(), forms=forms(*(form(amount=amount) for amount in amounts)))
    longer = household(*[4] * 6)
    rules = compile_panel(scheme)
    assert village_amount(read_forms(encode(given), rules), rules).tolist() == [expected]
    both = village_amount(read_forms(encode(longer, given), rules), rules)
    assert both.tolist() == [MISSING, expected]
    stated = [amount for amount in amounts if amount is not None]
    if stated:  # second witness
        exact = {"median": statistics.median, "mean": statistics.mean, "min": min}[how](
            [Fraction(amount) for amount in stated]
        )
        assert expected == int(exact // 1)


@pytest.mark.parametrize(
    "differs",
    [
        {"familiar": False},
        {"relation": "kin"},
        {"role": "account_manager"},
        {"round": 0},
        {"rated_on": DAY + days(1)},
        {"rated_on": dt.date(2025, 6, 30)},
    ],
)
def test_only_forms_that_may_speak_propose_an_amount(differs):
    given = household(form(amount=50_000), form(amount=1_000, **differs))
    assert village_amount(read_forms(encode(given), RULES), RULES).tolist() == [50_000]


def test_two_hundred_forms_of_one_household_are_measured_and_one_more_is_refused():
    given = household(*[5] * 199, 1)
    exact = oracle.pillar_score(given, "fs")
    assert measured(given).score[0, 0] == exact * MICRO
    with pytest.raises(DomainError, match="201"):
        select_round(encode(household(*[4] * 201)), RULES)


def test_forms_of_other_rounds_do_not_count_against_the_largest_number():
    history = [form(2, round=k) for k in range(1, 9) for _ in range(40)]
    given = household(*history, form(4, round=9), form(4, round=9), form(4, round=9))
    assert len(given.forms) == 323
    assert measured(given).n_forms[0].tolist() == [3, 3, 3]
    assert measured(given).score[0].tolist() == [75 * MICRO] * 3


def test_no_case_is_measured_as_no_case():
    cases = encode(household()).take(slice(0, 0))
    found = measure(read_forms(cases, RULES), RULES)
    assert found.score.shape == (0, 3)
    assert found.covariance.shape == (0, 3, 3)
    assert village_amount(read_forms(cases, RULES), RULES).shape == (0,)


NEGATIVE = [
    # ratings of one form on ml (others 4), counts as a negative opinion
    ((1, 2, 1, 2), True),  # exactly 1.5
    ((2, 2, 1, 2), False),  # 1.75
    ((1, 2, 0, 0), True),
    ((1, 0, 0, 0), False),  # under half answered: not counted
]


@pytest.mark.parametrize(("items", "negative"), NEGATIVE)
def test_a_counted_form_at_or_below_one_and_a_half_is_a_negative_opinion(items, negative):
    assert measured(household(4, 4, 4, form(ml=items))).negative.tolist() == [negative]
    assert measured(household(4, 4, 4, form(ml=items, relation="kin"))).negative.tolist() == [False]


def test_the_mean_of_the_amounts_is_not_their_median():
    scheme = scheme_with(limits={"village_aggregate": "mean"})
    rules = compile_panel(scheme)
    sheets = forms(*(form(amount=amount) for amount in (10_000, 20_000, 90_001, None)))
    given = replace(household(), forms=sheets)
    # 120,001 / 3, floored; the median would be 20,000
    assert village_amount(read_forms(encode(given), rules), rules).tolist() == [40_000]


def test_the_mean_of_one_amount_is_that_amount():
    rules = compile_panel(scheme_with(limits={"village_aggregate": "mean"}))
    given = replace(household(), forms=forms(form(amount=30_000), form(), form()))
    assert village_amount(read_forms(encode(given), rules), rules).tolist() == [30_000]
