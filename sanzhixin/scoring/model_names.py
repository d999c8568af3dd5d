"""Names and versions of models: safe in any path, and with one order of versions."""

from __future__ import annotations

import re

__all__ = [
    "DIGEST_FORM",
    "MODEL_NAME",
    "MODEL_VERSION",
    "is_model_name",
    "is_model_version",
    "version_order",
]

MODEL_NAME = r"^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$"
"""Up to 64 small letters, digits, dots, hyphens and low lines; letters or digits at both ends."""

MODEL_VERSION = r"^(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})$"
"""Three whole numbers in their only spelling."""

DIGEST_FORM = r"^sha256:[0-9a-f]{64}$"

_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")  # names that Windows keeps


def is_model_name(name: str) -> bool:
    """Tell whether a text may name a model, and so a folder on every system.

    Parameters
    ----------
    name : str
        Any text.

    Returns
    -------
    bool
        False also for names of devices.

    Examples
    --------
    >>> [is_model_name(name) for name in ("farm-loan", "..", "con", "Farm", "a/b")]
    [True, False, False, False, False]
    """
    return re.fullmatch(MODEL_NAME, name) is not None and _DEVICE.fullmatch(name) is None


def is_model_version(version: str) -> bool:
    """Tell whether a text is a version.

    Parameters
    ----------
    version : str
        Any text.

    Returns
    -------
    bool
        True for three whole numbers without leading zeros.

    Examples
    --------
    >>> [is_model_version(version) for version in ("1.0.0", "01.0.0", "1.0", "1.0.0-rc1")]
    [True, False, False, False]
    """
    return re.fullmatch(MODEL_VERSION, version) is not None


def version_order(version: str) -> tuple[int, ...]:
    """Give what versions are ordered by.

    Parameters
    ----------
    version : str
        As `MODEL_VERSION`.

    Returns
    -------
    tuple of int
        The three numbers.

    Examples
    --------
    >>> version_order("1.10.0") > version_order("1.9.0")
    True
    """
    return tuple(int(part) for part in version.split("."))
