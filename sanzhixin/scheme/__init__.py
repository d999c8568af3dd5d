"""What the bank decides: catalog, score table, tiers, limits and review triggers of a scheme."""

from sanzhixin.scheme.catalog import EventRule, OfficialRule, PanelItem, Pillar
from sanzhixin.scheme.factors import CategoricalFactor, NumericFactor
from sanzhixin.scheme.loader import load_scheme, scheme_from_dict
from sanzhixin.scheme.scheme import Aggregator, Scheme

__all__ = [
    "Aggregator",
    "CategoricalFactor",
    "EventRule",
    "NumericFactor",
    "OfficialRule",
    "PanelItem",
    "Pillar",
    "Scheme",
    "load_scheme",
    "scheme_from_dict",
]
