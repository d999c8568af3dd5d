from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json

import pytest

import sanzhixin as szx
from sanzhixin.batch.audit_delivery import log_to
from sanzhixin.modelling import expert_model
from sanzhixin.records.application import RegisterEntry
from sanzhixin.scheme import load_scheme
from sanzhixin.scoring import Proposal
from sanzhixin.scoring.canonical import canonical_json
from sanzhixin.trust import (
    AuditLog,
    Secret,
    appeal_record,
    compare_record,
    is_about,
    override_record,
    proposal_record,
    pseudonym,
    read_entries,
)
from sanzhixin.trust.audit_record import row_record
from sanzhixin.versions import library_version

MODEL = expert_model(load_scheme("tongxiang"), name="tongxiang-expert", version="1.0.0")
DIGEST = MODEL.file.digest()
KEY = bytes(range(32))
SECRET, OTHER = Secret(KEY), Secret(KEY[::-1])
DAY = dt.date(2026, 6, 30)


@pytest.fixture(scope="module")
def county():
    return szx.simulate_county(villages=2, households_per_village=20, seed=11)


@pytest.fixture
def record(county):
    return county.application(county.households["household_id"].iloc[0])


@pytest.fixture
def proposal(record):
    return MODEL.propose_one(record)


def by_hand(purpose, text, key=KEY):
    made = hmac.new(key, f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()
    return f"hmac-sha256:{made}"


def test_a_record_says_what_the_proposal_says_and_names_nobody(proposal):
    found = proposal_record(proposal, DIGEST, SECRET)
    stated = json.loads(proposal.model_dump_json())
    subject = stated.pop("household_id")
    digest = stated.pop("input_digest")
    assert found.pop("subject") == by_hand("household", subject) == pseudonym(subject, SECRET)
    assert found.pop("input") == by_hand("input", digest)
    assert found.pop("code") == library_version()
    for key in ("as_of", "model_id", "scheme_id"):
        assert found.pop(key) == stated.pop(key)
    assert found.pop("model_digest") == DIGEST
    assert found == {"output": stated}
    assert set(stated) | {"household_id", "input_digest", "as_of", "model_id", "scheme_id"} == set(
        Proposal.model_fields
    )


def test_tables_and_single_households_give_the_same_record_byte_by_byte(county):
    frame = MODEL.propose(county)
    rows = [Proposal.model_validate(row) for row in _plain(frame)]
    for row in rows:
        one = MODEL.propose_one(county.application(row.household_id))
        single = canonical_json(proposal_record(one, DIGEST, SECRET))
        assert canonical_json(proposal_record(row, DIGEST, SECRET)) == single
        plain = row.model_dump(mode="json")
        assert canonical_json(row_record(plain, DIGEST, SECRET)) == single
    assert len(rows) == 40
    assert len({row.status for row in rows}) >= 2


def _plain(frame):
    import pandas as pd

    for row in frame.to_dict(orient="records"):
        yield {
            key: None if not isinstance(value, list | tuple | dict) and pd.isna(value) else value
            for key, value in row.items()
        }


def test_another_secret_gives_another_name_to_everything(proposal):
    one, two = (proposal_record(proposal, DIGEST, secret) for secret in (SECRET, OTHER))
    assert one["subject"] != two["subject"]
    assert one["input"] != two["input"]
    assert compare_record(one, two) == ("input", "subject")
    assert one["subject"] != one["input"]


def test_a_replay_is_equal(county, proposal):
    again = MODEL.propose_one(county.application(proposal.household_id))
    logged = json.loads(canonical_json(proposal_record(proposal, DIGEST, SECRET)))
    assert compare_record(logged, proposal_record(again, DIGEST, SECRET)) == ()


def test_another_version_of_the_library_alone_is_no_difference(proposal):
    logged = proposal_record(proposal, DIGEST, SECRET)
    assert compare_record({**logged, "code": "0.0.1"}, logged) == ()


def changed_form(record):
    first = record.ratings[0].model_copy(update={"familiar": not record.ratings[0].familiar})
    return {"ratings": (first, *record.ratings[1:])}


def changed_answer(record):
    last = record.ratings[-1]
    code = next(code for code, level in last.answers.items() if level is not None)
    content = last.model_dump(exclude={"scores", *last.answers})
    scores = {**last.answers, code: 1 if last.answers[code] != 1 else 2}
    other = type(last).model_validate({**content, "scores": scores})
    return {"ratings": (*record.ratings[:-1], other)}


GATE = RegisterEntry(
    code="ML09", document_no="D1", list_class="dishonest_judgment_debtor", issued_on="2026-01-05"
)
INPUTS = {
    "requested_yuan": lambda r: {"requested_yuan": (r.requested_yuan or 0) + 1},
    "annual_income_yuan": lambda r: {"annual_income_yuan": (r.annual_income_yuan or 0) + 1},
    "exposure_yuan": lambda r: {"exposure_yuan": (r.exposure_yuan or 0) + 1},
    "a form": changed_form,
    "an answer": changed_answer,
    "a form less": lambda r: {"ratings": r.ratings[1:]},
    "an event less": lambda r: {"events": r.events[1:]},
    "a record more": lambda r: {"registers": (GATE,)},
    "consent_until": lambda r: {"consent_until": r.consent_until + dt.timedelta(days=1)},
}


@pytest.mark.parametrize("change", INPUTS.values(), ids=INPUTS)
def test_an_input_that_was_changed_gives_a_difference(record, proposal, change):
    changes = change(record)
    assert record.model_copy(update=changes) != record
    again = MODEL.propose_one(record.model_copy(update=changes))
    logged = proposal_record(proposal, DIGEST, SECRET)
    assert "input" in compare_record(logged, proposal_record(again, DIGEST, SECRET))


OUTPUTS = [
    (("output", "points"), 1, "output.points"),
    (("output", "limit_yuan"), 1, "output.limit_yuan"),
    (("output", "score"), 1e-9, "output.score"),
    (("output", "reasons"), [], "output.reasons"),
    (("output", "review_triggers"), ["X"], "output.review_triggers"),
    (("as_of",), "2026-06-29", "as_of"),
    (("model_id",), "a/1.0.0", "model_id"),
    (("model_digest",), "sha256:", "model_digest"),
    (("scheme_id",), "s/1.0.0", "scheme_id"),
    (("subject",), "hmac-sha256:", "subject"),
]


@pytest.mark.parametrize(("path", "value", "name"), OUTPUTS)
def test_what_differs_is_named(proposal, path, value, name):
    logged = json.loads(canonical_json(proposal_record(proposal, DIGEST, SECRET)))
    again = json.loads(canonical_json(logged))
    place = again
    for key in path[:-1]:
        place = place[key]
    assert place[path[-1]] != value
    place[path[-1]] = value
    assert compare_record(logged, again) == (name,)
    assert compare_record(again, logged) == (name,)
    del place[path[-1]]
    assert compare_record(logged, again) == (name,)


# appeals


@pytest.fixture
def appeal(record):
    gated = record.model_copy(update={"registers": (GATE,)})
    return MODEL.reconsider(
        gated,
        without=["register:D1", f"rating:{record.ratings[0].rater_id}"],
        statement="张三说这不是他",
    )


def test_the_record_of_an_appeal_holds_both_sides_and_no_words(appeal):
    found = appeal_record(appeal, 7, DIGEST, SECRET)
    base = proposal_record(appeal.before, DIGEST, SECRET)
    assert {key: found[key] for key in base} == base
    assert set(found) - set(base) == {"of", "without", "statement", "input_after", "after"}
    assert found["of"] == 7
    assert found["statement"] == by_hand("statement", "张三说这不是他")
    number = appeal.without[1].removeprefix("rating:")
    assert found["without"] == [
        f"register:{by_hand('piece', 'D1')}", f"rating:{by_hand('piece', number)}"
    ]  # fmt: skip
    assert found["after"] == proposal_record(appeal.after, DIGEST, SECRET)["output"]
    assert found["input_after"] == proposal_record(appeal.after, DIGEST, SECRET)["input"]
    silent = appeal.model_copy(update={"statement": None})
    assert appeal_record(silent, None, DIGEST, SECRET)["statement"] is None


def test_the_record_of_a_decision_says_who_when_and_how_much(appeal):
    decided = appeal.decide(30_000, by="王主任", reason="核实张三为同名", on=DAY)
    found = override_record(decided, 8, SECRET)
    assert found == {
        "subject": by_hand("household", appeal.before.household_id),
        "of": 8,
        "by": "王主任",
        "on": "2026-06-30",
        "limit_yuan": 30_000,
        "proposed_yuan": appeal.before.limit_yuan,
        "reason": by_hand("reason", "核实张三为同名"),
    }


def test_nothing_of_the_household_is_in_the_bytes_of_a_log(county, appeal, tmp_path):
    import pyarrow as pa

    log = AuditLog(tmp_path / "audit.jsonl")
    rows = [json.loads(MODEL.propose_one(county.application(home)).model_dump_json())
            for home in county.households["household_id"]]  # fmt: skip
    log_to(log, MODEL, SECRET)(iter([pa.Table.from_pylist(rows)]), None)
    decided = appeal.decide(30_000, by="王主任", reason="核实张三为同名", on=DAY)
    log.append(
        [
            ("appeal", appeal_record(decided, 2, DIGEST, SECRET)),
            ("override", override_record(decided, 3, SECRET)),
        ]
    )
    written = log.path.read_bytes()
    known = {*county.households["household_id"], *county.ratings["rater_id"], "张三", "同名"}
    known |= {row["input_digest"] for row in rows} | {appeal.after.input_digest}
    assert len(known) > 80
    for text in known:
        assert text.removeprefix("sha256:").encode() not in written
        for method in ("sha256", "sha1", "md5", "blake2b"):
            assert hashlib.new(method, text.encode()).hexdigest().encode() not in written
    # teeth: whoever has the secret finds each of them
    found = {entry.body["subject"] for entry in read_entries(log.path) if entry.seq > 1}
    assert found == {by_hand("household", home) for home in county.households["household_id"]}


def test_an_entry_is_about_its_household_alone(county, tmp_path):
    log = AuditLog(tmp_path / "audit.jsonl")
    homes = list(county.households["household_id"])[:3]
    log.append(
        ("proposal", proposal_record(MODEL.propose_one(county.application(h)), DIGEST, SECRET))
        for h in homes
    )
    entries = list(read_entries(log.path))
    for place, home in enumerate(homes):
        about = [is_about(entry, pseudonym(home, SECRET)) for entry in entries]
        assert about == [number == place + 1 for number in range(4)]
        assert not any(is_about(entry, pseudonym(home, OTHER)) for entry in entries)
        assert not any(is_about(entry.erased(), pseudonym(home, SECRET)) for entry in entries)
