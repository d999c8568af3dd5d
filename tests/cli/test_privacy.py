from __future__ import annotations

import pytest

PERSON = "330483198001011237"
NAME, PHONE, DOCUMENT = "诸葛不识", "13957312345", "浙0483刑初9981号"
CANARIES = (PERSON, NAME, PHONE, DOCUMENT)


@pytest.fixture
def planted(rows, write):
    """Every identifying text that the tables can carry, in good rows and in rejected ones."""
    for row in rows["households"] + rows["ratings"] + rows["proposals"]:
        row["household_id"] = PERSON if row["household_id"] == "H1" else NAME
    for row in rows["raters"] + rows["ratings"]:
        row["rater_id"] = f"{PHONE}{row['rater_id']}"
    rows["proposals"][0]["override_reason"] = f"{NAME} {PHONE}"
    rows["ratings"].append(rows["ratings"][0] | {"round": 2, "FS01": 9})
    rows["ratings"].append(rows["ratings"][0] | {"round": 3, "rater_id": f"={PHONE}"})
    rows["households"].append(rows["households"][0] | {"consent_purpose": DOCUMENT})
    rows["households"].append(rows["households"][0] | {"household_id": f"{PERSON[:-1]}8"})
    rows["registers"] = [
        {
            "household_id": NAME,
            "code": "XX99",
            "document_no": DOCUMENT,
            "list_class": PHONE,
            "issued_on": "2026-13-01",
            "ended_on": "",
        }
    ]
    rows["households"][0]["household_id"] = PERSON
    return write(rows)


def leaks(text):
    return [canary for canary in CANARIES if canary in text]


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_check_names_places_and_never_cells(planted, run, words):
    done = run("check", planted, *words)
    assert done.code == 3
    assert leaks(done.out + done.err) == []


def test_score_leaves_nothing_outside_its_results(planted, run, model, tmp_path):
    done = run("score", planted, "-m", model, "-o", tmp_path / "out", "--json")
    assert done.code == 3
    assert leaks(done.out + done.err) == []
    manifest = (tmp_path / "out" / "manifest.json").read_text(encoding="utf-8")
    assert leaks(manifest + (tmp_path / "out" / "_SUCCESS").read_text(encoding="utf-8")) == []
    quarantine = (tmp_path / "out" / "quarantine.csv").read_text(encoding="utf-8-sig")
    assert leaks(quarantine) == list(CANARIES)


def test_a_fitted_model_knows_nobody(planted, run, tmp_path):
    done = run("fit", planted, "-o", tmp_path / "model")
    model = (tmp_path / "model" / "model.json").read_text(encoding="utf-8")
    assert leaks(model + done.out + done.err) == []


def test_messages_of_explain_name_nobody(planted, run, model):
    done = run("explain", planted, "-m", model, "--household", NAME)
    assert leaks(done.err) == []
    assert PHONE not in done.out


def test_an_internal_error_shows_no_data(planted, run, model, monkeypatch, tmp_path):
    def broken(*_):
        raise ValueError(f"{PERSON} {NAME} {PHONE} {DOCUMENT}")

    monkeypatch.setattr("sanzhixin.batch.run.propose_cases", broken)
    done = run("score", planted, "-m", model, "-o", tmp_path / "out")
    assert done.code == 1
    assert leaks(done.out + done.err) == []
