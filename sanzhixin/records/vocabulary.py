"""Closed choices of the tables and the Chinese words that mean them."""

from __future__ import annotations

from typing import Literal

__all__ = [
    "BOOL_WORDS",
    "EVENT_STATUS",
    "EVENT_STATUS_WORDS",
    "EVIDENCE_TABLES",
    "FAMILIAR_WORDS",
    "NOT_RATED_WORDS",
    "RELATIONS",
    "RELATION_WORDS",
    "ROLES",
    "ROLE_WORDS",
    "EventStatus",
    "EvidenceTable",
    "Relation",
    "Role",
]

Role = Literal["panel", "neighbour", "group_leader", "account_manager"]
Relation = Literal["none", "kin", "debt", "business"]
EventStatus = Literal["pending", "approved", "rejected", "revoked"]
EvidenceTable = Literal["ratings", "events", "registers", "proposals", "members"]

ROLES: tuple[Role, ...] = ("panel", "neighbour", "group_leader", "account_manager")
RELATIONS: tuple[Relation, ...] = ("none", "kin", "debt", "business")
EVENT_STATUS: tuple[EventStatus, ...] = ("pending", "approved", "rejected", "revoked")

EVIDENCE_TABLES: tuple[EvidenceTable, ...] = (
    "ratings",
    "events",
    "registers",
    "proposals",
    "members",
)
"""Tables whose rejected rows may have changed a score, a limit or a review."""

ROLE_WORDS: dict[str, tuple[str, ...]] = {
    "panel": ("道德评判团", "评判团", "评议员", "评判员", "道德评判团成员"),
    "neighbour": ("邻居", "邻里", "neighbor"),
    "group_leader": ("村民小组长", "小组长", "组长"),
    "account_manager": ("客户经理", "信贷员"),
}
RELATION_WORDS: dict[str, tuple[str, ...]] = {
    "none": ("无", "无关系", "没有"),
    "kin": ("亲属", "亲戚", "家属"),
    "debt": ("债务", "债权债务", "借贷"),
    "business": ("合伙", "合作", "生意"),
}
EVENT_STATUS_WORDS: dict[str, tuple[str, ...]] = {
    "pending": ("待审", "待审核", "审核中"),
    "approved": ("通过", "已通过", "审核通过"),
    "rejected": ("驳回", "已驳回", "不通过"),
    "revoked": ("撤销", "已撤销", "作废"),
}
BOOL_WORDS: dict[str, tuple[str, ...]] = {
    "true": ("是", "true", "y", "yes", "1", "有"),
    "false": ("否", "false", "n", "no", "0", "无"),
}
FAMILIAR_WORDS: dict[str, tuple[str, ...]] = {
    "true": ("了解", "熟悉"),
    "false": ("不了解", "不熟悉"),
}
NOT_RATED_WORDS: frozenset[str] = frozenset({"不了解", "不清楚", "不知道", "不熟悉"})
"""What a rater writes instead of a rating; missing, never the middle of the scale."""
