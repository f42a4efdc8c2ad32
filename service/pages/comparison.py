"""``/compare``: two sessions side by side, and whether they may be compared at all."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.responses import HTMLResponse

from service.access.route_access import Access
from service.api.dependencies import Repository, SignOffs
from service.api.reports import document_of, traces_of
from service.pages.frame import page, page_router, room
from service.reports import comparison
from service.storage.repositories import AnalysisRepository
from service.storage.sign_offs import SignOffRepository

router = page_router()


@router.get("/compare", dependencies=[Depends(Access("read", note="several", is_page=True))])
def compare_page(
    request: Request,
    repository: Repository,
    sign_offs: SignOffs,
    chosen: Annotated[list[uuid.UUID], Query(alias="with")] = [],  # noqa: B006 (FastAPI copies it)
) -> HTMLResponse:
    """The analyses named by ``with``, which must be two with results; the earlier session stands left."""
    ids = sorted(dict.fromkeys(str(one) for one in chosen))
    if len(ids) != 2:
        return page("comparison.html", status_code=400, request=request, problem=room("compare.two"), both=None)
    request.state.shown = tuple(ids)
    sides = [_side(analysis_id, repository, sign_offs) for analysis_id in ids]
    if any(side is None for side in sides):
        return page("comparison.html", status_code=409, request=request, problem=room("compare.no_result"), both=None)
    one, other = (side for side in sides if side is not None)
    return page("comparison.html", request=request, problem="", both=comparison.build(one, other))


def _side(analysis_id: str, repository: AnalysisRepository, sign_offs: SignOffRepository) -> comparison.Side | None:
    row = repository.get(analysis_id, with_result=True)
    if row.state != "succeeded":
        return None
    document = document_of(row, sign_offs.get(row.id))
    return comparison.Side(document, traces_of(repository, row.id), row.created, row.request.get("session_day"))
