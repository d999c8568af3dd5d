"""The quarantine file: every rejected row verbatim, with where it stood and why."""

from __future__ import annotations

import csv
import io
from typing import IO, TYPE_CHECKING

from sanzhixin.batch.files import publishing, whole_file
from sanzhixin.records.cells import guard_text

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["QUARANTINE_COLUMNS", "write_quarantine"]

QUARANTINE_COLUMNS = (
    *("table", "file", "line", "field", "code", "codes", "reason_zh", "reason_en", "row"),
)


def write_quarantine(rejected: pd.DataFrame, path: Path) -> None:
    """Write the rejected rows as CSV in UTF-8 with a mark, whole or not at all.

    Parameters
    ----------
    rejected : DataFrame of n_rows
        From acceptance; ``row`` is the original row as JSON of header to text.
    path : Path
        The file.

    Raises
    ------
    OutputError
        ``run_not_committed``: it could not be written.
    """
    with publishing(path), whole_file(path) as stream:
        _write(rejected, stream)


def _write(rejected: pd.DataFrame, stream: IO[bytes]) -> None:
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    writer = csv.writer(text)
    writer.writerow(QUARANTINE_COLUMNS)
    chosen = rejected[list(QUARANTINE_COLUMNS)].astype(object).fillna("")
    for row in chosen.itertuples(index=False, name=None):
        writer.writerow([guard_text(cell) if isinstance(cell, str) else cell for cell in row])
    text.detach()
