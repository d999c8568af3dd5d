"""Messages of keys, signatures, trust lists, the life of models, and the audit log."""

from __future__ import annotations

from sanzhixin.errors.message import Message

__all__ = ["TRUST"]

TRUST: dict[str, Message] = {
    "accept_unknown": Message(
        "accept={given} is not known; let pass in these words: {known}.",
        "accept={given} 无法识别；可写明放行的有：{known}。",
    ),
    "accept_without_trust": Message(
        "accept= was given without a trust list; without one nothing is asked of signatures and status. State trust= as well, or leave accept= out.",
        "给出了 accept 却没有信任清单；没有清单时不检查签名与状态。请同时给出 trust，或去掉 accept。",
    ),
    "appeal_nothing": Message(
        "An appeal names what it doubts. Leave out at least one rating, event or register.",
        "复核须写明质疑的内容；请至少指明一份评议表、一个事项或一条记录。",
    ),
    "appeal_piece": Message(
        "This does not name a piece of the record. Write rating:RATER, rating:RATER:INDICATOR, event:ID or register:DOCUMENT.",
        "这不是可质疑内容的写法；请写 rating:评议员编号、rating:评议员编号:指标、event:事项编号或 register:文号。",
    ),
    "appeal_unknown_piece": Message(
        "This household has no {kind} whose {column} is the number that was given. Look the number up in the table {table}; explain does not print it.",
        "该户没有 {column} 为所给编号的{kind_zh}；请在 {table} 表中查出编号，explain 不列出编号。",
    ),
    "audit_chain": Message(
        "Line {line} of the log does not follow the line before; entries are missing, moved or of another log. Compare with the latest copy that a checkpoint covers.",
        "日志第 {line} 行与上一行不衔接，有条目缺失、移动或来自其他日志；请与有检查点的最近备份比对。",
    ),
    "audit_cut": Message(
        "The log has {found} entries that agree, a checkpoint signed {stated}; entries at the end are missing. Restore the log from a copy.",
        "日志可核实 {found} 条，而检查点签署了 {stated} 条，末尾有条目缺失；请从备份恢复。",
    ),
    "audit_entry_altered": Message(
        "Line {line} of the log does not fit its own digests; it was changed. Compare with the latest copy that a checkpoint covers.",
        "日志第 {line} 行与自身摘要不符，已被改动；请与有检查点的最近备份比对。",
    ),
    "audit_entry_large": Message(
        "An entry of the log would be larger than {most:,} bytes; nothing was written. Shorten its texts.",
        "日志条目超过 {most:,} 字节；未写入，请缩短文字。",
    ),
    "audit_erased": Message(
        "{count} entries of the log lost what they said, the first in line {line}, and no entry ordered it. Restore the log from a copy.",
        "日志有 {count} 条内容被抹去（首条在第 {line} 行），但没有相应的删除指令；请从备份恢复。",
    ),
    "audit_kind": Message(
        "An entry of the log has a kind ({known}) and a body of named values. Correct the call.",
        "日志条目须有类别（{known}）和具名内容；请更正调用。",
    ),
    "audit_line": Message(
        "Line {line} of the log is not an entry as this library writes it; it was changed or damaged. Compare with the latest copy that a checkpoint covers.",
        "日志第 {line} 行不是本库写出的格式，已被改动或损坏；请与有检查点的最近备份比对。",
    ),
    "audit_lock": Message(
        "This system has no file locks, so writers of a log could not take turns. Keep the log on Linux or macOS.",
        "本系统没有文件锁，无法保证日志写入互斥；请在 Linux 或 macOS 上保存日志。",
    ),
    "audit_none": Message(
        "The log says nothing of this household. Check the number, and, for a log that does not name its secret, the secret.",
        "日志中没有该户的记录；请核对户号，日志未注明所用密钥的，还请核对密钥。",
    ),
    "audit_no_entry": Message(
        "The log has no entry {seq} that fits: there is none of that number, or it is of another household or kind. Find the number with audit show.",
        "日志中没有符合的第 {seq} 条：编号不存在，或属于其他农户或类别；请用 audit show 查找编号。",
    ),
    "audit_no_folder": Message(
        "The folder of the log {path} is not there; nothing was confirmed. Make it first, or correct the path.",
        "日志 {path} 所在文件夹不存在；未确认任何条目。请先建立文件夹或更正路径。",
    ),
    "audit_not_as_signed": Message(
        "The first {count} entries of the log are not those that a checkpoint signed; the log was rewritten. Restore it from a copy.",
        "日志前 {count} 条与检查点签署的不同，日志被重写；请从备份恢复。",
    ),
    "audit_not_erased": Message(
        "{count} entries of the log were ordered to be forgotten and still stand there, the first in line {line}. Run forget again, which finishes it.",
        "日志有 {count} 条已被要求删除但仍然存在（首条在第 {line} 行）；请再次运行 forget 以完成删除。",
    ),
    "audit_not_written": Message(
        "The log {path} could not be written ({problem}); nothing was confirmed. Free space or correct the permissions, then try again.",
        "无法写入日志 {path}（{problem}）；未确认任何条目。请清理空间或更正权限后重试。",
    ),
    "audit_opening": Message(
        "Line {line} of the log is not where a log begins; it was joined from several, or its first line is missing. Restore it from a copy.",
        "日志第 {line} 行的起始条目有误，日志由多份拼接或首行缺失；请从备份恢复。",
    ),
    "audit_order": Message(
        "Line {line} of the log orders an erasure that is impossible; it was not written by this library. Restore the log from a copy.",
        "日志第 {line} 行的删除指令不成立，并非由本库写出；请从备份恢复。",
    ),
    "audit_secret": Message(
        "The secret is not the one that the log was begun with, so no household could be found in the whole of it. Give that secret; a new one begins a new log.",
        "密钥不是日志开始时所用的密钥，混用后将无法按户查全；请给出原密钥，更换密钥须另开日志。",
    ),
    "audit_torn": Message(
        "Line {line} of the log is unfinished: a writer was interrupted. The next entry takes it away and says so.",
        "日志第 {line} 行未写完，写入曾被中断；写入下一条时会移除并记明。",
    ),
    "checkpoint_invalid": Message(
        "{name} is not a checkpoint, or it was changed after it was signed. Fetch it again from where it is kept.",
        "{name} 不是检查点，或签署后被改动；请从保管处重新获取。",
    ),
    "checkpoint_of_other": Message(
        "The checkpoint is of log {stated}..., this is log {own}... Hand in a checkpoint of this log; if there is none, the log was replaced.",
        "检查点属于日志 {stated}…，而此日志为 {own}…；请给出本日志的检查点，如没有，说明日志被替换。",
    ),
    "checkpoint_untrusted": Message(
        "The checkpoint over {count} entries is signed by a key that the trust list does not let sign checkpoints on that day. Correct the list, or have it signed again.",
        "签署前 {count} 条的检查点所用密钥当日无权签署；请更正信任清单或重新签署。",
    ),
    "digest_form": Message(
        "{where} is {given}; a digest is sha256: and 64 hexadecimal digits in small letters, as model.json states it. Correct it.",
        "{where} 为 {given}；摘要写作 sha256: 加 64 位小写十六进制数字，见 model.json；请更正。",
    ),
    "file_stands": Message(
        "{path} is there already, and is never overwritten. Choose another name.",
        "{path} 已存在，不会被覆盖；请换一个名称。",
    ),
    "key_file_open": Message(
        "{file}: others than its owner may read or change this key. Set its permissions to 600 and, if somebody may have read it, make a new one.",
        "{file}：所有者以外的人可读写此密钥；请将权限设为 600，如可能已泄露请更换。",
    ),
    "key_form": Message(
        "{where} is {given}; a public key is ed25519: and 44 characters of base64, as sanzhixin keys new shows it. Correct it.",
        "{where} 为 {given}；公钥写作 ed25519: 加 44 个 base64 字符，见 sanzhixin keys new 的输出；请更正。",
    ),
    "key_passphrase_missing": Message(
        "{file}: this key is encrypted, and no passphrase was given. Set the variable SANZHIXIN_KEY_PASSPHRASE, or passphrase= in Python.",
        "{file}：密钥已加密，但未给出口令；请设置环境变量 SANZHIXIN_KEY_PASSPHRASE（Python 中为 passphrase=）。",
    ),
    "key_passphrase_unused": Message(
        "{file}: this key is not encrypted, and a passphrase was given. Check that it is the key that is meant; if so, unset the variable SANZHIXIN_KEY_PASSPHRASE, or leave out passphrase= in Python.",
        "{file}：密钥未加密，却给出了口令；请核对是否为所需密钥，如是，请取消环境变量 SANZHIXIN_KEY_PASSPHRASE（Python 中去掉 passphrase=）。",
    ),
    "key_passphrase_wrong": Message(
        "{file}: the passphrase is wrong, or the key is damaged. Check the variable SANZHIXIN_KEY_PASSPHRASE, or passphrase= in Python.",
        "{file}：口令有误或密钥已损坏；请核对环境变量 SANZHIXIN_KEY_PASSPHRASE（Python 中为 passphrase=）。",
    ),
    "key_unreadable": Message(
        "{file}: not a key as wanted here. A signing key is an Ed25519 private key in PEM, a secret 64 hexadecimal digits.",
        "{file}：不是所需的密钥；签名密钥为 PEM 格式的 Ed25519 私钥，假名密钥为 64 位十六进制数字。",
    ),
    "model_days": Message(
        "A model of status {status} has to state the day of every step from its validation on, each no earlier than the one before. Correct the days.",
        "状态为 {status_zh} 的模型须写明验证以来各步骤的日期，且依次不早于前一步；请更正日期。",
    ),
    "model_ended": Message(
        "A model is retired by a person and for a reason. State both (--by, --because).",
        "停用模型须写明经办人和理由；请同时给出（--by、--because）。",
    ),
    "model_end": Message(
        "Model {model_id} is valid until {until}; {given} is later, or before the day of this step. Choose a day between.",
        "模型 {model_id} 有效期至 {until}；{given} 晚于该日，或早于本步骤日期；请选择其间的日期。",
    ),
    "model_file_name": Message(
        "{name} is not called model.json, so it has no folder of its own for its former states. Move it there first.",
        "{name} 不叫 model.json，没有自己的文件夹存放历史状态；请先移入独立文件夹。",
    ),
    "model_name_form": Message(
        "{where}: the name of a model has up to 64 small letters, digits or the characters . _ - and a letter or digit at both ends. Correct it.",
        "{where}：模型名称由小写字母、数字和 . _ - 组成，首尾为字母或数字，最多 64 个字符；请更正。",
    ),
    "model_not_approved": Message(
        "Model {model_id} is {status}, not approved, so it may not decide anything. Have it approved, or accept not_approved in words.",
        "模型 {model_id} 状态为 {status_zh}，未经批准，不得用于评定；请先批准，或写明接受 not_approved。",
    ),
    "model_released": Message(
        "Model {model_id} is {status} and is never changed. Save under a new version.",
        "模型 {model_id} 状态为 {status_zh}，不得改动；请以新版本保存。",
    ),
    "model_rolled_back": Message(
        "Model {model_id} is older than {least}, the oldest version that the trust list lets be used. Use a newer one, or accept rolled_back in words.",
        "模型 {model_id} 早于信任清单允许的最低版本 {least}；请使用新版本，或写明接受 rolled_back。",
    ),
    "model_state_unknown": Message(
        "{path} and its history hold no model with digest {digest}... Look for the folder that the decision names.",
        "{path} 及其历史中没有摘要为 {digest}… 的模型；请查找该决定所记的模型文件夹。",
    ),
    "model_step": Message(
        "Model {model_id} is {now}; the step to {asked} is not the next one. The order is draft, validated, approved, retired, and none is taken back: a change is a new version.",
        "模型 {model_id} 目前为 {now_zh}，不能直接变为 {asked_zh}；顺序为草稿、已验证、已批准、已停用，不可退回，改动须另立版本。",
    ),
    "model_version_form": Message(
        "{where} is {given}; the version of a model is three whole numbers between points, such as 1.0.0. Correct it.",
        "{where} 为 {given}；模型版本由三个整数组成，如 1.0.0；请更正。",
    ),
    "model_withdrawn": Message(
        "Model {model_id} is withdrawn by the trust list: {reason}. Use another, or accept withdrawn in words.",
        "模型 {model_id} 已被信任清单撤回：{reason}；请使用其他模型，或写明接受 withdrawn。",
    ),
    "override_limit": Message(
        "An override of {given} yuan is not possible; state a whole number of yuan from 0 to {most}, the product's cap.",
        "调整为 {given} 元不可行；请给出 0 至 {most} 元（产品上限）之间的整数。",
    ),
    "override_words": Message(
        "A decision needs a person and a reason in words. State both.",
        "决定须写明经办人和理由；请补全。",
    ),
    "registry_link": Message(
        "{path} in the registry is a link, has several names, or is of another kind; what it shows could be changed from elsewhere. Put the model itself there.",
        "模型库中的 {path} 是链接、有多个名称或类型不符，其内容可能在别处被改动；请放入模型本身。",
    ),
    "registry_name": Message(
        "A name or version that no model may have. Use small letters, digits, dots and hyphens for the name and three numbers for the version, e.g. farm-loan 1.0.0.",
        "模型名称或版本不合规；名称请用小写字母、数字、点和连字符，版本请用三段数字，如 farm-loan 1.0.0。",
    ),
    "registry_other": Message(
        "The folder {path} of the registry holds a model of another name or version. Move it to its own folder.",
        "模型库文件夹 {path} 中是其他名称或版本的模型；请移至对应文件夹。",
    ),
    "replay_differs": Message(
        "The replay does not give what was logged: {keys} differ. Check that the inputs are those of that day and the model the one that is named.",
        "重放结果与日志不符：{keys} 不同；请核对输入是否为当日所用、模型是否为所记模型。",
    ),
    "secret_short": Message(
        "A secret for pseudonyms has at least {least} bytes. Make one with sanzhixin keys secret.",
        "假名密钥至少 {least} 字节；请用 sanzhixin keys secret 生成。",
    ),
    "signature_file_invalid": Message(
        "{name} is not a file of signatures as this library writes it; it was changed or damaged. Sign the model again.",
        "{name} 不是本库写出的签名文件，已被改动或损坏；请重新签名。",
    ),
    "signature_missing": Message(
        "{name} is not signed. Have it signed by somebody on the trust list, or accept unsigned in words.",
        "{name} 没有签名；请由信任清单上的人签名，或写明接受 unsigned。",
    ),
    "signature_of_other": Message(
        "The signatures beside {name} are not of this file; the file or they were changed. Fetch both again from where the model was approved.",
        "{name} 旁的签名不属于此文件，文件或签名已被改动；请从批准处重新获取。",
    ),
    "signature_untrusted": Message(
        "No signature of {model_id} counts: none is by a key that the trust list lets sign {status} models on that day, or that key is revoked. Correct the list, have it signed again, or accept unsigned in words.",
        "模型 {model_id} 没有有效签名：签名密钥当日无权签署状态为 {status_zh} 的模型，或已被吊销；请更正信任清单、重新签名，或写明接受 unsigned。",
    ),
    "signatures_many": Message(
        "A model has {most} signatures at most. Leave out those of keys that are not used any more.",
        "一个模型最多 {most} 个签名；请去掉不再使用的密钥的签名。",
    ),
    "signer_wrong": Message(
        "What was given as a signature does not fit the key; nothing was written. Check the key and the security module.",
        "给出的签名与公钥不符；未写入任何内容，请核对密钥和加密机。",
    ),
    "signing_missing": Message(
        "Signing and checking signatures need the package cryptography. Install sanzhixin[sign].",
        "签名与验签需要 cryptography 包；请安装 sanzhixin[sign]。",
    ),
    "trust_key_dates": Message(
        "The key of {person} ends before it begins. Correct valid_from or valid_until.",
        "{person} 的密钥有效期止早于起；请更正 valid_from 或 valid_until。",
    ),
    "trust_key_twice": Message(
        "The key of {person} stands in the trust list twice. Remove one of them.",
        "{person} 的密钥在信任清单中出现两次；请删除其一。",
    ),
    "trust_list_invalid": Message(
        "{file} is refused. {problem}",
        "{file} 无效。{problem_zh}",
    ),
}
