"""Monitoring of a model in use: two dates of one county, alarms, and whether to stop."""

from sanzhixin.validation.monitoring.alarms import ALARM_KINDS, AlarmPlan, compute_alarms
from sanzhixin.validation.monitoring.delayed import compute_delayed_calibration
from sanzhixin.validation.monitoring.ledger_counts import compute_ledger_counts
from sanzhixin.validation.monitoring.monitor import MONITORING_TABLES, Monitoring, monitor
from sanzhixin.validation.monitoring.rating_drift import compute_rating_drift
from sanzhixin.validation.monitoring.tier_changes import (
    compute_change_causes,
    compute_tier_changes,
)

__all__ = [
    "ALARM_KINDS",
    "MONITORING_TABLES",
    "AlarmPlan",
    "Monitoring",
    "compute_alarms",
    "compute_change_causes",
    "compute_delayed_calibration",
    "compute_ledger_counts",
    "compute_rating_drift",
    "compute_tier_changes",
    "monitor",
]
