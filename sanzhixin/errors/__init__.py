"""Errors of the library: one tree, stable codes, English and Chinese texts from one table.

The English text is for developers and logs, the Chinese text (``error.zh``) for the people at the
counter.  Both are sentences that say what was given, where, which rule it broke and the way out.
"""

from __future__ import annotations

from typing import ClassVar

from sanzhixin.errors.card_messages import CARD
from sanzhixin.errors.message import Message
from sanzhixin.errors.messages import ARTIFACT, INPUT, OUTPUT, RECORD
from sanzhixin.errors.method_messages import DOMAIN, EVIDENCE
from sanzhixin.errors.scheme_messages import SCHEME
from sanzhixin.errors.trust_messages import TRUST
from sanzhixin.errors.validation_messages import VALIDATION

__all__ = [
    "MESSAGES",
    "ArtifactError",
    "DomainError",
    "EvidenceError",
    "InputError",
    "Message",
    "OutputError",
    "RecordError",
    "SanzhixinError",
    "SchemaError",
    "SchemeError",
    "mask_id",
]


MESSAGES: dict[str, Message] = {
    **SCHEME,
    **INPUT,
    **RECORD,
    **EVIDENCE,
    **DOMAIN,
    **ARTIFACT,
    **OUTPUT,
    **CARD,
    **TRUST,
    **VALIDATION,
}


class SanzhixinError(Exception):
    """Base of all errors that the library raises on purpose.

    Parameters
    ----------
    code : str
        A key of `MESSAGES`; stable between releases.
    **values : object
        What the templates of that code name in braces.

    Attributes
    ----------
    code : str
        The stable code, for programs.
    en, zh : str
        The sentence in English and in Chinese.
    exit_code : int
        Exit code of the command line for this family.

    Examples
    --------
    >>> error = SanzhixinError("model_not_found", path="models/none")
    >>> error.code
    'model_not_found'
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, code: str, /, **values: object) -> None:
        message = MESSAGES[code]
        self.code = code
        self.values = values
        self.en = message.en.format_map(values)
        self.zh = message.zh.format_map(values)
        super().__init__(self.en)


class InputError(SanzhixinError, ValueError):
    """A file cannot be read: missing, damaged, or in an unknown encoding."""

    exit_code = 4


class SchemaError(InputError):
    """A file was read, but its columns or units are not those of the table."""

    exit_code = 5


class RecordError(SanzhixinError, ValueError):
    """One record (row, application) breaks a rule."""

    exit_code = 3


class DomainError(SanzhixinError, ValueError):
    """A value lies outside the domain of a method."""

    exit_code = 2


class SchemeError(DomainError):
    """A scheme file contradicts itself, the law's deny list, or the format."""


class EvidenceError(SanzhixinError, ValueError):
    """Too little evidence for what was asked: raters, defaults, links."""

    exit_code = 2


class ArtifactError(SanzhixinError, ValueError):
    """A model file or an audit log is refused: damaged, altered, expired, not signed."""

    exit_code = 6


class OutputError(SanzhixinError, OSError):
    """An output could not be written completely; nothing was published."""

    exit_code = 7


def mask_id(value: str) -> str:
    """Hide the middle of an identifier so that messages and logs never carry it whole.

    Parameters
    ----------
    value : str
        A household, person or document identifier.

    Returns
    -------
    str
        First and last character with three stars between; the first alone below six characters,
        none below three.

    Examples
    --------
    >>> mask_id("330483198001011234")
    '3***4'
    >>> mask_id("H1")
    '***'
    """
    first, last = value[:1] * (len(value) > 2), value[-1:] * (len(value) > 5)
    return f"{first}***{last}"
