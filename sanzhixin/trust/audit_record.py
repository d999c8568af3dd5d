"""What the log says of a proposal: pseudonyms, a digest of what came in, and all that came out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sanzhixin.scoring.canonical import canonical_json
from sanzhixin.trust.keys import Secret
from sanzhixin.versions import library_version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sanzhixin.scoring.appeal import Appeal
    from sanzhixin.scoring.proposal import Proposal
    from sanzhixin.trust.audit_entry import Body, Entry

__all__ = [
    "appeal_record",
    "compare_record",
    "is_about",
    "override_record",
    "proposal_record",
    "pseudonym",
    "row_record",
]

_NOT_OUTPUT = ("household_id", "input_digest", "as_of", "model_id", "scheme_id")


def pseudonym(household_id: str, secret: Secret) -> str:
    """Name a household in the log so that only who has the secret can tell which it is.

    Parameters
    ----------
    household_id : str
        As in the tables.
    secret : Secret
        Of the bank.

    Returns
    -------
    str
        Keyed digest.
    """
    return secret.digest("household", household_id.encode())


def proposal_record(proposal: Proposal, model_digest: str, secret: Secret) -> Body:
    """Make the record of a proposal.

    Parameters
    ----------
    proposal : Proposal
        The answer.
    model_digest : str
        That the file of its model states.
    secret : Secret
        Of the bank.

    Returns
    -------
    dict
        ``subject`` and ``input`` are keyed digests of the household and of all that was handed in
        of it; ``output`` is the rest of the proposal.
    """
    return row_record(proposal.model_dump(mode="json"), model_digest, secret)


def row_record(row: Mapping[str, Any], model_digest: str, secret: Secret) -> Body:
    """Make the record of a proposal that is a row of plain values, dates as text.

    Parameters
    ----------
    row : mapping
        With the keys of `Proposal`.
    model_digest, secret
        As for `proposal_record`.

    Returns
    -------
    dict
        The same as from the proposal.
    """
    return {
        "subject": pseudonym(row["household_id"], secret),
        "as_of": row["as_of"],
        "input": secret.digest("input", row["input_digest"].encode()),
        "model_id": row["model_id"],
        "model_digest": model_digest,
        "scheme_id": row["scheme_id"],
        "code": library_version(),
        "output": _output(row),
    }


def appeal_record(appeal: Appeal, of: int | None, model_digest: str, secret: Secret) -> Body:
    """Make the record of an appeal; what the household says stands in it as a keyed digest.

    Parameters
    ----------
    appeal : Appeal
        Old and new.
    of : int or None
        Entry of the proposal that is doubted, where the log has one.
    model_digest, secret
        As for `proposal_record`.

    Returns
    -------
    dict
        The record of the proposal as it is, and ``without``, ``statement``, ``after``.
    """
    after = appeal.after.model_dump(mode="json")
    said = appeal.statement
    return proposal_record(appeal.before, model_digest, secret) | {
        "of": of,
        "without": [_piece(piece, secret) for piece in appeal.without],
        "statement": None if said is None else secret.digest("statement", said.encode()),
        "input_after": secret.digest("input", after["input_digest"].encode()),
        "after": _output(after),
    }


def override_record(appeal: Appeal, of: int | None, secret: Secret) -> Body:
    """Make the record of what a person decided instead of a proposal.

    Parameters
    ----------
    appeal : Appeal
        With its override.
    of : int or None
        Entry of the appeal.
    secret : Secret
        Of the bank.

    Returns
    -------
    dict
        Who, when and how much; the reason, free text, as a keyed digest.
    """
    decided = appeal.override
    assert decided is not None  # noqa: S101 - asked for an override alone
    return {
        "subject": pseudonym(appeal.before.household_id, secret),
        "of": of,
        "by": decided.by,
        "on": decided.on.isoformat(),
        "limit_yuan": decided.limit_yuan,
        "proposed_yuan": appeal.before.limit_yuan,
        "reason": secret.digest("reason", decided.reason.encode()),
    }


def _piece(piece: str, secret: Secret) -> str:
    """Name the kind; whose form or which document it is stands there as a keyed digest."""
    kind, _, number = piece.partition(":")
    return f"{kind}:{secret.digest('piece', number.encode())}"


def _output(row: Mapping[str, Any]) -> Body:
    return {key: value for key, value in row.items() if key not in _NOT_OUTPUT}


def is_about(entry: Entry, subject: str) -> bool:
    """Tell whether an entry speaks of a household.

    Parameters
    ----------
    entry : Entry
        Of the log.
    subject : str
        From `pseudonym`.

    Returns
    -------
    bool
        False for one that is erased.
    """
    return entry.body is not None and entry.body.get("subject") == subject


def compare_record(logged: Body, again: Body) -> tuple[str, ...]:
    """Compare what was logged with what came out of a replay.

    Parameters
    ----------
    logged, again : dict
        Records of a proposal.

    Returns
    -------
    tuple of str
        Where they differ, such as ``input`` or ``output.points``; empty when every byte agrees.
        The version of the library may differ.
    """
    before, after = _flat(logged), _flat(again)
    keys = sorted(set(before) | set(after))
    return tuple(key for key in keys if before.get(key) != after.get(key))


def _flat(record: Body) -> dict[str, bytes]:
    outer = {key: value for key, value in record.items() if key not in ("code", "output")}
    output = {f"output.{key}": value for key, value in record.get("output", {}).items()}
    return {key: canonical_json(value) for key, value in {**outer, **output}.items()}
