from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
from importlib import import_module

import pytest
from numpydoc.docscrape import ClassDoc, FunctionDoc

import sanzhixin

ROOMS = ["errors", "scheme", "records", "scoring", "numerics", "modelling", "model", "simulate"]
ROOMS += ["batch", "trust", "validation"]


def is_ours(item):
    return getattr(item, "__module__", "").startswith("sanzhixin")


def exported():
    for room in ROOMS:
        module = import_module(f"sanzhixin.{room}")
        for name in getattr(module, "__all__", ()):
            item = getattr(module, name)
            if is_ours(item) and (inspect.isclass(item) or inspect.isfunction(item)):
                yield f"{room}.{name}", item


def methods(cls):
    for name, item in vars(cls).items():
        function = getattr(item, "__func__", item)
        if not name.startswith("_") and inspect.isfunction(function) and is_ours(function):
            yield name, function


def functions():
    for name, item in exported():
        if inspect.isfunction(item):
            yield name, item
        else:
            yield from ((f"{name}.{method}", function) for method, function in methods(item))


def classes():
    return ((name, item) for name, item in exported() if inspect.isclass(item))


def parameters(function):
    names = inspect.signature(function).parameters
    return {name for name in names if name not in {"self", "cls"} and not name.startswith("_")}


def documented(*sections):
    rows = [row.name for section in sections for row in section]
    return {name.strip(" *") for row in rows for name in row.split(",")}


def fields(cls):
    if dataclasses.is_dataclass(cls):
        return {field.name for field in dataclasses.fields(cls) if not field.name.startswith("_")}
    if hasattr(cls, "model_fields"):
        return set(cls.model_fields)
    return parameters(cls.__init__) if "__init__" in vars(cls) else set()


def raises_itself(function):
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    return any(isinstance(node, ast.Raise) and node.exc is not None for node in ast.walk(tree))


def test_every_room_declares_what_it_exports():
    bare = [room for room in ROOMS if not hasattr(import_module(f"sanzhixin.{room}"), "__all__")]
    assert bare == []


def test_every_module_has_a_docstring_of_sentences(modules):
    docs = {module.path: ast.get_docstring(module.tree) or "" for module in modules}
    assert [path for path, doc in docs.items() if not doc.rstrip().endswith(".")] == []


def test_every_exported_name_has_a_summary_in_one_sentence():
    docs = {name: inspect.getdoc(item) or "" for name, item in [*exported(), *functions()]}
    assert [n for n, doc in docs.items() if not doc.partition("\n")[0].endswith(".")] == []


def test_every_parameter_of_an_exported_function_is_described():
    missing = {
        name: sorted(lacking)
        for name, function in functions()
        if (lacking := parameters(function) - documented(FunctionDoc(function)["Parameters"]))
    }
    assert missing == {}


def test_no_docstring_describes_a_parameter_that_is_not_there():
    stale = {
        name: sorted(extra)
        for name, function in functions()
        if (extra := documented(FunctionDoc(function)["Parameters"]) - parameters(function))
    }
    assert stale == {}


def test_every_exported_function_with_a_result_describes_it():
    missing = [
        name
        for name, function in functions()
        if inspect.signature(function).return_annotation not in {"None", None, "Self"}
        and not (FunctionDoc(function)["Returns"] or FunctionDoc(function)["Yields"])
    ]
    assert missing == []


def test_every_exported_function_that_raises_says_when():
    missing = [
        name
        for name, function in functions()
        if raises_itself(function) and not FunctionDoc(function)["Raises"]
    ]
    assert missing == []


def test_every_field_of_an_exported_class_is_described():
    missing = {}
    for name, cls in classes():
        doc = ClassDoc(cls)
        lacking = fields(cls) - documented(doc["Parameters"], doc["Attributes"])
        if lacking:
            missing[name] = sorted(lacking)
    assert missing == {}


@pytest.mark.parametrize("name", sanzhixin.__all__)
def test_a_public_name_has_an_example_that_runs(name):
    assert ">>>" in (inspect.getdoc(getattr(sanzhixin, name)) or "")
