"""Array functions of the statistics: numpy and scipy only, no tables and no estimators."""

from sanzhixin.numerics.intervals import (
    RateInterval,
    clopper_pearson_interval,
    jeffreys_interval,
)
from sanzhixin.numerics.logistic import LogisticFit, fit_logistic
from sanzhixin.numerics.low_default import pluto_tasche

__all__ = [
    "LogisticFit",
    "RateInterval",
    "clopper_pearson_interval",
    "fit_logistic",
    "jeffreys_interval",
    "pluto_tasche",
]
