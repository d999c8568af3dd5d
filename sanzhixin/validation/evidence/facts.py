"""Facts of a validation: which model, which data by their digests, which versions and seeds."""

from __future__ import annotations

import datetime as dt
import platform
from typing import TYPE_CHECKING, TypeAlias

from sanzhixin.modelling.fit import table_checksum
from sanzhixin.versions import installed_version

if TYPE_CHECKING:
    import pandas as pd

    from sanzhixin.model import SanzhixinModel
    from sanzhixin.records import County

__all__ = ["Fact", "Facts", "collect_facts"]

Fact: TypeAlias = str | int | dict[str, str | int | bool | None] | None
"""One fact as JSON knows it; a day is a text as 2026-06-30, and None is not known."""

Facts: TypeAlias = dict[str, dict[str, Fact]]
"""Facts by group and name."""

_LIBRARIES = ("sanzhixin", "numpy", "pandas", "scipy", "scikit-learn", "matplotlib")


def collect_facts(model: SanzhixinModel, county: County, as_of: dt.date, *, seed: int) -> Facts:
    """Collect what another run needs to come to the same tables.

    Parameters
    ----------
    model : SanzhixinModel
        Which.
    county : County
        On which data.
    as_of : date
        As of which day.
    seed : int
        Of the draws.

    Returns
    -------
    dict of str to dict of str to Fact
        ``model``, ``data`` (of each table its ``rows``, the ``sha256`` of its sorted row hashes,
        whatever their order, as in a model's provenance, and whether it is ``as_in_fitting``),
        ``versions``; nothing of the hour.

    Examples
    --------
    >>> import sanzhixin as szx
    >>> county = szx.simulate_county(villages=1, seed=7)
    >>> model = szx.fit(county, szx.load_scheme("tongxiang"))
    >>> facts = collect_facts(model, county, county.as_of, seed=0)
    >>> facts["model"]["pd_basis"], facts["data"]["loans"]["as_in_fitting"]
    ('prudent', True)
    """
    file, origin = model.file, model.file.provenance
    tables = {name: frame for name, frame in county.tables().items() if len(frame)}
    return {
        "model": {
            "model_id": file.model_id,
            "scheme_id": file.scheme.scheme_id,
            "status": file.status,
            "valid_until": file.valid_until.isoformat(),
            "pd_basis": file.pd.basis,
            "digest": file.digest(),
            "fitted_on_loans_granted": {
                "from": _iso(origin.data_from),
                "until": _iso(origin.data_until),
            },
            "fitted_by": origin.fitted_by,
            "validated_by": origin.validated_by,
            "approved_by": origin.approved_by,
        },
        "data": {
            "as_of": as_of.isoformat(),
            **{name: _table(frame, origin.checksums.get(name)) for name, frame in tables.items()},
        },
        "versions": {
            "python": platform.python_version(),
            **{name: installed_version(name) for name in _LIBRARIES},
            "seed": seed,
        },
    }


def _iso(day: dt.date | None) -> str | None:
    return None if day is None else day.isoformat()


def _table(frame: pd.DataFrame, of_fitting: str | None) -> dict[str, str | int | bool | None]:
    found = table_checksum(frame)
    return {"rows": len(frame), "sha256": found, "as_in_fitting": found == of_fitting}
