from __future__ import annotations

import csv
import datetime as dt
import os
import stat
from random import Random

import pandas as pd
import pyarrow.parquet as pq
import pytest

from sanzhixin.batch import RunOptions, score_folder, take_in, verify
from sanzhixin.batch.intake import Received, TableCount
from sanzhixin.batch.run import _exit_code as exit_code
from sanzhixin.errors import ArtifactError, DomainError, OutputError
from sanzhixin.model import SanzhixinModel

PUBLISHED = {"proposals.parquet", "quarantine.csv", "manifest.json", "_SUCCESS"}


def names(out):
    return {path.name for path in out.iterdir()}


def contents(out):
    """Everything that has to be equal between equal runs: all but the times."""
    keep = (path for path in out.iterdir() if path.name not in {"manifest.json", "_SUCCESS"})
    return {path.name: path.read_bytes() for path in keep}


def test_a_clean_folder_gives_exit_code_0_and_exactly_four_files(folder, model, tmp_path):
    result = score_folder(folder, model, tmp_path / "out")
    assert result.exit_code == 0
    assert names(tmp_path / "out") == PUBLISHED


def test_the_output_holds_what_the_model_proposes(folder, model, county, tmp_path):
    result = score_folder(folder, model, tmp_path / "out")
    written = pq.read_table(result.proposals).to_pylist()
    expected = model.propose(county)
    assert [row["household_id"] for row in written] == expected["household_id"].tolist()
    for name in ("status", "points", "tier", "limit_yuan", "input_digest", "binding_bound"):
        given = [None if pd.isna(value) else value for value in expected[name]]
        assert [row[name] for row in written] == given
    for name in ("reasons", "next_tier", "review_triggers"):
        assert [row[name] for row in written] == expected[name].tolist()


def test_proposals_are_sorted_by_household(folder, model, tmp_path):
    result = score_folder(folder, model, tmp_path / "out", options=RunOptions(chunk_rows=5))
    ids = pq.read_table(result.proposals)["household_id"].to_pylist()
    assert ids == sorted(ids)


@pytest.mark.parametrize("kind", ["parquet", "csv", "xlsx"])
def test_equal_input_gives_equal_bytes_whatever_the_chunks(folder, model, tmp_path, kind):
    runs = [
        score_folder(
            folder, model, tmp_path / f"out{rows}", options=RunOptions(format=kind, chunk_rows=rows)
        )
        for rows in (1, 5, 20_000)
    ]
    first, *others = [contents(run.proposals.parent) for run in runs]
    assert all(other == first for other in others)


def test_a_second_run_into_the_same_folder_replaces_the_first(folder, model, tmp_path):
    out = tmp_path / "out"
    score_folder(folder, model, out, options=RunOptions(format="csv"))
    score_folder(folder, model, out)
    assert names(out) == PUBLISHED
    assert verify(out).findings == ()


def test_rejected_rows_give_exit_code_3_and_stand_in_the_quarantine(
    folder, model, spoil, read_quarantine, tmp_path
):
    wrong = spoil("ratings", 4, "FS01", "9")
    result = score_folder(folder, model, tmp_path / "out")
    (row,) = read_quarantine(result.quarantine)
    assert result.exit_code == 3
    assert (row["table"], row["file"], row["line"]) == ("ratings", "ratings.csv", "6")
    assert (row["field"], row["code"], row["row"]) == ("FS01", "rating_scale", wrong)


def test_rows_handed_in_are_scored_or_quarantined(folder, model, spoil, manifest_of, tmp_path):
    spoil("households", 0, "consent_purpose", "其他")
    spoil("households", 3, "consent_until", "2026-02-30")
    result = score_folder(folder, model, tmp_path / "out")
    rows = manifest_of(tmp_path / "out")["rows"]
    assert rows["households_in"] == rows["households_scored"] + rows["households_quarantined"] == 12
    assert rows["households_scored"] == pq.read_table(result.proposals).num_rows == 10
    assert all(
        table["n_in"] == table["accepted"] + table["rejected"] for table in rows["tables"].values()
    )
    written = result.quarantine.read_text(encoding="utf-8-sig").splitlines()
    assert rows["quarantined"] == len(written) - 1


def test_an_expired_consent_is_quarantined_and_never_stops_the_run(
    folder, model, spoil, read_quarantine, tmp_path
):
    spoil("households", 2, "consent_on", "2020-01-01")
    spoil("households", 2, "consent_until", "2026-06-29")
    (folder / "county.toml").unlink()
    options = RunOptions(as_of=dt.date(2026, 6, 30))
    result = score_folder(folder, model, tmp_path / "out", options=options)
    reasons = {row["code"] for row in read_quarantine(result.quarantine)}
    assert reasons == {"consent_expired", "household_rejected"}
    assert result.households.accepted == 11


def test_without_any_date_today_is_the_scoring_date(folder, model):
    (folder / "county.toml").unlink()
    assert take_in(folder, model.scheme).as_of == dt.date.today()


def test_a_folder_whose_households_are_all_rejected_gives_a_table_without_rows(
    folder, model, county, spoil, tmp_path
):
    for row in range(len(county.households)):
        spoil("households", row, "consent_purpose", "其他")
    result = score_folder(folder, model, tmp_path / "out")
    table = pq.read_table(result.proposals)
    assert (result.exit_code, table.num_rows, table.num_columns) == (3, 0, 25)
    assert str(table.schema.field("reasons").type).startswith("list<element: struct<code")


@pytest.mark.parametrize(
    ("max_bad", "code"), [(0, 8), (1, 3), (0.0, 8), (0.5, 3), (None, 3)], ids=str
)
def test_max_bad_counts_rows_or_takes_their_share(folder, model, spoil, tmp_path, max_bad, code):
    spoil("ratings", 4, "FS01", "9")
    options = RunOptions(max_bad=max_bad)
    assert score_folder(folder, model, tmp_path / "out", options=options).exit_code == code


def test_a_share_is_that_of_the_rows_and_not_of_its_binary_form():
    counts = (TableCount("ratings", 100, 71, 29),)
    intake = Received(as_of=dt.date(2026, 6, 30), files=(), counts=counts)
    assert 0.29 * 100 < 29
    assert [exit_code(intake, share) for share in (0.29, 29, 0.28)] == [3, 3, 8]


def test_above_max_bad_only_quarantine_and_manifest_are_left(
    folder, model, spoil, manifest_of, tmp_path
):
    out = tmp_path / "out"
    score_folder(folder, model, out)
    spoil("ratings", 4, "FS01", "9")
    result = score_folder(folder, model, out, options=RunOptions(max_bad=0))
    assert (result.exit_code, result.proposals) == (8, None)
    assert names(out) == {"quarantine.csv", "manifest.json"}
    assert manifest_of(out)["output"] is None
    assert [finding.code for finding in verify(out).findings] == ["nothing_published"]


def test_a_dry_run_writes_nothing(folder, model, spoil, tmp_path):
    spoil("ratings", 4, "FS01", "9")
    options = RunOptions(dry_run=True)
    result = score_folder(folder, model, tmp_path / "out", options=options)
    assert (result.exit_code, result.households.accepted) == (3, 12)
    assert not (tmp_path / "out").exists()


def test_a_folder_with_other_files_is_refused_and_left_alone(folder, model, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "manifest.json").write_text('{"name": "something else"}', encoding="utf-8")
    with pytest.raises(OutputError, match="out holds 1 files or folders that are not an earlier"):
        score_folder(folder, model, out)
    assert names(out) == {"manifest.json"}


RUN_KEY = '{"run_key": "sha256:0"}'


@pytest.mark.parametrize(
    "files",
    [
        {"_parts/thesis.txt": "mine"},
        {"_parts/thesis.txt": "mine", "proposals.csv": "mine"},
        {"_parts/thesis.txt": "mine", "_parts/run.json": RUN_KEY},
        {"_parts/part-1.parquet": "mine", "_parts/run.json": RUN_KEY},
        {"_parts/run.json": '{"name": "mine"}'},
        {"_parts/run.json/thesis.txt": "mine"},
        {"_parts/part-00000.parquet": "mine"},
        {"proposals.csv": "mine"},
        {".sanzhixin-a1b2c3d4/thesis.txt": "mine"},
        {"manifest.json": '{"kind": "sanzhixin-score"}', "proposals.csv": "mine"},
        {"manifest.json": '{"kind": "sanzhixin-score"}', "_parts/thesis.txt": "mine"},
    ],
    ids=lambda files: " ".join(files),
)
def test_files_that_no_run_wrote_are_refused_and_left_alone(folder, model, tmp_path, files):
    out = tmp_path / "out"
    for name, text in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(text, encoding="utf-8")
    with pytest.raises(OutputError, match=r"not an earlier run of score .*; nothing was changed"):
        score_folder(folder, model, out)
    left = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert left == set(files)
    assert all((out / name).read_text(encoding="utf-8") == text for name, text in files.items())


def test_a_folder_that_links_to_parts_elsewhere_is_refused(folder, model, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "run.json").write_text(RUN_KEY, encoding="utf-8")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "_parts").symlink_to(tmp_path / "other", target_is_directory=True)
    with pytest.raises(OutputError, match="not an earlier run"):
        score_folder(folder, model, tmp_path / "out")
    assert names(tmp_path / "other") == {"run.json"}


def test_a_letter_beside_an_earlier_run_is_kept(folder, model, tmp_path):
    out = tmp_path / "out"
    score_folder(folder, model, out)
    (out / "letter.txt").write_text("keep me", encoding="utf-8")
    score_folder(folder, model, out)
    assert names(out) == PUBLISHED | {"letter.txt"}


def test_the_input_folder_is_never_taken_for_an_output(folder, model):
    before = names(folder)
    with pytest.raises(OutputError, match="not an earlier run"):
        score_folder(folder, model, folder)
    assert names(folder) == before


def test_an_unusable_input_leaves_an_earlier_result_as_it_was(folder, model, tmp_path):
    out = tmp_path / "out"
    score_folder(folder, model, out)
    before = contents(out)
    (folder / "households.csv").write_bytes(b"\x00\x01")
    with pytest.raises(Exception, match=r"households\.csv"):
        score_folder(folder, model, out)
    assert contents(out) == before
    assert verify(out).findings == ()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"status": "retired"}, "model_retired"),
        ({"valid_until": dt.date(2026, 6, 29)}, "model_expired"),
    ],
)
def test_a_model_that_is_not_in_force_is_refused_before_anything_is_written(
    folder, model, tmp_path, change, code
):
    other = SanzhixinModel(model.file.model_copy(update=change))
    with pytest.raises(ArtifactError) as caught:
        score_folder(folder, other, tmp_path / "out")
    assert caught.value.code == code
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"format": "ods"}, "format=ods is not possible; state parquet, csv, xlsx"),
        ({"chunk_rows": 0}, "chunk_rows=0 is not possible; state 1 or more"),
        ({"max_bad": 1.5}, "max_bad=1.5 is not possible"),
        ({"max_bad": -1}, "max_bad=-1 is not possible"),
    ],
)
def test_impossible_options_are_refused(options, words):
    with pytest.raises(DomainError, match=words):
        RunOptions(**options)


def test_progress_counts_households_up_to_all(folder, model, tmp_path):
    seen = []
    score_folder(
        folder,
        model,
        tmp_path / "out",
        options=RunOptions(chunk_rows=5),
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(5, 12), (10, 12), (12, 12)]


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_files_are_readable_by_their_owner_alone(folder, model, tmp_path, umask):
    before = os.umask(umask)
    try:
        score_folder(folder, model, tmp_path / "out")
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "out").iterdir()}
    assert modes == {0o600}


def test_the_manifest_says_what_went_in_and_came_out(folder, model, manifest_of, tmp_path):
    score_folder(folder, model, tmp_path / "out", options=RunOptions(format="csv"))
    manifest = manifest_of(tmp_path / "out")
    assert manifest["model"]["digest"] == model.file.digest()
    assert {item["file"] for item in manifest["input"]} == names(folder)
    assert manifest["output"]["file"] == "proposals.csv"
    assert (manifest["as_of"], manifest["exit_code"]) == ("2026-06-30", 0)
    assert manifest["started"] <= manifest["finished"]
    assert {"python", "numpy", "pandas", "pyarrow", "sanzhixin"} <= set(manifest["versions"])


def test_the_order_of_rows_and_unknown_columns_change_nothing(folder, model, county, tmp_path):
    before = contents(score_folder(folder, model, tmp_path / "one").proposals.parent)
    for name in county.tables():
        path = folder / f"{name}.csv"
        if not path.exists() or name == "audit_groups":
            continue
        with path.open(encoding="utf-8-sig", newline="") as stream:
            header, *rows = csv.reader(stream)
        Random(7).shuffle(rows)
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            csv.writer(stream).writerows([["备注", *header], *(["x", *row] for row in rows)])
    after = contents(score_folder(folder, model, tmp_path / "two").proposals.parent)
    assert after == before
