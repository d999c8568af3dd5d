"""Lists in sentences and on sheets that are cut short: the rest is counted or kept elsewhere."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import openpyxl
import pandas as pd
import pytest

from sanzhixin.batch.approval_sheet import write_approval_sheet
from sanzhixin.cli import main
from sanzhixin.errors import DomainError, RecordError, SchemeError
from sanzhixin.modelling import MonotoneBinner
from sanzhixin.modelling.panel import report
from sanzhixin.records import County, accept_table, read_county
from sanzhixin.records.parse_application import parse_application
from sanzhixin.scheme import load_scheme, scheme_from_dict
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.statistic_rows import make_row, make_table
from tests.unit.scoring.factories import DAY, SCHEME, Event, events, household, propose

BUILT_IN = load_scheme("tongxiang").model_dump()
HOUSEHOLD = {
    "household_id": "H1",
    "village_id": "V1",
    "consent_id": "C1",
    "consent_purpose": SCHEME.consent_purpose,
    "consent_on": "2026-01-05",
    "consent_until": "2027-01-04",
}
EVENT = Event("ML05", "standard", occurred_on=DAY - timedelta(days=20))


# records.refusal._SHOWN
@pytest.mark.parametrize(("count", "more"), [(10, None), (11, "and 1 more.")])
def test_a_record_shows_ten_findings_and_counts_the_others(count, more):
    with pytest.raises(RecordError) as caught:
        parse_application(HOUSEHOLD | {f"x{k}": 1 for k in range(count)}, SCHEME)
    error = vars(caught.value)
    *shown, last = str(caught.value).splitlines()[1:]
    assert len(shown) + (more is None) == 10
    assert (last == more) is (more is not None)
    assert len(error["values"]["findings"]) == count


# records.refusal._LONGEST
@pytest.mark.parametrize(("length", "is_shown"), [(40, True), (41, False)])
def test_the_name_of_an_unknown_field_is_shown_up_to_40_characters(length, is_shown):
    with pytest.raises(RecordError) as caught:
        parse_application(HOUSEHOLD | {"x" * length: 1}, SCHEME)
    assert ("x" * length in str(caught.value)) is is_shown


# scheme.refusals._SHOWN
@pytest.mark.parametrize(("count", "more"), [(3, None), (4, "And 1 more.")])
def test_a_scheme_shows_three_faults_and_counts_the_others(count, more):
    with pytest.raises(SchemeError) as caught:
        scheme_from_dict(BUILT_IN | {f"x{k}": 1 for k in range(count)})
    shown = re.findall(r"\((\d)\) ", str(caught.value))
    assert shown == ["1", "2", "3"]
    assert str(caught.value).endswith("And 1 more.") is (more is not None)


# scheme.refusals._LONGEST; two of the characters are quotation marks
@pytest.mark.parametrize(("length", "is_whole"), [(38, True), (39, False)])
def test_a_refused_value_is_shown_with_40_characters(length, is_whole):
    with pytest.raises(SchemeError) as caught:
        scheme_from_dict(BUILT_IN | {"aggregator": "x" * length})
    assert (f'"{"x" * length}"' in str(caught.value)) is is_whole
    assert ("…" in str(caught.value)) is not is_whole


# records.allowed._SHOWN
@pytest.mark.parametrize(("count", "more"), [(9, ""), (10, "10 in all")])
def test_nine_allowed_values_are_named_and_the_others_counted(count, more):
    factor = next(factor for factor in BUILT_IN["factors"] if factor["kind"] == "categorical")
    levels = tuple(
        {"level": f"l{k}", "points": Decimal(0), "zh": f"级{k}", "en": "x"} for k in range(count)
    )
    scheme = scheme_from_dict(BUILT_IN | {"factors": ({**factor, "levels": levels},)})
    row = HOUSEHOLD | {factor["column"]: "no level", "written_consent_id": "W1"}
    (text,) = accept_table("households", pd.DataFrame([row]), scheme).rejected["reason_en"]
    assert len(re.findall(r"l\d \(级", text)) == 9
    assert more in text
    assert ("in all" in text) is bool(more)


# records.folder._SHOWN, cli.county_commands._SHOWN
@pytest.fixture
def spoilt(tmp_path):
    def write(count):
        rows = [HOUSEHOLD | {"household_id": f"H{k}", "village_id": ""} for k in range(count)]
        pd.DataFrame(rows).to_csv(tmp_path / "households.csv", index=False)
        return tmp_path

    return write


@pytest.mark.parametrize(("count", "shown"), [(3, 3), (4, 3)])
def test_a_strict_reader_tells_of_three_rejected_rows(spoilt, count, shown):
    with pytest.raises(RecordError, match=f"^{count} of {count} rows") as caught:
        read_county(spoilt(count))
    assert str(caught.value).count("households.csv, line") == shown


@pytest.mark.parametrize(("count", "shown"), [(5, 5), (6, 5)])
def test_check_tells_of_five_rejected_rows(spoilt, capsys, count, shown):
    assert main(["--lang", "en", "check", str(spoilt(count)), "--as-of", "2026-06-30"]) == 3
    assert capsys.readouterr().out.count("households.csv:") == shown


# scoring.reasons.MOST_REASONS
REASONED = {
    3: household(4, 4, 4),
    4: household(4, 4, 4, events=events(EVENT)),
    5: household(4, 4, 4, events=events(EVENT), factors={"customer_years": 9}),
}


@pytest.mark.parametrize(("effects", "shown"), [(3, 3), (4, 4), (5, 4)])
def test_a_proposal_tells_the_four_largest_effects(effects, shown):
    assert len(propose(REASONED[effects])["reasons"]) == shown


# batch.approval_sheet._MOST_REMARKS, batch.approval_sheet._LONGEST_TITLE
def sheet(folder, village="V1", remarks=1):
    reasons = [{"code": f"R{k}", "zh": f"理由{k}", "en": "x", "points": 1} for k in range(remarks)]
    row = {"household_id": "H1", "status": "propose", "tier": "A", "limit_yuan": 1_000}
    proposals = pd.DataFrame([row | {"reasons": reasons, "review_triggers": []}])
    homes = pd.DataFrame({"household_id": ["H1"], "village_id": [village]})
    path = write_approval_sheet(
        folder / "a.xlsx", proposals, County.from_tables({"households": homes})
    )
    return openpyxl.load_workbook(path).worksheets[0]


@pytest.mark.parametrize(("count", "shown"), [(3, 3), (4, 3)])
def test_an_approval_sheet_has_three_remarks(tmp_path, count, shown):
    cells = [
        cell for row in sheet(tmp_path, remarks=count).iter_rows(values_only=True) for cell in row
    ]
    (remark,) = (cell for cell in cells if str(cell).startswith("理由"))
    assert remark.count("理由") == shown


@pytest.mark.parametrize(("length", "shown"), [(31, 31), (32, 31)])
def test_a_worksheet_is_named_by_31_characters_of_its_village(tmp_path, length, shown):
    assert len(sheet(tmp_path, village="村" * length).title) == shown


# modelling.inputs.columns._FEW
@pytest.mark.parametrize(("count", "more"), [(8, False), (9, True)])
def test_eight_columns_are_named_and_the_others_counted(count, more):
    names = [f"x{k}" for k in range(count)] * 2
    frame = pd.DataFrame([[0.0] * len(names)] * 9, columns=names)
    with pytest.raises(DomainError) as caught:
        MonotoneBinner().fit(frame, [0, 1] * 4 + [0])
    assert caught.value.code == "column_names"
    assert (f"… ({count})" in str(caught.value)) is more
    assert len(set(re.findall(r"x\d", str(caught.value)))) == 8


# modelling.panel.report._SHOWN, modelling.panel.report._ROUNDS
@pytest.mark.parametrize(("count", "more"), [(10, False), (11, True)])
def test_a_line_of_the_panel_report_names_ten_and_counts_the_others(count, more):
    ((zh, en),) = report._listed("评议员", "raters", [f"R{k:02}" for k in range(count)])
    assert len(re.findall(r"R\d\d", en)) == len(re.findall(r"R\d\d", zh)) == 10
    assert ("and 1 more" in en, "另有 1 项" in zh) == (more, more)


@pytest.mark.parametrize(("rounds", "fitted"), [(4, [1, 2, 3, 4]), (5, [2, 3, 4, 5])])
def test_drift_looks_at_the_last_four_rounds(monkeypatch, rounds, fitted):
    # a fit of five rounds takes more than 2 seconds: here nothing is fitted
    monkeypatch.setattr(report, "fit_county_panel", lambda county, *_: county)
    monkeypatch.setattr(report, "_is_all", lambda *_: False)
    days = pd.to_datetime(["2026-01-05"] * rounds)
    ratings = pd.DataFrame({"round": range(1, rounds + 1), "rated_on": days})
    county = County.from_tables({"ratings": ratings})
    assert list(report._rounds(county, SCHEME, DAY, None)) == fitted


# modelling.inputs.notebook._MOST_ROWS
@pytest.mark.parametrize(("rows", "shown"), [(20, 20), (21, 20)])
def test_a_notebook_shows_twenty_rows_of_a_fitted_table(rows, shown):
    from sanzhixin.modelling.inputs.notebook import _grid

    assert _grid("table", pd.DataFrame({"value": range(rows)})).count("<tr") == shown + 1


# validation.report.page.MOST_ROWS, validation.report.page.MOST_ALARMS
@pytest.mark.parametrize(("rows", "listed", "shown"), [(30, 30, 30), (60, 30, 60), (61, 30, 60)])
def test_the_page_of_a_report_lists_thirty_alarms_and_shows_sixty_rows(rows, listed, shown):
    from sanzhixin.validation.report.page import render_page

    rows = [make_row("auc", "watch", {"n": 9, "events": 1}, value=0.5) for _ in range(rows)]
    table = Judged("tiers", make_table(rows), "等级", "Tiers", "", "")
    facts = {"model": {"model_id": "m/1.0.0"}, "data": {"as_of": "2026-06-30"}}
    summary, rest = render_page({"tiers": table}, facts).split('<section id="tables">')
    assert summary.count("<li><span") == listed
    assert rest.count("<small>auc</small>") == shown


# validation.report.pictures.MOST_RATERS
@pytest.mark.parametrize(("raters", "drawn"), [(400, 400), (401, 400)])
def test_four_hundred_raters_of_a_pillar_are_drawn(raters, drawn):
    from sanzhixin.validation.report.pictures import drawn_raters

    numbers = range(raters)
    table = pd.DataFrame({"pillar": "fs", "rater_id": map(str, numbers), "value": numbers})
    assert len(drawn_raters(table.assign(flags=""), "fs")) == drawn
