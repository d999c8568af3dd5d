"""Write what the archive lacks: ``python -m tests.golden.make_golden``.

A new release gets its line in `MODELS` and is then scored once.  What stands in the archive of a
released model is what was answered with it, so it stays unless ``--replace`` names it.
"""

from __future__ import annotations

import argparse
import re
import sys
import warnings

import sanzhixin as szx
from sanzhixin.scoring.artifact import model_bytes, read_model_file
from tests.golden.archive import (
    COUNTY,
    HERE,
    PROPOSALS,
    county_digest,
    golden_model,
    proposals_digest,
    scored_anew,
    write_proposals,
)
from tests.golden.county_tables import fitted_county, scored_county, write_tables

RELEASED = HERE.parents[1] / "models"
HEAD = "| Model | Digest of the model | SHA-256 of its proposals |\n|---|---|---|"


def released(name, version):
    """Bytes of a model that stands in the folder of released models."""
    return (RELEASED / name / version / "model.json").read_bytes()


def fitted(name, version):
    """Bytes of a model that is fitted once, with severities, a learned card and a PD table."""
    with warnings.catch_warnings(action="ignore"):
        model = szx.fit(
            fitted_county(),
            szx.load_scheme(HERE / "scheme.toml"),
            name=name,
            version=version,
            card="fitted",
            fitted_by="tests/golden",
        )
    return model_bytes(model.file)


MODELS = {
    ("tongxiang-expert", "1.0.0"): released,
    ("tongxiang-adjusted", "1.0.0"): fitted,
}


def main(words, place=HERE):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replace", action="append", default=[], metavar="NAME-VERSION")
    asked = parser.parse_args(words).replace
    names = {f"{name}-{version}": (name, version) for name, version in MODELS}
    strange = sorted(set(asked) - set(names))
    if strange:
        parser.error(f"no model of the archive is named {', '.join(strange)}")
    _make_county(place, names)
    for folder_name, key in names.items():
        folder = place / folder_name
        if (folder / PROPOSALS).exists() and folder_name not in asked:
            print(f"{folder_name}: stands, and is left as it is (--replace {folder_name})")  # noqa: T201
            continue
        _make_archive(folder, MODELS[key], key, place)
        print(f"{folder_name}: written")  # noqa: T201
    _state_digests(place, names)


def _make_county(place, names):
    """The county is written once: every archive rests on it."""
    if (place / COUNTY).exists():
        return
    standing = [name for name in names if (place / name / PROPOSALS).exists()]
    if standing:
        sys.exit(f"the county is gone that {', '.join(standing)} answered; restore it")
    write_tables(*scored_county(), place / COUNTY)


def _make_archive(folder, make, key, place):
    """Score with the model that is archived; it is made only where there is none yet."""
    folder.mkdir(exist_ok=True)
    file = folder / "model.json"
    if not file.exists():
        file.write_bytes(make(*key))
    write_proposals(folder, scored_anew(golden_model(folder), place / COUNTY))


def _state_digests(place, names):
    """Write the digests into the page of the archive."""
    page = place / "README.md"
    text = page.read_text(encoding="utf-8")
    for name, (model, version) in names.items():
        digest = read_model_file(place / name / "model.json").digest()
        row = f"| {model}/{version} | `{digest}` | `{proposals_digest(place / name)}` |"
        text, found = re.subn(rf"^\| {re.escape(model)}/{version} \|.*$", row, text, flags=re.M)
        if not found:
            text = text.replace(HEAD, f"{HEAD}\n{row}")
    text = re.sub(r"(?<=^Digest of the county: ).*$", f"`{county_digest(place)}`", text, flags=re.M)
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
