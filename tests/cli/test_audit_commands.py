from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
import shutil

import pytest

from sanzhixin.scoring import Provenance, write_model_file
from sanzhixin.trust import AuditLog, check_log, read_entries
from tests.unit.scoring.factories import model_file

PERSON = "330483198001011234"
NAMES = ("SANZHIXIN_TRUST", "SANZHIXIN_SECRET", "SANZHIXIN_KEY", "SANZHIXIN_KEY_PASSPHRASE")


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def bank(rows, write, run, tmp_path, monkeypatch):
    """A county with a person's number in it, a signed model, a list, a key, a secret."""
    for table in ("households", "ratings", "proposals"):
        for row in rows[table]:
            if row["household_id"] == "H1":
                row["household_id"] = PERSON
    write(rows)
    made = Provenance(fitted_by="A", fitted_on=dt.date(2026, 1, 5))
    folder = tmp_path / "models" / "tongxiang-expert" / "1.0.0"
    write_model_file(model_file(provenance=made), folder)
    run("promote", folder, "--to", "validated", "--by", "B", "--on", "2026-02-05")
    run("promote", folder, "--to", "approved", "--by", "C", "--on", "2026-03-05")
    entry = run("keys", "new", tmp_path / "key.pem", "--person", "C").out
    entry = entry.replace('["approved"]', '["approved", "checkpoint"]')
    (tmp_path / "trust.toml").write_text(f"format = 1\n{entry}", encoding="utf-8")
    run("keys", "secret", tmp_path / "secret")
    run("sign", folder, "--key", tmp_path / "key.pem")
    monkeypatch.setenv("SANZHIXIN_TRUST", str(tmp_path / "trust.toml"))
    monkeypatch.setenv("SANZHIXIN_SECRET", str(tmp_path / "secret"))
    return tmp_path


@pytest.fixture
def county(bank):
    return bank / "county"


@pytest.fixture
def model(bank):
    return bank / "models" / "tongxiang-expert" / "1.0.0"


@pytest.fixture
def log(bank, county, model, run):
    path = bank / "audit.jsonl"
    done = run("score", county, "-m", model, "-o", bank / "out", "--audit", path)
    assert (done.code, PERSON in done.err) == (0, False)
    return path


def test_a_run_writes_its_proposals_into_the_log(log):
    found = check_log(log)
    assert (found.findings, found.kinds) == ((), {"open": 1, "proposal": 2})
    written = log.read_bytes()
    assert PERSON.encode() not in written
    assert hashlib.sha256(PERSON.encode()).hexdigest().encode() not in written
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_log_needs_a_secret(bank, county, model, run, monkeypatch):
    monkeypatch.delenv("SANZHIXIN_SECRET")
    words = ["score", county, "-m", model, "-o", bank / "out", "--audit", bank / "audit.jsonl"]
    done = run(*words)
    assert (done.code, "--secret FILE is needed" in done.err) == (2, True)
    assert not (bank / "audit.jsonl").exists()
    assert not (bank / "out").exists()
    assert run(*words, "--secret", bank / "none").code == 4
    (bank / "secret").chmod(0o644)
    assert run(*words, "--secret", bank / "secret").code == 4


def test_a_run_into_a_log_of_another_secret_publishes_nothing(bank, log, county, model, run):
    run("keys", "secret", bank / "other")
    before = log.read_bytes()
    words = ["score", county, "-m", model, "-o", bank / "again", "--audit", log]
    done = run(*words, "--secret", bank / "other")
    assert (done.code, "one that the log was begun with" in done.err) == (2, True)
    assert log.read_bytes() == before
    assert not (bank / "again" / "_SUCCESS").exists()


def test_a_run_says_who_signed_the_model_and_what_was_logged(bank, county, model, run):
    done = run("score", county, "-m", model, "-o", bank / "out", "--audit", bank / "audit.jsonl")
    assert "signed by C" in done.err
    assert "2 proposals are in the log" in done.err


def test_a_log_that_cannot_be_written_publishes_no_proposal(bank, county, model, run):
    words = ["score", county, "-m", model, "-o", bank / "out"]
    done = run(*words, "--audit", bank / "none" / "audit.jsonl")
    assert done.code == 7
    assert "所在文件夹不存在" in done.err
    assert not (bank / "out" / "_SUCCESS").exists()


# verify


def test_a_log_that_agrees_is_told_with_the_note_on_its_end(log, run):
    done = run("audit", "verify", log)
    assert done.code == 0
    assert "everything agrees" in done.out
    assert "全部一致" in done.out
    assert "whether the end was cut off" in " ".join(done.err.split())
    said = json.loads(run("audit", "verify", log, "--json").out)
    assert (said["exit_code"], said["count"], said["findings"]) == (0, 3, [])
    assert said["head"] == check_log(log).head


def test_a_log_that_was_changed_is_refused(log, run):
    content = log.read_bytes()
    log.write_bytes(content.replace(b'"tier":"', b'"tier":"A', 1))
    done = run("audit", "verify", log)
    assert done.code == 6
    assert "does not fit its own digests" in done.out
    assert "与自身摘要不符" in done.out
    said = json.loads(run("audit", "verify", log, "--json").out)
    assert [finding["code"] for finding in said["findings"]] == ["audit_entry_altered"]
    assert said["exit_code"] == 6


def test_a_log_that_was_cut_is_told_by_a_checkpoint(bank, log, run):
    kept = bank / "kept.json"
    done = run("audit", "checkpoint", log, "--key", bank / "key.pem", "-o", kept)
    assert (done.code, kept.stat().st_mode & 0o777) == (0, 0o644)
    assert "Signed up to entry 4" in done.err
    assert run("audit", "verify", log, "--checkpoint", kept).code == 0
    assert run("audit", "verify", log, "--checkpoint", kept).err == ""
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:2]))
    assert run("audit", "verify", log).code == 0
    done = run("audit", "verify", log, "--checkpoint", kept)
    assert (done.code, "entries at the end are missing" in done.out) == (6, True)


def test_a_checkpoint_by_a_key_without_that_duty_is_told(bank, log, run):
    run("audit", "checkpoint", log, "--key", bank / "key.pem", "-o", bank / "kept.json")
    trust = bank / "trust.toml"
    trust.write_text(trust.read_text().replace(', "checkpoint"', ""), encoding="utf-8")
    done = run("audit", "verify", log, "--checkpoint", bank / "kept.json")
    assert (done.code, "does not let sign checkpoints" in done.out) == (6, True)


def test_a_checkpoint_is_never_written_over(bank, log, run):
    kept = bank / "kept.json"
    kept.write_text("mine")
    before = log.read_bytes()
    done = run("audit", "checkpoint", log, "--key", bank / "key.pem", "-o", kept)
    assert (done.code, kept.read_text(), log.read_bytes()) == (7, "mine", before)
    assert run("audit", "verify", log, "--checkpoint", kept).code == 6


def test_a_checkpoint_that_cannot_be_written_is_not_noted(bank, log, run):
    before = log.read_bytes()
    words = ["audit", "checkpoint", log, "--key", bank / "key.pem", "-o", bank / "none" / "kept"]
    assert run(*words).code == 7
    assert log.read_bytes() == before


@pytest.mark.parametrize("words", [["verify"], ["show"], ["checkpoint", "--key", "K", "-o", "C"]])
def test_a_log_that_is_not_there_is_told(bank, run, words):
    name, *rest = words
    given = [bank / "key.pem" if word == "K" else word for word in rest]
    given = [bank / "c.json" if word == "C" else word for word in given]
    assert run("audit", name, bank / "none", *given).code == 4


# show and export


def test_entries_are_shown_line_by_line_or_in_full(log, run):
    rows = run("audit", "show", log).out.splitlines()
    assert len(rows) == 4
    assert rows[0].split()[:3] == ["seq", "at", "kind"]
    assert len(run("audit", "show", log, "--last", 1).out.splitlines()) == 2
    (entry,) = json.loads(run("audit", "show", log, "--seq", 2).out)["entries"]
    assert (entry["seq"], entry["kind"]) == (2, "proposal")
    assert entry["body"]["model_id"] == "tongxiang-expert/1.0.0"


def test_a_household_is_found_by_the_secret_alone(bank, log, run, monkeypatch):
    words = ["audit", "show", log, "--household", PERSON, "--json"]
    (entry,) = json.loads(run(*words).out)["entries"]
    assert entry["kind"] == "proposal"
    run("keys", "secret", bank / "other")
    done = run(*words, "--secret", bank / "other")
    assert (done.code, "not the one that the log was begun with" in done.err) == (2, True)
    done = run("audit", "show", log, "--household", "H404")
    assert (done.code, "says nothing of this household" in done.err) == (6, True)
    monkeypatch.delenv("SANZHIXIN_SECRET")
    done = run(*words)
    assert (done.code, PERSON in done.err) == (2, False)


def test_a_table_for_auditors_has_a_row_for_each_entry(bank, log, run):
    out = bank / "audit.csv"
    done = run("audit", "export", log, "-o", out)
    assert (done.code, "3 entries" in done.err) == (0, True)
    with out.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    entries = list(read_entries(log))
    assert [(row["seq"], row["kind"], row["hash"]) for row in rows] == [
        (str(entry.seq), entry.kind, entry.hash) for entry in entries
    ]
    assert rows[1]["points"] == str(entries[1].body["output"]["points"])
    assert rows[1]["limit_yuan"] == str(entries[1].body["output"]["limit_yuan"])
    assert PERSON not in out.read_text(encoding="utf-8-sig")
    assert out.stat().st_mode & 0o777 == 0o600
    one = bank / "one.csv"
    run("audit", "export", log, "-o", one, "--household", PERSON)
    assert len(one.read_text(encoding="utf-8-sig").splitlines()) == 2


def test_a_damaged_log_leaves_no_table(bank, log, run):
    log.write_bytes(log.read_bytes()[:-10])
    done = run("audit", "export", log, "-o", bank / "audit.csv")
    assert (done.code, "unfinished" in done.err) == (6, True)
    assert not (bank / "audit.csv").exists()
    assert not list(bank.glob(".sanzhixin-*"))


# replay


def replay(run, log, county, model, *words):
    return run("audit", "replay", log, county, "-m", model, "--household", PERSON, *words)


def test_a_replay_gives_the_same_bytes(log, run, county, model):
    done = replay(run, log, county, model)
    assert done.code == 0
    assert "replays to the same bytes" in done.out
    assert "重放一致" in done.out
    assert PERSON not in done.out + done.err


def test_a_replay_with_other_inputs_says_where_it_differs(log, run, county, model):
    ratings = county / "ratings.csv"
    text = ratings.read_text(encoding="utf-8-sig")
    ratings.write_text(text.replace(",4,4", ",5,4", 1), encoding="utf-8-sig")
    done = replay(run, log, county, model)
    assert done.code == 6
    assert "input" in done.err
    assert "output." in done.err
    assert "重放结果与日志不符" in done.err
    assert PERSON not in done.err


def test_a_replay_uses_the_state_that_decided(bank, log, run, county, model):
    words = ["promote", model, "--to", "retired", "--by", "D", "--because", "a successor is in use"]
    assert run(*words).code == 0
    assert run("score", county, "-m", model, "-o", bank / "two").code == 6
    done = replay(run, log, county, model)
    assert done.code == 0
    shutil.rmtree(model / "history")
    done = replay(run, log, county, model)
    assert (done.code, "hold no model with digest" in done.err) == (6, True)


def test_a_replay_is_of_an_entry_of_the_household(log, run, county, model):
    found = json.loads(run("audit", "show", log, "--household", PERSON, "--json").out)
    (own,) = [entry["seq"] for entry in found["entries"]]
    assert replay(run, log, county, model, "--seq", own).code == 0
    for seq in ({2: 3, 3: 2}[own], 1, 99):
        done = replay(run, log, county, model, "--seq", seq)
        assert (done.code, f"has no entry {seq} that fits" in done.err) == (6, True)


def test_a_household_that_was_forgotten_cannot_be_replayed(log, run, county, model):
    run("forget", log, "--household", PERSON, "--by", "B", "--because", "asked")
    done = replay(run, log, county, model)
    assert (done.code, "says nothing of this household" in done.err) == (6, True)


# forget


def test_a_household_is_forgotten_and_the_log_still_agrees(bank, log, run):
    run("audit", "checkpoint", log, "--key", bank / "key.pem", "-o", bank / "kept.json")
    words = ["forget", log, "--household", PERSON, "--by", "保护专员", "--because", "本人申请"]
    before = log.read_bytes()
    done = run(*words, "--dry-run")
    assert (done.code, "1 entries would be forgotten" in done.err) == (0, True)
    assert log.read_bytes() == before
    done = run(*words)
    assert (done.code, "1 entries are forgotten" in done.err) == (0, True)
    assert "已抹去 1 条" in done.err
    assert PERSON not in done.err
    done = run("audit", "verify", log, "--checkpoint", bank / "kept.json", "--json")
    said = json.loads(done.out)
    assert (done.code, said["erased"], said["count"]) == (0, 1, 5)
    assert run("audit", "show", log, "--household", PERSON).code == 6
    done = run(*words)
    assert (done.code, "says nothing of this household" in done.err) == (6, True)


def test_what_was_said_before_a_day_is_forgotten(log, run, monkeypatch):
    monkeypatch.delenv("SANZHIXIN_SECRET")
    words = ["--by", "B", "--because", "end of retention"]
    done = run("forget", log, "--before", "2000-01-01", *words)
    assert (done.code, "No entry is as old" in done.err) == (0, True)
    AuditLog(log).append(
        [("proposal", {"subject": "x"})], at=dt.datetime(1999, 1, 1, tzinfo=dt.UTC)
    )
    done = run("forget", log, "--before", "2000-01-01", *words)
    assert (done.code, "1 entries are forgotten" in done.err) == (0, True)
    assert run("audit", "verify", log).code == 0


def test_a_day_to_come_is_no_end_of_retention(log, run):
    words = ["--by", "B", "--because", "end of retention"]
    before = log.read_bytes()
    done = run("forget", log, "--before", "2999-01-01", *words)
    assert (done.code, "a day after today" in done.err) == (2, True)
    assert log.read_bytes() == before


USAGE = [
    [],
    ["--household", PERSON, "--before", "2026-01-01"],
    ["--before", "yesterday"],
]


@pytest.mark.parametrize("words", USAGE)
def test_forgetting_takes_one_way(log, run, words):
    before = log.read_bytes()
    done = run("forget", log, *words, "--by", "B", "--because", "b")
    assert (done.code, PERSON in done.err) == (2, False)
    assert log.read_bytes() == before
    assert run("forget", log, "--household", PERSON, "--by", "B").code == 2
    assert run("forget", log, "--household", PERSON, "--because", "B").code == 2
