"""Pictures of audit and monitoring: ratios, proxies, drift of ratings, entries, causes of moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sanzhixin.validation.plots.labels import begin, labels, legend_beside, table_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from sanzhixin.errors.words import Lang
    from sanzhixin.validation.tables.judged import Judged

__all__ = [
    "plot_change_causes",
    "plot_fairness",
    "plot_ledger_counts",
    "plot_proxy",
    "plot_rating_drift",
]

_POINT, _LINE, _BAND, _RINGS = "tab:blue", "0.4", "0.85", "tab:red"


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
        ``option_choice``: `lang`.
    """
    ax, fairness = begin(ax, lang), table_of(fairness)
    shown = fairness[fairness["statistic"].isin(("selection_ratio", "propose_ratio"))]
    names = [
        f"{row['attribute']}: {row['group']} ({row['statistic'].removesuffix('_ratio')})"
        for row in shown.to_dict("records")
    ]
    _intervals(ax, shown, names)
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
        ``option_choice``: `lang`.
    """
    ax, proxy = begin(ax, lang), table_of(proxy)
    names = [
        f"{row['attribute']}={row['group']}: {row['column'] or row['model']}"
        for row in proxy.to_dict("records")
    ]
    _intervals(ax, proxy, names)
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


def plot_rating_drift(
    drift: Judged | pd.DataFrame, ax: Axes | None = None, lang: Lang = "zh"
) -> Axes:
    """Draw the change of the ratings of the county and of each village.

    Parameters
    ----------
    drift : Judged or DataFrame
        Table of `compute_rating_drift`.
    ax : Axes, optional
        To draw on; None makes new ones.
    lang : {"zh", "en"}, default="zh"
        Language of the words.

    Returns
    -------
    Axes
        A point with its interval a row, red where the village rings.

    Raises
    ------
    DomainError
        ``option_choice``: `lang`.
    """
    ax, drift = begin(ax, lang), table_of(drift)
    shown = drift[drift["unit"].isin(("county", "village"))]
    county = "全县" if lang == "zh" else "county"
    _intervals(ax, shown, [name or county for name in shown["id"]])
    ax.axvline(0, color=_LINE, linewidth=1)
    labels(
        ax,
        lang,
        zh=("评分口径的变动", "本轮减前一轮（档）", ""),
        en=("Drift of the ratings", "this round less the round before (steps)", ""),
    )
    return ax


def plot_ledger_counts(
    counts: Judged | pd.DataFrame, ax: Axes | None = None, lang: Lang = "zh"
) -> Axes:
    """Draw the entries of each month in the band that was predicted.

    Parameters
    ----------
    counts : Judged or DataFrame
        Table of `compute_ledger_counts`.
    ax : Axes, optional
        To draw on; None makes new ones.
    lang : {"zh", "en"}, default="zh"
        Language of the words.

    Returns
    -------
    Axes
        A line of months, a band, the mean before.

    Raises
    ------
    DomainError
        ``option_choice``: `lang`.
    """
    ax, counts = begin(ax, lang), table_of(counts)
    shown = counts[counts["statistic"] == "events_month"]
    places = np.arange(len(shown))
    ax.fill_between(places, shown["low"], shown["high"], color=_BAND, linewidth=0)
    ax.plot(places, shown["threshold"], color=_LINE, linestyle="--")
    ax.plot(places, shown["value"], "o-", color=_POINT)
    ax.set_xticks(places, shown["month"], rotation=45, ha="right")
    ax.set_ylim(bottom=0)
    labels(
        ax,
        lang,
        zh=("各月登记事项（阴影为预测限）", "月份", "笔数"),
        en=("Entries of each month (band: prediction)", "month", "entries"),
    )
    return ax


def plot_change_causes(
    causes: Judged | pd.DataFrame, ax: Axes | None = None, lang: Lang = "zh"
) -> Axes:
    """Draw what moved the households that went up and those that went down.

    Parameters
    ----------
    causes : Judged or DataFrame
        Table of `compute_change_causes`.
    ax : Axes, optional
        To draw on; None makes new ones.
    lang : {"zh", "en"}, default="zh"
        Language of the words.

    Returns
    -------
    Axes
        Two bars a part.

    Raises
    ------
    DomainError
        ``option_choice``: `lang`.
    """
    ax, causes = begin(ax, lang), table_of(causes)
    shown = causes[causes["statistic"] == "mean_part"]
    parts = list(dict.fromkeys(shown["part"]))
    words = {"up": "上升", "down": "下降"} if lang == "zh" else {"up": "up", "down": "down"}
    for offset, color, (direction, word) in zip(
        (-0.2, 0.2), (_POINT, _RINGS), words.items(), strict=True
    ):
        own = shown[shown["direction"] == direction].set_index("part")["value"]
        places = np.array([parts.index(part) for part in own.index], dtype=float)
        ax.barh(places + offset, own.to_numpy(), 0.4, color=color, label=word)
    ax.set_yticks(range(len(parts)), parts)
    ax.axvline(0, color=_LINE, linewidth=1)
    legend_beside(ax)
    labels(
        ax,
        lang,
        zh=("等级变动的原因", "平均变动（分）", ""),
        en=("What moved the households", "mean change (points)", ""),
    )
    return ax


def _intervals(ax: Axes, rows: pd.DataFrame, names: list[str]) -> None:
    """Draw one point with its interval a row, the first row on top."""
    places = np.arange(len(rows))
    reach = np.stack([rows["value"] - rows["low"], rows["high"] - rows["value"]])
    reach = np.maximum(np.nan_to_num(reach), 0)
    ax.errorbar(rows["value"], places, xerr=reach, fmt="none", ecolor=_LINE)
    rings = rows["verdict"].isin(("watch", "fail"))
    ax.scatter(rows["value"], places, c=np.where(rings, _RINGS, _POINT), zorder=3)
    ax.set_yticks(places, names)
    ax.invert_yaxis()
