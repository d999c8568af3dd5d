from __future__ import annotations

import csv
import datetime as dt
import json
import subprocess
import sys
import time

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest

from sanzhixin.batch import LimitTables, compute_portfolio
from sanzhixin.cli.app import sanzhixin
from sanzhixin.cli.limits_command import _totals
from sanzhixin.cli.texts import TEXTS
from sanzhixin.cli.voice import Voice, aligned
from sanzhixin.model import load_model
from sanzhixin.records import write_county
from sanzhixin.scheme import load_scheme

SCHEME_TIERS = [row.grade for row in load_scheme("tongxiang").tiers.ascending]

HEAVY = ("numpy", "pandas", "pyarrow", "pydantic", "rich", "scipy", "sklearn")
HELP = f"""
import sys
from sanzhixin.cli import main
main(["--help"])
print("loaded", *[name for name in {HEAVY!r} if name in sys.modules])
"""


def test_help_loads_no_library_and_takes_at_most_300_ms():
    seconds = []
    for _ in range(3):
        begin = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", HELP], capture_output=True, text=True, check=True
        )
        seconds.append(time.perf_counter() - begin)
    assert done.stdout.splitlines()[-1] == "loaded"
    assert min(seconds) <= 0.3


def test_help_names_every_command_and_every_exit_code(run):
    said = run("--help").out
    for name in ("demo", "simulate", "check", "fit", "score", "explain", "verify", "doctor"):
        assert f"\n  {name} " in said
    words = " ".join(said.split())
    assert all(f"{code} " in words for code in (0, 1, 2, 3, 4, 5, 6, 7, 8, 130, 143))


def test_the_version_is_shown(run):
    assert run("--version").out.startswith("sanzhixin ")


def test_simulating_twice_gives_the_same_bytes(run, tmp_path):
    words = ["--villages", 2, "--households-per-village", 5, "--seed", 3, "--as-of", "2025-12-31"]
    for name in ("one", "two"):
        assert run("simulate", tmp_path / name, *words).code == 0
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("one", "two")
    )
    assert one == two
    assert one["county.toml"] == b"as_of = 2025-12-31\n"


def test_simulating_refuses_a_folder_in_use(run, folder):
    done = run("simulate", folder)
    assert done.code == 7
    assert "Choose a new or empty folder" in done.err


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_simulated_county_is_accepted_whole(run, tmp_path, kind):
    run("simulate", tmp_path / "county", "--villages", 2, "--format", kind)
    done = run("check", tmp_path / "county")
    assert done.code == 0
    assert "rows are accepted" in done.out


def test_check_counts_the_rejected_rows_that_no_household_answers_for(rows, write, run):
    rows["proposals"].append(rows["proposals"][0] | {"household_id": "3.3E+17"})
    folder = write(rows)
    with (folder / "ratings.csv").open("a", encoding="utf-8") as stream:
        stream.write("2\r\n2,H1,R1\r\n")
    said = run("check", folder).err
    assert "ratings：有1行被退回且对应不到农户" in said
    assert "ratings: 1 rejected row(s) name no known household" in said
    assert "proposals: 1 rejected row(s)" in said
    notes = json.loads(run("check", folder, "--json").out)["notes"]
    told = [note["file"] for note in notes]
    assert told == ["households", "ratings", "proposals", "events", "registers", "loans"]


def test_check_lays_out_every_table(run, folder):
    lines = run("--lang", "en", "check", folder).out.splitlines()
    assert lines == [
        "table       in  accepted  rejected",
        "households   2         2         0",
        "raters       3         3         0",
        "ratings      6         6         0",
        "proposals    1         1         0",
        "Scoring date 2026-06-30; the rules on dates go by it.",
        "All 12 rows are accepted.",
    ]


def test_check_names_tables_in_both_languages_unless_english_alone_is_spoken(run, folder):
    lines = run("check", folder).out.splitlines()
    assert lines[1].split() == ["农户信息", "households", "2", "2", "0"]
    assert run("--lang", "zh", "check", folder).out.splitlines()[1].split() == lines[1].split()


@pytest.mark.parametrize(
    ("words", "command"),
    [(["validate", "x"], "validate"), (["keys", "new", "f"], "keys new"), (["check"], "check")],
)
def test_a_language_behind_the_command_is_told_where_it_stands(run, words, command):
    for given in (["--lang", "en"], ["--lang=en"]):
        done = run(*words, *given)
        assert done.code == 2
        assert done.err.endswith(
            f"--lang stands before the command: sanzhixin --lang en {command} …\n"
        )
    assert (
        f"--lang 写在命令之前：sanzhixin --lang zh {command} …" in run(*words, "--lang", "zh").err
    )
    assert "stands before" not in run(*words, "--language").err


def test_the_help_of_simulate_says_the_day_that_it_takes(run):
    from sanzhixin.simulate import SimulationSettings

    said = " ".join(run("simulate", "--help").out.split())
    assert f"Day on which the tables stand. [default: {SimulationSettings().as_of}]" in said


def test_the_help_of_monitor_says_which_look_is_replaced(run):
    said = " ".join(run("monitor", "--help").out.split())
    assert "that of an earlier look that stopped nothing, which is replaced" in said


def test_a_report_for_a_folder_that_is_not_there_says_so(run, folder, model, tmp_path):
    done = run("validate", folder, "-m", model, "-o", tmp_path / "nofolder" / "report.json")
    assert done.code == 7
    assert "report.json could not be written: the folder nofolder does not exist" in done.err
    assert "文件夹 nofolder 不存在" in done.err


def test_check_says_that_the_day_is_today_where_none_is_stated(run, folder):
    (folder / "county.toml").unlink()
    said = run("--lang", "en", "check", folder).out
    assert f"Scoring date {dt.date.today()}, which is today" in said
    assert (
        "Scoring date 2026-06-30; "
        in run("--lang", "en", "check", folder, "--as-of", "2026-06-30").out
    )


def test_check_counts_by_rule_and_lists_own_faults_before_what_follows_from_them(rows, write, run):
    rows["households"][0]["consent_until"] = "2026-06-29"
    rows["ratings"][5]["FS02"] = 9
    done = run("--lang", "en", "check", write(rows))
    lines = done.out.splitlines()
    assert done.code == 3
    assert lines[5:11] == [
        "Scoring date 2026-06-30; the rules on dates go by it.",
        "rule                rejected",
        "consent_expired            1",
        "rating_scale               1",
        "household_rejected         4",
        "6 of 12 rows are rejected; the first of them:",
    ]
    places = [line.split()[0] for line in lines[11:]]
    assert places[:3] == ["households.csv:2", "ratings.csv:7", "ratings.csv:2"]
    assert "write one of 1, 2, 3, 4, 5" in lines[12]


def test_check_tells_of_a_table_without_rows(rows, write, run):
    folder = write({name: rows[name] for name in ("households", "raters")})
    header = (folder / "households.csv").read_text(encoding="utf-8").splitlines()[0]
    (folder / "households.csv").write_text(f"{header}\n", encoding="utf-8")
    done = run("check", folder)
    assert done.code == 0
    assert "households.csv: table households has no rows" in done.err
    assert "没有数据行" in done.err


def test_check_writes_the_quarantine_where_it_is_asked_to(rows, write, run, tmp_path):
    rows["ratings"][2]["FS02"] = "好"
    done = run("check", write(rows), "--quarantine", tmp_path / "bad.csv", "--json")
    with (tmp_path / "bad.csv").open(encoding="utf-8-sig", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert json.loads(row["row"]) == {name: str(v) for name, v in rows["ratings"][2].items()}
    assert (row["line"], row["field"], row["code"]) == ("4", "FS02", "rating_grammar")
    summary = json.loads(done.out)
    assert summary["rows"] == {"in": 12, "rejected": 1}
    assert summary["rejected_by_code"] == {"rating_grammar": 1}
    assert done.err == ""


@pytest.mark.parametrize("command", ["check", "fit", "score", "limits", "validate", "monitor"])
def test_every_intake_asks_about_a_misspelt_column_and_tells_what_is_lacking(
    rows, write, run, model, tmp_path, command
):
    for row in rows["households"]:
        row["utility_paymnt"] = "on_time"
    for row in rows["ratings"]:
        row["FS3"] = row.pop("FS03")
    folder, out = write(rows), ("-o", tmp_path / "out")
    words = {
        "check": [],
        "fit": out,
        "score": ["-m", model, *out],
        "limits": ["-m", model, *out],
        "validate": ["-m", model, "-o", tmp_path / "r.json"],
        "monitor": [folder, "-m", model, *out, "--as-of-old", "2026-06-29"],
    }
    done = run(command, folder, *words[command])
    assert done.code == 0
    place = "county/" if command == "monitor" else ""
    ignored = f"{place}households.csv: columns ignored: utility_paymnt"
    assert f"{ignored}; did you mean utility_payment (水电费缴纳)?\n" in done.err
    assert "未使用的列：utility_paymnt；是否应为 水电费缴纳（utility_payment）？" in done.err
    assert "columns ignored: FS3; did you mean FS03 (教子有方)?" in done.err
    assert "no form rates FS03" in done.err
    lacking = "annual_income_yuan, debt_yuan, assets_yuan, exposure_yuan, customer_years, "
    assert f"the scheme uses the columns {lacking}utility_payment, which are absent" in done.err
    assert "水电费缴纳（utility_payment） 没有提供，各户按缺失计" in done.err
    assert done.err.count("没有提供") == (2 if command == "monitor" else 1)


@pytest.mark.parametrize("command", ["check", "score", "validate", "monitor"])
def test_notes_stand_in_json(rows, write, run, model, tmp_path, command):
    for row in rows["households"]:
        row["utility_paymnt"] = "on_time"
    folder, name = write(rows), "r.json" if command == "validate" else "out"
    old = [folder, "--as-of-old", "2026-06-29"] if command == "monitor" else []
    words = [] if command == "check" else ["-m", model, "-o", tmp_path / name]
    notes = json.loads(run(command, *old, folder, *words, "--json").out)["notes"]
    assert notes[0] == {
        "file": "households.csv",
        "zh": "未使用的列：utility_paymnt；是否应为 水电费缴纳（utility_payment）？",
        "en": "columns ignored: utility_paymnt; did you mean utility_payment (水电费缴纳)?",
    }
    assert notes[1]["file"] == "households"


def test_check_tells_which_columns_it_ignores(rows, write, run):
    for row in rows["households"]:
        row["备注"] = "x"
    done = run("check", write(rows))
    assert done.code == 0
    assert "未使用的列：备注" in done.err
    assert "columns ignored: 备注" in done.err


def test_fit_says_which_model_of_the_same_name_it_replaces(run, folder, tmp_path):
    words = ("fit", folder, "-o", tmp_path / "model", "--name", "farm")
    assert "replaced" not in run(*words).err
    former = load_model(tmp_path / "model").file.digest()
    same = run(*words)
    assert (same.code, "replaced" in same.err) == (0, False)
    other = run(*words, "--fitted-by", "A. Li")
    assert f"The former farm/0.1.0 there (draft, digest {former}) differs" in other.err
    assert f"原有的 farm/0.1.0（状态 草稿，摘要 {former}）与新模型内容不同，已被替换" in other.err
    assert load_model(tmp_path / "model").file.digest() != former


def test_a_choice_that_was_automatic_gives_no_advice_to_do_what_was_done(run, folder, tmp_path):
    day = {"granted_on": "2025-01-10", "limit_yuan": 10_000, "observed_until": "2026-03-01"}
    loans = [
        {"loan_id": f"L{k}", "household_id": home, **day, "defaulted": "false"}
        for k, home in enumerate(("H1", "H2"))
    ]
    with (folder / "loans.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(loans[0]))
        writer.writeheader()
        writer.writerows(loans)
    rows = (folder / "ratings.csv").read_text(encoding="utf-8-sig")
    (folder / "ratings.csv").write_text(rows.replace("2026-05-01", "2025-01-02"), encoding="utf-8")
    homes = (folder / "households.csv").read_text(encoding="utf-8-sig")
    homes = homes.replace("2026-01-01", "2025-01-01")
    (folder / "households.csv").write_text(homes, encoding="utf-8")
    said = run("fit", folder, "-o", tmp_path / "model").err
    assert "No curve (logistic) was fitted: 0 defaults in 2 loans" in said
    assert "so the model has the expert card" in said
    assert "method=" not in said
    assert "--card" not in said
    asked = run("fit", folder, "-o", tmp_path / "asked", "--pd-method", "logistic")
    assert (asked.code, 'Use method="firth"' in asked.err) == (2, True)
    card = run("fit", folder, "-o", tmp_path / "asked", "--card", "fitted")
    assert (card.code, "--card expert" in card.err) == (2, True)


def test_a_folder_of_another_command_is_refused_with_what_may_stand_there(
    run, folder, model, tmp_path
):
    assert run("score", folder, "-m", model, "-o", tmp_path / "out").code == 0
    done = run("card", model, "-o", tmp_path / "out")
    assert done.code == 7
    assert "out holds 3 files or folders that sanzhixin card does not write (it writes " in done.err
    assert "model_card.md" in done.err
    assert "3 个文件或文件夹不是 sanzhixin card 写出的（它只写 model_card.md" in done.err
    again = run("limits", folder, "-m", model, "-o", tmp_path / "out")
    assert "sanzhixin limits does not write (it writes limits.csv, " in again.err
    assert run("card", model, "-o", tmp_path / "papers").code == 0
    other = run("score", folder, "-m", model, "-o", tmp_path / "papers")
    assert "not an earlier run of score (proposals, quarantine.csv, " in other.err
    used = run("simulate", tmp_path / "papers", "--villages", 1).err
    assert "papers holds 11 files or folders; nothing was changed" in used


OFFICES = ("keys", "sign", "promote", "models", "diff", "verify", "audit", "forget", "appeal")


@pytest.mark.parametrize("name", OFFICES)
def test_the_help_has_an_example_of_every_command_around_a_model(run, name):
    examples = run("--help").out.partition("Options:")[0]
    assert f"sanzhixin {name} " in examples


def test_the_help_of_accept_says_what_retired_is_for(run):
    said = " ".join(run("score", "--help").out.split())
    assert "retired: for export and verify alone" in said


def test_fit_then_score_then_verify(run, folder, tmp_path):
    model, out = tmp_path / "model", tmp_path / "out"
    fit = run("fit", folder, "-o", model, "--name", "village-one", "--version", "1.2.3")
    assert fit.code == 0
    assert "village-one/1.2.3" in fit.err
    assert "pd_basis none" in fit.err
    assert "No card was learned" in fit.err
    assert "未学习评分卡" in fit.err
    assert "状态 草稿，违约概率依据 无贷款结果" in fit.err
    assert "village-one/1.2.3" in (model / "card.md").read_text(encoding="utf-8")
    again = run("fit", folder, "-o", model, "--name", "village-one", "--version", "1.2.3")
    other = run("fit", folder, "-o", model, "--name", "village-two")
    county = run("fit", folder, "-o", folder)
    assert (again.code, other.code, county.code) == (0, 7, 7)
    assert "another model, village-one/1.2.3" in other.err
    assert not (folder / "model.json").exists()
    assert run("score", folder, "-m", model, "-o", out).code == 0
    assert run("verify", model).code == run("verify", out).code == 0
    (out / "_SUCCESS").unlink()
    done = run("verify", out, "--json")
    assert (done.code, json.loads(done.out)["findings"][0]["code"]) == (7, "success_missing")


def test_score_gives_a_machine_summary(run, folder, model, tmp_path):
    done = run("score", folder, "-m", model, "-o", tmp_path / "out", "--json")
    summary = json.loads(done.out)
    assert summary["exit_code"] == 0
    assert summary["tiers"] == {"B": 2}
    assert summary["households"] == {
        "table": "households", "n_in": 2, "accepted": 2, "rejected": 0,
    }  # fmt: skip
    assert summary["as_of"] == "2026-06-30"


def test_a_dry_run_shows_what_would_happen_and_writes_nothing(run, folder, model, tmp_path):
    done = run("score", folder, "-m", model, "-o", tmp_path / "out", "--dry-run")
    assert done.code == 0
    assert "nothing is written" in done.err
    assert not (tmp_path / "out").exists()


def test_all_formats_hold_the_same_proposals(run, folder, model, tmp_path):
    for kind in ("parquet", "csv", "xlsx"):
        run("score", folder, "-m", model, "-o", tmp_path / kind, "--format", kind)
    rows = pq.read_table(tmp_path / "parquet" / "proposals.parquet").to_pylist()
    with (tmp_path / "csv" / "proposals.csv").open(encoding="utf-8-sig", newline="") as stream:
        texts = list(csv.DictReader(stream))
    sheet = openpyxl.load_workbook(tmp_path / "xlsx" / "proposals.xlsx")["proposals"]
    header, *cells = sheet.iter_rows(values_only=True)
    for row, text, values in zip(rows, texts, cells, strict=True):
        named = dict(zip(header, values, strict=True))
        assert str(row["points"]) == text["points"] == str(named["points"])
        assert row["as_of"].isoformat() == text["as_of"] == named["as_of"]
        for nested in ("reasons", "next_tier", "review_triggers"):
            assert row[nested] == json.loads(text[nested]) == json.loads(named[nested])


def test_doctor_examines_this_machine(run):
    done = run("doctor", "--json")
    facts = json.loads(done.out)
    assert done.code == len(facts["problems"]) == 0
    assert facts["libraries"]["numpy"][0].isdigit()
    assert set(facts["extras"]) == {"report", "sql", "sign", "excel", "spark"}
    assert "python" in run("doctor").out


def test_doctor_names_what_lacks(run, monkeypatch):
    monkeypatch.setattr("sanzhixin.cli.care_commands.installed_version", lambda _: None)
    done = run("doctor")
    assert done.code == 1
    assert "numpy is not installed" in done.err


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("zh", "nothing：不存在；请检查路径。\n"),
        ("en", "nothing: not found. Check the path.\n"),
        ("both", "nothing：不存在；请检查路径。\nnothing: not found. Check the path.\n"),
    ],
)
def test_an_error_is_told_in_the_chosen_language(run, tmp_path, lang, said):
    assert run("--lang", lang, "check", tmp_path / "nothing").err == said
    assert run(f"--lang={lang}", "check", tmp_path / "nothing").err == said


def test_nothing_moves_on_a_stderr_that_is_no_terminal(run, folder, model, tmp_path):
    done = run("score", folder, "-m", model, "-o", tmp_path / "out")
    assert "\x1b" not in done.err + done.out
    assert "\r" not in done.err


def test_a_bar_moves_on_a_terminal(run, folder, model, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    done = run("score", folder, "-m", model, "-o", tmp_path / "out")
    assert done.code == 0
    assert done.out == ""


def test_every_text_names_the_same_values_in_both_languages():
    from string import Formatter

    def names(template):
        return {name for _, name, _, _ in Formatter().parse(template) if name}

    free = {"fit_no_card", "note"}  # what they tell has a text of its own in each language
    differing = [
        key for key, (zh, en) in TEXTS.items() if key not in free and names(zh) != names(en)
    ]
    assert differing == []


def test_columns_line_up_under_wide_characters():
    assert aligned([["村", "n"], ["V001", 12_345]]) == "村    n\nV001  12,345"


def test_a_voice_of_both_languages_writes_long_texts_in_chinese():
    assert (Voice("both").one, Voice("en").one, Voice("zh").one) == ("zh", "en", "zh")


def test_panel_writes_every_table_and_a_report(run, tmp_path):
    assert run("simulate", tmp_path / "county", "--villages", 4, "--seed", 3).code == 0
    done = run("panel", tmp_path / "county", "-o", tmp_path / "out")
    assert done.code == 0
    assert "评议团报告" in done.out
    assert "Panel report as of 2026-06-30" in done.out
    names = {path.stem for path in (tmp_path / "out").iterdir()}
    assert names >= {"measures", "raters", "pairs", "interactions", "drift", "report", "_SUCCESS"}
    assert run("panel", tmp_path / "county", "-o", tmp_path / "out").code == 0
    (tmp_path / "out" / "letter.txt").write_text("x", encoding="utf-8")
    again = run("panel", tmp_path / "county", "-o", tmp_path / "out")
    assert again.code == 7
    assert "sanzhixin panel does not write (it writes measures.csv, " in again.err


def test_panel_without_a_form_of_that_time_says_so(run, tmp_path):
    assert run("simulate", tmp_path / "county", "--villages", 2, "--seed", 3).code == 0
    done = run("panel", tmp_path / "county", "-o", tmp_path / "out", "--as-of", "2020-01-01")
    assert done.code == 2
    assert "No form is dated by 2020-01-01" in done.err
    assert not (tmp_path / "out").exists()


ADJUSTED = """extends = "tongxiang"
name = "adjusted"
version = "1.0.0"
aggregator = "severity_adjusted"
equating = "mean"
"""


def test_a_scheme_with_adjusted_measures_goes_from_fit_to_explain(run, tmp_path):
    county, scheme, model = tmp_path / "county", tmp_path / "scheme.toml", tmp_path / "model"
    scheme.write_text(ADJUSTED, encoding="utf-8")
    assert run("simulate", county, "--villages", 4, "--seed", 3).code == 0
    fitted = run("fit", county, "--scheme", scheme, "-o", model)
    assert fitted.code == 0
    assert "stand in another tier than by the mean" in fitted.err
    assert "户等级不同" in fitted.err
    assert (model / "model.json").stat().st_mode & 0o077 == 0
    assert "Villages are compared by: a stated prior alone" in (model / "card.md").read_text(
        encoding="utf-8"
    )
    scored = run("score", county, "-m", model, "-o", tmp_path / "out")
    assert scored.code == 0
    assert "stated prior alone" in scored.err
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["model"]["link"] == "prior"
    assert run("verify", model).code == run("verify", tmp_path / "out").code == 0
    said = run("explain", county, "-m", model, "--household", "V001-0001", "--lang", "zh").out
    assert "按评议员宽严调整后" in said
    assert "这些评议表的均值为" in said
    plain = run("fit", county, "-o", model, "--name", "adjusted-fitted")
    assert plain.code == 7
    assert "another model, adjusted-fitted/0.1.0 (adjusted/1.0.0" in plain.err


def test_panel_guards_texts_that_look_like_formulas(run, rows, write, tmp_path):
    from sanzhixin.simulate import simulate_county

    county = simulate_county(2, 20, 3)
    folder = tmp_path / "county"
    write_county(county, folder)
    for name in ("raters", "ratings"):
        text = (folder / f"{name}.csv").read_text(encoding="utf-8-sig")
        (folder / f"{name}.csv").write_text(text.replace("V001-R01", "=cmd|A1"), encoding="utf-8")
    assert run("panel", folder, "-o", tmp_path / "out").code == 0
    shown = (tmp_path / "out" / "raters.csv").read_text(encoding="utf-8-sig")
    assert "'=cmd|A1" in shown
    assert "\n=cmd" not in shown


def test_a_learned_card_tells_what_it_moves_and_whom_it_leaves_out(run, tmp_path):
    from sanzhixin.cli.county_commands import write_tables
    from tests.unit.modelling.test_fitted_model import COUNTY

    folder = tmp_path / "county"
    folder.mkdir()
    write_tables(COUNTY, folder, "csv")
    day = COUNTY.as_of.isoformat()
    done = run("fit", folder, "-o", tmp_path / "model", "--card", "fitted", "--as-of", day)
    assert done.code == 0
    assert "households stand in a higher tier" in done.err
    assert "户等级升高" in done.err
    assert "no household can be" in done.err
    told = run(
        "explain", folder, "-m", tmp_path / "model", "--household", "V001-0001", "--as-of", day
    )
    assert "点 = 起始 " in told.out


def test_tiers_are_drawn_from_the_loans_and_written_with_their_tests(run, tmp_path):
    from sanzhixin.cli.county_commands import write_tables
    from tests.unit.modelling.test_fitted_model import COUNTY

    folder, model, out = tmp_path / "county", tmp_path / "model", tmp_path / "tiers"
    folder.mkdir()
    write_tables(COUNTY, folder, "csv")
    asked = ("--as-of", COUNTY.as_of.isoformat())
    assert run("fit", folder, "-o", model, "--card", "expert", *asked).code == 0
    appetite = ("--appetite", "A=40%,B=0.55")
    done = run("tiers", folder, "-m", model, "-o", out, *appetite, *asked)
    assert done.code == 0, done.err
    assert "with probability of at most 0.05" in done.out
    assert "任一等级超过可接受违约率的概率至多 0.05" in done.out
    names = {
        *(f"{n}.csv" for n in ("tiers", "tests", "alternatives", "swap")),
        "report.txt",
        "_SUCCESS",
    }
    assert {path.name for path in out.iterdir()} == names
    table = pd.read_csv(out / "tiers.csv", encoding="utf-8-sig")
    assert (table["upper"] <= table["appetite"]).all()
    assert (table["score_at_least"] * 10 == table["at_least"]).all()
    swap = pd.read_csv(out / "swap.csv", encoding="utf-8-sig")
    proposals = load_model(model).propose(COUNTY)
    assert swap["n_households"].sum() == proposals["points"].notna().sum()
    kept = swap[swap["tier_before"].notna()]["n_households"].sum()
    assert kept == proposals["tier"].isin(SCHEME_TIERS).sum()
    assert f"{kept} have a tier now" in done.out
    again = run("tiers", folder, "-m", model, "-o", out, *appetite, *asked)
    assert (again.code, again.out) == (0, done.out)
    assert run("tiers", folder, "-m", model, "-o", folder, *appetite, *asked).code == 7


def test_tiers_of_a_learned_card_take_only_loans_that_it_has_not_seen(run, tmp_path):
    from sanzhixin.cli.county_commands import write_tables
    from tests.unit.modelling.test_fitted_model import COUNTY

    folder, model = tmp_path / "county", tmp_path / "model"
    folder.mkdir()
    write_tables(COUNTY, folder, "csv")
    asked = ("--as-of", COUNTY.as_of.isoformat())
    assert run("fit", folder, "-o", model, "--card", "fitted", *asked).code == 0
    done = run("tiers", folder, "-m", model, "-o", tmp_path / "out", "--appetite", "A=30%", *asked)
    assert done.code == 2
    assert "only the 0 granted later are used" in done.err
    assert "There is no loan with a complete outcome" in done.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("appetite", ["A", "A=x", "A=120%", "A=0", "A=1%,A=2%", "=1%"])
def test_an_appetite_that_cannot_be_read_is_a_usage_error(appetite, run, folder, model, tmp_path):
    done = run("tiers", folder, "-m", model, "-o", tmp_path / "out", "--appetite", appetite)
    assert done.code == 2
    assert "AAA=0.5%,AA=1%" in done.err


def test_limits_are_written_side_by_side_and_within_a_total(run, folder, model, tmp_path):
    out = tmp_path / "limits"
    done = run("--lang", "en", "limits", folder, "-m", model, "-o", out, "--total", 80_000)
    assert done.code == 0
    assert "2 households have a proposed limit (0 of them 0, 0 to be reviewed)" in done.out
    with (out / "portfolio.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["allocated_yuan"] for row in rows] == ["40000", "40000"]
    assert (
        "Total 80,000 yuan: proposed 90,000, allocated 80,000; households lowered: 1; "
        "no limit is above 40,000 yuan.\n"
    ) in done.out
    assert "are left" not in done.out
    names = {path.name for path in out.iterdir()}
    tables = {"limits.csv", "members.csv", "portfolio.csv", "villages.csv"}
    assert names == {*tables, "report.txt", "_SUCCESS"}
    shared = run("--lang", "en", "limits", folder, "-m", model, "-o", out, "--total", 80_000,
                 "--village-share", "50%")  # fmt: skip
    assert "village V1: households lowered: 2, 90,000 -> 40,000 yuan" in shared.out
    assert (
        "40,000 yuan are left: one village may have at most 40,000, and every village (1) is "
        "lowered to that in whole steps: together they may have 40,000.\n"
    ) in shared.out
    assert run("limits", folder, "-m", model, "-o", out).code == 0
    assert {path.name for path in out.iterdir()} == {
        *("limits.csv", "members.csv", "report.txt", "_SUCCESS"),
    }


_V1 = {"village_id": "V1", "limit_yuan": 100_000}
_V2 = {"village_id": "V2", "limit_yuan": 60_000}
_SIX = [_V1, _V1, _V1, _V2, _V2, {"village_id": "V2", "limit_yuan": 10_000}]  # 300 + 130 = 430


@pytest.mark.parametrize(
    ("total", "share", "sums", "left"),
    [
        (  # all fits
            *(500_000, None),
            "Total 500,000 yuan: proposed 430,000, allocated 430,000; households lowered: 0; "
            "no ceiling over the whole county is needed.",
            "70,000 yuan are left: what is proposed does not exceed the total.",
        ),
        (  # nothing is left, so nothing is said of it
            *(430_000, None),
            "Total 430,000 yuan: proposed 430,000, allocated 430,000; households lowered: 0; "
            "no ceiling over the whole county is needed.",
            None,
        ),
        (  # five at 77,000 or their 60,000: 3 x 77 + 2 x 60 + 10 = 361; at 78 it would be 364
            *(362_000, None),
            "Total 362,000 yuan: proposed 430,000, allocated 361,000; households lowered: 3; "
            "no limit is above 77,000 yuan.",
            "1,000 yuan are left: less than one step of 1,000 yuan for each household at the "
            "ceiling over all (3).",
        ),
        (  # V1 may have 200: 3 x 66 = 198; V2 has its 130; 328 of 1,000
            *(1_000_000, 0.2),
            "Total 1,000,000 yuan: proposed 430,000, allocated 328,000; households lowered: 3 (3 "
            "by the total of their village, 0 by the ceiling over all); no ceiling over the whole "
            "county is needed.",
            "672,000 yuan are left: one village may have at most 200,000; villages lowered to that "
            "in whole steps: 1 of 2; the others have all that is proposed.",
        ),
        (  # both may have 100: 3 x 33 = 99 and 2 x 45 + 10 = 100; half of the 400 is for nobody
            *(400_000, 0.25),
            "Total 400,000 yuan: proposed 430,000, allocated 199,000; households lowered: 5 (5 by "
            "the total of their village, 0 by the ceiling over all); no ceiling over the whole "
            "county is needed.",
            "201,000 yuan are left: one village may have at most 100,000, and every village (2) is "
            "lowered to that in whole steps: together they may have 200,000.",
        ),
        (  # V1 and V2 may have 160 each: 3 x 53 = 159 and 130; then 200: all at 38, 5 x 38 + 10
            *(200_000, 0.8),
            "Total 200,000 yuan: proposed 430,000, allocated 200,000; households lowered: 5 (0 by "
            "the total of their village, 5 by the ceiling over all); no limit is above 38,000 "
            "yuan.",
            None,
        ),
        (  # 135.2 for V1: 3 x 45 = 135; V2 has its 130; 5 too many: V2 at 57, 135 + 2 x 57 + 10
            *(260_000, 0.52),
            "Total 260,000 yuan: proposed 430,000, allocated 259,000; households lowered: 5 (3 by "
            "the total of their village, 2 by the ceiling over all); no limit is above 57,000 "
            "yuan.",
            "1,000 yuan are left: less than one step of 1,000 yuan for each household at the "
            "ceiling over all (2).",
        ),
    ],
)
def test_why_something_is_left_of_a_total_is_told_as_it_is(total, share, sums, left):
    limits = pd.DataFrame(_SIX).astype({"limit_yuan": "Int64"})
    limits = limits.assign(status="propose", household_id=[f"H{k}" for k in range(6)])
    nobody = pd.DataFrame(columns=["household_id", "member_limit_yuan", "binding_bound"])
    tables = LimitTables(limits, nobody, 1_000)
    within = compute_portfolio(tables, total_yuan=total, village_share=share)
    said = [en for _, en in _totals(within, tables.step)]
    assert said[0] == sums
    assert [en for en in said if "are left" in en] == ([] if left is None else [left])


def test_a_share_without_a_total_is_a_usage_error(run, folder, model, tmp_path):
    done = run("limits", folder, "-m", model, "-o", tmp_path / "o", "--village-share", 0.5)
    assert done.code == 2
    assert "--total" in done.err


def test_fit_takes_a_method_and_a_long_run_rate(run, folder, tmp_path):
    from sanzhixin.modelling.county.pd_table import PdChoice

    command = sanzhixin.commands["fit"]
    option = next(item for item in command.params if item.name == "pd_method")
    assert tuple(option.type.choices) == PdChoice.__args__
    done = run("fit", folder, "-o", tmp_path / "m", "--anchor", "2%")
    assert done.code == 2
    assert "There is no loan" in done.err
    done = run("fit", folder, "-o", tmp_path / "m", "--anchor", "2")
    assert done.code == 2
    assert "0.02" in done.err


def test_a_margin_chooses_the_most_profitable_tiers(run, tmp_path):
    from sanzhixin.cli.county_commands import write_tables
    from tests.unit.modelling.test_fitted_model import COUNTY

    folder, model, out = tmp_path / "county", tmp_path / "model", tmp_path / "tiers"
    folder.mkdir()
    write_tables(COUNTY, folder, "csv")
    asked = ("--as-of", COUNTY.as_of.isoformat())
    assert run("fit", folder, "-o", model, "--card", "expert", *asked).code == 0
    words = ("tiers", folder, "-m", model, "-o", out, *asked, "--appetite", "AA=40%,B=0.55")
    done = run(*words, "--margin", "4%", "--utilisation", "60%", "--cost", 100)
    assert done.code == 0, done.err
    table = pd.read_csv(out / "alternatives.csv", encoding="utf-8-sig")
    assert "profit_yuan" in table.columns
    assert run(*words, "--cost", 100).code == 2
    other = run(*words[:-1], "X=40%", "--margin", "4%")
    assert other.code == 2
    assert "not X" in other.err


EXPORTS = [
    (("sql", "--dialect", "postgres"), "SELECT"),
    (("sql", "--dialect", "oracle", "--table", "档案"), '"档案"'),
    (("ledger", "--dialect", "sqlite", "--as-of", "2026-06-30"), "2026-06-30"),
    (("pmml",), "<PMML"),
]


@pytest.mark.parametrize(("words", "holds"), EXPORTS)
def test_a_model_is_exported_on_stdout_and_into_a_file(run, model, tmp_path, words, holds):
    done = run("export", *words, "-m", model)
    assert done.code == 0, done.err
    assert holds in done.out
    out = tmp_path / "model.out"
    again = run("export", *words, "-m", model, "-o", out)
    assert (again.code, again.out) == (0, "")
    assert out.read_text(encoding="utf-8") == done.out


def test_a_workbook_is_exported_into_a_file(run, model, tmp_path):
    out = tmp_path / "card.xlsx"
    assert run("export", "xlsx", "-m", model, "-o", out).code == 0
    assert openpyxl.load_workbook(out).sheetnames
    assert run("export", "xlsx", "-m", model).code == 2
    assert run("export", "sql", "-m", model).code == 2


def test_the_dialects_of_the_command_are_those_of_the_library():
    from sanzhixin.batch.sql import DIALECTS

    option = next(item for item in sanzhixin.commands["export"].params if item.name == "dialect")
    assert sorted(option.type.choices) == sorted(DIALECTS)


def test_the_approval_sheet_has_a_worksheet_per_village(run, folder, model, tmp_path):
    """Numbers of members are masked unless asked for; people are told where the sheet is."""
    out = tmp_path / "审批表.xlsx"
    done = run("approval", folder, "-m", model, "-o", out)
    assert done.code == 0
    assert out.name in done.err
    masked = out.read_bytes()
    households = pd.read_csv(folder / "households.csv")
    assert openpyxl.load_workbook(out).sheetnames == sorted(households["village_id"].unique())
    assert run("approval", folder, "-m", model, "-o", out, "--full-ids", "--unit", "元").code == 0
    assert out.read_bytes() != masked


@pytest.mark.parametrize(
    ("words", "wanted"), [("sanzhixin aud", "audit"), ("sanzhixin score --acc", "--accept")]
)
def test_the_shell_completes_commands_and_options(run, monkeypatch, words, wanted):
    monkeypatch.setenv("_SANZHIXIN_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    assert run().out.splitlines() == [f"plain,{wanted}"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_of_completion_is_shown_for_each_shell(run, monkeypatch, shell):
    monkeypatch.setenv("_SANZHIXIN_COMPLETE", f"{shell}_source")
    done = run()
    assert (done.code, "_SANZHIXIN_COMPLETE" in done.out) == (0, True)
