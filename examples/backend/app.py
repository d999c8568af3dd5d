"""A backend in one file: an application comes in, a proposal goes out, the audit log knows first.

Run it with ``uvicorn --factory app:create_app``; README.md says what it needs and what it lacks.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Annotated, Any

from fastapi import Body, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from sanzhixin import Proposal, SanzhixinError, SanzhixinModel, load_model
from sanzhixin.errors import DomainError, RecordError
from sanzhixin.trust import AuditLog, Registry, proposal_record, read_secret

log = logging.getLogger("sanzhixin.backend")


@dataclass(frozen=True)
class Settings:
    """Where things lie; the model is named ``name/version``."""

    registry: Path
    model: str
    trust: Path
    audit_log: Path
    secret: Path

    @classmethod
    def from_environment(cls) -> Settings:
        """Read them from variables; one that is absent stops the start by its name."""
        return cls(
            registry=Path(os.environ["SANZHIXIN_REGISTRY"]),
            model=os.environ["SANZHIXIN_MODEL"],
            trust=Path(os.environ["SANZHIXIN_TRUST"]),
            audit_log=Path(os.environ["SANZHIXIN_AUDIT_LOG"]),
            secret=Path(os.environ["SANZHIXIN_SECRET"]),
        )


@dataclass(frozen=True)
class Serving:
    """The model that answers, and the digest by which the log names it; both change as one."""

    model: SanzhixinModel
    digest: str

    @classmethod
    def load(cls, settings: Settings, model_id: str) -> Serving:
        """Load an approved model of the registry that somebody on the trust list has signed."""
        name, _, version = model_id.partition("/")
        model = load_model(Registry(settings.registry).find(name, version), trust=settings.trust)
        return cls(model, model.file.digest())


class Asked(BaseModel):
    """Body of ``POST /proposals``."""

    model_config = ConfigDict(extra="forbid")
    application: dict[str, Any]
    as_of: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


def refusal(status: int, code: str, en: str, zh: str) -> JSONResponse:
    """Answer with a stable code and a sentence in both languages, and with nothing that came in."""
    log.warning("%s %s", status, code)
    return JSONResponse({"code": code, "en": en, "zh": zh}, status)


def create_app(settings: Settings | None = None) -> FastAPI:
    """Load the model, or refuse to start; then answer."""
    settings = settings or Settings.from_environment()
    secret, swapping = read_secret(settings.secret), Lock()
    audit = AuditLog(settings.audit_log, secret)
    app = FastAPI(title="sanzhixin")
    app.state.serving = Serving.load(settings, settings.model)

    @app.post("/proposals")
    def propose(asked: Asked) -> Proposal:
        serving: Serving = app.state.serving  # read once: a swap does not touch this request
        proposal = serving.model.propose_one({**asked.application, "as_of": asked.as_of})
        audit.append([("proposal", proposal_record(proposal, serving.digest, secret))])
        return proposal

    @app.post("/model", response_model=None)
    def swap(model_id: Annotated[str, Body(embed=True)]) -> dict[str, str] | JSONResponse:
        with swapping:  # one after another, so that the last request that succeeds stands
            try:
                serving = Serving.load(settings, model_id)
            except SanzhixinError as error:
                return refusal(409, error.code, error.en, error.zh)
            app.state.serving = serving
        log.info("model %s %s", serving.model.model_id, serving.digest)
        return {"model_id": serving.model.model_id, "digest": serving.digest}

    @app.exception_handler(SanzhixinError)
    def refuse(_: Request, error: SanzhixinError) -> JSONResponse:
        status = 422 if isinstance(error, RecordError | DomainError) else 503
        return refusal(status, error.code, error.en, error.zh)

    @app.exception_handler(RequestValidationError)
    @app.exception_handler(HTTPException)
    def refuse_shape(_: Request, error: Exception) -> JSONResponse:
        status = getattr(error, "status_code", 422)
        return refusal(status, "request_shape", "The request has another shape.", "请求格式不符。")

    @app.middleware("http")
    async def hide(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        try:
            return await go_on(request)
        except Exception as error:  # its text may hold what came in, so its class alone is told
            log.error("unexpected %s", type(error).__name__)  # noqa: TRY400
            return refusal(500, "unexpected", "The server made a mistake.", "系统内部错误。")

    return app
