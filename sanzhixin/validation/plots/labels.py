"""What pictures share: axes and table to begin with, words in one language, rows of intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sanzhixin.errors import DomainError
from sanzhixin.errors.words import Lang
from sanzhixin.numerics.choices import check_choice
from sanzhixin.validation.plots.style import find_cjk_font
from sanzhixin.validation.tables.judged import Judged

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["begin", "draw_intervals", "labels", "legend_beside", "set_font"]


def begin(
    judged: Judged | pd.DataFrame, ax: Axes | None, lang: Lang, name: str
) -> tuple[Axes, pd.DataFrame]:
    """Take the axes that were given, or make new ones, and the table that is drawn.

    Parameters
    ----------
    judged : Judged or DataFrame
        With its notes, or the table alone.
    ax : Axes or None
        None makes a figure of its own by pyplot, so that a notebook shows it; a program that draws
        many gives axes of its own ``Figure``, as nothing keeps those open.
    lang : {"zh", "en"}
        Language that is asked for.
    name : str
        Name of the table that can be drawn; a bare frame is taken for it.

    Returns
    -------
    Axes
        To draw on.
    DataFrame
        The table.

    Raises
    ------
    DomainError
        ``option_choice``: another language; ``plot_table``: another table.
    """
    check_choice("lang", lang, Lang)
    if isinstance(judged, Judged) and judged.name != name:
        raise DomainError("plot_table", given=judged.name, wanted=name)
    table = judged.table if isinstance(judged, Judged) else judged
    if ax is not None:
        return ax, table
    from matplotlib import pyplot as plt

    return plt.subplots(layout="constrained")[1], table


def legend_beside(ax: Axes) -> None:
    """Put the legend at the right of the picture, where it covers nothing.

    Parameters
    ----------
    ax : Axes
        With something that has a label.
    """
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)


def set_font(ax: Axes, lang: Lang) -> None:
    """Write in a Chinese font, so that no character is a box whatever the settings are.

    Parameters
    ----------
    ax : Axes
        With all its words.
    lang : {"zh", "en"}
        English stays in the font of the process.
    """
    font = find_cjk_font() if lang == "zh" else None
    if font is None:
        return
    from matplotlib.text import Text

    fonts = [font, "DejaVu Sans"]
    for text in ax.findobj(Text):
        text.set_fontfamily(fonts)
    for axis in ("x", "y"):
        ax.tick_params(axis=axis, labelfontfamily=fonts)


def labels(ax: Axes, lang: Lang, *, zh: tuple[str, str, str], en: tuple[str, str, str]) -> None:
    """Write title and axes in one language.

    Parameters
    ----------
    ax : Axes
        To write on.
    lang : {"zh", "en"}
        Which.
    zh, en : three texts
        Title, horizontal axis, vertical axis.
    """
    title, x, y = zh if lang == "zh" else en
    ax.set_title(title)
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    set_font(ax, lang)


def draw_intervals(ax: Axes, rows: pd.DataFrame, names: Sequence[str]) -> None:
    """Draw one point with its interval a row, the first row on top.

    Parameters
    ----------
    ax : Axes
        To draw on.
    rows : DataFrame
        With ``value``, ``low``, ``high`` and ``verdict``; what asks for a look is red.
    names : sequence of str
        One a row.
    """
    places = np.arange(len(rows))
    reach = np.stack([rows["value"] - rows["low"], rows["high"] - rows["value"]])
    reach = np.maximum(np.nan_to_num(reach), 0)
    ax.errorbar(rows["value"], places, xerr=reach, fmt="none", ecolor="0.4")
    rings = rows["verdict"].isin(("watch", "fail"))
    ax.scatter(rows["value"], places, c=np.where(rings, "tab:red", "tab:blue"), zorder=3)
    ax.set_yticks(places, names)
    ax.invert_yaxis()
