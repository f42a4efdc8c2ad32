"""``/healthz``, ``/readyz`` and ``/metrics``: for those who run the service."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Literal, TypeVar

import structlog
from fastapi import APIRouter, Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import SQLAlchemyError

from service.access.route_access import PUBLIC, Access
from service.api.dependencies import ServicesDep
from service.api.problems import responses
from service.errors import NotReady
from service.storage.binding import UnusableStorage
from service.storage.tables import UNFINISHED

T = TypeVar("T")

PATIENCE_SECONDS = 3.0
"""Timeout of the database for these answers."""

log = structlog.get_logger()
router = APIRouter(tags=["operation"])


class Health(BaseModel):
    """The service answers."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    status: Literal["ok"]
    """``ok``, or there is no answer."""


@router.get(
    "/healthz",
    name="get_liveness",
    dependencies=[Depends(PUBLIC)],
    summary="Is the process alive?",
    responses=responses(),
)
async def healthz() -> Health:
    """Answers as long as the process does; touches neither database nor workers."""
    return Health(status="ok")


@router.get(
    "/readyz",
    name="get_readiness",
    dependencies=[Depends(PUBLIC)],
    summary="Can it take work?",
    responses=responses(NotReady),
)
async def readyz(services: ServicesDep) -> Health:
    """Answers when database and folder are whole and belong together, workers answer, and deeds can be recorded."""
    try:
        answered = await _in_time(services.storage.check)
    except UnusableStorage as error:
        log.error("storage cannot be used", reason=str(error))
        detail = "Database or data folder cannot be used; `mrsquant doctor` and the log say why."
        raise NotReady(detail, headers={"Retry-After": "60"}) from error
    if answered is None:
        raise NotReady("The database does not answer.", headers={"Retry-After": "5"})
    if services.audit_writer.is_full:
        raise NotReady("The audit log cannot be written.", headers={"Retry-After": "5"})
    if not services.dispatcher.ready:
        raise NotReady("The workers have not answered yet.", headers={"Retry-After": "2"})
    return Health(status="ok")


@router.get(
    "/metrics",
    name="get_metrics",
    dependencies=[Depends(Access("admin", note="refusals", is_page=True, answers_unrecorded=True))],
    summary="Prometheus metrics",
    response_class=Response,
    responses={
        200: {"description": "Metrics.", "content": {"text/plain": {"schema": {"type": "string"}}}},
        **responses(),
    },
)
async def metrics(services: ServicesDep) -> Response:
    """Queue depth, analysis seconds, outcomes, analyses in flight, requests, database and audit log."""
    measures = services.metrics
    depths = await _in_time(services.queue.depths)
    measures.database_up.set(depths is not None)
    for state in UNFINISHED:
        measures.queue_depth.labels(state).set(math.nan if depths is None else depths[0][state])
    measures.audit_waiting.set(services.audit_writer.waiting)
    return Response(generate_latest(measures.registry), media_type=CONTENT_TYPE_LATEST)


async def _in_time(ask: Callable[[], T]) -> tuple[T] | None:
    """What the database answers, or None; takes no thread of those that requests wait for."""
    try:
        return (await asyncio.wait_for(asyncio.to_thread(ask), PATIENCE_SECONDS),)
    except (SQLAlchemyError, TimeoutError):
        return None
