"""Every code that a table can hold has words in both languages."""

from __future__ import annotations

import datetime as dt
import re

import pytest

import sanzhixin as szx
from sanzhixin.validation.monitoring import monitor
from sanzhixin.validation.monitoring.alarms import ALARM_KINDS
from sanzhixin.validation.report import pictures
from sanzhixin.validation.report.cells import (
    category_words,
    column_words,
    is_share,
    percent,
    statistic_words,
)
from sanzhixin.validation.report.leads import LEADS
from sanzhixin.validation.report.page import render_page
from sanzhixin.validation.report.statistic_words import (
    CATEGORIES,
    COLUMNS,
    SHARE_COLUMNS,
    SHARES,
    STATISTICS,
)

pytestmark = pytest.mark.filterwarnings("ignore::sanzhixin.validation.plots.style.CjkFontWarning")

TELLING_THEMSELVES = (
    *("household_id", "household", "example", "rater_id", "id", "item", "vintage", "period"),
    *("month", "bin", "cell", "convention", "step", "step_zh", "step_en"),
)
VILLAGE, NUMBER, GRADE = re.compile(r"V\d+"), re.compile(r"<?\d+"), re.compile(r"[ABC]{1,3}")


@pytest.fixture(scope="module")
def county():
    return szx.simulate_county(villages=3, households_per_village=40, seed=7)


@pytest.fixture(scope="module")
def model(county):
    return szx.fit(county, szx.load_scheme("tongxiang"))


@pytest.fixture(scope="module")
def found(model, county):
    return szx.validate(model, county)


@pytest.fixture(scope="module")
def names(found):
    return {code: (fact["zh"], fact["en"]) for code, fact in found.facts["names"].items()}


@pytest.fixture(scope="module")
def tables(found, model, county):
    look = monitor(county, county, model, as_of_old=dt.date(2025, 12, 31))
    return [*found.tables.values(), *look.tables.values()]


def texts(table):
    kinds = table.select_dtypes(exclude=["number", "bool"])
    return [(str(name), str(value)) for name in kinds for value in dict.fromkeys(kinds[name])]


def test_every_table_has_a_sentence(tables):
    assert {one.name for one in tables} - set(LEADS) == set()


def test_every_column_has_words(tables, names):
    columns = {str(name) for one in tables for name in one.table}
    assert [name for name in columns if column_words(name, names) is None] == []


def test_every_statistic_has_words(tables):
    codes = {(one.name, code) for one in tables for code in one.table.get("statistic", ())}
    assert len(codes) > 60
    assert [one for one in codes if statistic_words(*one) is None] == []


def test_every_category_has_words(tables, names):
    titles = {one.name: (one.title_zh, one.title_en) for one in tables}
    bare = [
        (one.name, column, value)
        for one in tables
        for column, value in texts(one.table)
        if column not in {*TELLING_THEMSELVES, "statistic", "verdict"}
        and value
        and not any(form.fullmatch(value) for form in (VILLAGE, NUMBER, GRADE))
        and category_words(column, value, names | titles) is None
        and not all(GRADE.fullmatch(part) for part in value.split(" | "))
    ]
    assert bare == []


def test_words_are_of_their_language_and_no_code_stands_for_itself():
    pairs = {**STATISTICS, **COLUMNS, **LEADS}
    for code, (zh, en) in pairs.items():
        assert any("\u4e00" <= sign <= "\u9fff" for sign in zh), code
        assert en.isascii(), code
        assert "_" not in en, code
    for own in CATEGORIES.values():
        assert all(any("\u4e00" <= sign <= "\u9fff" for sign in zh) for zh, _ in own.values())
    assert set(ALARM_KINDS) == set(CATEGORIES["kind"])


def test_what_is_called_a_share_is_one(tables):
    """A share lies within -1 and 1 in every table, and what is beyond that is none."""
    for one in tables:
        for row in one.table.to_dict("records"):
            for column, value in row.items():
                if is_share(one.name, str(row.get("statistic", "")), str(column)):
                    assert not abs(value) > 1, (one.name, row["statistic"], column)
    assert set(STATISTICS) >= SHARES
    assert set(COLUMNS) >= SHARE_COLUMNS


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (0.009434, "0.94%"),
        (0.36, "36%"),
        (0.9996, "100%"),
        (1.0, "100%"),
        (0.0, "0%"),
        (-0.05, "-5%"),
        (0.00004, "0.004%"),
        (float("nan"), "–"),
    ],
)
def test_a_share_is_shown_as_a_percentage(share, told):
    assert percent(share) == told


def test_the_page_shows_words_and_keeps_the_codes_small(found, names, monkeypatch):
    monkeypatch.setattr(pictures, "draw_pictures", lambda _tables, _names: ())
    page = render_page(found.tables, found.facts)
    value = percent(found.tables["calibration"].table.loc[0, "threshold"])
    body = page.split('id="table-calibration"')[1].split("</table>")[0]
    panel = page.split('id="table-panel_quality"')[1].split("</table>")[0]
    for lang in (0, 1):
        assert STATISTICS["default_rate"][lang] in body
        assert LEADS["calibration"][lang] in body
        assert names["fs"][lang] in panel
    assert "<small>default_rate</small>" in body
    assert f'<td class="number">{value}</td>' in body
    for raw in ('<td class="text">fs</td>', ">false<", '<td class="text">未评级</td>'):
        assert raw not in page


def test_rows_to_look_at_are_phrases(found, monkeypatch):
    monkeypatch.setattr(pictures, "draw_pictures", lambda _tables, _names: ())
    listed = render_page(found.tables, found.facts).split("<ul>")[2].split("</ul>")[0]
    row = found.tables["overrides"].table.set_index(["statistic", "who", "direction"])
    assert row.loc[("no_reason", "granted", "higher"), "verdict"] == "watch"
    assert "未写明理由的占比（实际放款额，高于系统额度）：100%" in listed
    assert "share without a stated reason (amount granted, above the system&#39;s limit)" in listed
    assert "no_reason" not in listed
