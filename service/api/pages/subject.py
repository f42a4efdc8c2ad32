"""``/subjects/{pseudonym}``: every session of one person on one line of time, with the clinical measures."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request
from fastapi.responses import HTMLResponse

from service.api.analysis_request import Pseudonym
from service.api.dependencies import Repository, SignOffs
from service.api.pages.frame import page, page_router
from service.api.reports import document_of
from service.reports import timeline
from service.storage.repositories import Filters

MOST_SESSIONS = 50
"""Sessions of one page, the newest ones; nobody is scanned more often."""

router = page_router()


@router.get("/subjects/{pseudonym}")
def subject_page(
    request: Request, pseudonym: Annotated[Pseudonym, Path()], repository: Repository, sign_offs: SignOffs
) -> HTMLResponse:
    """The analyses of one pseudonym by region, in the order of submission."""
    found = repository.page(Filters(subject=pseudonym), None, MOST_SESSIONS)
    rows = [repository.get(row.id, with_result=True) for row in reversed(found.rows) if row.state == "succeeded"]
    sessions = [
        timeline.Session(document_of(row, sign_offs.get(row.id)), row.created, row.request.get("clinical") or {})
        for row in rows
    ]
    return page(
        "subject.html",
        request=request,
        pseudonym=pseudonym,
        is_known=bool(found.rows),
        unfinished=len(found.rows) - len(rows),
        is_cut=found.next_cursor is not None,
        regions=timeline.build(sessions),
    )
