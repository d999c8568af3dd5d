from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import BaseModel

from sanzhixin.errors import InputError, SchemeError
from sanzhixin.scheme import load_scheme
from sanzhixin.scheme.catalog import (
    LISTED_CLASSES,
    EventCap,
    EventLevel,
    EventRule,
    OfficialRule,
    PanelItem,
    Pillar,
)
from sanzhixin.scheme.factors import CategoricalFactor, FactorBin, FactorLevel, NumericFactor
from sanzhixin.scheme.limits import DebtRatioRule, LimitRules, PurposeRule, ReviewRules
from sanzhixin.scheme.scheme import EventPart, FactorLimits, Scheme
from sanzhixin.scheme.tiers import TierRow, TierTable

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "scheme.md").read_text(encoding="utf-8")
SECTIONS: dict[str, tuple[type[BaseModel], ...]] = {
    "Top level": (),
    "pillars and raters_by_pillar": (Pillar,),
    "indicators": (PanelItem, EventRule, EventLevel, EventCap, OfficialRule),
    "gates, purpose and debt": (PurposeRule, DebtRatioRule),
    "event_part, factor_limits and factors": (
        EventPart,
        FactorLimits,
        NumericFactor,
        CategoricalFactor,
        FactorBin,
        FactorLevel,
    ),
    "tiers": (TierTable, TierRow),
    "limits": (LimitRules,),
    "review": (ReviewRules,),
}


def words(text):
    quoted = " ".join(re.findall(r"`([^`]+)`", text))
    return set(re.findall(r"\w+", quoted))


def section(title):
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def example(title="extends and remove: a village override"):
    (block,) = re.findall(r"^```toml\n(.*?)^```$", section(title), flags=re.MULTILINE | re.DOTALL)
    return block


@pytest.mark.parametrize("title", sorted(SECTIONS))
def test_every_key_of_a_part_stands_in_its_section(title):
    keys = {key for model in SECTIONS[title] for key in model.model_fields}
    assert keys - words(section(title)) == set()


def test_every_key_of_the_top_level_stands_on_the_page():
    headings = set(re.findall(r"\w+", " ".join(re.findall(r"^## (.+)$", PAGE, flags=re.MULTILINE))))
    assert set(Scheme.model_fields) - words(PAGE) - headings == set()


def test_every_listed_class_stands_on_the_page():
    assert set(LISTED_CLASSES) - words(section("indicators")) == set()


def test_village_ids_with_chinese_characters_are_read_when_quoted(tmp_path):
    path = tmp_path / "village.toml"
    path.write_text(example("limits"), encoding="utf-8")
    caps = {"桃园村": 15, "越丰村": Decimal("12.5"), "V001": 10}
    assert load_scheme(path).limits.village_caps == caps


def test_village_ids_with_chinese_characters_are_read_in_one_line(tmp_path):
    (line,) = re.findall(r"`(village_caps = \{.*\})`", section("limits"))
    path = tmp_path / "village.toml"
    path.write_text(f'extends = "tongxiang"\n[limits]\n{line}\n', encoding="utf-8")
    assert load_scheme(path).limits.village_caps == {"桃园村": 15, "V001": 10}


def test_village_ids_with_chinese_characters_are_refused_without_quotation_marks(tmp_path):
    path = tmp_path / "village.toml"
    path.write_text(example("limits").replace('"桃园村"', "桃园村"), encoding="utf-8")
    with pytest.raises(InputError, match=r'village\.toml, line 4: write "桃园村"'):
        load_scheme(path)


def test_a_refusal_names_the_place_as_the_page_says(tmp_path):
    path = tmp_path / "village.toml"
    text = example().replace("points = 1 }", 'points = "1" }')
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SchemeError, match=r"indicators\[NR08\]\.levels\[standard\]\.points is"):
        load_scheme(path)


@pytest.fixture
def override(tmp_path):
    path = tmp_path / "yuefeng.toml"
    path.write_text(example(), encoding="utf-8")
    return load_scheme(path)


def test_the_village_override_changes_what_it_states(override):
    assert override.scheme_id == "yuefeng/1.0.0"
    assert override.event_rules["ML05"].cap.points == 8
    assert override.event_rules["NR08"].zh == "垃圾分类示范"
    assert override.limits.village_caps == {"V001": 15, "V002": 12}


def test_the_village_override_takes_out_what_it_removes(override):
    assert "customer_years" not in {factor.name for factor in override.factors}
    assert override.limits.product_cap is None


def test_the_village_override_keeps_the_rest(override):
    base = load_scheme("tongxiang")
    assert override.tiers == base.tiers
    assert override.event_rules["ML05"].levels == base.event_rules["ML05"].levels
    assert override.panel_codes == base.panel_codes
    assert len(override.indicators) == len(base.indicators) + 1


def test_an_override_that_does_not_name_itself_gets_a_mark_of_its_content(tmp_path):
    path = tmp_path / "village.toml"
    text = re.sub(r'^(name|version) = "[^"]*"\n', "", example(), flags=re.MULTILINE)
    path.write_text(text, encoding="utf-8")
    assert re.fullmatch(r"tongxiang/1\.0\.0\+[0-9a-f]{8}", load_scheme(path).scheme_id)


def test_an_entry_to_remove_that_is_not_there_is_refused(tmp_path):
    path = tmp_path / "village.toml"
    path.write_text('extends = "tongxiang"\nremove = ["factors.none"]\n', encoding="utf-8")
    with pytest.raises(SchemeError, match=r"remove names factors\.none"):
        load_scheme(path)
