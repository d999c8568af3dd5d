"""Monitoring of a model in use: two dates of one county, alarms, and whether to stop."""

from sanzhixin.validation.monitoring.alarms import ALARM_KINDS, AlarmPlan, compute_alarms
from sanzhixin.validation.monitoring.delayed import compute_delayed_calibration
from sanzhixin.validation.monitoring.event_rate import compute_event_rate
from sanzhixin.validation.monitoring.monitor import MONITORING_TABLES, Monitoring, monitor
from sanzhixin.validation.monitoring.movers import compute_move_causes, compute_movers
from sanzhixin.validation.monitoring.rating_drift import compute_rating_drift

__all__ = [
    "ALARM_KINDS",
    "MONITORING_TABLES",
    "AlarmPlan",
    "Monitoring",
    "compute_alarms",
    "compute_delayed_calibration",
    "compute_event_rate",
    "compute_move_causes",
    "compute_movers",
    "compute_rating_drift",
    "monitor",
]
