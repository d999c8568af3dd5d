"""The model card as data, and every paper of a model as files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sanzhixin.scoring.artifact import MODEL_FILE, model_bytes, parse_model_file
from sanzhixin.validation.papers.disclosure import disclosure
from sanzhixin.validation.papers.impact import impact_assessment
from sanzhixin.validation.papers.layout import to_markdown, to_page
from sanzhixin.validation.papers.model_card.page import model_card
from sanzhixin.validation.papers.model_card.texts import (
    DECIDES,
    LIMITS,
    MONITORING,
    OUT_OF_SCOPE,
    PURPOSE,
)
from sanzhixin.validation.papers.traceability import SIGNED, traceability, traceability_paper

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sanzhixin.errors.words import Lang
    from sanzhixin.scoring.artifact import ModelFile
    from sanzhixin.validation.papers.layout import Paper

__all__ = ["PAPERS", "card_data", "card_markdown", "model_papers"]

PAPERS = (
    "model_card.md",
    "model_card.html",
    "model_card.json",
    "disclosure.md",
    "disclosure.html",
    "traceability.json",
    "traceability.md",
    "traceability.html",
    "impact_assessment.md",
    "impact_assessment.html",
)
"""Names of the files of `model_papers`."""


def model_papers(file: ModelFile, *, first: Lang = "zh") -> dict[str, bytes]:
    """Write every paper of a model.

    Parameters
    ----------
    file : ModelFile
        The content of ``model.json``.
    first : {"zh", "en"}
        Language that stands first.

    Returns
    -------
    dict of str to bytes
        By name, the keys of `PAPERS`; equal files give equal bytes.  All but the JSON files are in
        both languages, one after the other; as a page, the reader switches.

    Raises
    ------
    ArtifactError
        ``model_too_large``, ``panel_not_rising``: such a model could not be saved.

    Examples
    --------
    >>> from sanzhixin.modelling import expert_model
    >>> from sanzhixin.scheme import load_scheme
    >>> model = expert_model(load_scheme("tongxiang"), name="trial", version="1.0.0")
    >>> tuple(model_papers(model.file)) == PAPERS
    True
    """
    file = parse_model_file(model_bytes(file), MODEL_FILE)  # keys in the order of a file
    made = {
        "model_card.json": _json(card_data(file)),
        "traceability.json": _json(traceability(file)),
    }
    order: tuple[Lang, Lang] = ("zh", "en") if first == "zh" else ("en", "zh")
    for name, write in _WRITERS.items():
        both = [write(file, lang) for lang in order]
        made |= {f"{name}.md": _both(both), f"{name}.html": to_page(both)}
    return {name: made[name].encode() for name in PAPERS}


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


_WRITERS = {
    "model_card": model_card,
    "disclosure": disclosure,
    "traceability": traceability_paper,
    "impact_assessment": impact_assessment,
}


def _both(papers: Iterable[Paper]) -> str:
    return "\n---\n\n".join(map(to_markdown, papers))


def card_markdown(file: ModelFile) -> str:
    """Write the model card as `fit` and `promote` leave it beside a model.

    Parameters
    ----------
    file : ModelFile
        The content of ``model.json``.

    Returns
    -------
    str
        Markdown, in Chinese and then in English.

    Examples
    --------
    >>> from sanzhixin.modelling import expert_model
    >>> from sanzhixin.scheme import load_scheme
    >>> model = expert_model(load_scheme("tongxiang"), name="trial", version="1.0.0")
    >>> [line for line in card_markdown(model.file).splitlines() if line.startswith("# ")]
    ['# 模型卡：trial/1.0.0', '# Model card: trial/1.0.0']
    """
    return _both((model_card(file, "zh"), model_card(file, "en")))


def card_data(file: ModelFile) -> dict[str, Any]:
    """Give the content of the model card as plain JSON values.

    Parameters
    ----------
    file : ModelFile
        The content of ``model.json``.

    Returns
    -------
    dict
        One key a section of the Markdown card, named after its English title in lower case with
        underscores; numbers are numbers, dates ISO text, and what is not stated is null.

    Examples
    --------
    >>> from sanzhixin.modelling import expert_model
    >>> from sanzhixin.scheme import load_scheme
    >>> model = expert_model(load_scheme("tongxiang"), name="trial", version="1.0.0")
    >>> card_data(model.file)["default_probability"]["basis"]
    'none'
    """
    content = file.content()
    scheme, by = content["scheme"], file.provenance
    return {
        "format": 1,
        "model_id": file.model_id,
        "status": file.status,
        "valid_until": content["valid_until"],
        "digest": file.digest(),
        "scheme": {"id": file.scheme.scheme_id, "zh": file.scheme.zh, "en": file.scheme.en},
        "purpose_and_out_of_scope_use": _english((PURPOSE, *OUT_OF_SCOPE)),
        "who_decides": DECIDES[1],
        "population_and_target": _population(file),
        "measures": _measures(file),
        "what_enters": _entering(file, scheme),
        "what_never_carries_points": _records(file, scheme),
        "points": {**content["card"], "reach": list(file.card.reach)},
        "learned_card_against_expert_card": None
        if by.comparison is None
        else by.comparison.model_dump(mode="json"),
        "points_of_ledger_entries": {
            "event_part": scheme["event_part"],
            "events": [item for item in scheme["indicators"] if item["kind"] == "event"],
        },
        "tiers_and_caps": {**scheme["tiers"], "out_of_reach": list(file.tiers_out_of_reach)},
        "bounds_of_the_limit": scheme["limits"],
        "default_probability": content["pd"],
        "limits_of_use": _english(LIMITS),
        "review_triggers": {**scheme["review"], "debt": scheme["debt"]},
        "monitoring": _english(MONITORING),
        "approvals_and_expiry": _approvals(file),
        "origin_and_change_log": {
            "protocol": file.protocol,
            "version": file.version,
            **{key: _stated(getattr(by, key)) for key in ("data_from", "data_until")},
            **{key: dict(getattr(by, key)) for key in ("rows", "checksums", "versions")},
            "seed": by.seed,
            "notes": list(by.notes),
        },
    }


def _english(pairs: Iterable[tuple[str, str]]) -> list[str]:
    return [en for _, en in pairs]


def _stated(value: object) -> str | None:
    return None if value is None else str(value)


def _population(file: ModelFile) -> dict[str, Any]:
    return {
        "consent_purpose": file.scheme.consent_purpose,
        "unit": "household",
        "target": "default: more than 90 days past due within 12 months of granting",
        "observed_on": file.pd.population,
        "n_loans": file.pd.n_loans,
    }


def _measures(file: ModelFile) -> dict[str, Any]:
    panel = file.panel
    found: dict[str, Any] = {"aggregator": file.scheme.aggregator}
    if panel is not None:
        found |= {"link": panel.link, "equated": panel.equated}
        found |= {"n_raters": len(panel.raters), "n_villages": len(panel.villages)}
        found |= {"n_compared": panel.n_compared, "n_moved": panel.n_moved}
    return found


def _entering(file: ModelFile, scheme: dict[str, Any]) -> dict[str, Any]:
    kept = {item.column for item in file.card.characteristics}
    return {
        "indicators": [item for item in scheme["indicators"] if item["kind"] != "official"],
        "factors": scheme["factors"],
        "columns_with_points": sorted(kept),
        "min_forms": file.scheme.min_forms,
        "rating_validity_months": file.scheme.rating_validity_months,
        "recused_relations": scheme["recused_relations"],
        "raters_by_pillar": scheme["raters_by_pillar"],
    }


def _records(file: ModelFile, scheme: dict[str, Any]) -> dict[str, Any]:
    return {
        "records": [r.model_dump(mode="json") for r in file.scheme.official_rules.values()],
        "purpose": scheme["purpose"],
        "debt": scheme["debt"],
    }


def _approvals(file: ModelFile) -> dict[str, Any]:
    by = file.provenance
    people = {f"{step}_by": getattr(by, f"{step}_by") for step in SIGNED}
    days = {f"{step}_on": _stated(getattr(by, f"{step}_on")) for step in SIGNED}
    return {
        **people,
        **days,
        "retired_because": by.retired_because,
        "last_scoring_date": str(file.valid_until),
        "proposal_validity_months": file.scheme.proposal_validity_months,
    }
