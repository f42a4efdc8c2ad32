"""``/sites``: calibrate a scanner with healthy people of the list or of dropped files, and see its calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from anyio.to_thread import run_sync
from fastapi import Depends, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData, UploadFile

from fitting.errors import FittingError
from fitting.norms import find_region, regions
from fitting.sites import check_name, read_site
from fitting.sites.calibration import REPORTED
from fitting.sites.prospects import COUNTS, prospects
from service.access.route_access import Access
from service.api.calibration_schemas import STEPS, calibration_out
from service.api.calibration_start import CalibrationStart
from service.api.dependencies import Calibrations, Caller, CurrentSettings, Dispatch, RequestId, Sites
from service.api.intake import read_form, refuse_unrecognised
from service.api.site_schemas import SiteRequest, site_out
from service.api.sites import SiteId, Start
from service.errors import ServiceProblem
from service.pages.control_lines import MOST, control_lines
from service.pages.dropped_controls import submissions_of
from service.pages.frame import page, page_router, room
from service.storage.tables import UNFINISHED, CalibrationRow

USUAL_REGION = "ACC"
MOST_SHOWN = 10
"""Calibrations in the making that are looked at."""
FIELDS = ("name", "region", "hemisphere", "sequence", "echo_time")

router = page_router()


@router.get("/sites", dependencies=[Depends(Access("read", note="list", is_page=True))])
def sites_page(
    request: Request,
    start: Start,
    region: Annotated[str, Query(max_length=64)] = "",
    chosen: Annotated[list[str], Query(alias="with")] = [],  # noqa: B006 (FastAPI copies it)
) -> HTMLResponse:
    """Calibrated scanners, a form for another one, and what controls of a region would make visible."""
    given = {**dict.fromkeys(FIELDS, ""), "region": region}
    return _page(request, start, _Form(given, chosen, {}))


@router.post("/sites", dependencies=[Depends(Access("admin", note="change"))])
async def calibrate_scanner(request: Request, start: Start) -> Response:
    """Calibrate with the chosen analyses, or store a dropped profile; what is wrong stands beside its field."""
    async with read_form(request, max_fields=MOST + 20) as form:
        given = {name: _text(form, name) for name in FIELDS}
        chosen = [str(item)[:36] for item in form.getlist("with")]
        profile = await _content(form, "profile")
    made = await run_sync(_made, given["name"], chosen, profile, start)
    if isinstance(made, str):
        return RedirectResponse(f"/sites#{made}", status_code=303)
    return await run_sync(_page, request, start, _Form(given, chosen, made))


@router.post("/sites/spectra", dependencies=[Depends(Access("submit", note="change"))])
async def drop_spectra(
    request: Request, start: Start, dispatcher: Dispatch, settings: CurrentSettings, request_id: RequestId
) -> Response:
    """Submit one analysis for each dropped spectrum, as of one healthy person each, and choose them."""
    async with read_form(request, max_fields=MOST + 20) as form:
        given = {name: _text(form, name) for name in FIELDS}
        chosen = [str(item)[:36] for item in form.getlist("with")]
        files = [
            (item.filename or "", await item.read())
            for item in form.getlist("spectra")
            if isinstance(item, UploadFile) and item.size
        ]
    submissions, errors = submissions_of(files, given, request_id)
    try:
        for submission in submissions:
            await run_sync(refuse_unrecognised, submission.files)
        if not errors:
            rows = [(await run_sync(start.repository.submit, item, settings.queue_limit))[0] for item in submissions]
            dispatcher.wake()
            known = [("region", given["region"]), *(("with", one) for one in (*chosen, *(row.id for row in rows)))]
            return RedirectResponse(f"/sites?{urlencode(known)}#choose", status_code=303)
    except FittingError as error:
        errors["spectra"] = error.detail
    except ServiceProblem as error:
        errors["spectra"] = str(error.detail)
    return await run_sync(_page, request, start, _Form(given, chosen, errors))


@router.post("/sites/calibrations/{calibration_id}/remove", dependencies=[Depends(Access("admin", note="change"))])
def remove_calibration(calibration_id: UUID, calibrations: Calibrations, caller: Caller) -> Response:
    """Cancel a calibration that the workers are making, or take one that has ended from the page."""
    calibrations.delete(str(calibration_id), caller.project)
    return RedirectResponse("/sites#making-heading", status_code=303)


@router.post("/sites/{site_id}/withdraw", dependencies=[Depends(Access("admin", note="change"))])
def withdraw(site_id: Annotated[SiteId, Path()], sites: Sites, caller: Caller) -> Response:
    """Erase a calibration."""
    sites.withdraw(site_id, caller.project)
    return RedirectResponse("/sites", status_code=303)


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.strip()[:200] if isinstance(value, str) else ""


async def _content(form: FormData, name: str) -> bytes:
    part = form.get(name)
    return await part.read() if isinstance(part, UploadFile) else b""


def _made(name: str, chosen: Sequence[str], profile: bytes, start: CalibrationStart) -> str | dict[str, str]:
    """The place on the page of the calibration that was asked for, or what is wrong by field."""
    try:
        if profile:
            return start.sites.add(read_site(profile), {}, start.project)[0].site.name
        check_name(name)
    except FittingError as error:
        return {"profile" if profile else "name": error.detail}
    try:
        found = start.begin(SiteRequest(name=name, analyses=[UUID(item) for item in chosen]))
    except ValueError:
        return {"with": room("sites.wrong_choice")}
    except FittingError as error:
        return {"with": error.detail}
    except ServiceProblem as error:
        return {"with": str(error.detail)}
    return f"c-{found.id}" if isinstance(found, CalibrationRow) else name


@dataclass(frozen=True, slots=True)
class _Form:
    """The form as it was sent, and what is wrong with it by field."""

    given: Mapping[str, str]
    chosen: Sequence[str]
    errors: Mapping[str, str]


def _page(request: Request, start: CalibrationStart, form: _Form) -> HTMLResponse:
    lines = control_lines(start.repository, form.chosen)
    newest = start.calibrations.newest(MOST_SHOWN, start.project)
    making = [calibration_out(row) for row in newest if row.state in UNFINISHED or row.state == "failed"]
    shown = form.given["region"] if find_region(form.given["region"]) else USUAL_REGION
    return page(
        "sites.html",
        status_code=422 if form.errors else 200,
        request=request,
        sites=[site_out(stored) for stored in start.sites.newest(start.project)],
        making=making,
        is_making=any(item.state in UNFINISHED for item in making),
        steps=STEPS,
        lines=lines,
        waiting=any(line.is_unfinished for line in lines),
        given=form.given,
        errors=form.errors,
        regions=regions(),
        shown=shown,
        counts=COUNTS,
        prospects=prospects(shown),
        reported=REPORTED,
    )
