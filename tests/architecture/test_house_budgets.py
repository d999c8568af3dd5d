from __future__ import annotations

import ast

LONGEST_MODULE = 500
LONGEST_BODY = 60
USUAL_BODY = 30
SHARE_OF_USUAL_BODIES = 0.90
MOST_METHODS = 20


def functions(modules):
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield module, node


def body_lines(function):
    first, *rest = function.body
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    body = rest if is_docstring and isinstance(first.value.value, str) else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def arguments(function):
    args = function.args
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]


def test_no_module_is_longer_than_500_lines(modules):
    long = {m.path: n for m in modules if (n := m.source.count("\n")) > LONGEST_MODULE}
    assert long == {}


def test_no_function_body_is_longer_than_60_lines(modules):
    long = {
        f"{m.path}:{f.name}": body_lines(f)
        for m, f in functions(modules)
        if body_lines(f) > LONGEST_BODY
    }
    assert long == {}


def test_nine_function_bodies_in_ten_have_at_most_30_lines(modules):
    lengths = {f"{m.path}:{f.lineno}:{f.name}": body_lines(f) for m, f in functions(modules)}
    long = {name: lines for name, lines in lengths.items() if lines > USUAL_BODY}
    assert len(long) <= (1 - SHARE_OF_USUAL_BODIES) * len(lengths), long


def test_no_class_has_more_than_20_methods(modules):
    large = [
        f"{m.path}:{node.name}"
        for m in modules
        for node in ast.walk(m.tree)
        if isinstance(node, ast.ClassDef)
        and sum(isinstance(item, ast.FunctionDef) for item in node.body) > MOST_METHODS
    ]
    assert large == []


def test_every_argument_and_every_result_is_annotated(modules):
    bare = [
        f"{m.path}:{f.lineno}:{f.name}"
        for m, f in functions(modules)
        if f.returns is None
        or any(
            arg.annotation is None
            for arg in arguments(f)
            if arg is not None and arg.arg not in {"self", "cls"}
        )
    ]
    assert bare == []


def test_no_module_is_a_drawer_for_everything(modules):
    drawers = {"common", "helper", "helpers", "misc", "util", "utils"}
    names = [m.path for m in modules if drawers.intersection(m.name.lstrip("_").split("."))]
    assert names == []
