"""Words on pictures, in the language that is asked for, and axes where none are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sanzhixin.errors.words import Lang
from sanzhixin.numerics.choices import check_choice
from sanzhixin.validation.plots.style import find_cjk_font
from sanzhixin.validation.tables.judged import Judged

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["begin", "labels", "legend_beside", "set_font", "table_of"]


def begin(ax: Axes | None, lang: Lang) -> Axes:
    """Take the axes that were given, or make new ones.

    Parameters
    ----------
    ax : Axes or None
        None makes a figure of its own by pyplot, so that a notebook shows it; a program that draws
        many gives axes of its own ``Figure``, as nothing keeps those open.
    lang : {"zh", "en"}
        Language that is asked for.

    Returns
    -------
    Axes
        To draw on.

    Raises
    ------
    DomainError
        ``option_choice``: another language.
    """
    check_choice("lang", lang, Lang)
    if ax is not None:
        return ax
    from matplotlib import pyplot as plt

    return plt.subplots(layout="constrained")[1]


def table_of(judged: Judged | pd.DataFrame) -> pd.DataFrame:
    """Take the table of what is drawn.

    Parameters
    ----------
    judged : Judged or DataFrame
        With its notes, or the table alone.

    Returns
    -------
    DataFrame
        The table.
    """
    return judged.table if isinstance(judged, Judged) else judged


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
