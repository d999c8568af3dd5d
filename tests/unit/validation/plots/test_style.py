from __future__ import annotations

import re
from xml.etree import ElementTree

import pandas as pd
import pytest
from matplotlib import font_manager
from matplotlib.figure import Figure

from sanzhixin.validation.plots import style
from sanzhixin.validation.plots.pathway import plot_pathway
from sanzhixin.validation.plots.style import house_style, to_svg
from sanzhixin.validation.plots.waterfall import plot_waterfall

PATHWAY = pd.DataFrame(
    {
        "statistic": ["forms", "counted", "households", "evidence"],
        "n": [100, 80, 50, 0],
        "value": [1.0, 0.8, 1.0, 0.5],
        "of_first": [1.0, 0.8, 1.0, 0.0],
    }
)
WATERFALL = pd.DataFrame(
    {
        **{
            "example": "1",
            "household": "V***4",
            "tier": "$A$ <b>",
            "step_en": ["a", "b", "points"],
        },
        **{"step_zh": ["甲", "乙", "积分"], "statistic": ["part", "part", "total"]},
        **{"value": [90.0, -20.0, 70.0], "low": [0.0, 70.0, 0.0], "high": [90.0, 90.0, 70.0]},
    }
)


def draw(name, plot=plot_pathway, table=PATHWAY, lang="zh"):
    with style.house_style():
        figure = Figure(layout="constrained")
        plot(table, figure.add_subplot(), lang=lang)
        return style.to_svg(figure, name=name, alt='说 "A" & B')


def test_the_same_picture_has_the_same_bytes():
    assert draw("one") == draw("one")


def test_a_picture_needs_no_style_and_nothing_from_elsewhere():
    picture = draw("one")
    assert not re.search(r"<style| style=|<metadata|https?://(?!www\.w3\.org/2000/svg)", picture)
    assert set(re.findall(r'href="(.)', picture)) <= {"#"}


def test_names_inside_two_pictures_differ():
    first, second = (set(re.findall(r' id="([^"]+)"', draw(name))) for name in ("one", "two"))
    assert first
    assert first.isdisjoint(second)


def test_the_text_for_those_who_do_not_see_it_is_escaped():
    assert 'role="img" aria-label="说 &quot;A&quot; &amp; B"' in draw("one")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_letters_stay_text_and_no_name_is_taken_for_mathematics(lang):
    picture = draw("one", plot_waterfall, WATERFALL, lang)
    assert "$A$ &lt;b&gt;" in picture
    assert ("甲" in picture) == (lang == "zh")


def test_a_part_that_takes_away_ends_lower_and_has_its_sign():
    with style.house_style():
        ax = plot_waterfall(WATERFALL, Figure().add_subplot(), lang="en")
    assert [text.get_text() for text in ax.texts] == ["+90", "-20", "70"]
    assert len({bar.get_facecolor() for bar in ax.patches}) == 3


def test_a_step_is_drawn_as_part_of_its_own_first_step():
    with style.house_style():
        ax = plot_pathway(PATHWAY, Figure().add_subplot(), lang="en")
    assert [round(bar.get_width(), 3) for bar in ax.patches] == [1, 0.8, 1, 0]
    assert [text.get_text() for text in ax.texts] == ["100", "80  (80 %)", "50", "0  (50 %)"]


def test_where_no_font_has_chinese_none_is_found(monkeypatch):
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [])
    monkeypatch.setattr(font_manager, "findSystemFonts", list)
    assert style.find_cjk_font.__wrapped__() is None
    assert all(re.search(r"fonts-noto-cjk", text) for text in style.NO_CJK_FONT)


def test_the_settings_of_the_process_come_back():
    import matplotlib as mpl

    before = mpl.rcParams["svg.fonttype"]
    draw("one")
    assert mpl.rcParams["svg.fonttype"] == before


@pytest.mark.parametrize(
    "label",
    [
        'x style="&lt;meta http-equiv=refresh content=0,url=//e.x&gt;"',
        'x style="<meta http-equiv=refresh content=0>"',
        ' d="1.23456" xlink:href="//e.x" style="a:b"',
    ],
)
def test_a_label_stays_text_whatever_it_holds(label):
    with house_style():
        figure = Figure()
        figure.add_subplot().set_title(label)
        picture = to_svg(figure, name="one", alt="one")
    assert "<meta" not in picture
    parsed = ElementTree.fromstring(picture)
    assert label in "".join(parsed.itertext())
    kinds = {one.tag.rpartition("}")[2] for one in parsed.iter()}
    assert kinds <= {"svg", "g", "defs", "path", "use", "text", "tspan", "clipPath", "rect"}
