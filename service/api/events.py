"""``GET /v1/analyses/{id}/events``: what happens to an analysis, as server-sent events, while it happens.

Every answer comes from the database, so any service process can be asked, whichever computes the analysis.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Annotated, cast

import anyio
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict

from service.access.route_access import Access
from service.api.dependencies import Repository, ServicesDep
from service.api.problems import responses
from service.errors import UnknownAnalysis
from service.storage.events import EventRepository
from service.storage.tables import UNFINISHED, EventRow, State

SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 1.0
"""Seconds between two looks at the database: short after something happened, longer while nothing does."""
KEEPALIVE_SECONDS = 15.0
"""A comment is sent after this long without an event, so that proxies keep the connection."""
RECONNECT_MILLISECONDS = 2000

_NUMBER = re.compile(r"[0-9]{1,9}")
"""Number of an event; anything else was not given out here, so everything is sent."""

_STREAMED = {
    "type": "object",
    "description": "One event of the stream.",
    "properties": {
        "id": {"type": "string", "description": "Number of the event."},
        "event": {"type": "string", "enum": ["state", "step"], "description": "What happened."},
        "data": {
            "type": "string",
            "description": "The event itself, JSON.",
            "contentMediaType": "application/json",
            "contentSchema": {"$ref": "#/components/schemas/EventOut"},
        },
    },
}

router = APIRouter(prefix="/v1/analyses", tags=["analyses"])


class EventOut(BaseModel):
    """The ``data`` of one event; its ``id`` is ``number``, its ``event`` is ``state`` or ``step``."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True, from_attributes=True)

    number: int
    """Counts the events of this analysis from 1."""
    at: datetime
    """When it happened, UTC."""
    state: State
    """State of the analysis."""
    step: str | None
    """Step that the computation began; null when the state changed."""
    attempt: int
    """Number of the attempt; 0 before the first."""


@router.get(
    "/{analysis_id}/events",
    name="follow_analysis",
    dependencies=[Depends(Access("read", note="one"))],
    summary="Follow an analysis",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Events until the analysis has ended. `data` is an `EventOut`.",
            "content": {"text/event-stream": {"schema": _STREAMED}},
        },
        204: {"description": "The analysis has ended and nothing happened after `Last-Event-ID`."},
        **responses(UnknownAnalysis),
    },
)
async def follow(
    analysis_id: uuid.UUID,
    request: Request,
    services: ServicesDep,
    repository: Repository,
    last_event_id: Annotated[
        str | None, Header(max_length=20, description="`id` of the last event seen; what came before is not sent.")
    ] = None,
) -> Response:
    """Changes of state and steps of the computation, as server-sent events; ends when the analysis has ended."""
    row = await run_sync(repository.get, str(analysis_id))
    seen = int(last_event_id) if last_event_id and _NUMBER.fullmatch(last_event_id) else 0
    events = EventRepository(services.database)
    if row.state not in UNFINISHED and not await run_sync(events.after, row.id, seen):
        return Response(status_code=204)  # which tells a browser not to come back
    is_stopping = cast("Callable[[], bool]", getattr(request.app.state, "is_stopping", lambda: False))
    stream = _stream(events, row.id, seen, is_stopping)
    return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _stream(
    events: EventRepository, analysis_id: str, seen: int, is_stopping: Callable[[], bool]
) -> AsyncIterator[str]:
    yield f"retry: {RECONNECT_MILLISECONDS}\n\n"
    pause, idle_since = SHORTEST_PAUSE, anyio.current_time()
    while not is_stopping():
        happened = await run_sync(events.after, analysis_id, seen)
        if happened is None:
            return
        for event in happened:
            yield _as_text(event)
            seen = event.number
        if happened:
            if happened[-1].state not in UNFINISHED:
                return
            pause, idle_since = SHORTEST_PAUSE, anyio.current_time()
        elif anyio.current_time() - idle_since > KEEPALIVE_SECONDS:
            yield ": nothing new\n\n"
            idle_since = anyio.current_time()
        await anyio.sleep(pause)
        pause = min(1.5 * pause, LONGEST_PAUSE)


def _as_text(event: EventRow) -> str:
    kind = "state" if event.step is None else "step"
    return f"id: {event.number}\nevent: {kind}\ndata: {EventOut.model_validate(event).model_dump_json()}\n\n"
