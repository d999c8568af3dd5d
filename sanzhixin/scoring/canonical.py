"""JSON with one spelling: canonical bytes after RFC 8785, strict reading, SHA-256 digests.

Everything that is signed, hashed or compared as JSON is written by `canonical_json` and read by
`strict_loads`, so that equal data have equal bytes on every machine.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from decimal import Decimal
from typing import Any, NoReturn

from sanzhixin.errors import ArtifactError

__all__ = ["canonical_json", "sha256_digest", "strict_loads"]

_DEEPEST = 100
_SMALL, _LARGE = 1e-4, 1e16  # between them neither writes an exponent
_LARGEST_INTEGER = 2**53
_MOST_DIGITS = 30
_ATOMS = frozenset({str, int, bool, type(None)})
_CONTAINERS = frozenset({dict, list, tuple})
_LARGE_INTEGER = re.compile("[-:,[][0-9]{16}")  # 2**53 has 16 digits
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_LONG_INTEGER = re.compile(f"[0-9]{{{_MOST_DIGITS + 1}}}")

_c_dumps = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":")
).encode
_quote = json.JSONEncoder(ensure_ascii=False).encode


def canonical_json(value: Any) -> bytes:
    """Write data as canonical JSON (RFC 8785).

    Parameters
    ----------
    value : dict, list, tuple, str, int, float, bool or None
        Nested up to 100 levels; a tuple is an array.  Missing is None, never NaN.

    Returns
    -------
    bytes
        UTF-8, keys sorted by UTF-16 code units, numbers as ECMAScript writes them.

    Raises
    ------
    ArtifactError
        ``json_integer_large``: beyond 2**53, where JSON numbers stop being exact;
        ``json_not_finite``: NaN or infinity; ``json_key_not_text``; ``json_surrogate``: half of a
        surrogate pair; ``json_too_deep``; ``json_type``: data of another type.

    References
    ----------
    RFC 8785, JSON Canonicalization Scheme, https://www.rfc-editor.org/rfc/rfc8785

    Examples
    --------
    >>> canonical_json({"b": 1.0, "a": [1e21, -0.0, "家风"]}).decode()
    '{"a":[1e+21,0,"家风"],"b":1}'
    """
    try:
        return _encode(value, 0, set()).encode("utf-8")
    except UnicodeEncodeError:
        raise ArtifactError("json_surrogate", name="value") from None


def sha256_digest(data: bytes) -> str:
    """Return the SHA-256 digest of bytes, with the name of the algorithm in front.

    Examples
    --------
    >>> sha256_digest(b"")[:14]
    'sha256:e3b0c44'
    """
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def strict_loads(data: bytes, *, name: str) -> Any:
    """Read JSON that leaves no room for two readings.

    Parameters
    ----------
    data : bytes
        UTF-8 without byte order mark.
    name : str
        What is read, e.g. the file name, for messages.

    Returns
    -------
    dict, list, str, int, float, bool or None
        The data.

    Raises
    ------
    ArtifactError
        ``json_not_utf8``; ``json_invalid``: not JSON; ``json_duplicate_key``;
        ``json_not_finite``: NaN, Infinity or a number that overflows; ``json_number_long``: more
        than 30 digits; ``json_surrogate``: half of a surrogate pair; ``json_too_deep``: more than
        100 levels.

    Examples
    --------
    >>> strict_loads(b'{"protocol": 1}', name="model.json")
    {'protocol': 1}
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ArtifactError("json_not_utf8", name=name, at=error.start) from None
    try:
        value = _decoder(text, name).decode(text)
    except json.JSONDecodeError as error:
        raise ArtifactError(
            "json_invalid", name=name, line=error.lineno, column=error.colno, problem=error.msg
        ) from None
    except RecursionError:
        raise ArtifactError("json_too_deep", name=name, deepest=_DEEPEST) from None
    _check_depth(value, name)
    if _SURROGATE_ESCAPE.search(text):
        _check_pairs(value, name)
    return value


def _decoder(text: str, name: str) -> json.JSONDecoder:
    def pairs(entries: list[tuple[str, Any]]) -> dict[str, Any]:
        read = dict(entries)
        if len(read) < len(entries):
            _refuse_duplicate(entries, name)
        return read

    def number(digits: str) -> float:
        value = float(digits)
        if math.isinf(value):
            raise ArtifactError("json_not_finite", name=name, number=digits[:20])
        return value

    def integer(digits: str) -> int:
        if len(digits.lstrip("-")) > _MOST_DIGITS:
            raise ArtifactError("json_number_long", name=name, most=_MOST_DIGITS)
        return int(digits)

    def constant(word: str) -> NoReturn:
        raise ArtifactError("json_not_finite", name=name, number=word)

    return json.JSONDecoder(
        object_pairs_hook=pairs,
        parse_float=number,
        parse_int=integer if _LONG_INTEGER.search(text) else None,
        parse_constant=constant,
    )


def _refuse_duplicate(entries: list[tuple[str, Any]], name: str) -> NoReturn:
    keys = [key for key, _ in entries]
    key = next(key for place, key in enumerate(keys) if key in keys[:place])
    raise ArtifactError("json_duplicate_key", name=name, key=ascii(key[:40]))


def _check_depth(value: Any, name: str) -> None:
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            child for parent in level if type(parent) in _CONTAINERS for child in _children(parent)
        ]
        if not level:
            return
    raise ArtifactError("json_too_deep", name=name, deepest=_DEEPEST)


def _children(parent: Any) -> list[Any]:
    items = parent.values() if type(parent) is dict else parent
    if _CONTAINERS.isdisjoint(map(type, items)):
        return []
    return [item for item in items if type(item) in _CONTAINERS]


def _check_pairs(value: Any, name: str) -> None:
    try:
        _quote(value).encode("utf-8")
    except UnicodeEncodeError:
        raise ArtifactError("json_surrogate", name=name) from None


def _encode(value: Any, depth: int, mixed: set[int]) -> str:
    if isinstance(value, dict | list | tuple):
        if depth >= _DEEPEST:
            raise ArtifactError("json_too_deep", name="value", deepest=_DEEPEST)
        if _is_plain(value, depth, mixed):
            text = _c_dumps(value)
            if not _LARGE_INTEGER.search(text):
                return text
        return _encode_container(value, depth + 1, mixed)
    return _encode_atom(value)


def _is_plain(value: Any, depth: int, mixed: set[int]) -> bool:
    """Tell whether json.dumps writes the container like RFC 8785, but for large integers.

    Containers that it does not write so are kept in `mixed` by identity, so that no part is looked
    through anew for every level.
    """
    if depth >= _DEEPEST or type(value) not in _CONTAINERS or id(value) in mixed:
        return False
    items, found = value, True
    if type(value) is dict:  # UTF-16 sorts some characters in its own way
        found = all(type(key) is str and key.isascii() for key in value)
        items = value.values()
    if found and not _ATOMS.issuperset(map(type, items)):
        found = all(
            type(item) in _ATOMS or _is_alike(item) or _is_plain(item, depth + 1, mixed)
            for item in items
        )
    if not found:
        mixed.add(id(value))
    return found


def _is_alike(item: Any) -> bool:
    """Tell whether a float is written alike by Python and by ECMAScript."""
    return type(item) is float and not item.is_integer() and _SMALL <= abs(item) < _LARGE


def _encode_container(value: Any, depth: int, mixed: set[int]) -> str:
    if not isinstance(value, dict):
        return f"[{','.join([_encode(item, depth, mixed) for item in value])}]"
    if not all(isinstance(key, str) for key in value):
        raise ArtifactError("json_key_not_text")
    keys = sorted(value, key=_utf16)
    return f"{{{','.join([f'{_quote(key)}:{_encode(value[key], depth, mixed)}' for key in keys])}}}"


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _encode_atom(value: Any) -> str:
    if isinstance(value, str):
        return _quote(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        if abs(value) > _LARGEST_INTEGER:
            raise ArtifactError("json_integer_large", largest=_LARGEST_INTEGER)
        return int.__repr__(value)
    if isinstance(value, float):
        return _encode_float(value)
    raise ArtifactError("json_type", type=type(value).__name__)


def _encode_float(value: float) -> str:
    """Write a double as Number::toString of ECMAScript does: shortest digits, its own layout."""
    if not math.isfinite(value):
        raise ArtifactError("json_not_finite", name="value", number=str(float(value)))
    if value == 0:
        return "0"
    sign, figures, exponent = Decimal(float.__repr__(value)).normalize().as_tuple()
    digits, point = "".join(map(str, figures)), len(figures) + int(exponent)
    if len(digits) <= point <= 21:
        text = digits.ljust(point, "0")
    elif 0 < point <= 21:
        text = f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        text = f"0.{'0' * -point}{digits}"
    else:
        fraction = f".{digits[1:]}" if len(digits) > 1 else ""
        text = f"{digits[0]}{fraction}e{point - 1:+d}"
    return f"-{text}" if sign else text
