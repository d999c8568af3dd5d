"""Every picture is reached from one place, takes a judged table, and writes in a Chinese font."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib import rcParams
from matplotlib.figure import Figure
from matplotlib.text import Text

from sanzhixin.validation import plots
from sanzhixin.validation.plots import labels, plot_pathway, plot_roc
from sanzhixin.validation.tables.judged import Judged

CURVE = pd.DataFrame({"share_others": [0.0, 0.2, 1.0], "share_defaults": [0.0, 0.7, 1.0]})


def test_the_face_of_pictures_holds_every_one():
    modules = [one for one in vars(plots).values() if getattr(one, "__spec__", None)]
    found = {name for one in modules for name in one.__all__ if name.startswith("plot_")}
    assert len(modules) >= 8
    assert found == set(plots.__all__)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_judged_table_draws_what_its_table_does(lang):
    judged = Judged("curves", CURVE, "", "", "", "")
    lines = [
        [line.get_xydata().tolist() for line in plot_roc(one, Figure().add_subplot(), lang).lines]
        for one in (judged, CURVE)
    ]
    assert lines[0] == lines[1]


@pytest.mark.parametrize("plot", [plot_roc, plot_pathway])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_plain_figure_has_a_chinese_font_where_there_is_chinese(plot, lang, monkeypatch):
    monkeypatch.setattr(labels, "find_cjk_font", lambda: "DejaVu Serif")  # is always there
    steps = pd.DataFrame({"statistic": ["forms"], "n": 9, "value": 1.0, "of_first": 1.0})
    ax = plot(CURVE if plot is plot_roc else steps, Figure().add_subplot(), lang)
    ax.figure.canvas.draw()
    told = [one for one in ax.findobj(Text) if one.get_text().strip()]
    assert told
    wanted = ["DejaVu Serif", "DejaVu Sans"] if lang == "zh" else rcParams["font.family"]
    assert {tuple(one.get_fontfamily()) for one in told} == {tuple(wanted)}


def test_without_a_chinese_font_the_font_of_the_process_stays(monkeypatch):
    monkeypatch.setattr(labels, "find_cjk_font", lambda: None)
    ax = plot_roc(CURVE, Figure().add_subplot(), "zh")
    assert list(ax.title.get_fontfamily()) == list(rcParams["font.family"])
