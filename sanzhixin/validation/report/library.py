"""Whether the libraries of the page are there."""

from __future__ import annotations

from importlib.util import find_spec

from sanzhixin.errors import DomainError

__all__ = ["check_library"]


def check_library() -> None:
    """Refuse to make a page without the extra ``report``.

    Raises
    ------
    DomainError
        ``report_missing``: matplotlib or jinja2 is not installed.
    """
    for name in ("jinja2", "matplotlib"):
        if find_spec(name) is None:
            raise DomainError("report_missing", package=name)
