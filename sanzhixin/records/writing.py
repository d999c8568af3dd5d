"""A county as canonical files, which read back as the same county."""

from __future__ import annotations

import secrets
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pandas as pd

from sanzhixin.errors import OutputError
from sanzhixin.records.folder import SETTINGS_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sanzhixin.records.county import County

__all__ = ["refuse_used", "write_county"]

_UNFINISHED = ".sanzhixin-"


def write_county(
    county: County, folder: str | Path, *, format: Literal["csv", "parquet"] = "csv"
) -> list[Path]:
    """Write the tables of a county, one file each, and ``county.toml``: all of them or nothing.

    Parameters
    ----------
    county : County
        Canonical tables; empty ones are left out, the truth of a simulator is not written.
    folder : str or Path
        Made if absent; a folder that is there has to be empty.
    format : {"csv", "parquet"}, default="csv"
        CSV in UTF-8 with a mark, for spreadsheets; or Parquet.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    OutputError
        ``output_folder_in_use``: the folder holds something, which is left alone;
        ``output_not_written``: disk full, no permission, not a folder.
    """
    place = Path(folder)
    try:
        refuse_used(place)
        with _whole_folder(place) as unfinished:
            names = _write_files(county, unfinished, format)
    except OutputError:
        raise
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise OutputError("output_not_written", path=place.name, problem=problem) from None
    return [place / name for name in names]


def refuse_used(folder: Path) -> None:
    """Refuse a folder that holds anything.

    Raises
    ------
    OutputError
        ``output_folder_in_use``.
    """
    count = sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0
    if count:
        raise OutputError(
            "output_folder_in_use", path=folder.name, count=count, others="", others_zh=""
        )


@contextmanager
def _whole_folder(place: Path) -> Iterator[Path]:
    """Give a folder beside `place` that takes its name when everything is written.

    An empty folder that is there may be mounted or the current one of a shell, so it is kept, and
    the finished files move into it.
    """
    is_there = place.is_dir()
    if not is_there:
        place.parent.mkdir(parents=True, exist_ok=True)
    # The name is known before the folder is there: an interruption at any moment removes it.
    unfinished = (place if is_there else place.parent) / f"{_UNFINISHED}{secrets.token_hex(4)}"
    moved: list[Path] = []
    try:
        unfinished.mkdir()
        yield unfinished
        if is_there:
            _move_files(unfinished, place, moved)
        else:
            unfinished.rename(place)
    except BaseException:
        for path in moved:
            path.unlink(missing_ok=True)
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _move_files(source: Path, target: Path, moved: list[Path]) -> None:
    for path in sorted(source.iterdir()):
        moved.append(target / path.name)
        path.rename(moved[-1])
    source.rmdir()


def _write_files(county: County, folder: Path, format: Literal["csv", "parquet"]) -> list[str]:
    names: list[str] = []
    for table, frame in county.tables().items():
        if frame.empty and table != "households":
            continue
        names.append(f"{table}.{format}")
        path = folder / names[-1]
        if format == "parquet":
            frame.to_parquet(path, index=False)
        else:
            _as_text(frame).to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")
    if county.as_of is not None:
        names.append(SETTINGS_FILE)
        text = f"as_of = {county.as_of.isoformat()}\n"
        (folder / SETTINGS_FILE).write_text(text, encoding="utf-8")
    return names


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
