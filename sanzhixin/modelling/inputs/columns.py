"""Columns of any frame as arrays of numbers or texts: pandas, polars, pyarrow and numpy alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
from narwhals.exceptions import DuplicateError
from scipy.sparse import issparse
from sklearn.utils.validation import check_array, validate_data

from sanzhixin.errors import DomainError, RecordError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from sklearn.base import BaseEstimator

    Floats = NDArray[np.float64]

__all__ = [
    "Columns",
    "Texts",
    "cut_rows",
    "is_number",
    "level_names",
    "number_name",
    "read_columns",
    "read_named",
    "take_rows",
]

_FEW = 8  # names that an error shows


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of texts, each distinct one held once.

    Attributes
    ----------
    levels : tuple of str
        Distinct texts, sorted.
    codes : ndarray of shape (n_rows,)
        Index of the text of each row; -1 where it is missing.
    is_declared : bool
        The frame says that they are names: numbers among them are codes.
    """

    levels: tuple[str, ...]
    codes: NDArray[np.int64]
    is_declared: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """Rows of a frame, column by column.

    Attributes
    ----------
    names : tuple of str
        Names of the columns; ``x0``, ``x1`` ... for arrays.
    values : tuple of ndarray or Texts
        float64 with NaN where a number is missing, or texts.
    n_rows : int
        Rows.
    """

    names: tuple[str, ...]
    values: tuple[Floats | Texts, ...]
    n_rows: int


def read_columns(
    estimator: BaseEstimator, X: Any, *, reset: bool, only: Sequence[int] | None = None
) -> Columns:
    """Read a frame or an array, and hold it to what the estimator was fitted with.

    Parameters
    ----------
    estimator : BaseEstimator
        Gets ``n_features_in_`` and ``feature_names_in_`` when `reset`, else is compared with them.
    X : DataFrame (pandas, polars, pyarrow, ...) or array-like of shape (n_rows, n_columns)
        Numbers, truth values and texts; missing is NaN, None or null.
    reset : bool
        Whether the estimator is being fitted.
    only : sequence of int, optional
        Places of the columns that are wanted; the others are not looked at.

    Returns
    -------
    Columns
        The same for every kind of frame.

    Raises
    ------
    DomainError
        ``column_kind``: dates, lists or other things that are neither numbers nor texts;
        ``column_infinite``: an infinite number; ``column_names``: a name stands twice;
        ``columns_differ``: other columns than those of the fit, or in another order.
    ValueError
        From scikit-learn: no rows, no columns, an array of another width than that of the fit.
    """
    frame = _native(X)
    if not isinstance(frame, nw.DataFrame):
        return _read_array(estimator, X, reset=reset, only=only)
    try:
        validate_data(estimator, X, reset=reset, skip_check_array=True)
    except ValueError as error:  # scikit-learn's sentence on other columns than those of the fit
        told = " ".join(str(error).split()).rstrip(".")
        raise DomainError(
            "columns_differ", problem=told, problem_zh=_difference(estimator, frame.columns)
        ) from None
    there = _columns_of(frame)
    if len(frame) == 0 or not there:
        check_array(np.empty((len(frame), len(there))))  # scikit-learn's sentence for nothing
    every = tuple(there)
    names = every if only is None else tuple(every[place] for place in only)
    return Columns(names, tuple(_read_series(name, there[name]) for name in names), len(frame))


def _difference(estimator: BaseEstimator, names: Sequence[object]) -> str:
    """Say in Chinese how the names of columns differ from those of the fit."""
    if not hasattr(estimator, "feature_names_in_"):
        return f"拟合时 {estimator.n_features_in_} 列，现为 {len(names)} 列"
    fitted, given = list(estimator.feature_names_in_), [str(n) for n in names]
    absent = [name for name in fitted if name not in given]
    strange = [name for name in given if name not in fitted]
    parts = [f"缺少 {_listed(absent)}"] if absent else []
    parts += [f"多出 {_listed(strange)}"] if strange else []
    return "，".join(parts) or "次序不同"


def read_named(X: Any, names: tuple[str, ...]) -> Columns:
    """Read some columns of a frame by their names.

    Parameters
    ----------
    X : DataFrame (pandas, polars, pyarrow, ...)
        Has them; others are not looked at.
    names : tuple of str
        Which.

    Returns
    -------
    Columns
        In the order of the names.

    Raises
    ------
    DomainError
        ``card_frame``: not a frame; ``card_column_missing``: a column is not there;
        ``column_kind``, ``column_infinite``, ``column_names``.
    """
    frame = _native(X)
    if not isinstance(frame, nw.DataFrame):
        raise DomainError("card_frame", given=type(X).__name__)
    there = _columns_of(frame)
    absent = [name for name in names if name not in there]
    if absent:
        raise DomainError("card_column_missing", columns=", ".join(absent))
    return Columns(names, tuple(_read_series(name, there[name]) for name in names), len(frame))


def _native(X: Any) -> Any:
    try:
        return nw.from_native(X, eager_only=True, pass_through=True)
    except DuplicateError:
        raise _names_twice([str(name) for name in X.columns]) from None


def _columns_of(frame: nw.DataFrame[Any]) -> dict[str, Any]:
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        raise _names_twice(names)
    native = frame.to_native()
    columns: Iterable[Any] = frame.iter_columns()
    if isinstance(native, pd.DataFrame):  # plain doubles need nothing of what other types do
        columns = (
            own.to_numpy() if own.dtype == np.float64 else nw.from_native(own, series_only=True)
            for _, own in native.items()
        )
    return dict(zip(names, columns, strict=True))


def _names_twice(names: list[str]) -> DomainError:
    return DomainError(
        "column_names", names=_listed(sorted({n for n in names if names.count(n) > 1}))
    )


def _listed(names: list[str]) -> str:
    """List names, the first few of many."""
    more = f" … ({len(names)})" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more


def _read_series(name: str, series: Any) -> Floats | Texts:
    if isinstance(series, np.ndarray):
        return _finite(name, np.ascontiguousarray(series))
    kind = series.dtype
    if kind.is_numeric() or kind == nw.Boolean:
        return _finite(name, _numbers(series))
    if kind in (nw.Categorical, nw.Enum):
        if kind == nw.Categorical and series.cat.get_categories().dtype.is_numeric():
            return replace(level_names(_numbers(series.cast(nw.Float64))), is_declared=True)
        texts = _read_texts(series.cast(nw.String))
        return replace(texts, is_declared=True)
    if kind == nw.String:
        return _read_texts(series)
    if kind in (nw.Object, nw.Unknown):
        return _read_objects(name, np.asarray(series.to_numpy(), dtype=object))
    raise DomainError("column_kind", name=name, kind=str(kind))


def _read_texts(series: Any) -> Texts:
    return _texts(np.asarray(series.to_numpy(), dtype=object), series.is_null().to_numpy())


def _numbers(series: Any) -> Floats:
    """Read numbers as float64, NaN where one is missing."""
    values = np.asarray(series.to_numpy())
    if values.dtype.kind not in "fiub" or (values.dtype.kind != "f" and series.null_count()):
        values = np.asarray(series.cast(nw.Float64).to_numpy())
    return np.ascontiguousarray(values, dtype=np.float64)


def _read_array(
    estimator: BaseEstimator, X: Any, *, reset: bool, only: Sequence[int] | None
) -> Columns:
    given = np.asarray(X) if not issparse(X) and hasattr(X, "__len__") else X
    kind = getattr(given, "dtype", np.dtype(float)).kind
    if kind in "mM":
        raise DomainError("column_kind", name="x0", kind=str(given.dtype))
    if kind in "OSU" and given.ndim == 2:
        # A list of texts would turn None and NaN into texts, so its cells are taken as they are.
        cells = np.array(X, dtype=object)
        validate_data(estimator, cells, reset=reset, skip_check_array=True)
        if not cells.size:
            check_array(cells)
        places = range(cells.shape[1]) if only is None else only
        names = tuple(f"x{place}" for place in places)
        read = tuple(_read_objects(f"x{place}", cells[:, place]) for place in places)
        return Columns(names, read, cells.shape[0])
    array = validate_data(
        estimator, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan"
    )
    places = range(array.shape[1]) if only is None else only
    names = tuple(f"x{place}" for place in places)
    values = tuple(np.ascontiguousarray(array[:, place]) for place in places)
    return Columns(names, values, array.shape[0])


def _read_objects(name: str, column: NDArray[np.object_]) -> Floats | Texts:
    """Read cells of any Python type: all numbers, or all texts; None and NaN are missing."""
    missing = np.array([_is_missing(cell) for cell in column], dtype=np.bool_)
    there = column[~missing]
    numbers = [isinstance(cell, (Real, Decimal, np.bool_)) for cell in there]
    texts = [isinstance(cell, str) for cell in there]
    for cell, number, text in zip(there, numbers, texts, strict=True):
        if isinstance(cell, np.ndarray):
            raise DomainError("column_kind", name=name, kind="arrays")
        if not (number or text):
            float(cell)  # Python's TypeError for what is neither
    if any(numbers) and any(texts):
        raise RecordError("column_mixed", name=name, texts=sum(texts), numbers=sum(numbers))
    if any(texts):
        return _texts(column, missing)
    values = np.full(column.size, np.nan)
    values[~missing] = there.astype(np.float64)
    return _finite(name, values)


def _is_missing(cell: object) -> bool:
    if cell is None or type(cell).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(cell, (float, np.floating, Decimal)) and cell != cell


def _finite(name: str, numbers: Floats) -> Floats:
    with np.errstate(all="ignore"):
        plain = np.isfinite(numbers.sum())  # else NaN, an infinite number, or a sum too large
    if not plain:
        infinite = np.isinf(numbers)
        if infinite.any():
            raise DomainError("column_infinite", name=name, count=int(infinite.sum()))
    return numbers


def _texts(cells: NDArray[np.object_], missing: NDArray[np.bool_]) -> Texts:
    missing = missing | np.array([isinstance(c, str) and not c.strip() for c in cells], bool)
    found, distinct = pd.factorize(cells[~missing])
    return _sorted_texts([str(text) for text in distinct], found, missing)


def _sorted_texts(names: list[str], place: NDArray[np.int64], missing: NDArray[np.bool_]) -> Texts:
    """Hold texts in sorted order, whatever the order they were met in."""
    levels = sorted(set(names))
    rank = {name: k for k, name in enumerate(levels)}
    codes = np.full(missing.size, -1, dtype=np.int64)
    codes[~missing] = np.array([rank[name] for name in names], dtype=np.int64)[place]
    return Texts(tuple(levels), codes)


def level_names(values: Floats) -> Texts:
    """Take numbers for names of categories, as a status code is: 3.0 becomes "3".

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        Numbers; NaN is missing.

    Returns
    -------
    Texts
        Names of the distinct numbers.

    Examples
    --------
    >>> level_names(np.array([3.0, -1, np.nan]))
    Texts(levels=('-1', '3'), codes=array([ 1,  0, -1]), is_declared=False)
    """
    missing = np.isnan(values)
    distinct, place = np.unique(values[~missing], return_inverse=True)
    return _sorted_texts([number_name(value) for value in distinct.tolist()], place, missing)


def number_name(value: float | str) -> str:
    """Write a number as the name of a category; a text stays as it is.

    Parameters
    ----------
    value : float or str
        A code.

    Returns
    -------
    str
        Different for different numbers; whole numbers without a point.

    Examples
    --------
    >>> number_name(3.0), number_name(-0.0), number_name(0.1 + 0.2)
    ('3', '0', '0.30000000000000004')
    """
    if isinstance(value, str):
        return value
    number = float(value)
    return str(int(number)) if number.is_integer() else repr(number)


def cut_rows(values: Floats | Texts, rows: slice) -> Floats | Texts:
    """Look at a run of rows of a column.

    Parameters
    ----------
    values : ndarray or Texts of shape (n_rows,)
        The column.
    rows : slice
        Which rows.

    Returns
    -------
    ndarray or Texts
        Of these rows, without a copy.
    """
    return replace(values, codes=values.codes[rows]) if isinstance(values, Texts) else values[rows]


def take_rows(values: Floats | Texts, rows: NDArray[np.bool_]) -> Floats | Texts:
    """Take some rows of a column.

    Parameters
    ----------
    values : ndarray or Texts of shape (n_rows,)
        The column.
    rows : ndarray of bool, shape (n_rows,)
        Which rows.

    Returns
    -------
    ndarray or Texts
        Of these rows; levels that none of them has stay known.
    """
    if rows.all():
        return values
    if isinstance(values, Texts):
        return replace(values, codes=values.codes[rows])
    return values[rows]


def is_number(text: str) -> bool:
    """Tell whether a text reads as a number.

    Parameters
    ----------
    text : str
        Any.

    Returns
    -------
    bool
        Whether Python reads it as one.
    """
    try:
        float(text)
    except ValueError:
        return False
    return True
