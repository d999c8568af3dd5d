from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.figure import Figure

from sanzhixin.errors import DomainError
from sanzhixin.validation.plots.panel import plot_rater_map, plot_villages

RATERS = pd.DataFrame(
    {
        "pillar": ["fs", "fs", "ml"],
        "rater_id": ["R1", "R2", "R1"],
        "flags": ["", "erratic", ""],
        "value": [0.5, -0.5, 0.1],
        "low": [0.1, -0.9, -0.3],
        "high": [0.9, -0.1, 0.5],
    }
)
VILLAGES = pd.DataFrame(
    {
        "pillar": ["fs", "fs", "fs"],
        "village_id": ["V1", "V2", "V3"],
        "comparable": ["yes", "no", "yes"],
        "value": [1.0, 2.0, 1.5],
        "severity": [0.1, -0.1, 0.2],
    }
)


@pytest.fixture
def ax():
    return Figure().add_subplot()


@pytest.mark.parametrize(("plot", "table"), [(plot_rater_map, RATERS), (plot_villages, VILLAGES)])
def test_words_of_both_languages_an_empty_table_and_an_unknown_language(plot, table):
    titles = [plot(table, Figure().add_subplot(), lang=lang).get_title() for lang in ("zh", "en")]
    assert titles[0] != titles[1]
    assert titles[1].isascii()
    empty = plot(table.iloc[:0], Figure().add_subplot(), lang="en")
    assert empty.get_legend() is None
    assert not empty.collections
    with pytest.raises(DomainError, match="lang"):
        plot(table, Figure().add_subplot(), lang="fr")


def test_raters_stand_in_order_of_severity_without_names_and_flags_are_told_apart(ax):
    drawn = plot_rater_map(RATERS, ax, lang="en")
    words = [text.get_text() for text in drawn.get_legend().get_texts()]
    assert words == ["no flag", "flagged"]
    plain, flagged = (container.lines[0].get_xydata().tolist() for container in drawn.containers)
    assert (plain, flagged) == ([[1.0, 0.5]], [[0.0, -0.5]])
    assert not any("R1" in text.get_text() for text in drawn.texts)


def test_a_pillar_can_be_chosen(ax):
    drawn = plot_rater_map(RATERS, ax, lang="en", pillar="ml")
    assert drawn.get_title() == "Severity of raters, ml"
    assert len(drawn.containers) == 1


def test_a_pillar_that_is_not_there_is_refused(ax):
    for plot, table in ((plot_rater_map, RATERS), (plot_villages, VILLAGES)):
        with pytest.raises(DomainError, match="no pillar moral literacy; it has fs"):
            plot(table, ax, pillar="moral literacy")


def test_villages_that_cannot_be_compared_are_hollow(ax):
    drawn = plot_villages(VILLAGES, ax, lang="en")
    faces = [len(one.get_facecolors()) for one in drawn.collections]
    assert faces == [1, 0]
    assert [len(one.get_offsets()) for one in drawn.collections] == [2, 1]


def test_a_village_that_is_linked_to_no_other_is_not_drawn_as_comparable(ax):
    apart = VILLAGES.assign(comparable="no")
    drawn = plot_villages(apart, ax, lang="en", names={"fs": "family style"})
    assert [len(one.get_facecolors()) for one in drawn.collections] == [0]
    assert drawn.get_title() == "Villages, family style"
