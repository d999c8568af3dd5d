"""A folder of files as one county: read, accept, report."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from sanzhixin.errors import InputError, RecordError, SchemaError
from sanzhixin.records.accept import CountyAcceptance, accept_county
from sanzhixin.records.columns import TABLES, table_spec
from sanzhixin.records.raw import Note, RawTable
from sanzhixin.records.reading import SUFFIXES, FileFacts, read_file
from sanzhixin.records.rejected import own_first
from sanzhixin.records.table_names import table_of
from sanzhixin.scheme import load_scheme
from sanzhixin.scheme.toml_files import read_toml

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd

    from sanzhixin.records.county import County
    from sanzhixin.scheme import Scheme

__all__ = [
    "CountySettings",
    "FolderAcceptance",
    "accept_folder",
    "list_files",
    "no_table_note",
    "read_county",
    "read_settings",
    "require_any_table",
]

SETTINGS_FILE = "county.toml"
_SHOWN = 3
_NOT_READ = {
    *(".7z", ".arrow", ".avro", ".bz2", ".dat", ".dbf", ".dif", ".dta", ".et", ".ett", ".feather"),
    *(".htm", ".html", ".json", ".jsonl", ".numbers", ".ods", ".orc", ".pkl", ".prn", ".rar"),
    *(".sav", ".slk", ".tab", ".tar", ".tsv", ".xlsb", ".xlt", ".xltx", ".xml", ".xz", ".zip"),
    ".zst",
}
"""Kinds of files in which tables are exported, and which are not read."""


@dataclass(frozen=True, slots=True)
class CountySettings:
    """What ``county.toml`` declares.

    Attributes
    ----------
    as_of : date or None
        The day on which the tables stand.
    units : dict of str to str
        Unit (元, 万元) of money columns whose header states none.
    """

    as_of: dt.date | None
    units: dict[str, str]


@dataclass(frozen=True, slots=True)
class FolderAcceptance:
    """Everything that acceptance of a folder brings.

    Attributes
    ----------
    county : County
        The accepted rows.
    acceptance : CountyAcceptance
        Outcome by table.
    rejected : DataFrame
        Rejected rows; see `sanzhixin.records.accept.Acceptance`.
    notes : tuple of Note
        Ignored columns and files, files without rows.
    files : tuple of FileFacts
        What was read.
    settings : CountySettings
        What was declared.
    """

    county: County
    acceptance: CountyAcceptance
    rejected: pd.DataFrame = field(repr=False)
    notes: tuple[Note, ...]
    files: tuple[FileFacts, ...]
    settings: CountySettings


def accept_folder(
    folder: str | Path, scheme: Scheme | None = None, *, as_of: dt.date | None = None
) -> FolderAcceptance:
    """Read every file of a folder and accept or reject every row.

    Parameters
    ----------
    folder : str or Path
        Files directly in it, in the order of their names; several files of one table are put under
        each other; hidden files are left alone.
    scheme : Scheme, optional
        By default the built-in ``tongxiang``.
    as_of : date, optional
        Scoring date; by default the one of ``county.toml``; without both no date rule applies.

    Returns
    -------
    FolderAcceptance
        Accepted county, rejected rows, notes and file facts.

    Raises
    ------
    InputError
        A file cannot be read; ``folder_expected``: a file was given; ``folder_without_tables``:
        no file or sheet is named after a table.
    SchemaError
        A header or ``county.toml`` cannot be used, or a needed table is missing.
    """
    place = Path(folder)
    chosen = scheme if scheme is not None else load_scheme("tongxiang")
    settings = read_settings(place)
    tables: dict[str, list[RawTable]] = {}
    files: list[FileFacts] = []
    notes: list[Note] = []
    for path in list_files(place):
        done = read_file(path, chosen)
        files.append(done.facts)
        for table, raw in done.tables:
            tables.setdefault(table, []).append(raw)
        if not done.tables:
            notes.append(no_table_note(path.name))
    require_any_table(tables, place)
    acceptance = accept_county(tables, chosen, as_of=as_of or settings.as_of, units=settings.units)
    return FolderAcceptance(
        county=acceptance.county,
        acceptance=acceptance,
        rejected=acceptance.rejected,
        notes=(*notes, *acceptance.notes),
        files=tuple(files),
        settings=settings,
    )


def read_county(
    folder: str | Path,
    scheme: Scheme | None = None,
    as_of: dt.date | None = None,
    *,
    strict: bool = True,
) -> County:
    """Read a folder of CSV, Excel or Parquet files as a county.

    Parameters
    ----------
    folder : str or Path
        One file or sheet per table, named after it in English or Chinese.
    scheme : Scheme, optional
        By default the built-in ``tongxiang``.
    as_of : date, optional
        Scoring date; by default the one of ``county.toml``.
    strict : bool, default=True
        False keeps the accepted rows and drops the rejected ones; use `accept_folder` to see them.

    Returns
    -------
    County
        Accepted rows with canonical columns and dtypes.

    Raises
    ------
    RecordError
        ``rows_rejected``: `strict`, and a row was rejected; three are described, first those that
        are rejected for what they say.
    InputError, SchemaError
        As `accept_folder`.

    Examples
    --------
    >>> import tempfile
    >>> from sanzhixin.records import County, write_county
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = write_county(County(as_of=dt.date(2026, 6, 30)), folder)
    ...     read_county(folder).as_of
    datetime.date(2026, 6, 30)
    """
    done = accept_folder(folder, scheme, as_of=as_of)
    if strict and len(done.rejected):
        first = own_first(done.rejected).head(_SHOWN)
        raise RecordError(
            "rows_rejected",
            count=len(done.rejected),
            total=done.acceptance.n_in,
            first=" ".join(
                f"{file}, line {line}: {text}"
                for file, line, text in zip(
                    first["file"], first["line"], first["reason_en"], strict=True
                )
            ),
            first_zh="".join(
                f"{file} 第{line}行：{text}"
                for file, line, text in zip(
                    first["file"], first["line"], first["reason_zh"], strict=True
                )
            ),
        )
    return done.county


def read_settings(folder: Path) -> CountySettings:
    """Read ``county.toml`` of a folder; without the file nothing is declared.

    Raises
    ------
    InputError
        ``toml_date``, ``toml_unquoted``, ``toml_invalid``: not TOML.
    SchemaError
        ``toml_date``: ``as_of`` is no date; ``county_toml_key``, ``county_toml_value``: an unknown
        key, or a wrong value.
    """
    path = folder / SETTINGS_FILE
    if not path.is_file():
        return CountySettings(None, {})
    data = read_toml(path.read_bytes(), SETTINGS_FILE, dates=["as_of"])
    as_of, units = data.pop("as_of", None), data.pop("units", {})
    if data:
        raise SchemaError("county_toml_key", file=SETTINGS_FILE, key=sorted(data)[0])
    if as_of is not None and (not isinstance(as_of, dt.date) or isinstance(as_of, dt.datetime)):
        raise SchemaError("toml_date", file=SETTINGS_FILE, key="as_of")
    return CountySettings(as_of, _checked_units(units))


def _checked_units(units: object) -> dict[str, str]:
    if not isinstance(units, dict):
        raise SchemaError("county_toml_value", file=SETTINGS_FILE, key="units", wanted="[units]")
    money = {
        column.name
        for name in TABLES
        for column in table_spec(name).columns
        if column.kind == "money"
    }
    for key, unit in units.items():
        if key not in money:
            raise SchemaError("county_toml_key", file=SETTINGS_FILE, key=f"units.{key}")
        if unit not in ("元", "万元"):
            raise SchemaError(
                "county_toml_value", file=SETTINGS_FILE, key=f"units.{key}", wanted='"元" / "万元"'
            )
    return dict(units)


def no_table_note(file: str) -> Note:
    """Say that a file plays no part, and which name was perhaps meant."""
    en, zh = "file ignored: not a table", "未使用的文件：不是已知表"
    stem = file.rpartition("/")[2].partition(".")[0].lower()
    near = get_close_matches(stem, TABLES, n=1)
    if near and near[0] != stem:  # the name is right, the kind of file is not
        en, zh = f"{en}; did you mean {near[0]}?", f"{zh}；是否应为 {near[0]}？"
    return Note(file, en, zh)


def require_any_table(tables: Collection[str], folder: Path) -> None:
    """Refuse a folder in which no file or sheet is named after a table.

    Raises
    ------
    InputError
        ``folder_without_tables``.
    """
    if not tables:
        raise InputError(
            "folder_without_tables",
            folder=folder.name,
            tables=", ".join(TABLES),
            tables_zh="、".join(spec.zh for spec in TABLES.values()),
        )


def list_files(folder: Path) -> list[Path]:
    """List the files of a folder that may hold tables, by name; hidden ones are left alone.

    Raises
    ------
    InputError
        ``folder_expected``: a file was given; ``file_not_found``; ``file_kind``: a table in a kind
        of file that is not read, which would be missing without a word.
    """
    if folder.is_file():
        raise InputError("folder_expected", file=folder.name)
    if not folder.is_dir():
        raise InputError("file_not_found", file=folder.name)
    for path in sorted(folder.iterdir()):
        table = table_of(path.name.partition(".")[0])
        if table is not None and path.suffix.lower() in _NOT_READ and path.name[0] not in ".~_":
            raise InputError("file_kind", file=path.name, table=table)
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and path.is_file() and path.name[0] not in ".~_"
    )
