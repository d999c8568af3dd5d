"""The batch approval sheet (整村授信批量审批表): one worksheet per village, for people to sign."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np
import pandas as pd

from sanzhixin.batch.files import whole_file
from sanzhixin.batch.table import check_room
from sanzhixin.errors import DomainError, OutputError, RecordError, SchemaError, mask_id
from sanzhixin.errors.words import BOUND_WORDS, TRIGGER_WORDS, outcome_words
from sanzhixin.model import check_county
from sanzhixin.records.cells import guard_text
from sanzhixin.records.columns import TABLES
from sanzhixin.records.workbooks import NOT_IN_XML, new_workbook, save_workbook

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sanzhixin.records import County

__all__ = ["Unit", "write_approval_sheet"]

Unit = Literal["万元", "元"]

_YUAN = {"万元": 10_000, "元": 1}
_NEEDED = ("household_id", "status", "tier", "limit_yuan", "reasons", "review_triggers")
_LISTS = ("reasons", "review_triggers")
_HEADER = (
    *("序号", "户号", "户主/家庭成员编号", "建议额度", "授信期限（月）", "等级", "状态", "备注"),
)
_WIDTHS = (6, 18, 26, 12, 16, 10, 24, 80)
_MOST_REMARKS = 3
_LONGEST_TERM = 360
_LONGEST_TITLE = 31
_NO_TITLE = re.compile(r"[\[\]:*?/\\\x00-\x1f]|\A'|'\Z")


class _Line(NamedTuple):
    """One household: what stands in its row, and its limit for the sum."""

    cells: tuple[Any, ...]
    limit_yuan: int | None


def write_approval_sheet(
    path: str | Path,
    proposals: pd.DataFrame,
    county: County,
    *,
    unit: Unit = "万元",
    full_ids: bool = False,
    term_months: int = 12,
) -> Path:
    """Write proposals as the sheet on which a bank approves the limits of whole villages.

    One worksheet per village, its households sorted by number, the sum in the last row.  It holds
    proposals, and says so; nothing on it is a decision.  Equal tables give equal bytes, there are
    no formulas, and text that a spreadsheet could take for one is made harmless.

    Parameters
    ----------
    path : str or Path
        The .xlsx file; an existing file is replaced.
    proposals : DataFrame of n_households
        From `SanzhixinModel.propose`, one row per household.
    county : County
        Brings the village of each household and its members.
    unit : {"万元", "元"}, default="万元"
        Unit of the amounts; exact, 万元 with at most four decimals.
    full_ids : bool, default=False
        Write the numbers of members in full; else counted, with their first and last character.
    term_months : int, default=12
        Term of the limits in months, 1 to 360; the same for all.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    SchemaError
        ``columns_missing``: `proposals` lack a column, or it holds text where lists belong.
    RecordError
        ``household_not_found``: a household is not in the county.
    DomainError
        ``county_expected``; ``run_option``: another unit or term, or a household in two rows.
    OutputError
        ``output_not_written``: disk full, no permission; ``worksheet_full``: too many households.

    Notes
    -----
    The remarks name what a person has to look at: the review triggers, then the reasons, at most
    three.  A household without a proposed limit, or with one of 0, has a blank amount and term and
    adds nothing to the sum.
    Characters that no worksheet can hold are shown as U+FFFD.

    Examples
    --------
    >>> import tempfile
    >>> import sanzhixin as szx
    >>> county = szx.simulate_county(villages=2, seed=7)
    >>> model = szx.fit(county, szx.load_scheme("tongxiang"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_approval_sheet(f"{folder}/审批表.xlsx", model.propose(county), county).name
    '审批表.xlsx'
    """
    check_county(county)
    file = Path(path)
    _check_options(unit, term_months)
    _check_proposals(proposals, county, file.name)
    persons = _persons(county, full_ids=full_ids)
    villages = county.households.set_index("household_id")["village_id"].to_dict()
    rows: dict[str, list[_Line]] = {}
    for row in proposals.sort_values("household_id").to_dict("records"):
        lines = rows.setdefault(str(villages[row["household_id"]]), [])
        lines.append(_line(row, len(lines) + 1, persons, (unit, term_months)))
    for lines in rows.values():
        check_room(len(lines) + len(_HEADER), "xlsx")
    try:
        with whole_file(file) as stream:
            _write_book(stream, dict(sorted(rows.items())), unit)
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise OutputError("output_not_written", path=file.name, problem=problem) from None
    return file


def _check_options(unit: str, term_months: int) -> None:
    if unit not in get_args(Unit):
        raise DomainError("run_option", name="unit", value=unit, known="万元, 元")
    if isinstance(term_months, bool) or term_months not in range(1, _LONGEST_TERM + 1):
        known = f"1 to {_LONGEST_TERM}"
        raise DomainError("run_option", name="term_months", value=term_months, known=known)


def _check_proposals(proposals: pd.DataFrame, county: County, file: str) -> None:
    absent = [name for name in _NEEDED if name not in proposals.columns]
    if not absent:
        absent = [
            f"{name} (list)"
            for name in _LISTS
            if any(isinstance(value, str) for value in proposals[name])
        ]
    if absent:
        raise SchemaError(
            "columns_missing", file=file, table="proposals", columns=", ".join(absent)
        )
    ids = proposals["household_id"]
    unknown = ids[~ids.isin(county.households["household_id"])]
    if len(unknown):
        raise RecordError("household_not_found", household=mask_id(str(unknown.iloc[0])))
    most = int(ids.value_counts().max()) if len(ids) else 1
    if most > 1:
        raise DomainError("run_option", name="rows per household", value=most, known="1")


def _persons(county: County, *, full_ids: bool) -> dict[str, str]:
    """Numbers of the members by household, sorted, in one text."""
    members = county.members.sort_values(["household_id", "person_id"])
    return {
        str(household): "、".join(
            str(person) if full_ids else f"成员{place}（{mask_id(str(person))}）"
            for place, person in enumerate(persons, start=1)
        )
        for household, persons in members.groupby("household_id")["person_id"]
    }


def _line(
    row: dict[Any, Any], number: int, persons: dict[str, str], terms: tuple[str, int]
) -> _Line:
    unit, months = terms
    household, limit = str(row["household_id"]), row["limit_yuan"]
    yuan = None if pd.isna(limit) else int(limit)
    unrated = any(item.get("code") == "UNRATED" for item in _items(row["reasons"]))
    status = outcome_words(_plain(row["status"]), yuan, unrated=unrated)[0]
    yuan = yuan or None  # 0 is no amount to approve
    cells = (
        *(number, _text(household), _text(persons.get(household, ""))),
        *(_amount(yuan, unit), None if yuan is None else int(months), _text(_plain(row["tier"]))),
        *(_text(status), _text("；".join(_remarks(row)))),
    )
    return _Line(cells, yuan)


def _plain(value: Any) -> str:
    return "" if pd.isna(value) else str(value)


def _amount(yuan: int | None, unit: str) -> Decimal | int | None:
    if yuan is None:
        return None
    amount = Decimal(yuan) / _YUAN[unit]
    return int(amount) if amount == int(amount) else amount


def _remarks(row: dict[Any, Any]) -> list[str]:
    triggers = [_trigger(str(code)) for code in _items(row["review_triggers"])]
    reasons = [str(item["zh"]) for item in _items(row["reasons"])]
    return [*triggers, *reasons][:_MOST_REMARKS]


def _items(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple | np.ndarray) else ()


def _trigger(code: str) -> str:
    kind, _, what = code.partition(":")
    if kind not in TRIGGER_WORDS:
        return code
    if what in TABLES:
        what = TABLES[what].zh
    elif what in BOUND_WORDS:
        what = BOUND_WORDS[what][0]
    return TRIGGER_WORDS[kind][0].format(what=what.replace("|", "/"))


def _write_book(stream: IO[bytes], rows: dict[str, list[_Line]], unit: str) -> None:
    book = new_workbook(write_only=True)
    titles = _titles(rows)
    for village, lines in (rows or {"": []}).items():
        sheet = book.create_sheet(titles.get(village, "审批表"))
        try:
            _fill(sheet, village, lines, unit)
        finally:
            sheet.close()
    save_workbook(book, stream)


def _fill(sheet: Any, village: str, lines: list[_Line], unit: str) -> None:
    for place, width in enumerate(_WIDTHS):
        sheet.column_dimensions[chr(ord("A") + place)].width = width
    sheet.freeze_panes = "A4"
    limits = [line.limit_yuan for line in lines if line.limit_yuan]
    title = _text(f"{village}整村授信批量审批表（建议）")
    note = "本表为系统建议，不是授信决定，须经有权人审批。"
    total = ("合计", f"{len(lines)}户", f"其中有额度{len(limits)}户", _amount(sum(limits), unit))
    head = ((title,), (f"单位：{unit}", "", note), _HEADER)
    for cells in (*head, *(line.cells for line in lines), total):
        sheet.append([_cell(sheet, cell) for cell in cells])


def _cell(sheet: Any, value: Any) -> Any:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value=value)
    if isinstance(value, str):
        cell.data_type = "s"
    return cell


def _text(text: str) -> str:
    return NOT_IN_XML.sub("\ufffd", guard_text(text))


def _titles(villages: Iterable[str]) -> dict[str, str]:
    """Names of sheets: allowed characters, at most 31 UTF-16 units, told apart without case."""
    titles: dict[str, str] = {}
    taken = {"history"}
    for village in villages:
        title = next(text for text in _candidates(village) if text.casefold() not in taken)
        taken.add(title.casefold())
        titles[village] = title
    return titles


def _candidates(village: str) -> Iterator[str]:
    name = NOT_IN_XML.sub("\ufffd", village) or "_"
    for number in count(1):
        mark = "" if number == 1 else f"~{number}"
        # cut to UTF-16 units without parting a character
        units = name.encode("utf-16-le")[: 2 * (_LONGEST_TITLE - len(mark))]
        yield _NO_TITLE.sub("_", units.decode("utf-16-le", "ignore") + mark)
