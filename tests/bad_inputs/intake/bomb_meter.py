"""Reads each file named on the command line in a child of its own; prints what that took.

A child is forked after the imports, so that what it adds to the peak of the resident memory is what
the reading took; seconds are those of the processor, whatever else runs beside.
``python bomb_meter.py ours FILE ...`` prints one JSON line per file.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path

LONGEST_SECONDS = 20
MOST_MEMORY = 3 * 1024**3


def read_ours(path):
    from sanzhixin.records.reading import read_file
    from sanzhixin.scheme import load_scheme

    scheme = load_scheme("tongxiang")
    began = time.process_time()
    return began, lambda: read_file(path, scheme)


def read_naively(path):
    import openpyxl
    import pandas as pd

    def read():
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        if path.suffix == ".gz":
            return pd.read_csv(path)
        with contextlib.closing(openpyxl.load_workbook(path, read_only=True)) as book:
            return [row for sheet in book.worksheets for row in sheet.iter_rows(values_only=True)]

    return time.process_time(), read


def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(reader, path):
    signal.alarm(LONGEST_SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    began, read = reader(path)
    before = peak_mb()
    code = "read"
    try:
        read()
    except Exception as error:
        code = getattr(error, "code", type(error).__name__)
    took = time.process_time() - began
    return {"file": path.name, "code": code, "seconds": took, "mb": peak_mb() - before}


def main(kind, names):
    import openpyxl
    import pandas as pd  # noqa: F401

    import sanzhixin.records.reading  # noqa: F401
    from sanzhixin.scheme import load_scheme

    load_scheme("tongxiang")
    openpyxl.Workbook()
    reader = {"ours": read_ours, "naive": read_naively}[kind]
    for name in names:
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            sys.stdout.write(json.dumps(measure(reader, Path(name))) + "\n")
            sys.stdout.flush()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            lost = {"file": Path(name).name, "code": f"killed:{status}", "seconds": 1e9, "mb": 1e9}
            sys.stdout.write(json.dumps(lost) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
