"""Sentences of the commands on papers, in Chinese and English."""

from __future__ import annotations

__all__ = ["PAPER_TEXTS"]

PAPER_TEXTS: dict[str, tuple[str, str]] = {
    "notice_written": (
        "告知书草稿已写入 {path}；请填写【待填】之处并由经办人签字，未填写前不得送达。",
        "A draft of the notice is in {path}; fill in the marked blanks and have it signed before "
        "it goes out.",
    ),
    "page_written": (
        "说明页已写入 {path}（中英文，含户内信息，请妥善保管）；页末【待填】之处由银行填写。",
        "The page is in {path}, in both languages; it holds data of the household, and the bank "
        "fills in the marked blanks at its end.",
    ),
    "card_written": (
        "{count} 份文件已写入 {path}；【待填】之处由银行填写。",
        "{count} papers are in {path}; the bank fills in the marked blanks.",
    ),
}
"""Chinese and English template by key."""
