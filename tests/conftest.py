"""What holds for every test: a busy machine is no failure of a drawn example."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
