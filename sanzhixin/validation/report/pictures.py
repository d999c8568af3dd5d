"""The pictures of a report: which tables they draw, and what each says in words."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from sanzhixin.validation.plots.calibration import (
    plot_backtest,
    plot_belt,
    plot_default_rate_by_tier,
    plot_reliability,
)
from sanzhixin.validation.plots.discrimination import plot_cap, plot_ks, plot_roc
from sanzhixin.validation.plots.panel import plot_rater_map, plot_villages
from sanzhixin.validation.plots.pathway import plot_pathway
from sanzhixin.validation.plots.stability import (
    plot_psi_path,
    plot_score_distribution,
    plot_sensitivity,
    plot_strategy,
)
from sanzhixin.validation.plots.style import (
    NO_CJK_FONT,
    CjkFontWarning,
    find_cjk_font,
    house_style,
    to_svg,
)
from sanzhixin.validation.plots.waterfall import plot_waterfall
from sanzhixin.validation.report import findings
from sanzhixin.validation.report.words import WORDS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from sanzhixin.errors.words import Lang
    from sanzhixin.validation.tables.judged import Judged

__all__ = ["MOST_RATERS", "Picture", "draw_pictures", "drawn_raters"]

MOST_RATERS = 400
"""Raters of a pillar that are drawn, and more only where more are flagged."""

Finding = Callable[[Mapping[str, "Judged"]], tuple[str, str]]

_SIZE = (6.0, 3.8)


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture in both languages.

    Attributes
    ----------
    section : str
        Where in the report it stands.
    zh, en : str
        SVG elements.
    told : tuple of str
        What it says, in Chinese and English.
    """

    section: str
    zh: str
    en: str
    told: tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is drawn, from which table, and who says what it shows."""

    name: str
    section: str
    table: str
    plot: Callable[..., Axes]
    finding: Finding
    size: tuple[float, float] = _SIZE


_PLANS = (
    _Plan("pathway", "pathway", "pathway", plot_pathway, findings.tell_pathway),
    _Plan("reliability", "calibration", "reliability", plot_reliability, findings.tell_reliability),
    _Plan("belt", "calibration", "belt", plot_belt, findings.tell_belt),
    _Plan("tiers", "calibration", "calibration", plot_default_rate_by_tier, findings.tell_tiers),
    _Plan("backtest", "calibration", "backtest", plot_backtest, findings.tell_backtest),
    _Plan("roc", "ranking", "curves", plot_roc, findings.tell_auc, (4.6, 4.4)),
    _Plan("cap", "ranking", "curves", plot_cap, findings.tell_gini, (4.6, 4.4)),
    _Plan("ks", "ranking", "curves", plot_ks, findings.tell_ks),
    _Plan("strategy", "use", "strategy", plot_strategy, findings.tell_strategy),
    _Plan("sensitivity", "use", "sensitivity", plot_sensitivity, findings.tell_sensitivity),
    _Plan(
        "distribution",
        "stability",
        "score_distribution",
        plot_score_distribution,
        findings.tell_distribution,
    ),
    _Plan("psi_path", "stability", "psi_path", plot_psi_path, findings.tell_psi),
)


def draw_pictures(tables: Mapping[str, Judged]) -> tuple[Picture, ...]:
    """Draw every picture whose table is there and not empty.

    Parameters
    ----------
    tables : mapping of str to Judged
        By name.

    Returns
    -------
    tuple of Picture
        In the order of the report.

    Warns
    -----
    CjkFontWarning
        No font with Chinese characters is installed.
    """
    if find_cjk_font() is None:
        warnings.warn(" ".join(NO_CJK_FONT), CjkFontWarning, stacklevel=2)
    plans = [one for one in _PLANS if _has_rows(one, tables)]
    plans += [*_of_pillars(tables), *_of_examples(tables)]
    return tuple(_draw(one, tables) for one in plans)


def _has_rows(plan: _Plan, tables: Mapping[str, Judged]) -> bool:
    if plan.table not in tables:
        return False
    table = tables[plan.table].table
    return bool(len(table) and table.select_dtypes("number").notna().to_numpy().any())


def _of_pillars(tables: Mapping[str, Judged]) -> list[_Plan]:
    plans = []
    for kind, table, plot, tell in (
        ("raters", "rater_map", _plot_raters, _tell_raters),
        ("villages", "village_map", plot_villages, findings.tell_villages),
    ):
        found = tables[table].table["pillar"] if table in tables else ()
        for pillar in dict.fromkeys(found):
            drawn, finding = partial(plot, pillar=pillar), partial(tell, pillar=str(pillar))
            plans.append(_Plan(f"{kind}_{pillar}", "panel", table, drawn, finding))
    return plans


def _of_examples(tables: Mapping[str, Judged]) -> list[_Plan]:
    found = tables["waterfall"].table["example"] if "waterfall" in tables else ()
    plans = []
    for example in dict.fromkeys(found):
        drawn = partial(plot_waterfall, example=example)
        finding = partial(findings.tell_waterfall, example=str(example))
        plans.append(_Plan(f"example_{example}", "examples", "waterfall", drawn, finding))
    return plans


def drawn_raters(raters: pd.DataFrame, pillar: str) -> pd.DataFrame:
    """Choose the raters of a pillar that are drawn.

    Parameters
    ----------
    raters : DataFrame
        Table of `compute_rater_map`.
    pillar : str
        Which.

    Returns
    -------
    DataFrame
        By severity: all of at most `MOST_RATERS`; of more, both ends, everyone with a flag, and of
        the others as many as there is room for, at even ranks.
    """
    own = raters[raters["pillar"] == pillar].sort_values(["value", "rater_id"], kind="stable")
    if len(own) <= MOST_RATERS:
        return own
    is_kept = own["flags"].ne("").to_numpy(copy=True)
    is_kept[[0, -1]] = True
    others, room = np.flatnonzero(~is_kept), MOST_RATERS - int(is_kept.sum())
    if room > 0:
        is_kept[others[np.linspace(0, others.size - 1, room).astype(np.intp)]] = True
    return own[is_kept]


def _plot_raters(
    raters: pd.DataFrame, ax: Axes | None = None, lang: Lang = "zh", *, pillar: str
) -> Axes:
    return plot_rater_map(drawn_raters(raters, pillar), ax, lang, pillar=pillar)


def _tell_raters(tables: Mapping[str, Judged], *, pillar: str) -> tuple[str, str]:
    """Say what the map shows, and whom it leaves out."""
    zh, en = findings.tell_raters(tables, pillar=pillar)
    raters = tables["rater_map"].table
    drawn = len(drawn_raters(raters, pillar))
    if drawn == int((raters["pillar"] == pillar).sum()):
        return zh, en
    more = [one.format(drawn=drawn) for one in WORDS["raters_drawn"]]
    return zh + more[0], en + more[1]


def _draw(plan: _Plan, tables: Mapping[str, Judged]) -> Picture:
    from matplotlib.figure import Figure

    table, told = tables[plan.table].table, plan.finding(tables)
    drawn: dict[str, Any] = {}
    with house_style():
        for lang, alt in zip(("zh", "en"), told, strict=True):
            figure = Figure(figsize=plan.size, layout="constrained")
            plan.plot(table, figure.add_subplot(), lang=lang)
            drawn[lang] = to_svg(figure, name=f"{plan.name}_{lang}", alt=alt)
    return Picture(plan.section, drawn["zh"], drawn["en"], told)
