from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def story_of(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    fences = re.findall(r"^```bash\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    (story,) = [block for block in fences if "sanzhixin sign" in block]
    return story


def test_both_pages_tell_the_same_story():
    assert story_of("README.md") == story_of("README.zh.md")


def test_the_lines_on_trust_run_as_they_stand(tmp_path):
    story = story_of("README.md")
    command = f'{shlex.quote(sys.executable)} -c "import sys; from sanzhixin.cli import main; '
    command += 'sys.exit(main())"'
    shell = f'set -e\nsanzhixin() {{ {command} "$@"; }}\n'
    script = shell + "sanzhixin simulate county --villages 2 --seed 7\n" + story
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert (tmp_path / "decided" / "_SUCCESS").is_file()
    assert (tmp_path / "proposals.log").is_file()
