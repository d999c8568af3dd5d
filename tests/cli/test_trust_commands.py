from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import tomllib

import pytest

from sanzhixin.model import load_model
from sanzhixin.scoring import Provenance, read_model_file, write_model_file
from sanzhixin.trust import read_secret, read_signer
from tests.unit.scoring.factories import model_file

NAMES = ("SANZHIXIN_TRUST", "SANZHIXIN_SECRET", "SANZHIXIN_KEY", "SANZHIXIN_KEY_PASSPHRASE")


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def draft(tmp_path):
    """A registry with one draft that 张三 made."""
    made = Provenance(fitted_by="张三", fitted_on=dt.date(2026, 1, 5))
    folder = tmp_path / "models" / "tongxiang-expert" / "1.0.0"
    write_model_file(model_file(provenance=made), folder)
    return folder


@pytest.fixture
def key(tmp_path, run):
    file = tmp_path / "key.pem"
    done = run("keys", "new", file, "--person", '李"四')
    (tmp_path / "trust.toml").write_text(f"format = 1\n{done.out}", encoding="utf-8")
    return file


def approve(run, folder):
    for status, by, day in (
        ("validated", "李四", "2026-02-05"),
        ("approved", "王五", "2026-03-05"),
    ):
        assert run("promote", folder, "--to", status, "--by", by, "--on", day).code == 0


# keys


def test_a_new_key_is_shown_as_an_entry_of_a_trust_list(run, tmp_path):
    file = tmp_path / "key.pem"
    done = run("keys", "new", file, "--person", '李"四')
    assert done.code == 0
    (entry,) = tomllib.loads(done.out)["keys"]
    assert (entry["person"], entry["may"]) == ('李"四', ["approved"])
    assert entry["key"] == read_signer(file).key
    assert (entry["valid_until"] - entry["valid_from"]).days == 730
    assert file.stat().st_mode & 0o777 == 0o600
    assert "私钥已写入" in done.err
    assert "The private key is in" in done.err
    assert "PRIVATE KEY" not in done.out + done.err


def test_a_passphrase_from_the_environment_locks_a_key(run, tmp_path, monkeypatch, draft):
    monkeypatch.setenv("SANZHIXIN_KEY_PASSPHRASE", "长口令")
    file = tmp_path / "key.pem"
    assert run("keys", "new", file, "--person", "P").code == 0
    assert b"ENCRYPTED" in file.read_bytes()
    assert run("sign", draft, "--key", file).code == 0
    monkeypatch.setenv("SANZHIXIN_KEY_PASSPHRASE", "口令")
    done = run("sign", draft, "--key", file)
    assert (done.code, "passphrase is wrong" in done.err) == (4, True)
    assert "口令有误" in done.err
    assert done.err.count("SANZHIXIN_KEY_PASSPHRASE") == 2
    assert "口令" not in done.err.replace("口令有误", "")
    monkeypatch.delenv("SANZHIXIN_KEY_PASSPHRASE")
    done = run("sign", draft, "--key", file)
    assert (done.code, "is encrypted, and no passphrase" in done.err) == (4, True)
    assert "未给出口令" in done.err


def test_a_passphrase_for_a_key_that_is_not_encrypted_is_told(run, key, draft, monkeypatch):
    monkeypatch.setenv("SANZHIXIN_KEY_PASSPHRASE", "长口令")
    done = run("sign", draft, "--key", key)
    assert (done.code, "is not encrypted" in done.err) == (4, True)
    assert "unset the variable SANZHIXIN_KEY_PASSPHRASE" in done.err
    assert "密钥未加密" in done.err


def test_a_secret_is_written_for_its_owner_alone(run, tmp_path):
    file = tmp_path / "secret"
    done = run("keys", "secret", file)
    assert (done.code, done.out) == (0, "")
    assert len(read_secret(file).key) == 32
    assert file.read_text().strip() not in done.err
    assert "请妥善备份" in done.err


@pytest.mark.parametrize("words", [["new", "FILE", "--person", "P"], ["secret", "FILE"]])
def test_a_file_that_is_there_is_never_written_over(run, tmp_path, words):
    file = tmp_path / "mine"
    file.write_text("mine")
    done = run("keys", *[file if word == "FILE" else word for word in words])
    assert done.code == 7
    assert "never overwritten" in done.err
    assert "不会被覆盖" in done.err
    assert file.read_text() == "mine"


# steps and signatures


def test_from_a_draft_to_a_model_that_decides(run, draft, key, tmp_path):
    trust = ["--trust", tmp_path / "trust.toml"]
    first = read_model_file(draft)
    done = run("promote", draft, "--to", "validated", "--by", "李四", "--on", "2026-02-05")
    assert done.code == 0
    assert "not signed yet" in done.err
    assert "已验证" in done.err
    assert run("promote", draft, "--to", "approved", "--by", "王五", "--on", "2026-03-05").code == 0
    done = run("sign", draft, "--key", key)
    assert done.code == 0
    assert read_signer(key).key in done.err
    model = load_model(draft, trust=tmp_path / "trust.toml")
    assert (model.file.status, model.trusted.signed_by) == ("approved", ('李"四',))
    assert (draft / "history" / first.digest()[7:] / "model.json").is_file()
    listed = json.loads(run("models", draft.parents[1], "--json").out)
    assert listed == {
        "exit_code": 0,
        "models": [
            {"model": "tongxiang-expert/1.0.0", "status": "approved",
             "valid_until": "2028-12-31", "signatures": "1", "digest": model.file.digest()}
        ],
    }  # fmt: skip
    assert trust


def test_a_model_that_nobody_fitted_is_for_trials_and_says_so_twice(run, folder, tmp_path):
    model = tmp_path / "model"
    done = run("fit", folder, "-o", model)
    assert done.code == 0
    assert "without --fitted-by this model can be tried, but not validated" in done.err
    assert "未写明 --fitted-by" in done.err
    done = run("promote", model, "--to", "validated", "--by", "李四")
    assert (done.code, "not named: who fitted it" in done.err) == (6, True)
    assert "fit --fitted-by NAME" in done.err
    assert "现未写明拟合人。" in done.err
    again = run("fit", folder, "-o", model, "--fitted-by", "张三")
    assert (again.code, "can be tried" in again.err) == (0, False)
    assert run("promote", model, "--to", "validated", "--by", "李四").code == 0


def test_a_model_speaks_chinese_of_itself(run, draft, key, tmp_path):
    said = [
        run("--lang", "zh", "promote", draft, "--to", "approved", "--by", "李四").err,
        run("--lang", "zh", "promote", draft, "--to", "validated", "--by", "李四").err,
        run("--lang", "zh", "verify", draft, "--trust", tmp_path / "trust.toml").out,
    ]
    assert "目前为 草稿，不能直接变为 已批准" in said[0]
    assert "现为 已验证" in said[1]
    assert "状态为 已验证，未经批准" in said[2]
    assert not any(word in text for text in said for word in ("draft", "validated "))


FACTS = [
    ("zh", ("模型", "方案", "状态", "有效期至", "摘要"), "草稿"),
    ("en", ("model", "scheme", "status", "valid until", "digest"), "draft"),
]


@pytest.mark.parametrize(("lang", "labels", "status"), FACTS)
def test_what_verify_found_is_named_in_the_chosen_language(run, draft, lang, labels, status):
    rows = run("--lang", lang, "verify", draft).out.splitlines()
    assert [row.split("  ")[0] for row in rows[: len(labels)]] == list(labels)
    assert rows[2].endswith(f" {status}")
    facts = json.loads(run("verify", draft, "--json").out)["facts"]
    assert list(facts) == ["model_id", "scheme_id", "status", "valid_until", "digest"]
    assert facts["status"] == "draft"


def test_a_signed_model_and_a_run_have_a_name_for_every_fact(run, draft, key, folder, tmp_path):
    approve(run, draft)
    run("score", folder, "-m", draft, "-o", tmp_path / "out")
    trust = ["--trust", tmp_path / "trust.toml", "--accept", "unsigned"]
    done = run("verify", draft, *trust)
    assert done.code == 0
    assert all(label in done.out for label in ("放行 accepted", "签名人 signed by"))
    assert "评定日 as of" in run("verify", tmp_path / "out").out


STEPS = [
    # the step, by, further words, exit code, English, Chinese
    ("approved", "李四", [], 6, "not the next one", "不能直接变为"),
    ("validated", "张三", [], 6, "three different people", "各不相同"),
    ("validated", "李四", ["--on", "2026-01-04"], 6, "the day of every step", "日期"),
    ("validated", "李四", ["--valid-until", "2026-12-31"], 2, "is for approval", "仅用于批准"),
    ("validated", "李四", ["--because", "so"], 2, "is for retired models", "仅用于停用"),
    ("retired", "李四", [], 6, "", ""),
    ("draft", "李四", [], 2, "", ""),
    ("validated", None, [], 2, "--by", ""),
    ("validated", "李四", ["--on", "2999-01-01"], 2, "a day after today", "不能晚于今天"),
    ("validated", "李四", ["--on", "yesterday"], 2, "2026-06-30", "请写成"),
]


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_is_refused_leaves_the_model(run, draft, step):
    status, by, words, code, *said = step
    before = (draft / "model.json").read_bytes()
    by = [] if by is None else ["--by", by]
    done = run("promote", draft, "--to", status, *by, *words)
    assert done.code == code
    assert all(text in done.err for text in said)
    assert (draft / "model.json").read_bytes() == before
    assert [path.name for path in draft.iterdir()] == ["model.json"]


def test_a_model_is_retired_for_a_reason_and_told_so(run, draft):
    done = run("--lang", "en", "promote", draft, "--to", "retired", "--by", "李四")
    assert done.code == 6
    assert "reason" in done.err or "because" in done.err


def test_the_card_of_a_model_tells_its_new_status(run, draft):
    (draft / "card.md").write_text("old", encoding="utf-8")
    run("promote", draft, "--to", "retired", "--by", "李四", "--because", "fitted on wrong loans")
    written = (draft / "card.md").read_text(encoding="utf-8")
    assert written != "old"
    assert "retired" in written


def test_languages_are_chosen(run, draft):
    words = ["promote", draft, "--to", "approved", "--by", "B"]
    zh, en = (run("--lang", lang, *words).err for lang in ("zh", "en"))
    assert re.search("[\u4e00-\u9fff]", en) is None
    assert "不能直接变为" in zh
    assert "not the next one" in en
    assert "not the next one" not in zh


def test_signing_needs_a_key_and_takes_it_from_the_environment(run, draft, key, monkeypatch):
    assert run("sign", draft).code == 2
    monkeypatch.setenv("SANZHIXIN_KEY", str(key))
    assert run("sign", draft).code == 0
    key.chmod(0o644)
    done = run("sign", draft)
    assert (done.code, "Set its permissions to 600" in done.err) == (4, True)
    assert run("sign", draft / "none", "--key", key).code in (4, 6)


@pytest.mark.parametrize("word", ["sign", "promote"])
def test_a_model_that_is_not_there_is_told(run, tmp_path, key, word):
    words = ["--key", key] if word == "sign" else ["--to", "retired", "--by", "B", "--because", "b"]
    assert run(word, tmp_path / "none", *words).code == 6


# the list


def test_models_that_are_refused_are_listed_with_the_reason(run, draft, tmp_path):
    other = tmp_path / "models" / "tongxiang-expert" / "2.0.0"
    shutil.copytree(draft, other)
    (draft / "model.json.sig").write_bytes(b"{}")
    done = run("models", tmp_path / "models")
    assert done.code == 6
    rows = done.out.splitlines()
    assert re.search(r"tongxiang-expert/1\.0\.0 +draft +2028-12-31 +!", rows[1])
    assert re.search(r"tongxiang-expert/2\.0\.0 +registry_other", rows[2])
    assert "another name or version" in done.err
    assert "其他名称或版本" in done.err
    assert json.loads(run("models", tmp_path / "models", "--json").out)["exit_code"] == 6


def test_a_registry_that_is_not_there_is_told(run, tmp_path):
    assert run("models", tmp_path / "none").code == 4


# what asks for trust


SIGNED = ("-m", "MODEL", "--trust", "LIST")


def test_every_command_that_uses_a_model_asks_the_list(run, draft, key, folder, tmp_path):
    commands = {
        "score": ["-o", tmp_path / "out"],
        "explain": ["--household", "H1"],
        "approval": ["-o", tmp_path / "sheet.xlsx"],
        "limits": ["-o", tmp_path / "limits"],
        "tiers": ["-o", tmp_path / "tiers", "--appetite", "AAA=0.5%,AA=1%"],
        "appeal": ["--household", "H1", "--without", "rating:R1", "-o", tmp_path / "a.json"],
    }
    given = [[name, folder, *words] for name, words in commands.items()]
    given.append(["export", "sql", "--dialect", "postgres", "-o", tmp_path / "score.sql"])
    for name, *words in given:
        done = run(name, *words, "-m", draft, "--trust", tmp_path / "trust.toml")
        assert (name, done.code) == (name, 6)
        assert "Model tongxiang-expert/1.0.0 is draft, not approved" in done.err
        assert "状态为 草稿，未经批准" in done.err
        asked = ["-m", draft, "--trust", tmp_path / "trust.toml", "--accept", "not_approved"]
        done = run(name, *words, *asked)
        assert (name, done.code, "is not signed" in done.err) == (name, 6, True)
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {"models", "county", "key.pem", "trust.toml"}


REFUSALS = [
    # what is done, English, Chinese, words that let it pass
    ("unsigned", "is not signed", "没有签名", ["unsigned"]),
    ("changed", "are not of this file", "签名不属于此文件", None),
    ("validated", "is validated, not approved", "未经批准", ["not_approved", "unsigned"]),
    ("withdrawn", "is withdrawn by the trust list: points", "撤回", ["withdrawn"]),
    ("rolled back", "is older than 1.0.1", "早于信任清单允许的最低版本", ["rolled_back"]),
]


def prepared(what, run, draft, key, folder):
    trust = folder.parent / "trust.toml"
    if what == "validated":
        run("promote", draft, "--to", "validated", "--by", "李四", "--on", "2026-02-05")
        trust.write_text(trust.read_text().replace('["approved"]', '["validated"]'))
        run("sign", draft, "--key", key)
        return
    approve(run, draft)
    if what != "unsigned":
        run("sign", draft, "--key", key)
    if what == "changed":
        content = (draft / "model.json").read_bytes()
        (draft / "model.json").write_bytes(content + b"\n")
    if what == "withdrawn":
        digest = read_model_file(draft).digest()
        trust.write_text(
            f'{trust.read_text()}\n[[withdrawn]]\ndigest = "{digest}"\nreason = "points"\n'
        )
    if what == "rolled back":
        trust.write_text(f'{trust.read_text()}\n[least]\ntongxiang-expert = "1.0.1"\n')


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal[0])
def test_a_model_that_is_not_trusted_scores_nothing(
    run, draft, key, folder, tmp_path, monkeypatch, refusal
):
    what, en, zh, words = refusal
    prepared(what, run, draft, key, folder)
    monkeypatch.setenv("SANZHIXIN_TRUST", str(tmp_path / "trust.toml"))
    score = ["score", folder, "-m", draft, "-o", tmp_path / "out"]
    done = run(*score)
    assert done.code == 6
    assert en in done.err
    assert zh in done.err
    assert not (tmp_path / "out").exists()
    others = {"unsigned", "not_approved", "retired", "withdrawn", "rolled_back"} - set(words or ())
    if words is not None:
        assert run(*score, *(w for word in others for w in ("--accept", word))).code == 6
        assert run(*score, *(w for word in words for w in ("--accept", word))).code == 0
        manifest = (tmp_path / "out" / "manifest.json").read_text(encoding="utf-8")
        assert all(word in manifest for word in words if word != "unsigned" or what == "unsigned")


def test_a_retired_model_is_let_pass_for_export_and_verify_alone(run, draft, folder, tmp_path):
    approve(run, draft)
    run("promote", draft, "--to", "retired", "--by", "李四", "--because", "a successor")
    (tmp_path / "trust.toml").write_text("format = 1\n", encoding="utf-8")
    asked = ["--trust", tmp_path / "trust.toml", "--accept", "retired", "--accept", "unsigned"]
    out = ["-o", tmp_path / "out"]
    for name, *words in (["score", folder, *out], ["explain", folder, "--household", "H1"]):
        done = run(name, *words, "-m", draft, *asked)
        assert (name, done.code, "does not score" in done.err) == (name, 6, True)
    export = ["export", "sql", "--dialect", "postgres", "-m", draft]
    assert run(*export, *asked).code == run("verify", draft, *asked).code == 0
    for words in ([*export], ["verify", draft]):
        done = run(*words, "--trust", tmp_path / "trust.toml", "--accept", "unsigned")
        assert (done.code, "is retired" in done.err + done.out) == (6, True)


def test_words_without_a_list_and_unknown_words_are_refused(run, draft, folder, tmp_path):
    score = ["score", folder, "-m", draft, "-o", tmp_path / "out"]
    done = run(*score, "--accept", "unsigned")
    assert (done.code, "without a trust list" in done.err) == (2, True)
    assert run(*score, "--accept", "everything").code == 2
    assert run(*score, "--trust", tmp_path / "none.toml").code == 4


def test_without_a_list_a_draft_scores_with_a_note(run, draft, folder, tmp_path):
    done = run("score", folder, "-m", draft, "-o", tmp_path / "out")
    assert done.code == 0
    assert "for trials, not for decisions" in done.err
    assert "仅供试用" in done.err
