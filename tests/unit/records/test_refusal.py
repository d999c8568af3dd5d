from __future__ import annotations

import datetime as dt

import pytest

from sanzhixin.errors import RecordError
from sanzhixin.records.application import Application, EventEntry, Member, RatingForm, RegisterEntry
from sanzhixin.records.parse_application import check_application, parse_application
from sanzhixin.scheme.deny import denied_header

AS_OF = dt.date(2026, 6, 30)


@pytest.fixture
def data(rows):
    entries = {
        table: [
            {k: v for k, v in getattr(rows, table)().items() if k != "household_id"},
        ]
        for table in ("ratings", "events", "registers", "members")
    }
    return {**rows.households(), **entries}


@pytest.fixture
def refused(scheme):
    def refuse(data):
        with pytest.raises(RecordError) as caught:
            parse_application(data, scheme, as_of=AS_OF)
        assert caught.value.code == "record_invalid"
        return caught.value

    return refuse


def test_every_finding_is_told_with_its_own_sentence(data, refused):
    data |= {"consent_purpose": "其他", "consent_until": "2026-06-29"}
    data["events"][0] |= {"code": "FS06", "level": "galaxy", "evidence_id": ""}
    error = refused(data)
    head, *lines = str(error).splitlines()
    assert head == "The application breaks 4 rule(s):"
    assert [line.partition(":")[0] for line in lines] == [
        "consent_purpose",
        "consent_until",
        "events[0].level",
        "events[0].evidence_id",
    ]
    assert "三治信农户贷款" in lines[0]
    assert "village (村级), town (镇级)" in lines[2]
    assert error.zh.splitlines()[0] == "该申请有 4 处不符合规则："
    assert "village（村级）、town（镇级）" in error.zh.splitlines()[3]


def test_after_ten_findings_the_rest_is_counted(data, refused):
    data["events"] = [data["events"][0] | {"event_id": f"E{k}", "level": "x"} for k in range(13)]
    error = refused(data)
    assert len(error.values["findings"]) == 13
    assert len(str(error).splitlines()) == 12
    assert str(error).endswith("\nand 3 more.")
    assert error.zh.endswith("\n另有 3 处。")


@pytest.mark.parametrize(
    ("table", "changes", "words"),
    [
        ("ratings", {"role": "村民"}, "role is not .* panel (道德评判团), neighbour (邻居)"),
        ("ratings", {"relation": "同学"}, "none (无), kin (亲属)"),
        ("ratings", {"scores": {"FS01": 9.5}}, "FS01 is not a whole rating; write one of 1, 2, 3"),
        ("ratings", {"FS01": 6}, "FS01 lies outside .* 1, 2, 3, 4, 5"),
        ("events", {"status": "?"}, "pending (待审), approved (通过)"),
        ("events", {"code": "ML09"}, "FS06 (家庭荣誉), FS07 (移风易俗)"),
        ("events", {"code": "村规民约轻微违反", "level": "9"}, "1 (轻微), 2 (一般), 3 (较重)"),
        ("registers", {"code": "G2"}, "has to be bank_finding, a finding"),
        ("registers", {"code": "ML05"}, "ML09 (失信被执行人)"),
    ],
)
def test_a_refused_field_of_an_entry_names_what_is_allowed(data, refused, table, changes, words):
    data[table][0] |= changes
    places = [str(refused(data)).find(part) for part in words.split(" .* ")]
    assert -1 not in places
    assert places == sorted(places)


def test_a_refused_factor_names_what_is_allowed(data, refused):
    error = refused(data | {"utility_payment": "by_drone"})
    assert "on_time (按时), sometimes_late (偶有拖欠)" in error.en
    assert "“水电费缴纳”不在约定选项内；请填写其一：on_time（按时）、" in error.zh


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("gender", "女"),
        ("性别", "女"),
        ("factors.gender", "F"),
        ("factors.gender", ["F"]),
        ("ratings[0].gender", "F"),
        ("ratings[0].gender", 3),
        ("ratings[0].scores.gender", "F"),
        ("members[0].gender", "F"),
        ("events[0].gender", {"sex": 1}),
    ],
)
def test_a_field_of_the_deny_list_is_refused_with_its_basis(data, refused, path, value):
    where = data
    *parts, name = path.split(".")
    for part in parts:
        where = where[part[:-3]][0] if part.endswith("[0]") else where.setdefault(part, {})
    where[name] = value
    error = refused(data)
    assert [tuple(item) for item in error.values["findings"]] == [(path, "denied_column")]
    assert "sex (protected group; fairness checks only), which may never enter a score" in error.en
    assert "涉及性别" in error.zh


def test_religion_in_a_record_is_refused_by_the_law(data, refused):
    error = refused(data | {"religion": "x"})
    assert "征信业管理条例 art. 14" in error.en


def test_no_field_of_an_application_is_on_the_deny_list():
    models = (Application, RatingForm, EventEntry, RegisterEntry, Member)
    names = {name for model in models for name in model.model_fields}
    assert [name for name in names if denied_header(name) is not None] == []


def test_an_unknown_item_is_no_rating_that_broke_the_scale(data, refused):
    data["ratings"][0] |= {"FS99": "good", "FS98": 4}
    findings = refused(data).values["findings"]
    assert [tuple(item) for item in findings] == [("ratings[0].FS99", "field_unknown")]
    data["ratings"][0]["FS99"] = 4
    findings = refused(data).values["findings"]
    assert [item.where for item in findings] == ["ratings[0].FS98", "ratings[0].FS99"]


def test_an_entry_twice_names_the_key_and_the_other_entry(data, refused):
    form, entry = data["ratings"][0], data["registers"][0]
    data["ratings"] = [form, form | {"rater_id": "R2"}, form | {"FS01": "1"}, form]
    data["registers"] = [entry, entry]
    error = refused(data)
    assert [tuple(item) for item in error.values["findings"]] == [
        ("ratings[2].rater_id", "duplicate_differs"),
        ("ratings[3].rater_id", "duplicate_copy"),
        ("registers[1].document_no", "duplicate_copy"),
    ]
    assert "ratings[0], has the same round + rater_id and other content" in error.en
    assert "repeats registers[0], which has the same code + document_no" in error.en
    assert "“轮次”+“评议员编号”相同" in error.zh


@pytest.mark.parametrize("key", ["a.b", "[", "events[x].level", "ratings[0].FS01", ""])
def test_a_strange_key_is_a_field_that_is_unknown(data, refused, key):
    findings = refused(data | {key: 1}).values["findings"]
    assert [item.code for item in findings] == ["field_unknown"]


def test_an_application_object_is_refused_with_the_same_sentences(data, scheme):
    good = parse_application(data, scheme, as_of=AS_OF)
    entry = good.events[0].model_copy(update={"code": "FS06", "level": "x"})
    with pytest.raises(RecordError, match=r"village \(村级\), town \(镇级\)"):
        check_application(good.model_copy(update={"events": (entry,)}), scheme)
