"""Judging a model: tables with intervals and verdicts, pictures of them, reports and papers."""

from sanzhixin.validation.decisions.overrides import compute_overrides
from sanzhixin.validation.decisions.sensitivity import compute_sensitivity
from sanzhixin.validation.decisions.strategy import compute_strategy, compute_tiers
from sanzhixin.validation.evidence.loans import loan_table
from sanzhixin.validation.face import Validation, validate
from sanzhixin.validation.groups.fairness import compute_fairness
from sanzhixin.validation.groups.proxy import compute_proxy
from sanzhixin.validation.monitoring import AlarmPlan, Monitoring, monitor
from sanzhixin.validation.outcomes.backtest import compute_backtest
from sanzhixin.validation.outcomes.calibration import (
    compute_belt,
    compute_calibration,
    compute_reliability,
)
from sanzhixin.validation.outcomes.cards import compare_cards, compute_cards
from sanzhixin.validation.outcomes.discrimination import (
    compute_curves,
    compute_discrimination,
    compute_pillar_discrimination,
)
from sanzhixin.validation.panel.quality import (
    compute_panel_quality,
    compute_rater_map,
    compute_village_map,
)
from sanzhixin.validation.panel.value import compute_panel_value
from sanzhixin.validation.stability.index import (
    compute_csi,
    compute_psi,
    compute_psi_path,
    compute_score_distribution,
    freeze_breaks,
)
from sanzhixin.validation.stability.migration import compute_concentration, compute_migration
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.multiplicity import compute_multiple_testing

__all__ = [
    "AlarmPlan",
    "Judged",
    "Monitoring",
    "Validation",
    "compare_cards",
    "compute_backtest",
    "compute_belt",
    "compute_calibration",
    "compute_cards",
    "compute_concentration",
    "compute_csi",
    "compute_curves",
    "compute_discrimination",
    "compute_fairness",
    "compute_migration",
    "compute_multiple_testing",
    "compute_overrides",
    "compute_panel_quality",
    "compute_panel_value",
    "compute_pillar_discrimination",
    "compute_proxy",
    "compute_psi",
    "compute_psi_path",
    "compute_rater_map",
    "compute_reliability",
    "compute_score_distribution",
    "compute_sensitivity",
    "compute_strategy",
    "compute_tiers",
    "compute_village_map",
    "freeze_breaks",
    "loan_table",
    "monitor",
    "validate",
]
