"""What a cell of a table or a field of a record may hold, and how many forms a household has."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

from sanzhixin.errors import RecordError
from sanzhixin.records import accept_table
from sanzhixin.records.grammar import RuleBroken
from sanzhixin.records.parse_application import parse_application
from sanzhixin.scheme import load_scheme, scheme_from_dict
from tests.limits.limit import Limit, assert_accepted, assert_refused, ids
from tests.unit.scoring.factories import household, propose

SCHEME = load_scheme("tongxiang")
ITEMS = [
    item | {"highest": 9} if item["kind"] == "panel" else item
    for item in SCHEME.model_dump()["indicators"]
]
NINE = scheme_from_dict(SCHEME.model_dump() | {"indicators": tuple(ITEMS)})
HOUSEHOLD = {
    "household_id": "H1",
    "village_id": "V1",
    "consent_id": "C1",
    "consent_purpose": SCHEME.consent_purpose,
    "consent_on": "2026-01-05",
    "consent_until": "2027-01-04",
}
FORM = {"round": 1, "rater_id": "R1", "rated_on": "2026-05-01", "familiar": "是", "relation": "无"}
FACES = {}


def face(function):
    FACES[function.__name__] = function
    return function


@face
def in_a_table(table, name, value):
    row = HOUSEHOLD if table == "households" else FORM | {"household_id": "H1", "FS01": 4}
    done = accept_table(table, pd.DataFrame([row | {name: value}]).astype(object), NINE)
    for code in done.rejected["code"]:
        raise RuleBroken(code)
    return done.accepted[name].iloc[0]


@face
def in_a_record(table, name, value):
    record = HOUSEHOLD | {name: value}
    if table == "ratings":
        record = HOUSEHOLD | {"ratings": [FORM | {name: value}]}
    try:
        return parse_application(record, NINE)
    except RecordError as error:
        (finding,) = error.values["findings"]
        raise RuleBroken(finding.code) from None


def cell(name, make=lambda value: value, table="households"):
    return lambda value, use: use(table, name, make(value))


def noted(number):
    return f"{number:.1e}" if number == 10**12 else str(number)


DAY = dt.timedelta(days=1)
FIRST, LAST = dt.date(1900, 1, 1), dt.date(2200, 12, 31)
HOW = "records.grammar."
LIMITS = [
    Limit(f"{HOW}MAX_YUAN", 10**12, "number_too_large", cell("requested_yuan")),
    Limit(f"{HOW}MAX_YUAN", 10**12, "number_too_large", cell("requested_yuan", str)),
    Limit(f"{HOW}MAX_YUAN", 10**12, "number_too_large", cell("requested_yuan", Decimal)),
    Limit(f"{HOW}MAX_YUAN", 10**12, "number_too_large", cell("customer_years")),
    Limit(f"{HOW}MAX_YUAN", 10**12, "number_too_large", cell("customer_years", noted)),
    Limit(
        f"{HOW}MAX_YUAN", -(10**12), "number_too_large", cell("customer_years"), "", -(10**12) - 1
    ),
    Limit(f"{HOW}_NUMBER", 15, "number_grammar", cell("requested_yuan", lambda n: "5".zfill(n))),
    Limit(f"{HOW}_NUMBER", 12, "number_grammar", cell("requested_yuan", lambda n: "5." + "0" * n)),
    Limit(f"{HOW}FIRST_DAY", FIRST, "date_range", cell("consent_on", str), "", FIRST - DAY),
    Limit(f"{HOW}FIRST_DAY", FIRST, "date_range", cell("consent_on"), "", FIRST - DAY),
    Limit(f"{HOW}LAST_DAY", LAST, "date_range", cell("consent_until", str), "", LAST + DAY),
    Limit(f"{HOW}LAST_DAY", LAST, "date_range", cell("consent_until"), "", LAST + DAY),
    Limit(f"{HOW}MAX_TEXT", 1_000, "text_characters", cell("purpose", lambda n: "好" * n)),
    Limit(f"{HOW}_PLAIN_ID", 64, "id_characters", cell("household_id", lambda n: "H" * n)),
    Limit(f"{HOW}_ANY_ID", 64, "id_characters", cell("household_id", lambda n: "户" * n)),
    Limit(f"{HOW}_MAX_ID_NUMBER", 10**15 - 1, "id_damaged", cell("household_id")),
    Limit(f"{HOW}parse_round", 999, "round_grammar", cell("round", table="ratings")),
    Limit(f"{HOW}parse_round", 999, "round_grammar", cell("round", str, table="ratings")),
    Limit(f"{HOW}parse_round", 1, "round_grammar", cell("round", table="ratings"), "", 0),
    Limit("records.application._Scale", 9, "rating_scale", cell("FS01", table="ratings")),
    Limit("records.application._Scale", 1, "rating_scale", cell("FS01", table="ratings"), "", 0),
]


@pytest.mark.parametrize("use", FACES.values(), ids=FACES)
@pytest.mark.parametrize("limit", LIMITS, ids=ids(LIMITS))
def test_a_value_at_the_limit_is_accepted(limit, use):
    assert_accepted(limit, use)


@pytest.mark.parametrize("use", FACES.values(), ids=FACES)
@pytest.mark.parametrize("limit", LIMITS, ids=ids(LIMITS))
def test_a_value_beyond_the_limit_breaks_its_rule(limit, use):
    assert_refused(limit, use)


@pytest.mark.parametrize(
    ("amount", "code"), [("100000000", None), ("100000001", "number_too_large")]
)
def test_an_amount_in_units_of_10000_yuan_has_the_same_limit(amount, code):
    frame = pd.DataFrame([HOUSEHOLD | {"申请金额（万元）": amount}])
    assert list(accept_table("households", frame, SCHEME).rejected["code"]) == (
        [code] if code else []
    )


# ---------------------------------------------------------------- forms of one round


def forms_in_a_table(count):
    rows = [FORM | {"household_id": "H1", "rater_id": f"R{k}", "FS01": 4} for k in range(count)]
    done = accept_table("ratings", pd.DataFrame(rows).astype("str"), SCHEME)
    for code in done.rejected["code"].unique():
        raise RuleBroken(code)
    return len(done.accepted)


def forms_in_a_record(count):
    forms = [FORM | {"rater_id": f"R{k}", "scores": {"FS01": 4}} for k in range(count)]
    try:
        return parse_application(HOUSEHOLD | {"ratings": forms}, SCHEME)
    except RecordError as error:
        (finding,) = error.values["findings"]
        raise RuleBroken(finding.code) from None


def forms_in_arrays(count):
    return propose(household(*[4] * count))


FORMS = [
    Limit("records.cases.MOST_FORMS", 200, "too_many_forms", use)
    for use in (forms_in_a_table, forms_in_a_record, forms_in_arrays)
]


@pytest.mark.parametrize("limit", FORMS, ids=lambda limit: limit.use.__name__)
def test_a_household_may_have_200_forms_in_a_round(limit):
    assert_accepted(limit)


@pytest.mark.parametrize("limit", FORMS, ids=lambda limit: limit.use.__name__)
def test_one_form_more_in_a_round_is_refused(limit):
    assert_refused(limit)
