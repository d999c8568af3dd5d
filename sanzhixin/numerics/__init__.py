"""Array functions of the statistics: numpy and scipy only, no tables and no estimators."""

from sanzhixin.numerics.agreement import (
    AlphaAgreement,
    IntraclassCorrelation,
    Separation,
    intraclass_correlation,
    krippendorff_alpha,
    separation,
)
from sanzhixin.numerics.binning import BinRules, Partition, divergence_terms, optimal_bins
from sanzhixin.numerics.calibration_belt import (
    CalibrationBelt,
    OffRange,
    find_off_ranges,
    fit_calibration_belt,
    forward_tail,
)
from sanzhixin.numerics.calibration_checks import (
    AucComparison,
    BrierParts,
    CalibrationTest,
    compare_auc,
    decompose_brier,
    expected_calibration_error,
    hosmer_lemeshow_test,
    spiegelhalter_test,
)
from sanzhixin.numerics.calibration_curves import (
    BetaCurve,
    IsotonicBlocks,
    fit_beta_curve,
    fit_isotonic_blocks,
    venn_abers_bounds,
)
from sanzhixin.numerics.chance import ChanceLaw, level_probabilities
from sanzhixin.numerics.chance_draws import DrawnLaw, free_statistics, turning_statistics
from sanzhixin.numerics.collusion import RaterPairs, compare_raters
from sanzhixin.numerics.connectivity import Connectivity, examine_connectivity
from sanzhixin.numerics.discrimination import (
    AreaEstimate,
    LargestGap,
    RankCurve,
    accuracy_ratio,
    auc_fall_test,
    estimate_auc,
    find_largest_gap,
    rank_curve,
)
from sanzhixin.numerics.drift import (
    DriftFit,
    SeverityPath,
    filter_severity,
    fit_drift_variance,
)
from sanzhixin.numerics.facets import PanelRecords, Standing, Variances, fit_standing
from sanzhixin.numerics.interactions import Interactions, fit_interactions
from sanzhixin.numerics.intervals import (
    RateInterval,
    clopper_pearson_interval,
    jeffreys_interval,
)
from sanzhixin.numerics.linking import MeritShare, fit_merit_share
from sanzhixin.numerics.logistic import LogisticFit, fit_logistic
from sanzhixin.numerics.low_default import LowDefaultRate, bayesian_low_default, pluto_tasche
from sanzhixin.numerics.moment_matching import MatchedCurve, implied_auc, match_moments
from sanzhixin.numerics.multiplicity import adjust_p_values
from sanzhixin.numerics.nested import NestedComparison, compare_nested
from sanzhixin.numerics.partial_credit import (
    PartialCreditFit,
    TotalCounts,
    count_totals,
    fit_partial_credit,
)
from sanzhixin.numerics.pillar_fit import PillarFit, PillarForms, fit_pillar
from sanzhixin.numerics.pillar_measures import PillarMeasures, fitted_measures, new_measures
from sanzhixin.numerics.points import (
    ScaledPoints,
    match_mean,
    points_to_log_odds,
    points_to_probability,
    scale_linear,
    scale_min_max,
    scale_pdo,
)
from sanzhixin.numerics.prebins import Prebins, edge_between, prebin_ranks
from sanzhixin.numerics.rater_fit import RaterFit, Stretch, fit_raters, fit_stretch
from sanzhixin.numerics.record_tables import RecordTables, tabulate_records
from sanzhixin.numerics.screening import population_stability, variance_inflation
from sanzhixin.numerics.stability import (
    Concentration,
    Mobility,
    StabilityTest,
    concentration,
    count_cells,
    mobility,
    stability_index,
    stability_parts,
    stability_test,
)
from sanzhixin.numerics.standing_errors import StandingErrors, compute_errors
from sanzhixin.numerics.variance_components import VarianceFit, fit_variances
from sanzhixin.numerics.woe import (
    InformationValue,
    WeightOfEvidence,
    information_value,
    shrink_to_trend,
    weight_of_evidence,
)

__all__ = [
    "AlphaAgreement",
    "AreaEstimate",
    "AucComparison",
    "BetaCurve",
    "BinRules",
    "BrierParts",
    "CalibrationBelt",
    "CalibrationTest",
    "ChanceLaw",
    "Concentration",
    "Connectivity",
    "DrawnLaw",
    "DriftFit",
    "InformationValue",
    "Interactions",
    "IntraclassCorrelation",
    "IsotonicBlocks",
    "LargestGap",
    "LogisticFit",
    "LowDefaultRate",
    "MatchedCurve",
    "MeritShare",
    "Mobility",
    "NestedComparison",
    "OffRange",
    "PanelRecords",
    "PartialCreditFit",
    "Partition",
    "PillarFit",
    "PillarForms",
    "PillarMeasures",
    "Prebins",
    "RankCurve",
    "RateInterval",
    "RaterFit",
    "RaterPairs",
    "RecordTables",
    "ScaledPoints",
    "Separation",
    "SeverityPath",
    "StabilityTest",
    "Standing",
    "StandingErrors",
    "Stretch",
    "TotalCounts",
    "VarianceFit",
    "Variances",
    "WeightOfEvidence",
    "accuracy_ratio",
    "adjust_p_values",
    "auc_fall_test",
    "bayesian_low_default",
    "clopper_pearson_interval",
    "compare_auc",
    "compare_nested",
    "compare_raters",
    "compute_errors",
    "concentration",
    "count_cells",
    "count_totals",
    "decompose_brier",
    "divergence_terms",
    "edge_between",
    "estimate_auc",
    "examine_connectivity",
    "expected_calibration_error",
    "filter_severity",
    "find_largest_gap",
    "find_off_ranges",
    "fit_beta_curve",
    "fit_calibration_belt",
    "fit_drift_variance",
    "fit_interactions",
    "fit_isotonic_blocks",
    "fit_logistic",
    "fit_merit_share",
    "fit_partial_credit",
    "fit_pillar",
    "fit_raters",
    "fit_standing",
    "fit_stretch",
    "fit_variances",
    "fitted_measures",
    "forward_tail",
    "free_statistics",
    "hosmer_lemeshow_test",
    "implied_auc",
    "information_value",
    "intraclass_correlation",
    "jeffreys_interval",
    "krippendorff_alpha",
    "level_probabilities",
    "match_mean",
    "match_moments",
    "mobility",
    "new_measures",
    "optimal_bins",
    "pluto_tasche",
    "points_to_log_odds",
    "points_to_probability",
    "population_stability",
    "prebin_ranks",
    "rank_curve",
    "scale_linear",
    "scale_min_max",
    "scale_pdo",
    "separation",
    "shrink_to_trend",
    "spiegelhalter_test",
    "stability_index",
    "stability_parts",
    "stability_test",
    "tabulate_records",
    "turning_statistics",
    "variance_inflation",
    "venn_abers_bounds",
    "weight_of_evidence",
]
