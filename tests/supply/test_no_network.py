from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLAIN = {key: os.environ[key] for key in ("PATH", "SYSTEMROOT") if key in os.environ}

# Python loads a module of this name before anything else, so that processes that a process
# starts are watched too.  Only the event is written down: an address could be anybody's.
WATCH = """
import os
import sys

FIRST_WORDS = ("ftplib.", "http.client.", "imaplib.", "poplib.", "smtplib.", "urllib.")
SOCKETS = {
    "socket.bind", "socket.connect", "socket.getaddrinfo", "socket.gethostbyaddr",
    "socket.gethostbyname", "socket.getnameinfo", "socket.sendmsg", "socket.sendto",
}
log = os.open(os.environ["WATCH_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def watch(event, _):
    if event in SOCKETS or event.startswith(FIRST_WORDS):
        os.write(log, f"{event}\\n".encode())


sys.addaudithook(watch)
"""

IMPORTS = """
import importlib, json, pkgutil, sys
import sanzhixin

names = [found.name for found in pkgutil.walk_packages(sanzhixin.__path__, "sanzhixin.")]
for name in names:
    importlib.import_module(name)
print(json.dumps([name for name in names if name in sys.modules]))
"""

PROPOSES = """
import json, sys
import sanzhixin as szx

model = szx.load_model(sys.argv[1])
county = szx.simulate_county(villages=2, seed=7)
answer = model.propose_one(county.application("V001-0008"), as_of=county.as_of)
print(json.dumps([len(model.propose(county)), answer.model_id]))
"""

COMMAND = "import sys; from sanzhixin.cli import main; sys.exit(main())"

CONNECTS = """
import contextlib, socket

with contextlib.suppress(OSError):
    socket.create_connection(("127.0.0.1", 9), timeout=1).close()
"""

REQUESTS = """
import contextlib, urllib.request

with contextlib.suppress(OSError):
    urllib.request.urlopen("http://127.0.0.1:9", timeout=1)
"""

STARTS_ANOTHER = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CONNECTS!r}])"

FORKS_ANOTHER = f"""
import os

child = os.fork()
if not child:
    exec({CONNECTS!r})
    os._exit(0)
os.waitpid(child, 0)
"""


class Watched:
    """Runs programs of their own and keeps what they, and those they start, did on the network."""

    def __init__(self, folder):
        self.folder = folder
        self.log = folder / "events.txt"
        (folder / "sitecustomize.py").write_text(WATCH, encoding="utf-8")

    def run(self, program, *words, code=0):
        paths = os.pathsep.join([str(self.folder), str(ROOT)])
        done = subprocess.run(
            [sys.executable, "-c", program, *map(str, words)],
            cwd=self.folder,
            env=PLAIN | {"PYTHONPATH": paths, "WATCH_LOG": str(self.log)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done.stdout

    @property
    def events(self):
        return self.log.read_text(encoding="utf-8").split()  # there is no log without a watch


@pytest.fixture
def watched(tmp_path):
    return Watched(tmp_path)


def test_importing_every_module_asks_nothing_of_the_network(watched):
    imported = json.loads(watched.run(IMPORTS))
    assert {"sanzhixin.cli.app", "sanzhixin.batch.spark", "sanzhixin.trust"} <= set(imported)
    assert watched.events == []


def test_proposals_by_the_committed_model_ask_nothing_of_the_network(watched):
    said = watched.run(PROPOSES, ROOT / "models" / "tongxiang-expert" / "1.0.0")
    assert json.loads(said) == [120, "tongxiang-expert/1.0.0"]
    assert watched.events == []


def test_the_command_line_asks_nothing_of_the_network(watched, tmp_path):
    county, model = tmp_path / "county", ROOT / "models" / "tongxiang-expert" / "1.0.0"
    watched.run(COMMAND, "simulate", county, "--villages", 2, "--households-per-village", 5)
    watched.run(COMMAND, "check", county)
    for jobs in (1, 2):
        out = tmp_path / f"out-{jobs}"
        words = ("score", county, "-m", model, "-o", out, "--chunk-rows", 3, "--jobs", jobs)
        watched.run(COMMAND, *words)
        assert (out / "_SUCCESS").is_file()
    assert watched.events == []


@pytest.mark.parametrize(
    ("program", "event"),
    [
        (CONNECTS, "socket.connect"),
        (CONNECTS, "socket.getaddrinfo"),
        (REQUESTS, "urllib.Request"),
        (STARTS_ANOTHER, "socket.connect"),
        pytest.param(
            FORKS_ANOTHER,
            "socket.connect",
            marks=pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork"),
        ),
    ],
    ids=["connection", "look-up", "request", "from a started process", "from a forked process"],
)
def test_the_watch_sees_a_deliberate_attempt(watched, program, event):
    watched.run(program)
    assert event in watched.events
