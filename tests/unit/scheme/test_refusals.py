from __future__ import annotations

import copy
import datetime
import json
import re
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import pytest
from pydantic import BaseModel, ValidationError

from sanzhixin.errors import SchemeError
from sanzhixin.scheme import Scheme, load_scheme, scheme_from_dict
from sanzhixin.scheme.refusals import in_file, unwrap_validation

# Every type of error that pydantic finds in a scheme of TOML or JSON, and our code for it.
FORMS = {"code_form", "pillar_code_form", "scheme_name_form", "scheme_version_form"}
TYPES = {
    "bool_type": {"value_not_bool"},
    "date_parsing": {"value_not_date"},
    "date_type": {"value_not_date"},
    "dict_type": {"value_not_table"},
    "extra_forbidden": {"key_unknown"},
    "finite_number": {"value_not_finite"},
    "greater_than": {"value_out_of_range"},
    "greater_than_equal": {"value_out_of_range"},
    "int_type": {"value_not_whole"},
    "invalid_key": {"key_unknown"},
    "is_instance_of": {"value_not_number"},
    "less_than": {"value_out_of_range"},
    "less_than_equal": {"value_out_of_range"},
    "literal_error": {"choice_unknown"},
    "missing": {"key_missing"},
    "model_attributes_type": {"value_not_table"},
    "model_type": {"value_not_table"},
    "number_digits": {"number_digits"},
    "string_pattern_mismatch": FORMS,
    "string_too_long": {"text_too_long"},
    "string_too_short": {"text_too_short"},
    "string_type": {"value_not_text"},
    "string_unicode": {"entry_invalid"},
    "too_short": {"list_too_short"},
    "tuple_type": {"value_not_list"},
    "union_tag_invalid": {"choice_unknown"},
    "union_tag_not_found": {"key_missing", "value_not_table"},
}
TOML_VALUES = [
    *("", "A", "有", "x" * 300, -1, 0, 99, True, [], ["a"], [1], {}, {"a": 1}),
    *(Decimal("0.5"), Decimal("NaN"), Decimal("1e-9"), 10**30),
    *(datetime.date(2024, 1, 1), datetime.datetime(2024, 1, 1), datetime.time(1)),
    *(None, {1: 2}, "\ud800"),  # from a dictionary alone
]
JSON_VALUES = ["", -1, 0.5, True, None, [], {}, {"a": 1}]
FOREIGN = re.compile(
    r"pydantic|value_error|\b(Input|String|Tuple|Field|Keys|Extra inputs) (should|tag|required|are)"
)
ENGLISH = re.compile(r"[a-z]+ [a-z]+ [a-z]+")


def smallest_of_each_kind():
    data = load_scheme("tongxiang").model_dump()
    data["indicators"] = [
        item
        for item in data["indicators"]
        if item["code"] in {"FS01", "ML01", "NR01", "ML05", "ML08"}
    ]
    data |= {"factors": data["factors"][:2], "gates": data["gates"][:1]}
    data["tiers"]["rows"] = data["tiers"]["rows"][:1]
    data["limits"]["village_caps"] = {"桃园村": Decimal(15)}
    return thawed(data)


def thawed(value):
    if isinstance(value, tuple | list):
        return [thawed(item) for item in value]
    return {k: thawed(v) for k, v in value.items()} if isinstance(value, dict) else value


BASE = smallest_of_each_kind()
SAVED = json.loads(scheme_from_dict(BASE).model_dump_json())


def items(value):
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


def paths(value, path=()):
    yield path
    for key, item in items(value):
        yield from paths(item, (*path, key))


def at(data, path):
    for key in path:
        data = data[key]
    return data


def changed(data, path, *value):
    if not path:
        return value[0] if value else {}
    data = copy.deepcopy(data)
    place = at(data, path[:-1])
    if value:
        place[path[-1]] = value[0]
    else:
        del place[path[-1]]
    return data


def mutants(data, values):
    for path in paths(data):
        yield changed(data, path)
        yield from (changed(data, path, value) for value in values)
    for path in [path for path in paths(data) if isinstance(at(data, path), dict)]:
        yield changed(data, (*path, "surplus"), 1)
        yield changed(data, (*path, 1), 1)  # in JSON the key becomes a text


class Refusal(NamedTuple):
    faults: list
    error: SchemeError


def from_dictionaries():
    for data in mutants(BASE, TOML_VALUES):
        try:
            scheme_from_dict(data)
        except SchemeError as error:
            yield Refusal(error.__context__.errors(include_url=False), error)


def from_json():
    for data in mutants(SAVED, JSON_VALUES):
        try:
            Scheme.model_validate_json(json.dumps(data))
        except ValidationError as error:
            yield Refusal(error.errors(include_url=False), unwrap_validation(error, data))


@pytest.fixture(scope="module")
def refusals():
    return [*from_dictionaries(), *from_json()]


def is_own(fault):
    return isinstance(fault.get("ctx", {}).get("error"), SchemeError)


def test_every_type_of_error_has_its_codes(refusals):
    codes = {}
    for faults, error in refusals:
        if len(faults) == 1 and not is_own(faults[0]):
            codes.setdefault(faults[0]["type"], set()).add(error.code)
    assert codes == TYPES


def test_several_errors_are_of_the_same_types(refusals):
    types = {fault["type"] for faults, _ in refusals for fault in faults if not is_own(fault)}
    assert types == set(TYPES)


def test_no_sentence_of_pydantic_is_told(refusals):
    leaks = [
        error.en
        for faults, error in refusals
        for fault in faults
        if not is_own(fault)
        for text in (error.en, error.zh)
        if fault["msg"] in text or FOREIGN.search(text)
    ]
    assert leaks == []


def test_no_english_sentence_stands_in_the_chinese_text(refusals):
    texts = {re.sub(r'"[^"]*"', "", error.zh) for _, error in refusals}
    assert [text for text in texts if ENGLISH.search(text)] == []


def test_an_entry_is_told_by_its_position_only_when_its_name_is_at_fault(refusals):
    single = [error.en for _, error in refusals if error.code != "scheme_invalid"]
    pattern = re.compile(r"(?:pillars|indicators|gates|factors|rows|levels)\[#\d+\](\S*) ")
    assert {match for text in single for match in pattern.findall(text)} == {
        *("", ".code", ".grade", ".kind", ".level", ".name"),
    }


def refused(data):
    with pytest.raises(SchemeError) as caught:
        scheme_from_dict(data)
    return caught.value


@pytest.mark.parametrize(
    ("path", "value", "english", "chinese"),
    [
        (
            ("indicators", 2, "levels", 0, "points"),
            "1",
            'indicators[ML05].levels[standard].points is "1"; write a number',
            'indicators[ML05].levels[standard].points 为 "1"；请写数字',
        ),
        (("indicators", 2, "weight"), 8, "indicators[ML05].weight is no key", "[ML05].weight 不是"),
        (("indicators", 2, "code"), "A-8", 'indicators[A-8].code is "A-8"', 'code 为 "A-8"'),
        (("indicators", 2, "code"), 8, "indicators[#3].code is 8; write a text", "[#3].code 为 8"),
        (("indicators", 2), 8, "indicators[#3] is 8; write a table", "indicators[#3] 为 8"),
        (("tiers", "rows", 0, "cap"), "5", 'tiers.rows[AAA].cap is "5"', 'rows[AAA].cap 为 "5"'),
        (
            ("factors", 0, "bins", 1, "points"),
            True,
            "factors[customer_years].bins[#2].points is true",
            "true",
        ),
        (("gates", 0, "action"), "no", "one of: gate, review.", "请改为以下之一：gate, review。"),
        (
            ("limits", "village_caps", "桃园村"),
            "5",
            'limits.village_caps."桃园村" is "5"',
            "桃园村",
        ),
        (("limits", "village_caps", "V1"), [], "limits.village_caps.V1 is […]", "V1 为 […]"),
        (("limits", "step"), {}, "limits.step is {…}; write a number", "limits.step 为 {…}"),
        (("limits", "step"), b"1", "limits.step is bytes", "limits.step 为 bytes"),
        (("valid_from",), datetime.datetime(2026, 6, 30), "valid_from is 2026-06-30 00:00", "日期"),
        (("zh",), "长" * 201, "zh is too long (characters: 201, at most 200)", "现有 201 个字符"),
        ((1,), 1, "1 is no key", "1 不是此处可用的键"),
    ],
)
def test_a_refusal_tells_the_place_and_what_was_given(path, value, english, chinese):
    error = refused(changed(BASE, path, value))
    assert english in str(error)
    assert chinese in error.zh


def test_a_number_too_long_for_python_to_show_is_refused_all_the_same():
    assert "min_forms is *** and has to be <= 50" in str(refused(BASE | {"min_forms": 10**5000}))


def test_a_long_value_is_shortened():
    error = refused(BASE | {"aggregator": "x" * 100})
    assert f'aggregator is "{"x" * 39}…; write' in str(error)


@pytest.mark.parametrize("value", ["330483198001011234", 13800000000])
def test_a_pasted_identity_or_phone_number_is_not_repeated(value):
    error = refused(BASE | {"recused_relations": [value]})
    assert "***" in str(error)
    assert str(value) not in str(error) + error.zh


def test_three_places_are_told_and_the_rest_counted():
    wrong = {"min_forms": 0, "points_per_score": 0, "aggregator": "max", "zh": "", "en": ""}
    error = refused(BASE | wrong)
    assert error.code == "scheme_invalid"
    assert str(error) == (
        "5 places have to be corrected; docs/scheme.md lists keys and units. "
        "(1) zh is too short (characters: 0, at least 1); fill it in. "
        "(2) en is too short (characters: 0, at least 1); fill it in. "
        "(3) points_per_score is 0 and has to be >= 1; correct it. And 2 more."
    )
    assert error.zh == (
        "有 5 处须更正，键名与单位见 docs/scheme.md。"
        "（1）zh 过短（现有 0 个字符，至少 1 个）；请填写。"
        "（2）en 过短（现有 0 个字符，至少 1 个）；请填写。"
        "（3）points_per_score 为 0，应 >= 1；请更正。另有 2 处。"
    )


def test_a_list_is_not_called_short_because_its_only_entry_is_refused():
    error = refused(changed(BASE, ("tiers", "rows", 0, "grade"), 5))
    assert str(error) == "tiers.rows[#1].grade is 5; write a text between quotation marks."


def test_three_places_are_told_without_a_rest():
    error = refused(BASE | {"min_forms": 0, "points_per_score": 0, "zh": ""})
    assert str(error).endswith("(3) min_forms is 0 and has to be >= 1; correct it.")
    assert error.zh.endswith("（3）min_forms 为 0，应 >= 1；请更正。")


def test_a_rule_of_ours_stands_among_the_others():
    data = changed(BASE, ("tiers", "rows", 0, "below"), Decimal(100)) | {"min_forms": 0}
    error = refused(data)
    assert error.code == "scheme_invalid"
    assert "(2) Tiers: the highest tier AAA ends at 100" in str(error)
    assert "（2）等级表：最高等级 AAA 止于 100" in error.zh


def test_a_rule_of_ours_alone_keeps_its_code():
    data = changed(BASE, ("tiers", "rows", 0, "below"), Decimal(100))
    assert refused(data).code == "tier_top_closed"


class Foreign(BaseModel):
    place: UUID


def test_an_unknown_type_of_error_gets_the_general_sentence():
    with pytest.raises(ValidationError) as caught:
        Foreign.model_validate({"place": "x"})
    error = unwrap_validation(caught.value)
    assert error.code == "entry_invalid"
    assert str(error) == "place is not valid; docs/scheme.md says what may stand there. Correct it."
    assert error.zh == "place 无效；可填内容见 docs/scheme.md，请更正。"


def test_the_file_leads_both_sentences():
    error = in_file(SchemeError("pillar_weight"), "village.toml")
    assert str(error) == error.en
    assert error.en.startswith("village.toml: Every pillar needs")
    assert error.zh.startswith("village.toml：各维度权重")
