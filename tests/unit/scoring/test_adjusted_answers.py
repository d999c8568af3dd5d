"""What fitted severities add to profiles, explanations and triggers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sanzhixin.errors import ArtifactError
from sanzhixin.records.cases import MISSING
from sanzhixin.scheme.loader import unwrap_validation
from sanzhixin.scoring import read_model_file, write_model_file
from sanzhixin.scoring.canonical import canonical_json
from sanzhixin.scoring.panel_rules import MICRO
from sanzhixin.scoring.profile import pillar_columns
from tests.unit.scoring.adjusted_plan import adjusted_scheme, adjusted_tables
from tests.unit.scoring.factories import (
    Record,
    form,
    household,
    model_file,
    plan_of,
    propose,
    score,
)


def plan_with(tables=None, **changes):
    return plan_of(adjusted_scheme(), panel=tables or adjusted_tables(), **changes)


def test_columns_of_the_pillars_are_in_logits_with_a_fitted_panel():
    plan = plan_with()
    profile = score(household(2, 4, 5), household(form(familiar=False)), plan=plan).profile
    logits, columns = profile.measures.logits, pillar_columns(profile, plan.panel)
    assert len(columns) == 24
    for place, code in enumerate(("fs", "ml", "nr")):
        assert columns[f"{code}_logit"].tolist() == pytest.approx(
            logits.logit[:, place].tolist(), nan_ok=True
        )
        assert columns[f"{code}_within_logit"][0] == logits.within[0, place]
        assert columns[f"{code}_se"][0] == np.sqrt(logits.variance[0, place])
        assert columns[f"{code}_within_se"][0] == np.sqrt(logits.within_variance[0, place])
        assert columns[f"{code}_score"][0] == profile.measures.score[0, place] / MICRO
        for name in ("logit", "se", "score", "within_logit", "within_se"):
            assert np.isnan(columns[f"{code}_{name}"][1])
        assert columns[f"{code}_n_forms"].tolist() == [3, 0]
    assert (profile.measures.score[1] == MISSING).all()


DOUBTS = [
    # most variance of the link, and whether a review is asked for
    (-1.0, True),
    (1e9, False),
]


@pytest.mark.parametrize(("most", "doubted"), DOUBTS)
def test_an_uncertain_link_asks_for_a_review(most, doubted):
    plan = replace(plan_with(), most_link_variance=most)
    told = propose(household(4, 4, 4), plan)
    assert ("link_uncertain" in told["review_triggers"]) == doubted
    if doubted:
        assert told["status"] == "review"


def test_a_link_variance_at_the_bound_is_not_in_doubt():
    plan = plan_with()
    measured = score(household(4, 4, 4), plan=plan).profile.measures.logits.link_variance
    at = replace(plan, most_link_variance=float(measured.max()))
    assert "link_uncertain" not in propose(household(4, 4, 4), at)["review_triggers"]


def test_a_household_without_forms_is_not_told_to_have_an_uncertain_link():
    plan = replace(plan_with(), most_link_variance=-1.0)
    told = propose(household(form(4, familiar=False), records=(Record("G2"),)), plan)
    assert told["review_triggers"] == ["official_record:G2"]


def test_a_panel_that_the_scheme_does_not_ask_for_is_refused_and_so_is_none():
    for panel, scheme in ((adjusted_tables(), None), (None, adjusted_scheme())):
        with pytest.raises(ValueError, match="aggregator") as caught:
            model_file(*([scheme] if scheme else []), panel=panel)
        assert unwrap_validation(caught.value).code == "panel_expected"


def swapped(tables):
    first, second, third = tables.pillars
    return tables.model_copy(update={"pillars": (second, first, third)})


def wide(tables):
    """A mask of a sixth item, where the first pillar has five."""
    part = tables.pillars[0]
    masks = (*part.masks[:-1], 1 << 5)
    part = part.model_copy(update={"masks": masks})
    return tables.model_copy(update={"pillars": (part, *tables.pillars[1:])})


@pytest.mark.parametrize(
    ("change", "named"), [(swapped, "fs, ml, nr"), (wide, "fs")], ids=["order", "items"]
)
def test_a_panel_of_other_pillars_or_items_is_refused(change, named):
    with pytest.raises(ValueError, match="fit again") as caught:
        plan_with(change(adjusted_tables()))
    error = unwrap_validation(caught.value)
    assert isinstance(error, ArtifactError)
    assert error.code == "panel_shape"
    assert str(error).startswith(f"Pillar {named}:")


def test_a_file_whose_panel_could_let_a_better_rating_lower_is_not_read(tmp_path):
    tables = adjusted_tables()
    part = tables.pillars[2]
    row = part.strange[0]
    spoiled = (*row[:40], row[40] + 30_000, *row[41:])
    part = part.model_copy(update={"strange": (spoiled, *part.strange[1:])})
    tables = tables.model_copy(update={"pillars": (*tables.pillars[:2], part)})
    model = model_file(adjusted_scheme(), panel=tables)
    written = canonical_json({**model.content(), "digest": model.digest()})
    (tmp_path / "model.json").write_bytes(written + b"\n")
    with pytest.raises(ArtifactError, match="Pillar nr: the likelihood tables could") as caught:
        read_model_file(tmp_path / "model.json")
    assert caught.value.code == "panel_not_rising"


def test_every_fine_unit_of_a_severity_moves_the_measure():
    tables, found = adjusted_tables(), []
    part, place = tables.pillars[0], tables.raters.index("R001")
    sheet = replace(household(), forms=(form(3, rater="R001"),))
    for more in range(4):
        severity = list(part.raters.severity)
        severity[place] += more
        raters = part.raters.model_copy(update={"severity": tuple(severity)})
        moved = part.model_copy(update={"raters": raters})
        plan = plan_with(tables.model_copy(update={"pillars": (moved, *tables.pillars[1:])}))
        found.append(score(sheet, plan=plan).profile.measures.logits.logit[0, 0])
    assert (np.diff(found) > 0).all()  # the same form of a more severe rater counts for more


def test_a_model_with_a_panel_is_written_for_its_owner_and_read_back_the_same(tmp_path):
    model = model_file(adjusted_scheme(), panel=adjusted_tables())
    file = write_model_file(model, tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_model_file(tmp_path) == model
    assert write_model_file(model_file(), tmp_path / "plain").stat().st_mode & 0o777 == 0o644


def test_a_panel_that_could_let_a_better_rating_lower_is_not_written(tmp_path):
    tables = adjusted_tables()
    part = tables.pillars[0]
    row = part.known[0][0]
    spoiled = (*row[:40], row[40] + 30_000, *row[41:])
    known = ((spoiled, *part.known[0][1:]), *part.known[1:])
    part = part.model_copy(update={"known": known})
    tables = tables.model_copy(update={"pillars": (part, *tables.pillars[1:])})
    with pytest.raises(ArtifactError, match="Pillar fs: the likelihood tables could"):
        write_model_file(model_file(adjusted_scheme(), panel=tables), tmp_path)
    assert list(tmp_path.iterdir()) == []
