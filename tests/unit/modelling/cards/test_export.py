"""A card as JSON, as a page and as a workbook.

Witnesses: hashlib over the bytes, a Markdown parser, and the XML within the workbook.
"""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import re
import zipfile
from itertools import pairwise

import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from sanzhixin.errors import ArtifactError, DomainError, OutputError, RecordError
from sanzhixin.modelling import (
    BinEdit,
    CardWarning,
    MonotoneBinner,
    PointsCard,
    Scorecard,
    card_from_json,
)
from sanzhixin.modelling.bins.feature_bins import FeatureBins
from sanzhixin.modelling.cards.json_file import card_to_json
from sanzhixin.modelling.cards.paper import card_to_markdown, write_card_workbook
from sanzhixin.modelling.cards.points_card import CardCharacteristic
from sanzhixin.numerics.woe import InformationValue
from sanzhixin.scoring.canonical import canonical_json, sha256_digest

N_ROWS = 800


def village(seed=3):
    rng = np.random.default_rng(seed)
    income = np.round(rng.normal(40, 15, N_ROWS), 1)
    kind = rng.choice(["农户", "=1+1", "a|b"], N_ROWS)
    rating = rng.integers(1, 6, N_ROWS)
    logit = -1 - (income - 40) / 15 - 0.5 * (rating - 3) + 1.2 * (kind == "a|b")
    defaulted = rng.random(N_ROWS) < 1 / (1 + np.exp(-logit))
    income[rng.random(N_ROWS) < 0.1] = np.nan
    income[:30] = -9
    return pd.DataFrame({"income": income, "kind": kind, "rating": rating}), defaulted


FRAME, DEFAULTED = village()
EDIT = BinEdit("income", "split", 30.0, reason="贫困线", by="hs", on="2026-11-02")
MERGE = BinEdit("kind", "merge", levels=("农户", "=1+1"), reason="一致")
BINNER = MonotoneBinner(
    special_codes={"income": {"拒答": [-9, -8]}}, unseen="worst", edits=[EDIT, MERGE]
)
OPTIONS = {
    "plain": {},
    "edits, codes and policies": {"binner": BINNER},
    "min_max": {"scaling": "min_max", "score_range": (0, 1000), "reference": "mean"},
    "other scale": {"pdo": 33.3, "base_score": 123.4, "base_odds": 7.0, "firth": True},
    "nothing kept": {"min_iv": 9.0},
}


def fitted(name, frame=FRAME, defaulted=DEFAULTED):
    """A card by the name of its options; the empty one says so."""
    card = Scorecard(**OPTIONS[name])
    if name != "nothing kept":
        return card.fit(frame, defaulted)
    with pytest.warns(CardWarning, match="No characteristic is on the card"):
        return card.fit(frame, defaulted)


CARDS = {name: fitted(name) for name in OPTIONS}
CARD = CARDS["edits, codes and policies"]


# JSON and back.


@pytest.mark.parametrize("name", CARDS)
def test_a_card_read_back_has_the_same_points_and_probabilities_bit_for_bit(name):
    # Defect 3: a peer's export loses its scale, and probabilities move by up to 0.125.
    read = card_from_json(CARDS[name].to_json())
    points = read.points(FRAME)
    np.testing.assert_array_equal(points, CARDS[name].points(FRAME))
    assert read.probability(points).tobytes() == CARDS[name].predict_proba(FRAME)[:, 1].tobytes()


@pytest.mark.parametrize("name", CARDS)
def test_a_card_read_back_is_written_as_the_same_bytes(name):
    written = CARDS[name].to_json()
    assert card_to_json(card_from_json(written)) == written


@pytest.mark.parametrize("name", CARDS)
def test_a_card_read_back_has_the_same_table_and_page(name):
    read = card_from_json(CARDS[name].to_json())
    pd.testing.assert_frame_equal(read.table(), CARDS[name].table_, rtol=0, atol=0)
    assert card_to_markdown(read) == CARDS[name].to_markdown()


def test_the_edits_come_back_as_they_were_made():
    assert card_from_json(CARD.to_json()).edits == (EDIT, MERGE)


def test_the_scale_comes_back():
    card = CARDS["other scale"].card_
    read = card_from_json(card_to_json(card))
    assert (read.base, read.offset, read.per_log_odds) == (
        card.base, card.offset, card.per_log_odds,
    )  # fmt: skip
    assert read.per_log_odds == 33.3 / math.log(2)


def test_edges_codes_and_ends_of_edits_are_written_as_texts():
    # Whole numbers beyond 2**53 are not exact in JSON, where other programs read doubles.
    content = json.loads(CARD.to_json())
    income = content["characteristics"][0]
    edges = CARD.card_.characteristics[0].bins.edges
    assert income["edges"] == [repr(edge) for edge in edges]
    assert income["specials"] == [["拒答", ["-9.0", "-8.0"]]]
    assert [(edit["low"], edit["high"]) for edit in content["edits"]] == [
        ("30.0", None),
        (None, None),
    ]


def test_codes_and_ends_of_edits_beyond_two_to_the_53_come_back():
    # 2**60 + 256 is the next double above 2**60.
    low, high = 2**60, 2**60 + 256
    frame = FRAME.assign(income=np.where(FRAME["rating"] < 3, low, high).astype(float))
    edit = BinEdit("income", "split", float(high))
    codes = {"income": {"code": [float(-low), float(-high)]}}
    binner = MonotoneBinner(special_codes=codes, edits=[edit])
    card = Scorecard(binner=binner).fit(frame[["income"]], DEFAULTED)
    read = card_from_json(card.to_json())
    assert read.edits == (edit,)
    assert read.characteristics[0].bins.edges == (float(high),)
    assert read.characteristics[0].bins.specials == (("code", (float(-low), float(-high))),)


def test_a_text_is_read_like_its_bytes():
    written = CARD.to_json()
    assert card_to_json(card_from_json(written.decode())) == written


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TRENDS = ["ascending", "descending", "peak", "valley", "none"]
POLICIES = ["separate", "worst", "neutral", "refuse"]
STATUSES = ["binned", "one_bin", "separated", "no_value"]


class Maker:
    """Makes cards of any form out of a pool of texts, with doubles of any size below 1e15."""

    def __init__(self, pool, seed):
        self.pool, self.rng = pool, np.random.default_rng(seed)

    def doubles(self, size):
        return self.rng.uniform(-10, 10, size) * 10.0 ** self.rng.integers(-300, 14, size)

    def weights(self, size):
        return np.where(self.rng.random(size) < 0.2, np.nan, self.doubles(size))

    def texts(self, size):
        return tuple(self.rng.choice(self.pool, size).tolist())

    def distinct(self, *sizes):
        """Groups of texts, none of them twice: each ends in a number of its own."""
        ends = iter(range(sum(sizes)))
        return tuple(tuple(f"{text}·{next(ends)}" for text in self.texts(size)) for size in sizes)

    def characteristic(self, name):
        is_category = bool(self.rng.random() < 0.5)
        edges = () if is_category else tuple(np.unique(self.doubles(self.rng.integers(6))).tolist())
        n_bins = int(self.rng.integers(1, 4)) if is_category else len(edges) + 1
        *levels, names = self.distinct(*self.rng.integers(1, 4, n_bins).tolist(), 2)
        codes = names if is_category else tuple(self.doubles(2).tolist())
        specials = ((*self.texts(1), codes),) * int(self.rng.integers(2))
        size = n_bins + len(specials) + 2
        bins = FeatureBins(
            name=name,
            kind="category" if is_category else "number",
            trend=str(self.rng.choice(TRENDS)),
            status=str(self.rng.choice(STATUSES)),
            edges=edges,
            levels=tuple(levels) if is_category else (),
            specials=specials,
            missing=str(self.rng.choice(POLICIES)),
            labels=self.texts(size),
            kinds=(*["bin"] * n_bins, *["special"] * len(specials), "missing", "unseen"),
            events=abs(self.doubles(size)),
            nonevents=abs(self.doubles(size)),
            woe=self.weights(size),
            se=self.weights(size),
            iv=self.doubles(size),
            position=self.doubles(n_bins),
            information=InformationValue(*self.doubles(5).tolist()),
        )
        points = self.rng.integers(-5000, 5000, size)
        return CardCharacteristic(bins, float(self.doubles(1)[0]), points, int(points[0]))

    def edit(self):
        low, high = [None if np.isnan(end) else end for end in self.weights(2).tolist()]
        return BinEdit(*self.texts(1), "lock", low, high, self.texts(2), *self.texts(3))

    def card(self):
        offset, per = self.doubles(2).tolist()
        names = self.pool[: self.rng.integers(4)]
        return PointsCard(
            characteristics=tuple(map(self.characteristic, names)),
            base=int(self.rng.integers(-(10**6), 10**6)),
            offset=offset,
            per_log_odds=abs(per) if names else 0.0,
            edits=tuple(self.edit() for _ in range(self.rng.integers(3))),
        )


pools = st.lists(texts, min_size=4, max_size=10, unique=True)
cards = st.builds(Maker, pools, st.integers(0, 2**32)).map(Maker.card)


def fields_of(item):
    shown = {name: getattr(item.bins, name) for name in FeatureBins.__slots__}
    shown |= {"coefficient": item.coefficient, "points": item.points, "reference": item.reference}
    return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in shown.items()}


@settings(max_examples=60, deadline=None)
@given(cards)
def test_any_card_comes_back_without_loss(card):
    read = card_from_json(card_to_json(card))
    assert (read.base, read.offset, read.per_log_odds, read.edits) == (
        card.base, card.offset, card.per_log_odds, card.edits,
    )  # fmt: skip
    for ours, theirs in zip(read.characteristics, card.characteristics, strict=True):
        assert repr(fields_of(ours)) == repr(fields_of(theirs))


@settings(max_examples=40, deadline=None)
@given(cards, st.lists(st.integers(-10_000, 10_000), min_size=1, max_size=5))
def test_any_card_read_back_tells_the_same_probabilities_bit_for_bit(card, totals):
    read = card_from_json(card_to_json(card))
    with np.errstate(over="ignore"):  # points per log-odds down to 1e-300 are tried
        ours, theirs = read.probability(np.array(totals)), card.probability(np.array(totals))
    assert ours.tobytes() == theirs.tobytes()


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 100_000), st.sampled_from(list(OPTIONS)))
def test_any_fitted_card_read_back_scores_the_same(seed, name):
    frame, defaulted = village(seed)
    card = fitted(name, frame, defaulted)
    read = card_from_json(card.to_json())
    np.testing.assert_array_equal(read.points(frame), card.points(frame))
    assert read.probability(read.points(frame)).tolist() == card.predict_proba(frame)[:, 1].tolist()


# A card read back, at work.


@pytest.mark.parametrize(
    "given_as",
    [
        lambda frame: frame,
        lambda frame: frame.assign(note="无", age=3)[["age", "rating", "note", "kind", "income"]],
        lambda frame: frame.set_axis([f"H{k}" for k in range(len(frame))]),
        lambda frame: pl.from_pandas(frame).select("rating", "kind", "income"),
        lambda frame: pa.Table.from_pandas(frame),
    ],
    ids=["as fitted", "more columns in another order", "named rows", "polars", "pyarrow"],
)
def test_a_card_read_back_finds_its_columns_in_any_frame(given_as):
    read = card_from_json(CARD.to_json())
    np.testing.assert_array_equal(read.points(given_as(FRAME)), CARD.points(FRAME))


def test_a_card_read_back_refuses_a_frame_without_its_columns():
    read = card_from_json(CARD.to_json())
    with pytest.raises(DomainError, match="The card needs the columns income, rating; add them"):
        read.points(FRAME[["kind"]])


def test_a_card_read_back_refuses_what_fitting_never_saw():
    read = card_from_json(CARDS["plain"].to_json())
    with pytest.raises(RecordError, match=r"Column kind: 1 values are unknown, the first"):
        read.points(FRAME.iloc[[0]].assign(kind="外来户"))


def test_a_card_read_back_keeps_the_policy_for_what_fitting_never_saw():
    strange = FRAME.iloc[[0]].assign(kind="外来户")
    read = card_from_json(CARD.to_json())
    np.testing.assert_array_equal(read.points(strange), CARD.points(strange))


@pytest.mark.parametrize("missing", ["separate", "worst", "neutral", "refuse"])
def test_a_card_read_back_answers_blanks_as_the_card_does(missing):
    given = FRAME if missing != "refuse" else FRAME.fillna({"income": 40.0})
    binner = MonotoneBinner(missing={"income": missing}, unseen="worst")
    card = Scorecard(binner=binner).fit(given, DEFAULTED)
    read = card_from_json(card.to_json())
    blank = given.iloc[[0]].assign(income=np.nan)
    if missing == "refuse":
        for own in (card, read):
            with pytest.raises(RecordError, match="Column income: 1 values are missing") as caught:
                own.points(blank)
            assert caught.value.code == "column_blank"
    else:
        np.testing.assert_array_equal(read.points(blank), card.points(blank))


WAYS = {
    "the card itself": lambda card: card.card_,
    "a card read back": lambda card: card_from_json(card.to_json()),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", CARDS)
def test_a_card_gives_the_reasons_and_steps_of_the_fit(name, way):
    fit, own = CARDS[name], WAYS[way](CARDS[name])
    wider = FRAME.assign(note="无")[["rating", "note", "kind", "income"]]
    target = int(np.quantile(fit.points(FRAME), 0.8)) + 1
    for given_as in (FRAME, wider, pl.from_pandas(wider), pa.Table.from_pandas(wider)):
        for k in (0, 1, 4):
            pd.testing.assert_frame_equal(own.reasons(given_as, k), fit.reasons(FRAME, k))
        pd.testing.assert_frame_equal(own.next_step(given_as, target), fit.next_step(FRAME, target))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("changeable", ["rating", ["rating"], ("kind", "income"), []])
def test_a_card_takes_what_can_change_as_the_fit_does(changeable, way):
    own, target = WAYS[way](CARD), int(CARD.points(FRAME).max())
    steps = own.next_step(FRAME, target, changeable)
    pd.testing.assert_frame_equal(steps, CARD.next_step(FRAME, target, changeable))
    listed = [changeable] if isinstance(changeable, str) else changeable
    assert set(steps["feature"]) == {*listed, ""}  # some rows nothing brings further


@pytest.mark.parametrize("way", WAYS)
def test_a_card_answers_four_reasons_where_no_number_is_asked_for(way):
    own = WAYS[way](CARD)
    pd.testing.assert_frame_equal(own.reasons(FRAME), own.reasons(FRAME, 4))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda card: card.reasons(FRAME[["kind"]]), "card_column_missing"),
        (lambda card: card.next_step(FRAME[["kind"]], 500), "card_column_missing"),
        (lambda card: card.reasons(FRAME.to_numpy()), "card_frame"),
        (lambda card: card.next_step(FRAME.to_numpy(), 500), "card_frame"),
        (lambda card: card.reasons(FRAME, -1), "option_range"),
        (lambda card: card.next_step(FRAME, "x"), "option_range"),
        (lambda card: card.next_step(FRAME, 500, ["age"]), "card_feature_unknown"),
    ],
)
def test_a_card_refuses_what_it_cannot_answer(ask, code, way):
    with pytest.raises(DomainError) as caught:
        ask(WAYS[way](CARD))
    assert caught.value.code == code


def coded_card(codes, *, categorical):
    binner = MonotoneBinner(
        categorical=categorical, special_codes={"rating": {"five": codes}}, min_expected=1
    )
    return Scorecard(binner=binner).fit(FRAME, DEFAULTED)


def test_special_codes_of_a_category_mean_the_same_after_reading():
    # The code 5 comes back as 5.0, which has to be the name of the level "5" all the same.
    card = coded_card([5], categorical=["rating"])
    np.testing.assert_array_equal(card_from_json(card.to_json()).points(FRAME), card.points(FRAME))


@pytest.mark.parametrize("unit", [1e9, 1e12])
def test_a_card_with_bounds_beyond_two_to_the_53_is_read_back(unit):
    # A time stamp in nanoseconds, say: the bound is written without a point, read as an integer,
    # and refused as one that is not exact; the card was written and can never be read.
    frame = FRAME.assign(income=1.7e18 + unit * FRAME["rating"])
    card = Scorecard().fit(frame[["income"]], DEFAULTED)
    own = card.points(frame[["income"]])
    np.testing.assert_array_equal(card_from_json(card.to_json()).points(frame), own)


@pytest.mark.parametrize("codes", [np.array([5]), [np.int64(5)], [np.float32(5)]])
def test_special_codes_of_numpy_are_written(codes):
    card = coded_card(codes, categorical="auto")
    np.testing.assert_array_equal(card_from_json(card.to_json()).points(FRAME), card.points(FRAME))


@pytest.mark.parametrize(
    "edit",
    [
        BinEdit("rating", "split", np.int64(3)),
        BinEdit("rating", "merge", -math.inf, 3),
        BinEdit("rating", "lock", 4, math.inf),
    ],
    ids=["numpy", "from the lowest", "to the highest"],
)
def test_edits_that_a_binner_takes_are_written(edit):
    card = Scorecard(binner=MonotoneBinner(edits=[edit])).fit(FRAME, DEFAULTED)
    assert card_from_json(card.to_json()).edits == (edit,)


# What is refused.

SMALL = Scorecard(binner=MonotoneBinner(max_bins=2)).fit(FRAME[["rating", "kind"]], DEFAULTED)
WRITTEN = SMALL.to_json()


@pytest.mark.parametrize("other", [b"0", b"7", b"-", b'"', b"\xff", b""])
def test_a_card_with_any_byte_altered_or_left_out_is_refused(other):
    # Even the last of seventeen digits, which stands for the same double in more than one spelling.
    changed = {WRITTEN[:place] + other + WRITTEN[place + 1 :] for place in range(len(WRITTEN) - 1)}
    for written in changed - {WRITTEN}:
        with pytest.raises(ArtifactError):
            card_from_json(written)


SPELLINGS = {
    "last byte": WRITTEN[:-1] + b" ",
    "first byte": b" " + WRITTEN,
    "blanks": WRITTEN.replace(b',"', b', "'),
    "a point": WRITTEN.replace(b'"protocol":1', b'"protocol":1.0'),
    "indented": json.dumps(json.loads(WRITTEN), indent=1).encode(),
    "a base with a point": re.sub(rb'"base":(\d+)', rb'"base":\1.0', WRITTEN),
    "escaped": json.dumps(json.loads(WRITTEN), separators=(",", ":")).encode(),
    "the digest first": json.dumps(
        dict(sorted(json.loads(WRITTEN).items(), key=lambda entry: entry[0] != "digest")),
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode(),
    "a digit more": re.sub(rb'"offset":([0-9.]+)', rb'"offset":\g<1>0', WRITTEN),
    "an exponent": re.sub(rb'"offset":([0-9.]+)', rb'"offset":\1e0', WRITTEN),
}


@pytest.mark.parametrize("written", SPELLINGS.values(), ids=SPELLINGS)
def test_a_card_in_another_spelling_is_refused_though_it_says_the_same(written):
    assert json.loads(written) == json.loads(WRITTEN)
    with pytest.raises(ArtifactError) as caught:
        card_from_json(written)
    assert caught.value.code == "model_digest"


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_the_end_of_the_last_line_does_not_matter(end):
    assert card_to_json(card_from_json(WRITTEN.rstrip(b"\n") + end)) == WRITTEN


@pytest.mark.parametrize("size", range(0, len(WRITTEN) - 1, 97))
def test_a_card_that_was_cut_off_is_refused(size):
    with pytest.raises(ArtifactError):
        card_from_json(WRITTEN[:size])


def test_the_digest_is_that_of_the_bytes_without_it():
    stated = re.search(rb'"digest":"sha256:([0-9a-f]{64})",', WRITTEN)
    rest = WRITTEN.rstrip(b"\n").replace(stated[0], b"")
    assert hashlib.sha256(rest).hexdigest() == stated[1].decode()


def test_equal_cards_are_equal_bytes_and_other_cards_have_other_digests():
    again = Scorecard(binner=MonotoneBinner(max_bins=2))
    assert again.fit(FRAME[["rating", "kind"]], DEFAULTED).to_json() == WRITTEN
    assert len({json.loads(card.to_json())["digest"] for card in CARDS.values()}) == len(CARDS)


def test_the_json_is_canonical():
    assert canonical_json(json.loads(WRITTEN)) + b"\n" == WRITTEN


def sealed(content):
    """Give altered content a digest that fits: what remains is the check of its form."""
    digest = sha256_digest(canonical_json(content))
    return canonical_json({**content, "digest": digest})


def altered(path, value):
    content = json.loads(WRITTEN)
    del content["digest"]
    place = content
    for key in path[:-1]:
        place = place[key]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return sealed(content)


RATING, KIND = ("characteristics", 0), ("characteristics", 1)
SPLIT = {
    "feature": "rating", "action": "split", "low": "3.0", "high": None, "levels": [],
    "reason": "", "by": "", "on": "",
}  # fmt: skip


def test_the_same_content_with_its_digest_is_read():
    assert card_to_json(card_from_json(altered(("base",), SMALL.card_.base))) == WRITTEN


def test_an_edit_is_read_with_its_ends_as_numbers():
    read = card_from_json(altered(("edits",), [SPLIT]))
    assert read.edits == (BinEdit("rating", "split", 3.0),)


IN_RATING = "characteristics[rating]."
FORMS = [
    (("note",), "x", "note is no key of this place"),
    (("base",), ..., "base is missing"),
    (("edits",), ..., "edits is missing"),
    (("base",), "500", "base is "),
    (("base",), 500.5, "base is 500.5"),
    (("base",), True, "base is "),
    (("offset",), None, "offset is "),
    (("offset",), "480", "offset is "),
    (("per_log_odds",), -1.0, "per_log_odds is "),
    (("protocol",), 2, "protocol is 2"),
    (("protocol",), "1", "protocol is "),
    (("characteristics",), {}, "characteristics is "),
    ((*RATING, "note"), 1, f"{IN_RATING}note is no key of this place"),
    ((*RATING, "name"), ..., "characteristics[#1].name is missing"),
    ((*RATING, "name"), 3, "characteristics[#1].name is 3"),
    ((*RATING, "kind"), "text", f"{IN_RATING}kind is "),
    ((*RATING, "trend"), "auto or so", f"{IN_RATING}trend is "),
    ((*RATING, "status"), "good", f"{IN_RATING}status is "),
    ((*RATING, "missing"), "guess", f"{IN_RATING}missing is "),
    ((*RATING, "missing"), ..., f"{IN_RATING}missing is missing"),
    ((*RATING, "points", 0), 1.5, f"{IN_RATING}points[#1] is 1.5"),
    ((*RATING, "points", 0), None, f"{IN_RATING}points[#1] is "),
    ((*RATING, "woe", 0), "1", f"{IN_RATING}woe[#1] is "),
    ((*RATING, "information"), [0.1, 0.2, 0.3, 0.4], f"{IN_RATING}information is "),
    ((*RATING, "information"), [0.1] * 7, f"{IN_RATING}information has 7 entries"),
    ((*RATING, "edges", 0), "three", f"{IN_RATING}edges[#1] is "),
    ((*RATING, "edges", 0), "inf", f"{IN_RATING}edges[#1] is "),
    ((*RATING, "edges", 0), "nan", f"{IN_RATING}edges[#1] is "),
    ((*RATING, "edges", 0), " 3.0", f"{IN_RATING}edges[#1] is "),
    ((*RATING, "edges", 0), "1_0", f"{IN_RATING}edges[#1] is "),
    ((*RATING, "edges", 0), 2.5, f"{IN_RATING}edges[#1] is 2.5"),
    ((*RATING, "specials"), [["none", [-9.0]]], f"{IN_RATING}specials"),
    (("edits",), [{"feature": "rating"}], "edits[#1].action is missing"),
    (("edits",), [{**SPLIT, "low": 3.0}], "edits[#1].low is 3"),
    (("edits",), [{**SPLIT, "action": "cut"}], "edits[#1].action is "),
]


@pytest.mark.parametrize(("path", "value", "place"), FORMS, ids=str)
def test_content_of_another_form_is_refused_by_its_place(path, value, place):
    with pytest.raises(ArtifactError, match="card is refused") as caught:
        card_from_json(altered(path, value))
    assert caught.value.code == "model_invalid"
    assert place in str(caught.value)


@pytest.mark.parametrize("end", ["low", "high"])
@pytest.mark.parametrize("value", ["three", "", "nan", "+inf", "infinity", "1_0", " 3.0", "3.0 "])
def test_an_end_of_an_edit_that_is_no_number_is_refused(end, value):
    written = altered(("edits",), [{**SPLIT, end: value}])
    assert_refused(written, rf"edits\[#1\]\.{end} is ")


LENGTHS = [
    ((*RATING, "points"), [1, 2, 3]),
    ((*RATING, "points"), [1, 2, 3, 4, 5]),
    ((*RATING, "woe"), [0.1, None]),
    ((*RATING, "se"), []),
    ((*RATING, "iv"), [0.1]),
    ((*RATING, "events"), [1, 2, 3]),
    ((*RATING, "nonevents"), [1, 2, 3]),
    ((*RATING, "labels"), ["a", "b", "c"]),
    ((*RATING, "kinds"), ["bin", "bin", "missing"]),
    ((*RATING, "kinds"), ["bin", "bin", "unseen", "missing"]),
    ((*RATING, "kinds"), ["bin", "missing", "bin", "unseen"]),
    ((*RATING, "kinds"), ["bin", "bin", "special", "unseen"]),
    ((*RATING, "edges"), []),
    ((*RATING, "edges"), ["1.5", "2.5"]),
    ((*RATING, "position"), [0.5]),
    ((*RATING, "specials"), [["none", ["-9.0"]]]),
    ((*KIND, "levels"), [["农户", "=1+1", "a|b"]]),
    ((*KIND, "levels"), [["农户"], ["=1+1"], ["a|b"]]),
]


def assert_refused(written, words):
    with pytest.raises(ArtifactError, match=words) as caught:
        card_from_json(written)
    assert caught.value.code == "model_invalid"
    assert caught.value.zh


@pytest.mark.parametrize(("path", "value"), LENGTHS, ids=str)
def test_parts_of_lengths_that_do_not_fit_are_refused(path, value):
    name = "rating" if path[:2] == RATING else "kind"
    assert_refused(altered(path, value), f"Characteristic {name}: bounds have to rise, and points")


@pytest.mark.parametrize("edges", [["3.0", "3.0"], ["4.0", "3.0"], ["3.0", "3.00"], ["10", "9"]])
def test_edges_that_do_not_rise_are_refused(edges):
    content = json.loads(CARDS["plain"].to_json())
    del content["digest"]
    first = content["characteristics"][0]
    first["edges"] = [*edges, *first["edges"][2:]]
    assert_refused(sealed(content), "Characteristic income: bounds have to rise")


def with_specials(content, place, specials):
    """Content with special groups, of which each part has its share."""
    item = content["characteristics"][place]
    n_bins, n = item["kinds"].count("bin"), len(specials)
    item["specials"] = specials
    for name, filler in (
        ("labels", "code"), ("kinds", "special"), ("events", 0), ("nonevents", 0), ("woe", 0),
        ("se", None), ("iv", 0), ("points", 0),
    ):  # fmt: skip
        item[name][n_bins:n_bins] = [filler] * n
    return content


def plain_content():
    content = json.loads(WRITTEN)
    del content["digest"]
    return content


CODES = {
    "one code": (RATING, [["a", ["-9.0"]]], True),
    "two groups": (RATING, [["a", ["-9.0", "-8.0"]], ["b", ["-7.0"]]], True),
    "texts of a category": (KIND, [["a", ["拒答"]]], True),
    "a code twice in its group": (RATING, [["a", ["-9.0", "-9.0"]]], False),
    "a code in two groups": (RATING, [["a", ["-9.0"]], ["b", ["-8.0", "-9.0"]]], False),
    "a text twice": (KIND, [["a", ["拒答"]], ["b", ["拒答"]]], False),
    "a text among numbers": (RATING, [["a", ["拒答"]]], False),
    "a blank among numbers": (RATING, [["a", [""]]], False),
    "a number spelled twice": (RATING, [["a", ["-9.0", "-9"]]], False),
    "a number spelled twice in two groups": (RATING, [["a", ["-9.0"]], ["b", ["-9"]]], False),
    "a number by its exponent": (RATING, [["a", ["-900.0"]], ["b", ["-9e2"]]], False),
    "zero of both signs": (RATING, [["a", ["0.0"]], ["b", ["-0.0"]]], False),
    "no number": (RATING, [["a", ["nan"]]], False),
    "no number beside one": (RATING, [["a", ["-9.0", "NaN"]]], False),
    "an infinite number": (RATING, [["a", ["inf"]]], False),
    "an infinite number below": (RATING, [["a", ["-inf"]]], False),
    "a number beyond the largest": (RATING, [["a", ["1e999"]]], False),
    "a level": (KIND, [["a", ["农户"]]], False),
    "a level beside a text": (KIND, [["a", ["拒答"]], ["b", ["不详", "a|b"]]], False),
    "a group twice": (RATING, [["a", ["-9.0"]], ["a", ["-8.0"]]], False),
    "a group of a category twice": (KIND, [["a", ["拒答"]], ["a", ["不详"]]], False),
    "a number twice as names of a category": (KIND, [["a", ["9"]], ["b", ["9.0"]]], True),
    "a group without codes": (RATING, [["a", []]], True),
}


@pytest.mark.parametrize(("at", "specials", "is_read"), CODES.values(), ids=CODES)
def test_a_special_code_stands_once_and_is_a_number_in_a_column_of_numbers(at, specials, is_read):
    written = sealed(with_specials(plain_content(), at[1], specials))
    if is_read:
        groups = card_from_json(written).characteristics[at[1]].bins.specials
        assert [name for name, _ in groups] == [name for name, _ in specials]
    else:
        assert_refused(written, f"Characteristic {SMALL.card_.names[at[1]]}: bounds have to rise")


# Written by a fit and never read again: what reading refuses has to be refused in fitting.
FINITE = ("a code is a finite number", "特殊值须为有限数")
NAMES = (
    "groups have names of their own, other than missing and unseen",
    "分组名称须各不相同，且不能为 missing 或 unseen",
)
UNREADABLE = {
    "no number": ({"a": [math.nan]}, FINITE),
    "no number beside one": ({"a": [-9, np.float32("nan")]}, FINITE),
    "an infinite number": ({"a": [-math.inf]}, FINITE),
    "an infinite number beside one": ({"a": [-9, math.inf]}, FINITE),
    "names that are one text": ({"1": [-8], 1: [-9]}, NAMES),
    "a number and its text for names": ({1: [-8], "1": [-9]}, NAMES),
}
TOO_LARGE = pytest.param(
    {"a": [10**400]},
    FINITE,
    id="a whole number beyond all doubles",
)


@pytest.mark.parametrize("categorical", [[], ["income"]], ids=["numbers", "names"])
@pytest.mark.parametrize(
    ("codes", "rules"),
    [*(pytest.param(*case, id=name) for name, case in UNREADABLE.items()), TOO_LARGE],
)
def test_special_codes_that_cannot_be_read_back_are_refused_in_fitting(codes, rules, categorical):
    binner = MonotoneBinner(
        special_codes={"income": codes}, categorical=categorical, unseen="worst"
    )
    with pytest.raises(DomainError) as caught:
        Scorecard(binner=binner).fit(FRAME, DEFAULTED)
    group = next(reversed(codes))
    assert caught.value.code == "bin_special"
    assert caught.value.en == f"Special codes of income, group {group}: {rules[0]}."
    assert caught.value.zh == f"income 的特殊值分组 {group}：{rules[1]}。"


IMPOSSIBLE = [
    ((*KIND, "levels"), [["农户", "农户"], ["a|b"]]),
    ((*KIND, "levels"), [["农户", "a|b"], ["a|b"]]),
    ((*RATING, "events"), [-1, 2, 0, 0]),
    ((*RATING, "events"), [1, 2, 0, -0.5]),
    ((*RATING, "nonevents"), [1, -1e-300, 0, 0]),
]


@pytest.mark.parametrize(("path", "value"), IMPOSSIBLE, ids=str)
def test_levels_that_stand_twice_and_counts_below_zero_are_refused(path, value):
    name = "rating" if path[:2] == RATING else "kind"
    assert_refused(altered(path, value), f"Characteristic {name}: ")


def test_a_count_of_zero_is_read():
    read = card_from_json(altered((*RATING, "events"), [0, 2, 0, 0]))
    assert read.characteristics[0].bins.events.tolist() == [0, 2, 0, 0]


def test_a_name_that_stands_twice_is_refused():
    assert_refused(altered((*KIND, "name"), "rating"), "The card repeats a name")


@pytest.mark.parametrize(
    ("path", "value"),
    [(("per_log_odds",), 0.0), (("characteristics",), [])],
    ids=["characteristics without a scale", "a scale without characteristics"],
)
def test_a_card_has_characteristics_exactly_when_it_has_a_scale(path, value):
    assert_refused(altered(path, value), "card is refused")


def test_a_card_without_characteristics_and_without_a_scale_is_read():
    content = {**plain_content(), "characteristics": [], "per_log_odds": 0}
    assert card_from_json(sealed(content)).points(FRAME.iloc[:2]).tolist() == [content["base"]] * 2


@pytest.mark.parametrize(
    ("written", "code"),
    [
        (b"", "json_invalid"),
        (b"card", "json_invalid"),
        (b"\xff\xfe", "json_not_utf8"),
        (b"[]", "model_digest"),
        (b"null", "model_digest"),
        (b"5", "model_digest"),
        (b"{}", "model_digest"),
        (WRITTEN.replace(b'"digest"', b'"other"'), "model_digest"),
        (re.sub(rb'"sha256:[0-9a-f]+"', b"null", WRITTEN), "model_digest"),
        (re.sub(rb'"offset":[0-9.]+', b'"offset":NaN', WRITTEN), "json_not_finite"),
        (re.sub(rb'"offset":[0-9.]+', b'"offset":1e999', WRITTEN), "json_not_finite"),
        (re.sub(rb'"base":[0-9]+', b'"base":%d' % 10**20, WRITTEN), "json_integer_large"),
        (WRITTEN.replace(b'"base"', b'"base":1,"base"', 1), "json_duplicate_key"),
        (b"[" * 200 + b"]" * 200, "json_too_deep"),
    ],
)
def test_what_is_no_card_is_refused_with_its_code(written, code):
    with pytest.raises(ArtifactError) as caught:
        card_from_json(written)
    assert caught.value.code == code


def test_the_refusal_of_an_altered_card_says_what_to_do():
    with pytest.raises(ArtifactError, match="altered or damaged"):
        card_from_json(WRITTEN.replace(b'"rating"', b'"racing"'))


def test_half_a_surrogate_pair_is_refused_with_a_code():
    with pytest.raises(ArtifactError, match="is not UTF-8"):
        card_from_json("\ud800")


# The page.

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def parsed(page):
    """Headings, and the rows of tables as lists of cells, each with the kinds of its parts."""
    tokens = PARSER.parse(page)
    headings, rows = [], []
    for before, token in pairwise(tokens):
        if before.type == "tr_open":
            rows.append([])
        if token.type == "inline":
            text = "".join(part.content for part in token.children)
            kinds = {part.type for part in token.children}
            if before.type == "heading_open":
                headings.append((text, kinds))
            if before.type in ("td_open", "th_open"):
                rows[-1].append((text, kinds))
    return headings, rows


@pytest.mark.parametrize("name", CARDS)
def test_the_page_shows_every_group_with_its_points(name):
    card = CARDS[name].card_
    _, rows = parsed(card_to_markdown(card))
    shown = [[text for text, _ in row] for row in rows]
    for item in card.characteristics:
        for label, woe, points in zip(item.bins.labels, item.bins.woe, item.points, strict=True):
            last = "refused" if np.isnan(woe) else str(points)
            assert any(row[0] == label and row[-1] == last for row in shown)


def test_the_page_says_what_points_mean():
    card = CARD.card_
    page = CARD.to_markdown()
    assert f"Every case starts with {card.base} points." in page
    assert f"20 points more halve the odds of default; {card.offset:.2f} points stand for" in page


EMPTY_PAGES = {
    "en": "# Scorecard\n\nEvery case starts with {base} points.\n\n"
    "No characteristic is on the card: every case has the same probability.\n",
    "zh": "# 评分卡\n\n每户基础分为 {base} 分。\n\n卡上没有任何特征：各户违约概率相同。\n",
}


@pytest.mark.parametrize("language", EMPTY_PAGES)
def test_the_page_of_a_card_without_characteristics_says_so_and_gives_no_meaning_to_points(
    language,
):
    card = CARDS["nothing kept"]
    assert card.to_markdown(language) == EMPTY_PAGES[language].format(base=card.card_.base)


@pytest.mark.parametrize("name", CARDS)
def test_the_page_is_english_unless_it_is_asked_for_in_chinese(name):
    card = CARDS[name]
    assert card.to_markdown() == card.to_markdown("en") == card_to_markdown(card.card_)
    assert card.to_markdown("zh") == card_to_markdown(card.card_, "zh") != card.to_markdown("en")


ROW_HEADS = ["分箱", "行数", "违约率", "证据权重", "积分"]
EDIT_HEADS = ["列", "操作", "起", "止", "水平", "理由", "经办", "日期"]
GROUPS_ZH = {"missing": "缺失", "unseen": "未见过"}


@pytest.mark.parametrize("name", CARDS)
def test_the_chinese_page_has_the_cells_of_the_english_one_under_chinese_headings(name):
    card = CARDS[name].card_
    (headings, rows), (english, expected) = (
        parsed(card_to_markdown(card, language)) for language in ("zh", "en")
    )
    for row, theirs in zip(rows, expected, strict=True):
        shown, cells = ([text for text, _ in part] for part in (row, theirs))
        if cells[0] in ("bin", "column"):
            assert shown == (ROW_HEADS if cells[0] == "bin" else EDIT_HEADS)
            continue
        actions = {"split": "拆分", "merge": "合并", "lock": "锁定"}
        cells[1] = actions.get(cells[1], cells[1])
        last = {"refused": "拒绝"}.get(cells[-1], cells[-1])
        assert shown == [GROUPS_ZH.get(cells[0], cells[0]), *cells[1:-1], last]
    words = {"Scorecard": "评分卡", "Edits": "人工调整"}
    assert headings == [(words.get(text, text), kinds) for text, kinds in english]


def test_the_chinese_page_says_what_points_mean():
    card, page = CARD.card_, CARD.to_markdown("zh")
    assert f"每户基础分为 {card.base} 分。" in page
    assert f"每多 20 分，违约比率减半；{card.offset:.2f} 分对应违约与否各半。" in page


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_group_that_people_named_keeps_its_name_in_either_language(language):
    # The first bin is called like a group without a name.
    _, rows = parsed(card_to_markdown(with_texts("missing"), language))
    assert rows[1][0][0] == "missing"


@pytest.mark.parametrize("language", ["fr", "EN", "", None, ["en"]])
def test_another_language_is_refused_and_nothing_is_written(language, tmp_path):
    for ask in (
        lambda: card_to_markdown(CARD.card_, language),
        lambda: CARD.to_markdown(language),
        lambda: write_card_workbook(CARD.card_, tmp_path / "card.xlsx", language),
        lambda: CARD.to_excel(tmp_path / "card.xlsx", language),
    ):
        with pytest.raises(DomainError) as caught:
            ask()
        assert caught.value.code == "option_choice"
        assert caught.value.en == f"language={language!r} is not possible; give one of en, zh."
        assert caught.value.zh == f"language={language!r} 无效；请从以下选项中选择：en, zh。"
    assert list(tmp_path.iterdir()) == []


def test_the_page_shows_rates_weights_and_rows():
    bins = CARD.card_.characteristics[0].bins
    _, rows = parsed(CARD.to_markdown())
    first = next([text for text, _ in row] for row in rows if row[0][0] == bins.labels[0])
    n_rows = bins.events[0] + bins.nonevents[0]
    assert first[1:4] == [f"{n_rows:g}", f"{bins.events[0] / n_rows:.2%}", f"{bins.woe[0]:.3f}"]


def test_the_page_lists_the_edits():
    headings, rows = parsed(CARD.to_markdown())
    assert ("Edits", {"text"}) in headings
    shown = [[text for text, _ in row] for row in rows]
    assert ["income", "split", "30.0", "", "", "贫困线", "hs", "2026-11-02"] in shown
    assert ["kind", "merge", "", "", "农户, =1+1", "一致", "", ""] in shown


def with_texts(text):
    """The small card, with one text for a name, a label and the reason of an edit."""
    first = SMALL.card_.characteristics[0]
    bins = first.bins
    slots = {name: getattr(bins, name) for name in FeatureBins.__slots__}
    labels = (text, *bins.labels[1:])
    hostile = FeatureBins(**{**slots, "name": text, "labels": labels})
    item = CardCharacteristic(hostile, first.coefficient, first.points, first.reference)
    edit = BinEdit(text, "merge", levels=(text,), reason=text, by=text, on=text)
    return PointsCard((item,), 500, 480.0, 28.8, (edit,))


HOSTILE = [
    "a|b", "|", "a\\|b", "a\\", "\\", "a\nb", "a\r\nb", "a\u2028b", "| x |\n|---|", "<b>x</b>",
    "<script>alert(1)</script>", "<!-- x", "*x*", "**x**", "_x_", "`x`", "``x", "# x", "{x}",
    "<http://a.b>", "---", "1. x", "- x", "> x", "x\n# y", "=1+1", "a  b", "$x$", "&#124;",
    "[a]: http://b",
]  # fmt: skip
MARKUP = ["[a](http://b.c)", "![a](http://b.c/d)", "~~x~~", "&lt;"]


@pytest.mark.parametrize(
    "text",
    [*HOSTILE, *[text for text in MARKUP]],
)
def test_a_hostile_text_stays_a_text_within_its_cell(text):
    headings, rows = parsed(card_to_markdown(with_texts(text)))
    one_line = " ".join(text.split())
    plain = {"text"}
    assert headings[1] == (one_line, plain)
    assert [len(row) for row in rows] == [5] * 5 + [8] * 2
    assert rows[1][0] == (one_line, plain)
    edit = [cell for place, cell in enumerate(rows[-1]) if place not in (1, 2, 3)]
    assert edit == [(one_line, plain)] * 5


@settings(max_examples=80, deadline=None)
@given(st.text(st.sampled_from("|\\\n`*_{}<>#ab -=\t"), min_size=1, max_size=12))
def test_any_text_keeps_the_tables_in_shape(text):
    headings, rows = parsed(card_to_markdown(with_texts(text)))
    assert [heading for heading, _ in headings] == ["Scorecard", " ".join(text.split()), "Edits"]
    assert [len(row) for row in rows] == [5] * 5 + [8] * 2
    assert rows[1][0][0] == " ".join(text.split())


# The workbook.


def opened(card, folder, language="en"):
    path = folder / "card.xlsx"
    assert write_card_workbook(card, path, language) == path
    return openpyxl.load_workbook(path)


def rows_of(sheet):
    return list(sheet.iter_rows(values_only=True))


@pytest.mark.parametrize("name", CARDS)
def test_the_workbook_shows_the_table(name, tmp_path):
    card = CARDS[name]
    sheet = opened(card.card_, tmp_path)["card"]
    header, *rows = sheet.iter_rows(values_only=True)
    assert list(header) == list(card.table_.columns)
    for row, expected in zip(rows, card.table_.itertuples(index=False), strict=True):
        for cell, value in zip(row, expected, strict=True):
            if pd.isna(value):
                assert cell is None
            else:  # a workbook holds sixteen digits
                assert cell == (
                    value if isinstance(value, str) else pytest.approx(value, rel=1e-15)
                )


def test_numbers_are_numbers_and_texts_are_texts(tmp_path):
    sheet = opened(CARD.card_, tmp_path)["card"]
    kinds = {
        column[0].value: {cell.data_type for cell in column[2:] if cell.value is not None}
        for column in sheet.iter_cols()
    }
    texts_ = {"feature", "label", "kind"}
    assert kinds == {name: {"s"} if name in texts_ else {"n"} for name in CARD.table_.columns}


SHEETS = {"en": ["card", "scale", "edits"], "zh": ["评分卡", "刻度", "调整"]}
SCALES = {
    "en": ["base points", "points at one default in two", "points per unit of log-odds"],
    "zh": ["基础分", "违约与否各半时的分数", "每单位对数比率的分数"],
}


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("language", SHEETS)
def test_the_second_sheet_tells_the_scale(name, language, tmp_path):
    card = CARDS[name].card_
    book = opened(card, tmp_path, language)
    assert book.sheetnames == SHEETS[language]
    names, values = zip(*rows_of(book.worksheets[1]), strict=True)
    assert list(names) == SCALES[language]
    expected = [card.base, card.offset, card.per_log_odds]
    assert list(values) == pytest.approx(expected, rel=1e-15)


EDIT_HEADINGS = {
    "en": ("column", "action", "from", "to", "levels", "reason", "by", "on"),
    "zh": tuple(EDIT_HEADS),
}


@pytest.mark.parametrize("language", SHEETS)
def test_the_third_sheet_lists_the_edits(language, tmp_path):
    sheet = opened(CARD.card_, tmp_path, language).worksheets[2]
    split, merge = {"en": ("split", "merge"), "zh": ("拆分", "合并")}[language]
    assert rows_of(sheet) == [
        EDIT_HEADINGS[language],
        ("income", split, 30, None, None, "贫困线", "hs", "2026-11-02"),
        ("kind", merge, None, None, "农户, =1+1", "一致", None, None),
    ]


@pytest.mark.parametrize("language", SHEETS)
def test_the_third_sheet_of_a_card_without_edits_has_headings_alone(language, tmp_path):
    sheet = opened(SMALL.card_, tmp_path, language).worksheets[2]
    assert rows_of(sheet) == [EDIT_HEADINGS[language]]


COLUMNS_ZH = [
    "特征", "箱号", "取值", "类别", "行数", "占比", "违约数", "违约率", "证据权重", "权重标准误",
    "系数", "积分", "基准分",
]  # fmt: skip
KINDS_ZH = {"bin": "分箱", "special": "特殊值", "missing": "缺失", "unseen": "未见过"}


@pytest.mark.parametrize("name", CARDS)
def test_the_chinese_workbook_has_the_cells_of_the_english_one_under_chinese_headings(
    name, tmp_path
):
    card = CARDS[name].card_
    (_, *english), (header, base, *rows) = (
        rows_of(opened(card, tmp_path, language).worksheets[0]) for language in ("en", "zh")
    )
    assert list(header) == COLUMNS_ZH
    assert base == ("基础分", None, "基础分", "基础分", *english[0][4:])
    for row, (feature, place, label, kind, *rest) in zip(rows, english[1:], strict=True):
        assert row == (feature, place, GROUPS_ZH.get(kind, label), KINDS_ZH[kind], *rest)


def test_writing_in_chinese_leaves_the_table_as_it_is(tmp_path):
    before = CARD.table_
    CARD.to_excel(tmp_path / "card.xlsx", "zh")
    pd.testing.assert_frame_equal(CARD.table_, before)


@pytest.mark.parametrize("language", SHEETS)
def test_a_fitted_card_writes_the_workbook_of_its_card(language, tmp_path):
    book = openpyxl.load_workbook(CARD.to_excel(tmp_path / "own.xlsx", language))
    other = opened(CARD.card_, tmp_path, language)
    assert [rows_of(sheet) for sheet in book] == [rows_of(sheet) for sheet in other]


@pytest.mark.parametrize("name", ["card", "card.xls", "card.csv", "card.xlsx.bak", "card.xlsm"])
def test_a_workbook_by_another_ending_is_refused_and_nothing_is_written(name, tmp_path):
    for ask in (CARD.to_excel, lambda path: write_card_workbook(CARD.card_, str(path), "zh")):
        with pytest.raises(DomainError) as caught:
            ask(tmp_path / name)
        assert caught.value.code == "card_suffix"
        assert caught.value.en == (
            f"{name} does not end in .xlsx; give the workbook a name that does."
        )
        assert caught.value.zh == f"{name} 的扩展名不是 .xlsx；请使用以 .xlsx 结尾的文件名。"
    assert list(tmp_path.iterdir()) == []


def test_an_ending_in_capitals_is_the_same_ending(tmp_path):
    path = CARD.to_excel(tmp_path / "CARD.XLSX")
    assert path.name == "CARD.XLSX"
    assert openpyxl.load_workbook(path).sheetnames == SHEETS["en"]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "#N/A", "#REF!", "TRUE", "42", "1e5",
     "2026-11-02", "=", "'=1", "\t=1", "<b>&amp;</b>", "家风"],
)  # fmt: skip
def test_a_text_that_looks_like_a_formula_stays_a_text(text, tmp_path):
    book = opened(with_texts(text), tmp_path)
    name, label = book["card"].cell(row=3, column=1), book["card"].cell(row=3, column=3)
    edit = [book["edits"].cell(row=2, column=column) for column in (1, 5, 6, 7, 8)]
    assert [(cell.value, cell.data_type) for cell in (name, label, *edit)] == [(text, "s")] * 7


def test_the_workbook_holds_no_formula(tmp_path):
    path = CARD.to_excel(tmp_path / "card.xlsx")
    with zipfile.ZipFile(path) as archive:
        sheets = [name for name in archive.namelist() if "worksheets" in name]
        assert len(sheets) == 3
        assert not any(b"<f>" in archive.read(name) for name in sheets)


def test_a_path_may_be_a_text_and_a_file_that_stands_there_is_replaced(tmp_path):
    path = tmp_path / "card.xlsx"
    path.write_bytes(b"old")
    assert CARD.to_excel(str(path)) == path
    assert openpyxl.load_workbook(path).sheetnames == SHEETS["en"]


@pytest.mark.parametrize("place", ["nowhere/card.xlsx", "."])
def test_a_place_that_cannot_be_written_is_refused(place, tmp_path):
    folder = tmp_path / "folder.xlsx"
    folder.mkdir()
    with pytest.raises(OutputError, match="could not be written") as caught:
        CARD.to_excel(folder / place)
    assert caught.value.code == "output_not_written"
    assert list(tmp_path.rglob("*")) == [folder]


def test_a_workbook_that_cannot_be_written_to_the_end_leaves_the_old_one(tmp_path, monkeypatch):
    path = CARD.to_excel(tmp_path / "card.xlsx")
    old = path.read_bytes()

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"card\.xlsx.*No space left on device"):
        CARDS["plain"].to_excel(path)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == old


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x01b", r"a\x01b"),
        ("\x00", r"\x00"),
        ("\x08\x0b\x0c\x0e\x1f", r"\x08\x0b\x0c\x0e\x1f"),
        ("=\x07", r"=\x07"),
        ("a\tb", "a\tb"),
        ("a\nb", "a\nb"),
        ("\x7f", "\x7f"),
        (r"\x01", r"\x01"),
    ],
    ids=ascii,
)
def test_a_control_character_that_a_workbook_cannot_hold_is_written_by_its_code(
    text, shown, tmp_path
):
    sheet = opened(with_texts(text), tmp_path)["card"]
    name, label = sheet.cell(row=3, column=1), sheet.cell(row=3, column=3)
    assert [(cell.value, cell.data_type) for cell in (name, label)] == [(shown, "s")] * 2


def test_a_card_fitted_on_a_level_with_a_control_character_is_written(tmp_path):
    frame = FRAME.assign(kind=np.where(FRAME["kind"] == "a|b", "a\x01b", "ab"))
    card = Scorecard().fit(frame, DEFAULTED)
    labels = [cell.value for cell in opened(card.card_, tmp_path)["card"]["C"]]
    assert r"a\x01b" in labels
    assert card_from_json(card.to_json()).names == card.card_.names


def test_fitting_scoring_and_writing_to_memory_leave_no_file(tmp_path, monkeypatch):
    # Defect 11: a peer's fit writes a workbook into the working folder.
    monkeypatch.chdir(tmp_path)
    card = Scorecard(binner=BINNER).fit(FRAME, DEFAULTED)
    card.predict_proba(FRAME)
    card.reasons(FRAME)
    card_from_json(card.to_json())
    card.to_markdown()
    assert list(tmp_path.iterdir()) == []
