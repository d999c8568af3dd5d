"""Proposals of a run into the audit log, before the run is marked as complete."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sanzhixin.trust.audit_record import row_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from sanzhixin.batch.run import Deliver, Delivery
    from sanzhixin.model import SanzhixinModel
    from sanzhixin.trust import AuditLog, Secret

__all__ = ["log_to"]

_ROWS = 5_000


def log_to(log: AuditLog, model: SanzhixinModel, secret: Secret) -> Deliver:
    """Give what writes the proposals of a run into a log.

    Parameters
    ----------
    log : AuditLog
        Where to; other writers wait until all proposals of the run are in it.
    model : SanzhixinModel
        Who answers.
    secret : Secret
        For pseudonyms.

    Returns
    -------
    callable
        Takes the proposals, table by table.

    Raises
    ------
    OutputError, ArtifactError, DomainError
        When called: as `AuditLog.append`.
    """
    digest = model.file.digest()

    def deliver(proposals: Iterator[pa.Table], _found: Delivery) -> None:
        log.append(
            ("proposal", row_record(_plain(row), digest, secret)) for row in _rows(proposals)
        )

    return deliver


def _rows(proposals: Iterator[pa.Table]) -> Iterator[dict[str, Any]]:
    for table in proposals:
        for batch in table.to_batches(max_chunksize=_ROWS):
            yield from batch.to_pylist()


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Write dates as text, as a proposal does in JSON."""
    return {
        key: value.isoformat() if isinstance(value, dt.date) else value
        for key, value in row.items()
    }
