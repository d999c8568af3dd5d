from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from sanzhixin.modelling import fit
from sanzhixin.scheme import load_scheme
from sanzhixin.simulate import simulate_county
from sanzhixin.validation.evidence.households import (
    compute_pathway,
    compute_waterfall,
    household_table,
)
from sanzhixin.validation.plots.pathway import plot_pathway


@pytest.fixture(scope="module")
def county():
    return simulate_county(villages=2, seed=7)


@pytest.fixture(scope="module")
def model(county):
    return fit(county, load_scheme("tongxiang"))


@pytest.fixture(scope="module")
def households(county, model):
    return household_table(model, county)


@pytest.mark.parametrize(
    "name",
    [
        *("household_id", "status", "points", "tier", "limit_yuan"),
        *("system_limit_yuan", "village_limit_yuan", "manager_limit_yuan"),
    ],
)
def test_households_are_scored_as_by_propose(households, county, model, name):
    assert households[name].equals(model.propose(county)[name])


def test_an_override_is_named_where_propose_names_it(households, county, model):
    told = model.propose(county)["review_triggers"]
    expected = ["override" in triggers for triggers in told]
    assert [bool(triggers) for triggers in households["review_triggers"]] == expected


def test_the_parts_of_the_points_add_up(households, model):
    scored = households[households["points"].notna()]
    parts = scored[[name for name in scored if name.startswith("part_")]]
    total = parts.sum(axis=1) + model.file.card.base
    assert (total == scored["points"]).all()


def test_each_step_of_the_way_holds_part_of_the_one_before(households):
    table = compute_pathway(households).table.set_index("statistic")
    assert table.loc["households", "n"] == len(households)
    assert table.loc["points", "n"] == households["points"].notna().sum()
    left = table.loc["households":, "n"].tolist()
    assert left == sorted(left, reverse=True)
    assert table["value"].between(0, 1).all()
    products = table.loc["households":, "value"].cumprod()
    assert table.loc["households":, "of_first"].tolist() == pytest.approx(products.tolist())
    assert table.loc["counted", "of_first"] == table.loc["counted", "value"]


def test_a_county_without_forms_has_no_shares(households):
    table = compute_pathway(households.assign(n_forms=0, n_counted=0)).table
    assert table.loc[:1, ["value", "of_first"]].isna().all(axis=None)
    assert plot_pathway(table, Figure().add_subplot(), lang="en").texts[1].get_text() == "0"


def test_the_waterfall_ends_at_the_points_of_masked_households(households, model):
    table = compute_waterfall(households, model).table
    assert table["example"].nunique() == 3
    assert table["household"].str.fullmatch(r"V\*\*\*\d").all()
    for _, own in table.groupby("example"):
        assert own["value"].iloc[:-1].sum() == own["value"].iloc[-1]
        assert own["value"].iloc[-1] in set(households["points"].dropna())


def test_without_points_there_is_no_example(households, model):
    none = households.assign(points=households["points"].mask(households["points"].notna()))
    assert compute_waterfall(none, model).table.empty
