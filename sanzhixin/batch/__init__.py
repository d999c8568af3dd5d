"""Many households at once: folders in, proposals, quarantine and manifest out."""

from sanzhixin.batch.crew import available_jobs
from sanzhixin.batch.intake import InputFile, Intake, TableCount, take_in
from sanzhixin.batch.limit_tables import (
    LimitTables,
    PortfolioTables,
    compute_limits,
    compute_portfolio,
)
from sanzhixin.batch.quarantine import write_quarantine
from sanzhixin.batch.run import RunOptions, RunResult, score_folder, score_supply
from sanzhixin.batch.verify import Verification, verify

__all__ = [
    "InputFile",
    "Intake",
    "LimitTables",
    "PortfolioTables",
    "RunOptions",
    "RunResult",
    "TableCount",
    "Verification",
    "available_jobs",
    "compute_limits",
    "compute_portfolio",
    "score_folder",
    "score_supply",
    "take_in",
    "verify",
    "write_quarantine",
]
