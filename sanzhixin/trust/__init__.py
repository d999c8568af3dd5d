"""Trust: signed models, their life, the audit log, and what a reviewer has to be shown."""

from sanzhixin.trust.audit_check import (
    Checkpoint,
    LogCheck,
    check_log,
    make_checkpoint,
    read_checkpoint,
)
from sanzhixin.trust.audit_entry import Entry
from sanzhixin.trust.audit_log import AuditLog, read_entries
from sanzhixin.trust.audit_record import (
    appeal_record,
    compare_record,
    is_about,
    override_record,
    proposal_record,
    pseudonym,
)
from sanzhixin.trust.keys import (
    Secret,
    Signer,
    new_key_file,
    new_secret_file,
    read_secret,
    read_signer,
)
from sanzhixin.trust.life_cycle import next_status, promote_model, state_of
from sanzhixin.trust.model_diff import DiffLine, compare_models
from sanzhixin.trust.registry import Registry, RegistryEntry
from sanzhixin.trust.signatures import (
    Accepted,
    Signature,
    Trusted,
    read_signatures,
    read_trusted,
    sign_model,
)
from sanzhixin.trust.trust_list import TrustedKey, TrustList, read_trust_list

__all__ = [
    "Accepted",
    "AuditLog",
    "Checkpoint",
    "DiffLine",
    "Entry",
    "LogCheck",
    "Registry",
    "RegistryEntry",
    "Secret",
    "Signature",
    "Signer",
    "TrustList",
    "Trusted",
    "TrustedKey",
    "appeal_record",
    "check_log",
    "compare_models",
    "compare_record",
    "is_about",
    "make_checkpoint",
    "new_key_file",
    "new_secret_file",
    "next_status",
    "override_record",
    "promote_model",
    "proposal_record",
    "pseudonym",
    "read_checkpoint",
    "read_entries",
    "read_secret",
    "read_signatures",
    "read_signer",
    "read_trust_list",
    "read_trusted",
    "sign_model",
    "state_of",
]
