"""The model card: what a model is for, what it rests on and what it must not be used for."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sanzhixin.modelling.model_card.scheme import (
    bounds_section,
    bullets,
    events_section,
    features_section,
    records_section,
    table,
    tiers_section,
    triggers_section,
)
from sanzhixin.modelling.model_card.texts import DECIDES, LIMITS, MONITORING, PURPOSE
from sanzhixin.scoring.card import GridCharacteristic
from sanzhixin.scoring.expert import EVENT_COLUMN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sanzhixin.scoring.artifact import ModelFile
    from sanzhixin.scoring.card import Card, Characteristic
    from sanzhixin.scoring.provenance import CardComparison

__all__ = ["model_card", "pd_rows"]


def model_card(file: ModelFile) -> str:
    """Write the card of a model from its file.

    Parameters
    ----------
    file : ModelFile
        The content of ``model.json``.

    Returns
    -------
    str
        Markdown; equal files give equal cards.

    Examples
    --------
    >>> from sanzhixin.modelling import expert_model
    >>> from sanzhixin.scheme import load_scheme
    >>> model = expert_model(load_scheme("tongxiang"), name="trial", version="1.0.0")
    >>> model_card(model.file).splitlines()[0]
    '# Model card: trial/1.0.0'
    """
    scheme, compared = file.scheme, file.provenance.comparison
    sections = {
        "Purpose and out-of-scope use": PURPOSE,
        "Who decides": DECIDES,
        "Population and target": _population(file),
        "Measures": _measures(file),
        "What enters": _entering(file),
        "What never carries points": records_section(scheme),
        "Points": _points(file.card),
        **({} if compared is None else {"Learned card against expert card": _compared(compared)}),
        "Points of ledger entries": events_section(scheme),
        "Tiers and caps": _tiers(file),
        "Bounds of the limit": bounds_section(scheme),
        "Default probability": _default_probability(file),
        "Limits of use": LIMITS,
        "Review triggers": triggers_section(scheme),
        "Monitoring": MONITORING,
        "Approvals and expiry": _approvals(file),
        "Origin and change log": _origin(file),
    }
    body = "\n\n".join(f"## {title}\n\n{text}" for title, text in sections.items())
    return f"# Model card: {file.model_id}\n\n{_head(file)}\n\n{body}\n"


def _head(file: ModelFile) -> str:
    scheme = f"{file.scheme.scheme_id}, {file.scheme.en}"
    about = {"Status": f"**{file.status}**", "Scheme": scheme}
    return bullets(about | {"Valid until": file.valid_until, "Digest": f"`{file.digest()}`"})


def _measures(file: ModelFile) -> str:
    panel = file.panel
    if panel is None:
        return f"Aggregator of the forms: {file.scheme.aggregator}. Raters are taken as they are."
    about: dict[str, object] = {
        "Aggregator": "severity_adjusted: posterior means corrected for the raters' severity",
        "Villages are compared by": panel.link,
        "Scale": "equated to the mean" if panel.equated else "adjusted scores as they are",
        "Raters and villages fitted": f"{len(panel.raters)} and {len(panel.villages)}",
        "Households in another tier than by the mean": f"{panel.n_moved} of {panel.n_compared}",
    }
    return bullets(about)


def _population(file: ModelFile) -> str:
    return bullets(
        {
            "Population": "farm households of the bank's villages with a valid consent for "
            f"“{file.scheme.consent_purpose}” and a panel of raters",
            "Unit": "one household; contracts are signed by an adult of it",
            "Target": "default: 90 days past due within 12 months of granting",
            "Observed on": f"{file.pd.population} ({file.pd.n_loans} loans)",
        }
    )


def _points(card: Card) -> str:
    rows = [(*row, item.missing_points) for item in card.characteristics for row in _bins(item)]
    ends = {f"{g.en} together": f"{g.lowest} to {g.highest} points" for g in card.groups}
    total = {"Total": f"{card.lowest} to {card.highest} points"}
    if card.base:
        total = {"Every household starts with": f"{card.base} points"} | total
    if card.reach != (card.lowest, card.highest):
        total["Within reach of a household"] = f"{card.reach[0]} to {card.reach[1]} points"
    unit = {"One unit of the score": f"{card.points_per_score} points"}
    header = ("Characteristic", "Bin", "Points", "Points when missing")
    return f"{table(header, rows)}\n\n{bullets(ends | total | unit)}"


def _entering(file: ModelFile) -> str:
    """Tell what enters, and what a learned card considered and did not keep."""
    shown, compared = features_section(file.scheme), file.provenance.comparison
    if compared is None or compared.chosen == "expert":
        return shown
    kept = {item.column for item in file.card.characteristics}
    pillars = [(p.zh, p.en) for p in file.scheme.pillars if f"{p.code}_score" not in kept]
    factors = [(f.zh, f.en) for f in file.scheme.factors if f.name not in kept]
    events = [] if EVENT_COLUMN in kept else [("事件积分", "event points")]
    left = ", ".join(f"{zh} {en}" for zh, en in (*pillars, *events, *factors))
    if not left:
        return shown
    note = "The learned card considered these and gives them no points: the loans have no values of"
    return f"{shown}\n\n{note} them, or do not show that they tell default: {left}."


def _tiers(file: ModelFile) -> str:
    beyond = file.tiers_out_of_reach
    shown = tiers_section(file.scheme)
    if not beyond:
        return shown
    low, high = (end / file.card.points_per_score for end in file.card.reach)
    note = f"With this card scores lie between {low:g} and {high:g}, so no household can be"
    return f"{shown}\n\n**{note} {', '.join(beyond)}.**"


def _bins(item: Characteristic) -> Iterator[tuple[str, str, object]]:
    name = f"{item.zh} {item.en}"
    if isinstance(item, GridCharacteristic):
        low, high = item.start / 1e6, (item.start + item.span) / 1e6
        yield name, f"{low:g} to {high:g} in equal steps", f"0 to {item.points}"
        return
    for zh, en, points in zip(item.labels_zh, item.labels_en, item.points, strict=True):
        yield name, f"{zh} {en}", points


def _compared(found: CardComparison) -> str:
    unseen = {"village": "other villages, in five parts", "time": "the latest third"}
    rows = [
        (name, f"{s.log_loss:.5f}", f"{s.brier:.5f}", "" if s.auc is None else f"{s.auc:.4f}")
        for name, s in (("expert", found.expert), ("learned", found.fitted))
    ]
    about: dict[str, object] = {
        "Unseen loans": f"{unseen[found.holdout]}: {found.n_loans}, {found.n_defaults} defaults",
        "Log-loss gained by the learned card": f"{found.gain:.5f} (standard error between "
        f"villages {found.gain_se:.5f})",
        "Card of this model": "the learned one" if found.chosen == "fitted" else "the expert card",
    }
    if found.asked_for:
        kept = "would have kept it" if found.gain > found.gain_se else "would not have kept it"
        about["Why"] = f"it was asked for; the comparison {kept}"
    shown = table(("Card", "Log-loss", "Brier score", "AUC"), rows)
    return f"{shown}\n\n{bullets(about)}"


def _default_probability(file: ModelFile) -> str:
    pd, per = file.pd, file.card.points_per_score
    about: dict[str, object] = {
        "Basis": pd.basis,
        "Method": pd.method,
        "Outcomes": f"{pd.n_defaults} defaults in {pd.n_loans} loans",
    }
    if pd.basis == "none":
        note = f"No probability is given; tier and limit come from the points. {pd.note_en}"
        return f"{bullets(about)}\n\n{note.strip()}"
    if pd.confidence is not None:
        about["Confidence of the probability"] = pd.confidence
    about["Population"] = f"calibrated on {pd.population}"
    header = ("Points", "Probability of default", "Lower", "Upper")
    text = f"Tiers and every {per} points within reach, repeats left out; the file has every point."
    return f"{bullets(about)}\n\n{pd.note_en}\n\n{text}\n\n{table(header, pd_rows(file))}"


def pd_rows(file: ModelFile) -> Iterator[tuple[str, ...]]:
    """Probabilities at the ends of the reach, tiers and whole scores; repeats are left out."""
    (least, most), per = file.card.reach, file.card.points_per_score
    cuts = {int(row.at_least * per) for row in file.scheme.tiers.ascending}
    shown = {least, most, *range(-(-least // per) * per, most, per), *cuts}
    before: tuple[float | None, ...] = ()
    for points in sorted(points for points in shown if least <= points <= most):
        row = next(row for row in reversed(file.pd.rows) if row.at_least <= points)
        values = (row.prob_default, row.lower, row.upper)
        if values != before:
            yield str(points), *("unknown" if v is None else f"{v:.4%}" for v in values)
        before = values


def _approvals(file: ModelFile) -> str:
    by = file.provenance
    approved = file.status == "approved"
    use = "" if approved else f"A {file.status} model is not for decisions on households.\n\n"
    retired: dict[str, object] = {}
    if by.retired_by is not None:
        retired["Retired by"] = f"{_signed(by.retired_by, by.retired_on)}: {by.retired_because}"
    return use + bullets(
        {
            "Fitted by": _signed(by.fitted_by, by.fitted_on) or "not stated",
            "Validated by": _signed(by.validated_by, by.validated_on) or "none yet",
            "Approved by": _signed(by.approved_by, by.approved_on) or "none yet",
            **retired,
            "Last scoring date": file.valid_until,
            "Life of a proposal": f"{file.scheme.proposal_validity_months} months",
        }
    )


def _signed(person: str | None, on: dt.date | None) -> str | None:
    return person if person is None or on is None else f"{person}, {on}"


def _origin(file: ModelFile) -> str:
    by = file.provenance
    about: dict[str, object] = {"Protocol of the file": file.protocol}
    if by.data_from is not None:
        about["Loans granted"] = f"{by.data_from} to {by.data_until}"
    about |= {f"Rows of {name}": count for name, count in by.rows.items()}
    about |= {f"SHA-256 of {name}": f"`{digest}`" for name, digest in by.checksums.items()}
    about |= {f"Version of {name}": number for name, number in by.versions.items()}
    if by.seed is not None:
        about["Seed of the simulated county"] = by.seed
    notes = "".join(f"\n- {note}" for note in by.notes)
    rule = "A released file is never edited: a change is a new version with a card of its own."
    return f"{bullets(about)}{notes}\n\n{rule}\n\n- {file.version}: this version."
