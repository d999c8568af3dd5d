"""Which raters are drawn where there are very many, and that the page says so."""

from __future__ import annotations

import pandas as pd
import pytest

from sanzhixin.validation.report.pictures import MOST_RATERS, draw_pictures, drawn_raters
from sanzhixin.validation.tables.judged import Judged

pytestmark = pytest.mark.filterwarnings("ignore::sanzhixin.validation.plots.style.CjkFontWarning")


def raters(n, flagged):
    """Raters of one pillar, the most severe first; `flagged` are ranks from the mildest."""
    severity = [place / 100 for place in range(n)]
    table = pd.DataFrame(
        {
            "pillar": "fs",
            "rater_id": [f"#{n - place:05}" for place in range(n)],
            "flags": ["erratic" if place in flagged else "" for place in range(n)],
            "value": severity,
        }
    )
    return table.assign(low=table["value"] - 0.1, high=table["value"] + 0.1).iloc[::-1]


@pytest.mark.parametrize("n", [0, 1, MOST_RATERS])
def test_so_many_are_drawn_all(n):
    assert len(drawn_raters(raters(n, {0}), "fs")) == n


@pytest.mark.parametrize("n", [MOST_RATERS + 1, 3 * MOST_RATERS + 7])
def test_of_more_both_ends_and_everyone_with_a_flag_stay(n):
    flagged = {1, 2, 3, n // 2, n // 2 + 1}
    drawn = drawn_raters(raters(n, flagged), "fs")
    assert len(drawn) == MOST_RATERS
    assert drawn["value"].is_monotonic_increasing
    assert {0, n - 1, *flagged} <= {round(100 * value) for value in drawn["value"]}
    assert drawn["value"].diff().max() <= 0.01 * (n // MOST_RATERS + 2)


@pytest.mark.parametrize("n", [MOST_RATERS - 1, MOST_RATERS, MOST_RATERS + 1, 2 * MOST_RATERS])
def test_no_flag_is_lost_however_many_there_are(n):
    drawn = drawn_raters(raters(3 * MOST_RATERS, set(range(50, 50 + n))), "fs")
    assert drawn["flags"].ne("").sum() == n
    assert len(drawn) <= max(MOST_RATERS, n + 2)


@pytest.mark.parametrize(("n", "is_told"), [(MOST_RATERS, False), (MOST_RATERS + 100, True)])
def test_the_words_below_the_picture_say_that_not_all_are_drawn(n, is_told):
    table = Judged("rater_map", raters(n, {5}), "评议员宽严", "Severity of raters", "", "")
    (picture,) = draw_pictures({"rater_map": table})
    zh, en = picture.told
    assert f"{n} raters" in en
    assert (f"图中画出 {MOST_RATERS} 名：有标记的全部画出" in zh) == is_told
    assert (f" {MOST_RATERS} are drawn: all that are flagged" in en) == is_told
    assert en in picture.en
