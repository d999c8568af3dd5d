"""Array functions of the statistics: numpy and scipy only, no tables and no estimators."""

from sanzhixin.numerics.agreement import (
    AlphaAgreement,
    IntraclassCorrelation,
    Separation,
    intraclass_correlation,
    krippendorff_alpha,
    separation,
)
from sanzhixin.numerics.collusion import RaterPairs, adjust_p_values, compare_raters
from sanzhixin.numerics.connectivity import Connectivity, examine_connectivity
from sanzhixin.numerics.drift import (
    DriftFit,
    SeverityPath,
    filter_severity,
    fit_drift_variance,
)
from sanzhixin.numerics.facets import PanelRecords, Standing, Variances, fit_standing
from sanzhixin.numerics.intervals import (
    RateInterval,
    clopper_pearson_interval,
    jeffreys_interval,
)
from sanzhixin.numerics.linking import MeritShare, fit_merit_share
from sanzhixin.numerics.logistic import LogisticFit, fit_logistic
from sanzhixin.numerics.low_default import pluto_tasche
from sanzhixin.numerics.partial_credit import (
    PartialCreditFit,
    TotalCounts,
    count_totals,
    fit_partial_credit,
)
from sanzhixin.numerics.pillar_fit import PillarFit, PillarForms, fit_pillar
from sanzhixin.numerics.pillar_measures import PillarMeasures, fitted_measures, new_measures
from sanzhixin.numerics.rater_fit import RaterFit, Stretch, fit_raters, fit_stretch
from sanzhixin.numerics.record_tables import RecordTables, tabulate_records
from sanzhixin.numerics.standing_errors import StandingErrors, compute_errors
from sanzhixin.numerics.variance_components import VarianceFit, fit_variances

__all__ = [
    "AlphaAgreement",
    "Connectivity",
    "DriftFit",
    "IntraclassCorrelation",
    "LogisticFit",
    "MeritShare",
    "PanelRecords",
    "PartialCreditFit",
    "PillarFit",
    "PillarForms",
    "PillarMeasures",
    "RateInterval",
    "RaterFit",
    "RaterPairs",
    "RecordTables",
    "Separation",
    "SeverityPath",
    "Standing",
    "StandingErrors",
    "Stretch",
    "TotalCounts",
    "VarianceFit",
    "Variances",
    "adjust_p_values",
    "clopper_pearson_interval",
    "compare_raters",
    "compute_errors",
    "count_totals",
    "examine_connectivity",
    "filter_severity",
    "fit_drift_variance",
    "fit_logistic",
    "fit_merit_share",
    "fit_partial_credit",
    "fit_pillar",
    "fit_raters",
    "fit_standing",
    "fit_stretch",
    "fit_variances",
    "fitted_measures",
    "intraclass_correlation",
    "jeffreys_interval",
    "krippendorff_alpha",
    "new_measures",
    "pluto_tasche",
    "separation",
    "tabulate_records",
]
