"""Facts of a validation: which model, which data by their digests, which versions and seeds."""

from __future__ import annotations

import datetime as dt
import platform
from typing import TYPE_CHECKING

from sanzhixin.modelling.fit import table_checksum
from sanzhixin.versions import installed_version

if TYPE_CHECKING:
    from sanzhixin.model import SanzhixinModel
    from sanzhixin.records import County

__all__ = ["collect_facts"]

_LIBRARIES = ("sanzhixin", "numpy", "pandas", "scipy", "scikit-learn", "matplotlib")


def collect_facts(
    model: SanzhixinModel, county: County, as_of: dt.date, *, seed: int
) -> dict[str, dict[str, str]]:
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
    dict of str to dict of str to str
        ``model``, ``data`` (rows of each table and the SHA-256 of its sorted row hashes,
        whatever their order, as in a model's provenance), ``versions``; nothing of the hour.

    Examples
    --------
    >>> import sanzhixin as szx
    >>> county = szx.simulate_county(villages=1, seed=7)
    >>> model = szx.fit(county, szx.load_scheme("tongxiang"))
    >>> collect_facts(model, county, county.as_of, seed=0)["model"]["pd_basis"]
    'prudent'
    """
    file, origin = model.file, model.file.provenance
    window = f"{origin.data_from or '-'} / {origin.data_until or '-'}"
    tables = {name: frame for name, frame in county.tables().items() if len(frame)}
    is_same = {name: table_checksum(frame) for name, frame in tables.items()}
    return {
        "model": {
            "model_id": file.model_id,
            "scheme_id": file.scheme.scheme_id,
            "status": file.status,
            "valid_until": str(file.valid_until),
            "pd_basis": file.pd.basis,
            "digest": file.digest(),
            "fitted_on_loans_granted": window,
            "fitted_by": origin.fitted_by or "-",
            "validated_by": origin.validated_by or "-",
            "approved_by": origin.approved_by or "-",
        },
        "data": {
            "as_of": str(as_of),
            **{
                name: f"{len(frame):,} rows, {is_same[name]}"
                + (" (as in fitting)" if is_same[name] == origin.checksums.get(name) else "")
                for name, frame in tables.items()
            },
        },
        "versions": {
            "python": platform.python_version(),
            **{name: installed_version(name) or "not installed" for name in _LIBRARIES},
            "seed": str(seed),
        },
    }
