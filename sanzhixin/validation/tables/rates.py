"""Default rates beside the default probabilities that were stated: exact tests, one row a group."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.special import bdtr, bdtrc, betainc

from sanzhixin.errors import DomainError
from sanzhixin.numerics.choices import check_choice
from sanzhixin.numerics.intervals import jeffreys_interval
from sanzhixin.scoring.pd_table import PdBasis
from sanzhixin.validation.tables.columns import check_columns, read_numbers, read_outcomes
from sanzhixin.validation.tables.statistic_rows import FAIL_BELOW, judge_p, make_row

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = [
    "BASIS_NOTES",
    "LEAST_EXPECTED",
    "RATE_NOTES",
    "Forecast",
    "rate_row",
    "read_forecast",
    "window_notes",
]

LEAST_EXPECTED = 3
"""Defaults that probabilities come to, below which no verdict on a rate is told.

The test is exact at any number; with 3 expected it sees rates from 2.3 times on, with fewer only
larger ones, so that a pass would say little.  Expected defaults decide, not observed ones: judging
where many were observed would pick the alarms out.  A ``fail`` is told at any number, since so
small a p-value is as rare there as elsewhere.
"""

RATE_NOTES = (
    "default_rate：观察违约率及 Jeffreys {level:.0%} 区间，threshold 为平均违约概率。"
    "p_value 为精确二项单侧检验（违约概率被低估）：低于 0.05 为 watch（黄灯），低于 0.001 为"
    " fail（红灯）；概率不等时该检验偏保守。p_jeffreys 为欧洲央行所用的 Jeffreys 检验，"
    "p_over 为高估方向的精确检验，二者只供参考。预期违约少于 {least} 笔为"
    " insufficient，除非超出到偶然几乎不可能（fail）。"
    "假定各笔贷款相互独立；同村同受灾害时误报会多于名义水平。"
    "未观察满 12 个月且未见违约的贷款不计，这类贷款越多，观察违约率越偏高。",
    "default_rate: observed rate with its Jeffreys interval at {level:.0%}; the threshold is the "
    "mean default probability. p_value is the exact one-sided binomial test that probabilities "
    "are not too low: watch (yellow) below 0.05, fail (red) below 0.001; it is cautious where "
    "probabilities differ. p_jeffreys is the Jeffreys test that the ECB asks for, p_over the "
    "exact test that probabilities are not too high; both are shown, not judged. Fewer than "
    "{least} defaults expected: insufficient, unless there are more than chance could bring "
    "(fail). Loans are taken as "
    "independent; where a village shares its luck there are more false alarms than stated. Loans "
    "not followed to the end of their 12 months count only if they defaulted: the more there are, "
    "the more the observed rate overstates.",
)

BASIS_NOTES: dict[PdBasis, tuple[str, str]] = {
    "none": (
        "模型不含违约概率，无从校准：全部为 insufficient。",
        "The model states no default probability, so nothing can be judged: all insufficient.",
    ),
    "prudent": (
        "违约概率为审慎估计而非期望值：仅单侧检验是否超过该值；高估出于设计，双侧统计量只供参考。",
        "Default probabilities are prudent bounds, not expectations: rates are tested against the "
        "bound from one side; over-estimation is by design, and two-sided statistics are shown "
        "without a verdict.",
    ),
    "fitted": (
        "若贷款曾用于估计违约概率，吻合在所难免，不构成验证。",
        "On loans that the probabilities were learned from, agreement is no evidence.",
    ),
    "anchored": (
        "违约概率已平移至长期违约率：好年景或差年景的观察值会系统偏离。",
        "Default probabilities were moved to a long-run rate: in a good or a bad year what is "
        "observed lies off it throughout.",
    ),
}


class Forecast(NamedTuple):
    """Loans with what was stated of them.

    Attributes
    ----------
    loans : DataFrame
        Those with a default probability; all where there is none.
    prob : ndarray of shape (n_loans,)
        Default probabilities; all NaN without any.
    failed : ndarray of bool, shape (n_loans,)
        Outcomes.
    basis : {"none", "prudent", "fitted", "anchored"}
        What the probabilities are.
    n_without : int
        Loans left out because they have no probability.
    """

    loans: pd.DataFrame
    prob: Floats
    failed: Bools
    basis: PdBasis
    n_without: int

    def notes(self) -> tuple[str, str]:
        """Say what the probabilities are and which loans were left out; Chinese, English."""
        zh, en = BASIS_NOTES[self.basis]
        if self.n_without:
            zh += f"另有 {self.n_without} 笔贷款无违约概率，未计入。"
            en += f" {self.n_without} loans without a default probability are left out."
        own_zh, own_en = window_notes(self.loans)
        return zh + own_zh, en + own_en


def window_notes(loans: pd.DataFrame) -> tuple[str, str]:
    """Say how many loans the model was fitted on; Chinese, English.

    Parameters
    ----------
    loans : DataFrame
        Where there is ``in_window``: whether a loan was granted within the data of the model.

    Returns
    -------
    tuple of str
        Two sentences to add to a note; empty without the column.

    Examples
    --------
    >>> import pandas as pd
    >>> window_notes(pd.DataFrame({"in_window": [True, False]}))[1]
    ' 1 of 2 loans are those the model was fitted on: they are no proof for new loans.'
    """
    if "in_window" not in loans:
        return "", ""
    n, own = len(loans), int(loans["in_window"].fillna(value=False).astype(bool).sum())
    zh = f"{n} 笔贷款中 {own} 笔为模型拟合所用"
    en = f" {own} of {n} loans are those the model was fitted on"
    if not own:
        return f"{zh}。", f"{en}."
    return f"{zh}：对新贷款不构成验证。", f"{en}: they are no proof for new loans."


def read_forecast(loans: pd.DataFrame, basis: PdBasis) -> Forecast:
    """Read outcomes and default probabilities of a table of loans.

    Parameters
    ----------
    loans : DataFrame
        With ``defaulted`` and ``prob_default``; missing where nothing was stated.
    basis : {"none", "prudent", "fitted", "anchored"}
        What the probabilities are; ``none`` does not look at them.

    Returns
    -------
    Forecast
        With basis ``none`` where there are loans and none has a probability.

    Raises
    ------
    DomainError
        ``judged_columns``, ``outcome_not_binary``, ``option_choice``; ``prob_outside``.

    Examples
    --------
    >>> import pandas as pd
    >>> loans = pd.DataFrame({"defaulted": [0, 1], "prob_default": [0.1, np.nan]})
    >>> read_forecast(loans, "fitted").n_without
    1
    """
    check_choice("basis", basis, PdBasis)
    failed = read_outcomes(loans)
    if basis != "none":
        check_columns(loans, "prob_default")
        prob = read_numbers(loans, "prob_default")
        known = ~np.isnan(prob)
        bad = np.flatnonzero((prob < 0) | (prob > 1))
        if bad.size:
            raise DomainError("prob_outside", row=int(bad[0]), value=prob[bad[0]], count=bad.size)
        if known.any() or not known.size:
            n_without = int((~known).sum())
            return Forecast(loans[known], prob[known], failed[known], basis, n_without)
    return Forecast(loans, np.full(failed.size, np.nan), failed, "none", 0)


def rate_row(
    about: Mapping[str, str], prob: Floats, failed: Bools, *, level: float = 0.95
) -> dict[str, Any]:
    r"""Put the default rate of some loans beside their default probabilities.

    Parameters
    ----------
    about : mapping
        Which loans.
    prob : ndarray of shape (n_loans,)
        Default probabilities; all NaN where none were stated.
    failed : ndarray of bool, shape (n_loans,)
        Outcomes.
    level : float, default=0.95
        Of the interval.

    Returns
    -------
    dict
        Row ``default_rate`` for `make_table`, with ``p_value``, ``p_jeffreys`` and ``p_over``.

    Raises
    ------
    DomainError
        ``probability_open``: `level`.

    Notes
    -----
    With d defaults in n loans of mean probability p, ``p_value`` is :math:`P(X \ge d)` of a
    binomial X: under right probabilities it is below any bound at most that often.  Where the
    probabilities differ the number of defaults scatters less than X, and the tail is smaller
    still (Hoeffding) for :math:`d \ge np + 1`.  ``p_jeffreys`` is
    the distribution function at p of :math:`\mathrm{Beta}(d + 1/2, n - d + 1/2)`; it may be below
    a bound somewhat more often.

    References
    ----------
    European Central Bank (2019), Instructions for reporting the validation results of internal
    models, section 2.5.3.1; Hoeffding (1956), https://doi.org/10.1214/aoms/1177728178

    Examples
    --------
    >>> failed = np.arange(1000) < 31
    >>> row = rate_row({"tier": "A"}, np.full(1000, 0.02), failed)
    >>> row["value"], row["threshold"], round(row["p_value"], 4), row["verdict"]
    (0.031, 0.02, 0.0126, 'watch')
    """
    n, events = failed.size, int(failed.sum())
    own: dict[str, Any] = {**about, "n": n, "events": events}
    if not n:
        return make_row("default_rate", "insufficient", own, value=np.nan)
    band = jeffreys_interval(events, n, level=level)
    between = float(band.lower), float(band.upper)
    expected = fsum(prob)  # whatever the order; 60 times 0.05 is 3
    mean = expected / n
    own |= {
        "p_value": float(bdtrc(events - 1, n, mean)),
        "p_jeffreys": float(betainc(events + 0.5, n - events + 0.5, mean)),
        "p_over": float(bdtr(events, n, mean)),
    }
    beyond = own["p_value"] < FAIL_BELOW  # holds for any number of loans
    verdict = judge_p(own["p_value"], enough=expected >= LEAST_EXPECTED or beyond)
    value = events / n
    return make_row("default_rate", verdict, own, value=value, between=between, threshold=mean)
