from __future__ import annotations

import datetime as dt

import pytest
from pydantic import ValidationError

from sanzhixin.errors import RecordError
from sanzhixin.records.application import Application, RatingForm
from sanzhixin.records.encode_application import encode_application
from sanzhixin.records.parse_application import check_application, parse_application

AS_OF = dt.date(2026, 6, 30)


@pytest.fixture
def data(rows):
    drop = {"household_id"}
    return {
        **rows.households(),
        "ratings": [{k: v for k, v in rows.ratings().items() if k not in drop}],
        "events": [{k: v for k, v in rows.events().items() if k not in drop}],
        "registers": [{k: v for k, v in rows.registers().items() if k not in drop}],
        "proposals": {"council_limit_yuan": 60_000},
    }


def findings(data, scheme, **options):
    with pytest.raises(RecordError) as caught:
        parse_application(data, scheme, **options)
    return [tuple(item) for item in caught.value.values["findings"]], caught.value


def test_text_and_typed_values_mean_the_same(data, scheme, rows):
    typed = {
        **data,
        "consent_on": dt.date(2026, 1, 5),
        "requested_yuan": 50_000,
        "factors": {"customer_years": 3.5, "utility_payment": "on_time"},
        "ratings": [
            {
                "round": 1,
                "rater_id": "R1",
                "rated_on": dt.date(2026, 5, 1),
                "familiar": True,
                "relation": "none",
                "scores": {"FS01": 4, "ML01": 5},
                "proposed_limit_yuan": 50_000,
            }
        ],
    }
    del typed["customer_years"], typed["utility_payment"]
    one = encode_application(parse_application(data, scheme, as_of=AS_OF), scheme, AS_OF)
    other = encode_application(parse_application(typed, scheme, as_of=AS_OF), scheme, AS_OF)
    assert one.forms.ratings.tolist() == other.forms.ratings.tolist()
    assert one.factors == other.factors
    assert one.requested.tolist() == other.requested.tolist() == [50_000]
    assert one.registers.list_class == ["dishonest_judgment_debtor"]


def test_ratings_stand_at_the_top_level_or_under_scores():
    head = {
        "round": 1,
        "rater_id": "R1",
        "rated_on": "2026-05-01",
        "familiar": "了解",
        "relation": "无",
    }
    assert RatingForm(**head, FS01="不了解", FS02=3).answers == {"FS01": None, "FS02": 3}
    assert RatingForm(**head, scores={"FS02": 3}).answers == {"FS02": 3}


@pytest.mark.parametrize(
    ("changes", "where", "code"),
    [
        ({"requested": 5}, "requested", "field_unknown"),
        ({"factors": {"shoe_size": 43}}, "factors.shoe_size", "field_unknown"),
        ({"factors": 5}, "factors", "record_shape"),
        ({"ratings": "many"}, "ratings", "record_shape"),
        ({"ratings": [5]}, "ratings[0]", "record_shape"),
        ({"customer_years": "long"}, "customer_years", "number_grammar"),
        ({"household_id": None}, "household_id", "missing"),
        ({"household_id": 330483198001011234}, "household_id", "id_damaged"),
        ({"consent_on": 46000}, "consent_on", "date_serial"),
    ],
)
def test_a_record_of_the_wrong_shape_is_refused(data, scheme, changes, where, code):
    found, error = findings(data | changes, scheme, as_of=AS_OF)
    assert (where, code) in found
    assert error.exit_code == 3
    assert error.zh.startswith("该申请有")


def test_an_absent_column_is_missing(data, scheme):
    del data["consent_id"]
    assert findings(data, scheme)[0] == [("consent_id", "missing")]


def test_an_item_that_the_scheme_does_not_have_is_refused(data, scheme):
    data["ratings"][0]["FS99"] = 4
    assert findings(data, scheme)[0] == [("ratings[0].FS99", "field_unknown")]


@pytest.mark.parametrize("table", ["ratings", "events", "registers"])
def test_the_same_entry_twice_is_refused(data, scheme, table):
    data[table] = data[table] * 2
    ((where, code),) = findings(data, scheme)[0]
    assert where.startswith(f"{table}[1].")
    assert code == "duplicate_copy"


def test_the_record_may_state_the_scoring_date(data, scheme):
    data["as_of"] = "2028-01-01"
    assert findings(data, scheme)[0] == [("consent_until", "consent_expired")]


@pytest.mark.parametrize("canary", ["110105194912310021", "CANARY 13800138000"])
def test_no_error_repeats_what_was_given(data, scheme, canary):
    names = ["household_id", "consent_on", "requested_yuan", "customer_years"]
    for name in names:
        _, error = findings(data | {name: canary}, scheme, as_of=AS_OF)
        text = f"{error} {error.zh} {error.values} {error!r} {error.__cause__} {error.__context__}"
        assert canary not in text


@pytest.mark.parametrize(
    ("given", "where", "code"),
    [
        (["loans"], "rejected_tables[0]", "choice_unknown"),
        (["ratings", None], "rejected_tables[1]", "missing"),
        ("ratings", "rejected_tables", "record_shape"),
    ],
)
def test_only_tables_of_evidence_can_have_rejected_rows(data, scheme, given, where, code):
    found, error = findings(data | {"rejected_tables": given}, scheme)
    assert found == [(where, code)]
    assert code != "choice_unknown" or "registers (官方记录)" in error.en


def test_rejected_tables_are_sorted_and_told_once(data, scheme):
    given = data | {"rejected_tables": ["registers", "授信建议", "proposals"]}
    cases = encode_application(parse_application(given, scheme), scheme, AS_OF)
    assert cases.rejected_tables == [("proposals", "registers")]


@pytest.mark.parametrize(
    "value", ["1899-12-31", "2201年1月1日", dt.date(1, 1, 1), dt.datetime(9999, 12, 31)]
)
def test_a_date_of_another_age_is_refused(data, scheme, value):
    assert findings(data | {"consent_until": value}, scheme)[0] == [("consent_until", "date_range")]


@pytest.mark.parametrize(
    ("name", "value"), [("purpose", ["a"]), ("requested_yuan", [5]), ("customer_years", (3,))]
)
def test_a_list_is_no_single_value(data, scheme, name, value):
    assert findings(data | {name: value}, scheme)[0] == [(name, "value_nested")]


def test_an_application_is_frozen(data, scheme):
    application = parse_application(data, scheme, as_of=AS_OF)
    with pytest.raises(ValueError, match="frozen"):
        application.village_id = "V2"
    assert isinstance(application, Application)


APPLICATION_RULES = [
    ({"factors": {"customer_years": "1_000"}}, "customer_years", "number_grammar"),
    ({"factors": {"customer_years": "abc"}}, "customer_years", "number_grammar"),
    ({"factors": {"customer_years": 10**30}}, "customer_years", "number_too_large"),
    ({"factors": {"utility_payment": "by_drone"}}, "utility_payment", "choice_unknown"),
    ({"factors": {"shoe_size": 43}}, "factors.shoe_size", "field_unknown"),
    ({"consent_purpose": "其他"}, "consent_purpose", "consent_purpose"),
    ({"consent_until": dt.date(2026, 6, 29)}, "consent_until", "consent_expired"),
    ({"consent_on": dt.date(2026, 7, 1)}, "consent_on", "date_future"),
    ({"written_consent_id": None}, "annual_income_yuan", "written_consent_missing"),
    ({"members": [{"person_id": "P1", "adult": False}]}, "members[0].adult", "member_minor"),
]


@pytest.mark.parametrize(("changes", "where", "code"), APPLICATION_RULES)
def test_an_application_object_is_held_to_the_rules(data, scheme, changes, where, code):
    good = parse_application(data, scheme, as_of=AS_OF)
    assert check_application(good, scheme, as_of=AS_OF) is None
    with pytest.raises(RecordError, match="breaks") as caught:
        check_application(Application(**good.model_dump() | changes), scheme, as_of=AS_OF)
    assert (where, code) in caught.value.values["findings"]


@pytest.mark.parametrize(
    ("table", "changes", "where", "code"),
    [
        ("ratings", {"FS01": 9}, "ratings[0].FS01", "rating_scale"),
        ("ratings", {"XX99": 3}, "ratings[0].XX99", "field_unknown"),
        ("ratings", {"rated_on": "2026-07-01"}, "ratings[0].rated_on", "date_future"),
        ("events", {"code": "XX99"}, "events[0].code", "code_unknown"),
        ("events", {"level": "galaxy"}, "events[0].level", "level_unknown"),
        ("events", {"evidence_id": None}, "events[0].evidence_id", "evidence_missing"),
        ("events", {"recorded_on": "2026-01-01"}, "events[0].recorded_on", "dates_order"),
        ("registers", {"list_class": "信访名单"}, "registers[0].list_class", "register_class"),
    ],
)
def test_the_entries_of_an_application_object_are_held_to_the_rules(
    data, scheme, table, changes, where, code
):
    dump = parse_application(data, scheme, as_of=AS_OF).model_dump()
    dump[table] = [dump[table][0] | changes]
    with pytest.raises(RecordError, match=r"breaks 1 rule\(s\)") as caught:
        check_application(Application(**dump), scheme, as_of=AS_OF)
    assert caught.value.values["findings"] == ((where, code),)


@pytest.mark.parametrize("value", [True, float("nan"), float("inf")])
def test_a_factor_that_is_no_plain_value_never_gets_into_an_application(data, scheme, value):
    good = parse_application(data, scheme)
    factors = {"customer_years": value}
    with pytest.raises(ValidationError, match="factors"):
        Application(**good.model_dump() | {"factors": factors})
    smuggled = good.model_copy(update={"factors": factors})
    with pytest.raises(RecordError, match="customer_years"):
        check_application(smuggled, scheme)


def test_repeated_forms_and_too_many_forms_of_an_application_are_refused(data, scheme):
    good = parse_application(data, scheme)
    twice = good.model_copy(update={"ratings": good.ratings * 2})
    with pytest.raises(RecordError, match=r"ratings\[1\].rater_id: The row repeats ratings\[0\]"):
        check_application(twice, scheme)
    (form,) = good.ratings
    forms = [form.model_copy(update={"rater_id": f"R{k}"}) for k in range(201)]
    assert check_application(good.model_copy(update={"ratings": forms[:200]}), scheme) is None
    with pytest.raises(RecordError, match="more than 200 forms"):
        check_application(good.model_copy(update={"ratings": forms}), scheme)


def test_the_day_of_an_application_counts_unless_another_is_given(data, scheme):
    good = parse_application(data, scheme).model_copy(update={"as_of": dt.date(2028, 1, 1)})
    with pytest.raises(RecordError, match="renew the consent"):
        check_application(good, scheme)
    assert check_application(good, scheme, as_of=AS_OF) is None


def test_a_level_may_be_named_by_its_chinese_word(data, scheme):
    good = parse_application(data, scheme)
    named = good.model_copy(update={"factors": {"utility_payment": "经常拖欠"}})
    assert check_application(named, scheme) is None
    assert encode_application(named, scheme, AS_OF).factors["utility_payment"].tolist() == [2]
