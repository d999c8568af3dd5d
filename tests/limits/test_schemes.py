"""What a scheme file may state: digits, lengths, months, shares and sizes."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from itertools import pairwise

import pytest

from sanzhixin.scheme import load_scheme, scheme_from_dict
from sanzhixin.scoring import expert_card
from tests.limits.limit import Limit, assert_accepted, assert_refused, ids

BUILT_IN = load_scheme("tongxiang").model_dump()
PANEL = next(item for item in BUILT_IN["indicators"] if item["kind"] == "panel")
NUMBER = next(factor for factor in BUILT_IN["factors"] if factor["kind"] == "numeric")
CATEGORY = next(factor for factor in BUILT_IN["factors"] if factor["kind"] == "categorical")
EVENT = next(
    item for item in BUILT_IN["indicators"] if item["kind"] == "event" and item["cap"] is not None
)
OFFICIAL = next(item for item in BUILT_IN["indicators"] if item["kind"] == "official")


def put(scheme, path, value):
    """Set a value by its path, as ``tiers.rows.0.rate_bp``."""
    *way, last = (int(key) if key.isdecimal() else key for key in path.split("."))
    place = scheme
    for key in way:
        place[key] = list(place[key]) if isinstance(place[key], tuple) else place[key]
        place = place[key]
    place[last] = value
    return scheme


def in_scheme(path, make=lambda value: value, **base):
    def use(value):
        return scheme_from_dict(put(deepcopy(BUILT_IN | base), path, make(value)))

    return use


def position(item):
    return BUILT_IN["indicators"].index(item)


def pillar_code(length):
    """The same new code wherever the first pillar is named."""
    old, new = BUILT_IN["pillars"][0]["code"], "f" * length
    scheme = deepcopy(BUILT_IN)
    for item in (*scheme["pillars"], *scheme["indicators"]):
        for key in ("code", "pillar"):
            item[key] = new if item.get(key) == old else item.get(key)
    scheme["pillars"] = tuple({k: p[k] for k in BUILT_IN["pillars"][0]} for p in scheme["pillars"])
    scheme["indicators"] = tuple(
        {key: new[key] for key in old}
        for new, old in zip(scheme["indicators"], BUILT_IN["indicators"], strict=True)
    )
    roles = scheme["raters_by_pillar"]
    scheme["raters_by_pillar"] = {new if code == old else code: r for code, r in roles.items()}
    return scheme_from_dict(scheme)


def small(points, per, *, cap=None):
    """A scheme of one pillar, one item and one tier whose highest score is so many points."""
    score, cap = Decimal(points) / per, Decimal(1) if cap is None else cap
    tier = {**BUILT_IN["tiers"]["rows"][0], "at_least": Decimal(0), "below": None}
    return scheme_from_dict(
        BUILT_IN
        | {
            "points_per_score": per,
            "highest_score": score,
            "pillars": ({**BUILT_IN["pillars"][0], "weight": score - cap},),
            "raters_by_pillar": {BUILT_IN["pillars"][0]["code"]: ("panel",)},
            "indicators": (PANEL,),
            "event_part": {"start": Decimal(0), "floor": Decimal(0), "cap": cap},
            "factors": (),
            "tiers": BUILT_IN["tiers"] | {"rows": (tier,)},
        }
    )


def items(count):
    more = [{**PANEL, "code": f"X{k}", "zh": f"指标{k}"} for k in range(count)]
    others = [item for item in BUILT_IN["indicators"] if item.get("pillar") != PANEL["pillar"]]
    return scheme_from_dict(BUILT_IN | {"indicators": (*more, *others)})


def loss(months):
    level = {**EVENT["levels"][0], "points": Decimal(-1)}
    lost = {**EVENT, "code": "X1", "levels": (level,), "valid_months": months}
    lost["cap"] = {"points": Decimal(-1), "months": 12}
    return scheme_from_dict(BUILT_IN | {"indicators": (*BUILT_IN["indicators"], lost)})


def scale(highest):
    scaled = [
        {**item, "highest": 9} if item["kind"] == "panel" else item
        for item in BUILT_IN["indicators"]
    ]
    scaled[position(PANEL)] = {**PANEL, "highest": highest}
    return scheme_from_dict(BUILT_IN | {"indicators": tuple(scaled)})


def rate(basis_points):
    """The lowest tier has the highest rate, the highest tier the lowest."""
    rows = sorted(BUILT_IN["tiers"]["rows"], key=lambda row: row["at_least"])
    rates = [max(basis_points, 1), *[1] * (len(rows) - 2), min(basis_points, 1)]
    rated = tuple({**row, "rate_bp": found} for row, found in zip(rows, rates, strict=True))
    return scheme_from_dict(BUILT_IN | {"tiers": BUILT_IN["tiers"] | {"rows": rated}})


def loss_cap(lgd):
    return in_scheme("limits.loss_cap")({"at_most": Decimal(1), "lgd": lgd})


def extends(depth, folder):
    """A file that extends one that extends ...; the last extends the built-in scheme."""
    for number in range(depth):
        above = "tongxiang" if number == 0 else f"{number - 1}.toml"
        (folder / f"{number}.toml").write_text(f'extends = "{above}"\n', encoding="utf-8")
    return load_scheme(folder / f"{depth - 1}.toml")


ONE, LEAST = Decimal(1), Decimal("0.000001")


def factors(*given):
    scheme = scheme_from_dict(BUILT_IN | {"factors": given})
    return expert_card(scheme)


def numbers(edges):
    ends = [None, *edges, None]
    return NUMBER | {
        "bins": tuple(
            {"points": 0, "zh": "一", "en": "one"}
            | ({} if low is None else {"at_least": low})
            | ({} if high is None else {"below": high})
            for low, high in pairwise(ends)
        )
    }


def bins(count):
    return factors(numbers(range(count - 1)))


def farthest(bound):
    factors(numbers([-bound, 0]))
    return factors(numbers([0, bound]))


def levels(count):
    first = CATEGORY["levels"][0]
    return factors(
        CATEGORY
        | {"levels": tuple(first | {"level": f"l{k}", "points": Decimal(0)} for k in range(count))}
    )


OUT = "value_out_of_range"
LIMITS = [
    Limit(
        "scheme.base._MOST_DECIMALS",
        6,
        "number_digits",
        in_scheme("review.link_variance", lambda n: Decimal(1).scaleb(-n)),
    ),
    Limit(
        "scheme.base._MOST_DIGITS",
        12,
        "number_digits",
        in_scheme("limits.product_cap", lambda n: Decimal(1).scaleb(n)),
    ),
    Limit("scheme.base.Text", 200, "text_too_long", in_scheme("zh", lambda n: "好" * n)),
    Limit("scheme.base.Text", 1, "text_too_short", in_scheme("zh", lambda n: "好" * n), "", 0),
    Limit(
        "scheme.base.CODE_FORM",
        32,
        "code_form",
        in_scheme(f"indicators.{position(PANEL)}.code", lambda n: "A" * n),
    ),
    Limit("scheme.base.PILLAR_FORM", 8, "pillar_code_form", pillar_code),
    Limit("scheme.base.NAME_FORM", 64, "scheme_name_form", in_scheme("name", lambda n: "a" * n)),
    Limit("scheme.scheme.Scheme.points_per_score", 1_000, OUT, lambda n: small(2 * n, n)),
    Limit("scheme.scheme.Scheme.min_forms", 50, OUT, in_scheme("min_forms")),
    Limit("scheme.scheme.Scheme.min_forms", 1, OUT, in_scheme("min_forms"), "", 0),
    Limit(
        "scheme.scheme.Scheme.rating_validity_months", 60, OUT, in_scheme("rating_validity_months")
    ),
    Limit(
        "scheme.scheme.Scheme.rating_validity_months",
        1,
        OUT,
        in_scheme("rating_validity_months"),
        "",
        0,
    ),
    Limit(
        "scheme.scheme.Scheme.proposal_validity_months",
        12,
        OUT,
        in_scheme("proposal_validity_months"),
    ),
    Limit(
        "scheme.scheme.Scheme.proposal_validity_months",
        1,
        OUT,
        in_scheme("proposal_validity_months"),
        "",
        0,
    ),
    Limit("scheme.scheme._MOST_POINTS", 20_000, "score_scale_too_large", lambda n: small(n, 1)),
    Limit(
        "scheme.scheme._MOST_POINTS",
        20_000,
        "score_scale_too_large",
        lambda n: small(n, 1, cap=Decimal(n - 1)),
    ),
    Limit("scheme.factors._MOST_BINS", 255, "list_too_long", bins),
    Limit("scheme.factors._MOST_LEVELS", 254, "list_too_long", levels),
    Limit("scheme.factors._FARTHEST", 9_000_000_000, "scheme_invalid", farthest, "9000000000"),
    Limit("scheme.scheme._MOST_ITEMS", 12, "pillar_crowded", items),
    Limit(
        "scheme.scheme._EXACT",
        9_223_372,  # times 10^12 yuan it is below 2^63
        "ratio_too_fine",
        in_scheme("limits.income_multiple", Decimal),
    ),
    Limit("scheme.catalog.PanelItem", 9, "scale_invalid", scale),
    Limit(
        "scheme.catalog.EventCap.months",
        120,
        OUT,
        in_scheme(f"indicators.{position(EVENT)}.cap.months"),
    ),
    Limit(
        "scheme.catalog.EventRule.valid_months",
        120,
        OUT,
        in_scheme(f"indicators.{position(EVENT)}.valid_months"),
    ),
    Limit("scheme.catalog.EventRule", 12, "event_loss_unbounded", loss),
    Limit(
        "scheme.catalog.OfficialRule.expires_months",
        60,
        OUT,
        in_scheme(f"indicators.{position(OFFICIAL)}.expires_months"),
    ),
    Limit("scheme.tiers.TierRow.rate_bp", 10_000, OUT, rate),
    Limit("scheme.tiers.TierRow.rate_bp", 1, OUT, rate, "", 0),
    Limit("scheme.limits.LossCap.lgd", ONE, OUT, loss_cap, "", ONE + LEAST),
    Limit(
        "scheme.limits.LimitRules.debt_ratio",
        ONE,
        OUT,
        in_scheme("limits.debt_ratio"),
        "",
        ONE + LEAST,
    ),
    Limit(
        "scheme.limits.ReviewRules.review_probability",
        Decimal("0.499999"),
        OUT,
        in_scheme("review.review_probability"),
        "",
        Decimal("0.5"),
    ),
]


@pytest.mark.parametrize("limit", LIMITS, ids=ids(LIMITS))
def test_a_scheme_at_the_limit_is_loaded(limit):
    assert_accepted(limit)


@pytest.mark.parametrize("limit", LIMITS, ids=ids(LIMITS))
def test_a_scheme_beyond_the_limit_is_refused(limit):
    assert_refused(limit)


DEEP = Limit("scheme.loader._DEEPEST", 5, "extends_too_deep", extends)


def test_five_schemes_may_extend_each_other(tmp_path):
    assert_accepted(DEEP, tmp_path)


def test_a_sixth_scheme_that_is_extended_is_refused(tmp_path):
    assert_refused(DEEP, tmp_path)
