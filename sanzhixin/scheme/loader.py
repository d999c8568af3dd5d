"""Reading a scheme from TOML: built-in by name, or a file that may extend another."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sanzhixin.errors import InputError, SchemeError
from sanzhixin.scheme.base import NAMING_KEYS
from sanzhixin.scheme.refusals import in_file, unwrap_validation
from sanzhixin.scheme.scheme import Scheme
from sanzhixin.scheme.toml_files import read_toml, with_tuples

__all__ = ["load_scheme", "scheme_from_dict", "unwrap_validation"]

_DATES = ("valid_from", "valid_until")
_DEEPEST = 5


def load_scheme(source: str | Path) -> Scheme:
    """Load and validate a scheme.

    Parameters
    ----------
    source : str or Path
        Name of a built-in scheme (``"tongxiang"``), or path of a TOML file.  A file with
        ``extends = "tongxiang"`` (or a path relative to itself) states only what differs: tables
        are merged key by key, lists of entries by their code, name or level, the rows of the tier
        table and all other lists are replaced whole.

    Returns
    -------
    Scheme
        Frozen.

    Raises
    ------
    InputError
        ``scheme_not_found``: neither a built-in name nor a file.
        ``toml_date``, ``toml_unquoted``, ``toml_invalid``: not UTF-8 or not TOML.
    SchemeError
        Any rule of the scheme: gaps, overlaps or repeats of tiers, a cap that falls, an unknown
        unit or key, a denied attribute, an official record without list class and document
        number, an unlisted conduct as a gate.  The sentence names the file (and the files that it
        extends), the entry and the way out; ``scheme_invalid`` tells the first three of several.

    Examples
    --------
    >>> scheme = load_scheme("tongxiang")
    >>> scheme.scheme_id
    'tongxiang/1.0.0'
    >>> len(scheme.indicators)
    24
    """
    files: list[str] = []
    data = _read(str(source), base=None, files=files, depth=0)
    try:
        return scheme_from_dict(data)
    except SchemeError as error:
        raise in_file(error, " + ".join(files) or str(source)) from None


def scheme_from_dict(data: dict[str, Any]) -> Scheme:
    """Validate a scheme that was read from TOML into a dictionary.

    Parameters
    ----------
    data : dict
        Keys of the file; ``extends`` is resolved already.

    Returns
    -------
    Scheme
        Frozen.

    Raises
    ------
    SchemeError
        As `load_scheme`.
    """
    try:
        return Scheme.model_validate(with_tuples(data))
    except ValidationError as error:
        raise unwrap_validation(error, data) from None


def _read(source: str, *, base: Path | None, files: list[str], depth: int) -> dict[str, Any]:
    name = Path(source).name
    if depth > _DEEPEST:
        raise SchemeError("extends_too_deep", name=name, deepest=_DEEPEST)
    content, folder = _find(source, base)
    if folder is not None:
        files.append(name)
    data = read_toml(content, name, dates=_DATES)
    parent, removed = data.pop("extends", None), data.pop("remove", [])
    if parent is None:
        if removed:
            raise SchemeError("remove_without_extends", name=name)
        return data
    if not isinstance(parent, str) or not isinstance(removed, list):
        raise SchemeError("extends_not_text", name=name)
    inherited = _read(parent, base=folder, files=files, depth=depth + 1)
    for dotted in removed:
        _remove(inherited, str(dotted), name)
    merged = _merge(inherited, data)
    if not {"name", "version"} & data.keys():
        merged["version"] = _marked(str(inherited.get("version")), merged)
    return merged


def _find(source: str, base: Path | None) -> tuple[bytes, Path | None]:
    """Content of a scheme, and the folder of its file; a built-in one has none."""
    builtin = resources.files("sanzhixin.scheme").joinpath("builtin", f"{source}.toml")
    path = Path(source) if base is None else base / source
    if source.isidentifier() and builtin.is_file():
        return builtin.read_bytes(), None
    if path.is_file():
        return path.read_bytes(), path.parent
    known = ", ".join(sorted(item.name.removesuffix(".toml") for item in _builtins()))
    raise InputError("scheme_not_found", source=source, known=known)


def _marked(version: str, scheme: dict[str, Any]) -> str:
    content = json.dumps(scheme, sort_keys=True, default=str, ensure_ascii=False)
    mark = hashlib.sha256(content.encode()).hexdigest()[:8]
    return f"{version.partition('+')[0]}+{mark}"


def _remove(data: dict[str, Any], dotted: str, name: str) -> None:
    """Take an inherited entry out: ``limits.product_cap``, ``factors.customer_years``."""
    *path, last = dotted.split(".")
    place: Any = data
    for key in path:
        place = place.get(key) if isinstance(place, dict) else None
    if isinstance(place, dict) and last in place:
        del place[last]
    elif isinstance(place, list) and any(_is_named(entry, last) for entry in place):
        place[:] = [entry for entry in place if not _is_named(entry, last)]
    else:
        raise SchemeError("remove_unknown", name=name, entry=dotted)


def _is_named(entry: object, name: str) -> bool:
    return isinstance(entry, dict) and name in (entry.get(key) for key in NAMING_KEYS)


def _builtins() -> list[Any]:
    folder = resources.files("sanzhixin.scheme").joinpath("builtin")
    return [item for item in folder.iterdir() if item.name.endswith(".toml")]


def _merge(base: dict[str, Any], override: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in override.items():
        old = merged.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            merged[key] = _merge(old, value)
        elif isinstance(value, list) and isinstance(old, list) and key != "rows":
            merged[key] = _merge_list(old, value)
        else:
            merged[key] = value
    return merged


def _merge_list(base: list[Any], override: list[Any]) -> list[Any]:
    identity = next(
        (
            key
            for key in NAMING_KEYS
            if all(isinstance(x, dict) and isinstance(x.get(key), str) for x in (*base, *override))
        ),
        None,
    )
    if identity is None:
        return override
    own = {entry[identity]: entry for entry in override}
    if len(own) < len(override):
        return base + override
    kept = [
        _merge(entry, own.pop(entry[identity])) if entry[identity] in own else entry
        for entry in base
    ]
    return kept + list(own.values())
