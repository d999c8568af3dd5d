from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import jupytext
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
LONGEST_SECONDS = 60  # about 5 on two free cores; other tests run beside it
SPEC = {
    "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
    "display_name": "the Python of the tests",
    "language": "python",
}


@pytest.fixture
def environment(tmp_path, monkeypatch):
    kernel = tmp_path / "jupyter" / "kernels" / "of-the-tests"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text(json.dumps(SPEC), encoding="utf-8")
    for name in ("JUPYTER_PATH", "JUPYTER_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "jupyter"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error:::sanzhixin"}


def executed(path, environment, place):
    place.mkdir()
    client = NotebookClient(
        jupytext.read(path),
        kernel_name="of-the-tests",
        timeout=LONGEST_SECONDS,
        resources={"metadata": {"path": str(place)}},
    )
    return client.execute(env=environment)


def test_there_is_a_notebook():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_runs_from_top_to_bottom_and_leaves_nothing_behind(
    path, environment, tmp_path
):
    begin = time.monotonic()
    book = executed(path, environment, tmp_path / "work")
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert code
    assert all(cell.execution_count for cell in code)
    assert [out for cell in code for out in cell.outputs if out.get("name") == "stderr"] == []
    assert list((tmp_path / "work").iterdir()) == []
    assert time.monotonic() - begin < LONGEST_SECONDS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_is_text_without_stored_output(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# %% [markdown]\n# # ")
    assert [line for line in text.splitlines() if "data:image" in line or len(line) > 100] == []
