from __future__ import annotations

import ast
import string

import pytest

from sanzhixin import errors

FAMILIES = sorted(
    (c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, Exception)),
    key=lambda c: c.__name__,
)
EXIT_CODES = {
    "ArtifactError": 6,
    "DomainError": 2,
    "EvidenceError": 2,
    "InputError": 4,
    "OutputError": 7,
    "RecordError": 3,
    "SanzhixinError": 1,
    "SchemaError": 5,
    "SchemeError": 2,
}


def placeholders(template):
    return {name.split(".")[0] for _, name, _, _ in string.Formatter().parse(template) if name}


def concepts(template):
    return {name.removesuffix("_zh").removesuffix("_en") for name in placeholders(template)}


def raised(modules):
    families = {c.__name__ for c in FAMILIES}
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                if name in families and node.args and isinstance(node.args[0], ast.Constant):
                    yield f"{module.path}:{node.lineno}", node


@pytest.mark.parametrize("code", sorted(errors.MESSAGES))
class TestEachCode:
    def test_the_english_text_is_an_english_sentence(self, code):
        text = errors.MESSAGES[code].en
        assert text[0].isascii()
        assert not set("，。；：、").intersection(text)
        assert text.endswith((".", "?", "}"))

    def test_the_chinese_text_is_a_chinese_sentence(self, code):
        text = errors.MESSAGES[code].zh
        assert any("\u4e00" <= char <= "\u9fff" for char in text)
        assert text.endswith(("。", "？", "}"))

    def test_both_texts_name_the_same_values(self, code):
        message = errors.MESSAGES[code]
        assert concepts(message.en) == concepts(message.zh)

    def test_the_code_is_lower_case_with_underscores(self, code):
        assert code.isidentifier()
        assert code == code.lower()


def is_message(node):
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "Message"


def test_no_code_stands_in_two_families(modules):
    codes = [
        key.value
        for module in modules
        if module.name.startswith("sanzhixin.errors")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if is_message(value)
    ]
    assert sorted(codes) == sorted(errors.MESSAGES)


def test_every_code_that_is_raised_has_its_texts(modules):
    unknown = [
        f"{place} {node.args[0].value}"
        for place, node in raised(modules)
        if node.args[0].value not in errors.MESSAGES
    ]
    assert unknown == []


def test_every_raise_gives_the_values_its_text_names(modules):
    lacking = [
        f"{place} {code} lacks {sorted(missing)}"
        for place, node in raised(modules)
        if (code := node.args[0].value) in errors.MESSAGES
        and None not in (given := {keyword.arg for keyword in node.keywords})
        and (missing := placeholders("".join(errors.MESSAGES[code])) - given)
    ]
    assert lacking == []


def test_every_code_is_raised_somewhere(modules):
    words = {
        node.value
        for module in modules
        if not module.name.startswith("sanzhixin.errors")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert sorted(set(errors.MESSAGES) - words) == []


def test_every_family_has_its_exit_code():
    assert {family.__name__: family.exit_code for family in FAMILIES} == EXIT_CODES


def test_every_family_derives_from_the_base():
    assert all(issubclass(family, errors.SanzhixinError) for family in FAMILIES)


def test_the_package_raises_no_bare_builtin(modules):
    bare = [
        f"{module.path}:{node.lineno}"
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and isinstance(node.exc.func, ast.Name)
        and node.exc.func.id in {"Exception", "OSError", "RuntimeError"}
    ]
    assert bare == []
