"""The model file: everything a frozen model knows, as canonical JSON with a digest."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from pathlib import Path
from statistics import NormalDist
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, ValidationError, model_validator

from sanzhixin.errors import ArtifactError, OutputError
from sanzhixin.records.whole_file import write_whole
from sanzhixin.scheme.base import Decision
from sanzhixin.scheme.factors import CategoricalFactor, Factor
from sanzhixin.scheme.refusals import unwrap_validation
from sanzhixin.scheme.scheme import Scheme
from sanzhixin.scoring.canonical import canonical_json, sha256_digest, strict_loads
from sanzhixin.scoring.card import Card, Characteristic
from sanzhixin.scoring.expert import EVENT_COLUMN
from sanzhixin.scoring.measure import PLAIN_AGGREGATORS
from sanzhixin.scoring.panel_proof import check_rising
from sanzhixin.scoring.panel_tables import PanelTables
from sanzhixin.scoring.pd_table import PdTable

__all__ = [
    "MODEL_NAME",
    "MODEL_VERSION",
    "PROTOCOL",
    "CardComparison",
    "CardScores",
    "ModelFile",
    "Provenance",
    "read_model_file",
    "review_quantile",
    "write_model_file",
]

PROTOCOL = 1
"""Number of the file format; raised when an older reader would misread a newer file."""

_Z_TOLERANCE = 1e-9
_LARGEST = 5_000_000
MODEL_NAME = r"^[a-z0-9][a-z0-9._-]{0,63}$"
MODEL_VERSION = r"^[0-9]+\.[0-9]+\.[0-9]+$"


class CardScores(Decision):
    """How well default probabilities by a card fit loans that it has not seen.

    Attributes
    ----------
    log_loss, brier : float
        Means over the loans; smaller is better.
    auc : float or None
        Share of pairs of a default and another loan that it orders rightly; None without both.
    """

    log_loss: float
    brier: float
    auc: float | None


class CardComparison(Decision):
    """Expert card and learned card side by side on unseen loans.

    Attributes
    ----------
    chosen : {"expert", "fitted"}
        The card of the model.
    asked_for : bool
        The learned card was asked for, whatever the comparison says.
    holdout : {"village", "time"}
        What unseen means.
    n_loans, n_defaults : int
        Loans that were held out at one time, and defaults among them.
    expert, fitted : CardScores
        Of both cards.
    gain, gain_se : float
        Log-loss of the expert card less that of the learned one, and its standard error between
        villages.
    """

    chosen: Literal["expert", "fitted"]
    asked_for: bool
    holdout: Literal["village", "time"]
    n_loans: int
    n_defaults: int
    expert: CardScores
    fitted: CardScores
    gain: float
    gain_se: float


class Refusal(Decision):
    """Why something was not done, in two languages.

    Attributes
    ----------
    code : str
        Of the error.
    en, zh : str
        Its sentence.
    """

    code: str
    en: str
    zh: str


class Provenance(Decision):
    """Where a model comes from.

    Attributes
    ----------
    data_from, data_until : date or None
        First and last granting date of the loans that were used; None for an expert card.
    rows : dict of str to int
        Rows of each table that fitting saw.
    checksums : dict of str to str
        SHA-256 over the sorted hashes of each table's rows, whatever their order.
    versions : dict of str to str
        Versions of Python and of the libraries that computed numbers.
    seed : int or None
        Seed of a simulated county; None for files.
    fitted_by, validated_by, approved_by : str or None
        Who did what; three different people once a model is approved.
    comparison : CardComparison or None
        Expert card against learned card; None where no card was learned.
    card_refused : Refusal or None
        Why no card was learned, where one was wanted.
    notes : tuple of str
        What a reader has to know.
    """

    data_from: dt.date | None = None
    data_until: dt.date | None = None
    rows: dict[str, int] = Field(default_factory=dict)
    checksums: dict[str, str] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    seed: int | None = None
    fitted_by: str | None = None
    validated_by: str | None = None
    approved_by: str | None = None
    comparison: CardComparison | None = None
    card_refused: Refusal | None = None
    notes: tuple[str, ...] = ()


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
    status: Literal["draft", "validated", "approved", "retired"]
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
        known = {f"{pillar.code}_score" for pillar in scheme.pillars} | {EVENT_COLUMN}
        known |= {factor.name for factor in scheme.factors}
        strange = sorted({item.column for item in card.characteristics} - known)
        if strange:
            raise ArtifactError("card_columns", columns=", ".join(strange))
        rated = known - {factor.name for factor in scheme.factors}
        for item in card.characteristics:
            if item.column in rated and not _is_rising(item):
                raise ArtifactError("card_not_rising", name=item.name)
        for factor in scheme.factors:
            for item in card.characteristics:
                if item.column == factor.name and not _is_of(item, factor):
                    raise ArtifactError("card_factor", name=item.name)
        _check_panel(self)
        if card.points_per_score != scheme.points_per_score:
            raise ArtifactError(
                "card_scale", card=card.points_per_score, own=scheme.points_per_score
            )
        if abs(self.review_z - review_quantile(scheme)) > _Z_TOLERANCE:
            raise ArtifactError("review_z", given=self.review_z)
        by = self.provenance
        named = {
            "validated": (by.fitted_by, by.validated_by),
            "approved": (by.fitted_by, by.validated_by, by.approved_by),
        }.get(self.status, ())
        if not all(named) or len(set(named)) < len(named):
            raise ArtifactError("model_people", status=self.status)
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
            (content["provenance"], "comparison"),
            (content["provenance"], "card_refused"),
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
        model stands there; ``model_folder_in_use``: the folder holds files and no model.
    ArtifactError
        ``panel_not_rising``: a better rating could lower a measure; ``model_too_large``.
    """
    if model.panel is not None:
        check_rising(model.panel)
    file = path if path.suffix == ".json" else path / "model.json"
    content = canonical_json({**model.content(), "digest": model.digest()}) + b"\n"
    if len(content) > _LARGEST:
        raise ArtifactError("model_too_large", name=file.name, most=_LARGEST)
    try:
        _refuse_other(file, model, whole_folder=file != path)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, content, 0o644 if model.panel is None else 0o600)  # raters are named
    except OutputError:
        raise
    except OSError as error:
        raise OutputError("output_not_written", path=file.name, problem=error.strerror) from None
    return file


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
        ``model_not_found``, ``model_too_large``, ``model_not_json`` and the other refusals of
        strict JSON, ``model_protocol``, ``model_digest`` (also for a file that is not canonical
        JSON, the line end aside), ``model_invalid``, ``panel_not_rising``.
    """
    file = path / "model.json" if path.is_dir() else path
    if not file.is_file():
        raise ArtifactError("model_not_found", path=path)
    if file.stat().st_size > _LARGEST:
        raise ArtifactError("model_too_large", name=file.name, most=_LARGEST)
    written = file.read_bytes()
    content = strict_loads(written, name=file.name)
    found = content.get("protocol") if isinstance(content, dict) else None
    if type(found) is not int or found != PROTOCOL:
        raise ArtifactError("model_protocol", name=file.name, found=found, known=PROTOCOL)
    respelled = canonical_json(content) != written.rstrip(b"\r\n")
    stated = content.pop("digest", None)
    canonical = canonical_json(content)
    if respelled or sha256_digest(canonical) != stated:
        raise ArtifactError("model_digest", name=file.name)
    try:
        model = ModelFile.model_validate_json(canonical)
    except ValidationError as error:
        refused = unwrap_validation(error, content)
        raise ArtifactError(
            "model_invalid", name=file.name, problem=refused.en, problem_zh=refused.zh
        ) from None
    if model.panel is not None:
        check_rising(model.panel)
    return model
