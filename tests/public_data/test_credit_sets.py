"""Public credit sets, run as a user would: types declared, special codes named, fit, validate.

The files stand outside the project (``../shared/data``); without them these tests are skipped.
German credit (UCI, CC BY 4.0, doi 10.24432/C5NC77) and Taiwan credit cards (UCI, doi
10.24432/C55S3H).  No constant of the library was chosen by them.  The figures stand in
docs/scorecard.md, beside those of optbinning on the same folds.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from sanzhixin import MonotoneBinner, ScoreCalibrator, Scorecard
from sanzhixin.errors import RecordError
from sanzhixin.modelling import card_from_json

FOLDER = Path(__file__).parents[2].parent / "shared" / "data"
FOLDS = StratifiedKFold(5, shuffle=True, random_state=0)
PAID = [f"PAY_{k}" for k in (0, 2, 3, 4, 5, 6)]


def read(name):
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"no {name} in ../shared/data")
    return path


@pytest.fixture(scope="module")
def german():
    frame = pd.read_csv(read("german.data"), sep=" ", header=None)
    frame.columns = [f"a{k:02}" for k in frame.columns]
    return frame.drop(columns="a20"), (frame["a20"] == 2).to_numpy()


@pytest.fixture(scope="module")
def taiwan():
    frame = pd.read_csv(read("taiwan.csv"))
    outcome = frame.pop("default.payment.next.month").to_numpy() == 1
    return frame.drop(columns="ID"), outcome


def card_of(name):
    """Declare what the documentation of the set says of its columns."""
    if name == "german":
        return Scorecard(binner=MonotoneBinner(12, 0.02, shrinkage="trend", unseen="neutral"))
    return Scorecard(
        binner=MonotoneBinner(
            12,
            0.02,
            shrinkage="trend",
            unseen="neutral",
            # Repayment status is no scale: -2 and 0 are undocumented, 1 to 8 are months late.
            categorical=["SEX", "EDUCATION", "MARRIAGE", *PAID],
            special_codes={"EDUCATION": {"undocumented": [0, 5, 6]}, "MARRIAGE": {"other": [0]}},
        )
    )


# Areas under the curve and losses over five folds; bounds leave a hundredth to other versions of
# the numerical libraries.  optbinning with a logistic regression on the same folds: German .798 and
# .494, Taiwan .770 and .436.
@pytest.mark.parametrize(
    ("name", "least_auc", "most_loss"), [("german", 0.78, 0.51), ("taiwan", 0.765, 0.441)]
)
def test_the_card_ranks_and_fits_unseen_cases(name, least_auc, most_loss, request):
    frame, outcome = request.getfixturevalue(name)
    default = cross_val_predict(card_of(name), frame, outcome, cv=FOLDS, method="predict_proba")
    assert roc_auc_score(outcome, default[:, 1]) > least_auc
    assert log_loss(outcome, default) < most_loss
    assert default[:, 1].mean() == pytest.approx(outcome.mean(), rel=0.03)


@pytest.mark.parametrize("name", ["german", "taiwan"])
def test_points_mean_one_probability_and_the_file_gives_them_again(name, request):
    frame, outcome = request.getfixturevalue(name)
    card = card_of(name).fit(frame, outcome)
    points, default = card.points(frame), card.predict_proba(frame)[:, 1]
    pairs = set(zip(points.tolist(), default.tolist(), strict=True))
    assert len(pairs) == len(set(points.tolist()))
    assert default.mean() == pytest.approx(outcome.mean(), rel=1e-12)
    again = card_from_json(card.to_json())
    np.testing.assert_array_equal(again.points(frame), points)


def test_undocumented_codes_are_groups_of_their_own(taiwan):
    frame, outcome = taiwan
    binner = card_of("taiwan").fit(frame, outcome).binner_
    table = binner.tables_["EDUCATION"].set_index("label")
    # 345 rows by the set's description.
    assert table.loc["undocumented", "n_rows"] == 345
    counted = binner.count_policies(frame).set_index(["feature", "group"])["n_rows"]
    assert counted["EDUCATION", "undocumented"] == 345
    assert counted["MARRIAGE", "other"] == 54


def test_codes_given_as_text_are_refused_for_a_column_of_numbers(german):
    frame, outcome = german
    card = card_of("german").fit(frame, outcome)
    with pytest.raises(RecordError, match="was fitted as numbers and now holds texts"):
        card.points(frame.assign(a01=frame["a01"].astype(str)))


def test_no_card_is_worse_than_optbinning_by_more_than_chance(german):
    frame, outcome = german
    with warnings.catch_warnings(action="ignore"):
        from optbinning import BinningProcess

        names = [name for name in frame if frame[name].dtype.kind not in "if"]
        theirs, ours = [], []
        for known, held in FOLDS.split(frame, outcome):
            process = BinningProcess(list(frame.columns), categorical_variables=names)
            seen = process.fit_transform(frame.iloc[known], outcome[known])
            model = LogisticRegression().fit(seen, outcome[known])
            unseen = process.transform(frame.iloc[held])
            theirs.append(log_loss(outcome[held], model.predict_proba(unseen)))
            card = card_of("german").fit(frame.iloc[known], outcome[known])
            ours.append(log_loss(outcome[held], card.predict_proba(frame.iloc[held])))
    gap = np.array(ours) - np.array(theirs)
    assert gap.mean() < 2 * gap.std(ddof=1) / np.sqrt(gap.size)


@pytest.mark.parametrize("name", ["german", "taiwan"])
def test_calibrated_points_are_no_worse_than_the_best_of_scikit_learn(name, request):
    # Points out of fold calibrate, other cases judge; the paired difference of five folds.
    frame, outcome = request.getfixturevalue(name)
    gaps = {"brier": [], "log loss": []}
    for known, held in FOLDS.split(frame, outcome):
        inner = StratifiedKFold(5, shuffle=True, random_state=1)
        seen, failed = frame.iloc[known], outcome[known]
        points = np.zeros(known.size, dtype=int)
        for a, b in inner.split(seen, failed):
            points[b] = card_of(name).fit(seen.iloc[a], failed[a]).points(seen.iloc[b])
        new = card_of(name).fit(seen, failed).points(frame.iloc[held])
        ends = (min(points.min(), new.min()), max(points.max(), new.max()))
        ours = ScoreCalibrator(attainable=ends).fit(points, failed).predict_proba(new)[:, 1]
        sigmoid = LogisticRegression(C=1e9).fit(points[:, np.newaxis] / 100, failed)
        isotonic = IsotonicRegression(increasing=False, out_of_bounds="clip").fit(points, failed)
        theirs = [
            sigmoid.predict_proba(new[:, np.newaxis] / 100)[:, 1],
            np.clip(isotonic.predict(new), 1e-4, 1 - 1e-4),
        ]
        for key, loss in (("brier", brier_score_loss), ("log loss", log_loss)):
            best = min(loss(outcome[held], prob) for prob in theirs)
            gaps[key].append(loss(outcome[held], ours) - best)
    for found in gaps.values():
        gap = np.array(found)
        reach = 2.776 * gap.std(ddof=1) / np.sqrt(gap.size)  # t of four degrees of freedom
        assert gap.mean() - reach <= 1e-5  # a bound below 0 where nothing differs but digits
