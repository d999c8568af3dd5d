"""Messages of files, records, model files and outputs that are refused."""

from __future__ import annotations

from sanzhixin.errors.message import Message

__all__ = ["ARTIFACT", "INPUT", "OUTPUT", "RECORD"]

INPUT: dict[str, Message] = {
    "columns_missing": Message(
        "{file}: table {table} lacks {columns}. Add the columns; names and Chinese headers are both read.",
        "{file}：表 {table} 缺少列 {columns}；请补列，英文列名和中文表头均可。",
    ),
    "columns_repeated": Message(
        "{file}: the headers {first!r} and {second!r} both mean {column}. Remove or rename one of them.",
        "{file}：表头“{first}”与“{second}”同指 {column}；请删除或改名其一。",
    ),
    "county_toml_key": Message(
        "{file}: unknown key {key!r}. Only as_of and [units] with names of money columns are read.",
        "{file}：未知键“{key}”；只接受 as_of 和 [units] 下的金额列名。",
    ),
    "county_toml_value": Message(
        "{file}: {key} has to be {wanted}. Correct the value.",
        "{file}：{key} 应为 {wanted}；请更正。",
    ),
    "database_unreadable": Message(
        "the database could not be read ({problem}). Check address, user and rights, and that every value is one that Python can hold.",
        "无法读取数据库（{problem}）；请核对地址、用户、权限，以及各列的值是否超出常规范围。",
    ),
    "database_without_tables": Message(
        "the database has no table named {tables}. State the schema, or make views of these names.",
        "数据库中没有名为 {tables} 的表；请指明模式（schema），或建立同名视图。",
    ),
    "denied_column": Message(
        "{file}: column {column!r} names {attribute}, which may never enter a score ({basis}). Delete the column and hand the file in again.",
        "{file}：“{column}”列涉及{attribute_zh}，不得用于评分（{basis_zh}）；请删除该列后重新提交。",
    ),
    "file_changed": Message(
        "{file}: somebody wrote into it while it was read. Run again when the export is complete.",
        "{file}：读取期间文件被改动；请待导出完成后重新运行。",
    ),
    "file_empty": Message(
        "{file}: no header row with known columns was found in the first {rows} rows. Put the column names in one row.",
        "{file}：前 {rows} 行内未找到表头；请将列名放在同一行。",
    ),
    "file_encoding": Message(
        "{file}: the text is neither UTF-8, UTF-16 with a mark, nor GB18030 with known headers, or could be two of them. Save it as UTF-8 with a mark (in Excel: CSV UTF-8).",
        "{file}：文本不是 UTF-8、带标记的 UTF-16，也不是表头可识别的 GB18030，或无法判定是其中哪一种；请另存为带标记的 UTF-8（Excel 中选“CSV UTF-8”）。",
    ),
    "file_kind": Message(
        "{file}: it is named after table {table}, but files of this kind are not read. Save it as CSV, .xlsx or Parquet, or give it another name.",
        "{file}：文件名为表 {table}，但不支持此类文件；请另存为 CSV、.xlsx 或 Parquet，或改名。",
    ),
    "file_line_ends": Message(
        "{file}: line {line} ends in a carriage return alone, other lines in a line feed; a cell may be torn there. Remove that break, or save the file with one kind of line end.",
        "{file}：第 {line} 行以单独的回车符结束，而其他行以换行符结束，单元格可能被截断；请删除该处换行，或统一换行方式后重新保存。",
    ),
    "file_no_permission": Message(
        "{file}: no permission to read it. Ask for access, or copy it to a folder of yours.",
        "{file}：没有读取权限；请申请权限，或复制到有权限的文件夹。",
    ),
    "file_not_found": Message(
        "{file}: not found. Check the path.",
        "{file}：不存在；请检查路径。",
    ),
    "file_quotes": Message(
        "{file}: a quoted cell near line {line} is never closed. Close the quotation mark and hand the file in again.",
        "{file}：第 {line} 行附近的引号未闭合；请补全引号后重新提交。",
    ),
    "file_too_large": Message(
        "{file}: {what} is {size}, above the limit of {limit}. Split the file.",
        "{file}：{what}为 {size}，超过上限 {limit}；请拆分文件。",
    ),
    "file_unreadable": Message(
        "{file}: damaged or not a {kind} file. Export it again.",
        "{file}：文件损坏或不是 {kind} 格式；请重新导出。",
    ),
    "file_zero_bytes": Message(
        "{file}: the file is empty (0 bytes). Export it again, or remove it.",
        "{file}：文件为空（0 字节）；请重新导出或移除该文件。",
    ),
    "folder_expected": Message(
        "{file}: this is a file, a folder is wanted. Give the folder that holds the files of the county.",
        "{file}：这是文件，而此处应为文件夹；请给出存放该县域各表文件的文件夹。",
    ),
    "folder_without_tables": Message(
        "{folder}: no file is named after a table. Name files or sheets {tables}, or in Chinese {tables_zh}.",
        "{folder}：没有以表名命名的文件；请将文件或工作表命名为 {tables_zh}（或 {tables}）。",
    ),
    "money_unit_conflict": Message(
        "{file}: column {column!r} states another unit than the declaration {unit!r} in county.toml. Remove one of them.",
        "{file}：“{column}”列的单位与 county.toml 声明的“{unit}”不一致；请只保留一处。",
    ),
    "money_unit_missing": Message(
        "{file}: column {column!r} states no unit. Write （元） or （万元） in the header, or declare {name} under [units] in county.toml.",
        "{file}：“{column}”列未注明单位；请在表头写（元）或（万元），或在 county.toml 的 [units] 中声明 {name}。",
    ),
    "money_unit_unknown": Message(
        "{file}: unit {unit!r} of column {column!r} is not known. Use 元 or 万元.",
        "{file}：“{column}”列的单位“{unit}”无法识别；请用元或万元。",
    ),
    "nothing_to_verify": Message(
        "{path}: neither a model nor the output of a run is there. Check the path.",
        "{path}：既没有模型，也没有运行结果；请检查路径。",
    ),
    "parquet_encoding": Message(
        "{file}: a column is written as DELTA_BYTE_ARRAY, whose size is not known before it is unpacked. Write the file with the usual encodings (dictionary or plain).",
        "{file}：有一列采用 DELTA_BYTE_ARRAY 编码，解压前无法得知大小；请用常规编码（字典或 plain）重新导出。",
    ),
    "rater_stated_twice": Message(
        "{file}: the names of file and sheet and the title state different raters. A form has one rater; correct the wrong one, or fill a column rater_id.",
        "{file}：文件名、工作表名与标题所写的评议员不一致；一份评议表只有一名评议员，请更正，或填写“评议员编号”列。",
    ),
    "scheme_not_found": Message(
        "No scheme {source!r}: neither a built-in name ({known}) nor a file. Check the path.",
        "找不到方案 {source!r}：既非内置方案（{known}）也非文件；请检查路径。",
    ),
    "table_missing": Message(
        "The table {table} ({zh}) is missing. Add a file or sheet of that name.",
        "缺少 {table}（{zh}）表；请补充以此命名的文件或工作表。",
    ),
    "toml_date": Message(
        "{file}: {key} has to be a date of the calendar, without quotation marks, like 2026-06-30. Correct the value.",
        "{file}：{key} 应为实际存在的日期，不加引号，如 2026-06-30；请更正。",
    ),
    "toml_invalid": Message(
        "{name} is not valid TOML in UTF-8: {problem}. Correct that place and save as UTF-8.",
        "{name} 不是有效的 UTF-8 TOML 文件：{problem}；请更正并以 UTF-8 保存。",
    ),
    "workbook_active": Message(
        "{file}: the workbook carries {what}. Copy its sheets as values into a new workbook and save that as .xlsx.",
        "{file}：工作簿带有{what_zh}；请将各工作表以“选择性粘贴—数值”复制到新工作簿，另存为 .xlsx。",
    ),
    "workbook_encrypted": Message(
        "{file}: the workbook is encrypted. Remove the password and save it as .xlsx.",
        "{file}：工作簿已加密；请取消密码后另存为 .xlsx。",
    ),
    "workbook_old": Message(
        "{file}: the old .xls format is not read. Open it and save it as .xlsx.",
        "{file}：不支持旧版 .xls 格式；请另存为 .xlsx。",
    ),
}

RECORD: dict[str, Message] = {
    "default_undated": Message(
        "{count} loan(s) are marked defaulted without defaulted_on, so nobody knows whether they fell into the 12 months; state the day.",
        "{count} 笔贷款标记为违约但没有违约日，无法判断是否在 12 个月内；请补填违约日。",
    ),
    "consent_not_valid": Message(
        "{count} household(s) have no consent that names the scheme's purpose and is valid on {as_of}; renew the consent or leave them out.",
        "{count} 户没有在 {as_of} 有效且用途相符的授权；请补办授权或不纳入评定。",
    ),
    "keys_spread": Message(
        "{count} values of {column} in table {table} stand in several households. Correct them (sanzhixin check tells which rows), then run again.",
        "表 {table} 中有 {count} 个 {column} 出现在多个农户名下；请更正（可用 sanzhixin check 查看）后重试。",
    ),
    "level_unseen": Message(
        "Factor {name}: {count} value(s) are none of the levels that the card knows ({known}); correct them or leave them blank.",
        "因素 {name}：有 {count} 个取值不在评分卡范围（{known}）内；请更正或留空。",
    ),
    "codes_unknown": Message(
        "{count} rows of {table} carry codes or levels that the scheme does not have: {codes}. Accept the tables with this scheme, or use the scheme they were made for.",
        "{table} 表有 {count} 行的代码或级别不在方案中：{codes}；请用本方案重新接收，或使用原方案。",
    ),
    "household_not_found": Message(
        "Household {household} is not among the accepted households. Check its number and row.",
        "农户 {household} 不在已接收的农户中；请核对户号和所在行。",
    ),
    "record_invalid": Message(
        "The application breaks {count} rule(s):{listed}",
        "该申请有 {count} 处不符合规则：{listed_zh}",
    ),
    "rows_rejected": Message(
        "{count} of {total} rows were rejected; first: {first} Correct them, or use accept_folder to go on without them.",
        "共 {total} 行，其中 {count} 行被退回；首条：{first_zh} 请更正后重新提交。",
    ),
}

ARTIFACT: dict[str, Message] = {
    "card_columns": Message(
        "The card scores columns that no profile of its scheme has ({columns}); the file was not written by this library.",
        "评分卡使用了方案画像中没有的列（{columns}）；该文件并非由本库写出。",
    ),
    "card_scale": Message(
        "The card counts {card} points a score unit, its scheme {own}; the file was not written by this library.",
        "评分卡每分 {card} 点，而方案为 {own} 点；该文件并非由本库写出。",
    ),
    "review_z": Message(
        "review_z {given} does not belong to the scheme's review probability; the file was not written by this library.",
        "review_z {given} 与方案的复核概率不符；该文件并非由本库写出。",
    ),
    "card_not_rising": Message(
        "Characteristic {name} is fed by the panel; its points may never fall as its value rises, so that a better rating never lowers them.",
        "特征 {name} 来自评议；取值升高时分值不得下降，以保证评价越好分值不降。",
    ),
    "card_reference": Message(
        "Characteristic {name}: a characteristic of the panel has no more points than full marks, which reasons are measured from; the file was not written by this library.",
        "特征 {name}：来自评议的特征分值不得高于满分（理由以满分为基准）；该文件并非由本库写出。",
    ),
    "card_too_large": Message(
        "Characteristic {name}: bounds, or points times span, are too large to stay exact (2^53); use fewer points or smaller bounds.",
        "特征 {name}：界点或分值与跨度之积过大（超过 2^53），无法保持精确；请减小分值或界点。",
    ),
    "card_bins": Message(
        "Characteristic {name}: bounds have to rise, and points and labels have to match the bins; the file was not written by this library.",
        "特征 {name}：界点须递增，分值与标签须与区间一致；该文件并非由本库写出。",
    ),
    "card_ends": Message(
        "The card's lowest points have to be 0 or more and no higher than its highest, and so for every group; the file was not written by this library.",
        "评分卡的最低分须不小于 0 且不高于最高分，各分组亦然；该文件并非由本库写出。",
    ),
    "card_factor": Message(
        "Characteristic {name} does not have the kind, levels or bounds of that factor in the scheme; the file was not written by this library.",
        "特征 {name} 的类型、级别或界点与方案中的该因素不符；该文件并非由本库写出。",
    ),
    "card_names": Message(
        "The card repeats a name or names an unknown group; the file was not written by this library.",
        "评分卡名称重复或引用了未知分组；该文件并非由本库写出。",
    ),
    "model_digest": Message(
        "{name}: the content does not match its digest; the file was altered or damaged. Fetch it again from where it was approved.",
        "{name}：内容与摘要不符，文件被改动或损坏；请从批准处重新获取。",
    ),
    "model_expired": Message(
        "Model {model_id} was valid until {until}; the scoring date is {as_of}. Use a newer model.",
        "模型 {model_id} 有效期至 {until}，评定日为 {as_of}；请使用新模型。",
    ),
    "model_invalid": Message(
        "{name} is refused. {problem}",
        "{name} 无效。{problem_zh}",
    ),
    "model_protocol": Message(
        "{name}: file format {found} is not one that this version reads ({known}); update the library or export the model again.",
        "{name}：文件格式 {found} 不受此版本支持（{known}）；请升级软件或重新导出模型。",
    ),
    "model_retired": Message(
        "Model {model_id} is retired and does not score; use its successor.",
        "模型 {model_id} 已停用，不再评分；请使用后续模型。",
    ),
    "model_nobody": Message(
        "A model of status {status} has to name who {needed} it; not named: who {lacking} it. Who takes this step is stated with --by NAME; who fitted a model is stated with fit --fitted-by NAME and cannot be added later, so fit it again where that lacks.",
        "状态为 {status_zh} 的模型须写明{needed_zh}，现未写明{lacking_zh}。本步骤经办人用 --by 写明；拟合人用 fit --fitted-by 写明，不能补写，缺拟合人的请重新拟合。",
    ),
    "model_people": Message(
        "A model of status {status} has to be fitted, validated and approved by three different people (validated: two), and two of the names are the same but for blanks, signs, width and capitals. Let somebody else take this step (--by).",
        "状态为 {status_zh} 的模型的拟合人、验证人、批准人须各不相同（已验证：两人），现有两个姓名相同（不计空格、标点、全半角和大小写）；请由他人经办本步骤（--by）。",
    ),
    "model_too_large": Message(
        "{name} is larger than {most} bytes, the most that a model file may be; check the file.",
        "{name} 超过模型文件上限 {most} 字节；请检查文件。",
    ),
    "panel_expected": Message(
        "The scheme's aggregator is {aggregator}: fitted severities belong to severity_adjusted, and to it alone; restore the model file or fit again.",
        "方案的汇总方式为 {aggregator}：只有 severity_adjusted 带有评议员宽严参数；请恢复模型文件或重新拟合。",
    ),
    "panel_not_rising": Message(
        "Pillar {pillar}: the likelihood tables could let a better rating lower a measure; restore the model file or fit again.",
        "维度 {pillar}：似然表可能使更好的评分得到更低的结果；请恢复模型文件或重新拟合。",
    ),
    "panel_shape": Message(
        "Pillar {pillar}: the fitted panel has columns or rows of other lengths than its items, raters and villages; restore the model file or fit again.",
        "维度 {pillar}：评议参数的行列与指标、评议员、村的数目不符；请恢复模型文件或重新拟合。",
    ),
    "pd_table_anchor": Message(
        "PD table: the record of the long-run rate stands with pd_basis anchored and with no other (found: {basis}); restore the model file or fit the table again.",
        "违约概率表：长期违约率的平移记录须与 pd_basis anchored 同时出现（现为 {basis}）；请恢复模型文件或重新拟合。",
    ),
    "pd_table_basis": Message(
        "PD table: basis {basis} and method {method} do not agree with its values; restore the model file or fit the table again.",
        "违约概率表：依据 {basis}、方法 {method} 与表中数值不符；请恢复模型文件或重新拟合。",
    ),
    "pd_table_bounds": Message(
        "PD table from {at} points: need 0 <= lower <= prob_default <= upper <= 1; restore the model file or fit the table again.",
        "违约概率表 {at} 分起：应满足 0≤下限≤概率≤上限≤1；请恢复模型文件或重新拟合。",
    ),
    "pd_table_counts": Message(
        "PD table: {defaults} defaults exceed {loans} loans; restore the model file or fit the table again.",
        "违约概率表：违约 {defaults} 笔超过贷款 {loans} 笔；请恢复模型文件或重新拟合。",
    ),
    "pd_table_decimals": Message(
        "PD table from {at} points: values have more than {decimals} decimals, so engines could disagree; restore the model file or fit the table again.",
        "违约概率表 {at} 分起：数值超过 {decimals} 位小数，不同系统结果可能不一致；请恢复模型文件或重新拟合。",
    ),
    "pd_table_missing": Message(
        "PD table from {at} points: values may be missing only together and only at the low end; restore the model file or fit the table again.",
        "违约概率表 {at} 分起：数值只能同时缺失，且只能在低分端缺失；请恢复模型文件或重新拟合。",
    ),
    "pd_table_order": Message(
        "PD table: rows must begin at 0 points and rise strictly; restore the model file or fit the table again.",
        "违约概率表：各行须从 0 分开始并严格递增；请恢复模型文件或重新拟合。",
    ),
    "pd_table_rises": Message(
        "PD table from {at} points: a value rises with the points; restore the model file or fit the table again.",
        "违约概率表 {at} 分起：数值随分数上升；请恢复模型文件或重新拟合。",
    ),
    "pmml_control": Message(
        "The text {text} holds a control character, which a PMML document cannot carry. Correct the name, level or label in the scheme and make the model again.",
        "文本 {text} 含有 PMML 文件无法保存的控制字符；请在方案中更正该名称、级别或标签后重新生成模型。",
    ),
    "scheme_not_in_force": Message(
        "Scheme {scheme_id} is in force from {start} to {end}; the scoring date is {as_of}. Use the scheme of that date.",
        "方案 {scheme_id} 的有效期为 {start} 至 {end}，评定日为 {as_of}；请使用当期方案。",
    ),
    "json_duplicate_key": Message(
        "{name}: the key {key} stands twice in one object; remove one, or restore the file.",
        "{name}：同一对象中键 {key} 重复；请删除其一或恢复原文件。",
    ),
    "json_integer_large": Message(
        "An integer beyond {largest} is not exact in JSON; write it as text or in a larger unit.",
        "整数超过 {largest}，在 JSON 中无法精确表示；请改为文本或换用更大的单位。",
    ),
    "json_invalid": Message(
        "{name} is not valid JSON at line {line}, column {column} ({problem}); restore the file from its source.",
        "{name} 第 {line} 行第 {column} 列不是有效的 JSON（{problem}）；请恢复原文件。",
    ),
    "json_key_not_text": Message(
        "JSON objects have text keys only; convert the key to text first.",
        "JSON 对象的键只能是文本；请先转换为文本。",
    ),
    "json_not_finite": Message(
        "{name}: {number} is not a finite number; write null for what is missing.",
        "{name}：{number} 不是有限数；缺失值请写 null。",
    ),
    "json_not_utf8": Message(
        "{name} is not UTF-8 (byte {at}); restore the file or save it as UTF-8.",
        "{name} 第 {at} 字节处不是 UTF-8 编码；请恢复原文件或以 UTF-8 保存。",
    ),
    "json_number_long": Message(
        "{name}: an integer has more than {most} digits; no value of a model is that long, restore the file.",
        "{name}：整数超过 {most} 位，模型中没有这样的数；请恢复原文件。",
    ),
    "json_surrogate": Message(
        "{name}: a text holds half of a surrogate pair, which is no character; correct that text.",
        "{name}：文本中含有不成对的代理码位，不是有效字符；请更正该文本。",
    ),
    "json_too_deep": Message(
        "{name} is nested deeper than {deepest} levels; restore the file from its source.",
        "{name} 嵌套超过 {deepest} 层；请恢复原文件。",
    ),
    "json_type": Message(
        "Data of type {type} have no JSON form; convert them to text, numbers, lists or objects.",
        "类型 {type} 无法写成 JSON；请先转换为文本、数字、列表或对象。",
    ),
    "model_not_found": Message(
        "No model file at {path}; give the folder that holds model.json, or the file itself.",
        "在 {path} 没有找到模型文件；请给出含 model.json 的文件夹或该文件本身。",
    ),
}

OUTPUT: dict[str, Message] = {
    "database_not_committed": Message(
        "table {table}: the database refused the proposals ({problem}); nothing of this run stands there. Mend the cause and run again with --resume.",
        "表 {table}：数据库未接受评定结果（{problem}），本次结果均未写入；请排除原因后用 --resume 重跑。",
    ),
    "database_table_foreign": Message(
        "table {table} has other columns than proposals have; it was left alone. State another table.",
        "表 {table} 的列与评定结果不符，未作改动；请另指定表名。",
    ),
    "file_altered": Message(
        "{path} does not match its digest in {mark}; it was changed after the run. Score again.",
        "{path} 与 {mark} 中的摘要不符，运行之后被改动；请重新评定。",
    ),
    "file_gone": Message(
        "{path} is named in the manifest but is not there; restore it or score again.",
        "清单中列出的 {path} 不存在；请恢复或重新评定。",
    ),
    "file_unexpected": Message(
        "{path} is not named in the manifest; it was added after the run. Remove it or score again.",
        "{path} 未列入清单，系运行之后加入；请移除或重新评定。",
    ),
    "households_twice": Message(
        "{path} holds {count} rows of households that stood before; a household has one proposal. Score again.",
        "{path} 中有 {count} 行农户重复出现，而每户只应有一条建议；请重新评定。",
    ),
    "manifest_unusable": Message(
        "{path} holds no readable manifest.json of a run; score again.",
        "{path} 中没有可读的 manifest.json；请重新评定。",
    ),
    "model_folder_in_use": Message(
        "{path} holds {count} files or folders and no model; nothing was changed. Choose a new or empty folder for the model.",
        "{path} 中有 {count} 个文件或文件夹，但没有模型；未作任何改动，请为模型选择新的或空的文件夹。",
    ),
    "model_in_place": Message(
        "{path} holds another model, {standing}; nothing was changed. Choose another folder; only the same name, version and scheme is replaced.",
        "{path} 中已有另一模型 {standing}；未作任何改动。请选择其他文件夹，只有同名、同版本、同方案的模型才会被替换。",
    ),
    "nothing_published": Message(
        "{path}: the run ended without proposals, because more rows were rejected than --max-bad allows. Correct the rows in quarantine.csv and score again.",
        "{path}：退回行数超过 --max-bad，该次运行未发布建议；请更正 quarantine.csv 中的各行后重新评定。",
    ),
    "look_holds_stop": Message(
        "{path} holds the stop file {file} of an earlier look, which still stops the model and is not written over. Look into another folder, or keep stops elsewhere with --stop FILE.",
        "{path} 中有上次监测写下的停用文件 {file}，模型仍在停用中，不会覆盖；请换一个文件夹，或用 --stop 指定停用文件。",
    ),
    "output_folder_in_use": Message(
        "{path} holds {count} files or folders{others}; nothing was changed. Choose a new or empty folder.",
        "{path} 中有 {count} 个文件或文件夹{others_zh}；未作任何改动，请选择新的或空的文件夹。",
    ),
    "output_no_folder": Message(
        "{path} could not be written: the folder {folder} does not exist; nothing was changed. Make the folder first, or choose another.",
        "无法写入 {path}：文件夹 {folder} 不存在；未作任何改动。请先建立该文件夹，或更换文件夹。",
    ),
    "output_not_written": Message(
        "{path} could not be written ({problem}); nothing was changed. Free space or choose another folder.",
        "无法写入 {path}（{problem}）；原有内容未变。请清理空间或更换文件夹。",
    ),
    "part_damaged": Message(
        "{path} could not be read and was removed; nothing was published. Go on with --resume, which scores it again.",
        "{path} 无法读取，已删除；未发布任何结果。请用 --resume 继续，该部分将重新评定。",
    ),
    "parts_of_another_run": Message(
        "{path}: another run writes into this folder at the same time; nothing was published. Give each run a folder of its own.",
        "{path}：另一次运行正在写入此文件夹；未发布任何结果。请为每次运行使用各自的文件夹。",
    ),
    "parts_unsorted": Message(
        "{path} is not in the order of household_id over all parts, so a household could stand twice unseen. Score again.",
        "{path} 未按户号在各分片之间依次排列，可能有农户重复而未被发现；请重新评定。",
    ),
    "rows_differ": Message(
        "{path} holds {found} rows, the manifest states {stated}; score again.",
        "{path} 有 {found} 行，而清单记为 {stated} 行；请重新评定。",
    ),
    "rows_lost": Message(
        "The manifest's rows of {what} do not add up: handed in must equal accepted plus rejected. Score again.",
        "清单中 {what} 的行数不平：交来行数应等于接收与退回之和；请重新评定。",
    ),
    "run_not_committed": Message(
        "{path} could not be written ({problem}); nothing was published. Free space or choose another folder, then go on with --resume.",
        "无法写入 {path}（{problem}）；未发布任何结果。请清理空间或更换文件夹，再用 --resume 继续。",
    ),
    "run_option": Message(
        "{name}={value} is not possible; state {known}.",
        "{name}={value} 无效；可用：{known}。",
    ),
    "run_unfinished": Message(
        "{path} holds the parts of an unfinished run; go on with --resume.",
        "{path} 中是未完成的运行；请用 --resume 继续。",
    ),
    "spark_address": Message(
        "An address with {scheme}: was given; give the path of a folder that the driver and every worker see, such as a mounted one, and copy it to the store afterwards.",
        "给出的是 {scheme}: 地址；请给出驱动程序和所有工作节点都能看到的文件夹路径（如挂载目录），完成后再复制到存储系统。",
    ),
    "spark_not_committed": Message(
        "{path} could not be written ({problem}); it has no _SUCCESS, so nothing is published. Free space or choose another folder and submit the job again.",
        "无法写入 {path}（{problem}）；没有 _SUCCESS 标记，未发布任何结果。请清理空间或更换文件夹，再重新提交作业。",
    ),
    "spark_unseen": Message(
        "The driver sees {found} of {stated} proposals in {path}; nothing was published. Give a folder that the driver and every worker see, such as a mounted one.",
        "驱动程序在 {path} 中只看到 {stated} 条建议中的 {found} 条；未发布任何结果。请给出驱动程序和所有工作节点都能看到的文件夹，如挂载目录。",
    ),
    "success_missing": Message(
        "{path} has no _SUCCESS, so its run did not finish; do not use its files, score again.",
        "{path} 没有 _SUCCESS 标记，运行未完成；请勿使用其中文件，并重新评定。",
    ),
    "worksheet_full": Message(
        "A worksheet holds {most} rows under its header and there are more proposals; use --format parquet or csv.",
        "工作表除表头外最多 {most} 行，建议数超过此数；请改用 --format parquet 或 csv。",
    ),
}
