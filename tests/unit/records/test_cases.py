from __future__ import annotations

import dataclasses
import datetime as dt
import sys
from subprocess import run

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sanzhixin.errors import RecordError
from sanzhixin.records.application import Application
from sanzhixin.records.cases import MISSING, UNSEEN
from sanzhixin.records.county import County
from sanzhixin.records.encode_application import encode_application
from sanzhixin.records.encode_county import encode_county
from sanzhixin.scheme import load_scheme

AS_OF = dt.date(2026, 6, 30)


def as_plain(item):
    if dataclasses.is_dataclass(item):
        return {f.name: as_plain(getattr(item, f.name)) for f in dataclasses.fields(item)}
    if isinstance(item, dict):
        return {name: as_plain(value) for name, value in item.items()}
    return (item.tolist(), str(item.dtype)) if isinstance(item, np.ndarray) else item


def assert_same(one, other):
    assert as_plain(one) == as_plain(other)


def test_a_county_becomes_sorted_arrays(county, scheme):
    cases = encode_county(county, scheme, AS_OF)
    assert cases.household_id == ["H1", "H2"]
    assert cases.as_of.tolist() == [AS_OF.toordinal()] * 2
    assert cases.consent_until.tolist() == [dt.date(2027, 1, 4).toordinal()] * 2
    assert cases.has_written_consent.tolist() == [True, False]
    assert cases.annual_income.tolist() == [80_000, MISSING]
    assert cases.council.tolist() == [MISSING, 60_000]
    assert cases.override_reason == [None, "议事会意见"]
    assert cases.factors["customer_years"].tolist() == [3_500_000, MISSING]
    assert cases.factors["utility_payment"].tolist() == [0, MISSING]
    assert cases.factors["household_income"].tolist() == [80_000_000_000, MISSING]


def test_forms_are_sorted_by_round_and_rater(county, scheme):
    cases = encode_county(county, scheme, AS_OF)
    forms = cases.forms
    assert forms.rater_id == ["R1", "R2", "R3", "R1", "R1"]
    assert forms.round.tolist() == [1, 1, 1, 2, 1]
    assert (cases.form_start.tolist(), cases.form_end.tolist()) == ([0, 4], [4, 5])
    assert forms.role.tolist() == [0, 3, 0, 0, 0]
    assert forms.relation.tolist() == [0, 1, 0, 0, 0]
    assert forms.familiar.tolist() == [True, True, False, True, True]
    places = [scheme.panel_codes.index("FS01"), scheme.panel_codes.index("ML01")]
    assert forms.ratings[:, places].tolist() == [[4, 5], [4, 5], [0, 0], [4, 5], [0, 0]]
    assert forms.ratings.sum() == 27
    assert forms.proposed_limit.tolist() == [50_000] * 4 + [MISSING]


def test_events_and_registers_keep_their_positions(county, scheme):
    cases = encode_county(county, scheme, AS_OF)
    assert cases.events.event_id == ["E1", "E0"]
    assert [tuple(scheme.event_rules)[k] for k in cases.events.code] == ["ML05", "ML05"]
    assert cases.events.status.tolist() == [1, 0]
    codes = [tuple(scheme.official_rules)[k] for k in cases.registers.code]
    assert codes == ["FS08", "ML09"]
    assert cases.registers.list_class == ["protection_order", "dishonest_judgment_debtor"]
    assert cases.registers.ended_on.tolist() == [MISSING, MISSING]


@pytest.mark.parametrize("household", ["H1", "H2"])
def test_one_application_gives_the_arrays_of_its_household(county, scheme, household):
    cases = encode_county(county, scheme, AS_OF)
    place = cases.household_id.index(household)
    one = encode_application(county.application(household), scheme, AS_OF)
    assert_same(one, cases.take(slice(place, place + 1)))


def test_an_application_of_a_county_stands_on_the_day_of_its_tables(county):
    assert county.application("H1").as_of == county.as_of == AS_OF
    assert dataclasses.replace(county, as_of=None).application("H1").as_of is None


def test_row_order_does_not_matter(county, scheme):
    shuffled = {
        name: table.sample(frac=1, random_state=3, ignore_index=True)
        for name, table in county.tables().items()
    }
    again = County.from_tables(shuffled, scheme, as_of=county.as_of)
    assert_same(encode_county(again, scheme, AS_OF), encode_county(county, scheme, AS_OF))


def test_a_household_may_stand_at_several_dates(county, scheme):
    days = np.array([739_000, 739_400, 739_100])
    cases = encode_county(county, scheme, days, households=["H2", "H1", "H2"])
    assert cases.household_id == ["H2", "H1", "H2"]
    assert cases.as_of.tolist() == days.tolist()
    assert cases.form_start.tolist() == [4, 0, 4]


def test_take_repeats_and_reorders(county, scheme):
    cases = encode_county(county, scheme, AS_OF)
    taken = cases.take(np.array([1, 1, 0]))
    assert taken.household_id == ["H2", "H2", "H1"]
    assert [
        taken.forms.rater_id[a:b] for a, b in zip(taken.form_start, taken.form_end, strict=True)
    ] == [
        ["R1"],
        ["R1"],
        ["R1", "R2", "R3", "R1"],
    ]
    assert len(cases.take(slice(0, 0))) == 0
    assert cases.take(slice(1, 2)).forms.rater_id == ["R1"]


def test_an_empty_county_has_no_cases(scheme):
    cases = encode_county(County.from_tables({}, scheme), scheme, AS_OF)
    assert len(cases) == 0
    assert cases.forms.ratings.shape == (0, len(scheme.panel_codes))


def test_starred_values_are_missing_without_written_consent(county, scheme):
    households = county.households.assign(written_consent_id=pd.array([None] * 2, dtype="str"))
    bare = dataclasses.replace(county, households=households)
    cases = encode_county(bare, scheme, AS_OF)
    for values in (cases.annual_income, cases.debt, cases.assets):
        assert values.tolist() == [MISSING, MISSING]
    assert cases.factors["household_income"].tolist() == [MISSING, MISSING]
    assert_same(encode_application(bare.application("H1"), scheme, AS_OF), cases.take(slice(0, 1)))


def test_an_unknown_level_of_a_factor_is_unseen_and_not_missing(county, scheme):
    households = county.households.assign(utility_payment=["by_drone", "on_time"])
    changed = dataclasses.replace(county, households=households.astype({"utility_payment": "str"}))
    cases = encode_county(changed, scheme, AS_OF)
    assert cases.factors["utility_payment"].tolist() == [UNSEEN, 0]
    assert_same(
        encode_application(changed.application("H1"), scheme, AS_OF), cases.take(slice(0, 1))
    )


def test_unknown_households_and_codes_are_refused(county, scheme):
    with pytest.raises(RecordError, match=r"Household 3\*\*\*9"):
        encode_county(county, scheme, AS_OF, households=["330483999"])
    with pytest.raises(RecordError, match=r"3\*\*\*9"):
        county.application("330483999")
    strange = dataclasses.replace(county, events=county.events.assign(code="XX99"))
    with pytest.raises(RecordError, match=r"2 rows of events .* XX99"):
        encode_county(strange, scheme, AS_OF)
    with pytest.raises(RecordError, match=r"1 rows of events .* XX99"):
        encode_application(strange.application("H1"), scheme, AS_OF)
    strange = dataclasses.replace(county, registers=county.registers.assign(code="XX99"))
    with pytest.raises(RecordError, match="registers"):
        encode_application(strange.application("H1"), scheme, AS_OF)


FORMS = st.lists(
    st.fixed_dictionaries(
        {
            "round": st.integers(1, 3),
            "household_id": st.sampled_from(["H1", "H2", "张三"]),
            "rater_id": st.sampled_from(["R1", "R2", "乙"]),
            "rated_on": st.dates(dt.date(2020, 1, 1), dt.date(2026, 6, 30)),
            "familiar": st.booleans(),
            "relation": st.sampled_from(["none", "kin", "debt", "business"]),
            "FS01": st.one_of(st.none(), st.integers(1, 5)),
            "NR06": st.one_of(st.none(), st.integers(1, 5)),
            "proposed_limit_yuan": st.one_of(st.none(), st.integers(0, 10**12)),
        }
    ),
    unique_by=lambda row: (row["round"], row["household_id"], row["rater_id"]),
    max_size=12,
)
EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "event_id": st.integers(0, 999).map(str),
            "household_id": st.sampled_from(["H1", "H2", "张三"]),
            "code": st.just("ML05"),
            "level": st.just(load_scheme("tongxiang").event_rules["ML05"].levels[0].level),
            "occurred_on": st.dates(dt.date(2020, 1, 1), dt.date(2026, 6, 30)),
            "recorded_on": st.dates(dt.date(2020, 1, 1), dt.date(2026, 6, 30)),
            "status": st.sampled_from(["pending", "approved", "rejected", "revoked"]),
            "evidence_id": st.sampled_from([None, "X"]),
        }
    ),
    unique_by=lambda row: row["event_id"],
    max_size=12,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(forms=FORMS, events=EVENTS, years=st.floats(0, 60), seed=st.integers(0, 99))
def test_one_record_and_the_table_agree(scheme, rows, forms, events, years, seed):
    people = rows.frame(*(rows.households(household_id=name) for name in ("H1", "H2", "张三")))
    tables = {"households": people.assign(customer_years=years, utility_payment="on_time")}
    tables["households"] = tables["households"].replace("", None)
    for name, given_rows in (("ratings", forms), ("events", events)):
        if given_rows:
            tables[name] = pd.DataFrame(given_rows).sample(frac=1, random_state=seed)
    county = County.from_tables(tables, scheme)
    cases = encode_county(county, scheme, AS_OF)
    for place, name in enumerate(cases.household_id):
        one = encode_application(county.application(name), scheme, AS_OF)
        assert_same(one, cases.take(slice(place, place + 1)))


def test_single_records_never_load_pandas():
    code = (
        "import sys, sanzhixin.records as r; from sanzhixin.records.parse_application import *;"
        "from sanzhixin.records.encode_application import *; r.Application;"
        "print('pandas' in sys.modules)"
    )
    done = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_model_of_one_record_has_the_columns_of_its_tables():
    from sanzhixin.records.application import EventEntry, Member, ProposalInput, RegisterEntry
    from sanzhixin.records.columns import TABLES

    pairs = [(Application, "households"), (EventEntry, "events"), (RegisterEntry, "registers")]
    for model, table in [*pairs, (Member, "members"), (ProposalInput, "proposals")]:
        columns = {c.name: c.required for c in TABLES[table].columns}
        if model is not Application:
            del columns["household_id"]
        fields = {name: model.model_fields[name].is_required() for name in columns}
        assert fields == columns


def test_a_county_without_the_factor_columns_has_them_missing(scheme, rows):
    households = rows.frame({"household_id": "H1", "village_id": "V1"})
    cases = encode_county(County.from_tables({"households": households}), scheme, AS_OF)
    assert cases.factors["utility_payment"].tolist() == [MISSING]


def test_positions_follow_the_scheme_that_is_asked_for(scheme, rows):
    households = rows.frame(rows.households(exposure_yuan="0", utility_payment="on_time"))
    county = County.from_tables({"households": households}, scheme)
    for years in range(10):
        first, *others = scheme.factors
        other = scheme.model_copy(
            update={"factors": (first.model_copy(update={"name": f"f{years}"}),)}
        )
        assert list(encode_county(county, other, AS_OF).factors) == [f"f{years}"]
    assert len(encode_county(county, scheme, AS_OF).factors) == len(others) + 1
