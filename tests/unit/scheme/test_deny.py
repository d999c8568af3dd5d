from __future__ import annotations

import pytest

from sanzhixin.records.columns import TABLES, table_spec
from sanzhixin.scheme import load_scheme
from sanzhixin.scheme.deny import DENIED, denied_header, denied_name, normalise_header

SCHEME = load_scheme("tongxiang")
SYNONYMS = [(word, item.code) for item in DENIED for word in item.synonyms]
CATALOG = [
    header
    for entry in (*SCHEME.indicators, *SCHEME.gates)
    for header in (entry.code, entry.zh, f"{entry.code}{entry.zh}")
]
CATALOG += [header for item in SCHEME.factors for header in (item.name, item.column, item.zh)]
CATALOG += [header for pillar in SCHEME.pillars for header in (pillar.code, pillar.zh)]
TABLE_HEADERS = sorted(
    {
        header
        for name in TABLES
        for column in table_spec(name, SCHEME).columns
        for header in (column.name, column.zh, *column.aliases)
    }
)
# DESIGN: what may never enter a score.
REQUIRED = {
    *("religion", "genes", "fingerprints", "blood_type", "health", "ethnicity", "cadre_status"),
    *("marital_status", "age", "welfare", "military", "political_attendance", "blood_donation"),
    *("petitioning", "minors"),
}


@pytest.mark.parametrize(("word", "code"), SYNONYMS)
def test_every_synonym_is_refused_as_a_header(word, code):
    assert denied_header(word).code == code


@pytest.mark.parametrize(("word", "code"), SYNONYMS)
def test_every_synonym_is_refused_as_a_name(word, code):
    assert denied_name("X01", word) is not None


@pytest.mark.parametrize("header", CATALOG)
def test_every_header_of_the_catalog_passes(header):
    assert denied_header(header) is None
    assert denied_name(header) is None


@pytest.mark.parametrize("header", TABLE_HEADERS)
def test_every_header_of_the_tables_passes(header):
    assert denied_header(header) is None


def test_every_category_of_the_design_is_denied():
    assert {item.code for item in DENIED} >= REQUIRED


@pytest.mark.parametrize("item", DENIED, ids=lambda item: item.code)
def test_every_category_has_synonyms_in_both_languages(item):
    assert {word.isascii() for word in item.synonyms} == {True, False}
    assert all(normalise_header(word) == word for word in item.synonyms)


def test_no_synonym_stands_for_two_categories():
    words = [word for word, _ in SYNONYMS]
    assert len(set(words)) == len(words)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (" 健 康 状 况 ", "health"),
        ("健康状况*", "health"),
        ("健康状况：", "health"),
        ("\ufeff年龄", "age"),
        ("宗\u200b教", "religion"),
        ("ＡＧＥ", "age"),
        ("Blood Type", "blood_type"),
        ("blood-type", "blood_type"),
        ("低保(是/否)", "welfare"),
        ("低保（是/否）", "welfare"),
    ],
)
def test_headers_are_compared_after_normalisation(header, code):
    assert denied_header(header).code == code


@pytest.mark.parametrize("header", ["教子有方", "年龄结构表编号", "coverage", "package", "sexton"])
def test_a_header_is_compared_whole_and_never_by_substring(header):
    assert denied_header(header) is None


@pytest.mark.parametrize("item", DENIED, ids=lambda item: item.code)
def test_the_audit_table_alone_may_carry_protected_groups(item):
    found = denied_header(item.synonyms[0], audit_table=True)
    assert (found is None) == item.in_audit


def test_religion_genes_fingerprints_blood_and_disease_stand_nowhere():
    kept_out = {item.code for item in DENIED if not item.in_audit}
    assert kept_out >= {"religion", "genes", "fingerprints", "blood_type", "health"}


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (("X1", "户主健康打分"), "health"),
        (("X1", "党员家庭加分"), "cadre_status"),
        (("head_age", "户主"), "age"),
        (("is-party-member", "身份"), "cadre_status"),
        (("X1", "其他", "blood_type_code"), "blood_type"),
    ],
)
def test_a_name_in_a_scheme_is_refused_for_a_listed_word_inside_it(names, code):
    assert denied_name(*names).code == code


@pytest.mark.parametrize("name", ["coverage", "villagers", "manage", "genesis", "essex", "trace"])
def test_an_english_word_inside_another_is_no_match(name):
    assert denied_name(name) is None


@pytest.mark.parametrize(
    ("header", "normal"),
    [
        ("Household ID", "household_id"),
        ("Household - ID", "household_id"),
        ("户　号", "户号"),
        ("", ""),
    ],
)
def test_headers_have_one_normal_form(header, normal):
    assert normalise_header(header) == normal
    assert normalise_header(normal) == normal


@pytest.mark.parametrize(
    ("header", "attribute"),
    [
        ("年龄(岁)", "age"),
        ("户主年龄", "age"),
        ("Age (years)", "age"),
        ("headAge", "age"),
        ("是否党员", "cadre_status"),
        ("is_party_member", "cadre_status"),
        ("是否低保户", "welfare"),
        ("有无宗教信仰", "religion"),
        ("religions", "religion"),
        ("婚姻情况", "marital_status"),
        ("民族成分", "ethnicity"),
        ("diseases", "health"),
    ],
)
def test_words_that_only_frame_a_header_do_not_hide_it(header, attribute):
    found = denied_header(header)
    assert found is not None
    assert found.code == attribute


@pytest.mark.parametrize(
    "name", ["good_faith", "third_party", "minor_breach", "coverage", "客户年限"]
)
def test_a_word_that_only_resembles_a_denied_one_passes(name):
    assert denied_name(name) is None
    assert denied_header(name) is None


def test_the_most_specific_synonym_names_the_attribute():
    assert denied_name("party_day").code == "political_attendance"
