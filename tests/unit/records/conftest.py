from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pandas as pd
import pytest

from sanzhixin.records.accept import accept_county
from sanzhixin.scheme import load_scheme

AS_OF = dt.date(2026, 6, 30)


@pytest.fixture(scope="session")
def scheme():
    return load_scheme("tongxiang")


def households(scheme, **changes):
    row = {
        "household_id": "H1",
        "village_id": "V1",
        "consent_id": "C1",
        "consent_purpose": scheme.consent_purpose,
        "consent_on": "2026-01-05",
        "consent_until": "2027-01-04",
        "written_consent_id": "W1",
        "annual_income_yuan": "80000",
        "debt_yuan": "10000",
        "assets_yuan": "300000",
        "exposure_yuan": "",
        "requested_yuan": "50000",
        "purpose": "生产",
        "customer_years": "3.5",
        "utility_payment": "按时",
    }
    return row | changes


def form(**changes):
    row = {
        "round": "1",
        "household_id": "H1",
        "rater_id": "R1",
        "rated_on": "2026-05-01",
        "familiar": "是",
        "relation": "无",
        "FS01": "4",
        "ML01": "5",
        "proposed_limit_yuan": "50000",
    }
    return row | changes


def rater(**changes):
    return {"rater_id": "R1", "village_id": "V1", "role": "评议员", "active": "是"} | changes


def event(**changes):
    row = {
        "event_id": "E1",
        "household_id": "H1",
        "code": "ML05",
        "level": "",
        "occurred_on": "2026-02-01",
        "recorded_on": "2026-02-02",
        "status": "通过",
        "evidence_id": "X1",
    }
    return row | changes


def register(**changes):
    row = {
        "household_id": "H1",
        "code": "ML09",
        "document_no": "（2024）浙0483执1号",
        "list_class": "失信被执行人名单",
        "issued_on": "2024-03-01",
        "ended_on": "",
    }
    return row | changes


def member(**changes):
    return {"person_id": "P1", "household_id": "H1", "adult": "是", "exposure_yuan": ""} | changes


def loan(**changes):
    row = {
        "loan_id": "L1",
        "household_id": "H1",
        "granted_on": "2025-01-01",
        "limit_yuan": "50000",
        "drawn_yuan": "20000",
        "observed_until": "2026-01-01",
        "defaulted": "否",
        "defaulted_on": "",
    }
    return row | changes


def frame(*rows):
    return pd.DataFrame(list(rows)).astype("str")


@pytest.fixture(scope="session")
def rows(scheme):
    return SimpleNamespace(
        as_of=AS_OF,
        households=lambda **changes: households(scheme, **changes),
        ratings=form,
        raters=rater,
        events=event,
        registers=register,
        members=member,
        loans=loan,
        frame=frame,
    )


@pytest.fixture
def tables(scheme):
    return {
        "households": frame(
            households(scheme),
            households(
                scheme,
                household_id="H2",
                written_consent_id="",
                annual_income_yuan="",
                debt_yuan="",
                assets_yuan="",
                customer_years="",
                utility_payment="",
            ),
        ),
        "members": frame(member()),
        "raters": frame(rater(), rater(rater_id="R2", role="客户经理"), rater(rater_id="R3")),
        "ratings": frame(
            form(rater_id="R2", relation="亲属"),
            form(),
            form(household_id="H2", FS01="", ML01="不了解", proposed_limit_yuan=""),
            form(rater_id="R3", familiar="否", FS01="", ML01=""),
            form(round="2", rated_on="2026-06-01"),
        ),
        "events": frame(event(), event(event_id="E0", household_id="H2", status="待审")),
        "registers": frame(register(), register(code="FS08", list_class="protection_order")),
        "proposals": frame(
            {
                "household_id": "H2",
                "council_limit_yuan": "60000",
                "manager_limit_yuan": "",
                "override_reason": "议事会意见",
            }
        ),
        "loans": frame(loan()),
    }


@pytest.fixture
def county(tables, scheme):
    done = accept_county(tables, scheme, as_of=AS_OF)
    assert done.rejected.empty
    return done.county
