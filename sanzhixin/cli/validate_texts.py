"""Sentences and words of the command that judges a model, in Chinese and English."""

from __future__ import annotations

__all__ = ["VALIDATE_TEXTS"]

VALIDATE_TEXTS: dict[str, tuple[str, str]] = {
    "validate_written": (
        "验证报告已写入 {path}；供模型风险管理使用，不对外公布。",
        "The report is in {path}; it is for model risk management, not for publication.",
    ),
    "validate_table": ("表（行数）", "table (rows)"),
}
"""Chinese and English template by key."""
