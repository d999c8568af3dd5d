"""Judging a model: tables with intervals and verdicts, pictures of them, reports and papers."""

from sanzhixin.validation.backtest import compute_backtest
from sanzhixin.validation.calibration import compute_belt, compute_calibration, compute_reliability
from sanzhixin.validation.cards import compare_cards, compute_cards
from sanzhixin.validation.discrimination import (
    compute_curves,
    compute_discrimination,
    compute_pillar_discrimination,
)
from sanzhixin.validation.evidence import loan_table
from sanzhixin.validation.face import Validation, validate
from sanzhixin.validation.fairness import compute_fairness
from sanzhixin.validation.judged import Judged
from sanzhixin.validation.migration import compute_concentration, compute_migration
from sanzhixin.validation.monitoring import AlarmPlan, Monitoring, monitor
from sanzhixin.validation.multiple import compute_multiple_testing
from sanzhixin.validation.overrides import compute_overrides
from sanzhixin.validation.panel_quality import (
    compute_panel_quality,
    compute_rater_map,
    compute_village_map,
)
from sanzhixin.validation.panel_value import compute_panel_value
from sanzhixin.validation.proxy import compute_proxy
from sanzhixin.validation.sensitivity import compute_sensitivity
from sanzhixin.validation.stability import (
    compute_csi,
    compute_psi,
    compute_psi_path,
    compute_score_distribution,
    freeze_breaks,
)
from sanzhixin.validation.strategy import compute_strategy, compute_tiers

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
