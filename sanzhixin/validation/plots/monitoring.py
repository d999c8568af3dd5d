"""Pictures of monitoring: drift of ratings, ledger entries, causes of moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sanzhixin.validation.plots.labels import begin, draw_intervals, labels, legend_beside

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from sanzhixin.errors.words import Lang
    from sanzhixin.validation.tables.judged import Judged

__all__ = ["plot_change_causes", "plot_ledger_counts", "plot_rating_drift"]

_UP, _DOWN, _COUNTS = "tab:blue", "tab:red", "tab:blue"
_LINE, _BAND = "0.4", "0.85"


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
        ``option_choice``: `lang`; ``plot_table``: another table.
    """
    ax, drift = begin(drift, ax, lang, "rating_drift")
    shown = drift[drift["unit"].isin(("county", "village"))]
    county = "全县" if lang == "zh" else "county"
    draw_intervals(ax, shown, [name or county for name in shown["id"]])
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
        ``option_choice``: `lang`; ``plot_table``: another table.
    """
    ax, counts = begin(counts, ax, lang, "ledger_counts")
    shown = counts[counts["statistic"] == "events_month"]
    places = np.arange(len(shown))
    ax.fill_between(places, shown["low"], shown["high"], color=_BAND, linewidth=0)
    ax.plot(places, shown["threshold"], color=_LINE, linestyle="--")
    ax.plot(places, shown["value"], "o-", color=_COUNTS)
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
        ``option_choice``: `lang`; ``plot_table``: another table.
    """
    ax, causes = begin(causes, ax, lang, "change_causes")
    shown = causes[causes["statistic"] == "mean_part"]
    parts = list(dict.fromkeys(shown["part"]))
    words = {"up": "上升", "down": "下降"} if lang == "zh" else {"up": "up", "down": "down"}
    for offset, color, (direction, word) in zip(
        (-0.2, 0.2), (_UP, _DOWN), words.items(), strict=True
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
