"""``/healthz``, ``/readyz`` and ``/metrics``: for those who run the service."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import SQLAlchemyError

from service.api.dependencies import ServicesDep
from service.api.problems import responses
from service.errors import NotReady

router = APIRouter(tags=["operation"])


class Health(BaseModel):
    """The service answers."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    status: Literal["ok"]
    """``ok``, or there is no answer."""


@router.get("/healthz", summary="Is the process alive?", responses=responses())
async def healthz() -> Health:
    """Answers as long as the process does; touches neither database nor workers."""
    return Health(status="ok")


@router.get("/readyz", summary="Can it take work?", responses=responses(NotReady))
def readyz(services: ServicesDep) -> Health:
    """Answers when the database and every worker have answered."""
    try:
        services.database.ping()
    except SQLAlchemyError as error:
        raise NotReady("The database does not answer.", headers={"Retry-After": "5"}) from error
    if not services.dispatcher.ready:
        raise NotReady("The workers have not answered yet.", headers={"Retry-After": "2"})
    return Health(status="ok")


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    response_class=Response,
    responses={
        200: {"description": "Metrics.", "content": {"text/plain": {"schema": {"type": "string"}}}},
        **responses(),
    },
)
def metrics(services: ServicesDep) -> Response:
    """Queue depth, analysis seconds, outcomes, analyses in flight, requests."""
    for state, count in services.queue.depths().items():
        services.metrics.queue_depth.labels(state).set(count)
    return Response(generate_latest(services.metrics.registry), media_type=CONTENT_TYPE_LATEST)
