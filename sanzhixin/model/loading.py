"""Loading a model file: checked against its own digest, and by a trust list where one is given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sanzhixin.errors import DomainError
from sanzhixin.model.face import SanzhixinModel
from sanzhixin.scoring.artifact import read_model_file

if TYPE_CHECKING:
    from sanzhixin.trust import Accepted, TrustList

__all__ = ["load_model"]


def load_model(
    path: str | Path,
    *,
    trust: TrustList | str | Path | None = None,
    accept: Accepted | Sequence[Accepted] = (),
) -> SanzhixinModel:
    """Load a model file; nothing in it is executed.

    With a trust list only an approved model loads that a person on the list has signed as it is.
    A backend that decides on households always gives one; without it the file is checked against
    its own digest alone, which serves trials.

    Parameters
    ----------
    path : str or Path
        Folder that holds ``model.json``, or the file.
    trust : TrustList, str or Path, optional
        Whose signature counts; a path is read as TOML.
    accept : str or sequence of {"unsigned", "not_approved", "retired", "withdrawn", "rolled_back"}
        What is let pass all the same, in words; `SanzhixinModel.trusted` then says so.  Needs
        `trust`.  ``unsigned``: no signature is there, is of these bytes, or counts by the list;
        ``not_approved``: a draft or a validated model; ``withdrawn``, ``rolled_back``: the list
        withdrew it, or lets only newer versions be used; ``retired``: serves export and
        verification alone, since a retired model scores nothing whatever is accepted.  A replay
        of its decisions loads its approved state from the history and needs no word.

    Returns
    -------
    SanzhixinModel
        Ready to score.

    Raises
    ------
    ArtifactError
        Not found, altered, of an unknown protocol, or with unknown or duplicate keys; with a trust
        list also ``signature_file_invalid``, ``signature_of_other``, ``registry_other``,
        ``model_not_approved``, ``model_retired``, ``signature_missing``, ``signature_untrusted``,
        ``model_withdrawn``, ``model_rolled_back``: the first of them in this order.
    InputError
        The trust list cannot be read.
    DomainError
        ``accept_unknown``: another word; ``accept_without_trust``; ``signing_missing``: the package
        cryptography is not installed.

    Examples
    --------
    >>> import sanzhixin as szx, tempfile
    >>> model = szx.fit(szx.simulate_county(villages=1, seed=7), szx.load_scheme("tongxiang"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = szx.load_model(model.save(folder))
    >>> again.file.digest() == model.file.digest()
    True
    """
    accept = (accept,) if isinstance(accept, str) else tuple(accept)
    if trust is None:
        if accept:
            raise DomainError("accept_without_trust")
        return SanzhixinModel(read_model_file(Path(path)))
    from sanzhixin.trust.signatures import read_trusted
    from sanzhixin.trust.trust_list import TrustList, read_trust_list

    known = trust if isinstance(trust, TrustList) else read_trust_list(Path(trust))
    trusted = read_trusted(Path(path), known, accept)
    return SanzhixinModel(trusted.file, trusted)
