"""How fitted estimators look in a notebook: the tables that they learned."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sanzhixin.errors import mask_id
from sanzhixin.records.columns import IDENTIFIERS
from sanzhixin.scheme.notebook import grid, panel

__all__ = ["FittedView"]

_TABLES = ("tiers_", "tests_", "table_", "reliability_", "variances_", "raters_", "measures_")
_MOST_ROWS = 20


class FittedView:
    """Shows the tables of a fitted estimator; before that, what scikit-learn shows.

    Examples
    --------
    >>> class Fitted(FittedView):
    ...     table_ = pd.DataFrame({"household_id": ["V001-0001"], "points": [7]})
    >>> "V001" in Fitted()._repr_html_(), "V***1" in Fitted()._repr_html_()
    (False, True)
    """

    def _repr_html_(self) -> str:
        found = {name: getattr(self, name, None) for name in _TABLES}
        parts = [_grid(name, one) for name, one in found.items() if isinstance(one, pd.DataFrame)]
        if not parts:
            parent: Any = super()
            return str(parent._repr_html_inner())
        return panel(type(self).__name__, [], *parts)

    def _repr_mimebundle_(self, **_kinds: object) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}


def _grid(name: str, table: pd.DataFrame) -> str:
    """Write the first rows; an identifier stands masked."""
    first = table.head(_MOST_ROWS)
    masked = {key: first[key].astype("str").map(mask_id) for key in IDENTIFIERS if key in first}
    rows = [
        [f"{cell:.4g}" if isinstance(cell, float) else cell for cell in row]
        for row in first.assign(**masked).itertuples(index=False, name=None)
    ]
    more = f" ({len(first)} / {len(table):,})" if len(first) < len(table) else ""
    return grid(f"{name}{more}", [str(column) for column in table], rows)
