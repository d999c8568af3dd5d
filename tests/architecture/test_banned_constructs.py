from __future__ import annotations

import ast
import re

import pytest

# Results of these differ between processors and libraries in the last bits; points must not.
INEXACT = {
    "dot", "einsum", "exp", "exp2", "expm1", "inner", "log", "log10", "log1p", "log2", "logaddexp",
    "matmul", "tensordot", "vdot",
}  # fmt: skip
ARRAY_MODULES = {"math", "np", "numpy"}
CODE_LOADERS = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve", "yaml"}
CODE_RUNNERS = {"__import__", "compile", "eval", "exec"}
FRAME_CODE_RUNNERS = {"eval", "read_pickle", "to_pickle"}
MACHINE_PATH = re.compile(r"(?<![\w.])/(home|opt|root|tmp|Users|work)/[\w.]|[A-Z]:\\Users")
DOWNLOAD = re.compile(
    r"https?://[^\s\"']+\.(whl|tar\.gz|tgz|zip)\b|index[-_]url\s*=", re.IGNORECASE
)
NEGLECTED = re.compile(r"#\s*(TODO|FIXME|XXX|HACK)\b")


def found(modules, offends):
    return [
        f"{module.path}:{node.lineno}"
        for module in modules
        for node in ast.walk(module.tree)
        if offends(node)
    ]


def is_inexact(node):
    match node:
        case ast.BinOp(op=ast.MatMult()) | ast.AugAssign(op=ast.MatMult()):
            return True
        case ast.Attribute(attr="dot"):
            return True
        case ast.Attribute(value=ast.Name(id=base), attr=name):
            return base in ARRAY_MODULES and (name in INEXACT or name == "linalg")
        case ast.ImportFrom(module=str(module), names=names):
            is_array = module.split(".")[0] in ARRAY_MODULES
            return is_array and ("linalg" in module or any(a.name in INEXACT for a in names))
    return False


def loads_or_runs_code(node):
    match node:
        case ast.Import(names=names):
            return any(alias.name.split(".")[0] in CODE_LOADERS for alias in names)
        case ast.ImportFrom(module=str(module)):
            return module.split(".")[0] in CODE_LOADERS
        case ast.Call(func=ast.Name(id=name)):
            return name in CODE_RUNNERS
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in FRAME_CODE_RUNNERS
        case ast.keyword(arg="allow_pickle", value=ast.Constant(value=True)):
            return True
    return False


def prints(node):
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    )


def parsed(code):
    return list(ast.walk(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "a @ b",
        "a @= b",
        "a.dot(b)",
        "np.dot(a, b)",
        "np.exp(a)",
        "math.log(a)",
        "np.einsum('ij,j', a, b)",
        "np.linalg.solve(a, b)",
        "from numpy import log1p",
        "from numpy.linalg import solve",
    ],
)
def test_the_ban_sees_inexact_arithmetic(code):
    assert any(is_inexact(node) for node in parsed(code))


@pytest.mark.parametrize("code", ["a * b", "np.sqrt(a)", "a.sum()", "log(a)", "exp = 3"])
def test_the_ban_lets_exact_arithmetic_pass(code):
    assert not any(is_inexact(node) for node in parsed(code))


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "import joblib.memory",
        "from yaml import load",
        "eval('1')",
        "exec('1')",
        "pd.read_pickle('a')",
        "np.load('a', allow_pickle=True)",
    ],
)
def test_the_ban_sees_what_loads_or_runs_code(code):
    assert any(loads_or_runs_code(node) for node in parsed(code))


def test_scoring_uses_no_inexact_arithmetic(modules):
    scoring = [module for module in modules if module.name.startswith("sanzhixin.scoring")]
    assert scoring != []
    assert found(scoring, is_inexact) == []


def test_nothing_in_the_package_loads_or_runs_code(modules):
    assert found(modules, loads_or_runs_code) == []


def test_nothing_in_the_package_prints(modules):
    assert found(modules, prints) == []


def test_nothing_in_the_package_is_left_to_do(modules):
    assert [module.path for module in modules if NEGLECTED.search(module.source)] == []


def lines_that_match(files, root, pattern):
    hits = []
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        hits += [
            f"{path.relative_to(root)}:{number}"
            for number, line in enumerate(text.splitlines(), start=1)
            if pattern.search(line)
        ]
    return hits


def test_no_file_names_a_folder_of_one_machine(kept_files, root):
    assert lines_that_match(kept_files, root, MACHINE_PATH) == []


def test_no_file_names_a_download_address(kept_files, root):
    assert lines_that_match(kept_files, root, DOWNLOAD) == []


def test_no_file_is_larger_than_5_mb(kept_files, root):
    large = [str(p.relative_to(root)) for p in kept_files if p.stat().st_size > 5_000_000]
    assert large == []
