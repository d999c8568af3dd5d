"""Pictures of ranking: ROC, CAP, and the two distributions of KS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sanzhixin.validation.plots.labels import begin, labels, legend_beside

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from sanzhixin.errors.words import Lang
    from sanzhixin.validation.tables.judged import Judged

__all__ = ["plot_cap", "plot_ks", "plot_roc"]


def plot_roc(curves: Judged | pd.DataFrame, ax: Axes | None = None, lang: Lang = "zh") -> Axes:
    """Draw the ROC curve.

    Parameters
    ----------
    curves : Judged or DataFrame
        Table of `compute_curves`.
    ax : Axes, optional
        To draw on; None makes new ones.
    lang : {"zh", "en"}, default="zh"
        Language of the words.

    Returns
    -------
    Axes
        With the curve and the diagonal of chance.

    Raises
    ------
    DomainError
        ``option_choice``: `lang`; ``plot_table``: another table.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> from sanzhixin.validation.outcomes.discrimination import compute_curves
    >>> loans = pd.DataFrame({"points": [1, 2, 3, 4], "defaulted": [True, False, True, False]})
    >>> ax = plot_roc(compute_curves(loans).table, Figure().add_subplot(), lang="en")
    >>> ax.get_title()
    'ROC curve'
    """
    ax, curves = begin(curves, ax, lang, "curves")
    ax.plot([0, 1], [0, 1], linestyle="--", color="0.6", linewidth=1)
    ax.plot(curves["share_others"], curves["share_defaults"], linewidth=2)
    ax.set_aspect("equal")
    labels(
        ax,
        lang,
        zh=("ROC 曲线", "未违约贷款累计占比", "违约贷款累计占比"),
        en=("ROC curve", "share of other loans", "share of defaults"),
    )
    return ax


def plot_cap(curves: Judged | pd.DataFrame, ax: Axes | None = None, lang: Lang = "zh") -> Axes:
    """Draw the CAP curve, between chance and the best that is possible.

    Parameters
    ----------
    curves : Judged or DataFrame
        Table of `compute_curves`.
    ax : Axes, optional
        To draw on; None makes new ones.
    lang : {"zh", "en"}, default="zh"
        Language of the words.

    Returns
    -------
    Axes
        With the curve, the diagonal of chance, and the line of a perfect ranking.

    Raises
    ------
    DomainError
        ``option_choice``: `lang`; ``plot_table``: another table.
    """
    ax, curves = begin(curves, ax, lang, "curves")
    names = (
        ("本模型", "完美排序", "随机") if lang == "zh" else ("model", "a perfect ranking", "chance")
    )
    found = curves["share_defaults"]
    ax.plot(curves["share_loans"], found, linewidth=2, label=names[0])
    best = ([*curves["best_share_loans"], 1], [*found, 1])  # all are found, and the rest follows
    ax.plot(*best, linestyle=":", color="0.3", linewidth=1.2, label=names[1])
    ax.plot([0, 1], [0, 1], linestyle="--", color="0.6", linewidth=1, label=names[2])
    legend_beside(ax)
    labels(
        ax,
        lang,
        zh=("CAP 曲线", "贷款累计占比（点数由低到高）", "违约贷款累计占比"),
        en=("CAP curve", "share of loans, fewest points first", "share of defaults"),
    )
    return ax


def plot_ks(curves: Judged | pd.DataFrame, ax: Axes | None = None, lang: Lang = "zh") -> Axes:
    """Draw the points of defaults and of other loans as cumulative shares, and their largest gap.

    Parameters
    ----------
    curves : Judged or DataFrame
        Table of `compute_curves`.
    ax : Axes, optional
        To draw on; None makes new ones.
    lang : {"zh", "en"}, default="zh"
        Language of the words.

    Returns
    -------
    Axes
        With both distributions and a line at the largest gap.

    Raises
    ------
    DomainError
        ``option_choice``: `lang`; ``plot_table``: another table.
    """
    ax, curves = begin(curves, ax, lang, "curves")
    known = curves.dropna(subset=["at_most_points"])
    names = ("违约", "未违约") if lang == "zh" else ("defaults", "other loans")
    for column, name in zip(("share_defaults", "share_others"), names, strict=True):
        points, share = known["at_most_points"], known[column]
        ax.step(points, share, where="post", label=name, linewidth=2)
    largest = known[known["is_largest_gap"]]
    for gap in largest["gap"]:
        ends = largest[["share_others", "share_defaults"]].to_numpy()[0]
        at = largest["at_most_points"].to_numpy().repeat(2)
        ax.plot(at, ends, color="0.3", linewidth=1.5, label=f"KS = {gap:.3f}")
    if len(known):
        legend_beside(ax)
    labels(
        ax,
        lang,
        zh=("违约与未违约的点数分布", "点数", "累计占比"),
        en=("Points of defaults and of other loans", "points", "cumulative share"),
    )
    return ax
