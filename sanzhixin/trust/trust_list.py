"""The trust list: whose signature makes a model fit for use, and which models are withdrawn."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from sanzhixin.errors import InputError
from sanzhixin.scheme.base import Decision, Text
from sanzhixin.scheme.refusals import Paper, unwrap_validation
from sanzhixin.scheme.toml_files import read_toml, with_tuples
from sanzhixin.scoring.model_names import DIGEST_FORM, MODEL_NAME, MODEL_VERSION, version_order
from sanzhixin.scoring.provenance import Status
from sanzhixin.trust.keys import KEY_FORM

__all__ = ["Duty", "TrustList", "TrustedKey", "Withdrawn", "read_trust_list"]

_LARGEST = 1_000_000
_DATES = ("valid_from", "valid_until", "revoked_on")

Duty = Literal[Status, "checkpoint"]
"""What a key may sign for: a status of models, or checkpoints of logs."""

_PAPER = Paper(
    en='docs/trust.md ("Signatures and the trust list")',
    zh="docs/trust.md（Signatures and the trust list 一节）",
    forms={
        KEY_FORM: "key_form",
        DIGEST_FORM: "digest_form",
        MODEL_NAME: "model_name_form",
        MODEL_VERSION: "model_version_form",
    },
)


class TrustedKey(Decision):
    """One key that may sign.

    Attributes
    ----------
    key : str
        Public key, as ``ed25519:`` and base64.
    person : str
        Who holds it.
    may : tuple of {"draft", "validated", "approved", "retired", "checkpoint"}
        Statuses of models that it may sign for, and whether it may sign checkpoints of logs.
    valid_from, valid_until : date
        First and last day of a signature that counts.
    revoked_on : date or None
        A revoked key counts for nothing, whatever day its signatures state: who has a stolen
        key can state any day.
    """

    key: Annotated[str, Field(pattern=KEY_FORM)]
    person: Text
    may: Annotated[tuple[Duty, ...], Field(min_length=1)]
    valid_from: dt.date
    valid_until: dt.date
    revoked_on: dt.date | None = None

    def counts(self, duty: Duty, on: dt.date) -> bool:
        """Tell whether a signature of this key counts.

        Parameters
        ----------
        duty : str
            A status of models, or ``checkpoint``.
        on : date
            Day that the signature states.

        Returns
        -------
        bool
            False for a revoked key, whatever the day.
        """
        in_time = self.valid_from <= on <= self.valid_until
        return in_time and self.revoked_on is None and duty in self.may


class Withdrawn(Decision):
    """A model that must not be used any more.

    Attributes
    ----------
    digest : str
        The digest that its ``model.json`` states.
    reason : str
        Why.
    """

    digest: Annotated[str, Field(pattern=DIGEST_FORM)]
    reason: Text


class TrustList(Decision):
    """What a bank trusts.

    Attributes
    ----------
    format : int
        1.
    keys : tuple of TrustedKey
        Old keys stay in the list, so that what they signed in their time still counts.
    withdrawn : tuple of Withdrawn
        Models that were signed once and must not be used.
    least : dict of str to str
        Lowest version by name, so that nobody can put an older model in the place of a newer.
    """

    format: Annotated[int, Field(ge=1, le=1)]
    keys: tuple[TrustedKey, ...] = ()
    withdrawn: tuple[Withdrawn, ...] = ()
    least: dict[
        Annotated[str, Field(pattern=MODEL_NAME)], Annotated[str, Field(pattern=MODEL_VERSION)]
    ] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check(self) -> Self:
        known = [key.key for key in self.keys]
        for place, key in enumerate(self.keys):
            if key.key in known[:place]:
                raise InputError("trust_key_twice", person=key.person)
            if key.valid_until < key.valid_from:
                raise InputError("trust_key_dates", person=key.person)
        return self

    def key(self, text: str) -> TrustedKey | None:
        """Find a key.

        Parameters
        ----------
        text : str
            As ``ed25519:`` and base64.

        Returns
        -------
        TrustedKey or None
            None for one that is not in the list.
        """
        return next((key for key in self.keys if key.key == text), None)

    def withdrawal(self, digest: str) -> Withdrawn | None:
        """Find out whether a model is withdrawn.

        Parameters
        ----------
        digest : str
            That its file states.

        Returns
        -------
        Withdrawn or None
            With the reason; None for one that is not.
        """
        return next((entry for entry in self.withdrawn if entry.digest == digest), None)

    def is_rolled_back(self, name: str, version: str) -> bool:
        """Tell whether a version is older than the oldest that may be used.

        Parameters
        ----------
        name, version : str
            Of the model.

        Returns
        -------
        bool
            False for a name of which the list says nothing.
        """
        least = self.least.get(name)
        return least is not None and version_order(version) < version_order(least)


def read_trust_list(path: str | Path) -> TrustList:
    r"""Read a trust list from TOML.

    Parameters
    ----------
    path : str or Path
        The file; who may write to it decides which models are used.

    Returns
    -------
    TrustList
        Checked.

    Raises
    ------
    InputError
        ``file_not_found``, ``file_no_permission``, ``file_too_large``, ``toml_invalid``,
        ``trust_list_invalid`` (also a key that stands there twice, or that ends before it begins).

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
    ...     _ = file.write('format = 1\n[least]\ncounty = "1.2.0"\n')
    ...     file.flush()
    ...     read_trust_list(Path(file.name)).is_rolled_back("county", "1.1.9")
    True
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("file_not_found", file=path.name)
    if path.stat().st_size > _LARGEST:
        raise InputError(
            "file_too_large", file=path.name, what="size", size=path.stat().st_size, limit=_LARGEST
        )
    try:
        written = path.read_bytes()
    except PermissionError:
        raise InputError("file_no_permission", file=path.name) from None
    content = read_toml(written, path.name, dates=_DATES)
    try:
        return TrustList.model_validate(with_tuples(content))
    except ValidationError as error:
        refused = unwrap_validation(error, content, _PAPER)
        raise InputError(
            "trust_list_invalid", file=path.name, problem=refused.en, problem_zh=refused.zh
        ) from None
