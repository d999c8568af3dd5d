from __future__ import annotations

import re
from decimal import Decimal

import pytest

import sanzhixin as szx
from sanzhixin.modelling import expert_model
from sanzhixin.scoring.artifact import Provenance, read_model_file
from sanzhixin.scoring.pd_table import PdRow, PdTable
from sanzhixin.validation.papers.layout import to_markdown
from sanzhixin.validation.papers.model_card.page import model_card

SECTIONS = [
    "Purpose and out-of-scope use",
    "Who decides",
    "Population and target",
    "Measures",
    "What enters",
    "What never carries points",
    "Points",
    "Points of ledger entries",
    "Tiers and caps",
    "Bounds of the limit",
    "Default probability",
    "Limits of use",
    "Review triggers",
    "Monitoring",
    "Approvals and expiry",
    "Origin and change log",
]
PRUDENT = PdTable(
    basis="prudent",
    method="pluto_tasche",
    population="approved households",
    n_loans=300,
    n_defaults=2,
    confidence=0.5,
    rows=(
        PdRow(at_least=0, prob_default=None, lower=None, upper=None),
        PdRow(at_least=650, prob_default=0.02, lower=0.001, upper=0.05),
    ),
)


@pytest.fixture(scope="module")
def file():
    return expert_model(szx.load_scheme("tongxiang"), name="trial", version="1.2.3").file


@pytest.fixture(scope="module")
def card(file):
    return english(file)


def english(file):
    return to_markdown(model_card(file, "en"))


def section(card, title):
    parts = re.split(r"^## (.+)$", card, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))[title].strip()


def rows(text):
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_card_has_every_section_once_and_in_order(card):
    assert re.findall(r"^## (.+)$", card, flags=re.MULTILINE) == SECTIONS


def test_the_card_names_model_status_scheme_expiry_and_digest(card, file):
    head = card.split("## ")[0]
    for text in ("trial/1.2.3", "Status: draft", "tongxiang/1.0.0", "2028-12-31", file.digest()):
        assert text in head


def test_every_feature_stands_with_its_legal_basis_and_consent(card, file):
    # Witness: the scheme file, 15 panel items, 6 events, 3 factors.
    listed = {row[0]: row for row in rows(section(card, "What enters"))}
    assert len(listed) == 15 + 6 + 3
    assert all(row[5] and row[6] for row in listed.values())
    assert listed["household_income"][6] == "written consent of its own"
    assert listed["FS01"][6] == "household consent"


def test_official_records_stand_apart_from_what_carries_points(card):
    listed = {row[0]: row[2] for row in rows(section(card, "What never carries points"))}
    assert listed == {
        "FS08": "review", "ML08": "gate", "ML09": "gate", "G1": "gate",
        "G2": "review", "G3": "review", "G4": "gate",
    }  # fmt: skip


def test_the_points_table_adds_up_to_the_whole_scale(card):
    # Witness: design of the expert card, 200 + 160 + 240 for the pillars and 400 for events.
    tops = [row[2] for row in rows(section(card, "Points"))][:4]
    assert tops == ["0 to 200", "0 to 160", "0 to 240", "0 to 400"]
    assert "Total: 0 to 1000 points" in card


def test_tiers_stand_from_the_highest_with_their_caps(card):
    assert [(row[0], row[1], row[3]) for row in rows(section(card, "Tiers and caps"))] == [
        ("AAA", "95", "500,000 yuan"),
        ("AA", "90", "300,000 yuan"),
        ("A", "85", "200,000 yuan"),
        ("BBB", "80", "100,000 yuan"),
        ("BB", "75", "80,000 yuan"),
        ("B", "70", "50,000 yuan"),
        ("C", "65", "30,000 yuan"),
    ]


def test_a_card_without_loans_says_that_there_is_no_probability(card):
    text = section(card, "Default probability")
    assert "Basis: none" in text
    assert "0 defaults in 0 loans" in text
    assert "No probability is given" in text


def test_a_prudent_table_is_shown_with_counts_confidence_and_population(file):
    text = section(english(file.model_copy(update={"pd": PRUDENT})), "Default probability")
    assert "Basis: prudent estimate (confidence 50%)" in text
    assert "2 defaults in 300 loans" in text
    assert "| Points from | Probability of default | Interval from | to |" in text
    assert "Calibrated on: approved households" in text
    unknown = ["unknown"] * 3
    assert rows(text) == [["0", *unknown], ["650", "2.00%", "0.10%", "5.00%"]]


def test_limits_of_use_make_no_claim_about_defaults_or_character(card):
    limits = section(card, "Limits of use")
    assert "no published causal figure was found" in limits
    assert "loan limits only" in limits
    assert "EU without legal review" in card
    assert not re.search(r"\bfair|\btrue character|moral truth", card)


def test_review_triggers_state_the_numbers_of_the_scheme(card):
    text = section(card, "Review triggers")
    assert "at least 40% of the tier next to it" in text
    assert "1.5 or lower" in text
    assert "debt above 60%" in text


def test_a_scheme_without_a_debt_rule_names_no_debt_trigger(file):
    bare = file.scheme.model_copy(update={"debt": None, "purpose": None})
    card = english(file.model_copy(update={"scheme": bare}))
    assert "debt above" not in card
    assert "| G3 |" not in card


def test_village_caps_and_required_bounds_are_listed(file):
    limits = file.scheme.limits.model_copy(
        update={
            "village_caps": {"V007": Decimal("12.50")},
            "required": ("village_limit",),
            "income_multiple": None,
        }
    )
    scheme = file.scheme.model_copy(update={"limits": limits})
    text = section(english(file.model_copy(update={"scheme": scheme})), "Bounds of the limit")
    assert "- Cap of village V007: 125,000 yuan" in text
    assert "- Needed for an amount: village's proposal" in text
    assert "- Times the annual income: none" in text


def test_a_draft_warns_and_an_approved_model_names_its_people(file):
    assert "A draft model is not for decisions on households." in english(file)
    people = Provenance(fitted_by="A. Li", validated_by="B. Wu", approved_by="C. Xu")
    approved = file.model_copy(update={"status": "approved", "provenance": people})
    text = section(english(approved), "Approvals and expiry")
    assert "not for decisions" not in text
    assert text.splitlines()[:3] == [
        "- Fitted by: A. Li",
        "- Validated by: B. Wu",
        "- Approved by: C. Xu",
    ]


def test_a_fitted_model_shows_where_its_numbers_come_from():
    county = szx.simulate_county(villages=2, households_per_village=20, seed=7)
    model = szx.fit(county, szx.load_scheme("tongxiang"))
    text = section(english(model.file), "Origin and change log")
    for line in ("Rows of loans:", "SHA-256 of loans: sha256:", "Version of numpy:", "county: 7"):
        assert line in text
    assert re.search(r"- Loans granted: \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d", text)


def test_a_file_that_is_read_back_has_the_same_card(file, card, tmp_path):
    # 0.40 in the scheme file is 0.4 in the model file; the card must not tell them apart.
    model = expert_model(file.scheme, name="trial", version="1.2.3")
    assert english(read_model_file(model.save(tmp_path))) == card
