"""What a run may find itself in: processes, threads, processors, zones, locales, interpreters."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("click", "narwhals", "numpy", "openpyxl", "pandas", "pyarrow", "pydantic", "rich")
INTERPRETERS = "SANZHIXIN_PYTHONS"
"""Variable that names further interpreters with the dependencies, parted as in PATH."""

ZONES = (
    "UTC", "Asia/Shanghai", "America/Adak", "Pacific/Kiritimati", "Asia/Kathmandu", "Nowhere/None",
)  # fmt: skip
LOCALES = ("C", "C.UTF-8", "zh_CN.GBK", "de_DE.UTF-8")
SEEDS = ("0", "1", "4294967295")
CORES = ("Prescott", "Nehalem", "Haswell", "SkylakeX")
ARROW_LEVELS = ("NONE", "SSE4_2", "AVX2")


@dataclass(frozen=True)
class Setting:
    """One configuration of a child interpreter; everything that is not told is plain."""

    name: str
    environment: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    words: tuple[str, ...] = ("--jobs", "1")
    python: str = sys.executable
    cwd: Path = ROOT


BARE = {key: os.environ[key] for key in ("PATH", "SYSTEMROOT") if key in os.environ}
PLAIN = Setting("plain", BARE | {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0"})


def _with(name, environment=None, **changes):
    """Change the plain setting; a variable that is None is taken away."""
    merged = PLAIN.environment | (environment or {})
    kept = {key: value for key, value in merged.items() if value is not None}
    return replace(PLAIN, name=name, environment=kept, **changes)


def _threads(number):
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "ARROW_IO_THREADS")
    return dict.fromkeys(names, str(number))


def _locale(name):
    return {"LANG": name, "LC_ALL": name}


@cache
def dispatched_features():
    """Features of this processor that numpy would use beyond those that it was built for."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    return tuple(name for name in __cpu_dispatch__ if __cpu_features__.get(name))


def _processors():
    features = dispatched_features()
    shorter = [features[place:] for place in range(len(features))]
    made = [
        _with(f"numpy without {' '.join(off)}", {"NPY_DISABLE_CPU_FEATURES": " ".join(off)})
        for off in shorter
    ]
    made += [_with(f"OpenBLAS for {core}", {"OPENBLAS_CORETYPE": core}) for core in CORES]
    return made + [_with(f"Arrow {a}", {"ARROW_USER_SIMD_LEVEL": a}) for a in ARROW_LEVELS]


def full_sweep():
    """Every configuration by itself, without those that need a folder or an interpreter."""
    return [
        *(_with(f"{jobs} jobs, chunks of {rows}",
                words=("--jobs", str(jobs), "--chunk-rows", str(rows)))
          for jobs in (1, 2) for rows in (1, 7, 64, 1000)),
        _with("jobs by default", words=()),
        *(_with(f"{number} threads", _threads(number)) for number in (1, 2)),
        *_processors(),
        *(_with(f"zone {zone}", {"TZ": zone}) for zone in ZONES),
        *(_with(f"locale {name}", _locale(name)) for name in LOCALES),
        _with("no zone, no locale", {"TZ": None, "LC_ALL": None}),
        *(_with(f"hash seed {seed}", {"PYTHONHASHSEED": seed}) for seed in SEEDS),
        _with("hash seed at random", {"PYTHONHASHSEED": None}),
        _with("-W error", flags=("-W", "error")),
        _with("-bb", flags=("-bb",)),
        _with("-O", flags=("-O",)),
        _with("-W error -bb -O", flags=("-W", "error", "-bb", "-O")),
        _with("UTF-8 mode off", _locale("C") | {"PYTHONCOERCECLOCALE": "0"},
              flags=("-X", "utf8=0")),
    ]  # fmt: skip


def short_sweep():
    """The same in few processes: each child differs from the plain run in many ways at once."""
    off = " ".join(dispatched_features())
    slow = _threads(1) | {"NPY_DISABLE_CPU_FEATURES": off, "ARROW_USER_SIMD_LEVEL": "NONE"}
    return [
        _with("1 thread, plain processor, zone Adak, locale de_DE, seed 1, -W error -bb",
              slow | _locale("de_DE.UTF-8") | {"TZ": "America/Adak", "PYTHONHASHSEED": "1"},
              flags=("-W", "error", "-bb")),
        _with("2 threads, 2 jobs, chunks of 20, zone Kiritimati, locale GBK, hash seed at random",
              _threads(2) | _locale("zh_CN.GBK")
              | {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": None},
              words=("--jobs", "2", "--chunk-rows", "20")),
    ]  # fmt: skip


def all_at_once(place):
    """Another working directory, a home that cannot be written, and more; see `short_sweep`."""
    more = _locale("C") | {"TZ": "Asia/Shanghai", "OPENBLAS_CORETYPE": "Nehalem"}
    home = _home(place)
    return _with("read-only HOME, another working directory, -O, zone Shanghai, locale C",
                 more | {"HOME": str(home)}, flags=("-O",), cwd=place)  # fmt: skip


def _home(place):
    home = place / "home"
    home.mkdir(mode=0o555)
    return home


def elsewhere(place):
    """Another working directory and homes in which nothing can be made."""
    home = _home(place)
    made = {
        "another working directory": _with("another working directory", cwd=place),
        "read-only HOME": _with("read-only HOME", {"HOME": str(home)}),
        "no HOME": _with("no HOME", {"HOME": str(place / "absent")}),
    }
    if sys.platform == "linux":  # nobody can write there, the superuser neither
        made["HOME on a file system of the kernel"] = _with("HOME in /proc", {"HOME": "/proc"})
    return made


def find_interpreter(version):
    """Find an interpreter of another version with the dependencies.

    Returns
    -------
    tuple of str
        Its path, and its version of pyarrow; two empty texts and the reason when there is none.
    """
    reasons = []
    for path in _candidates(version):
        done = subprocess.run([path, "-c", _PROBE], capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout.split()[0] == version:
            return path, done.stdout.split()[1], ""
        reasons.append(f"{path}: {(done.stderr.strip().splitlines() or [done.stdout.strip()])[-1]}")
    told = "; ".join(reasons) or "none found"
    return "", "", f"no Python {version} with the dependencies ({told}); name one in {INTERPRETERS}"


_PROBE = f"""
import sys, {", ".join(NEEDED)}
print("%d.%d" % sys.version_info[:2], pyarrow.__version__)
"""


def _candidates(version):
    named = [path for path in os.environ.get(INTERPRETERS, "").split(os.pathsep) if path]
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        named.append(sys.executable)
    own = ROOT / f".venv-{version}" / "bin" / "python"
    known = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}*/bin/python"))
    found = [shutil.which(f"python{version}")]
    return [*named, *(str(path) for path in (own, *known) if path.exists()), *filter(None, found)]
