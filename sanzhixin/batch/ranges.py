"""A county parted by ranges of households, so that no more than a range is ever in memory.

First the rows of all files go to a spool on disk, each to the range that holds its household; then
every range is accepted by itself, as a small county.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from sanzhixin.batch.copies import KEYS, find_spread_keys, join_spread_rows, note_keys
from sanzhixin.batch.outcome import EVERYWHERE
from sanzhixin.batch.sources import Shelf, Source
from sanzhixin.batch.spool import Spool, pack_broken, pack_rows
from sanzhixin.records.accept import CountyAcceptance, accept_county, require_tables
from sanzhixin.records.columns import TABLES, table_spec
from sanzhixin.records.draft import source_notes
from sanzhixin.records.folder import no_table_note
from sanzhixin.records.headers import match_headers
from sanzhixin.records.raw import RawTable
from sanzhixin.records.rejected import ragged_identifier
from sanzhixin.records.unused import absent_notes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from sanzhixin.batch.intake import InputFile
    from sanzhixin.batch.supply import Input, Supply
    from sanzhixin.records.parquet_files import ArrowRows
    from sanzhixin.records.raw import Note, Place
    from sanzhixin.scheme import Scheme

__all__ = ["Layout", "accept_range", "lay_out"]

_HOUSEHOLDS = "households"


@dataclass(frozen=True, slots=True)
class Layout:
    """A folder whose rows lie in a spool, by range.

    Attributes
    ----------
    scheme : Scheme
        Whose columns, codes and consent purpose apply.
    as_of : date
        Scoring date.
    units : dict of str to str
        Declared units of money columns.
    files : tuple of InputFile
        Every file that was looked at, and ``county.toml``.
    sources : tuple of Source
        In the order of files and sheets.
    notes : tuple of Note
        Ignored files and columns, files without rows, columns that the scheme uses and no table
        has.
    sizes : tuple of int
        Households of each range, as far as their numbers could be read; one range at least.
    spool : Spool
        The rows.
    elsewhere : mapping of str to (mapping of Place to Place)
        By table, rows whose key stands in several ranges, and where another one is.
    """

    scheme: Scheme
    as_of: dt.date
    units: dict[str, str]
    files: tuple[InputFile, ...]
    sources: tuple[Source, ...]
    notes: tuple[Note, ...]
    sizes: tuple[int, ...]
    spool: Spool
    elsewhere: Mapping[str, Mapping[Place, Place]]

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables that were handed in, in the order of acceptance."""
        given = {source.table for source in self.sources}
        return tuple(name for name in TABLES if name in given)


def lay_out(
    supply: Supply, scheme: Scheme, as_of: dt.date, spool: Spool, households: int
) -> Layout:
    """Part the rows of a county by ranges of households.

    Parameters
    ----------
    supply : Supply
        Files of a folder or tables of a database.
    scheme : Scheme
        Whose columns, codes and consent purpose apply.
    as_of : date
        Scoring date.
    spool : Spool
        Where the rows go.
    households : int
        Households of a range.

    Returns
    -------
    Layout
        Every row lies in one range, in the first if its household cannot be read; the raters lie
        beside them.

    Raises
    ------
    InputError
        Something cannot be read; see `sanzhixin.records.folder.accept_folder`.
    SchemaError
        A header cannot be used, a column is denied, or a needed table is missing.
    """
    inputs = supply.inputs()
    units = supply.settings.units
    sorter = _Sorter(scheme, units, spool)
    early = [place for place, item in enumerate(inputs) if item.may_hold(_HOUSEHOLDS)]
    for place in early:
        sorter.take(place, inputs[place])
    sorter.set_bounds(households)
    for place in sorted(set(range(len(inputs))) - set(early)):
        sorter.take(place, inputs[place])
    sources = tuple(sorted(sorter.sources.values(), key=lambda source: source.place))
    given = {source.table for source in sources}
    supply.require_any(given)
    require_tables(given)
    return Layout(
        scheme=scheme,
        as_of=as_of,
        units=units,
        files=(*(item.facts() for item in inputs), *supply.others()),
        sources=sources,
        notes=tuple(sorter.notes(inputs)),
        sizes=sorter.sizes,
        spool=spool,
        elsewhere=_spread(sources, sorter, spool, scheme, as_of, units),
    )


def accept_range(layout: Layout, number: int) -> CountyAcceptance:
    """Accept the households of one range and everything that is said of them.

    Parameters
    ----------
    layout : Layout
        From `lay_out`.
    number : int
        Which range, from 0.

    Returns
    -------
    CountyAcceptance
        Of these households; the list of raters is that of the whole folder.
    """
    given: dict[str, list[RawTable]] = {}
    for source in layout.sources:
        place = "all" if source.table in EVERYWHERE else number
        raw = Shelf(layout.spool, source, place).raw()
        if raw is not None:
            given.setdefault(source.table, []).append(raw)
    return accept_county(
        given,
        layout.scheme,
        as_of=layout.as_of,
        units=layout.units,
        elsewhere=layout.elsewhere,
    )


class _Sorter:
    """Brings the rows of one file after another to their ranges.

    Until the ranges are known, rows wait; the households are read first, to know them.
    """

    def __init__(self, scheme: Scheme, units: Mapping[str, str], spool: Spool) -> None:
        self._scheme = scheme
        self._units = units
        self._spool = spool
        self._ids: list[pa.Array] = []
        self._bounds: list[str] | None = None
        self._filled: set[tuple[int, int]] = set()
        self.sources: dict[tuple[int, str], Source] = {}
        self.sizes: tuple[int, ...] = ()

    def take(self, place: int, given: Input) -> None:
        """Bring the rows of one input to their ranges, or let them wait."""
        for table, block in given.blocks():
            source = self._source(place, table, block)
            packed = pack_rows(block)
            broken = pack_broken(block.broken) if isinstance(block, RawTable) else None
            if packed.num_rows or (broken is not None and broken.num_rows):
                self._filled.add(source.place)
            if self._bounds is not None:
                self._bring(source, packed, broken)
                continue
            if table == _HOUSEHOLDS:
                self._ids.append(_names(source.read(packed, "household_id")))
            Shelf(self._spool, source, "waiting").add(packed, broken)

    def _source(self, place: int, table: str, block: RawTable | ArrowRows) -> Source:
        source = self.sources.get((place, block.file))
        if source is None:
            spec = table_spec(table, self._scheme)
            match = match_headers(block.headers, spec, units=self._units, file=block.file)
            sheet = sum(known == place for known, _ in self.sources)
            source = Source((place, sheet), table, block.file, match)
            self.sources[place, block.file] = source
        return source

    def set_bounds(self, households: int) -> None:
        """Part the households that were seen into ranges, and bring what waits to them."""
        ids = pa.chunked_array(self._ids, pa.large_string()).unique().sort()
        self._ids = []
        self._bounds = ids.take(
            pa.array(range(households, len(ids), households), pa.int64())
        ).to_pylist()
        starts = range(0, max(len(ids), 1), households)
        self.sizes = tuple(min(households, len(ids) - start) for start in starts)
        for source in self.sources.values():
            shelf = Shelf(self._spool, source, "waiting")
            for packed in shelf.blocks():
                self._bring(source, packed, None)
            for broken in shelf.broken():
                self._bring(source, packed.slice(0, 0), broken)
            shelf.clear()

    def _bring(self, source: Source, packed: pa.Table, broken: pa.Table | None) -> None:
        if source.table in EVERYWHERE:
            Shelf(self._spool, source, "all").add(packed, broken)
            return
        ranges = self._ranges(source.read(packed, "household_id"), packed.num_rows)
        key = KEYS.get(source.table)
        keys = None if key is None else source.read(packed, key)
        if keys is not None:
            note_keys(self._spool, source.table, keys, ranges)
        empty = packed.slice(0, 0)
        Shelf(self._spool, source, 0).add(empty)
        for number, rows in _parted(packed, ranges):
            Shelf(self._spool, source, number).add(rows)
        if broken is not None and broken.num_rows:
            for number, rows in _parted(broken, self._broken_ranges(source, broken)):
                Shelf(self._spool, source, number).add(empty, rows)

    def _ranges(self, ids: pd.Series | None, n_rows: int) -> NDArray[np.int64]:
        """Find the range of each row; the first where the household is missing."""
        if ids is None:
            return np.zeros(n_rows, dtype=np.int64)
        bounds = self._bounds or []
        codes, known = pd.factorize(ids)
        names = known.to_numpy(dtype=object)
        places = [*(bisect_right(bounds, name) for name in names), 0]
        return np.array(places, dtype=np.int64)[codes]

    def _broken_ranges(self, source: Source, broken: pa.Table) -> NDArray[np.int64]:
        column = source.column("household_id")
        if column is None:
            return self._ranges(None, broken.num_rows)
        cells = broken["cells"].to_pylist()
        ids = [ragged_identifier(row, column.position) for row in cells]
        return self._ranges(pd.Series(ids, dtype="str"), len(ids))

    def notes(self, inputs: Sequence[Input]) -> Iterator[Note]:
        """Tell which files and columns are ignored or lacking, and which files have no rows."""
        columns: dict[str, set[str]] = {}
        for given in inputs:
            if not given.facts().tables:
                yield no_table_note(given.name)
        for table in TABLES:
            for source in sorted(self.sources.values(), key=lambda source: source.place):
                if source.table == table:
                    spec = table_spec(table, self._scheme)
                    empty = source.place not in self._filled
                    yield from source_notes(source.file, spec, source.match, empty=empty)
                    names = {item.column.name for item in source.match.columns}
                    columns.setdefault(table, set()).update(names)
        yield from absent_notes(columns, self._scheme)


def _names(ids: pd.Series | None) -> pa.Array:
    assert ids is not None  # noqa: S101 - a required column
    return pa.array(ids.dropna().unique(), pa.large_string())


def _parted(rows: pa.Table, ranges: NDArray[np.int64]) -> Iterator[tuple[int, pa.Table]]:
    """Part rows by range; within one they keep their order."""
    numbers, counts = np.unique(ranges, return_counts=True)
    if len(numbers) > 1:
        rows = rows.take(pa.array(np.argsort(ranges, kind="stable")))
    start = 0
    for number, count in zip(numbers.tolist(), counts.tolist(), strict=True):
        yield number, rows.slice(start, count)
        start += count


def _spread(
    sources: Sequence[Source],
    sorter: _Sorter,
    spool: Spool,
    scheme: Scheme,
    as_of: dt.date,
    units: Mapping[str, str],
) -> dict[str, dict[Place, Place]]:
    found: dict[str, dict[Place, Place]] = {}
    for table in KEYS:
        digests = find_spread_keys(spool, table)
        if not len(digests):
            continue
        shelves = [
            [Shelf(spool, source, number) for number in range(len(sorter.sizes))]
            for source in sources
            if source.table == table
        ]
        found[table] = join_spread_rows(shelves, digests, scheme, as_of=as_of, units=units)
    return found
