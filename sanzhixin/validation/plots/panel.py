"""Pictures of the panel: severity of raters, comparability of villages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sanzhixin.errors import DomainError
from sanzhixin.validation.plots.labels import begin, labels, legend_beside

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

    from sanzhixin.errors.words import Lang
    from sanzhixin.validation.tables.judged import Judged

__all__ = ["plot_rater_map", "plot_villages"]

_FLAGGED, _PLAIN = "tab:red", "tab:blue"


def plot_rater_map(
    raters: Judged | pd.DataFrame,
    ax: Axes | None = None,
    lang: Lang = "zh",
    *,
    pillar: str | None = None,
    names: Mapping[str, str] | None = None,
) -> Axes:
    """Draw the severity of each rater with its interval, in order of severity.

    Parameters
    ----------
    raters : Judged or DataFrame
        Table of `compute_rater_map`.
    ax : Axes, optional
        To draw on; None makes new ones.
    lang : {"zh", "en"}, default="zh"
        Language of the words.
    pillar : str, optional
        Code of the pillar that is drawn; default: the first of the table.
    names : mapping of str to str, optional
        Name of each pillar by its code, for the title.

    Returns
    -------
    Axes
        A point per rater, without names; those with a flag in another colour and form.

    Raises
    ------
    DomainError
        ``option_choice``: `lang`; ``plot_table``: another table; ``pillar_absent``: it has no
        such pillar.
    """
    ax, raters = begin(raters, ax, lang, "rater_map")
    code = _pillar(raters, pillar)
    own = raters[raters["pillar"] == code].sort_values(["value", "rater_id"], kind="stable")
    places, flagged = np.arange(len(own)), own["flags"].ne("").to_numpy()
    reach = np.stack([own["value"] - own["low"], own["high"] - own["value"]])
    name = (names or {}).get(code, code)
    words = ("未标记", "有标记") if lang == "zh" else ("no flag", "flagged")
    for mask, color, marker, word in (
        (~flagged, _PLAIN, "o", words[0]),
        (flagged, _FLAGGED, "s", words[1]),
    ):
        if mask.any():
            ax.errorbar(
                places[mask],
                own["value"][mask],
                yerr=reach[:, mask],
                fmt=marker,
                color=color,
                markersize=3,
                linewidth=1,
                label=word,
            )
    ax.axhline(0, linestyle="--", color="0.5", linewidth=1)
    if len(own):
        legend_beside(ax)
    labels(
        ax,
        lang,
        zh=(f"评议员宽严 {name}", "评议员（由宽到严）", "宽严（logit，区间）"),
        en=(f"Severity of raters, {name}", "raters, mildest first", "severity (logits, interval)"),
    )
    return ax


def plot_villages(
    villages: Judged | pd.DataFrame,
    ax: Axes | None = None,
    lang: Lang = "zh",
    *,
    pillar: str | None = None,
    names: Mapping[str, str] | None = None,
) -> Axes:
    """Draw the severity of each village's panel beside the merit of its households.

    Parameters
    ----------
    villages : Judged or DataFrame
        Table of `compute_village_map`.
    ax : Axes, optional
        To draw on; None makes new ones.
    lang : {"zh", "en"}, default="zh"
        Language of the words.
    pillar : str, optional
        Code of the pillar that is drawn; default: the first of the table.
    names : mapping of str to str, optional
        Name of each pillar by its code, for the title.

    Returns
    -------
    Axes
        A point per village; hollow where it cannot be compared with the largest connected part,
        and everywhere where no two villages are linked.

    Raises
    ------
    DomainError
        ``option_choice``: `lang`; ``plot_table``: another table; ``pillar_absent``: it has no
        such pillar.
    """
    ax, villages = begin(villages, ax, lang, "village_map")
    code = _pillar(villages, pillar)
    own = villages[villages["pillar"] == code]
    alike = own["comparable"].eq("yes").to_numpy()
    name = (names or {}).get(code, code)
    words = ("可比", "不可比") if lang == "zh" else ("comparable", "not comparable")
    for mask, face, word in ((alike, _PLAIN, words[0]), (~alike, "none", words[1])):
        if mask.any():
            ax.scatter(
                own["severity"][mask],
                own["value"][mask],
                facecolors=face,
                edgecolors=_PLAIN,
                label=word,
            )
    if len(own):
        legend_beside(ax)
    labels(
        ax,
        lang,
        zh=(
            f"各村水平与评议宽严 {name}",
            "评议平均宽严（logit，越大越严）",
            "农户平均水平（logit）",
        ),
        en=(f"Villages, {name}", "mean severity of the panel (logits)", "merit (logits)"),
    )
    return ax


def _pillar(table: pd.DataFrame, wanted: str | None) -> str:
    """Which pillar is drawn: the one that is wanted, or the first."""
    known = list(dict.fromkeys(table["pillar"]))
    if wanted is None:
        return str(known[0]) if known else ""
    if known and wanted not in known:
        raise DomainError("pillar_absent", pillar=wanted, known=", ".join(known))
    return wanted
