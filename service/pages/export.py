"""``/export``: RESULTS.csv of ticked analyses, or of everything that the list's filters select."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.responses import StreamingResponse

from service.access.route_access import Access
from service.api.dependencies import Repository
from service.api.results_table import table_response
from service.errors import InvalidRequest
from service.pages.frame import page_router
from service.pages.list_filters import NAMES, asked_filters
from service.storage.lists import Filters

router = page_router()


@router.get("/export", dependencies=[Depends(Access("read", note="list", is_page=True))], response_model=None)
def export_table(
    request: Request,
    repository: Repository,
    chosen: Annotated[list[uuid.UUID], Query(alias="with", max_length=2000)] = [],  # noqa: B006 (FastAPI copies it)
) -> StreamingResponse:
    """The rows of the ticked analyses; without any, of all that ``subject``, ``region`` and the others select."""
    if chosen:
        return table_response(repository, Filters(ids=tuple(dict.fromkeys(map(str, chosen)))))
    asked = asked_filters({name: request.query_params.get(name, "").strip() for name in NAMES})
    if asked.errors:
        raise InvalidRequest(next(iter(asked.errors.values())))
    return table_response(repository, asked.filters)
