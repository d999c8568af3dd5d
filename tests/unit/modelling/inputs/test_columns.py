"""Columns of any frame as numbers or texts, at the edges."""

from __future__ import annotations

import datetime
import tracemalloc
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from sanzhixin.errors import DomainError, RecordError
from sanzhixin.modelling.inputs.columns import (
    Columns,
    Texts,
    cut_rows,
    is_number,
    level_names,
    read_columns,
    read_named,
    take_rows,
)


def read(frame, **options):
    return read_columns(BaseEstimator(), frame, reset=True, **options)


def parts(columns):
    return columns.values  # noqa: PD011 - a field of Columns, no frame


def column(frame):
    (values,) = parts(read(frame))
    return values


def shown(values):
    """A column as a list, None where it is missing."""
    if isinstance(values, Texts):
        return [values.levels[code] if code >= 0 else None for code in values.codes.tolist()]
    assert values.dtype == np.float64
    return [None if np.isnan(number) else number for number in values.tolist()]


def series(*cells, dtype):
    return pd.DataFrame({"x": pd.Series(cells, dtype=dtype)})


# Reading.

NUMBERS = {
    "float": series(1.5, np.nan, 3, dtype="float64"),
    "short float": series(1.5, np.nan, 3, dtype="float32"),
    "nullable": series(1.5, None, 3, dtype="Float64"),
    "arrow within pandas": series(1.5, None, 3, dtype="double[pyarrow]"),
    "objects": series(1.5, None, 3, dtype=object),
    "objects with NaN": series(1.5, np.nan, 3, dtype=object),
    "objects with NA": series(np.float32(1.5), pd.NA, np.int8(3), dtype=object),
    "polars null": pl.DataFrame({"x": [1.5, None, 3]}),
    "polars NaN": pl.DataFrame({"x": [1.5, float("nan"), 3]}),
    "polars decimal": pl.DataFrame({"x": [Decimal("1.5"), None, Decimal(3)]}),
    "arrow": pa.table({"x": pa.array([1.5, None, 3])}),
    "array": np.array([[1.5], [np.nan], [3]]),
    "array of objects": np.array([[1.5], [None], [3]], dtype=object),
    "nested list": [[1.5], [float("nan")], [3]],
}


@pytest.mark.parametrize(
    "kind",
    [k for k in NUMBERS],
)
def test_numbers_are_floats_and_nan_where_they_are_missing(kind):
    assert shown(column(NUMBERS[kind])) == [1.5, None, 3.0]


WHOLE = {
    "int": series(1, 0, 1, dtype="int64"),
    "short int": series(1, 0, 1, dtype="uint8"),
    "nullable int": series(1, 0, 1, dtype="Int64"),
    "truth": series(True, False, True, dtype="bool"),
    "nullable truth": series(True, False, True, dtype="boolean"),
    "objects of truth": series(True, False, True, dtype=object),
    "numpy truth": series(np.True_, np.False_, np.True_, dtype=object),
    "polars truth": pl.DataFrame({"x": [True, False, True]}),
    "array of truth": np.array([[True], [False], [True]]),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_truth_values_are_the_numbers_1_and_0(kind):
    assert shown(column(WHOLE[kind])) == [1.0, 0.0, 1.0]


TEXTS = {
    "str": series("户", None, "", "A", dtype="str"),
    "string": series("户", pd.NA, "", "A", dtype="string"),
    "objects": series("户", None, "", "A", dtype=object),
    "objects with NaN": series("户", np.nan, "", "A", dtype=object),
    "category": series("户", None, "", "A", dtype=pd.CategoricalDtype(["z", "户", "A", ""])),
    "arrow within pandas": series("户", None, "", "A", dtype="string[pyarrow]"),
    "polars": pl.DataFrame({"x": ["户", None, "", "A"]}),
    "polars category": pl.DataFrame({"x": ["户", None, "", "A"]}, schema={"x": pl.Categorical}),
    "polars enum": pl.DataFrame(
        {"x": ["户", None, "", "A"]}, schema={"x": pl.Enum(["z", "户", "A", ""])}
    ),
    "arrow": pa.table({"x": ["户", None, "", "A"]}),
    "arrow dictionary": pa.table({"x": pa.array(["户", None, "", "A"]).dictionary_encode()}),
    "array of objects": np.array([["户"], [None], [""], ["A"]], dtype=object),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_texts_are_their_distinct_levels_in_order_and_a_blank_is_missing(kind):
    values = column(TEXTS[kind])
    assert shown(values) == ["户", None, None, "A"]
    assert values.levels == ("A", "户")


@pytest.mark.parametrize("blank", ["", " ", "\t", "　"])
def test_a_text_of_blanks_alone_is_missing(blank):
    assert shown(column(pd.DataFrame({"x": ["a", blank]}))) == ["a", None]


def test_an_array_of_texts_is_texts():
    values = column(np.array([["b"], ["a"], ["b"]]))
    assert (values.levels, values.codes.tolist()) == (("a", "b"), [1, 0, 1])


def test_a_missing_cell_of_a_nested_list_of_texts_is_missing_where_it_is_none():
    assert shown(column([["b"], [None], ["a"]])) == ["b", None, "a"]


def test_a_missing_cell_of_a_nested_list_of_texts_is_missing_where_it_is_nan():
    assert shown(column([["b"], [float("nan")], ["a"]])) == ["b", None, "a"]


def test_texts_that_differ_by_a_trailing_blank_are_two_levels():
    assert column(series("a", "a ", dtype="str")).levels == ("a", "a ")


def test_one_long_text_takes_the_memory_of_one_and_not_of_every_row():
    cells = np.full((2000, 1), "a", dtype=object)
    cells[0, 0] = "备注" * 5000
    tracemalloc.start()
    try:
        column(cells)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000


BLANK = {
    "float": series(None, None, dtype="float64"),
    "objects": series(None, None, dtype=object),
    "NA": series(pd.NA, pd.NA, dtype=object),
    "str": series(None, None, dtype="str"),
    "category": series(None, None, dtype=pd.CategoricalDtype(["a"])),
    "polars": pl.DataFrame({"x": [None, None]}),
    "polars text": pl.DataFrame({"x": [None, None]}, schema={"x": pl.String}),
    "arrow": pa.table({"x": pa.nulls(2)}),
    "array of objects": np.array([[None], [None]]),
}


@pytest.mark.parametrize("kind", BLANK)
def test_a_column_without_a_value_is_read_and_all_missing(kind):
    assert shown(column(BLANK[kind])) == [None, None]


def test_columns_keep_their_names_and_order():
    found = read(pd.DataFrame({"收入": [1.0, 2.0], "a": ["u", "v"], "b": [True, False]}))
    assert isinstance(found, Columns)
    assert found.names == ("收入", "a", "b")
    assert found.n_rows == 2
    assert [shown(values) for values in parts(found)] == [[1, 2], ["u", "v"], [1, 0]]


@pytest.mark.parametrize("array", [np.ones((3, 2)), np.array([["a", 1.0]], dtype=object)])
def test_columns_of_an_array_are_named_by_their_place(array):
    found = read(array)
    assert found.names == ("x0", "x1")
    assert found.n_rows == len(array)


def test_columns_with_whole_numbers_for_names_are_named_by_their_text():
    assert read(pd.DataFrame({0: [1.0], 1: [2.0]})).names == ("0", "1")


def test_only_the_wanted_columns_are_read():
    frame = pd.DataFrame({"a": [1.0], "day": pd.to_datetime(["2026-11-26"]), "b": ["u"]})
    found = read(frame, only=[0, 2])
    assert found.names == ("a", "b")
    assert [shown(values) for values in parts(found)] == [[1.0], ["u"]]


def test_the_estimator_learns_the_names_and_refuses_others():
    estimator = BaseEstimator()
    read_columns(estimator, pd.DataFrame({"a": [1.0], "b": [2.0]}), reset=True)
    assert estimator.n_features_in_ == 2
    assert estimator.feature_names_in_.tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="Feature names unseen at fit time"):
        read_columns(estimator, pl.DataFrame({"a": [1.0], "c": [2.0]}), reset=False)


FITTED = ["收入", "b"]
WAY_OUT = (
    "Give the columns of the fit, in their order; card_.points of a Scorecard reads its own "
    "columns by name instead, beside any others."
)
WAY_OUT_ZH = "，或用 Scorecard 的 card_.points：它按列名读取所需各列，不论次序与多余列。"
DIFFERENCES = [
    (["收入"], "缺少 b"),
    (["b"], "缺少 收入"),
    (["收入", "b", "c", "d"], "多出 c, d"),
    (["收入", "c"], "缺少 b，多出 c"),
    (["b", "收入"], "次序不同"),
]


@pytest.mark.parametrize("to", [pd.DataFrame, pl.DataFrame, pa.table])
@pytest.mark.parametrize(("names", "told"), DIFFERENCES)
def test_other_columns_are_refused_with_the_sentence_of_scikit_learn(names, told, to):
    estimator = BaseEstimator()
    read_columns(estimator, to({name: [1.0] for name in FITTED}), reset=True)
    frame = to({name: [1.0] for name in names})
    with pytest.raises(ValueError, match="during fit") as theirs:
        validate_data(estimator, frame, reset=False, skip_check_array=True)
    with pytest.raises(DomainError) as ours:
        read_columns(estimator, frame, reset=False)
    assert ours.value.code == "columns_differ"
    sentence = " ".join(str(theirs.value).split()).removesuffix(".")
    assert ours.value.en == f"{sentence}. {WAY_OUT}"
    assert ours.value.zh == f"数据列与拟合时不一致（{told}）；请按拟合时的列与次序提供{WAY_OUT_ZH}"


@pytest.mark.filterwarnings("ignore:X has feature names:UserWarning")
@pytest.mark.parametrize("names", [["a"], ["a", "b", "c"]])
def test_a_frame_of_another_width_than_the_array_of_the_fit_is_refused_by_its_width(names):
    estimator = BaseEstimator()
    read_columns(estimator, np.ones((2, 2)), reset=True)
    with pytest.raises(DomainError) as caught:
        read_columns(estimator, pd.DataFrame({name: [1.0] for name in names}), reset=False)
    width = len(names)
    assert caught.value.code == "columns_differ"
    assert caught.value.en == (
        f"X has {width} features, but BaseEstimator is expecting 2 features as input. {WAY_OUT}"
    )
    told = f"拟合时 2 列，现为 {width} 列"
    assert (
        caught.value.zh == f"数据列与拟合时不一致（{told}）；请按拟合时的列与次序提供{WAY_OUT_ZH}"
    )


def test_an_array_of_another_width_is_refused():
    estimator = BaseEstimator()
    read_columns(estimator, np.ones((2, 2)), reset=True)
    for other in (np.ones((2, 3)), np.full((2, 3), "a", dtype=object)):
        with pytest.raises(ValueError, match="X has 3 features, but BaseEstimator is expecting 2"):
            read_columns(estimator, other, reset=False)


# Refusals.

DAY = datetime.date(2026, 11, 26)
REFUSED = [
    (series(1.0, np.inf, np.inf, dtype=float), DomainError, "column_infinite", "holds 2 infinite"),
    (series(1.0, np.inf, dtype=object), DomainError, "column_infinite", "holds 1 infinite"),
    (pl.DataFrame({"x": [1.0, float("inf")]}), DomainError, "column_infinite", "holds 1 infinite"),
    (pl.DataFrame({"x": [DAY]}), DomainError, "column_kind", "holds Date; give numbers"),
    (pd.DataFrame({"x": pd.to_datetime([DAY])}), DomainError, "column_kind", "holds Datetime"),
    (pd.DataFrame({"x": pd.to_timedelta([1], "D")}), DomainError, "column_kind", "holds Duration"),
    (pl.DataFrame({"x": [[1, 2]]}), DomainError, "column_kind", "holds List"),
    (pl.DataFrame({"x": [{"a": 1}]}), DomainError, "column_kind", "holds Struct"),
    (pa.table({"x": [DAY]}), DomainError, "column_kind", "holds Date"),
    (series(1, "a", None, "b", dtype=object), RecordError, "column_mixed", "1 numbers and 2 texts"),
    (series(True, "a", dtype=object), RecordError, "column_mixed", "1 numbers and 1 texts"),
]  # fmt: skip


@pytest.mark.parametrize(("frame", "family", "code", "words"), REFUSED)
def test_a_column_that_is_neither_numbers_nor_texts_is_refused_in_both_languages(
    frame, family, code, words
):
    with pytest.raises(family, match=f"Column x .*{words}") as caught:
        read(frame)
    assert caught.value.code == code
    assert caught.value.en == str(caught.value)
    assert caught.value.zh.startswith("x 列")


def test_infinite_numbers_of_both_signs_are_refused_without_a_warning():
    with pytest.raises(DomainError, match="holds 2 infinite numbers"):
        read(series(1.0, np.inf, -np.inf, dtype=float))


def test_numbers_near_the_largest_are_read_without_a_warning():
    assert shown(column(series(1.7e308, 1.7e308, dtype=float))) == [1.7e308, 1.7e308]


def test_an_array_of_objects_is_refused_by_the_place_of_the_column():
    array = np.array([[1.0, 2.0], ["a", 3.0]], dtype=object)
    with pytest.raises(RecordError, match="Column x0 mixes 1 numbers and 1 texts"):
        read(array)


@pytest.mark.parametrize("cell", [DAY, [1, 2], {"a": 1}, ("a",)])
def test_a_cell_that_is_no_number_and_no_text_is_refused(cell):
    cells = np.empty((2, 1), dtype=object)
    cells[:, 0] = [1.0, cell]
    with pytest.raises(TypeError, match="must be a string or a real number"):
        read(cells)


def test_a_cell_that_is_an_array_is_refused():
    cells = np.empty((2, 1), dtype=object)
    cells[:, 0] = [1.0, np.array([1, 2])]
    with pytest.raises(DomainError, match="holds arrays; give numbers or texts"):
        read(cells)


def test_a_mixture_of_texts_and_decimals_is_refused():
    with pytest.raises(RecordError, match="mixes"):
        read(np.array([["a"], [Decimal("1.5")]], dtype=object))


@pytest.mark.parametrize("kind", ["datetime64[D]", "timedelta64[D]"])
def test_an_array_of_dates_is_refused_as_a_frame_of_dates_is(kind):
    with pytest.raises(DomainError, match="give numbers or texts"):
        read(np.array([[1], [2]]).astype(kind))


@pytest.mark.parametrize(
    "empty",
    [
        pd.DataFrame({"x": pd.Series([], dtype=float)}),
        pl.DataFrame({"x": []}),
        np.empty((0, 1)),
        np.empty((0, 1), dtype=object),
    ],
)
def test_no_rows_are_refused(empty):
    with pytest.raises(ValueError, match="Found array with 0 sample"):
        read(empty)


@pytest.mark.parametrize(
    "empty",
    [
        np.empty((2, 0)),
        np.empty((2, 0), dtype=object),
        pd.DataFrame(index=range(2)),
    ],
)
def test_no_columns_are_refused(empty):
    with pytest.raises(ValueError, match="0 feature"):
        read(empty)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (np.ones(3), "Expected 2D array, got 1D array"),
        (csr_array(np.eye(2)), "Sparse data was passed"),
        (np.ones((2, 1)) * 1j, "Complex data not supported"),
    ],
)
def test_what_is_no_table_is_refused_by_scikit_learn(given, words):
    with pytest.raises((ValueError, TypeError), match=words):
        read(given)


# Reading by name.


@pytest.mark.parametrize("to", [pd.DataFrame, pl.DataFrame, pa.table])
def test_columns_are_read_by_name_in_the_order_asked_for(to):
    frame = to({"day": [DAY], "b": ["u"], "收入": [1.0]})
    found = read_named(frame, ("收入", "b"))
    assert (found.names, found.n_rows) == (("收入", "b"), 1)
    assert [shown(values) for values in parts(found)] == [[1.0], ["u"]]


def test_no_rows_can_be_read_by_name():
    assert read_named(pd.DataFrame({"a": []}), ("a",)).n_rows == 0


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        (np.ones((1, 2)), "card_frame", "A ndarray was given"),
        ({"a": [1.0]}, "card_frame", "A dict was given"),
        (pd.Series([1.0], name="a"), "card_frame", "A Series was given"),
        (pd.DataFrame({"b": [1.0]}), "card_column_missing", "needs the columns a, c"),
        (pd.DataFrame({"a": [DAY], "c": [1.0]}).astype({"a": "datetime64[s]"}), "column_kind", "a"),
        (pd.DataFrame({"a": [1.0], "c": [np.inf]}), "column_infinite", "Column c holds 1"),
    ],
)
def test_what_cannot_be_read_by_name_is_refused_in_both_languages(given, code, words):
    with pytest.raises(DomainError, match=words) as caught:
        read_named(given, ("a", "c"))
    assert caught.value.code == code
    assert caught.value.zh


# Names of levels.


@pytest.mark.parametrize(
    ("numbers", "levels", "codes"),
    [
        ([3.0, -1, np.nan], ("-1", "3"), [1, 0, -1]),
        ([2, 10, 2], ("10", "2"), [1, 0, 1]),  # names are sorted as texts, as levels are
        ([0.5, 0.25], ("0.25", "0.5"), [1, 0]),
        ([0.1, 1e-7, 1e6], ("0.1", "1000000", "1e-07"), [0, 2, 1]),
        ([330_483, 330_400], ("330400", "330483"), [1, 0]),
        ([np.nan, np.nan], (), [-1, -1]),
        ([], (), []),
        ([-0.0, 1], ("0", "1"), [0, 1]),
    ],
)
def test_numbers_are_named_by_their_shortest_text(numbers, levels, codes):
    found = level_names(np.array(numbers, dtype=float))
    assert found.levels == levels
    assert found.codes.tolist() == codes


@pytest.mark.parametrize(
    "numbers",
    [
        [0.1 + 0.2, 0.3],
        [1_234_567_890_123_456, 1_234_567_890_123_457],
        [123_456_789_012_345, 123_456_789_012_346],
        [1.5, 1.25, 1],
    ],
)
def test_distinct_numbers_have_distinct_names(numbers):
    levels = level_names(np.array(numbers, dtype=float)).levels
    assert len(set(levels)) == len(numbers)


def test_names_of_numbers_read_as_these_numbers():
    numbers = np.random.default_rng(0).choice([-9, 0, 1, 2.5, 1e9, 0.001], 50)
    found = level_names(numbers)
    np.testing.assert_array_equal([float(name) for name in shown(found)], numbers)


# Rows.


def test_rows_of_numbers_are_taken():
    numbers, rows = np.array([1.0, np.nan, 3.0]), np.array([True, True, False])
    assert shown(take_rows(numbers, rows)) == [1.0, None]


def test_rows_of_texts_are_taken_and_all_levels_stay_known():
    texts = Texts(("a", "b", "c"), np.array([2, -1, 0, 2]))
    taken = take_rows(texts, np.array([True, True, False, True]))
    assert taken.levels == texts.levels
    assert shown(taken) == ["c", None, "c"]


@pytest.mark.parametrize("values", [np.array([1.0, 2.0]), Texts(("a",), np.array([0, -1]))])
def test_all_rows_are_the_column_itself(values):
    assert take_rows(values, np.array([True, True])) is values


def test_no_rows_can_be_taken():
    nothing = np.array([False, False])
    assert take_rows(np.array([1.0, 2.0]), nothing).size == 0
    assert take_rows(Texts(("a",), np.array([0, -1])), nothing).codes.size == 0


def test_a_run_of_rows_is_a_look_at_the_column():
    numbers, texts = np.array([1.0, np.nan, 3.0]), Texts(("a", "b"), np.array([1, -1, 0]), True)
    found, named = cut_rows(numbers, slice(1, 9)), cut_rows(texts, slice(1, 9))
    assert shown(found) == [None, 3.0]
    assert shown(named) == [None, "a"]
    assert (named.levels, named.is_declared) == (("a", "b"), True)
    assert np.shares_memory(found, numbers)
    assert np.shares_memory(named.codes, texts.codes)


# Numbers as text.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", True), ("-2.0", True), ("+0.53", True), ("1e-3", True), (" 5 ", True), ("５", True),
        ("nan", True), ("inf", True), ("", False), (" ", False), ("-", False), ("1,000", False),
        ("3户", False), ("五", False), ("0x10", False), ("1.2.3", False), ("5%", False),
    ],
)  # fmt: skip
def test_a_text_is_a_number_where_python_reads_it_as_one(text, expected):
    assert is_number(text) is expected
