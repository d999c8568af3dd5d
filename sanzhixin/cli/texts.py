"""Every sentence and word of the command line, in Chinese and English."""

from __future__ import annotations

from sanzhixin.errors.words import BOUND_WORDS, STATUS_WORDS, TRIGGER_WORDS

__all__ = ["TEXTS"]

_MESSAGES: dict[str, tuple[str, str]] = {
    "check_clean": ("全部 {n_in} 行均已接收。", "All {n_in} rows are accepted."),
    "check_date": (
        "评定日 {as_of}，日期类规则以此日为准。",
        "Scoring date {as_of}; the rules on dates go by it.",
    ),
    "check_rejected": (
        "{n_in} 行中有 {rejected} 行被退回，其中最先的几行如下：",
        "{rejected} of {n_in} rows are rejected; the first of them:",
    ),
    "demo_done": ("演示完成，用时 {seconds} 秒。文件所在：", "Done in {seconds} s. Files are in:"),
    "demo_fit": (
        "3/5 建立模型：{model_id}，违约概率依据 {basis}（{loans} 笔贷款，违约 {defaults} 笔）",
        "3/5 model {model_id}: pd_basis {basis} (loans: {loans}, of them defaulted: {defaults})",
    ),
    "demo_households": (
        "5/5 三户说明（完整说明见 explained/）",
        "5/5 three households explained (full accounts in explained/)",
    ),
    "demo_next": ("接下来可以试：", "What to try next:"),
    "demo_read": (
        "2/5 读取并校验：{n_in} 行，接收 {accepted} 行",
        "2/5 read and checked: {accepted} of {n_in} rows accepted",
    ),
    "demo_score": (
        "4/5 评定 {scored} 户，评定日 {as_of}；按村列出状态与等级：",
        "4/5 scored {scored} households as of {as_of}; by village, status and tier:",
    ),
    "demo_simulated": (
        "1/5 模拟一个县域：{villages} 个村、{households} 户、{forms} 份评议表（均为虚构数据）",
        "1/5 simulated a county: {villages} villages, {households} households, {forms} forms "
        "(all made up)",
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
        "Note: {rejected} rows were rejected and not used; see them with sanzhixin check.",
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
        "总量 {total} 元：降低 {lowered} 户，合计 {allocated} 元；{ceiling}。"
        "余额因额度按步长取整而未分配。",
        "Total {total} yuan: {lowered} households lowered, together {allocated} yuan; {ceiling}. "
        "What is left is less than one step for each household at its ceiling.",
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
        "  village {village}: {lowered} households lowered, {before} -> {after} yuan",
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
        "{households} 户中 {moving} 户等级变动；额度合计 {yuan_before} → {yuan_after} 元。",
        "Of {households} households {moving} change their tier; limits sum to {yuan_after} yuan, "
        "before {yuan_before}.",
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
    "verify_findings": ("{path}：有 {count} 处不一致。", "{path}: {count} things do not agree."),
}

_WORDS: dict[str, tuple[str, str]] = {
    "accepted": ("接收", "accepted"),
    "appeal.after": ("去掉后", "without"),
    "appeal.before": ("原建议", "as it is"),
    "appeal.value": ("项目", "value"),
    "diff.after": ("新等级", "tier then"),
    "diff.before": ("原等级", "tier now"),
    "diff.households": ("户数", "households"),
    "diff.yuan_after": ("新额度", "yuan then"),
    "diff.yuan_before": ("原额度", "yuan now"),
    "models.model": ("模型", "model"),
    "models.signatures": ("签名数", "signatures"),
    "models.status": ("状态", "status"),
    "models.until": ("有效期至", "valid until"),
    "checking": ("校验", "checking"),
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

_ACCOUNT: dict[str, tuple[str, str]] = {
    "account_title": (
        "农户 {household} 的建议：{status}。这是建议，不是最终决定。",
        "Household {household}: {status}. This is a proposal, not a decision.",
    ),
    "account_facts": (
        "评定日 {as_of}，模型 {model}，方案 {scheme}，有效期至 {until}",
        "as of {as_of}, model {model}, scheme {scheme}, valid until {until}",
    ),
    "account_score": (
        "得分 {score}（{low} 至 {high}），等级 {tier}",
        "score {score} ({low} to {high}), tier {tier}",
    ),
    "account_no_score": (
        "不给出得分、等级和额度",
        "no score, tier or amount is stated",
    ),
    "account_pd": (
        "违约概率 {pd}（{lower} 至 {upper}），依据 {basis}，仅以获批农户校准",
        "default probability {pd} ({lower} to {upper}), basis {basis}, calibrated on approved "
        "households",
    ),
    "account_no_pd": (
        "没有违约概率：模型未使用贷款结果",
        "no default probability: the model has seen no outcome",
    ),
    "account_pd_beyond": (
        "没有违约概率：该分数及以下没有贷款结果，无从得知",
        "no default probability: there is no outcome at these points or below, so nothing is known",
    ),
    "head_limits": ("额度（元）", "Limits (yuan)"),
    "head_reasons": ("理由", "Reasons"),
    "no_reasons": ("与基准相同，没有加减分", "as the reference: nothing added or taken off"),
    "head_pillars": ("维度与评议表", "Pillars and forms"),
    "head_items": ("评议指标（仅计有效评议表）", "Panel items (counted forms only)"),
    "head_events": ("积分事项", "Events"),
    "head_records": ("官方记录", "Official records"),
    "head_bounds": ("额度上限逐项（元）", "Bounds of the limit (yuan)"),
    "head_members": ("成年家庭成员可签约额度（元）", "What each adult may sign for (yuan)"),
    "head_next": ("如何升一级", "What would move it one tier up"),
    "head_triggers": ("人工复核提示", "What asks for a human look"),
    "head_override": ("调整理由（村或客户经理填写）", "Reason for the override, as stated"),
    "limit_village": ("村", "village"),
    "limit_manager": ("客户经理", "manager"),
    "limit_system": ("系统", "system"),
    "limit_proposed": ("建议额度", "proposed"),
    "not_stated": ("未填", "not stated"),
    "not_given": ("不给出", "none given"),
    "none": ("无", "none"),
    "sum": (
        "合计：{parts} = {points}（卡上 {per} 分合得分 1 分）",
        "together: {parts} = {points} ({per} points of the card are one of the score)",
    ),
    "pillar_line": (
        "{name}：{score}，计{points}/{full}分；有效{forms}份，了解{familiar}份，回避{recused}份",
        "{name}: {score}, {points} of {full} points; {forms} forms counted, {familiar} familiar, "
        "{recused} recused",
    ),
    "pillar_line_adjusted": (
        "{name}：按评议员宽严调整后{score}（这些评议表的均值为{plain}），计{points}/{full}分；"
        "有效{forms}份，了解{familiar}份，回避{recused}份",
        "{name}: {score} corrected for severe and lenient raters (mean of these forms {plain}), "
        "{points} of {full} points; {forms} forms counted, {familiar} familiar, {recused} recused",
    ),
    "adjusted": (
        "得分按评议员宽严调整；村际比较依据：{link}",
        "scores are corrected for severe and lenient raters; villages are compared by {link}",
    ),
    "col_rater": ("评议员", "rater"),
    "col_role": ("角色", "role"),
    "col_relation": ("关系", "relation"),
    "col_round": ("轮次", "round"),
    "col_date": ("日期", "date"),
    "col_code": ("代码", "code"),
    "col_name": ("名称", "name"),
    "col_level": ("级别", "level"),
    "col_outcome": ("结果", "outcome"),
    "col_answers": ("评分数", "ratings"),
    "col_mean": ("均值", "mean"),
    "col_bound": ("上限", "bound"),
    "col_amount": ("金额", "amount"),
    "col_binds": ("是否起作用", "binding"),
    "col_member": ("成员", "adult"),
    "col_exposure": ("现有授信", "owes"),
    "col_may_sign": ("可签约", "may sign for"),
    "col_by": ("依据", "held by"),
    "by.household_limit": ("全户额度", "the household's limit"),
    "by.exposure_room": ("本人授信总额余量", "the person's room under the customer total"),
    "shared": (
        "全户共用一个额度，各成员签约合计不得超过建议额度。",
        "The household shares one limit: the contracts of all adults together stay within it.",
    ),
    "rate": ("该等级年利率 {rate}%", "yearly rate of the tier {rate} %"),
    "col_ended": ("终止", "ended"),
    "col_effect": ("作用", "effect"),
    "binds": ("← 最小，起作用", "<- the smallest: binding"),
    "absent": ("未填，不起作用", "absent, does not bind"),
    "in_force": ("有效：{action}", "in force: {action}"),
    "lapsed": ("已过期或未生效，不计", "not in force, does not count"),
    "highest_tier": ("已是最高等级", "highest tier already"),
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
    "basis.none": ("无贷款结果", "none"),
    "basis.prudent": ("审慎估计（违约少）", "prudent"),
    "basis.fitted": ("按贷款结果拟合", "fitted"),
    "basis.anchored": ("按设定水平锚定", "anchored"),
    "link.vignettes": ("锚定案例", "anchor cases"),
    "link.bridge": ("跨村评议员", "raters of several villages"),
    "link.outcomes": ("贷款结果", "loan outcomes"),
    "link.prior": (
        "设定比例（先验），宜在村内比较；请各村共同评议锚定案例（vignettes）",
        "a stated prior alone (compare within villages; let all villages rate anchor cases)",
    ),
    "model.draft": ("草稿", "draft"),
    "model.validated": ("已验证", "validated"),
    "model.approved": ("已批准", "approved"),
    "model.retired": ("已停用", "retired"),
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
    )
    for code, words in table.items()
}

TEXTS: dict[str, tuple[str, str]] = {**_MESSAGES, **_WORDS, **_ACCOUNT, **_CODES, **_NAMED}
"""Chinese and English template by key."""
