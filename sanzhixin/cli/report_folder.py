"""A folder of tables and a report: only over an earlier one of its kind, ``_SUCCESS`` last."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import pandas as pd

__all__ = ["refuse_others", "write_report"]

_OTHER_FILES = ("report.txt", "_SUCCESS")


def refuse_others(out: Path, names: Iterable[str]) -> None:
    """Refuse a folder that holds anything but an earlier report with these tables."""
    from sanzhixin.errors import OutputError

    own = {*(f"{name}.csv" for name in names), *_OTHER_FILES}
    held = [path.name for path in out.iterdir()] if out.is_dir() else []
    if not own.issuperset(held):
        raise OutputError("output_folder_in_use", path=out.name, count=len(set(held) - own))


def write_report(
    out: Path,
    tables: Mapping[str, pd.DataFrame],
    zh: str,
    en: str,
    *,
    kind: str,
    names: Iterable[str] = (),
) -> None:
    """Write one CSV a table and the report; ``_SUCCESS`` last.

    Tables of `names` that an earlier report left and this one does not write are removed.
    """
    from sanzhixin.batch.files import publishing, whole_file

    with publishing(out):
        out.mkdir(parents=True, exist_ok=True)
        (out / "_SUCCESS").unlink(missing_ok=True)
        for name in set(names) - set(tables):
            (out / f"{name}.csv").unlink(missing_ok=True)
        for name, table in tables.items():
            texts = table.select_dtypes(["object", "string"]).columns
            guarded = {column: table[column].map(_guarded) for column in texts}
            with whole_file(out / f"{name}.csv") as stream:
                table.assign(**guarded).to_csv(
                    stream, index=False, encoding="utf-8-sig", lineterminator="\r\n"
                )
        with whole_file(out / "report.txt") as stream:
            stream.write(f"{zh}\n\n{en}\n".encode())
        with whole_file(out / "_SUCCESS") as stream:
            stream.write(f"{kind}\n".encode())


def _guarded(cell: object) -> object:
    """Keep a spreadsheet from taking a text for a formula."""
    from sanzhixin.records.cells import guard_text

    return guard_text(cell) if isinstance(cell, str) else cell
