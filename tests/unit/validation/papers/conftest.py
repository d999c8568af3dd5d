from __future__ import annotations

import datetime as dt

import pytest

import sanzhixin as szx
from sanzhixin.modelling import expert_model
from sanzhixin.records import Application
from sanzhixin.validation.papers.case import household_case

DAY = dt.date(2026, 6, 30)
SCHEME = szx.load_scheme("tongxiang")
RATERS = ("13957312345", "张三丰评议员", "R-secret-3")


@pytest.fixture(scope="session")
def simulated():
    return szx.simulate_county(villages=3, seed=7)


@pytest.fixture(scope="session")
def fitted(simulated):
    return szx.fit(simulated, SCHEME, name="papers", version="1.2.3", fitted_by="A. Li")


@pytest.fixture(scope="session")
def cases(simulated, fitted):
    """Every household of the simulated county."""
    homes = simulated.households["household_id"]
    return [household_case(fitted, simulated.application(home), simulated.as_of) for home in homes]


@pytest.fixture(scope="session")
def expert():
    return expert_model(SCHEME, name="trial", version="1.0.0")


def form(rater, level=4, **fields):
    return {
        "round": 1,
        "rater_id": rater,
        "rated_on": "2026-05-01",
        "familiar": True,
        "relation": "none",
        "scores": dict.fromkeys(SCHEME.panel_codes, level),
        **fields,
    }


def application(levels=(4, 4, 4), **fields):
    """A household that three raters know; with fours everywhere it has 70 points of 100, tier B."""
    given = {
        "household_id": "H1",
        "village_id": "V1",
        "consent_id": "C1",
        "consent_purpose": SCHEME.consent_purpose,
        "consent_on": "2026-01-05",
        "consent_until": "2027-01-04",
        "ratings": [form(rater, level) for rater, level in zip(RATERS, levels, strict=False)],
        **fields,
    }
    return Application.model_validate(given)


def record(code="ML09", document="浙0483执9981号", **fields):
    rule = SCHEME.official_rules[code]
    return {
        "code": code,
        "document_no": document,
        "list_class": rule.list_class,
        "issued_on": "2026-01-05",
        **fields,
    }


@pytest.fixture
def case_of(expert):
    def make(*arguments, model=expert, **fields):
        return household_case(model, application(*arguments, **fields), DAY)

    return make


@pytest.fixture
def official():
    return record


@pytest.fixture
def sheet():
    return form
