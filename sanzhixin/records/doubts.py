"""What is accepted and yet looks wrong: tables that are not there, amounts too small for yuan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sanzhixin.records.columns import TABLES, table_spec
from sanzhixin.records.raw import Note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sanzhixin.records.county import County
    from sanzhixin.scheme import Scheme

__all__ = ["LEAST_AMOUNTS", "find_doubts"]

LEAST_AMOUNTS = 5
"""Amounts of a column above 0; with fewer, nothing is said of their unit."""

_SMALL_YUAN = 1_000
_ABSENT = {
    "ratings": (
        "there are no ratings: no household can be scored (insufficient_evidence)",
        "没有评议表：任何农户都无法评分（证据不足）",
    ),
    "events": (
        "there are no events: nobody gains or loses points by them",
        "没有积分事项：不加减分",
    ),
    "registers": (
        "there are no official records: no gate (否决项) can take effect",
        "没有官方记录：否决项均不会生效",
    ),
    "loans": (
        "there are no loans: no default probability can be fitted, no model validated",
        "没有贷款记录：无法拟合违约概率，也无法验证模型",
    ),
}


def find_doubts(county: County, scheme: Scheme) -> Iterator[Note]:
    """Name what rejects nothing and should be looked at before anybody relies on the tables.

    Parameters
    ----------
    county : County
        Accepted tables.
    scheme : Scheme
        Its factors are columns, too.

    Yields
    ------
    Note
        For an evidence table without rows, what follows; for a column of money in which at least
        `LEAST_AMOUNTS` amounts are above 0 and their median is below 1,000 yuan, the question
        whether they are in units of 10,000 yuan (万元).

    Examples
    --------
    >>> import sanzhixin as szx
    >>> county, scheme = szx.simulate_county(villages=2, seed=7), szx.load_scheme("tongxiang")
    >>> [note.file for note in find_doubts(county, scheme)]
    []
    >>> [note.en for note in find_doubts(szx.County(), scheme)][0]
    'there are no ratings: no household can be scored (insufficient_evidence)'
    """
    for name, (en, zh) in _ABSENT.items():
        if getattr(county, name).empty:
            yield Note(name, en, zh)
    for name in TABLES:
        table = getattr(county, name)
        for column in table_spec(name, scheme).columns:
            if column.kind != "money" or column.name not in table:
                continue
            values = table[column.name].to_numpy(dtype=np.float64, na_value=0.0)
            known = values[values > 0]
            if known.size >= LEAST_AMOUNTS and np.median(known) < _SMALL_YUAN:
                yield Note(
                    name,
                    f"half of the amounts in {column.name} are below {_SMALL_YUAN:,} yuan: are "
                    "they in 10,000 yuan (万元)? Then write （万元） in the header",
                    f"“{column.zh}”（{column.name}）半数以上小于 {_SMALL_YUAN:,} 元：单位是否应为"
                    "万元？若是，请在表头注明（万元）",
                )
