"""A model handed to other programs: its card as PMML, and as a workbook to be read."""

from sanzhixin.batch.exchange.card_workbook import write_model_workbook
from sanzhixin.batch.exchange.pmml import export_pmml

__all__ = ["export_pmml", "write_model_workbook"]
