"""The demonstration: a made-up county from its files to proposals with reasons."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sanzhixin.cli.account import Account
from sanzhixin.cli.county_commands import refuse_used, write_tables
from sanzhixin.cli.model_commands import explain_household
from sanzhixin.cli.texts import TEXTS
from sanzhixin.cli.voice import Voice, aligned

if TYPE_CHECKING:
    import pandas as pd

    from sanzhixin.batch import Intake, RunResult
    from sanzhixin.model import SanzhixinModel

__all__ = ["demo"]

_SEED = 7
_MARK = "ABOUT.txt"
_ABOUT = "Written by `sanzhixin demo`; the next demo replaces this folder. All data are made up.\n"
_LANGUAGES = ("zh", "en")
_KINDS = (("propose",), ("review",), ("gated", "insufficient_evidence"))


@click.command()
@click.option(
    "--out",
    "folder",
    default="demo-out",
    show_default=True,
    type=click.Path(path_type=Path),
    help="New or empty folder, or that of an earlier demo, which is replaced.",
)
@click.option("--villages", type=click.IntRange(5, 200), default=8, show_default=True)
@click.pass_obj
def demo(voice: Voice, folder: Path, *, villages: int) -> int:
    """See the whole way on a made-up county: simulate, check, fit, score, explain (演示)."""
    from sanzhixin.batch import score_folder, take_in
    from sanzhixin.modelling import fit
    from sanzhixin.scheme import load_scheme
    from sanzhixin.simulate import simulate_county

    started = time.monotonic()
    _clear(folder)
    county = simulate_county(villages, seed=_SEED)
    write_tables(county, folder / "county", "csv")
    voice.show(
        voice.text(
            "demo_simulated",
            villages=villages,
            households=len(county.households),
            forms=len(county.ratings),
        )
    )
    scheme = load_scheme("tongxiang")
    intake = take_in(folder / "county", scheme)
    accepted = intake.n_in - intake.n_rejected
    voice.show(voice.text("demo_read", n_in=intake.n_in, accepted=accepted))
    model = fit(intake.done.county, scheme, name="demo", version="1.0.0", as_of=intake.as_of)
    model.save(folder / "model")
    _show_model(voice, model)
    with voice.progress("scoring") as progress:
        result = score_folder(folder / "county", model, folder / "out", progress=progress)
    _show_counts(voice, result, intake)
    _show_households(voice, folder, model, intake)
    _show_places(voice, folder, time.monotonic() - started)
    return result.exit_code


def _clear(folder: Path) -> None:
    from sanzhixin.batch.files import publishing

    if (folder / _MARK).is_file():
        with publishing(folder):
            for name in ("county", "model", "out", "explained"):
                shutil.rmtree(folder / name, ignore_errors=True)
    else:
        refuse_used(folder)
    with publishing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _MARK).write_text(_ABOUT, encoding="utf-8")


def _show_model(voice: Voice, model: SanzhixinModel) -> None:
    table = model.file.pd
    voice.show(
        voice.text(
            "demo_fit",
            model_id=model.model_id,
            basis=TEXTS[f"basis.{table.basis}"],
            loans=table.n_loans,
            defaults=table.n_defaults,
        )
    )


def _show_counts(voice: Voice, result: RunResult, intake: Intake) -> None:
    import pandas as pd
    import pyarrow.parquet as pq

    voice.show(voice.text("demo_score", scored=result.households.accepted, as_of=result.as_of))
    answers = pq.read_table(result.proposals, columns=["household_id", "status", "tier"])
    homes = intake.done.county.households[["household_id", "village_id"]]
    frame = answers.to_pandas().merge(homes, on="household_id")
    statuses = pd.crosstab(frame["village_id"], frame["status"], margins=True)
    tiers = pd.crosstab(frame["village_id"], frame["tier"], margins=True)
    names = {name: voice.pick(*TEXTS[f"short.{name}"], joint=" ") for name in result.statuses}
    voice.show(_crossed(voice, statuses, list(result.statuses), names))
    voice.show("")
    voice.show(_crossed(voice, tiers, list(result.tiers), {}))


def _crossed(voice: Voice, counts: pd.DataFrame, columns: list[str], names: dict[str, str]) -> str:
    head = [voice.word("village"), *(names.get(name, name) for name in columns)]
    rows = [
        ["" if village == "All" else village, *(int(counts.loc[village, c]) for c in columns)]
        for village in counts.index
    ]
    return aligned([head, *rows], indent="  ")


def _show_households(voice: Voice, folder: Path, model: SanzhixinModel, intake: Intake) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(
        folder / "out" / "proposals.parquet", columns=["household_id", "status"]
    ).to_pydict()
    first: dict[str, str] = {}
    for household, status in zip(table["household_id"], table["status"], strict=True):
        first.setdefault(status, household)
    voice.show(voice.text("demo_households"))
    for kinds in _KINDS:
        household = next((first[kind] for kind in kinds if kind in first), None)
        if household is not None:
            voice.show(f"\n{_explain(voice, folder, model, intake, household)}")


def _explain(
    voice: Voice, folder: Path, model: SanzhixinModel, intake: Intake, household: str
) -> str:
    from sanzhixin.batch.files import publishing

    why, override = explain_household(model, intake.done.county, household, intake.as_of)
    place = folder / "explained"
    with publishing(place):
        place.mkdir(exist_ok=True)
        for lang in _LANGUAGES:
            text = Account(why, override, Voice("en" if lang == "en" else "zh")).full()
            (place / f"{household}.{lang}.txt").write_text(f"{text}\n", encoding="utf-8")
    return Account(why, override, Voice(voice.one)).brief()


def _show_places(voice: Voice, folder: Path, seconds: float) -> None:
    voice.show("")
    voice.show(voice.text("demo_done", seconds=f"{seconds:.1f}"))
    rows = [
        (folder / "county", "households, raters, ratings, events, registers, proposals, loans"),
        (folder / "model" / "model.json", "scheme, score table, default probabilities, digest"),
        (folder / "out" / "proposals.parquet", "one proposal per household, with reasons"),
        (folder / "out" / "quarantine.csv", "rejected rows with their reasons"),
        (folder / "out" / "manifest.json", "digests, counts, versions"),
        (folder / "explained", "the three accounts in full, in Chinese and English"),
    ]
    voice.show(aligned(rows, indent="  "))
    voice.show(voice.text("demo_next"))
    for line in (
        f"sanzhixin verify {folder / 'out'}",
        f"sanzhixin check {folder / 'county'}",
        f"sanzhixin score {folder / 'county'} -m {folder / 'model'} -o proposals --format xlsx",
        f"sanzhixin explain {folder / 'county'} -m {folder / 'model'} --household V001-0001",
    ):
        voice.show(f"  {line}")
