"""Tables of a fitted panel with two pillars, small enough to be worked by hand."""

from __future__ import annotations

from sanzhixin.scoring.panel_tables import PanelTables

N_POINTS, STEP_BITS = 33, 3
N_SCORES = 129  # four a step: 32 * 4 + 1


def raters(severity=(40, -70), scale=(0, 1), weight=(64, 32), variance=(5, 6)):
    return {"severity": severity, "scale": scale, "weight": weight, "variance": variance}


def villages(leniency=(10, -20), **changes):
    two = {name: (1, 2) for name in ("merit", "middle", "own", "shared", "crew", "doubt")}
    return {**two, "precision": (3, 4), "leniency": leniency, **changes}


def pillar(code="a", **changes):
    given = {
        "pillar": code, "masks": (1, 3), "halo": 5, "strange_halo": 7, "start": -2, "first": 1,
        "known": (((0, 10, 30, 60), (1, 2, 3, 4)), ((0, 0, 0, 0), (5, 4, 3, 2))),
        "strange": ((0, 1, 0, 1), (9, 9, 9, 8)),
        "score": tuple(range(N_SCORES)), "raters": raters(), "villages": villages(),
    }  # fmt: skip
    return given | changes


SECOND = {
    "masks": (1,), "halo": 4, "strange_halo": 2, "start": 0,
    "known": (((0, 10, 30, 60),),), "strange": ((7, 7, 7, 7),),
    "raters": raters(severity=(200, 0), scale=(0, -1)), "villages": villages(leniency=(0, 0)),
}  # fmt: skip


def tables(*pillars, **changes):
    given = {
        "link": "prior", "step_bits": STEP_BITS, "n_points": N_POINTS, "raters": ("R1", "R2"),
        "villages": ("V1",), "pillars": pillars or (pillar(), pillar("b", **SECOND)),
        "correlation": ((1.0, 0.5), (0.5, 1.0)), "equated": False,
        "n_compared": 3, "n_moved": 3,
    }  # fmt: skip
    return PanelTables.model_validate(given | changes)
