"""Every sentence and word of the command line, in Chinese and English."""

from __future__ import annotations

from sanzhixin.cli.account_texts import ACCOUNT
from sanzhixin.cli.demo_texts import DEMO_TEXTS
from sanzhixin.cli.monitor_texts import MONITOR_TEXTS
from sanzhixin.cli.paper_texts import PAPER_TEXTS
from sanzhixin.cli.validate_texts import VALIDATE_TEXTS
from sanzhixin.errors.words import (
    BASIS_WORDS,
    BOUND_WORDS,
    LINK_WORDS,
    MODEL_STATUS_WORDS,
    STATUS_WORDS,
    TRIGGER_WORDS,
    VERDICT_WORDS,
)

__all__ = ["TEXTS"]

_MESSAGES: dict[str, tuple[str, str]] = {
    "check_clean": ("全部 {n_in} 行均已接收。", "All {n_in} rows are accepted."),
    "check_date": (
        "评定日 {as_of}，日期类规则以此日为准。",
        "Scoring date {as_of}; the rules on dates go by it.",
    ),
    "check_today": (
        "评定日 {as_of}，即今天：county.toml 未写 as_of，也未给 --as-of。日期类规则以此日为准。",
        "Scoring date {as_of}, which is today: county.toml states no as_of, nor does --as-of. "
        "The rules on dates go by it.",
    ),
    "check_rejected": (
        "{n_in} 行中有 {rejected} 行被退回，其中最先的几行如下：",
        "{rejected} of {n_in} rows are rejected; the first of them:",
    ),
    "explain_quarantined": (
        "注意：该户有 {count} 行在接收时被退回，未计入：",
        "Note: {count} row(s) of this household were rejected on acceptance and do not count:",
    ),
    "file_problem": (
        "{file}：无法读取（{problem}）；请检查路径和权限。",
        "{file}: cannot be read ({problem}); check the path and the permissions.",
    ),
    "fit_cards": (
        "学习所得评分卡与专家卡在未见贷款（{unseen}，{loans} 笔，违约 {defaults} 笔）上的对数损失："
        "{fitted} 与 {expert}（差异标准误 {error}）；本模型采用{chosen}。",
        "Learned card against expert card on unseen loans ({unseen}: {loans}, {defaults} "
        "defaults): log-loss {fitted} against {expert} (standard error of the difference {error}); "
        "the model has {chosen}.",
    ),
    "fit_no_card": (
        "未学习评分卡，本模型采用专家卡：{zh}",
        "No card was learned, so the model has the expert card: {en}",
    ),
    "fit_out_of_reach": (
        "注意：按本卡积分可达 {low} 至 {high} 分，没有农户会是 {tiers}；"
        "请在采用前核对等级表与额度。",
        "Note: this card gives {low} to {high}, so no household can be {tiers}; look at the "
        "table of tiers and at the limits before it is adopted.",
    ),
    "tiers_head": (
        "等级表：以 {loans} 笔贷款（违约 {defaults} 笔）划分并检验，"
        "任一等级超过可接受违约率的概率至多 {delta}；仅对获批的同类农户成立。",
        "Tiers drawn and tested on {loans} loans ({defaults} defaults): with probability of at "
        "most {delta} any tier exceeds what is accepted, for households like those approved.",
    ),
    "tiers_line": (
        "  {tier}：{score} 分起，违约 {counts}，上限 {upper}（可接受 {accepted}）",
        "  {tier}: from {score}, defaults {counts}, at most {upper} (accepted {accepted})",
    ),
    "tiers_swap": (
        "对照现行等级表（{scored} 户有积分）：现有等级 {had} 户，新表 {has} 户；"
        "{gain} 户新入，{lose} 户退出。",
        "Against the present tiers, {scored} households with points: {had} have a tier now, {has} "
        "would; {gain} gain one, {lose} lose theirs.",
    ),
    "tiers_fresh": (
        "评分卡学习过 {until} 及以前的贷款，只用其后发放的 {loans} 笔。",
        "The card has learned from loans up to {until}, so only the {loans} granted later are "
        "used.",
    ),
    "tiers_written": (
        "等级表、检验与备选方案已写入 {path}。",
        "Tiers, tests and alternatives are in {path}.",
    ),
    "fit_swap": (
        "与专家卡相比，{higher} 户等级升高、{lower} 户降低、{same} 户不变；"
        "建议额度合计由 {before} 元变为 {after} 元。",
        "Against the expert card {higher} households stand in a higher tier, {lower} in a lower "
        "and {same} in the same; the proposed limits sum to {after} yuan, before {before}.",
    ),
    "export_written": ("已写入 {path}。", "Written to {path}."),
    "fit_nobody": (
        "注意：未写明 --fitted-by；该模型可试用，但不能验证或批准，且此后不能补写，须重新拟合。",
        "Note: without --fitted-by this model can be tried, but not validated or approved; nobody "
        "can be added later, so fit again with it before that.",
    ),
    "fit_no_loss_cap": (
        "注意：没有违约概率，方案的 limits.loss_cap 不起作用；"
        "如须以其为前提，请列入 limits.required。",
        "Note: without a default probability limits.loss_cap of the scheme does not bind; list it "
        "in limits.required where no amount should be proposed without it.",
    ),
    "fit_panel": (
        "评议按评议员宽严调整；村际比较依据：{link}。"
        "与简单均值相比，{compared} 户中有 {moved} 户等级不同。",
        "Measures are corrected for severe and lenient raters; villages are compared by {link}. Of "
        "{compared} households {moved} stand in another tier than by the mean.",
    ),
    "fit_quarantined": (
        "注意：{rejected} 行被退回，未采用；可用 sanzhixin check 查看。",
        "Note: rows rejected and not used: {rejected}; see them with sanzhixin check.",
    ),
    "fit_replaced": (
        "该处原有的 {model_id}（状态 {status}，摘要 {digest}）与新模型内容不同，已被替换。",
        "The former {model_id} there ({status}, digest {digest}) differs from the new one and was "
        "replaced.",
    ),
    "fit_saved": (
        "模型 {model_id} 已写入 {path}（状态 {status}，违约概率依据 {basis}，有效期至 {until}）。",
        "Model {model_id} is in {path} (status {status}, pd_basis {basis}, valid until {until}).",
    ),
    "internal": (
        "内部错误 {kind}（{where}）；未发布任何结果。加上 --debug 重试可见详情，并请报告此处。",
        "Internal error {kind} at {where}; nothing was published. Run again with --debug for the "
        "details, and report this place.",
    ),
    "interrupted": (
        "已中断（{signal}）；未发布不完整的结果，可用 --resume 继续。",
        "Interrupted ({signal}); nothing half-done was published, --resume goes on.",
    ),
    "lang_first": (
        "--lang 写在命令之前：sanzhixin --lang {lang} {command} …",
        "--lang stands before the command: sanzhixin --lang {lang} {command} …",
    ),
    "note": ("{file}：{zh}", "{file}: {en}"),
    "approval_written": (
        "已写入审批表：{households} 户 → {path}",
        "approval sheet written: {households} households → {path}",
    ),
    "limits_sum": (
        "{households} 户有建议额度（其中 {zero} 户为 0，{review} 户待复核），"
        "合计 {limit} 元；成年成员 {members} 人。",
        "{households} households have a proposed limit ({zero} of them 0, {review} to be "
        "reviewed), together {limit} yuan; {members} adults.",
    ),
    "limits_total": (
        "总量 {total} 元：建议额度合计 {asked} 元，分配 {allocated} 元，降低 {lowered} 户{by}；"
        "{ceiling}。",
        "Total {total} yuan: proposed {asked}, allocated {allocated}; households lowered: "
        "{lowered}{by}; {ceiling}.",
    ),
    "limits_lowered_by": (
        "（因单村总量 {village} 户，因全县上限 {over_all} 户）",
        " ({village} by the total of their village, {over_all} by the ceiling over all)",
    ),
    "limits_left_asked": (
        "尚余 {left} 元：建议额度合计未超过总量。",
        "{left} yuan are left: what is proposed does not exceed the total.",
    ),
    "limits_left_village": (
        "尚余 {left} 元：一个村至多 {village_total} 元，{villages} 个村中有 {count} 个村"
        "的额度因此降低（按步长取整），其余各村的建议额度已全部分配。",
        "{left} yuan are left: one village may have at most {village_total}; villages lowered to "
        "that in whole steps: {count} of {villages}; the others have all that is proposed.",
    ),
    "limits_left_villages": (
        "尚余 {left} 元：一个村至多 {village_total} 元，{villages} 个村的额度都因此降低"
        "（按步长取整），合计至多 {most} 元。",
        "{left} yuan are left: one village may have at most {village_total}, and every village "
        "({villages}) is lowered to that in whole steps: together they may have {most}.",
    ),
    "limits_left_step": (
        "尚余 {left} 元：不足以使处于全县上限的 {over_all} 户各增加一个步长（{step} 元）。",
        "{left} yuan are left: less than one step of {step} yuan for each household at the "
        "ceiling over all ({over_all}).",
    ),
    "limits_ceiling": (
        "全部额度不高于 {ceiling} 元",
        "no limit is above {ceiling} yuan",
    ),
    "limits_village_total": (
        "单村总量 {total} 元，先受其约束的村：{count} 个",
        "Total of one village {total} yuan; villages above it before the ceiling over all: {count}",
    ),
    "limits_no_ceiling": ("全县无需统一上限", "no ceiling over the whole county is needed"),
    "limits_village": (
        "  村 {village}：降低 {lowered} 户，{before} -> {after} 元",
        "  village {village}: households lowered: {lowered}, {before} -> {after} yuan",
    ),
    "limits_written": (
        "额度表与成员表已写入 {path}；给出 --total 时另有总量分配表。",
        "Limits side by side and by member are in {path}; with --total also those within it.",
    ),
    "panel_written": (
        "评议团的各表和报告已写入 {path}。",
        "The tables of the panel and the report are in {path}.",
    ),
    "score_done": (
        "已评定 {scored} 户，{quarantined} 行进入隔离文件；评定日 {as_of}，模型 {model_id}。",
        "{scored} households are scored, {quarantined} rows quarantined; as of {as_of}, model "
        "{model_id}.",
    ),
    "score_dry": (
        "仅校验：{accepted} 户可评定，{quarantined} 行会被退回；未写任何文件。",
        "Dry run: {accepted} households can be scored, {quarantined} rows would be quarantined; "
        "nothing is written.",
    ),
    "score_signed": (
        "模型由信任清单上的 {people} 签名。",
        "The model is signed by {people}, whom the trust list knows.",
    ),
    "score_logged": (
        "已将 {count} 条建议记入日志 {path}。",
        "{count} proposals are in the log {path}.",
    ),
    "score_over": (
        "退回 {quarantined} 行，超过 --max-bad {max_bad}；未发布建议，请看 {path}。",
        "{quarantined} rows are rejected, more than --max-bad {max_bad}; no proposal is "
        "published, see {path}.",
    ),
    "score_where": ("结果在 {path}", "The proposals are in {path}"),
    "simulated": (
        "已写入 {path}：{households} 户、{forms} 份评议表，评定日 {as_of}。均为虚构数据。",
        "{path}: {households} households, {forms} forms, as of {as_of}. All of it is made up.",
    ),
    "stdout_lost": (
        "标准输出无法写入（{problem}）；请更换输出位置。",
        "Standard output could not be written ({problem}); send it somewhere else.",
    ),
    "appeal_decided": (
        "经办人决定额度 {yuan} 元；原建议与新建议均保留。",
        "Decided by a person: {yuan} yuan; both proposals are kept.",
    ),
    "appeal_same": (
        "去掉质疑内容后，建议不变。",
        "Without what is doubted the proposal is the same.",
    ),
    "appeal_written": (
        "新旧建议并列写入 {path}，未改动任何原有结果。",
        "Both proposals are in {path}; nothing that was there is changed.",
    ),
    "audit_exported": ("已将 {count} 条写入 {path}。", "{count} entries are in {path}."),
    "audit_forgotten": (
        "已抹去 {count} 条内容并在日志中记明；链条仍可核验。",
        "{count} entries are forgotten, and the log says so; its chain still holds.",
    ),
    "audit_any_key": (
        "注意：未给出信任清单，检查点由任何密钥签署均被接受。",
        "Note: without a trust list a checkpoint by any key counts.",
    ),
    "audit_nothing": ("没有符合的条目，日志未变。", "No entry is as old; the log is unchanged."),
    "audit_would": (
        "将抹去 {count} 条内容；仅为预览，日志未变。",
        "{count} entries would be forgotten; this was a dry run, the log is unchanged.",
    ),
    "audit_orders": (
        "注意：检查点之后有 {count} 条删除指令，请核对是否确由本行下达（audit show）。",
        "Note: {count} orders to forget stand after the last checkpoint; see (audit show) that "
        "they were given by the bank.",
    ),
    "audit_no_checkpoint": (
        "注意：未给出另存的检查点，末尾是否被截断无从得知。",
        "Note: no checkpoint from elsewhere was given, so nobody can tell whether the end was cut "
        "off.",
    ),
    "audit_signed": (
        "已签署前 {count} 条；检查点在 {path}，请存放在日志写入者无法改动之处。",
        "Signed up to entry {count}; keep {path} where writers of the log cannot change it.",
    ),
    "diff_county": (
        "{households} 户中 {moving} 户等级变动；"
        "额度合计 A 为 {yuan_before} 元，B 为 {yuan_after} 元。",
        "Of {households} households {moving} change their tier; limits sum to {yuan_before} yuan "
        "by A, {yuan_after} by B.",
    ),
    "diff_none": ("两个模型完全相同。", "The models are the same."),
    "key_written": (
        "私钥已写入 {path}，仅所有者可读；请将上面的条目交给维护信任清单的人。",
        "The private key is in {path}, readable by its owner alone; give the entry above to who "
        "keeps the trust list.",
    ),
    "model_promoted": (
        "模型 {model_id} 现为 {status}，有效期至 {until}；原文件保存在 history，新状态尚未签名。",
        "Model {model_id} is now {status}, valid until {until}; the former file is in history, the "
        "new state is not signed yet.",
    ),
    "model_retired": (
        "原文件及其签名仍在 history；如不得再用，请将其摘要列入信任清单的 [[withdrawn]]：{digest}",
        "The former file and its signatures are still in history; to keep it from being used, put "
        "its digest into [[withdrawn]] of the trust list: {digest}",
    ),
    "model_signed": (
        "签名已写入 {path}（公钥 {key}）。",
        "The signature is in {path} (public key {key}).",
    ),
    "replay_agrees": (
        "第 {seq} 条重放一致：模型 {model_id}，评定日 {as_of}，每个字节相同。",
        "Entry {seq} replays to the same bytes: model {model_id}, as of {as_of}.",
    ),
    "score_trial": (
        "注意：模型 {model_id} 状态为 {status}，且未用 --trust 检查签名；结果仅供试用，"
        "不得据此作出决定。",
        "Note: model {model_id} is {status} and no --trust list judged it; the proposals are for "
        "trials, not for decisions.",
    ),
    "secret_written": (
        "假名密钥已写入 {path}；请妥善备份，遗失后无法再按户查找日志。",
        "The secret is in {path}; back it up, without it nobody can find a household in the log.",
    ),
    "verify_unsigned": (
        "注意：未给出 --trust，签名和状态未作检查。",
        "Note: without --trust neither signatures nor status were looked at.",
    ),
    "verify_agrees": ("{path}：全部一致。", "{path}: everything agrees."),
    "verify_findings": (
        "{path}：有 {count} 处不一致。",
        "{path} does not agree; findings: {count}.",
    ),
}

_WORDS: dict[str, tuple[str, str]] = {
    "accepted": ("接收", "accepted"),
    "appeal.after": ("去掉后", "without"),
    "appeal.before": ("原建议", "as it is"),
    "appeal.value": ("项目", "value"),
    "log.appeal": ("复核", "appeals"),
    "log.checkpoint": ("记入的检查点", "checkpoints noted"),
    "log.checkpoints": ("有效检查点", "checkpoints that count"),
    "log.count": ("条目", "entries"),
    "log.erased": ("已抹去", "erased"),
    "log.forget": ("删除指令", "orders to forget"),
    "log.head": ("末条哈希", "hash of the last"),
    "log.log": ("日志编号", "log"),
    "log.open": ("开头", "opening"),
    "log.override": ("人工决定", "decisions by persons"),
    "log.proposal": ("建议", "proposals"),
    "log.torn": ("未写完的行", "unfinished lines"),
    "diff.after": ("B 等级", "tier B"),
    "diff.before": ("A 等级", "tier A"),
    "diff.households": ("户数", "households"),
    "diff.yuan_after": ("B 额度", "yuan B"),
    "diff.yuan_before": ("A 额度", "yuan A"),
    "fact.accepted": ("放行", "accepted"),
    "fact.as_of": ("评定日", "as of"),
    "fact.digest": ("摘要", "digest"),
    "fact.manifest": ("清单摘要", "manifest"),
    "fact.model_digest": ("模型摘要", "model digest"),
    "fact.model_id": ("模型", "model"),
    "fact.scheme_id": ("方案", "scheme"),
    "fact.signed_by": ("签名人", "signed by"),
    "fact.status": ("状态", "status"),
    "fact.valid_until": ("有效期至", "valid until"),
    "models.model": ("模型", "model"),
    "models.signatures": ("签名数", "signatures"),
    "models.status": ("状态", "status"),
    "models.until": ("有效期至", "valid until"),
    "checking": ("校验", "checking"),
    "judging": ("评估模型并写报告", "judging the model, writing the report"),
    "looking": ("比较两个时点", "comparing the two days"),
    "fitting": ("拟合", "fitting"),
    "in": ("交来", "in"),
    "rejected": ("退回", "rejected"),
    "rule": ("规则", "rule"),
    "scoring": ("评定", "scoring"),
    "status": ("状态", "status"),
    "table": ("表", "table"),
    "tier": ("等级", "tier"),
    "village": ("村", "village"),
    "households": ("户数", "households"),
    "yuan": ("元", "yuan"),
}

_CODES: dict[str, tuple[str, str]] = {
    "card.expert": ("专家卡", "the expert card"),
    "card.fitted": ("学习所得评分卡", "the learned card"),
    "card.asked_for": (
        "学习所得评分卡（按 --card fitted 的要求，不以比较结果为准）",
        "the learned card, as --card fitted asked for it, whatever the comparison says",
    ),
    "holdout.village": ("其他村", "of other villages"),
    "holdout.time": ("最近三分之一", "the latest third"),
    "link.vignettes": LINK_WORDS["vignettes"],
    "link.bridge": LINK_WORDS["bridge"],
    "link.outcomes": LINK_WORDS["outcomes"],
    "link.prior": (
        "设定比例（先验），宜在村内比较；请各村共同评议锚定案例（vignettes）",
        "a stated prior alone (compare within villages; let all villages rate anchor cases)",
    ),
    "short.propose": ("建议", "propose"),
    "short.review": ("复核", "review"),
    "short.gated": ("不予", "gated"),
    "short.insufficient_evidence": ("依据不足", "insufficient"),
    "form.counted": ("计入", "counted"),
    "form.other_round": ("非本轮或过期", "other round or too old"),
    "form.unfamiliar": ("不了解", "does not know it"),
    "form.recused": ("回避", "recused"),
    "form.role_not_asked": ("不评此项", "role not asked"),
    "form.under_half_answered": ("作答不足半数", "under half answered"),
    "event.counted": ("计入", "counted"),
    "event.pending": ("待审，未计", "pending, not counted"),
    "event.rejected": ("驳回，未计", "rejected, not counted"),
    "event.revoked": ("撤销，未计", "revoked, not counted"),
    "event.not_yet_known": ("评定日后登记，未计", "recorded after the date, not counted"),
    "event.expired": ("已过有效期，未计", "expired, not counted"),
    "event.without_evidence": ("无凭证，未计", "without evidence, not counted"),
    "action.gate": ("建议不予授信", "gate"),
    "action.review": ("人工复核", "review"),
    "role.panel": ("道德评判团", "panel"),
    "role.neighbour": ("邻居", "neighbour"),
    "role.group_leader": ("村民小组长", "group leader"),
    "role.account_manager": ("客户经理", "account manager"),
    "relation.none": ("无", "none"),
    "relation.kin": ("亲属", "kin"),
    "relation.debt": ("债务", "debt"),
    "relation.business": ("合伙", "business"),
}

_NAMED = {
    f"{kind}.{code}": words
    for kind, table in (
        ("status", STATUS_WORDS),
        ("trigger", TRIGGER_WORDS),
        ("bound", BOUND_WORDS),
        ("basis", BASIS_WORDS),
        ("model", MODEL_STATUS_WORDS),
        ("verdict", VERDICT_WORDS),
    )
    for code, words in table.items()
}

TEXTS: dict[str, tuple[str, str]] = {
    **PAPER_TEXTS,
    **MONITOR_TEXTS,
    **VALIDATE_TEXTS,
    **DEMO_TEXTS,
    **_MESSAGES,
    **_WORDS,
    **ACCOUNT,
    **_CODES,
    **_NAMED,
}
"""Chinese and English template by key."""
