"""A card as JSON that reads back without loss."""

from __future__ import annotations

import math
import re
from dataclasses import asdict
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, ValidationError, model_validator

from sanzhixin.errors import ArtifactError
from sanzhixin.modelling.bins.edits import BinEdit
from sanzhixin.modelling.bins.feature_bins import FeatureBins, GroupKind, Missing, Status
from sanzhixin.modelling.cards.points_card import CardCharacteristic, PointsCard
from sanzhixin.modelling.inputs.columns import number_name
from sanzhixin.numerics.binning import Trend
from sanzhixin.numerics.woe import InformationValue
from sanzhixin.scheme.base import Decision
from sanzhixin.scheme.refusals import unwrap_validation
from sanzhixin.scoring.canonical import canonical_json, sha256_digest, strict_loads

__all__ = ["card_from_json", "card_to_json"]

_PROTOCOL = 1
Numbers = tuple[float, ...]
MaybeNumbers = tuple[float | None, ...]
_NUMBER = r"^-?[0-9]+(\.[0-9]+)?(e[+-][0-9]+)?$"
Exact = tuple[Annotated[str, Field(pattern=_NUMBER)], ...]
End = Annotated[str, Field(pattern=r"^(-?inf|-?[0-9]+(\.[0-9]+)?(e[+-][0-9]+)?)$")]
"""Numbers as texts: whole ones beyond 2**53 would not be exact in JSON."""


class _Edit(Decision):
    feature: str
    action: Literal["split", "merge", "lock"]
    low: End | None
    high: End | None
    levels: tuple[str, ...]
    reason: str
    by: str
    on: str


class _Characteristic(Decision):
    name: str
    kind: Literal["number", "category"]
    trend: Trend
    status: Status
    edges: Annotated[Exact, Field(max_length=254)]
    levels: tuple[tuple[str, ...], ...]
    specials: tuple[tuple[str, tuple[str, ...]], ...]
    missing: Missing
    labels: Annotated[tuple[str, ...], Field(min_length=2)]
    kinds: tuple[GroupKind, ...]
    events: Numbers
    nonevents: Numbers
    woe: MaybeNumbers
    se: MaybeNumbers
    iv: Numbers
    position: Numbers
    information: Annotated[Numbers, Field(min_length=6, max_length=6)]
    coefficient: float
    points: tuple[int, ...]
    reference: int

    @model_validator(mode="after")
    def _check(self) -> Self:
        n_groups, n_bins = len(self.labels), self.kinds.count("bin")
        sizes = {len(part) for part in (self.kinds, self.events, self.nonevents, self.woe)}
        sizes |= {len(part) for part in (self.se, self.iv, self.points)}
        cuts = len(self.levels) if self.kind == "category" else len(self.edges) + 1
        edges = [float(edge) for edge in self.edges]
        rising = all(a < b for a, b in pairwise(edges))
        ends = ["bin"] * n_bins + ["special"] * len(self.specials) + ["missing", "unseen"]
        fits = sizes == {n_groups} and list(self.kinds) == ends and rising
        if not fits or cuts != max(n_bins, self.kind == "number") or len(self.position) != n_bins:
            raise ArtifactError("card_bins", name=self.name)
        levels = [level for group in self.levels for level in group]
        codes: list[Any] = [code for _, members in self.specials for code in members]
        numbers = self.kind == "category" or all(map(_is_finite, codes))
        if self.kind == "number" and numbers:
            codes = [float(code) for code in codes]
        groups = [name for name, _ in self.specials]
        known = [*levels, *codes]  # each value belongs to one group alone
        twice = len(set(known)) < len(known) or len(set(groups)) < len(groups)
        if twice or not numbers or min((*self.events, *self.nonevents)) < 0:
            raise ArtifactError("card_bins", name=self.name)
        return self


class _File(Decision):
    protocol: Literal[1]
    base: int
    offset: float
    per_log_odds: Annotated[float, Field(ge=0)]
    characteristics: tuple[_Characteristic, ...]
    edits: tuple[_Edit, ...]

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [item.name for item in self.characteristics]
        if len(set(names)) < len(names) or bool(names) != (self.per_log_odds > 0):
            raise ArtifactError("card_names")
        return self


def _is_finite(text: str) -> bool:
    return re.fullmatch(_NUMBER, text) is not None and math.isfinite(float(text))


def card_to_json(card: PointsCard) -> bytes:
    """Write a card as canonical JSON with a digest.

    Parameters
    ----------
    card : PointsCard
        The card.

    Returns
    -------
    bytes
        Everything that scoring needs, scaling included; `card_from_json` gives the same card.
    """
    content = {
        "protocol": _PROTOCOL,
        "base": card.base,
        "offset": card.offset,
        "per_log_odds": card.per_log_odds,
        "characteristics": [_dump(item) for item in card.characteristics],
        "edits": [_dump_edit(edit) for edit in card.edits],
    }
    digest = sha256_digest(canonical_json(content))
    return canonical_json({**content, "digest": digest}) + b"\n"


def _dump_edit(edit: BinEdit) -> dict[str, Any]:
    ends = {
        name: None if end is None else repr(float(end))
        for name, end in (("low", edit.low), ("high", edit.high))
    }
    return {**asdict(edit), **ends}


def _code(member: float | str, kind: str) -> str:
    return number_name(member) if kind == "category" else repr(float(member))


def _dump(item: CardCharacteristic) -> dict[str, Any]:
    bins = item.bins
    information = bins.information
    return {
        "name": bins.name,
        "kind": bins.kind,
        "trend": bins.trend,
        "status": bins.status,
        "edges": [repr(float(edge)) for edge in bins.edges],
        "levels": bins.levels,
        "specials": [
            (group, [_code(member, bins.kind) for member in members])
            for group, members in bins.specials
        ],
        "missing": bins.missing,
        "labels": bins.labels,
        "kinds": bins.kinds,
        "events": bins.events.tolist(),
        "nonevents": bins.nonevents.tolist(),
        "woe": [None if math.isnan(value) else value for value in bins.woe.tolist()],
        "se": [None if math.isnan(value) else value for value in bins.se.tolist()],
        "iv": bins.iv.tolist(),
        "position": bins.position.tolist(),
        "information": [
            information.iv,
            information.expected_by_chance,
            information.p_value,
            information.lower,
            information.upper,
            information.statistic_by_chance,
        ],
        "coefficient": item.coefficient,
        "points": item.points.tolist(),
        "reference": item.reference,
    }


def card_from_json(content: bytes | str) -> PointsCard:
    """Read a card; nothing in it is ever executed.

    Parameters
    ----------
    content : bytes or str
        From `card_to_json`.

    Returns
    -------
    PointsCard
        The same card: same points, same probabilities.

    Raises
    ------
    ArtifactError
        ``model_digest``: altered; ``model_invalid``: keys, lengths or ranges are wrong; the
        refusals of strict JSON.
    """
    written = content.encode(errors="surrogatepass") if isinstance(content, str) else content
    read = strict_loads(written, name="card")
    respelled = canonical_json(read) != written.rstrip(b"\r\n")
    stated = read.pop("digest", None) if isinstance(read, dict) else None
    if respelled or sha256_digest(canonical_json(read)) != stated:
        raise ArtifactError("model_digest", name="card")
    try:
        file = _File.model_validate_json(canonical_json(read))
    except ValidationError as error:
        refused = unwrap_validation(error, read)
        raise ArtifactError(
            "model_invalid", name="card", problem=refused.en, problem_zh=refused.zh
        ) from None
    return PointsCard(
        characteristics=tuple(_load(item) for item in file.characteristics),
        base=file.base,
        offset=file.offset,
        per_log_odds=file.per_log_odds,
        edits=tuple(_load_edit(edit) for edit in file.edits),
    )


def _load_edit(edit: _Edit) -> BinEdit:
    ends = {
        name: None if end is None else float(end)
        for name, end in (("low", edit.low), ("high", edit.high))
    }
    return BinEdit(**{**edit.model_dump(), **ends})


def _load(item: _Characteristic) -> CardCharacteristic:
    bins = FeatureBins(
        name=item.name,
        kind=item.kind,
        trend=item.trend,
        status=item.status,
        edges=tuple(float(edge) for edge in item.edges),
        levels=item.levels,
        specials=tuple(
            (group, tuple(float(m) for m in members) if item.kind == "number" else members)
            for group, members in item.specials
        ),
        missing=item.missing,
        labels=item.labels,
        kinds=item.kinds,
        events=np.array(item.events, dtype=float),
        nonevents=np.array(item.nonevents, dtype=float),
        woe=np.array([np.nan if value is None else value for value in item.woe], dtype=float),
        se=np.array([np.nan if value is None else value for value in item.se], dtype=float),
        iv=np.array(item.iv, dtype=float),
        position=np.array(item.position, dtype=float),
        information=InformationValue(*item.information),
    )
    return CardCharacteristic(
        bins=bins,
        coefficient=item.coefficient,
        points=np.array(item.points, dtype=np.int64),
        reference=item.reference,
    )
