"""A backend under load: propose_one from 1 and from 32 threads of one process, beside a floor."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier

import numpy as np
from bench_one import AS_OF, MODEL, application
from figures import Figure, only_told, options, show

import sanzhixin as szx
from sanzhixin.records.application import Application

FEW, MANY = 1, 32
Work = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Load:
    """Latencies of every call in microseconds, and calls a second over all threads."""

    p50: float
    p99: float
    rate: float


def under_load(work: Work, calls: int, threads: int) -> Load:
    """Share the calls out among threads that begin together; time each call on its own."""
    begin_together = Barrier(threads + 1)
    taken = np.empty(calls)

    def share(first: int) -> None:
        begin_together.wait()
        for number in range(first, calls, threads):
            begin = time.perf_counter()
            work(number)
            taken[number] = time.perf_counter() - begin

    with ThreadPoolExecutor(threads) as crew:
        waiting = [crew.submit(share, first) for first in range(threads)]
        begin_together.wait()
        begin = time.perf_counter()
        for each in waiting:
            each.result()
        whole = time.perf_counter() - begin
    p50, p99 = np.percentile(taken * 1e6, [50, 99])
    return Load(float(p50), float(p99), calls / whole)


def told(threads: int, own: Load, peer: Load) -> list[Figure]:
    """Figures of one number of threads, each beside that of the floor."""
    name = f"{threads} thread{'s' * (threads > 1)}"
    return [
        only_told(f"{name}, p50", f"{own.p50:,.0f} us", f"floor {peer.p50:,.0f} us"),
        only_told(f"{name}, p99", f"{own.p99:,.0f} us", f"floor {peer.p99:,.0f} us"),
        only_told(
            f"{name}, proposals a second", f"{own.rate:,.0f}",
            f"floor {peer.rate:,.0f}, {peer.rate / own.rate:.1f} times as many",
        ),
    ]  # fmt: skip


def main() -> None:
    calls, warm = (96, 32) if options(__doc__ or "").quick else (3_200, 320)
    model = szx.load_model(MODEL)
    scheme = model.scheme
    codes, purpose = scheme.panel_codes, scheme.consent_purpose
    bodies = [
        json.dumps(application(number, codes, purpose), ensure_ascii=False).encode()
        for number in range(calls)
    ]

    def propose(number: int) -> object:
        return model.propose_one(json.loads(bodies[number]), as_of=AS_OF)

    def floor(number: int) -> object:
        return Application.model_validate(json.loads(bodies[number]))

    for work in (propose, floor):
        under_load(work, warm, FEW)
    own = {threads: under_load(propose, calls, threads) for threads in (FEW, MANY)}
    peer = {threads: under_load(floor, calls, threads) for threads in (FEW, MANY)}
    show(
        "one application, from several threads",
        [
            *told(FEW, own[FEW], peer[FEW]),
            *told(MANY, own[MANY], peer[MANY]),
            only_told(
                f"throughput, {MANY} threads over {FEW}",
                f"{own[MANY].rate / own[FEW].rate:.2f}",
                f"floor {peer[MANY].rate / peer[FEW].rate:.2f}",
            ),
        ],
        f"{calls:,} bodies of JSON, each another household; a call reads one and proposes.",
        "The floor reads the same body and lets pydantic check its types: what any backend in "
        "Python pays.",
        "The interpreter lock lets one thread of a process run at a time, so threads add waiting, "
        "not proposals: for more, start more processes.",
    )


if __name__ == "__main__":
    main()
