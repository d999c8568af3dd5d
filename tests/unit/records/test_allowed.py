from __future__ import annotations

import pytest

from sanzhixin.records import accept_table
from sanzhixin.records.allowed import allowed_words
from sanzhixin.records.columns import Column, table_spec
from sanzhixin.records.rules import BY_CODE, FOLLOWING, RULES

# table, changed cells, and what the sentences have to name: from the scheme, in both languages
REFUSED = [
    ("households", {"consent_purpose": "其他"}, "三治信农户贷款", "三治信农户贷款"),
    ("households", {"utility_payment": "从不"}, "on_time (按时), ", "on_time（按时）、"),
    ("raters", {"role": "村民"}, "group_leader (村民小组长)", "group_leader（村民小组长）"),
    ("ratings", {"relation": "同学"}, "none (无), kin (亲属)", "none（无）、kin（亲属）"),
    ("ratings", {"FS01": "9"}, "1, 2, 3, 4, 5", "1、2、3、4、5"),
    ("ratings", {"FS01": "好"}, "1, 2, 3, 4, 5", "1、2、3、4、5"),
    (
        "events",
        {"code": "XX"},
        "FS06 (家庭荣誉), FS07 (移风易俗)",
        "FS06（家庭荣誉）、FS07（移风易俗）",
    ),
    ("events", {"code": "FS06", "level": "x"}, "village (村级), town (镇级)", "village（村级）、"),
    (
        "events",
        {"code": "ML07", "level": "x"},
        "1 (轻微), 2 (一般), 3 (较重).",
        "1（轻微）、2（一般）",
    ),
    ("events", {"code": "村规民约轻微违反"}, "1 (轻微), 2 (一般), 3 (较重).", "3（较重）。"),
    ("events", {"status": "?"}, "pending (待审), approved (通过)", "pending（待审）、approved"),
    ("registers", {"code": "XX"}, "FS08 (家庭暴力告诫书或人身安全保护令)", "ML09（失信被执行人）"),
    (
        "registers",
        {"list_class": "信访名单"},
        "dishonest_judgment_debtor (失信",
        "失信被执行人名单",
    ),
    ("registers", {"code": "G2"}, "to be bank_finding,", "应为：bank_finding；"),
]


@pytest.mark.parametrize(("table", "changes", "en", "zh"), REFUSED)
def test_a_refused_row_names_what_is_allowed(scheme, rows, table, changes, en, zh):
    row = getattr(rows, table)(**changes)
    rejected = accept_table(table, rows.frame(row), scheme, as_of=rows.as_of).rejected
    assert en in rejected["reason_en"][0]
    assert zh in rejected["reason_zh"][0]


def test_what_is_allowed_depends_on_the_code_of_the_row(scheme, rows):
    codes = ["ML05", "FS06", "ML06", "FS06"]
    frame = rows.frame(
        *(rows.events(event_id=f"E{k}", code=code, level="x") for k, code in enumerate(codes))
    )
    reasons = accept_table("events", frame, scheme).rejected["reason_en"]
    assert ["village" in text for text in reasons] == [False, True, False, True]
    assert ["town" in text for text in reasons] == [False, True, True, True]


def test_a_long_list_is_cut_and_says_where_the_whole_stands(scheme):
    words = {f"C{k}": (f"事项{k}",) for k in range(12)}
    column = Column("code", "code", "事项代码", words=words)
    found = allowed_words("code_unknown", column, scheme)
    assert found.en.endswith("C8 (事项8), ... (12 in all; see the scheme file or docs/tables.md)")
    assert found.zh.endswith("C8（事项8）等12项（见方案文件或 docs/tables.md）")


def test_a_column_of_free_text_allows_nothing_in_particular(scheme):
    column = next(c for c in table_spec("households").columns if c.name == "purpose")
    assert allowed_words("text_characters", column, scheme) == ("", "")
    assert allowed_words("field_unknown", None, scheme) == ("", "")


def test_rules_named_apart_are_rules():
    assert {*BY_CODE, *FOLLOWING} <= set(RULES)
