"""Acceptance of tables: every row is accepted or rejected with its rules, none is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sanzhixin.records.columns import table_spec
from sanzhixin.records.draft import Acceptance, Draft
from sanzhixin.records.raw import RawTable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from sanzhixin.scheme import Scheme

__all__ = ["Acceptance", "accept_table"]


def accept_table(
    table: str,
    frame: pd.DataFrame,
    scheme: Scheme,
    *,
    as_of: dt.date | None = None,
    units: Mapping[str, str] | None = None,
    file: str = "",
) -> Acceptance:
    """Accept or reject every row of one table.

    Rules across tables (unknown households or raters) are those of `accept_county`.

    Parameters
    ----------
    table : str
        A key of `sanzhixin.records.columns.TABLES`.
    frame : DataFrame of n_rows
        English or Chinese headers; text or typed cells; blank text is missing.
    scheme : Scheme
        Brings indicators, factors, codes and the purpose of the consent.
    as_of : date, optional
        Scoring date; without it nothing is in the future and no consent expires.
    units : mapping of str to str, optional
        Declared unit (元, 万元) of money columns whose header states none.
    file : str, default=""
        Name for messages and for the rejected rows.

    Returns
    -------
    Acceptance
        Accepted and rejected rows; their numbers add up to n_rows.

    Raises
    ------
    SchemaError
        The header cannot be used; see `sanzhixin.records.headers.match_headers`.

    Examples
    --------
    >>> from sanzhixin.scheme import load_scheme
    >>> rows = pd.DataFrame({"户号": ["H1", "H2"], "议事会建议额度（万元）": ["5", "1,000"]})
    >>> done = accept_table("proposals", rows, load_scheme("tongxiang"))
    >>> int(done.accepted["council_limit_yuan"][0]), done.rejected["code"].tolist()
    (50000, ['number_thousands'])
    """
    spec = table_spec(table, scheme)
    raw = RawTable.from_frame(frame, file)
    draft = Draft.read(raw, spec, scheme, as_of=as_of, units=units)
    draft.reject_duplicates()
    return draft.finish()
