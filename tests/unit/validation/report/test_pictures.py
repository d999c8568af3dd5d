"""Which raters are drawn where there are very many, and that the page says so."""

from __future__ import annotations

import pandas as pd
import pytest

from sanzhixin.validation.report import pictures
from sanzhixin.validation.report.pictures import MOST_RATERS, draw_pictures, drawn_raters
from sanzhixin.validation.tables.judged import Judged

pytestmark = pytest.mark.filterwarnings("ignore::sanzhixin.validation.plots.style.CjkFontWarning")


def raters(n, flagged):
    """Raters of one pillar, the most severe first; `flagged` are ranks from the mildest."""
    severity = [place / 100 for place in range(n)]
    table = pd.DataFrame(
        {
            "pillar": "fs",
            "rater_id": [f"#{n - place:05}" for place in range(n)],
            "flags": ["erratic" if place in flagged else "" for place in range(n)],
            "value": severity,
        }
    )
    return table.assign(low=table["value"] - 0.1, high=table["value"] + 0.1).iloc[::-1]


@pytest.mark.parametrize("n", [0, 1, MOST_RATERS])
def test_so_many_are_drawn_all(n):
    assert len(drawn_raters(raters(n, {0}), "fs")) == n


@pytest.mark.parametrize("n", [MOST_RATERS + 1, 3 * MOST_RATERS + 7])
def test_of_more_both_ends_and_everyone_with_a_flag_stay(n):
    flagged = {1, 2, 3, n // 2, n // 2 + 1}
    drawn = drawn_raters(raters(n, flagged), "fs")
    assert len(drawn) == MOST_RATERS
    assert drawn["value"].is_monotonic_increasing
    assert {0, n - 1, *flagged} <= {round(100 * value) for value in drawn["value"]}
    assert drawn["value"].diff().max() <= 0.01 * (n // MOST_RATERS + 2)


@pytest.mark.parametrize("n", [MOST_RATERS - 1, MOST_RATERS, MOST_RATERS + 1, 2 * MOST_RATERS])
def test_no_flag_is_lost_however_many_there_are(n):
    drawn = drawn_raters(raters(3 * MOST_RATERS, set(range(50, 50 + n))), "fs")
    assert drawn["flags"].ne("").sum() == n
    assert len(drawn) <= max(MOST_RATERS, n + 2)


@pytest.mark.parametrize(("n", "is_told"), [(MOST_RATERS, False), (MOST_RATERS + 100, True)])
def test_the_words_below_the_picture_say_that_not_all_are_drawn(n, is_told):
    table = Judged("rater_map", raters(n, {5}), "评议员宽严", "Severity of raters", "", "")
    (picture,) = draw_pictures({"rater_map": table})
    zh, en = picture.told
    assert f"{n} raters" in en
    assert (f"图中画出 {MOST_RATERS} 名：有标记的全部画出" in zh) == is_told
    assert (f" {MOST_RATERS} are drawn: all that are flagged" in en) == is_told
    assert en in picture.en


NAMES = {"fs": ("家风", "family style"), "未评级": ("未评级", "unrated")}
WIDER = 0.15  # part of a label's width by which the reader's letters may be wider


def judged(name, **columns):
    return {name: Judged(name, pd.DataFrame(columns), "", "", "", "")}


STEPS = ["forms", "counted", "households", "evidence", "points", "system_limit", "no_review"]
TABLES = {
    **judged(
        "pathway",
        statistic=[*STEPS, "limit"],
        n=100,
        value=0.5,
        of_first=[1.0, 0.9, 1.0, 0.9, 0.8, 0.7, 0.6, 0.5],
    ),
    **judged(
        "waterfall",
        example="1",
        household="V***4",
        tier="未评级",
        statistic=["part", "part", "total"],
        step_zh=["家庭年纯收入", "与本行往来年限", "积分"],
        step_en=["annual net household income", "payment of utility bills and so on", "points"],
        value=[90.0, -20.0, 70.0],
        low=[0.0, 70.0, 0.0],
        high=[90.0, 90.0, 70.0],
    ),
    **judged(
        "sensitivity",
        statistic=["tier_any", "tier_any", "near_cutoff"],
        change=["one_up", "rater_out", "as_it_is"],
        pillar=["fs", "all", "all"],
        value=[0.1, 0.3617, 0.05],
        low=[0.05, 0.3, 0.01],
        high=[0.2, 0.4, 0.1],
    ),
    **judged(
        "calibration",
        statistic="default_rate",
        tier=["all", "AA", "A", "未评级"],
        n=[100, 60, 0, 2],
        value=[0.01, 0.02, float("nan"), 0.5],
        low=[0.0, 0.0, float("nan"), 0.0],
        high=[0.02, 0.04, float("nan"), 0.95],
        threshold=[0.01, 0.01, float("nan"), 0.02],
        verdict="pass",
    ),
    **judged(
        "village_map",
        pillar="fs",
        village_id=["V1", "V2", "V3"],
        comparable="no",
        value=[1.0, 2.0, 3.0],
        severity=[0.1, 0.0, 0.3],
    ),
    **judged(
        "psi_path", period=["2025Q2"], value=[0.2], threshold=[0.1], fail_above=[0.3],
        verdict=["watch"],
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def drawn():
    """Figures by name and language, and what was told of each."""
    figures, to_svg = {}, pictures.to_svg

    def keep(figure, *, name, alt):
        figures[name] = figure, to_svg(figure, name=name, alt=alt)
        return figures[name][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "to_svg", keep)
        told = [one.told for one in draw_pictures(TABLES, NAMES)]
    return figures, told


def texts(ax):
    """Everything written on a picture; ticks beyond the ends of an axis are not drawn."""
    legend = ax.get_legend()
    yield from (ax.title, ax.xaxis.label, ax.yaxis.label, *ax.texts)
    yield from () if legend is None else legend.get_texts()
    for axis, ends in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
        for place, label in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True):
            if min(ends) <= place <= max(ends):
                yield label


def test_no_text_leaves_the_picture_even_in_wider_letters(drawn):
    figures, _ = drawn
    assert len(figures) == 12
    for name, (figure, _) in figures.items():
        (ax,), box = figure.axes, figure.bbox
        for text in (one for one in texts(ax) if one.get_text().strip()):
            extent, word = text.get_window_extent(), (name, text.get_text())
            aside = {"right": 1, "center": 0.5}.get(text.get_ha(), 0) * (not text.get_rotation())
            assert extent.x0 - WIDER * extent.width * aside >= box.x0 - 1, word
            assert extent.x1 <= box.x1 + 1, word
            assert extent.y0 >= box.y0 - 1, word
            assert extent.y1 <= box.y1 + 1, word


def test_legends_stand_beside_the_data(drawn):
    figures, _ = drawn
    legends = [
        (ax.get_legend().get_window_extent(), ax.bbox)
        for figure, _ in figures.values()
        for ax in figure.axes
        if ax.get_legend() is not None
    ]
    assert len(legends) >= 6
    assert all(legend.x0 >= axes.x1 - 1 for legend, axes in legends)


def test_tiers_without_loans_and_the_unrated_are_not_drawn_and_the_words_say_so(drawn):
    figures, told = drawn
    (ax,) = figures["tiers_en"][0].axes
    assert [label.get_text() for label in ax.get_xticklabels()] == ["AA"]
    assert ax.get_ylim()[1] < 0.1
    zh, en = next(one for one in told if "AA" in one[1])
    assert zh == "各等级观察违约率：AA 2%（通过）。无贷款的等级和未评级不画。"
    assert en.endswith("Tiers without loans, and households without a tier, are not drawn.")


def test_one_period_alone_is_seen(drawn):
    (ax,) = drawn[0]["psi_path_en"][0].axes
    assert [line.get_marker() for line in ax.lines] == ["o", "_", "_"]


def test_pillars_stand_by_their_names_and_villages_apart_are_told(drawn):
    figures, told = drawn
    assert "家风" in figures["villages_fs_zh"][1]
    assert "family style" in figures["villages_fs_en"][1]
    assert "家风：3 个村互不连通，村与村之间不能直接比较。" in [zh for zh, _ in told]
    assert "one rating up family style" in figures["sensitivity_en"][1]
    assert "unrated" in figures["example_1_en"][1]


def test_sensitivity_says_some_rater_and_not_one_rater(drawn):
    zh, en = next(one for one in drawn[1] if "36.2%" in one[0])
    assert zh.startswith("有 36.2% 的农户，只要去掉其中某一名评议员的评议表，等级就会变；")
    assert en.startswith("For 36.2% of households there is some rater without whose form")
