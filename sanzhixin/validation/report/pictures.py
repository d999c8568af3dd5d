"""The pictures of a report: which tables they draw, and what each says in words."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from sanzhixin.errors.words import pick
from sanzhixin.validation.plots import (
    plot_backtest,
    plot_belt,
    plot_cap,
    plot_default_rate_by_tier,
    plot_ks,
    plot_pathway,
    plot_psi_path,
    plot_rater_map,
    plot_reliability,
    plot_roc,
    plot_score_distribution,
    plot_sensitivity,
    plot_strategy,
    plot_villages,
    plot_waterfall,
)
from sanzhixin.validation.plots.style import (
    NO_CJK_FONT,
    CjkFontWarning,
    find_cjk_font,
    house_style,
    to_svg,
)
from sanzhixin.validation.report import findings
from sanzhixin.validation.report.words import WORDS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sanzhixin.errors.words import Lang
    from sanzhixin.validation.report.cells import Names
    from sanzhixin.validation.tables.judged import Judged

__all__ = ["MOST_RATERS", "Picture", "draw_pictures", "drawn_raters"]

MOST_RATERS = 400
"""Raters of a pillar that are drawn, and more only where more are flagged."""

Finding = Callable[[Mapping[str, "Judged"]], tuple[str, str]]

_SIZE = (6.0, 3.8)
_LONG, _ROOM = 8, 0.2  # letters of a label, and the part of its width that is left free


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


def draw_pictures(tables: Mapping[str, Judged], names: Names | None = None) -> tuple[Picture, ...]:
    """Draw every picture whose table is there and not empty.

    Parameters
    ----------
    tables : mapping of str to Judged
        By name.
    names : mapping, optional
        Chinese and English name of codes; a code without one stands itself.

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
    told = names or {}
    plans = [_named(one, told) for one in _PLANS if _has_rows(one, tables)]
    plans += [*_of_pillars(tables, told), *_of_examples(tables, told)]
    return tuple(_draw(one, tables) for one in plans)


def _has_rows(plan: _Plan, tables: Mapping[str, Judged]) -> bool:
    if plan.table not in tables:
        return False
    table = tables[plan.table].table
    return bool(len(table) and table.select_dtypes("number").notna().to_numpy().any())


def _named(plan: _Plan, names: Names) -> _Plan:
    """Hand names to the pictures that show codes."""
    if plan.name == "sensitivity":
        return replace(plan, plot=partial(_plot_sensitivity, names=names))
    unrated = next((code for code, (_, en) in names.items() if en == "unrated"), "")
    if plan.name == "tiers":
        plot = partial(plot_default_rate_by_tier, unrated=unrated)
        return replace(plan, plot=plot, finding=partial(findings.tell_tiers, unrated=unrated))
    return plan


def _of_pillars(tables: Mapping[str, Judged], names: Names) -> list[_Plan]:
    plans = []
    for kind, table, plot, tell in (
        ("raters", "rater_map", _plot_raters, _tell_raters),
        ("villages", "village_map", _plot_villages, findings.tell_villages),
    ):
        found = tables[table].table["pillar"] if table in tables else ()
        for pillar in dict.fromkeys(found):
            name = names.get(str(pillar), (str(pillar), str(pillar)))
            drawn = partial(plot, pillar=pillar, name=name)
            finding = partial(tell, pillar=str(pillar), name=name)
            plans.append(_Plan(f"{kind}_{pillar}", "panel", table, drawn, finding))
    return plans


def _of_examples(tables: Mapping[str, Judged], names: Names) -> list[_Plan]:
    found = tables["waterfall"].table["example"] if "waterfall" in tables else ()
    plans = []
    for example in dict.fromkeys(found):
        drawn = partial(_plot_waterfall, example=example, names=names)
        finding = partial(findings.tell_waterfall, example=str(example), names=names)
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
    raters: pd.DataFrame, ax: Axes, lang: Lang, *, pillar: str, name: tuple[str, str]
) -> Axes:
    drawn = drawn_raters(raters, pillar)
    return plot_rater_map(drawn, ax, lang, pillar=pillar, names={pillar: pick(lang, name)})


def _plot_villages(
    villages: pd.DataFrame, ax: Axes, lang: Lang, *, pillar: str, name: tuple[str, str]
) -> Axes:
    return plot_villages(villages, ax, lang, pillar=pillar, names={pillar: pick(lang, name)})


def _plot_waterfall(
    waterfall: pd.DataFrame, ax: Axes, lang: Lang, *, example: str, names: Names
) -> Axes:
    tiers = {code: pick(lang, pair) for code, pair in names.items()}
    named = waterfall.assign(tier=waterfall["tier"].replace(tiers))
    return plot_waterfall(named, ax, lang, example=example)


def _plot_sensitivity(sensitivity: pd.DataFrame, ax: Axes, lang: Lang, *, names: Names) -> Axes:
    told = {code: pick(lang, pair) for code, pair in names.items()}
    return plot_sensitivity(sensitivity, ax, lang, names=told)


def _tell_raters(
    tables: Mapping[str, Judged], *, pillar: str, name: tuple[str, str]
) -> tuple[str, str]:
    """Say what the map shows, and whom it leaves out."""
    zh, en = findings.tell_raters(tables, pillar=pillar, name=name)
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
            _give_room(plan.plot(table, figure.add_subplot(), lang), figure)
            drawn[lang] = to_svg(figure, name=f"{plan.name}_{lang}", alt=alt)
    return Picture(plan.section, drawn["zh"], drawn["en"], told)


def _give_room(ax: Axes, figure: Figure) -> None:
    """Leave room at the left for long labels: the reader's letters may be wider than those here."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    labels = [text for text in ax.get_yticklabels() if len(text.get_text()) > _LONG]
    engine = figure.get_layout_engine()
    if not labels or not isinstance(engine, ConstrainedLayoutEngine):
        return
    figure.draw_without_rendering()
    width = max(text.get_window_extent().width for text in labels) / figure.bbox.width
    engine.set(rect=(_ROOM * width, 0, 1 - _ROOM * width, 1))
