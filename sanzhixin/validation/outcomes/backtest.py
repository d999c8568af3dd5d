"""Default probabilities against outcomes, vintage by vintage."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

from sanzhixin.numerics.choices import check_probability
from sanzhixin.validation.tables.columns import check_columns, group_loans
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.multiplicity import adjust_judged
from sanzhixin.validation.tables.rates import LEAST_EXPECTED, RATE_NOTES, rate_row, read_forecast
from sanzhixin.validation.tables.statistic_rows import make_table

if TYPE_CHECKING:
    import pandas as pd

    from sanzhixin.scoring.pd_table import PdBasis

__all__ = ["compute_backtest"]

_NOTES = (
    "按放款期比较观察违约率与放款时的违约概率；expected 为预期违约笔数。{rates}"
    "放款期越多，偶然误报越多：p_adjusted 为各判定行的 Benjamini-Hochberg 调整。{basis}",
    "Observed default rates of each vintage beside the probabilities of the day of granting; "
    "expected counts the defaults that these come to. {rates} The more vintages, the more alarms "
    "by chance: p_adjusted is that of Benjamini and Hochberg over the judged rows. {basis}",
)


def compute_backtest(
    loans: pd.DataFrame, *, basis: PdBasis = "fitted", level: float = 0.95
) -> Judged:
    """Judge the default rate of each vintage by the probabilities that were stated of its loans.

    Parameters
    ----------
    loans : DataFrame
        With ``vintage``, ``prob_default`` and ``defaulted``; loans without a probability are left
        out.
    basis : {"none", "prudent", "fitted", "anchored"}, default="fitted"
        What the probabilities are; ``none`` judges nothing.
    level : float, default=0.95
        Of the intervals.

    Returns
    -------
    Judged
        One row ``default_rate`` per vintage, the earliest first, with the mean probability as
        ``threshold``; after ``verdict`` stand ``p_value``, ``p_adjusted``, ``p_jeffreys``,
        ``p_over`` and ``expected`` (defaults).

    Raises
    ------
    DomainError
        ``judged_columns``, ``outcome_not_binary``, ``prob_outside``, ``option_choice``;
        ``probability_open``: `level`.

    References
    ----------
    European Central Bank (2019), Instructions for reporting the validation results of internal
    models, section 2.5.3.1.

    Examples
    --------
    >>> import pandas as pd
    >>> loans = pd.DataFrame(
    ...     {
    ...         "vintage": ["2024Q1"] * 500 + ["2024Q2"] * 500,
    ...         "prob_default": [0.02] * 1000,
    ...         "defaulted": [k < 10 for k in range(500)] + [k < 19 for k in range(500)],
    ...     }
    ... )
    >>> compute_backtest(loans).table[["vintage", "events", "expected", "verdict"]].values.tolist()
    [['2024Q1', 10, 10.0, 'pass'], ['2024Q2', 19, 10.0, 'watch']]
    """
    check_probability("level", level)
    check_columns(loans, "vintage")
    given = read_forecast(loans, basis)
    rows = []
    for group in group_loans(given.loans, "vintage"):
        prob, failed = given.prob[group.rows], given.failed[group.rows]
        row = rate_row({"vintage": group.label}, prob, failed, level=level)
        rows.append(row | {"expected": fsum(prob)})
    columns = ["p_value", "p_adjusted", "p_jeffreys", "p_over", "expected"]
    table = adjust_judged(make_table(rows, ["vintage"], more=columns))
    zh, en = (
        text.format(rates=rates.format(level=level, least=LEAST_EXPECTED), basis=own)
        for text, rates, own in zip(_NOTES, RATE_NOTES, given.notes(), strict=True)
    )
    return Judged("backtest", table, "放款期回测", "Back-test by vintage", zh, en)
