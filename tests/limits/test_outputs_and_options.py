"""Outputs, options of runs and commands, and what learning takes."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import click
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sanzhixin.batch.approval_sheet import write_approval_sheet
from sanzhixin.batch.limit_tables import LimitTables, compute_portfolio
from sanzhixin.batch.run import RunOptions
from sanzhixin.batch.table import check_room
from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.modelling import MonotoneBinner, ScoreCalibrator
from sanzhixin.modelling.panel import file as panel_file
from sanzhixin.numerics import border
from sanzhixin.numerics.border import invert_border
from sanzhixin.numerics.calibration_belt import forward_tail
from sanzhixin.numerics.partial_credit import count_totals
from sanzhixin.records import County
from sanzhixin.scoring.panel_tables import PanelTables
from tests.limits.limit import Limit, assert_accepted, assert_refused, ids
from tests.unit.scoring.adjusted_plan import adjusted_scheme, adjusted_tables, fitted_model
from tests.unit.scoring.factories import form, household, plan_of, propose

LIMITS_OF_ONE = pd.DataFrame(
    {
        "household_id": ["H1"],
        "village_id": ["V1"],
        "status": "propose",
        "limit_yuan": pd.array([100_000], dtype="Int64"),
    }
)
NOBODY = pd.DataFrame(columns=["household_id", "member_limit_yuan", "binding_bound"])
NO_PROPOSALS = pd.DataFrame(
    columns=["household_id", "status", "tier", "limit_yuan", "reasons", "review_triggers"]
)


def room(rows, _):
    check_room(rows, "xlsx")
    return rows


def portfolio(total, _):
    return compute_portfolio(LimitTables(LIMITS_OF_ONE, NOBODY, 1_000), total_yuan=total)


def term(months, folder):
    county = County.from_tables({})
    return write_approval_sheet(folder / "a.xlsx", NO_PROPOSALS, county, term_months=months)


def run_option(name):
    return lambda value, _: RunOptions(**{name: value})


def binner(name):
    table = pd.DataFrame({"x": np.arange(400.0)})
    outcome = np.arange(400) % 3 == 0
    return lambda value, _: MonotoneBinner(trend="none", **{name: value}).fit(table, outcome)


def points_apart(span, _):
    points, defaulted = np.array([0, span] * 30), np.arange(60) % 30 == 0
    return ScoreCalibrator("pluto_tasche").fit(points, defaulted)


def attainable(span, _):
    points, defaulted = np.array([0, 9] * 30), np.arange(60) % 30 == 0
    return ScoreCalibrator("pluto_tasche", attainable=(0, span)).fit(points, defaulted)


def panel_items(count, _):
    return count_totals(np.full((9, count), 2, dtype=np.int8), 5)


def degree(number, _):
    return forward_tail(1.0, number)


LEARNING = "modelling.bins.binner._RANGES"
LIMITS = [
    Limit("batch.table._MOST_SHEET_ROWS", 1_048_575, "worksheet_full", room, "1048575"),
    Limit("batch.limit_tables._MOST_YUAN", 10**15, "portfolio_options", portfolio),
    Limit("batch.approval_sheet._LONGEST_TERM", 360, "run_option", term, "1 to 360"),
    Limit("batch.run.RunOptions", 1, "run_option", run_option("chunk_rows"), "1 or more", 0),
    Limit("batch.run.RunOptions", 1, "run_option", run_option("jobs"), "1 or more", 0),
    Limit("batch.run.RunOptions", 1.0, "run_option", run_option("max_bad"), "1.0", 1.000001),
    Limit("batch.run.RunOptions", 0, "run_option", run_option("max_bad"), "rows from 0", -1),
    Limit(LEARNING, 254, "option_range", binner("max_bins"), "max_bins=255"),
    Limit(LEARNING, 1, "option_range", binner("max_bins"), "max_bins=0", 0),
    Limit(LEARNING, 1_000, "option_range", binner("max_prebins"), "max_prebins=1001"),
    Limit(LEARNING, 1, "option_range", binner("max_prebins"), "max_prebins=0", 0),
    Limit(
        "modelling.calibration.calibrator._MOST_POINTS",
        1_000_000,
        "calibration_points",
        points_apart,
        "1000001",
    ),
    Limit(
        "modelling.calibration.calibrator._MOST_POINTS",
        1_000_000,
        "calibration_points",
        attainable,
        "1000001",
    ),
    Limit("numerics.partial_credit.MOST_ITEMS", 16, "too_many_items", panel_items, "17"),
    Limit("numerics.calibration_belt._HIGHEST_DEGREE", 4, "option_range", degree, "degree=5"),
]


@pytest.mark.parametrize("limit", LIMITS, ids=ids(LIMITS))
def test_an_option_at_the_limit_is_taken(limit, tmp_path):
    assert_accepted(limit, tmp_path)


@pytest.mark.parametrize("limit", LIMITS, ids=ids(LIMITS))
def test_an_option_beyond_the_limit_is_refused(limit, tmp_path):
    assert_refused(limit, tmp_path)


# ---------------------------------------------------------------- options of commands

COMMANDS = [
    ("county_commands", "simulate", "--villages", 9_999, 10_000),
    ("county_commands", "simulate", "--villages", 1, 0),
    ("county_commands", "simulate", "--households-per-village", 9_999, 10_000),
    ("county_commands", "simulate", "--households-per-village", 1, 0),
    ("county_commands", "simulate", "--seed", 2**63 - 1, 2**63),
    ("county_commands", "simulate", "--seed", 0, -1),
    ("county_commands", "simulate", "--vignettes", 20, 21),
    ("county_commands", "simulate", "--vignettes", 0, -1),
    ("demo", "demo", "--villages", 200, 201),
    ("demo", "demo", "--villages", 5, 4),
    ("approval_command", "approval", "--term-months", 360, 361),
    ("approval_command", "approval", "--term-months", 1, 0),
    ("score_command", "score", "--chunk-rows", 1, 0),
    ("score_command", "score", "--jobs", 1, 0),
    ("limits_command", "limits", "--total", 1, 0),
    ("tiers_command", "tiers", "--cost", 0, -1),
    ("monitor_command", "monitor", "--look", 1, 0),
    ("monitor_command", "monitor", "--looks", 1_000, 1_001),
    ("monitor_command", "monitor", "--looks", 1, 0),
]


def parse(case, value):
    """Read the words of a command without running it."""
    module, name, option, *_ = case
    command = getattr(import_module(f"sanzhixin.cli.{module}"), name)
    words = {
        "demo": [],
        "score": ["DIR", "-m", "M", "-o", "O"],
        "limits": ["DIR", "-m", "M", "-o", "O"],
        "tiers": ["DIR", "-m", "M", "-o", "O", "--appetite", "A=2%"],
        "monitor": ["OLD", "NEW", "-m", "M", "-o", "O"],
        "approval": ["DIR", "-m", "M", "-o", "O"],
        "simulate": ["DIR"],
    }[name]
    with command.make_context(name, [*words, f"{option}={value}"]) as context:
        return context.params


@pytest.mark.parametrize("case", COMMANDS, ids=lambda case: f"{case[1]}{case[2]}={case[3]}")
def test_an_option_of_a_command_at_the_end_of_its_range_is_read(case):
    assert case[3] in parse(case, case[3]).values()


@pytest.mark.parametrize("case", COMMANDS, ids=lambda case: f"{case[1]}{case[2]}={case[4]}")
def test_an_option_of_a_command_beyond_its_range_is_wrong_usage(case):
    with pytest.raises(click.BadParameter, match="is not in the range") as caught:
        parse(case, case[4])
    assert caught.value.exit_code == 2


# ---------------------------------------------------------------- what would need too much here


def test_a_block_of_6001_raters_and_villages_is_refused():
    # numerics.border.LARGEST_BLOCK: a chain of 6,001 entries, refused before anything is dense
    ones = np.ones(6_001)
    chain = sparse.diags_array([ones[1:], 4 * ones, ones[1:]], offsets=[-1, 0, 1], format="csc")
    with pytest.raises(EvidenceError, match=r"6,?001") as caught:
        invert_border(chain, np.zeros(6_001, dtype=bool))
    assert caught.value.code == "block_too_large"


def test_a_block_of_the_largest_size_is_inverted_under_a_small_limit(monkeypatch):
    # 6,000 entries need 288 MB, three times over: so the largest block is one of 60
    monkeypatch.setattr(border, "LARGEST_BLOCK", 60)
    ones = np.ones(60)
    chain = sparse.diags_array([ones[1:], 4 * ones, ones[1:]], offsets=[-1, 0, 1], format="csc")
    found = invert_border(chain, np.zeros(60, dtype=bool))
    np.testing.assert_allclose(found.blocks.toarray() @ chain.toarray(), np.eye(60), atol=1e-12)


def test_tables_of_a_panel_are_made_up_to_the_most_entries_under_a_small_limit(monkeypatch):
    # modelling.panel.file._MOST_ENTRIES: 200,000 would need a fit of many more forms than 2 seconds
    # allow, so the limit is what the tables of a small fit need, and one less
    panel = adjusted_tables()
    needed = max(
        len(part.masks) * len(part.strange[0]) * (len(part.known) + 1) for part in panel.pillars
    )
    monkeypatch.setattr(panel_file, "_MOST_ENTRIES", needed)
    assert panel_file.panel_tables(fitted_model()) == panel
    monkeypatch.setattr(panel_file, "_MOST_ENTRIES", needed - 1)
    with pytest.raises(EvidenceError) as caught:
        panel_file.panel_tables(fitted_model())
    assert caught.value.code == "panel_too_large"


# modelling.panel.file._MOST_MASKS: 7 items have 64 sets of at least half of them, 8 have 163
@pytest.mark.parametrize(("items", "covered"), [(7, 64), (8, 65)])
def test_64_sets_of_answered_items_are_covered_and_those_of_the_fit(items, covered):
    seen = (1 << (items // 2 + items % 2)) - 1  # the first half answered, the others blank
    fit = SimpleNamespace(
        items=SimpleNamespace(thresholds=np.zeros((items, 4))), masks=np.array([seen])
    )
    masks = panel_file._masks(fit, ())
    assert len(masks) == covered
    assert seen in masks


@pytest.mark.parametrize("is_covered", [True, False])
def test_a_form_with_a_set_of_items_that_is_not_covered_is_refused(is_covered):
    content = adjusted_tables().model_dump()
    part = content["pillars"][0]
    if not is_covered:
        left = part["masks"].index(0b00111)
        part["masks"] = part["masks"][:left] + part["masks"][left + 1 :]
        part["strange"] = part["strange"][:left] + part["strange"][left + 1 :]
        part["known"] = tuple(rows[:left] + rows[left + 1 :] for rows in part["known"])
    plan = plan_of(adjusted_scheme(), panel=PanelTables.model_validate(content))
    given = household(form(fs=(4, 4, 4, 0, 0)), 4, 4)
    if is_covered:
        assert propose(given, plan)["points"] is not None
        return
    with pytest.raises(DomainError) as caught:
        propose(given, plan)
    assert caught.value.code == "mask_uncovered"
