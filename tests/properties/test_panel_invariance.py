"""What must not change the measures of a panel, and panels of every odd kind."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sanzhixin.errors import ArtifactError, EvidenceError
from sanzhixin.modelling import PanelLinkWarning, PanelModel
from sanzhixin.modelling.panel.file import panel_tables
from sanzhixin.numerics.facets import fit_standing
from sanzhixin.numerics.standing_errors import compute_errors
from sanzhixin.numerics.variance_components import take_records
from sanzhixin.scoring.panel_proof import check_rising
from sanzhixin.scoring.panel_tables import FINE, TABLE_BITS, VARIANCE_BITS, PanelTables

FEW = settings(max_examples=6, deadline=None)
SOME = settings(max_examples=12, deadline=None)
KEYS = ["household_id", "rater_id"]
LOGITS = ["within_logit", "within_se", "logit", "se"]
ATOL = 1e-6  # logits; rounding of sums in another order, which the iterations may enlarge

seeds = st.integers(0, 2**32 - 1)


@dataclass(frozen=True)
class Panel:
    """Forms, and where households live."""

    ratings: pd.DataFrame
    households: pd.DataFrame

    @property
    def items(self):
        return tuple(name for name in self.ratings if name.startswith("I"))


def fitted(panel):
    with warnings.catch_warnings(action="ignore", category=PanelLinkWarning):
        return PanelModel({"a": panel.items}, n_jobs=1).fit(panel.ratings, panel.households)


def panel_of(cells):
    """Panel from cells (villages, households, raters, items): 0 is a blank, -1 no form."""
    village, household, rater = np.nonzero((cells >= 0).all(axis=-1))
    forms = np.where(cells > 0, cells, np.nan)[village, household, rater]
    home = [f"H{v}-{h}" for v, h in zip(village, household, strict=True)]
    judge = [f"R{v}-{r}" for v, r in zip(village, rater, strict=True)]
    items = {f"I{i}": column for i, column in enumerate(forms.T)}
    households = pd.DataFrame({"household_id": home, "village_id": [f"V{v}" for v in village]})
    return Panel(
        pd.DataFrame(dict(zip(KEYS, (home, judge), strict=True)) | items),
        households.drop_duplicates(ignore_index=True),
    )


def shapes(villages=(1, 3), households=(1, 5), raters=(1, 4), items=(2, 4)):
    return st.tuples(*[st.integers(*ends) for ends in (villages, households, raters, items)])


def drawn_cells(shape, seed):
    """Ratings by a household's level, a rater's leniency and chance; some blanks, some no form."""
    random = np.random.default_rng(seed)
    level = random.normal(3.4, 0.9, (*shape[:2], 1, 1))
    level = level + random.normal(0, 0.5, (shape[0], 1, shape[2], 1))
    cells = np.clip(np.rint(level + random.normal(0, 0.7, shape)), 1, 5).astype(int)
    cells[random.random(shape) < 0.1] = 0
    cells[random.random(shape[:3]) < 0.15] = -1
    cells[:, 0, 0] = np.maximum(cells[:, 0, 0], 1)  # every village has a form
    return cells


def panels(**ends):
    return st.builds(lambda shape, seed: panel_of(drawn_cells(shape, seed)), shapes(**ends), seeds)


def logits(model):
    return model.measures_.set_index("household_id")[LOGITS].sort_index()


def new_names(values, seed):
    ids = sorted(set(values))
    return dict(zip(ids, np.random.default_rng(seed).permutation(ids), strict=True))


@SOME
@given(panels(), seeds)
def test_names_and_the_order_of_rows_and_items_do_not_matter(panel, seed):
    names = {
        "household_id": new_names(panel.households["household_id"], seed),
        "rater_id": new_names(panel.ratings["rater_id"], seed + 1),
        "village_id": new_names(panel.households["village_id"], seed + 2),
    }
    ratings, households = (
        frame.assign(**{key: frame[key].map(new) for key, new in names.items() if key in frame})
        for frame in (panel.ratings, panel.households)
    )
    order = np.random.default_rng(seed).permutation(panel.items)
    ratings = ratings.sample(frac=1, random_state=seed)[[*KEYS, *order]]
    found = fitted(Panel(ratings, households.sample(frac=1, random_state=seed)))
    expected = logits(fitted(panel)).rename(index=names["household_id"]).sort_index()
    pd.testing.assert_frame_equal(logits(found), expected, rtol=0, atol=ATOL)


@SOME
@given(panels(villages=(2, 4)))
def test_a_village_alone_has_the_same_measures_given_the_same_variances(panel):
    model = fitted(panel)
    fit = model.fits_["a"]
    variances = fit.variances.variances
    whole = fit_standing(fit.records, fit.tables, variances, tolerance=1e-9)
    errors = compute_errors(fit.records, whole)
    rated = np.bincount(fit.records.household, minlength=fit.records.n_households) > 0
    for village in range(fit.records.n_villages):
        own = fit.records.village == village
        part = take_records(fit.records, own[fit.records.household])
        alone = fit_standing(part, fit.tables, variances, tolerance=1e-9)
        np.testing.assert_allclose(alone.household, whole.household[own & rated], atol=ATOL)
        found = compute_errors(part, alone)
        np.testing.assert_allclose(found.household, errors.household[own & rated], rtol=ATOL)


@FEW
@given(panels(), st.sampled_from(("unfamiliar", "kin", "debt", "business")))
def test_a_rater_without_a_counted_form_changes_nothing(panel, why):
    plain = Panel(panel.ratings.assign(familiar=True, relation="none"), panel.households)
    extra = plain.ratings.iloc[[0]].assign(rater_id="R-new", familiar=why != "unfamiliar")
    if why != "unfamiliar":
        extra["relation"] = why
    more = Panel(pd.concat([plain.ratings, extra]), panel.households)
    pd.testing.assert_frame_equal(fitted(more).measures_, fitted(plain).measures_)


@FEW
@given(panels())
def test_a_rater_whose_form_is_blank_changes_nothing(panel):
    blank = dict.fromkeys(panel.items, np.nan)
    extra = panel.ratings.iloc[[0]].assign(rater_id="R-new", **blank)
    more = Panel(pd.concat([panel.ratings, extra]), panel.households)
    pd.testing.assert_frame_equal(logits(fitted(more)), logits(fitted(panel)), rtol=0, atol=ATOL)


@FEW
@given(panels(), panels(), seeds)
def test_new_households_are_measured_one_by_one_in_any_order(panel, others, seed):
    model = fitted(panel)
    new = others.ratings.reindex(columns=[*KEYS, *panel.items])
    among = model.transform(new.sample(frac=1, random_state=seed), others.households)
    for home, forms in new.groupby("household_id"):
        alone = model.transform(forms, others.households)
        own = among[among["household_id"] == home].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone[LOGITS], own[LOGITS], rtol=0, atol=ATOL)


def odd(shape, change):
    """Panels of a shape whose cells are changed; `change` takes cells and a random generator."""

    def build(shape, seed):
        cells = drawn_cells(shape, seed)
        return panel_of(change(cells, np.random.default_rng(seed)))

    return st.builds(build, shape, seeds)


def all_equal(cells, random):
    return np.where(cells > 0, random.integers(1, 6), cells)


def two_categories(cells, random):
    low = random.integers(1, 5)
    return np.where(cells > 0, low + (cells > 3), cells)


def extreme_totals(cells, random):
    ends = random.choice([1, 5], cells.shape[:3])[..., None]
    return np.where(cells > 0, ends, cells)


def empty_village(cells, random):
    cells[0] = np.minimum(cells[0], 0)
    return cells


def silent_household(cells, random):
    cells[-1, -1] = 0
    return cells


def as_drawn(cells, random):
    return cells


ODD = {
    "all ratings equal": odd(shapes(), all_equal),
    "two categories": odd(shapes(), two_categories),
    "extreme totals": odd(shapes(), extreme_totals),
    "one rater": odd(shapes(raters=(1, 1)), as_drawn),
    "one household": odd(shapes(villages=(1, 1), households=(1, 1)), as_drawn),
    "one form": odd(shapes((1, 1), (1, 1), (1, 1)), as_drawn),
    "one household a village": odd(shapes(households=(1, 1)), as_drawn),
    "a village without an answer": odd(shapes(villages=(2, 3)), empty_village),
    "a household without an answer": odd(shapes(households=(2, 5)), silent_household),
}
odd_panels = st.sampled_from(sorted(ODD)).flatmap(ODD.get)
each_kind = pytest.mark.parametrize("kind", ODD)
THREE = settings(max_examples=3, deadline=None)


@each_kind
@THREE
@given(st.data())
def test_an_odd_panel_has_finite_measures_with_wide_errors(kind, data):
    model = fitted(data.draw(ODD[kind]))
    found = model.measures_
    assert np.isfinite(found[[*LOGITS, "adjusted_score"]]).all(axis=None)
    assert found["adjusted_score"].between(0, 100).all()
    assert (found["within_se"] >= 0).all()
    assert (found["se"] > 0.25).all()  # logits; at most 4 raters and 4 items
    unrated = found["n_forms"] == 0
    spread = model.variances_["household_sd"].iloc[0]
    assert (found.loc[unrated, "se"] >= spread - ATOL).all()


@FEW
@given(panels(items=(1, 1)))
def test_one_item_is_refused(panel):
    with pytest.raises(EvidenceError, match="No form answers two items"):
        fitted(panel)


@FEW
@given(odd(shapes(), lambda cells, random: np.minimum(cells, 0)))
def test_a_panel_without_an_answer_is_refused(panel):
    with pytest.raises(EvidenceError, match="No form of a counted rater"):
        fitted(panel)


def posterior_means(part, tables, place):
    """Mean standing of a household with two forms of one rater's kind, by total; in floats."""
    step = 0.5**tables.step_bits
    grid = part.first + np.arange(tables.n_points)
    village = part.villages
    apart = (grid - village.merit[0] / FINE) * step
    prior = -village.precision[0] / (1 << VARIANCE_BITS) * apart**2 / 2
    row = np.array(part.known[max(part.raters.scale[place], 0)][-1]) / (1 << TABLE_BITS)
    at = grid - part.start - part.raters.severity[place] / FINE
    means = []
    for total in range(4 * part.masks[-1].bit_count() + 1):
        likelihood = np.interp(at + total * part.halo / FINE, np.arange(row.size), row)
        height = prior + 2 * (total * grid * step + likelihood)
        weight = np.exp(height - height.max())
        means.append(weight @ grid * step / weight.sum())
    return np.array(means)


@each_kind
@THREE
@given(st.data())
def test_tables_of_an_odd_panel_rise_or_are_refused(kind, data):
    model = fitted(data.draw(ODD[kind]))
    try:
        tables = panel_tables(model)
    except ArtifactError as refusal:
        if refusal.code != "panel_not_rising":
            raise
        return
    again = PanelTables.model_validate_json(tables.model_dump_json())
    assert again == tables
    check_rising(again)
    (part,) = again.pillars
    assert (np.diff(part.score) >= 0).all()
    for place in range(len(again.raters)):
        assert (np.diff(posterior_means(part, again, place)) > 0).all()
