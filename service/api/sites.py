"""``/v1/sites``: scanners that are calibrated with their own healthy people."""

from __future__ import annotations

from typing import Annotated

import anyio
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Header, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from fitting.errors import UnusableControls, UnusableShare, UnusableSite
from fitting.sites import kind_of, read_site, share_of
from fitting.sites.site import KIND
from service.access.route_access import Access
from service.api.calibration_schemas import CalibrationOut, calibration_out
from service.api.calibration_start import CalibrationStart
from service.api.dependencies import Calibrations, Caller, Repository, RequestId, ServicesDep, Sites
from service.api.problems import responses
from service.api.reports import RETRY_SECONDS
from service.api.site_schemas import ShareProfile, SiteList, SiteOut, SiteProfile, SiteRequest, site_out
from service.errors import QueueFull, UnknownAnalysis, UnknownSite
from service.problem_documents import refused_body
from service.storage.sites import StoredSite
from service.storage.tables import UNFINISHED, CalibrationRow
from service.web.negotiation import MAX_WAIT_SECONDS, wait_seconds

router = APIRouter(prefix="/v1/sites", tags=["sites"])


async def _start(
    *,
    services: ServicesDep,
    sites: Sites,
    repository: Repository,
    calibrations: Calibrations,
    caller: Caller,
    request_id: RequestId,
) -> CalibrationStart:
    wake = services.calibration_runner.wake
    return CalibrationStart(sites, repository, calibrations, wake, caller.project, request_id)


Start = Annotated[CalibrationStart, Depends(_start)]
"""What a calibration of the caller's project is begun with."""
SiteId = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="Id of a calibration.")]
_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "anyOf": [
                    {"$ref": "#/components/schemas/SiteRequest"},
                    {
                        "type": "object",
                        "required": ["kind", "checksum"],
                        "properties": {"kind": {"const": KIND}, "checksum": {"type": "string"}},
                        "description": "Content of a SITE.json, as mrsquant calibrate writes it.",
                    },
                ]
            }
        }
    },
}


@router.get("", dependencies=[Depends(Access("read", note="refusals"))], summary="List scanners", responses=responses())
def list_sites(sites: Sites, caller: Caller) -> SiteList:
    """The calibrated scanners: what each holds for, its controls in numbers and their calibration."""
    return SiteList(items=tuple(site_out(stored) for stored in sites.newest(caller.project)))


@router.post(
    "",
    name="make_site",
    dependencies=[Depends(Access("admin", note="change"))],
    status_code=201,
    summary="Calibrate a scanner",
    response_description="A new calibration; `Location` is where to read it.",
    response_model=SiteOut,
    responses={
        200: {"model": SiteOut, "description": "The newest calibration of this name is the same."},
        202: {"model": CalibrationOut, "description": "The workers learn macromolecules; `Location` is where to look."},
        **responses(UnusableControls, UnusableSite, UnknownAnalysis, QueueFull),
    },
    openapi_extra={"requestBody": _BODY},
)
async def post_site(
    *,
    request: Request,
    response: Response,
    start: Start,
    prefer: Annotated[
        str | None,
        Header(description=f"`wait=N`: hold the answer up to N (at most {MAX_WAIT_SECONDS}) seconds for the site."),
    ] = None,
) -> SiteOut | Response:
    """Calibrate a scanner with analyses of its own healthy people, or store a file that mrsquant calibrate made.

    Later analyses of the same scanner, protocol and processing are compared with these people. What is no control is
    left out and listed with the reason. Where the spectra are stored, the workers learn the scanner's macromolecules
    from them too: the answer is then 202, and `Location` is where to follow it.
    """
    content = await request.body()
    found = await run_sync(_begun, content, start)
    if isinstance(found, CalibrationRow):
        row = await _awaited(start, found.id, wait_seconds(prefer) or 0)
        if row.state != "succeeded" or row.site_id is None:
            return accepted(row)
        found = await run_sync(start.sites.get, row.site_id, start.project), True
    stored, is_new = found
    answer = await run_sync(site_out, stored)
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = f"/v1/sites/{answer.id}"
    return answer


@router.get(
    "/{site_id}",
    dependencies=[Depends(Access("read", note="list"))],
    summary="Read a calibration",
    response_model=SiteProfile,
    responses=responses(UnknownSite),
)
def get_site(site_id: SiteId, sites: Sites, caller: Caller) -> Response:
    """The file ``SITE.json``, for ``--site`` of the commands and for other services: its bytes have this SHA-256.

    It holds the values of the controls under their pseudonyms.
    """
    site = sites.get(site_id, caller.project).site
    headers = {"Content-Disposition": f'attachment; filename="{site.name}.json"'}
    return Response(site.content, media_type="application/json", headers=headers)


@router.get(
    "/{site_id}/share",
    name="get_site_share",
    dependencies=[Depends(Access("read", note="refusals"))],
    summary="Read what others may pool",
    response_model=ShareProfile,
    responses=responses(UnknownSite, UnusableShare),
)
def get_share(site_id: SiteId, sites: Sites, caller: Caller) -> Response:
    """Numbers of people, means, spreads and covariances by region: a further laboratory for the norms of others.

    It holds no person; regions with fewer than three controls are not in it.
    """
    share = share_of(sites.get(site_id, caller.project).site)
    headers = {"Content-Disposition": f'attachment; filename="{share.name}-share.json"'}
    return Response(share.content, media_type="application/json", headers=headers)


@router.delete(
    "/{site_id}",
    dependencies=[Depends(Access("admin", note="change"))],
    status_code=204,
    summary="Withdraw a calibration",
    responses=responses(UnknownSite),
)
def withdraw_site(site_id: SiteId, sites: Sites, caller: Caller) -> None:
    """Forget its controls for good; no later analysis uses it."""
    sites.withdraw(site_id, caller.project)


def _begun(content: bytes, start: CalibrationStart) -> tuple[StoredSite, bool] | CalibrationRow:
    if kind_of(content) is not None:
        return start.sites.add(read_site(content, "the body"), {}, start.project)
    try:
        asked = SiteRequest.model_validate_json(content)
    except ValidationError as error:
        raise refused_body(error) from error
    return start.begin(asked)


async def _awaited(start: CalibrationStart, calibration_id: str, seconds: float) -> CalibrationRow:
    """The row once it has ended, or as it is after ``seconds``."""
    deadline = anyio.current_time() + seconds
    while True:
        row = await run_sync(start.calibrations.get, calibration_id, start.project)
        left = deadline - anyio.current_time()
        if row.state not in UNFINISHED or left <= 0:
            return row
        await anyio.sleep(min(0.2, left))


def accepted(row: CalibrationRow) -> Response:
    """The answer while the workers make a calibration."""
    headers = {"Location": f"/v1/calibrations/{row.id}", "Retry-After": RETRY_SECONDS}
    return JSONResponse(calibration_out(row).model_dump(mode="json"), 202, headers)
