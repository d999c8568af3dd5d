from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest

from sanzhixin.errors import DomainError
from sanzhixin.validation.report import library
from sanzhixin.validation.report.page import MOST_ALARMS, MOST_ROWS, render_page
from sanzhixin.validation.tables.judged import Judged

pytestmark = pytest.mark.filterwarnings("ignore::sanzhixin.validation.plots.style.CjkFontWarning")
VOID = {"meta", "input", "img", "br"}


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen, self.attributes = [], set(), set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def page(tables, facts):
    return render_page(tables, facts)


@pytest.mark.parametrize(("lang", "tag"), [("zh", "zh-CN"), ("en", "en")])
def test_the_page_opens_in_the_language_that_is_asked_for(tables, facts, lang, tag):
    page = render_page(tables, facts, lang)
    assert f'<html lang="{tag}">' in page
    assert re.findall(r'id="(zh|en)" checked', page) == [lang]


def test_tags_are_closed_in_order_and_none_loads_or_runs_anything(page):
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert tags.seen.isdisjoint({"script", "img", "link", "iframe", "object", "form"})
    assert not {name for name in tags.attributes if name.startswith("on")}
    assert tags.attributes.isdisjoint({"src", "style", "srcset", "action"})


def test_the_policy_allows_this_style_and_nothing_else(page):
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in page.replace("&#39;", "'")


def test_text_of_tables_is_escaped(page):
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_every_verdict_has_a_word_and_a_mark_in_both_languages(page):
    for mark, zh, en in (("✓", "通过", "pass"), ("!", "关注", "watch"), ("✗", "不通过", "fail")):
        badge = f'{mark} <span class="zh" lang="zh-CN">{zh}</span>'
        assert f'{badge}<span class="en" lang="en">{en}</span>' in page


def test_rows_with_an_alarm_are_listed_fail_first(page):
    alarms = page.split('id="summary"')[1].split("</section>")[0].split("<ul>")[1]
    found = re.findall(r'<li><span class="badge (\w+)">', alarms)
    assert found == ["fail", "watch"]


def test_a_missing_value_is_a_dash_and_a_count_has_separators(page):
    assert '<td class="number">–</td>' in page
    assert '<td class="number">1,234</td>' in page


def test_a_long_table_is_cut_and_keeps_its_alarms(tables, facts):
    many = pd.concat([tables["tiers"].table.tail(1)] * 200 + [tables["tiers"].table.iloc[[2]]])
    found = render_page({"tiers": replace(tables["tiers"], table=many)}, facts)
    body = found.split('id="table-tiers"')[1].split("</table>")[0].split("<tbody>")[1]
    assert body.count("<tr>") == MOST_ROWS
    assert body.count('class="badge fail"') == 1
    assert f"{MOST_ROWS} of 201 rows are shown" in found


def test_more_alarms_than_are_listed_are_counted_and_fail_comes_first(tables, facts):
    watch, fail = (tables["tiers"].table.iloc[[place]] for place in (1, 2))
    for n, is_cut in ((MOST_ALARMS - 1, False), (MOST_ALARMS, True)):
        many = replace(tables["tiers"], table=pd.concat([watch] * n + [fail]))
        summary = render_page({"tiers": many}, facts).split("</section>")[0]
        assert summary.count("<li><span") == MOST_ALARMS
        assert summary.split("<li><span")[1].startswith(' class="badge fail"')
        assert (f"{MOST_ALARMS} of {n + 1} are shown" in summary) == is_cut
        assert (f"显示 {MOST_ALARMS} 条，共 {n + 1} 条" in summary) == is_cut


def test_facts_are_words_in_both_languages(page):
    told = page.split('<section id="facts">')[1]
    found = re.findall(r"<tr><th>(.*?)(?: <small>(\w+)</small>)?</th><td>(.*?)</td></tr>", told)
    words, rows = {k: w for w, k, _ in found}, {k or w: value for w, k, value in found}
    assert rows["seed"] == "0"
    assert rows["young"] == "2,000"
    assert rows["fitted_by"] == "–"
    assert rows["fitted_on_loans_granted"] == "2021-01-05 / –"
    both = '<span class="zh" lang="zh-CN">{}</span><span class="en" lang="en">{}</span>'
    assert words["seed"] == both.format("随机种子", "Seed")
    assert words["fitted_by"] == both.format("拟合人", "Fitted by")
    assert rows["panel"] == both.format("评议员太少。", "Too few raters.")
    assert rows[both.format("贷款", "loans")] == both.format(
        "1,200 行，sha256:1（与拟合时相同）", "1,200 rows, sha256:1 (as in fitting)"
    )


def test_an_empty_table_says_so(facts):
    empty = Judged("belt", pd.DataFrame({"fitted": []}), "校准带", "Belt", "", "")
    assert "No rows." in render_page({"belt": empty}, facts)


def test_without_the_extra_the_way_out_is_told(monkeypatch):
    monkeypatch.setattr(library, "find_spec", lambda name: None if name == "jinja2" else name)
    with pytest.raises(DomainError, match=r"pip install sanzhixin\[report\]") as told:
        library.check_library()
    assert told.value.code == "report_missing"
