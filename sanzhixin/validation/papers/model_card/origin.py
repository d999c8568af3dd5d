"""Parts of the model card that tell who answers for a model and what it was made from."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sanzhixin.errors.words import MODEL_STATUS_WORDS
from sanzhixin.records.columns import TABLES
from sanzhixin.validation.papers.layout import Text
from sanzhixin.validation.papers.model_card.notes import note_in_chinese

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sanzhixin.validation.papers.layout import Block
    from sanzhixin.validation.papers.writer import Pair, Writer

__all__ = ["approvals", "origin"]


def approvals(w: Writer) -> Iterator[Block]:
    """Who fitted, validated, approved and retired the model, and until when it scores."""
    file, by = w.file, w.file.provenance
    if file.status != "approved":
        zh, en = MODEL_STATUS_WORDS[file.status]
        yield Text(
            w.pick(
                f"{zh}的模型不得用于对农户的决定。",
                f"A {en} model is not for decisions on households.",
            )
        )

    def signed(person: str | None, on: dt.date | None, absent: Pair) -> str:
        if person is None:
            return w.pick(*absent)
        return person if on is None else f"{person}{w.pick('，', ', ')}{on}"

    not_stated, not_yet = ("未注明", "not stated"), ("尚无", "none yet")
    retired: list[tuple[Pair, object]] = []
    if by.retired_by is not None:
        step = signed(by.retired_by, by.retired_on, not_stated)
        step += f"{w.pick('：', ': ')}{by.retired_because}"
        retired.append((("停用", "Retired by"), step))
    months = file.scheme.proposal_validity_months
    yield w.named(
        (("拟合", "Fitted by"), signed(by.fitted_by, by.fitted_on, not_stated)),
        (("验证", "Validated by"), signed(by.validated_by, by.validated_on, not_yet)),
        (("批准", "Approved by"), signed(by.approved_by, by.approved_on, not_yet)),
        *retired,
        (("最后评定日", "Last scoring date"), file.valid_until),
        (("建议有效", "Life of a proposal"), w.pick(f"{months} 个月", f"{months} months")),
    )


def origin(w: Writer) -> Iterator[Block]:
    """Loans, rows, checksums and versions that the model was made from."""
    file, by = w.file, w.file.provenance
    about: list[tuple[Pair, object]] = [(("文件格式版本", "Protocol of the file"), file.protocol)]
    if by.data_from is not None:
        window = f"{by.data_from} 至 {by.data_until}", f"{by.data_from} to {by.data_until}"
        about.append((("贷款发放", "Loans granted"), w.pick(*window)))
    names = {key: TABLES[key].zh if key in TABLES else key for key in (*by.rows, *by.checksums)}
    about += [((f"{names[n]}行数", f"Rows of {n}"), count) for n, count in by.rows.items()]
    about += [((f"{names[n]} SHA-256", f"SHA-256 of {n}"), d) for n, d in by.checksums.items()]
    about += [((f"{n} 版本", f"Version of {n}"), number) for n, number in by.versions.items()]
    if by.seed is not None:
        about.append((("模拟县域的种子", "Seed of the simulated county"), by.seed))
    yield w.named(*about)
    if by.notes:
        yield w.lines(*((note_in_chinese(note, by), note) for note in by.notes))
    yield Text(
        w.pick(
            f"{file.version} 为本版本。已发布的文件不再改动；任何改动都是新版本，另有模型卡。",
            f"This is version {file.version}. A released file is never edited: a change is a new "
            "version with a card of its own.",
        )
    )
