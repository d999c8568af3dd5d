"""The life of a model: each step by another person, on a day, and the former state is kept."""

from __future__ import annotations

import datetime as dt
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from sanzhixin.errors import ArtifactError, OutputError
from sanzhixin.errors.words import MODEL_STATUS_WORDS
from sanzhixin.records.whole_file import sync_folder, write_whole
from sanzhixin.scoring.artifact import (
    MODEL_FILE,
    ModelFile,
    file_mode,
    model_bytes,
    parse_model_file,
    read_model_bytes,
    read_model_file,
)
from sanzhixin.scoring.model_names import DIGEST_FORM
from sanzhixin.scoring.provenance import STEPS, Status
from sanzhixin.trust.signatures import SIGNATURE_SUFFIX

__all__ = ["HISTORY", "next_status", "promote_model", "state_of"]

HISTORY = "history"
"""Folder of former states, each in a folder that is named after the digest of its model."""


def next_status(
    model: ModelFile,
    status: Status,
    *,
    by: str,
    on: dt.date,
    because: str | None = None,
    valid_until: dt.date | None = None,
) -> ModelFile:
    """Give the model with its next status; no number of it changes.

    Parameters
    ----------
    model : ModelFile
        As it is.
    status : {"validated", "approved", "retired"}
        The next in order; any model may be retired.
    by : str
        Who takes the step; not who took an earlier one, but for retirement.
    on : date
        When.
    because : str, optional
        Why it is retired; asked for then.
    valid_until : date, optional
        Earlier end, on approval.

    Returns
    -------
    ModelFile
        Equal to `model` but for status, people, days, and the end.

    Raises
    ------
    ArtifactError
        ``model_step``: not the next status; ``model_nobody``, ``model_people``, ``model_ended``,
        ``model_days``; ``model_end``: a later end, or one before the day of the step.
    """
    allowed = status == "retired" and model.status != "retired"
    following = STEPS[STEPS.index(model.status) + 1 :][:1]
    if not allowed and status not in following:
        now, asked = MODEL_STATUS_WORDS[model.status], MODEL_STATUS_WORDS[status]
        raise ArtifactError(
            "model_step",
            model_id=model.model_id,
            now=now[1],
            now_zh=now[0],
            asked=asked[1],
            asked_zh=asked[0],
        )
    end = model.valid_until if valid_until is None else valid_until
    if end > model.valid_until or (status != "retired" and end < on):
        raise ArtifactError(
            "model_end", model_id=model.model_id, until=model.valid_until, given=end
        )
    made: dict[str, Any] = {f"{status}_by": by, f"{status}_on": on}
    if status == "retired":
        made["retired_because"] = because
    origin = model.provenance.model_copy(update=made)
    origin.check_steps(status)
    return model.model_copy(update={"status": status, "provenance": origin, "valid_until": end})


def promote_model(
    folder: str | Path,
    status: Status,
    *,
    by: str,
    on: dt.date,
    because: str | None = None,
    valid_until: dt.date | None = None,
) -> ModelFile:
    """Take a model folder one step on, and keep what stood there.

    The former ``model.json`` and its signatures move to ``history``, so that a decision can be
    replayed with the very file that made it.  The new state is not signed yet.

    Parameters
    ----------
    folder : str or Path
        Holds ``model.json``; that file itself will do.
    status, by, on, because, valid_until
        As for `next_status`.

    Returns
    -------
    ModelFile
        The new state.

    Raises
    ------
    ArtifactError
        As `next_status`, and for a model that is refused; ``model_file_name``: a file of another
        name.
    OutputError
        ``output_not_written``; the model is then as before.
    """
    folder = Path(folder)
    place = folder if folder.is_dir() else folder.parent
    if folder not in (place, place / MODEL_FILE):
        raise ArtifactError("model_file_name", name=folder.name)
    written, name = read_model_bytes(place)
    former = parse_model_file(written, name)
    model = next_status(former, status, by=by, on=on, because=because, valid_until=valid_until)
    content = model_bytes(model)
    signatures = place / f"{MODEL_FILE}{SIGNATURE_SUFFIX}"
    kept = place / HISTORY / former.digest().removeprefix("sha256:")
    try:
        kept.mkdir(parents=True, exist_ok=True)
        _keep(kept / MODEL_FILE, written, file_mode(former))
        if signatures.is_file():
            _keep(kept / signatures.name, signatures.read_bytes(), 0o644)
        for named in (kept.parent, place):  # kept for good before anything is replaced
            sync_folder(named)
        write_whole(place / MODEL_FILE, content, file_mode(model))
        signatures.unlink(missing_ok=True)
        sync_folder(place)
    except OSError as error:
        problem = error.strerror or os.strerror(error.errno or 0)
        raise OutputError("output_not_written", path=place.name, problem=problem) from None
    return model


def state_of(folder: str | Path, digest: str) -> Path:
    """Find the state of a model that has a digest: the present one, or a former one.

    Parameters
    ----------
    folder : str or Path
        Of a model and version.
    digest : str
        As the file states it, with ``sha256:`` in front.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ArtifactError
        ``model_state_unknown``: neither of them has it.
    """
    folder = Path(folder)
    if re.fullmatch(DIGEST_FORM, digest) is None:
        raise ArtifactError("model_state_unknown", path=folder.name, digest="?")
    former = folder / HISTORY / digest.removeprefix("sha256:")
    for place in (folder, former):
        with suppress(ArtifactError):  # a damaged present state does not hide a former one
            if read_model_file(place / MODEL_FILE).digest() == digest:
                return place / MODEL_FILE
    raise ArtifactError("model_state_unknown", path=folder.name, digest=digest[:19])


def _keep(file: Path, content: bytes, mode: int) -> None:
    if not (file.is_file() and file.read_bytes() == content):
        write_whole(file, content, mode)
