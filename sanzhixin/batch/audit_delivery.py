"""Proposals of a run into the audit log, before the run is marked as complete."""

from __future__ import annotations

import datetime as dt
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from sanzhixin.batch.files import TEMPORARY
from sanzhixin.errors import OutputError
from sanzhixin.scoring.canonical import canonical_json, strict_loads
from sanzhixin.trust.audit_record import row_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from sanzhixin.batch.run import Deliver, Delivery
    from sanzhixin.model import SanzhixinModel
    from sanzhixin.trust import AuditLog, Secret
    from sanzhixin.trust.audit_entry import Body

__all__ = ["log_to"]

_ROWS = 5_000
_PREFIX = "hmac-sha256:"
_HEX = "0123456789abcdef"


def log_to(log: AuditLog, model: SanzhixinModel, secret: Secret) -> Deliver:
    """Give what writes the proposals of a run into a log.

    They are written in the order of their pseudonyms: in that of the run, the k-th entry would be
    the k-th household of any sorted list.

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
        records = (row_record(_plain(row), digest, secret) for row in _rows(proposals))
        try:
            place = TemporaryDirectory(dir=log.path.parent, prefix=TEMPORARY)
        except OSError as error:
            problem = error.strerror or type(error).__name__
            raise OutputError("audit_not_written", path=log.path.name, problem=problem) from None
        with place as name:
            log.append(("proposal", record) for record in _by_pseudonym(records, Path(name)))

    return deliver


def _by_pseudonym(records: Iterator[Body], place: Path) -> Iterator[Body]:
    """Sort records on the disk: into a file by the first two digits, then each in memory."""
    files = {f"{a}{b}": place / f"{a}{b}" for a in _HEX for b in _HEX}
    with ExitStack() as stack:
        streams = {name: stack.enter_context(path.open("wb")) for name, path in files.items()}
        for record in records:
            first = record["subject"].removeprefix(_PREFIX)[:2]
            streams[first].write(canonical_json(record) + b"\n")
    for path in files.values():
        lines = path.read_bytes().splitlines()
        kept = [strict_loads(line, name=path.name) for line in lines]
        yield from sorted(kept, key=lambda record: str(record["subject"]))


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
