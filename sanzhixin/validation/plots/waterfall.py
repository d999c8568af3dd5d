"""Picture of one household's points: what each characteristic brought, up to the sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sanzhixin.validation.plots.labels import begin, labels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from sanzhixin.errors.words import Lang
    from sanzhixin.validation.tables.judged import Judged

__all__ = ["plot_waterfall"]

_UP, _DOWN, _SUM = "#0f5c8c", "#c46a1b", "0.45"


def plot_waterfall(
    waterfall: Judged | pd.DataFrame,
    ax: Axes | None = None,
    lang: Lang = "zh",
    *,
    example: str = "1",
) -> Axes:
    """Draw the parts of one household's points, each where the one before it ended.

    Parameters
    ----------
    waterfall : Judged or DataFrame
        Table of `compute_waterfall`.
    ax : Axes, optional
        To draw on; None makes new ones.
    lang : {"zh", "en"}, default="zh"
        Language of the words.
    example : str, default="1"
        Number of the household in the table.

    Returns
    -------
    Axes
        A bar per part with its points, those that take away in another colour, the sum last.

    Raises
    ------
    DomainError
        ``option_choice``: `lang`; ``plot_table``: another table.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> told = {"example": "1", "household": "V***4", "tier": "A", "statistic": ["part", "total"],
    ...     "step_zh": ["家风", "点数"], "step_en": ["style", "points"], "value": [90.0, 90.0],
    ...     "low": 0.0, "high": 90.0}
    >>> ax = plot_waterfall(pd.DataFrame(told), Figure().add_subplot(), lang="en")
    >>> [text.get_text() for text in ax.texts]
    ['+90', '90']
    """
    ax, waterfall = begin(waterfall, ax, lang, "waterfall")
    own = waterfall[waterfall["example"] == example]
    for place, row in enumerate(own.to_dict("records")):
        is_sum, value = row["statistic"] == "total", float(row["value"])
        colour = _SUM if is_sum else _DOWN if value < 0 else _UP
        ax.barh(place, row["high"] - row["low"], left=row["low"], height=0.6, color=colour)
        told = f"{value:.0f}" if is_sum else f"{value:+.0f}"
        ax.annotate(told, (row["high"], place), (3, 0), textcoords="offset points", va="center")
    ax.set_yticks(range(len(own)), own[f"step_{lang}"].tolist())
    ax.invert_yaxis()
    if len(own):
        ax.set_xlim(min(0.0, 1.12 * own["low"].min()), 1.12 * own["high"].max())
    household, tier = (next(iter(own[name]), "") for name in ("household", "tier"))
    labels(
        ax,
        lang,
        zh=(f"农户 {household} 的点数构成（等级 {tier}）", "点数", ""),
        en=(f"Points of household {household}, tier {tier}", "points", ""),
    )
    return ax
