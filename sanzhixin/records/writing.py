"""A county as canonical files, which read back as the same county."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pandas as pd

from sanzhixin.records.folder import SETTINGS_FILE

if TYPE_CHECKING:
    from sanzhixin.records.county import County

__all__ = ["write_county"]


def write_county(
    county: County, folder: str | Path, *, format: Literal["csv", "parquet"] = "csv"
) -> list[Path]:
    """Write the tables of a county, one file each, and ``county.toml``.

    Parameters
    ----------
    county : County
        Canonical tables; empty ones are left out, the truth of a simulator is not written.
    folder : str or Path
        Created if absent; files of the same names are replaced.
    format : {"csv", "parquet"}, default="csv"
        CSV in UTF-8 with a mark, for spreadsheets; or Parquet.

    Returns
    -------
    list of Path
        What was written.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name, frame in county.tables().items():
        if frame.empty and name != "households":
            continue
        path = place / f"{name}.{format}"
        if format == "parquet":
            frame.to_parquet(path, index=False)
        else:
            _as_text(frame).to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")
        written.append(path)
    if county.as_of is not None:
        path = place / SETTINGS_FILE
        path.write_text(f"as_of = {county.as_of.isoformat()}\n", encoding="utf-8")
        written.append(path)
    return written


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    columns = {}
    for name in frame.columns:
        values = frame[name]
        if values.dtype.kind == "M":
            values = values.dt.strftime("%Y-%m-%d")
        elif values.dtype == "boolean":
            values = values.astype(object).map({True: "true", False: "false"})
        columns[name] = values
    return pd.DataFrame(columns)
