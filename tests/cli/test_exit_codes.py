from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest

from sanzhixin.records import write_county


def test_0_when_all_is_scored(folder, model, run, tmp_path):
    done = run("score", folder, "-m", model, "-o", tmp_path / "out")
    assert done.code == 0
    assert "已评定 2 户" in done.err
    assert "2 households are scored" in done.err
    assert done.out == ""


def test_1_for_an_internal_error_with_a_place_and_without_data(folder, run, monkeypatch):
    def broken(*_):
        raise KeyError("330483198001011237")

    monkeypatch.setattr("sanzhixin.batch.take_in", broken)
    done = run("--lang", "en", "check", folder)
    assert done.code == 1
    assert done.err.startswith("Internal error KeyError at county_commands.py:")
    assert done.err.count("\n") == 1
    assert "330483" not in done.err
    assert "Traceback" in run("--debug", "check", folder).err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing"], "No such command"),
        (["check"], "Missing argument 'DIR'"),
        (["score", "-m", "M", "-o", "O"], "give either DIR or --from-sql"),
        (["score", "DIR", "-m", "M"], "Missing option '-o'"),
        (["score", "DIR", "-m", "M", "-o", "O", "--format", "ods"], "'ods' is not one of"),
        (["score", "DIR", "-m", "M", "-o", "O", "--max-bad", "2.5"], "write rows as 50"),
        (["score", "DIR", "-m", "M", "-o", "O", "--max-bad", "viele"], "write rows as 50"),
        (["score", "DIR", "-m", "M", "-o", "O", "--chunk-rows", "0"], "0 is not in the range"),
        (["check", "DIR", "--as-of", "30.6.2026"], "write a day as 2026-06-30"),
        (["simulate", "DIR", "--villages", "0"], "0 is not in the range"),
        (["simulate", "DIR", "--as-of", "0001-01-01"], "state 1950-01-01 ... 2190-12-31"),
    ],
)
def test_2_for_wrong_usage(run, words, said):
    done = run(*words)
    assert done.code == 2
    assert said in done.err


def test_2_for_a_scheme_that_contradicts_itself(folder, run, tmp_path):
    bad = tmp_path / "bad.toml"
    bad.write_text('extends = "tongxiang"\nname = "bad"\nmin_forms = 0\n', encoding="utf-8")
    done = run("check", folder, "--scheme", bad)
    assert done.code == 2
    assert "min_forms" in done.err


def test_3_when_rows_are_quarantined(rows, write, model, run, tmp_path):
    rows["ratings"][0]["FS01"] = 9
    folder = write(rows)
    score = run("--lang", "en", "score", folder, "-m", model, "-o", tmp_path / "out")
    check = run("--lang", "en", "check", folder)
    fit = run("fit", folder, "-o", tmp_path / "model")
    assert (score.code, check.code, fit.code) == (3, 3, 3)
    for said in (score.err, check.out):
        assert "ratings.csv:2  FS01" in said
        assert "outside the scale" in said


def test_4_for_a_file_that_cannot_be_read(folder, model, run, tmp_path):
    (folder / "ratings.csv").write_bytes(b"\x81\x00\xff")
    for words in (["check", folder], ["score", folder, "-m", model, "-o", tmp_path / "out"]):
        done = run(*words)
        assert done.code == 4
        assert "ratings.csv" in done.err
        assert "UTF-8" in done.err


def test_4_for_a_folder_that_is_not_there(run, tmp_path):
    done = run("check", tmp_path / "nothing")
    assert done.code == 4
    assert "nothing：不存在" in done.err
    assert "nothing: not found" in done.err


def test_4_for_a_file_in_place_of_the_folder(folder, model, run, tmp_path):
    file = folder / "households.csv"
    for words in (["check", file], ["score", file, "-m", model, "-o", tmp_path / "out"]):
        done = run(*words)
        assert done.code == 4
        assert "households.csv：这是文件" in done.err
        assert "households.csv: this is a file, a folder is wanted" in done.err


@pytest.mark.parametrize("column", ["健康状况", "宗教信仰"])
def test_5_for_a_denied_column_with_its_name_and_the_way_out(rows, write, run, column):
    for row in rows["households"]:
        row[column] = "良好"
    done = run("check", write(rows))
    assert done.code == 5
    assert f"households.csv：“{column}”列涉及" in done.err
    assert "请删除该列后重新提交" in done.err
    assert f"column '{column}' names" in done.err


def test_5_for_a_missing_column(rows, write, run):
    for row in rows["households"]:
        del row["consent_until"]
    done = run("check", write(rows))
    assert done.code == 5
    assert "consent_until (授权到期日)" in done.err


def test_6_for_a_model_that_is_not_there_or_altered(folder, model, run, tmp_path):
    out = tmp_path / "out"
    absent = run("score", folder, "-m", tmp_path / "none", "-o", out)
    altered = tmp_path / "altered.json"
    text = (model / "model.json").read_text(encoding="utf-8")
    altered.write_text(text.replace('"min_forms":3', '"min_forms":1'), encoding="utf-8")
    done = run("score", folder, "-m", altered, "-o", out)
    assert (absent.code, done.code) == (6, 6)
    assert "does not match its digest" in done.err
    assert not out.exists()


def test_6_for_a_scoring_date_after_the_model(folder, model, run, tmp_path):
    words = ["score", folder, "-m", model, "-o", tmp_path / "out", "--as-of", "2029-01-01"]
    done = run(*words)
    assert done.code == 6
    assert "valid until 2028-12-31" in done.err or "was valid until 2028-12-31" in done.err


@pytest.mark.parametrize("out", ["/dev/full", "/dev/full/out", "county/households.csv/out"])
def test_7_for_an_output_that_cannot_be_made(folder, model, run, out):
    place = out if out.startswith("/") else folder.parent / out
    done = run("score", folder, "-m", model, "-o", place)
    assert done.code == 7
    assert "nothing was published" in done.err


def test_7_for_an_output_folder_with_other_files(folder, model, run, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter.txt").write_text("keep me", encoding="utf-8")
    done = run("score", folder, "-m", model, "-o", tmp_path / "out")
    assert done.code == 7
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["letter.txt"]


FULL = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
from sanzhixin.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
@pytest.mark.parametrize("kind", ["parquet", "csv", "xlsx"])
def test_7_for_a_disk_that_is_full(folder, model, tmp_path, kind):
    out = tmp_path / "out"
    words = ["score", folder, "-m", model, "-o", out, "--format", kind]
    done = subprocess.run(
        [sys.executable, "-c", FULL, *map(str, words)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 7
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")  # noqa: PTH110
def test_7_for_a_standard_output_that_is_full(folder, start):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        program = start("check", folder, "--json", stdout=full)
        _, said = program.communicate()
    assert program.returncode == 7
    assert "No space left on device" in said
    assert "Traceback" not in said
    assert "Exception ignored" not in said


@pytest.mark.parametrize("limit", ["0", "0.01", "1%"])
def test_8_when_more_rows_are_bad_than_allowed(rows, write, model, run, tmp_path, limit):
    rows["ratings"][0]["FS01"] = 9
    words = ["score", write(rows), "-m", model, "-o", tmp_path / "out", "--max-bad", limit]
    done = run(*words)
    assert done.code == 8
    assert "超过 --max-bad" in done.err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "quarantine.csv",
        "manifest.json",
    }


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, 130),
        (signal.SIGTERM, 143),
        pytest.param(signal.SIGHUP, 129, marks=pytest.mark.slow),
    ],
)
def test_a_signal_ends_tidily_and_the_run_can_be_resumed(
    simulated, model, start, run, tmp_path, number, code
):
    write_county(simulated, tmp_path / "county")
    for attempt in range(5):  # on a busy machine the run may be over before the signal is sent
        out = tmp_path / f"out{attempt}"
        words = ["score", tmp_path / "county", "-m", model, "-o", out, "--chunk-rows", 3]
        words.append("--resume")
        program = start(*words)
        third = out / "_parts" / "part-00002.parquet"
        deadline = time.monotonic() + 60
        while not third.exists() and program.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        asked, is_late = time.monotonic(), not third.exists()
        program.send_signal(number)
        _, said = program.communicate(timeout=60)
        if not is_late:
            break
    assert program.returncode == code
    assert time.monotonic() - asked < 5
    assert signal.Signals(number).name in said
    assert "Traceback" not in said
    assert {path.name for path in out.iterdir()} == {"_parts"}
    assert list(out.rglob(".sanzhixin-*")) == []
    resumed = run(*words, "--json")
    assert json.loads(resumed.out)["resumed_parts"] >= 2  # of two processes one did parts 0 and 2
    run(*words[:5], tmp_path / "whole")
    whole = (tmp_path / "whole" / "proposals.parquet").read_bytes()
    assert (out / "proposals.parquet").read_bytes() == whole
    assert pq.read_table(out / "proposals.parquet").num_rows == 240


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
def test_a_reader_that_leaves_early_is_no_noise(folder, model, start):
    read, write = os.pipe()
    os.close(read)
    program = start("explain", folder, "-m", model, "--household", "H1", stdout=write)
    os.close(write)
    _, said = program.communicate()
    assert program.returncode == 141
    assert [line[:5] for line in said.splitlines()] == ["注意：模型", "Note:"]  # a draft, no noise
