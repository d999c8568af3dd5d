from __future__ import annotations

import datetime as dt

import pytest

from sanzhixin.errors import RecordError
from sanzhixin.records.application import Application, RatingForm
from sanzhixin.records.encode_application import encode_application
from sanzhixin.records.parse_application import parse_application

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
    assert where.startswith(table)
    assert code == "duplicate_differs"


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


def test_an_application_is_frozen(data, scheme):
    application = parse_application(data, scheme, as_of=AS_OF)
    with pytest.raises(ValueError, match="frozen"):
        application.village_id = "V2"
    assert isinstance(application, Application)
