"""Chinese of the notes that a fit leaves in a model file, which are English sentences there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sanzhixin.errors.words import METHOD_WORDS

if TYPE_CHECKING:
    from sanzhixin.scoring.provenance import Provenance

__all__ = ["note_in_chinese"]

_NUMBER = r"-?[\d.]+"
_SENTENCES = {
    r"Expert card: no number was learned from outcomes\.": "专家卡：没有从贷款结果学习数值。",
    r"Expert card: the points were not learned from outcomes\.": "专家卡：点数不由贷款结果学习。",
    r"No card was learned: .*": "未学习评分卡：{refused}",
    r"Fitted card: points learned from outcomes; points stand for the default probability that "
    r"they have under the expert card\.": (
        "学习卡：点数由贷款结果学习；同样的点数表示与专家卡相同的违约概率。"
    ),
    r"Fitted card: points learned from outcomes; the worst case has the lowest points of the "
    r"score, the best the highest\.": (
        "学习卡：点数由贷款结果学习；最差情形得最低点数，最好情形得最高点数。"
    ),
    r"Default probability by the points that each loan has by a fit that did not see it\.": (
        "违约概率按各笔贷款在未见过它的拟合中的点数得出。"
    ),
    rf"Learned card against expert card on unseen loans \((?P<holdout>\w+)\): log-loss "
    rf"(?P<learned>{_NUMBER}) against (?P<expert>{_NUMBER}), gain (?P<gain>{_NUMBER}) \(standard "
    rf"error (?P<error>{_NUMBER})\); chosen: (?P<chosen>\w+)(?P<asked>, as it was asked for)?\.": (
        "学习卡与专家卡在未见过的贷款（{holdout}）上比较：对数损失 {learned} 比 {expert}，"
        "减少 {gain}（标准误 {error}）；所用：{chosen}{asked}。"
    ),
    r"Default probability: (?P<method>\w+); (?P<defaults>\d+) defaults in (?P<loans>\d+) loans of "
    r"approved households\.": "违约概率：{method}；获批农户的 {loans} 笔贷款中违约 {defaults} 笔。",
    r"Loans left out: (?P<young>\d+) whose 12 months are not over, (?P<lost>\d+) not observed to "
    r"their end, (?P<gated>\d+) gated on the day of granting, (?P<unscored>\d+) without sufficient "
    r"ratings on that day\.": (
        "未计入的贷款：12 个月未满 {young} 笔，未观察至期满 {lost} 笔，放款日有否决项 {gated} 笔，"
        "当日评议不足 {unscored} 笔。"
    ),
    r"Factor values and event status are those of the day of fitting, not of granting\.": (
        "因素取值和积分事项的状态为拟合当日的，不是放款日的。"
    ),
    r"Loans of (?P<households>\d+) households were rejected at acceptance and are in none of these "
    r"counts; where rejection has to do with default, the rates are wrong\.": (
        "有 {households} 户的贷款在受理时被退回，未计入以上各数；若退回与违约有关，违约率会有偏差。"
    ),
}
_WORDS = {
    "holdout": {"village": "其他村", "time": "最近三分之一"},
    "chosen": {"fitted": "学习卡", "expert": "专家卡"},
    "method": {key: zh for key, (zh, _) in METHOD_WORDS.items()},
    "asked": {", as it was asked for": "（由人指定）", "": ""},
}


def note_in_chinese(note: str, origin: Provenance) -> str:
    """Say a note of a model file in Chinese; one that no fit writes stays as it is.

    Parameters
    ----------
    note : str
        One of the file's notes.
    origin : Provenance
        Of the same file: why no card was learned stands there in both languages.

    Returns
    -------
    str
        One sentence.

    Examples
    --------
    >>> from sanzhixin.scoring.provenance import Provenance
    >>> note_in_chinese("Expert card: no number was learned from outcomes.", Provenance())
    '专家卡：没有从贷款结果学习数值。'
    """
    for pattern, chinese in _SENTENCES.items():
        found = re.fullmatch(pattern, note, re.DOTALL)
        if found is not None:
            values = {name: value or "" for name, value in found.groupdict().items()}
            values = {name: _WORDS.get(name, {}).get(v, v) for name, v in values.items()}
            refused = origin.card_refused
            return chinese.format(refused="" if refused is None else refused.zh, **values)
    return note
