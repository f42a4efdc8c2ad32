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
from service.api.dependencies import Caller, CurrentSettings, Dispatch, Repository, RequestId, Sites
from service.api.intake import read_form, refuse_unrecognised
from service.api.site_schemas import SiteRequest, site_out
from service.api.sites import SiteId, calibrated
from service.errors import ServiceProblem
from service.pages.control_lines import MOST, control_lines
from service.pages.dropped_controls import submissions_of
from service.pages.frame import page, page_router, room
from service.storage.repositories import AnalysisRepository
from service.storage.sites import SiteRepository, StoredSite

USUAL_REGION = "ACC"
FIELDS = ("name", "region", "hemisphere", "sequence", "echo_time")

router = page_router()


@dataclass(frozen=True, slots=True)
class _Stores:
    """What the page reads and changes, of the caller's project."""

    sites: SiteRepository
    repository: AnalysisRepository
    project: str


async def _stores(sites: Sites, repository: Repository, caller: Caller) -> _Stores:
    return _Stores(sites, repository, caller.project)


Stores = Annotated[_Stores, Depends(_stores)]


@router.get("/sites", dependencies=[Depends(Access("read", note="list", is_page=True))])
def sites_page(
    request: Request,
    stores: Stores,
    region: Annotated[str, Query(max_length=64)] = "",
    chosen: Annotated[list[str], Query(alias="with")] = [],  # noqa: B006 (FastAPI copies it)
) -> HTMLResponse:
    """Calibrated scanners, a form for another one, and what controls of a region would make visible."""
    given = {**dict.fromkeys(FIELDS, ""), "region": region}
    return _page(request, stores, _Form(given, chosen, {}))


@router.post("/sites", dependencies=[Depends(Access("admin", note="change"))])
async def calibrate_scanner(request: Request, stores: Stores) -> Response:
    """Calibrate with the chosen analyses, or store a dropped profile; what is wrong stands beside its field."""
    async with read_form(request, max_fields=MOST + 20) as form:
        given = {name: _text(form, name) for name in FIELDS}
        chosen = [str(item)[:36] for item in form.getlist("with")]
        profile = await _content(form, "profile")
    made = await run_sync(_made, given["name"], chosen, profile, stores)
    if isinstance(made, StoredSite):
        return RedirectResponse(f"/sites#{made.site.name}", status_code=303)
    return await run_sync(_page, request, stores, _Form(given, chosen, made))


@router.post("/sites/spectra", dependencies=[Depends(Access("submit", note="change"))])
async def drop_spectra(
    request: Request, stores: Stores, dispatcher: Dispatch, settings: CurrentSettings, request_id: RequestId
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
            rows = [(await run_sync(stores.repository.submit, item, settings.queue_limit))[0] for item in submissions]
            dispatcher.wake()
            known = [("region", given["region"]), *(("with", one) for one in (*chosen, *(row.id for row in rows)))]
            return RedirectResponse(f"/sites?{urlencode(known)}#choose", status_code=303)
    except FittingError as error:
        errors["spectra"] = error.detail
    except ServiceProblem as error:
        errors["spectra"] = str(error.detail)
    return await run_sync(_page, request, stores, _Form(given, chosen, errors))


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


def _made(name: str, chosen: Sequence[str], profile: bytes, stores: _Stores) -> StoredSite | dict[str, str]:
    """The calibration that was asked for, or what is wrong by field."""
    try:
        if profile:
            return stores.sites.add(read_site(profile), {}, stores.project)[0]
        check_name(name)
    except FittingError as error:
        return {"profile" if profile else "name": error.detail}
    try:
        asked = SiteRequest(name=name, analyses=[UUID(item) for item in chosen])
        return calibrated(asked, stores.sites, stores.repository, stores.project)[0]
    except ValueError:
        return {"with": room("sites.wrong_choice")}
    except FittingError as error:
        return {"with": error.detail}
    except ServiceProblem as error:
        return {"with": str(error.detail)}


@dataclass(frozen=True, slots=True)
class _Form:
    """The form as it was sent, and what is wrong with it by field."""

    given: Mapping[str, str]
    chosen: Sequence[str]
    errors: Mapping[str, str]


def _page(request: Request, stores: _Stores, form: _Form) -> HTMLResponse:
    lines = control_lines(stores.repository, form.chosen)
    shown = form.given["region"] if find_region(form.given["region"]) else USUAL_REGION
    return page(
        "sites.html",
        status_code=422 if form.errors else 200,
        request=request,
        sites=[site_out(stored) for stored in stores.sites.newest(stores.project)],
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
