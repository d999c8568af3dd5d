"""Versions of what is installed: this library, and those that it computes with."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

__all__ = ["installed_version", "library_version"]


def installed_version(name: str) -> str | None:
    """Look up the version of an installed distribution.

    Parameters
    ----------
    name : str
        As a package index knows it, e.g. ``scikit-learn``.

    Returns
    -------
    str or None
        None for one that is not installed, such as a source tree that is only on the path.

    Examples
    --------
    >>> installed_version("numpy")[0].isdigit(), installed_version("no-such-library")
    (True, None)
    """
    try:
        return version(name)
    except PackageNotFoundError:
        return None


@cache
def library_version() -> str:
    """Version of the installed library; ``unknown`` for a source tree that is not installed."""
    return installed_version("sanzhixin") or "unknown"
