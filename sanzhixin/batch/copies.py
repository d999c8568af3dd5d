"""Keys that stand in several ranges of households, where no range sees the other's row.

An event_id, a person_id and a loan_id are unique in the whole county.  Their digests are parted by
value and kept on disk; only rows whose digest stands in two ranges are looked at together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from sanzhixin.batch.spool import unpack
from sanzhixin.records.checks import find_duplicates
from sanzhixin.records.columns import TABLES, table_spec
from sanzhixin.records.draft import Draft

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sanzhixin.batch.sources import Shelf, Source
    from sanzhixin.batch.spool import Spool
    from sanzhixin.records.raw import Place
    from sanzhixin.scheme import Scheme

__all__ = ["KEYS", "find_spread_keys", "join_spread_rows", "note_keys"]

KEYS = {
    name: spec.key[0]
    for name, spec in TABLES.items()
    if "household_id" in spec.names and "household_id" not in spec.key
}
"""Tables whose key does not say the household, and that key."""

_SHARES = 16


def note_keys(spool: Spool, table: str, keys: pd.Series, ranges: NDArray[np.int64]) -> None:
    """Write down which keys stand in which range.

    Parameters
    ----------
    spool : Spool
        Where to.
    table : str
        A key of `KEYS`.
    keys : Series of str of length n_rows
        Missing keys are left out.
    ranges : ndarray of int64 of shape (n_rows,)
        Range of each row.
    """
    known = keys.notna().to_numpy()
    digests, places = _digests(keys[known]), ranges[known]
    shares = digests % np.uint64(_SHARES)
    for share in np.unique(shares):
        chosen = shares == share
        pairs = pa.table({"digest": digests[chosen], "range": places[chosen]})
        spool.add(f"keys-{table}-{share}", pairs)


def find_spread_keys(spool: Spool, table: str) -> NDArray[np.uint64]:
    """Find the digests that stand in more than one range, sorted."""
    found: list[NDArray[np.uint64]] = []
    for share in range(_SHARES):
        blocks = list(spool.read(f"keys-{table}-{share}"))
        if blocks:
            pairs = pa.concat_tables(blocks).to_pandas().drop_duplicates()
            found.append(pairs["digest"][pairs["digest"].duplicated()].unique())
        spool.drop(f"keys-{table}-{share}")
    return np.unique(np.concatenate([np.empty(0, np.uint64), *found]))


def join_spread_rows(
    shelves: Sequence[Sequence[Shelf]],
    digests: NDArray[np.uint64],
    scheme: Scheme,
    *,
    as_of: dt.date,
    units: Mapping[str, str],
) -> dict[Place, Place]:
    """Look at the rows of some keys of one table together, as if there were no ranges.

    Parameters
    ----------
    shelves : sequence of sequence of Shelf
        For each source of the table, in their order, its rows in all ranges.
    digests : ndarray of uint64
        From `find_spread_keys`.
    scheme, as_of, units
        As for acceptance.

    Returns
    -------
    dict of Place to Place
        Rows that share their key with another row that differs, and where the first such row is.
    """
    drafts: list[Draft] = []
    for places in shelves:
        source = places[0].source
        spec = table_spec(source.table, scheme)
        chosen = [_with_keys(source, block, digests) for at in places for block in at.blocks()]
        raw = unpack(pa.concat_tables(chosen).sort_by("line"), None, source.file)
        drafts.append(Draft.read(raw, spec, scheme, as_of=as_of, units=units))
    draft = Draft.join(drafts)
    found = find_duplicates(draft.good, draft.spec.key)
    found = found[found["differs"]]
    return {
        draft.place(row): draft.place(other)
        for row, other in zip(found.index.tolist(), found["other"].tolist(), strict=True)
    }


def _with_keys(source: Source, block: pa.Table, digests: NDArray[np.uint64]) -> pa.Table:
    keys = source.read(block, KEYS[source.table])
    assert keys is not None  # noqa: S101 - a key is a required column
    known = keys.notna().to_numpy()
    chosen = np.zeros(len(keys), dtype=bool)
    chosen[known] = np.isin(_digests(keys[known]), digests)
    return block.filter(pa.array(chosen))


def _digests(keys: pd.Series) -> NDArray[np.uint64]:
    return pd.util.hash_array(keys.to_numpy(dtype=object), categorize=False)
