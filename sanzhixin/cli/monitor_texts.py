"""Sentences of the command that monitors a model, in Chinese and English."""

from __future__ import annotations

__all__ = ["MONITOR_TEXTS"]

MONITOR_TEXTS: dict[str, tuple[str, str]] = {
    "monitor_written": (
        "各表及报告已写入 {path}。",
        "The tables and the report are in {path}.",
    ),
    "monitor_quiet": (
        "本次查看没有报警；没有报警不等于没有变化。",
        "No alarm at this look; no alarm is no proof that nothing changed.",
    ),
    "monitor_rung": (
        "本次查看有报警：{kinds}；请核查原因。",
        "Alarms at this look: {kinds}; find out why.",
    ),
    "monitor_leads": (
        "各表有 {n} 行判为关注或不通过，只按本表判定，是查看的线索，见 {path}。",
        "{n} rows of the tables are judged watch or fail, by their table alone; they say where to "
        "look: {path}.",
    ),
    "monitor_stopped": (
        "模型 {model_id} 应停用，已写入停用文件 {path}；"
        "以 --stop 使用该文件的批量评定将拒绝此模型。"
        "由负责人复查后移除该文件方可恢复。",
        "The model {model_id} is to be stopped; {path} says so, and every run with --stop and this "
        "file refuses it. Somebody who answers for it removes the file after a review.",
    ),
    "score_no_stop": (
        "停用文件 {path} 不存在，因此没有模型被停用；若本应有，请核对路径。",
        "There is no stop file {path}, so no model is stopped; if there should be one, check the "
        "path.",
    ),
    "monitor_still_stopped": (
        "停用文件 {path} 仍列有模型 {model_id}；本次查看不会解除停用。",
        "The stop file {path} still names the model {model_id}; no look lifts a stop.",
    ),
}
"""Chinese and English template by key."""
