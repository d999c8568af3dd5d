"""The model as analysts and backends use it: the face, its tables, and how it is loaded."""

from sanzhixin.model.face import SanzhixinModel
from sanzhixin.model.frames import case_chunks, check_county, profile_frame, scoring_date
from sanzhixin.model.loading import load_model

__all__ = [
    "SanzhixinModel",
    "case_chunks",
    "check_county",
    "load_model",
    "profile_frame",
    "scoring_date",
]
