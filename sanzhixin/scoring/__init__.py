"""A frozen model at work: measure, profile, score and propose over arrays, with numpy alone."""

from sanzhixin.scoring.artifact import ModelFile, read_model_file, write_model_file
from sanzhixin.scoring.expert import expert_card
from sanzhixin.scoring.plan import Plan, compile_plan
from sanzhixin.scoring.proposal import NextStep, NextTier, Proposal, Reason
from sanzhixin.scoring.provenance import Provenance
from sanzhixin.scoring.scorer import propose_cases, score_cases
from sanzhixin.scoring.view import Answers

__all__ = [
    "Answers",
    "ModelFile",
    "NextStep",
    "NextTier",
    "Plan",
    "Proposal",
    "Provenance",
    "Reason",
    "compile_plan",
    "expert_card",
    "propose_cases",
    "read_model_file",
    "score_cases",
    "write_model_file",
]
