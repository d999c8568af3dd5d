"""Picture of the way from forms to limits: what is left after each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sanzhixin.validation.plots.labels import begin, set_font

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from sanzhixin.errors.words import Lang
    from sanzhixin.validation.tables.judged import Judged

__all__ = ["plot_pathway"]

_WORDS: dict[Lang, dict[str, str]] = {
    "zh": {
        "forms": "评议表（采用轮次）",
        "counted": "有效评议表",
        "households": "农户",
        "evidence": "评议依据足够",
        "points": "有点数（无否决项）",
        "system_limit": "系统额度大于 0",
        "limit": "建议额度大于 0",
        "no_review": "无须人工复核",
    },
    "en": {
        "forms": "forms of the round",
        "counted": "forms that count",
        "households": "households",
        "evidence": "enough forms",
        "points": "points, no record that gates",
        "system_limit": "system limit above 0",
        "limit": "proposed limit above 0",
        "no_review": "nothing to be looked at",
    },
}
_OF_FORMS = ("forms", "counted")
_SHADES = ("#c46a1b", "#0f5c8c")


def plot_pathway(pathway: Judged | pd.DataFrame, ax: Axes | None = None, lang: Lang = "zh") -> Axes:
    """Draw the steps from forms to limits as bars, one below the other.

    Parameters
    ----------
    pathway : Judged or DataFrame
        Table of `compute_pathway`.
    ax : Axes, optional
        To draw on; None makes new ones.
    lang : {"zh", "en"}, default="zh"
        Language of the words.

    Returns
    -------
    Axes
        A bar per step with its number and the share of the step before; forms and households each
        in parts of their own first step.

    Raises
    ------
    DomainError
        ``option_choice``: `lang`; ``plot_table``: another table.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> steps = {"statistic": ["forms", "counted"], "n": [10, 8], "value": [1.0, 0.8]}
    >>> table = pd.DataFrame(steps | {"of_first": [1.0, 0.8]})
    >>> ax = plot_pathway(table, Figure().add_subplot(), lang="en")
    >>> [text.get_text() for text in ax.texts]
    ['10', '8  (80 %)']
    """
    ax, pathway = begin(pathway, ax, lang, "pathway")
    for place, row in enumerate(pathway.fillna({"of_first": 0.0}).to_dict("records")):
        name, length = str(row["statistic"]), row["of_first"]
        ax.barh(place, length, height=0.62, color=_SHADES[0 if name in _OF_FORMS else 1])
        is_first = name in {"forms", "households"} or row["value"] != row["value"]
        share = "" if is_first else f"  ({row['value']:.0%})".replace("%", " %")
        ax.text(length + 0.02, place, f"{row['n']:,}{share}", va="center")
    names = [_WORDS[lang].get(str(name), str(name)) for name in pathway["statistic"]]
    ax.set_yticks(range(len(names)), names)
    ax.set_xlim(0, 1.35)
    ax.set_xticks([])
    ax.grid(visible=False)
    ax.invert_yaxis()
    ax.set_title("从评议到额度" if lang == "zh" else "From ratings to limits")
    set_font(ax, lang)
    return ax
