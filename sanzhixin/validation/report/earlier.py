"""Whether a file is a report of an earlier validation, which alone may be replaced."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

from sanzhixin.validation.report.words import WORDS

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["is_report"]

_HEAD = 65_536
_FIRST = {".json": rb'\{"format":"sanzhixin-validation/', ".html": b"<!DOCTYPE html>"}
_SHEETS = re.compile(rb'<sheet [^>]*name="contents".*<sheet [^>]*name="facts"', re.DOTALL)


def is_report(file: Path) -> bool:
    """Tell whether a file looks like a report: by what stands in it, not by its name alone.

    Parameters
    ----------
    file : Path
        Ending in .html, .json or .xlsx.

    Returns
    -------
    bool
        True for JSON of the report's format, a page with its title, a workbook with its sheets.

    Raises
    ------
    OSError
        It cannot be read.
    """
    suffix = file.suffix.lower()
    if suffix == ".xlsx":
        return zipfile.is_zipfile(file) and _has_sheets(file)
    with file.open("rb") as stream:
        head = stream.read(_HEAD)
    told = suffix != ".html" or all(f"{one}".encode() in head for one in WORDS["title"])
    return bool(re.match(_FIRST[suffix], head)) and told


def _has_sheets(file: Path) -> bool:
    with zipfile.ZipFile(file) as book:
        names = set(book.namelist())
        index = "xl/workbook.xml"
        return index in names and bool(_SHEETS.search(book.read(index)))
