from __future__ import annotations

import csv
import json

import pytest

from sanzhixin.modelling import expert_model
from sanzhixin.trust import check_log, read_entries
from tests.cli.conftest import SCHEME
from tests.unit.scoring.factories import scheme_with

PERSON, DOCUMENT, RATER = "330483198001011234", "浙0483执9981号", "13957312345"
CANARIES = (PERSON, DOCUMENT, RATER, "诸葛不识")


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    for name in ("SANZHIXIN_TRUST", "SANZHIXIN_SECRET", "SANZHIXIN_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def county(rows, write):
    for table in ("households", "ratings", "proposals"):
        for row in rows[table]:
            if row["household_id"] == "H1":
                row["household_id"] = PERSON
    for table in ("raters", "ratings"):
        for row in rows[table]:
            if row["rater_id"] == "R3":
                row["rater_id"] = RATER
    rows["registers"] = [
        {
            "household_id": PERSON, "code": "ML09", "document_no": DOCUMENT,
            "list_class": "dishonest_judgment_debtor", "issued_on": "2026-01-05", "ended_on": "",
        }
    ]  # fmt: skip
    return write(rows)


@pytest.fixture
def call(county, model, run, tmp_path):
    def appeal(*words, household=PERSON, out="appeal.json"):
        base = ["appeal", county, "-m", model, "--household", household, "-o", tmp_path / out]
        return run(*base, *words)

    return appeal


def leaks(text):
    return [canary for canary in CANARIES if canary in text]


WITHOUT = ("--without", f"register:{DOCUMENT}")


def test_both_proposals_stand_side_by_side(call, tmp_path):
    done = call(*WITHOUT, "--statement", "诸葛不识：那不是我")
    assert done.code == 0
    written = json.loads((tmp_path / "appeal.json").read_bytes())
    assert (written["before"]["status"], written["before"]["limit_yuan"]) == ("gated", None)
    assert written["after"]["status"] == "propose"
    assert written["after"]["limit_yuan"] > 0
    assert written["without"] == [f"register:{DOCUMENT}"]
    assert (written["statement"], written["override"]) == ("诸葛不识：那不是我", None)
    assert {change["field"] for change in written["changes"]} >= {"status", "points", "limit_yuan"}
    assert (tmp_path / "appeal.json").stat().st_mode & 0o777 == 0o600
    assert "gated" in done.out
    assert f"{written['after']['limit_yuan']:,}" in done.out
    assert "新旧建议并列写入" in done.err
    assert "Both proposals are in" in done.err
    assert leaks(done.out + done.err) == []


def test_nothing_is_ever_written_over(call, tmp_path):
    (tmp_path / "appeal.json").write_text("mine")
    done = call(*WITHOUT)
    assert (done.code, "never overwritten" in done.err) == (7, True)
    assert (tmp_path / "appeal.json").read_text() == "mine"


def test_a_doubt_that_moves_nothing_says_so(call):
    done = call("--without", f"rating:{RATER}", household="H2")
    assert done.code == 0
    done = call("--without", "rating:R1:FS01", out="two.json")
    assert (done.code, "the proposal is the same" in done.out) == (0, True)
    assert "建议不变" in done.out


DECIDED = ("--override", 30_000, "--by", "王主任", "--reason", "核实诸葛不识为同名")


def test_what_a_person_decides_stands_beside_both(call, tmp_path):
    done = call(*WITHOUT, *DECIDED)
    assert (done.code, "30,000" in done.out) == (0, True)
    written = json.loads((tmp_path / "appeal.json").read_bytes())
    assert written["override"]["limit_yuan"] == 30_000
    assert written["override"]["by"] == "王主任"
    assert written["before"]["limit_yuan"] is None
    assert leaks(done.out + done.err) == []


REFUSED = [
    # words, exit code, English
    ([], 2, "--without"),
    (["--without", "consent:C1"], 2, "does not name a piece"),
    (["--without", "rating:R9"], 2, "has no rating whose rater_id"),
    (["--without", "register:D9"], 2, "no official record whose document_no"),
    ([*WITHOUT, "--override", 30_000], 2, "--override needs"),
    ([*WITHOUT, "--by", "B"], 2, "--override needs"),
    ([*WITHOUT, "--reason", "r"], 2, "--override needs"),
    ([*WITHOUT, "--override", 30_000, "--by", "B"], 2, "a person and a reason"),
    ([*WITHOUT, "--override", 30_000, "--by", " ", "--reason", "r"], 2, "a person and a reason"),
    ([*WITHOUT, "--override", 500_001, "--by", "B", "--reason", "r"], 2, "from 0 to 500000"),
    ([*WITHOUT, "--override", -1, "--by", "B", "--reason", "r"], 2, ""),
    ([*WITHOUT, "--audit", "audit.jsonl"], 2, "--secret FILE is needed"),
]


@pytest.mark.parametrize(("words", "code", "en"), REFUSED)
def test_what_is_refused_writes_nothing(call, tmp_path, words, code, en):
    done = call(*words)
    assert done.code == code
    assert en in done.err
    assert leaks(done.out + done.err) == []
    assert not (tmp_path / "appeal.json").exists()


@pytest.mark.parametrize("piece", [f"event:{PERSON}", f"rating:{PERSON}:", f"rating:{RATER}:XX"])
def test_a_piece_that_is_refused_is_not_shown(call, piece):
    done = call("--without", piece)
    assert (done.code, leaks(done.out + done.err)) == (2, [])


@pytest.mark.parametrize("piece", [PERSON, RATER, f"rating：{RATER}", DOCUMENT])
def test_a_piece_without_its_kind_is_not_shown_either(call, piece):
    done = call("--without", piece)
    assert (done.code, leaks(done.out + done.err)) == (2, [])


def test_a_household_that_is_not_there_is_told_without_its_number(call):
    done = call(*WITHOUT, household=f"{PERSON[:-1]}X")
    assert done.code == 3
    assert PERSON[:-1] not in done.err


# the log


@pytest.fixture
def secret(run, tmp_path, monkeypatch):
    run("keys", "secret", tmp_path / "secret")
    monkeypatch.setenv("SANZHIXIN_SECRET", str(tmp_path / "secret"))
    return tmp_path / "secret"


@pytest.mark.usefixtures("secret")
def test_an_appeal_and_a_decision_are_logged_with_what_they_are_of(
    call, run, county, model, tmp_path
):
    log = tmp_path / "audit.jsonl"
    run("score", county, "-m", model, "-o", tmp_path / "out", "--audit", log)
    done = call(*WITHOUT, *DECIDED, "--statement", "诸葛不识", "--audit", log)
    assert (done.code, leaks(done.err)) == (0, [])
    entries = list(read_entries(log))
    assert [entry.kind for entry in entries] == [
        "open", "proposal", "proposal", "appeal", "override"
    ]  # fmt: skip
    (asked,) = [e for e in entries if (e.kind == "proposal" and e.body["output"]["tier"] is None)
                or (e.kind == "proposal" and e.body["output"]["status"] == "gated")]  # fmt: skip
    appeal, override = entries[3:]
    assert appeal.body["subject"] == asked.body["subject"] == override.body["subject"]
    assert (appeal.body["of"], override.body["of"]) == (asked.seq, 4)
    assert (override.body["limit_yuan"], override.body["proposed_yuan"]) == (30_000, None)
    shown = run("audit", "show", log).out.splitlines()[4]
    assert f" → {appeal.body['after']['points']}" in shown
    assert run("audit", "export", log, "-o", tmp_path / "log.csv").code == 0
    with (tmp_path / "log.csv").open(encoding="utf-8-sig", newline="") as stream:
        row = list(csv.DictReader(stream))[3]
    assert (row["of"], row["status"], row["status_after"]) == (str(asked.seq), "gated", "propose")
    assert row["points_after"] == str(appeal.body["after"]["points"])
    assert appeal.body["output"] == asked.body["output"]
    assert check_log(log).findings == ()
    written = log.read_text(encoding="utf-8")
    assert leaks(written) == []


@pytest.mark.usefixtures("secret")
def test_an_appeal_of_a_household_that_the_log_does_not_know_is_logged(call, tmp_path):
    log = tmp_path / "audit.jsonl"
    assert call(*WITHOUT, "--audit", log).code == 0
    assert [entry.kind for entry in read_entries(log)] == ["open", "appeal"]
    assert list(read_entries(log))[1].body["of"] is None


@pytest.mark.usefixtures("secret")
def test_an_appeal_is_forgotten_with_its_household(call, run, tmp_path):
    log = tmp_path / "audit.jsonl"
    call(*WITHOUT, *DECIDED, "--audit", log)
    done = run("forget", log, "--household", PERSON, "--by", "B", "--because", "asked")
    assert "2 entries are forgotten" in done.err
    assert run("audit", "verify", log).code == 0


@pytest.mark.usefixtures("secret")
@pytest.mark.parametrize("fault", ["torn", "altered", "no folder"])
def test_no_appeal_goes_out_that_is_not_in_the_log(call, tmp_path, fault):
    log = tmp_path / "audit.jsonl"
    call(*WITHOUT, "--audit", log, out="first.json")
    if fault == "torn":
        log.write_bytes(log.read_bytes() + b'{"at":')
    elif fault == "altered":
        log.write_bytes(log.read_bytes().replace(b'"gated"', b'"green"'))
    else:
        log = tmp_path / "none" / "audit.jsonl"
    done = call(*WITHOUT, "--audit", log)
    assert (done.code == 0) == (tmp_path / "appeal.json").exists()


# two models


@pytest.fixture
def two(tmp_path):
    tiers = SCHEME.model_dump()["tiers"]
    rows = tuple({**r, "cap": 2} if r["grade"] == "C" else r for r in tiers["rows"])
    other = scheme_with(SCHEME, tiers={**tiers, "rows": rows})
    expert_model(SCHEME, name="a", version="1.0.0").save(tmp_path / "a")
    expert_model(other, name="a", version="1.1.0").save(tmp_path / "b")
    return tmp_path / "a", tmp_path / "b"


def test_two_models_are_compared_in_words(run, two):
    done = run("diff", *two)
    assert done.code == 0
    assert "等级 C 上限：30,000 → 20,000" in done.out
    assert "tier C cap: 30,000 -> 20,000" in done.out
    assert "model: a/1.0.0 -> a/1.1.0" in done.out
    said = json.loads(run("diff", *two, "--json").out)
    assert said["county"] is None
    told = [(line["part"], line["en"]) for line in said["differences"]]
    assert told == [
        ("model", "model: a/1.0.0 -> a/1.1.0"),
        ("tiers", "tier C cap: 30,000 -> 20,000"),
    ]


def test_equal_models_are_told(run, two):
    done = run("diff", two[0], two[0])
    assert (done.code, done.out.splitlines()) == (
        0,
        ["两个模型完全相同。", "The models are the same."],
    )


def test_households_that_move_are_counted(run, two, folder):
    said = json.loads(run("diff", *two, "--on", folder, "--json").out)["county"]
    assert (said["households"], said["moving"]) == (2, 0)
    assert said["yuan_after"] <= said["yuan_before"]
    assert sum(row["n_households"] for row in said["tiers"]) == 2
    text = run("diff", *two, "--on", folder).out
    assert "Of 2 households 0 change their tier" in text
    assert "2 户中 0 户等级变动" in text


@pytest.mark.parametrize(
    ("lang", "heads"),
    [("zh", ["A 等级", "B 等级", "户数", "A 额度", "B 额度"]),
     ("en", ["tier A", "tier B", "households", "yuan A", "yuan B"])],
)  # fmt: skip
def test_columns_are_named_after_the_models(run, two, folder, lang, heads):
    said = run("--lang", lang, "diff", *two, "--on", folder).out
    (line,) = [line for line in said.splitlines() if heads[0] in line]
    assert [head for head in line.split("  ") if head] == heads


def test_a_model_that_is_refused_is_told(run, two, tmp_path):
    assert run("diff", two[0], tmp_path / "none").code == 6
    (two[1] / "model.json").write_bytes(b"{}")
    assert run("diff", *two).code == 6
    assert run("diff", two[0]).code == 2
