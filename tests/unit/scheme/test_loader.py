from __future__ import annotations

import textwrap
from importlib import resources

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sanzhixin.errors import InputError, SanzhixinError, SchemeError
from sanzhixin.scheme import load_scheme, scheme_from_dict

BASE = load_scheme("tongxiang")
BUILTIN = (
    resources.files("sanzhixin.scheme").joinpath("builtin", "tongxiang.toml").read_text("utf-8")
)


@pytest.fixture
def load(tmp_path):
    def load_text(text, name="village.toml"):
        (tmp_path / name).write_text(textwrap.dedent(text), encoding="utf-8")
        return load_scheme(tmp_path / name)

    return load_text


VILLAGE = """
    extends = "tongxiang"
    name = "yuefeng"
    version = "1.2.0"

    [tiers]
    rows = [
      { grade = "优", at_least = 90, cap = 20 },
      { grade = "良", at_least = 80, below = 90, cap = 8 },
    ]

    [limits.village_caps]
    V07 = 6
    V08 = 4.5

    [[indicators]]
    code = "ML05"
    cap = { points = 6, months = 12 }

    [[indicators]]
    code = "ML10"
    kind = "event"
    pillar = "ml"
    zh = "环境清扫"
    en = "cleaning of shared ground"
    valid_months = 6
    cap = { points = 4, months = 12 }
    levels = [{ level = "standard", zh = "一次", points = 0.5 }]
    evidence = "sign-in record"
    who = "村民委员会"
    legal_basis = "household consent"
    """


def test_a_village_states_only_what_differs(load):
    # Acceptance question 1 of the domain notes: items, points, tiers and caps without code.
    village = load(VILLAGE)
    assert village.scheme_id == "yuefeng/1.2.0"
    assert [(row.grade, row.cap) for row in village.tiers.ascending] == [("良", 8), ("优", 20)]
    assert village.tiers.unit == "万元"
    caps = {key: village.yuan(cap, key) for key, cap in village.limits.village_caps.items()}
    assert caps == {"V07": 60_000, "V08": 45_000}
    assert village.event_rules["ML05"].cap.points == 6
    assert village.event_rules["ML05"].levels == BASE.event_rules["ML05"].levels
    assert village.event_rules["ML10"].levels[0].points * village.points_per_score == 5
    same = ("pillars", "factors", "gates", "review", "aggregator", "event_part", "panel_codes")
    assert all(getattr(village, key) == getattr(BASE, key) for key in same)


def test_items_points_and_weights_change_without_code(load):
    changed = load(
        """
        extends = "tongxiang"
        aggregator = "trimmed_mean"

        [[pillars]]
        code = "fs"
        weight = 10

        [[pillars]]
        code = "nr"
        weight = 34

        [event_part]
        start = 20

        [[factors]]
        name = "utility_payment"
        levels = [{ level = "on_time", points = 2 }]

        [[indicators]]
        code = "NR08"
        kind = "panel"
        pillar = "nr"
        zh = "守时守约"
        en = "keeps appointments"
        evidence = "panel form"
        who = "邻居"
        legal_basis = "household consent"
        """
    )
    assert changed.aggregator == "trimmed_mean"
    assert [(pillar.code, pillar.weight) for pillar in changed.pillars] == [
        ("fs", 10),
        ("ml", 16),
        ("nr", 34),
    ]
    assert changed.panel_codes == (*BASE.panel_codes, "NR08")
    assert changed.event_part.start == 20
    levels = next(f.levels for f in changed.factors if f.name == "utility_payment")
    assert [(level.level, level.points) for level in levels] == [
        ("on_time", 2),
        ("sometimes_late", 0),
        ("often_late", -1.5),
    ]


@pytest.mark.parametrize(
    ("below", "cap", "code"),
    [(79, 5, "tier_gap"), (81, 5, "tier_overlap"), (80, 6, "tier_cap_falls")],
)
def test_a_village_table_with_a_gap_an_overlap_or_a_falling_limit_is_refused(
    load, below, cap, code
):
    low = f'{{ grade = "B", at_least = 70, below = {below}, cap = {cap} }}'
    high = '{ grade = "A", at_least = 80, cap = 5 }'
    with pytest.raises(SchemeError) as caught:
        load(f'extends = "tongxiang"\n[tiers]\nrows = [{low}, {high}]\n')
    assert caught.value.code == code


def test_a_file_may_extend_a_file_beside_it(load):
    load(VILLAGE, "city.toml")
    village = load('extends = "city.toml"\nversion = "1.3.0"\n[limits]\nproduct_cap = 10\n')
    assert village.scheme_id == "yuefeng/1.3.0"
    assert village.limits.product_cap == 10
    assert village.event_rules["ML10"].code == "ML10"


def test_a_path_is_read_relative_to_the_file_that_names_it(load, tmp_path, monkeypatch):
    load(VILLAGE, "city.toml")
    (tmp_path / "villages").mkdir()
    (tmp_path / "villages" / "v07.toml").write_text('extends = "../city.toml"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path.parent)
    assert load_scheme(tmp_path / "villages" / "v07.toml").name == "yuefeng"


def test_a_complete_file_needs_no_base(load):
    assert load(BUILTIN) == BASE


def chain(load, links):
    for place in range(1, links):
        parent = f"s{place - 1}.toml" if place > 1 else "tongxiang"
        load(f'extends = "{parent}"\n', f"s{place}.toml")
    return load(f'extends = "s{links - 1}.toml"\n', "last.toml")


def test_five_links_are_followed(load):
    assert chain(load, 5).name == "tongxiang"


def test_a_sixth_link_is_refused(load):
    with pytest.raises(SchemeError, match="more than 5 schemes extend each other"):
        chain(load, 6)


def test_an_unknown_scheme_is_refused_with_the_known_names():
    with pytest.raises(InputError, match=r"No scheme 'nowhere'.*tongxiang") as caught:
        load_scheme("nowhere")
    assert caught.value.code == "scheme_not_found"
    assert "找不到方案" in caught.value.zh


def test_a_missing_base_is_refused(load):
    with pytest.raises(InputError, match=r"No scheme 'gone\.toml'"):
        load('extends = "gone.toml"\n')


def test_the_same_text_gives_the_same_scheme():
    assert load_scheme("tongxiang") == BASE


def test_a_saved_scheme_is_read_back_as_it_was():
    assert type(BASE).model_validate_json(BASE.model_dump_json()) == BASE


def test_an_error_counts_all_its_places():
    data = BASE.model_dump() | {"min_forms": "3", "points_per_score": 0}
    with pytest.raises(SchemeError, match="2 places have to be corrected"):
        scheme_from_dict(data)


def test_an_error_names_the_file_and_the_files_that_it_extends(load):
    load(VILLAGE, "city.toml")
    with pytest.raises(SchemeError) as caught:
        load('extends = "city.toml"\nmin_forms = 0\n')
    assert str(caught.value).startswith("village.toml + city.toml: min_forms is 0")
    assert caught.value.zh.startswith("village.toml + city.toml：min_forms 为 0")


def test_a_rule_of_the_scheme_names_the_file_too(load):
    with pytest.raises(SchemeError) as caught:
        load('extends = "tongxiang"\nvalid_until = 2020-12-31\n')
    assert caught.value.code == "scheme_dates"
    assert str(caught.value).startswith("village.toml: The scheme would end (2020-12-31)")


def test_a_dictionary_has_no_file_to_name():
    with pytest.raises(SchemeError, match=r"^min_forms is 0 and has to be >= 1"):
        scheme_from_dict(BASE.model_dump() | {"min_forms": 0})


LINES = [line for line in BUILTIN.splitlines() if line and not line.startswith("#")]
VALUES = ['""', '"A"', "-1", "0", "1e9", "true", "[]", "{}", "nan", "2024-01-01", "3.00001", "[1]"]


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.integers(0, len(LINES) - 1),
    st.sampled_from(["drop", "double", *VALUES]),
)
def test_a_damaged_scheme_is_read_or_refused_with_our_error(tmp_path, place, change):
    line = LINES[place]
    key = line.split("=")[0]
    new = {"drop": [], "double": [line, line]}.get(change, [f"{key}= {change}"])
    path = tmp_path / "damaged.toml"
    path.write_text("\n".join([*LINES[:place], *new, *LINES[place + 1 :]]), encoding="utf-8")
    try:
        outcome = load_scheme(path).name
    except SanzhixinError as error:
        outcome = error.zh
    assert outcome


def test_a_village_may_leave_inherited_entries_out(tmp_path):
    file = tmp_path / "village.toml"
    file.write_text(
        'extends = "tongxiang"\nremove = ["limits.product_cap", "factors.customer_years"]\n',
        encoding="utf-8",
    )
    scheme = load_scheme(file)
    assert scheme.limits.product_cap is None
    assert "customer_years" not in [factor.name for factor in scheme.factors]


def test_an_unnamed_override_has_an_id_of_its_own(tmp_path):
    ids = set()
    for number, cap in enumerate((20, 30)):
        file = tmp_path / f"village{number}.toml"
        file.write_text(f'extends = "tongxiang"\n[limits]\nproduct_cap = {cap}\n', encoding="utf-8")
        ids.add(load_scheme(file).scheme_id)
    assert len(ids | {load_scheme("tongxiang").scheme_id}) == 3
    assert all(name.startswith("tongxiang/1.0.0+") for name in ids)


def test_a_deeply_nested_file_is_refused_with_a_sentence(tmp_path):
    file = tmp_path / "deep.toml"
    file.write_text("name = " + "[" * 5000, encoding="utf-8")
    with pytest.raises(InputError, match="not valid TOML"):
        load_scheme(file)
