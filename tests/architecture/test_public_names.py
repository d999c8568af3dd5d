from __future__ import annotations

import subprocess
import sys

import pytest

import sanzhixin

PUBLIC_NAMES = {
    "Application",
    "County",
    "MonotoneBinner",
    "PanelModel",
    "ProfileBuilder",
    "Proposal",
    "SanzhixinError",
    "SanzhixinModel",
    "Scheme",
    "ScoreCalibrator",
    "Scorecard",
    "TierOptimizer",
    "fit",
    "load_model",
    "load_scheme",
    "read_county",
    "simulate_county",
    "validate",
}
HEAVY = ("joblib", "matplotlib", "numpy", "pandas", "pyarrow", "pydantic", "scipy", "sklearn")
TRAINING = ("joblib", "pandas", "scipy", "sklearn")


def loaded_after(statement: str, names: tuple[str, ...]) -> list[str]:
    code = f"import sys\n{statement}\nprint(*[n for n in {names!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_the_public_names_are_exactly_these():
    assert set(sanzhixin.__all__) == PUBLIC_NAMES


def test_there_are_at_most_twenty_public_names():
    assert len(PUBLIC_NAMES) <= 20


def test_every_lazy_name_has_a_home_and_every_home_a_name():
    assert set(sanzhixin._HOMES) == PUBLIC_NAMES


@pytest.mark.parametrize("name", sorted(PUBLIC_NAMES))
def test_a_public_name_is_reached_from_the_top(name):
    assert getattr(sanzhixin, name).__name__ == name


@pytest.mark.parametrize("name", sorted(PUBLIC_NAMES))
def test_dir_lists_a_public_name_before_it_is_loaded(name):
    assert name in dir(sanzhixin)


def test_an_unknown_name_is_an_attribute_error_that_names_it():
    with pytest.raises(AttributeError, match="module 'sanzhixin' has no attribute 'nothing'"):
        sanzhixin.nothing  # noqa: B018


def test_importing_the_package_loads_no_library():
    assert loaded_after("import sanzhixin", HEAVY) == []


def test_importing_the_scorer_loads_nothing_that_trains():
    statement = (
        "import importlib, pkgutil, sanzhixin.scoring as room\n"
        "for m in pkgutil.walk_packages(room.__path__, 'sanzhixin.scoring.'):\n"
        "    importlib.import_module(m.name)"
    )
    assert loaded_after(statement, TRAINING) == []


def test_reaching_the_backend_names_loads_nothing_that_trains():
    statement = "from sanzhixin import Application, Proposal, load_model, load_scheme"
    assert loaded_after(statement, TRAINING) == []


def test_importing_the_command_line_loads_nothing_that_trains():
    assert loaded_after("import sanzhixin.cli", TRAINING) == []


def test_importing_the_package_takes_at_most_150_ms():
    code = "import time; t = time.perf_counter(); import sanzhixin; print(time.perf_counter() - t)"
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        for _ in range(3)
    ]
    assert min(float(run.stdout) for run in runs) <= 0.150
