"""Pictures of audited groups: ratios to the reference, and what gives a group away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sanzhixin.validation.plots.labels import begin, draw_intervals, labels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from sanzhixin.errors.words import Lang
    from sanzhixin.validation.tables.judged import Judged

__all__ = ["plot_fairness", "plot_proxy"]

_LINE = "0.4"


def plot_fairness(
    fairness: Judged | pd.DataFrame, ax: Axes | None = None, lang: Lang = "zh"
) -> Axes:
    """Draw the ratios of groups to their reference, with intervals and the line of four fifths.

    Parameters
    ----------
    fairness : Judged or DataFrame
        Table of `compute_fairness`.
    ax : Axes, optional
        To draw on; None makes new ones.
    lang : {"zh", "en"}, default="zh"
        Language of the words.

    Returns
    -------
    Axes
        A point with its interval for each group that is shown, the reference included.

    Raises
    ------
    DomainError
        ``option_choice``: `lang`; ``plot_table``: another table.
    """
    ax, fairness = begin(fairness, ax, lang, "fairness")
    shown = fairness[fairness["statistic"].isin(("selection_ratio", "propose_ratio"))]
    names = [
        f"{row['attribute']}: {row['group']} ({row['statistic'].removesuffix('_ratio')})"
        for row in shown.to_dict("records")
    ]
    draw_intervals(ax, shown, names)
    ax.axvline(1, color=_LINE, linewidth=1)
    zh, en = "与参照组之比", "Ratio to the reference"
    for line in shown["threshold"].dropna().unique()[:1]:
        ax.axvline(line, color=_LINE, linestyle="--", linewidth=1)
        zh, en = f"{zh}（虚线为惯用的 {line:g}）", f"{en} (dashed: the custom of {line:g})"
    words = "比值（按村自助法区间）", "ratio (interval by village)"
    labels(ax, lang, zh=(zh, words[0], ""), en=(en, words[1], ""))
    return ax


def plot_proxy(proxy: Judged | pd.DataFrame, ax: Axes | None = None, lang: Lang = "zh") -> Axes:
    """Draw how well the profile, and each column, tells the groups.

    Parameters
    ----------
    proxy : Judged or DataFrame
        Table of `compute_proxy`.
    ax : Axes, optional
        To draw on; None makes new ones.
    lang : {"zh", "en"}, default="zh"
        Language of the words.

    Returns
    -------
    Axes
        A point with its interval a row.

    Raises
    ------
    DomainError
        ``option_choice``: `lang`; ``plot_table``: another table.
    """
    ax, proxy = begin(proxy, ax, lang, "proxy")
    names = [
        f"{row['attribute']}={row['group']}: {row['column'] or row['model']}"
        for row in proxy.to_dict("records")
    ]
    draw_intervals(ax, proxy, names)
    ax.axvline(0.5, color=_LINE, linewidth=1)
    for threshold in proxy["threshold"].dropna().unique()[:1]:
        ax.axvline(threshold, color=_LINE, linestyle="--", linewidth=1)
    labels(
        ax,
        lang,
        zh=("档案能否推出审计分组", "AUC（0.5 为无从分辨）", ""),
        en=("Audit groups from the profile", "AUC (0.5 is chance)", ""),
    )
    return ax
