"""Witnesses: `SanzhixinModel.propose` on changed tables, household by household; invariants."""

from __future__ import annotations

import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

import sanzhixin as szx
from sanzhixin.errors import DomainError
from sanzhixin.records.encode_county import encode_county
from sanzhixin.scoring.scorer import score_cases
from sanzhixin.validation.decisions.sensitivity import _as_it_is, compute_sensitivity


@pytest.fixture(scope="module")
def county():
    return szx.simulate_county(villages=1, seed=11)


@pytest.fixture(scope="module")
def model(county):
    return szx.fit(county, szx.load_scheme("tongxiang"))


@pytest.fixture(scope="module")
def table(model, county):
    return compute_sensitivity(model, county, n_households=40).table


def pick(table, statistic, change, pillar):
    own = table[table["statistic"].eq(statistic) & table["change"].eq(change)]
    return own[own["pillar"] == pillar].iloc[0]


def by_propose(model, county, change):
    """Shares by proposing anew for changed tables, one change at a time."""
    first = model.propose(county).set_index("household_id")
    scored = first.index[first["points"].notna()]
    used = score_cases(encode_county(county, model.scheme, county.as_of), model.plan).profile.forms
    moved = {name: [] for name in scored}
    ids = first.index
    ratings = county.ratings.sort_values(["household_id", "round", "rater_id"])
    for place, name in enumerate(ids):
        if name not in moved:
            continue
        own = ratings.index[ratings["household_id"] == name]
        for k, form in enumerate(own):
            for changed in change(county.ratings, form, used.counted[place, k]):
                after = model.propose(replace(only(county, name), ratings=changed))
                moved[name].append(after["tier"].iloc[0] != first.loc[name, "tier"])
    return {name: found for name, found in moved.items() if found}


def only(county, name):
    tables = ("households", "members", "events", "registers", "proposals")
    own = {one: getattr(county, one) for one in tables}
    return replace(
        county, **{one: table[table["household_id"] == name] for one, table in own.items()}
    )


def small(county):
    households = county.households.sort_values("household_id").head(1)
    tables = ("members", "ratings", "events", "registers", "proposals")
    own = {one: getattr(county, one) for one in tables}
    kept = {
        one: table[table["household_id"].isin(households["household_id"])]
        for one, table in own.items()
    }
    return replace(county, households=households, **kept)


def test_leaving_raters_out_agrees_with_proposing_anew(model, county):
    few = small(county)

    def left_out(ratings, form, counted):
        return [ratings.drop(index=form)] if counted.any() else []

    moved = by_propose(model, few, left_out)
    table = compute_sensitivity(model, few).table
    expected = np.mean([np.mean(found) for found in moved.values()])
    assert pick(table, "tier_one", "rater_out", "all")["value"] == pytest.approx(expected)
    some = np.mean([any(found) for found in moved.values()])
    assert pick(table, "tier_any", "rater_out", "all")["value"] == pytest.approx(some)


def test_raising_one_rating_agrees_with_proposing_anew(model, county):
    few = small(county)
    items = [item.code for item in model.scheme.panel_items]
    pillar = model.plan.panel.pillars[0]
    own = items[: int(model.plan.panel.n_items[0])]

    def raised(ratings, form, counted):
        if not counted[0]:
            return
        for item in own:
            if pd.notna(ratings.loc[form, item]) and ratings.loc[form, item] < 5:
                other = ratings.copy()
                other.loc[form, item] += 1
                yield other

    moved = by_propose(model, few, raised)
    table = compute_sensitivity(model, few).table
    expected = np.mean([np.mean(found) for found in moved.values()])
    assert pick(table, "tier_one", "one_up", pillar)["value"] == pytest.approx(expected)


def test_shares_lie_in_order_and_intervals_are_those_of_the_beta_law(table):
    for name in ("tier", "limit", "status"):
        some, one = (table[table["statistic"] == f"{name}_{k}"]["value"] for k in ("any", "one"))
        assert (some.to_numpy() >= one.to_numpy()).all()
    row = pick(table, "tier_any", "rater_out", "all")
    hit = round(row["value"] * row["n"])
    assert row["low"] == pytest.approx(beta.ppf(0.025, hit, row["n"] - hit + 1))


def test_the_near_cut_offs_are_those_of_the_proposals(model, county):
    first = model.propose(county)
    scored = first[first["points"].notna()]
    near = scored["review_triggers"].map(lambda told: any("near_cutoff" in one for one in told))
    table = compute_sensitivity(model, county, n_households=10_000).table
    row = pick(table, "near_cutoff", "as_it_is", "all")
    assert row["value"] == pytest.approx(near.mean())
    assert (row["n"], row["threshold"]) == (len(scored), 0.20)
    low = beta.ppf(0.025, near.sum(), len(near) - near.sum() + 1) if near.any() else 0
    assert row["low"] == pytest.approx(low)
    assert row["verdict"] == ("watch" if low > 0.20 else "pass")
    review = pick(table, "review", "as_it_is", "all")
    assert review["value"] == pytest.approx((scored["status"] == "review").mean())


@pytest.mark.parametrize(
    ("near", "n", "word"),
    [(8, 40, "pass"), (10, 40, "pass"), (14, 40, "watch"), (250, 1000, "watch")],
)
def test_near_cut_offs_are_watched_where_the_whole_interval_lies_above_the_line(near, n, word):
    # 10 of 40 is above a fifth, and a fifth would give as many in a quarter of all draws
    flags, none = np.arange(n) < near, np.zeros(n, dtype=bool)
    found = SimpleNamespace(near_upper=flags, near_lower=none)
    state = SimpleNamespace(status=np.zeros(n, dtype=int))
    answers = SimpleNamespace(assessment=found)
    row = _as_it_is(answers, state, np.ones(n, dtype=bool), 0.95)[0]
    assert row["verdict"] == word
    assert row["low"] == pytest.approx(beta.ppf(0.025, near, n - near + 1))


def test_the_draw_is_that_of_the_seed(model, county, table):
    again = compute_sensitivity(model, county, n_households=40).table
    pd.testing.assert_frame_equal(table, again, check_exact=True)
    other = compute_sensitivity(model, county, n_households=40, seed=1).table
    assert not table["value"].equals(other["value"])


def test_few_households_are_not_judged(model, county):
    table = compute_sensitivity(model, county, n_households=5).table
    assert set(table["verdict"]) == {"insufficient"}


def test_without_ratings_nothing_is_judged(model, county):
    bare = replace(county, ratings=county.ratings.iloc[:0])
    table = compute_sensitivity(model, bare, n_households=40).table
    assert set(table["verdict"]) == {"insufficient"}
    assert set(table["n"]) == {0}


def test_an_impossible_number_is_refused(model, county):
    with pytest.raises(DomainError, match="n_households"):
        compute_sensitivity(model, county, n_households=0)


@pytest.mark.slow
def test_five_hundred_households_of_forty_villages_take_at_most_ten_seconds():
    county = szx.simulate_county(villages=40, seed=7)
    model = szx.fit(county, szx.load_scheme("tongxiang"))
    begin = time.perf_counter()
    compute_sensitivity(model, county, n_households=500)
    assert time.perf_counter() - begin < 10
