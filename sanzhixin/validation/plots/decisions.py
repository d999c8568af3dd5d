"""Pictures of decisions: cut-offs, and what one change does to a tier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sanzhixin.validation.plots.labels import begin, labels

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

    from sanzhixin.errors.words import Lang
    from sanzhixin.validation.tables.judged import Judged

__all__ = ["plot_sensitivity", "plot_strategy"]

_CURVE = "tab:blue"


def plot_strategy(
    strategy: Judged | pd.DataFrame, ax: Axes | None = None, lang: Lang = "zh"
) -> Axes:
    """Draw the default rate of each cut-off, with its interval, over the share it takes.

    Parameters
    ----------
    strategy : Judged or DataFrame
        Table of `compute_strategy`.
    ax : Axes, optional
        To draw on; None makes new ones.
    lang : {"zh", "en"}, default="zh"
        Language of the words.

    Returns
    -------
    Axes
        A curve in its band.

    Raises
    ------
    DomainError
        ``option_choice``: `lang`; ``plot_table``: another table.
    """
    ax, strategy = begin(strategy, ax, lang, "strategy")
    shown = strategy.sort_values("share_approved", kind="stable")
    ax.fill_between(shown["share_approved"], shown["low"], shown["high"], alpha=0.25, linewidth=0)
    ax.plot(shown["share_approved"], shown["value"], "o-", color=_CURVE)
    ax.set_ylim(bottom=0)
    labels(
        ax,
        lang,
        zh=("准入点数的取舍", "准入农户占比", "已知贷款违约率（区间）"),
        en=("Cut-offs", "share of households taken", "default rate of known loans (interval)"),
    )
    return ax


def plot_sensitivity(
    sensitivity: Judged | pd.DataFrame,
    ax: Axes | None = None,
    lang: Lang = "zh",
    *,
    names: Mapping[str, str] | None = None,
) -> Axes:
    """Draw the share of households whose tier some single change moves.

    Parameters
    ----------
    sensitivity : Judged or DataFrame
        Table of `compute_sensitivity`.
    ax : Axes, optional
        To draw on; None makes new ones.
    lang : {"zh", "en"}, default="zh"
        Language of the words.
    names : mapping of str to str, optional
        Name of each pillar by its code; a code without one stands itself.

    Returns
    -------
    Axes
        A bar with its interval for each change and pillar.

    Raises
    ------
    DomainError
        ``option_choice``: `lang`; ``plot_table``: another table.
    """
    ax, sensitivity = begin(sensitivity, ax, lang, "sensitivity")
    shown = sensitivity[sensitivity["statistic"] == "tier_any"]
    words, told = _CHANGES[lang], names or {}
    marks = [
        f"{words[str(row['change'])]} {told.get(row['pillar'], row['pillar'])}".removesuffix(" all")
        for row in shown.to_dict("records")
    ]
    places = np.arange(len(shown))
    reach = np.stack([shown["value"] - shown["low"], shown["high"] - shown["value"]])
    ax.barh(places, shown["value"], xerr=np.maximum(reach, 0), color=_CURVE, ecolor="0.3")
    ax.set_yticks(places, marks)
    ax.invert_yaxis()
    labels(
        ax,
        lang,
        zh=("一处改动能否改变等级", "等级会变的农户占比（区间）", ""),
        en=("Can one change move the tier", "share of households moved (interval)", ""),
    )
    return ax


_CHANGES: dict[Lang, dict[str, str]] = {
    "zh": {"one_up": "一项加一档", "one_down": "一项减一档", "rater_out": "去掉一名评议员"},
    "en": {"one_up": "one rating up", "one_down": "one rating down", "rater_out": "one rater out"},
}
