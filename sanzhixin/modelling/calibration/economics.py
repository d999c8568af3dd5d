"""What a tier earns: margin on what is drawn, less what default loses and what a loan costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sanzhixin.errors import DomainError
from sanzhixin.numerics.choices import check_range

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["Economics"]


@dataclass(frozen=True, slots=True)
class Economics:
    """Figures of a product, per loan and year.

    Attributes
    ----------
    limits : mapping of str to int
        Yuan of each tier.
    margin : float
        Earned on each yuan drawn: rate less cost of funds.
    utilisation : float
        Share of the limit that is drawn, 0 to 1.
    loss_given_default : float
        Share of the exposure that a default loses, 0 to 1.
    exposure_at_default : float
        Share of the limit that is drawn at default, 0 to 1.
    cost_yuan : float
        Of keeping one loan.

    Raises
    ------
    DomainError
        ``option_range``: a share beyond 0 to 1, a margin or cost that is not finite;
        ``limits_negative``: a limit below 0.

    Examples
    --------
    >>> product = Economics({"A": 100_000}, margin=0.04, utilisation=0.5, cost_yuan=300)
    >>> product.profit_yuan("A", 0.01)  # 2,000 less 100,000 * .6 * .01 less 300
    1100.0
    """

    limits: Mapping[str, int]
    margin: float
    utilisation: float = 1.0
    loss_given_default: float = 0.6
    exposure_at_default: float = 1.0
    cost_yuan: float = 0.0

    def __post_init__(self) -> None:
        for name in ("utilisation", "loss_given_default", "exposure_at_default"):
            check_range(name, getattr(self, name), 0, 1)
        for name in ("margin", "cost_yuan"):
            value = getattr(self, name)
            check_range(name, value, -np.inf, np.inf)
            if not np.isfinite(value):
                raise DomainError(
                    "option_range", name=name, given=value, rule="a number", rule_zh="数值"
                )
        if any(limit < 0 for limit in self.limits.values()):
            raise DomainError("limits_negative", limits=dict(self.limits))

    def expected_loss_yuan(self, tier: str, prob_default: ArrayLike) -> Floats:
        """Compute the expected loss of loans of a tier.

        Parameters
        ----------
        tier : str
            With its limit.
        prob_default : array-like
            Default probabilities.

        Returns
        -------
        ndarray
            Yuan a year, per loan.
        """
        lost = self.limits[tier] * self.exposure_at_default * self.loss_given_default
        return np.asarray(lost * np.asarray(prob_default, dtype=float))

    def profit_yuan(self, tier: str, prob_default: ArrayLike) -> Floats | float:
        """Compute the expected profit of loans of a tier.

        Parameters
        ----------
        tier : str
            With its limit.
        prob_default : array-like
            Default probabilities.

        Returns
        -------
        ndarray or float
            Yuan a year, per loan: margin on what is drawn, less expected loss and cost.
        """
        earned = self.margin * self.utilisation * self.limits[tier] - self.cost_yuan
        profit = earned - self.expected_loss_yuan(tier, prob_default)
        return float(profit) if profit.ndim == 0 else profit
