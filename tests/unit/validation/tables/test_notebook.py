"""Judged tables and looks in a notebook: short, escaped, without names of people."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from sanzhixin.validation.monitoring import Monitoring
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.notebook import count_verdicts, show_judged

DRIFT = pd.DataFrame(
    {
        "statistic": "mean_change",
        "unit": ["county", "village", "rater"],
        "id": ["", "V001-X", "V001-R07"],
        "value": [0.123456, None, 2.0],
        "verdict": ["pass", "watch", "watch"],
    }
)


def judged(table, name="rating_drift"):
    return Judged(name, table, "评分<b>", "Drift", "", "")


def test_verdicts_are_counted_in_the_order_of_their_words():
    assert count_verdicts([judged(DRIFT), judged(DRIFT.head(1))]) == "pass 2, watch 2"


def test_a_rater_stands_masked_and_text_is_escaped():
    shown = show_judged(judged(DRIFT))
    assert "V001-R07" not in shown
    assert "V***7" in shown
    assert "V001-X" in shown
    assert "<b>Drift" not in shown
    assert "评分&lt;b&gt;" in shown
    assert ">0.1235</td>" in shown


def test_households_stand_masked_and_a_long_table_is_cut():
    moved = pd.DataFrame({"household_id": [f"V001-{k:04}" for k in range(30)]})
    shown = show_judged(judged(moved, "tier_changes"))
    assert "V001-" not in shown
    assert "20 / 30" in shown
    assert shown.count("<tr>") == 21


def test_a_look_is_one_line_and_its_notebook_form_lists_the_tables():
    alarms = judged(
        pd.DataFrame({"kind": ["points", "defaults"], "verdict": ["watch", "pass"]}), "alarms"
    )
    look = Monitoring(
        "m/1", dt.date(2026, 1, 1), dt.date(2026, 2, 1), {"alarms": alarms}, stop=False, reasons=()
    )
    told = "Monitoring('m/1', 2026-01-01 to 2026-02-01, ringing: points, stop: False)"
    assert repr(look) == told
    shown = look._repr_html_()
    assert ">alarms</td>" in shown
    assert "点数分布变动 / distribution of the points" in shown
