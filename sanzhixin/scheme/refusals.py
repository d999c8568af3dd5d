"""Sentences for what pydantic refuses: the place by its codes, what was given, the way out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sanzhixin.errors import SanzhixinError, SchemeError
from sanzhixin.errors.scheme_messages import AND_MORE
from sanzhixin.scheme.base import CODE_FORM, NAME_FORM, NAMING_KEYS, PILLAR_FORM, VERSION_FORM

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

__all__ = ["Paper", "in_file", "unwrap_validation"]

_SHOWN = 3
_LONGEST = 40
_LISTS_BY_KIND = {"indicators", "factors"}
_PERSONAL = re.compile(r"(?<![.\d])\d{9,}")  # a pasted identity or phone number
_OF_KEY = "[key]"  # what pydantic puts behind a key that is refused itself
_SIGNS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}

_CODES: dict[str, str] = {
    "bool_type": "value_not_bool",
    "date_parsing": "value_not_date",
    "date_type": "value_not_date",
    "dict_type": "value_not_table",
    "extra_forbidden": "key_unknown",
    "finite_number": "value_not_finite",
    "greater_than": "value_out_of_range",
    "greater_than_equal": "value_out_of_range",
    "int_type": "value_not_whole",
    "invalid_key": "key_unknown",
    "is_instance_of": "value_not_number",
    "less_than": "value_out_of_range",
    "less_than_equal": "value_out_of_range",
    "literal_error": "choice_unknown",
    "missing": "key_missing",
    "model_attributes_type": "value_not_table",
    "model_type": "value_not_table",
    "number_digits": "number_digits",
    "string_too_long": "text_too_long",
    "string_too_short": "text_too_short",
    "string_type": "value_not_text",
    "too_long": "list_too_long",
    "too_short": "list_too_short",
    "tuple_type": "value_not_list",
    "union_tag_invalid": "choice_unknown",
    "union_tag_not_found": "key_missing",
}


@dataclass(frozen=True, slots=True)
class Paper:
    """Where it is written what may stand in a kind of file.

    Attributes
    ----------
    en, zh : str
        The paper, and where in it.
    forms : mapping of str to str
        Code of the sentence by the pattern of a text.
    """

    en: str
    zh: str
    forms: Mapping[str, str]


_OF_SCHEMES = Paper(
    en="docs/scheme.md",
    zh="docs/scheme.md",
    forms={
        CODE_FORM: "code_form",
        NAME_FORM: "scheme_name_form",
        PILLAR_FORM: "pillar_code_form",
        VERSION_FORM: "scheme_version_form",
    },
)


def unwrap_validation(
    error: ValidationError, data: object = None, paper: Paper = _OF_SCHEMES
) -> SanzhixinError:
    """Turn a validation error of pydantic into ours: the rules that were broken, and where.

    Parameters
    ----------
    error : ValidationError
        Of a scheme or a part of it.
    data : object, optional
        What was validated; entries of its lists are then named by their code or name.
    paper : Paper, optional
        Where the reader finds more; by default that of scheme files.

    Returns
    -------
    SanzhixinError
        The one refusal, or ``scheme_invalid`` with the first three of several.
    """
    faults = [fault for fault in error.errors(include_url=False) if not _is_echo(fault)]
    refusals = [_refusal(fault, data, paper) for fault in faults]
    if len(refusals) == 1:
        return refusals[0]
    english = [f"({k}) {refusal.en}" for k, refusal in enumerate(refusals[:_SHOWN], start=1)]
    chinese = [f"（{k}）{refusal.zh}" for k, refusal in enumerate(refusals[:_SHOWN], start=1)]
    if len(refusals) > _SHOWN:
        english.append(AND_MORE.en.format(count=len(refusals) - _SHOWN))
        chinese.append(AND_MORE.zh.format(count=len(refusals) - _SHOWN))
    return SchemeError(
        "scheme_invalid",
        count=len(refusals),
        paper=paper.en,
        paper_zh=paper.zh,
        problems=" ".join(english),
        problems_zh="".join(chinese),
    )


def in_file(error: SanzhixinError, file: str) -> SanzhixinError:
    """Let the sentences of an error begin with the file that they are about.

    Parameters
    ----------
    error : SanzhixinError
        Changed in place.
    file : str
        Name of the file.

    Returns
    -------
    SanzhixinError
        The same error.
    """
    error.en, error.zh = f"{file}: {error.en}", f"{file}：{error.zh}"
    error.args = (error.en,)
    return error


def _is_echo(fault: ErrorDetails) -> bool:
    """Whether a list seems short only because entries of it were refused before."""
    return fault["type"] == "too_short" and len(fault["input"]) >= fault["ctx"]["min_length"]


def _refusal(fault: ErrorDetails, data: object, paper: Paper) -> SanzhixinError:
    context, given = fault.get("ctx", {}), fault["input"]
    inner = context.get("error")
    if isinstance(inner, SanzhixinError):
        return inner
    where = _where(fault["loc"], data)
    if fault["type"].startswith("union_tag") and isinstance(given, dict):
        where, given = f"{where}.kind", given.get("kind")
    return SchemeError(
        _code(fault, paper),
        where=where,
        given=_shown(given),
        paper=paper.en,
        paper_zh=paper.zh,
        choices=", ".join(_quoted(context.get("expected", context.get("expected_tags", "")))),
        bound=" ".join(f"{sign} {context[key]}" for key, sign in _SIGNS.items() if key in context),
        length=len(given) if isinstance(given, str | tuple | list) else 0,
        least=context.get("min_length"),
        most=context.get("max_length"),
        decimals=context.get("decimals"),
        digits=context.get("digits"),
    )


def _code(fault: ErrorDetails, paper: Paper) -> str:
    if fault["type"] == "string_pattern_mismatch":
        return paper.forms.get(fault["ctx"]["pattern"], "entry_invalid")
    if fault["type"] == "union_tag_not_found" and not isinstance(fault["input"], dict):
        return "value_not_table"
    return _CODES.get(fault["type"], "entry_invalid")


def _quoted(text: str) -> list[str]:
    return re.findall(r"'([^']*)'", text)


def _where(location: Iterable[int | str], data: object) -> str:
    """``indicators[A8].levels[good].points``; an entry without a name is ``bins[#2]``."""
    parts = list(location)
    if len(parts) > 2 and parts[0] in _LISTS_BY_KIND:
        del parts[2]  # pydantic puts the kind of the entry here
    if parts[-1:] == [_OF_KEY]:
        del parts[-1]
    where, place = "", data
    for part in parts:
        is_key = isinstance(place, dict) or isinstance(part, str)
        place = _step(place, part)
        where += f".{_key(str(part))}" if is_key else f"[{_name(place, int(part))}]"
    return where.removeprefix(".") or "scheme"


def _step(place: Any, part: int | str) -> object:
    try:
        return place[part]
    except (IndexError, KeyError, TypeError):
        return None


def _name(entry: object, position: int) -> str:
    names = [entry.get(key) for key in NAMING_KEYS] if isinstance(entry, dict) else []
    usable = (name for name in names if isinstance(name, str) and 0 < len(name) <= _LONGEST)
    return next(usable, f"#{position + 1}")


def _key(key: str) -> str:
    """As TOML writes it: quoted unless bare."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)


def _shown(value: object) -> str:
    """Write a value as TOML does, shortened; of lists and tables only the brackets."""
    match value:
        case bool():
            text = str(value).lower()
        case str():
            text = json.dumps(value, ensure_ascii=False)
        case int():
            text = str(Decimal(value))  # int itself refuses to show thousands of digits
        case float() | Decimal() | date():
            text = str(value)
        case list() | tuple():
            text = "[…]"
        case dict():
            text = "{…}"
        case _:
            text = type(value).__name__
    masked = _PERSONAL.sub("***", text)
    return masked if len(masked) <= _LONGEST else f"{masked[:_LONGEST]}…"
