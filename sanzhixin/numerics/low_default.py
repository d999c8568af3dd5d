"""Default probabilities of graded portfolios with few or no defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import beta

from sanzhixin.errors import DomainError
from sanzhixin.numerics.intervals import check_counts

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["pluto_tasche"]


def pluto_tasche(
    defaults: ArrayLike, loans: ArrayLike, *, confidence: float
) -> NDArray[np.float64]:
    r"""Most prudent default probability of each grade (Pluto and Tasche), without correlation.

    Use it when defaults are too few for a slope.  The result is an upper confidence bound, a
    prudent figure, never an expected value: at confidence 0.5 it is near the middle of what the
    data allow for the worst grade, and far above it for the better ones when grades differ.

    Parameters
    ----------
    defaults : array-like of shape (n_grades,)
        Number of defaulted loans of each grade, from the best grade to the worst.
    loans : array-like of shape (n_grades,)
        Number of loans of each grade observed for the full outcome window; 0 is allowed.
    confidence : float
        Confidence of the bound, strictly between 0 and 1; larger is more prudent.

    Returns
    -------
    ndarray of shape (n_grades,)
        Default probabilities, never falling from the best grade to the worst; NaN for grades that
        have no loan in themselves and in all worse grades.

    Raises
    ------
    DomainError
        ``probability_open``: `confidence` not strictly between 0 and 1.
        ``counts_impossible``: a count is missing or below 0, or more defaults than loans.

    Notes
    -----
    Under the order :math:`p_1 \le \dots \le p_k` the most prudent assumption for grade i is that
    all worse grades are as good as i.  With the pooled counts :math:`n = \sum_{j \ge i} n_j` and
    :math:`d = \sum_{j \ge i} d_j` the bound solves :math:`P(X \le d) = 1 - \text{confidence}` for
    a binomial X: a quantile of :math:`\mathrm{Beta}(d + 1,\, n - d)`, and
    :math:`1 - (1 - \text{confidence})^{1/n}` without defaults.  Where defaults of better grades
    break the order, a worse grade takes the largest bound of the better ones (running maximum).
    Defaults are taken as independent: under correlation the bounds are too low.

    References
    ----------
    Pluto and Tasche (2005), Estimating probabilities of default for low default portfolios,
    https://arxiv.org/abs/cond-mat/0411699

    Examples
    --------
    >>> (100 * pluto_tasche([0, 0, 0], [100, 400, 300], confidence=0.9)).round(2)
    array([0.29, 0.33, 0.76])
    """
    if not 0 < confidence < 1:
        raise DomainError("probability_open", name="confidence", value=confidence, example=0.9)
    own_d, own_n = check_counts(np.atleast_1d(defaults), loans, empty_allowed=True)
    d, n = (np.cumsum(counts[::-1])[::-1] for counts in (own_d, own_n))
    good = np.maximum(n - d, 0.5)  # any positive number: replaced below where all defaulted
    bound = np.where(d == n, 1.0, beta.ppf(confidence, d + 1, good))
    monotone = np.maximum.accumulate(bound)
    return np.where(n == 0, np.nan, monotone)
