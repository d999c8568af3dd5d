"""The command on tiers: cut-offs from a county's loans, proved not to exceed an appetite."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sanzhixin.cli.options import AS_OF, DIR, MODEL, REPORT_OUT, ChosenModel, read_rate, to_share
from sanzhixin.cli.report_folder import refuse_others, write_report
from sanzhixin.cli.texts import TEXTS
from sanzhixin.cli.voice import Voice

if TYPE_CHECKING:
    import pandas as pd

    from sanzhixin.model import SanzhixinModel
    from sanzhixin.modelling import Economics, TierOptimizer
    from sanzhixin.records import County

__all__ = ["tiers"]

_NEEDS_MARGIN = "--utilisation and --cost need --margin (须同时给出 --margin)."
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
@REPORT_OUT
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
@click.option(
    "--margin",
    metavar="RATE",
    callback=read_rate,
    help="Yearly margin on what is drawn, as 4%: the most profitable table that passes is chosen, "
    "with the caps of the scheme as limits.",
)
@click.option(
    "--utilisation",
    metavar="RATE",
    callback=read_rate,
    help="Share of a limit that is drawn, as 60%; needs --margin.  [default: all of it]",
)
@click.option(
    "--cost",
    "cost_yuan",
    type=click.IntRange(min=0),
    default=0,
    metavar="YUAN",
    help="Yearly cost of one loan; needs --margin.",
)
@AS_OF
@click.pass_obj
def tiers(  # noqa: PLR0913 - one parameter an option of the command
    voice: Voice,
    folder: Path,
    *,
    chosen: ChosenModel,
    out: Path,
    appetite: dict[str, float],
    delta: float,
    margin: float | None,
    utilisation: float | None,
    cost_yuan: int,
    as_of: dt.date | None,
) -> int:
    """Find cut-offs of tiers from the loans in DIR (等级划分), each proved by an exact test."""
    from sanzhixin.batch import take_in
    from sanzhixin.errors import EvidenceError
    from sanzhixin.model import scoring_date
    from sanzhixin.modelling import TierOptimizer
    from sanzhixin.modelling.county.loans import collect_outcomes

    model = chosen.load()
    economics = _economics(model, appetite, margin, utilisation, cost_yuan)
    refuse_others(out, _TABLES, kind="tiers")
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
    found = TierOptimizer(appetite, delta, economics=economics).fit(
        outcomes.points, outcomes.defaulted
    )
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


def _economics(
    model: SanzhixinModel,
    appetite: dict[str, float],
    margin: float | None,
    utilisation: float | None,
    cost_yuan: int,
) -> Economics | None:
    """Take the caps of the scheme's tiers as limits."""
    from sanzhixin.modelling import Economics

    if margin is None:
        if utilisation is not None or cost_yuan:
            raise click.UsageError(_NEEDS_MARGIN)
        return None
    plan = model.plan.tiers
    caps = dict(zip(plan.grades, plan.caps.tolist(), strict=False))
    unknown = [tier for tier in appetite if tier not in caps]
    if unknown:
        message = f"--margin needs tiers of the scheme ({', '.join(caps)}), not {unknown[0]}."
        raise click.UsageError(message)
    return Economics(
        {tier: caps[tier] for tier in appetite},
        margin=margin,
        utilisation=utilisation or 1.0,
        cost_yuan=cost_yuan,
    )


def _swap(
    found: TierOptimizer, model: SanzhixinModel, county: County, as_of: dt.date
) -> pd.DataFrame:
    """Compare the tiers that were found with those of the scheme, over the county's households."""
    import numpy as np

    from sanzhixin.model import case_chunks
    from sanzhixin.scoring.assess import STATUSES
    from sanzhixin.scoring.scorer import score_cases

    plan = model.plan.tiers
    names, starts = plan.grades[::-1], plan.cutoffs[::-1].tolist()
    chunks = [score_cases(cases, model.plan) for cases in case_chunks(county, model.plan, as_of)]
    scored = [answers.assessment.status < STATUSES.index("gated") for answers in chunks]
    points = np.concatenate(
        [answers.assessment.points.total[own] for answers, own in zip(chunks, scored, strict=True)]
    )
    return found.compare(points, dict(zip(names, starts, strict=True)))


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
