"""Pictures of stability: the index, its path, migration and the distribution of points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sanzhixin.validation.plots.labels import begin, labels, legend_beside

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from sanzhixin.errors.words import Lang
    from sanzhixin.validation.tables.judged import Judged

__all__ = ["plot_migration", "plot_psi", "plot_psi_path", "plot_score_distribution"]

_BEFORE, _AFTER, _LIMIT, _STOP = "0.7", "tab:blue", "tab:orange", "tab:red"


def plot_psi(psi: Judged | pd.DataFrame, ax: Axes | None = None, lang: Lang = "zh") -> Axes:
    """Draw the shares of each cell before and after.

    Parameters
    ----------
    psi : Judged or DataFrame
        Table of `compute_psi`.
    ax : Axes, optional
        To draw on; None makes new ones.
    lang : {"zh", "en"}, default="zh"
        Language of the words.

    Returns
    -------
    Axes
        Two bars a cell.

    Raises
    ------
    DomainError
        ``option_choice``: `lang`; ``plot_table``: another table.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sanzhixin.validation.stability.index import compute_psi
    >>> table = compute_psi(range(60), range(60), breaks=[20, 40]).table
    >>> len(plot_psi(table, Figure().add_subplot(), lang="en").patches)
    6
    """
    ax, psi = begin(psi, ax, lang, "psi")
    cells = psi[psi["statistic"] == "psi_part"]
    places = np.arange(len(cells))
    before, after = ("之前", "之后") if lang == "zh" else ("before", "after")
    ax.bar(places - 0.2, cells["share_before"], 0.4, color=_BEFORE, label=before)
    ax.bar(places + 0.2, cells["share_after"], 0.4, color=_AFTER, label=after)
    ax.set_xticks(places, cells["cell"], rotation=45, ha="right")
    legend_beside(ax)
    labels(
        ax,
        lang,
        zh=("点数分布的变化", "点数组", "农户占比"),
        en=("Points before and after", "cell of points", "share of households"),
    )
    return ax


def plot_psi_path(path: Judged | pd.DataFrame, ax: Axes | None = None, lang: Lang = "zh") -> Axes:
    """Draw the stability index of each period under its two limits.

    Parameters
    ----------
    path : Judged or DataFrame
        Table of `compute_psi_path`.
    ax : Axes, optional
        To draw on; None makes new ones.
    lang : {"zh", "en"}, default="zh"
        Language of the words.

    Returns
    -------
    Axes
        A line of indices, steps of the limits.

    Raises
    ------
    DomainError
        ``option_choice``: `lang`; ``plot_table``: another table.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sanzhixin.validation.stability.index import compute_psi_path
    >>> months = [(str(k), range(60)) for k in range(4)]
    >>> table = compute_psi_path(months, breaks=[20, 40]).table
    >>> len(plot_psi_path(table, Figure().add_subplot(), lang="en").lines)
    3
    """
    ax, path = begin(path, ax, lang, "psi_path")
    places = np.arange(len(path))
    ax.plot(places, path["value"], "o-", color=_AFTER)
    mark = "_" if len(path) == 1 else ""  # one step alone has no length
    for name, color, label in (("threshold", _LIMIT, "95 %"), ("fail_above", _STOP, "99.9 %")):
        (line,) = ax.plot(places, path[name], color=color, drawstyle="steps-mid", label=label)
        line.set(marker=mark, markersize=18)
    ax.set_xticks(places, path["period"], rotation=45, ha="right")
    ax.set_ylim(bottom=0)
    legend_beside(ax)
    labels(
        ax,
        lang,
        zh=("稳定性指数与按样本量算出的界限", "时期", "群体稳定性指数"),
        en=("Stability index and its limits", "period", "stability index"),
    )
    return ax


def plot_migration(
    migration: Judged | pd.DataFrame, ax: Axes | None = None, lang: Lang = "zh"
) -> Axes:
    """Draw households by their tier before and after.

    Parameters
    ----------
    migration : Judged or DataFrame
        Table of `compute_migration`.
    ax : Axes, optional
        To draw on; None makes new ones.
    lang : {"zh", "en"}, default="zh"
        Language of the words.

    Returns
    -------
    Axes
        A cell for each pair that occurs, darker the larger its share of the row, with the number
        of households.

    Raises
    ------
    DomainError
        ``option_choice``: `lang`; ``plot_table``: another table.
    """
    ax, migration = begin(migration, ax, lang, "migration")
    pairs = migration[migration["statistic"] == "households"]
    order = list(dict.fromkeys([*pairs["before"], *pairs["after"]]))
    grid = np.full((len(order), len(order)), np.nan)
    for row in pairs.to_dict("records"):
        place = order.index(row["before"]), order.index(row["after"])
        grid[place] = row["value"]
        color = "white" if row["value"] > 0.5 else "black"
        ax.text(place[1], place[0], f"{row['n']:,}", ha="center", va="center", color=color)
    if order:
        ax.imshow(grid, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(order)), order, rotation=45, ha="right")
    ax.set_yticks(range(len(order)), order)
    labels(
        ax,
        lang,
        zh=("等级迁移（户数）", "之后", "之前"),
        en=("Migration (households)", "after", "before"),
    )
    return ax


def plot_score_distribution(
    distribution: Judged | pd.DataFrame, ax: Axes | None = None, lang: Lang = "zh"
) -> Axes:
    """Draw how many households have how many points.

    Parameters
    ----------
    distribution : Judged or DataFrame
        Table of `compute_score_distribution`.
    ax : Axes, optional
        To draw on; None makes new ones.
    lang : {"zh", "en"}, default="zh"
        Language of the words.

    Returns
    -------
    Axes
        A bar per class of points.

    Raises
    ------
    DomainError
        ``option_choice``: `lang`; ``plot_table``: another table.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sanzhixin.validation.stability.index import compute_score_distribution
    >>> table = compute_score_distribution([610, 620, 640]).table
    >>> len(plot_score_distribution(table, Figure().add_subplot(), lang="en").patches)
    2
    """
    ax, distribution = begin(distribution, ax, lang, "score_distribution")
    width = distribution["below_points"] - distribution["from_points"]
    ax.bar(distribution["from_points"], distribution["value"], width, align="edge", color=_AFTER)
    labels(
        ax,
        lang,
        zh=("点数分布", "点数", "占比"),
        en=("Distribution of points", "points", "share"),
    )
    return ax
