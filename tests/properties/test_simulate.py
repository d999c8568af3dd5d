from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sanzhixin.records.county import County
from sanzhixin.scheme import load_scheme
from sanzhixin.simulate import SimulationSettings, simulate_county

SCHEME = load_scheme("tongxiang")
ITEMS = list(SCHEME.panel_codes)

shares = st.floats(0, 1)
spreads = st.floats(0, 3)


@st.composite
def setting_values(draw):
    panel = draw(st.integers(2, 9))
    return SimulationSettings(
        rounds=draw(st.integers(1, 3)),
        raters_per_village=panel,
        raters_per_household=draw(st.integers(1, panel)),
        vignettes=draw(st.integers(0, 2)),
        bridge_raters=draw(st.integers(0, 2)),
        bridge_households=draw(st.integers(1, 9)),
        severity_sd=draw(spreads),
        halo_sd=draw(spreads),
        halo_pillar_share=draw(shares),
        unfamiliar_share=draw(shares),
        blank_share=draw(shares),
        colluding_share=draw(st.floats(0, 0.5)),
        discrimination=draw(st.floats(0, 10)),
        register_share=draw(shares),
        approval_share=draw(shares),
        approval_noise_sd=draw(spreads),
        base_default_rate=draw(st.floats(0.001, 0.9)),
        default_slope=draw(st.floats(-3, 3)),
    )


counties = st.builds(
    lambda villages, households, seed, chosen: simulate_county(
        villages, households, seed, settings=chosen
    ),
    st.integers(1, 4),
    st.integers(1, 6),
    st.integers(0, 2**63 - 1),
    setting_values(),
)
few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@few
@given(counties)
def test_every_county_has_canonical_tables(county):
    assert County.from_tables(county.tables(), SCHEME, as_of=county.as_of).equals(county)


@few
@given(counties)
def test_a_rater_hands_in_one_form_for_a_household_and_round(county):
    assert not county.ratings.duplicated(["round", "household_id", "rater_id"]).any()
    assert not county.vignettes.duplicated(["round", "vignette_id", "rater_id"]).any()


@few
@given(counties)
def test_ratings_are_whole_numbers_from_one_to_five_or_missing(county):
    values = county.ratings[ITEMS].to_numpy(dtype=float, na_value=np.nan)
    assert np.isin(values[~np.isnan(values)], [1, 2, 3, 4, 5]).all()
    assert np.isnan(values[~county.ratings.familiar.to_numpy(dtype=bool)]).all()


@few
@given(counties)
def test_outcomes_lie_between_the_grant_and_the_scoring_date(county):
    loans, as_of = county.loans, pd.Timestamp(county.as_of)
    assert (loans.granted_on + pd.DateOffset(months=12) <= loans.observed_until).all()
    assert (loans.observed_until <= as_of).all()
    bad = loans[loans.defaulted.astype(bool)]
    assert (bad.defaulted_on > bad.granted_on).all()
    assert (bad.defaulted_on <= as_of).all()


@few
@given(counties)
def test_default_probabilities_are_probabilities_and_meet_the_base_rate(county):
    truth = county.truth.households
    assert truth.pd_true.between(0, 1).all()
    among = truth.approved.to_numpy(dtype=bool)
    among = among if among.any() else np.ones_like(among)
    mean, target = truth.pd_true[among].mean(), county.truth.settings.base_default_rate
    assert abs(mean - target) <= 1e-9


@few
@given(counties)
def test_thresholds_rise_with_the_step_of_every_item(county):
    steps = county.truth.items.groupby("indicator").threshold
    assert steps.apply(lambda one: one.is_monotonic_increasing).all()
