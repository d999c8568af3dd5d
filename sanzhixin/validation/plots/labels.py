"""Words on pictures, in the language that is asked for, and axes where none are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sanzhixin.errors.words import Lang
from sanzhixin.numerics.choices import check_choice

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["begin", "labels"]


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

    return plt.subplots()[1]


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
