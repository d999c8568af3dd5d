"""Learning: what needs data to be found before a model can be frozen."""

from sanzhixin.modelling.bin_edits import BinEdit
from sanzhixin.modelling.binning import MonotoneBinner
from sanzhixin.modelling.card_export import card_from_json
from sanzhixin.modelling.fit import expert_model, fit
from sanzhixin.modelling.panel import PanelLinkWarning, PanelModel
from sanzhixin.modelling.points_card import PointsCard
from sanzhixin.modelling.profile import (
    EventFeatures,
    FactorFeatures,
    PillarFeatures,
    ProfileBuilder,
)
from sanzhixin.modelling.scorecard import Scorecard

__all__ = [
    "BinEdit",
    "EventFeatures",
    "FactorFeatures",
    "MonotoneBinner",
    "PanelLinkWarning",
    "PanelModel",
    "PillarFeatures",
    "PointsCard",
    "ProfileBuilder",
    "Scorecard",
    "card_from_json",
    "expert_model",
    "fit",
]
