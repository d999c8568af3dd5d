"""Witness: lines written by hand for tables made by hand."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from sanzhixin.validation.monitoring import Monitoring
from sanzhixin.validation.report.look import MOST_LINES, look_text
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.statistic_rows import make_row, make_table

NAMES = {"fs": ("家风", "family style")}


def table(name, rows, about, more=()):
    return Judged(
        name, make_table(rows, about, more=more), "中文", "English", "说明 watch。", "Note."
    )


def alarm(kind, verdict, p):
    told = {"kind": kind, "item": "", "n": 5, "events": pd.NA, "p_adjusted": p}
    return make_row("alarm", verdict, told, value=np.nan, threshold=0.0005)


def drift(unit, name, value, verdict):
    about = {"unit": unit, "id": name, "n": 40, "events": pd.NA}
    between = value - 0.1, value + 0.1
    return make_row("mean_change", verdict, about, value=value, between=between)


def look(n_raters=1, *, stop=False, verdict="watch"):
    alarms = [alarm("drift_rater", verdict, 0.00004), alarm("defaults", "insufficient", np.nan)]
    rows = [drift("county", "", 0.25, "pass")]
    rows += [drift("rater", f"R{k:04d}", -1.5, verdict) for k in range(n_raters)]
    moves = pd.DataFrame({"household_id": ["1", "2", "3"], "direction": ["up", "down", "down"]})
    tables = [
        table("alarms", alarms, ("kind", "item"), ("p_adjusted",)),
        table("rating_drift", rows, ("unit", "id")),
        Judged("tier_changes", moves, "等级变动", "Tier changes", "", ""),
    ]
    return Monitoring(
        model_id="m/1",
        as_of_old=dt.date(2026, 5, 31),
        as_of=dt.date(2026, 6, 30),
        tables={one.name: one for one in tables},
        stop=stop,
        reasons=("drift_county",) if stop else (),
    )


def test_a_look_is_told_as_by_hand():
    assert look_text(look(), NAMES, "en").split("\n\n") == [
        "Model m/1: 2026-05-31 against 2026-06-30. Alarms: drift of a rater. Rows of a table with "
        "watch or fail are judged by that table alone and say where to look; whether an alarm "
        "rings is told under the alarms, which allow for repeated looks and several kinds.",
        "English: watch 1, insufficient 1\n"
        "- drift of a rater: p 4e-05, alarm below 0.0005, rings\n"
        "- more defaults than were stated: insufficient",
        "English: pass 1, watch 1\n"
        "- mean change of ratings (steps) (county): 0.25 (0.15 to 0.35), pass\n"
        "- mean change of ratings (steps) (rater, who R***): -1.5 (-1.6 to -1.4), watch",
        "Tier changes: 1 households up, 2 down",
        "How to read the tables",
        "English. Note.",
        "English. Note.",
    ]


def test_the_chinese_has_no_codes_of_verdicts_and_kinds():
    told = look_text(look(stop=True), NAMES, "zh")
    assert "报警：评议员评分变动。应停用：全县评分整体变动。" in told
    assert "- 评议员评分变动：p 值 4e-05，报警界限 0.0005，报警" in told
    assert "【等级变动】上升 1 户，下降 2 户" in told
    assert [word for word in ("watch", "insufficient", "drift_", "R0000") if word in told] == []


def test_many_rows_are_cut_and_none_that_asks_for_a_look_is_silent():
    told = look_text(look(n_raters=MOST_LINES + 5), NAMES, "en")
    assert "- 6 more rows: rating_drift.csv" in told


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_without_rows_to_look_at_nothing_is_said_of_them(lang):
    head = look_text(look(verdict="pass"), NAMES, lang).splitlines()[0]
    assert head.endswith(("报警：无。", "Alarms: none."))
