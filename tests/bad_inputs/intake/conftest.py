from __future__ import annotations

import pytest

from sanzhixin.scheme import load_scheme

HOUSEHOLDS = (
    "户号,村编号,授权书编号,授权用途,授权日期,授权到期日\n"
    "H1,V1,C1,三治信农户贷款,2026-01-05,2027-01-04\n"
    "H2,V1,C2,三治信农户贷款,2026-01-05,2027-01-04\n"
)


@pytest.fixture(scope="session")
def scheme():
    return load_scheme("tongxiang")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "households.csv").write_text(HOUSEHOLDS, encoding="utf-8")
    (tmp_path / "county.toml").write_text("as_of = 2026-06-30\n", encoding="utf-8")
    return tmp_path
