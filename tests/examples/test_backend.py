"""The backend of the examples: what it answers, what it refuses, and what it never says."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import logging
import shutil
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from sanzhixin.errors import ArtifactError
from sanzhixin.model import load_model
from sanzhixin.scheme import load_scheme
from sanzhixin.scoring import write_model_file
from sanzhixin.scoring.canonical import canonical_json, sha256_digest
from sanzhixin.trust import (
    check_log,
    is_about,
    new_key_file,
    new_secret_file,
    pseudonym,
    read_entries,
    read_secret,
    read_signer,
    sign_model,
)
from tests.unit.scoring.factories import ORIGIN, model_file, scheme_with

pytest.importorskip("fastapi", reason="the example is written for FastAPI (development tools)")
pytest.importorskip("httpx", reason="the test client of FastAPI needs httpx (development tools)")
pytest.importorskip("cryptography", reason="models are signed (sanzhixin[sign])")

with warnings.catch_warnings(action="ignore"):  # Starlette's, of the client beneath
    from fastapi.testclient import TestClient

ROOT = Path(__file__).resolve().parents[2]
DAY = dt.date(2026, 6, 30)
PERSON = "11010519491231002X"
APPROVED = ORIGIN.model_copy(
    update={"retired_by": None, "retired_on": None, "retired_because": None}
)
FIRST, SECOND = "county-loan/1.0.0", "county-loan/1.1.0"


@pytest.fixture(scope="module")
def backend():
    """The module of the example, which is no part of the package."""
    place = ROOT / "examples" / "backend" / "app.py"
    spec = importlib.util.spec_from_file_location("example_backend", place)
    module = sys.modules["example_backend"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["example_backend"]


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    """A registry of two signed models, a trust list, a key and a secret."""
    place = tmp_path_factory.mktemp("bank")
    key = new_key_file(place / "signer.pem")
    new_secret_file(place / "secret")
    (place / "trust.toml").write_text(
        f'format = 1\n[[keys]]\nkey = "{key}"\nperson = "risk department"\nmay = ["approved"]\n'
        "valid_from = 2026-01-01\nvalid_until = 2027-12-31\n",
        encoding="utf-8",
    )
    other = scheme_with(load_scheme("tongxiang"), aggregator="min", version="1.1.0")
    put_model(place, "1.0.0")
    put_model(place, "1.1.0", scheme=other)
    put_model(place, "2.0.0", signer=None)
    put_model(place, "3.0.0", status="validated")
    new_key_file(place / "stranger.pem")
    put_model(place, "4.0.0", signer="stranger.pem")
    return place


def put_model(place, version, *, scheme=None, status="approved", signer="signer.pem"):
    given = {"name": "county-loan", "version": version, "status": status, "provenance": APPROVED}
    file = model_file(scheme or load_scheme("tongxiang"), **given)
    folder = place / "models" / "county-loan" / version
    write_model_file(file, folder)
    if signer:
        sign_model(folder, read_signer(place / signer), DAY)


@pytest.fixture
def settings(backend, bank, tmp_path):
    shutil.copytree(bank / "models", tmp_path / "models")
    return backend.Settings(
        registry=tmp_path / "models",
        model=FIRST,
        trust=bank / "trust.toml",
        audit_log=tmp_path / "audit.log",
        secret=bank / "secret",
    )


@pytest.fixture
def app(backend, settings):
    return backend.create_app(settings)


@pytest.fixture
def client(app):
    return TestClient(app)


@pytest.fixture
def models(settings):
    return {
        one: load_model(settings.registry / one, trust=settings.trust) for one in (FIRST, SECOND)
    }


def application(number=1, **changes):
    forms = [
        {
            "round": 1,
            "rater_id": f"R{k}",
            "rated_on": "2026-05-04",
            "familiar": True,
            "relation": "none",
            "scores": dict.fromkeys(load_scheme("tongxiang").panel_codes, 2 + (number + k) % 4),
        }
        for k in range(4)
    ]
    return {
        "household_id": f"H{number:04}",
        "village_id": "V01",
        "consent_id": f"C{number:04}",
        "consent_purpose": "三治信农户贷款",
        "consent_on": "2026-01-05",
        "consent_until": "2027-01-04",
        "requested_yuan": 60_000,
        "ratings": forms,
        **changes,
    }


def ask(client, given, as_of="2026-06-30"):
    return client.post("/proposals", json={"application": given, "as_of": as_of})


def serial(model, given):
    return json.loads(model.propose_one(given, as_of=DAY).model_dump_json())


def refused(answer, status):
    """Code of a refusal, which says nothing but its code and two sentences."""
    assert answer.status_code == status, answer.text
    said = answer.json()
    assert set(said) == {"code", "en", "zh"}
    assert all(said.values())
    return said["code"]


def entries(settings, kind="proposal"):
    return [entry for entry in read_entries(settings.audit_log) if entry.kind == kind]


def altered(path):
    """Change one number and give the file a digest that fits; the signature does not."""
    content = json.loads(path.read_bytes())
    del content["digest"]
    content["valid_until"] = "2028-12-30"
    content["digest"] = sha256_digest(canonical_json(content))
    path.write_bytes(canonical_json(content) + b"\n")


def test_the_answer_is_that_of_the_model(client, models):
    answer = ask(client, application())
    assert answer.status_code == 200
    assert answer.json() == serial(models[FIRST], application())


def test_the_proposal_is_in_the_log_before_it_is_answered(client, settings, monkeypatch):
    secret = read_secret(settings.secret)
    ask(client, application(7))
    (entry,) = entries(settings)
    assert is_about(entry, pseudonym("H0007", secret))
    assert entry.body["model_id"] == FIRST
    settings.audit_log.unlink()
    settings.audit_log.mkdir()
    assert refused(ask(client, application(8)), 503) == "audit_not_written"


def test_a_bad_application_is_refused_and_not_repeated(client, settings, caplog):
    given = application(household_id=f"{PERSON}9", purpose="\x07", requested_yuan="6万")
    given["ratings"][0]["scores"]["FS01"] = 4711
    answer = ask(client, given)
    assert refused(answer, 422) == "record_invalid"
    for said in (PERSON, "6万", "4711", "\x07"):
        assert said not in answer.text
        assert said not in caplog.text
    assert not settings.audit_log.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"[]", 422),
        (b'{"application": {}}', 422),
        (b'{"application": ["11010519491231002X"], "as_of": "2026-06-30"}', 422),
        (b'{"application": {}, "as_of": 20260630}', 422),
        (b'{"application": {}, "as_of": "11010519491231002X"}', 422),
        (b'{"application": {}, "as_of": "2026-06-30", "name": "11010519491231002X"}', 422),
        (b'{"application": {"household_id": "\xff"}, "as_of": "2026-06-30"}', 400),
        (b"[" * 100_000, 400),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_body_of_another_shape_is_refused_and_not_repeated(client, body, status, caplog):
    answer = client.post("/proposals", content=body, headers={"content-type": "application/json"})
    assert refused(answer, status) == "request_shape"
    assert PERSON not in answer.text + caplog.text


@pytest.mark.parametrize("place", ["application", "ratings", "scores", "factors"])
def test_the_name_of_an_unknown_field_is_not_repeated(client, place):
    given = application()
    within = {
        "application": given,
        "ratings": given["ratings"][0],
        "scores": given["ratings"][0]["scores"],
        "factors": given.setdefault("factors", {}),
    }
    within[place][PERSON] = 3
    answer = ask(client, given)
    assert refused(answer, 422) == "record_invalid"
    assert PERSON not in answer.text


@pytest.mark.parametrize("field", ["purpose", "override_reason"])
def test_a_text_with_half_a_character_is_refused(client, field):
    given = application(purpose="\ud800") if field == "purpose" else application()
    if field != "purpose":
        given["proposals"] = {field: "\ud800"}
    body = json.dumps({"application": given, "as_of": "2026-06-30"})
    answer = client.post("/proposals", content=body, headers={"content-type": "application/json"})
    assert refused(answer, 422) == "record_invalid"


def test_a_day_that_no_calendar_has_is_refused(client):
    assert refused(ask(client, application(), as_of="2026-02-30"), 422) == "record_invalid"


def test_a_consent_that_has_expired_is_refused(client):
    answer = ask(client, application(consent_until="2026-06-29"))
    assert refused(answer, 422) == "record_invalid"
    assert "consent" in answer.json()["en"]
    assert "授权" in answer.json()["zh"]


def test_a_model_that_has_expired_answers_nothing(client, settings):
    given = application(consent_until="2030-01-01")
    assert refused(ask(client, given, as_of="2029-01-01"), 503) == "model_expired"
    assert not settings.audit_log.exists()


@pytest.mark.parametrize(
    ("model_id", "code"),
    [
        ("county-loan/2.0.0", "signature_missing"),
        ("county-loan/3.0.0", "model_not_approved"),
        ("county-loan/4.0.0", "signature_untrusted"),
        ("county-loan/9.0.0", "model_not_found"),
        ("../county-loan", "registry_name"),
        ("county-loan", "registry_name"),
    ],
)
def test_a_model_that_nobody_signed_for_use_stops_the_start(backend, settings, model_id, code):
    with pytest.raises(ArtifactError) as caught:
        backend.create_app(replace(settings, model=model_id))
    assert caught.value.code == code


def test_the_start_reads_its_settings_from_the_environment(backend, settings, monkeypatch):
    for name in ("registry", "model", "trust", "audit_log", "secret"):
        monkeypatch.setenv(f"SANZHIXIN_{name.upper()}", str(getattr(settings, name)))
    assert ask(TestClient(backend.create_app()), application()).status_code == 200
    monkeypatch.delenv("SANZHIXIN_TRUST")
    with pytest.raises(KeyError, match="SANZHIXIN_TRUST"):
        backend.create_app()


def test_another_version_takes_over(client, models):
    answer = client.post("/model", json={"model_id": SECOND})
    assert answer.json() == {"model_id": SECOND, "digest": models[SECOND].file.digest()}
    assert ask(client, application()).json() == serial(models[SECOND], application())


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (altered, "signature_of_other"),
        (lambda path: path.write_bytes(path.read_bytes()[:-2]), "json_invalid"),
        (Path.unlink, "model_not_found"),
        (lambda path: path.with_name("model.json.sig").unlink(), "signature_missing"),
    ],
)
def test_a_swap_to_an_altered_model_is_refused_and_the_old_one_goes_on(
    client, settings, models, spoil, code
):
    spoil(settings.registry / SECOND / "model.json")
    assert refused(client.post("/model", json={"model_id": SECOND}), 409) == code
    assert ask(client, application()).json() == serial(models[FIRST], application())


def test_a_withdrawn_model_cannot_take_over(backend, settings, models, tmp_path):
    trust = tmp_path / "trust.toml"
    text = settings.trust.read_text(encoding="utf-8")
    trust.write_text(text, encoding="utf-8")
    client = TestClient(backend.create_app(replace(settings, trust=trust)))
    digest = models[SECOND].file.digest()
    trust.write_text(
        f'{text}[[withdrawn]]\ndigest = "{digest}"\nreason = "wrong weights"\n', encoding="utf-8"
    )
    assert refused(client.post("/model", json={"model_id": SECOND}), 409) == "model_withdrawn"
    assert ask(client, application()).json()["model_id"] == FIRST


def test_a_mistake_of_the_server_is_told_by_its_class_alone(app, client, caplog):
    class Broken:
        def propose_one(self, given):
            raise KeyError(given["household_id"])

    app.state.serving = replace(app.state.serving, model=Broken())
    answer = ask(client, application(household_id=PERSON))
    assert refused(answer, 500) == "unexpected"
    assert PERSON not in answer.text + caplog.text
    assert "KeyError" in caplog.text


def test_nothing_of_a_household_stands_in_the_logs(client, settings, caplog):
    caplog.set_level(logging.DEBUG)
    given = application(household_id=PERSON, requested_yuan=61_234)
    assert ask(client, given).status_code == 200
    client.post("/model", json={"model_id": SECOND})
    assert "model county-loan/1.1.0" in caplog.text
    written = settings.audit_log.read_text(encoding="utf-8")
    for said in (PERSON, "61234", "C0001", "R3"):
        assert said not in caplog.text
        assert said not in written


def test_two_swaps_under_requests_leave_no_answer_between_two_models(app, settings, models):
    given = [application(number) for number in range(60)]
    expected = {name: [serial(model, one) for one in given] for name, model in models.items()}

    def work(number):
        client = TestClient(app)
        if number in (20, 40):
            wanted = SECOND if number == 20 else FIRST
            assert client.post("/model", json={"model_id": wanted}).status_code == 200
        return ask(client, given[number]).json()

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(work, range(len(given))))
    for number, answer in enumerate(answers):
        assert answer == expected[answer["model_id"]][number]
    assert {answer["model_id"] for answer in answers} == {FIRST, SECOND}
    found = check_log(settings.audit_log)
    assert (found.findings, found.kinds["proposal"]) == ((), len(given))
    digests = {name: model.file.digest() for name, model in models.items()}
    logged = {(e.body["model_id"], e.body["model_digest"]) for e in entries(settings)}
    assert logged == set(digests.items())


def test_the_page_tells_how_to_run_it_and_what_it_lacks():
    page = (ROOT / "examples" / "backend" / "README.md").read_text(encoding="utf-8")
    code = (ROOT / "examples" / "backend" / "app.py").read_text(encoding="utf-8")
    for name in ("REGISTRY", "MODEL", "TRUST", "AUDIT_LOG", "SECRET"):
        assert f"`SANZHIXIN_{name}`" in page
        assert f'"SANZHIXIN_{name}"' in code
    for lacking in ("Authentication", "TLS", "process manager"):
        assert lacking in page
    assert len(code.splitlines()) <= 125
