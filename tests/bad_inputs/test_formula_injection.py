"""No written file makes a formula of a text, wherever the text came in."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import replace
from decimal import Decimal

import pandas as pd
import pytest

from sanzhixin.batch import RunOptions, score_folder, take_in, write_quarantine
from sanzhixin.batch.approval_sheet import write_approval_sheet
from sanzhixin.batch.exchange import write_model_workbook
from sanzhixin.batch.quarantine import QUARANTINE_COLUMNS
from sanzhixin.cli import main
from sanzhixin.model import SanzhixinModel, load_model
from sanzhixin.modelling import expert_model
from sanzhixin.records import write_county
from sanzhixin.records.cells import guard_text
from sanzhixin.records.grammar import RuleBroken, parse_id, parse_text
from sanzhixin.records.workbooks import NOT_IN_XML
from sanzhixin.scoring import Provenance
from sanzhixin.scoring.pd_table import PdRow, PdTable
from sanzhixin.simulate import simulate_county
from tests.bad_inputs.formulas import (
    FIRST,
    PAYLOADS,
    cells_of,
    column,
    live_parts,
    open_formulas,
    sheet_cells,
    sheet_texts,
    unguarded,
)
from tests.unit.scoring.factories import SCHEME, model_file, scheme_with

FILE = "=1+1_评议表"
"""Name of a file with forms that are rejected."""


def accepted(parse):
    """Payloads that a grammar of cells lets through as they are."""

    def passes(text):
        try:
            return parse(text) == text
        except RuleBroken:
            return False

    return [text for text in PAYLOADS if passes(text)]


IDS, TEXTS = accepted(parse_id), accepted(parse_text)
AMBIGUOUS = [text for text in PAYLOADS if unguarded(text) != text]
"""Texts that begin as a guarded text does; they stand as they are."""


def test_there_are_enough_payloads_of_every_kind():
    assert len(PAYLOADS) >= 100
    assert {text[0] for text in PAYLOADS} > set(FIRST)
    assert len(IDS) >= 30
    assert len(TEXTS) >= 60
    assert {text[0] for text in IDS} >= set("=+-@")
    assert {text[0] for text in TEXTS} >= set("=+-@＝＋－＠")


@pytest.mark.parametrize("text", [text for text in PAYLOADS if text not in AMBIGUOUS], ids=ascii)
def test_a_guard_can_be_taken_away(text):
    assert unguarded(guard_text(text)) == text


def test_no_identifier_begins_as_a_guarded_text_does():
    assert AMBIGUOUS
    assert not set(AMBIGUOUS) & set(IDS)


def _renamed(frame, names):
    """Put hostile names in the place of identifiers, wherever they stand in a table."""
    return frame.assign(
        **{name: frame[name].replace(names) for name in frame if str(frame[name].dtype) == "str"}
    )


def _filled(frame, name):
    """Put all texts that are accepted into a column of free text, over and over."""
    texts = [TEXTS[place % len(TEXTS)] for place in range(len(frame))]
    return frame.assign(**{name: pd.array(texts, dtype="str")})


def planted(villages, households, seed):
    """A county whose identifiers and free texts are formulas as far as they are accepted."""
    county = simulate_county(villages, households, seed)
    names = {}
    for table, key in (("households", "village_id"), ("households", "household_id"),
                       ("raters", "rater_id"), ("members", "person_id"),
                       ("events", "evidence_id"), ("households", "consent_id")):  # fmt: skip
        own = pd.unique(county.tables()[table][key].dropna())
        names |= dict(zip(own, IDS, strict=False))
    tables = {name: _renamed(frame, names) for name, frame in county.tables().items()}
    tables["households"] = _filled(tables["households"], "purpose")
    tables["proposals"] = _filled(tables["proposals"], "override_reason")
    return replace(county, **tables)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    place = tmp_path_factory.mktemp("model")
    expert_model(SCHEME, name="tongxiang-expert", version="1.0.0").save(place)
    return place


@pytest.fixture(scope="module")
def county():
    return planted(villages=len(IDS) + 1, households=3, seed=5)


@pytest.fixture(scope="module")
def folder(county, tmp_path_factory):
    """The planted county, and under it rows that are rejected for what they say."""
    place = tmp_path_factory.mktemp("given") / "county"
    write_county(county, place)
    first = pd.read_csv(place / "ratings.csv", dtype=str).iloc[0].to_dict()
    rows = [first | {"rater_id": text, "FS01": text, text: text} for text in PAYLOADS]
    pd.DataFrame(rows).to_parquet(place / f"{FILE}.parquet")
    return place


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_run_writes_a_formula(folder, model, county, tmp_path, kind):
    done = score_folder(folder, load_model(model), tmp_path / "o", options=RunOptions(format=kind))
    assert done.exit_code == 3
    quarantine = done.quarantine.read_bytes()
    assert open_formulas(quarantine) == []
    assert f"{FILE}.parquet" in column(quarantine, "file")
    known = set(county.households["household_id"])
    if kind == "csv":
        assert open_formulas(done.proposals.read_bytes()) == []
        assert set(column(done.proposals.read_bytes(), "household_id")) == known
    else:
        assert live_parts(done.proposals) == []
        assert {cell.value for cell in sheet_cells(done.proposals)} >= known
        marked = {c.value for c in sheet_cells(done.proposals) if c.quotePrefix}
        assert marked == {text for text in known if text[0] in FIRST}


def reports(out):
    """The CSV files of a report."""
    return {path.name: path.read_bytes() for path in out.glob("*.csv")}


def open_tables(tables):
    """Cells that could be formulas, by table."""
    found = {name: open_formulas(data) for name, data in tables.items()}
    return {name: cells for name, cells in found.items() if cells}


def test_no_table_of_limits_holds_a_formula(folder, model, county, tmp_path):
    words = ["limits", folder, "-m", model, "-o", tmp_path / "out", "--total", 10_000_000]
    assert main([*map(str, words), "--village-share", "20%"]) == 3
    tables = reports(tmp_path / "out")
    assert set(tables) == {"limits.csv", "members.csv", "portfolio.csv", "villages.csv"}
    assert open_tables(tables) == {}
    homes = set(county.households["household_id"])
    assert set(column(tables["limits.csv"], "household_id")) == homes
    villages = set(county.households["village_id"])
    assert set(column(tables["villages.csv"], "village_id")) <= villages
    assert set(column(tables["limits.csv"], "village_id")) == villages
    people = set(county.members["person_id"])
    assert people >= set(column(tables["members.csv"], "person_id")) > set(IDS)


@pytest.mark.slow
def test_no_table_of_a_panel_holds_a_formula(tmp_path):
    county = planted(villages=5, households=8, seed=3)
    write_county(county, tmp_path / "county")
    assert main(["panel", str(tmp_path / "county"), "-o", str(tmp_path / "out")]) == 0
    tables = reports(tmp_path / "out")
    assert len(tables) == 11
    assert open_tables(tables) == {}
    known = set(county.raters["rater_id"])
    assert len(known & set(IDS)) >= 25
    assert set(column(tables["raters.csv"], "rater_id")) == known
    assert set(column(tables["villages.csv"], "village_id")) == set(county.raters["village_id"])


@pytest.mark.slow
def test_no_table_of_tiers_holds_a_formula(model, tmp_path):
    from tests.unit.modelling.test_fitted_model import COUNTY

    write_county(COUNTY, tmp_path / "county")
    given = [text for text in TEXTS if not set("=,，") & set(text) and text.strip() == text]
    assert len(given) >= 10
    for number, name in enumerate(given):
        out = tmp_path / f"out{number}"
        words = ["tiers", tmp_path / "county", "-m", model, "-o", out]
        assert main([*map(str, words), "--appetite", f"{name}=40%,{name}2=55%"]) == 0
        tables = reports(out)
        assert len(tables) == 4
        assert open_tables(tables) == {}
        assert set(column(tables["tiers.csv"], "tier")) <= {name, f"{name}2"}


@pytest.mark.parametrize("full_ids", [True, False])
def test_no_approval_sheet_holds_a_formula(model, county, tmp_path, full_ids):
    proposals = load_model(model).propose(county)
    path = write_approval_sheet(tmp_path / "审批表.xlsx", proposals, county, full_ids=full_ids)
    assert live_parts(path) == []
    assert sheet_texts(path) >= set(county.households["household_id"])
    texts = [cell.value for cell in sheet_cells(path) if isinstance(cell.value, str)]
    assert [text for text in texts if text[0] in FIRST] == []


def hostile_model(texts):
    """A model whose tiers, levels, labels, villages, notes and authors are hostile texts."""
    factors = SCHEME.model_dump()["factors"]
    binned = next(factor for factor in factors if factor.get("bins"))
    levelled = next(factor for factor in factors if factor["name"] == "utility_payment")
    binned |= {"zh": texts[0], "en": texts[1]}
    binned["bins"] = tuple(
        {**row, "zh": zh, "en": en}
        for row, zh, en in zip(binned["bins"], texts[2:], texts[-9:], strict=False)
    )
    levelled["levels"] = tuple(
        {**row, "level": text} for row, text in zip(levelled["levels"], texts[-5:], strict=False)
    )
    rows = tuple(
        {"grade": text, "at_least": place, "below": place + 1, "cap": place}
        for place, text in enumerate(texts)
    )
    rows = (*rows[:-1], {**rows[-1], "below": None})
    scheme = scheme_with(
        factors=(binned, levelled),
        tiers={"rows": rows, "unrated": "unrated"},
        limits={"village_caps": dict.fromkeys(texts, Decimal(3)), "village_cap": None},
    )
    known = PdTable(
        basis="fitted", method="logistic", population=texts[3], n_loans=9, n_defaults=2,
        rows=(PdRow(at_least=0, prob_default=0.1, lower=0.05, upper=0.2),),
        note_zh=texts[4], note_en=texts[5],
    )  # fmt: skip
    origin = Provenance(fitted_by=texts[6], notes=tuple(texts))
    return SanzhixinModel(model_file(scheme, pd=known, provenance=origin))


@pytest.mark.parametrize(("part", "lang"), [(0, "zh"), (1, "en"), (2, "zh"), (3, "en")])
def test_no_workbook_of_a_model_holds_a_formula(part, lang, tmp_path):
    texts = [text for text in PAYLOADS if text.strip()][part::4]
    path = write_model_workbook(hostile_model(texts), tmp_path / "card.xlsx", lang=lang)
    assert live_parts(path) == []
    shown = [NOT_IN_XML.sub(lambda sign: f"\\x{ord(sign[0]):02x}", text) for text in texts]
    held = [cell for cell in sheet_cells(path) if isinstance(cell.value, str)]
    as_read = {text.replace("\r\n", "\n").replace("\r", "\n") for text in shown}
    assert {cell.value.replace("\r", "\n") for cell in held} >= as_read
    assert all(cell.quotePrefix for cell in held if cell.value[0] in FIRST)


HEADER = ["户号", "村编号", "授权书编号", "授权用途", "授权日期", "授权到期日"]
GOOD = ["H1", "V1", "C1", "三治信农户贷款", "2026-01-05", "2027-01-04", ""]


def write_rows(path, header, rows):
    if path.suffix == ".parquet":
        pd.DataFrame(rows, columns=header, dtype="str").to_parquet(path)
        return
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])


def is_torn(text):
    """Tell whether a CSV reader refuses a text, or leaves blanks before it out."""
    return "\r" in text or "\0" in text or text.startswith((" ", "\nHYPERLINK"))


def hostile_files(place, kind):
    """One good household, and one file a payload: in its cells, a header and the name of the file.

    Returns the original row of each file.
    """
    given = [text for text in PAYLOADS if kind == "parquet" or not is_torn(text)]
    write_rows(place / f"households.{kind}", [*HEADER, "备注"], [GOOD])
    (place / "county.toml").write_text("as_of = 2026-06-30\n", encoding="utf-8")
    rows = {}
    for number, text in enumerate(given):
        name = text.replace("/", "_").replace("\0", "_")
        name = f"x{name}" if name[0] in "._~" else name
        file = f"{name}{number}_农户.{kind}"
        write_rows(place / file, [*HEADER, text], [[f"X{number}", *[text] * 6]])
        rows[file] = dict.fromkeys([*HEADER, text], text) | {"户号": f"X{number}"}
    return rows


@pytest.mark.skipif(os.name == "nt", reason="names of files that only POSIX allows")
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_rejected_rows_their_headers_and_their_files_become_no_formulas(kind, tmp_path):
    rows = hostile_files(tmp_path, kind)
    done = take_in(tmp_path, SCHEME).done
    write_quarantine(done.rejected, tmp_path / "quarantine.out")
    data = (tmp_path / "quarantine.out").read_bytes()
    header, *cells = cells_of(data)
    assert header == list(QUARANTINE_COLUMNS)
    assert open_formulas(data) == []
    file, row = header.index("file"), header.index("row")
    told = {line[file]: json.loads(line[row]) for line in cells}
    assert told == {guard_text(name): original for name, original in rows.items()}
    assert len(told) >= (70 if kind == "csv" else len(PAYLOADS))
