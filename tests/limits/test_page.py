"""docs/limits.md against the code: no number that differs, no constant that is left out."""

from __future__ import annotations

import ast
import datetime as dt
import inspect
import re
from functools import lru_cache
from importlib import import_module
from pathlib import Path

import click
import pytest

from sanzhixin import errors
from sanzhixin.records.rules import RULES
from tests.limits.limit import Limit

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "limits.md"
ROOMS = ("records", "scheme", "scoring", "batch", "cli", "modelling", "trust")
UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
NAMES = re.compile(
    r"(^|_)(MAX|MOST|LARGEST|LARGE|LONGEST|DEEPEST|FEWEST|FEW|LEAST|SMALLEST|HIGHEST|LOWEST|WIDEST"
    r"|WITHIN|FARTHEST|SHOWN|ROUNDS|FREE|CHARS|EXACT|DECIMALS|DIGITS|RANGES|FORM|TAGS?|BYTES|FAR|LIMIT|CAP)"
    r"(_|$)|(FIRST|LAST)_DAY$"
)
NO_LIMITS = {
    "records.application._Round": "records.grammar.parse_round again",
    "records.application._Yuan": "records.grammar.MAX_YUAN again",
    "records.doubts.LEAST_AMOUNTS": "evidence for a question, which refuses nothing",
    "records.csv_files._FEWEST_HAN": "evidence for an encoding",
    "records.grammar._LONGEST_INTEGER": "records.grammar.MAX_YUAN refuses it, too",
    "records.headers._FEWEST_KNOWN": "evidence for a header",
    "records.parquet_files._MOST_FIXED": "bytes of one number in memory",
    "records.parquet_files._DELTA_BYTES": "the number of an encoding",
    "records.reading._MOST_IN_MEMORY": "from here on a file stays on the disk while it is read",
    "records.xlsx_files._END_TAG": "what the end of a row may measure; no part is refused for it",
    "scheme.factors.CategoricalFactor.levels": "scheme.factors._MOST_LEVELS again",
    "scheme.factors.NumericFactor.bins": "scheme.factors._MOST_BINS again",
    "scheme.factors._Bound": "scheme.factors._FARTHEST again",
    "trust.audit_entry.KEYED_FORM": "the form of a digest",
    "scheme.base.VERSION_FORM": "a form without a longest length",
    "scheme.scheme._MOST_YUAN": "records.grammar.MAX_YUAN again, in the rule of _EXACT",
    "scoring.adjusted._LEAST_ERROR": "below it a slope is that of a table",
    "scoring.artifact.ModelFile.review_z": "a scheme allows 4.75 at most, and it has to agree",
    "scoring.canonical._LARGE": "from here on floats are written in another way",
    "scoring.card._FEW": "from here on another algorithm is quicker",
    "scoring.ledger._NO_CAP": "stands for no cap",
    "scoring.limits._FAR": "stands for no end of a tier",
    "scoring.measure._LARGE": "stands for a mean above all others",
    "scoring.model_names.DIGEST_FORM": "a form of one length",
    "scoring.panel_slopes._LEAST_SPAN": "step over which a slope is taken",
    "scoring.panel_tables._Precision": "scoring.panel_tables.MOST_PRECISION again",
    "batch.exchange.card_workbook._WIDEST": "width of a column on the screen",
    "batch.run.OVER_MAX_BAD": "an exit code",
    "batch.sql.dialects._NO_LIMIT": "stands for no limit",
    "batch.sql.expressions._FAR": "stands for a number beyond every bound",
    "cli.care_commands._LEAST_FREE": "advice of the doctor",
    "modelling.calibration.curves.LEAST_BETA": "evidence that a method needs",
    "modelling.calibration.curves.LEAST_FIRTH": "evidence that a method needs",
    "modelling.calibration.curves.LEAST_ISOTONIC": "evidence that a method needs",
    "modelling.calibration.curves.LEAST_SLOPE": "evidence that a method needs",
    "modelling.calibration.random_accept._MOST": "stands for no end of the points",
    "modelling.calibration.tiers._LEAST_RATE": "stands for a rate above 0",
    "modelling.cards.json_file._Characteristic.information": "a list of one length",
    "modelling.cards.options._RANGES": "ranges without an end, and shares",
    "modelling.cards.points_card._MOST_SUMS": "from here on another algorithm is quicker",
    "modelling.county.card._MOST_CLIPPED": "a rule of the choice of a scale",
    "modelling.county.choice.LEAST_TO_LEARN": "evidence that a method needs",
    "modelling.county.choice._LEAST_A_SIDE": "evidence that a method needs",
    "modelling.county.pd_table.LEAST_OUTCOMES": "evidence that a method needs",
    "modelling.panel.county._LEAST_HOUSEHOLDS": "evidence that a method needs",
    "modelling.panel.diagnostics._LEAST_TOLD": "evidence that a method needs",
    "modelling.panel.file._LEAST_REACH": "size of a grid that is chosen, never given",
    "modelling.panel.file._MOST_REACH": "size of a grid that is chosen, never given",
    "cli.audit_commands._SHOWN": "characters of a pseudonym in a list",
    "trust.audit_check._LOG_FORM": "a form of one length",
    "trust.trust_list.TrustList.format": "a number of a format",
    "trust.audit_entry._SALT_BYTES": "length of what is drawn",
    "trust.keys.KEY_FORM": "a form of one length",
    "trust.signatures._SignatureFile.signatures": "trust.signatures.MOST_SIGNATURES again",
}
TEXTS = {
    "records.grammar._NUMBER": (lambda n: "9" * n, lambda n: "0." + "9" * n),
    "scoring.model_names.MODEL_VERSION": (lambda n: "9" * n + ".0.0",),
}


# ---------------------------------------------------------------- the page


def rows():
    """What, limit, code, where: one for each row of the tables."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and "`sanzhixin." not in line and cells[0] != "What":
            what, limit, *code, where = cells
            words = (what, limit, code[0] if code else "none", where)
            yield tuple(text.replace("`", "") for text in words)


ROWS = list(rows())


def number(text):
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return dt.date.fromisoformat(text)
    base, _, power = text.replace(",", "").partition("^")
    whole = float(base) if "." in base else int(base)
    return abs(whole) ** int(power) * (-1 if base.startswith("-") else 1) if power else whole


def numbers(limit):
    found = re.findall(r"\d{4}-\d\d-\d\d|-?[\d,]*\d(?:\.\d+)?(?:\^\d+)?", limit)
    unit = next((size for name, size in UNITS.items() if limit.endswith(f" {name}")), 1)
    return [number(text) if unit == 1 else number(text) * unit for text in found]


# ---------------------------------------------------------------- the code


@lru_cache
def tree(module):
    return ast.parse(Path(import_module(f"sanzhixin.{module}").__file__).read_text("utf-8"))


def place(where):
    """The module, and the names within it."""
    parts = where.split(".")
    for length in range(len(parts) - 1, 0, -1):
        path = ROOT.joinpath("sanzhixin", *parts[:length])
        if path.with_suffix(".py").is_file():
            return ".".join(parts[:length]), parts[length:]
    raise LookupError(where)


def calls(node, name):
    for found in ast.walk(node):
        if isinstance(found, ast.Call) and ast.unparse(found.func).split(".")[-1] == name:
            yield found


def bounds(field, module):
    """Ends that a call of ``Field`` states."""
    values = vars(import_module(f"sanzhixin.{module}"))
    keys = {"ge", "gt", "le", "lt", "min_length", "max_length"}
    stated = {key.arg: key.value for key in field.keywords if key.arg in keys}
    return {key: eval(ast.unparse(value), values) for key, value in stated.items()}


def is_share(ends):
    lower, upper = ends.get("ge", ends.get("gt")), ends.get("le", ends.get("lt"))
    return lower == 0 and upper == 1


@lru_cache
def fields(module):
    """Name of every alias or field with an upper end, and the ends of its parts."""
    named = {}
    for node in tree(module).body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
        for item in inner:
            if not isinstance(item, ast.Assign | ast.AnnAssign):
                continue
            target = item.targets[0] if isinstance(item, ast.Assign) else item.target
            found = [bounds(call, module) for call in calls(item, "Field")]
            if any({"le", "lt", "max_length"} & ends.keys() for ends in found):
                named[f"{prefix}{ast.unparse(target)}"] = found
    return named


def longest(pattern, make):
    return max(n for n in range(1, 300) if re.match(pattern, make(n)))


def ends_of(where, what):
    """Every number that the code states at a place."""
    module, (name, *inner) = place(where)
    value = getattr(import_module(f"sanzhixin.{module}"), name)
    found = fields(module).get(".".join([name, *inner]))
    if found is not None:
        return [end for ends in found for end in ends.values()]
    if isinstance(value, click.Command):
        (option,) = (o for o in value.params if re.search(r"--[\w-]+", what)[0] in o.opts)
        return [end for end in (option.type.min, option.type.max) if end is not None]
    if inspect.isclass(value) or inspect.isfunction(value):
        nodes = ast.walk(ast.parse(inspect.getsource(value)))
        return [
            n.value for n in nodes if isinstance(n, ast.Constant) and type(n.value) in (int, float)
        ]
    if isinstance(value, str | re.Pattern):
        return [longest(value, make) for make in TEXTS.get(where, (lambda n: "a" * n,))]
    if isinstance(value, tuple):
        return next(ends for option, *ends in value if option == what)
    return [value]


def module_names(room):
    for path in sorted((ROOT / "sanzhixin" / room).rglob("*.py")):
        if path.name != "__init__.py":
            yield ".".join(path.relative_to(ROOT / "sanzhixin").with_suffix("").parts)


def is_number_like(name, value):
    """Whether a constant is a number or a day, a form of texts, or a list of ranges."""
    if name.endswith("_FORM"):
        return isinstance(value, str)
    if name.endswith("_RANGES"):
        return isinstance(value[0][-1], int | float)
    return isinstance(value, int | float | dt.date)


def inventory(room):
    """Constants, fields and options of a room that look like limits."""
    for module in module_names(room):
        values = vars(import_module(f"sanzhixin.{module}"))
        for node in tree(module).body:
            if isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)]
                for name in filter(NAMES.search, names):
                    if is_number_like(name, values[name]):
                        yield f"{module}.{name}"
        for name, ends in fields(module).items():
            if not all(is_share(end) for end in ends if {"le", "lt", "max_length"} & end.keys()):
                yield f"{module}.{name}"


def options(room):
    for module in module_names(room):
        for name, value in vars(import_module(f"sanzhixin.{module}")).items():
            for option in getattr(value, "params", ()) if isinstance(value, click.Command) else ():
                if isinstance(option.type, click.IntRange) and option.type.max is not None:
                    yield f"{name} {option.opts[0]}"


# ---------------------------------------------------------------- the tests


def test_the_page_has_rows_with_numbers():
    assert len(ROWS) > 120
    assert [row for row in ROWS if not numbers(row[1])] == []
    assert numbers("above 0 to 10,000") == [0, 10_000]
    assert numbers("-2^15 to 2^15") == [-32_768, 32_768]
    assert numbers("512 MiB") == [536_870_912]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[3]}-{row[0]}")
def test_every_limit_of_the_page_is_that_of_the_code(row):
    what, limit, _, where = row
    stated, found = numbers(limit), ends_of(where, what)
    assert [end for end in stated if end not in found] == []
    module, (name, *_) = place(where)
    value = getattr(import_module(f"sanzhixin.{module}"), name)
    if not inspect.isfunction(value) and not where.startswith(("batch.run", "scheme.catalog")):
        assert max(stated) in (max(found), *(found if where in TEXTS else ()))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[3]}-{row[0]}")
def test_every_code_of_the_page_is_one_that_the_library_has(row):
    assert row[2] in {*errors.MESSAGES, *RULES, "exit code 2", "none"}


@pytest.mark.parametrize("room", ROOMS)
def test_every_constant_that_looks_like_a_limit_is_on_the_page_or_known_to_be_none(room):
    listed = {where for _, _, _, where in ROWS} | NO_LIMITS.keys()
    assert sorted(set(inventory(room)) - listed) == []


def test_what_is_known_to_be_no_limit_is_there_and_not_on_the_page():
    found = {where for room in ROOMS for where in inventory(room)}
    assert sorted(NO_LIMITS.keys() - found) == []
    assert sorted(NO_LIMITS.keys() & {where for _, _, _, where in ROWS}) == []


def test_every_option_of_a_command_that_ends_somewhere_is_on_the_page():
    assert sorted(set(options("cli")) - {what for what, _, _, _ in ROWS}) == []


def limits_of_the_tests():
    """Every limit in the tables of these tests, and what stands in their text."""
    limits, texts = [], []
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if path.name != Path(__file__).name:
            module = import_module(f"tests.limits.{path.stem}")
            tables = [value for value in vars(module).values() if isinstance(value, list)]
            limits += [item for table in tables for item in table if isinstance(item, Limit)]
            texts.append(path.read_text("utf-8"))
    return limits, "\n".join(texts)


def test_every_row_of_the_page_is_tested():
    limits, text = limits_of_the_tests()
    places = {limit.where for limit in limits}
    untested = [row for row in ROWS if row[3] not in places and row[3] not in text]
    commands = [row for row in untested if row[2] == "exit code 2"]
    assert [row for row in untested if row not in commands] == []
    assert [row for row in commands if f'"{row[0].split()[1].strip(",")}"' not in text] == []


def test_every_tested_limit_has_the_code_that_the_page_states():
    known = {(where, code) for _, _, code, where in ROWS}
    lower = {("scheme.base.Text", "text_too_short"), ("scheme.base.Text", "model_invalid")}
    strange = {(limit.where, limit.code) for limit in limits_of_the_tests()[0]} - known - lower
    assert strange == set()
