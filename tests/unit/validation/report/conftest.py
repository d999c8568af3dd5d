from __future__ import annotations

import pandas as pd
import pytest

from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.statistic_rows import make_row, make_table

EVIL = "<img src=x onerror=alert(1)>\"'&"


@pytest.fixture
def facts():
    window = {"from": "2021-01-05", "until": None}
    loans = {"rows": 1200, "sha256": "sha256:1", "as_in_fitting": True}
    return {
        "model": {"model_id": "m/1.0.0", "fitted_on_loans_granted": window, "fitted_by": None},
        "data": {"as_of": "2026-06-30", "loans": loans},
        "versions": {"seed": 0},
        "left_out": {"young": 2000, "panel": {"zh": "评议员太少。", "en": "Too few raters."}},
    }


@pytest.fixture
def tables():
    """A table of statistics with every verdict and hostile text, and one without verdicts."""
    verdicts = ("pass", "watch", "fail", "insufficient", "info")
    rows = [
        make_row(
            "auc", word, {"tier": f"{EVIL}{k}", "n": 1234, "events": pd.NA}, value=0.5 + k / 10
        )
        for k, word in enumerate(verdicts)
    ]
    judged = Judged("tiers", make_table(rows, ["tier"]), f"等级{EVIL}", "Tiers", "=说明", "=note")
    curve = pd.DataFrame(
        {"at": [1.0, float("nan"), float("inf")], "is_largest": [True, False, True]}
    )
    return {"tiers": judged, "curve": Judged("curve", curve, "曲线", "Curve", "", "")}
