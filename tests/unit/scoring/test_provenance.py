from __future__ import annotations

import datetime as dt
import itertools

import pytest

from sanzhixin.errors import ArtifactError
from sanzhixin.scoring.provenance import RELEASED, STEPS, Provenance

A, B, C = dt.date(2026, 1, 1), dt.date(2026, 1, 2), dt.date(2026, 1, 3)
WHOLE = {
    "fitted_by": "A", "validated_by": "B", "approved_by": "C", "retired_by": "D",
    "fitted_on": A, "validated_on": B, "approved_on": C, "retired_on": C, "retired_because": "old",
}  # fmt: skip


def code(status, **changes):
    try:
        Provenance(**{**WHOLE, **changes}).check_steps(status)
    except ArtifactError as error:
        named = error.code == "model_ended" or f"of status {status}" in error.en
        return error.code if named else error.en
    return None


def test_the_order_of_steps_and_which_are_final():
    assert STEPS == ("draft", "validated", "approved", "retired")
    assert RELEASED == ("approved", "retired")


@pytest.mark.parametrize("status", STEPS)
def test_a_whole_life_is_in_order_at_every_step(status):
    assert code(status) is None


# what each status asks for: name of the field, statuses that refuse it when it lacks
NEEDED = {
    "fitted_by": {"validated", "approved"},
    "validated_by": {"validated", "approved"},
    "approved_by": {"approved"},
    "retired_by": {"retired"},
    "retired_because": {"retired"},
    "fitted_on": set(),
    "validated_on": {"validated", "approved"},
    "approved_on": {"approved"},
    "retired_on": {"retired"},
}


@pytest.mark.parametrize("field", NEEDED)
@pytest.mark.parametrize("status", STEPS)
def test_what_a_status_asks_for(field, status):
    expected = None
    if status in NEEDED[field]:
        expected = "model_days" if field.endswith("_on") else "model_nobody"
        expected = "model_ended" if field in ("retired_by", "retired_because") else expected
    assert code(status, **{field: None}) == expected


@pytest.mark.parametrize(
    ("status", "unnamed", "said", "told"),
    [
        (
            *("validated", ["fitted_by"]),
            "who fitted and validated it; not named: who fitted it. Who",
            "须写明拟合人、验证人，现未写明拟合人。",
        ),
        (
            *("approved", ["fitted_by", "approved_by"]),
            "who fitted and validated and approved it; not named: who fitted and approved it. Who",
            "须写明拟合人、验证人、批准人，现未写明拟合人、批准人。",
        ),
        (
            *("validated", ["validated_by", "approved_by"]),
            "not named: who validated it. Who",
            "现未写明验证人。",
        ),
    ],
)
def test_who_is_not_named_is_said_and_how_to_name_him(status, unnamed, said, told):
    with pytest.raises(ArtifactError) as caught:
        Provenance(**{**WHOLE, **dict.fromkeys(unnamed)}).check_steps(status)
    assert caught.value.code == "model_nobody"
    assert said in caught.value.en
    assert told in caught.value.zh
    assert "fit --fitted-by NAME" in caught.value.en
    assert "--by" in caught.value.zh


PEOPLE = ("fitted_by", "validated_by", "approved_by")


@pytest.mark.parametrize("names", list(itertools.product("AB ", repeat=3)))
def test_an_approved_model_has_three_people(names):
    given = dict(zip(PEOPLE, (name.strip() for name in names), strict=True))
    expected = "model_nobody" if " " in names else "model_people"
    assert code("approved", **given) == expected  # two names are never three people


@pytest.mark.parametrize("names", list(itertools.product("AB", repeat=2)))
def test_a_validated_model_has_two(names):
    given = dict(zip(PEOPLE[:2], names, strict=True))
    expected = "model_people" if names[0] == names[1] else None
    assert code("validated", **given) == expected


SAME = [
    ("李明", "李　明"),
    ("李明", "李 明 "),
    ("B. Wu", "b.wu"),
    ("B. Wu", "B·Wu"),
    ("B. Wu", "Ｂ．Ｗｕ"),
    ("Anne-Marie Li", "anne marie li"),
    ("Anne-Marie Li", "Anne\u2011Marie Li"),
    ("阿卜杜·热合曼", "阿卜杜\u2022热合曼"),
    ("阿卜杜·热合曼", "阿卜杜热合曼"),
    ("李明", "李\u200b明"),
    ("李明", "\ufeff李明"),
    ("李明", "李明\ufe00"),
    ("李明", "李\u3164明"),
    ("José", "Jose\u0301"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_spelling_of_a_name_makes_no_other_person(one, other):
    assert code("validated", fitted_by=one, validated_by=other) == "model_people"
    assert code("approved", fitted_by=one, approved_by=other) == "model_people"


APART = [
    ("李明", "李鸣"),
    ("李明", "李明2"),
    ("José", "Jose"),
    ("B. Wu", "B. Wua"),
    ("李\ue000", "李\ue001"),  # characters that a bank defined itself
    ("李\U000323af", "李\U000323b0"),  # and such as Unicode defines one day
]


@pytest.mark.parametrize(("one", "other"), APART)
def test_other_letters_are_another_person(one, other):
    assert code("validated", fitted_by=one, validated_by=other) is None


@pytest.mark.parametrize("name", ["", " ", "　", ".", "·-", "\u200b", "\u3164", "…"])
def test_a_name_of_signs_alone_is_nobody(name):
    assert code("validated", validated_by=name) == "model_nobody"
    assert code("retired", retired_by=name) == "model_ended"


def test_a_model_without_people_is_told_the_way_out_and_so_is_a_second_step_of_one_person():
    origin = Provenance(validated_by="B", validated_on=B)
    with pytest.raises(ArtifactError, match="fit --fitted-by NAME") as nobody:
        origin.check_steps("validated")
    assert "缺拟合人的请重新拟合" in nobody.value.zh
    assert "已验证" in nobody.value.zh
    with pytest.raises(ArtifactError, match=r"somebody else take this step \(--by\)") as twice:
        origin.model_copy(update={"fitted_by": "b"}).check_steps("validated")
    assert "请由他人经办" in twice.value.zh


DAYS = ("fitted_on", "validated_on", "approved_on", "retired_on")


@pytest.mark.parametrize("days", list(itertools.product((A, B, C), repeat=4)))
@pytest.mark.parametrize("status", STEPS)
def test_days_never_go_back(days, status):
    expected = None if list(days) == sorted(days) else "model_days"
    assert code(status, **dict(zip(DAYS, days, strict=True))) == expected


@pytest.mark.parametrize("days", list(itertools.product((None, A, C), repeat=4)))
def test_days_that_are_stated_are_in_order_whatever_is_left_out(days):
    stated = [day for day in days if day is not None]
    expected = None if stated == sorted(stated) else "model_days"
    assert code("draft", **dict(zip(DAYS, days, strict=True))) == expected


def test_a_draft_needs_nobody():
    Provenance().check_steps("draft")
