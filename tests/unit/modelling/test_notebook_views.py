"""What a notebook shows of objects: escaped, small, without identifiers, text kept."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import sanzhixin as szx
from sanzhixin.modelling.cards.scorecard import CardWarning
from sanzhixin.modelling.inputs.notebook import FittedView
from sanzhixin.modelling.panel.model import PanelLinkWarning
from sanzhixin.records.columns import IDENTIFIERS


@pytest.fixture(scope="module")
def county():
    return szx.simulate_county(villages=1, seed=7)


@pytest.fixture(scope="module")
def model(county):
    return szx.fit(county, szx.load_scheme("tongxiang"))


@pytest.fixture(scope="module")
def answer(model, county):
    return model.propose_one(county.application("V001-0001"))


@pytest.fixture(scope="module")
def fitted(county):
    rng = np.random.default_rng(0)
    points, failed = rng.integers(0, 1000, 400), rng.random(400) < 0.2
    with pytest.warns(CardWarning):
        card = szx.Scorecard().fit(points.reshape(-1, 1).astype(float), failed)
    with pytest.warns(PanelLinkWarning):
        panel = szx.PanelModel().fit(county.ratings, county.households)
    return [panel, card, szx.ScoreCalibrator().fit(points, failed)]


def test_every_view_is_small_and_has_no_script(model, answer, fitted):
    for one in (model, model.scheme, answer, *fitted):
        view = one._repr_html_()
        assert len(view.encode()) <= 100_000
        assert "<script" not in view
        assert view.startswith("<div")


def test_the_text_stays(model, answer, fitted):
    assert repr(model).startswith("SanzhixinModel(")
    assert "V***1" in repr(answer)
    assert all(one._repr_mimebundle_()["text/plain"] == repr(one) for one in fitted)


def test_a_proposal_shows_its_light_limits_and_reasons(answer):
    view = answer._repr_html_()
    assert "near_cutoff:BB|BBB" in view
    assert f"{answer.limit_yuan:,} 元" in view
    assert answer.reasons[0].zh in view
    assert "V001-0001" not in view


def test_the_lights_differ_by_status(answer):
    views = {
        status: answer.model_copy(update={"status": status})._repr_html_()
        for status in ("propose", "review", "gated", "insufficient_evidence")
    }
    colours = {view.split("solid ")[1].split(";")[0] for view in views.values()}
    assert len(colours) == 4


def test_text_of_a_reason_is_escaped(answer):
    bad = answer.reasons[0].model_copy(update={"zh": "<img src=x onerror=alert(1)>"})
    view = answer.model_copy(update={"reasons": (bad,)})._repr_html_()
    assert "<img" not in view
    assert "&lt;img" in view


def test_a_scheme_shows_pillars_and_tiers_and_a_model_its_card(model):
    assert all(one.zh in model.scheme._repr_html_() for one in model.scheme.pillars)
    view = model._repr_html_()
    assert all(row.grade in view for row in model.scheme.tiers.rows)
    assert "draft" in view
    assert model.file.card.characteristics[0].zh in view


def test_a_fitted_panel_names_nobody(fitted, county):
    view = fitted[0]._repr_html_()
    assert "measures_ (20 / " in view
    assert not any(one in view for one in county.raters["rater_id"])
    assert "V001-0" not in view


@pytest.mark.parametrize("column", sorted(IDENTIFIERS))
def test_no_identifier_of_any_table_stands_whole_in_a_view(column):
    class Fitted(FittedView):
        table_ = pd.DataFrame({column: ["AB-12345-CD"], "village_id": ["V001"]})

    view = Fitted()._repr_html_()
    assert "AB-12345-CD" not in view
    assert "A***D" in view
    assert "V001" in view


def test_before_fitting_scikit_learn_shows_the_estimator():
    assert "sk-" in szx.ScoreCalibrator()._repr_html_()
