from __future__ import annotations

import pytest

from sanzhixin.errors import SchemeError
from sanzhixin.records.columns import IDENTIFIERS, TABLES, table_spec
from sanzhixin.records.dtypes import DTYPES, empty_frame


@pytest.mark.parametrize("table", list(TABLES))
def test_a_table_has_unique_columns_headers_and_its_key(scheme, table):
    spec = table_spec(table, scheme)
    headers = [header for c in spec.columns for header in {c.name, c.zh, *c.aliases}]
    assert len(set(spec.names)) == len(spec.names)
    assert len(set(headers)) == len(headers)
    assert set(spec.key) <= set(spec.names)


@pytest.mark.parametrize("table", list(TABLES))
def test_money_ends_in_yuan_and_dates_in_a_word_for_a_day(table):
    for column in TABLES[table].columns:
        assert (column.kind == "money") == column.name.endswith("_yuan")
        assert (column.kind == "date") == column.name.endswith(("_on", "_until"))


@pytest.mark.parametrize("table", list(TABLES))
def test_an_empty_table_has_the_canonical_dtypes(scheme, table):
    spec = table_spec(table, scheme)
    assert [str(dtype) for dtype in empty_frame(spec).dtypes] == [
        DTYPES[c.kind] for c in spec.columns
    ]


def test_whatever_names_one_household_person_or_paper_is_an_identifier():
    assert sorted(IDENTIFIERS) == [
        *("consent_id", "document_no", "event_id", "evidence_id", "household_id", "loan_id"),
        *("person_id", "rater_id", "written_consent_id"),
    ]
    assert set(IDENTIFIERS) <= {name for spec in TABLES.values() for name in spec.names}


def test_the_tables_of_the_design_are_all_there():
    assert list(TABLES) == [
        *("households", "members", "raters", "ratings", "vignettes", "events", "registers"),
        *("proposals", "loans", "audit_groups"),
    ]


def test_indicators_stand_before_the_proposed_limit(scheme):
    names = table_spec("ratings", scheme).names
    assert names[6:-1] == scheme.panel_codes
    assert names[-1] == "proposed_limit_yuan"


def test_factor_columns_stand_last_and_starred_ones_need_written_consent(scheme):
    columns = table_spec("households", scheme).columns
    assert [c.name for c in columns[-2:]] == ["customer_years", "utility_payment"]
    starred = [c.name for c in columns if c.written_consent]
    assert starred == ["annual_income_yuan", "debt_yuan", "assets_yuan"]


def test_a_numeric_factor_in_yuan_is_money(scheme):
    factor = scheme.factors[0].model_copy(
        update={"column": "farm_sales_yuan", "consent": "written"}
    )
    spec = table_spec("households", scheme.model_copy(update={"factors": (factor,)}))
    assert (spec.columns[-1].kind, spec.columns[-1].written_consent) == ("money", True)


@pytest.mark.parametrize(
    ("table", "part", "changes", "words"),
    [
        ("households", "factors", {"zh": "户号"}, "'户号' of customer_years means household_id"),
        ("ratings", "indicators", {"code": "relation"}, "'relation' of relation means relation"),
        ("ratings", "indicators", {"zh": "轮次"}, "'轮次' of FS01 means round"),
    ],
)
def test_a_scheme_may_not_take_the_header_of_another_column(scheme, table, part, changes, words):
    data = scheme.model_dump()
    data[part] = (data[part][0] | changes, *data[part][1:])
    with pytest.raises(SchemeError, match=words):
        table_spec(table, type(scheme).model_validate(data))
