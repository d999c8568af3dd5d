"""Reading TOML: exact decimals, and sentences for dates and Chinese words without quotes."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from sanzhixin.errors import InputError

__all__ = ["read_toml", "with_tuples"]

_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")
_WORD = re.compile(r"[^\s=\[\]{},.#\"']+")
_CURLY_QUOTES = "“”‘’＂"


def read_toml(content: bytes, name: str, *, dates: Collection[str]) -> dict[str, Any]:
    """Read a TOML file.

    Parameters
    ----------
    content : bytes
        The file.
    name : str
        Its name, for the message.
    dates : collection of str
        Keys that hold a date.

    Returns
    -------
    dict
        Numbers with a decimal point as Decimal.

    Raises
    ------
    InputError
        ``toml_date``: a key of `dates` holds no date; ``toml_unquoted``: a key or a text with
        Chinese characters stands without quotation marks; ``toml_invalid``: anything else that is
        not TOML, or not UTF-8.

    Examples
    --------
    >>> read_toml(b"as_of = 2026-06-30", "county.toml", dates=["as_of"])
    {'as_of': datetime.date(2026, 6, 30)}
    """
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise InputError("toml_invalid", name=name, problem=error) from None
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise _refusal(text, name, str(error), dates) from None
    except (ArithmeticError, ValueError):
        raise InputError("toml_invalid", name=name, problem="a number is too long") from None
    except RecursionError:
        raise InputError("toml_invalid", name=name, problem="nested too deep") from None


def with_tuples(value: Any) -> Any:
    """Turn the lists of a file into tuples, as frozen models want them.

    Parameters
    ----------
    value : object
        From `read_toml`.

    Returns
    -------
    object
        The same with tuples, however deep.

    Examples
    --------
    >>> with_tuples({"keys": [[1], 2]})
    {'keys': ((1,), 2)}
    """
    if isinstance(value, list):
        return tuple(with_tuples(item) for item in value)
    if isinstance(value, dict):
        return {key: with_tuples(item) for key, item in value.items()}
    return value


def _refusal(text: str, name: str, problem: str, dates: Collection[str]) -> InputError:
    place = _PLACE.search(problem)
    if place is None:
        return InputError("toml_invalid", name=name, problem=problem)
    number, column = int(place[1]), int(place[2])
    line = text.split("\n")[number - 1]
    key = _KEY.match(line)
    if key is not None and key[1] in dates:
        return InputError("toml_date", file=name, key=key[1])
    word = _unquoted(line, column - 1)
    # after a complete value stands a comment without its mark, not a word without its quotes
    if word and not problem.startswith("Expected newline"):
        quoted = json.dumps(word, ensure_ascii=False)
        return InputError("toml_unquoted", name=name, line=number, word=quoted)
    return InputError("toml_invalid", name=name, problem=problem)


def _unquoted(line: str, at: int) -> str:
    """Give the word with Chinese or other letters beyond ASCII that spans a place; "" if none."""
    words = (found[0] for found in _WORD.finditer(line) if found.start() <= at < found.end())
    word = next(words, "").strip(_CURLY_QUOTES)
    return word if any(char.isalnum() and not char.isascii() for char in word) else ""
