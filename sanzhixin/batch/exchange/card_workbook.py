"""A model on paper: card, tiers, default probabilities, bounds and origin, as values of cells."""

from __future__ import annotations

import re
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sanzhixin.batch.exchange.pmml import grid_steps
from sanzhixin.errors import DomainError, OutputError
from sanzhixin.errors.words import BOUND_WORDS, Lang
from sanzhixin.records.cells import is_formula_like
from sanzhixin.records.whole_file import write_whole
from sanzhixin.records.workbooks import NOT_IN_XML, new_workbook, save_workbook
from sanzhixin.scoring.panel_rules import MICRO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sanzhixin.model import SanzhixinModel
    from sanzhixin.scheme.limits import LimitRules
    from sanzhixin.scoring.card import Characteristic
    from sanzhixin.scoring.pd_table import PdTable
    from sanzhixin.scoring.plan import Plan

__all__ = ["write_model_workbook"]

Cell = str | int | float | None
Row = tuple[Cell, ...]

_WIDEST = 48

_WORDS: dict[str, tuple[str, str]] = {
    "card": ("评分卡", "card"),
    "tiers": ("等级", "tiers"),
    "pd": ("违约概率", "default probability"),
    "bounds": ("额度上限", "bounds"),
    "provenance": ("来源", "provenance"),
    "group": ("分组", "group"),
    "code": ("代码", "code"),
    "characteristic": ("特征", "characteristic"),
    "bin": ("取值", "bin"),
    "level": ("水平", "level"),
    "at_least": ("不低于", "at least"),
    "below": ("低于", "below"),
    "points": ("积分", "points"),
    "base": ("基础分", "base points"),
    "missing": ("缺失", "missing"),
    "floor": ("合计下限", "least together"),
    "ceiling": ("合计上限", "most together"),
    "total": ("总分", "total"),
    "tier": ("等级", "tier"),
    "points_from": ("积分起点", "points from"),
    "score_from": ("分数起点", "score from"),
    "cap_yuan": ("等级上限（元）", "cap (yuan)"),
    "rate_bp": ("年利率（基点）", "yearly rate (basis points)"),
    "reached": ("评分卡可达", "within reach of the card"),
    "yes": ("是", "yes"),
    "no": ("否", "no"),
    "prob": ("违约概率", "default probability"),
    "lower": ("下界", "lower bound"),
    "upper": ("上界", "upper bound"),
    "bound": ("上限", "bound"),
    "of": ("适用", "of"),
    "value": ("数值", "value"),
    "unit": ("单位", "unit"),
    "required": ("必需", "required"),
    "yuan": ("元", "yuan"),
    "by_tier": ("见等级表", "see the tiers"),
    "as_stated": ("以所报金额为准", "the amount that is stated"),
    "absent": ("未设", "none"),
    "times_income": ("倍家庭年收入", "times the yearly income"),
    "share_of_assets": ("占资产的比例", "share of the assets"),
    "loss": ("元预期损失", "yuan of expected loss"),
    "lgd": ("违约损失率", "share lost in default"),
    "aggregate": ("评议员建议额度的汇总方式", "aggregate of the raters' proposals"),
    "median": ("中位数", "median"),
    "mean": ("均值", "mean"),
    "min": ("最小值", "min"),
    "step": ("取整单位", "step"),
    "item": ("项目", "item"),
    "content": ("内容", "content"),
}
"""Chinese and English word of everything that the sheets name themselves."""


def write_model_workbook(model: SanzhixinModel, path: str | Path, *, lang: Lang = "zh") -> Path:
    """Write the card of a model and what surrounds it as a workbook to be read and checked.

    Every cell is a value: there is no formula, and text that looks like one is marked as text.

    Parameters
    ----------
    model : SanzhixinModel
        What is written.
    path : str or Path
        Ends in ``.xlsx``; a file that stands there is replaced.
    lang : {"zh", "en"}, default="zh"
        Of headings and labels.

    Returns
    -------
    Path
        The file, with sheets of the card (bins and points; the ends of sums), the tiers, the
        default probabilities (where they change), the bounds of the limit, and the origin.  Equal
        models give equal bytes.

    Raises
    ------
    DomainError
        ``run_option``: another language; ``card_suffix``: another ending.
    OutputError
        ``output_not_written``: disk full, no permission, no such folder.

    Examples
    --------
    >>> import tempfile
    >>> from sanzhixin.modelling import expert_model
    >>> from sanzhixin.scheme import load_scheme
    >>> model = expert_model(load_scheme("tongxiang"), name="trial", version="1.0.0")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_model_workbook(model, f"{folder}/card.xlsx", lang="en").name
    'card.xlsx'
    """
    if lang not in ("zh", "en"):
        raise DomainError("run_option", name="lang", value=lang, known="zh, en")
    file = Path(path)
    if file.suffix.lower() != ".xlsx":
        raise DomainError("card_suffix", path=file.name)
    say = _Speaker(lang)
    sheets = {
        "card": _card_rows(model.plan, say),
        "tiers": _tier_rows(model, say),
        "pd": _pd_rows(model.plan.pd, model.plan.card.points_per_score, say),
        "bounds": _bound_rows(model.plan, say),
        "provenance": _origin_rows(model, say),
    }
    content = _workbook({say(name): rows for name, rows in sheets.items()})
    try:
        write_whole(file, content)
    except OSError as error:
        raise OutputError("output_not_written", path=file.name, problem=error.strerror) from None
    return file


class _Speaker:
    """Words and labels in one language."""

    def __init__(self, lang: Lang) -> None:
        self._place = ("zh", "en").index(lang)

    def __call__(self, key: str) -> str:
        return _WORDS[key][self._place]

    def heads(self, *keys: str) -> Row:
        return tuple(self(key) for key in keys)

    def pick(self, zh: str, en: str) -> str:
        return (zh, en)[self._place]


def _card_rows(plan: Plan, say: _Speaker) -> Iterator[Row]:
    card = plan.card
    yield say.heads(
        "group", "code", "characteristic", "bin", "level", "at_least", "below", "points"
    )
    yield (say("base"), *_BLANK, *_BLANK, card.base)
    for group, rows in zip(card.groups, card.group_rows, strict=True):
        name = say.pick(group.zh, group.en)
        for item in card.characteristics[rows]:
            head = (name, item.name, say.pick(item.zh, item.en))
            yield from ((*head, *row) for row in _item_rows(item, say))
        yield from _end_rows(name, (group.lowest, group.highest), say)
    yield from _end_rows(say("total"), (card.lowest, card.highest), say)


_BLANK = (None, None, None)


def _end_rows(name: str, ends: tuple[int, int], say: _Speaker) -> Iterator[Row]:
    for key, points in zip(("floor", "ceiling"), ends, strict=True):
        yield (name, None, None, say(key), *_BLANK, points)


def _item_rows(item: Characteristic, say: _Speaker) -> Iterator[Row]:
    """Bin, level, ends and points; a step of a grid has no label of its own."""
    yield (say("missing"), *_BLANK, item.missing_points)
    if item.kind == "grid":
        edges, scores = grid_steps(item)
        labels: list[str | None] = [None] * len(scores)
    else:
        edges = list(item.edges) if item.kind == "bins" else []
        scores, labels = list(item.points), list(map(say.pick, item.labels_zh, item.labels_en))
    if item.kind == "levels":
        levels = zip(labels, item.levels, scores, strict=True)
        yield from ((label, level, None, None, points) for label, level, points in levels)
        return
    margins = pairwise((None, *(_exact(edge / MICRO) for edge in edges), None))
    for label, (low, high), points in zip(labels, margins, scores, strict=True):
        yield (label, None, low, high, points)


def _tier_rows(model: SanzhixinModel, say: _Speaker) -> Iterator[Row]:
    plan, absent = model.plan.tiers, model.file.tiers_out_of_reach
    per = model.plan.card.points_per_score
    rated = any(rate is not None for rate in plan.rates)
    yield say.heads(
        "tier", "points_from", "score_from", "cap_yuan", *(["rate_bp"] if rated else []), "reached"
    )
    for place in reversed(range(-1, len(plan.grades))):
        start = int(plan.cutoffs[place]) if place >= 0 else None
        name = plan.name(place)
        yield (
            name,
            start,
            None if start is None else _exact(start / per),
            int(plan.caps[place]),
            *([plan.rate(place)] if rated else []),
            say("no" if name in absent else "yes"),
        )


def _pd_rows(pd: PdTable, per: int, say: _Speaker) -> Iterator[Row]:
    """Rows at which a value changes."""
    yield say.heads("points_from", "score_from", "prob", "lower", "upper")
    before: object = ()
    for row in pd.rows:
        values = (row.prob_default, row.lower, row.upper)
        if values != before:
            yield (row.at_least, _exact(row.at_least / per), *values)
        before = values


def _bound_rows(plan: Plan, say: _Speaker) -> Iterator[Row]:
    yield say.heads("bound", "of", "value", "unit", "required")
    rules = plan.scheme.limits
    stated = {
        "product_cap": plan.scheme.yuan(rules.product_cap, "limits.product_cap"),
        "village_cap": plan.scheme.yuan(rules.village_cap, "limits.village_cap"),
        "exposure_room": plan.limits.customer_total,
    }
    for bound, words in BOUND_WORDS.items():
        needed = say("yes") if bound in rules.required else None
        if bound in stated:
            value: Row = (None, stated[bound], say("yuan"))
        else:
            value = _rule(bound, rules, plan, say)
        if value[1] is None:
            value = (value[0], say("absent"), None)
        yield (say.pick(*words), *value, needed)
        if bound == "village_cap":
            for village, yuan in sorted(plan.limits.village_caps.items()):
                yield (say.pick(*words), village, yuan, say("yuan"), None)
        elif bound == "loss_cap" and rules.loss_cap is not None:
            yield (say.pick(*words), None, _exact(float(rules.loss_cap.lgd)), say("lgd"), None)
    yield (say("step"), None, plan.limits.step, say("yuan"), None)


def _rule(bound: str, rules: LimitRules, plan: Plan, say: _Speaker) -> Row:
    """Value and unit of a bound that is no plain amount of the scheme."""
    loss = None if rules.loss_cap is None else rules.loss_cap.at_most
    ratios = {
        "income_multiple": (rules.income_multiple, "times_income"),
        "debt_room": (rules.debt_ratio, "share_of_assets"),
    }
    if bound in ratios:
        value, unit = ratios[bound]
        return (None, None if value is None else _exact(float(value)), say(unit))
    if bound == "loss_cap":
        return (None, plan.scheme.yuan(loss, "limits.loss_cap.at_most"), say("loss"))
    if bound == "village_limit":
        return (None, say(rules.village_aggregate), say("aggregate"))
    return (None, say("by_tier" if bound == "tier_cap" else "as_stated"), None)


def _origin_rows(model: SanzhixinModel, say: _Speaker) -> Iterator[Row]:
    """Every entry of the provenance under its name in the model file, after what it belongs to."""
    file, pd = model.file, model.file.pd
    yield say.heads("item", "content")
    head: dict[str, object] = {
        "model_id": file.model_id,
        "status": file.status,
        "valid_until": file.valid_until,
        "digest": file.digest(),
        "scheme_id": file.scheme.scheme_id,
        "scheme": say.pick(file.scheme.zh, file.scheme.en),
        "points_per_score": file.card.points_per_score,
        "pd.basis": pd.basis,
        "pd.method": pd.method,
        "pd.population": pd.population,
        "pd.n_loans": pd.n_loans,
        "pd.n_defaults": pd.n_defaults,
        "pd.confidence": pd.confidence,
        "pd.note": say.pick(pd.note_zh, pd.note_en),
    }
    origin = file.provenance.model_dump(mode="json")
    for name, value in (*head.items(), *_flat(origin)):
        if value is not None and value != "":
            plain = isinstance(value, int | float) and not isinstance(value, bool)
            yield (name, value if plain else str(value))


def _flat(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(dict(sorted(value.items())), f"{prefix}{key}.")
        elif isinstance(value, list):
            yield from ((f"{prefix}{key}", entry) for entry in value)
        else:
            yield f"{prefix}{key}", value


def _exact(value: float) -> int | float:
    return int(value) if value == int(value) else value


def _workbook(sheets: dict[str, Iterable[Row]]) -> bytes:
    book, made = new_workbook(), BytesIO()
    for name, rows in sheets.items():
        _fill(book.create_sheet(name), rows)
    save_workbook(book, made)
    return made.getvalue()


def _fill(sheet: Any, rows: Iterable[Row]) -> None:
    from openpyxl.styles import Font

    widths: dict[str, int] = {}
    for place, row in enumerate(rows, start=1):
        for column, value in enumerate(row, start=1):
            if value is None:
                continue
            cell = sheet.cell(row=place, column=column)
            if isinstance(value, str):
                cell.value = NOT_IN_XML.sub(_visible, value)
                cell.data_type = "s"  # "=1+1" stays a text
                cell.quotePrefix = is_formula_like(value)
            else:
                cell.value = value
            if place == 1:
                cell.font = Font(bold=True)
            width = sum(2 if sign > "\u2e80" else 1 for sign in str(value))
            widths[cell.column_letter] = max(width, widths.get(cell.column_letter, 0))
    for letter, width in widths.items():
        sheet.column_dimensions[letter].width = min(width, _WIDEST) + 2
    sheet.freeze_panes = "A2"


def _visible(found: re.Match[str]) -> str:
    """Write a character that a workbook cannot hold by its code."""
    return f"\\x{ord(found[0]):02x}"
