# Witnesses: closed forms of the model (category shares, linear response), moment estimators that
# know nothing of the code, binomial bounds at five standard errors, and the settings themselves.

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from sanzhixin.errors import DomainError
from sanzhixin.records.accept import accept_county, accept_table
from sanzhixin.records.columns import TABLES, table_spec
from sanzhixin.records.county import County
from sanzhixin.scheme import load_scheme
from sanzhixin.simulate import SimulationSettings, simulate_county

SCHEME = load_scheme("tongxiang")
ITEMS = list(SCHEME.panel_codes)
# Evenly spaced thresholds, wide against the traits: the expected rating is 3 + logit / 4, so that
# traits can be read off the forms.  Nothing else disturbs them.
LINEAR = {
    "discrimination": 2.0,
    "thresholds": (-6.0, -2.0, 2.0, 6.0),
    "item_sd": 0.0,
    "blank_share": 0.0,
    "unfamiliar_share": 0.0,
    "careless_share": 0.0,
    "central_share": 0.0,
    "colluding_share": 0.0,
    "rounds": 1,
}
QUIET = {"kin_share": 0.0, "village_severity_sd": 0.0}


def simulate(villages=40, households=60, seed=7, **changes):
    return simulate_county(villages, households, seed, settings=SimulationSettings(**changes))


def digests(county):
    return {
        name: hashlib.sha256(frame.to_csv(index=False).encode()).hexdigest()
        for name, frame in county.tables().items()
    }


def within_bounds(hits, n, share):
    return abs(hits - n * share) <= 5 * np.sqrt(n * share * (1 - share))


def cells(frame):
    return frame[ITEMS].to_numpy(dtype=float, na_value=np.nan)


def readings(county):
    """Form means turned back into traits by the linear response, households x raters x items."""
    n, each = len(county.households), county.truth.settings.raters_per_household
    return ((cells(county.ratings) - 3) * 4 / 2.0).reshape(n, each, len(ITEMS))


@pytest.fixture(scope="module")
def county():
    return simulate()


@pytest.fixture(scope="module")
def last_round(county):
    return county.ratings[county.ratings["round"] == 2]


# -- the same again -------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes(county):
    assert digests(simulate()) == digests(county)


def test_another_seed_gives_another_county(county):
    assert digests(simulate(seed=8))["ratings"] != digests(county)["ratings"]


def test_the_hash_seed_of_the_process_changes_no_byte():
    code = (
        "import hashlib, io\n"
        "from sanzhixin.simulate import simulate_county\n"
        "for frame in simulate_county(3, 9, 5).tables().values():\n"
        "    sink = io.BytesIO()\n"
        "    frame.to_parquet(sink)\n"
        "    text = frame.to_csv(index=False).encode()\n"
        "    print(hashlib.sha256(sink.getvalue() + text).hexdigest())\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={
                **os.environ,
                "PYTHONHASHSEED": hash_seed,
                "PYTHONPATH": os.pathsep.join(sys.path),
            },
            capture_output=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "4711")
    }
    assert len(printed) == 1


@pytest.mark.parametrize(
    ("changes", "moved"),
    [
        ({"volunteering_per_year": 3.0}, {"events"}),
        ({"register_share": 0.2}, {"registers"}),
        ({"council_share": 0.1}, {"proposals"}),
        ({"written_consent_share": 0.1}, {"households"}),
        ({"default_slope": 2.0}, {"loans"}),
        ({"vignettes": 2}, {"vignettes"}),
    ],
)
def test_a_setting_moves_its_own_table_alone(county, changes, moved):
    before, after = digests(county), digests(simulate(**changes))
    assert {name for name in before if before[name] != after[name]} == moved


# -- the tables -----------------------------------------------------------------------------------


def test_every_table_has_its_canonical_columns_and_dtypes():
    county = simulate(3, 9, vignettes=2, bridge_raters=1)
    assert County.from_tables(county.tables(), SCHEME, as_of=county.as_of).equals(county)


@pytest.mark.parametrize("table", list(TABLES))
def test_every_row_is_accepted_unchanged(table):
    county = simulate(4, 30, vignettes=2, bridge_raters=1, register_share=0.3)
    frame = getattr(county, table)
    done = accept_table(table, frame, SCHEME, as_of=county.as_of)
    assert len(done.rejected) == 0
    pd.testing.assert_frame_equal(done.accepted.reset_index(drop=True), frame)


@pytest.mark.parametrize("table", ["households", "members", "raters", "ratings", "events"])
def test_the_key_of_a_table_is_unique(county, table):
    key = list(table_spec(table).key)
    assert not getattr(county, table).duplicated(key).any()


def test_identifiers_name_their_village(county):
    assert county.households.household_id.iloc[61] == "V002-0002"
    assert county.raters.rater_id.iloc[8] == "V002-R02"


@pytest.mark.parametrize(
    ("table", "column", "owner"),
    [
        ("members", "household_id", "households"),
        ("ratings", "household_id", "households"),
        ("ratings", "rater_id", "raters"),
        ("events", "household_id", "households"),
        ("registers", "household_id", "households"),
        ("proposals", "household_id", "households"),
        ("loans", "household_id", "households"),
        ("audit_groups", "household_id", "households"),
    ],
)
def test_every_reference_is_to_a_row_that_exists(county, table, column, owner):
    assert set(getattr(county, table)[column]) <= set(getattr(county, owner)[column])


def test_no_date_lies_after_the_scoring_date_but_the_end_of_consent(county):
    as_of = pd.Timestamp(county.as_of)
    late = {
        f"{name}.{column}"
        for name, frame in county.tables().items()
        for column in frame.select_dtypes("datetime")
        if (frame[column] > as_of).any()
    }
    assert late == {"households.consent_until"}


def test_consent_is_for_this_purpose_and_in_force(county):
    households = county.households
    assert set(households.consent_purpose) == {SCHEME.consent_purpose}
    assert (households.consent_until > pd.Timestamp(county.as_of)).all()


def test_money_of_the_household_is_there_exactly_with_written_consent(county):
    written = county.households.written_consent_id.notna()
    for column in ("annual_income_yuan", "debt_yuan", "assets_yuan"):
        pd.testing.assert_series_equal(
            county.households[column].notna(), written, check_names=False
        )
    assert within_bounds(written.sum(), written.size, 0.5)


def test_the_exposure_of_a_household_is_that_of_its_members(county):
    members = county.members.groupby("household_id").exposure_yuan.sum()
    households = county.households.set_index("household_id").exposure_yuan
    pd.testing.assert_series_equal(members, households, check_dtype=False)


def test_a_household_has_one_to_four_adults(county):
    assert set(county.members.groupby("household_id").size()) == {1, 2, 3, 4}
    assert county.members.adult.all()


def test_factor_levels_are_those_of_the_scheme(county):
    levels = {f.column: {x.level for x in f.levels} for f in SCHEME.factors if f.kind != "numeric"}
    for column, known in levels.items():
        assert set(county.households[column].dropna()) == known


def test_no_declared_purpose_is_one_that_the_product_excludes(county):
    assert not set(county.households.purpose.dropna()) & set(SCHEME.purpose.refused)


def test_events_have_the_codes_and_levels_of_the_scheme(county):
    drawn = county.events.groupby("code")["level"].unique().map(set).to_dict()
    known = {code: {x.level for x in rule.levels} for code, rule in SCHEME.event_rules.items()}
    assert set(drawn) == set(known)
    assert all(levels <= known[code] for code, levels in drawn.items())


def test_events_are_recorded_within_twenty_days(county):
    delay = (county.events.recorded_on - county.events.occurred_on).dt.days
    assert delay.between(0, 20).all()


@pytest.mark.parametrize(
    ("status", "share"),
    [("approved", 0.91), ("pending", 0.04), ("rejected", 0.03), ("revoked", 0.02)],
)
def test_the_status_of_events_has_the_shares_that_were_set(county, status, share):
    assert within_bounds((county.events.status == status).sum(), len(county.events), share)


def test_yearly_rates_of_events_are_those_that_were_set(county):
    # A Poisson count with mean 1.2 a year over three years, mixed over the trait.
    per_year = (county.events.code == "ML05").sum() / len(county.households) / 3
    assert per_year == pytest.approx(1.2, abs=0.06)


def test_breaches_fall_and_honours_rise_with_the_trait():
    county = simulate(seed=3, breaches_per_year=1.0, honours_per_year=1.0)
    truth = county.truth.households.set_index("household_id").theta_all
    mean = truth.loc[county.events.household_id].groupby(county.events.code.to_numpy()).mean()
    assert mean["ML07"] < -0.2 < 0.2 < mean["FS06"]


def test_registers_carry_the_class_of_the_scheme_and_some_have_lapsed():
    registers = simulate(register_share=0.5).registers
    classes = registers.groupby("code").list_class.unique().map(list).to_dict()
    assert classes == {code: [SCHEME.official_rules[code].list_class] for code in classes}
    assert set(classes) == {"FS08", "ML08", "ML09", "G1", "G2"}
    assert (registers.ended_on.dropna() >= registers.issued_on[registers.ended_on.notna()]).all()
    lapsed = registers.ended_on < pd.Timestamp("2021-06-30")
    assert 0.02 < lapsed.mean() < 0.4


@pytest.mark.parametrize(
    ("column", "share"), [("council_limit_yuan", 0.6), ("manager_limit_yuan", 0.5)]
)
def test_proposals_are_in_whole_thousands_and_as_frequent_as_set(county, column, share):
    amounts = county.proposals[column].dropna()
    assert (amounts % 1000 == 0).all()
    assert within_bounds(amounts.size, len(county.households), share)


def test_the_roles_of_a_panel_are_those_that_were_set(county):
    roles = county.raters.role.value_counts().to_dict()
    assert roles == {"panel": 5 * 40, "neighbour": 40, "group_leader": 40}


# -- who rates whom -------------------------------------------------------------------------------


def test_every_household_is_rated_by_as_many_of_its_own_panel_as_set():
    county = simulate(4, 30, raters_per_village=12, raters_per_household=5)
    forms = county.ratings[county.ratings["round"] == 1]
    assert set(forms.groupby("household_id").rater_id.nunique()) == {5}
    assert (forms.household_id.str[:4] == forms.rater_id.str[:4]).all()
    assert forms.rater_id.nunique() == 48


def test_the_last_round_is_recent_and_the_earlier_one_more_than_a_year_old(county):
    age = (pd.Timestamp(county.as_of) - county.ratings.rated_on).dt.days
    by_round = age.groupby(county.ratings["round"]).agg(["min", "max"])
    assert by_round.loc[2, "min"] >= 5
    assert by_round.loc[2, "max"] <= 89
    assert by_round.loc[1, "min"] >= 456
    assert by_round.loc[1, "max"] <= 548


@pytest.mark.parametrize(
    ("relation", "share"), [("kin", 0.08), ("debt", 0.01), ("business", 0.01), ("none", 0.9)]
)
def test_relations_have_the_shares_that_were_set(last_round, relation, share):
    assert within_bounds((last_round.relation == relation).sum(), len(last_round), share)


def test_undeclared_kin_are_known_to_the_truth_alone():
    county = simulate(undeclared_kin_share=0.25)
    kin = county.truth.kin
    assert within_bounds((~kin.declared).sum(), len(kin), 0.25)
    forms = county.ratings[county.ratings["round"] == 1]
    assert (forms.relation == "kin").sum() == kin.declared.sum()


def test_the_share_of_unfamiliar_pairs_is_as_set_and_their_forms_are_blank(last_round):
    unfamiliar = ~last_round.familiar.astype(bool)
    assert within_bounds(unfamiliar.sum(), len(last_round), 0.2)
    blank = last_round.loc[unfamiliar, [*ITEMS, "proposed_limit_yuan"]]
    assert blank.isna().all(axis=None)


def test_the_share_of_blank_cells_on_other_forms_is_as_set(last_round):
    blank = np.isnan(cells(last_round[last_round.familiar.astype(bool)]))
    assert within_bounds(blank.sum(), blank.size, 0.05)


def test_about_half_of_the_filled_forms_propose_an_amount(last_round):
    filled = last_round[last_round.familiar.astype(bool)]
    assert within_bounds(filled.proposed_limit_yuan.notna().sum(), len(filled), 0.5)


@pytest.mark.parametrize(("kind", "share"), [("careless", 0.05), ("central", 0.05)])
def test_the_kinds_of_raters_have_the_shares_that_were_set(kind, share):
    raters = simulate(400, 1).truth.raters
    assert within_bounds((raters.kind == kind).sum(), len(raters), share)


def test_the_share_of_copiers_is_as_set_and_none_copies_a_copier():
    raters = simulate(400, 1).truth.raters.set_index("rater_id")
    copiers = raters.copies.dropna()
    assert within_bounds(copiers.size, len(raters), 0.02)
    assert raters.loc[copiers, "copies"].isna().all()
    assert (raters.loc[copiers, "village_id"].to_numpy() == copiers.index.str[:4]).all()


def test_a_copied_form_is_the_form_it_was_copied_from():
    county = simulate(20, 30, colluding_share=0.2)
    forms = county.ratings.set_index(["rater_id", "round", "household_id"]).sort_index()
    pairs = county.truth.raters.dropna(subset=["copies"])
    same = ["rated_on", "familiar", *ITEMS, "proposed_limit_yuan"]
    assert len(pairs) > 10
    for copier, source in zip(pairs.rater_id, pairs.copies, strict=True):
        pd.testing.assert_frame_equal(forms.loc[copier, same], forms.loc[source, same])


def test_a_panel_of_copiers_has_nobody_to_copy_from():
    county = simulate(3, 4, colluding_share=1, careless_share=0, central_share=0)
    assert county.truth.raters.copies.isna().all()


def test_vignettes_are_rated_once_by_every_rater():
    county = simulate(5, 6, vignettes=3, bridge_raters=1)
    forms = county.vignettes
    assert forms.groupby("vignette_id").rater_id.nunique().tolist() == [36, 36, 36]
    assert set(forms["round"]) == {2}
    assert county.truth.vignettes.vignette_id.tolist() == ["A01", "A02", "A03"]


def test_vignettes_that_stand_higher_are_rated_higher():
    county = simulate(30, 2, vignettes=12)
    mean = county.vignettes.groupby("vignette_id")[ITEMS].mean().mean(axis=1)
    theta = county.truth.vignettes.set_index("vignette_id").mean(axis=1)
    assert np.corrcoef(mean, theta)[0, 1] > 0.95


def test_a_bridge_rater_rates_in_every_village_within_its_role():
    county = simulate(5, 20, bridge_raters=1, bridge_households=4)
    forms = county.ratings[(county.ratings.rater_id == "B01") & (county.ratings["round"] == 1)]
    assert forms.household_id.str[:4].value_counts().tolist() == [4] * 5
    allowed = {p for p, roles in SCHEME.raters_by_pillar.items() if "account_manager" in roles}
    filled = forms[ITEMS].notna().any()
    assert {item.pillar for item in SCHEME.panel_items if filled[item.code]} == allowed


def test_a_bridge_rater_of_the_panel_answers_every_pillar():
    county = simulate(2, 20, bridge_raters=1, bridge_role="panel")
    assert county.ratings[county.ratings.rater_id == "B01"][ITEMS].notna().any().all()


# -- what they answer -----------------------------------------------------------------------------


def test_without_discrimination_the_category_shares_are_those_of_the_thresholds():
    # Witness: P(k) is proportional to exp of minus the sum of the first k thresholds.
    thresholds = (-1.0, 0.0, 0.5, 1.0)
    county = simulate(20, 60, **LINEAR | {"discrimination": 0.0, "thresholds": thresholds})
    weight = np.exp(-np.concatenate([[0], np.cumsum(thresholds)]))
    values = cells(county.ratings)
    for category, share in enumerate(weight / weight.sum(), start=1):
        assert within_bounds((values == category).sum(), values.size, share)


def test_central_raters_have_thresholds_stretched_about_their_mean():
    # Witness: the same shares, every threshold twice as far from their mean, 1/8.
    thresholds = (-1.0, 0.0, 0.5, 1.0)
    changes = {"discrimination": 0.0, "thresholds": thresholds, "central_share": 1.0}
    values = cells(simulate(20, 60, **LINEAR | changes).ratings)
    stretched = 0.125 + 2 * (np.array(thresholds) - 0.125)
    weight = np.exp(-np.concatenate([[0], np.cumsum(stretched)]))
    for category, share in enumerate(weight / weight.sum(), start=1):
        assert within_bounds((values == category).sum(), values.size, share)


def test_severity_and_halo_are_recovered_by_moments():
    # Witness: a two-way layout of households x raters read on the trait scale.  Rater means give
    # severity, residuals give halo, and the spread of items within a form is the noise of both.
    # One common trait and fully shared halo make the fifteen items one scale.
    county = simulate(150, 60, **LINEAR | QUIET, pillar_correlation=1.0, halo_pillar_share=1.0)
    trait = readings(county)
    noise = trait.var(axis=2, ddof=1).mean() / len(ITEMS)
    form = trait.mean(axis=2).reshape(150, 60, 7)
    rater = form.mean(axis=1)
    residual = form - form.mean(axis=2, keepdims=True) - rater[:, None, :]
    residual += form.mean(axis=(1, 2), keepdims=True)
    halo = (residual**2).sum() / (150 * 59 * 6) - noise
    severity = rater.var(axis=1, ddof=1).mean() - (halo + noise) / 60
    assert np.sqrt(halo) == pytest.approx(0.6, rel=0.03)
    assert np.sqrt(severity) == pytest.approx(0.4, rel=0.08)
    assert county.truth.raters.severity_within.std() == pytest.approx(0.4, rel=0.08)


def test_a_severe_rater_gives_lower_ratings():
    county = simulate(30, 40, **LINEAR | QUIET)
    given = -readings(county).mean(axis=2).reshape(30, 40, 7).mean(axis=1)
    severity = county.truth.raters.severity_within.to_numpy().reshape(30, 7)
    assert np.corrcoef((given.T - given.mean(axis=1)).ravel(), severity.T.ravel())[0, 1] > 0.8


def test_the_part_of_the_halo_that_pillars_share_is_as_set():
    # Witness: with no severity, residuals of two pillars' means covary by the shared halo alone.
    county = simulate(
        60, 60, **LINEAR | QUIET, severity_sd=0.0, pillar_correlation=1.0, halo_pillar_share=0.4
    )
    trait = readings(county)
    pillar = np.array([item.pillar for item in SCHEME.panel_items])
    fs, nr = (trait[:, :, pillar == code].mean(axis=2) for code in ("fs", "nr"))
    residuals = [one - one.mean(axis=1, keepdims=True) for one in (fs, nr)]
    covariance = (residuals[0] * residuals[1]).sum() / (fs.shape[0] * 6)
    assert covariance == pytest.approx(0.4 * 0.6**2, rel=0.08)


def test_the_favour_for_kin_is_recovered_by_moments():
    county = simulate(100, 60, **LINEAR)
    form = readings(county).mean(axis=2)
    kin = (county.ratings.relation == "kin").to_numpy().reshape(form.shape)
    others = np.where(kin, np.nan, form)
    expected = np.nanmean(others, axis=1, keepdims=True)
    assert (form - expected)[kin].mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ("column", "sd"), [("merit", 0.3), ("severity", 0.2)], ids=["merit", "severity"]
)
def test_the_spread_of_villages_is_as_set(column, sd):
    assert simulate(2000, 1).truth.villages[column].std() == pytest.approx(sd, rel=0.08)


def test_traits_have_unit_spread_and_the_correlation_that_was_set():
    truth = simulate(100, 100).truth.households
    columns = ["theta_fs", "theta_ml", "theta_nr"]
    within = truth[[*columns, "theta_all"]] - truth.groupby("village_id")[
        [*columns, "theta_all"]
    ].transform("mean")
    assert within.std().to_numpy() == pytest.approx(1.0, abs=0.03)
    correlation = within[columns].corr().to_numpy()[np.triu_indices(3, 1)]
    assert correlation == pytest.approx(0.7, abs=0.03)


@pytest.mark.parametrize("uniform", [0.0, 1.0])
def test_careless_ratings_say_nothing_about_the_household(uniform):
    county = simulate(careless_share=0.3, careless_uniform=uniform)
    kind = county.truth.raters.set_index("rater_id").kind
    theta = county.truth.households.set_index("household_id").theta_all
    form = county.ratings[county.ratings.familiar.astype(bool)]
    mean = np.nanmean(cells(form), axis=1)
    trait, of = theta.loc[form.household_id].to_numpy(), kind.loc[form.rater_id].to_numpy()
    careless = of == "careless"
    assert abs(np.corrcoef(mean[careless], trait[careless])[0, 1]) < 5 / np.sqrt(careless.sum())
    assert np.corrcoef(mean[of == "normal"], trait[of == "normal"])[0, 1] > 0.4


def test_careless_ratings_may_be_uniform():
    county = simulate(10, 40, **LINEAR | {"careless_share": 1.0, "careless_uniform": 1.0})
    values = cells(county.ratings)
    assert all(within_bounds((values == k).sum(), values.size, 0.2) for k in range(1, 6))


def test_a_group_bias_lowers_the_forms_of_that_group_alone():
    county = simulate(40, 60, **LINEAR, group_rating_bias=-1.0)
    minority = (county.audit_groups.ethnicity == "minority").to_numpy()
    assert within_bounds(minority.sum(), minority.size, 0.1)
    trait = readings(county).mean(axis=(1, 2))
    truth = county.truth.households[["theta_fs", "theta_ml", "theta_nr"]].mean(axis=1)
    gap = trait - truth
    assert gap[minority].mean() - gap[~minority].mean() == pytest.approx(-1.0, abs=0.1)


@pytest.mark.parametrize("group", ["sex", "ethnicity"])
def test_audit_groups_have_nothing_to_do_with_the_traits(county, group):
    theta = county.truth.households.theta_all
    means = theta.groupby(county.audit_groups[group]).agg(["mean", "sem"])
    assert abs(means["mean"].diff().iloc[1]) < 4 * np.hypot(*means["sem"])


# -- loans ----------------------------------------------------------------------------------------


def test_the_mean_default_probability_of_the_approved_is_the_base_rate(county):
    truth = county.truth.households
    approved = truth.approved.astype(bool)
    assert truth.pd_true[approved].mean() == pytest.approx(0.015, rel=1e-9)
    assert approved.mean() == pytest.approx(0.6, abs=1e-3)


def test_the_default_probability_is_the_logit_of_its_parts(county):
    truth, settings = county.truth.households, county.truth.settings
    logit = county.truth.default_intercept - settings.default_slope * truth.theta_all + truth.shock
    np.testing.assert_allclose(truth.pd_true, 1 / (1 + np.exp(-logit)), rtol=1e-12)


def test_an_intercept_that_is_given_is_kept():
    assert simulate(2, 9, default_intercept=-3.0).truth.default_intercept == -3.0


def test_defaults_are_as_frequent_as_the_probabilities_of_the_borrowers():
    county = simulate(100, 100, base_default_rate=0.05)
    pd_true = county.truth.households.set_index("household_id").pd_true
    borrowers = pd_true.loc[county.loans.household_id]
    spread = np.sqrt((borrowers * (1 - borrowers)).sum())
    assert abs(county.loans.defaulted.sum() - borrowers.sum()) < 4 * spread


def test_loans_go_to_approved_households_which_stand_higher(county):
    truth = county.truth.households.set_index("household_id")
    assert truth.loc[county.loans.household_id, "approved"].all()
    approved = truth.approved.astype(bool)
    assert truth.theta_all[approved].mean() > truth.theta_all[~approved].mean() + 0.7
    assert truth.pd_true[approved].mean() < truth.pd_true[~approved].mean()


def test_approved_households_take_the_loan_as_often_as_set(county):
    assert within_bounds(len(county.loans), county.truth.households.approved.sum(), 0.6)


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_a_loan_is_granted_one_to_three_months_after_the_round_and_seen_for_a_year(rounds):
    county = simulate(10, 30, rounds=rounds)
    loans = county.loans
    assert (loans.observed_until >= loans.granted_on + pd.DateOffset(months=12)).all()
    back = 456 if rounds == 1 else 0
    forms = county.ratings[county.ratings["round"] == max(rounds - 1, 1)]
    rated = forms.groupby("household_id").rated_on.max().loc[loans.household_id].to_numpy()
    wait = (loans.granted_on - rated).dt.days + back
    assert wait.between(30, 90).all()


def test_a_default_has_a_date_within_twelve_months_and_no_other_loan_has_one():
    loans = simulate(base_default_rate=0.3).loans
    pd.testing.assert_series_equal(
        loans.defaulted_on.notna(), loans.defaulted.astype(bool), check_names=False
    )
    bad = loans[loans.defaulted.astype(bool)]
    assert (bad.defaulted_on - bad.granted_on).dt.days.between(90, 365).all()


def test_nobody_draws_more_than_the_limit(county):
    assert (county.loans.drawn_yuan <= county.loans.limit_yuan).all()
    assert (county.loans.drawn_yuan >= 0).all()


def test_without_approvals_there_are_no_loans_and_the_base_rate_holds_for_all():
    county = simulate(5, 20, approval_share=0.0)
    assert len(county.loans) == 0
    assert county.truth.households.pd_true.mean() == pytest.approx(0.015, rel=1e-9)


# -- the scale as a whole -------------------------------------------------------------------------


def expert_scores(county):
    """Score the last round by hand: form means, event points, no factors."""
    forms = county.ratings[
        (county.ratings["round"] == county.ratings["round"].max())
        & county.ratings.familiar.astype(bool)
        & (county.ratings.relation == "none")
    ].reset_index(drop=True)
    parts = []
    for pillar in SCHEME.pillars:
        codes = [item.code for item in SCHEME.panel_items if item.pillar == pillar.code]
        mean = forms[codes].astype("float").mean(axis=1)
        enough = forms[codes].notna().sum(axis=1) * 2 >= len(codes)
        parts.append(((mean - 1) / 4 * float(pillar.weight)).where(enough))
    by_form = pd.concat(parts, axis=1).groupby(forms.household_id)
    rated = (by_form.count() >= SCHEME.min_forms).all(axis=1)
    whole = pd.concat(parts, axis=1).sum(axis=1, skipna=False).groupby(forms.household_id)
    panel, error = by_form.mean().sum(axis=1), whole.std() / np.sqrt(whole.count())
    score = panel + (25 + event_points(county)).clip(0, 40).reindex(panel.index, fill_value=25)
    return pd.DataFrame({"score": score, "se": error})[rated]


def event_points(county):
    as_of, events = pd.Timestamp(county.as_of), county.events
    events = events[events.status == "approved"]
    total = pd.Series(0.0, index=county.households.household_id)
    for code, rule in SCHEME.event_rules.items():
        since = as_of - pd.DateOffset(months=rule.valid_months)
        mine = events[(events.code == code) & (events.occurred_on > since)]
        worth = mine.level.map({x.level: float(x.points) for x in rule.levels}).astype(float)
        points = worth.groupby(mine.household_id.to_numpy()).sum()
        if rule.cap is not None:
            cap = float(rule.cap.points)
            points = points.clip(lower=cap) if rule.is_loss else points.clip(upper=cap)
        total = total.add(points, fill_value=0.0)
    return total


@pytest.mark.parametrize("seed", [0, 7])
def test_the_default_county_spreads_over_the_tiers(seed):
    county = simulate(seed=seed)
    assert 3.8 <= np.nanmean(cells(county.ratings)) <= 4.0
    scores = expert_scores(county).score
    assert 69 <= scores.mean() <= 75
    assert 5.0 <= scores.std() <= 6.5
    counts = np.histogram(scores, [-1, 65, 70, 75, 80, 85, 90, 95])[0]
    assert (counts > 0).all()
    assert (scores >= 95).mean() < 0.005


@pytest.mark.parametrize("seed", [0, 7])
def test_few_households_of_the_default_county_lie_next_to_a_cut_off(seed):
    # 0.2533 is the normal quantile of 0.60: a neighbouring tier has probability 0.40 or more.
    scores = expert_scores(simulate(seed=seed))
    cuts = np.array([65, 70, 75, 80, 85, 90, 95])
    distance = np.abs(scores.score.to_numpy()[:, None] - cuts).min(axis=1)
    assert (distance <= 0.2533 * scores.se).mean() <= 0.15


# -- edges and refusals ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("villages", "households", "changes"),
    [
        (1, 60, {}),
        (40, 1, {}),
        (1, 1, {"rounds": 1}),
        (2, 1, {"unfamiliar_share": 1.0}),
        (
            2,
            2,
            {
                "raters_per_village": 1,
                "raters_per_household": 1,
                "neighbours_per_village": 0,
                "group_leaders_per_village": 0,
            },
        ),
        (2, 3, {"event_history_months": 1, "volunteering_per_year": 0.0}),
        (3, 2, {"bridge_raters": 2, "bridge_households": 5, "vignettes": 1}),
    ],
)
def test_small_counties_have_all_their_forms(villages, households, changes):
    county = simulate(villages, households, **changes)
    forms = county.ratings[~county.ratings.rater_id.str.startswith("B")]
    settings = county.truth.settings
    each = settings.raters_per_household * settings.rounds
    assert len(forms) == villages * households * each
    assert len(county.households) == villages * households


def test_a_county_that_nobody_knows_has_no_loan():
    assert len(simulate(2, 5, unfamiliar_share=1.0).loans) == 0


def test_the_scoring_date_moves_every_date():
    as_of = dt.date(2025, 3, 31)
    county = simulate(2, 5, as_of=as_of)
    assert county.as_of == as_of
    assert county.ratings.rated_on.max() <= pd.Timestamp(as_of)


@pytest.mark.parametrize("as_of", [dt.date(1950, 1, 1), dt.date(2190, 12, 31)])
def test_a_county_of_the_first_or_last_scoring_date_is_accepted_whole(as_of):
    longest = {"rounds": 10, "round_gap_days": 1000, "event_history_months": 120}
    county = simulate(2, 20, as_of=as_of, register_share=0.5, **longest)
    tables = {name: frame for name, frame in county.tables().items() if len(frame)}
    assert accept_county(tables, SCHEME, as_of=as_of).rejected.empty


@pytest.mark.parametrize("as_of", [dt.date(1, 1, 1), dt.date(2191, 1, 1), "2026-06-30"])
def test_a_scoring_date_of_another_age_is_refused(as_of):
    with pytest.raises(DomainError, match=r"state 1950-01-01 \.\.\. 2190-12-31"):
        SimulationSettings(as_of=as_of)


def test_the_truth_names_the_seed_and_the_settings():
    settings = SimulationSettings(severity_sd=0.1)
    truth = simulate_county(2, 3, 9, settings=settings).truth
    assert (truth.seed, truth.settings) == (9, settings)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"villages": 0}, "villages=0 is outside its range; give a number from 1 to 9999"),
        ({"villages": 2.0}, r"villages=2\.0 is outside"),
        ({"villages": True}, "villages=True is outside"),
        ({"households_per_village": 10_000}, "households_per_village=10000 is outside"),
        ({"seed": -1}, "seed=-1 is outside"),
        ({"seed": None}, "seed=None is outside"),
    ],
)
def test_impossible_sizes_are_refused(arguments, message):
    with pytest.raises(DomainError, match=message):
        simulate_county(**arguments)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"severity_sd": -0.1}, r"severity_sd=-0\.1 is outside its range"),
        ({"severity_sd": float("nan")}, "severity_sd=nan is outside"),
        ({"severity_sd": "0.4"}, "severity_sd='0.4' is outside"),
        ({"blank_share": 1.5}, "blank_share=1.5 is outside its range; give a number from 0 to 1"),
        ({"rounds": 0}, "rounds=0 is outside"),
        ({"rounds": 1.5}, "rounds=1.5 is outside"),
        ({"round_gap_days": 300}, "round_gap_days=300 is outside"),
        ({"base_default_rate": 0.0}, r"base_default_rate=0\.0 is outside"),
        ({"thresholds": (0.0, 1.0)}, "must be four finite numbers"),
        ({"thresholds": (0.0, 1.0, 2.0, float("inf"))}, "must be four finite numbers"),
        ({"bridge_role": "mayor"}, "bridge_role=mayor is no role of a rater"),
        ({"careless_share": 0.6, "central_share": 0.6}, "add up to 1.22"),
        ({"kin_share": 1.0}, "kin_share, debt_share, business_share exclude one another"),
        ({"raters_per_household": 8}, "A panel of 7 raters cannot give 8 raters"),
        ({"neighbours_per_village": 7}, "hold 8 neighbours and group leaders"),
    ],
)
def test_impossible_settings_are_refused(changes, message):
    with pytest.raises(DomainError, match=message):
        SimulationSettings(**changes)


def test_an_unknown_setting_is_refused():
    with pytest.raises(TypeError, match="severity_spread"):
        SimulationSettings(severity_spread=0.4)


def test_settings_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        SimulationSettings().rounds = 3


@pytest.mark.slow
def test_a_county_of_tongxiang_size_has_all_its_forms():
    county = simulate(211, 948, rounds=1)
    assert len(county.households) == 200_028
    assert len(county.ratings) == 1_400_196
