"""What the archive is: complete, rich, small, and written by one command alone."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise

import pytest

from sanzhixin.records import accept_folder
from sanzhixin.scheme.limits import BOUNDS
from sanzhixin.scoring.artifact import model_bytes, parse_model_file
from sanzhixin.scoring.proposal import Proposal
from tests.golden.archive import (
    COUNTY,
    HERE,
    archives,
    county_digest,
    golden_model,
    proposals_digest,
    written_proposals,
)
from tests.golden.make_golden import MODELS, main

FILES = [path for path in sorted(HERE.rglob("*")) if "__pycache__" not in path.parts]
NAMES = sorted(archives())
NEW = "tongxiang-adjusted-1.0.0"


@pytest.fixture(scope="module")
def answers():
    return {
        name: [json.loads(line) for line in written_proposals(folder).values()]
        for name, folder in archives().items()
    }


@pytest.fixture(scope="module")
def accepted():
    return accept_folder(HERE / COUNTY)


@pytest.fixture
def copy(tmp_path):
    place = tmp_path / "golden"
    shutil.copytree(HERE, place, ignore=shutil.ignore_patterns("__pycache__"))
    return place


def bytes_of(place):
    return {p.relative_to(place): p.read_bytes() for p in sorted(place.rglob("*")) if p.is_file()}


def test_every_model_has_10_000_proposals_in_order(answers):
    assert {f"{name}-{version}" for name, version in MODELS} == set(NAMES)
    for name, rows in answers.items():
        households = [row["household_id"] for row in rows]
        assert len(set(households)) == len(rows) == 10_000
        assert households == sorted(households)
        assert {row["model_id"].replace("/", "-") for row in rows} == {name}
        assert {tuple(sorted(row)) for row in rows} == {tuple(sorted(Proposal.model_fields))}


def test_every_released_model_is_in_the_archive_as_it_was_released():
    released = HERE.parents[1] / "models"
    found = {f"{path.parent.parent.name}-{path.parent.name}": path.read_bytes()
             for path in released.glob("*/*/model.json")}  # fmt: skip
    assert found
    for name, written in found.items():
        assert (HERE / name / "model.json").read_bytes() == written


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_model_is_read_to_its_digest_and_written_to_its_bytes(name, tmp_path):
    written = (HERE / name / "model.json").read_bytes()
    file = parse_model_file(written, "model.json")
    assert file.digest() == json.loads(written)["digest"]
    assert model_bytes(file) == written
    assert golden_model(HERE / name).save(tmp_path).read_bytes() == written


def test_the_page_names_each_model_the_county_and_what_was_answered_by_their_digests():
    page = (HERE / "README.md").read_text(encoding="utf-8")
    for name, folder in archives().items():
        model = golden_model(folder)
        row = f"| {model.model_id} | `{model.file.digest()}` | `{proposals_digest(folder)}` |"
        assert row in page.splitlines(), name
    assert f"Digest of the county: `{county_digest()}`" in page.splitlines()


def test_the_archive_stays_small():
    sizes = {path: path.stat().st_size for path in FILES if path.is_file()}
    assert sum(sizes.values()) < 4_500_000
    assert {path.name for path, size in sizes.items() if size > 2_000_000} == set()


def test_every_status_tier_bound_and_trigger_occurs(answers):
    rows = [row for each in answers.values() for row in each]
    assert {row["status"] for row in rows} == {
        "propose", "review", "gated", "insufficient_evidence",
    }  # fmt: skip
    tiers = ("未评级", "C", "B", "BB", "BBB", "A", "AA", "AAA")
    assert {row["tier"] for row in rows} == {None, *tiers}
    never = {"product_cap", "income_multiple", "exposure_room"}
    assert {row["binding_bound"] for row in rows} >= {None, *BOUNDS} - never
    triggers = {trigger for row in rows for trigger in row["review_triggers"]}
    assert triggers == {
        *(f"near_cutoff:{low}|{high}" for low, high in pairwise(tiers)),
        *(f"rows_rejected:{table}" for table in ("events", "proposals", "ratings", "registers")),
        *("official_record:FS08", "official_record:G2", "required_bound:requested"),
        *("debt_ratio", "link_uncertain", "negative_opinion", "override"),
    }


def test_every_kind_of_reason_and_of_advice_occurs(answers):
    rows = [row for each in answers.values() for row in each]
    assert {reason["code"] for row in rows for reason in row["reasons"]} == {
        *("PANEL_fs", "PANEL_ml", "PANEL_nr", "EVIDENCE_fs", "EVIDENCE_ml", "EVIDENCE_nr"),
        *("EVENTS", "EVENT_FS06", "EVENT_FS07", "EVENT_ML05", "EVENT_ML06", "EVENT_ML07"),
        *("EVENT_NR07", "FACTOR_customer_years", "FACTOR_household_income"),
        *("FACTOR_utility_payment", "CLIP_events", "CLIP_factors", "CLIP_total", "UNRATED"),
        *("GATE_G1", "GATE_G4", "GATE_ML08", "GATE_ML09"),
    }
    advice = [row["next_tier"] for row in rows]
    steps = {step["code"] for told in advice if told for step in told["steps"]}
    assert steps == {"EVENTS", "EVENT_ML05", "EVENT_NR07", "FACTOR_utility_payment"}
    assert {told and told["within_reach"] for told in advice} == {None, True, False}
    assert {row["pd_basis"] for row in rows} == {"none", "fitted"}


def test_missing_values_entries_and_strangers_occur(accepted):
    county, model = accepted.county, golden_model(HERE / NEW)
    homes = county.households
    for column in ("annual_income_yuan", "debt_yuan", "exposure_yuan", "requested_yuan", "purpose",
                   "customer_years", "utility_payment", "written_consent_id"):  # fmt: skip
        assert 0 < homes[column].isna().sum() < len(homes), column
    for table in ("members", "ratings", "events", "registers", "proposals"):
        assert 0 < getattr(county, table)["household_id"].nunique() < len(homes), table
    assert set(county.rejected_rows["table"]) == {"ratings", "events", "registers", "proposals"}
    assert set(county.ratings["round"]) == {1, 2}
    assert set(county.events["status"]) == {"approved", "pending", "rejected", "revoked"}
    assert set(county.raters["role"]) >= {"panel", "neighbour", "group_leader", "account_manager"}
    panel = model.file.panel
    strangers = ~county.ratings["rater_id"].isin(panel.raters)
    assert 0 < strangers.sum() < len(strangers)
    assert 0 < (~homes["village_id"].isin(panel.villages)).sum() < len(homes)
    assert county.ratings["FS01"].isna().any()


def test_the_command_leaves_what_stands_as_it_is(copy, capsys):
    before = bytes_of(copy)
    main([], copy)
    assert bytes_of(copy) == before
    assert capsys.readouterr().out.count("stands, and is left as it is") == len(MODELS)


def test_the_command_refuses_a_name_that_the_archive_does_not_have(copy, capsys):
    before = bytes_of(copy)
    with pytest.raises(SystemExit, match="2"):
        main(["--replace", "all"], copy)
    assert "no model of the archive is named all" in capsys.readouterr().err
    assert bytes_of(copy) == before


def test_the_command_makes_no_other_county_under_archives_that_stand(copy):
    shutil.rmtree(copy / COUNTY)
    with pytest.raises(SystemExit, match="restore it"):
        main([], copy)
    assert not (copy / COUNTY).exists()


@pytest.mark.slow
def test_the_command_replaces_what_is_named_with_the_model_that_is_there(copy):
    folder = copy / NEW
    before = written_proposals(folder)
    (folder / "proposals.jsonl.xz").write_bytes(b"")
    main(["--replace", NEW], copy)
    assert written_proposals(folder) == before
    assert (folder / "model.json").read_bytes() == (HERE / NEW / "model.json").read_bytes()
    page = (copy / "README.md").read_text(encoding="utf-8")
    assert page == (HERE / "README.md").read_text(encoding="utf-8")
