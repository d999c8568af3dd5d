from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import time
import zipfile
from decimal import Decimal

import numpy as np
import openpyxl
import pytest

from sanzhixin.batch.exchange import write_model_workbook
from sanzhixin.errors import DomainError, OutputError
from sanzhixin.model import SanzhixinModel
from sanzhixin.records.cases import MISSING
from sanzhixin.scoring import Provenance
from sanzhixin.scoring.card import score_card
from sanzhixin.scoring.pd_table import PdRow, PdTable
from tests.unit.scoring.factories import SCHEME, model_file, scheme_with

SHEETS = {
    "zh": ["评分卡", "等级", "违约概率", "额度上限", "来源"],
    "en": ["card", "tiers", "default probability", "bounds", "provenance"],
}
LANGS = tuple(SHEETS)
both_languages = pytest.mark.parametrize("lang", LANGS)
PAYLOADS = ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "\t=1"]

KNOWN = PdTable(
    basis="fitted",
    method="logistic",
    population="approved households",
    n_loans=4_000,
    n_defaults=90,
    rows=(
        PdRow(at_least=0, prob_default=None, lower=None, upper=None),
        PdRow(at_least=400, prob_default=0.1, lower=0.05, upper=0.2),
        PdRow(at_least=455, prob_default=0.1, lower=0.05, upper=0.2),
        PdRow(at_least=500, prob_default=0.02, lower=0.01, upper=0.04),
    ),
    note_zh="说明",
    note_en="a note",
)
RICH_SCHEME = scheme_with(
    tiers={
        "rows": (
            {"grade": "high", "at_least": Decimal(72), "cap": Decimal(12), "rate_bp": 450},
            {
                "grade": "low",
                "at_least": Decimal("40.5"),
                "below": Decimal(72),
                "cap": Decimal("1.5"),
                "rate_bp": 520,
            },
        )
    },
    limits={
        "village_caps": {"V02": Decimal(3), "=V01": Decimal("2.5")},
        "loss_cap": {"at_most": Decimal("0.1"), "lgd": Decimal("0.45")},
        "required": ("requested",),
        "product_cap": None,
    },
)
RICH = SanzhixinModel(
    model_file(
        RICH_SCHEME,
        pd=KNOWN,
        provenance=Provenance(
            data_from=dt.date(2024, 1, 1),
            rows={"ratings": 70, "loans": 12},
            versions={"numpy": "2.3"},
            seed=7,
            fitted_by="=A",
            notes=("first", "second\x01"),
        ),
    )
)
EXPERT = SanzhixinModel(model_file())


def rows_of(model, folder, lang):
    path = write_model_workbook(model, folder / "card.xlsx", lang=lang)
    book = openpyxl.load_workbook(path)
    return [list(book[name].values) for name in book.sheetnames]


@both_languages
def test_the_sheets_are_in_the_order_of_use(lang, tmp_path):
    path = write_model_workbook(EXPERT, tmp_path / "card.xlsx", lang=lang)
    assert openpyxl.load_workbook(path).sheetnames == SHEETS[lang]


def test_chinese_is_the_language_unless_another_is_asked_for(tmp_path):
    path = write_model_workbook(EXPERT, tmp_path / "card.xlsx")
    assert openpyxl.load_workbook(path).sheetnames == SHEETS["zh"]


@both_languages
def test_the_card_holds_every_bin_with_the_points_of_the_model(lang, tmp_path):
    rows = rows_of(EXPERT, tmp_path, lang)[0]
    card = EXPERT.plan.card
    for item in card.characteristics:
        own = [row for row in rows[1:] if row[1] == item.name]
        blank, *binned = own
        assert {row[2] for row in own} == {getattr(item, lang)}
        assert blank[3:] == ({"zh": "缺失", "en": "missing"}[lang], *[None] * 3, 0)
        if item.kind == "levels":
            assert tuple(row[4] for row in binned) == item.levels
            assert tuple(row[7] for row in binned) == item.points
        else:
            assert binned[0][5] is None
            assert [row[5] for row in binned[1:]] == [row[6] for row in binned[:-1]]
            assert binned[-1][6] is None
        if item.kind != "grid":
            assert tuple(row[3] for row in binned) == getattr(item, f"labels_{lang}")


def test_the_points_of_the_card_are_those_of_the_scorer(tmp_path):
    rows = rows_of(EXPERT, tmp_path, "en")[0]
    card = EXPERT.plan.card
    for place, item in enumerate(card.characteristics):
        binned = [row for row in rows[1:] if row[1] == item.name][1:]
        if item.kind != "levels":
            starts = [row[5] if row[5] is not None else row[6] - 0.000001 for row in binned]
            blank = np.full(len(starts), MISSING)
            values = {other.column: blank for other in card.characteristics}
            values[item.column] = np.array([round(start * 1_000_000) for start in starts])
            found = score_card(card, values).by_characteristic[:, place]
            assert [row[7] for row in binned] == found.tolist()


@both_languages
def test_base_points_and_the_ends_of_all_sums_are_on_the_card(lang, tmp_path):
    rows = rows_of(EXPERT, tmp_path, lang)[0]
    assert rows[1][0] in ("基础分", "base points")
    assert rows[1][7] == 0
    ends = [row[7] for row in rows[1:] if row[1] is None and row[3] is not None]
    assert ends == [0, 600, 0, 400, -50, 50, 0, 1000]


@both_languages
def test_tiers_stand_from_the_highest_with_cap_and_rate(lang, tmp_path):
    rows = rows_of(RICH, tmp_path, lang)[1]
    yes = {"zh": "是", "en": "yes"}[lang]
    assert rows[1:] == [
        ("high", 720, 72, 120_000, 450, yes),
        ("low", 405, 40.5, 15_000, 520, yes),
        ("未评级", None, None, 0, None, yes),
    ]


def test_a_scheme_without_rates_has_no_column_of_them(tmp_path):
    rows = rows_of(EXPERT, tmp_path, "en")[1]
    assert len(rows[0]) == 5
    assert rows[1] == ("AAA", 950, 95, 500_000, "yes")


@both_languages
def test_default_probabilities_stand_where_they_change(lang, tmp_path):
    rows = rows_of(RICH, tmp_path, lang)[2]
    assert rows[1:] == [
        (0, 0, None, None, None),
        (400, 40, 0.1, 0.05, 0.2),
        (500, 50, 0.02, 0.01, 0.04),
    ]


def test_every_bound_stands_with_its_value_and_unit(tmp_path):
    rows = rows_of(RICH, tmp_path, "en")[3]
    assert rows[1:] == [
        ("tier cap", None, "see the tiers", None, None),
        ("product cap", None, "none", None, None),
        ("village cap", None, "none", None, None),
        ("village cap", "=V01", 25_000, "yuan", None),
        ("village cap", "V02", 30_000, "yuan", None),
        ("income multiple", None, 3, "times the yearly income", None),
        ("room for further debt", None, 0.6, "share of the assets", None),
        ("room under the customer total", None, 500_000, "yuan", None),
        ("cap on the expected loss", None, 1_000, "yuan of expected loss", None),
        ("cap on the expected loss", None, 0.45, "share lost in default", None),
        ("village's proposal", None, "median", "aggregate of the raters' proposals", None),
        ("manager's proposal", None, "the amount that is stated", None, None),
        ("requested amount", None, "the amount that is stated", None, "yes"),
        ("step", None, 1_000, "yuan", None),
    ]


@both_languages
def test_the_origin_names_model_scheme_table_and_data(lang, tmp_path):
    rows = rows_of(RICH, tmp_path, lang)[4][1:]
    assert [content for name, content in rows if name == "notes"] == ["first", "second\\x01"]
    assert {name: content for name, content in rows if name != "notes"} == {
        "model_id": RICH.model_id,
        "status": "draft",
        "valid_until": "2028-12-31",
        "digest": RICH.file.digest(),
        "scheme_id": RICH.scheme.scheme_id,
        "scheme": getattr(RICH.scheme, lang),
        "points_per_score": 10,
        "pd.basis": "fitted",
        "pd.method": "logistic",
        "pd.population": "approved households",
        "pd.n_loans": 4_000,
        "pd.n_defaults": 90,
        "pd.note": {"zh": "说明", "en": "a note"}[lang],
        "data_from": "2024-01-01",
        "rows.loans": 12,
        "rows.ratings": 70,
        "versions.numpy": "2.3",
        "seed": 7,
        "fitted_by": "=A",
    }


@both_languages
def test_no_cell_is_a_formula_and_such_texts_are_marked(lang, tmp_path):
    path = write_model_workbook(RICH, tmp_path / "card.xlsx", lang=lang)
    cells = [c for sheet in openpyxl.load_workbook(path) for row in sheet for c in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    marked = {cell.value for cell in cells if cell.quotePrefix}
    assert marked == {"=A", "=V01"}


@pytest.mark.parametrize("payload", PAYLOADS, ids=repr)
def test_a_label_that_looks_like_a_formula_is_a_text(payload, tmp_path):
    factor = SCHEME.factors[0].model_dump()
    factor["bins"] = tuple({**row, "en": payload} for row in factor["bins"])
    model = SanzhixinModel(model_file(scheme_with(factors=(factor,))))
    path = write_model_workbook(model, tmp_path / "card.xlsx", lang="en")
    found = [c for row in openpyxl.load_workbook(path)["card"] for c in row if c.value == payload]
    assert [(cell.data_type, cell.quotePrefix) for cell in found] == [("s", True)] * 3


@both_languages
def test_equal_models_give_equal_bytes_at_any_time(lang, tmp_path):
    first = write_model_workbook(RICH, tmp_path / "a.xlsx", lang=lang).read_bytes()
    time.sleep(1.1)  # a workbook states times by the second
    assert write_model_workbook(RICH, tmp_path / "b.xlsx", lang=lang).read_bytes() == first


def test_another_process_gives_equal_bytes(tmp_path):
    saved = RICH.save(tmp_path / "model")
    code = (
        "import sys; from sanzhixin import load_model\n"
        "from sanzhixin.batch.exchange import write_model_workbook\n"
        "write_model_workbook(load_model(sys.argv[1]), sys.argv[2])"
    )
    command = [sys.executable, "-c", code, str(saved), str(tmp_path / "a.xlsx")]
    subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": "7"}, check=True)
    here = write_model_workbook(RICH, tmp_path / "b.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == here.read_bytes()


def test_the_archive_carries_no_time(tmp_path):
    path = write_model_workbook(RICH, tmp_path / "card.xlsx")
    with zipfile.ZipFile(path) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2000, 1, 1, 0, 0, 0)}
        assert archive.read("docProps/core.xml").count(b"2000-01-01T00:00:00Z") == 2


def test_another_language_is_refused(tmp_path):
    with pytest.raises(DomainError, match="lang=fr is not possible; state zh, en"):
        write_model_workbook(EXPERT, tmp_path / "card.xlsx", lang="fr")


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(DomainError, match=r"card\.xls does not end in \.xlsx"):
        write_model_workbook(EXPERT, tmp_path / "card.xls")


def test_a_folder_that_is_not_there_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match=r"card\.xlsx could not be written"):
        write_model_workbook(EXPERT, tmp_path / "none" / "card.xlsx")
