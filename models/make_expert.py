"""Write the model file and the card of the expert model ``tongxiang-expert``.

Run it from anywhere, with the library installed: ``python models/make_expert.py``.  It writes into
the folder beside it; another place can be given as the only argument.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sanzhixin import load_scheme
from sanzhixin.modelling import expert_model
from sanzhixin.validation.papers.card import card_markdown

NAME, VERSION = "tongxiang-expert", "1.0.0"


def main(place: Path) -> None:
    """Write ``model.json`` and ``card.md``."""
    model = expert_model(load_scheme("tongxiang"), name=NAME, version=VERSION)
    folder = place / NAME / VERSION
    model.save(folder)
    (folder / "card.md").write_text(card_markdown(model.file), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)
