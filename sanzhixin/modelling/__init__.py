"""Learning: what needs data to be found before a model can be frozen."""

from sanzhixin.modelling.bins.binner import MonotoneBinner
from sanzhixin.modelling.bins.edits import BinEdit
from sanzhixin.modelling.calibration.calibrator import ScoreCalibrator
from sanzhixin.modelling.calibration.economics import Economics
from sanzhixin.modelling.calibration.random_accept import compute_random_accept, loans_to_draw
from sanzhixin.modelling.calibration.selection_range import compute_selection_range
from sanzhixin.modelling.calibration.tiers import TierOptimizer
from sanzhixin.modelling.cards.json_file import card_from_json
from sanzhixin.modelling.cards.paper import card_to_markdown, write_card_workbook
from sanzhixin.modelling.cards.points_card import PointsCard
from sanzhixin.modelling.cards.scorecard import CardWarning, Scorecard
from sanzhixin.modelling.county.stress import compute_stress
from sanzhixin.modelling.county.swap import compute_swap
from sanzhixin.modelling.fit import expert_model, fit
from sanzhixin.modelling.inputs.labels import OutcomeWarning
from sanzhixin.modelling.panel.model import PanelLinkWarning, PanelModel
from sanzhixin.modelling.profile import (
    EventFeatures,
    FactorFeatures,
    PillarFeatures,
    ProfileBuilder,
)

__all__ = [
    "BinEdit",
    "CardWarning",
    "Economics",
    "EventFeatures",
    "FactorFeatures",
    "MonotoneBinner",
    "OutcomeWarning",
    "PanelLinkWarning",
    "PanelModel",
    "PillarFeatures",
    "PointsCard",
    "ProfileBuilder",
    "ScoreCalibrator",
    "Scorecard",
    "TierOptimizer",
    "card_from_json",
    "card_to_markdown",
    "compute_random_accept",
    "compute_selection_range",
    "compute_stress",
    "compute_swap",
    "expert_model",
    "fit",
    "loans_to_draw",
    "write_card_workbook",
]
