"""A run on Spark published: what lies in the folder, and that it is all or nothing."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sanzhixin.batch import RunOptions, score_folder, spark_output, verify
from sanzhixin.batch.spark import propose_on_spark
from sanzhixin.batch.spark_output import PROPOSALS, write_spark_run
from sanzhixin.batch.table import PROPOSAL_SCHEMA
from sanzhixin.errors import DomainError, OutputError
from sanzhixin.modelling import expert_model
from sanzhixin.scheme import load_scheme
from sanzhixin.simulate import simulate_county

pytestmark = pytest.mark.filterwarnings(
    "ignore:PySpark does not yet fully support pandas:FutureWarning"
)
USED = ("households", "members", "raters", "ratings", "events", "registers", "proposals")
SCHEME = load_scheme("tongxiang")


@pytest.fixture(scope="module")
def county():
    return simulate_county(villages=4, households_per_village=20, seed=19)


@pytest.fixture(scope="module")
def model():
    return expert_model(SCHEME, name="tongxiang-expert", version="1.0.0")


@pytest.fixture(scope="module")
def folder(county, tmp_path_factory):
    """Rejected: a rating, two that contradict each other, what belongs to a household that is
    not there, an event, a rater that stands twice."""
    place = tmp_path_factory.mktemp("county")
    tables = {name: county.tables()[name].copy() for name in USED}
    ratings = tables["ratings"]
    ratings.loc[3, "FS01"] = 9
    ratings = ratings.iloc[[*range(len(ratings)), 40]].reset_index(drop=True)
    ratings.loc[[40, len(ratings) - 1], "FS02"] = [4, 5]
    tables["ratings"] = ratings
    tables["households"]["household_id"] = tables["households"]["household_id"].astype(object)
    tables["households"].loc[7, "household_id"] = "=1+1"
    tables["events"].loc[5, "code"] = "XX99"
    raters = tables["raters"]
    tables["raters"] = raters.iloc[[*range(len(raters)), 0]].reset_index(drop=True)
    for name, frame in tables.items():
        frame.to_parquet(place / f"{name}.parquet", index=False)
    return place


@pytest.fixture(scope="module")
def answers(spark, folder, county, model):
    frames = {name: spark.read.parquet(str(folder / f"{name}.parquet")) for name in USED}
    return propose_on_spark(frames, model, county.as_of, buckets=6)


@pytest.fixture(scope="module")
def written(answers, tmp_path_factory):
    """In a folder with a blank and Chinese characters in its name."""
    out = tmp_path_factory.mktemp("out") / "平湖 2026" / "out"
    return write_spark_run(answers, out, rows_a_part=30)


@pytest.fixture(scope="module")
def kept(answers, written):
    """The same answers, computed once for the tests that publish them again."""
    yield replace(answers, answers=answers.answers.persist())
    answers.answers.unpersist()


@pytest.fixture(scope="module")
def local(folder, county, model, tmp_path_factory):
    out = tmp_path_factory.mktemp("local")
    result = score_folder(folder, model, out, options=RunOptions(as_of=county.as_of))
    return out, result


def manifest_of(out):
    return json.loads((out / "manifest.json").read_text(encoding="utf-8"))


def quarantine_of(out):
    with (out / "quarantine.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_published_run_agrees_with_itself(written):
    done = verify(written.out)
    assert (done.kind, done.findings) == ("run", ())
    assert written.parts == 3
    assert {path.name for path in written.out.iterdir()} == {
        "proposals.parquet", "quarantine.csv", "manifest.json", "_SUCCESS",
    }  # fmt: skip


def test_nothing_but_parts_lies_in_the_folder_and_only_the_owner_reads_them(written):
    place = written.out / PROPOSALS
    names = sorted(path.name for path in place.iterdir())
    assert names == [f"part-{number:05d}.parquet" for number in range(3)]
    assert {path.stat().st_mode & 0o777 for path in place.iterdir()} == {0o600}
    assert place.stat().st_mode & 0o777 == 0o700


def test_the_parts_under_each_other_are_the_proposals_of_the_local_run(written, local):
    found = pq.read_table(written.out / PROPOSALS)
    assert found.schema.names == PROPOSAL_SCHEMA.names
    expected = pq.read_table(local[0] / PROPOSALS)
    assert found.cast(PROPOSAL_SCHEMA).equals(expected.cast(PROPOSAL_SCHEMA))


def test_the_counts_are_those_of_the_local_run(written, local):
    own, other = manifest_of(written.out), manifest_of(local[0])
    assert own["rows"] == other["rows"]
    assert (own["exit_code"], written.exit_code) == (local[1].exit_code, 3)
    assert written.households_in == written.households_scored + written.households_quarantined
    assert own["rows"]["tables"]["raters"]["rejected"] == 1
    assert own["rows"]["unattributed"]


def test_the_manifest_says_what_a_local_one_says_and_null_for_what_is_not_known(written, local):
    own, other = manifest_of(written.out), manifest_of(local[0])
    assert set(own) == set(other)
    same = ("kind", "format", "as_of", "model")
    assert {name: own[name] for name in same} == {name: other[name] for name in same}
    assert own["run_key"] is None
    assert {(item["file"], item["sha256"], item["bytes"]) for item in own["input"]} == {(None,) * 3}
    assert own["options"]["engine"] == "spark"
    assert own["versions"]["spark"]


def test_the_quarantine_is_the_local_one_without_file_and_line(written, local):
    own, other = (
        sorted(
            tuple(value for name, value in row.items() if name not in {"file", "line"})
            for row in quarantine_of(out)
            if not row["code"].startswith("duplicate")
        )
        for out in (written.out, local[0])
    )
    assert own == other
    assert {(row["file"], row["line"]) for row in quarantine_of(written.out)} == {("", "")}


def test_the_reason_of_a_duplicate_names_no_line_of_a_bucket(written, local):
    own, other = (
        sorted(
            tuple(row[name] for name in ("table", "field", "codes", "row"))
            for row in quarantine_of(out)
            if row["code"].startswith("duplicate")
        )
        for out in (written.out, local[0])
    )
    assert own == other
    assert {table for table, *_ in own} == {"raters", "ratings"}
    told = {(row["table"], row["code"]): row for row in quarantine_of(written.out)}
    copy, conflict = told["raters", "duplicate_copy"], told["ratings", "duplicate_differs"]
    assert copy["reason_en"].startswith("The row repeats one of raters, which")
    assert copy["reason_zh"].startswith("该行与raters中的一行重复")
    assert conflict["reason_en"].startswith("Another row, one of ratings, has the same")
    assert conflict["reason_zh"].startswith("ratings中的一行与该行的")


def test_cells_of_the_quarantine_are_no_formulas(tmp_path):
    row = [None] * 8 + ["=1+1"]
    spark_output._write_quarantine([row], tmp_path / "quarantine.csv")
    assert quarantine_of(tmp_path)[0]["row"] == "'=1+1"


def test_the_same_folder_takes_another_run(kept, written, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(written.out, out)
    (out / ".sanzhixin-ab12cd_3").mkdir()
    again = write_spark_run(kept, out, rows_a_part=1_000)
    assert (again.parts, verify(again.out).findings) == (1, ())
    assert not list(again.out.glob(".sanzhixin-*"))


@pytest.mark.parametrize("name", ["notes.txt", "proposals.parquet/mine.parquet"])
def test_a_folder_with_other_files_is_left_alone(kept, written, tmp_path, name):
    out = tmp_path / "out"
    shutil.copytree(written.out, out)
    (out / name).write_text("x", encoding="utf-8")
    before = sorted(out.rglob("*"))
    with pytest.raises(OutputError, match="nothing was changed"):
        write_spark_run(kept, out)
    assert sorted(out.rglob("*")) == before


def test_the_output_of_a_local_run_is_left_alone(kept, local):
    with pytest.raises(OutputError, match="nothing was changed"):
        write_spark_run(kept, local[0])
    assert verify(local[0]).findings == ()


@pytest.mark.parametrize("failing", ["_write_quarantine", "_write_manifest", "_gather"])
def test_what_fails_on_the_way_leaves_the_earlier_run_as_it_was(
    kept, written, monkeypatch, failing
):
    def full(*args):
        raise OSError(28, "No space left on device")

    before = (written.out / "_SUCCESS").read_bytes()
    monkeypatch.setattr(f"sanzhixin.batch.spark_output.{failing}", full)
    with pytest.raises(OutputError, match=r"No space left on device.*nothing is published"):
        write_spark_run(kept, written.out)
    assert (written.out / "_SUCCESS").read_bytes() == before
    assert verify(written.out).findings == ()
    assert not list(written.out.glob(".sanzhixin-*"))


def test_a_run_that_is_stopped_while_it_is_published_has_no_mark_and_can_be_repeated(
    kept, tmp_path, monkeypatch
):
    out = tmp_path / "out"
    write_spark_run(kept, out)
    move = Path.replace

    def stopped(path, target):
        if path.name == "quarantine.csv":
            raise OSError(5, "Input/output error")
        return move(path, target)

    monkeypatch.setattr(Path, "replace", stopped)
    with pytest.raises(OutputError, match="nothing is published"):
        write_spark_run(kept, out)
    monkeypatch.undo()
    assert "success_missing" in [finding.code for finding in verify(out).findings]
    write_spark_run(kept, out)
    assert verify(out).findings == ()


def test_a_failure_of_spark_leaves_nothing(kept, tmp_path):
    from pyspark.errors import PySparkException

    broken = kept.answers.selectExpr(
        "* except (points)", "CAST(raise_error('broken') AS bigint) AS points"
    )
    with pytest.raises(PySparkException, match="broken"):
        write_spark_run(replace(kept, answers=broken), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_parts_that_the_driver_does_not_see_are_no_run(kept, tmp_path, monkeypatch):
    monkeypatch.setattr("sanzhixin.batch.spark_output._write_parts", lambda *args: None)
    with pytest.raises(OutputError, match="driver sees 0 of 80 proposals"):
        write_spark_run(kept, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("address", ["hdfs://nn/out", "s3a://key:secret@bucket/out", "file:/out"])
def test_an_address_is_refused_without_repeating_it(kept, address):
    with pytest.raises(OutputError, match="folder that the driver and every worker see") as told:
        write_spark_run(kept, address)
    assert "secret" not in str(told.value)


def test_no_rows_a_part_are_refused(kept, tmp_path):
    with pytest.raises(DomainError, match="rows_a_part"):
        write_spark_run(kept, tmp_path / "out", rows_a_part=0)


def test_a_run_without_households_is_published_with_no_row(spark, folder, county, model, tmp_path):
    frames = {
        name: spark.read.parquet(str(folder / f"{name}.parquet")).where("household_id is null")
        for name in ("households", "ratings")
    }
    frames["raters"] = spark.read.parquet(str(folder / "raters.parquet"))
    done = write_spark_run(propose_on_spark(frames, model, county.as_of), tmp_path / "out")
    assert (done.households_in, done.households_scored, done.quarantined) == (0, 0, 1)
    assert verify(done.out).findings == ()
    assert pq.read_table(done.out / PROPOSALS).num_rows == 0


def test_what_the_caller_keeps_stays_kept_and_nothing_else_does(spark):
    frame, own = spark.range(3), spark.range(4).persist()
    with spark_output._kept(frame), spark_output._kept(own):
        assert frame.storageLevel.useDisk
        assert not frame.storageLevel.useMemory
    assert not frame.storageLevel.useDisk
    assert own.storageLevel.useMemory
    own.unpersist()
