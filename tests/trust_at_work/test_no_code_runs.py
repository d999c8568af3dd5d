"""Loading and scoring run no code of a file, start nothing, and reach for nothing."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sanzhixin.scoring import write_model_file
from sanzhixin.trust import new_key_file, read_signer, sign_model
from tests.trust_at_work.applications import ADJUSTED, EXPERT, fresh_model
from tests.unit.scoring.factories import ORIGIN

ROOT = Path(__file__).resolve().parents[2]
BANNED = (
    "exec", "compile", "pickle.find_class", "marshal.loads", "import", "subprocess.Popen",
    "os.system", "os.exec", "os.fork", "os.posix_spawn", "socket.", "ctypes.", "code.__new__",
    "function.__new__", "shutil.", "urllib.",
)  # fmt: skip
WRITES = ("os.mkdir", "os.remove", "os.rename", "os.chmod", "os.link", "os.symlink", "os.truncate")
PROGRAM = """
import json
import pickle
import sys

from tests.trust_at_work.applications import DAY, applications, golden_part
from sanzhixin.model import load_model
from sanzhixin.trust import read_trust_list

folder, trust_file = sys.argv[1:3]
phase, seen, kept = None, [], {}


def hook(event, arguments):
    if phase is not None:
        seen.append((phase, event, str(arguments[:1])[:200]))


def run(name, work):
    global phase
    phase = name
    try:
        return work()
    finally:
        phase = None


def work_through(run):
    run("load", lambda: load_model(folder))
    if trust_file:
        run("load_trusted", lambda: load_model(folder, trust=trust_file))
    model = load_model(folder)
    run("propose_one", lambda: [model.propose_one(given, as_of=DAY) for given in given_dicts])
    run("propose", lambda: model.propose(county, as_of=DAY))


class Thing:
    pass


county, given_dicts = golden_part(40), applications(40)
work_through(lambda name, work: work())  # what is imported on first use is imported here
stored, source = pickle.dumps(Thing()), "1 + 1"
sys.addaudithook(hook)
work_through(run)
run("teeth: pickle", lambda: pickle.loads(stored))
run("teeth: exec", lambda: exec(source))
run("teeth: import", lambda: __import__("colorsys"))
run("teeth: open", lambda: open(trust_file or folder + "/model.json").close())
json.dump(seen, sys.stdout)
"""


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    """Each model approved and signed, beside a trust list."""
    pytest.importorskip("cryptography", reason="models are signed (sanzhixin[sign])")
    place = tmp_path_factory.mktemp("signed")
    key = new_key_file(place / "signer.pem")
    (place / "trust.toml").write_text(
        f'format = 1\n[[keys]]\nkey = "{key}"\nperson = "risk department"\nmay = ["approved"]\n'
        "valid_from = 2026-01-01\nvalid_until = 2027-12-31\n",
        encoding="utf-8",
    )
    origin = {"fitted_by", "validated_by", "approved_by", "validated_on", "approved_on"}
    people = ORIGIN.model_dump(include=origin)
    for name in (EXPERT, ADJUSTED):
        file = fresh_model(name).file
        step = {"status": "approved", "provenance": file.provenance.model_copy(update=people)}
        write_model_file(file.model_copy(update=step), place / name)
        sign_model(place / name, read_signer(place / "signer.pem"), dt.date(2026, 6, 30))
    return place


@pytest.fixture(scope="module", params=[EXPERT, ADJUSTED])
def seen(signed, request):
    """Audit events by phase: event and first argument."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(signed / request.param), str(signed / "trust.toml")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    events = {}
    for phase, event, argument in json.loads(done.stdout):
        events.setdefault(phase, []).append((event, argument))
    return events


def of_kind(events, kinds):
    return [(event, said) for event, said in events if event.startswith(kinds)]


@pytest.mark.parametrize("phase", ["load", "load_trusted", "propose_one", "propose"])
def test_no_code_is_made_found_or_run_and_nothing_is_started(seen, phase):
    assert of_kind(seen.get(phase, []), BANNED) == []


@pytest.mark.parametrize("phase", ["propose_one", "propose"])
def test_a_loaded_model_opens_no_file(seen, phase):
    assert of_kind(seen.get(phase, []), ("open", *WRITES)) == []


def test_loading_opens_the_model_its_signatures_and_the_trust_list_and_nothing_else(seen):
    def opened(phase):
        return {Path(said.strip("(',)")).name for event, said in seen[phase] if event == "open"}

    assert opened("load") == {"model.json"}
    assert opened("load_trusted") == {"model.json", "model.json.sig", "trust.toml"}
    assert of_kind(seen["load"] + seen["load_trusted"], WRITES) == []


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        ("teeth: pickle", "pickle.find_class"),
        ("teeth: exec", "exec"),
        ("teeth: exec", "compile"),
        ("teeth: import", "import"),
        ("teeth: open", "open"),
    ],
)
def test_the_hook_sees_what_would_run_code_or_open_a_file(seen, phase, expected):
    assert expected in {event for event, _ in seen[phase]}
