"""Pictures of calibration: reliability, belt, and default rates by tier and by vintage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sanzhixin.validation.plots.labels import begin, labels, legend_beside

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from sanzhixin.errors.words import Lang
    from sanzhixin.validation.tables.judged import Judged

__all__ = ["plot_backtest", "plot_belt", "plot_default_rate_by_tier", "plot_reliability"]


def plot_reliability(
    reliability: Judged | pd.DataFrame, ax: Axes | None = None, lang: Lang = "zh"
) -> Axes:
    """Draw default rates with their intervals over mean default probabilities.

    Parameters
    ----------
    reliability : Judged or DataFrame
        Table of `compute_reliability`.
    ax : Axes, optional
        To draw on; None makes new ones.
    lang : {"zh", "en"}, default="zh"
        Language of the words.

    Returns
    -------
    Axes
        One point per bin, and the diagonal where both agree.

    Raises
    ------
    DomainError
        ``option_choice``: `lang`; ``plot_table``: another table.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> from sanzhixin.validation.outcomes.calibration import compute_reliability
    >>> loans = pd.DataFrame({"prob_default": [0.1, 0.1, 0.6, 0.6], "defaulted": [0, 0, 1, 0]})
    >>> ax = plot_reliability(compute_reliability(loans).table, Figure().add_subplot(), lang="en")
    >>> ax.get_xlabel()
    'mean default probability'
    """
    ax, reliability = begin(reliability, ax, lang, "reliability")
    ax.axline((0, 0), slope=1, linestyle="--", color="0.6", linewidth=1)
    ax.errorbar(
        reliability["threshold"],
        reliability["value"],
        yerr=_reach(reliability),
        fmt="o",
        capsize=3,
    )
    labels(
        ax,
        lang,
        zh=("可靠性图", "平均违约概率", "观察违约率（区间）"),
        en=("Reliability", "mean default probability", "observed default rate (interval)"),
    )
    return ax


def plot_belt(belt: Judged | pd.DataFrame, ax: Axes | None = None, lang: Lang = "zh") -> Axes:
    """Draw the calibration belt over the diagonal.

    Parameters
    ----------
    belt : Judged or DataFrame
        Table of `compute_belt`.
    ax : Axes, optional
        To draw on; None makes new ones.
    lang : {"zh", "en"}, default="zh"
        Language of the words.

    Returns
    -------
    Axes
        With a band per level, the wider one lighter, the curve, and the diagonal.

    Raises
    ------
    DomainError
        ``option_choice``: `lang`; ``plot_table``: another table.
    """
    ax, belt = begin(belt, ax, lang, "belt")
    names = [str(name) for name in belt]
    levels = [name.removeprefix("low_") for name in names if name.startswith("low_")]
    for place, level in enumerate(reversed(levels)):
        bounds = belt[f"low_{level}"], belt[f"high_{level}"]
        shade = str(0.85 - 0.15 * place)
        ax.fill_between(belt["prob_default"], *bounds, color=shade, label=f"{level} %", linewidth=0)
    ax.plot(belt["prob_default"], belt["fitted"], linewidth=2)
    ax.axline((0, 0), slope=1, linestyle="--", color="0.3", linewidth=1)
    legend_beside(ax)
    labels(
        ax,
        lang,
        zh=("校准带", "违约概率", "实际违约率"),
        en=("Calibration belt", "default probability", "default rate"),
    )
    return ax


def plot_default_rate_by_tier(
    calibration: Judged | pd.DataFrame,
    ax: Axes | None = None,
    lang: Lang = "zh",
    *,
    unrated: str = "未评级",
) -> Axes:
    """Draw the default rate of each tier with its interval, beside its mean default probability.

    Parameters
    ----------
    calibration : Judged or DataFrame
        Table of `compute_calibration`.
    ax : Axes, optional
        To draw on; None makes new ones.
    lang : {"zh", "en"}, default="zh"
        Language of the words.
    unrated : str, default="未评级"
        Name of the tier of households without points, which is not drawn.

    Returns
    -------
    Axes
        Tiers with loans, from the best to the worst.

    Raises
    ------
    DomainError
        ``option_choice``: `lang`; ``plot_table``: another table.
    """
    ax, calibration = begin(calibration, ax, lang, "calibration")
    is_tier = (calibration["statistic"] == "default_rate") & (calibration["tier"] != "all")
    is_drawn = is_tier & (calibration["n"] > 0) & (calibration["tier"] != unrated)
    _draw_rates(ax, calibration[is_drawn], "tier", lang)
    labels(
        ax,
        lang,
        zh=("各等级违约率", "等级", "违约率"),
        en=("Default rate by tier", "tier", "default rate"),
    )
    return ax


def plot_backtest(
    backtest: Judged | pd.DataFrame, ax: Axes | None = None, lang: Lang = "zh"
) -> Axes:
    """Draw the default rate of each vintage with its interval, beside its mean probability.

    Parameters
    ----------
    backtest : Judged or DataFrame
        Table of `compute_backtest`.
    ax : Axes, optional
        To draw on; None makes new ones.
    lang : {"zh", "en"}, default="zh"
        Language of the words.

    Returns
    -------
    Axes
        Vintages from the earliest to the latest.

    Raises
    ------
    DomainError
        ``option_choice``: `lang`; ``plot_table``: another table.
    """
    ax, backtest = begin(backtest, ax, lang, "backtest")
    _draw_rates(ax, backtest, "vintage", lang)
    labels(
        ax,
        lang,
        zh=("放款期回测", "放款期", "违约率"),
        en=("Back-test by vintage", "vintage", "default rate"),
    )
    return ax


def _draw_rates(ax: Axes, rates: pd.DataFrame, column: str, lang: Lang) -> None:
    places = range(len(rates))
    names = (
        ("观察值（区间）", "违约概率") if lang == "zh" else ("observed (interval)", "probability")
    )
    ax.errorbar(places, rates["value"], yerr=_reach(rates), fmt="o", capsize=3, label=names[0])
    ax.scatter(places, rates["threshold"], marker="_", s=300, color="0.3", label=names[1])
    ax.set_xticks(places, rates[column].tolist())
    ax.set_ylim(bottom=0)
    legend_beside(ax)


def _reach(rates: pd.DataFrame) -> list[pd.Series]:
    """Lengths of the whiskers below and above."""
    lengths = rates["value"] - rates["low"], rates["high"] - rates["value"]
    return [one.clip(lower=0) for one in lengths]
