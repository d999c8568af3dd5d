"""The demonstration: a made-up county from its files to proposals and the validation report."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sanzhixin.cli.account import Account
from sanzhixin.cli.county_commands import refuse_used, write_tables
from sanzhixin.cli.demo_texts import DEMO_TEXTS
from sanzhixin.cli.model_commands import explain_household
from sanzhixin.cli.texts import TEXTS
from sanzhixin.cli.voice import Voice, aligned
from sanzhixin.errors.words import VERDICT_WORDS

if TYPE_CHECKING:
    import pandas as pd

    from sanzhixin.batch import Intake, RunResult
    from sanzhixin.model import SanzhixinModel

__all__ = ["demo"]

_SEED = 7
_MARK = "ABOUT.txt"
_ABOUT = "Written by `sanzhixin demo`; the next demo replaces this folder. All data are made up.\n"
_LANGUAGES = ("zh", "en")
_REPORTS = ("report.html", "report.xlsx", "report.json")
_FOLDERS = ("county", "model", "out", "explained")
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
    """See the whole way on a made-up county, from its tables to the validation report (演示)."""
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
    _judge(voice, folder, model, intake)
    _show_places(voice, folder, time.monotonic() - started)
    return result.exit_code


def _clear(folder: Path) -> None:
    from sanzhixin.batch.files import publishing

    if _is_demo(folder):
        with publishing(folder):
            for name in _FOLDERS:
                if (folder / name).is_dir():
                    shutil.rmtree(folder / name)
            for name in _REPORTS:
                (folder / name).unlink(missing_ok=True)
    else:
        refuse_used(folder)
    with publishing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _MARK).write_bytes(_ABOUT.encode())


def _is_demo(folder: Path) -> bool:
    """Tell a folder that a demo wrote: by what its mark says, as anybody may name a file so."""
    mark = folder / _MARK
    return mark.is_file() and mark.read_bytes() == _ABOUT.encode()


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
    short = Account(why, override, Voice(voice.one)).brief()
    if voice.lang != "both":
        return short
    head = Account(why, override, Voice("en")).brief().partition("\n\n")[0]
    rest = Voice("en").text("demo_rest", path=place / f"{household}.en.txt")
    return f"{short}\n\n{head}\n  {rest}"


def _judge(voice: Voice, folder: Path, model: SanzhixinModel, intake: Intake) -> None:
    """Write the validation report; without the libraries of the page, the other two forms."""
    from sanzhixin.cli.validate_command import write_forms
    from sanzhixin.errors import DomainError
    from sanzhixin.validation.face import validate
    from sanzhixin.validation.report.library import check_library

    voice.show("")
    voice.show(voice.text("demo_judge"))
    reports = [folder / name for name in _REPORTS]
    try:
        check_library()
    except DomainError as missing:
        voice.error(missing)
        reports = [path for path in reports if path.suffix != ".html"]
    found = validate(model, intake.done.county, intake.as_of)
    write_forms(found, reports, voice.one)
    counts = Counter[str]()
    for one in found.tables.values():
        counts.update(one.counts)
    words = [(VERDICT_WORDS[word], n) for word, n in counts.items()]
    zh = "，".join(f"{one[0]} {n:,}" for one, n in words)
    en = ", ".join(f"{one[1]} {n:,}" for one, n in words)
    voice.show(voice.text("demo_verdicts", counts=(zh, en)))


def _show_places(voice: Voice, folder: Path, seconds: float) -> None:
    voice.show("")
    voice.show(voice.text("demo_done", seconds=f"{seconds:.1f}"))
    known = {key.partition(".")[2]: key for key in DEMO_TEXTS if key.startswith("place.")}
    places = ((folder / name, key) for name, key in known.items())
    rows = [(place, voice.word(key)) for place, key in places if place.exists()]
    voice.show(aligned(rows, indent="  "))
    voice.show(voice.text("demo_next"))
    for line in (
        f"sanzhixin verify {folder / 'out'}",
        f"sanzhixin check {folder / 'county'}",
        f"sanzhixin score {folder / 'county'} -m {folder / 'model'} -o proposals --format xlsx",
        f"sanzhixin explain {folder / 'county'} -m {folder / 'model'} --household V001-0001",
        f"sanzhixin notice {folder / 'county'} -m {folder / 'model'} --household V001-0001 "
        "-o notice.html",
    ):
        voice.show(f"  {line}")
