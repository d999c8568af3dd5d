from __future__ import annotations

import pytest

from sanzhixin.errors import DomainError
from sanzhixin.records.application import Application
from sanzhixin.records.without import Piece, read_piece, without

FORM = {"rated_on": "2026-05-01", "familiar": True, "relation": "none"}
EVENT = {"code": "ML05", "level": "standard", "occurred_on": "2026-05-01",
         "recorded_on": "2026-05-02", "status": "approved"}  # fmt: skip
RECORD = {"list_class": "credit_report", "issued_on": "2026-05-01"}


@pytest.fixture
def given():
    """Rater R1 filled in two rounds, R2 one with its ratings at the top level."""
    return Application(
        household_id="H1", village_id="V1", consent_id="C1", consent_purpose="p",
        consent_on="2026-01-05", consent_until="2027-01-04",
        ratings=[
            {**FORM, "round": 1, "rater_id": "R1", "scores": {"FS01": 4, "FS02": 5, "ML01": None}},
            {**FORM, "round": 2, "rater_id": "R1", "scores": {"FS01": 2}, "proposed_limit_yuan": 9},
            {**FORM, "round": 1, "rater_id": "R2", "FS01": 3, "FS02": 1},
            {**FORM, "round": 1, "rater_id": "R12", "scores": {"FS01": 5}},
        ],
        events=[{**EVENT, "event_id": "E1"}, {**EVENT, "event_id": "E2"}],
        registers=[
            {**RECORD, "code": "G1", "document_no": "D1"},
            {**RECORD, "code": "ML09", "document_no": "D1"},
            {**RECORD, "code": "G1", "document_no": "浙0483刑初9981号"},
        ],
    )  # fmt: skip


def left(given, *pieces):
    return without(given, [read_piece(piece) for piece in pieces])


def answers(application):
    return [(form.rater_id, form.round, dict(form.answers)) for form in application.ratings]


PIECES = [
    ("rating:R07", Piece("rating", "R07")),
    ("rating:R07:FS01", Piece("rating", "R07", "FS01")),
    ("event:E1", Piece("event", "E1")),
    ("event:E:1", Piece("event", "E:1")),
    ("register:（2025）浙01:2号", Piece("register", "（2025）浙01:2号")),
    ("register: x ", Piece("register", " x ")),
]


@pytest.mark.parametrize(("text", "piece"), PIECES)
def test_a_piece_is_read_and_written_alike(text, piece):
    assert read_piece(text) == piece
    assert str(piece) == text


WRONG = ["", ":", "rating", "rating:", "rating::", "rating:R1:", "rating::FS01", "event:",
         "register:", "Rating:R1", " rating:R1", "consent:C1", "rating：R1",
         "rating R1"]  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_another_way_of_writing_is_refused_with_the_right_one(text):
    with pytest.raises(DomainError, match="Write rating:RATER, rating:RATER:INDICATOR") as caught:
        read_piece(text)
    assert caught.value.code == "appeal_piece"
    assert "rating:评议员编号" in caught.value.zh


NUMBER = "330483198001011234"


@pytest.mark.parametrize("text", [f"consent:{NUMBER}", f"rating:{NUMBER}:", f"rating::{NUMBER}"])
def test_a_refusal_names_no_number(text):
    with pytest.raises(DomainError) as caught:
        read_piece(text)
    assert NUMBER not in caught.value.en + caught.value.zh


@pytest.mark.parametrize("text", [NUMBER, f"rating：{NUMBER}", f"{NUMBER}:rating"])
def test_a_refusal_of_a_bare_number_names_it_neither(text):
    with pytest.raises(DomainError) as caught:
        read_piece(text)
    assert NUMBER not in caught.value.en + caught.value.zh


def test_all_forms_of_a_rater_are_left_out(given):
    found = left(given, "rating:R1")
    assert answers(found) == answers(given)[2:]
    assert found == given.model_copy(update={"ratings": given.ratings[2:]})


def test_one_answer_is_left_out_of_every_round(given):
    found = left(given, "rating:R1:FS01")
    assert answers(found) == [
        ("R1", 1, {"FS01": None, "FS02": 5, "ML01": None}),
        ("R1", 2, {"FS01": None}),
        *answers(given)[2:],
    ]
    assert [form.proposed_limit_yuan for form in found.ratings] == [None, 9, None, None]
    assert [form.rated_on for form in found.ratings] == [form.rated_on for form in given.ratings]


def test_an_answer_at_the_top_level_is_left_out_as_well(given):
    found = left(given, "rating:R2:FS01")
    assert answers(found)[2] == ("R2", 1, {"FS01": None, "FS02": 1})
    assert answers(found)[:2] + answers(found)[3:] == answers(given)[:2] + answers(given)[3:]


def test_an_event_is_left_out_alone(given):
    found = left(given, "event:E1")
    assert [entry.event_id for entry in found.events] == ["E2"]
    assert found == given.model_copy(update={"events": given.events[1:]})


def test_all_records_of_a_document_are_left_out(given):
    found = left(given, "register:D1")
    assert [entry.document_no for entry in found.registers] == ["浙0483刑初9981号"]
    assert left(given, "register:浙0483刑初9981号").registers == given.registers[:2]


def test_several_pieces_are_left_out_in_any_order(given):
    pieces = ["rating:R1:FS02", "rating:R12", "event:E2", "register:D1"]
    found = left(given, *pieces)
    assert found == left(given, *reversed(pieces))
    assert answers(found) == [
        ("R1", 1, {"FS01": 4, "FS02": None, "ML01": None}),
        ("R1", 2, {"FS01": 2}),
        ("R2", 1, {"FS01": 3, "FS02": 1}),
    ]
    assert (len(found.events), len(found.registers)) == (1, 1)


def test_the_application_itself_stays_as_it_was(given):
    before = given.model_dump()
    left(given, "rating:R1:FS01", "rating:R2", "event:E1", "register:D1")
    assert given.model_dump() == before


UNKNOWN = [
    ("rating:R3", "rating"),
    ("rating:r1", "rating"),
    ("rating:R1:FS99", "rating"),
    ("rating:R1:ML01", "rating"),  # blank already
    ("rating:R2:ML01", "rating"),
    ("rating:R1:round", "rating"),
    ("rating:R1:proposed_limit_yuan", "rating"),
    ("event:E3", "event"),
    ("event:R1", "event"),
    ("register:D2", "official record"),
    ("register:G1", "official record"),
]


@pytest.mark.parametrize(("text", "kind"), UNKNOWN)
def test_a_piece_that_is_not_there_is_told_and_its_number_is_not(given, text, kind):
    with pytest.raises(DomainError) as caught:
        left(given, text)
    assert caught.value.code == "appeal_unknown_piece"
    assert f"no {kind}" in caught.value.en
    assert f"{text.split(':')[1]} " not in caught.value.en


def test_a_piece_that_is_named_twice_is_left_out_once(given):
    assert left(given, "event:E1", "event:E1") == left(given, "event:E1")


def test_no_piece_is_no_appeal(given):
    with pytest.raises(DomainError, match="names what it doubts") as caught:
        without(given, [])
    assert caught.value.code == "appeal_nothing"


def test_a_rater_whose_number_has_a_colon_can_be_doubted(given):
    form = given.ratings[0].model_copy(update={"rater_id": "V1:R1"})
    strange = Application(**{**dict(given), "ratings": (form, *given.ratings[2:])})
    assert answers(left(strange, "rating:V1:R1")) == answers(given)[2:]
