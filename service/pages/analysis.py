"""``/analyses/{id}``: progress, the reason of a failure, or the report with its sign-off."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup
from pydantic import ValidationError

from service.access.route_access import Access
from service.api.dependencies import Caller, SignOffs
from service.api.reports import document_of, traces_of
from service.api.session import Session, SessionReader
from service.api.sign_offs import StepIn, advance
from service.errors import SignOffConflict, UnknownReportVersion
from service.pages.frame import page, page_router, room
from service.reports.html import article, article_of
from service.storage.sign_offs import SignOff, SignOffRepository
from service.storage.tables import UNFINISHED, AnalysisRow

router = page_router()


@router.get("/analyses/{analysis_id}", dependencies=[Depends(Access("read", note="one", is_page=True))])
def analysis_page(
    request: Request,
    analysis_id: uuid.UUID,
    session: Session,
    sign_offs: SignOffs,
    version: Annotated[int | None, Query(ge=1, le=10_000)] = None,
) -> HTMLResponse:
    """One analysis; ``version`` shows an earlier signed report."""
    row = session.analyses.get(str(analysis_id), with_result=True)
    if row.state != "succeeded":
        return page("analysis_unfinished.html", request=request, row=row, unfinished=row.state in UNFINISHED)
    return _report_page(request, row, session, sign_offs, version=version)


@router.post("/analyses/{analysis_id}/sign-off", dependencies=[Depends(Access("sign", note="change"))])
def sign_off(
    *,
    request: Request,
    analysis_id: uuid.UUID,
    session: Session,
    sign_offs: SignOffs,
    caller: Caller,
    action: Annotated[str, Form(max_length=16)] = "",
    position: Annotated[int, Form(ge=0)] = 0,
    reviewer: Annotated[str, Form(max_length=1000)] = "",
    comment: Annotated[str, Form(max_length=8000)] = "",
    impression: Annotated[str, Form(max_length=8000)] = "",
    amendment: Annotated[str, Form(max_length=8000)] = "",
) -> Response:
    """Take one step of the sign-off and show the report again; errors stand beside their fields."""
    given = {"reviewer": reviewer, "comment": comment, "impression": impression, "amendment": amendment}
    words = {name: value.replace("\r\n", "\n").strip() or None for name, value in given.items()}
    if action != "amend":
        words["amendment"] = None
    if action not in ("review", "sign"):
        words["impression"] = None
    try:
        step = StepIn.model_validate({"action": action, "position": position, **words})
        advance(session, sign_offs, analysis_id, step, caller.name)
    except ValidationError as error:
        errors = _step_errors(error)
        status = 422
    except SignOffConflict as error:
        errors = {"form": error.detail}
        status = 409
    else:
        return RedirectResponse(f"/analyses/{analysis_id}#sign-off", status_code=303)
    row = session.analyses.get(str(analysis_id), with_result=True)
    return _report_page(request, row, session, sign_offs, status_code=status, given=given, errors=errors)


def _report_page(
    request: Request,
    row: AnalysisRow,
    session: SessionReader,
    sign_offs: SignOffRepository,
    *,
    version: int | None = None,
    status_code: int = 200,
    given: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> HTMLResponse:
    current = sign_offs.get(row.id)
    shown = current.version if version is None else version
    return page(
        "analysis.html",
        status_code=status_code,
        request=request,
        row=row,
        sign_off=current,
        shown=shown,
        is_latest=shown == current.version,
        article=_article(row, session, sign_offs, current, shown),
        given=given or {"reviewer": "", "comment": "", "impression": _impression_so_far(current), "amendment": ""},
        errors=errors or {},
    )


def _impression_so_far(sign_off: SignOff) -> str:
    """What the form begins with: the impression that holds, or that of the version which is amended."""
    written = next((entry.impression for entry in reversed(sign_off.entries) if entry.impression), None)
    return written or ""


def _article(
    row: AnalysisRow, session: SessionReader, sign_offs: SignOffRepository, current: SignOff, version: int
) -> Markup:
    """The report itself: as it was signed, or as it is now."""
    kept = sign_offs.signed_report(row.id, version, "html") if current.signatures else None
    if kept is not None:
        return Markup(article_of(kept.decode()))  # noqa: S704 (our own page; its digest was compared)
    if version != current.version:
        raise UnknownReportVersion(f"There is no signed version {version} of this report.")
    document = document_of(row, current, session.of(row))
    return Markup(article(document, traces_of(session.analyses, row.id)))  # noqa: S704 (escaped there)


def _step_errors(error: ValidationError) -> dict[str, str]:
    """What is missing, by field; the model's own checks concern the field of the chosen action."""
    errors: dict[str, str] = {}
    for item in error.errors(include_input=False, include_url=False, include_context=False):
        name = str(item["loc"][0]) if item["loc"] else ""
        if not name:
            name = "comment" if "comment" in item["msg"] else "amendment"
        known = name in ("reviewer", "comment", "impression", "amendment")
        errors[name if known else "form"] = room(f"sign_off.wrong_{name}") if known else item["msg"]
    return errors
