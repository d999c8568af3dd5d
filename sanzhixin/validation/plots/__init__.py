"""Pictures of computed tables: axes in, axes out, nothing is computed here."""

from sanzhixin.validation.plots.calibration import (
    plot_backtest,
    plot_belt,
    plot_default_rate_by_tier,
    plot_reliability,
)
from sanzhixin.validation.plots.decisions import plot_sensitivity, plot_strategy
from sanzhixin.validation.plots.discrimination import plot_cap, plot_ks, plot_roc
from sanzhixin.validation.plots.groups import plot_fairness, plot_proxy
from sanzhixin.validation.plots.monitoring import (
    plot_change_causes,
    plot_ledger_counts,
    plot_rating_drift,
)
from sanzhixin.validation.plots.panel import plot_rater_map, plot_villages
from sanzhixin.validation.plots.pathway import plot_pathway
from sanzhixin.validation.plots.stability import (
    plot_migration,
    plot_psi,
    plot_psi_path,
    plot_score_distribution,
)
from sanzhixin.validation.plots.waterfall import plot_waterfall

__all__ = [
    "plot_backtest",
    "plot_belt",
    "plot_cap",
    "plot_change_causes",
    "plot_default_rate_by_tier",
    "plot_fairness",
    "plot_ks",
    "plot_ledger_counts",
    "plot_migration",
    "plot_pathway",
    "plot_proxy",
    "plot_psi",
    "plot_psi_path",
    "plot_rater_map",
    "plot_rating_drift",
    "plot_reliability",
    "plot_roc",
    "plot_score_distribution",
    "plot_sensitivity",
    "plot_strategy",
    "plot_villages",
    "plot_waterfall",
]
