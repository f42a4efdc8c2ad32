"""``/cohorts`` and ``/cohorts/{id}``: choose or drop a cohort, check it, run it, read its report."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError

from fitting.cohort import preset_names, preset_plan
from fitting.errors import FittingError
from service.access.route_access import Access
from service.api.cohort_reports import controls_of, drawn_of, norm_request
from service.api.cohort_schemas import CohortNormRequest
from service.api.cohorts import steps_of
from service.api.dependencies import Caller, Cohorts, Repository, RequestId, ServicesDep, SiteNorms
from service.api.intake import read_form
from service.api.site_schemas import SiteRequest
from service.api.sites import Start
from service.errors import ServiceProblem
from service.pages.cohort_form import (
    MOST_CHOSEN,
    MOST_KEPT,
    OWN_PLAN,
    TABLES,
    CohortForm,
    checked,
    read_cohort_form,
    shown_plan,
)
from service.pages.frame import page, page_router, room
from service.reports.cohort.html import article
from service.storage.cohorts import CohortRepository
from service.storage.tables import UNFINISHED, CohortRow

SHOWN = 100
"""Cohorts in the list."""

router = page_router()


@router.get("/cohorts", dependencies=[Depends(Access("read", note="list", is_page=True))])
def cohorts_page(
    request: Request,
    cohorts: Cohorts,
    caller: Caller,
    chosen: Annotated[list[str], Query(alias="with")] = [],  # noqa: B006 (FastAPI copies it)
) -> HTMLResponse:
    """The cohorts of the project, and the form for another one."""
    form = CohortForm(chosen=[item[:36] for item in chosen[:MOST_CHOSEN]])
    return _page(request, cohorts, caller.project, form)


@router.post("/cohorts", dependencies=[Depends(Access("submit", note="change"))])
async def make_cohort(
    *,
    request: Request,
    services: ServicesDep,
    cohorts: Cohorts,
    repository: Repository,
    caller: Caller,
    request_id: RequestId,
) -> Response:
    """Check or run the cohort, or show the plan of a study; what is wrong stands beside its field."""
    async with read_form(request, max_fields=MOST_CHOSEN + 40) as sent:
        form = await read_cohort_form(sent)
        asked = sent.get("do", "check")
    if asked == "load":
        shown_plan(form)
        return await run_sync(_page, request, cohorts, caller.project, form)
    found = await run_sync(checked, form, repository)
    if found is None:
        return await run_sync(_page, request, cohorts, caller.project, form)
    source, overview = found
    if asked != "run":
        return await run_sync(_page, request, cohorts, caller.project, form, overview)
    people = overview["groups"][-1]["enrolled"] if overview["groups"] else overview["people"]
    try:
        row, is_new = await run_sync(cohorts.submit, source, people, request_id, caller.project)
    except ServiceProblem as error:
        form.errors["form"] = str(error.detail)
        return await run_sync(_page, request, cohorts, caller.project, form)
    if is_new:
        services.cohort_runner.wake()
    return RedirectResponse(f"/cohorts/{row.id}#content", status_code=303)


@router.get("/cohorts/{cohort_id}", dependencies=[Depends(Access("read", note="list", is_page=True))])
def cohort_page(request: Request, cohort_id: uuid.UUID, cohorts: Cohorts, caller: Caller) -> HTMLResponse:
    """Progress, the reason of a failure, or the report."""
    return _cohort(request, cohorts.get(str(cohort_id), caller.project, whole=True))


@router.post("/cohorts/{cohort_id}/remove", dependencies=[Depends(Access("admin", note="change"))])
def remove_cohort(cohort_id: uuid.UUID, cohorts: Cohorts, caller: Caller) -> Response:
    """Cancel an unfinished cohort, remove a finished one."""
    state = cohorts.delete(str(cohort_id), caller.project)
    return RedirectResponse(f"/cohorts/{cohort_id}" if state else "/cohorts", status_code=303)


@router.post("/cohorts/{cohort_id}/norm", dependencies=[Depends(Access("admin", note="change"))])
def cohort_norm(
    *,
    request: Request,
    cohort_id: uuid.UUID,
    cohorts: Cohorts,
    site_norms: SiteNorms,
    caller: Caller,
    name: Annotated[str, Form(max_length=200)] = "",
    place: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """The healthy people as a norm of one region."""
    row = cohorts.get(str(cohort_id), caller.project, whole=True)
    region, _, side = place.partition("|")
    try:
        asked = CohortNormRequest.model_validate(
            {"name": name.strip(), "region": region or None, "hemisphere": side or None}
        )
        site_norms.add(asked.name, norm_request(row, asked).norm_of_controls(), caller.project)
    except ValidationError:
        return _cohort(request, row, {"norm": room("cohorts.norm_hint")})
    except (FittingError, ServiceProblem) as error:
        return _cohort(request, row, {"norm": str(error.detail)})
    return RedirectResponse("/norms#content", status_code=303)


@router.post("/cohorts/{cohort_id}/site", dependencies=[Depends(Access("admin", note="change"))])
def cohort_site(
    *,
    request: Request,
    cohort_id: uuid.UUID,
    cohorts: Cohorts,
    start: Start,
    name: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """The healthy people's analyses calibrate their scanner."""
    row = cohorts.get(str(cohort_id), start.project, whole=True)
    try:
        analyses = [uuid.UUID(item) for item in controls_of(row, None)]
        asked = SiteRequest(name=name.strip(), analyses=analyses)
        start.begin(asked)
    except ValidationError:
        return _cohort(request, row, {"site": room("cohorts.norm_hint")})
    except (FittingError, ServiceProblem) as error:
        return _cohort(request, row, {"site": str(error.detail)})
    return RedirectResponse(f"/sites#{asked.name}", status_code=303)


def _page(
    request: Request,
    cohorts: CohortRepository,
    project: str,
    form: CohortForm,
    overview: Mapping[str, Any] | None = None,
) -> HTMLResponse:
    return page(
        "cohorts.html",
        status_code=422 if form.errors else 200,
        request=request,
        rows=cohorts.page(None, SHOWN, project).rows,
        form=form,
        errors=form.errors,
        overview=overview,
        further=[name for name in form.kept if name not in TABLES],
        limit=MOST_KEPT // 1000,
        own_plan=OWN_PLAN,
        presets=[(name, preset_plan(name).common.title) for name in preset_names()],
    )


def _cohort(request: Request, row: CohortRow, errors: Mapping[str, str] = {}) -> HTMLResponse:
    answer: dict[str, Any] = row.result or {}
    levels = answer.get("levels", ())
    places = dict.fromkeys(
        (item.get("subregion") or item["region"], item.get("hemisphere") or "")
        for item in levels
        if "refused" not in item
    )
    return page(
        "cohort.html",
        status_code=422 if errors else 200,
        request=request,
        row=row,
        unfinished=row.state in UNFINISHED,
        steps=steps_of(row),
        article=article(answer, row.name, drawn_of(row)) if answer else None,
        reference=answer.get("cohort", {}).get("reference"),
        places=list(places),
        of_analyses=bool(row.source.get("people")),
        errors=errors,
    )
