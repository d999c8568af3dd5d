from __future__ import annotations

import shutil
import traceback
from pathlib import Path

import pytest

import sanzhixin as szx
from sanzhixin.batch import take_in
from sanzhixin.cli import main
from sanzhixin.records.encode_county import encode_county
from sanzhixin.scoring.scorer import score_cases
from sanzhixin.scoring.view import views
from sanzhixin.trust import AuditLog, Secret, proposal_record, read_entries
from tests.privacy.canaries import found_in

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models" / "tongxiang-expert" / "1.0.0"
LEAST = 1_000


@pytest.fixture
def run(capsys):
    def call(*words):
        capsys.readouterr()
        code = main([str(word) for word in words])
        return code, *capsys.readouterr()

    return call


def spoiled(folder):
    """Break some rows of every table, so that messages have something to tell."""
    for path in sorted(folder.glob("*.csv")):
        text = path.read_text(encoding="utf-8-sig")
        head, *rows = text.splitlines()
        rows = [row.replace("2026", "2926") if k % 5 == 0 else row for k, row in enumerate(rows)]
        rows += rows[:3]
        path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8-sig")
    return folder


def everything_in(folder, *but):
    return [
        path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in but
    ]


def test_there_are_enough_canaries_and_the_files_hold_them_all(cage, folder):
    assert len(cage.known) >= LEAST
    assert found_in(*everything_in(folder)) == set(cage.known)


def test_commands_on_a_whole_county_tell_nobody_apart(cage, folder, tmp_path, run):
    secret, log, out = tmp_path / "secret", tmp_path / "log", tmp_path / "out"
    home = szx.read_county(folder).households["household_id"].iloc[0]
    told = [run("keys", "secret", secret)]
    told += [run("check", folder), run("check", folder, "--json")]
    told += [run("fit", folder, "-o", tmp_path / "model", "--fitted-by", "A")]
    told += [
        run("score", folder, "-m", MODEL, "-o", out, "--audit", log, "--secret", secret, "--json")
    ]
    told += [("", "", run("panel", folder, "-o", tmp_path / "panel")[2])]  # it names raters
    told += [run("audit", "verify", log), run("audit", "show", log, "--json")]
    told += [run("audit", "show", log, "--household", home, "--secret", secret)]
    told += [run("audit", "export", log, "-o", tmp_path / "log.csv")]
    told += [run("audit", "replay", log, folder, "-m", MODEL, "--household", home)]
    told += [run("diff", MODEL, tmp_path / "model", "--on", folder)]
    told += [run("verify", out), run("models", ROOT / "models"), run("doctor")]
    told += [
        run(
            *("forget", log, "--household", home, "--secret", secret),
            *("--by", "A", "--because", "asked"),
        )
    ]
    assert found_in(*(text for _, stdout, stderr in told for text in (stdout, stderr))) == set()
    kept = [log.read_bytes(), (tmp_path / "log.csv").read_bytes()]
    kept += everything_in(tmp_path / "model") + everything_in(out, "proposals.parquet")
    assert found_in(*kept) == set()


def test_commands_on_a_spoiled_county_name_places_and_codes_alone(cage, folder, tmp_path, run):
    folder, out = spoiled(folder), tmp_path / "out"
    told = [run("check", folder), run("check", folder, "--json")]
    told += [run("fit", folder, "-o", tmp_path / "model")]
    told += [run("score", folder, "-m", MODEL, "-o", out, "--format", "csv")]
    told += [run("score", folder, "-m", MODEL, "-o", tmp_path / "none", "--max-bad", "0")]
    told += [run("limits", folder, "-m", MODEL, "-o", tmp_path / "limits")]
    told += [run("approval", folder, "-m", MODEL, "-o", tmp_path / "sheet.xlsx")]
    told += [run("explain", folder, "-m", MODEL, "--household", cage.one())]
    assert {code for code, _, _ in told} >= {3}
    assert found_in(*(text for _, stdout, stderr in told for text in (stdout, stderr))) == set()
    assert found_in(*everything_in(out, "proposals.csv", "quarantine.csv")) == set()
    assert found_in((out / "quarantine.csv").read_bytes())
    assert found_in(*everything_in(tmp_path / "none", "quarantine.csv")) == set()


def test_what_is_asked_of_one_household_names_it_on_stdout_alone(folder, tmp_path, run):
    county = szx.read_county(folder)
    form = county.ratings.iloc[0]
    words = (folder, "-m", MODEL, "--household", form["household_id"])
    told = [run("explain", *words, "--lang", "en"), run("explain", *words, "--json")]
    told += [
        run(
            *("appeal", *words, "--without", f"rating:{form['rater_id']}", "--statement", "not so"),
            *("-o", tmp_path / "appeal.json"),
        )
    ]
    assert [code for code, _, _ in told] == [0, 0, 0]
    assert found_in(*(stderr for _, _, stderr in told)) == set()
    assert found_in(told[2][1]) == set()
    others = set(county.raters["rater_id"]) | set(county.households["household_id"])
    others -= {form["household_id"]}
    assert found_in(*(stdout for _, stdout, _ in told)) & others == set()


def wrong_values(record):
    """One wrong value for each place of a record that holds something."""
    for name, value in record.items():
        if isinstance(value, list):
            for place, entry in enumerate(value[:2]):
                for changed in wrong_values(entry):
                    yield {**record, name: [*value[:place], changed, *value[place + 1 :]]}
        elif isinstance(value, dict):
            for changed in wrong_values(value):
                yield {**record, name: changed}
        elif value is not None:
            yield {**record, name: [value]}
            yield {**record, name: f"={value}\n{value}"}
    yield {**record, "unknown": record.get("household_id", "x")}


def test_errors_of_single_applications_name_nobody(county):
    model = szx.load_model(MODEL)
    record = county.application(county.events["household_id"].iloc[0]).model_dump(mode="json")
    told = []
    for changed in wrong_values(record):
        try:
            model.propose_one(changed, as_of=county.as_of)
        except szx.SanzhixinError as error:
            told += ["".join(traceback.format_exception(error)), repr(error), error.args]
            told += [error.zh, error.values]
    assert len(told) > 400
    assert found_in(*told) == set()


def test_the_text_form_of_objects_names_nobody(cage, county, folder):
    model = szx.load_model(MODEL)
    intake = take_in(spoiled(folder), model.scheme, county.as_of)
    record = county.application(county.events["household_id"].iloc[0])
    form = record.ratings[0]
    cases = encode_county(county, model.scheme, county.as_of)
    answers = score_cases(cases, model.plan)
    appeal = model.reconsider(record, without=[f"rating:{form.rater_id}"], statement=cage.one())
    decided = appeal.decide(1000, by="A", reason=cage.one(), on=county.as_of)
    shown = [county, record, form, *record.events, *record.registers, *record.members]
    shown += [intake, intake.done, intake.done.county, intake.done.acceptance]
    shown += [
        cases,
        cases.forms,
        cases.events,
        answers,
        answers.profile,
        *views(answers, model.plan),
    ]
    shown += [model, model.file, model.plan, model.propose_one(record), appeal, decided]
    shown += [decided.override, model.explain(county, record.household_id)]
    assert found_in(*map(repr, shown), *map(str, shown)) == set()


def test_a_log_without_its_secret_gives_no_household_away(county, tmp_path):
    model, log = szx.load_model(MODEL), AuditLog(tmp_path / "log")
    first, second = Secret(b"a" * 32), Secret(b"b" * 32)
    home = county.households["household_id"].iloc[0]
    proposal = model.propose_one(county.application(home), county.as_of)
    digest = model.file.digest()
    log.append(("proposal", proposal_record(proposal, digest, key)) for key in (first, second))
    entries = [entry.body for entry in read_entries(log.path) if entry.kind == "proposal"]
    assert entries[0]["subject"] != entries[1]["subject"]
    assert entries[0]["input"] != entries[1]["input"]
    text = log.path.read_text(encoding="utf-8")
    assert home not in text
    assert proposal.input_digest not in text


def test_the_search_finds_what_a_careless_message_would_tell(cage):
    one, other = cage.one(), cage.one()
    try:
        raise KeyError(one)
    except KeyError as error:
        told = "".join(traceback.format_exception(error))
    assert found_in(told, other.encode()) == {one, other}


def test_a_copy_of_the_output_holds_no_household_beside_its_results(folder, tmp_path, run):
    out = tmp_path / "out"
    run("score", folder, "-m", MODEL, "-o", out)
    for name in ("proposals.parquet", "quarantine.csv"):
        (out / name).unlink()
    shutil.copytree(out, tmp_path / "copy")
    assert found_in(*everything_in(tmp_path / "copy")) == set()
