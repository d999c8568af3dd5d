from __future__ import annotations

import datetime as dt

import pytest

from sanzhixin.errors import OutputError
from sanzhixin.model import load_model
from sanzhixin.scoring import Provenance, compile_plan, read_model_file, write_model_file
from sanzhixin.trust import life_cycle as room
from sanzhixin.trust import next_status, promote_model, sign_model, state_of
from tests.unit.scoring.factories import household, model_file, propose
from tests.unit.trust.people import ON, put, signer, trust, trusted_key

BEGUN = Provenance(fitted_by="A", fitted_on=dt.date(2026, 1, 5))
JUDGED = BEGUN.model_copy(update={"validated_by": "B", "validated_on": dt.date(2026, 2, 5)})
RELEASED = JUDGED.model_copy(update={"approved_by": "C", "approved_on": dt.date(2026, 3, 5)})
ENDED = RELEASED.model_copy(
    update={"retired_by": "D", "retired_on": dt.date(2026, 4, 5), "retired_because": "old"}
)
STATES = {"draft": BEGUN, "validated": JUDGED, "approved": RELEASED, "retired": ENDED}
UNTIL = dt.date(2028, 12, 31)


def state(status, **changes):
    return model_file(**{"status": status, "provenance": STATES[status], **changes})


POSSIBLE = {
    ("draft", "validated"),
    ("draft", "retired"),
    ("validated", "approved"),
    ("validated", "retired"),
    ("approved", "retired"),
}


@pytest.mark.parametrize("now", STATES)
@pytest.mark.parametrize("then", STATES)
def test_a_step_leads_to_the_next_status_alone(refused, now, then):
    before = state(now)
    step = {"by": "Z", "on": dt.date(2026, 6, 30), "because": "because"}
    if (now, then) not in POSSIBLE:
        error = refused(next_status, before, then, **step)
        assert error.code == "model_step"
        assert now in error.en
        assert then in error.en
        assert not any(word in error.zh for word in STATES)
        return
    after = next_status(before, then, **step)
    assert after.status == then
    origin = after.provenance
    assert getattr(origin, f"{then}_by") == "Z"
    assert getattr(origin, f"{then}_on") == dt.date(2026, 6, 30)
    assert before == state(now)
    left = {"status": now, "provenance": before.provenance}
    assert after.model_copy(update=left) == before


def test_no_number_moves_over_a_whole_life():
    model = state("draft")
    expected = propose(household(3, 4, 5))
    steps = [("validated", "B", 2), ("approved", "C", 3)]
    for status, by, month in steps:
        model = next_status(model, status, by=by, on=dt.date(2026, month, 5))

        assert propose(household(3, 4, 5), compile_plan(model)) == expected


PEOPLE = [
    # now, step, by, refused
    ("draft", "validated", "B", False),
    ("draft", "validated", "A", True),
    ("draft", "validated", "", True),
    ("validated", "approved", "C", False),
    ("validated", "approved", "A", True),
    ("validated", "approved", "B", True),
    ("validated", "approved", "", True),
    ("approved", "retired", "D", False),
    ("approved", "retired", "", True),
]


@pytest.mark.parametrize(("now", "then", "by", "wrong"), PEOPLE)
def test_every_step_is_taken_by_somebody_else(refused, now, then, by, wrong):
    step = {"by": by, "on": dt.date(2026, 6, 30), "because": "old"}
    if wrong:
        code = "model_people" if by else "model_nobody"
        code = "model_ended" if then == "retired" else code
        assert refused(next_status, state(now), then, **step).code == code
    else:
        assert next_status(state(now), then, **step).status == then


@pytest.mark.parametrize("by", ["a", " A", "Ａ", "a\u3000"])
def test_blanks_width_and_capitals_make_no_other_person(refused, by):
    step = {"by": by, "on": dt.date(2026, 6, 30)}
    assert refused(next_status, state("draft"), "validated", **step).code == "model_people"


@pytest.mark.parametrize("by", [" ", "\u3000", "\t"])
def test_a_blank_name_is_nobody(refused, by):
    step = {"by": by, "on": dt.date(2026, 6, 30)}
    assert refused(next_status, state("draft"), "validated", **step).code == "model_nobody"


def test_a_model_that_nobody_made_is_validated_by_nobody(refused):
    model = state("draft", provenance=Provenance())
    step = {"by": "B", "on": dt.date(2026, 6, 30)}
    assert refused(next_status, model, "validated", **step).code == "model_nobody"
    assert next_status(model, "retired", because="mistake", **step).status == "retired"


@pytest.mark.parametrize("because", [None, ""])
def test_a_model_is_retired_for_a_reason(refused, because):
    step = {"by": "D", "on": dt.date(2026, 6, 30), "because": because}
    assert refused(next_status, state("approved"), "retired", **step).code == "model_ended"


def test_a_reason_belongs_to_the_end_alone():
    step = {"by": "B", "on": dt.date(2026, 6, 30), "because": "no matter"}
    assert next_status(state("draft"), "validated", **step).provenance.retired_because is None


DAYS = [
    # now, step, day of the step, refused
    ("draft", "validated", dt.date(2026, 1, 5), False),
    ("draft", "validated", dt.date(2026, 1, 4), True),
    ("validated", "approved", dt.date(2026, 2, 5), False),
    ("validated", "approved", dt.date(2026, 2, 4), True),
    ("validated", "approved", dt.date(2026, 1, 5), True),
    ("approved", "retired", dt.date(2026, 3, 5), False),
    ("approved", "retired", dt.date(2026, 3, 4), True),
    ("draft", "retired", dt.date(2026, 1, 5), False),
    ("draft", "retired", dt.date(2026, 1, 4), True),
    ("approved", "retired", dt.date(2029, 1, 1), False),  # retired after its end
]


@pytest.mark.parametrize(("now", "then", "on", "wrong"), DAYS)
def test_a_step_may_be_on_the_day_of_the_one_before_and_not_earlier(refused, now, then, on, wrong):
    step = {"by": "Z", "on": on, "because": "old"}
    if wrong:
        assert refused(next_status, state(now), then, **step).code == "model_days"
    else:
        assert getattr(next_status(state(now), then, **step).provenance, f"{then}_on") == on


ENDS = [
    # end that is asked for, day of the step, refused
    (None, dt.date(2026, 6, 30), False),
    (UNTIL, dt.date(2026, 6, 30), False),
    (UNTIL + dt.timedelta(days=1), dt.date(2026, 6, 30), True),
    (dt.date(2026, 6, 30), dt.date(2026, 6, 30), False),
    (dt.date(2026, 6, 29), dt.date(2026, 6, 30), True),
    (None, UNTIL, False),
    (None, UNTIL + dt.timedelta(days=1), True),
]


@pytest.mark.parametrize(("until", "on", "wrong"), ENDS)
def test_an_approval_can_bring_the_end_forward_and_never_back(refused, until, on, wrong):
    step = {"by": "C", "on": on, "valid_until": until}
    if wrong:
        error = refused(next_status, state("validated"), "approved", **step)
        assert error.code == "model_end"
        assert "2028-12-31" in error.en
    else:
        assert next_status(state("validated"), "approved", **step).valid_until == (until or UNTIL)


# folders


@pytest.fixture
def folder(tmp_path):
    return put(state("draft"), tmp_path / "tongxiang-expert" / "1.0.0")


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def key_of(model):
    return f"history/{model.digest().removeprefix('sha256:')}"


def test_every_former_state_is_kept_byte_by_byte_and_found_by_its_digest(folder):
    sign_model(folder, signer("anna"), ON)
    states = [read_model_file(folder)]
    kept = contents(folder)
    expected = {f"{key_of(states[0])}/{name}": content for name, content in kept.items()}
    states.append(promote_model(folder, "validated", by="B", on=dt.date(2026, 2, 5)))
    expected[f"{key_of(states[1])}/model.json"] = (folder / "model.json").read_bytes()
    states.append(promote_model(folder, "approved", by="C", on=dt.date(2026, 3, 5)))
    expected["model.json"] = (folder / "model.json").read_bytes()
    assert contents(folder) == expected
    assert read_model_file(folder) == states[2]
    for number, model in enumerate(states):
        found = state_of(folder, model.digest())
        assert read_model_file(found) == model
        assert (found.parent == folder) == (number == 2)


def test_a_former_state_still_loads_with_its_signature(folder):
    sign_model(folder, signer("anna"), ON)
    first = read_model_file(folder)
    promote_model(folder, "validated", by="B", on=dt.date(2026, 2, 5))
    known = trust(trusted_key("anna", may=("draft",)))
    found = load_model(state_of(folder, first.digest()), trust=known, accept=("not_approved",))
    assert found.trusted.signed_by == ("anna",)


def test_the_new_state_is_not_signed_yet(folder, refused):
    sign_model(folder, signer("anna"), ON)
    promote_model(folder, "validated", by="B", on=dt.date(2026, 2, 5))
    asked = {"trust": trust("anna"), "accept": ("not_approved",)}
    assert refused(load_model, folder, **asked).code == "signature_missing"


def test_a_step_may_be_taken_by_the_file_as_well(folder):
    promote_model(folder / "model.json", "validated", by="B", on=dt.date(2026, 2, 5))
    assert read_model_file(folder).status == "validated"
    assert (folder / key_of(state("draft")) / "model.json").is_file()


@pytest.mark.parametrize("given", ["sha256:" + "0" * 64, "", "sha256:", "../..", "/etc"])
def test_a_state_that_nobody_kept_is_told(folder, refused, given):
    error = refused(state_of, folder, given)
    assert error.code == "model_state_unknown"
    assert "1.0.0" in error.en


def test_a_former_state_that_was_changed_is_not_given(folder, refused):
    first = read_model_file(folder)
    promote_model(folder, "validated", by="B", on=dt.date(2026, 2, 5))
    kept = folder / key_of(first) / "model.json"
    kept.write_bytes((folder / "model.json").read_bytes())
    assert refused(state_of, folder, first.digest()).code == "model_state_unknown"


def test_a_former_state_is_found_beside_a_damaged_one(folder):
    first = read_model_file(folder)
    promote_model(folder, "validated", by="B", on=dt.date(2026, 2, 5))
    (folder / "model.json").write_bytes(b"{}")
    assert read_model_file(state_of(folder, first.digest())) == first


def full(*_arguments, **_named):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("broken", ["sync_folder", "write_whole"])
def test_a_full_disk_leaves_the_former_model_with_its_signature(folder, monkeypatch, broken):
    sign_model(folder, signer("anna"), ON)
    before = contents(folder)
    with monkeypatch.context() as patch:
        patch.setattr(room, broken, full)
        with pytest.raises(OutputError, match="No space left") as caught:
            promote_model(folder, "validated", by="B", on=dt.date(2026, 2, 5))
    assert caught.value.code == "output_not_written"
    after = contents(folder)
    assert {name: after[name] for name in before} == before
    assert read_model_file(folder) == state("draft")
    done = promote_model(folder, "validated", by="B", on=dt.date(2026, 2, 5))  # now with space
    assert read_model_file(folder) == done


@pytest.mark.parametrize("fault", ["model_step", "model_people", "json_invalid"])
def test_a_step_that_is_refused_changes_nothing(folder, refused, fault):
    if fault == "json_invalid":
        (folder / "model.json").write_bytes(b"{")
    before = contents(folder)
    status, by = ("approved", "B") if fault == "model_step" else ("validated", "A")
    error = refused(promote_model, folder, status, by=by, on=dt.date(2026, 2, 5))
    assert error.code == fault
    assert contents(folder) == before


def test_permissions_stay_those_of_the_kind_of_model(folder):
    promote_model(folder, "validated", by="B", on=dt.date(2026, 2, 5))
    modes = {path.stat().st_mode & 0o777 for path in folder.rglob("model.json")}
    assert modes == {0o644}


RELEASED_STATES = ["approved", "retired"]


@pytest.mark.parametrize("status", RELEASED_STATES)
def test_a_released_model_is_written_over_by_the_same_bytes_alone(tmp_path, status):
    folder = put(state(status), tmp_path / "model")
    before = contents(folder)
    assert write_model_file(state(status), folder) == folder / "model.json"
    for other in (
        state(status, valid_until=dt.date(2027, 12, 31)),
        state("draft"),
        state("approved" if status == "retired" else "retired"),
    ):
        with pytest.raises(OutputError, match="is never changed") as caught:
            write_model_file(other, folder)
        assert caught.value.code == "model_released"
        assert status in caught.value.en
    assert contents(folder) == before


@pytest.mark.parametrize("status", ["draft", "validated"])
def test_a_model_that_is_not_released_may_be_fitted_again(tmp_path, status):
    folder = put(state(status), tmp_path / "model")
    again = state("draft", valid_until=dt.date(2027, 12, 31))
    write_model_file(again, folder)
    assert read_model_file(folder) == again


def test_nothing_unfinished_stays_behind(folder):
    promote_model(folder, "validated", by="B", on=dt.date(2026, 2, 5))
    assert sorted(path.name for path in folder.iterdir()) == ["history", "model.json"]
