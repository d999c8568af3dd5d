"""Workbooks whose bytes depend on their cells alone."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["NOT_IN_XML", "new_workbook", "save_workbook"]

NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that no worksheet can hold."""

_FIXED = dt.datetime(2000, 1, 1)


def new_workbook(*, write_only: bool = False) -> Workbook:
    """Make a workbook without sheets and without a time.

    Parameters
    ----------
    write_only : bool, default=False
        Rows are appended and not kept in memory.

    Returns
    -------
    Workbook
        For `save_workbook`.
    """
    from openpyxl import Workbook

    book = Workbook(write_only=write_only)
    for name in book.sheetnames:
        del book[name]
    book.properties.creator = "sanzhixin"
    book.properties.created = book.properties.modified = _FIXED
    return book


def save_workbook(book: Workbook, stream: IO[bytes]) -> None:
    """Write a workbook from `new_workbook`; equal cells give equal bytes.

    Parameters
    ----------
    book : Workbook
        With its sheets.
    stream : binary file
        Where it goes.
    """
    from openpyxl.writer.excel import ExcelWriter

    ExcelWriter(book, _TimelessZip(stream, "w", zipfile.ZIP_DEFLATED)).save()


class _TimelessZip(zipfile.ZipFile):
    """An archive whose entries carry no time, so that equal content has equal bytes."""

    def writestr(
        self,
        zinfo_or_arcname: str | zipfile.ZipInfo,
        data: Any,
        compress_type: int | None = None,
        compresslevel: int | None = None,
    ) -> None:
        name = getattr(zinfo_or_arcname, "filename", zinfo_or_arcname)
        super().writestr(self._entry(str(name)), data, compress_type, compresslevel)

    def write(
        self,
        filename: Any,
        arcname: Any = None,
        compress_type: int | None = None,
        compresslevel: int | None = None,
    ) -> None:
        entry = self._entry(str(arcname or filename))
        with Path(filename).open("rb") as source, self.open(entry, "w") as target:
            while block := source.read(1 << 20):
                target.write(block)

    def _entry(self, name: str) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(name.lstrip("/"), date_time=_FIXED.timetuple()[:6])
        entry.compress_type = self.compression
        entry.external_attr = 0o600 << 16
        return entry
