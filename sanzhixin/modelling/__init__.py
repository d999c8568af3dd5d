"""Learning: what needs data to be found before a model can be frozen."""

from sanzhixin.modelling.fit import expert_model, fit
from sanzhixin.modelling.panel import PanelLinkWarning, PanelModel
from sanzhixin.modelling.profile import (
    EventFeatures,
    FactorFeatures,
    PillarFeatures,
    ProfileBuilder,
)

__all__ = [
    "EventFeatures",
    "FactorFeatures",
    "PanelLinkWarning",
    "PanelModel",
    "PillarFeatures",
    "ProfileBuilder",
    "expert_model",
    "fit",
]
