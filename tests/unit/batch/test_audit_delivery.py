from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sanzhixin.batch import RunOptions, score_folder
from sanzhixin.batch.audit_delivery import log_to
from sanzhixin.errors import OutputError
from sanzhixin.model import load_model
from sanzhixin.scoring.canonical import canonical_json
from sanzhixin.trust import AuditLog, Secret, check_log, proposal_record, pseudonym, read_entries

SECRET = Secret(bytes(range(32)))


@pytest.fixture
def log(tmp_path):
    return AuditLog(tmp_path / "audit.jsonl")


def run(folder, model, log, out, **options):
    return score_folder(
        folder, model, out, options=RunOptions(**options), deliver=[log_to(log, model, SECRET)]
    )


def proposals_of(log):
    return [entry.body for entry in read_entries(log.path) if entry.kind == "proposal"]


@pytest.mark.parametrize("kind", ["parquet", "csv", "xlsx"])
def test_the_log_says_what_every_proposal_says(folder, model, county, log, tmp_path, kind):
    """The second witness scores every household by itself, from the application."""
    result = run(folder, model, log, tmp_path / "out", format=kind, chunk_rows=5)
    digest = model.file.digest()
    homes = sorted(county.households["household_id"])
    expected = [
        proposal_record(model.propose_one(county.application(home)), digest, SECRET)
        for home in homes
    ]
    logged = proposals_of(log)
    assert sorted(map(canonical_json, logged)) == sorted(map(canonical_json, expected))
    names = [record["subject"] for record in logged]
    assert names == sorted(names)
    assert (len(logged), result.households.accepted) == (12, 12)
    found = check_log(log.path)
    assert (found.findings, found.kinds) == ((), {"open": 1, "proposal": 12})


def test_the_place_of_an_entry_does_not_tell_which_household_it_is(folder, model, log, tmp_path):
    """In the order of the run the k-th entry would be the k-th household of any list."""
    result = run(folder, model, log, tmp_path / "out")
    homes = pq.read_table(result.proposals)["household_id"].to_pylist()
    places = {record["subject"]: k for k, record in enumerate(proposals_of(log))}
    hits = sum(places[pseudonym(home, SECRET)] == k for k, home in enumerate(homes))
    assert hits < len(homes) / 2


def test_nothing_of_the_sorting_is_left_beside_the_log(folder, model, log, tmp_path):
    run(folder, model, log, tmp_path / "out")
    assert [p.name for p in log.path.parent.iterdir() if p.name.startswith(".sanzhixin")] == []


def test_a_second_run_appends(folder, model, log, tmp_path):
    run(folder, model, log, tmp_path / "one")
    first = proposals_of(log)
    run(folder, model, log, tmp_path / "two")
    assert proposals_of(log) == first * 2
    assert check_log(log.path).findings == ()


def test_a_dry_run_and_one_over_its_bound_log_nothing(folder, model, log, tmp_path, spoil):
    run(folder, model, log, tmp_path / "out", dry_run=True)
    assert not log.path.exists()
    spoil("households", 0, "consent_until", "yesterday")
    assert run(folder, model, log, tmp_path / "out", max_bad=0).exit_code == 8
    assert not log.path.exists()


def test_a_rejected_household_is_not_in_the_log(folder, model, log, tmp_path, spoil):
    spoil("households", 0, "consent_until", "yesterday")
    run(folder, model, log, tmp_path / "out")
    assert len(proposals_of(log)) == 11


def test_a_log_that_cannot_be_written_leaves_the_run_unfinished(folder, model, tmp_path):
    log = AuditLog(tmp_path / "none" / "audit.jsonl")
    with pytest.raises(OutputError) as caught:
        run(folder, model, log, tmp_path / "out")
    assert caught.value.code == "audit_not_written"
    assert not (tmp_path / "out" / "_SUCCESS").exists()


def test_a_crash_in_the_midst_of_the_proposals_logs_none(folder, model, log, tmp_path):
    run(folder, model, log, tmp_path / "out")
    before = log.path.read_bytes()

    def tables():
        row = json.loads(model.propose_one(_first(folder, model)).model_dump_json())
        yield pa.Table.from_pylist([row, row])
        raise RuntimeError

    with pytest.raises(RuntimeError):
        log_to(log, model, SECRET)(tables(), None)
    assert log.path.read_bytes() == before


def _first(folder, model):
    from sanzhixin.batch import take_in

    county = take_in(folder, model.scheme, None).done.county
    return county.application(county.households["household_id"].iloc[0])


def test_nobody_can_be_named_from_the_log(folder, model, county, log, tmp_path):
    import hashlib

    run(folder, model, log, tmp_path / "out")
    written = log.path.read_bytes()
    known = {*county.households["household_id"], *county.ratings["rater_id"]}
    known |= set(county.events["event_id"]) | set(county.households["consent_id"])
    assert len(known) > 30
    for name in known:
        assert name.encode() not in written
        assert hashlib.sha256(name.encode()).hexdigest().encode() not in written
        assert hashlib.sha1(name.encode()).hexdigest().encode() not in written
        assert hashlib.md5(name.encode()).hexdigest().encode() not in written
    for home in county.households["household_id"]:
        digest = model.propose_one(county.application(home)).input_digest
        assert digest.removeprefix("sha256:").encode() not in written


def test_a_loaded_model_states_its_digest(folder, model, log, tmp_path):
    again = load_model(model.save(tmp_path / "model"))
    run(folder, again, log, tmp_path / "out")
    stated = json.loads((tmp_path / "model" / "model.json").read_bytes())["digest"]
    assert {body["model_digest"] for body in proposals_of(log)} == {stated}
