"""Scoring inside a bank's warehouse: a model and the ledger's rules as SQL of its engine."""

from sanzhixin.errors import DomainError

try:
    from sanzhixin.batch.sql.dialects import DIALECTS
    from sanzhixin.batch.sql.ledger_sql import export_ledger_sql
    from sanzhixin.batch.sql.score_sql import export_score_sql
    from sanzhixin.batch.sql.warehouse import compute_warehouse_profile
except ModuleNotFoundError as error:
    if error.name != "sqlglot":
        raise
    raise DomainError("sql_missing") from error

__all__ = [
    "DIALECTS",
    "compute_warehouse_profile",
    "export_ledger_sql",
    "export_score_sql",
]
