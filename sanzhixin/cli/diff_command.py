"""The command that compares two models in words, and on the households of a county."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sanzhixin.cli.options import AS_OF, JSON
from sanzhixin.cli.voice import Voice, aligned

if TYPE_CHECKING:
    from sanzhixin.model import SanzhixinModel

__all__ = ["diff"]


@click.command()
@click.argument("before_path", metavar="A", type=click.Path(path_type=Path))
@click.argument("after_path", metavar="B", type=click.Path(path_type=Path))
@click.option(
    "--on",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="County whose households are scored by both.",
)
@AS_OF
@JSON
@click.pass_obj
def diff(
    voice: Voice,
    before_path: Path,
    after_path: Path,
    *,
    folder: Path | None,
    as_of: dt.date | None,
    as_json: bool,
) -> int:
    """Say how model B differs from model A: tiers, points, default probabilities (比较)."""
    from sanzhixin.model import load_model
    from sanzhixin.trust import compare_models

    before, after = load_model(before_path), load_model(after_path)
    lines = compare_models(before.file, after.file)
    moved = None if folder is None else _moved(before, after, folder, as_of)
    if as_json:
        voice.show_json({"differences": [asdict(line) for line in lines], "county": moved})
        return 0
    for line in lines:
        voice.show(voice.pick(line.zh, line.en))
    if not lines:
        voice.show(voice.text("diff_none"))
    if moved is not None:
        heads = [voice.word(f"diff.{name}") for name in ("before", "after", "households")]
        heads += [voice.word(f"diff.{name}") for name in ("yuan_before", "yuan_after")]
        rows = [[v if v is not None else "-" for v in row.values()] for row in moved["tiers"]]
        voice.show("\n" + aligned([heads, *rows]))
        voice.show(voice.text("diff_county", **{k: v for k, v in moved.items() if k != "tiers"}))
    return 0


def _moved(
    before: SanzhixinModel, after: SanzhixinModel, folder: Path, as_of: dt.date | None
) -> dict[str, Any]:
    """Score a county by both models, each with its own scheme, and count who moves."""
    from sanzhixin.batch import take_in
    from sanzhixin.modelling import compute_swap

    intake = take_in(folder, after.scheme, as_of)
    table = compute_swap(before, after, intake.done.county, intake.as_of)
    rows: list[dict[str, Any]] = json.loads(table.to_json(orient="records"))
    return {
        "tiers": rows,
        "households": sum(row["n_households"] for row in rows),
        "moving": sum(
            row["n_households"] for row in rows if row["tier_before"] != row["tier_after"]
        ),
        "yuan_before": sum(row["limit_before_yuan"] for row in rows),
        "yuan_after": sum(row["limit_after_yuan"] for row in rows),
    }
