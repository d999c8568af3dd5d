from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from sanzhixin.cli.app import sanzhixin
from sanzhixin.cli.texts import TEXTS
from sanzhixin.modelling.county.pd_table import LEAST_OUTCOMES, PdChoice
from sanzhixin.scheme import load_scheme
from sanzhixin.scheme.limits import BOUNDS
from sanzhixin.scoring import Proposal, scorer
from sanzhixin.scoring.assess import STATUSES
from sanzhixin.scoring.ledger import EVENT_OUTCOMES

DOCS = Path(__file__).resolve().parents[2] / "docs"
MODEL = (DOCS / "model.md").read_text(encoding="utf-8")
CLI = (DOCS / "cli.md").read_text(encoding="utf-8")
EXIT_CODES = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "130, 143"]


def section(page, title):
    return re.split(rf"^## {title}.*$", page, flags=re.MULTILINE)[1].split("\n## ")[0]


def first_cells(text):
    return re.findall(r"^\| `([\w, `-]+)` \|", text, flags=re.MULTILINE)


def options(command):
    commands = getattr(command, "commands", {"": command}).values()
    return [
        name
        for one in commands
        for parameter in one.params
        if parameter.param_type_name == "option" and not getattr(parameter, "hidden", False)
        for name in parameter.opts
    ]


@pytest.mark.parametrize("name", sorted(sanzhixin.commands))
def test_the_options_of_a_command_are_those_of_its_section(name):
    listed = re.findall(r"--?[a-z][\w-]*", " ".join(first_cells(section(CLI, name))))
    assert sorted(listed) == sorted(options(sanzhixin.commands[name]))


def test_the_page_has_a_section_for_every_command_and_no_other():
    titles = re.findall(r"^## ([a-z]+)", CLI, flags=re.MULTILINE)
    assert sorted(titles) == sorted(sanzhixin.commands)


def test_the_exit_codes_are_those_of_the_design():
    listed = re.findall(r"^\| ([\d, ]+) \|", section(CLI, "Exit codes"), flags=re.MULTILINE)
    assert listed == EXIT_CODES
    assert all(code in sanzhixin.epilog for code in " ".join(EXIT_CODES).replace(",", "").split())


def test_the_bounds_stand_in_the_order_in_which_ties_are_resolved():
    assert first_cells(section(MODEL, "Tier and limit")) == list(BOUNDS)


def test_the_statuses_stand_in_the_order_of_their_precedence():
    assert first_cells(section(MODEL, "Status"))[: len(STATUSES)] == [
        "gated",
        "insufficient_evidence",
        "review",
        "propose",
    ]
    assert set(STATUSES) == {"gated", "insufficient_evidence", "review", "propose"}


def test_every_review_trigger_stands_on_the_page_and_has_a_sentence_in_both_languages():
    cells = re.findall(r"^\| `([a-z_]+)[^`]*` \|", section(MODEL, "Status"), flags=re.MULTILINE)
    listed = {cell for cell in cells if cell not in STATUSES}
    written = {key.removeprefix("trigger.") for key in TEXTS if key.startswith("trigger.")}
    source = inspect.getsource(scorer._triggers)
    told = set(re.findall(r"f?\"([a-z_]+)[:\"]", source))
    assert listed == written == told


def test_every_field_of_a_proposal_is_null_somewhere_or_always_stated():
    text = section(MODEL, "What is null when")
    assert [name for name in Proposal.model_fields if f"`{name}`" not in text] == []


def test_every_way_in_which_an_entry_is_excluded_is_named():
    text = section(MODEL, "Events and official records")
    assert [name for name in EVENT_OUTCOMES[1:] if f"`{name}`" not in text] == []


def test_the_methods_of_default_probability_are_listed_with_what_they_need():
    text = section(MODEL, "Default probability")
    assert {*first_cells(text), "auto"} == set(PdChoice.__args__)
    assert f"{LEAST_OUTCOMES} defaults and {LEAST_OUTCOMES} loans without default" in text


def test_the_numbers_of_the_built_in_scheme_are_the_ones_on_the_page():
    scheme = load_scheme("tongxiang")
    assert [int(pillar.weight) for pillar in scheme.pillars] == [20, 16, 24]
    assert (scheme.event_part.start, scheme.event_part.floor, scheme.event_part.cap) == (25, 0, 40)
    assert (scheme.factor_limits.each, scheme.factor_limits.together) == (3, 5)
    assert scheme.min_forms == 3
    assert "(20, 16, 24)" in MODEL
    assert "start (25) plus all events, clipped to 0 to 40" in MODEL
