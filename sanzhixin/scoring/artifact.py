"""The model file: everything a frozen model knows, as canonical JSON with a digest."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from pathlib import Path
from statistics import NormalDist
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, ValidationError, model_validator

from sanzhixin.errors import ArtifactError, InputError, OutputError
from sanzhixin.errors.words import MODEL_STATUS_WORDS
from sanzhixin.records.whole_file import write_whole
from sanzhixin.scheme.base import Decision
from sanzhixin.scheme.factors import CategoricalFactor, Factor
from sanzhixin.scheme.refusals import unwrap_validation
from sanzhixin.scheme.scheme import Scheme
from sanzhixin.scoring.canonical import canonical_json, sha256_digest, strict_loads
from sanzhixin.scoring.card import Card, Characteristic, GridCharacteristic
from sanzhixin.scoring.expert import EVENT_COLUMN
from sanzhixin.scoring.measure import PLAIN_AGGREGATORS
from sanzhixin.scoring.model_names import MODEL_NAME, MODEL_VERSION, is_model_name
from sanzhixin.scoring.panel_proof import check_rising
from sanzhixin.scoring.panel_tables import PanelTables
from sanzhixin.scoring.pd_table import PdTable
from sanzhixin.scoring.provenance import RELEASED, Provenance, Status

__all__ = [
    "MODEL_FILE",
    "MOST_BYTES",
    "PROTOCOL",
    "ModelFile",
    "file_mode",
    "model_bytes",
    "parse_model_file",
    "read_model_bytes",
    "read_model_file",
    "review_quantile",
    "write_model_file",
]

PROTOCOL = 1
"""Number of the file format; raised when an older reader would misread a newer file."""

_Z_TOLERANCE = 1e-9
_ABSENT_ORIGINS = (
    *("fitted_on", "validated_on", "approved_on", "retired_by", "retired_on", "retired_because"),
    *("comparison", "card_refused"),
)
MODEL_FILE = "model.json"
MOST_BYTES = 5_000_000
"""Largest model file that is written or read."""


class ModelFile(Decision):
    """Content of ``model.json``.

    Attributes
    ----------
    protocol : int
        Format of the file.
    name, version : str
        Together the `model_id`.
    status : {"draft", "validated", "approved", "retired"}
        Life cycle; a retired model does not score.
    valid_until : date
        Last scoring date.
    scheme : Scheme
        All that the bank decided.
    panel : PanelTables or None
        Fitted severities and likelihood tables; None for plain aggregators.
    card : Card
        Points.
    pd : PdTable
        Default probability by points.
    review_z : float
        Normal quantile of the scheme's review probability.
    provenance : Provenance
        Origin.
    """

    protocol: Literal[1]
    name: Annotated[str, Field(pattern=MODEL_NAME)]
    version: Annotated[str, Field(pattern=MODEL_VERSION)]
    status: Status
    valid_until: dt.date
    scheme: Scheme
    panel: PanelTables | None = None
    card: Card
    pd: PdTable
    review_z: Annotated[float, Field(ge=0, le=6)]
    provenance: Provenance

    @model_validator(mode="after")
    def _check(self) -> Self:
        scheme, card = self.scheme, self.card
        if not is_model_name(self.name):
            raise ArtifactError("registry_name")
        _check_card(scheme, card)
        _check_panel(self)
        if card.points_per_score != scheme.points_per_score:
            raise ArtifactError(
                "card_scale", card=card.points_per_score, own=scheme.points_per_score
            )
        if abs(self.review_z - review_quantile(scheme)) > _Z_TOLERANCE:
            raise ArtifactError("review_z", given=self.review_z)
        self.provenance.check_steps(self.status)
        return self

    @property
    def model_id(self) -> str:
        """``name/version``."""
        return f"{self.name}/{self.version}"

    @property
    def tiers_out_of_reach(self) -> tuple[str, ...]:
        """Tiers that no total of the card lies in, the lowest first; the unrated below all."""
        ascending = self.scheme.tiers.ascending
        cuts = [self.scheme.points(row.at_least, f"tier {row.grade}") for row in ascending]
        place = np.searchsorted(np.array(cuts), self.card.totals, side="right") - 1
        grades = (self.scheme.tiers.unrated, *(row.grade for row in ascending))
        return tuple(grade for k, grade in enumerate(grades, start=-1) if k not in place)

    def content(self) -> dict[str, Any]:
        """Content as plain JSON values, without the digest.

        Returns
        -------
        dict
            Keys of the file.
        """
        content = self.model_dump(mode="json")
        optional = (
            (content, "panel"),
            (content["scheme"], "equating"),
            (content["scheme"]["limits"], "loss_cap"),
            *((row, "rate_bp") for row in content["scheme"]["tiers"]["rows"]),
            (content["pd"], "anchor"),
            *((content["provenance"], key) for key in _ABSENT_ORIGINS),
        )
        for part, key in optional:
            if part[key] is None:  # absent in files that do not use it
                del part[key]
        card = content["card"]
        for part in (card, *card["characteristics"]):
            for key in ("base", "reference_points"):
                if part.get(key) == 0:  # absent in files of expert cards
                    del part[key]
        return content

    def digest(self) -> str:
        """SHA-256 of the canonical content.

        Returns
        -------
        str
            ``sha256:`` and 64 hexadecimal digits.
        """
        return sha256_digest(canonical_json(self.content()))


def _check_card(scheme: Scheme, card: Card) -> None:
    """Hold the card to the scheme: its columns, rising where the panel feeds it, its factors."""
    known = {f"{pillar.code}_score" for pillar in scheme.pillars} | {EVENT_COLUMN}
    known |= {factor.name for factor in scheme.factors}
    strange = sorted({item.column for item in card.characteristics} - known)
    if strange:
        raise ArtifactError("card_columns", columns=", ".join(strange))
    rated = known - {factor.name for factor in scheme.factors}
    for item in card.characteristics:
        if item.column in rated and not _is_rising(item):
            raise ArtifactError("card_not_rising", name=item.name)
        if item.group == "panel" and max(item.attainable) > _reference(item):
            raise ArtifactError("card_reference", name=item.name)
    for factor in scheme.factors:
        for item in card.characteristics:
            if item.column == factor.name and not _is_of(item, factor):
                raise ArtifactError("card_factor", name=item.name)


def _check_panel(file: ModelFile) -> None:
    """Hold the panel part to the scheme: there when it is asked for, with its pillars and items."""
    scheme, panel = file.scheme, file.panel
    if (panel is None) != (scheme.aggregator in PLAIN_AGGREGATORS):
        raise ArtifactError("panel_expected", aggregator=scheme.aggregator)
    if panel is None:
        return
    if tuple(part.pillar for part in panel.pillars) != tuple(p.code for p in scheme.pillars):
        raise ArtifactError("panel_shape", pillar=", ".join(p.code for p in scheme.pillars))
    owners = [item.pillar for item in scheme.panel_items]
    for part in panel.pillars:
        if max(part.masks) >= 1 << owners.count(part.pillar):
            raise ArtifactError("panel_shape", pillar=part.pillar)


def _is_rising(item: Characteristic) -> bool:
    """Tell whether a higher value never gets fewer points."""
    if item.kind == "bins":
        return all(a <= b for a, b in pairwise(item.points))
    return item.kind == "grid"


def _reference(item: Characteristic) -> int:
    """Points that reasons of a characteristic of the panel are measured from: full marks."""
    return item.points if isinstance(item, GridCharacteristic) else item.reference_points


def _is_of(item: Characteristic, factor: Factor) -> bool:
    """Tell whether a characteristic reads the values of a factor as the scheme codes them."""
    if isinstance(factor, CategoricalFactor):
        levels = tuple(level.level for level in factor.levels)
        return item.kind == "levels" and item.levels == levels
    return item.kind == "bins"


def review_quantile(scheme: Scheme) -> float:
    """Distance to a cut-off, in standard errors, that the review probability stands for.

    Parameters
    ----------
    scheme : Scheme
        With its review rules.

    Returns
    -------
    float
        Normal quantile of one less the probability.

    Examples
    --------
    >>> from sanzhixin.scheme import load_scheme
    >>> round(review_quantile(load_scheme("tongxiang")), 4)
    0.2533
    """
    return NormalDist().inv_cdf(1 - float(scheme.review.review_probability))


def write_model_file(model: ModelFile, path: Path) -> Path:
    """Write ``model.json`` completely or not at all.

    Parameters
    ----------
    model : ModelFile
        To be written.
    path : Path
        Folder (``model.json`` inside) or a path that ends in ``.json``.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OutputError
        ``output_not_written``: disk full, no permission, not a folder; ``model_in_place``: another
        model stands there; ``model_released``: an approved or retired one does, which is never
        changed; ``model_folder_in_use``: the folder holds files and no model.
    ArtifactError
        ``panel_not_rising``: a better rating could lower a measure; ``model_too_large``.
    """
    file = path if path.suffix == ".json" else path / MODEL_FILE
    content = model_bytes(model)
    try:
        _refuse_other(file, model, whole_folder=file != path)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, content, file_mode(model))
    except OutputError:
        raise
    except OSError as error:
        raise OutputError("output_not_written", path=file.name, problem=error.strerror) from None
    return file


def model_bytes(model: ModelFile) -> bytes:
    """Write a model as the bytes of its file.

    Parameters
    ----------
    model : ModelFile
        To be written.

    Returns
    -------
    bytes
        Canonical JSON with its digest, and a line end.

    Raises
    ------
    ArtifactError
        ``panel_not_rising``: a better rating could lower a measure; ``model_too_large``.
    """
    if model.panel is not None:
        check_rising(model.panel)
    content = canonical_json({**model.content(), "digest": model.digest()}) + b"\n"
    if len(content) > MOST_BYTES:
        raise ArtifactError("model_too_large", name=MODEL_FILE, most=MOST_BYTES)
    return content


def file_mode(model: ModelFile) -> int:
    """Permissions of a model file: where a panel names its raters, its owner alone reads it."""
    return 0o644 if model.panel is None else 0o600


def _refuse_other(file: Path, model: ModelFile, *, whole_folder: bool) -> None:
    """Let a model replace itself alone: same name, version and scheme, fitted again."""
    if file.exists():
        try:
            found = read_model_file(file)
        except ArtifactError:
            raise OutputError("model_in_place", path=file.parent.name, standing=file.name) from None
        if (found.model_id, found.scheme) != (model.model_id, model.scheme):
            standing = f"{found.model_id} ({found.scheme.scheme_id})"
            raise OutputError("model_in_place", path=file.parent.name, standing=standing)
        if found.status in RELEASED and found.digest() != model.digest():
            told = MODEL_STATUS_WORDS[found.status]
            raise OutputError(
                "model_released", model_id=found.model_id, status=told[1], status_zh=told[0]
            )
    elif whole_folder and file.parent.is_dir():
        held = [path for path in file.parent.iterdir() if not path.name.startswith(".")]
        if held:
            raise OutputError("model_folder_in_use", path=file.parent.name, count=len(held))


def read_model_file(path: Path) -> ModelFile:
    """Read and check a model file; nothing in it is ever executed.

    Parameters
    ----------
    path : Path
        Folder that holds ``model.json``, or the file.

    Returns
    -------
    ModelFile
        Checked: protocol, digest, keys, ranges, and every rule of the scheme.

    Raises
    ------
    ArtifactError
        ``model_not_found``, ``model_too_large``, and what `parse_model_file` raises.
    """
    return parse_model_file(*read_model_bytes(path))


def read_model_bytes(path: Path) -> tuple[bytes, str]:
    """Read the bytes of a model file, once, so that what is checked is what is used.

    Parameters
    ----------
    path : Path
        Folder that holds ``model.json``, or the file.

    Returns
    -------
    bytes
        Content, at most 5 MB.
    str
        Name of the file, for messages.

    Raises
    ------
    ArtifactError
        ``model_not_found``, ``model_too_large``.
    InputError
        ``file_no_permission``.
    """
    file = path / MODEL_FILE if path.is_dir() else path
    if not file.is_file():
        raise ArtifactError("model_not_found", path=path)
    try:
        with file.open("rb") as stream:
            written = stream.read(MOST_BYTES + 1)
    except PermissionError:
        raise InputError("file_no_permission", file=file.name) from None
    if len(written) > MOST_BYTES:
        raise ArtifactError("model_too_large", name=file.name, most=MOST_BYTES)
    return written, file.name


def parse_model_file(written: bytes, name: str) -> ModelFile:
    """Check the content of a model file and make a model of it.

    Parameters
    ----------
    written : bytes
        The whole file.
    name : str
        Of the file, for messages.

    Returns
    -------
    ModelFile
        Checked.

    Raises
    ------
    ArtifactError
        ``json_invalid`` and the other refusals of strict JSON, ``model_protocol``,
        ``model_digest`` (also for a file that is not canonical JSON, the line end aside, or that
        says what it should leave out),
        ``model_invalid``, ``panel_not_rising``.
    """
    content = strict_loads(written, name=name)
    found = content.get("protocol") if isinstance(content, dict) else None
    if type(found) is not int or found != PROTOCOL:
        raise ArtifactError("model_protocol", name=name, found=found, known=PROTOCOL)
    respelled = canonical_json(content) != written.rstrip(b"\r\n")
    stated = content.pop("digest", None)
    canonical = canonical_json(content)
    if respelled or sha256_digest(canonical) != stated:
        raise ArtifactError("model_digest", name=name)
    try:
        model = ModelFile.model_validate_json(canonical)
    except ValidationError as error:
        refused = unwrap_validation(error, content)
        raise ArtifactError(
            "model_invalid", name=name, problem=refused.en, problem_zh=refused.zh
        ) from None
    if canonical_json(model.content()) != canonical:  # a default written out
        raise ArtifactError("model_digest", name=name)
    if model.panel is not None:
        check_rising(model.panel)
    return model
