from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.integrate import trapezoid

from sanzhixin.errors import ArtifactError, DomainError
from sanzhixin.numerics.record_tables import log_likelihood
from sanzhixin.numerics.symmetric import stretch_thresholds
from sanzhixin.records.cases import MISSING
from sanzhixin.scoring.panel_proof import check_rising
from sanzhixin.scoring.panel_rules import MICRO
from sanzhixin.scoring.panel_tables import FINE, PanelTables
from sanzhixin.scoring.scorer import score_cases
from tests.unit.scoring.adjusted_plan import (
    CENTRAL,
    RANDOM,
    adjusted_plan,
    adjusted_tables,
    drawn_ratings,
    fitted_model,
)
from tests.unit.scoring.factories import (
    ITEMS,
    PILLARS,
    SCHEME,
    Form,
    drawn_form,
    encode,
    form,
    household,
    score,
)

PLAN = adjusted_plan()
TABLES = adjusted_tables()
UNIT = 1 / (FINE << TABLES.step_bits)


def measured(*given, plan=PLAN):
    return score(*given, plan=plan).profile.measures


def part_of(pillar):
    return next(part for part in TABLES.pillars if part.pillar == pillar)


def by_quadrature(sheets, pillar, village="V01"):
    """Second algorithm: the posterior mean and variance by integrals of densities in floats."""
    part = part_of(pillar)
    fit = fitted_model().fits_[pillar]
    place = TABLES.villages.index(village) if village in TABLES.villages else -1
    mean = part.villages.merit[place] * UNIT
    precision = part.villages.precision[place] / (1 << 20)
    first = sum(count for code, count in ITEMS.items() if code < pillar)
    forms = []
    for sheet in sheets:
        rated = np.array(sheet.ratings[first : first + ITEMS[pillar]])
        answered = np.flatnonzero(rated)
        known = TABLES.raters.index(sheet.rater) if sheet.rater in TABLES.raters else -1
        severity = part.villages.leniency[place] if known < 0 else part.raters.severity[known]
        scale = 0 if known < 0 else part.raters.scale[known]
        halo = (part.strange_halo if known < 0 else part.halo) * UNIT
        weight = 1.0 if known < 0 else part.raters.weight[known] / 64
        steps = stretch_thresholds(fit.items.thresholds, (1.0, 1.4, 2.0, 2.8)[scale])[answered]
        forms.append((steps, rated[answered].sum() - answered.size, severity * UNIT, halo, weight))

    theta = np.arange(mean - 10, mean + 10, 0.004)
    height = -precision * (theta - mean) ** 2 / 2
    for steps, total, severity, halo, weight in forms:
        totals = np.full(theta.size, total)
        height += weight * log_likelihood(steps, totals, theta - severity, halo**0.5)
    density = np.exp(height - height.max())
    whole, first, second = (trapezoid(theta**k * density, theta) for k in range(3))
    middle = first / whole
    return middle, second / whole - middle**2


SHEETS = {
    "usual raters": [form(4, rater="R001"), form(3, rater="R002"), form(5, rater="R005")],
    "all at the top": [form(5, rater=f"R00{k}") for k in (1, 2, 5, 6, 7)],
    "all at the bottom": [form(1, rater=f"R00{k}") for k in (1, 2, 5)],
    "blanks": [
        form(4, fs=(4, 3, 0, 0, 5), rater="R001"),
        form(2, fs=(0, 3, 2, 1, 0), rater="R002"),
    ],
    "central and random": [form(3, rater=f"R00{k + 1}") for k in (CENTRAL, RANDOM, 4)],
    "unknown raters": [form(4, rater="X1"), form(5, rater="X2"), form(3, rater="R001")],
    "one form": [form(2, rater="R006")],
}


@pytest.mark.parametrize("sheets", SHEETS.values(), ids=SHEETS)
@pytest.mark.parametrize("village", ["V01", "V99"])
def test_the_look_up_gives_the_posterior_mean_of_the_integral(sheets, village):
    given = replace(household(), forms=tuple(sheets), village_id=village)
    found = measured(given)
    for place, pillar in enumerate(PILLARS):
        mean, variance = by_quadrature(sheets, pillar, village)
        assert found.logits.logit[0, place] == pytest.approx(mean, abs=0.004)
        # what severities, merit and the link add is not part of the integral
        assert found.logits.variance[0, place] >= variance - 0.002


def test_fitted_households_get_their_measures_of_the_panel_model():
    ratings, homes = drawn_ratings()
    table = fitted_model().measures_.pivot(index="household_id", columns="pillar")
    rated = ratings[list(SCHEME.panel_codes)].to_numpy().tolist()
    sheets = {name: [] for name in homes["household_id"]}
    for name, rater, row in zip(ratings["household_id"], ratings["rater_id"], rated, strict=True):
        sheets[name].append(Form(tuple(row), rater=rater))
    cases = [
        replace(household(), forms=tuple(sheets[name]), household_id=name, village_id=village)
        for name, village in homes.itertuples(index=False)
    ]
    found = measured(*cases)
    for place, pillar in enumerate(PILLARS):
        gap = found.logits.logit[:, place] - table["logit"][pillar].to_numpy()
        # mode and Gaussian error there, mean and integral here
        assert np.abs(gap).max() < 0.08
        assert np.abs(gap).mean() < 0.03
        ratio = np.sqrt(found.logits.variance[:, place]) / table["se"][pillar].to_numpy()
        assert 0.95 < ratio.min() < ratio.max() < 1.05
        within = np.sqrt(found.logits.within_variance[:, place])
        ratio = within / table["within_se"][pillar].to_numpy()
        assert 0.93 < ratio.min() < ratio.max() < 1.08


def test_a_form_of_a_severe_rater_counts_for_more_than_the_same_form_of_a_lenient_one():
    severe, lenient = (
        measured(replace(household(), forms=(form(3, rater=rater),))).score[0]
        for rater in ("R001", "R002")
    )
    assert (severe > lenient).all()


def test_a_random_rater_moves_a_measure_less_than_a_regular_one():
    base = [form(4, rater="R001"), form(4, rater="R002")]

    def moved(rater):
        low, high = (
            measured(replace(household(), forms=(*base, form(k, rater=rater)))).score[0]
            for k in (1, 5)
        )
        return high - low

    assert (moved(f"R00{RANDOM + 1}") < 0.6 * moved("R005")).all()


def test_one_household_and_many_have_the_same_bits_in_any_order():
    random = np.random.default_rng(8)
    cases = [
        household(
            *(drawn_form(random, blanks=True) for _ in range(random.integers(0, 9))),
            household_id=f"H{k}", village_id=("V01", "V02", "V99")[k % 3],
        )
        for k in range(60)
    ]  # fmt: skip
    together = measured(*cases)
    order = random.permutation(len(cases))
    shuffled = measured(*(cases[k] for k in order))
    for place, case in enumerate(cases):
        alone = measured(case)
        for name in ("score", "covariance"):
            one, many = getattr(alone, name)[0], getattr(together, name)[place]
            np.testing.assert_array_equal(one, many)
            again = getattr(shuffled, name)[np.flatnonzero(order == place)[0]]
            np.testing.assert_array_equal(again, many)


def test_without_a_counted_form_there_is_no_measure():
    found = measured(replace(household(), forms=()), household(form(4, familiar=False)))
    assert (found.score == MISSING).all()
    assert np.isnan(found.covariance).all()
    assert np.isnan(found.logits.logit).all()


def test_more_unknown_raters_narrow_the_error_and_one_alone_leaves_it_wide():
    errors = [
        measured(replace(household(), forms=tuple(form(4, rater=f"X{k}") for k in range(n))))
        .logits.within_variance[0, 0] for n in (1, 3, 9)
    ]  # fmt: skip
    prior = (1 << 20) / part_of("fs").villages.precision[0]
    assert prior > errors[0] > errors[1] > errors[2] > 0


# The whole lattice of totals of two forms, a regular and a random or central rater.
@pytest.mark.parametrize("second", [f"R00{RANDOM + 1}", f"R00{CENTRAL + 1}", "X1"])
@pytest.mark.parametrize("pillar", PILLARS)
def test_scores_rise_with_every_total_over_the_whole_lattice(pillar, second):
    count = ITEMS[pillar]
    sheets = [spread(total, count) for total in range(4 * count + 1)]
    cases = [
        replace(
            household(),
            forms=(form(3, rater="R001", **{pillar: a}), form(3, rater=second, **{pillar: b})),
        )
        for a, b in product(sheets, sheets)
    ]
    found = measured(*cases).score[:, PILLARS.index(pillar)].reshape(len(sheets), -1)
    assert (np.diff(found, axis=0) >= 0).all()
    assert (np.diff(found, axis=1) >= 0).all()
    assert found[-1, -1] > found[0, 0] + 20 * MICRO


def spread(total, count):
    low, more = divmod(total, count)
    return tuple(1 + low + (k < more) for k in range(count))


def test_two_hundred_forms_are_measured_and_one_more_point_never_lowers():
    def scores(extra):
        sheets = [form(3, rater=f"X{k}") for k in range(199)]
        return measured(
            replace(household(), forms=(*sheets, form(3, fs=extra, rater="R004")))
        ).score

    rising = [scores(spread(total, 5))[0, 0] for total in range(21)]
    assert rising == sorted(rising)
    assert rising[-1] > rising[0]


def test_an_uncovered_set_of_items_is_refused():
    part = TABLES.pillars[0]
    fewer = part.model_copy(
        update={
            "masks": part.masks[-1:],
            "known": tuple(rows[-1:] for rows in part.known),
            "strange": part.strange[-1:],
        }
    )
    tables = TABLES.model_copy(update={"pillars": (fewer, *TABLES.pillars[1:])})
    plan = replace(PLAN, adjusted=compiled(tables))
    assert (measured(household(4, 4, 4), plan=plan).score > 0).all()
    with pytest.raises(DomainError, match="1 form"):
        measured(household(4, form(4, fs=(4, 4, 4, 0, 4)), 4), plan=plan)


def compiled(tables):
    from sanzhixin.scoring.adjusted import compile_adjusted

    return compile_adjusted(tables, PLAN.panel)


def test_the_proof_holds_for_fitted_tables_and_not_for_spoiled_ones():
    check_rising(TABLES)
    part = TABLES.pillars[0]
    row = part.known[0][0]
    spoiled = (*row[:40], row[40] + 30_000, *row[41:])
    rows = ((spoiled, *part.known[0][1:]), *part.known[1:])
    broken = part.model_copy(update={"known": rows})
    tables = TABLES.model_copy(update={"pillars": (broken, *TABLES.pillars[1:])})
    with pytest.raises(ArtifactError, match="could let a better rating lower"):
        check_rising(tables)


@pytest.mark.parametrize(
    "change",
    [
        {"score": TABLES.pillars[0].score[:-1]},
        {"masks": TABLES.pillars[0].masks[:-1]},
        {"strange": TABLES.pillars[0].strange[:-1]},
        {"score": TABLES.pillars[0].score[::-1]},
    ],
    ids=["scores", "masks", "rows", "falling"],
)
def test_tables_of_other_lengths_or_falling_scores_are_refused(change):
    part = TABLES.pillars[0].model_copy(update=change)
    content = TABLES.model_copy(update={"pillars": (part, *TABLES.pillars[1:])}).model_dump()
    with pytest.raises(ValueError, match="fit again"):
        PanelTables.model_validate(content)


def test_every_severity_of_the_file_can_be_looked_up():
    fs = TABLES.pillars[0]
    severity = tuple((-(1 << 12), 1 << 12)[k % 2] for k in range(len(TABLES.raters)))
    far = fs.model_copy(update={"raters": fs.raters.model_copy(update={"severity": severity})})
    tables = TABLES.model_copy(update={"pillars": (far, *TABLES.pillars[1:])})
    plan = replace(PLAN, adjusted=compiled(tables))
    found = measured(*(household(k, k, k) for k in range(1, 6)), plan=plan)
    assert ((found.score >= 0) & (found.score <= 100 * MICRO)).all()
    assert (np.diff(found.score[:, 0]) >= 0).all()


def test_encoded_forms_are_not_changed_by_measuring():
    cases = encode(household(4, 5, 3))
    before = cases.forms.ratings.copy()
    score_cases(cases, PLAN)
    np.testing.assert_array_equal(cases.forms.ratings, before)
