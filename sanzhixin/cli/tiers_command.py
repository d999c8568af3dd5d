"""The command on tiers: cut-offs from a county's loans, proved not to exceed an appetite."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sanzhixin.cli.options import AS_OF, DIR, MODEL, to_share
from sanzhixin.cli.report_folder import refuse_others, write_report
from sanzhixin.cli.texts import TEXTS
from sanzhixin.cli.voice import Voice

if TYPE_CHECKING:
    import pandas as pd

    from sanzhixin.model import SanzhixinModel
    from sanzhixin.modelling import TierOptimizer
    from sanzhixin.records import County

__all__ = ["tiers"]

_TABLES = ("tiers", "tests", "alternatives", "swap")


def _read_appetite(
    context: click.Context, parameter: click.Parameter, value: str
) -> dict[str, float]:
    """Read ``AAA=0.5%,AA=0.01``."""
    found: dict[str, float] = {}
    for part in value.replace("，", ",").split(","):
        name, _, rate = part.partition("=")
        share = to_share(rate)
        if not name.strip() or share is None or name.strip() in found:
            message = f"{part!r}: write TIER=RATE, as AAA=0.5%,AA=1%, from the best to the worst."
            raise click.BadParameter(message)
        found[name.strip()] = share
    return found


@click.command()
@DIR
@MODEL
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    metavar="OUT",
    type=click.Path(path_type=Path),
    help="New or empty folder, or that of an earlier report, which is replaced.",
)
@click.option(
    "--appetite",
    required=True,
    metavar="TIER=RATE,...",
    callback=_read_appetite,
    help="Default rate accepted in each tier, from the best to the worst, as AAA=0.5%,AA=1%.",
)
@click.option(
    "--delta",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="Probability that any tier exceeds its appetite.",
)
@AS_OF
@click.pass_obj
def tiers(
    voice: Voice,
    folder: Path,
    *,
    model_path: Path,
    out: Path,
    appetite: dict[str, float],
    delta: float,
    as_of: dt.date | None,
) -> int:
    """Find cut-offs of tiers from the loans in DIR (等级划分), each proved by an exact test."""
    from sanzhixin.batch import take_in
    from sanzhixin.errors import EvidenceError
    from sanzhixin.model import load_model, scoring_date
    from sanzhixin.modelling import TierOptimizer
    from sanzhixin.modelling.county.loans import collect_outcomes

    model = load_model(model_path)
    refuse_others(out, _TABLES)
    intake = take_in(folder, model.scheme, as_of)
    if intake.n_rejected:
        voice.tell("fit_quarantined", rejected=intake.n_rejected)
    county = intake.done.county
    outcomes = collect_outcomes(county, model, scoring_date(intake.as_of, county.as_of))
    until = model.file.provenance.data_until
    compared = model.file.provenance.comparison
    if compared is not None and compared.chosen == "fitted" and until is not None:
        outcomes = outcomes.take(outcomes.granted_on > until.toordinal())
        voice.tell("tiers_fresh", until=until, loans=outcomes.defaulted.size)
    if not outcomes.defaulted.size:
        raise EvidenceError("tiers_no_loans")
    found = TierOptimizer(appetite, delta).fit(outcomes.points, outcomes.defaulted)
    per = model.file.card.points_per_score
    swap = _swap(found, model, county, scoring_date(intake.as_of, county.as_of))
    texts = [_line(row, per) for row in found.tiers_.to_dict("records")]
    values = {
        "loans": outcomes.defaulted.size,
        "defaults": int(outcomes.defaulted.sum()),
        "delta": f"{delta:g}",
    }
    heads = [template.format_map(values) for template in TEXTS["tiers_head"]]
    texts.append(_moved(swap))
    zh, en = ("\n".join([heads[k], *(text[k] for text in texts)]) for k in (0, 1))
    tables = {
        "tiers": found.tiers_.assign(score_at_least=found.tiers_["at_least"] / per),
        "tests": found.tests_,
        "alternatives": _plain(found.alternatives_),
        "swap": swap,
    }
    write_report(out, tables, zh, en, kind="tiers")
    voice.show(voice.pick(zh, en, joint="\n\n"))
    voice.tell("tiers_written", path=out)
    return 3 if intake.n_rejected else 0


def _swap(
    found: TierOptimizer, model: SanzhixinModel, county: County, as_of: dt.date
) -> pd.DataFrame:
    """Compare the tiers that were found with those of the scheme, over the county's households."""
    plan = model.plan.tiers
    names, starts = plan.grades[::-1], plan.cutoffs[::-1].tolist()
    points = model.propose(county, as_of)["points"].dropna()
    return found.compare(points.to_numpy(dtype=int), dict(zip(names, starts, strict=True)))


def _moved(swap: pd.DataFrame) -> tuple[str, str]:
    had, has = swap["tier_before"].notna(), swap["tier_after"].notna()
    count = swap["n_households"]
    values = {
        "scored": int(count.sum()),
        "had": int(count[had].sum()),
        "has": int(count[has].sum()),
        "gain": int(count[has & ~had].sum()),
        "lose": int(count[had & ~has].sum()),
    }
    zh, en = (template.format_map(values) for template in TEXTS["tiers_swap"])
    return zh, en


def _line(row: dict[Any, Any], per: int) -> tuple[str, str]:
    values = {
        "tier": row["tier"],
        "score": f"{row['at_least'] / per:g}",
        "counts": f"{row['n_defaults']} / {row['n_loans']}",
        "upper": f"{row['upper']:.2%}",
        "accepted": f"{row['appetite']:.2%}",
    }
    zh, en = (template.format_map(values) for template in TEXTS["tiers_line"])
    return zh, en


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Write tuples as texts."""
    named = ("tiers", "starts")
    return table.assign(**{n: table[n].map(lambda own: " ".join(map(str, own))) for n in named})
