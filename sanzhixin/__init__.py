"""Village panel ratings to scored profiles and proposals of unsecured farm-credit limits.

The public names are loaded on first use, so that ``import sanzhixin`` stays fast and a backend
that only scores never loads the libraries that train.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sanzhixin.errors import SanzhixinError
    from sanzhixin.model import SanzhixinModel, load_model
    from sanzhixin.modelling import (
        MonotoneBinner,
        PanelModel,
        ProfileBuilder,
        ScoreCalibrator,
        Scorecard,
        TierOptimizer,
        fit,
    )
    from sanzhixin.records import Application, County, read_county
    from sanzhixin.scheme import Scheme, load_scheme
    from sanzhixin.scoring import Proposal
    from sanzhixin.simulate import simulate_county
    from sanzhixin.validation.face import validate

__version__ = "0.1.0"

__all__ = [
    "Application",
    "County",
    "MonotoneBinner",
    "PanelModel",
    "ProfileBuilder",
    "Proposal",
    "SanzhixinError",
    "SanzhixinModel",
    "Scheme",
    "ScoreCalibrator",
    "Scorecard",
    "TierOptimizer",
    "fit",
    "load_model",
    "load_scheme",
    "read_county",
    "simulate_county",
    "validate",
]

_HOMES = {
    "Application": "sanzhixin.records",
    "County": "sanzhixin.records",
    "MonotoneBinner": "sanzhixin.modelling",
    "PanelModel": "sanzhixin.modelling",
    "ProfileBuilder": "sanzhixin.modelling",
    "Proposal": "sanzhixin.scoring",
    "SanzhixinError": "sanzhixin.errors",
    "SanzhixinModel": "sanzhixin.model",
    "Scheme": "sanzhixin.scheme",
    "ScoreCalibrator": "sanzhixin.modelling",
    "Scorecard": "sanzhixin.modelling",
    "TierOptimizer": "sanzhixin.modelling",
    "fit": "sanzhixin.modelling",
    "load_model": "sanzhixin.model",
    "load_scheme": "sanzhixin.scheme",
    "read_county": "sanzhixin.records",
    "simulate_county": "sanzhixin.simulate",
    "validate": "sanzhixin.validation.face",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
