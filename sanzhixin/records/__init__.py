"""What comes in: column specs, acceptance with reasons, counties, one record of a backend.

Names are loaded on first use, so that a backend which reads single records never loads pandas.
The functions that stand alone in a module of their own name (`encode_county`,
`encode_application`, `parse_application`) are imported from there.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sanzhixin.records.accept import Acceptance, CountyAcceptance, accept_county, accept_table
    from sanzhixin.records.application import Application
    from sanzhixin.records.cases import Cases
    from sanzhixin.records.columns import table_spec
    from sanzhixin.records.county import County
    from sanzhixin.records.folder import FolderAcceptance, accept_folder, read_county
    from sanzhixin.records.pick import application_of
    from sanzhixin.records.writing import write_county

_HOMES: dict[str, str] = {
    "Acceptance": "accept",
    "Application": "application",
    "Cases": "cases",
    "County": "county",
    "CountyAcceptance": "accept",
    "FolderAcceptance": "folder",
    "accept_county": "accept",
    "accept_folder": "folder",
    "accept_table": "accept",
    "application_of": "pick",
    "read_county": "folder",
    "table_spec": "columns",
    "write_county": "writing",
}

__all__ = [
    "Acceptance",
    "Application",
    "Cases",
    "County",
    "CountyAcceptance",
    "FolderAcceptance",
    "accept_county",
    "accept_folder",
    "accept_table",
    "application_of",
    "read_county",
    "table_spec",
    "write_county",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
