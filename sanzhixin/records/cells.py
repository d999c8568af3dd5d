"""Text in cells of files that spreadsheets open: a cell is never taken for a formula."""

from __future__ import annotations

__all__ = ["guard_text", "is_formula_like"]

_FIRST = frozenset("=+-@\t\r\n\0＝＋－＠")


def is_formula_like(text: str) -> bool:
    """Tell whether a spreadsheet could take a text for a formula."""
    return text[:1] in _FIRST and bool(text)


def guard_text(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet could take for a formula.

    Parameters
    ----------
    text : str
        Text of a cell; numbers are not passed through here.

    Returns
    -------
    str
        The text, with ``'`` before it where the first character is one of ``= + - @``, their
        full-width forms, a tab, a line break or NUL.

    Examples
    --------
    >>> guard_text("=1+1"), guard_text("V001-0001")
    ("'=1+1", 'V001-0001')
    """
    return f"'{text}" if is_formula_like(text) else text
